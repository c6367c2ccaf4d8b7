"""Particle against micrograph: which way y counts, and at which scale.

There are two readings of a coordinate y.  `keep`: it is a row of the micrograph's MRC array.  `flip`: the row
is ny - y.  The main reason for a flip is that the micrograph on disk is the mirror image, top to bottom, of the
one that was picked on, so that the patch around that place is mirrored too.  Both readings are tried with the
patch as it is and mirrored, so that coordinates which count from the other end of the same picture, and particle
images that were mirrored, are recognised as well.

A particle image and the patch that it was cut from share their pixels, noise and all, so at the right place they
correlate strongly.  If the micrograph is another motion correction of the same movie, they share a part of the
noise and correlate weakly.  So what decides is how much better particles correlate with their own patches than
with those of other particles of the sample; at a wrong place the two are the same but for chance.
`place_verdict` judges.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ..arrays import Reals
from ..progress import Progress, quiet
from ..stacks.mrc import MrcHeader, read_image_rows
from .correlation import Pictures, normal, peaks, resampling, upside_down, whitening
from .micrograph import micrograph_header
from .picks import PlaceReading
from .place_verdict import leads

#: Pictures are compared at this side at most, in pixels, and not if they would be smaller than the other.
_SIDE, _MIN_SIDE = 64, 16
_MOST_EXTENT_PX = 8192
_STRIP_BYTES = 16 << 20
#: A patch may lie outside of its micrograph with this part of its side.
_OUTSIDE = 0.1
#: Nothing is judged by fewer particles: with so many, none of the others is the particle itself.
_MIN_SAMPLED = 4
#: How many other particles each patch is compared with.
OTHERS = 3


@dataclass(frozen=True)
class PlacementSample:
    """A particle and where it should be.

    image: (box, box), values as stored, of either sign.
    micrograph: its file; `micrograph_shape` is (ny, nx) as its dataset says.
    x_px, y_px: of the box's centre, in pixels of the micrograph that was picked on, before any scale.
    """

    image: NDArray[np.float32]
    pixel_size_A: float
    micrograph: str
    micrograph_pixel_size_A: float
    micrograph_shape: tuple[int, int]
    x_px: float
    y_px: float


@dataclass(frozen=True)
class PlaceComparison:
    """How well particles fit the patches at their places, at R readings.

    compared: (n,) which of the samples could be compared.
    own: (n, R) |correlation| of each particle with its own patch; others: (K, n, R) of its patch with other
        particles.  Both are nan where a place is outside of the micrograph.
    unreadable: micrograph → why it could not be compared.
    """

    readings: tuple[PlaceReading, ...]
    compared: NDArray[np.int64]
    own: Reals
    others: Reals
    unreadable: dict[str, str]

    @cached_property
    def leads(self) -> Reals:
        """(n, R) as `place_verdict.leads`; nan as well where too few particles were compared to judge by them."""
        found = [leads(own, others) for own, others in zip(self.own.T, np.moveaxis(self.others, 2, 0))]
        e = np.stack(found, axis=1) if len(self.own) else np.empty(self.own.shape)
        e[:, np.isfinite(self.own).sum(axis=0) < _MIN_SAMPLED] = np.nan
        return e

    def at_y(self, flip: bool, rows: NDArray[np.bool_] | slice = slice(None)) -> Reals:
        """(n,) own correlations with y kept or flipped, at the reading that fits best; nan where none is known."""
        ways = [i for i, reading in enumerate(self.readings) if reading.flip == flip]
        e, own = self.leads[rows][:, ways], self.own[rows][:, ways]
        if not np.isfinite(e).any():
            return np.full(len(own), np.nan)
        return np.asarray(own[:, int(np.argmax(np.nansum(e, axis=0)))])


def compare_places(
    samples: Sequence[PlacementSample], scales: Sequence[float] = (1.0,), progress: Progress = quiet
) -> PlaceComparison:
    """Compare particles with their micrographs at both readings of y and all scales of the coordinates.

    Of each micrograph only the rows of the patches are read.
    """
    readable, unreadable = _readable(samples)
    side = min((_common_side(samples[i]) for i, _ in readable), default=_SIDE)
    places = list(product(scales, (False, True)))
    particles = np.empty((len(readable), side, side), np.float32)
    patches = np.full((len(places), *particles.shape), np.nan, np.float32)
    for i, (number, header) in enumerate(readable):
        progress.step(i, len(readable))
        sample = samples[number]
        particles[i] = _particle(sample, side)
        try:
            for j, (scale, flip) in enumerate(places):
                patches[j, i] = _patch(sample, header, scale, flip, side)
        except OSError as error:
            unreadable[sample.micrograph] = str(error)
    whiten = whitening(particles)
    particles = whiten(particles)
    readings = [PlaceReading(flip, scale, mirrored) for scale, flip in places for mirrored in (False, True)]
    found = np.full((1 + OTHERS, len(readable), len(readings)), np.nan)
    for way, reading in enumerate(readings):
        seen = patches[way // 2]
        found[:, :, way] = _correlations(particles, whiten(upside_down(seen) if reading.mirrored else seen))
    compared = np.array([i for i, _ in readable], np.int64)
    return PlaceComparison(tuple(readings), compared, found[0], found[1:], unreadable)


def _correlations(particles: Pictures, patches: Pictures) -> Reals:
    """(1 + OTHERS, n): of each patch with its own particle and with others; nan where a patch is outside."""
    out = np.full((1 + OTHERS, len(patches)), np.nan)
    inside = ~np.isnan(patches).any(axis=(1, 2))
    if inside.any():
        particles, patches = particles[inside], patches[inside]
        out[:, inside] = peaks(np.stack([np.roll(particles, by, axis=0) for by in range(1 + OTHERS)]), patches)
    return out


@dataclass(frozen=True)
class PlacementPair:
    """One particle beside the patches that it may come from, on the particle's own grid of `pixel_size_A`.

    Pictures are (box, box), mean 0 and standard deviation 1, as stored but for this; a patch that looks more
    like the particle when it is mirrored, top to bottom, is given so.  A patch outside of the micrograph is None,
    its |correlation| nan.
    """

    pixel_size_A: float
    particle: Pictures
    keep: Pictures | None
    flip: Pictures | None
    keep_correlation: float
    flip_correlation: float


def compare_one(sample: PlacementSample, scale: float = 1.0) -> PlacementPair:
    """The pictures of one particle and of both its places, and how well they correlate.

    Raises:
        OSError: The micrograph cannot be read.
        ValueError: It cannot be compared; the message says why.
    """
    header, side = micrograph_header(sample.micrograph, sample.micrograph_shape), _common_side(sample)
    whiten = whitening(_particle(sample, side)[None])
    particle = whiten(_particle(sample, side)[None])

    def look(flip: bool) -> tuple[Pictures | None, float]:
        small = _patch(sample, header, scale, flip, side)[None]
        as_is, mirrored = (float(peaks(particle, whiten(p))[0]) for p in (small, upside_down(small)))
        if math.isnan(as_is):
            return None, math.nan
        patch = _patch(sample, header, scale, flip, len(sample.image))
        return upside_down(patch) if mirrored > as_is else patch, max(as_is, mirrored)

    (keep, keep_correlation), (flip, flip_correlation) = look(False), look(True)
    picture = _particle(sample, len(sample.image))
    return PlacementPair(sample.pixel_size_A, picture, keep, flip, keep_correlation, flip_correlation)


def both_places(
    micrograph: str, shape: tuple[int, int], x_px: float, y_px: float, extent_px: float, side: int
) -> tuple[Pictures | None, Pictures | None]:
    """What lies around a place on a micrograph with y kept, and with y flipped; None where that is outside.

    Args:
        shape: (ny, nx) that its dataset says.
        x_px, y_px: in pixels of the micrograph.
        extent_px: how far the pictures reach, which are (side, side), mean 0 and standard deviation 1.

    Raises:
        OSError, ValueError: See `micrograph_header`.
    """
    header = micrograph_header(micrograph, shape)
    offset = (np.arange(side) + 0.5 - side / 2) * extent_px / side

    def look(flip: bool) -> Pictures | None:
        picture = _around(micrograph, header, x_px, y_px, flip, extent_px, side, 0.5)
        if np.isnan(picture).any():
            return None
        x, y = x_px + offset, (header.ny - 1 - y_px if flip else y_px) + offset
        inside = ((y >= 0) & (y < header.ny))[:, None] & ((x >= 0) & (x < header.nx))
        return np.where(inside, picture, 0).astype(np.float32)

    return look(False), look(True)


def _readable(samples: Sequence[PlacementSample]) -> tuple[list[tuple[int, MrcHeader]], dict[str, str]]:
    """Numbers of the samples that can be compared, with their micrographs' headers; why others cannot."""
    headers: dict[str, MrcHeader] = {}
    readable: list[tuple[int, MrcHeader]] = []
    unreadable: dict[str, str] = {}
    for number, sample in enumerate(samples):
        path = sample.micrograph
        if path in unreadable:
            continue
        try:
            if path not in headers:
                headers[path] = micrograph_header(path, sample.micrograph_shape)
            _common_side(sample)
            readable.append((number, headers[path]))
        except OSError as error:
            unreadable[path] = error.strerror or str(error)
        except ValueError as error:
            unreadable[path] = str(error)
    return readable, unreadable


