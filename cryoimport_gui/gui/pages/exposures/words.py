"""What the Exposures page says above its table: what matches, and which way y counts."""

from __future__ import annotations

import numpy as np

from ....core.looks.match_table import NameTable
from ....core.plan.plan import ImportPlan
from ....core.problems import count_of


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


def place_words(plan: ImportPlan) -> str:
    """Which way y counts, at which scale, and why."""
    particles, exposures, placing = plan.all_particles, plan.exposures, plan.placing
    if particles is None or exposures is None or placing is None:
        return ""
    if particles.coordinates_px is None:
        return "The STAR file has no coordinates, so no locations are written."
    if plan.matching is None or not (plan.matching.of_name >= 0).any():
        return ""
    reading = "y is flipped" if placing.flip_y else "y is kept"
    chosen = ", as you chose" if placing.source == "user" else ""
    verdict = placing.verdict
    if exposures.are_movies:
        why = "exposures that are movies cannot be compared with particles"
    elif verdict is None or not verdict.sampled:
        why = "there are no micrographs to compare"
    else:
        over = count_of(verdict.sampled, "particle")
        why = f"correlation {verdict.keep_correlation:.2f} kept, {verdict.flip_correlation:.2f} flipped, over {over}"
        if verdict.value == "unclear":
            why = f"the images do not show it clearly: {why}"
    return f"{reading}{chosen}: {why}."
