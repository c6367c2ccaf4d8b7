"""How much signal there is: in the images, in what the re-projections explain of it, and in the half maps."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ...arrays import Reals
from ...progress import Progress
from .half_maps import real_space
from .score import Fit
from .transforms import Complexes, HalfPlane, blocks

_TINY = 1e-30


@dataclass(frozen=True)
class Signal:
    """How much of the (whitened) images is signal.

    power, noise: mean Σ |uD|² of an image, and what of it is noise, by the rim of the image.
    structure: power around the particle that is not round, over that of the rim, minus 1.
    """

    power: float
    noise: float
    structure: float
    images: int

    @property
    def is_seen(self) -> bool:
        return math.sqrt(self.images) * (self.power - self.noise) > self.noise


def signal(fit: Fit, distinct: Complexes, plane: HalfPlane, progress: Progress) -> Signal:
    """Measure the images themselves; beyond 0.46 of the box from the centre there is hardly any particle.

    Args:
        distinct: (n, K) as `fit.data`, without what all images share where it lies on the camera: that is no particle.
    """
    distance = plane.distances().ravel()
    rim, middle = distance > 0.46, distance < 0.33
    circle = np.rint(distance * plane.side).astype(np.int64)
    sizes = np.bincount(circle)
    power = rim_power = middle_power = outer_power = 0.0
    to_circles = (circle[:, None] == np.arange(len(sizes))) / sizes
    freedom = 1 - 1 / sizes[circle]
    for block in blocks(len(fit.data)):
        progress.step(block.start, len(fit.data))
        some = fit.whitening * fit.data[block]
        power += float(np.square(np.abs(some)).sum(dtype=np.float64))
        images = plane.images(some).reshape(len(some), -1)
        rim_power += float(np.square(images[:, rim]).sum(dtype=np.float64))
        images = plane.images(fit.whitening * distinct[block]).reshape(len(some), -1)
        images -= (images @ to_circles.astype(np.float32))[:, circle]
        squares = np.square(images).sum(axis=0, dtype=np.float64)
        middle_power += float(squares[middle].sum())
        outer_power += float(squares[rim].sum())
    n = len(fit.data)
    noise = rim_power / n / rim.sum() * plane.side**4 / 2  # Parseval; half of the plane is held
    excess = (middle_power / freedom[middle].sum()) / max(outer_power / freedom[rim].sum(), _TINY) - 1
    return Signal(power / n, noise, float(excess), n)


def explained(covariance: float, power: float, signal: Signal) -> float:
    """The share of the images' signal that re-projections explain; 0 where they run against it."""
    if covariance <= 0 or power <= 0:
        return 0.0
    return float(covariance**2 / (power * signal.images * max(signal.power - signal.noise, _TINY)))


def half_map_correlation(fit: Fit, plane: HalfPlane) -> float:
    """ρ of the half maps, each frequency with the weight that it has in the images: u² / |q| in 3D."""
    u2 = np.bincount(plane.ring, fit.whitening.astype(float) ** 2) / np.maximum(np.bincount(plane.ring), 1)
    common, first, second = _shells(fit, plane)
    weight = u2[1:] / np.arange(1, plane.radius + 1) ** (fit.maps.numerator.ndim - 4)
    return float(weight @ common) / math.sqrt(max(float((weight @ first) * (weight @ second)), _TINY))


def shell_correlation(fit: Fit, plane: HalfPlane) -> Reals:
    """(radius,): FSC (FRC in 2D) of the half maps at 1, 2, ... cycles per box."""
    common, first, second = _shells(fit, plane)
    return np.asarray(common / np.sqrt(np.maximum(first * second, _TINY)))


def _shells(fit: Fit, plane: HalfPlane) -> tuple[Reals, Reals, Reals]:
    """(radius,) each: what the half maps have in common, and the power of either, in shells of 1, 2, ..."""
    one, two = fit.maps.halves
    shell = np.rint(plane.distances(one.ndim - 1) * plane.side).astype(int)
    every = np.broadcast_to(shell, one.shape).ravel()
    pairs = ((one, two), (one, one), (two, two))
    products = [(a * b.conj()).real.ravel() for a, b in pairs]
    common, first, second = (np.bincount(every, values)[1 : plane.radius + 1].astype(float) for values in products)
    return common, first, second


def map_contrast(fit: Fit, plane: HalfPlane) -> list[float]:
    """Of each half's map: how much denser it is in the middle than in a shell around it, in SDs of that shell."""
    maps = real_space(fit.maps.halves, fit.maps.halves.ndim - 2)
    distance = plane.distances(maps.ndim - 2)
    middle, shell = distance < 0.2, (distance > 0.4) & (distance < 0.5)
    around = maps[..., shell]
    contrast = (maps[..., middle].mean(axis=-1) - around.mean(axis=-1)) / np.maximum(around.std(axis=-1), _TINY)
    return [float(half.mean()) for half in contrast]
