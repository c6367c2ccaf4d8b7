"""Pages of tiles, from rows to what can be drawn at once; the same for the window and for `montage.png`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

import numpy as np
from numpy.typing import NDArray

from ..particles import OpticsGroup, pixel_sizes_A, shifts_px
from ..pictures.montage import auto_limits, columns_for, compose, own_limits
from ..pictures.scale_bar import with_scale_bar
from ..pictures.tiles import Images, TileOptions, make_tiles
from ..plan.plan import ImportPlan
from ..progress import Progress, quiet
from ..stacks.sample import ParticleImages, Sample, Selection

#: how tiles look before anyone changes it
DEFAULT_OPTIONS = TileOptions(low_pass_A=20.0)
#: images are read and made into tiles by so much at a time
_BLOCK_BYTES = 64 << 20
_HISTOGRAM_BINS = 128
NOT_FINITE = "values that are not finite numbers"
_READINGS_FROM = 100  # particles
_READINGS_LOW_PASS = 0.2  # of the box: what settles the data sign is large


@dataclass(frozen=True)
class Tiles:
    """Tiles of some rows, (n, t, t) as stored, and what is needed to draw them.

    `errors` says, by position, why there is no image; those tiles are 0.  A pixel of a tile is `binning` pixels of
    the image, or `pixel_size_A` (n,), nan where that is not known.  `limits` are contrast limits for all tiles,
    `own_limits` (n, 2) for each; `histogram` holds the counts of all values and the edges of their bins.
    """

    rows: NDArray[np.int64]
    values: Images
    errors: dict[int, str]
    binning: float
    pixel_size_A: NDArray[np.float64]
    limits: tuple[float, float]
    own_limits: Images
    histogram: tuple[NDArray[np.int64], NDArray[np.float64]]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def scale(self) -> tuple[float, str, bool]:
        """Size of a pixel, its unit (`Å`, or `px` of the stored images), and whether it is not the same in all."""
        sizes, counts = np.unique(self.pixel_size_A[np.isfinite(self.pixel_size_A)], return_counts=True)
        if not len(sizes):
            return self.binning, "px", False
        return float(sizes[np.argmax(counts)]), "Å", bool(sizes[-1] > 1.01 * sizes[0])


def page_tiles(
    images: ParticleImages,
    groups: Sequence[OpticsGroup],
    rows: NDArray[np.int64],
    options: TileOptions,
    progress: Progress = quiet,
) -> Tiles:
    """Read images and make tiles of them, some at a time, so that few whole images are in memory.

    Args:
        groups: Those of the particles, with the pixel sizes to use.
    """
    particles, box = images.particles, images.stacks.box
    size = min(options.size_px, box)
    pixel_size_A = pixel_sizes_A(particles, groups, rows)
    shift_px = shifts_px(particles, groups, rows)
    psi_deg = None if particles.psi_deg is None else particles.psi_deg[rows]
    values = np.zeros((len(rows), size, size), np.float32)
    errors: dict[int, str] = {}
    on_disk = np.lexsort((particles.image_number[rows], particles.stack_index[rows]))
    for some in np.array_split(on_disk, max(1, ceil(len(rows) * box * box * 4 / _BLOCK_BYTES))):
        sample = images.read(rows[some], progress)
        errors |= {int(some[i]): reason for i, reason in sample.errors.items()}
        finite = np.asarray(np.isfinite(sample.images).all(axis=(1, 2)))
        errors |= dict.fromkeys(some[~finite].tolist(), NOT_FINITE)
        values[some] = make_tiles(
            sample.images if finite.all() else np.where(finite[:, None, None], sample.images, 0),
            pixel_size_A[some],
            options,
            None if shift_px is None else shift_px[some],
            None if psi_deg is None else psi_deg[some],
        )
    good = np.delete(values, list(errors), axis=0)
    counts, edges = np.histogram(good, _HISTOGRAM_BINS)
    return Tiles(
        rows,
        values,
        errors,
        box / size,
        pixel_size_A * box / size,
        auto_limits(good),
        own_limits(values),
        (counts, edges),
    )


def sign_tiles(
    images: ParticleImages,
    groups: Sequence[OpticsGroup],
    sample: Sample,
    size_px: int,
    count: int,
    progress: Progress = quiet,
) -> Images:
    """What both readings of the data sign are shown with: `typical_tiles` of a part of the sample."""
    good = sample.rows[sample.good]
    rows = good[np.linspace(0, len(good) - 1, min(len(good), _READINGS_FROM)).astype(int)]
    return typical_tiles(images, groups, rows, size_px, count, progress)


def typical_tiles(
    images: ParticleImages,
    groups: Sequence[OpticsGroup],
    rows: NDArray[np.int64],
    size_px: int,
    count: int,
    progress: Progress = quiet,
) -> Images:
    """The mean of particles and some that look like most, strongly filtered: (count or fewer, t, t) as stored.

    Those are chosen whose difference between the middle and the surroundings is closest to the median.
    """
    box_A = images.stacks.box * np.nanmax(pixel_sizes_A(images.particles, groups, rows), initial=0.0)
    low_pass_A = max(DEFAULT_OPTIONS.low_pass_A, _READINGS_LOW_PASS * box_A)
    options = replace(DEFAULT_OPTIONS, size_px=size_px, low_pass_A=low_pass_A, centre=True)
    tiles = page_tiles(images, groups, rows, options, progress)
    values = np.delete(tiles.values, list(tiles.errors), axis=0)
    if not len(values):
        return values
    y, x = np.indices(values.shape[1:]) / values.shape[1] - 0.5
    radius = np.hypot(y, x)
    difference = values[:, radius < 0.2].mean(axis=1) - values[:, radius > 0.4].mean(axis=1)
    closest = np.argsort(np.abs(difference - np.median(difference)), kind="stable")[: count - 1]
    return np.concatenate([values.mean(axis=0, keepdims=True), values[np.sort(closest)]])


def first_tiles(plan: ImportPlan, progress: Progress = quiet) -> Tiles | None:
    """The first page of what is imported; None without images."""
    particles, stacks = plan.particles, plan.stacks
    if particles is None or stacks is None or plan.data_sign is None:
        return None
    known = plan.sample if particles is plan.all_particles else None
    images = ParticleImages(particles, stacks, known, cache_bytes=known.images.nbytes if known else 0)
    return page_tiles(images, plan.groups, images.page(Selection())[0], DEFAULT_OPTIONS, progress)


def montage_of(plan: ImportPlan, tiles: Tiles | None) -> NDArray[np.uint8] | None:
    """The tiles × data sign with a scale bar, without those that cannot be read; None where nothing is left."""
    if tiles is None or plan.data_sign is None or len(tiles) == len(tiles.errors):
        return None
    values = np.delete(tiles.values, list(tiles.errors), axis=0)
    picture = compose(values, columns_for(len(values)), plan.data_sign.value, tiles.limits)
    return with_scale_bar(picture, *tiles.scale)


def rows_of_tiles(plan: ImportPlan, tiles: Tiles | None, most: int, columns: int) -> tuple[NDArray[np.uint8], int]:
    """Some tiles × data sign, from everywhere, in rows of `columns` or fewer, and their number; 0: there is no tile."""
    good = np.delete(np.arange(len(tiles)), list(tiles.errors)) if tiles is not None else np.empty(0, int)
    if tiles is None or plan.data_sign is None or not len(good):
        return np.empty((0, 0), np.uint8), 0
    good = good[np.linspace(0, len(good) - 1, min(most, len(good))).astype(int)]
    columns = ceil(len(good) / ceil(len(good) / columns))
    return compose(tiles.values[good], columns, plan.data_sign.value, tiles.limits), columns
