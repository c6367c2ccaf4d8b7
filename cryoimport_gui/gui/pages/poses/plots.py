"""The figures: how well images agree with their re-projections, and the correlation of the half maps."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtGui import QColor

from ....core.looks.poses import PosesLook
from ...theme import series_pen
from ...widgets.plot import Plot, ResolutionAxis

_FILL_ALPHA = 70
_ROOM_FOR_LEGEND = 1.4


class CorrelationPlot(Plot):
    """How many images correlate how well with their re-projection, with their own pose and with shuffled ones."""

    LEGEND_AT = (4, 2)

    def __init__(self) -> None:
        self._look: PosesLook | None = None
        super().__init__("Histogram of the correlation of images with their re-projections")
        assert self._legend is not None
        self._legend.setColumnCount(2)
        self._legend.layout.setHorizontalSpacing(6)
        self.setMinimumSize(160, 120)
        self.setToolTip(
            "How well each image agrees with its re-projection: with its own pose, and with the poses of others.\n"
            "Where poses fit, the two lie apart."
        )

    def show_look(self, look: PosesLook | None) -> None:
        self._look = look
        self.draw()

    def draw(self) -> None:
        self.begin("Correlation", "Particles")
        look = self._look
        if look is None:
            return
        for number, (counts, name) in enumerate(((look.own, "own"), (look.dealt, "shuffled"))):
            pen = series_pen(number)
            fill = QColor(pen.color())
            fill.setAlpha(_FILL_ALPHA)
            self.plot(look.edges, counts, stepMode="center", pen=pen, fillLevel=0, brush=pg.mkBrush(fill), name=name)
        self.setYRange(0, _ROOM_FOR_LEGEND * max(look.own.max(), look.dealt.max()), padding=0)


class ShellPlot(Plot):
    """Fourier shell correlation of the half maps (rings in 2D)."""

    def __init__(self) -> None:
        self._look: PosesLook | None = None
        super().__init__("Correlation of the half maps, over resolution", bottom=ResolutionAxis("bottom"))
        self.setMinimumSize(160, 100)
        self.setToolTip("FSC of the half maps. Wrong poses reach high values too: it decides nothing here.")

    def show_look(self, look: PosesLook | None) -> None:
        self._look = look
        self.draw()

    def draw(self) -> None:
        self.begin("Resolution (Å)", "FSC" if self._look is None or self._look.averages is None else "FRC")
        look = self._look
        if look is None:
            return
        values = np.clip(look.shell_correlation, 0, 1)
        self.plot(look.frequency_per_A, values, pen=series_pen(0))
        self.setYRange(0, 1, padding=0.05)
        self.getAxis("left").setTicks([[(0, "0"), (0.5, "0.5"), (1, "1")]])
