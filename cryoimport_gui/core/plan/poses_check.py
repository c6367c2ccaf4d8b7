"""Do the poses of an import fit its images?  A sample is judged with the fields as they will be written.

`look_at_poses` reads the images of the particles that `poses_rows` chooses, and asks `pictures.reconstruction`;
`poses_problems` says the verdict in words.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..particles import Rows
from ..pictures.reconstruction import (
    FEWEST,
    SMALLEST_BOX,
    Transforms,
    check_poses,
)
from ..progress import Progress, Unseen, quiet
from ..stacks.sample import ParticleImages
from .plan import ImportPlan
from .poses_rows import SAME_SIZE, PosesKind, as_written, choose_runs, has_ctf, kinds_of
from .poses_verdict import PosesVerdict

POSES_SAMPLE = 500
#: what "More particles" goes up to
MOST_PARTICLES = 4000
_BATCH_BYTES = 32 << 20
#: so many sorts of particles that cannot stand in one map are judged, those of most particles
_MOST_KINDS = 4
_WORST_FIRST = {"does not fit": 0, "fits in part": 1}


def why_not_checked(plan: ImportPlan) -> str:
    """Why the poses of a plan are not compared with its images, in words; empty if they are."""
    p = plan.parameters
    if p.check_poses == "off":
        return "the check is switched off"
    if p.ignore_raw_data or p.ignore_pose_data:
        return f"{'raw' if p.ignore_raw_data else 'pose'} data is ignored"
    if not plan.poses:
        return "there are no poses"
    if plan.stacks is None or not plan.stacks.box or plan.importable is None or not plan.importable.any():
        return "there are no images"
    if plan.stacks.box < SMALLEST_BOX:
        return f"images of {plan.stacks.box} pixels are too small"
    return ""


def what_is_written(plan: ImportPlan) -> Hashable:
    """What changes when the fields of the same rows are written otherwise."""
    names = "pixel_size_A", "voltage_kV", "cs_mm", "amplitude_contrast"
    values = [[getattr(group, name) for name in names] for group in plan.groups]
    numbers = tuple(tuple(value.value if value else None for value in of_group) for of_group in values)
    return numbers, tuple((g.file_pixel_size_A, getattr(g, "ctf_corrected", "")) for g in plan.groups)


def look_at_poses(
    plan: ImportPlan, count: int = POSES_SAMPLE, progress: Progress = quiet, seed: int = 0
) -> PosesVerdict:
    """Judge a sample of the particles that are imported; images that the plan holds are not read again.

    Args:
        seed: Of the sample; another one chooses other particles.

    Raises:
        Cancelled: `progress` said so.
    """
    if why_not := why_not_checked(plan):
        return PosesVerdict(None, why_not)
    particles, importable = plan.all_particles, plan.importable
    assert particles is not None and importable is not None
    candidates = np.flatnonzero(importable)
    kinds = kinds_of(
        particles, plan.groups, np.bincount(particles.optics_index[candidates], minlength=len(plan.groups))
    )
    found = [
        _judge(plan, kind, candidates[np.isin(particles.optics_index[candidates], kind.groups)], count, progress, seed)
        for kind in kinds[:_MOST_KINDS]
    ]
    return _of_all(kinds, found, len(candidates)) if found else PosesVerdict(None, _too_few(0))


def _judge(
    plan: ImportPlan, kind: PosesKind, candidates: Rows, count: int, progress: Progress, seed: int
) -> PosesVerdict:
    """Judge a sample of particles that can stand in one map."""
    particles, stacks = plan.all_particles, plan.stacks
    assert particles is not None and stacks is not None
    rows = choose_runs(particles, stacks, candidates, count, seed)
    if len(rows) < FEWEST:
        return PosesVerdict(None, _too_few(len(rows)))
    progress.stage("poses")
    known = plan.sample
    images = ParticleImages(particles, stacks, known, cache_bytes=known.images.nbytes if known else 0)
    transforms = Transforms(len(rows), stacks.box)
    at_once = max(1, _BATCH_BYTES // (4 * stacks.box**2))
    for first in range(0, len(rows), at_once):
        progress.step(first, len(rows))
        sample = images.read(rows[first : first + at_once], Unseen(progress))
        transforms.add(first + np.flatnonzero(sample.good), sample.images[sample.good])
    posed = as_written(particles, stacks, plan.groups, rows, plan.poses == "3D", kind.with_ctf)
    check = check_poses(posed, transforms, Unseen(progress))
    progress.step(len(rows), len(rows))
    if check is None or len(check.rows) < FEWEST:
        why_not = _too_few(len(rows)) if check is None else f"too few images can be used, {len(check.rows)}"
        return PosesVerdict(None, why_not)
    return PosesVerdict(check, "", rows[check.rows])


def reprojection(plan: ImportPlan, row: int) -> NDArray[np.float32] | None:
    """(side, side): what the map of the check looks like from the pose of a particle, CTF included.

    Low-passed and centred, dark on light for a data sign of +1.  None where there is no 3D map, or where the particle
    has another box in Å or an unknown pose.

    Args:
        row: of `ImportPlan.all_particles`.
    """
    found, particles, stacks = plan.poses_check, plan.all_particles, plan.stacks
    check = found.check
    if check is None or not check.is_3d or particles is None or stacks is None:
        return None
    if len(judged := np.flatnonzero(found.rows == row)):
        return check.pairs(judged)[1][0]
    group = plan.groups[particles.optics_index[row]]
    with_ctf = has_ctf(particles, group)
    posed = as_written(particles, stacks, plan.groups, np.array([row]), True, with_ctf)
    is_alike = abs(posed.pixel_size_A * stacks.box / check.box_A - 1) < SAME_SIZE
    return check.projected(posed)[0] if is_alike and posed.is_known.all() else None


def _too_few(rows: int) -> str:
    return f"too few particles to tell, {rows} of at least {FEWEST}"


def _of_all(kinds: Sequence[PosesKind], found: Sequence[PosesVerdict], particles: int) -> PosesVerdict:
    """One verdict: that of the particles whose poses fit worst, else of most of them, and what holds for the others."""
    answers = [verdict.check.answer if verdict.check else "" for verdict in found]
    first = min(range(len(found)), key=lambda i: (_WORST_FIRST.get(answers[i], len(_WORST_FIRST)), i))
    chosen = found[first]
    if len(kinds) == 1 or chosen.check is None:
        return chosen
    rest = [(kind, answers[i] if i < len(found) else "") for i, kind in enumerate(kinds) if i != first]
    fitting = [kind for kind, answer in rest if answer == "fits"]
    failing = [kind for kind, answer in rest if answer in _WORST_FIRST]
    unsure = [kind for kind, answer in rest if answer != "fits" and answer not in _WORST_FIRST]
    is_good = chosen.check.answer == "fits"
    said = [
        f"those of {_listed(its)} {verb}"
        for its, verb in (
            (fitting, "fit too" if is_good else "fit"),
            (failing, "do not fit either, or only in part"),
            (unsure, "cannot be judged"),
        )
        if its
    ]
    share = sum(kind.particles for kind in unsure) / particles
    return replace(chosen, about=f"particles of {kinds[first]}", others=", ".join(said), unsure=share)


def _listed(kinds: Sequence[PosesKind]) -> str:
    more = len(kinds) - _MOST_KINDS
    named = ", ".join(f"{kind} ({kind.particles:,})" for kind in kinds[:_MOST_KINDS])
    return f"{named} and {more} more" if more > 0 else named
