"""Microscope values of the optics groups, and what the file's CTF terms amount to.

In: `Particles`, stack headers, exposures, overrides.  Out: resolved `OpticsGroup`s with the source of each value, and
what is missing or odd about them.  No value has a default: what nobody knows is a problem.
The next source of a value: `microscope.py`.
"""
