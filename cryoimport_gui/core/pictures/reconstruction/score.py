"""How well re-projections of one half's map match the other half's images, against shuffled poses."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ...arrays import Reals
from ...progress import Progress
from .half_maps import HalfMaps, Slices
from .sample import Counts, centred
from .transforms import Complexes, Floats, HalfPlane, blocks

DEALS = 20
_TINY = np.float32(1e-30)


@dataclass(frozen=True)
class Fit:
    """n images with one set of poses.

    data: (n, K) centred coefficients, protein positive.
    ctf, seen: (n, K) the CTF, and the other half's map at the poses without it.
    whitening: (K,) u, 1 / the images' amplitude in each ring.
    group: (n,) half and class: poses are dealt inside it.
    image_power: (n,) Σ |uD|².
    own: (n,) correlation of each image with its re-projection.
    dealt: (deals, n) the same with shuffled poses inside each half (and class).
    covariance, power: Σ Re uD (uQ)* and Σ |uQ|² over all images; dealt_...: their means over the deals.
    """

    data: Complexes
    ctf: Floats
    whitening: Floats
    group: Counts
    slices: Slices
    maps: HalfMaps
    seen: Complexes
    image_power: Reals
    own: Reals
    dealt: Reals
    covariance: float
    power: float
    dealt_covariance: float
    dealt_power: float

    @property
    def t(self) -> float | None:
        return t_value(self.own, self.dealt)


def t_value(own: Reals, dealt: Reals) -> float | None:
    """Standard deviations of the mean above the dealt ones; None where dealing changes nothing.

    Both halves score the same pairs of images, hence the √2.
    """
    means = dealt.mean(axis=1)
    spread = math.sqrt(2) * float(means.std(ddof=1))
    if not spread > 1e-5:
        return None
    return float(own.mean() - means.mean()) / spread


def whitened(values: Complexes, plane: HalfPlane) -> tuple[Complexes, Floats]:
    """The coefficients, all images brought to one power, and u (K,), 1 / their amplitude in each ring.

    Medians, and one power, so that a few wild images do not make the map.
    """
    power = np.square(np.abs(values))
    sizes = np.bincount(plane.ring)
    rings = np.stack([np.bincount(plane.ring, row, len(sizes)) for row in power]) / np.maximum(sizes, 1)
    u = (1 / np.sqrt(np.maximum(np.median(rings, axis=0), _TINY)))[plane.ring].astype(np.float32)
    scale = np.sqrt((power * u**2).mean(axis=1, keepdims=True))
    return values / np.maximum(scale, _TINY), u


def deal(group: Counts, rng: np.random.Generator) -> Counts:
    """(n,) a permutation inside each group."""
    dealt = np.empty_like(group)
    dealt[np.argsort(group, kind="stable")] = np.lexsort((rng.random(len(group)), group))
    return dealt


def fit(
    data: Complexes,
    ctf: Floats,
    u: Floats,
    group: Counts,
    slices: Slices,
    progress: Progress,
    weight: Reals | None = None,
    deals: int = DEALS,
) -> Fit:
    """Make the half maps and score the images by them, as posed and with shuffled poses."""
    maps = HalfMaps(slices, data, ctf, weight)
    seen = slices.read(maps.halves)
    # Re Σ u² C D P* and Σ u² C² |P|² are plain products of real rows.
    wanted, power_of = np.empty_like(data), np.empty_like(ctf)
    seen_power, image_power = np.empty_like(ctf), np.empty(len(data))
    for some in blocks(len(data)):
        wanted[some] = u**2 * ctf[some] * data[some]
        power_of[some] = (u * ctf[some]) ** 2
        seen_power[some] = _squares(seen[some])
        image_power[some] = _squares(u * data[some]).sum(axis=1, dtype=np.float64)
    wanted_rows, seen_rows = wanted.view(np.float32), seen.view(np.float32)

    def against(order: Counts) -> tuple[Reals, Reals]:
        covariance, power = np.empty((2, len(data)))
        for some in blocks(len(data)):
            covariance[some] = np.einsum("nk,nk->n", wanted_rows[some], seen_rows[order[some]])
            power[some] = np.einsum("nk,nk->n", power_of[some], seen_power[order[some]])
        return covariance, power

    covariance, power = against(np.arange(len(data)))
    own = correlation(covariance, power, image_power)
    rng = np.random.default_rng(0)
    dealt, sums = np.empty((deals, len(data))), np.zeros((max(1, deals), 2))
    for i in range(deals):
        progress.step(i, deals)
        a, b = against(deal(group, rng))
        dealt[i], sums[i] = correlation(a, b, image_power), (a.sum(), b.sum())
    means = float(covariance.sum()), float(power.sum()), *sums.mean(axis=0).tolist()
    return Fit(data, ctf, u, group, slices, maps, seen, image_power, own, dealt, *means)


def correlation(covariance: Reals, power: Reals, image_power: Reals) -> Reals:
    """0 where there is nothing to compare with."""
    product = power * image_power
    return np.asarray(np.divide(covariance, np.sqrt(product), out=np.zeros(len(power)), where=product > 0))


def _squares(values: Complexes) -> Floats:
    """|values|²; `abs` would take the root first."""
    return np.asarray(np.square(values.real) + np.square(values.imag))


def t_of_shifts(fit: Fit, values: Complexes, shift_boxes: Reals, plane: HalfPlane, progress: Progress) -> float:
    """T with the shifts alone shuffled; 0 where that changes nothing."""
    projected = fit.whitening * fit.ctf * fit.seen
    power = _squares(projected).sum(axis=1, dtype=np.float64)
    wanted = (fit.whitening * projected).view(np.float32)
    rng = np.random.default_rng(0)
    dealt, covariance = np.empty((DEALS, len(values))), np.empty(len(values))
    for i in range(DEALS):
        progress.step(i, DEALS)
        shuffled = shift_boxes[deal(fit.group, rng)]
        for some in blocks(len(values)):
            moved = centred(values[some], shuffled[some], plane).view(np.float32)
            covariance[some] = np.einsum("nk,nk->n", wanted[some], moved)
        dealt[i] = correlation(covariance, power, fit.image_power)
    return t_value(fit.own, dealt) or 0.0


def t_of_ctf(fit: Fit, progress: Progress) -> float:
    """T with the CTFs alone shuffled; 0 where that changes nothing."""
    covariance_of = fit.whitening**2 * (fit.data * fit.seen.conj()).real
    power_of = _squares(fit.whitening * fit.seen)
    rng = np.random.default_rng(0)
    dealt, (covariance, power) = np.empty((DEALS, len(fit.data))), np.empty((2, len(fit.data)))
    for i in range(DEALS):
        progress.step(i, DEALS)
        order = deal(fit.group, rng)
        for some in blocks(len(fit.data)):
            ctf = fit.ctf[order[some]]
            covariance[some] = np.einsum("nk,nk->n", covariance_of[some], ctf)
            power[some] = np.einsum("nk,nk->n", power_of[some], ctf**2)
        dealt[i] = correlation(covariance, power, fit.image_power)
    return t_value(fit.own, dealt) or 0.0
