"""Editors of single parameters, made from the parameter table: label, tool tip, accessible name, default."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Protocol

from PySide6.QtCore import QLocale, QSignalBlocker, Slot
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QWidget,
)

from ...core.parameters import parameter, tool_tip
from ..file_dialogs import FileDialogs
from ..session import Session
from ..tips import explain

STAR_SUFFIX = ".star"
_FILTERS = {
    "meta": "RELION particles (*.star);;All files (*)",
    "exposures": "CryoSPARC exposures (*.cs *.csg);;All files (*)",
}
#: whose neighbourhood is a good place to begin, the best first
_NEARBY = dict.fromkeys(("project", "output", "exposures"), ("project", "exposures", "meta"))
_PLACEHOLDERS = {
    "meta": "RELION's run_data.star or particles.star; drop it anywhere on the window",
    "data": "usually not needed: leave it empty at first",
    "exposures": "optional: .cs or .csg",
    "output": "a new folder, inside the folder of the CryoSPARC project",
    "project": "optional: CS-…",
}
#: what the choices mean, where their names do not say it
_CHOICES = {
    "data_sign": {
        "auto": "Automatic (from the pictures)",
        "+1": "+1  (stored dark on light)",
        "-1": "-1  (stored light on dark)",
    },
    "coordinate_y": {"auto": "Automatic", "keep": "Keep", "flip": "Flip"},
    "on_bad": {"stop": "Stop the import", "leave-out": "Leave those rows out"},
    "on_unmatched": {
        "stop": "Stop the import",
        "keep": "Keep them without a location",
        "leave-out": "Leave them out",
    },
}


def _describe(widget: QWidget, name: str) -> None:
    widget.setObjectName(name)
    explain(widget, tool_tip(name))
    widget.setAccessibleName(parameter(name).metadata["title"])
    widget.setAccessibleDescription(parameter(name).metadata["help"])


def label_for(editor: QWidget, mnemonic: str = "") -> QLabel:
    """A label that moves the focus to its editor; `mnemonic` is the letter of the title that does it with Alt."""
    title = editor.accessibleName()
    label = QLabel(title.replace(mnemonic, "&" + mnemonic, 1) if mnemonic else title)
    label.setBuddy(editor)
    label.setToolTip(editor.toolTip())
    return label


class SwitchEdit(QCheckBox):
    """A parameter that is on or off."""

    def __init__(self, session: Session, name: str, mnemonic: str = "") -> None:
        title = parameter(name).metadata["title"]
        super().__init__(title.replace(mnemonic, "&" + mnemonic, 1) if mnemonic else title)
        self._session, self._name = session, name
        _describe(self, name)
        session.changed.connect(self._show)
        self.toggled.connect(self._take)
        self._show(name)

    @Slot(str)
    def _show(self, name: str) -> None:
        if name == self._name:
            self.setChecked(getattr(self._session.parameters, name))

    @Slot(bool)
    def _take(self, on: bool) -> None:
        self._session.change(**{self._name: on})


class ChoiceEdit(QComboBox):
    """A parameter with a few values."""

    def __init__(self, session: Session, name: str) -> None:
        super().__init__()
        self._session, self._name = session, name
        for value in parameter(name).metadata["kind"].choices:
            self.addItem(_CHOICES[name][value], value)
        _describe(self, name)
        session.changed.connect(self._show)
        self.currentIndexChanged.connect(self._take)
        self._show(name)

    @Slot(str)
    def _show(self, name: str) -> None:
        if name == self._name:
            self.setCurrentIndex(self.findData(getattr(self._session.parameters, name)))

    @Slot(int)
    def _take(self, index: int) -> None:
        self._session.change(**{self._name: self.itemData(index)})


class CountEdit(QSpinBox):
    """A parameter that counts characters."""

    def __init__(self, session: Session, name: str) -> None:
        super().__init__(minimum=0, maximum=500)
        self._session, self._name = session, name
        _describe(self, name)
        session.changed.connect(self._show)
        self.valueChanged.connect(self._take)
        self._show(name)

    @Slot(str)
    def _show(self, name: str) -> None:
        if name == self._name:
            self.setValue(getattr(self._session.parameters, name))

    @Slot(int)
    def _take(self, value: int) -> None:
        self._session.change(**{self._name: value})


class ScaleEdit(QDoubleSpinBox):
    """A parameter that is a factor, or `auto` at the lower end."""

    def __init__(self, session: Session, name: str) -> None:
        super().__init__(minimum=0, maximum=999, decimals=4, singleStep=0.5)
        self.setSpecialValueText("Automatic")
        self.setLocale(QLocale.c())
        self._session, self._name = session, name
        _describe(self, name)
        session.changed.connect(self._show)
        self.valueChanged.connect(self._take)
        self._show(name)

    def textFromValue(self, value: float) -> str:
        return f"{value:g}"

    @Slot(str)
    def _show(self, name: str) -> None:
        if name == self._name:
            text = getattr(self._session.parameters, name)
            with QSignalBlocker(self):  # the editor rounds, the parameter does not
                self.setValue(0.0 if text == "auto" else float(text))

    @Slot(float)
    def _take(self, value: float) -> None:
        self._session.change(**{self._name: f"{value:g}" if value else "auto"})


class Choices(Protocol):
    """What a path is a part of: `Session`, or something smaller like it."""

    parameters: Any
    dialogs: FileDialogs
    changed: Any

    def change(self, **values: Any) -> None: ...


class PathLine(QLineEdit):
    """Takes a dropped file or folder as its path; a STAR file is left to the window, which takes it anywhere."""

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.setAccepted(bool(_dropped_path(event)))
        else:
            super().dragEnterEvent(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if not event.mimeData().hasUrls():
            super().dragMoveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        if path := _dropped_path(event):
            event.acceptProposedAction()
            self.setText(path)
        elif not event.mimeData().hasUrls():
            super().dropEvent(event)


def _dropped_path(event: QDropEvent) -> str:
    paths = [url.toLocalFile() for url in event.mimeData().urls()]
    return paths[0] if len(paths) == 1 and not paths[0].endswith(STAR_SUFFIX) else ""


class PathEdit(QWidget):
    """A parameter that is a path: a line to type in, and a button that opens a dialog."""

    def __init__(self, session: Choices, name: str, creates: bool = False) -> None:
        super().__init__()
        self._session, self._name, self._creates = session, name, creates
        self.line = PathLine(clearButtonEnabled=True, placeholderText=_PLACEHOLDERS[name])
        self.button = QPushButton("Browse…")
        self.button.setAccessibleName(f"Browse for {parameter(name).metadata['title']}")
        explain(self.button, f"Choose the {parameter(name).metadata['title'].lower()} in a dialog.")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.line, 1)
        layout.addWidget(self.button)
        _describe(self, name)
        _describe(self.line, name)
        self.setFocusProxy(self.line)
        session.changed.connect(self._show)
        self.line.textChanged.connect(self._take)
        self.button.clicked.connect(self._browse)
        self._show(name)

    @Slot(str)
    def _show(self, name: str) -> None:
        value = getattr(self._session.parameters, self._name)
        if name == self._name and self.line.text().strip() != value:
            self.line.setText(value)

    @Slot(str)
    def _take(self, text: str) -> None:
        path = text.strip()
        self._session.change(**{self._name: str(Path(path).expanduser()) if path.startswith("~/") else path})

    @Slot()
    def _browse(self) -> None:
        title = parameter(self._name).metadata["title"]
        dialogs, start = self._session.dialogs, (self.line.text(), self._nearby())
        if self._creates:
            chosen = dialogs.new_folder(self, self._name, title, *start)
        elif self._name in _FILTERS:
            chosen = dialogs.open_file(self, self._name, title, _FILTERS[self._name], *start)
        else:
            chosen = dialogs.open_folder(self, self._name, title, *start)
        if chosen:
            self.line.setText(chosen)

    def _nearby(self) -> str:
        """A folder to begin in: of what was chosen already."""
        p = self._session.parameters
        near = next(filter(None, (getattr(p, name, "") for name in _NEARBY.get(self._name, ("meta",)))), "")
        return near if self._name in _NEARBY else os.path.dirname(near)
