"""Labels that show texts as they are, and a button that copies one."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QPushButton


class CopyButton(QPushButton):
    """Copies a text to the clipboard."""

    def __init__(self, label: str, text: str = "") -> None:
        super().__init__(label)
        self.text_to_copy = text
        self.clicked.connect(self._copy)

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text_to_copy)


def plain_label(text: str = "") -> QLabel:
    """A label that wraps, also inside long paths, and shows its text unchanged: text from files is never markup."""
    label = QLabel(breakable(text))
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setMinimumWidth(60)
    return label


def breakable(text: str) -> str:
    """Text in which long paths can be broken behind a `/` or `_` (by zero-width spaces)."""
    return text.replace("/", "/\u200b").replace("_", "_\u200b")
