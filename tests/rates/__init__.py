"""Error rates of statistical verdicts over many seeds; run as `python -m tests.rates.<name>`."""
