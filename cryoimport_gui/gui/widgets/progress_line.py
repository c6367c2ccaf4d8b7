"""One line that tells what is being read at the moment."""

from __future__ import annotations

from typing import Any, Protocol

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QWidget

#: stages of the core in words, as they begin
STAGES = {
    "read": "Reading the STAR file",
    "locate": "Looking for the stacks",
    "headers": "Reading the stacks' headers",
    "match": "Matching exposures",
    "preview": "Reading a sample of images",
    "place": "Comparing particles with their micrographs",
    "link": "Linking the stacks",
    "write": "Writing the dataset",
}


class Telling(Protocol):
    """What tells of stages and of their end, as `Session` does."""

    progressed: Any
    planned: Any


class ProgressLine(QWidget):
    """Stage and progress of the plan that is being made; empty, but as high, when there is none."""

    def __init__(self, session: Telling) -> None:
        super().__init__()
        self._label, self._bar = QLabel(), QProgressBar(maximum=1000, textVisible=False)
        self._bar.setAccessibleName("Progress of checking")
        self._bar.setFixedHeight(8)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._label)
        layout.addWidget(self._bar, 1)
        self.setFixedHeight(self._label.fontMetrics().height() + 6)
        self._bar.hide()
        session.progressed.connect(self._on_progress)
        session.planned.connect(self._on_planned)

    @Slot(str, object, object)
    def _on_progress(self, stage: str, done: int, total: int) -> None:
        self._label.setText(STAGES.get(stage, stage) + " …")
        self._bar.setMaximum(1000 if total else 0)
        self._bar.setValue(int(1000 * done / total) if total else 0)
        self._bar.show()

    @Slot(object)
    def _on_planned(self, plan: object) -> None:
        self._label.clear()
        self._bar.hide()
