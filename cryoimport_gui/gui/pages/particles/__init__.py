"""Page Particles: which STAR file, which of its rows, and what it holds.

`page.py` puts the page together; `which_particles.py` chooses rows; `recent_list.py` opens earlier imports again.
"""
