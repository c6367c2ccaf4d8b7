"""The scale of a group's coordinates, as far as it follows without pictures: from their extent, from pixel sizes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..parameters import ImportParameters
from ..particles import OpticsGroup, Value
from ..pictures.extent import ExtentVerdict, merged, scale_candidates, scale_from_extent
from .place_groups import PlacedRows

#: Pixel sizes that differ by less are one, calibrated twice: particles do not move by that.
_CALIBRATION = 0.05
_MULTIPLES = (1.0, 2.0, 3.0, 4.0)


@dataclass(frozen=True)
class GroupScale:
    """value: pixels of the exposure for one unit of the coordinates.

    source: `user`, `extent`, `file`, or `default` where nothing tells it.
    others: what it could be as well, as far as the places then lie inside.
    doubt: why it is not sure, in words; empty where it is.
    """

    value: float
    source: str
    others: tuple[float, ...] = ()
    doubt: str = ""


def group_scales(placed: PlacedRows, optics: Sequence[OpticsGroup], parameters: ImportParameters) -> list[GroupScale]:
    """One for each group.

    Args:
        optics: The optics groups with the pixel sizes that are used.
    """
    numbers = range(len(placed.groups.names))
    if parameters.coordinate_scale != "auto":
        return [GroupScale(float(parameters.coordinate_scale), "user") for _ in numbers]
    return [
        _group_scale(placed.among(placed.group == number), optics[int(placed.groups.optics[number])])
        for number in numbers
    ]


def _group_scale(placed: PlacedRows, optics: OpticsGroup) -> GroupScale:
    exposures = placed.exposures
    sizes_A = exposures.pixel_size_A[np.unique(placed.exposure)].astype(float)
    exposure_A = float(np.median(sizes_A[sizes_A > 0])) if (sizes_A > 0).any() else 0.0
    micrograph_A, original_A, image_A = (
        _calibrated(size, exposure_A)
        for size in (optics.picked_pixel_size_A, optics.movie_pixel_size_A, optics.pixel_size_A)
    )
    candidates = scale_candidates(exposure_A, micrograph_A, original_A, image_A)
    x_px, y_px = placed.xy_px.T
    extent = scale_from_extent(x_px, y_px, placed.exposure, exposures.shape.astype(np.int64), candidates)
    by_file = micrograph_A / exposure_A if exposure_A > 0 else math.nan
    return _settled(extent, by_file)


def _settled(extent: ExtentVerdict, by_file: float) -> GroupScale:
    likeliest = [extent.scale] if extent.scale is not None and not extent.swapped else []
    others = merged([*likeliest, *extent.feasible])
    if extent.swapped:
        words = "the coordinates lie inside of the exposures only if x and y are exchanged"
        return GroupScale(1.0, "default", others, words)
    if extent.scale is not None:
        doubt = ""
        if not math.isnan(by_file) and abs(math.log(by_file / extent.scale)) > _CALIBRATION:
            doubt = f"how far the coordinates reach says that their scale is {extent.scale:.4g}, "
            doubt += f"the pixel sizes of the file say {by_file:.4g}"
        return GroupScale(extent.scale, "extent", others, doubt)
    if not math.isnan(by_file):
        if not extent.feasible or any(abs(math.log(by_file / s)) < _CALIBRATION for s in extent.feasible):
            return GroupScale(by_file, "file", others)
        return GroupScale(1.0, "default", others, f"at {by_file:.4g}, the scale by the file, particles lie outside")
    largest = extent.feasible[0] if extent.feasible else 1.0
    words = "neither the extent of the coordinates nor the file shows their scale"
    if largest != 1.0:
        words += f"; {largest:.4g} is likelier than 1"
    return GroupScale(1.0, "default", others, words)


def _calibrated(size: Value | None, exposure_A: float) -> float:
    """A pixel size in Å; where it is nearly a simple multiple of the exposure's, exactly that."""
    if size is None or exposure_A <= 0 or not size.value > 0:
        return math.nan
    ratio = size.value / exposure_A
    simple = (m for multiple in _MULTIPLES for m in (multiple, 1 / multiple))
    return next((m for m in simple if abs(ratio / m - 1) <= _CALIBRATION), ratio) * exposure_A
