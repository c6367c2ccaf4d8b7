"""The icon of each state of a claim: each has a shape of its own, so that colour alone carries no meaning."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPalette, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QApplication, QLabel

from ...core.problems import Severity
from ...core.report.claims import ClaimState
from ..theme import good_colour, severity_colour

_SIDE = 16.0  # what the shapes are drawn in
_SEVERITIES = {
    ClaimState.GIVEN: Severity.INFO,
    ClaimState.DOUBTFUL: Severity.WARNING,
    ClaimState.CONTRADICTED: Severity.ERROR,
}


def state_colour(state: ClaimState) -> str:
    return severity_colour(_SEVERITIES[state]) if state in _SEVERITIES else good_colour()


def state_icon(state: ClaimState) -> QIcon:
    """For lists; it keeps its colours where an entry is chosen, on a light disc, or cannot be."""
    icon, plain = QIcon(), state_pixmap(state, 32)
    for mode in QIcon.Mode:
        icon.addPixmap(_on_disc(plain) if mode is QIcon.Mode.Selected else plain, mode)
    return icon


def state_pixmap(state: ClaimState, side_px: float, ratio: float = 1.0) -> QPixmap:
    """A tick on a disc, a dot in a ring, an exclamation mark on a triangle or a cross on an octagon.

    Args:
        side_px: In pixels of the screen's scale; `ratio` is that scale.
    """
    pixmap = QPixmap(round(side_px * ratio), round(side_px * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(side_px / _SIDE, side_px / _SIDE)
    colour, ground = QColor(state_colour(state)), QApplication.palette().color(QPalette.ColorRole.Base)
    line = QPen(ground, 2)
    line.setCapStyle(Qt.PenCapStyle.RoundCap)
    line.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    if state is ClaimState.CONFIRMED:
        painter.drawEllipse(QRectF(0.5, 0.5, 15, 15))
        painter.setPen(line)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(_points((4.2, 8.4), (7, 11.2), (11.8, 5.2)))
    elif state is ClaimState.GIVEN:
        painter.drawEllipse(QRectF(5, 5, 6, 6))
        painter.setPen(QPen(colour, 1.8))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(QRectF(1.5, 1.5, 13, 13))
    elif state is ClaimState.DOUBTFUL:
        painter.drawPolygon(_points((8, 0.8), (15.8, 15), (0.2, 15)))
        painter.setPen(line)
        painter.drawLine(QPointF(8, 5.8), QPointF(8, 9.6))
        painter.drawPoint(QPointF(8, 12.7))
    else:
        corners = (math.radians(22.5 + 45 * k) for k in range(8))
        painter.drawPolygon(_points(*((8 + 8 * math.cos(a), 8 + 8 * math.sin(a)) for a in corners)))
        painter.setPen(line)
        painter.drawLine(QPointF(5.2, 5.2), QPointF(10.8, 10.8))
        painter.drawLine(QPointF(10.8, 5.2), QPointF(5.2, 10.8))
    painter.end()
    return pixmap


def _on_disc(plain: QPixmap) -> QPixmap:
    """A blue ring would not be seen on a blue selection."""
    pixmap = QPixmap(plain.size())
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QApplication.palette().color(QPalette.ColorRole.Base))
    painter.drawEllipse(pixmap.rect())
    painter.drawPixmap(0, 0, plain)
    painter.end()
    return pixmap


def _points(*places: tuple[float, float]) -> QPolygonF:
    return QPolygonF([QPointF(x, y) for x, y in places])


class StateIcon(QLabel):
    """The icon of a state beside its sentence."""

    def __init__(self, side_px: int) -> None:
        super().__init__()
        self._side_px = side_px
        self.state: ClaimState | None = None
        self.setFixedSize(side_px, side_px)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def set_state(self, state: ClaimState) -> None:
        self.state = state
        self.setPixmap(state_pixmap(state, self._side_px, self.devicePixelRatioF()))
        self.setAccessibleName(state.value)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self.state is not None:
            self.set_state(self.state)
