"""The montage on the screen: one grey picture, with marks above it, and a tile that the keyboard moves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QColor, QFocusEvent, QHelpEvent, QKeyEvent, QPainter, QPalette, QResizeEvent
from PySide6.QtWidgets import QApplication, QFrame, QLabel, QToolTip, QVBoxLayout

from ....core.looks.tiles import Tiles
from ....core.pictures.montage import GAP_PX, columns_for, compose, tile_at, tile_origin
from ....core.problems import Severity
from ...theme import emphasize, screen_pen, severity_colour
from ...tips import plain_tip
from ...widgets.picture_view import PictureMarks, PictureView

_BANNER = "▲ View inverted — not what is imported"
_TILE_STEP_PX = 8
_LAST_TILE = 1 << 20

Limits = tuple[float, float] | NDArray[np.float32]


class MontageView(PictureView):
    """Shows tiles × data sign; a change of sign, contrast or inversion draws the tiles in memory again.

    Signals:
        selected(number): the tile with the frame; -1 is none.
        opened(number): a tile was clicked, or chosen by Enter.
        page_wanted(step): Page Down (+1) or Page Up (-1).
        resized(): the view has another size; sent once it is final.
    """

    selected = Signal(int)
    opened = Signal(int)
    page_wanted = Signal(int)
    resized = Signal()

    def __init__(self) -> None:
        super().__init__("Montage of particles")
        keys = "Arrow keys choose a particle, Enter opens it; Page Up and Page Down turn pages; + and - zoom, 0 fits."
        self.setAccessibleDescription(keys)
        self.setWhatsThis(f"Particles as CryoSPARC will see them: they must be dark on a light background. {keys}")
        self.tiles: Tiles | None = None
        self.sign = -1
        self.current = -1
        self.columns = 1
        self.limits: Limits = (0.0, 1.0)
        self.inverted = False
        self._names: list[str] = []
        self._marks = _Marks(self)
        self.box.addItem(self._marks, ignoreBounds=True)
        self.message = QLabel(self, alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.message.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        # A click waits for a second one, which fits the view instead.
        self._click = QTimer(self, singleShot=True, interval=QApplication.doubleClickInterval())
        self._click.timeout.connect(self._open)
        self._settled = QTimer(self, singleShot=True, interval=200)
        self._settled.timeout.connect(self.resized)

    def set_tiles(self, tiles: Tiles, names: list[str], limits: Limits) -> None:
        """Show a page; `names` say what each tile is, for tool tips; `limits` as in `set_limits`."""
        same_rows = self.tiles is not None and np.array_equal(self.tiles.rows, tiles.rows)
        self.tiles, self._names, self.limits = tiles, names, limits
        self.columns = self._best_columns(len(tiles))
        self._draw()
        if not same_rows:
            self.fit()
            self.select(0 if self.current >= 0 else -1)

    def set_sign(self, sign: int) -> None:
        if sign != self.sign:
            self.sign = sign
            self._draw()

    def set_limits(self, limits: Limits) -> None:
        """Contrast limits in stored values: for all tiles, or (n, 2), for each its own."""
        self.limits = limits
        self._draw()

    def set_inverted(self, on: bool) -> None:
        """Swap light and dark of the picture alone."""
        self.inverted = on
        self._draw()

    def set_message(self, text: str) -> None:
        """The text where there are no tiles."""
        self.message.setText(text)
        if text:
            self.tiles, self._names = None, []
            self.clear()
            self.select(-1)

    def wanted_tile_px(self, count: int) -> int:
        """The size of tiles with which `count` of them fill the view as they are, in pixels of the screen."""
        columns = self._best_columns(count)
        side = min(self.width() / columns, self.height() / -(-count // columns)) * self.devicePixelRatioF()
        return max(3 * _TILE_STEP_PX, int(side - GAP_PX) // _TILE_STEP_PX * _TILE_STEP_PX)

    def name(self, number: int) -> str:
        """What a tile is; nothing for -1."""
        return self._names[number] if number >= 0 else ""

    @Slot(int)
    def select(self, number: int) -> None:
        """Frame a tile, and bring it into view."""
        count = len(self.tiles) if self.tiles else 0
        self.current = min(number, count - 1)
        if self.current >= 0:
            visible, tile = self.box.viewRect(), self.tile_rect(self.current)
            dx = max(0.0, tile.right() - visible.right()) or min(0.0, tile.left() - visible.left())
            dy = max(0.0, tile.bottom() - visible.bottom()) or min(0.0, tile.top() - visible.top())
            if not self.is_fitted and (dx or dy):
                self.box.translateBy(x=dx, y=dy)
        self._marks.update()
        self.selected.emit(self.current)

    def tile_rect(self, number: int) -> QRectF:
        """Where a tile is in the picture."""
        assert self.tiles is not None
        size = self.tiles.values.shape[1]
        return QRectF(*tile_origin(number, size, self.columns), size, size)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        steps = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -self.columns,
            Qt.Key.Key_Down: self.columns,
            Qt.Key.Key_Home: -_LAST_TILE,
            Qt.Key.Key_End: _LAST_TILE,
        }
        count = len(self.tiles) if self.tiles else 0
        if key in (Qt.Key.Key_PageDown, Qt.Key.Key_PageUp):
            self.page_wanted.emit(1 if key == Qt.Key.Key_PageDown else -1)
        elif key in steps and count:
            wanted = self.current + steps[key] if self.current >= 0 or key == Qt.Key.Key_End else 0
            if 0 <= wanted < count or key not in (Qt.Key.Key_Up, Qt.Key.Key_Down):
                self.select(min(max(wanted, 0), count - 1))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.current >= 0:
            self._open()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if self.current < 0 and event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self.select(0)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        if event is None:
            return
        self.message.setGeometry(self.rect().adjusted(20, 0, -20, 0))
        self._settled.start()
        if self.tiles is not None and self._best_columns(len(self.tiles)) != self.columns:
            self.columns = self._best_columns(len(self.tiles))
            self._draw()

    def viewportEvent(self, event: QEvent) -> bool:
        if self.closed:  # the base class gives its viewport away
            return False
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            number = self._at(QPointF(self.mapToScene(event.pos())))
            QToolTip.showText(event.globalPos(), "" if number is None else plain_tip(self._names[number]), self)
            return True
        return bool(super().viewportEvent(event))

    def _best_columns(self, count: int) -> int:
        return columns_for(count, self.width() / max(1, self.height()))

    def _at(self, place: QPointF) -> int | None:
        """The tile at a place of the scene."""
        if self.tiles is None:
            return None
        point = self.box.mapSceneToView(place)
        return tile_at(point.x(), point.y(), self.tiles.values.shape[1], self.columns, len(self.tiles))

    def _draw(self) -> None:
        if self.tiles is None or not len(self.tiles):
            return
        window = self.palette().color(QPalette.ColorRole.Window).lightness()
        self.show_picture(
            compose(self.tiles.values, self.columns, self.sign, self.limits, self.inverted, window, self.tiles.errors)
        )
        self._marks.refresh()

    @Slot()
    def _open(self) -> None:
        if self.current >= 0:
            self.opened.emit(self.current)

    @Slot(object)
    def _on_clicked(self, event: object) -> None:
        self._click.stop()
        super()._on_clicked(event)
        number = self._at(event.scenePos())  # type: ignore[attr-defined]
        if number is not None and event.button() == Qt.MouseButton.LeftButton and not event.double():  # type: ignore[attr-defined]
            self.select(number)
            self._click.start()


class MontageFrame(QFrame):
    """The montage with a frame and a banner while the view is inverted."""

    _FRAME_PX = 3

    def __init__(self) -> None:
        super().__init__()
        self._is_inverted = False
        self.setFrameStyle(QFrame.Shape.NoFrame)
        self.view = MontageView()
        self.banner = QLabel(_BANNER, alignment=Qt.AlignmentFlag.AlignCenter)
        self.banner.setAutoFillBackground(True)
        self.banner.setMargin(3)
        self.banner.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.banner)
        layout.addWidget(self.view, 1)

    @Slot(bool)
    def set_inverted(self, on: bool) -> None:
        self._is_inverted = on
        self.setLineWidth(self._FRAME_PX)
        self.setFrameStyle(QFrame.Shape.Box | QFrame.Shadow.Plain if on else QFrame.Shape.NoFrame)
        self._colour()
        self.banner.setVisible(on)
        self.view.set_inverted(on)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.ApplicationPaletteChange:
            self._colour()

    def _colour(self) -> None:
        """The frame and the banner in the colour of a warning, in light and dark."""
        warning, palette = severity_colour(Severity.WARNING), QPalette()
        emphasize(self.banner, palette.color(QPalette.ColorRole.Base).name(), ground=warning)
        if self._is_inverted:
            palette.setColor(QPalette.ColorRole.WindowText, QColor(warning))
        self.setPalette(palette)


class _Marks(PictureMarks):
    """Above the picture: the frame of the chosen tile, and in tiles without an image the reason why."""

    _view: MontageView

    def paint(self, painter: QPainter, *_: object) -> None:
        view = self._view
        if view.tiles is None:
            return
        font = painter.font()
        font.setPixelSize(max(1, view.tiles.values.shape[1] // 8))
        painter.setFont(font)
        for number, reason in view.tiles.errors.items():
            colour = QColor(severity_colour(Severity.ERROR))
            painter.setPen(screen_pen(colour, 1))
            tile = view.tile_rect(number)
            painter.drawRect(tile)
            painter.drawText(tile.adjusted(2, 2, -2, -2), int(_CENTRED), f"✖ {reason}")
        if view.current >= 0:
            self.draw_frame(painter, view.tile_rect(view.current))


_CENTRED = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
