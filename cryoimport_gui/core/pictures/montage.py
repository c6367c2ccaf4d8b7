"""The montage: particle images → filtered tiles → one picture.

Making tiles (filters, binning, centring) is the slow half, done once in a worker.  Composing them (data sign,
contrast limits, inversion of the view) is the fast half, done again at every change of those.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

GAP_PX = 2
_LIMITS_PERCENT = (1.0, 99.0)
_LIMITS_FROM = 200_000  # about so many values tell them
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


def auto_limits(tiles: Images) -> tuple[float, float]:
    """Contrast limits of stored values by percentiles over all tiles."""
    if not tiles.size:
        return 0.0, 1.0
    low, high = np.percentile(tiles.ravel()[:: 1 + tiles.size // _LIMITS_FROM], _LIMITS_PERCENT)
    return float(low), float(high if high > low else low + 1)


def own_limits(tiles: Images) -> Images:
    """(n, 2) contrast limits for each tile by itself."""
    if not tiles.size:
        return np.zeros((len(tiles), 2), np.float32)
    limits = np.percentile(tiles.reshape(len(tiles), -1), _LIMITS_PERCENT, axis=1).T
    limits[:, 1] = np.where(limits[:, 1] > limits[:, 0], limits[:, 1], limits[:, 0] + 1)
    return limits.astype(np.float32)


def to_grey(
    values: Images, data_sign: int, low: float | Images, high: float | Images, invert_view: bool = False
) -> NDArray[np.uint8]:
    """Stored value × data sign as grey: what is stored between `low` and `high` fills the scale from 0 to 255."""
    grey = (values - low) * (255 / (high - low))
    np.clip(grey, 0, 255, out=grey)
    shown: NDArray[np.uint8] = grey.astype(np.uint8)
    return np.invert(shown) if (data_sign < 0) != invert_view else shown


def columns_for(count: int, aspect: float = 1.0) -> int:
    """Columns with which `count` square tiles fill a view of `aspect` = width / height best."""
    return max(range(1, count + 1), key=lambda c: (min(aspect / c, 1 / -(-count // c)), -c), default=1)


def compose(
    tiles: Images,
    columns: int,
    data_sign: int,
    limits: tuple[float, float] | Images | None = None,
    invert_view: bool = False,
    gap_grey: int = 255,
    blank: Iterable[int] = (),
) -> NDArray[np.uint8]:
    """Lay tiles out in rows, row by row from the top left; what is shown is stored value × data sign.

    Args:
        limits: Stored values that become the ends of the grey scale, or (n, 2) of them, for each tile its own;
            None: by percentiles for each tile.
        invert_view: Swap light and dark of the tiles as shown, whatever the data sign.
        gap_grey: What stands between tiles, and in place of those that are `blank`.

    Returns:
        uint8, (height, width), row 0 on top.
    """
    n, size = tiles.shape[:2]
    if limits is None:
        limits = own_limits(tiles)
    low, high = limits if isinstance(limits, tuple) else limits.T[:, :, None, None]
    grey = to_grey(tiles, data_sign, low, high, invert_view)
    grey[list(blank)] = gap_grey
    rows = max(1, -(-n // columns))
    cells = np.full((rows * columns, size + GAP_PX, size + GAP_PX), gap_grey, np.uint8)
    cells[:n, GAP_PX:, GAP_PX:] = grey
    step = size + GAP_PX
    picture = np.full((rows * step + GAP_PX, columns * step + GAP_PX), gap_grey, np.uint8)
    laid_out = cells.reshape(rows, columns, step, step).swapaxes(1, 2)
    picture[:-GAP_PX, :-GAP_PX] = laid_out.reshape(rows * step, columns * step)
    return picture


def tile_at(x: float, y: float, size: int, columns: int, count: int) -> int | None:
    """The number of the tile under a point of the picture; None between tiles."""
    step = size + GAP_PX
    column, in_x = divmod(x - GAP_PX, step)
    row, in_y = divmod(y - GAP_PX, step)
    number = int(row * columns + column)
    inside = 0 <= column < columns and row >= 0 and in_x < size and in_y < size
    return number if inside and number < count else None


def tile_origin(number: int, size: int, columns: int) -> tuple[int, int]:
    """x and y of a tile's upper left corner in the picture."""
    step = size + GAP_PX
    return GAP_PX + number % columns * step, GAP_PX + number // columns * step


def write_png(target: str | Path | BinaryIO, picture: NDArray[np.uint8]) -> None:
    """Write a grey picture as PNG (8 bits, one channel)."""
    height, width = picture.shape

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    lines = np.concatenate([np.zeros((height, 1), np.uint8), picture], axis=1)  # filter type 0 before each line
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    png = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(lines.tobytes(), 6)) + chunk(b"IEND", b"")
    if isinstance(target, str | Path):
        Path(target).write_bytes(png)
    else:
        target.write(png)
