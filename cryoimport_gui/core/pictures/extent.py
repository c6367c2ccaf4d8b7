"""The scale of coordinates from how far they reach: particles lie all over a micrograph, and none outside of it.

If the true scale were smaller than s by a factor f, all coordinates would lie in a part 1/f of the width and of the
height by chance: a chance of f^-2 for each independent particle.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ..arrays import Integers, Reals

#: Candidates closer than this are one.
_SAME = 0.03
#: So many places may lie outside: coordinates are not perfect.
_MOST_OUTSIDE = 0.002
#: Particles of one exposure share its holes and its ice: no more than this count as independent.
_INDEPENDENT = 5
_ODDS = 1e6
#: Places reach at least this part of the longer way; else none of the candidates is likely.
_LEAST_REACH = 0.8


@dataclass(frozen=True)
class ExtentVerdict:
    """The scale that the extent of the coordinates gives.

    scale: pixels of the exposure for one unit of the coordinates; None: cannot tell.
    swapped: x and y are exchanged.
    reach: at `scale`, else at the largest scale that is possible: the largest x / width or y / height, the few
        places that lie outside aside; nan if none is possible.
    feasible: the candidates at which the places lie inside, largest first, x and y as they are.
    log_odds: for `scale` against the next smaller one; inf if there is none.
    """

    scale: float | None
    swapped: bool
    reach: float
    feasible: tuple[float, ...]
    log_odds: float


def scale_candidates(
    exposure_A: float,
    micrograph_A: float = math.nan,
    original_A: float = math.nan,
    image_A: float = math.nan,
) -> tuple[float, ...]:
    """Scales that coordinates may have; of those within 3% the first of this order.

    Args:
        exposure_A: Pixel size of the exposures.
        micrograph_A: rlnMicrographPixelSize.
        original_A: rlnMicrographOriginalPixelSize: of the movie, which may have been binned by 2 or 4 since.
        image_A: rlnImagePixelSize: particles may have been down-sampled by 2, 3 or 4 after they were picked.

    Each may be nan or 0: not known.
    """
    scales = [1.0, 0.5, 2.0]
    if exposure_A > 0:
        scales.append(micrograph_A / exposure_A)
        scales += [original_A * binning / exposure_A for binning in (1, 2, 4)]
        scales += [image_A / (exposure_A * binning) for binning in (1, 2, 3, 4)]
    return merged(scales)


def merged(scales: Iterable[float]) -> tuple[float, ...]:
    """Without those that are within 3% of an earlier one, or no scale at all."""
    out: list[float] = []
    for scale in scales:
        if 0 < scale < math.inf and all(abs(math.log(scale / other)) > math.log1p(_SAME) for other in out):
            out.append(scale)
    return tuple(out)


def scale_from_extent(
    x_px: Reals, y_px: Reals, exposure: Integers, shapes: Integers, candidates: Sequence[float]
) -> ExtentVerdict:
    """The largest scale at which the places lie inside, if a smaller one would be a strange accident.

    Args:
        x_px, y_px: (N,) as in the file; those that are negative or not finite say nothing of the scale.
        exposure: (N,) its number.
        shapes: (exposures, 2), ny and nx.

    With one exposure only, or with few, a smaller scale is ruled out by what lies outside at every other one.
    """
    usable = np.isfinite(x_px) & np.isfinite(y_px) & (x_px >= 0) & (y_px >= 0)
    x_px, y_px, exposure = x_px[usable], y_px[usable], exposure[usable]
    counts = np.unique(exposure, return_counts=True)[1]
    independent = int(np.minimum(counts, _INDEPENDENT).sum()) if len(counts) > 1 else 0
    ny, nx = shapes[exposure].T
    reach = {False: _reach(x_px / nx, y_px / ny), True: _reach(y_px / nx, x_px / ny)}
    feasible = {way: sorted((s for s in candidates if s * reach[way] <= 1), reverse=True) for way in reach}
    order = sorted({*feasible[False], *feasible[True]}, reverse=True)
    if not order or not len(x_px):
        return ExtentVerdict(None, False, math.nan, tuple(feasible[False]), 0.0)
    best = order[0]
    # Where the same scale fits both ways, on a square detector for example, nothing is swapped.
    swapped = best not in feasible[False]
    here = best * reach[swapped]
    log_odds = 2 * independent * math.log(best / order[1]) if len(order) > 1 else math.inf
    clear = log_odds > math.log(_ODDS) and here >= _LEAST_REACH
    # Particles of one half of the detector only, at a smaller scale, look the same as swapped ones: cannot tell.
    if swapped and any(scale * reach[False] >= _LEAST_REACH for scale in feasible[False]):
        clear = False
    return ExtentVerdict(best if clear else None, clear and swapped, here, tuple(feasible[False]), log_odds)


def _reach(x_frac: Reals, y_frac: Reals) -> float:
    """The largest of both, without the few that may lie outside."""
    farthest = np.sort(np.maximum(x_frac, y_frac))
    return float(farthest[-1 - int(_MOST_OUTSIDE * len(farthest))]) if len(farthest) else math.nan
