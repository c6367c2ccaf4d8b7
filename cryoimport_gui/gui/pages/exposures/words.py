"""What the Exposures page says above its table: what matches, and which way y counts."""

from __future__ import annotations

import numpy as np

from ....core.exposures.placing import place_words
from ....core.looks.match_table import NameTable
from ....core.plan.plan import ImportPlan


def count_words(table: NameTable, plan: ImportPlan) -> str:
    """What matches and what does not; particles outside are known once the plan is ready."""
    is_micrograph, has_exposure = table.micrograph >= 0, table.exposure >= 0
    matched = is_micrograph & has_exposure
    used = len(np.unique(table.exposure[matched]))
    alone = int(table.particles[is_micrograph & ~has_exposure].sum())
    outside = sum(problem.count for problem in plan.problems if problem.code == "coordinates-outside")
    parts = [
        f"{matched.sum():,} of {is_micrograph.sum():,} micrographs match",
        f"{table.particles[matched].sum():,} of {table.particles.sum():,} particles, {alone:,} without exposure",
        f"{used:,} of {len(table.exposures):,} exposures, {len(table.exposures) - used:,} without particles",
        f"{outside:,} particles outside",
    ]
    return "  ·  ".join(parts)


def position_words(plan: ImportPlan) -> str:
    """Which way y counts, at which scale, and why."""
    particles, exposures, placing = plan.all_particles, plan.exposures, plan.placing
    if particles is None or exposures is None or placing is None:
        return ""
    if particles.coordinates_px is None:
        return "The STAR file has no coordinates, so no locations are written."
    if plan.matching is None or not (plan.matching.of_name >= 0).any():
        return ""
    words = place_words(placing)
    if words and exposures.are_movies:
        words += "; exposures that are movies cannot be compared"
    return f"{words}." if words else ""
