"""RELION's job folders, and others with one STAR file: which file of one holds the particles."""

from __future__ import annotations

import re
from collections.abc import Sequence

#: the best first; then the last iteration that there is
_RESULTS = ("run_data.star", "particles.star")
_ITERATION = re.compile(r"run.*_it(\d+)_data\.star")
#: RELION's own, in each of its job folders
_OF_RELION = {"job.star", "job_pipeline.star"}
#: how files of picks can end
PICK_ENDINGS = (".star", ".box", ".cbox", ".txt", ".tab")


def particles_of_job(names: Sequence[str]) -> str:
    """Of the names in a folder, that of the particles of a RELION job, or of the only file that it can be.

    Empty if there is none: a folder of several such files is one of picks.
    """
    for name in _RESULTS:
        if name in names:
            return name
    iterations = {int(found[1]): name for name in names if (found := _ITERATION.fullmatch(name))}
    if iterations:
        return iterations[max(iterations)]
    likely = [name for name in names if name.endswith(PICK_ENDINGS) and name not in _OF_RELION]
    return likely[0] if len(likely) == 1 and likely[0].endswith(".star") else ""
