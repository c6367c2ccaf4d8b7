"""MRC stacks: where they are, what their headers say, and images read by position.

In: the image names of `Particles`.  Out: `Stacks` with faults; images of any sample of rows.
The next rule of where stacks are looked for: `locate.py`; what makes a stack found twice an error: `ambiguous.py`.
The next fault of a header: `mrc.py`, of a row against its header: `stacks.py`; what is only odd about stacks:
`remarks.py`, about rows of one image: `image_copies.py`.
"""
