"""Picks against micrographs, without particle images: which way y counts, and at which scale.

Where particles are, a micrograph differs from the rest of it, in some band of frequencies or in how busy it is.
In which way is not known: the sign of the contrast and the size of the particle are not asked for.  So five maps
are made of a micrograph, and a reading of the coordinates is right if the maps at the picks differ from the maps
at random places by more than chance (Hotelling's T²).  Picks lie in groups, and so do things on micrographs: T² is
divided by what the same picks give after they were moved, as a whole, somewhere else.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import Reals

Maps = NDArray[np.float32]

#: No more micrographs than this are looked at.
MOST_MICROGRAPHS = 16
BIN_TO_A = 8.0
_MIN_SIDE_PX = 32
_CLIP_MAD = 5.0
#: Differences of Gaussians of σ and 2σ.
_SIGMAS_A = 15.0, 30.0, 60.0, 120.0
_VARIANCE_SIGMA_A = 60.0
_MAPS = len(_SIGMAS_A) + 1
#: Normal scores, clipped at 3, for these quantiles; between them, linear interpolation.
_SCORES = np.linspace(-3, 3, 121)
_QUANTILES = [NormalDist().cdf(z) for z in _SCORES.tolist()]
_SHIFTS = 40
#: Moved by at least this part of the side, so that no pick lands on its own particle.
_LEAST_SHIFT = 0.05
#: A reading with more picks outside of the micrographs than this is no reading.
_MOST_OUTSIDE = 0.05
_CLEAR_T2, _CLEAR_LEAD, _CHANCE_T2 = 30.0, 20.0, 12.0
#: An exposure shows no trace of its picks below the first, and would at the second.
_NO_TRACE_T2, _EXPECTED_T2 = 15.0, 60.0
#: So many exposures must show what picks look like before one can be said not to.
_LEAST_FOUND = 4
#: Less is not measured well: as good as nothing but noise.
_LEAST_STRUCTURE = 0.05


@dataclass(frozen=True)
class PlaceReading:
    """One way to turn a coordinate into a place: x · scale and y · scale, then ny - y if `flip`.

    mirrored: the picture at that place is the mirror image, top to bottom, of the particle's; picks do not show that.
    """

    flip: bool = False
    scale: float = 1.0
    mirrored: bool = False


@dataclass(frozen=True)
class PickedMicrograph:
    """A micrograph, whole or binned, and what was picked on it.

    picture: (ny, nx), numbers of any kind, row 0 of the file first.
    pixel_size_A: of `picture`.
    x_frac, y_frac: (N,) coordinates in parts of the exposure's width and height, before any scale.
    """

    picture: NDArray[Any]
    pixel_size_A: float
    x_frac: Reals
    y_frac: Reals


@dataclass(frozen=True)
class PickVerdict:
    """What picks say of the readings.

    reading: the one that is decided, or None: cannot tell.
    t2: for each reading that was asked for; nan where too many picks lie outside of the micrographs.
    picks: how many lie inside at the best reading; micrographs: how many were looked at.
    """

    reading: PlaceReading | None
    t2: tuple[float, ...]
    picks: int
    micrographs: int

    @property
    def best_t2(self) -> float:
        """Nan if there is no reading at which the picks lie inside."""
        return max((t2 for t2 in self.t2 if not math.isnan(t2)), default=math.nan)


def judge_picks(
    micrographs: Iterable[PickedMicrograph], readings: Sequence[PlaceReading], most: int = MOST_MICROGRAPHS
) -> PickVerdict:
    """Look at one micrograph after the other until a reading is decided, `most` at most.

    An iterator that makes each micrograph when it is asked for saves the reading of those that are not needed.  Those
    that cannot be used (see `pick_maps`) are passed over.

    Raises:
        Whatever the iterator raises: OSError, Cancelled, ...
    """
    test = PickTest(readings)
    verdict = test.verdict()
    for micrograph in islice(micrographs, most):
        try:
            maps = pick_maps(micrograph.picture, micrograph.pixel_size_A)
        except ValueError:
            continue
        test.add(maps, micrograph.x_frac, micrograph.y_frac)
        verdict = test.verdict()
        if verdict.reading is not None:
            break
    return verdict


class PickTest:
    """Adds up micrographs; the verdict may be asked for at any time."""

    def __init__(self, readings: Sequence[PlaceReading]) -> None:
        self._tallies = [_Tally(reading) for reading in readings]
        self._micrographs = 0
        self._rng = np.random.default_rng(0)

    def add(self, maps: PickMaps, x_frac: Reals, y_frac: Reals) -> None:
        """Count the picks of one micrograph, (N,), in parts of its width and height, before any scale."""
        height, width = maps.scores.shape[1:]
        shifts = self._rng.uniform(_LEAST_SHIFT, 1 - _LEAST_SHIFT, (2, _SHIFTS, 1)) * [[[height]], [[width]]]
        for tally in self._tallies:
            row, column = _places(tally.reading, x_frac, y_frac, maps.size)
            moved_row, moved_column = (row + shifts[0].astype(int)) % height, (column + shifts[1].astype(int)) % width
            moved = maps.scores[:, moved_row, moved_column].sum(axis=2, dtype=np.float64).T
            tally.picks += len(row)
            tally.outside += len(x_frac) - len(row)
            tally.picked += maps.scores[:, row, column].sum(axis=1, dtype=np.float64) - len(row) * maps.mean
            tally.moved += moved - len(row) * maps.mean
            tally.covariance += len(row) * maps.covariance
        self._micrographs += 1

    def verdict(self) -> PickVerdict:
        t2 = [tally.t2() for tally in self._tallies]
        order = sorted((i for i in range(len(t2)) if not math.isnan(t2[i])), key=lambda i: -t2[i])
        best = t2[order[0]] if order else 0.0
        second = t2[order[1]] if len(order) > 1 else 0.0
        clear = best > _CLEAR_T2 and best - second > _CLEAR_LEAD and second < max(_CHANCE_T2, best / 4)
        reading = self._tallies[order[0]].reading if clear else None
        picks = self._tallies[order[0]].picks if order else 0
        return PickVerdict(reading, tuple(t2), picks, self._micrographs)


def exposures_elsewhere(
    best_t2: Reals, picks: NDArray[Any], structure: Reals, least_found: int = _LEAST_FOUND
) -> NDArray[np.bool_]:
    """Which exposures are not those that their picks were made on.

    Of an exposure without a trace of its picks this is said only if the traces in other exposures, the faintest
    tenth of them, are such that as many picks would have left one, seen how much noise it has compared with them.
    An exposure with far more junk among its picks than the rest may look the same: where there are particle images,
    ask them too.

    Args:
        best_t2: (J,) T² of each exposure alone, at its best reading.
        picks: (J,) how many picks that was.
        structure: (J,) `PickMaps.structure`.
        least_found: So many must show their picks; 1 where all J are about the same picks, with the same junk.
    """
    found = best_t2 > _CLEAR_T2
    if found.sum() < least_found:
        return np.zeros(len(best_t2), bool)
    visible = picks * np.maximum(structure, _LEAST_STRUCTURE)
    faint = np.quantile(best_t2[found] / visible[found], 0.1)
    return (best_t2 < _NO_TRACE_T2) & (visible * faint > _EXPECTED_T2)


@dataclass(frozen=True)
class PickMaps:
    """Five maps of a micrograph at about 8 Å a pixel: four bands of frequencies and how busy it is.

    They are normal scores: what counts is order, not size, so that a few bright or dark things do not decide.

    scores: (5, height, width).
    size: the picture's own height and width in pixels of the maps; rows and columns at the end that do not fill a
        pixel are left out of the maps.
    mean, covariance: (5,), (5, 5), over the whole micrograph.
    structure: the part of the variance in the finest band that is not white noise, 0 to 1: how much there is to see.
    """

    scores: Maps
    size: tuple[float, float]
    mean: Reals
    covariance: Reals
    structure: float


def pick_maps(picture: NDArray[Any], pixel_size_A: float) -> PickMaps:
    """Bin, even out, filter.

    Args:
        picture: (ny, nx), numbers of any kind.

    Raises:
        ValueError: The picture is too small or its pixel size is not known.
    """
    if not pixel_size_A > 0:
        raise ValueError("the pixel size of the micrograph is not known")
    factor = max(1, round(BIN_TO_A / pixel_size_A))
    ny, nx = picture.shape
    if min(ny, nx) // factor < _MIN_SIDE_PX:
        raise ValueError(f"the micrograph is less than {_MIN_SIDE_PX * factor * pixel_size_A:.0f} Å wide")
    small = _even(_binned(picture, factor))
    pixel_A = pixel_size_A * factor
    smooth = {sigma: _smooth(small, sigma / pixel_A) for sigma in (*_SIGMAS_A, 2 * _SIGMAS_A[-1])}
    maps = [smooth[sigma] - smooth[2 * sigma] for sigma in _SIGMAS_A]
    variance = _smooth(small**2, _VARIANCE_SIGMA_A / pixel_A) - smooth[_VARIANCE_SIGMA_A] ** 2
    maps.append(np.log(np.maximum(variance, 1e-12)))
    scores = np.stack([_normal_scores(values) for values in maps])
    flat = scores.reshape(_MAPS, -1)
    mean, covariance = flat.mean(axis=1, dtype=np.float64), np.cov(flat)
    return PickMaps(scores, (ny / factor, nx / factor), mean, covariance, _structure(small, maps[0], pixel_A))


@dataclass
class _Tally:
    """What all micrographs so far say of one reading."""

    reading: PlaceReading
    picks: int = 0
    outside: int = 0
    picked: Reals = field(default_factory=lambda: np.zeros(_MAPS))
    moved: Reals = field(default_factory=lambda: np.zeros((_SHIFTS, _MAPS)))
    covariance: Reals = field(default_factory=lambda: np.zeros((_MAPS, _MAPS)))

    def t2(self) -> float:
        if self.picks == 0 or self.outside > _MOST_OUTSIDE * (self.picks + self.outside):
            return math.nan
        # `covariance` has added up once for each pick, so it is that of the sums.
        inverse = np.linalg.pinv(self.covariance)
        by_chance = float(np.einsum("ki,ij,kj->k", self.moved, inverse, self.moved).mean())
        return float(self.picked @ inverse @ self.picked) / max(1.0, by_chance / _MAPS)


def _places(
    reading: PlaceReading, x_frac: Reals, y_frac: Reals, size: tuple[float, float]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns on the maps, of the picks that lie inside."""
    x, y = reading.scale * x_frac, reading.scale * y_frac
    if reading.flip:
        y = 1 - y
    inside = (x >= 0) & (x < 1) & (y >= 0) & (y < 1)
    row, column = (np.minimum((at[inside] * long).astype(int), int(long) - 1) for at, long in zip((y, x), size))
    return row, column


