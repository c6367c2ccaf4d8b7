"""The help window: a page's text from `resources/help`, with the program's own drawings."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QUrl
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout, QWidget

from ..resources import resource
from .help_drawings import DRAWINGS, drawing
from .tips import explain
from .window_size import open_at


class _Browser(QTextBrowser):
    """Draws images of the scheme `drawing:` itself; loads nothing else."""

    def loadResource(self, kind: int, name: QUrl | str) -> Any:
        url = QUrl(name)
        return drawing(url.path()) if url.scheme() == "drawing" and url.path() in DRAWINGS else None


class HelpWindow(QDialog):
    """Stays open beside the wizard; `show_topic` changes the page."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Help")
        self.browser = _Browser()
        self.browser.setAccessibleName("Help text")
        self.browser.setWhatsThis("To read only. Arrow keys and Page Down scroll.")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        explain(buttons.button(QDialogButtonBox.StandardButton.Close), "Close the help (Esc).")
        conventions = buttons.addButton("Con&ventions", QDialogButtonBox.ButtonRole.ActionRole)
        explain(conventions, "What data sign, pose, shift and y mean.")
        conventions.clicked.connect(self._show_conventions)
        buttons.rejected.connect(self.close)
        layout = QVBoxLayout(self)
        layout.addWidget(self.browser)
        layout.addWidget(buttons)
        open_at(self, 640, 560)

    def show_topic(self, topic: str) -> None:
        """Show `resources/help/<topic>.md`."""
        self.browser.setMarkdown(resource(f"help/{topic}.md").read_text("utf-8"))
        self.show()
        self.raise_()
        self.activateWindow()

    def _show_conventions(self) -> None:
        self.show_topic("glossary")
