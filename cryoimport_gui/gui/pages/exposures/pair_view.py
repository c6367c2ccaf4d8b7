"""A particle and both patches of its micrograph that it may come from; a click on one chooses its reading of y."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QIcon, QPainter, QPaintEvent, QPalette, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from ....core.looks.exposure import ParticleOnExposure
from ....core.pictures.montage import auto_limits
from ...tips import explain
from ...widgets.grey import grey_image
from ...widgets.labels import plain_label

_SMALLEST_PX, _MARGIN_PX, _GAP_PX = 56, 8, 6
_LINES, _FRAME_PX = 3, 3  # lines of text
_WIDEST = "correlation 0.00"
_WAYS = {False: "kept", True: "flipped"}


class PairView(QWidget):
    """The particle, if it has an image, and below it a button for each reading.

    Signals:
        chosen(flip): the reading of y that is to be written for all particles.
    """

    chosen = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.reason = plain_label()
        self.particle = _Picture()
        self.particle.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.particle.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.particle.setAutoRaise(True)
        self.readings = {flip: _Picture() for flip in _WAYS}
        self._correlations: dict[bool, str] = {}
        group = QButtonGroup(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for picture in (self.particle, *self.readings.values()):
            layout.addWidget(picture, 1)
        for flip, reading in self.readings.items():
            reading.setCheckable(True)
            group.addButton(reading)
            explain(
                reading,
                f"What the exposure shows at this place with y {_WAYS[flip]}.\n"
                f"Click to write all positions with y {_WAYS[flip]}; “Automatic” takes that back.",
            )
        group.buttonClicked.connect(lambda button: self.chosen.emit(button is self.readings[True]))
        layout.addWidget(self.reason)
        self.clear()

    @property
    def captions(self) -> list[str]:
        return [picture.text() for picture in (self.particle, *self.readings.values())]

    def clear(self, reason: str = "") -> None:
        self._say(reason)
        self._correlations = {}
        for picture in (self.particle, *self.readings.values()):
            picture.setText("")
            picture.show_values(None)

    def show_view(self, view: ParticleOnExposure, name: str) -> None:
        """Show a particle or a pick with this name, and what lies at its places."""
        self._say(view.reason)
        is_image = view.particle is not None
        self.particle.setVisible(is_image and not view.reason)
        self.particle.setText(name)
        self.particle.show_values(view.particle)
        for flip, value, correlation in (
            (False, view.keep, view.keep_correlation),
            (True, view.flip, view.flip_correlation),
        ):
            self.readings[flip].show_values(value)
            self._correlations[flip] = _in_words(correlation, is_image, value is None, name)

    def show_choice(self, in_use: bool | None, chosen: bool | None) -> None:
        """Mark the reading that is written for this exposure, and whether the user has chosen it."""
        for flip, reading in self.readings.items():
            is_used = flip == (in_use if chosen is None else chosen)
            mark = "" if not is_used else "in use" if chosen is None else "your choice"
            said = self._correlations.get(flip, "")
            reading.setChecked(is_used)
            lines = [f"y {_WAYS[flip]}", mark, said]
            reading.setText("\n".join(filter(None, lines)))
            reading.setAccessibleName(", ".join(filter(None, lines)))
            font = reading.font()
            font.setBold(is_used)
            reading.setFont(font)

    def _say(self, reason: str) -> None:
        """Say why there are no pictures; nothing: show the pictures."""
        self.reason.setText(reason)
        self.reason.setVisible(bool(reason))
        for widget in (self.particle, *self.readings.values()):
            widget.setVisible(not reason)


def _in_words(correlation: float, is_image: bool, is_outside: bool, name: str) -> str:
    if is_outside or (is_image and math.isnan(correlation)):
        return "outside"
    return f"correlation {correlation:.2f}" if is_image else name


class _Picture(QToolButton):
    """A square picture with its text, as large as there is room."""

    def __init__(self) -> None:
        super().__init__()
        self._pixmap = QPixmap()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        font = self.font()
        font.setBold(True)
        self._text_px = QFontMetrics(font).horizontalAdvance(_WIDEST) + _MARGIN_PX + _GAP_PX
        self.setMinimumSize(self.minimumSizeHint())

    def minimumSizeHint(self) -> QSize:
        return QSize(_SMALLEST_PX + self._text_px, _SMALLEST_PX + _MARGIN_PX)

    def sizeHint(self) -> QSize:
        return QSize(2 * _SMALLEST_PX + self._text_px, 2 * _SMALLEST_PX)

    def show_values(self, values: NDArray[np.float32] | None) -> None:
        self._pixmap = QPixmap()
        if values is not None:
            low, high = auto_limits(values)
            grey = np.clip((values - low) * (255 / (high - low)), 0, 255).astype(np.uint8)
            self._pixmap = QPixmap.fromImage(grey_image(grey))
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """What is chosen has a frame."""
        super().paintEvent(event)
        if self.isChecked():
            painter = QPainter(self)
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), 2 * _FRAME_PX))
            painter.drawRect(self.rect())

    def _fit(self) -> None:
        """Put the text beside the picture or below it, whichever leaves more room."""
        below_px = _LINES * self.fontMetrics().lineSpacing() + _MARGIN_PX
        beside = min(self.width() - self._text_px, self.height() - _MARGIN_PX)
        above = min(self.width() - _MARGIN_PX, self.height() - below_px)
        styles = Qt.ToolButtonStyle
        self.setToolButtonStyle(styles.ToolButtonTextBesideIcon if beside >= above else styles.ToolButtonTextUnderIcon)
        side = max(_SMALLEST_PX // 2, beside, above)
        ratio = self.devicePixelRatioF()
        place = QSize(side + (_GAP_PX if beside >= above else 0), side)
        shown = QPixmap(place * ratio)
        shown.setDevicePixelRatio(ratio)
        shown.fill(Qt.GlobalColor.transparent)  # where there is no picture, the text stays in its place
        if not self._pixmap.isNull():
            painter = QPainter(shown)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawPixmap(QRect(0, 0, side, side), self._pixmap)
            painter.end()
        icon = QIcon()
        for mode in QIcon.Mode:  # a picture is data: not greyed, not tinted
            icon.addPixmap(shown, mode)
        self.setIconSize(place)
        self.setIcon(icon)