def _common_side(sample: PlacementSample) -> int:
    """An even side at which neither the particle nor its patch has to be magnified."""
    if not (sample.pixel_size_A > 0 and sample.micrograph_pixel_size_A > 0):
        raise ValueError("the pixel size of the particles or of the micrograph is not known")
    box = len(sample.image)
    side = min(box, int(_extent_px(sample)), _SIDE) // 2 * 2
    if side < _MIN_SIDE:
        raise ValueError(f"a particle is less than {_MIN_SIDE} pixels wide, too few to be compared")
    if _extent_px(sample) > _MOST_EXTENT_PX:
        raise ValueError(f"a particle is more than {_MOST_EXTENT_PX} pixels of the micrograph wide")
    return side


def _extent_px(sample: PlacementSample) -> float:
    """How wide the particle's box is in pixels of the micrograph."""
    return len(sample.image) * sample.pixel_size_A / sample.micrograph_pixel_size_A


def _particle(sample: PlacementSample, side: int) -> Pictures:
    box = len(sample.image)
    resample = resampling(box, box // 2, box / side, side)
    return normal(resample @ sample.image @ resample.T)


def _patch(sample: PlacementSample, header: MrcHeader, scale: float, flip: bool, side: int) -> Pictures:
    """The micrograph around a place, as far as the particle's box reaches: (side, side), nan if it is outside."""
    extent = _extent_px(sample)
    return _around(sample.micrograph, header, sample.x_px * scale, sample.y_px * scale, flip, extent, side, _OUTSIDE)


def _around(
    path: str, header: MrcHeader, x: float, y: float, flip: bool, extent: float, side: int, outside: float
) -> Pictures:
    """(side, side) of what reaches over `extent` pixels around a place; nan if more than a part of it is outside."""
    if flip:
        y = header.ny - 1 - y  # the row that row y becomes; a coordinate of ny - y is one pixel off at most
    reach = extent * (0.5 - outside)
    if not (reach <= x <= header.nx - reach and reach <= y <= header.ny - reach):
        return np.full((side, side), np.nan, np.float32)
    step = extent / side
    margin = extent / 2 + 3 * max(step, 1) + 1
    top, bottom = max(0, math.floor(y - margin)), min(header.ny, math.ceil(y + margin))
    left, right = max(0, math.floor(x - margin)), min(header.nx, math.ceil(x + margin))
    resample_y = resampling(bottom - top, y - top, step, side)
    resample_x = resampling(right - left, x - left, step, side)
    across = np.zeros((side, right - left), np.float32)
    strip = max(1, _STRIP_BYTES // (4 * header.nx))
    for first in range(top, bottom, strip):
        last = min(first + strip, bottom)
        rows = read_image_rows(path, header, first, last)[:, left:right]
        across += resample_y[:, first - top : last - top] @ rows
    return normal(across @ resample_x.T)
