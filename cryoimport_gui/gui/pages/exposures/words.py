"""What the Exposures page says: what matches, names with their cuts, what exposures are for."""

from __future__ import annotations

from html import escape

import numpy as np

from ....core.looks.match_table import NameTable
from ....core.plan.plan import ImportPlan
from ....core.problems import count_of
from ...widgets.labels import breakable

#: what is cut off the front of a name, what is left, what is cut off its end
NameParts = tuple[str, str, str]

OPTIONAL = "Optional: match particles to CryoSPARC's exposures by name, and see whether they lie where these show them."
NEEDED = "Needed for picks: match them to CryoSPARC's exposures by name, and see whether they lie on particles."
_NO_EXPOSURES = (
    "No exposures are chosen; they are optional. With them CryoSPARC can re-extract particles, remove duplicates and "
    "run reference-based motion correction."
)
_NONE_FOR_PICKS = "No exposures are chosen, but picks need them: a pick is a place on an exposure."


def need_exposures(plan: ImportPlan) -> bool:
    """Whether there is nothing to import without them: neither images nor poses."""
    particles = plan.all_particles
    if particles is None or particles.has_images:
        return False
    return not particles.poses or plan.parameters.ignore_pose_data


def nothing_words(plan: ImportPlan) -> str:
    """Why there are no names to show."""
    if plan.parameters.exposures:
        return "Nothing has been read yet." if plan.exposures is None else ""
    return _NONE_FOR_PICKS if need_exposures(plan) else _NO_EXPOSURES


def count_words(table: NameTable, plan: ImportPlan) -> str:
    """What matches, why this is trusted, and what does not; what pictures say is known once the plan is ready."""
    is_micrograph, has_exposure = table.micrograph >= 0, table.exposure >= 0
    matched = is_micrograph & has_exposure
    used = len(np.unique(table.exposure[matched]))
    alone = int(table.particles[is_micrograph & ~has_exposure].sum())
    outside = sum(problem.count for problem in plan.problems if problem.code == "coordinates-outside")
    linked, whole = int(table.particles[matched].sum()), int(table.particles.sum())
    why, matching = table.trust, plan.matching
    if matching is not None and matching.compared and matching.rules == table.rules:
        why += f"; {matching.compared} particles are found in the pictures of their exposures"
    parts = [
        f"{matched.sum():,} of {count_of(int(is_micrograph.sum()), 'micrograph')} match "
        f"({linked:,} of {count_of(whole, 'particle')})" + (f": {why}" if why else "")
    ]
    unused = len(table.exposures) - used
    parts += [f"{count_of(alone, 'particle')} without exposure"] * bool(alone)
    parts += [f"{count_of(unused, 'exposure')} without particles"] * bool(unused)
    parts += [f"{count_of(outside, 'particle')} outside"] * bool(outside)
    return "  ·  ".join(parts)


def struck_names(names: tuple[NameParts, NameParts]) -> str:
    """A micrograph and its exposure, one below the other, with what is cut struck through, as rich text."""
    lines = []
    for title, parts in zip(("Micrograph", "Exposure"), names):
        front, kept, end = (escape(breakable(part)) for part in parts)
        lines.append(f"{title}: <s>{front}</s><b>{kept}</b><s>{end}</s>" if any(parts) else f"{title}: none")
    return "<br>".join(lines)
