"""What all pages have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget, QWizardPage

from ...core.problems import Problem
from ...core.report.claim_codes import Topic
from ...core.report.claims import Claim, claims_of
from ..fields import FieldGuard
from ..remedies import REMEDIES, fixes_of
from ..session import Session
from ..widgets.headline import Headline
from ..widgets.one_line import OneLine
from ..widgets.path_field import PathLine
from ..widgets.problem_card import Offer
from ..widgets.undo_button import UndoButton

_MARGINS_PX = (2, 4, 0, 0)  # the window has its own around a page


class Page(QWizardPage):
    """A page that follows the session's plan.

    Subclasses make their widgets in `build`, which is called soon after the window has opened, or when the page is
    shown, and put them into `body`; they fill them in `show_plan`, and say in `obstacle` why continuing makes no
    sense: that line is shown at the foot of the page, and Next is disabled.  `CODES` are the prefixes of the problem
    codes that belong here; no code belongs to two pages.  `home_of` finds the page of a code.  `HEADLINE` is the claim
    whose evidence the page shows; `headline` says it, where the page puts it.

    Signals:
        wanted(code): the user wants to go to where this kind of problem can be fixed.
        evidence_wanted(code): the user wants to see the page of this kind of problem.
    """

    wanted = Signal(str)
    evidence_wanted = Signal(str)

    TITLE = ""
    SUBTITLE = ""
    CODES: tuple[str, ...] = ()
    DONE = "fine"
    HEADLINE: Topic | None = None

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.home_of: Callable[[str], Page | None] = lambda code: None
        self.is_built = self._is_behind = False
        self.setTitle(self.TITLE)
        self.setSubTitle(self.SUBTITLE)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(*_MARGINS_PX)
        content = _Content()
        self.body = QVBoxLayout(content)
        self.body.setContentsMargins(0, 0, 0, 0)
        # At 2x scale a page may not fit the screen.
        self._area = area = QScrollArea(widgetResizable=True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # it follows the focus of what is in it
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(content)
        for widget in (area.viewport(), content):
            widget.setAutoFillBackground(False)
        outer.addWidget(area, 1)
        self.headline = Headline()
        self.foot = OneLine("Why the next page is not available")
        self.undo = UndoButton(session.undo, self)
        at_foot = QHBoxLayout()
        at_foot.addWidget(self.foot, 1)
        at_foot.addWidget(self.undo)
        outer.addLayout(at_foot)

    def problems(self) -> list[Problem]:
        """The plan's problems that belong to this page."""
        return [p for p in self.session.plan.problems if p.code.startswith(self.CODES)] if self.CODES else []

    def claims(self) -> list[Claim]:
        """The plan's claims whose evidence is on this page."""
        return [claim for claim in claims_of(self.session.plan) if self.home_of(claim.evidence) is self]

    def titles_of(self, claims: Sequence[Claim]) -> list[str]:
        """The titles of the pages with the evidence of claims."""
        homes = (self.home_of(claim.evidence) for claim in claims)
        return [home.title() if home else "" for home in homes]

    def fixes(self, problem: Problem) -> list[Offer]:
        """The buttons that fix a problem."""
        offers = []
        for label, values in fixes_of(problem, self.session.plan):
            words = ", ".join(f"{name.replace('_', ' ')}: {value or 'none'}" for name, value in values.items())
            offers.append(Offer(label, f"Sets {words}.", partial(self.session.undo.take, label, **values)))
        return offers

    def offers(self, problem: Problem) -> list[Offer]:
        """The buttons of a problem: what fixes it, and the way to where it can be fixed."""
        offers = self.fixes(problem)
        home = self.home_of(problem.code)
        if home and REMEDIES[problem.code].place:
            label = "Go to the field" if home is self else f"Go to {home.title()}"
            tip = "Go to where this can be changed."
            offers.append(Offer(label, tip, partial(self.wanted.emit, problem.code)))
        return offers

    def is_done(self) -> bool:
        """Whether the step list shows a tick where there are no problems."""
        return self.session.is_current

    def can_be_visited(self) -> bool:
        """Whether a click in the step list may lead here after the first visit; it never starts anything."""
        return True

    def obstacle(self) -> str:
        """Why continuing makes no sense; empty if it does."""
        return ""

    def build(self) -> None:
        """Make the widgets."""

    def show_plan(self) -> None:
        """Show the session's plan; called only once there are widgets, and only while the page is seen."""

    def shut_down(self) -> None:
        """Stop what the page runs; called only once there are widgets."""

    def build_once(self) -> None:
        if not self.is_built:
            self.is_built = True
            self.build()
            for line in self.findChildren(QLineEdit):
                if not isinstance(line, PathLine):
                    line.setAcceptDrops(False)  # else it would insert the address of a dropped STAR file
            FieldGuard(self)
            self.undo.others = [one for one in self.findChildren(UndoButton) if one is not self.undo]
            self.session.planned.connect(self._on_planned)
            self.session.planning.connect(self._on_state)
            self.session.changed.connect(self._on_state)
            self._show_latest()

    def close_once(self) -> None:
        if self.is_built:
            self.is_built = False
            self.shut_down()

    def initializePage(self) -> None:
        self.build_once()

    def showEvent(self, event: QShowEvent) -> None:
        """Return to where the keyboard was, or start with `first_focus`."""
        super().showEvent(event)
        if self.is_built:
            self.catch_up()
            self.show_state()
        if field := self.focusWidget() or self.first_focus():
            field.setFocus()

    def first_focus(self) -> QWidget | None:
        """Where the keyboard starts: the first field, unless a page says otherwise."""
        fields = (widget for widget in self.findChildren(QWidget) if _takes_keys(widget) and widget.isVisibleTo(self))
        return next(fields, None)

    def show_editor(self, name: str) -> None:
        """Move the keyboard to an editor, by its object's name, if the page has it."""
        if editor := self.findChild(QWidget, name):
            editor.setFocus(Qt.FocusReason.ShortcutFocusReason)  # as if it had been chosen by its mnemonic
            self._area.ensureWidgetVisible(editor)

    def isComplete(self) -> bool:
        return not self.obstacle()

    def catch_up(self) -> None:
        """Show the latest plan, if that was not done because nobody saw the page."""
        if self._is_behind:
            self._show_latest()

    @Slot()
    def _on_planned(self, *_: object) -> None:
        """Only the page that is seen is drawn at once: all seven would take as long as seven."""
        self._is_behind = True
        if self.isVisible():
            self._show_latest()

    def _show_latest(self) -> None:
        self._is_behind = False
        for claim in claims_of(self.session.plan):
            if claim.topic is self.HEADLINE:
                self.headline.set_claim(claim)
        self.show_plan()
        self._on_state()

    @Slot()
    def _on_state(self, *_: object) -> None:
        if self.isVisible():  # else when it is shown
            self.show_state()
            self.completeChanged.emit()

    def show_state(self) -> None:
        """Show what holds while the plan is that of the parameters as they are, and what while it is not."""
        self.foot.show_text(self.obstacle())
        self.headline.setEnabled(self.session.is_current)
        self.undo.refresh()


class _Content(QWidget):
    """At least as high as its content needs; a plain widget would use the preferred height."""

    def heightForWidth(self, width: int) -> int:
        layout = self.layout()
        assert layout is not None
        return layout.minimumHeightForWidth(width) if layout.hasHeightForWidth() else layout.minimumSize().height()


def _takes_keys(widget: QWidget) -> bool:
    return bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus) and widget.isEnabled()
