"""The way back: which particle of a CryoSPARC dataset each row of a file once was.  Arrays only.

A row is first looked for by stack and index, then by its place on its micrograph.  Several originals of one image
are distinguished by their poses, or not at all: nothing is guessed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..dataset.poses import rotation_vectors, turns_deg
from ..particles import Particles, Rows
from ..stacks.image_copies import copies_among, is_duplicate
from .original_names import by_file_name, by_path, plain_micrograph, plain_stack
from .originals import Originals

BY_STACK, BY_PLACE = "stack and index", "place"
#: a pose that was printed and read again differs by far less, that of a symmetry copy by far more
_SAME_POSE_DEG = 0.1
_OTHER_POSE_DEG = 1.0
#: more originals of one image are not compared pose by pose: twice the symmetry of an icosahedron
_MOST_COPIES = 120
_SAMPLE = 20_000
#: so many times as many entries as rows a table may have
_SPARSE = 8


@dataclass
class Matched:
    """What was found for N rows.

    `row` (N,) is the number of the original, -1: none; `rules` says how many were found by which rule.  `alike` are
    rows of which several originals have the image and nothing says which; `again` are rows that claim an original
    which an earlier row has, with the same pose or another place.  `y_flipped`: y of the file counts from the other
    edge of the micrograph.
    """

    row: Rows
    rules: dict[str, int] = field(default_factory=dict)
    alike: Rows = field(default_factory=lambda: np.empty(0, np.int64))
    again: Rows = field(default_factory=lambda: np.empty(0, np.int64))
    y_flipped: bool = False


def match_originals(particles: Particles, originals: Originals, poses: str) -> Matched:
    """Find the original of every row.

    Args:
        poses: The poses that are imported: `3D`, `2D` or nothing.
    """
    row, is_sure = _by_stack(particles, originals)
    micrograph = _micrograph_of_rows(particles, originals)
    flipped = _is_flipped(particles, originals, row, micrograph)
    unsure = np.flatnonzero((row >= 0) & ~is_sure)
    row[unsure[_is_elsewhere(particles, originals, unsure, row[unsure], flipped)]] = -1
    by_stack = row >= 0
    left = np.flatnonzero(~by_stack)
    if micrograph is not None and len(left):
        row[left] = _by_place(particles, originals, micrograph, left, flipped)
    alike = _tell_apart(particles, originals, row, poses)
    row[alike] = -1
    again = np.empty(0, np.int64)
    if np.bincount(row + 1)[1:].max(initial=0) > 1:
        copies = copies_among(row)
        again = np.sort(copies.rows[is_duplicate(particles, copies) if poses else copies.place > 0])
    found = row >= 0
    counts = {BY_STACK: int((found & by_stack).sum()), BY_PLACE: int((found & ~by_stack).sum())}
    return Matched(row, {rule: n for rule, n in counts.items() if n}, alike, again, flipped)


def _by_stack(particles: Particles, originals: Originals) -> tuple[Rows, NDArray[np.bool_]]:
    """The original in the same place of the same stack, and whether the stack's path says so, not its name alone."""
    stacks, files = originals.stacks, originals.stack_files
    none = np.full(len(particles), -1, np.int64)
    if stacks is None or files is None:
        return none, none >= 0
    names = [plain_stack(name) for name in particles.stack_names]
    paths, real = [plain_stack(path) for path in stacks.paths], [plain_stack(path) for path in files]
    sure = by_path(names, paths, real)
    unsure = by_file_name(names, paths)
    name = np.where(sure >= 0, sure, unsure)
    keys, stack, most = originals.image_keys, originals.stack_of_path, originals.most_images
    its, image = np.where(name >= 0, stack[name], -1)[particles.stack_index], particles.image_number - 1
    wanted = np.where((its < 0) | (image < 0) | (image >= most), -1, its * most + image)
    return _first_with(keys, wanted), (sure >= 0)[particles.stack_index]


def _first_with(keys: Rows, wanted: Rows) -> Rows:
    """(wanted,) position of the first entry of `keys` that is the one wanted; -1: none."""
    most = int(keys.max(initial=0))
    if most <= _SPARSE * (len(keys) + len(wanted)):  # a table, in a tenth of the time of sorting
        position = np.full(most + 2, -1, np.int64)
        position[keys[::-1]] = np.arange(len(keys))[::-1]
        return position[np.where((wanted < 0) | (wanted > most), most + 1, wanted)]
    order = np.argsort(keys, kind="stable")
    at = np.minimum(np.searchsorted(keys[order], wanted), len(keys) - 1)
    return np.where(keys[order[at]] == wanted, order[at], -1)


def _micrograph_of_rows(particles: Particles, originals: Originals) -> Rows | None:
    """(N,) number of the original micrograph; None where no place can be compared."""
    if particles.micrograph_index is None or particles.coordinates_px is None or originals.micrographs is None:
        return None
    names = [plain_micrograph(name) for name in particles.micrograph_names]
    paths = [plain_micrograph(path) for path in originals.micrographs.paths]
    sure, unsure = by_path(names, paths, [""] * len(paths)), by_file_name(names, paths)
    return np.where(sure >= 0, sure, unsure)[particles.micrograph_index]


