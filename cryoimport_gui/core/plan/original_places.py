"""The nearest of many places on the same micrograph, for a million rows at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: of places that share a cell as small as this no more are compared
_MOST_IN_CELL = 8
_COLUMNS = 1 << 20


def nearest_places(
    of: NDArray[np.integer],
    places_px: NDArray[np.float64],
    their: NDArray[np.integer],
    their_places_px: NDArray[np.float64],
    reach_px: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """For each place the nearest of theirs on the same micrograph, no further away than that one's reach.

    Micrographs are cut into cells of twice the longest reach, so that four cells hold all that can be near.

    Args:
        of, their: (n,) and (m,) number of the micrograph; below 0: none.
        places_px, their_places_px: (n, 2) and (m, 2).
        reach_px: (m,) above 0.

    Returns:
        (n,) number of the nearest, -1: none; (n,) its distance, in pixels.
    """
    nearest, distance = np.full(len(of), -1, np.int64), np.full(len(of), np.inf)
    usable = np.flatnonzero((their >= 0) & np.isfinite(their_places_px).all(axis=1))
    rows = np.flatnonzero((of >= 0) & np.isfinite(places_px).all(axis=1))
    if not len(usable) or not len(rows):
        return nearest, distance
    cell_px = 2 * float(reach_px.max())
    keys = _keys(their[usable], np.floor(their_places_px[usable] / cell_px))
    order = np.argsort(keys, kind="stable")
    keys, usable = keys[order], usable[order]
    low = np.floor(places_px[rows] / cell_px - 0.5)
    for step in ((0, 0), (0, 1), (1, 0), (1, 1)):
        wanted = _keys(of[rows], low + step)
        at = np.searchsorted(keys, wanted)
        for k in range(_MOST_IN_CELL):
            here = np.minimum(at + k, len(keys) - 1)
            hit = np.flatnonzero((at + k < len(keys)) & (keys[here] == wanted))
            if not len(hit):
                break
            candidate, its = usable[here[hit]], rows[hit]
            away = np.hypot(*(places_px[its] - their_places_px[candidate]).T)
            nearer = (away <= reach_px[candidate]) & (away < distance[its])
            nearest[its[nearer]], distance[its[nearer]] = candidate[nearer], away[nearer]
    return nearest, distance


def _keys(micrograph: NDArray[np.integer], cell: NDArray[np.float64]) -> NDArray[np.int64]:
    """One number a cell; cells outside of any micrograph share those at its edge."""
    x, y = (np.clip(column, -1, _COLUMNS - 2).astype(np.int64) + 1 for column in cell.T)
    return (micrograph.astype(np.int64) * _COLUMNS + x) * _COLUMNS + y
