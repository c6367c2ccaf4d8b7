"""What the Exposures page says above its table: what matches."""

from __future__ import annotations

import numpy as np

from ....core.looks.match_table import NameTable
from ....core.plan.plan import ImportPlan


def count_words(table: NameTable, plan: ImportPlan) -> str:
    """What matches, why this is trusted, and what does not; what pictures say is known once the plan is ready."""
    is_micrograph, has_exposure = table.micrograph >= 0, table.exposure >= 0
    matched = is_micrograph & has_exposure
    used = len(np.unique(table.exposure[matched]))
    alone = int(table.particles[is_micrograph & ~has_exposure].sum())
    outside = sum(problem.count for problem in plan.problems if problem.code == "coordinates-outside")
    why, matching = table.trust, plan.matching
    if matching is not None and matching.compared and matching.rules == table.rules:
        why += f"; {matching.compared} particles are found in the pictures of their exposures"
    parts = [
        f"{matched.sum():,} of {is_micrograph.sum():,} micrographs match" + (f" ({why})" if why else ""),
        f"{table.particles[matched].sum():,} of {table.particles.sum():,} particles, {alone:,} without exposure",
        f"{used:,} of {len(table.exposures):,} exposures, {len(table.exposures) - used:,} without particles",
        f"{outside:,} particles outside",
    ]
    return "  ·  ".join(parts)
