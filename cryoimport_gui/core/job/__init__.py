"""The job folder: written whole or not at all, and its links repaired when stacks have moved.

In: a plan without errors.  Out: a folder.  The next file in it: its name in `layout.py`, its content in `write.py`.
"""
