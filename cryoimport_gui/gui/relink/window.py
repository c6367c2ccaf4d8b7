"""Repairs the stack links of a job folder: shows what would change, and changes it when the button is clicked."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from ...core.job.relink import Relinking, plan_relink, relink
from ...core.problems import Problem, count_of
from ...core.progress import Progress
from ..fields import FieldGuard
from ..file_dialogs import FileDialogs
from ..session import TYPING_PAUSE_MS
from ..tasks import Tasks
from ..widgets.editors import label_for
from ..widgets.labels import plain_label
from ..widgets.path_field import PathField
from ..widgets.problem_card import Offer
from ..widgets.problem_list import ProblemList
from ..widgets.progress_line import ProgressLine
from ..window_size import open_at
from .table import RelinkTable

_PROBLEMS_HEIGHT = 190  # one with its examples can be read without scrolling
_INTRODUCTION = (
    "If stacks have moved since an import, its links are broken. Choose the job folder and the folder that has the "
    "stacks now. The table shows what would change. Links that work are left alone."
)
_NO_JOB = "Choose the job folder of an earlier import."
_CHECKING = "Checking the links …"
_ASK_DATA = "Choose the folder that has the stacks now."


class RelinkWindow(QDialog):
    """Checks in the background, and repairs all links or none.

    Signals:
        help_wanted(topic): a help page is wanted.
        failed(message, details): something unexpected.
    """

    help_wanted = Signal(str)
    failed = Signal(str, str)

    def __init__(self, dialogs: FileDialogs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Repair stack links")
        self.plan: Relinking | None = None
        self._refusal: Problem | None = None
        self._state, self._done = "", ""
        self.job = PathField(dialogs, "output", "Job folder", "Folder of an earlier import: it has an import.json.")
        self.data = PathField(dialogs, "data", "New data path", "Folder that has the stacks now, at any depth.")
        self.progress = ProgressLine()
        self.stop = QPushButton("S&top checking")
        self.stop.setToolTip("Stop searching for the stacks; nothing is changed.")
        self.counts, self.reason = plain_label(), plain_label()
        self.counts.setAccessibleName("How many links are broken")
        self.reason.setAccessibleName("What was done, or why nothing can be repaired")
        self.table = RelinkTable()
        self.problems = ProblemList(offers=self._offers)
        self.problems.set_nothing("")
        self.problems.setMinimumHeight(_PROBLEMS_HEIGHT)
        self.repair, self.close_button, self.help = QPushButton(), QPushButton("&Close"), QPushButton("&Help")
        self.repair.setToolTip("Replace all broken links in one step. If one cannot be replaced, none is changed.")
        self.close_button.setToolTip("Close this window and stop checking.")
        self.help.setToolTip("Explain this window (F1).")
        self._lay_out()
        FieldGuard(self)
        open_at(self, 980, 600)
        self._pause = QTimer(self, singleShot=True, interval=TYPING_PAUSE_MS)
        self._pause.timeout.connect(self.check)
        self.tasks = Tasks(self)
        self.tasks.progressed.connect(self._on_progress)
        self.tasks.finished.connect(self._on_finished)
        self.tasks.refused.connect(self._on_refused)
        self.tasks.cancelled.connect(self._on_cancelled)
        self.tasks.failed.connect(self._on_failed)
        for path in (self.job, self.data):
            path.line.textChanged.connect(self._on_edited)
        self.stop.clicked.connect(self._cancel)
        self.repair.clicked.connect(self._repair)
        self.close_button.clicked.connect(self.close)
        self.help.clicked.connect(self._show_help)
        QShortcut(QKeySequence(Qt.Key.Key_F5), self, self.check)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(label_for(self.job, "J"), self.job)
        form.addRow(label_for(self.data, "d"), self.data)
        checking = QHBoxLayout()
        checking.addWidget(self.progress, 1)
        checking.addWidget(self.stop)
        split = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        split.addWidget(self.table)
        split.addWidget(self.problems)
        split.setStretchFactor(0, 1)
        split.setStretchFactor(1, 1)
        buttons = QDialogButtonBox()
        buttons.addButton(self.repair, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.addButton(self.help, QDialogButtonBox.ButtonRole.HelpRole)
        buttons.addButton(self.close_button, QDialogButtonBox.ButtonRole.RejectRole)
        for button in (self.stop, self.repair, self.close_button, self.help):
            button.setAutoDefault(False)  # Enter in a path must not repair
        layout = QVBoxLayout(self)
        layout.addWidget(plain_label(_INTRODUCTION))
        layout.addLayout(form)
        layout.addLayout(checking)
        layout.addWidget(self.counts)
        layout.addWidget(split, 1)
        layout.addWidget(self.reason)
        layout.addWidget(buttons)

    def show_for(self, job: str) -> None:
        """Open the window, on this job folder unless there is another one in it, and check."""
        if not self.isVisible():
            self._done = ""
            self.job.line.setText(self.job.path or job)
            self.check()
            (self.data if self.job.path else self.job).setFocus()
        self.show()
        self.raise_()
        self.activateWindow()

    @Slot()
    def check(self) -> None:
        """Check the links and search for their stacks, with the present paths."""
        if self.tasks.is_running("repair"):
            return
        self._pause.stop()
        job, data = self.job.path, self.data.path
        self.plan = self._refusal = None
        if not job:
            self.tasks.cancel("check")
            self._show(_NO_JOB)
            return

        def plan(progress: Progress) -> Relinking:
            return plan_relink(job, data, progress)

        self.tasks.start("check", plan)
        self._show(_CHECKING)

    def shut_down(self) -> None:
        """Stop what runs, and close; links are replaced all or none."""
        self._pause.stop()
        self.tasks.close()
        self.close()

    def done(self, result: int) -> None:
        self._cancel()
        super().done(result)

    @Slot()
    def _on_edited(self) -> None:
        self.tasks.cancel("check")
        self._done = ""
        self.plan = self._refusal = None
        self._show(_CHECKING)
        self._pause.start()

    @Slot()
    def _cancel(self) -> None:
        self._pause.stop()
        self.tasks.cancel()

    @Slot()
    def _repair(self) -> None:
        plan = self.plan
        if plan is None:
            return

        def repair(progress: Progress) -> Relinking:
            relink(plan, progress)
            return plan

        self.tasks.start("repair", repair)
        self._show("Repairing the links …")

    @Slot(str, str, object, object)
    def _on_progress(self, kind: str, stage: str, done: int, total: int) -> None:
        self.progress.show_progress(stage, done, total)

    @Slot(str, object)
    def _on_finished(self, kind: str, plan: Relinking) -> None:
        if kind == "repair":
            self._done = f"{count_of(len(plan.changes), 'link')} repaired. "
            self.check()
            return
        self.plan = plan
        self._show()

    @Slot(str, object)
    def _on_refused(self, kind: str, problem: Problem) -> None:
        self.plan, self._refusal, self._done = None, problem, ""
        self._show("No link was changed." if kind == "repair" else "Nothing to repair: see above.")

    @Slot(str)
    def _on_cancelled(self, kind: str) -> None:
        if not self.tasks.is_running("check") and not self._pause.isActive():
            self._show("Stopped: no link was changed. F5 checks again.")

    @Slot(str, str, str)
    def _on_failed(self, kind: str, message: str, details: str) -> None:
        self.plan = None
        self._show("Failed: no link was changed. F5 checks again.")
        self.failed.emit(message, details)

    def _show(self, state: str = "") -> None:
        """Show the plan, or the `state` if there is none."""
        plan = self.plan
        checking, repairing = state == _CHECKING, self.tasks.is_running("repair")
        if not checking and not repairing:
            self.progress.rest()
        self.stop.setEnabled(checking or repairing)
        for path in (self.job, self.data):
            path.setEnabled(not repairing)
        changes = len(plan.changes) if plan else 0
        self.table.changes.show(plan)
        found = [*(plan.problems if plan else ()), *([self._refusal] if self._refusal else ())]
        self.problems.show_problems(found)
        self.problems.setVisible(bool(found) or not changes)
        self.table.setVisible(bool(changes))
        self.counts.setText(_counted(plan) if plan else "")
        obstacle = state or (_obstacle(plan, self.data.path) if plan else "")
        self.reason.setText(self._done + obstacle)
        self.repair.setText(f"&Repair {count_of(changes, 'link')}" if changes else "&Repair links")
        self.repair.setEnabled(not obstacle)

    def _offers(self, problem: Problem) -> list[Offer]:
        folder = self.plan.suggested_data if self.plan and problem.code == "stack-missing" else ""
        if not folder or folder == self.data.path:
            return []
        return [Offer("Use the folder that has them", f"Sets the new data path: {folder}", partial(self._take, folder))]

    def _take(self, folder: str) -> None:
        self.data.line.setText(folder)

    @Slot()
    def _show_help(self) -> None:
        self.help_wanted.emit("relink")


def _counted(plan: Relinking) -> str:
    whole = len(plan.links) - len(plan.broken)
    return f"{count_of(len(plan.links), 'link')}: {len(plan.broken):,} broken, {whole:,} working."


def _obstacle(plan: Relinking, data: str) -> str:
    """Why nothing can be repaired; empty if something can."""
    if not plan.links:
        return "The job folder has no links: only metadata were imported."
    if not plan.broken:
        return "All links lead to their stacks: nothing to repair."
    if not data and not plan.changes:
        return _ASK_DATA
    if plan.errors:
        return "All links are repaired together: solve the errors first."
    return ""
