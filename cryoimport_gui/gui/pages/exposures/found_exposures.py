"""The exposures of the CryoSPARC project, to choose from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from os.path import basename

from PySide6.QtCore import QItemSelectionModel, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from ....core.exposures.of_project import JobExposures, Seen
from ....core.exposures.seen_in_project import matched_alike
from ....core.problems import count_of
from ...session import Session
from ...tips import explain
from ...widgets.one_line import OneLine
from ...widgets.text_table import TextTable

_FOUND = "Exposures of the project's jobs, those that match the most micrographs first:"
_COMPARING = "Several match equally by name: their pictures are being compared with a few particles …"
_COMPARED = "Several match equally by name: those whose pictures show the particles come first."
_NO_PICTURES = "Several match equally by name, and there are no pictures to compare: choose the right job."
_UNCLEAR = "Several match equally by name, and pictures cannot tell which are meant: choose the right job."
_SEARCHING = "Looking for exposures in the project …"
_NONE = "No exposures were found in the jobs of this project."
_COLUMNS = (
    ("Job", "The job of the CryoSPARC project that made the dataset."),
    ("Type and title", "The job's type and title, and the dataset's name where the job has several."),
    ("Date", "When the dataset was written."),
    ("Exposures", "How many exposures it holds. Movies can be matched by name, but not compared with particles."),
    ("Names matched", "How many micrographs of the particles have an exposure of the same name."),
    ("In the pictures", "What a few particles show, compared with the same micrographs of jobs that match equally."),
)


class FoundExposures(QWidget):
    """A table with a button to use what is marked; hidden where no project is given."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.words, self.table = OneLine("Exposures of the project"), TextTable("Exposures of the project", _COLUMNS, 1)
        explain(self.table, "Datasets of exposures in the jobs of the CryoSPARC project. Several can be marked.")
        self.use = QPushButton("&Use these exposures")
        self.use.setAutoDefault(False)
        explain(self.use, "Use the marked exposures, and the cuts of names that match them.")
        self.use.clicked.connect(self._use)
        self.table.accepted.connect(self._use)
        foot = QHBoxLayout()
        foot.addWidget(self.use)
        foot.addStretch(1)
        self._parts = layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.words)
        layout.addWidget(self.table, 1)
        layout.addLayout(foot)
        session.exposures_found.connect(self.show_found)
        self._shown: list[JobExposures] = []
        self.hide()

    @Slot()
    def show_found(self) -> None:
        """Show them; what was marked stays marked, unless that was the first row, which may be another now."""
        session, p = self._session, self._session.parameters
        found = session.project_exposures
        self.setVisible(bool(p.project and p.meta))
        self.words.show_text(_headline(found, session.are_comparing_exposures))
        self.table.setVisible(bool(found))
        self.use.setVisible(bool(found))
        marked = {self._shown[row].path for row in self._marked if row < len(self._shown)} if any(self._marked) else ()
        self._shown = shown = list(found or ())
        compared = {one.path for one in matched_alike(shown)} if session.are_comparing_exposures else set[str]()
        rows = _rows(shown, compared)

        def tip(row: int, column: int) -> str:
            return shown[row].path if column < len(_COLUMNS) - 1 else rows[row][column] or "Not compared."

        self.table.show_rows(len(rows), lambda row, column: rows[row][column], tip)
        self.table.setMaximumHeight(self.table.rows_px)
        self.setMaximumHeight(self._parts.totalMaximumSize().height())  # the names below get the room that is left
        self._mark([row for row, one in enumerate(shown) if one.path in marked] or [0])

    @property
    def _marked(self) -> list[int]:
        return sorted(index.row() for index in self.table.selectionModel().selectedRows())

    def _mark(self, rows: Sequence[int]) -> None:
        choose = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        self.table.setCurrentIndex(self.table.texts.index(rows[0], 0))
        for row in rows[1:]:
            self.table.selectionModel().select(self.table.texts.index(row, 0), choose)

    @Slot()
    def _use(self) -> None:
        if paths := [self._shown[row].path for row in self._marked]:
            self._session.take_exposures(*paths)


def _headline(found: Sequence[JobExposures] | None, are_comparing: bool) -> str:
    if found is None:
        return _SEARCHING
    if are_comparing:
        return _COMPARING
    seen = [one.seen for one in found if one.seen]
    if not seen:
        return _FOUND if found else _NONE
    if any(one.is_there or one.state is Seen.PARTLY for one in seen):
        return _COMPARED
    return _NO_PICTURES if all(one.state is Seen.NO_PICTURES for one in seen) else _UNCLEAR


def _rows(found: Sequence[JobExposures], compared: set[str]) -> list[tuple[str, ...]]:
    datasets = Counter(one.job for one in found)
    return [_row(one, datasets[one.job] > 1, one.path in compared) for one in found]


def _row(one: JobExposures, is_named: bool, is_compared: bool) -> tuple[str, ...]:
    about = [one.job_type.replace("_", " "), one.title, basename(one.path) if is_named or not one.job_type else ""]
    return (
        one.job,
        " · ".join(filter(None, about)),
        one.day,
        count_of(one.exposures, "movie" if one.are_movies else "micrograph"),
        f"{one.matched:,} of {one.total:,}" if one.total else "",
        "comparing …" if is_compared else one.seen.words if one.seen else "",
    )
