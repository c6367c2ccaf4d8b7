"""The import: progress, Cancel, and the next steps in CryoSPARC."""

from __future__ import annotations

import os
from time import monotonic

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from ...core.job.write import Job
from ...core.layout import REPORT_PAGE, RESULT_GROUP
from ...core.plan.plan import ImportPlan
from ...core.problems import Problem, count_of
from ...core.report.claims import claims_of
from ..opener import Opener
from ..tips import explain
from ..widgets.claim_list import ClaimList
from ..widgets.keep_bar import KeepBar
from ..widgets.labels import CopyButton, plain_label
from ..widgets.problem_list import ProblemList
from ..widgets.progress_line import STAGES
from .page import Page

_PASTE = "In CryoSPARC, open the project, build the job Import Result Group, paste the path above, and queue it."
_INSIDE_PROJECT = (
    "The job folder must be inside the folder of the CryoSPARC project, where CryoSPARC can read it. "
    "If it is not, move it there and paste its new path."
)
_ABERRATIONS = (
    "Aberrations were not imported: run Global CTF Refinement, then Local CTF Refinement, after the first refinement."
)
_LOOK_FIRST = "Homogeneous Reconstruction Only: shows at once whether the poses are right"
_JOBS = (
    "2D Classification: sorts out what is no particle",
    "Ab-Initio Reconstruction: a first map without the imported poses",
    "Homogeneous or Non-Uniform Refinement: the map at full resolution",
    "3D Flex: motions, after a refinement",
)
_FOR_EXPANDED = (
    "Local Refinement: the set is symmetry-expanded, so no global refinement",
    "3D Classification or 3D Variability: what differs between the copies",
)
_FOR_PICKS = ("Extract From Micrographs, together with the exposures",)

_RUNNING = (
    "Stacks are linked, never copied. The folder appears when everything is written; Cancel leaves nothing behind."
)
_DONE = "Everything is written. Stacks are linked, not copied: keep them where they are."
_NOT_DONE = "Nothing was imported."
_GO_BACK = "Go back to change something; everything is as you left it."


