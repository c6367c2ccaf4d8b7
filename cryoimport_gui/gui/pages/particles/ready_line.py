"""Whether everything is known for the import, and the way past the pages between."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from ....core.plan.plan import ImportPlan
from ....core.report.claims import readiness
from ...tips import explain
from ...widgets.labels import plain_label
from ...widgets.state_icon import StateIcon

_ICON_PX = 18


class ReadyLine(QWidget):
    """`review` is its button; a page connects it."""

    def __init__(self) -> None:
        super().__init__()
        self.icon, self.words, self.review = StateIcon(_ICON_PX), plain_label(), QPushButton("Go to Review")
        self.review.setAutoDefault(False)
        explain(self.review, "Skip the pages between: Review shows the five claims, and imports.")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.icon)
        layout.addWidget(self.words, 1)
        layout.addWidget(self.review)

    def show_plan(self, plan: ImportPlan) -> None:
        state, words = readiness(plan)
        self.icon.set_state(state)
        self.words.setText(words)
