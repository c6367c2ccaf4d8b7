"""Small drawings of the conventions, for the help."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QApplication

_WIDTH, _HEIGHT = 540, 150
_LIGHT, _DARK = QColor("#d8d8d8"), QColor("#3a3a3a")


def drawing(name: str) -> QImage:
    """One of `DRAWINGS`, in the colours of the window."""
    image = QImage(_WIDTH * 2, _HEIGHT * 2, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(2)
    image.fill(_colour(QPalette.ColorRole.Base))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(_ink())
    DRAWINGS[name](painter)
    painter.end()
    return image


def _colour(role: QPalette.ColorRole) -> QColor:
    return QApplication.palette().color(role)


def _ink() -> QPen:
    return QPen(_colour(QPalette.ColorRole.Text), 1.5)


def _accent() -> QPen:
    return QPen(_colour(QPalette.ColorRole.Link), 2)


def _particle(painter: QPainter, x: float, y: float, particle: QColor, background: QColor, off: float = 0) -> None:
    painter.save()
    painter.setBrush(background)
    painter.drawRect(QRectF(x, y, 80, 80))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(particle)
    painter.drawEllipse(QPointF(x + 36 + off, y + 36 + off), 18, 13)
    painter.drawEllipse(QPointF(x + 50 + off, y + 47 + off), 12, 12)
    painter.restore()


def _label(painter: QPainter, x: float, y: float, width: float, text: str) -> None:
    painter.drawText(QRectF(x, y, width, 40), Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap, text)


def _data_sign(painter: QPainter) -> None:
    _particle(painter, 20, 15, _LIGHT, _DARK)
    _label(painter, 0, 102, 120, "stored light on dark (RELION)")
    _label(painter, 102, 45, 66, "× -1 =")
    _particle(painter, 170, 15, _DARK, _LIGHT)
    _label(painter, 150, 102, 120, "right: dark on light")
    _particle(painter, 300, 15, _DARK, _LIGHT)
    _label(painter, 280, 102, 120, "stored dark on light (raw)")
    _label(painter, 380, 45, 50, "× +1 =")
    _particle(painter, 430, 15, _DARK, _LIGHT)
    _label(painter, 410, 102, 120, "right: dark on light")


def _arrow(painter: QPainter, start: QPointF, end: QPointF) -> None:
    painter.drawLine(start, end)
    along = (end - start) / math.hypot(end.x() - start.x(), end.y() - start.y())
    side = QPointF(-along.y(), along.x())
    painter.setBrush(painter.pen().color())
    painter.drawPolygon(QPolygonF([end, end - along * 9 + side * 4, end - along * 9 - side * 4]))


def _pose(painter: QPainter) -> None:
    centre = QPointF(120, 90)
    for end, name in ((QPointF(120, 15), "z"), (QPointF(215, 105), "y"), (QPointF(60, 130), "x")):
        _arrow(painter, centre, end)
        painter.drawText(end + QPointF(6, 4), name)
    painter.setPen(_accent())
    _arrow(painter, centre, QPointF(185, 35))
    painter.drawText(QPointF(192, 34), "axis; its length is the angle")
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawArc(QRectF(150, 30, 36, 22), 20 * 16, 290 * 16)
    painter.setPen(_ink())
    painter.drawText(
        QRectF(250, 70, 260, 70),
        Qt.TextFlag.TextWordWrap,
        "rot about z, tilt about the new y, psi about the new z: one rotation about one axis",
    )


def _y(painter: QPainter) -> None:
    readings = ((20, "kept: y counts from the top", 10, 35), (280, "flipped: from the bottom", 110, -35))
    for x, title, edge, inwards in readings:
        painter.setPen(_ink())
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(QRectF(x, 10, 200, 100))
        painter.setPen(_accent())
        start, end = QPointF(x + 60, edge), QPointF(x + 60, edge + inwards)
        _arrow(painter, start, end)
        painter.drawText((start + end) / 2 + QPointF(8, 4), "y")
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(end, 9, 9)
        painter.setPen(_ink())
        _label(painter, x, 115, 200, title)


def _shift(painter: QPainter) -> None:
    for x, dx, title in ((20, 14, "as extracted: off the centre by the shift"), (280, 0, "moved by the shift")):
        _particle(painter, x + 60, 15, _DARK, _LIGHT, dx)
        painter.setPen(QPen(_colour(QPalette.ColorRole.Link), 1))
        painter.drawLine(QPointF(x + 100, 15), QPointF(x + 100, 95))
        painter.drawLine(QPointF(x + 60, 55), QPointF(x + 140, 55))
        painter.setPen(_ink())
        _label(painter, x, 104, 200, title)


def _names(painter: QPainter) -> None:
    """The two names as the table shows them: what is left at the same place."""
    struck = QFont(painter.font())
    struck.setStrikeOut(True)
    lines = (
        ("micrograph in the STAR file", "", "FoilHole_0042", "_rigid.mrc"),
        ("exposure in CryoSPARC", "0123456789_", "FoilHole_0042", "_patch.mrc"),
    )
    for y, (title, head, kept, tail) in zip((30, 80), lines):
        painter.setPen(_ink())
        painter.drawText(QPointF(10, y), title + ":")
        x = 300.0
        painter.setFont(struck)
        painter.drawText(QPointF(x - QFontMetricsF(struck).horizontalAdvance(head), y), head)
        painter.drawText(QPointF(x + QFontMetricsF(struck).horizontalAdvance(kept), y), tail)
        struck.setStrikeOut(False)
        painter.setFont(struck)
        painter.setPen(_accent())
        painter.drawText(QPointF(x, y), kept)
        struck.setStrikeOut(True)
    painter.setPen(_ink())
    _label(painter, 0, 110, _WIDTH, "what is cut is struck through; what is left must be equal")


DRAWINGS: dict[str, Callable[[QPainter], None]] = {
    "data-sign": _data_sign,
    "pose": _pose,
    "shift": _shift,
    "names": _names,
    "y": _y,
}
