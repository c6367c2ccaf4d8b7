"""The montage: particle images → filtered tiles → one picture.

Making tiles (filters, binning, centring) is the slow half, done once in a worker.  Composing them (data sign,
contrast limits, inversion of the view) is the fast half, done again at every change of those.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from .tiles import Images

GAP_PX = 2
_LIMITS_PERCENT = (1.0, 99.0)
_LIMITS_FROM = 200_000  # about so many values tell them


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
    """Place (x, y) of a tile's upper left corner in the picture."""
    step = size + GAP_PX
    return GAP_PX + number % columns * step, GAP_PX + number // columns * step
