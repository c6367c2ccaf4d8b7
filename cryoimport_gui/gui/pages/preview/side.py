"""The column beside the montage: which particles, and how they are filtered and drawn.  It changes no import."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QPushButton, QScrollArea, QVBoxLayout, QWidget

from ...tips import explain
from .contrast_bar import ContrastBar
from .view_controls import ViewControls

_WIDTH_PX = 262


class Side(QScrollArea):
    """A column that scrolls where the window is too low for it."""

    def __init__(self) -> None:
        super().__init__()
        self.controls, self.contrast = ViewControls(), ContrastBar()
        self.invert = QPushButton("&Invert the view only")
        self.invert.setCheckable(True)
        explain(
            self.invert,
            "Swap light and dark on the screen, to see faint particles better. The data sign and the import stay\n"
            "as they are; a banner says so. Default: off.",
        )
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 4, 0)
        for widget in (self.controls, self.contrast, self.invert):
            column.addWidget(widget)
        column.addStretch(1)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # it follows the focus of what is in it
        self.setWidget(content)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFixedWidth(_WIDTH_PX)
