"""Last check: the five claims, the output folder, bad rows, and exactly what will be written."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFormLayout, QGroupBox, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWizard

from ...core.problems import Severity, count_of
from ...core.report.claims import claims_of
from ...core.report.contents import policy_outcomes, will_write
from ..tips import explain
from ..widgets.claim_list import ClaimList
from ..widgets.editors import ChoiceEdit, PathEdit, label_for
from ..widgets.facts import Facts
from ..widgets.fold import Fold
from ..widgets.keep_bar import KeepBar
from ..widgets.labels import plain_label
from ..widgets.problem_card import SIGNS
from ..widgets.problem_list import ProblemList
from ..widgets.progress_line import PlanProgress
from .page import Page

_BEFORE = "What is known of the data, and every problem. Choose the job folder to create. Nothing is written yet."
_AFTER = "An import was written to this output folder. Choose another one to import again."
_LEAST_FACTS_PX = 120
_NOTHING_YET = "Nothing", "is written until the errors are fixed."


class ReviewPage(Page):
    """The claims, every problem, and everything that will be written."""

    TITLE = "Review"
    SUBTITLE = _BEFORE
    CODES = ("output-",)

    def build(self) -> None:
        session = self.session
        self.claim_list = ClaimList()
        self.claim_list.chosen.connect(self.evidence_wanted)
        self.body.addWidget(self.claim_list)
        output, project = PathEdit(session, "output", creates=True), PathEdit(session, "project")
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(label_for(output, "O"), output)
        form.addRow(label_for(project, "p"), project)
        self.outcomes: dict[str, QLabel] = {}
        for name, mnemonic in (("on_bad", "d"), ("on_unmatched", "U")):
            editor, words = ChoiceEdit(session, name), plain_label()
            words.setAccessibleName(f"Result of the choices: {editor.accessibleName()}")
            row = QHBoxLayout()
            row.addWidget(editor)
            row.addWidget(words, 1)
            form.addRow(label_for(editor, mnemonic), row)
            self.outcomes[name] = words
        self.body.addLayout(form)
        self.body.addWidget(PlanProgress(session))
        self.problem_list = ProblemList(offers=self.offers)
        self._problem_box = QGroupBox()
        QVBoxLayout(self._problem_box).addWidget(self.problem_list)
        self.body.addWidget(self._problem_box, 1)
        self.fold, self.written = Fold("Exactly what will be written"), Facts("What will be written")
        explain(self.fold, "Rows, links, size, and each field with where its values come from.")
        self.written.setMinimumHeight(_LEAST_FACTS_PX)
        self.fold.toggled.connect(self._on_fold)
        self.fold.clicked.connect(self._on_fold_clicked)
        self.written.hide()
        self.body.addWidget(self.fold)
        self.body.addWidget(self.written, 1)
        self._is_fold_chosen = False  # by the user; else it is open where there is room
        self.keep = KeepBar(session, finished=False)
        self.body.addWidget(self.keep)
        session.changed.connect(self._on_changed)
        session.imported.connect(self._on_imported)

    def shut_down(self) -> None:
        self.keep.shut_down()

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
        claims = claims_of(plan)
        self.claim_list.show_claims(claims, self.titles_of(claims))
        self.written.show_facts([_NOTHING_YET] if plan.errors else will_write(plan))
        self.problem_list.set_nothing("No problems found." if plan.all_particles else "Nothing has been read yet.")
        self.problem_list.show_problems(plan.problems)
        if not self._is_fold_chosen:
            self.fold.setChecked(all(problem.severity is Severity.INFO for problem in plan.problems))
        severities = [problem.severity for problem in plan.problems]
        tally = [
            f"{SIGNS[severity][0]} {count_of(count, SIGNS[severity][2:].lower())}"
            for severity in Severity
            if (count := severities.count(severity))
        ]
        self._problem_box.setTitle("   ".join(["Problems", *tally]))
        for name, words in policy_outcomes(plan).items():
            self.outcomes[name].setText(words)

    @Slot(bool)
    def _on_fold(self, is_open: bool) -> None:
        """What will be written takes the room that the problems do not need."""
        self.written.setVisible(is_open)
        height = QSizePolicy.Policy.Maximum if is_open else QSizePolicy.Policy.Expanding
        self._problem_box.setSizePolicy(QSizePolicy.Policy.Preferred, height)
        self.body.setStretchFactor(self._problem_box, 0 if is_open else 1)

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
