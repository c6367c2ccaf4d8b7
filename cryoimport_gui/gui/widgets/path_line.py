"""A path: a line to type in, and a button that opens a dialog."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QWidget


class PathLine(QWidget):
    """Chooses a folder; subclasses may ask for something else in `ask`, and start elsewhere in `nearby`."""

    def __init__(self, title: str, tool_tip: str) -> None:
        super().__init__()
        self._title = title
        self.line = QLineEdit(clearButtonEnabled=True)
        self.button = QPushButton("Browse…")
        self.button.setAutoDefault(False)
        self.button.setAccessibleName(f"Browse for {title}")
        self.button.setToolTip(f"Choose the {title.lower()} in a dialog.")
        for widget in (self, self.line):
            widget.setAccessibleName(title)
            widget.setToolTip(tool_tip)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.line, 1)
        layout.addWidget(self.button)
        self.setFocusProxy(self.line)
        self.button.clicked.connect(self._browse)

    @property
    def path(self) -> str:
        """As typed, without blanks around it; `~/` is the home folder."""
        path = self.line.text().strip()
        return str(Path(path).expanduser()) if path.startswith("~/") else path

    def nearby(self) -> str:
        """Where a dialog starts while nothing is typed."""
        return ""

    def ask(self, start: str) -> str:
        """Open a dialog; returns the path chosen, or nothing."""
        return QFileDialog.getExistingDirectory(self, self._title, start)

    @Slot()
    def _browse(self) -> None:
        if chosen := self.ask(self.line.text() or self.nearby()):
            self.line.setText(chosen)
