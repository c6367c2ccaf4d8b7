"""How large windows open."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QStyle, QWidget


def open_at(window: QWidget, width: int, height: int) -> None:
    """Resize a window, but not beyond the screen and below a title bar."""
    title_bar = window.style().pixelMetric(QStyle.PixelMetric.PM_TitleBarHeight)
    window.resize(QSize(width, height).boundedTo(window.screen().availableSize() - QSize(0, title_bar)))
