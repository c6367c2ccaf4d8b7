"""RELION's job folders: which file of one holds the particles."""

from __future__ import annotations

import re
from collections.abc import Sequence

#: the best first; then the last iteration that there is
_RESULTS = ("run_data.star", "particles.star")
_ITERATION = re.compile(r"run.*_it(\d+)_data\.star")


def particles_of_job(names: Sequence[str]) -> str:
    """Of the names in a folder, that of the particles of a RELION job; empty if it is none with particles."""
    for name in _RESULTS:
        if name in names:
            return name
    iterations = {int(found[1]): name for name in names if (found := _ITERATION.fullmatch(name))}
    return iterations[max(iterations)] if iterations else ""
