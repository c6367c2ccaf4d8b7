"""Small plots of the CTF: how defocus is spread, and the effect of lost aberrations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor

from ....core.optics.aberrations import HARMFUL_RAD, Loss
from ....core.optics.ctf_summary import CtfSummary
from ...theme import quiet_colour, series_pen

_MOST_DEGREES = 360.0
_ROOM_FOR_NAME = 0.08  # of the height, above the histograms, for each name in the legend


class _Plot(pg.PlotWidget):
    """A plot that cannot be zoomed or moved; drawn again when the palette changes."""

    _LEGEND_AT = (-4, 2)
    _legend: pg.LegendItem | None = None

    def __init__(self, name: str, **axes: pg.AxisItem) -> None:
        super().__init__(background=None, axisItems=axes)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMinimumSize(240, 130)
        self.setMouseEnabled(x=False, y=False)
        self.setMenuEnabled(False)
        self.hideButtons()
        self._legend = self.addLegend(offset=self._LEGEND_AT, labelTextSize="8pt", verSpacing=-4)

    def _draw(self) -> None:
        """Draw everything."""

    def _begin(self, x: str, y: str) -> None:
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
            self._draw()


class DefocusPlot(_Plot):
    """One histogram of the defocus for each optics group."""

    def __init__(self) -> None:
        self._summary: CtfSummary | None = None
        super().__init__("Histogram of the defocus by optics group")

    def show_summary(self, summary: CtfSummary | None) -> None:
        self._summary = summary
        self._draw()

    def _draw(self) -> None:
        self._begin("Defocus (µm)", "Particles")
        if self._summary is None:
            return
        edges_um = self._summary.edges_A * 1e-4
        for number, (name, counts) in enumerate(self._summary.counts.items()):
            self.plot(edges_um, counts, stepMode="center", pen=series_pen(number), name=_plain(name))
        most = max(counts.max() for counts in self._summary.counts.values())
        self.setYRange(0, most * (1 + _ROOM_FOR_NAME * len(self._summary.counts)), padding=0.02)


class _ResolutionAxis(pg.AxisItem):
    """Spatial frequencies, written as resolutions."""

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        return [f"{1 / value:.1f}" if value > 1e-9 else "∞" for value in values]


class PhaseErrorPlot(_Plot):
    """The largest phase error of each term over resolution, up to Nyquist, with the line at 45°."""

    _LEGEND_AT = (4, 2)

    def __init__(self) -> None:
        self._losses: Sequence[Loss] = ()
        super().__init__("Phase error by the loss of each term, over resolution", bottom=_ResolutionAxis("bottom"))

    def show_losses(self, losses: Sequence[Loss]) -> None:
        self._losses = losses
        self._draw()

    def _draw(self) -> None:
        self._begin("Resolution (Å)", "Phase error (°)")
        limit = float(np.degrees(HARMFUL_RAD))
        most = 2 * limit
        for number, loss in enumerate(self._losses):
            degrees = np.degrees(loss.error_rad)
            most = max(most, float(degrees.max()))
            self.plot(loss.frequency_per_A, degrees, pen=series_pen(number), name=loss.term)
        line = pg.InfiniteLine(limit, angle=0, pen=pg.mkPen(QColor(quiet_colour()), width=1))
        pg.InfLineLabel(
            line, f"{limit:.0f}°: harmful above", position=0.02, anchors=[(0, 1), (0, 1)], color=quiet_colour()
        )
        self.addItem(line)
        self.setYRange(0, min(most, _MOST_DEGREES), padding=0.02)


def _plain(name: str) -> str:
    """A name from a file, short and without markup: legends take rich text."""
    short = name if len(name) <= 24 else f"{name[:23]}…"
    return short.replace("&", "&amp;").replace("<", "&lt;")
