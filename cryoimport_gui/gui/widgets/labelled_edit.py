"""An editor with its label, and buttons that take back what the user set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QToolButton, QWidget

from ...core.parameters import parameter
from ..session import Session
from ..tips import explain, in_sentence
from .editors import label_for
from .undo_button import UndoButton


class ResetButton(QToolButton):
    """Shown while a parameter differs from what it is without the user; the widgets in `bold` then are bold.

    `usual` gives the value without the user: the default, unless the program fills in another.
    """

    def __init__(self, session: Session, parent: QWidget, *names: str, text: str = "Reset") -> None:
        super().__init__(parent)
        self._session, self._names = session, names
        self.usual: Callable[[str], Any] = lambda name: parameter(name).default
        self.bold: list[QWidget] = []
        self.focus_to: QWidget | None = None
        self.setText(text)
        self._title = parameter(names[0]).metadata["title"]
        self.name_it(self._title)
        self.clicked.connect(self._reset)
        session.changed.connect(self._on_changed)
        self.hide()

    def name_it(self, title: str) -> None:
        """What is reset; without it, the title of the parameter."""
        self._title = title
        self.setAccessibleName(f"{self.text()}: {title}")
        explain(self, f"You set “{title}”. Click to take that back.")

    @property
    def is_set(self) -> bool:
        return any(getattr(self._session.parameters, name) != self.usual(name) for name in self._names)

    @Slot()
    def refresh(self) -> None:
        is_set = self.is_set
        self.setVisible(is_set)
        for widget in self.bold:
            font = widget.font()
            font.setBold(is_set)
            widget.setFont(font)

    @Slot(str)
    def _on_changed(self, name: str) -> None:
        if name in self._names:
            self.refresh()

    @Slot()
    def _reset(self) -> None:
        if self.focus_to:
            self.focus_to.setFocus()  # before the button disappears
        self._session.undo.take(f"Reset {in_sentence(self._title)}", **{name: self.usual(name) for name in self._names})


class Resettable:
    """An editor, its `label`, `reset` and `undo`: what the user set has a bold label.  `parent` gets the buttons.

    `text` is that of the button that resets; `name` is the parameter, if the editor has not its name.
    """

    def __init__(
        self,
        session: Session,
        parent: QWidget,
        editor: QWidget,
        mnemonic: str = "",
        text: str = "Reset",
        name: str = "",
    ) -> None:
        name = name or editor.objectName()
        self.editor = editor
        self.label: QWidget = editor if isinstance(editor, QCheckBox) else label_for(editor, mnemonic)
        self.reset, self.undo = ResetButton(session, parent, name, text=text), UndoButton(session.undo, parent, name)
        self.reset.bold, self.reset.focus_to = [self.label], editor
        self.reset.refresh()

    def add_to(self, layout: QHBoxLayout, stretch: int = 0) -> None:
        """Put it into a layout, without its label."""
        layout.addWidget(self.editor, stretch)
        layout.addWidget(self.reset)
        layout.addWidget(self.undo)


class LabelledEdit(QWidget):
    """A `Resettable` in one widget.  In a form the label has its own column: `in_form`."""

    def __init__(
        self,
        session: Session,
        editor: QWidget,
        mnemonic: str = "",
        text: str = "Reset",
        in_form: bool = False,
        name: str = "",
    ) -> None:
        super().__init__()
        parts = Resettable(session, self, editor, mnemonic, text, name)
        self.label, self.editor, self.reset, self.undo = parts.label, editor, parts.reset, parts.undo
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        if not (in_form or self.label is editor):
            layout.addWidget(self.label)
        parts.add_to(layout, 1 if in_form else 0)

    @property
    def is_set(self) -> bool:
        return self.reset.is_set
