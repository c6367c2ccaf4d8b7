"""A particle beside the two patches of its micrograph that it may come from."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QWidget

from ....core.looks.exposure import ParticleOnExposure
from ....core.pictures.montage import auto_limits
from ...widgets.problem_list import plain_label

_SIDE_PX = 112


class PairView(QWidget):
    """Three pictures side by side, each below its caption."""

    def __init__(self) -> None:
        super().__init__()
        self.reason = plain_label()
        self._captions = [QLabel(textFormat=Qt.TextFormat.PlainText, wordWrap=True) for _ in range(3)]
        self._pictures = [_Picture() for _ in range(3)]
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setVerticalSpacing(2)
        for column, (caption, picture) in enumerate(zip(self._captions, self._pictures)):
            caption.setAlignment(Qt.AlignmentFlag.AlignBottom)
            layout.addWidget(caption, 0, column)
            layout.addWidget(picture, 1, column)
            layout.setColumnStretch(column, 1)
        layout.addWidget(self.reason, 2, 0, 1, 3)
        self.clear()

    @property
    def captions(self) -> list[str]:
        return [caption.text() for caption in self._captions]

    def clear(self, reason: str = "") -> None:
        self._say(reason)
        for caption, picture in zip(self._captions, self._pictures):
            caption.setText("")
            picture.show_values(None)

    def show_view(self, view: ParticleOnExposure, name: str, flip_is_written: bool) -> None:
        """Show a particle with this name and its patches, and mark the patch whose place is written."""
        written = [" (written)" if flip else "" for flip in (not flip_is_written, flip_is_written)]
        captions = [
            name,
            f"y kept{written[0]}: {_correlation(view.keep_correlation)}",
            f"y flipped{written[1]}: {_correlation(view.flip_correlation)}",
        ]
        values = [view.particle, view.keep, view.flip]
        self._say(view.reason)
        for caption, picture, text, value in zip(self._captions, self._pictures, captions, values):
            caption.setText(text)
            picture.setAccessibleName(text)
            picture.show_values(value)

    def _say(self, reason: str) -> None:
        """Say why there are no pictures; nothing: show the pictures."""
        self.reason.setText(reason)
        self.reason.setVisible(bool(reason))
        for widget in (*self._captions, *self._pictures):
            widget.setVisible(not reason)


def _correlation(value: float) -> str:
    return "outside" if math.isnan(value) else f"{value:.2f}"


class _Picture(QLabel):
    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(_SIDE_PX, _SIDE_PX)
        self.setScaledContents(True)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)

    def show_values(self, values: NDArray[np.float32] | None) -> None:
        if values is None:
            self.clear()
            return
        low, high = auto_limits(values)
        grey = np.clip((values - low) * (255 / (high - low)), 0, 255).astype(np.uint8)
        size = len(grey)
        self.setPixmap(QPixmap.fromImage(QImage(grey.tobytes(), size, size, size, QImage.Format.Format_Grayscale8)))
