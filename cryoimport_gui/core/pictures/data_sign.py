"""The data sign from the pictures: are particles stored darker or lighter than what surrounds them?

Two kinds of evidence are taken from each image.  The middle is compared with its surroundings; and the local
mean with the local amount of structure, for where there is structure there is protein, wherever in the box it
lies: off the middle, in a shell, in a neighbour.  The contrast transfer function weakens whatever is large, so
both are taken at several sizes.

Counting noise is stronger where there is more light, and must not count as structure.  So structure is what two
halves of the pixels, arranged like the fields of a chess board, have in common: their noise is not.

An image and its negative give opposite values, and noise shows one as often as the other.  So whether the
images agree is a matter of Wilcoxon's signed ranks (Biometrics Bulletin 1, 1945), which a few wild images
(carbon, contamination, empty boxes) cannot outweigh.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..problems import Problem, count_of

#: A verdict needs this confidence; seven images that all agree reach it, six do not.
_CLEAR = 0.98
#: So few images may agree for the most part, and still not be clear.
_FEW, _MOSTLY = 50, 0.75
#: Agreement that is weaker than this (a rank correlation, 0 to 1) may come from anything, however many images
#: show it: a gradient common to all, neighbours cut off by the box, images that share pixels.
_SYSTEMATIC = 0.1
#: A single group of images contradicts others only with this confidence; it takes 16 images that all agree.
_SURE = 0.999
#: Groups contradict each other where at least so many of those that are large enough are clear, and so many of the
#: clear ones are of the rarer kind: a micrograph of carbon or ice is no contradiction.  Of a smaller share, there must
#: be two at least that are sure: where pictures tell nothing, that comes by chance in 1 of 10,000 sets of 25 groups.
_CLEAR_SHARE, _RARER_SHARE, _SURE_GROUPS = 0.5, 0.1, 2
_MIN_GROUP, _MIN_SURE_GROUP = 7, 16
#: Images are reduced to about this side, in pixels: what decides is large.
_SIDE = 64
_CHUNK = 64
# Sizes are standard deviations of Gaussians, in parts of the box.
_MIDDLE = (0.16, 0.25)
_STRUCTURE = (0.02, 0.04, 0.08, 0.16)
_LOCAL = 0.06
_CLIP_SD = 4.0


@dataclass(frozen=True)
class SignVerdict:
    """The verdict on the data sign.

    `value` is +1 (stored dark on light), -1 (stored light on dark) or 0 (unclear); `particles_brighter` the
    share of the `sampled` images whose particle is stored brighter than its surroundings; `confidence` the
    probability that the better supported sign is the right one, 0.5 being a coin toss.

    not_finite, blank: positions of the images that were left out.
    brighter: (images,) the evidence of each that its particle is brighter, of any scale; nan where it was left out.
    odd_images: remarks on images that were left out.
    mixed: that parts of the particles contradict each other, if they do.
    stacks, stacks_judged: how many stacks the images come from, and how many of them are judged one by one.
    """

    value: int
    particles_brighter: float
    confidence: float
    sampled: int
    not_finite: tuple[int, ...] = ()
    blank: tuple[int, ...] = ()
    brighter: NDArray[np.float64] = field(default_factory=lambda: np.empty(0), compare=False, repr=False)
    odd_images: tuple[Problem, ...] = ()
    mixed: Problem | None = None
    stacks: int = 0
    stacks_judged: int = 0

    @property
    def words(self) -> str:
        """What was seen, as a part of a sentence; the one place that says it, for the report and the window."""
        if self.sampled == 0:
            return "no image could be looked at"
        if self.sampled == 1:
            return f"the only particle is stored {'bright' if self.particles_brighter > 0.5 else 'dark'}"
        bright = round(self.particles_brighter * self.sampled)
        count, stored = (self.sampled - bright, "dark") if self.value > 0 else (bright, "bright")
        return f"{count:,} of {self.sampled:,} particles are stored {stored}"

    @property
    def why_unclear(self) -> str:
        """Why there is no verdict, as a part of a sentence."""
        most = max(self.particles_brighter, 1 - self.particles_brighter)
        if self.sampled < _FEW and most >= _MOSTLY:
            return f"{count_of(self.sampled, 'image')} {'is' if self.sampled == 1 else 'are'} too few to be sure"
        return "the images do not show it clearly"


def sign_text(sign: int) -> str:
    """A data sign with a real minus."""
    return "+1" if sign > 0 else "−1"


def detect_data_sign(images: Iterable[NDArray[Any]], shifts_px: NDArray[Any] | None = None) -> SignVerdict:
    """Judge the data sign by particle images of one shape, values as stored.

    Images without any contrast, or with values that are not finite, are left out.

    Args:
        images: (n, ny, nx), or any iterable of (ny, nx), which is read once.
        shifts_px: (n, 2), x and y as in rlnOrigin: the particle is at the middle of the box minus the shift.

    Raises:
        ValueError: The images differ in shape.
    """
    boxes: list[NDArray[np.float32]] = []
    shape, factor = (0, 0), 1
    for image in images:
        shape = image.shape
        factor = max(1, round(min(shape) / _SIDE))
        boxes.append(_block_means(image, factor))
    not_finite = tuple(i for i, box in enumerate(boxes) if not np.isfinite(box).all())
    blank = tuple(i for i, box in enumerate(boxes) if np.ptp(box) == 0)
    usable = np.setdiff1d(np.arange(len(boxes)), [*not_finite, *blank]).tolist()
    of_each = np.full(len(boxes), np.nan)
    if not usable:
        return SignVerdict(0, 0.5, 0.5, 0, not_finite, blank, of_each)

    shifts = np.zeros((len(boxes), 2)) if shifts_px is None else np.nan_to_num(shifts_px)
    middle = np.array([shape[1] // 2, shape[0] // 2])
    # A shift out of the box cannot be right; its edge is as good a place as any.
    centres = (np.clip(middle - shifts, 0, 2 * middle) + 0.5) / factor - 0.5
    parts = [usable[i : i + _CHUNK] for i in range(0, len(usable), _CHUNK)]
    evidence = np.concatenate([_evidence(np.stack([boxes[i] for i in part]), centres[part]) for part in parts])
    typical = np.median(np.abs(evidence), axis=0)
    brighter = np.clip(evidence / np.where(typical > 0, typical, 1), -4, 4).sum(axis=1)
    of_each[usable] = brighter
    agreement = _signed_rank_z(brighter)
    confidence = _confidence(agreement)
    value = 0 if confidence < _CLEAR else -1 if agreement > 0 else 1
    return SignVerdict(value, float(np.mean(brighter > 0)), confidence, len(usable), not_finite, blank, of_each)


def opposed(brighter: NDArray[np.float64], groups: NDArray[np.integer]) -> tuple[list[int], list[int]]:
    """Groups of images that are clearly dark on light, and clearly light on dark; none unless there are both.

    Args:
        brighter: (n,), as in `SignVerdict`.
        groups: (n,) number of each image's group; -1: of none.
    """
    judged = (groups >= 0) & ~np.isnan(brighter)
    brighter, groups = brighter[judged], groups[judged]
    sizes = np.bincount(groups)
    large = np.flatnonzero(sizes >= _MIN_GROUP).tolist()
    agreement = {group: _signed_rank_z(brighter[groups == group]) for group in large}
    clear = [group for group in large if _confidence(agreement[group]) >= _CLEAR]
    dark, light = ([group for group in clear if sign * agreement[group] > 0] for sign in (-1, 1))
    rarer = min((dark, light), key=lambda those: int(sizes[those].sum()))
    sure = [group for group in rarer if _confidence(agreement[group]) >= _SURE]
    if len(clear) < _CLEAR_SHARE * len(large):
        return [], []
    if (len(rarer) > 1 or sure) and sizes[rarer].sum() >= _RARER_SHARE * sizes[clear].sum():
        return dark, light
    if len(sure) >= _SURE_GROUPS:
        return (sure, light) if rarer is dark else (dark, sure)
    return [], []


def judged_groups(brighter: NDArray[np.float64], groups: NDArray[np.integer]) -> int:
    """How many groups have enough images that one of opposite sign would be seen; see `opposed`."""
    return int((np.bincount(groups[(groups >= 0) & ~np.isnan(brighter)]) >= _MIN_SURE_GROUP).sum())


def _confidence(agreement: float) -> float:
    return 0.5 * math.erfc(-abs(agreement) / math.sqrt(2))


def _block_means(image: NDArray[Any], factor: int) -> NDArray[np.float32]:
    ny, nx = (side // factor for side in image.shape)
    blocks = image[: ny * factor, : nx * factor].reshape(ny, factor, nx, factor)
    with np.errstate(invalid="ignore", over="ignore"):
        return np.asarray(blocks.mean(axis=(1, 3), dtype=np.float32))


def _evidence(images: NDArray[np.float32], centres: NDArray[Any]) -> NDArray[np.float64]:
    """What speaks for particles brighter than their surroundings, against it where negative: (n, features).

    Args:
        images: (n, ny, nx).
        centres: (n, 2), x and y of the particles in these images.
    """
    ny, nx = images.shape[1:]
    side = min(ny, nx)
    images = _flatten(images)

    features = []
    x2 = (np.arange(nx) - centres[:, :1]) ** 2 / side**2
    y2 = (np.arange(ny) - centres[:, 1:]) ** 2 / side**2
    for size in _MIDDLE:
        inner, outer = (_mean_around(images, x2, y2, s) for s in (size, 1.6 * size))
        features.append(inner - outer)

    frequency2 = np.fft.fftfreq(ny)[:, None] ** 2 + np.fft.rfftfreq(nx) ** 2
    gauss = {
        size: np.exp(-2 * (np.pi * size * side) ** 2 * frequency2).astype(np.float32) for size in (_LOCAL, *_STRUCTURE)
    }
    white_field = np.indices((ny, nx)).sum(axis=0) % 2 == 0
    whole, white = np.fft.rfft2(images), np.fft.rfft2(images * white_field)
    local_mean = np.fft.irfft2(whole * gauss[_LOCAL], s=(ny, nx))
    for fine, coarse in pairwise(_STRUCTURE):
        band = gauss[fine] - gauss[coarse]
        common = np.fft.irfft2(white * band, s=(ny, nx)) * np.fft.irfft2((whole - white) * band, s=(ny, nx))
        structure = np.fft.irfft2(np.fft.rfft2(common) * gauss[_LOCAL], s=(ny, nx))
        features.append(_correlation(local_mean, structure))
    return np.stack(features, axis=1).astype(np.float64)


def _flatten(images: NDArray[np.float32]) -> NDArray[np.float32]:
    """Take the best plane away, divide by the standard deviation and clip (hot pixels, gold)."""
    ny, nx = images.shape[1:]
    y, x = np.linspace(-1, 1, ny, dtype=np.float32)[:, None], np.linspace(-1, 1, nx, dtype=np.float32)
    flat = images - images.mean(axis=(1, 2), keepdims=True)
    for slope in (x, y):
        flat -= (flat * slope).mean(axis=(1, 2), keepdims=True) / np.mean(slope**2) * slope
    flat /= np.maximum(flat.std(axis=(1, 2), keepdims=True), np.finfo(np.float32).tiny)
    return np.asarray(np.clip(flat, -_CLIP_SD, _CLIP_SD))


def _mean_around(images: NDArray[np.float32], x2: NDArray[Any], y2: NDArray[Any], size: float) -> NDArray[np.float64]:
    """Means weighted by a Gaussian of the squared distances x2 (n, nx) and y2 (n, ny) from the centre."""
    wx, wy = (np.exp(-0.5 * d2 / size**2) for d2 in (x2, y2))
    wx, wy = (w / w.sum(axis=1, keepdims=True) for w in (wx, wy))
    return np.asarray(np.einsum("nyx,ny,nx->n", images, wy, wx, optimize=True))


def _correlation(a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    a, b = (f - f.mean(axis=(1, 2), keepdims=True) for f in (a, b))
    return np.asarray((a * b).mean(axis=(1, 2)) / (a.std(axis=(1, 2)) * b.std(axis=(1, 2)) + 1e-12))


def _signed_rank_z(values: NDArray[np.float64]) -> float:
    """Wilcoxon's signed-rank statistic as a normal deviate, made smaller for what may be systematic."""
    n = len(values)
    ranks = np.argsort(np.argsort(np.abs(values))) + 1
    total = float(np.sum(ranks * np.sign(values)))
    deviation = math.sqrt(n * (n + 1) * (2 * n + 1) / 6 * (1 + n * _SYSTEMATIC**2))
    # Totals come in steps of two, so a continuity correction of one.
    return math.copysign(max(abs(total) - 1, 0), total) / deviation
