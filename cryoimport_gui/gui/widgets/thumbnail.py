"""The small pictures of a claim, side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from ...core.report.thumbnails import MOST
from .grey import grey_image

_SIDE_PX, _GAP_PX = 36, 2


class Thumbnail(QWidget):
    """As large as `MOST` square pictures, however many there are."""

    def __init__(self) -> None:
        super().__init__()
        self.images: list[QImage] = []
        self.setFixedSize(MOST * (_SIDE_PX + _GAP_PX) - _GAP_PX, _SIDE_PX)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def show_pictures(self, pictures: Sequence[NDArray[np.uint8]]) -> None:
        self.images = [grey_image(picture) for picture in pictures]
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        x = 0
        for image in self.images:
            width = self.width() if len(self.images) == 1 and image.width() > image.height() else _SIDE_PX
            painter.drawImage(QRect(x, 0, width, _SIDE_PX), image)
            x += width + _GAP_PX
