"""Files of particles → `Particles`.

In: paths.  Out: `Reading`: particles, faults of single rows, remarks.
The next format: a reader with its entry in `formats.py`; nothing outside of this room knows its column names.
"""
