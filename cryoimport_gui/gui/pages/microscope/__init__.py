"""Page Microscope: the table of optics groups, and plots of defocus and phase errors.

`optics_model.py` makes the cells from a plan; `optics_table.py` edits them; `page.py` puts the page together.
"""
