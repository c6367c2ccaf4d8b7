"""Contrast: which values become black and white."""

from __future__ import annotations

from enum import Enum

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from ....core.looks.tiles import Tiles
from ...tips import explain


class Mode(Enum):
    """How the limits are found."""

    SHARED = "Automatic, for all"
    OWN = "Automatic, for each"
    BY_HAND = "By hand"


class ContrastBar(QWidget):
    """A histogram of the tiles' values with two limits that can be dragged or typed.

    Both are values of the display, stored value × data sign: the upper limit is white.

    Signals:
        limits_changed(): they have changed; see `limits`.
    """

    limits_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._tiles: Tiles | None = None
        self._sign = -1
        self.mode = QComboBox()
        for mode in Mode:
            self.mode.addItem(mode.value, mode)
        self.mode.setAccessibleName("Contrast")
        explain(
            self.mode,
            "Automatic limits leave out the darkest and the lightest 1% of the pixels: one contrast for all tiles,\n"
            "or for each tile its own. Default: automatic, for all.",
        )
        self.histogram = pg.PlotWidget(background=None, enableMenu=False)
        self.histogram.setFixedHeight(48)
        self.histogram.setAccessibleName("Histogram of the values shown")
        self.histogram.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the two fields below do the same by keyboard
        explain(self.histogram, "Drag the two lines to set the ends of the grey scale.")
        self.histogram.hideButtons()
        self.histogram.setMouseEnabled(False, False)
        for side in ("left", "bottom"):
            self.histogram.hideAxis(side)
        self._curve = self.histogram.plot(stepMode="center", fillLevel=0)
        self._region = pg.LinearRegionItem(swapMode="block")
        self.histogram.addItem(self._region)
        self.low, self.high = self._limit("Lower limit"), self._limit("Upper limit")
        label = QLabel("Cont&rast")
        label.setBuddy(self.mode)
        top = QHBoxLayout()
        top.addWidget(label)
        top.addWidget(self.mode, 1)
        row = QHBoxLayout()
        row.addWidget(self.low, 1)
        row.addWidget(QLabel("to"))
        row.addWidget(self.high, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addWidget(self.histogram)
        layout.addLayout(row)
        self.mode.currentIndexChanged.connect(self._on_mode)
        self._region.sigRegionChanged.connect(self._on_dragged)
        for spin in (self.low, self.high):
            spin.valueChanged.connect(self._on_typed)

    def set_tiles(self, tiles: Tiles) -> None:
        """Show their histogram; limits follow unless set by hand."""
        self._tiles = tiles
        self._draw(tiles)
        if self.mode.currentData() is Mode.BY_HAND:
            return
        low, high = (float(edge) for edge in tiles.histogram[1][[0, -1]])
        low, high = self._times_sign(low, high)
        span = high - low or 1.0
        for spin in (self.low, self.high):
            with QSignalBlocker(spin):  # a new range or rounding changes the value, without typing
                spin.setRange(low - 5 * span, high + 5 * span)
                spin.setSingleStep(span / 100)
                spin.setDecimals(int(np.clip(3 - np.floor(np.log10(span)), 0, 7)))
        self._show(*self._times_sign(*tiles.limits))

    def set_sign(self, sign: int) -> None:
        """The limits keep their stored values: the picture is inverted."""
        if sign == self._sign:
            return
        self._sign = sign
        low, high = -self.high.value(), -self.low.value()
        for spin in (self.low, self.high):
            with QSignalBlocker(spin):
                spin.setRange(-spin.maximum(), -spin.minimum())
        self._show(low, high)
        if self._tiles is not None:
            self._draw(self._tiles)

    def _times_sign(self, low: float, high: float) -> tuple[float, float]:
        """Limits of the display from stored limits, and back."""
        return (low, high) if self._sign > 0 else (-high, -low)

    def _draw(self, tiles: Tiles) -> None:
        counts, edges = tiles.histogram
        if self._sign < 0:
            counts, edges = counts[::-1], -edges[::-1]
        colour = self.palette().color(QPalette.ColorRole.WindowText)
        accent = self.palette().color(QPalette.ColorRole.Highlight)
        accent.setAlpha(70)
        self._region.setBrush(accent)
        self.histogram.resetCachedContent()  # the window's background
        self._curve.setData(edges, counts, pen=colour, brush=colour)
        self.histogram.setXRange(float(edges[0]), float(edges[-1]), padding=0.02)

    def limits(self) -> tuple[float, float] | NDArray[np.float32]:
        """Stored values for all tiles, or (n, 2), for each its own."""
        mode = self.mode.currentData()
        if self._tiles is None:
            return 0.0, 1.0
        if mode is Mode.OWN:
            return self._tiles.own_limits
        if mode is Mode.SHARED:
            return self._tiles.limits
        return self._times_sign(self.low.value(), self.high.value())

    def _limit(self, name: str) -> QDoubleSpinBox:
        spin = QDoubleSpinBox()
        spin.setKeyboardTracking(False)
        spin.setAccessibleName(f"{name} of the contrast")
        explain(spin, f"{name} of the grey scale, in stored value × data sign. Typing sets the contrast by hand.")
        return spin

    def _show(self, low: float, high: float) -> None:
        with QSignalBlocker(self.low), QSignalBlocker(self.high), QSignalBlocker(self._region):
            self.low.setValue(low)
            self.high.setValue(high)
            self._region.setRegion((low, high))

    def _set_by_hand(self, low: float, high: float) -> None:
        smallest = self.low.singleStep() / 10
        self._show(low, max(high, low + smallest))
        with QSignalBlocker(self.mode):
            self.mode.setCurrentIndex(self.mode.findData(Mode.BY_HAND))
        self.limits_changed.emit()

    @Slot()
    def _on_dragged(self, *_: object) -> None:
        self._set_by_hand(*self._region.getRegion())

    @Slot()
    def _on_typed(self, *_: object) -> None:
        self._set_by_hand(self.low.value(), self.high.value())

    @Slot()
    def _on_mode(self, *_: object) -> None:
        if self._tiles is not None and self.mode.currentData() is not Mode.BY_HAND:
            self._show(*self._times_sign(*self._tiles.limits))
        self.limits_changed.emit()
