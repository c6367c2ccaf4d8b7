"""One line that shows what is being read."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QWidget

from ..session import Session

#: the stages of the core in words
STAGES = {
    "read": "Reading the STAR file",
    "restore": "Looking for the original particles",
    "locate": "Looking for the stacks",
    "headers": "Reading the stacks' headers",
    "match": "Matching exposures",
    "preview": "Reading a sample of images",
    "poses": "Comparing images with a map made from them",
    "place": "Comparing particles with their micrographs",
    "link": "Linking the stacks",
    "write": "Writing the dataset",
    "links": "Checking the links",
}


class ProgressLine(QWidget):
    """Stage and progress of what is being checked; empty, but as high, when there is nothing."""

    def __init__(self) -> None:
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

    @Slot(str, object, object)
    def show_progress(self, stage: str, done: int, total: int) -> None:
        self._label.setText(STAGES.get(stage, stage) + " …")
        self._bar.setMaximum(1000 if total else 0)
        self._bar.setValue(int(1000 * done / total) if total else 0)
        self._bar.show()

    @Slot()
    def rest(self, *_: object) -> None:
        self._label.clear()
        self._bar.hide()


class PlanProgress(ProgressLine):
    """The progress of a session's plan."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        session.progressed.connect(self.show_progress)
        session.planned.connect(self.rest)
