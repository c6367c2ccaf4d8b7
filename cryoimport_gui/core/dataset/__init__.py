"""CryoSPARC's `.cs` format, both ways.

In: rows of particles, or a `.cs` file.  Out: a `.cs` file with its result group, or columns.
The next field that is written: an entry in `SCHEMA` of `schema.py`.
"""