def _places(particles: Particles, height_px: NDArray[np.float64], rows: Rows, flipped: bool) -> NDArray[np.float64]:
    """(n, 2), as the originals count."""
    assert particles.coordinates_px is not None
    places = particles.coordinates_px[rows].copy()
    if flipped:
        places[:, 1] = height_px - places[:, 1]
    return places


def _is_elsewhere(
    particles: Particles, originals: Originals, rows: Rows, original: Rows, flipped: bool
) -> NDArray[np.bool_]:
    """(n,) whether a row lies elsewhere than its original; False where one of them has no place."""
    if particles.coordinates_px is None or originals.places_px is None:
        return np.zeros(len(rows), bool)
    assert originals.micrograph_height_px is not None and originals.same_place_px is not None
    places = _places(particles, originals.micrograph_height_px[original], rows, flipped)
    return ~(np.hypot(*(places - originals.places_px[original]).T) <= originals.same_place_px[original])


def _is_flipped(particles: Particles, originals: Originals, row: Rows, micrograph: Rows | None) -> bool:
    """Whether y counts from the other edge, the same for all rows: the reading by which more of a sample fit."""
    if particles.coordinates_px is None or originals.places_px is None:
        return False
    rows = _some(np.flatnonzero(row >= 0))
    fit = [len(rows) - int(_is_elsewhere(particles, originals, rows, row[rows], y).sum()) for y in (False, True)]
    if not any(fit) and micrograph is not None:
        rows = _some(np.flatnonzero(row < 0))
        fit = [int((_by_place(particles, originals, micrograph, rows, y) >= 0).sum()) for y in (False, True)]
    return fit[1] > fit[0]


def _some(rows: Rows) -> Rows:
    return rows[:: max(1, len(rows) // _SAMPLE)]


def _by_place(particles: Particles, originals: Originals, micrograph: Rows, rows: Rows, flipped: bool) -> Rows:
    """(n,) the nearest original on the same micrograph; of rows in several places that one is nearest to, the nearest.

    A row in another place than the one that its original is given to has none.
    """
    assert originals.micrographs is not None and originals.places_px is not None
    assert originals.micrograph_height_px is not None
    heights = np.zeros(len(originals.micrographs.paths))
    heights[originals.micrographs.index] = originals.micrograph_height_px
    places = _places(particles, np.append(heights, 0)[micrograph[rows]], rows, flipped)
    found, distance = originals.place_index.nearest(micrograph[rows], places)
    nearest = np.full(len(originals), np.inf)
    np.minimum.at(nearest, found[found >= 0], distance[found >= 0])
    return np.where((found >= 0) & (distance <= np.append(nearest, np.inf)[found] + 0.01), found, -1)


def _tell_apart(particles: Particles, originals: Originals, row: Rows, poses: str) -> Rows:
    """Where several originals have one image, choose by the pose, in `row`; returns the rows where that cannot be."""
    keys = originals.image_keys
    is_dense = keys.max(initial=0) <= _SPARSE * len(keys)
    values, counts = (None, np.bincount(keys)) if is_dense else np.unique(keys, return_counts=True)
    if counts.max(initial=0) <= 1:
        return np.empty(0, np.int64)
    values = np.arange(len(counts)) if values is None else values
    rows = np.flatnonzero(row >= 0)
    rows = rows[np.isin(keys[row[rows]], values[counts > 1])]
    pose = originals.numbers("alignments3D/pose", 3)
    if poses != "3D" or pose is None or counts.max() > _MOST_COPIES:
        return rows
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    first, last = (np.searchsorted(ordered, keys[row[rows]], side) for side in ("left", "right"))
    ours = _vectors(particles, rows)
    best = np.full((2, len(rows)), np.inf)  # degrees to the best and to the second
    chosen = np.full(len(rows), -1)
    for k in range(int((last - first).max(initial=0))):
        candidate = order[np.minimum(first + k, last - 1)]
        angle = np.where(first + k < last, turns_deg(ours, pose[candidate].astype(np.float64)), np.inf)
        is_best = angle < best[0]
        best[1] = np.where(is_best, best[0], np.minimum(best[1], angle))
        best[0], chosen = np.where(is_best, angle, best[0]), np.where(is_best, candidate, chosen)
    is_clear = (best[0] <= _SAME_POSE_DEG) & (best[1] >= _OTHER_POSE_DEG)
    row[rows[is_clear]] = chosen[is_clear]
    return rows[~is_clear]


def _vectors(particles: Particles, rows: Rows) -> NDArray[np.float64]:
    angles = (particles.rot_deg, particles.tilt_deg, particles.psi_deg)
    return rotation_vectors(*(np.zeros(len(rows)) if angle is None else angle[rows] for angle in angles))
