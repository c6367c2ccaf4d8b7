"""Last check: the five claims, the output folder, bad rows, and exactly what will be written."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Slot
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QWizard

from ...core.looks.poses import Grey
from ...core.plan.plan import ImportPlan
from ...core.problems import SIGNS, Severity, count_of
from ...core.report.claim_codes import Topic
from ...core.report.claims import claims_of, readiness
from ...core.report.contents import policy_outcomes, will_write
from ...core.report.thumbnails import thumbnails_of
from ..tasks import Tasks
from ..tips import explain
from ..widgets.claim_list import ClaimList
from ..widgets.editors import ChoiceEdit, PathEdit, label_for
from ..widgets.facts import Facts
from ..widgets.fold import Fold
from ..widgets.keep_bar import KeepBar
from ..widgets.labelled_edit import LabelledEdit, Resettable
from ..widgets.labels import plain_label
from ..widgets.problem_lines import ProblemLines
from ..widgets.progress_line import PlanProgress
from .page import Page

_BEFORE = "What is known of the data, and every problem. Choose the job folder to create. Nothing is written yet."
_AFTER = "An import was written to this output folder. Choose another one to import again."
_LEAST_FACTS_PX = 60
_ROOMY_PX = 560
_MOST_LINES, _OPEN_PX = 4, 150
_NOTHING_YET = "Nothing", "is written until the errors are fixed."


class ReviewPage(Page):
    """The claims, every problem, and everything that will be written."""

    TITLE = "Review"
    SUBTITLE = _BEFORE
    CODES = ("output-",)

    def build(self) -> None:
        session = self.session
        self.body.addWidget(self.headline)
        self.claim_list = ClaimList()
        self.claim_list.chosen.connect(self.evidence_wanted)
        self.body.addWidget(self.claim_list)
        self._pictured: ImportPlan | None = None  # whose pictures are shown, or will be
        self.tasks = Tasks(self)
        self.tasks.finished.connect(self._on_pictures)
        self.tasks.failed.connect(self._on_failed)
        self.output = output = LabelledEdit(session, PathEdit(session, "output", creates=True), "O", in_form=True)
        output.reset.usual = lambda _: session.proposed_output
        output.reset.refresh()
        project = PathEdit(session, "project")
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(output.label, output)
        form.addRow(label_for(project, "p"), project)
        self.outcomes: dict[str, QLabel] = {}
        for name, mnemonic in (("on_bad", "d"), ("on_unmatched", "U")):
            edit, words = Resettable(session, self, ChoiceEdit(session, name), mnemonic), plain_label()
            words.setAccessibleName(f"Result of the choices: {edit.editor.accessibleName()}")
            row = QHBoxLayout()
            edit.add_to(row)
            row.addWidget(words, 1)
            form.addRow(edit.label, row)
            self.outcomes[name] = words
        self.body.addLayout(form)
        self.tally, self.problem_list = QLabel(), ProblemLines(self.offers, _MOST_LINES, _OPEN_PX)
        row = QHBoxLayout()
        row.addWidget(self.tally)
        row.addWidget(PlanProgress(session), 1)
        self.body.addLayout(row)
        self.body.addWidget(self.problem_list)
        self.fold, self.written = Fold("Exactly what will be written"), Facts("What will be written")
        explain(self.fold, "Rows, links, size, and each field with where its values come from.")
        self.written.setMinimumHeight(_LEAST_FACTS_PX)
        self.fold.toggled.connect(self.written.setVisible)
        self.fold.clicked.connect(self._on_fold_clicked)
        self.body.addWidget(self.fold)
        self.body.addWidget(self.written, 1)
        self.body.addStretch(0)
        self._is_fold_chosen = False  # by the user; else it is open where there is room
        self._use_room()
        self.keep = KeepBar(session, finished=False)
        self.body.addWidget(self.keep)
        session.changed.connect(self._on_changed)
        session.imported.connect(self._on_imported)

    def shut_down(self) -> None:
        self.tasks.close()
        self.keep.shut_down()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._make_pictures()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.is_built:
            self._use_room()

    def _use_room(self) -> None:
        """In a low window, the sentences and the problems need all of it; errors, which are open, need it anywhere."""
        has_room = self.height() >= _ROOMY_PX
        self.claim_list.set_pictured(has_room)
        if not self._is_fold_chosen:
            is_open = has_room and not self.session.plan.errors
            self.fold.setChecked(is_open)
            self.written.setVisible(is_open)

    def problems(self) -> list:
        return list(self.session.plan.problems)

    def obstacle(self) -> str:
        if not self.session.parameters.output:
            return "Cannot import: choose an output folder."
        if not self.session.is_current:
            return "Checking …"
        errors = self.session.plan.errors
        if errors:
            return f"Cannot import: {errors[0].message}." + (
                f" ({len(errors)} errors in all)" if len(errors) > 1 else ""
            )
        return ""

    def show_plan(self) -> None:
        plan = self.session.plan
        self._on_imported()
        self.headline.say(*readiness(plan))
        claims = claims_of(plan)
        self.claim_list.show_claims(claims, self.titles_of(claims))
        if self.isVisible():
            self._make_pictures()
        self.written.show_facts([_NOTHING_YET] if plan.errors else will_write(plan))
        self.problem_list.show_problems(plan.problems)
        self._use_room()
        severities = [problem.severity for problem in plan.problems]
        tally = [
            f"{SIGNS[severity][0]} {count_of(count, SIGNS[severity][2:].lower())}"
            for severity in Severity
            if (count := severities.count(severity))
        ]
        nothing = "No problems found." if plan.all_particles else "Nothing has been read yet."
        self.tally.setText("   ".join(["Problems", *tally]) if tally else nothing)
        for name, words in policy_outcomes(plan).items():
            self.outcomes[name].setText(words)

    def _make_pictures(self) -> None:
        plan = self.session.plan
        if plan is not self._pictured:
            self._pictured = plan
            self.tasks.start("pictures", partial(thumbnails_of, plan))

    @Slot(str, object)
    def _on_pictures(self, kind: str, pictures: dict[Topic, list[Grey]]) -> None:
        self.claim_list.show_pictures(pictures)

    @Slot(str, str, str)
    def _on_failed(self, kind: str, message: str, details: str) -> None:
        self.session.failed.emit(message, details)

    @Slot()
    def _on_fold_clicked(self) -> None:
        self._is_fold_chosen = True

    @Slot()
    def _on_imported(self, *_: object) -> None:
        """Say so if the output folder is that of the last import."""
        session = self.session
        before = session.imported_plan
        is_there = before is not None and before.parameters.output == session.parameters.output
        self.setSubTitle(_AFTER if is_there else _BEFORE)
        self.setButtonText(QWizard.WizardButton.NextButton, "See &import" if session.is_imported else "&Import")

    @Slot(str)
    def _on_changed(self, name: str) -> None:
        if name in self.outcomes:  # both policies change the numbers
            for label in self.outcomes.values():
                label.setText("…")
