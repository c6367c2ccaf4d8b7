"""What a file of particles holds, in a scientist's words, with the figures behind them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..arrays import Reals
from ..optics.aberrations import Loss, losses
from ..particles import Particles
from ..pictures.montage import own_limits, to_grey
from ..pictures.tiles import TileOptions
from ..plan.plan import ImportPlan
from ..problems import count_of
from ..progress import Progress, quiet
from ..stacks.sample import ParticleImages
from .tiles import page_tiles
from .views import Views, views_of

STRIP_TILES = 12
_STRIP_OPTIONS = TileOptions(size_px=128, low_pass_A=20.0)
_MOST_BINS, _MOST_LISTED, _MOST_CLASSES = 30, 4, 1000
_QUANTILES_FROM = 200_000  # more values are thinned out: quantiles need no more
_SPACE = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class Histogram:
    """How many things have which value: (bins,) between (bins + 1,) edges."""

    counts: NDArray[np.int64]
    edges: Reals


@dataclass(frozen=True)
class Holdings:
    """Pairs of name and value, and what can be drawn of them.

    per_micrograph: how many micrographs have how many particles; None where all have as many.
    views: None without 3D poses.
    """

    facts: tuple[tuple[str, str], ...]
    per_micrograph: Histogram | None
    views: Views | None


def holdings_of(plan: ImportPlan, progress: Progress = quiet) -> Holdings | None:
    """What the rows that are chosen hold; None where nothing could be read.

    Raises:
        Cancelled: `progress` said so.
    """
    particles = plan.all_particles
    if particles is None or not len(particles):
        return None
    views = views_of(particles.rot_deg, particles.tilt_deg) if particles.poses == "3D" else None
    progress.step(1, 3)
    each = particles.per_micrograph if particles.micrograph_index is not None else np.empty(0, np.int64)
    each = each[each > 0]
    histogram = _histogram(each) if len(each) and each.min() < each.max() else None
    progress.step(2, 3)
    facts = (
        *_origin(plan, particles),
        *_micrographs(particles, each),
        *_poses(plan, particles, views),
        *_ctf(plan, particles, progress),
    )
    return Holdings(facts, histogram, views)


def strip_of(plan: ImportPlan, progress: Progress = quiet) -> NDArray[np.uint8] | None:
    """(n, t, t) grey: a dozen particles of the plan's sample, with the data sign applied; None where there are none."""
    particles, stacks, known, sign = plan.all_particles, plan.stacks, plan.sample, plan.data_sign
    if particles is None or stacks is None or known is None or sign is None or not known.good.any():
        return None
    rows = known.rows[known.good]
    rows = rows[np.linspace(0, len(rows) - 1, min(STRIP_TILES, len(rows))).astype(np.int64)]
    images = ParticleImages(particles, stacks, known, cache_bytes=known.images.nbytes)
    tiles = page_tiles(images, plan.groups, rows, _STRIP_OPTIONS, progress)
    good = np.delete(tiles.values, list(tiles.errors), axis=0)
    low, high = own_limits(good).T[:, :, None, None]
    return to_grey(good, sign.value, low, high) if len(good) else None


def _origin(plan: ImportPlan, particles: Particles) -> Iterator[tuple[str, str]]:
    if not particles.has_images:
        yield "What was understood", particles.in_words()
        yield "Images", "none: only where the particles lie"
        return
    joined = f" ({len(plan.inputs)} files, joined)" if len(plan.inputs) > 1 else ""
    yield "Particles", f"{len(particles):,}, {particles.dialect}{joined}"
    sizes = list(dict.fromkeys(f"{g.pixel_size_A.value:.4g}" for g in plan.groups if g.particles and g.pixel_size_A))
    if plan.stacks and plan.stacks.box:
        box = plan.stacks.box
        length = f" of {', '.join(sizes[:_MOST_LISTED])}{_SPACE}Å" if sizes else ""
        whole = f" ({box * float(sizes[0]):.0f}{_SPACE}Å)" if len(sizes) == 1 else ""
        yield "Images", f"{count_of(plan.counts()['stacks'], 'stack')}, {box} × {box} pixels{length}{whole}"
    elif sizes:
        yield "Pixel size", f"{', '.join(sizes[:_MOST_LISTED])}{_SPACE}Å"
    groups = plan.counts()["optics_groups"]
    if groups > 1:
        yield "Optics groups", f"{groups:,}"


def _micrographs(particles: Particles, each: NDArray[np.int64]) -> Iterator[tuple[str, str]]:
    if not len(each):
        yield "Micrographs", "not named"
        return
    low, high = int(each.min()), int(each.max())
    kind = "particle" if particles.has_images else "pick"
    span = f"{low:,} to {high:,} {kind}s each, median {np.median(each):,.0f}"
    if low == high:
        span = f"with {count_of(low, kind)}{' each' if len(each) > 1 else ''}"
    places = "" if particles.coordinates_px is not None else "; no coordinates"
    yield "Micrographs", f"{len(each):,}, {span}{places}"


