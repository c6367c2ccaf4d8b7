"""Whether everything is known for the import, and the way past the pages between."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from ....core.plan.plan import ImportPlan
from ....core.report.claims import readiness
from ...session import Session
from ...tips import explain
from ...widgets.labels import plain_label
from ...widgets.progress_line import PlanProgress
from ...widgets.state_icon import StateIcon

_ICON_PX = 18


class ReadyLine(QWidget):
    """Progress while a plan is made; then its readiness.  `review` is its button; a page connects it."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.progress = PlanProgress(session)
        self.icon, self.words, self.review = StateIcon(_ICON_PX), plain_label(), QPushButton("Go to Review")
        self.review.setAutoDefault(False)
        explain(self.review, "Skip the pages between: Review shows the five claims, and imports.")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.icon)
        layout.addWidget(self.words, 1)
        layout.addWidget(self.progress, 1)
        layout.addWidget(self.review)

    def set_current(self, is_current: bool) -> None:
        """Whether the plan is that of the parameters as they are."""
        for widget in (self.icon, self.words):
            widget.setVisible(is_current)
        self.progress.setHidden(is_current)
        self.review.setEnabled(is_current)

    def show_plan(self, plan: ImportPlan) -> None:
        state, words = readiness(plan)
        self.icon.set_state(state)
        self.words.setText(words)
