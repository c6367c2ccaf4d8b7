"""What a user should know of particles that are restored as those that they once were."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..optics.aberrations import dropped_aberrations
from ..particles import Particles
from ..problems import Problem, count_of, problem
from .original_fields import has_aberrations
from .plan import ImportPlan


def restored_remarks(plan: ImportPlan, particles: Particles) -> Iterator[Problem]:
    """Aberrations that are lost: only where CTF was refitted after the particles had left CryoSPARC."""
    assert plan.original is not None
    row, keeps = particles.original_row, particles.keeps_ctf
    if row is None or keeps is None:
        return
    refitted = np.flatnonzero(~keeps & (row >= 0))
    lost = refitted[has_aberrations(plan.original.originals, row[refitted])]
    if len(lost):
        message = (
            f"{count_of(len(lost), 'particle')} with a defocus other than the original's: the aberrations that "
            "CryoSPARC had fitted with that are written as zero"
        )
        examples = (particles.describe(i) for i in lost.tolist())
        yield problem("ctf-aberrations-dropped", message, count=len(lost), examples=examples)
    elif len(refitted):
        yield from dropped_aberrations(particles.select(~keeps))
