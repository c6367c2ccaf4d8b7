"""The button that undoes what another button changed."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QToolButton, QWidget

from ..tips import explain
from ..undo import Step, Undo


class UndoButton(QToolButton):
    """Shown only while there is something to undo.

    Beside what changes the parameters `names` it undoes the last step that did; without names, at the foot of a page,
    the last of all, unless that one has its button in its place on the page (`others`).
    """

    def __init__(self, undo: Undo, parent: QWidget, *names: str) -> None:
        super().__init__(parent)
        self.names = names
        self.others: list[UndoButton] = []
        self._undo = undo
        self._step: Step | None = None
        self.setAccessibleName("Undo")
        explain(self, "Go back to the values before the last change (Ctrl+Z).")
        self.clicked.connect(self._undo_step)
        undo.changed.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        step = self._undo.last_of(self.names)
        if step and any(other.shows(step) for other in self.others):
            step = None
        self._step = step
        self.setVisible(step is not None)
        if step is not None:
            words = f"Undo “{step.words}”"
            self.setText("Undo" if self.names else words)
            self.setAccessibleName(words)
            explain(self, f"Go back to the values before “{step.words}” (Ctrl+Z undoes the last change).")

    def shows(self, step: Step) -> bool:
        """Whether this step can be undone by it, where it can be seen."""
        place = self.parentWidget()
        return place is not None and self._undo.last_of(self.names) is step and place.isVisibleTo(place.window())

    @Slot()
    def _undo_step(self) -> None:
        if self._step is not None:
            self._undo.undo_step(self._step)