def _poses(plan: ImportPlan, particles: Particles, views: Views | None) -> Iterator[tuple[str, str]]:
    p = plan.parameters
    if not particles.poses and not particles.has_images:
        return
    left_out = "; not imported" if p.ignore_pose_data else ""
    words = views.words if views else ""
    kinds = {"3D": f"3D, {words}", "2D": "2D: in-plane angles only", "": "none"}
    yield "Poses", kinds[particles.poses] + (left_out if particles.poses else "")
    if not particles.poses:
        return
    if shifts := _shifts(particles):
        yield "Shifts", shifts
    subset = particles.random_subset
    if subset is None:
        yield "Half-sets", "none"
    else:
        counts = [int((subset == half).sum()) for half in (1, 2)]
        rest = len(particles) - sum(counts)
        others = f", {rest:,} in neither" if rest else ""
        ignored = "; ignored, CryoSPARC splits again" if p.ignore_half_sets else ""
        yield "Half-sets", " / ".join(f"{n:,}" for n in counts) + others + ignored
    if particles.class_number is not None and (classes := _classes(particles.class_number)):
        yield "Classes", classes


def _shifts(particles: Particles) -> str:
    shift, unit = (particles.shift_A, "Å") if particles.shift_A is not None else (particles.shift_px, "pixels")
    if shift is None:
        return ""
    length = np.hypot(shift[:, 0], shift[:, 1])
    length = length[np.isfinite(length)]
    if not len(length):
        return ""
    return f"median {np.median(_thinned(length)):.1f}, up to {length.max():.1f}{_SPACE}{unit}"


def _classes(number: Reals) -> str:
    counts = np.bincount(number[(number >= 1) & (number < _MOST_CLASSES)].astype(np.int64))
    used = np.flatnonzero(counts)
    if len(used) < 2:
        return ""
    listed = " / ".join(f"{n:,}" for n in counts[used[:_MOST_LISTED]].tolist())
    return f"{len(used):,}, of {listed}" + (" …" if len(used) > _MOST_LISTED else " particles")


def _ctf(plan: ImportPlan, particles: Particles, progress: Progress) -> Iterator[tuple[str, str]]:
    u, v = particles.defocus_u_A, particles.defocus_v_A
    defocus = np.empty(0) if u is None else u / 1e4 if v is None else (u + v) / 2e4
    defocus = defocus[np.isfinite(defocus)]
    if len(defocus):
        low, median, high = np.quantile(_thinned(defocus), (0.05, 0.5, 0.95)).tolist()
        spread = f"median {median:.2f}, 90% within {low:.2f} to {high:.2f}"
        yield "Defocus", f"{spread if f'{low:.2f}' != f'{high:.2f}' else f'{median:.2f}'}{_SPACE}µm"
    else:
        yield "Defocus", "none"
    if particles.phase_shift_deg is not None and particles.phase_shift_deg.any():
        low, high = np.nanmin(particles.phase_shift_deg), np.nanmax(particles.phase_shift_deg)
        yield "Phase shift", f"{low:.0f} to {high:.0f}°"
    if any(found.code == "ctf-aberrations-dropped" for found in plan.problems):
        yield "Aberrations", _lost(plan, progress)


def _lost(plan: ImportPlan, progress: Progress) -> str:
    """The largest phase error by the loss of one term in one group, at Nyquist or where it is largest."""
    box = plan.stacks.box if plan.stacks else 0
    groups = [group for group in plan.groups if group.particles and group.aberrations]
    found: list[Loss] = []
    for done, group in enumerate(groups):
        progress.step(done, len(groups))
        found += losses(group, box)
    worst = max(found, key=lambda loss: loss.error_rad.max(), default=None)
    if worst is None:
        return "lost; how much, cannot be said"
    at = int(worst.error_rad.argmax())
    degrees, resolution_A = math.degrees(worst.error_rad[at]), 1 / worst.frequency_per_A[max(at, 1)]
    return f"{worst.term} lost, a phase error of up to {degrees:.0f}° at {resolution_A:.1f}{_SPACE}Å"


def _histogram(each: NDArray[np.int64]) -> Histogram:
    """Of whole numbers, in bins of a whole width."""
    low, high = int(each.min()), int(each.max())
    width = -(-(high - low + 1) // _MOST_BINS)
    counts = np.bincount((each - low) // width)
    return Histogram(counts, low - 0.5 + width * np.arange(len(counts) + 1.0))


def _thinned(values: Reals) -> Reals:
    return values[:: 1 + len(values) // _QUANTILES_FROM]
