"""Small drawings of what a file holds: particles, their directions, and how many each micrograph has."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen, QPolygonF, QResizeEvent, QTransform
from PySide6.QtWidgets import QSizePolicy, QWidget

from ....core.looks.holdings import STRIP_TILES, Histogram
from ....core.looks.views import Views
from ....core.problems import count_of
from ...theme import quiet_colour, series_pen
from ...tips import explain
from ...widgets.grey import grey_image
from ...widgets.plot import Plot

_GAP_PX, _HIGHEST_STRIP_PX = 4, 96
_DOT_PX, _DOT_ALPHA = 3.0, 130
_CAPTION = "Views: middle tilt 0°, rim 90°"
_FILL_ALPHA = 70


class ParticleStrip(QWidget):
    """A dozen particles side by side; as high as the width allows."""

    def __init__(self) -> None:
        super().__init__()
        self._images: list[QImage] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        explain(self, "Some particles, as they will look in CryoSPARC, low-passed to 20 Å. The page Preview has more.")
        self.show_tiles(None)

    def show_tiles(self, tiles: NDArray[np.uint8] | None) -> None:
        """(n, t, t) grey; none hides the strip."""
        self._images = [] if tiles is None else [grey_image(tile) for tile in tiles]
        self.setAccessibleName(f"Pictures of {count_of(len(self._images), 'particle')}")
        self.setVisible(bool(self._images))
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.setFixedHeight(min(_HIGHEST_STRIP_PX, self._side()))

    def _side(self) -> int:
        return max(1, (self.width() + _GAP_PX) // STRIP_TILES - _GAP_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        side = min(self.height(), self._side())
        step = (self.width() + _GAP_PX) / STRIP_TILES
        for number, image in enumerate(self._images):
            painter.drawImage(QRect(round(number * step), 0, side, side), image)


class ViewsMap(QWidget):
    """The hemisphere of viewing directions, looked at along z, a dot for each particle."""

    def __init__(self) -> None:
        super().__init__()
        self._dots, self._are_preferred = QPolygonF(), False
        self.setMinimumSize(140, 140)
        explain(
            self,
            "Each dot is the direction from which a particle is seen (rot and tilt); equal areas are equal parts of "
            "the sphere.\nMiddle: along z. Rim: from the side. Opposite directions count as one.",
        )

    def show_views(self, views: Views | None) -> None:
        """None hides the map."""
        self._dots = QPolygonF([QPointF(x, -y) for x, y in views.dots.tolist()] if views else [])
        self._are_preferred = views is not None and views.is_preferred
        self.setAccessibleName(f"Viewing directions: {views.words}" if views else "Viewing directions")
        self.setVisible(views is not None)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        below = Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap
        line = self.fontMetrics().boundingRect(self.rect(), below, _CAPTION).height()
        side = min(self.width(), self.height() - line) - 4
        painter.setPen(self.palette().windowText().color())
        painter.drawText(self.rect(), below, _CAPTION)
        painter.translate(self.width() / 2, (self.height() - line) / 2)
        painter.setPen(QPen(QColor(quiet_colour()), 1))
        for tilt_deg in (30, 60, 90):  # at the distance sqrt(1 - cos tilt)
            radius = side / 2 * (1 - np.cos(np.radians(tilt_deg))) ** 0.5
            painter.drawEllipse(QPointF(0, 0), radius, radius)
        colour = series_pen(1 if self._are_preferred else 0).color()
        colour.setAlpha(_DOT_ALPHA)
        painter.setPen(QPen(colour, _DOT_PX, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawPoints(QTransform.fromScale(side / 2, side / 2).map(self._dots))


class PerMicrograph(Plot):
    """How many micrographs have how many particles."""

    def __init__(self) -> None:
        self._histogram: Histogram | None = None
        super().__init__("Histogram of the particles of a micrograph")
        self.setMinimumSize(160, 120)
        self.viewport().setAutoFillBackground(False)  # the box around it has its own shade
        self.setToolTip("How many micrographs have how many particles.")

    def show_histogram(self, histogram: Histogram | None) -> None:
        """None hides the plot."""
        self._histogram = histogram
        self.setVisible(histogram is not None)
        self.draw()

    def draw(self) -> None:
        self.begin("Particles per micrograph", "Micrographs")
        if self._histogram is None:
            return
        pen = series_pen(0)
        fill = QColor(pen.color())
        fill.setAlpha(_FILL_ALPHA)
        edges, counts = self._histogram.edges, self._histogram.counts
        self.plot(edges, counts, stepMode="center", pen=pen, fillLevel=0, brush=fill)
        self.setYRange(0, counts.max(), padding=0.05)
