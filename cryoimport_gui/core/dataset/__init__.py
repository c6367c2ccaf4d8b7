"""CryoSPARC's `.cs` format, both ways.

In: rows of particles with the values of their groups, stacks and exposures, or a `.cs` file.  Out: a `.cs` file with
its result group, or columns.
The next field that is written: an entry in `SCHEMA` of `schema.py`; a value that rows do not carry yet also goes into
`Written`, which `job/write.py` fills.
"""
