"""Last check: the output folder, bad rows, and exactly what will be written."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFormLayout, QGroupBox, QHBoxLayout, QLabel, QVBoxLayout, QWizard

from ...core.problems import Severity, count_of
from ...core.report.contents import policy_outcomes, will_write
from ..widgets.editors import ChoiceEdit, PathEdit, label_for
from ..widgets.facts import Facts
from ..widgets.keep_bar import KeepBar
from ..widgets.problem_list import SIGNS, ProblemList, plain_label
from ..widgets.progress_line import PlanProgress
from .page import Page

_BEFORE = "Choose the job folder to create. Here is every problem, and what will be written. Nothing is written yet."
_AFTER = "An import was written to this output folder. Choose another one to import again."
_NOTHING_YET = "Nothing", "is written until the errors are fixed."


class ReviewPage(Page):
    """Every problem, and everything that will be written."""

    TITLE = "Review"
    SUBTITLE = _BEFORE
    CODES = ("output-",)

    def build(self) -> None:
        session = self.session
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
        self.written, self.problem_list = Facts("What will be written"), ProblemList(offers=self.offers)
        self._problem_box = QGroupBox()
        columns = QHBoxLayout()
        for box, widget, stretch in (
            (QGroupBox("What will be written"), self.written, 2),
            (self._problem_box, self.problem_list, 3),
        ):
            QVBoxLayout(box).addWidget(widget)
            columns.addWidget(box, stretch)
        self.body.addLayout(columns, 1)
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
        self.written.show_facts([_NOTHING_YET] if plan.errors else will_write(plan))
        self.problem_list.set_nothing("No problems found." if plan.all_particles else "Nothing has been read yet.")
        self.problem_list.show_problems(plan.problems)
        severities = [problem.severity for problem in plan.problems]
        tally = [
            f"{SIGNS[severity][0]} {count_of(count, SIGNS[severity][2:].lower())}"
            for severity in Severity
            if (count := severities.count(severity))
        ]
        self._problem_box.setTitle("   ".join(["Problems", *tally]))
        for name, words in policy_outcomes(plan).items():
            self.outcomes[name].setText(words)

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
