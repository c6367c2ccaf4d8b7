"""The import itself: progress, Cancel, and what comes next."""

from __future__ import annotations

from time import monotonic

from PySide6.QtCore import Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from ...core.job import RESULT_GROUP, Job
from ...core.plan import ImportPlan
from ...core.problems import Problem, count_of
from ..widgets.keep_bar import KeepBar
from ..widgets.problem_list import CopyButton, ProblemList, plain_label
from ..widgets.progress_line import STAGES
from .page import Page

_NEXT_STEPS = """\
In CryoSPARC: open the project, choose Import Result Group, and give it this path. The particles then feed any job.
Usual next jobs: 2D Classification, Ab-Initio Reconstruction, Homogeneous or Non-Uniform Refinement."""
_INSIDE_PROJECT = "The folder has to lie inside the CryoSPARC project: move it there if it does not.\n"
_ABERRATIONS = "Aberrations were not imported: run Global and Local CTF Refinement after the first refinement."


class WritePage(Page):
    """Writes when it is entered; leaves a whole job folder, or nothing."""

    TITLE = "Import"
    SUBTITLE = (
        "Stacks are linked, never copied. The folder appears when everything is written; Cancel leaves nothing behind."
    )

    def build(self) -> None:
        session = self.session
        self._imported: ImportPlan | None = None
        self._began = 0.0
        self._stage = ""
        self.stack = QStackedWidget()
        self.stack.addWidget(self._running())
        self.stack.addWidget(self._finished())
        self.stack.addWidget(self._stopped())
        self.body.addWidget(self.stack, 1)
        session.writing.connect(self._on_writing)
        session.progressed.connect(self._on_progress)
        session.imported.connect(self._on_imported)
        session.import_refused.connect(self._on_refused)
        session.import_cancelled.connect(self._on_cancelled)
        session.failed.connect(self._on_failed)

    def shut_down(self) -> None:
        self.keep.shut_down()

    def enter(self) -> None:
        """Import, unless it is what was imported last that would be imported again."""
        if self._imported is not self.session.plan:
            self.start()

    def isComplete(self) -> bool:
        return not self.session.is_writing

    def is_done(self) -> bool:
        return self.session.job is not None

    @Slot()
    def start(self) -> None:
        self.session.start_import()

    def _running(self) -> QWidget:
        page = QWidget()
        layout = QVBoxLayout(page)
        self.stage, self.rate = QLabel(), QLabel()
        self.bar = QProgressBar(maximum=1000)
        self.bar.setAccessibleName("Progress of the import")
        self.cancel = QPushButton("C&ancel the import")
        self.cancel.setToolTip("Stop; nothing is left behind.")
        self.cancel.clicked.connect(self.session.cancel_import)
        layout.addWidget(self.stage)
        layout.addWidget(self.bar)
        layout.addWidget(self.rate)
        layout.addWidget(self.cancel, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addStretch(1)
        return page

    def _finished(self) -> QWidget:
        page = QWidget()
        layout = QVBoxLayout(page)
        self.headline = plain_label()
        self.headline.setStyleSheet("font-size: 14pt; font-weight: bold")
        layout.addWidget(self.headline)
        layout.addWidget(QLabel("Result group:"))
        row = QHBoxLayout()
        self.group_path = QLineEdit(readOnly=True)
        self.group_path.setAccessibleName("Path of the result group")
        self.copy = CopyButton("C&opy path")
        self.copy.setToolTip("Copy the path of the result group, to paste it into CryoSPARC.")
        self.open = QPushButton("Open &folder")
        self.open.setToolTip("Show the job folder in the file manager.")
        self.open.clicked.connect(self._open_folder)
        for widget in (self.group_path, self.copy, self.open):
            row.addWidget(widget)
        layout.addLayout(row)
        self.next_steps = plain_label()
        layout.addWidget(self.next_steps)
        self.left = ProblemList("No warnings.")
        layout.addWidget(self.left, 1)
        self.keep = KeepBar(self.session, finished=True)
        layout.addWidget(self.keep)
        return page

    def _stopped(self) -> QWidget:
        page = QWidget()
        layout = QVBoxLayout(page)
        self.reason = plain_label()
        self.again = QPushButton("&Try again")
        self.again.setToolTip("Start the same import again.")
        self.again.clicked.connect(self.start)
        layout.addWidget(self.reason)
        self.refusal = ProblemList("")
        layout.addWidget(self.refusal, 1)
        layout.addWidget(self.again, 0, Qt.AlignmentFlag.AlignLeft)
        return page

    @Slot(bool)
    def _on_writing(self, writing: bool) -> None:
        self.completeChanged.emit()
        if not writing:
            return
        self._began, self._stage = monotonic(), ""
        self.stage.setText("Starting …")
        self.rate.clear()
        self.bar.setValue(0)
        self.stack.setCurrentIndex(0)
        self.cancel.setFocus()

    @Slot(str, object, object)
    def _on_progress(self, stage: str, done: int, total: int) -> None:
        if not self.session.is_writing:
            return
        if stage != self._stage:
            self._stage, self._began = stage, monotonic()
            self.stage.setText(STAGES.get(stage, stage) + " …")
        self.bar.setMaximum(1000 if total else 0)
        if total:
            self.bar.setValue(int(1000 * done / total))
        spent = monotonic() - self._began
        if done and spent > 0:
            left = spent * (total - done) / done
            self.rate.setText(f"{done:,} of {total:,}   ·   {done / spent:,.0f} a second   ·   about {left:.0f} s left")

    @Slot(object)
    def _on_imported(self, job: Job) -> None:
        self._imported = plan = self.session.plan
        counts = plan.counts()
        group = str(job.folder / RESULT_GROUP)
        linked = f"{count_of(counts['links'], 'stack')} linked"
        self.headline.setText(f"{count_of(counts['particles'], 'particle')} imported, {linked}.")
        self.group_path.setText(group)
        self.group_path.setCursorPosition(0)
        self.copy.text_to_copy = group
        dropped = any(p.code == "ctf-aberrations-dropped" for p in plan.problems)
        inside = "" if plan.parameters.project else _INSIDE_PROJECT
        self.next_steps.setText(inside + _NEXT_STEPS + (f"\n{_ABERRATIONS}" if dropped else ""))
        self.left.show_problems(plan.problems)
        self.stack.setCurrentIndex(1)
        self.copy.setFocus()

    @Slot(object)
    def _on_refused(self, problem: Problem) -> None:
        self._stop("The import was refused. Nothing was written.", [problem])

    @Slot()
    def _on_cancelled(self) -> None:
        self._stop("The import was cancelled. Nothing was left behind.", [])

    @Slot(str, str)
    def _on_failed(self, message: str, details: str) -> None:
        if self.stack.currentIndex() == 0:
            self._stop(f"The import failed: {message}. Nothing was left behind.", [])

    def _stop(self, reason: str, problems: list[Problem]) -> None:
        self.reason.setText(reason)
        self.refusal.show_problems(problems)
        self.stack.setCurrentIndex(2)
        self.again.setFocus()

    @Slot()
    def _open_folder(self) -> None:
        if self.session.job:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.session.job.folder)))
