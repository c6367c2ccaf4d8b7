"""Stacks that are missing: how many, the first by name, where it was looked for, and what helps."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from ....core.plan.plan import ImportPlan
from ....core.problems import SIGNS, Problem, count_of
from ...theme import emphasize, severity_colour
from ...tips import explain, window_words
from ...widgets.fold import Fold
from ...widgets.labels import CopyButton, plain_label
from ...widgets.one_line import OneLine
from ...widgets.problem_card import Offer, offer_button

CODE = "stack-missing"


def missing_words(plan: ImportPlan) -> tuple[str, str]:
    """`1 of 6 stacks missing (8 particles)` and the first name; nothing where none is."""
    fault = next((fault for fault in plan.stacks.faults if fault.problem.code == CODE), None) if plan.stacks else None
    if fault is None or plan.stacks is None:
        return "", ""
    located = plan.stacks.located.found
    first = next(name for name, found in zip(plan.stacks.names, located) if found.is_missing)
    stacks, rows = count_of(len(located), "stack"), count_of(len(fault.rows), "particle")
    return f"{fault.problem.count:,} of {stacks} missing ({rows})", first


class MissingStacks(QWidget):
    """Hidden where nothing is missing.  `take_data` is the button with the folder that has them."""

    def __init__(self) -> None:
        super().__init__()
        self._badge, self._title = QLabel(), plain_label()
        self._name = OneLine("The first stack that is missing", Qt.TextElideMode.ElideMiddle)
        emphasize(self._title)
        self.fold, self.places = Fold("Where it was looked for"), plain_label()
        explain(self.fold, "The places where the first of the missing stacks was looked for.")
        self.places.setAccessibleName("Where it was looked for")
        self.places.hide()
        self.fold.toggled.connect(self.places.setVisible)
        self.take_data = QPushButton()
        self._copy = CopyButton("Copy")
        explain(self._copy, "Copy this message, with its examples, to the clipboard.")
        self._buttons = QHBoxLayout()
        self._title.setWordWrap(False)
        first = QHBoxLayout()
        first.addWidget(self._badge)
        first.addWidget(self._title)
        first.addWidget(self._name, 1)
        self._buttons.addWidget(self.fold)
        self._buttons.addWidget(self.take_data)
        self._buttons.addStretch(1)
        self._buttons.addWidget(self._copy)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(first)
        layout.addLayout(self._buttons)
        layout.addWidget(self.places)
        self._offered: list[QPushButton] = []
        self.hide()

    def show_plan(self, plan: ImportPlan, problem: Problem | None, offers: Sequence[Offer]) -> bool:
        """Whether there was something to show.  `offers` are the buttons of the problem."""
        title, first = missing_words(plan)
        self.setVisible(bool(title) and problem is not None)
        if not title or problem is None or plan.stacks is None:
            return False
        located = plan.stacks.located
        self._badge.setText(SIGNS[problem.severity])
        emphasize(self._badge, severity_colour(problem.severity))
        self._title.setText(title)
        more = " …" if problem.count > 1 else ""
        self._name.show_text(first + more)
        self.places.setText("\n".join([*located.tried, *_rejected(plan)]))
        self._copy.text_to_copy = window_words(str(problem))
        self._show_buttons(located.suggested_data, located.suggested_finds, offers, problem)
        return True

    def _show_buttons(self, folder: str, finds: int, offers: Sequence[Offer], problem: Problem) -> None:
        for button in self._offered:
            button.hide()
            button.deleteLater()
        self._offered = []
        self.take_data.setVisible(bool(folder))
        self.take_data.setText(f"&Use {_short(folder).replace('&', '&&')}")
        explain(self.take_data, f"{folder} has {finds:,} of the missing stacks. Sets the particle data path.")
        for offer in offers:
            button = offer_button(problem, offer)
            button.setAutoDefault(False)
            self._buttons.insertWidget(self._buttons.count() - 2, button)
            self._offered.append(button)
        before: QWidget = self.take_data
        for button in [*self._offered, self._copy]:
            self.setTabOrder(before, button)
            before = button


def _rejected(plan: ImportPlan) -> list[str]:
    """Files of the name that cannot be the stack, and why."""
    assert plan.stacks is not None
    missing = next((found for found in plan.stacks.located.found if found.is_missing), None)
    return [f"{path}: not this stack, {reason}" for path, reason in missing.rejected] if missing else []


_LONGEST = 48


def _short(folder: str) -> str:
    """A folder whose end stays visible."""
    if len(folder) <= _LONGEST:
        return folder
    head = folder[: _LONGEST // 3]
    return f"{head}…{folder[len(folder) - (_LONGEST - len(head) - 1) :]}"
