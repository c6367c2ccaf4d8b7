"""Colours that the palette does not give, for light and dark."""

from __future__ import annotations

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
#: of what is chosen or in use, under white text
_ACCENT = ("#1a5fb4", "#2f6fb3")


def is_dark() -> bool:
    return QApplication.palette().color(QPalette.ColorRole.Window).lightness() < 128


def severity_colour(severity: Severity) -> str:
    return _COLOURS[severity][is_dark()]


def quiet_colour() -> str:
    """For names beside their values."""
    return QApplication.palette().color(QPalette.ColorRole.PlaceholderText).name()


def emphasize(label: QLabel, colour: str = "", bold: bool = True, ground: str = "") -> None:
    """Write a label in a colour (none: the window's), bold, on a ground."""
    palette, font = QPalette(), label.font()
    if colour:
        for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text):  # which one depends on what is behind it
            palette.setColor(role, QColor(colour))
    if ground:
        palette.setColor(QPalette.ColorRole.Window, QColor(ground))
    label.setPalette(palette)
    font.setBold(bold)
    label.setFont(font)


def make_quiet(label: QLabel) -> None:
    """Let a label have the quiet colour, in light and dark."""
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
    """The pen of a line in a plot: each number has its own colour and style."""
    colour = QColor(_SERIES[number % len(_SERIES)][is_dark()])
    return screen_pen(colour, 2, _STYLES[number % len(_STYLES)])


def screen_pen(colour: QColor | str, width: float, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    """A line of this width on the screen, at any zoom and screen scale."""
    pen = QPen(QColor(colour), width * QApplication.primaryScreen().devicePixelRatio(), style)
    pen.setCosmetic(True)
    return pen


def apply_theme(theme: str) -> None:
    """Use the palette for `light`, `dark`, or what the `system` has."""
    hints = QGuiApplication.styleHints()
    dark = theme == "dark" or (theme == "system" and hints.colorScheme() == Qt.ColorScheme.Dark)
    QApplication.setPalette(_dark_palette() if dark else _light_palette())


def _light_palette() -> QPalette:
    palette, roles = QPalette(QColor("#efefef")), QPalette.ColorRole
    for role, colour in (
        (roles.PlaceholderText, "#5c5c5c"),
        (roles.Highlight, _ACCENT[0]),
        (roles.Accent, _ACCENT[0]),
        (roles.HighlightedText, "#ffffff"),
        (roles.Link, _ACCENT[0]),
        (roles.ToolTipBase, "#ffffff"),
        (roles.ToolTipText, "#000000"),
    ):
        palette.setColor(role, QColor(colour))
    return palette


def _dark_palette() -> QPalette:
    # Fields are lighter than the window: the style draws outlines darker than it, which do not show here.
    palette = QPalette(QColor("#202225"))
    roles = QPalette.ColorRole
    for role, colour in (
        (roles.Window, "#202225"),
        (roles.Base, "#34373c"),
        (roles.AlternateBase, "#2c2f33"),
        (roles.Button, "#3f4348"),
        (roles.ToolTipBase, "#34373c"),
        (roles.Highlight, _ACCENT[1]),
        (roles.Accent, _ACCENT[1]),
    ):
        palette.setColor(role, QColor(colour))
    for role in (roles.WindowText, roles.Text, roles.ButtonText, roles.ToolTipText):
        palette.setColor(role, QColor("#e6e6e6"))
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor("#8a8a8a"))
    palette.setColor(roles.HighlightedText, QColor("#ffffff"))
    palette.setColor(roles.PlaceholderText, QColor("#b0b0b0"))
    palette.setColor(roles.Link, QColor("#82b1ff"))
    return palette
