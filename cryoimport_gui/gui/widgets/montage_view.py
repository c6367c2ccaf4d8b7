"""The montage on the screen: one grey picture, laid out again when the view changes its shape."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtGui import QResizeEvent

from ...core.montage import auto_limits, columns_for, compose


class MontageView(pg.GraphicsView):
    """Shows tiles × data sign; a change of the sign lays the same tiles out again."""

    def __init__(self) -> None:
        super().__init__(background=None)
        self.setAccessibleName("Montage of particles")
        self._tiles: NDArray[np.float32] = np.empty((0, 1, 1), np.float32)
        self._limits = (0.0, 1.0)
        self._sign = -1
        self._image = pg.ImageItem(axisOrder="row-major", levels=(0, 255))
        self._box = pg.ViewBox(lockAspect=True, invertY=True, enableMenu=False)
        self._box.addItem(self._image)
        self.setCentralItem(self._box)

    def set_tiles(self, tiles: NDArray[np.float32]) -> None:
        self._tiles = tiles
        self._limits = auto_limits(tiles)
        self._draw()
        self._box.autoRange(padding=0.01)

    def set_sign(self, sign: int) -> None:
        if sign != self._sign:
            self._sign = sign
            self._draw()

    def clear(self) -> None:
        self._tiles = self._tiles[:0]
        self._image.clear()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if hasattr(self, "_box"):
            self._draw()
            self._box.autoRange(padding=0.01)

    def _draw(self) -> None:
        if len(self._tiles):
            columns = columns_for(len(self._tiles), self.width() / max(1, self.height()))
            self._image.setImage(compose(self._tiles, columns, self._sign, self._limits), autoLevels=False)
