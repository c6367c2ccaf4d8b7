"""The montage: particle images → filtered tiles → one picture.

Making tiles (filters, binning, centring) is the slow half, done once in a worker.  Composing them (data sign,
contrast limits, inversion of the view) is the fast half, done again at every change of those.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_GAP_PX = 2
_GAP_GREY = 255
_BATCH = 32
_LIMITS_PERCENT = (1.0, 99.0)


@dataclass(frozen=True)
class TileOptions:
    """How images become tiles.

    `size_px`: side of a tile; larger images are binned to it in Fourier space, so that noise is not aliased.
    `low_pass_A`, `high_pass_A`: 0 is none; with `flatten`, slopes over more than half a box are taken out.
    """

    size_px: int = 96
    low_pass_A: float = 0.0
    flatten: bool = True
    centre: bool = False
    rotate: bool = False


def make_tiles(
    images: NDArray[np.float32],
    pixel_size_A: NDArray[np.float64],
    options: TileOptions,
    shift_px: NDArray[np.float64] | None = None,
    psi_deg: NDArray[np.float64] | None = None,
) -> NDArray[np.float32]:
    """Filter and bin images, as stored: no sign is applied.

    Args:
        images: (n, box, box).
        pixel_size_A: (n,).
        shift_px: (n, 2), x and y, moves the particle to the centre (RELION's origin); used by `centre`.
        psi_deg: (n,) in-plane angle (RELION's psi); used by `rotate`.

    Returns:
        float32, (n, t, t), where t is `options.size_px` or the box, whichever is smaller.
    """
    n, box = images.shape[:2]
    size = min(options.size_px, box)
    out = np.empty((n, size, size), np.float32)
    for start in range(0, n, _BATCH):
        part = slice(start, start + _BATCH)
        spectrum = np.fft.fft2(images[part])
        ky, kx = np.fft.fftfreq(box)[:, None], np.fft.fftfreq(box)[None, :]
        radius = np.hypot(ky, kx)
        if options.low_pass_A > 0:
            cutoff = pixel_size_A[part, None, None] / options.low_pass_A
            spectrum *= np.exp(-0.5 * (radius / cutoff) ** 2 * np.log(4))  # half the amplitude at the cutoff
        if options.flatten:
            spectrum *= 1 - np.exp(-0.5 * (radius * box / 1.0) ** 2)
        if options.centre and shift_px is not None:
            dx, dy = shift_px[part, 0, None, None], shift_px[part, 1, None, None]
            spectrum *= np.exp(-2j * np.pi * (kx * dx + ky * dy))
        tiles = _crop(spectrum, size)
        if options.rotate and psi_deg is not None:
            tiles = np.stack([_rotate(tile, angle) for tile, angle in zip(tiles, psi_deg[part])])
        out[part] = tiles
    return out


def _crop(spectrum: NDArray[np.complexfloating], size: int) -> NDArray[np.float64]:
    """Back from Fourier space at a smaller size; the frequencies that do not fit are left out."""
    box = spectrum.shape[-1]
    if size < box:
        keep = np.r_[0 : (size + 1) // 2, box - size // 2 : box]
        spectrum = spectrum[:, keep[:, None], keep[None, :]] * (size / box) ** 2
    return np.fft.ifft2(spectrum).real


def _rotate(tile: NDArray[np.float64], psi_deg: float) -> NDArray[np.float64]:
    """Turn a tile by -psi, so that particles of one view agree; bilinear, the border repeated."""
    size = len(tile)
    centre = size // 2
    y, x = np.mgrid[:size, :size] - centre
    cos, sin = np.cos(np.radians(psi_deg)), np.sin(np.radians(psi_deg))
    at_x = np.clip(cos * x + sin * y + centre, 0, size - 1.001)
    at_y = np.clip(-sin * x + cos * y + centre, 0, size - 1.001)
    x0, y0 = at_x.astype(int), at_y.astype(int)
    fx, fy = at_x - x0, at_y - y0
    top = tile[y0, x0] * (1 - fx) + tile[y0, x0 + 1] * fx
    bottom = tile[y0 + 1, x0] * (1 - fx) + tile[y0 + 1, x0 + 1] * fx
    return top * (1 - fy) + bottom * fy


def auto_limits(tiles: NDArray[np.float32]) -> tuple[float, float]:
    """Contrast limits of stored values by percentiles over all tiles."""
    if not tiles.size:
        return 0.0, 1.0
    low, high = np.percentile(tiles, _LIMITS_PERCENT)
    return float(low), float(high if high > low else low + 1)


def columns_for(count: int, aspect: float = 1.0) -> int:
    """Columns with which `count` square tiles fill a view of `aspect` = width / height best."""
    return min(count, max(1, round((count * aspect) ** 0.5)))


def compose(
    tiles: NDArray[np.float32],
    columns: int,
    data_sign: int,
    limits: tuple[float, float] | None = None,
    invert_view: bool = False,
) -> NDArray[np.uint8]:
    """Lay tiles out in rows, row by row from the top left; what is shown is stored value × data sign.

    Args:
        limits: Stored values that become the ends of the grey scale; None: by percentiles for each tile.
        invert_view: Swap light and dark of the picture alone.

    Returns:
        uint8, (height, width), row 0 on top.
    """
    n, size = tiles.shape[:2]
    if limits is None:
        low, high = np.percentile(tiles, _LIMITS_PERCENT, axis=(1, 2), keepdims=True) if n else (0.0, 1.0)
    else:
        low, high = limits
    grey = (tiles - low) * (255 / np.maximum(np.subtract(high, low), 1e-12))
    np.clip(grey, 0, 255, out=grey)
    if (data_sign < 0) != invert_view:
        np.subtract(255, grey, out=grey)
    rows = max(1, -(-n // columns))
    step = size + _GAP_PX
    picture = np.full((rows * step + _GAP_PX, columns * step + _GAP_PX), _GAP_GREY, np.uint8)
    for i, tile in enumerate(grey.astype(np.uint8)):
        y, x = _GAP_PX + i // columns * step, _GAP_PX + i % columns * step
        picture[y : y + size, x : x + size] = tile
    return picture


def tile_at(x: float, y: float, size: int, columns: int, count: int) -> int | None:
    """The number of the tile under a point of the picture; None between tiles."""
    step = size + _GAP_PX
    column, row = int((x - _GAP_PX) // step), int((y - _GAP_PX) // step)
    number = row * columns + column
    return number if 0 <= column < columns and row >= 0 and number < count else None


def tile_origin(number: int, size: int, columns: int) -> tuple[int, int]:
    """x and y of a tile's upper left corner in the picture."""
    step = size + _GAP_PX
    return _GAP_PX + number % columns * step, _GAP_PX + number // columns * step


def write_png(path: str | Path, picture: NDArray[np.uint8]) -> None:
    """Write a grey picture as PNG (8 bits, one channel)."""
    height, width = picture.shape

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    lines = np.concatenate([np.zeros((height, 1), np.uint8), picture], axis=1)  # filter type 0 before each line
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        file.write(chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)))
        file.write(chunk(b"IDAT", zlib.compress(lines.tobytes(), 6)) + chunk(b"IEND", b""))
