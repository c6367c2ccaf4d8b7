"""Problems for people: what was found, where, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QEvent, QSize, Qt, Slot
from PySide6.QtGui import QFontDatabase, QGuiApplication, QPalette, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from ...core.problems import CODES, Problem, Severity
from ..theme import emphasize, severity_colour
from ..tips import explain, window_words
from .fold import Fold

#: a sign and a word, so that colour alone carries no meaning
SIGNS = {Severity.ERROR: "✖ Error", Severity.WARNING: "▲ Warning", Severity.INFO: "● Note"}
_PLAIN_WORD = re.compile(r"a|[a-z]{2,}(-[a-z]+)*,?")
_IN_A_ROW = 2  # buttons: as many as fit most cards


@dataclass(frozen=True)
class Offer:
    """A button on a problem."""

    label: str
    tool_tip: str
    run: Callable[[], object]


class ProblemList(QScrollArea):
    """A column of problems, the worst first; `offers` gives the buttons of each.

    With `highest_px` it is as high as its problems need, up to that; else as high as there is room.  With `folds`
    all but errors are one line each, with the first of the buttons; it opens.
    """

    def __init__(
        self,
        nothing: str = "No problems found.",
        offers: Callable[[Problem], Sequence[Offer]] = lambda problem: (),
        highest_px: int = 0,
        folds: bool = False,
    ) -> None:
        super().__init__()
        self._folds = folds
        self._nothing, self._offers, self._highest_px = nothing, offers, highest_px
        self._shown: object = None
        self._problems: tuple[Problem, ...] = ()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName("Problems")
        self.setWhatsThis("What was found, the worst first, and what to do about it. Only errors stop the import.")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAutoFillBackground(False)
        self.show_problems(())

    def set_nothing(self, text: str) -> None:
        """The text when there are no problems."""
        if text != self._nothing:
            self._nothing, self._shown = text, None

    def show_problems(self, problems: Sequence[Problem]) -> None:
        offers = [list(self._offers(problem)) for problem in problems]
        shown = [(problem, [offer.label for offer in its]) for problem, its in zip(problems, offers)]
        if self._shown == shown:
            return
        self._shown, self._problems = shown, tuple(problems)
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(0, 0, 6, 0)
        layout.setSpacing(8)
        for problem, its in zip(problems, offers):
            if self._folds and problem.severity is not Severity.ERROR:
                self._add_folded(layout, problem, its)
            else:
                layout.addWidget(ProblemCard(problem, its))
        if not problems:
            layout.addWidget(plain_label(self._nothing))
        layout.addStretch(1)
        self.setWidget(content)
        self.updateGeometry()
        content.setAutoFillBackground(False)  # the box around it has its own shade
        before: QWidget = self  # cards are newer than what is below them: Tab would come to them last
        for button in (button for card in content.findChildren(ProblemCard) for button in card.buttons):
            self.setTabOrder(before, button)
            before = button
        self._fit_height()

    def _add_folded(self, layout: QVBoxLayout, problem: Problem, offers: Sequence[Offer]) -> None:
        """A line that opens to the card."""
        card = ProblemCard(problem, offers[1:])
        fold = Fold(f"{SIGNS[problem.severity]}: {card.title}")
        explain(fold, "Shows all that is known of it.")
        fold.toggled.connect(card.setVisible)
        fold.toggled.connect(self._fit_height)
        card.hide()
        line = QHBoxLayout()
        line.addWidget(fold)
        line.addStretch(1)
        helping = [_button(problem, offer) for offer in offers[:1]]
        for button in helping:
            line.addWidget(button)
        card.buttons = [fold, *helping, *card.buttons]
        layout.addLayout(line)
        layout.addWidget(card)

    @Slot()
    def _fit_height(self, *_: object) -> None:
        content = self.widget()
        layout = content.layout() if content else None
        if self._highest_px and layout is not None:
            wraps = layout.hasHeightForWidth()
            wanted = layout.heightForWidth(self.viewport().width()) if wraps else layout.sizeHint().height()
            self.setFixedHeight(min(self._highest_px, wanted))

    def sizeHint(self) -> QSize:
        """As high as its content, at the width that it has."""
        hint, content = super().sizeHint(), self.widget()
        if content is None or not content.hasHeightForWidth():
            return hint
        return QSize(hint.width(), content.heightForWidth(self.viewport().width()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_height()
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._shown is not None:
            self._shown = None  # the badges have other colours in light and dark
            self.show_problems(self._problems)


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
        self.buttons: list[QAbstractButton] = [copy, *(_button(problem, offer) for offer in offers)]
        if offers:
            layout.addWidget(_Rows(self.buttons[1:]), 4, 1, 1, 2)


def sentence(message: str) -> str:
    """A message as a sentence; names of files, columns and groups that it begins with are left as they are."""
    first = message.partition(" ")[0]
    is_word = _PLAIN_WORD.fullmatch(first) and not first.startswith("rln")
    return (message[0].upper() + message[1:] if is_word else message) + "."


def _button(problem: Problem, offer: Offer) -> QPushButton:
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


class CopyButton(QPushButton):
    """Copies a text to the clipboard."""

    def __init__(self, label: str, text: str = "") -> None:
        super().__init__(label)
        self.text_to_copy = text
        self.clicked.connect(self._copy)

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text_to_copy)


def plain_label(text: str = "") -> QLabel:
    """A label that wraps, also inside long paths, and shows its text unchanged: text from files is never markup."""
    label = QLabel(breakable(text))
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setMinimumWidth(60)
    return label


def breakable(text: str) -> str:
    """Text in which long paths can be broken behind a `/` or `_` (by zero-width spaces)."""
    return text.replace("/", "/\u200b").replace("_", "_\u200b")
