"""Error rates of statistical verdicts, measured over many seeds: `python -m tests.rates.NAME`."""
