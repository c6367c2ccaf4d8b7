"""Particles beside their re-projections; a click opens the particle."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QFocusEvent, QFontInfo, QKeyEvent, QPainter, QPalette, QResizeEvent

from ....core.looks.poses import PosesLook
from ....core.pictures.montage import GAP_PX
from ...tips import explain
from ...widgets.picture_view import PictureMarks, PictureView

_WHAT = (
    "Left a particle: low-passed, centred by its shift, with the data sign. Right what a map from the other half of "
    "the particles looks like from its pose. Where poses fit, the two look alike. The number is their correlation."
)
_KEYS = "Click a pair, or choose it with the arrow keys and press Enter, to open its particle."


class PairsView(PictureView):
    """The pairs of a look, from the worst to the best, in as many columns as fill the view best.

    Signals:
        particle_wanted(row): of `ImportPlan.all_particles`; a pair was clicked, or chosen by Enter.
    """

    particle_wanted = Signal(int)

    def __init__(self) -> None:
        super().__init__("Particles beside their re-projections")
        self.setObjectName("pose_pairs")
        explain(self, f"{_WHAT}\n{_KEYS}")
        self.setAccessibleDescription(_KEYS)
        self.look: PosesLook | None = None
        self.current = -1
        self._columns = 1
        self._marks = _Marks(self)
        self.box.addItem(self._marks, ignoreBounds=True)

    def show_look(self, look: PosesLook | None) -> None:
        self.look = look
        self.current = min(self.current, self._count() - 1)
        if look is None:
            self.clear()
            self._marks.refresh()
        else:
            self._draw(look)

    def _count(self) -> int:
        return len(self.look.pair_rows) if self.look else 0

    def pair_rect(self, number: int) -> QRectF:
        """Where a pair is in the picture, without its number."""
        row, column = divmod(number, self._columns)
        width, height, side = self._cell()
        return QRectF(column * width, row * height, 2 * side + GAP_PX, side)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -self._columns,
            Qt.Key.Key_Down: self._columns,
        }
        key, count = Qt.Key(event.key()), self._count()
        if key in steps and count:
            wanted = self.current + steps[key] if self.current >= 0 else 0
            self._select(wanted if 0 <= wanted < count else self.current)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.current >= 0:
            self._open()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        by_key = event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        if self.current < 0 and by_key and self.look:
            self._select(0)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        if event is not None and self.look and self._best_columns() != self._columns:
            self._draw(self.look)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        look = getattr(self, "look", None)  # the base class sets a palette
        if event.type() == QEvent.Type.PaletteChange and look is not None:
            self._draw(look)

    def _cell(self) -> tuple[int, int, int]:
        """Width and height of a pair with its number and the space around it, and the side of one picture."""
        assert self.look is not None
        side = self.look.particles.shape[1]
        return 2 * side + GAP_PX + side // 6, side + side // 5, side

    def _best_columns(self) -> int:
        assert self.look is not None
        width, height, _ = self._cell()
        count = len(self.look.pair_rows)

        def scale(columns: int) -> float:
            return min(self.width() / (columns * width), self.height() / (-(-count // columns) * height))

        return max(range(1, count + 1), key=scale)

    def _draw(self, look: PosesLook) -> None:
        self._columns = self._best_columns()
        width, height, side = self._cell()
        rows = -(-len(look.pair_rows) // self._columns)
        ground = self.palette().color(QPalette.ColorRole.Window).lightness()
        picture = np.full((rows * height, self._columns * width), ground, np.uint8)
        for number, (particle, projected) in enumerate(zip(look.particles, look.projected)):
            where = self.pair_rect(number)
            x, y = int(where.x()), int(where.y())
            picture[y : y + side, x : x + side] = particle
            picture[y : y + side, x + side + GAP_PX : x + 2 * side + GAP_PX] = projected
        self.show_picture(picture)
        self._marks.refresh()

    def _select(self, number: int) -> None:
        self.current = number
        self._marks.update()

    def _open(self) -> None:
        if self.look:
            self.particle_wanted.emit(int(self.look.pair_rows[self.current]))

    @Slot(object)
    def _on_clicked(self, event: object) -> None:
        super()._on_clicked(event)
        if self.look is None or event.button() != Qt.MouseButton.LeftButton or event.double():  # type: ignore[attr-defined]
            return
        point = self.box.mapSceneToView(event.scenePos())  # type: ignore[attr-defined]
        for number in range(self._count()):
            if self.pair_rect(number).contains(point):
                self._select(number)
                self._open()


class _Marks(PictureMarks):
    """The correlation below each pair, and the frame of the chosen one."""

    _view: PairsView

    def paint(self, painter: QPainter, *_: object) -> None:
        view = self._view
        if view.look is None:
            return
        font = painter.font()
        size = QFontInfo(view.font()).pixelSize() / view.screen_pixels  # as large as other text, where there is room
        font.setPixelSize(max(1, min(round(size), view.look.particles.shape[1] // 6)))
        painter.setFont(font)
        painter.setPen(view.palette().color(QPalette.ColorRole.WindowText))
        for number, correlation in enumerate(view.look.pair_correlation):
            pair = view.pair_rect(number)
            below = QRectF(pair.left(), pair.bottom(), pair.width(), pair.height() / 5)
            centred = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
            painter.drawText(below, centred, f"{correlation:.2f}".replace("-", "−"))
        if view.current >= 0:
            self.draw_frame(painter, view.pair_rect(view.current))