def _structure(small: Maps, finest: Maps, pixel_A: float) -> float:
    """`finest` is `small` in the band of the finest maps."""
    white = float(np.square(np.diff(small, axis=1)).mean()) / 2
    # the sum of the squares of the kernel, a Gaussian of σ minus one of 2σ
    passed = white * (1 / 4 + 1 / 16 - 1 / 5) / math.pi * (pixel_A / _SIGMAS_A[0]) ** 2
    return max(0.0, 1 - passed / max(float(finest.var()), 1e-12))


def _binned(picture: NDArray[Any], factor: int) -> Maps:
    """Means of blocks of factor × factor; a strip of blocks at a time, so that no large copy is made."""
    height, width = (side // factor for side in picture.shape)
    out = np.empty((height, width), np.float32)
    for row in range(height):
        strip = picture[row * factor : (row + 1) * factor, : width * factor]
        out[row] = strip.sum(axis=0, dtype=np.float32).reshape(width, factor).sum(axis=1)
    out /= factor**2
    return out


def _even(picture: Maps) -> Maps:
    """Median 0, median deviation 1, without what sticks out (hot pixels, ice crystals)."""
    known = np.isfinite(picture)
    if not known.all():
        picture = np.where(known, picture, np.median(picture[known]) if known.any() else 0)
    picture = picture - np.median(picture)
    deviation = float(np.median(np.abs(picture))) or float(picture.std()) or 1.0
    return np.asarray(np.clip(picture / deviation, -_CLIP_MAD, _CLIP_MAD), np.float32)


def _smooth(picture: Maps, sigma_px: float) -> Maps:
    """A Gaussian filter; what lies outside of the picture has no weight."""
    down, across = (_gaussian(side, sigma_px) for side in picture.shape)
    return np.asarray(down @ picture @ across.T, np.float32)


def _gaussian(side: int, sigma_px: float) -> Maps:
    """(side, side): each row a Gaussian around its own place, of sum 1."""
    at = np.arange(side, dtype=np.float32)
    weights = np.exp(-0.5 * ((at[:, None] - at) / np.float32(sigma_px)) ** 2)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


def _normal_scores(values: Maps) -> Maps:
    return np.interp(values, np.quantile(values, _QUANTILES), _SCORES).astype(np.float32)
