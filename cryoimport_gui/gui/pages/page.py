"""What all pages have in common."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QVBoxLayout, QWizardPage

from ...core.problems import Problem
from ..session import Session
from ..widgets.problem_list import plain_label


class Page(QWizardPage):
    """A page that follows the session's plan.

    Subclasses put their widgets into `body`, fill them in `show_plan`, and say in `obstacle` why going on makes no
    sense; that line stands at the foot of the page and turns Next off.  `CODES` are the prefixes of the problem
    codes that are shown here.
    """

    TITLE = ""
    SUBTITLE = ""
    CODES: tuple[str, ...] = ()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.setTitle(self.TITLE)
        self.setSubTitle(self.SUBTITLE)
        outer = QVBoxLayout(self)
        self.body = QVBoxLayout()
        outer.addLayout(self.body, 1)
        self._foot = plain_label()
        self._foot.setAccessibleName("Why Next is off")
        outer.addWidget(self._foot)
        session.planned.connect(self._on_planned)
        session.planning.connect(self._on_state)
        session.changed.connect(self._on_state)

    def problems(self) -> list[Problem]:
        """The plan's problems that belong to this page."""
        return [p for p in self.session.plan.problems if p.code.startswith(self.CODES)] if self.CODES else []

    def is_done(self) -> bool:
        """Whether the step list shows a tick where there are no problems."""
        return self.session.is_current

    def obstacle(self) -> str:
        """Why going on makes no sense; empty if it does."""
        return ""

    def show_plan(self) -> None:
        """Show the session's plan."""

    def shut_down(self) -> None:
        """End what the page runs of its own."""

    def isComplete(self) -> bool:
        return not self.obstacle()

    @Slot(object)
    def _on_planned(self, plan: object) -> None:
        self.show_plan()
        self._on_state()

    @Slot()
    def _on_state(self, *_: object) -> None:
        self._foot.setText(self.obstacle())
        self.completeChanged.emit()
