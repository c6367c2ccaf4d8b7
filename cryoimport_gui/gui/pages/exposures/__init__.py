"""Page Exposures: the names that match, the exposure with its particles circled, and the trimming rules.

`page.py` puts them together.  `trim_editor.py` changes the rules, `micrograph_view.py` reads micrographs in a thread of
its own; the others draw, and say by signals what was chosen.
"""
