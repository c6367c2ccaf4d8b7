"""Page Preview: the montage, the data sign, and one particle in a window of its own.

`page.py` puts the page together; `making.py` is what its thread makes from images; the others show it.
"""
