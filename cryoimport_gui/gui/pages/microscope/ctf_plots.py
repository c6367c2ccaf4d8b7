"""Small plots of the CTF: how defocus is spread, and the effect of lost aberrations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtGui import QColor

from ....core.optics.aberrations import HARMFUL_RAD, Loss
from ....core.optics.ctf_summary import CtfSummary
from ...theme import quiet_colour, series_pen
from ...widgets.plot import Plot, ResolutionAxis

_MOST_DEGREES = 360.0
_ROOM_FOR_NAME = 0.08  # of the height, above the histograms, for each name in the legend


class DefocusPlot(Plot):
    """One histogram of the defocus for each optics group."""

    def __init__(self) -> None:
        self._summary: CtfSummary | None = None
        super().__init__("Histogram of the defocus by optics group")

    def show_summary(self, summary: CtfSummary | None) -> None:
        self._summary = summary
        self.draw()

    def draw(self) -> None:
        self.begin("Defocus (µm)", "Particles")
        if self._summary is None:
            return
        edges_um = self._summary.edges_A * 1e-4
        for number, (name, counts) in enumerate(self._summary.counts.items()):
            self.plot(edges_um, counts, stepMode="center", pen=series_pen(number), name=_plain(name))
        most = max(counts.max() for counts in self._summary.counts.values())
        self.setYRange(0, most * (1 + _ROOM_FOR_NAME * len(self._summary.counts)), padding=0.02)


class PhaseErrorPlot(Plot):
    """The largest phase error of each term over resolution, up to Nyquist, with the line at 45°."""

    LEGEND_AT = (4, 2)

    def __init__(self) -> None:
        self._losses: Sequence[Loss] = ()
        super().__init__(
            "Phase error from each term that is not imported, over resolution", bottom=ResolutionAxis("bottom")
        )

    def show_losses(self, losses: Sequence[Loss]) -> None:
        self._losses = losses
        self.draw()

    def draw(self) -> None:
        self.begin("Resolution (Å)", "Phase error (°)")
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
