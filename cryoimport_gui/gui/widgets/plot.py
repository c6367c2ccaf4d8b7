"""A small plot in the colours of the window."""

from __future__ import annotations

from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt

from ..theme import quiet_colour


class Plot(pg.PlotWidget):
    """A plot that cannot be zoomed or moved; drawn again when the palette changes.

    Subclasses draw everything in `draw`, which starts with `begin`.
    """

    LEGEND_AT = (-4, 2)
    _legend: pg.LegendItem | None = None

    def __init__(self, name: str, **axes: pg.AxisItem) -> None:
        super().__init__(background=None, axisItems=axes, enableMenu=False)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMinimumSize(240, 130)
        self.setMouseEnabled(x=False, y=False)
        self.hideButtons()
        self._legend = self.addLegend(offset=self.LEGEND_AT, labelTextSize="8pt", verSpacing=-4)

    def draw(self) -> None:
        """Draw everything."""

    def begin(self, x: str, y: str) -> None:
        """Clear the plot, and name its axes."""
        text = self.palette().windowText().color()
        self.clear()
        if self._legend:
            self._legend.setLabelTextColor(text)
        for side, title in (("bottom", x), ("left", y)):
            axis = self.getAxis(side)
            axis.enableAutoSIPrefix(False)
            axis.setPen(quiet_colour())
            axis.setTextPen(text)
            axis.setLabel(title, color=text.name())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._legend:
            self.draw()


class ResolutionAxis(pg.AxisItem):
    """Spatial frequencies, written as resolutions."""

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        return [f"{1 / value:.1f}" if value > 1e-9 else "∞" for value in values]
