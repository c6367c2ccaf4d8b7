"""Mends the links of a job folder whose stacks have moved: the window for `--relink`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHeaderView,
    QPushButton,
    QSplitter,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from ..core.problems import Problem, count_of
from ..core.progress import Progress
from ..core.relink import Relinking, plan_relink, relink
from .file_dialogs import FileDialogs
from .tips import plain_tip
from .session import TYPING_PAUSE_MS
from .tasks import Tasks
from .widgets.editors import PathEdit, label_for
from .widgets.problem_list import Offer, ProblemList, plain_label
from .widgets.progress_line import ProgressLine

_ROOT = QModelIndex()
_NOTHING = "Give a job folder of an earlier import."


@dataclass(frozen=True)
class RelinkChoices:
    """A job folder, and where its stacks are now; paths as typed."""

    relink: str = ""
    data: str = ""


class RelinkSession(QObject):
    """Looks for the stacks as soon as something is typed, and mends the links when it is told to.

    Signals:
        changed(name), progressed(stage, done, total): as those of `Session`.
        planned(plan): what would change; None while nothing is known.
        refused(problem): the folder cannot be mended at all.
        mended(count), failed(message, details): the end of it.
    """

    changed = Signal(str)
    progressed = Signal(str, object, object)
    planned = Signal(object)
    refused = Signal(object)
    mended = Signal(int)
    failed = Signal(str, str)

    def __init__(self, dialogs: FileDialogs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.parameters = RelinkChoices()
        self.dialogs = dialogs
        self.plan: Relinking | None = None
        self._pause = QTimer(self, singleShot=True, interval=TYPING_PAUSE_MS)
        self._pause.timeout.connect(self.look)
        self.tasks = Tasks(self)
        self.tasks.progressed.connect(self._on_progress)
        self.tasks.finished.connect(self._on_finished)
        self.tasks.refused.connect(self._on_refused)
        self.tasks.failed.connect(self._on_failed)

    def change(self, **values: str) -> None:
        new = replace(self.parameters, **values)
        if new != self.parameters:
            self.parameters = new
            self._take(None)
            self.tasks.cancel("look")
            self._pause.start()
            for name in values:
                self.changed.emit(name)

    @Slot()
    def look(self) -> None:
        """Look at every link and every stack; changes nothing."""
        choices = self.parameters
        if choices.relink:

            def look(progress: Progress) -> Relinking:
                return plan_relink(choices.relink, choices.data, progress)

            self.tasks.start("look", look)

    def mend(self) -> None:
        """Put the new links in place, all of them or none."""
        plan = self.plan
        if plan is None:
            return

        def mend(progress: Progress) -> int:
            relink(plan)
            return len(plan.changes)

        self.tasks.start("mend", mend)

    def close(self) -> None:
        self._pause.stop()
        self.tasks.close()

    def _take(self, plan: Relinking | None) -> None:
        self.plan = plan
        self.planned.emit(plan)

    @Slot(str, str, object, object)
    def _on_progress(self, kind: str, stage: str, done: int, total: int) -> None:
        self.progressed.emit(stage, done, total)

    @Slot(str, object)
    def _on_finished(self, kind: str, result: Any) -> None:
        if kind == "look":
            self._take(result)
        else:
            self.mended.emit(result)

    @Slot(str, object)
    def _on_refused(self, kind: str, problem: Problem) -> None:
        self._take(None)
        self.refused.emit(problem)

    @Slot(str, str, str)
    def _on_failed(self, kind: str, message: str, details: str) -> None:
        self._take(None)
        self.failed.emit(message, details)


class _Changes(QAbstractTableModel):
    """One row a link that would lead elsewhere."""

    _TITLES = ("Link", "Leads to, which is gone", "Will lead to")

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[tuple[str, str, str]] = []

    def show(self, plan: Relinking | None) -> None:
        self.beginResetModel()
        self._rows = [(name, old, new) for name, (old, new) in plan.changes.items()] if plan else []
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: QModelIndex | QPersistentModelIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._TITLES)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        is_title = orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole
        return self._TITLES[section] if is_title else None

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        text = self._rows[index.row()][index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(text)
        return text if role == Qt.ItemDataRole.DisplayRole else None


class RelinkWindow(QDialog):
    """Two paths, what would change, what stands in the way, and one button."""

    def __init__(self, dialogs: FileDialogs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Mend the links of a job folder")
        self.session = RelinkSession(dialogs, self)
        job, data = PathEdit(self.session, "relink"), PathEdit(self.session, "data")
        form = QFormLayout()
        form.addRow(label_for(job, "J"), job)
        form.addRow(label_for(data, "d"), data)
        explained = plain_label(
            "When stacks have moved, the links of a job folder lead nowhere. They are looked for by the rules of an "
            "import, and must be the same stacks: as many images, of the same size. Nothing changes before you say so."
        )
        self.state = plain_label(_NOTHING)
        self.state.setAccessibleName("What would change")
        self._changes = _Changes()
        self.table = QTableView()
        self.table.setModel(self._changes)
        self.table.setAccessibleName("Links that would change")
        self.table.setToolTip("Each link, where it leads now, and where it would lead.")
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setTextElideMode(Qt.TextElideMode.ElideLeft)
        self.table.setWordWrap(False)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.table.verticalHeader().setDefaultSectionSize(self.table.fontMetrics().height() + 6)
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.problem_list = ProblemList("", offers=self._offers)
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        split.addWidget(self.table)
        split.addWidget(self.problem_list)
        self.mend = QPushButton("&Mend the links")
        self.mend.setToolTip("Let every link in the table lead to its new place: all of them, or none.")
        self.mend.clicked.connect(self.session.mend)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.addButton(self.mend, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(explained)
        layout.addLayout(form)
        layout.addWidget(ProgressLine(self.session))
        layout.addWidget(self.state)
        layout.addWidget(split, 1)
        layout.addWidget(buttons)
        self.resize(900, 560)
        self.session.planned.connect(self._show)
        self.session.refused.connect(self._on_refused)
        self.session.mended.connect(self._on_mended)
        self._show(None)

    def done(self, result: int) -> None:
        self.session.close()
        super().done(result)

    @Slot(object)
    def _show(self, plan: Relinking | None) -> None:
        self._changes.show(plan)
        self.problem_list.show_problems(plan.problems if plan else ())
        is_ready = plan is not None and bool(plan.changes) and not plan.problems
        self.mend.setEnabled(is_ready)
        self.mend.setText(f"&Mend {count_of(len(plan.changes), 'link')}" if plan and is_ready else "&Mend the links")
        if plan is not None:
            self.state.setText(state_words(plan))
        else:
            self.state.setText("Looking at the links …" if self.session.parameters.relink else _NOTHING)

    @Slot(object)
    def _on_refused(self, problem: Problem) -> None:
        self.state.setText("These links cannot be mended. Nothing was changed.")
        self.problem_list.show_problems([problem])

    @Slot(int)
    def _on_mended(self, count: int) -> None:
        self._show(None)
        self.state.setText(f"{count_of(count, 'link')} mended. The stacks are where CryoSPARC looks for them.")

    def _offers(self, problem: Problem) -> list[Offer]:
        plan = self.session.plan
        if problem.code != "stack-missing" or plan is None or not plan.suggested_data:
            return []
        take = partial(self.session.change, data=plan.suggested_data)
        return [Offer("Use the folder that was found", f"Sets the particle data path to {plan.suggested_data}.", take)]


def state_words(plan: Relinking) -> str:
    """How many links lead nowhere, and what becomes of them."""
    broken = plan.broken
    if not plan.links:
        return "There are no links in this job folder."
    if not broken:
        return f"All {count_of(len(plan.links), 'link')} lead to a stack: there is nothing to mend."
    found = f"{len(plan.changes):,} of them found" if len(plan.changes) < broken else "all of them found"
    words = f"{broken:,} of {count_of(len(plan.links), 'link')} lead nowhere, {found}."
    return words + (" Nothing can be changed before the problems below are solved." if plan.problems else "")
