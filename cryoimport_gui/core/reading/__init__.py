"""Files of particles → `Particles`.

In: paths.  Out: `Reading`: particles, faults of single rows, remarks.
The next format: a reader with its entry in `formats.py`; if `other_files.py` refuses such files today, that entry
goes. Nothing outside of this room looks for a column by its name; what a message calls a value comes from
`Particles.column_names`.
"""
