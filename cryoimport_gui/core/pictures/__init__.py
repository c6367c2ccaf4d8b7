"""What pictures say; knows no plan and no parameters.

In: images as arrays, or particles with their stacks, pixel sizes, shifts, CTF values; micrographs by their paths. Out:
verdicts on the data sign, the poses (`reconstruction`) and the places on micrographs, odd images, tiles, and the
pictures for screen and report.
The next thing to learn from images: a module with a function of arrays and a verdict that can say "cannot tell".
"""
