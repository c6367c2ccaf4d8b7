"""MRC stacks: where they are, what their headers say, and images read by position.

In: the image names of `Particles`.  Out: `Stacks` with faults; images of any sample of rows.
The next check of a header against rows: `stacks.py`.  The next rule of where stacks are looked for: `locate.py`.
"""
