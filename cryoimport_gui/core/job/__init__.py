"""The job folder: written whole or not at all, and its links repaired when stacks have moved.

In: a plan without errors (`write.py`), or a job folder and where its stacks are now (`relink.py`).  Out: a folder.
The next file in it: its name in `core/layout.py`, its place in the order of writing in `write.py`; what reports say
comes from `report`.
"""
