"""From which directions particles are seen, and whether some are preferred."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..arrays import Reals

_MOST_DOTS = 3000
#: so many particles for each cell of the hemisphere, within these numbers of cells across
_PER_CELL, _LEAST_ACROSS, _MOST_ACROSS = 8, 6, 36
#: Fewer say nothing: of 100 particles, spread evenly over a quarter of the sphere or over a coarse grid of angles, 2 to
#: 3% of the sets look as if some views were preferred; of 200, 0.1% (`tests/rates/views.py`).
_LEAST_PARTICLES = 200
#: With a flat density half of the particles take half of the directions that 95 % take, whatever part of the
#: sphere it fills (a symmetry's unit, a band); counting noise makes that 0.35 to 0.53.  A Gaussian around one
#: direction has ln 2 / ln 20 = 0.23, and one above a flat ground less.
_UNEVEN = 0.3
_LEAST_CELLS, _WIDE = 12, 0.8
_SUBSAMPLES = 8


@dataclass(frozen=True)
class Views:
    """Where the viewing directions lie; opposite ones count as one, as they show the same in mirror image.

    dots: (m, 2) some of them in the disc of radius 1 that is the hemisphere in Lambert's equal-area projection, looked
        at along z: the middle is tilt 0, the rim tilt 90, and x is rot 0.
    half, most: the parts of all directions that hold 50 % and 95 % of the particles, the densest first.
    cells: how many cells `most` takes.
    """

    dots: Reals
    particles: int
    half: float
    most: float
    cells: float

    @property
    def is_preferred(self) -> bool:
        """Whether some directions are strongly preferred; false where that is not sure."""
        is_enough = self.particles >= _LEAST_PARTICLES and self.cells >= _LEAST_CELLS
        return is_enough and self.half < _UNEVEN * self.most

    @property
    def words(self) -> str:
        if self.particles < _LEAST_PARTICLES:
            return "too few particles to compare directions"
        if self.is_preferred:
            return f"some views strongly preferred: half of the particles in {self.half:.0%} of all directions"
        if self.most >= _WIDE:
            return "views from all directions"
        return f"95% of the views in {self.most:.0%} of all directions: the unit of a symmetry, or preferred views"


def views_of(rot_deg: Reals | None, tilt_deg: Reals | None) -> Views | None:
    """The directions of RELION's angles, (n,) degrees; one that is missing is 0.  None without a finite one.

    The direction is (sin tilt cos rot, sin tilt sin rot, cos tilt): psi turns the picture only.
    """
    if rot_deg is None and tilt_deg is None:
        return None
    rot = np.zeros(len(tilt_deg)) if rot_deg is None and tilt_deg is not None else np.asarray(rot_deg)
    tilt = np.zeros(len(rot)) if tilt_deg is None else np.asarray(tilt_deg)
    is_finite = np.isfinite(rot) & np.isfinite(tilt)
    if not is_finite.all():
        rot, tilt = rot[is_finite], tilt[is_finite]
    if not len(rot):
        return None
    x, y = _on_disc(np.radians(rot), np.radians(tilt))
    across = int(np.clip((len(x) / _PER_CELL * 4 / np.pi) ** 0.5, _LEAST_ACROSS, _MOST_ACROSS))
    column, row = (np.clip(((v + 1) * (across / 2)).astype(np.int64), 0, across - 1) for v in (x, y))
    counts = np.bincount(row * across + column, minlength=across * across)
    areas = _areas(across)
    # The rim can leave a particle in a cell that hardly belongs to the disc.
    order = np.argsort(-counts / np.maximum(areas, areas.max() / _SUBSAMPLES**2), kind="stable")
    held = np.concatenate([[0.0], np.cumsum(counts[order]) / len(x)])
    taken = np.concatenate([[0.0], np.cumsum(areas[order])])
    half, most = np.interp((0.5, 0.95), held, taken).tolist()
    shown = np.arange(0, len(x), -(-len(x) // _MOST_DOTS))
    return Views(np.stack([x[shown], y[shown]], axis=1), len(x), half, most, most / float(areas.max()))


def _on_disc(rot: Reals, tilt: Reals) -> tuple[Reals, Reals]:
    """The lower hemisphere is turned up through the centre; a distance of sqrt(1 - |z|) keeps areas equal."""
    z = np.cos(tilt)
    radius = np.sqrt(1 - np.minimum(np.abs(z), 1))
    radius[(z < 0) != (np.remainder(tilt, 2 * np.pi) > np.pi)] *= -1
    return radius * np.cos(rot), radius * np.sin(rot)


@lru_cache(maxsize=4)
def _areas(across: int) -> NDArray[np.float64]:
    """(across²,) the part of the disc in each cell of the square around it."""
    place = (np.arange(across * _SUBSAMPLES) + 0.5) * 2 / (across * _SUBSAMPLES) - 1
    inside = (place[:, None] ** 2 + place**2 <= 1).reshape(across, _SUBSAMPLES, across, _SUBSAMPLES).mean(axis=(1, 3))
    areas: NDArray[np.float64] = inside.ravel() / inside.sum()
    return areas
