"""Arrays in; verdicts and pictures out.  Knows no plan and no parameters.

In: images with pixel sizes, shifts, CTF values.  Out: the data sign, the fit of particles to micrographs, tiles.
The next thing to learn from images: a module with a function of arrays and a verdict that can say "cannot tell".
"""
