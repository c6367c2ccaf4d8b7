"""The button that undoes what another button changed."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QToolButton

from ..tips import explain
from ..undo import Undo


class UndoButton(QToolButton):
    """Shown only while there is something to undo."""

    def __init__(self, undo: Undo) -> None:
        super().__init__()
        self._undo = undo
        self.clicked.connect(undo.undo)
        undo.changed.connect(self._refresh)
        self._refresh()

    @Slot()
    def _refresh(self) -> None:
        words = self._undo.words
        self.setVisible(bool(words))
        self.setText(f"Undo “{words}”")
        self.setAccessibleName(self.text())
        explain(self, f"Go back to the values before “{words}” (Ctrl+Z).")
