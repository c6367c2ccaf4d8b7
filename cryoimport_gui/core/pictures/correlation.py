"""Pictures of a particle and of its surroundings: brought to one grid, filtered, correlated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pictures = NDArray[np.float32]

#: Pictures may be this far apart, as a share of their side.
_SEARCH = 1 / 12
#: Frequencies compared, in parts of the Nyquist frequency: below are gradients, above resampling differs.
_BAND = 0.06, 0.75
_CLIP_SD = 5.0


def resampling(size: int, centre: float, step: float, count: int) -> NDArray[np.float32]:
    """A matrix (count, size) that takes samples `step` apart, the one with index count // 2 at `centre`.

    Lanczos' kernel, as wide as the step; beyond the ends the last sample goes on.
    """
    at = np.clip(centre + (np.arange(count) - count // 2) * step, 0, size - 1)
    u = (np.arange(size) - at[:, None]) / max(step, 1)
    weights = np.where(np.abs(u) < 3, np.sinc(u) * np.sinc(u / 3), 0)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


def normal(picture: NDArray[Any]) -> Pictures:
    """Mean 0, standard deviation 1, without what sticks out (hot pixels); zeros where there is no contrast."""
    picture = np.nan_to_num(picture - np.median(picture))
    limit = _CLIP_SD * (np.quantile(np.abs(picture), 0.68) or picture.std())
    clipped = np.clip(picture, -limit, limit)
    clipped -= clipped.mean()
    return np.asarray(clipped / max(float(clipped.std()), 1e-20), np.float32)


def upside_down(pictures: Pictures) -> Pictures:
    """Mirrored top to bottom, the row with index side // 2 staying in place."""
    return np.roll(pictures[..., ::-1, :], 1 - pictures.shape[-1] % 2, axis=-2)


def whitening(particles: Pictures) -> Callable[[Pictures], Pictures]:
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


def peaks(particles: Pictures, patches: Pictures) -> NDArray[np.float64]:
    """Greatest |correlation coefficient| of each particle's middle with its patch, within the search.

    Args:
        particles, patches: (..., side, side), of shapes that broadcast.
    """
    side = particles.shape[-1]
    search = max(1, round(side * _SEARCH))
    middle = np.zeros((side, side), np.float32)
    middle[search : side - search, search : side - search] = 1
    count = middle.sum()
    template = particles - (particles * middle).sum(axis=(-2, -1), keepdims=True) / count
    template *= middle

    def slide(pictures: Pictures, mask: Pictures) -> NDArray[np.float64]:
        """Sums of pictures times mask, for the mask moved by up to `search` either way."""
        sums = np.fft.irfft2(np.fft.rfft2(pictures) * np.conj(np.fft.rfft2(mask)), s=(side, side))
        near = np.arange(-search, search + 1)
        return np.asarray(sums[..., near[:, None], near])

    variance = slide(patches**2, middle) - slide(patches, middle) ** 2 / count
    energy = (template**2).sum(axis=(-2, -1))[..., None, None]
    correlation = slide(patches, template) / np.sqrt(np.maximum(variance * energy, 1e-12))
    return np.abs(correlation).max(axis=(-2, -1))
