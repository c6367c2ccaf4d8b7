"""How often verdicts are right, over many seeds of planted truth: `python -m tests.rates.<name>` prints a table."""
