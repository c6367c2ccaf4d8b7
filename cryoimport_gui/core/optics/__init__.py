"""Microscope values of the optics groups, and what the file's CTF terms amount to.

In: `Particles`, stack headers, exposures, overrides.  Out: resolved `OpticsGroup`s with the source of each value.
The next source of a value: `microscope.py`.
"""
