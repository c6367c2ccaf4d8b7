"""Colours that the palette does not give, for light and dark."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette, QPen
from PySide6.QtWidgets import QApplication, QLabel

from ..core.problems import Severity

#: (on light, on dark); each has a contrast of at least 4.5 : 1 to its background
_COLOURS = {
    Severity.ERROR: ("#b3261e", "#ff8a80"),
    Severity.WARNING: ("#8a5300", "#ffb74d"),
    Severity.INFO: ("#1a5fb4", "#82b1ff"),
}
_GOOD = ("#1b6e3c", "#81c995")


def is_dark() -> bool:
    return QApplication.palette().color(QPalette.ColorRole.Window).lightness() < 128


def severity_colour(severity: Severity) -> str:
    return _COLOURS[severity][is_dark()]


def quiet_colour() -> str:
    """For names that stand beside what they name."""
    return QApplication.palette().color(QPalette.ColorRole.PlaceholderText).name()


def plain_tip(text: str) -> str:
    """A tool tip that shows text from a file as it stands; what looks like markup would be taken for it."""
    return f"<p>{escape(text).replace(chr(10), '<br>')}</p>" if "<" in text or "&" in text else text


def make_quiet(label: QLabel) -> None:
    """Let a label have the quiet colour, whatever the look becomes."""
    label.setForegroundRole(QPalette.ColorRole.PlaceholderText)


def good_colour() -> str:
    return _GOOD[is_dark()]


#: for lines in plots, (on light, on dark); they differ in lightness too, and lines also in their style
_SERIES = (
    ("#0b5fa5", "#7ab8ff"),
    ("#b3541e", "#ffb067"),
    ("#1b6e3c", "#7fd6a4"),
    ("#8e3a8e", "#e0a0e0"),
    ("#665c00", "#d8d860"),
    ("#b3003c", "#ff8fae"),
    ("#006f7a", "#6fd6e0"),
    ("#555555", "#c8c8c8"),
)
_STYLES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)


def series_pen(number: int) -> QPen:
    """The pen of the line with this number in a plot; told apart by colour, and by style without colours."""
    colour = QColor(_SERIES[number % len(_SERIES)][is_dark()])
    pen = QPen(colour, 2, _STYLES[number % len(_STYLES)])
    pen.setCosmetic(True)
    return pen


def apply_theme(theme: str) -> None:
    """Take the palette for `light`, `dark`, or what the `system` has."""
    hints = QGuiApplication.styleHints()
    dark = theme == "dark" or (theme == "system" and hints.colorScheme() == Qt.ColorScheme.Dark)
    QApplication.setPalette(_dark_palette() if dark else _light_palette())


def _light_palette() -> QPalette:
    palette = QPalette(QColor("#efefef"))
    palette.setColor(QPalette.ColorRole.PlaceholderText, QColor("#5c5c5c"))
    return palette


def _dark_palette() -> QPalette:
    palette = QPalette(QColor("#2b2d30"))
    roles = QPalette.ColorRole
    for role, colour in (
        (roles.Window, "#2b2d30"),
        (roles.Base, "#1e1f22"),
        (roles.AlternateBase, "#26282b"),
        (roles.Button, "#3a3d41"),
        (roles.ToolTipBase, "#1e1f22"),
        (roles.Highlight, "#2f6fb3"),
    ):
        palette.setColor(role, QColor(colour))
    for role in (roles.WindowText, roles.Text, roles.ButtonText, roles.ToolTipText, roles.HighlightedText):
        palette.setColor(role, QColor("#e6e6e6"))
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor("#8a8a8a"))
    palette.setColor(roles.PlaceholderText, QColor("#b0b0b0"))
    palette.setColor(roles.Link, QColor("#82b1ff"))
    return palette
