"""Small plots for the report as SVG: sharp on paper, and with words beside what is drawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from ..arrays import Reals
from ..problems import printable

_WIDTH, _HEIGHT, _FONT = 240, 96, 10
_LEFT, _BOTTOM, _TOP = 4, 24, 14
_BAR, _BAR_STEP, _BARS_LEFT, _BARS_WIDTH = 8, 11, 216, 340
#: lines differ in more than their colour
_STROKES = (
    'stroke="#1b1f24" stroke-width="1.4"',
    'stroke="#7a828c" stroke-width="1.4" stroke-dasharray="3 2"',
    'stroke="#1a5fb4" stroke-width="1.2" stroke-dasharray="7 2"',
    'stroke="#8a5300" stroke-width="1.2" stroke-dasharray="1 2"',
)


@dataclass(frozen=True)
class Line:
    """Values over a common axis; with one more x than y, a histogram."""

    name: str
    x: Reals
    y: Reals


def plot_svg(title: str, lines: Sequence[Line], ticks: Iterable[tuple[float, str]], most: float | None = None) -> str:
    """Lines from 0 to `most` (None: the largest value), with their names above and `ticks` (place, words) below."""
    low, high = (float(end) for end in (min(line.x[0] for line in lines), max(line.x[-1] for line in lines)))
    top = most or max(float(line.y.max()) for line in lines) or 1.0

    def place(x: Reals, y: Reals) -> str:
        across = _LEFT + (x - low) / ((high - low) or 1) * (_WIDTH - 2 * _LEFT)
        down = _HEIGHT - _BOTTOM - np.clip(y / top, 0, 1) * (_HEIGHT - _BOTTOM - _TOP)
        return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(across.tolist(), down.tolist()))

    parts = [f'<path d="M{_LEFT} {_HEIGHT - _BOTTOM}H{_WIDTH - _LEFT}" stroke="#b8bec6"/>']
    for line, stroke in zip(lines, _STROKES):
        x, y = line.x, line.y
        if len(x) > len(y):
            x, y = np.repeat(x, 2), np.concatenate([[0], np.repeat(y, 2), [0]])
        parts.append(f'<polyline fill="none" {stroke} points="{place(x, y)}"/>')
    step = (_WIDTH - _LEFT) / max(1, len(lines))
    for number, (line, stroke) in enumerate(zip(lines, _STROKES)):
        if line.name:
            left = _LEFT + number * step
            parts.append(f'<path d="M{left:.0f} 6h14" fill="none" {stroke}/>' + _words(left + 18, 9, line.name))
    for at, words in ticks:
        across = _LEFT + (at - low) / ((high - low) or 1) * (_WIDTH - 2 * _LEFT)
        anchor = "start" if at <= low else "end" if at >= high else "middle"
        parts.append(_words(across, _HEIGHT - _BOTTOM + 11, words, anchor))
    return _svg(title, _WIDTH, _HEIGHT, parts)


def bars_svg(title: str, bars: Sequence[tuple[str, float, bool]]) -> str:
    """Bars on an axis from 0 to 1, (words, value, whether it stands out), each with its value behind it."""
    room, parts = _BARS_WIDTH - _BARS_LEFT - 28, []
    for number, (words, value, stands_out) in enumerate(bars):
        top = 2 + number * _BAR_STEP
        grey = "#1b1f24" if stands_out else "#9aa2ac"
        parts.append(_words(_BARS_LEFT - 4, top + _BAR - 0.5, words, "end"))
        parts.append(f'<rect x="{_BARS_LEFT}" y="{top}" width="{room * value:.1f}" height="{_BAR}" fill="{grey}"/>')
        parts.append(_words(_BARS_LEFT + 3 + room * value, top + _BAR - 0.5, f"{value:.2f}"))
    return _svg(title, _BARS_WIDTH, 4 + len(bars) * _BAR_STEP, parts)


def _words(x: float, y: float, words: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(printable(words))}</text>'


def _svg(title: str, width: int, height: int, parts: Iterable[str]) -> str:
    words = escape(printable(title))
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{words}" font-size="{_FONT}">'
        + "".join(parts)
        + "</svg>"
    )
