"""All that is known of one problem, with its buttons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontDatabase, QPalette, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QFrame, QGridLayout, QPushButton, QWidget

from ...core.problems import CODES, SIGNS, Problem, sentence
from ..theme import emphasize, severity_colour
from ..tips import explain, window_words
from .labels import CopyButton, plain_label

_IN_A_ROW = 2  # buttons: as many as fit most cards


@dataclass(frozen=True)
class Offer:
    """A button on a problem."""

    label: str
    tool_tip: str
    run: Callable[[], object]


class ProblemCard(QFrame):
    """All that is known of a problem, with its buttons."""

    def __init__(self, problem: Problem, offers: Sequence[Offer]) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.setAutoFillBackground(True)
        self.setAccessibleName(f"{problem.severity.value}: {problem.message}")
        layout = QGridLayout(self)
        layout.setColumnStretch(1, 1)
        layout.setVerticalSpacing(3)
        badge = plain_label(SIGNS[problem.severity])
        emphasize(badge, severity_colour(problem.severity))
        badge.setMinimumWidth(badge.fontMetrics().horizontalAdvance("▲ Warning  ") + 12)
        self.title = CODES[problem.code].title + (f" ({problem.count:,})" if problem.count > 1 else "")
        title = plain_label(self.title)
        emphasize(title)
        layout.addWidget(badge, 0, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(title, 0, 1)
        layout.addWidget(plain_label(sentence(window_words(problem.message))), 1, 1)
        if problem.examples:
            more = problem.count - len(problem.examples)
            examples = plain_label("\n".join([*problem.examples, *([f"… and {more:,} more"] if more > 0 else [])]))
            examples.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
            layout.addWidget(examples, 2, 1)
        layout.addWidget(plain_label(f"→ {window_words(problem.hint)}"), 3, 1)
        copy = CopyButton("Copy", window_words(str(problem)))
        copy.setAccessibleName(f"Copy: {problem.message}")
        explain(copy, "Copy this message, with its examples, to the clipboard.")
        layout.addWidget(copy, 0, 2, 2, 1, Qt.AlignmentFlag.AlignTop)
        self.buttons: list[QAbstractButton] = [copy, *(offer_button(problem, offer) for offer in offers)]
        if offers:
            layout.addWidget(_Rows(self.buttons[1:]), 4, 1, 1, 2)

    @property
    def stops(self) -> Sequence[QWidget]:
        """What Tab comes to, in this order."""
        return self.buttons


def offer_button(problem: Problem, offer: Offer) -> QPushButton:
    """A button that runs an offer; a problem with several of them is read out with each."""
    button = QPushButton(offer.label)
    explain(button, offer.tool_tip)
    button.setAccessibleName(f"{offer.label}: {problem.message}")
    button.clicked.connect(partial(_run, offer))
    return button


class _Rows(QWidget):
    """Buttons, two in a row; one where two do not fit."""

    def __init__(self, buttons: Sequence[QAbstractButton]) -> None:
        super().__init__()
        self._buttons = buttons
        self._in_a_row = 0
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(6)
        self._grid.setColumnStretch(_IN_A_ROW, 1)
        self._arrange(_IN_A_ROW)

    def minimumSizeHint(self) -> QSize:
        """The width of one button, so that a narrow list can put the second one below."""
        return QSize(self._width(1), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange(_IN_A_ROW if event.size().width() >= self._width(_IN_A_ROW) else 1)

    def _width(self, in_a_row: int) -> int:
        columns = (self._buttons[column::in_a_row] for column in range(in_a_row))
        widths = [max((button.sizeHint().width() for button in column), default=0) for column in columns]
        return sum(widths) + self._grid.horizontalSpacing() * (in_a_row - 1)

    def _arrange(self, in_a_row: int) -> None:
        if in_a_row != self._in_a_row:
            self._in_a_row = in_a_row
            for number, button in enumerate(self._buttons):
                self._grid.addWidget(button, *divmod(number, in_a_row))


def _run(offer: Offer, checked: bool = False) -> None:
    offer.run()
