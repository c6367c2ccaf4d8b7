"""Readings of the poses side by side: how well each fits, on an axis that is always 0 to 1."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from ....core.looks.poses import Bar, PosesLook
from ...theme import good_colour, quiet_colour, series_pen
from ...tips import plain_tip

_BETTER = "◀ better"
_ALPHA, _PADDING_PX, _TICK_PX, _ROOM_PX = 90, 4, 3, 40
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


class BarsView(QWidget):
    """One line for each reading, its words upon its bar; the first is as imported, a better one is marked."""

    def __init__(self) -> None:
        super().__init__()
        self.bars: tuple[Bar, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_look(self, look: PosesLook | None) -> None:
        self.bars = look.bars if look else ()
        self.setAccessibleName(f"Other readings of the poses, by {look.bars_are}" if look else "Readings of the poses")
        self.setAccessibleDescription("; ".join(self.words(bar) for bar in self.bars))
        self.updateGeometry()
        self.update()

    @staticmethod
    def words(bar: Bar) -> str:
        """`shifts of the opposite sign 0.61 ◀ better`."""
        return f"{bar.words} {bar.value:.2f}" + (f" {_BETTER}" if bar.is_better else "")

    def minimumSizeHint(self) -> QSize:
        return QSize(160, len(self.bars) * (self.fontMetrics().height() + 1) + self._axis())

    def sizeHint(self) -> QSize:
        return self.minimumSizeHint()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip and self.bars:
            number = int(event.pos().y() / self._line())
            QToolTip.showText(
                event.globalPos(), plain_tip(self.words(self.bars[number])) if number < len(self.bars) else "", self
            )
            return True
        return super().event(event)

    def _axis(self) -> int:
        """The height of the axis below the bars."""
        return self.fontMetrics().height() + 2 * _TICK_PX

    def _line(self) -> float:
        return (self.height() - self._axis()) / max(1, len(self.bars))

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.bars:
            return
        painter, line = QPainter(self), self._line()
        bottom, width = len(self.bars) * line, self.width() - 1
        painter.fillRect(QRectF(0, 0, self.width(), bottom), self.palette().color(QPalette.ColorRole.Base))
        for number, bar in enumerate(self.bars):
            self._paint_bar(painter, bar, number, QRectF(0, number * line, width, line))
        painter.setPen(QColor(quiet_colour()))
        painter.setFont(self.font())
        for tick in _TICKS:
            x = tick * width
            painter.drawLine(int(x), int(bottom), int(x), int(bottom) + _TICK_PX)
            left = min(max(x - _ROOM_PX / 2, 0.0), width - _ROOM_PX)
            side = {0.0: Qt.AlignmentFlag.AlignLeft, 1.0: Qt.AlignmentFlag.AlignRight}
            aligned = side.get(tick, Qt.AlignmentFlag.AlignHCenter) | Qt.AlignmentFlag.AlignBottom
            painter.drawText(QRectF(left, bottom, _ROOM_PX, self._axis()), aligned, f"{tick:g}")

    def _paint_bar(self, painter: QPainter, bar: Bar, number: int, where: QRectF) -> None:
        colour = QColor(good_colour()) if bar.is_better else series_pen(0 if number == 0 else 7).color()
        colour.setAlpha(_ALPHA)
        filled = where.adjusted(0, 1, 0, -1)
        filled.setWidth(bar.value * where.width())
        painter.fillRect(filled, colour)
        font = self.font()
        font.setBold(bar.is_better or number == 0)
        painter.setFont(font)
        painter.setPen(self.palette().color(QPalette.ColorRole.Text))
        inside = where.adjusted(_PADDING_PX, 0, -_PADDING_PX, 0)
        metrics, ends = painter.fontMetrics(), [self.words(bar)[len(bar.words) + 1 :]]
        ends.append(ends[0].replace(_BETTER, _BETTER[0]))  # the sign alone, if the words need the room
        rooms = [int(inside.width()) - metrics.horizontalAdvance(end) - 2 * _PADDING_PX for end in ends]
        end, room = (ends[0], rooms[0]) if metrics.horizontalAdvance(bar.words) <= rooms[0] else (ends[1], rooms[1])
        whole = bar.words if metrics.horizontalAdvance(bar.words) <= room else bar.words.partition(" (")[0]
        words = metrics.elidedText(whole, Qt.TextElideMode.ElideRight, room)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(inside, middle | Qt.AlignmentFlag.AlignLeft, words)
        painter.drawText(inside, middle | Qt.AlignmentFlag.AlignRight, end)
