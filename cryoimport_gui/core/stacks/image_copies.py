"""Rows with one and the same image: duplicates, or copies of a symmetry-expanded set; and how half-sets part them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..particles import Particles, distinct, shifts_px
from ..problems import Problem, Severity, count_of, problem
from .stacks import Stacks

#: Poses that differ by less are one: refinement finds the pose of an image that is listed twice again to within a
#: few degrees and pixels, while the smallest turn between symmetry copies is 6° (C60), and helical ones shift as well.
_SAME_POSE_DEG, _SAME_SHIFT_PX = 2.0, 2.0
#: pixels; coordinates are copied with the row, but can be printed with fewer digits
_SAME_PLACE_PX = 0.01
#: with so many of the copies before it in the file each is compared: twice the symmetry of an icosahedron
_MOST_BEFORE = 120
_CHUNK = 1 << 16


@dataclass
class Copies:
    """Rows whose image has other rows as well, image by image, in the order of the file within each.

    image: (n,) number of the image of each; `place`: (n,) how many rows of the image stand before it.
    """

    rows: NDArray[np.int64]
    image: NDArray[np.int64]
    place: NDArray[np.int64]

    @property
    def images(self) -> int:
        return int(self.image[-1]) + 1 if len(self.image) else 0

    @property
    def first(self) -> NDArray[np.int64]:
        """(n,) position of the first row of each one's image."""
        return np.arange(len(self.place)) - self.place


def copies_remarks(
    particles: Particles, stacks: Stacks, ignore_poses: bool = False, ignore_half_sets: bool = False
) -> Iterator[Problem]:
    """Remarks on images, and helical tubes, that several of these particles share."""
    copies = _copies(particles, stacks)
    has_poses = bool(particles.poses)
    if copies.images:
        again = is_duplicate(particles, copies) if has_poses else copies.place > 0
        others = np.flatnonzero((copies.place > 0) & ~again)
        yield from _duplicates(particles, copies, again, is_expanded=len(others) > 0)
        if len(others):
            yield _expanded(particles, copies, others, ignore_poses)
    subset = None if ignore_poses or ignore_half_sets or not has_poses else particles.random_subset
    yield from _mixed(particles, copies, subset)


def _copies(particles: Particles, stacks: Stacks) -> Copies:
    of_rows = stacks.of_rows(particles)
    keys = of_rows << 32 | particles.image_number
    keys[(of_rows < 0) | (particles.image_number < 0)] = -1
    return copies_among(keys)


def copies_among(keys: NDArray[np.int64]) -> Copies:
    """The rows whose key other rows have as well; a key below 0 is none."""
    none = np.empty(0, np.int64)
    if len(keys) < 2 or (keys[1:] > keys[:-1]).all():  # most files are sorted, and have none
        return Copies(none, none, none)
    values = np.sort(keys)  # a third of the time of the order, which few files need
    again = (values[1:] == values[:-1]) & (values[1:] >= 0)
    if not again.any():
        return Copies(none, none, none)
    rows = np.argsort(keys, kind="stable")[np.append(again, False) | np.append(False, again)]
    starts = np.diff(keys[rows], prepend=-1) != 0
    image = np.cumsum(starts) - 1
    return Copies(rows, image, np.arange(len(rows)) - np.flatnonzero(starts)[image])


def is_duplicate(particles: Particles, copies: Copies) -> NDArray[np.bool_]:
    """(n,) whether a copy lies elsewhere than the first of its image, or has the pose of one before it."""
    again = np.zeros(len(copies.rows), bool)
    for first in range(0, len(again), _CHUNK):
        some = slice(first, first + _CHUNK)
        rows, its_first = copies.rows[some], copies.rows[copies.first[some]]
        if particles.micrograph_index is not None:
            again[some] |= particles.micrograph_index[rows] != particles.micrograph_index[its_first]
        if particles.coordinates_px is not None:
            moved = np.abs(particles.coordinates_px[rows] - particles.coordinates_px[its_first]).max(axis=1)
            again[some] |= moved > _SAME_PLACE_PX
    return again | _has_pose_of_one_before(particles, copies)


