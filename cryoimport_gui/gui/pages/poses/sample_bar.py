"""The inputs of the page: whether to check at all, and of which particles."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from ....core.plan.poses_check import MOST_PARTICLES, POSES_SAMPLE
from ...session import Session
from ...tips import explain
from ...widgets.editors import ChoiceEdit
from ...widgets.labelled_edit import LabelledEdit
from ...widgets.progress_line import PlanProgress

_STANDS = "The new verdict replaces the old one, also in the report."


class SampleBar(QWidget):
    """Choices, progress and Cancel in one line.

    Signals:
        wanted(count, seed): compare so many particles, chosen at random with this seed.
        cancelled(): stop that.
    """

    wanted = Signal(int, int)
    cancelled = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.count, self.seed = POSES_SAMPLE, 0
        check = ChoiceEdit(session, "check_poses")
        self.another, self.more = QPushButton("&Another sample"), QPushButton()
        self.cancel = QPushButton("&Cancel")
        explain(self.cancel, "Stop comparing. The verdict stays as it is.")
        self.progress = PlanProgress(session)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(LabelledEdit(session, check, "k", "Automatic"))
        layout.addSpacing(8)
        for button in (self.another, self.more):
            layout.addWidget(button)
        layout.addWidget(self.progress, 1)
        layout.addWidget(self.cancel)
        self.another.clicked.connect(self._want_another)
        self.more.clicked.connect(self._want_more)
        self.cancel.clicked.connect(self.cancelled)
        self.show_sample(POSES_SAMPLE, 0, 0, False)

    def show_sample(self, count: int, seed: int, available: int, is_running: bool) -> None:
        """What was compared last, and how many particles there are to choose from (0: none can be compared)."""
        self.count, self.seed = count, seed
        has_others, has_more = available > count, available > count and count < MOST_PARTICLES
        used = "" if has_others or not available else f" All {available:,} were compared."
        explain(self.another, f"Compare another sample of the same size. {_STANDS}{used}")
        explain(self.more, f"Compare more particles, up to {MOST_PARTICLES:,}. {_STANDS}{used}")
        self.more.setText("&More particles" + (f" ({min(self._next_count(), available):,})" if has_more else ""))
        self.another.setEnabled(has_others and not is_running)
        self.more.setEnabled(has_more and not is_running)
        self.cancel.setVisible(is_running)

    def _next_count(self) -> int:
        return min(2 * self.count, MOST_PARTICLES)

    @Slot()
    def _want_another(self) -> None:
        self.wanted.emit(self.count, self.seed + 1)

    @Slot()
    def _want_more(self) -> None:
        self.wanted.emit(self._next_count(), self.seed)
