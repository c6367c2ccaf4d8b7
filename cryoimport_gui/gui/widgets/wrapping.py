"""Parts of a page that stand side by side, in a narrow window one below the other."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QWidget


class Wrapping(QWidget):
    """What is put into `row` wraps as a whole as soon as it has no room side by side, or less than `wide_px`."""

    def __init__(self, wide_px: int = 0) -> None:
        super().__init__()
        self._wide_px = wide_px
        self.row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self.row.setContentsMargins(0, 0, 0, 0)

    def minimumSizeHint(self) -> QSize:
        """The width of the narrow arrangement, so that the page can get that narrow."""
        return QSize(max(self._widths(), default=0), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        widths = self._widths()
        needed = sum(widths) + self.row.spacing() * (len(widths) - 1)
        is_wide = event.size().width() >= max(needed, self._wide_px)
        ways = QBoxLayout.Direction
        self.row.setDirection(ways.LeftToRight if is_wide else ways.TopToBottom)

    def _widths(self) -> list[int]:
        return [self.row.itemAt(i).minimumSize().width() for i in range(self.row.count())]
