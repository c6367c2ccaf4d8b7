"""A look at the CTF parameters of all particles: how defocus is spread, how astigmatic, and what stands out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..particles import Particles
from ..progress import Progress, quiet

MAX_GROUPS = 8
MAX_OUTLIERS = 20  # of each kind
_MOST_BINS = 60
_QUANTILES = (0.05, 0.5, 0.95)
#: so many standard deviations (from the median absolute deviation) off the median stand out
_OUTLYING_SD = 6.0
_MAD_TO_SD = 1.4826
#: CTF fits are not more precise than this, so a smaller spread is taken for this one
_LEAST_SD_A = {"defocus": 200.0, "astigmatism": 50.0}


@dataclass(frozen=True)
class Spread:
    """Quantiles 5, 50 and 95 %, and the extremes."""

    low: float
    median: float
    high: float
    least: float
    most: float


@dataclass(frozen=True)
class Outlier:
    """A micrograph (or a stack, where micrographs are not named) with particles whose CTF stands out.

    `value` is that of the farthest of these particles, in words.
    """

    name: str
    particles: int
    value: str


@dataclass(frozen=True)
class CtfSummary:
    """Defocus is the mean of u and v, astigmatism their absolute difference.

    `counts` are histograms of the defocus between `edges_A`, by the name of the optics group; small groups stand
    together as `others`.  `outliers` are those farthest off in defocus, then in astigmatism, of `outlying` particles.
    """

    edges_A: NDArray[np.float64]
    counts: dict[str, NDArray[np.int64]]
    defocus_A: Spread
    astigmatism_A: Spread
    phase_shift_deg: Spread | None
    outlying: int
    outliers: list[Outlier]


def summarize_ctf(particles: Particles, progress: Progress = quiet) -> CtfSummary | None:
    """None where the file has no (finite) defocus.

    Raises:
        Cancelled: `progress` said so.
    """
    u, v = particles.defocus_u_A, particles.defocus_v_A
    if u is None or v is None:
        return None
    rows = np.flatnonzero(np.isfinite(u) & np.isfinite(v))
    if not len(rows):
        return None
    progress.step(0, 3)
    defocus, astigmatism = (u[rows] + v[rows]) / 2, np.abs(u[rows] - v[rows])
    edges = np.histogram_bin_edges(defocus, int(np.clip(2 * len(rows) ** 0.5, 10, _MOST_BINS)))
    counts = _histograms(particles, rows, defocus, edges)
    progress.step(1, 3)
    spreads = _spread(defocus), _spread(astigmatism)
    progress.step(2, 3)
    far, outliers = _standing_out(particles, rows, "defocus", defocus)
    also_far, more = _standing_out(particles, rows, "astigmatism", astigmatism)
    phase = particles.phase_shift_deg
    shown = phase[np.isfinite(phase)] if phase is not None else np.empty(0)
    progress.step(3, 3)
    return CtfSummary(
        edges,
        counts,
        *spreads,
        _spread(shown) if shown.any() else None,
        int((far | also_far).sum()),
        outliers + more,
    )


def _histograms(
    particles: Particles, rows: NDArray[np.int64], defocus: NDArray[np.float64], edges: NDArray[np.float64]
) -> dict[str, NDArray[np.int64]]:
    """By optics group, the largest first; as many as can be shown apart, the rest together."""
    index, groups = particles.optics_index[rows], particles.optics_groups
    count = len(edges) - 1
    bins = np.clip(np.searchsorted(edges, defocus, "right") - 1, 0, count - 1)
    table = np.bincount(index.astype(np.int64) * count + bins, minlength=len(groups) * count).reshape(-1, count)
    used = [i for i in np.argsort(-table.sum(axis=1), kind="stable").tolist() if table[i].any()]
    alone = used if len(used) <= MAX_GROUPS else used[: MAX_GROUPS - 1]
    shown: dict[str, NDArray[np.int64]] = {}
    for i in sorted(alone):
        shown[groups[i].name] = shown.get(groups[i].name, 0) + table[i]
    if len(alone) < len(used):
        shown[f"{len(used) - len(alone)} others"] = table[used[len(alone) :]].sum(axis=0)
    return shown


def _spread(values: NDArray[np.float64]) -> Spread:
    low, median, high = np.quantile(values, _QUANTILES).tolist()
    return Spread(low, median, high, float(values.min()), float(values.max()))


def _standing_out(
    particles: Particles, rows: NDArray[np.int64], name: str, values: NDArray[np.float64]
) -> tuple[NDArray[np.bool_], list[Outlier]]:
    """Which values lie far from the median or are negative, and their micrographs, the farthest first."""
    distance = np.abs(values - np.median(values))
    sd = max(_MAD_TO_SD * float(np.median(distance)), _LEAST_SD_A[name])
    far = (distance > _OUTLYING_SD * sd) | (values < 0)
    found = np.flatnonzero(far)
    found = found[np.argsort(-distance[found], kind="stable")]
    if particles.micrograph_index is not None:
        names: list[str] = particles.micrograph_names
        of_rows = particles.micrograph_index
    else:
        names, of_rows = particles.stack_names, particles.stack_index
    places, first, counts = np.unique(of_rows[rows[found]], return_index=True, return_counts=True)
    outliers = [
        Outlier(
            names[places[i]],
            int(counts[i]),
            f"{name} {values[found[first[i]]]:,.0f} Å" + (" (overfocus)" if values[found[first[i]]] < 0 else ""),
        )
        for i in np.argsort(first)[:MAX_OUTLIERS].tolist()
    ]
    return far, outliers
