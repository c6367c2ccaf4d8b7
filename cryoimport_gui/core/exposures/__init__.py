"""The exposures that particles come from: read, matched by name, and where particles lie on them.

In: an exposures dataset and `Particles`.  Out: `Exposures`, `Matching`, `Placing`.
The next rule of names: `trims.py`; the next reason to doubt one: `trim_doubts.py`; what pictures say of such doubts:
`trims_by_pictures.py`.  The next evidence of where particles lie: a `seen_by_*.py`, in its order in `locations.py`;
what is then said of it: `location_problems.py`.
"""
