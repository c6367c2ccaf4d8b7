"""Particle against micrograph: which way y counts, and at which scale.

There are two readings of a coordinate y.  `keep`: it is a row of the micrograph's MRC array.  `flip`: the row is
ny - y; the micrograph on disk then is the mirror image, top to bottom, of the one that was picked on, and so is
the patch around that place.  Both are tried with the patch as it is and mirrored, because coordinates that count
from the other end (y flipped, same picture) and mirrored particle images are found too.

A particle image and the patch that it was cut from share their pixels, noise and all, so at the right place they
correlate strongly.  If the micrograph is another motion correction of the same movie, they share a part of the
noise and correlate weakly.  So what decides is how much better particles correlate with their own patches than
with those of other particles of the sample; at a wrong place the two are the same but for chance.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .mrc import MrcHeader, read_header, read_rows
from .progress import Progress, quiet

#: Patches are compared at this side or smaller, in pixels, where they may be this far apart, as a share of it.
_SIDE, _SEARCH = 64, 1 / 12
#: Frequencies compared, in parts of the Nyquist frequency; below, gradients; above, resampling differs.
_BAND = 0.06, 0.75
#: A patch may lie outside of its micrograph with this part of its side.
_OUTSIDE = 0.1
_CLIP_SD = 5.0
#: A verdict needs this lead, in standard errors, over other particles' patches and over the other reading.
_CLEAR = 5.0
_MIN_SAMPLED = 4
_SHUFFLES = 4
_NOT_MRC = {".tif": "TIFF", ".tiff": "TIFF", ".eer": "EER"}

Pictures = NDArray[np.float32]


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
    """

    value: str
    keep_correlation: float
    flip_correlation: float
    sampled: int
    scale: float
    mirrored: bool
    confidence: float
    unreadable: list[str]


def judge_placement(
    samples: Iterable[PlacementSample], scales: Sequence[float] = (1.0,), progress: Progress = quiet
) -> PlacementVerdict:
    """Compare particles with their micrographs at both readings of y and all scales of the coordinates.

    Of each micrograph only the rows of the patches are read.  Particles whose patch lies outside of the
    micrograph are left out of that reading.
    """
    readable, unreadable = _readable(list(samples))
    side = min((_common_side(sample) for sample, _ in readable), default=0)
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
    whiten = _whitening(particles)
    readings = [
        _judge(particles, _mirrored(p) if mirrored else p, whiten, scale, flip, mirrored)
        for (scale, flip), p in zip(places, patches)
        for mirrored in (False, True)
    ]
    return _verdict(readings, scales[0], [f"{path}: {reason}" for path, reason in unreadable.items()])


@dataclass(frozen=True)
class PlacementPair:
    """One particle beside the patches that it may come from, on the particle's own grid of `pixel_size_A`.

    Pictures are (box, box), mean 0 and standard deviation 1, as stored but for this; a patch that looks more like
    the particle when it is mirrored, top to bottom, is given so.  A patch outside of the micrograph is None, its
    |correlation| nan.
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
    header = _header(sample)
    box, side = len(sample.image), _common_side(sample)
    particle = _particle(sample, side)[None]
    whiten = _whitening(particle)
    pictures: list[Pictures | None] = []
    correlations = []
    for flip in (False, True):
        small = _patch(sample, header, scale, flip, side)[None]
        as_is, mirrored = (float(_peaks(whiten(particle), whiten(p))[0]) for p in (small, _mirrored(small)))
        patch = _patch(sample, header, scale, flip, box)
        pictures.append(None if np.isnan(as_is) else _mirrored(patch) if mirrored > as_is else patch)
        correlations.append(max(as_is, mirrored))
    return PlacementPair(sample.pixel_size_A, _particle(sample, box), *pictures, *correlations)


def _readable(
    samples: list[PlacementSample],
) -> tuple[list[tuple[PlacementSample, MrcHeader]], dict[str, str]]:
    """The samples that can be compared with their micrograph's header, and why others cannot, by micrograph."""
    headers: dict[str, MrcHeader] = {}
    unreadable: dict[str, str] = {}
    for sample in samples:
        if sample.micrograph in headers or sample.micrograph in unreadable:
            continue
        try:
            headers[sample.micrograph] = _header(sample)
        except OSError as error:
            unreadable[sample.micrograph] = error.strerror or str(error)
        except ValueError as error:
            unreadable[sample.micrograph] = str(error)
    return [(s, headers[s.micrograph]) for s in samples if s.micrograph in headers], unreadable


