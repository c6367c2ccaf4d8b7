"""Editors of single parameters, made from the parameter table: label, tool tip, accessible name, default."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QLocale, QSignalBlocker, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QLabel,
    QSpinBox,
    QWidget,
)

from ...core.parameters import FOLDER, parameter, tool_tip
from ..session import Session
from .path_line import PathLine

_FILTERS = {
    "meta": "RELION particles (*.star);;All files (*)",
    "exposures": "CryoSPARC exposures (*.cs *.csg);;All files (*)",
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
    widget.setToolTip(tool_tip(name))
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


class PathEdit(PathLine):
    """A parameter that is a path."""

    def __init__(self, session: Session, name: str, creates: bool = False) -> None:
        super().__init__(parameter(name).metadata["title"], tool_tip(name))
        self._session, self._name, self._creates = session, name, creates
        _describe(self, name)
        _describe(self.line, name)
        session.changed.connect(self._show)
        self.line.textChanged.connect(self._take)
        self._show(name)

    @Slot(str)
    def _show(self, name: str) -> None:
        value = getattr(self._session.parameters, self._name)
        if name == self._name and self.line.text().strip() != value:
            self.line.setText(value)

    @Slot(str)
    def _take(self, text: str) -> None:
        self._session.change(**{self._name: self.path})

    def ask(self, start: str) -> str:
        if self._creates:
            return QFileDialog.getSaveFileName(self, self._title, start, options=QFileDialog.Option.ShowDirsOnly)[0]
        if parameter(self._name).metadata["kind"] is FOLDER:
            return super().ask(start)
        return QFileDialog.getOpenFileName(self, self._title, start, _FILTERS[self._name])[0]

    def nearby(self) -> str:
        p = self._session.parameters
        known = p.project or p.exposures if self._name in ("project", "output", "exposures") else ""
        return known or (str(Path(p.meta).parent) if p.meta else "")
