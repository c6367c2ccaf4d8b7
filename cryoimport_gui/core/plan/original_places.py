"""The nearest of many places on the same micrograph, for a million rows at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: of the places in two cells as small as these no more are compared
_MOST_IN_CELLS = 12
_COLUMNS = 1 << 20


class PlaceIndex:
    """Places to look in, each with a reach: how far away from it a place may be that is still taken for it.

    Micrographs are cut into cells of twice the longest reach, so that four cells hold all that can be near.

    Args:
        micrograph: (m,) its number; below 0: none.
        places_px: (m, 2).
        reach_px: (m,) above 0.
    """

    def __init__(
        self, micrograph: NDArray[np.integer], places_px: NDArray[np.float64], reach_px: NDArray[np.float64]
    ) -> None:
        self._cell_px = 2 * float(reach_px.max(initial=1.0))
        usable = np.flatnonzero((micrograph >= 0) & np.isfinite(places_px).all(axis=1))
        keys = _keys(micrograph[usable], np.floor(places_px[usable] / self._cell_px))
        order = np.argsort(keys)
        self._keys, self._numbers = keys[order], usable[order]
        (self._x, self._y), self._reach_squared = places_px[self._numbers].T.copy(), reach_px[self._numbers] ** 2

    def nearest(
        self, micrograph: NDArray[np.integer], places_px: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """For each place the nearest on the same micrograph.

        Args:
            micrograph: (n,) its number; below 0: none.
            places_px: (n, 2).

        Returns:
            (n,) number of the nearest, -1: none within its reach; (n,) its distance, in pixels.
        """
        nearest, squared = np.full(len(micrograph), -1, np.int64), np.full(len(micrograph), np.inf)
        x, y = places_px.T
        rows = np.flatnonzero((micrograph >= 0) & np.isfinite(x) & np.isfinite(y))
        if not len(self._keys):
            return nearest, squared
        low = _keys(micrograph[rows], np.floor(places_px[rows] / self._cell_px - 0.5))
        for first in (low, low + _COLUMNS):  # two columns of cells, of two cells each
            at, waiting = np.searchsorted(self._keys, first), np.arange(len(rows))
            for k in range(_MOST_IN_CELLS):
                here = at[waiting] + k
                is_in = here < len(self._keys)
                is_in &= self._keys[np.minimum(here, len(self._keys) - 1)] <= first[waiting] + 1
                waiting = waiting[is_in]
                if not len(waiting):
                    break
                candidate, its = here[is_in], rows[waiting]
                away = (x[its] - self._x[candidate]) ** 2 + (y[its] - self._y[candidate]) ** 2
                nearer = (away <= self._reach_squared[candidate]) & (away < squared[its])
                its = its[nearer]
                nearest[its], squared[its] = candidate[nearer], away[nearer]
        found = nearest >= 0
        nearest[found] = self._numbers[nearest[found]]
        return nearest, np.sqrt(squared)


def _keys(micrograph: NDArray[np.integer], cell: NDArray[np.float64]) -> NDArray[np.int64]:
    """One number a cell, the next one below it; cells outside of any micrograph share those at its edge."""
    x, y = (np.clip(column, -1, _COLUMNS - 4).astype(np.int64) + 1 for column in cell.T)
    return (micrograph.astype(np.int64) * _COLUMNS + x) * _COLUMNS + y
