"""A path: a line to type into or drop on, and a button that opens a dialog."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QUrl, Slot
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QWidget

from ..drops import STAR, copies
from ..file_dialogs import FileDialogs
from ..tips import explain, in_sentence
from .drop_hint import DropHint

_QUOTES = "'\""
_QUOTED = re.compile(r"""(?<!\S)(?:"[^"]+"|'[^']+')(?!\S)""")


class PathLine(QLineEdit):
    """Takes a dropped file or folder as its path; the window takes a STAR file."""

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if not event.mimeData().hasUrls():
            super().dragEnterEvent(event)
        elif (path := _dropped_path(event)) and copies(event):
            event.accept()
            DropHint.of(self).show_text(f"{self.accessibleName()}: {path}")
        else:
            event.ignore()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if not event.mimeData().hasUrls():
            super().dragMoveEvent(event)
        else:
            event.setAccepted(copies(event))

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        super().dragLeaveEvent(event)
        DropHint.of(self).hide()

    def dropEvent(self, event: QDropEvent) -> None:
        if not event.mimeData().hasUrls():
            super().dropEvent(event)
        elif (path := _dropped_path(event)) and copies(event):
            event.accept()
            DropHint.of(self).hide()
            self.setText(path)


def _dropped_path(event: QDropEvent) -> str:
    paths = [url.toLocalFile() for url in event.mimeData().urls()]
    return paths[0] if len(paths) == 1 and not paths[0].endswith(STAR) else ""


def meant_path(text: str) -> str:
    """The path in a text as people type it, or paste it from a shell or a file manager.

    Blanks and a pair of quotes around it are dropped, `~` is the home folder, `file:///…` the file that it names.
    """
    path = text.strip()
    if len(path) > 1 and path[0] == path[-1] and path[0] in _QUOTES:
        path = path[1:-1]
    if path == "~" or path.startswith("~/"):
        return str(Path(path).expanduser())
    return QUrl(path).toLocalFile() if path.startswith("file:///") else path


def meant_paths(text: str) -> tuple[str, ...]:
    """The paths in a text: one, or several that each stand in quotes, as a file dialog of several names shows them."""
    quoted = _QUOTED.findall(text)
    if len(quoted) > 1 and not _QUOTED.sub("", text).strip():
        return tuple(filter(None, map(meant_path, quoted)))
    return tuple(filter(None, [meant_path(text)]))


def text_of_paths(paths: Sequence[str]) -> str:
    """What `meant_paths` reads."""
    if len(paths) < 2:
        return "".join(paths)
    return " ".join(f"'{path}'" if '"' in path else f'"{path}"' for path in paths)


class PathField(QWidget):
    """Chooses a folder; subclasses may ask for something else.

    The dialogs remember the last folder of each `kind`.
    """

    def __init__(self, dialogs: FileDialogs, kind: str, title: str, tool_tip: str, placeholder: str = "") -> None:
        super().__init__()
        self.dialogs, self.kind, self.title = dialogs, kind, title
        self.line = PathLine(clearButtonEnabled=True, placeholderText=placeholder)
        self.button = QPushButton("Browse…")
        self.button.setAutoDefault(False)
        self.button.setAccessibleName(f"Browse for {title}")
        explain(self.button, f"Choose the {in_sentence(title)} in a dialog.")
        for widget in (self, self.line):
            widget.setAccessibleName(title)
            explain(widget, tool_tip)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.line, 1)
        layout.addWidget(self.button)
        self.setFocusProxy(self.line)
        self.button.clicked.connect(self._browse)

    @property
    def path(self) -> str:
        """The path in the text of the line, which itself stays as typed."""
        return meant_path(self.line.text())

    def ask(self) -> str:
        """Open a dialog; returns the path chosen, or nothing."""
        return self.dialogs.open_folder(self, self.kind, self.title, self.path)

    @Slot()
    def _browse(self) -> None:
        if chosen := self.ask():
            self.line.setText(chosen)
