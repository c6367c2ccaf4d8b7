"""Two maps, one from each half of the images, and their re-projections.

A map is a cube of Fourier coefficients around its centre, side 2 * radius + 5, one voxel per cycle per box.  2D
poses make planes in its place, one per class: the same code with one dimension fewer.
"""

from __future__ import annotations

from itertools import product
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ...arrays import Reals
from .sample import Counts
from .transforms import Complexes, Floats, HalfPlane, blocks

#: Wiener's constant, in parts of the mean weight of the voxels that were reached
_TAU = 0.1

_Maps = TypeVar("_Maps", Reals, NDArray[np.complex128])


class Slices:
    """Where the coefficients of m images lie in the maps: linear interpolation in two or three dimensions.

    Args:
        rotation: (m, d, d), d = 2 or 3, from the image's frequencies (kx, ky[, 0]) to the map's.
        half: (m,) 0 or 1.
        number: (m,) class of each image, from 0; one map per half and class.
    """

    def __init__(self, plane: HalfPlane, rotation: Reals, half: Counts, number: Counts) -> None:
        dimensions = rotation.shape[1]
        self._voxels = plane.side**dimensions
        self._shape = (plane.side,) * dimensions
        self._classes = int(number.max(initial=0)) + 1
        self._own = (half * self._classes + number) * self._voxels
        self._other = ((1 - half) * self._classes + number) * self._voxels
        frequencies = np.stack([plane.kx, plane.ky])
        strides = plane.side ** np.arange(dimensions)  # the map's first axis is z, its last x
        corners = list(product((0, 1), repeat=dimensions))
        self._offsets = [int(strides @ corner) for corner in corners]
        self._base = np.empty((len(rotation), len(plane)), np.int64)
        self._weights = np.empty((len(corners), *self._base.shape), np.float32)
        for some in blocks(len(rotation)):
            position = np.einsum("mdk,kf->dmf", rotation[some, :, :2], frequencies)
            floor = np.floor(position)
            fraction = (position - floor).astype(np.float32)
            self._base[some] = np.einsum("d,dmf->mf", strides, floor.astype(np.int64) + plane.side // 2)
            for weight, corner in zip(self._weights, corners):
                weight[some] = 1
                for axis, upper in enumerate(corner):
                    weight[some] *= fraction[axis] if upper else 1 - fraction[axis]

    def spread(self, values: Floats) -> Reals:
        """(m, K) real → (2, classes, side, ...): the sums of what falls on each voxel."""
        total = np.zeros(2 * self._classes * self._voxels)
        for some in blocks(len(values)):
            index = (self._base[some] + self._own[some, None]).ravel()
            for offset, weight in zip(self._offsets, self._weights):
                sums = np.bincount(index, (weight[some] * values[some]).ravel(), len(total))
                total[offset:] += sums[: len(total) - offset]
        return total.reshape(2, self._classes, *self._shape)

    def read(self, maps: Complexes) -> Complexes:
        """(m, K): the images' coefficients in the maps of the *other* half."""
        flat, values = maps.ravel(), np.zeros(self._base.shape, np.complex64)
        for some in blocks(len(values)):
            index = self._base[some] + self._other[some, None]
            for offset, weight in zip(self._offsets, self._weights):
                values[some] += weight[some] * flat[offset:].take(index)
        return values


class HalfMaps:
    """The maps of both halves by least squares: Σ w C D / (Σ w C² + τ), a Wiener filter.

    numerator, weight: (2, classes, side, ...) with both members of each Friedel pair.
    """

    def __init__(self, slices: Slices, data: Complexes, ctf: Floats, weight: Reals | None = None) -> None:
        weighted = ctf * data
        maps: NDArray[np.complex128] = slices.spread(weighted.real) + 1j * slices.spread(weighted.imag)
        self.numerator: NDArray[np.complex128] = maps + _opposite(maps).conj()
        if weight is None:
            weight = slices.spread(ctf**2)
            weight += _opposite(weight)
        self.weight = weight

    @property
    def halves(self) -> Complexes:
        return _filtered(self.numerator, self.weight)

    @property
    def whole(self) -> Complexes:
        """(classes, side, ...): of both halves."""
        return _filtered(self.numerator.sum(axis=0, dtype=np.complex128), self.weight.sum(axis=0))


def _opposite(maps: _Maps) -> _Maps:
    """The voxels at -q: the side is odd, so they are the same ones backwards."""
    return np.flip(maps, axis=tuple(range(2, maps.ndim)))


def _filtered(numerator: NDArray[np.complex128], weight: Reals) -> Complexes:
    reached = weight[weight > 0]
    tau = _TAU * reached.mean() if len(reached) else 1.0
    return np.asarray(numerator / (weight + tau), np.complex64)


def real_space(maps: Complexes, dimensions: int) -> Floats:
    """(..., side, side[, side]) around its centre; protein is positive where the data sign is right."""
    axes = tuple(range(-dimensions, 0))
    moved = np.fft.ifftn(np.fft.ifftshift(maps, axes=axes), axes=axes)
    return np.fft.fftshift(moved.real, axes=axes).astype(np.float32)
