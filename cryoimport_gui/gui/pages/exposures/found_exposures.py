"""The exposures of the CryoSPARC project, to choose from."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from ....core.exposures.of_project import JobExposures
from ....core.problems import count_of
from ...session import Session
from ...tips import explain
from ...widgets.labels import plain_label

_FOUND = "Exposures of the project's jobs, those that match the most micrographs first:"
_SEARCHING = "Looking for exposures in the project …"
_NONE = "No exposures were found in the jobs of this project."


class FoundExposures(QWidget):
    """A list with a button to use what is marked; hidden where no project is given."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.words, self.list = plain_label(), QListWidget()
        self.words.setAccessibleName("Exposures of the project")
        self.list.setAccessibleName("Exposures of the project")
        explain(self.list, "Datasets of exposures in the jobs of the CryoSPARC project.")
        self.use = QPushButton("&Use these exposures")
        explain(self.use, "Use the marked exposures, and the cuts of names that match them.")
        self.use.clicked.connect(self._use)
        self.list.itemActivated.connect(self._use)
        foot = QHBoxLayout()
        foot.addWidget(self.use)
        foot.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.words)
        layout.addWidget(self.list, 1)
        layout.addLayout(foot)
        session.exposures_found.connect(self.show_found)
        self.hide()

    @Slot()
    def show_found(self) -> None:
        found, p = self._session.project_exposures, self._session.parameters
        self.setVisible(bool(p.project and p.meta))
        self.words.setText(_SEARCHING if found is None else _FOUND if found else _NONE)
        self.list.setVisible(bool(found))
        self.use.setVisible(bool(found))
        self.list.clear()
        for one in found or ():
            QListWidgetItem(_in_words(one), self.list).setToolTip(one.path)
        self.list.setCurrentRow(0)

    @Slot()
    def _use(self) -> None:
        found, row = self._session.project_exposures, self.list.currentRow()
        if found and row >= 0:
            self._session.take_exposures(found[row].path)


def _in_words(one: JobExposures) -> str:
    kind = "movie" if one.are_movies else "micrograph"
    about = [one.job, one.job_type.replace("_", " "), one.title, count_of(one.exposures, kind), one.day]
    matched = f"{one.matched:,} of {one.total:,} match" if one.total else ""
    return " · ".join(filter(None, [*about, matched]))
