"""The map from the sampled particles in slices and projections; for 2D poses, class averages."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ....core.looks.poses import PosesLook
from ....core.pictures.montage import compose
from ...theme import emphasize
from ...tips import explain
from ...widgets.one_line import OneLine
from ...widgets.picture_view import PictureView, ScaleBar

_MAP = "Map: slices, projections"
_AVERAGES = "Class averages: as imported, shuffled"
_WHAT = (
    "A map from all sampled particles: slices through its middle across z, y and x, and below them projections along "
    "the same axes. For 2D poses: averages of the largest classes, and below them the same with angles shuffled.\n"
    "Protein is light. Wheel or + and - zoom, dragging moves, 0 fits."
)


class MapsView(QWidget):
    """Two rows of pictures with a scale bar; protein is light."""

    def __init__(self) -> None:
        super().__init__()
        self._look: PosesLook | None = None
        self.title, self.picture = OneLine("What the pictures are"), PictureView("Map")
        emphasize(self.title)
        explain(self.picture, _WHAT)
        self.bar = ScaleBar(self.picture)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(self.bar)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.title)
        layout.addWidget(self.picture, 1)
        layout.addLayout(foot)

    def show_look(self, look: PosesLook | None) -> None:
        self._look = look
        if look is None:
            self.title.show_text("")
            self.picture.clear()
            self.bar.set_pixel_size(0, "Å")
            return
        is_3d = look.averages is None
        self.title.show_text(_MAP if is_3d else _AVERAGES)
        self.picture.setAccessibleName("Map" if is_3d else "Class averages")
        self._draw(look)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._look:
            self._draw(self._look)

    def _draw(self, look: PosesLook) -> None:
        above, below = (
            (look.slices, look.projections) if look.averages is None else (look.averages, look.dealt_averages)
        )
        assert above is not None and below is not None
        ground = self.palette().color(QPalette.ColorRole.Window).lightness()
        pictures = np.concatenate([above, below]).astype(np.float32)
        self.picture.show_picture(compose(pictures, len(above), 1, (0.0, 255.0), gap_grey=ground))
        self.bar.set_pixel_size(look.pixel_size_A, "Å")
