"""Page Particles: which STAR file, which of its rows, and what it holds.

`page.py` puts the page together: `start.py` before a file is chosen, then `holdings_view.py` with its `drawings.py`;
`which_particles.py` chooses rows, `more_options.py` folds what is rarely needed, `missing_stacks.py` names what is
missing.
"""
