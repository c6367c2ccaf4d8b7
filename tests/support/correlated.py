"""Particles cut from pictures, and how well they fit an exposure at the four readings."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cryoimport_gui.core.pictures.place_verdict import leads

BOX, SEARCH, OTHERS = 32, 3, 3


def cut(picture: NDArray, rows: NDArray, columns: NDArray, side: int = BOX) -> NDArray:
    """(N, side, side) around the places, which lie far enough inside."""
    at = np.arange(side) - side // 2
    return picture[(rows[:, None] + at)[:, :, None], (columns[:, None] + at)[:, None, :]]


def far_enough_inside(rows: NDArray, columns: NDArray, shape: tuple[int, int]) -> NDArray:
    reach = BOX // 2 + SEARCH + 1
    return (rows > reach) & (rows < shape[0] - reach) & (columns > reach) & (columns < shape[1] - reach)


def four_readings(particles: NDArray, exposure: NDArray, rows: NDArray, columns: NDArray) -> NDArray:
    """Correlations, (1 + OTHERS, N, 4): with the own patch, then with those of other particles of the exposure.

    The readings: y kept, kept with mirrored patches, flipped, flipped with mirrored patches.
    """
    keep, flip = (cut(exposure, at, columns, BOX + 2 * SEARCH) for at in (rows, len(exposure) - 1 - rows))
    readings = (keep, keep[:, ::-1], flip, flip[:, ::-1])
    rolled = [np.roll(particles, by, axis=0) for by in range(1 + OTHERS)]
    return np.array([[_best_correlations(some, patches) for patches in readings] for some in rolled]).swapaxes(1, 2)


def leads_of(correlations: NDArray) -> NDArray:
    """(N, 4) leads from `four_readings`, of all exposures together."""
    return np.stack([leads(correlations[0, :, way], correlations[1:, :, way]) for way in range(4)], axis=1)


def _best_correlations(particles: NDArray, patches: NDArray) -> NDArray:
    """The greatest |correlation| of each particle with its patch, which is wider by 2 · SEARCH."""
    at = range(2 * SEARCH + 1)
    moved = np.stack([patches[:, y : y + BOX, x : x + BOX] for y in at for x in at])
    moved = moved - moved.mean(axis=(-2, -1), keepdims=True)
    particles = particles - particles.mean(axis=(-2, -1), keepdims=True)
    norms = np.linalg.norm(moved, axis=(-2, -1)) * np.linalg.norm(particles, axis=(-2, -1))
    return np.asarray(np.abs((moved * particles).sum(axis=(-2, -1)) / norms).max(axis=0))
