"""A grey picture that fills its view, can be zoomed and moved, and has a scale bar."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Slot
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ...core.pictures.scale_bar import round_length, scale_label
from ..theme import screen_pen


class PictureView(pg.GraphicsView):
    """One uint8 picture, row 0 on top, a pixel a unit; the wheel zooms, dragging moves, a double click or 0 fits it."""

    def __init__(self, name: str) -> None:
        super().__init__(background=None)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        self.setMinimumSize(120, 120)
        self.is_fitted = True
        self.image = pg.ImageItem(axisOrder="row-major", levels=(0, 255))
        self.box = pg.ViewBox(lockAspect=True, invertY=True, enableMenu=False)
        self.box.addItem(self.image)
        self.setCentralItem(self.box)
        self.box.sigRangeChangedManually.connect(self._on_moved)
        self.scene().sigMouseClicked.connect(self._on_clicked)

    def show_picture(self, picture: NDArray[np.uint8]) -> None:
        same_size = self.image.image is not None and self.image.image.shape == picture.shape
        self.image.setImage(picture, autoLevels=False)
        if not same_size:
            height, width = picture.shape
            self.box.setLimits(xMin=-width, xMax=2 * width, yMin=-height, yMax=2 * height, minXRange=8, minYRange=8)
            self.fit()

    def clear(self) -> None:
        self.image.clear()

    @Slot()
    def fit(self) -> None:
        self.is_fitted = True
        if self.image.image is not None:
            height, width = self.image.image.shape
            self.box.setRange(QRectF(0, 0, width, height), padding=0)

    @property
    def screen_pixels(self) -> float:
        """How many pixels of the screen a pixel of the picture takes."""
        width, _ = self.box.viewPixelSize()
        return 1 / width if width else 1.0

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        if event is not None and self.is_fitted:  # None: from the constructor of the base class
            self.fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.resetCachedContent()  # the window's background

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_0:
            self.fit()
        elif event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            self.is_fitted = False
            factor = 1.25 if event.key() == Qt.Key.Key_Minus else 0.8
            self.box.scaleBy((factor, factor))
        else:
            event.ignore()  # the base class would take keys of the window

    @Slot()
    def _on_moved(self, *_: object) -> None:
        self.is_fitted = False

    @Slot(object)
    def _on_clicked(self, event: object) -> None:
        if event.double():  # type: ignore[attr-defined]
            self.fit()


class PictureMarks(pg.GraphicsObject):
    """What is drawn above a picture, in its pixels; a subclass says what in `paint`."""

    def __init__(self, view: PictureView) -> None:
        super().__init__()
        self._view = view

    def refresh(self) -> None:
        """Draw again above another picture."""
        self.prepareGeometryChange()
        self.update()

    def boundingRect(self) -> QRectF:
        image = self._view.image.image
        return QRectF() if image is None else QRectF(0, 0, image.shape[1], image.shape[0])

    def draw_frame(self, painter: QPainter, rect: QRectF) -> None:
        """Around what is chosen; it is seen on dark and on light pictures."""
        accent = self._view.palette().color(QPalette.ColorRole.Highlight)
        for pen in (screen_pen("white", 6), screen_pen(accent, 3)):
            painter.setPen(pen)
            painter.drawRect(rect)


class ScaleBar(QWidget):
    """A bar of a round length at the scale of a view."""

    _MARGIN_PX, _BAR_PX, _ROOM_PX = 6, 4, 110

    def __init__(self, view: PictureView) -> None:
        super().__init__()
        self._view = view
        self._pixel_size, self._unit, self._varies = 0.0, "Å", False
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        view.box.sigTransformChanged.connect(self._refresh)

    def set_pixel_size(self, pixel_size: float, unit: str, varies: bool = False) -> None:
        """Of the picture; 0 hides the bar.  `varies`: not all parts of the picture have this one."""
        self._pixel_size, self._unit, self._varies = pixel_size, unit, varies
        note = " Optics groups differ in their pixel size; this is right for most tiles." if varies else ""
        self.setToolTip("Scale bar." + note)
        self._refresh()

    def length(self) -> float:
        """The length that the bar shows, in its unit."""
        return round_length(self._ROOM_PX * self._pixel_size / self._view.screen_pixels)

    def label(self) -> str:
        return scale_label(self.length(), self._unit, self._varies)

    def sizeHint(self) -> QSize:
        width = self._ROOM_PX + self.fontMetrics().horizontalAdvance("~0000 Å") + 3 * self._MARGIN_PX
        return QSize(width, self.fontMetrics().height() + 4)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._pixel_size:
            return
        painter = QPainter(self)
        colour = self.palette().color(QPalette.ColorRole.WindowText)
        width = self.length() / self._pixel_size * self._view.screen_pixels
        middle = self.height() / 2
        painter.fillRect(QRectF(self._MARGIN_PX, middle - self._BAR_PX / 2, width, self._BAR_PX), colour)
        painter.setPen(colour)
        left = int(2 * self._MARGIN_PX + width)
        where = self.rect().adjusted(left, 0, 0, 0)
        painter.drawText(where, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self.label())

    @Slot()
    def _refresh(self, *_: object) -> None:
        self.setAccessibleName(f"Scale bar: {self.label()}" if self._pixel_size else "Scale bar")
        self.update()
