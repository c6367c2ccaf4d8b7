"""Small plots for the report as SVG: sharp on paper, and with words beside what is drawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from ..arrays import Reals
from ..problems import printable

_WIDTH, _HEIGHT, _FONT = 240, 96, 10
_LEFT, _RIGHT, _BOTTOM, _TOP = 30, 6, 15, 16
_BAR, _BAR_STEP, _BARS_LEFT, _BARS_WIDTH = 8, 11, 182, 320
#: lines differ in more than their colour
_STROKES = (
    'stroke="var(--ink)" stroke-width="1.4"',
    'stroke="var(--soft)" stroke-width="1.4" stroke-dasharray="3 2"',
    'stroke="var(--accent)" stroke-width="1.2" stroke-dasharray="7 2"',
    'stroke="var(--soft)" stroke-width="1.2" stroke-dasharray="1 2"',
)

Mark = tuple[float, str]


@dataclass(frozen=True)
class Line:
    """Values over a common axis; with one more x than y, a histogram."""

    name: str
    x: Reals
    y: Reals


def plot_svg(
    title: str, lines: Sequence[Line], ticks: Iterable[Mark], marks: Iterable[Mark] = (), most: float | None = None
) -> str:
    """Lines from 0 to `most` (None: the largest value), with their names above.

    Args:
        ticks: Places on the axis below, with words.
        marks: Heights, with words on the left and a thin line across.
    """
    low, high = (float(end) for end in (min(line.x[0] for line in lines), max(line.x[-1] for line in lines)))
    top, right, bottom = most or max(float(line.y.max()) for line in lines) or 1.0, _WIDTH - _RIGHT, _HEIGHT - _BOTTOM

    def across(x: Reals) -> Reals:
        return _LEFT + (x - low) / ((high - low) or 1) * (right - _LEFT)

    def down(y: Reals) -> Reals:
        return bottom - np.clip(y / top, 0, 1) * (bottom - _TOP)

    parts = [f'<path d="M{_LEFT} {bottom}H{right}" stroke="var(--line)"/>']
    for at, words in marks:
        height = float(down(np.array(at)))
        parts.append(f'<path d="M{_LEFT} {height:.1f}H{right}" stroke="var(--line)" stroke-width=".7"/>')
        parts.append(_words(_LEFT - 3, height + 3.5, words, "end"))
    for line, stroke in zip(lines, _STROKES):
        x, y = line.x, line.y
        if len(x) > len(y):
            x, y = np.repeat(x, 2), np.concatenate([[0], np.repeat(y, 2), [0]])
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(across(x).tolist(), down(y).tolist()))
        parts.append(f'<polyline fill="none" {stroke} points="{points}"/>')
    step = (_WIDTH - _LEFT) / max(1, len(lines))
    for number, (line, stroke) in enumerate(zip(lines, _STROKES)):
        if line.name:
            left = _LEFT + number * step
            parts.append(f'<path d="M{left:.0f} 6h14" fill="none" {stroke}/>' + _words(left + 18, 9, line.name))
    for at, words in ticks:
        anchor = "start" if at <= low else "end" if at >= high else "middle"
        parts.append(_words(float(across(np.array(at))), bottom + 11, words, anchor))
    return _svg(title, _WIDTH, _HEIGHT, parts)


def bars_svg(title: str, bars: Sequence[tuple[str, float, bool]]) -> str:
    """Bars on an axis from 0 to 1, (words, value, whether it stands out), each with its value behind it."""
    room, parts = _BARS_WIDTH - _BARS_LEFT - 28, []
    for number, (words, value, stands_out) in enumerate(bars):
        top = 2 + number * _BAR_STEP
        colour = "var(--accent)" if stands_out else "var(--soft)"
        parts.append(_words(_BARS_LEFT - 4, top + _BAR - 0.5, words, "end"))
        parts.append(f'<rect x="{_BARS_LEFT}" y="{top}" width="{room * value:.1f}" height="{_BAR}" fill="{colour}"/>')
        parts.append(_words(_BARS_LEFT + 3 + room * value, top + _BAR - 0.5, f"{value:.2f}"))
    return _svg(title, _BARS_WIDTH, 4 + len(bars) * _BAR_STEP, parts)


def _words(x: float, y: float, words: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(printable(words))}</text>'


def _svg(title: str, width: int, height: int, parts: Iterable[str]) -> str:
    words = escape(printable(title))
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{words}" font-size="{_FONT}" fill="var(--ink)">'
        + "".join(parts)
        + "</svg>"
    )
