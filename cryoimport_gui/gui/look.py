"""Colours that the palette does not give, for light and dark."""

from __future__ import annotations

from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication

from ..core.problems import Severity

#: (on light, on dark); each has a contrast of at least 4.5 : 1 to its background
_COLOURS = {
    Severity.ERROR: ("#b3261e", "#ff8a80"),
    Severity.WARNING: ("#8a5300", "#ffb74d"),
    Severity.INFO: ("#1a5fb4", "#82b1ff"),
}
_GOOD = ("#1b6e3c", "#81c995")
_QUIET = ("#5c5c5c", "#b0b0b0")


def is_dark() -> bool:
    return QApplication.palette().color(QPalette.ColorRole.Window).lightness() < 128


def severity_colour(severity: Severity) -> str:
    return _COLOURS[severity][is_dark()]


def quiet_colour() -> str:
    """For names that stand beside what they name."""
    return _QUIET[is_dark()]


def good_colour() -> str:
    return _GOOD[is_dark()]
