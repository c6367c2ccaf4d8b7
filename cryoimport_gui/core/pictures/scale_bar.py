"""A scale bar: how long it should be, and how it is drawn into a grey picture."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

_STRIP_PX = 24
_MARGIN_PX = 6
_BAR_PX = 4
_ENLARGED = 2
#: 5 × 9 pixels each, one number a row, the highest bit on the left; the first two rows are for the ring of Å
_GLYPHS = {
    "0": (0, 0, 14, 17, 19, 21, 25, 17, 14),
    "1": (0, 0, 4, 12, 4, 4, 4, 4, 14),
    "2": (0, 0, 14, 17, 1, 2, 4, 8, 31),
    "3": (0, 0, 31, 2, 4, 2, 1, 17, 14),
    "4": (0, 0, 2, 6, 10, 18, 31, 2, 2),
    "5": (0, 0, 31, 16, 30, 1, 1, 17, 14),
    "6": (0, 0, 6, 8, 16, 30, 17, 17, 14),
    "7": (0, 0, 31, 1, 2, 4, 8, 8, 8),
    "8": (0, 0, 14, 17, 17, 14, 17, 17, 14),
    "9": (0, 0, 14, 17, 17, 15, 1, 2, 12),
    ".": (0, 0, 0, 0, 0, 0, 0, 12, 12),
    "~": (0, 0, 0, 0, 8, 21, 2, 0, 0),
    " ": (0,) * 9,
    "Å": (4, 10, 4, 14, 17, 17, 31, 17, 17),
    "p": (0, 0, 0, 0, 30, 17, 30, 16, 16),
    "x": (0, 0, 0, 0, 17, 10, 4, 10, 17),
}


def round_length(longest: float) -> float:
    """The largest of 1, 2, 5, 10, 20, 50 … (or 0.5, 0.2, 0.1 …) that is not longer."""
    if not (math.isfinite(longest) and longest > 0):
        return 0.0
    decade = 10 ** math.floor(math.log10(longest) + 1e-9)
    return decade * next(step for step in (5, 2, 1) if step * decade <= longest * (1 + 1e-9))


def scale_label(length: float, unit: str, varies: bool) -> str:
    """`100 Å`, or `~100 Å` where the pixel size is not the same everywhere."""
    return f"{'~' if varies else ''}{length:g} {unit}"


def with_scale_bar(
    picture: NDArray[np.uint8], pixel_size: float, unit: str = "Å", varies: bool = False
) -> NDArray[np.uint8]:
    """The picture with a white strip below it that holds a bar and its length.

    Args:
        pixel_size: Of the picture, in `unit` (`Å` or `px`).
    """
    strip = np.full((_STRIP_PX, picture.shape[1]), 255, np.uint8)
    length = round_length(0.25 * picture.shape[1] * pixel_size)
    bar = round(length / pixel_size)
    label = _drawn(scale_label(length, unit, varies))
    right = _MARGIN_PX + bar + _MARGIN_PX
    if bar and right + label.shape[1] <= picture.shape[1]:
        top = (_STRIP_PX - _BAR_PX) // 2
        strip[top : top + _BAR_PX, _MARGIN_PX : _MARGIN_PX + bar] = 0
        top = (_STRIP_PX - label.shape[0]) // 2
        strip[top : top + label.shape[0], right : right + label.shape[1]] = label
    return np.concatenate([picture, strip])


def _drawn(text: str) -> NDArray[np.uint8]:
    rows = np.array([_GLYPHS[letter] for letter in text])  # (letters, 9)
    bits = rows[:, :, None] >> np.arange(5, -1, -1) & 1  # a sixth column keeps letters apart
    grey = np.where(np.concatenate(list(bits), axis=1), 0, 255).astype(np.uint8)
    return np.kron(grey, np.ones((_ENLARGED, _ENLARGED), np.uint8))
