"""Editors of single parameters, made from the parameter table: label, tool tip, accessible name, default."""

from __future__ import annotations

import os

from PySide6.QtCore import QLocale, QSignalBlocker, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QLabel,
    QSpinBox,
    QWidget,
)

from ...core.parameters import PATHS, meaning, parameter
from ..session import Session
from ..tips import explain
from .path_field import PathField, meant_paths, text_of_paths

_FILTERS = {
    "meta": "Particles or picks (*.star *.box *.cbox *.txt);;All files (*)",
    "exposures": "CryoSPARC exposures (*.cs *.csg);;All files (*)",
    "original": "CryoSPARC particles (*.cs *.csg);;All files (*)",
}
#: where a dialog begins if nothing is remembered: at these paths, the best first
_NEARBY = dict.fromkeys(("project", "output", "exposures", "original"), ("project", "exposures", "meta"))
_PLACEHOLDERS = {
    "meta": "RELION's run_data.star or particles.star, or picks; drop one or several on the window",
    "data": "usually not needed: leave it empty at first",
    "exposures": "optional: .cs or .csg",
    "original": "only for particles that came from CryoSPARC: the .cs or .csg that they were in",
    "output": "a new folder, inside the folder of the CryoSPARC project",
    "project": "optional: CS-…; its exposures are found, and an output folder is proposed",
}
#: the choices in words
_CHOICES = {
    "data_sign": {
        "auto": "Automatic (from the images)",
        "+1": "+1  (stored dark on light)",
        "-1": "-1  (stored light on dark)",
    },
    "check_poses": {"auto": "Automatic", "off": "Off"},
    "image_numbers_from": {"1": "1 (RELION)", "0": "0"},
    "mirror_poses": {"auto": "Automatic", "yes": "Yes", "no": "No"},
    "coordinate_y": {"auto": "Automatic", "keep": "Keep", "flip": "Flip"},
    "on_bad": {"stop": "Stop the import", "leave-out": "Leave those rows out"},
    "on_unmatched": {
        "stop": "Stop the import",
        "keep": "Keep them without a location",
        "leave-out": "Leave them out",
    },
}
_NARROW_CHOICE_PX = 130  # in a narrow window; a longer text is cut short


def _describe(widget: QWidget, name: str) -> None:
    widget.setObjectName(name)
    explain(widget, "\n".join(meaning(name)))
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
        self.setMinimumWidth(min(_NARROW_CHOICE_PX, self.minimumSizeHint().width()))
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


class PathEdit(PathField):
    """A parameter that is a path, or a list of paths."""

    def __init__(self, session: Session, name: str, creates: bool = False) -> None:
        title = parameter(name).metadata["title"]
        super().__init__(session.dialogs, name, title, "\n".join(meaning(name)), _PLACEHOLDERS[name])
        self._session, self._name, self._creates = session, name, creates
        self._takes_several = parameter(name).metadata["kind"] is PATHS
        _describe(self, name)
        _describe(self.line, name)
        session.changed.connect(self._show)
        self.line.textChanged.connect(self._take)
        self._show(name)

    @Slot(str)
    def _show(self, name: str) -> None:
        value = getattr(self._session.parameters, self._name)
        if name == self._name and self._meant() != value:  # else the typed text has led to this value
            self.line.setText(text_of_paths(value) if self._takes_several else value)

    @Slot(str)
    def _take(self, text: str) -> None:
        self._session.change(**{self._name: self._meant()})

    def _meant(self) -> str | tuple[str, ...]:
        return meant_paths(self.line.text()) if self._takes_several else self.path

    def ask(self) -> str:
        start = self.path, self._nearby()
        if self._takes_several:
            start = next(iter(self._meant()), ""), start[1]
            return text_of_paths(self.dialogs.open_files(self, self._name, self.title, _FILTERS[self._name], *start))
        if self._creates:
            return self.dialogs.new_folder(self, self._name, self.title, *start)
        if self._name in _FILTERS:
            return self.dialogs.open_file(self, self._name, self.title, _FILTERS[self._name], *start)
        return self.dialogs.open_folder(self, self._name, self.title, *start)

    @Slot()
    def add(self) -> None:
        """Ask for more paths of a list."""
        before = self._meant()
        more = (path for path in meant_paths(self.ask()) if path not in before)
        self._session.change(**{self._name: (*before, *more)})

    def _nearby(self) -> str:
        """A folder to begin in: of what was chosen already."""
        p = self._session.parameters
        chosen = (getattr(p, name) for name in _NEARBY.get(self._name, ("meta",)))
        near = next(
            filter(None, (next(iter(value), "") if isinstance(value, tuple) else value for value in chosen)), ""
        )
        return near if self._name in _NEARBY else os.path.dirname(near)
