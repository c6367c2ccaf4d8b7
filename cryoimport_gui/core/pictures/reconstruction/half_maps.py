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
from .transforms import Complexes, Floats, HalfPlane

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
        position = np.einsum("mdk,kf->dmf", rotation[..., :2], np.stack([plane.kx, plane.ky]))
        floor = np.floor(position)
        fraction = (position - floor).astype(np.float32)
        strides = plane.side ** np.arange(dimensions)  # the map's first axis is z, its last x
        self._base = np.einsum("d,dmf->mf", strides, floor.astype(np.int64) + plane.side // 2)
        self._corners = []
        for corner in product((0, 1), repeat=dimensions):
            weight = np.ones(1, np.float32)
            for axis, upper in enumerate(corner):
                weight = weight * (fraction[axis] if upper else 1 - fraction[axis])
            self._corners.append((int(strides @ corner), weight))

    def spread(self, values: Floats) -> Reals:
        """(m, K) real → (2, classes, side, ...): the sums of what falls on each voxel."""
        index = (self._base + self._own[:, None]).ravel()
        total = np.zeros(2 * self._classes * self._voxels)
        for offset, weight in self._corners:
            sums = np.bincount(index, (weight * values).ravel(), len(total))
            total[offset:] += sums[: len(total) - offset]
        return total.reshape(2, self._classes, *self._shape)

    def read(self, maps: Complexes) -> Complexes:
        """(m, K): the images' coefficients in the maps of the *other* half."""
        flat, index = maps.ravel(), self._base + self._other[:, None]
        values = np.zeros(index.shape, np.complex64)
        for offset, weight in self._corners:
            values += weight * flat[offset:].take(index)
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