def _has_pose_of_one_before(particles: Particles, copies: Copies) -> NDArray[np.bool_]:
    groups = particles.optics_groups
    turn = np.float32(np.cos(np.radians(_SAME_POSE_DEG / 2)))
    found = np.zeros(len(copies.rows), bool)
    poses = np.empty((len(found), 4), np.float32)
    for first in range(0, len(found), _CHUNK):
        poses[first : first + _CHUNK] = _quaternions(particles, copies.rows[first : first + _CHUNK])
    for lag in range(1, min(int(copies.place.max()), _MOST_BEFORE) + 1):  # with the copy so many rows before it
        for first in range(lag, len(found), _CHUNK):
            last = min(first + _CHUNK, len(found))
            cosines = np.einsum("ij,ij->i", poses[first:last], poses[first - lag : last - lag])
            same = np.flatnonzero((np.abs(cosines) > turn) & (copies.place[first:last] >= lag)) + first
            shifts = [shifts_px(particles, groups, copies.rows[some]) for some in (same, same - lag)]
            if shifts[0] is not None and shifts[1] is not None and len(same):
                same = same[np.abs(shifts[0] - shifts[1]).max(axis=1) <= _SAME_SHIFT_PX]
            found[same] = True
    return found


def _quaternions(particles: Particles, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """(n, 4) unit quaternions of the poses (rot, tilt, psi as intrinsic ZYZ angles)."""
    psi = particles.psi_deg
    assert psi is not None
    rot, tilt, psi = (
        np.zeros(len(rows)) if angle is None else np.radians(angle[rows]) / 2
        for angle in (particles.rot_deg, particles.tilt_deg, psi)
    )
    parts = [np.cos(tilt) * np.cos(rot + psi), np.sin(tilt) * np.sin(psi - rot)]
    parts += [np.sin(tilt) * np.cos(psi - rot), np.cos(tilt) * np.sin(rot + psi)]
    return np.stack(parts, axis=1)


def _duplicates(particles: Particles, copies: Copies, again: NDArray[np.bool_], is_expanded: bool) -> Iterator[Problem]:
    rows = np.sort(copies.rows[again])
    if len(rows):
        message = f"{count_of(len(rows), 'row')} with an image that is in an earlier row already"
        examples = (particles.describe(i) for i in rows.tolist())
        hint = "Delete these rows from the file. Do not let CryoSPARC remove duplicates here: it goes by their places, "
        hint += "and would remove the symmetry copies as well."
        yield problem(
            "particle-duplicate", message, count=len(rows), examples=examples, hint=hint if is_expanded else None
        )


def _expanded(particles: Particles, copies: Copies, others: NDArray[np.int64], ignore_poses: bool) -> Problem:
    images = len(distinct(copies.image[others]))
    rows = len(others) + images
    message = f"{count_of(images, 'image')} with {rows / images:.3g} poses each on average, in {rows:,} rows"
    examples = (particles.describe(i) for i in copies.rows[others].tolist())
    if not ignore_poses:
        return problem("symmetry-expanded", message, count=rows, examples=examples)
    return problem(
        "symmetry-expanded",
        f"{message}; without their poses these rows are all alike",
        count=rows,
        examples=examples,
        severity=Severity.WARNING,
        hint="Import the poses as well, or import the set as it was before it was expanded.",
    )


def _mixed(particles: Particles, copies: Copies, subset: NDArray[np.float64] | None) -> Iterator[Problem]:
    """Rows that must lie in one half-set: copies of an image, particles of a helical tube."""
    for what, rows, group in (("image", copies.rows, copies.image), ("helical tube", *_tubes(particles))):
        if not len(rows):
            continue
        order = np.arange(len(rows)) if what == "image" else np.argsort(group, kind="stable")
        rows, group = rows[order], group[order]
        starts = np.flatnonzero(np.diff(group, prepend=-1))
        sizes = np.diff(starts, append=len(rows))
        if subset is None:
            several = int((sizes > 1).sum())
            if several:
                message = f"no half-sets are imported: CryoSPARC would separate the rows of {count_of(several, what)}"
                examples = (particles.describe(int(rows[i])) for i in starts[sizes > 1][:5])
                hint = "Keep all rows of an image, and of a helical tube, in one half-set: import half-sets that do."
                yield problem("half-sets-mixed", message, count=several, examples=examples, hint=hint)
            continue
        half = np.maximum(subset[rows], 1)
        mixed = np.minimum.reduceat(half, starts) != np.maximum.reduceat(half, starts)
        if mixed.any():
            message = f"{count_of(int(mixed.sum()), what)} with rows in both half-sets"
            examples = (particles.describe(int(rows[i])) for i in starts[mixed])
            yield problem("half-sets-mixed", message, count=int(mixed.sum()), examples=examples)


def _tubes(particles: Particles) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The rows that belong to a helical tube, and the tube of each: tubes are numbered micrograph by micrograph."""
    tube = getattr(particles, "helical_tube", None)
    if tube is None:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    rows = np.flatnonzero(np.isfinite(tube))
    _, numbers = np.unique(tube[rows], return_inverse=True)
    if particles.micrograph_index is None:
        return rows, numbers
    return rows, particles.micrograph_index[rows].astype(np.int64) * (int(numbers.max(initial=0)) + 1) + numbers
