"""An editor with its label, and a button that takes back what the user set."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from ...core.parameters import parameter
from ..session import Session
from ..tips import explain
from .editors import label_for


class LabelledEdit(QWidget):
    """What the user set differs from the default: the label is bold, and the button resets it.

    `reset` is the text of the button.
    """

    def __init__(self, session: Session, editor: QWidget, mnemonic: str = "", reset: str = "Reset") -> None:
        super().__init__()
        self._session, self._name = session, editor.objectName()
        self.label, self.editor, self.reset = label_for(editor, mnemonic), editor, QToolButton(self)
        self.reset.setText(reset)
        title = editor.accessibleName()
        self.reset.setAccessibleName(f"{reset}: {title}")
        explain(self.reset, f"You set “{title}”. Click to go back to the default.")
        self.reset.clicked.connect(self._reset)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self.label, editor, self.reset):
            layout.addWidget(widget)
        session.changed.connect(self._show)
        self._show(self._name)

    @property
    def is_set(self) -> bool:
        return bool(getattr(self._session.parameters, self._name) != parameter(self._name).default)

    @Slot(str)
    def _show(self, name: str) -> None:
        if name == self._name:
            self.reset.setVisible(self.is_set)
            font = self.label.font()
            font.setBold(self.is_set)
            self.label.setFont(font)

    @Slot()
    def _reset(self) -> None:
        self.editor.setFocus()  # before the button disappears
        self._session.change(**{self._name: parameter(self._name).default})
