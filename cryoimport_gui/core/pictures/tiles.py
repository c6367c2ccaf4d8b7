"""Particle images → tiles: binned, filtered, centred, turned. The slow half of a montage, done once in a worker."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_BACKGROUND_RADIUS = 0.4  # of the box; what lies outside is taken for background


Images = NDArray[np.float32]


@dataclass(frozen=True)
class TileOptions:
    """How images become tiles.

    `size_px`: side of a tile; larger images are binned to it in Fourier space, so that noise is not aliased.
    `low_pass_A`, `high_pass_A`: where the amplitude is half; 0 is no filter.
    `flatten`: take away the plane that fits the background, which brings backgrounds to 0.
    """

    size_px: int = 96
    low_pass_A: float = 0.0
    high_pass_A: float = 0.0
    flatten: bool = True
    centre: bool = False
    rotate: bool = False


def make_tiles(
    images: Images,
    pixel_size_A: NDArray[np.float64],
    options: TileOptions,
    shift_px: NDArray[np.float64] | None = None,
    psi_deg: NDArray[np.float64] | None = None,
) -> Images:
    """Filter and bin images, as stored: no sign is applied.

    Args:
        images: (n, box, box).
        pixel_size_A: (n,); nan where it is not known, and filters then do nothing.
        shift_px: (n, 2), x and y, moves the particle to the centre (RELION's origin); used by `centre`.
        psi_deg: (n,) in-plane angle (RELION's psi); used by `rotate`.

    Returns:
        float32, (n, t, t), where t is `options.size_px` or the box, whichever is smaller.
    """
    box = images.shape[1]
    size = min(options.size_px, box)
    tiles = _binned(images, size)
    if options.flatten:
        slopes, planes = _background(box)
        found = images.reshape(len(images), box * box) @ slopes
        tiles -= np.tensordot(found, _binned(planes, size), 1)
    shift_px = shift_px if options.centre else None
    if options.low_pass_A > 0 or options.high_pass_A > 0 or shift_px is not None:
        tiles = _filtered(tiles, size / box, pixel_size_A[:, None, None], options, shift_px)
    if options.rotate and psi_deg is not None:
        centre = box // 2 * size / box
        tiles = np.stack([_rotated(tile, angle, centre) for tile, angle in zip(tiles, psi_deg)])
    return tiles


def _binned(images: Images, size: int) -> Images:
    """(n, box, box) → (n, size, size): the frequencies that do not fit are left out."""
    box = images.shape[-1]
    if size == box:
        return images.copy()
    matrix = _binning(box, size)
    return np.tensordot(np.tensordot(images, matrix, (2, 1)), matrix, (1, 1)).swapaxes(1, 2)


@lru_cache(maxsize=4)
def _binning(box: int, size: int) -> Images:
    """(size, box): there and back by Fourier transforms, less the high frequencies, as one matrix.

    Two products with it are many times faster than transforms of the whole images.
    """
    spectra = np.fft.rfft(np.eye(box), axis=0)[: size // 2 + 1]
    return np.asarray(np.fft.irfft(spectra, size, axis=0) * (size / box), np.float32)


@lru_cache(maxsize=1)
def _background(box: int) -> tuple[Images, Images]:
    """What gives the plane (constant, along y, along x) of a flat image: (box², 3), and the planes: (3, box, box)."""
    along = np.arange(box, dtype=np.float32) / box - 0.5
    planes = np.ones((3, box, box), np.float32)
    planes[1], planes[2] = along[:, None], along
    seen = (planes * (along[:, None] ** 2 + along**2 > _BACKGROUND_RADIUS**2)).reshape(3, box * box)
    products = [[np.sum(one * other, dtype=np.float64) for other in seen] for one in seen]
    return (np.linalg.pinv(products).astype(np.float32) @ seen).T, planes


def _filtered(
    tiles: Images,
    scale: float,
    pixel_size_A: NDArray[np.float64],
    options: TileOptions,
    shift_px: NDArray[np.float64] | None,
) -> Images:
    """Filters and shifts of tiles that were binned by `scale`; pixel sizes and shifts are those of the images."""
    size = tiles.shape[1]
    ky, kx = np.fft.fftfreq(size)[:, None] * scale, np.fft.rfftfreq(size) * scale
    k2 = (ky**2 + kx**2).astype(np.float32)
    spectrum = np.fft.rfft2(tiles)
    for wavelength_A, is_low in ((options.low_pass_A, True), (options.high_pass_A, False)):
        if wavelength_A > 0:
            half = np.exp2(-k2 * np.float32(wavelength_A / pixel_size_A) ** 2)
            spectrum *= np.nan_to_num(half if is_low else 1 - half, nan=1.0)
    if shift_px is not None:
        dx, dy = shift_px[:, 0, None, None], shift_px[:, 1, None, None]
        spectrum *= np.exp(-2j * np.pi * ky * dy) * np.exp(-2j * np.pi * kx * dx)
    return np.fft.irfft2(spectrum, s=(size, size)).astype(np.float32)


def _rotated(tile: Images, psi_deg: float, centre: float) -> Images:
    """Turn a tile by -psi, so that particles of one view agree; bilinear, the border repeated."""
    size = len(tile)
    y, x = np.indices((size, size)) - centre
    cos, sin = np.cos(np.radians(psi_deg)), np.sin(np.radians(psi_deg))
    at_x = np.clip(cos * x + sin * y + centre, 0, size - 1.001)
    at_y = np.clip(-sin * x + cos * y + centre, 0, size - 1.001)
    x0, y0 = at_x.astype(int), at_y.astype(int)
    fx, fy = at_x - x0, at_y - y0
    top = tile[y0, x0] * (1 - fx) + tile[y0, x0 + 1] * fx
    bottom = tile[y0 + 1, x0] * (1 - fx) + tile[y0 + 1, x0 + 1] * fx
    return np.asarray(top * (1 - fy) + bottom * fy, np.float32)
