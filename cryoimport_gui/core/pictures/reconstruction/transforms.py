"""The few Fourier coefficients of each image that the pose check looks at, taken as the images come in.

Frequencies are whole numbers k of cycles per box.  x runs along a row, y down the rows as stored, and the origin is
the pixel (box // 2, box // 2).  The coefficients come from two products with small matrices: at 25 of 256
frequencies along each axis that takes a quarter of the time of a whole FFT, for boxes of any size.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Complexes = NDArray[np.complex64]

#: cycles per box: about 1/16 Å in a box of 200 Å, where poses must agree and noise does not yet rule
RADIUS = 12
#: pixels along a side
SMALLEST_BOX = 8
_AT_ONCE = 16
_BLOCK = 250


def blocks(count: int) -> Iterator[slice]:
    """Rows a few hundred at a time, so that what is worked out of them stays in the processor's cache."""
    for first in range(0, count, _BLOCK):
        yield slice(first, min(first + _BLOCK, count))


class HalfPlane:
    """The frequencies 0 < |k| <= radius of a transform, one of each Friedel pair.

    kx, ky: (K,) cycles per box.
    ring: (K,) |k|, rounded.
    side: pixels along a side of the small images and maps which these coefficients make.
    """

    def __init__(self, radius: int) -> None:
        self.radius = radius
        self.side = 2 * radius + 5
        ky, kx = np.mgrid[-radius : radius + 1, : radius + 1]
        inside = (np.hypot(kx, ky) <= radius) & ((kx > 0) | (ky > 0))
        self.kx, self.ky = kx[inside].astype(np.float32), ky[inside].astype(np.float32)
        self.ring = np.rint(np.hypot(self.kx, self.ky)).astype(np.int64)
        self._index = self.ky.astype(int), self.kx.astype(int)

    def __len__(self) -> int:
        return len(self.kx)

    def images(self, values: Complexes) -> Floats:
        """(n, K) → (n, side, side): the images low-passed to `radius`, whose mean is 0."""
        plane = np.zeros((len(values), self.side, self.side // 2 + 1), np.complex64)
        plane[:, *self._index] = values
        plane[:, 1:, 0] += plane[:, :0:-1, 0].conj()  # only one of each pair at kx = 0 is there
        images = np.fft.irfft2(plane, s=(self.side, self.side), axes=(1, 2))
        return np.fft.fftshift(images, axes=(1, 2)).astype(np.float32)

    def distances(self, dimensions: int = 2) -> Floats:
        """How far each pixel (voxel) of a small image (map) is from the origin, in parts of its side."""
        axis = (np.arange(self.side) - self.side // 2) / self.side
        squares = sum(np.meshgrid(*[axis**2] * dimensions, indexing="ij"), np.float64(0))
        return np.sqrt(squares).astype(np.float32)


class Transforms:
    """Coefficients of `count` images of one square box; the images themselves are not held.

    box: pixels along a side.
    values: (count, K) as stored, without the data sign.
    usable: (count,) false where an image was not added, is blank or holds a value that is not finite.
    """

    def __init__(self, count: int, box: int, radius: int = RADIUS) -> None:
        if box < SMALLEST_BOX:
            raise ValueError(f"a box of {box} pixels is too small to be judged")
        self.plane = HalfPlane(min(radius, (box - 1) // 2))
        self.values = np.zeros((count, len(self.plane)), np.complex64)
        self.usable = np.zeros(count, bool)
        self.box = box
        offset = np.arange(box) - box // 2
        kx, ky = np.arange(self.plane.radius + 1), np.arange(-self.plane.radius, self.plane.radius + 1)
        across = -2 * np.pi / box * offset[:, None] * kx
        self._across = np.hstack([np.cos(across), np.sin(across)]).astype(np.float32)
        self._down = np.exp(-2j * np.pi / box * ky[:, None] * offset).astype(np.complex64)
        edge = np.ones((box, box), bool)
        edge[1:-1, 1:-1] = False
        self._edge = edge

    def add(self, positions: NDArray[np.integer], images: NDArray[np.generic]) -> None:
        """Take images in.

        Args:
            positions: (m,) which of the `count` images these are.
            images: (m, box, box), numbers of any real type.

        Raises:
            ValueError: The images have another shape.
        """
        if images.shape[1:] != (self.box, self.box):
            raise ValueError(f"images of {images.shape[1:]} in a set of box {self.box}")
        radius = self.plane.radius
        for first in range(0, len(positions), _AT_ONCE):
            where = positions[first : first + _AT_ONCE]
            with np.errstate(invalid="ignore", over="ignore"):
                some = images[first : first + _AT_ONCE].astype(np.float32)
                # Whole frequencies do not see the mean, but a large one costs digits.
                some -= some[:, self._edge].mean(axis=1, dtype=np.float64).astype(np.float32)[:, None, None]
                across = some @ self._across
                rows = across[..., : radius + 1] + 1j * across[..., radius + 1 :]
                square = self._down @ rows.astype(np.complex64)
                values = square[:, self.plane.ky.astype(int) + radius, self.plane.kx.astype(int)]
                power = np.square(np.abs(values)).sum(axis=1)
            good = np.isfinite(power) & (power > 0)
            self.values[where] = np.where(good[:, None], values, 0)
            self.usable[where] = good
