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
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ..progress import Progress, quiet
from ..stacks.mrc import MrcHeader, read_image_rows
from .correlation import Pictures, normal, peaks, resampling, upside_down, whitening
from .micrograph import micrograph_header

#: Pictures are compared at this side at most, in pixels, and not if they would be smaller than the other.
_SIDE, _MIN_SIDE = 64, 16
_MOST_EXTENT_PX = 8192
_STRIP_BYTES = 16 << 20
#: A patch may lie outside of its micrograph with this part of its side.
_OUTSIDE = 0.1
#: A verdict needs this lead, in standard errors, over other particles' patches and over the other reading.
_CLEAR = 5.0
_MIN_SAMPLED = 4
#: At wrong places the best of all readings leads by less than this.  So many particles lead by three times _CLEAR
#: if they share their pixels with the micrograph.
_CHANCE, _ENOUGH_SAMPLED = 3.5, 12
#: How many other particles each patch is compared with.
_OTHERS = 3
#: What one particle can count for: a few that lie on each other by accident must not decide.
_OUTLIER_SD = 6.0


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
class PlacementVerdict:
    """How coordinates become places on the micrographs.

    value: `keep`, `flip` or `unclear`.
    keep_correlation, flip_correlation: typical |correlation| at either reading (median over the sample, best
        within a few pixels); nan where nothing could be compared.
    sampled: particles compared.
    scale: factor on the coordinates, of those given; the first of them if unclear.
    mirrored: whether the patches had to be mirrored, top to bottom, to look like the particles.
    confidence: that the better reading is better by more than chance: 0.5 is a coin toss.
    unreadable: micrographs that could not be compared, each with the reason.
    lead: how much more the particles look like their own patches than like other particles' patches at the best of
        all readings, in standard errors.
    """

    value: str
    keep_correlation: float
    flip_correlation: float
    sampled: int
    scale: float
    mirrored: bool
    confidence: float
    unreadable: list[str]
    lead: float = 0.0

    @property
    def is_elsewhere(self) -> bool:
        """Whether so many particles were compared that they would have been found, and were not, at any reading."""
        return self.value == "unclear" and self.sampled >= _ENOUGH_SAMPLED and self.lead < _CHANCE


def judge_placement(
    samples: Iterable[PlacementSample], scales: Sequence[float] = (1.0,), progress: Progress = quiet
) -> PlacementVerdict:
    """Compare particles with their micrographs at both readings of y and all scales of the coordinates.

    Of each micrograph only the rows of the patches are read.  Particles whose patch lies outside of the
    micrograph are left out of that reading.
    """
    readable, unreadable = _readable(list(samples))
    side = min((_common_side(sample) for sample, _ in readable), default=_SIDE)
    places = list(product(scales, (False, True)))
    particles = np.empty((len(readable), side, side), np.float32)
    patches = np.full((len(places), *particles.shape), np.nan, np.float32)
    for i, (sample, header) in enumerate(readable):
        progress.step(i, len(readable))
        particles[i] = _particle(sample, side)
        try:
            for j, (scale, flip) in enumerate(places):
                patches[j, i] = _patch(sample, header, scale, flip, side)
        except OSError as error:
            unreadable[sample.micrograph] = str(error)
    whiten = whitening(particles)
    particles = whiten(particles)
    readings = [
        _Reading(scale, flip, mirrored, *_compare(particles, whiten(upside_down(seen) if mirrored else seen)))
        for (scale, flip), seen in zip(places, patches)
        for mirrored in (False, True)
    ]
    return _verdict(readings, scales[0], [f"{path}: {reason}" for path, reason in unreadable.items()])


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


def _readable(
    samples: list[PlacementSample],
) -> tuple[list[tuple[PlacementSample, MrcHeader]], dict[str, str]]:
    """The samples that can be compared, each with its micrograph's header; why others cannot, by micrograph."""
    headers: dict[str, MrcHeader] = {}
    readable: list[tuple[PlacementSample, MrcHeader]] = []
    unreadable: dict[str, str] = {}
    for sample in samples:
        path = sample.micrograph
        if path in unreadable:
            continue
        try:
            if path not in headers:
                headers[path] = micrograph_header(path, sample.micrograph_shape)
            _common_side(sample)
            readable.append((sample, headers[path]))
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
    x, y = sample.x_px * scale, sample.y_px * scale
    if flip:
        y = header.ny - 1 - y  # the row that row y becomes; a coordinate of ny - y is one pixel off at most
    extent = _extent_px(sample)
    reach = extent * (0.5 - _OUTSIDE)
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
        rows = read_image_rows(sample.micrograph, header, first, last)[:, left:right]
        across += resample_y[:, first - top : last - top] @ rows
    return normal(across @ resample_x.T)


@dataclass(frozen=True)
class _Reading:
    scale: float
    flip: bool
    mirrored: bool
    sampled: int
    correlation: float
    lead: float  # over the patches of other particles, in standard errors


def _compare(particles: Pictures, patches: Pictures) -> tuple[int, float, float]:
    """How many particles were compared, their typical correlation, and its lead."""
    inside = ~np.isnan(patches).any(axis=(1, 2))
    particles, patches = particles[inside], patches[inside]
    n = len(patches)
    if n < _MIN_SAMPLED:
        return n, math.nan, 0.0
    rolled = np.stack([np.roll(particles, shift, axis=0) for shift in range(1 + _OTHERS)])
    correlations = peaks(rolled, patches)
    own, others = correlations[0], correlations[1:]
    excess = np.minimum((own - others.mean()) / max(float(others.std()), 1e-12), _OUTLIER_SD)
    lead = excess.mean() / math.sqrt(1 / n + 1 / others.size)
    return n, float(np.median(own)), float(lead)


def _strength(reading: _Reading) -> tuple[float, float]:
    return reading.lead, -math.inf if math.isnan(reading.correlation) else reading.correlation


def _verdict(readings: list[_Reading], first_scale: float, unreadable: list[str]) -> PlacementVerdict:
    best, rival = _best_and_rival(readings)
    lead = best.lead
    clear = best.lead > _CLEAR and best.lead - rival.lead > _CLEAR
    if not clear:
        best, rival = _best_and_rival([r for r in readings if r.scale == first_scale])
    keep, flip = (rival, best) if best.flip else (best, rival)
    return PlacementVerdict(
        value=("flip" if best.flip else "keep") if clear else "unclear",
        keep_correlation=keep.correlation,
        flip_correlation=flip.correlation,
        sampled=best.sampled,
        scale=best.scale,
        mirrored=best.mirrored,
        confidence=0.5 * math.erfc((rival.lead - best.lead) / 2),
        unreadable=unreadable,
        lead=lead,
    )


def _best_and_rival(readings: list[_Reading]) -> tuple[_Reading, _Reading]:
    """The best reading, and the best with the other y at the same scale."""
    best = max(readings, key=_strength)
    return best, max((r for r in readings if r.flip != best.flip and r.scale == best.scale), key=_strength)
