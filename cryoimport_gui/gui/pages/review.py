"""Where to write, what about bad rows, and exactly what will be written."""

from __future__ import annotations

from PySide6.QtWidgets import QFormLayout, QGroupBox, QHBoxLayout, QVBoxLayout, QWizard

from ...core.dataset import SCHEMA
from ...core.plan import ImportPlan
from ..session import Session
from ..widgets.editors import ChoiceEdit, PathEdit, label_for
from ..widgets.facts import Facts
from ..widgets.problem_list import ProblemList
from ..widgets.progress_line import ProgressLine
from .page import Page


class ReviewPage(Page):
    """Every problem, and everything that will be written."""

    TITLE = "Review"
    SUBTITLE = (
        "Choose the job folder to create. Here is every problem, and what will be written. Nothing is written yet."
    )

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.setButtonText(QWizard.WizardButton.NextButton, "&Import")
        output, project = PathEdit(session, "output", creates=True), PathEdit(session, "project")
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(label_for(output, "O"), output)
        form.addRow(label_for(project, "p"), project)
        policies = QHBoxLayout()
        for name, mnemonic in (("on_bad", "B"), ("on_unmatched", "U")):
            editor = ChoiceEdit(session, name)
            policies.addWidget(label_for(editor, mnemonic))
            policies.addWidget(editor)
            policies.addSpacing(16)
        policies.addStretch(1)
        form.addRow("", policies)
        self.body.addLayout(form)
        self.body.addWidget(ProgressLine(session))
        self.written, self.problem_list = Facts(), ProblemList()
        columns = QHBoxLayout()
        for title, widget, stretch in (
            ("What will be written", self.written, 2),
            ("Problems", self.problem_list, 3),
        ):
            box = QGroupBox(title)
            layout = QVBoxLayout(box)
            layout.addWidget(widget)
            columns.addWidget(box, stretch)
        self.body.addLayout(columns, 1)

    def problems(self) -> list:
        return list(self.session.plan.problems)

    def obstacle(self) -> str:
        if not self.session.parameters.output:
            return "Import is off: choose an output folder."
        if not self.session.is_current:
            return "Checking …"
        errors = self.session.plan.errors
        if errors:
            return f"Import is off: {errors[0].message}." + (
                f" ({len(errors)} errors in all)" if len(errors) > 1 else ""
            )
        return ""

    def show_plan(self) -> None:
        self.written.show_facts(written_of(self.session.plan))
        self.problem_list.show_problems(self.session.plan.problems)


def written_of(plan: ImportPlan) -> list[tuple[str, str]]:
    """What an import would write, as pairs of name and value."""
    if plan.particles is None:
        return []
    counts = plan.counts()
    facts = [("Particles", f"{counts['particles']:,} of {counts['rows']:,} rows")]
    if plan.left_out:
        facts.append(("Left out", f"{counts['left_out']:,} rows, listed in rejected.star"))
    facts.append(("Links", f"{counts['links']:,} to stacks, which are not copied"))
    if plan.data_sign:
        facts.append(("Data sign", f"{plan.data_sign.value:+d} ({plan.data_sign.source})"))
    if plan.linking:
        facts.append(
            (
                "Exposures",
                f"{counts['particles_matched']:,} particles on {counts['exposures_matched']:,} exposures",
            )
        )
    for slot in plan.slots:
        for field in (f for f in SCHEMA[slot] if f.origin != "constant"):
            facts.append((slot, f"{field.name.split('/')[1]}  ←  {field.origin}"))
    return facts