def _header(sample: PlacementSample) -> MrcHeader:
    kind = _NOT_MRC.get(Path(sample.micrograph).suffix.lower())
    if kind:
        raise ValueError(f"{kind} files can be matched by name, but not compared as pictures")
    header = read_header(sample.micrograph)
    if header.nz > 1:
        raise ValueError(f"a movie of {header.nz} frames can be matched by name, but not compared as a picture")
    if (header.ny, header.nx) != tuple(sample.micrograph_shape):
        ny, nx = sample.micrograph_shape
        raise ValueError(f"{header.nx} × {header.ny} pixels, but its dataset says {nx} × {ny}")
    if not (sample.pixel_size_A > 0 and sample.micrograph_pixel_size_A > 0):
        raise ValueError("the pixel size of the particles or of the micrograph is not known")
    return header


def _common_side(sample: PlacementSample) -> int:
    """An even side at which neither the particle nor its patch has to be magnified."""
    box = len(sample.image)
    return min(box, int(box * sample.pixel_size_A / sample.micrograph_pixel_size_A), _SIDE) // 2 * 2


def _particle(sample: PlacementSample, side: int) -> Pictures:
    box = len(sample.image)
    resample = _resampling(box, box // 2, box / side, side)
    return _normal(resample @ sample.image @ resample.T)


def _patch(sample: PlacementSample, header: MrcHeader, scale: float, flip: bool, side: int) -> Pictures:
    """The micrograph around a place, over the extent of the particle's box: (side, side), nan if it is outside."""
    x, y = sample.x_px * scale, sample.y_px * scale
    if flip:
        y = header.ny - 1 - y  # the row that row y becomes; a coordinate of ny - y is one pixel off at most
    extent = len(sample.image) * sample.pixel_size_A / sample.micrograph_pixel_size_A
    reach = extent * (0.5 - _OUTSIDE)
    if not (reach <= x <= header.nx - reach and reach <= y <= header.ny - reach):
        return np.full((side, side), np.nan, np.float32)
    step = extent / side
    margin = extent / 2 + 3 * max(step, 1) + 1
    top, bottom = max(0, math.floor(y - margin)), min(header.ny, math.ceil(y + margin))
    left, right = max(0, math.floor(x - margin)), min(header.nx, math.ceil(x + margin))
    rows = read_rows(sample.micrograph, header, top, bottom)[:, left:right]
    resample_y = _resampling(bottom - top, y - top, step, side)
    resample_x = _resampling(right - left, x - left, step, side)
    return _normal(resample_y @ rows @ resample_x.T)


def _resampling(size: int, centre: float, step: float, count: int) -> NDArray[np.float32]:
    """A matrix (count, size) that takes samples `step` apart, the one with index count // 2 at `centre`.

    Lanczos' kernel, as wide as the step; beyond the ends the last sample goes on.
    """
    at = np.clip(centre + (np.arange(count) - count // 2) * step, 0, size - 1)
    u = (np.arange(size) - at[:, None]) / max(step, 1)
    weights = np.where(np.abs(u) < 3, np.sinc(u) * np.sinc(u / 3), 0)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


def _normal(picture: Pictures) -> Pictures:
    """Mean 0, standard deviation 1, without what sticks out (hot pixels); zeros where there is no contrast."""
    picture = np.nan_to_num(picture - np.mean(picture))
    clipped = np.clip(picture, -_CLIP_SD * picture.std(), _CLIP_SD * picture.std())
    clipped -= clipped.mean()
    return np.asarray(clipped / max(float(clipped.std()), 1e-20), np.float32)


def _mirrored(pictures: Pictures) -> Pictures:
    """Top to bottom, the row with index side // 2 staying in place."""
    return np.roll(pictures[..., ::-1, :], 1 - pictures.shape[-1] % 2, axis=-2)


def _whitening(particles: Pictures) -> Callable[[Pictures], Pictures]:
    """A filter that gives all frequencies of the band the same weight, by the mean spectrum of the particles."""
    side = particles.shape[-1]
    radius = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)) * 2
    rings = np.rint(radius * side / 2).astype(int)
    power = (np.abs(np.fft.rfft2(particles)) ** 2).mean(axis=0) if len(particles) else np.ones(radius.shape)
    amplitude = np.sqrt(np.bincount(rings.ravel(), power.ravel()) / np.bincount(rings.ravel()))[rings]
    low, high = _BAND
    band = (1 - np.exp(-0.5 * (radius / low) ** 2)) / (1 + (radius / high) ** 16)
    weights = np.asarray(band / np.maximum(amplitude, 1e-12), np.float32)
    return lambda pictures: np.fft.irfft2(np.fft.rfft2(pictures) * weights, s=(side, side)).astype(np.float32)


def _peaks(particles: Pictures, patches: Pictures) -> NDArray[np.float64]:
    """Greatest |correlation coefficient| of each particle's middle with its patch, within the search."""
    side = particles.shape[-1]
    search = max(1, round(side * _SEARCH))
    middle = np.zeros((side, side), np.float32)
    middle[search : side - search, search : side - search] = 1
    count = middle.sum()
    template = particles - (particles * middle).sum(axis=(1, 2), keepdims=True) / count
    template *= middle

    def slide(pictures: Pictures, mask: Pictures) -> NDArray[np.float64]:
        """Sums of pictures times mask, for the mask moved by up to `search` either way."""
        sums = np.fft.irfft2(np.fft.rfft2(pictures) * np.conj(np.fft.rfft2(mask)), s=(side, side))
        near = np.arange(-search, search + 1)
        return np.asarray(sums[:, near[:, None], near])

    variance = slide(patches**2, middle) - slide(patches, middle) ** 2 / count
    energy = (template**2).sum(axis=(1, 2))[:, None, None]
    correlation = slide(patches, template) / np.sqrt(np.maximum(variance * energy, 1e-12))
    return np.abs(correlation).max(axis=(1, 2))


@dataclass(frozen=True)
class _Reading:
    scale: float
    flip: bool
    mirrored: bool
    sampled: int
    correlation: float
    lead: float  # over the patches of other particles, in standard errors


def _judge(
    particles: Pictures,
    patches: Pictures,
    whiten: Callable[[Pictures], Pictures],
    scale: float,
    flip: bool,
    mirrored: bool,
) -> _Reading:
    inside = ~np.isnan(patches).any(axis=(1, 2))
    particles, patches = whiten(particles[inside]), whiten(patches[inside])
    n = len(patches)
    if n < _MIN_SAMPLED:
        return _Reading(scale, flip, mirrored, n, math.nan, 0.0)
    own = _peaks(particles, patches)
    others = np.concatenate([_peaks(np.roll(particles, k, axis=0), patches) for k in range(1, _SHUFFLES)])
    error = others.std() * math.sqrt(1 / n + 1 / len(others))
    lead = (own.mean() - others.mean()) / max(error, 1e-12)
    return _Reading(scale, flip, mirrored, n, float(np.median(own)), float(lead))


def _verdict(readings: list[_Reading], first_scale: float, unreadable: list[str]) -> PlacementVerdict:
    best = max(readings, key=lambda reading: reading.lead)
    rival = max((r for r in readings if r.flip != best.flip and r.scale == best.scale), key=lambda r: r.lead)
    clear = best.lead > _CLEAR and best.lead - rival.lead > _CLEAR
    if not clear:
        at_first = [r for r in readings if r.scale == first_scale]
        best = max(at_first, key=lambda r: r.lead)
        rival = max((r for r in at_first if r.flip != best.flip), key=lambda r: r.lead)
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
    )