class WritePage(Page):
    """Writes a whole job folder, or nothing.

    Signals:
        new_wanted(): the user wants to begin another import.
    """

    new_wanted = Signal()

    TITLE = "Import"
    DONE = "imported"
    SUBTITLE = _RUNNING

    def build(self) -> None:
        session = self.session
        self._folder = ""  # of the import that is shown as finished
        self._began = 0.0
        self._stage = ""
        self.stack = QStackedWidget()
        self.stack.addWidget(self._running())
        self.stack.addWidget(self._finished())
        self._stopped_page = self._stopped()
        self.stack.addWidget(self._stopped_page)
        self.body.addWidget(self.stack, 1)
        session.writing.connect(self._on_writing)
        session.import_progressed.connect(self._on_progress)
        session.imported.connect(self._on_imported)
        session.import_refused.connect(self._on_refused)
        session.import_cancelled.connect(self._on_cancelled)
        session.failed.connect(self._on_failed)

    def shut_down(self) -> None:
        self.keep.shut_down()
        self.opener.stop()

    def begin(self) -> None:
        """Import; if this is what was imported last, show that."""
        if self.session.is_imported:
            self._show_finished()
        else:
            self.start()

    def can_be_visited(self) -> bool:
        return self.session.has_begun_import

    def obstacle(self) -> str:
        if self.stack.currentWidget() is not self._stopped_page:
            return ""
        errors = self.session.plan.errors
        why = f"Cannot try again: {errors[0].message}." if errors else ""
        return why if self.session.is_current else "Checking …"

    def show_state(self) -> None:
        super().show_state()
        self.again.setEnabled(not self.obstacle())

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
        explain(self.cancel, "Stop; nothing is left behind.")
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
        self.outcome = plain_label()
        font = self.outcome.font()
        font.setBold(True)
        font.setPointSizeF(1.5 * font.pointSizeF())
        self.outcome.setFont(font)
        layout.addWidget(self.outcome)
        self.claim_list = ClaimList()
        self.claim_list.chosen.connect(self.evidence_wanted)
        layout.addWidget(self.claim_list)
        row = QHBoxLayout()
        self.group_path = QLineEdit(readOnly=True)
        self.group_path.setAccessibleName("Path of the result group")
        explain(self.group_path, "The file that Import Result Group asks for.")
        label = QLabel("Path of the result gro&up:")
        label.setBuddy(self.group_path)
        layout.addWidget(label)
        self.copy = CopyButton("C&opy path")
        explain(self.copy, "Copy the path of the result group, to paste it into CryoSPARC.")
        self.open = QPushButton("Open &folder")
        explain(self.open, "Show the job folder in the file manager.")
        self.opener = Opener(self, "folder", "file manager")
        self.open.clicked.connect(self._open_folder)
        self.open_report = QPushButton("Open r&eport")
        explain(self.open_report, "Show each claim with its pictures in the browser, to print or mail.")
        self.report_opener = Opener(self, "report", "browser")
        self.open_report.clicked.connect(self._open_report)
        for widget in (self.group_path, self.copy, self.open, self.open_report):
            row.addWidget(widget)
        layout.addLayout(row)
        self.next_steps = plain_label()
        layout.addWidget(self.next_steps)
        self.left = ProblemList("No warnings.")
        self.left.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        layout.addWidget(self.left)
        layout.addStretch(1)
        self.keep = KeepBar(self.session, finished=True)
        last = QHBoxLayout()
        last.addWidget(self.keep, 1)
        self.new = QPushButton("&New import")
        explain(self.new, "Begin another import: choose a STAR file. Project and exposures stay.")
        self.new.setAutoDefault(False)
        self.new.clicked.connect(self.new_wanted)
        last.addWidget(self.new)
        layout.addLayout(last)
        return page

    def _stopped(self) -> QWidget:
        page = QWidget()
        layout = QVBoxLayout(page)
        self.reason = plain_label()
        self.again = QPushButton("&Try again")
        explain(self.again, "Start the same import again.")
        self.again.clicked.connect(self.start)
        self.refusal = ProblemList("", offers=self.offers)
        self.show_last = QPushButton("&Show the last import")
        explain(self.show_last, "Show again what was imported before, with the path of its result group.")
        self.show_last.clicked.connect(self._show_finished)
        buttons = QHBoxLayout()
        buttons.addWidget(self.again)
        buttons.addWidget(self.show_last)
        buttons.addStretch(1)
        layout.addWidget(self.reason)
        layout.addLayout(buttons)
        layout.addWidget(self.refusal, 1)
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
        self.setSubTitle(_RUNNING)
        self.cancel.setFocus()

    @Slot(str, object, object)
    def _on_progress(self, stage: str, done: int, total: int) -> None:
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
        plan, self._folder = self.session.plan, str(job.folder)
        counts = plan.counts()
        group = str(job.folder / RESULT_GROUP)
        linked = f"{count_of(counts['links'], 'stack')} linked" if plan.stacks else "without images"
        self.outcome.setText(f"{count_of(counts['particles'], 'particle')} imported, {linked}.")
        self.group_path.setText(group)
        self.group_path.setCursorPosition(0)
        self.copy.text_to_copy = group
        self.next_steps.setText("\n".join(f"{n}.  {step}" for n, step in enumerate(next_steps(plan), 1)))
        claims = claims_of(plan)
        self.claim_list.show_claims(claims, self.titles_of(claims))
        self.left.show_problems(plan.problems)
        self._show_finished()

    @Slot()
    def _show_finished(self) -> None:
        self.stack.setCurrentIndex(1)
        self.setSubTitle(_DONE)
        self._on_state()
        self.copy.setFocus()

    @Slot(object)
    def _on_refused(self, problem: Problem) -> None:
        self._stop(f"The import was refused. Nothing was written. {_GO_BACK}", [problem])

    @Slot()
    def _on_cancelled(self) -> None:
        self._stop(f"The import was cancelled. Nothing was left behind. {_GO_BACK}", [])

    @Slot(str, str)
    def _on_failed(self, message: str, details: str) -> None:
        if self.stack.currentIndex() == 0:
            self._stop(f"The import failed: {message}. Nothing was left behind.", [])

    def _stop(self, reason: str, problems: list[Problem]) -> None:
        self.reason.setText(reason)
        self.refusal.show_problems(problems)
        self.show_last.setVisible(bool(self._folder))
        self.stack.setCurrentWidget(self._stopped_page)
        self.setSubTitle(_NOT_DONE)
        self._on_state()
        self.again.setFocus()

    @Slot()
    def _open_folder(self) -> None:
        if self._folder:
            self.opener.open(self._folder)

    @Slot()
    def _open_report(self) -> None:
        if self._folder:
            self.report_opener.open(os.path.join(self._folder, REPORT_PAGE))


def next_steps(plan: ImportPlan) -> list[str]:
    """What to do in CryoSPARC with what was imported."""
    codes = {problem.code for problem in plan.problems}
    jobs: tuple[str, ...] = _FOR_EXPANDED if "symmetry-expanded" in codes else _JOBS
    jobs = _FOR_PICKS if "blob" not in plan.slots and "location" in plan.slots else jobs
    first = [_LOOK_FIRST] if plan.poses == "3D" and "blob" in plan.slots else []
    return [
        *([] if plan.parameters.project else [_INSIDE_PROJECT]),
        _PASTE,
        "\n      ·  ".join(["Connect its particles to the next job. Usual ones:", *first, *jobs]),
        *([_ABERRATIONS] if "ctf-aberrations-dropped" in codes else []),
    ]
