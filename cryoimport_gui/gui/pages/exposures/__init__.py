"""Page Exposures: the names that match, the exposure with its particles circled, and the trimming rules.

`page.py` puts them together and runs what takes time; the others draw, and say what was chosen by signals.
"""
