"""Problems, one line each; a line opens to all that is known of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QPalette, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from ...core.problems import CODES, Problem
from ..theme import severity_colour
from ..tips import explain, window_words
from .fold import Fold
from .one_line import OneLine
from .problem_list import SIGNS, Offer, ProblemCard, sentence


class ProblemLines(QScrollArea):
    """As high as its lines, up to `closed` of them, and with an open one up to `open_px`; hidden without problems."""

    def __init__(self, offers: Callable[[Problem], Sequence[Offer]], closed: int = 3, open_px: int = 240) -> None:
        super().__init__()
        self._offers, self._closed, self._open_px = offers, closed, open_px
        self._shown: object = None
        self._problems: tuple[Problem, ...] = ()
        self._open: set[str] = set()  # codes
        self.lines: list[_Line] = []
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName("Problems")
        self.setWhatsThis("What was found, the worst first. Click a line to see what to do about it.")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAutoFillBackground(False)
        self.show_problems(())

    def show_problems(self, problems: Sequence[Problem]) -> None:
        offers = [list(self._offers(problem)) for problem in problems]
        shown = [(problem, [offer.label for offer in its]) for problem, its in zip(problems, offers)]
        if self._shown == shown:
            return
        self._shown, self._problems = shown, tuple(problems)
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(0, 0, 6, 0)
        layout.setSpacing(2)
        self.lines = []
        for problem, its in zip(problems, offers):
            line = _Line(problem, its, problem.code in self._open)
            line.fold.toggled.connect(partial(self._keep_open, problem.code))
            self.lines.append(line)
            layout.addWidget(line)
        layout.addStretch(1)
        self.setWidget(content)
        content.setAutoFillBackground(False)
        before: QWidget = self  # lines are newer than what is below them: Tab would come to them last
        for widget in (widget for line in self.lines for widget in line.stops):
            self.setTabOrder(before, widget)
            before = widget
        self.setVisible(bool(problems))
        self._fit_height()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit_height()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._shown is not None:
            self._shown = None  # the signs have other colours in light and dark
            self.show_problems(self._problems)

    def _keep_open(self, code: str, is_open: bool) -> None:
        (self._open.add if is_open else self._open.discard)(code)
        self._fit_height()

    def _fit_height(self) -> None:
        """The height of the lines, or of as much of the open ones as there is room for."""
        if not self.lines:
            return
        closed = sum(line.closed_height + 2 for line in self.lines[: self._closed])
        opened = sum(line.height_for(self.viewport().width()) + 2 for line in self.lines)
        self.setFixedHeight(max(closed, min(opened, self._open_px)))


def _run(offer: Offer, checked: bool = False) -> None:
    offer.run()


class _Line(QWidget):
    """stops: what Tab comes to, in this order."""

    def __init__(self, problem: Problem, offers: Sequence[Offer], is_open: bool) -> None:
        super().__init__()
        count = f" ({problem.count:,})" if problem.count > 1 else ""
        title, said = f"{SIGNS[problem.severity]}: {CODES[problem.code].title}{count}", window_words(problem.message)
        self.fold, self.message = Fold(title), OneLine("Message")
        palette, font = QPalette(), self.fold.font()
        palette.setColor(QPalette.ColorRole.ButtonText, QColor(severity_colour(problem.severity)))
        self.fold.setPalette(palette)
        font.setBold(True)
        self.fold.setFont(font)
        self.fold.setAccessibleName(f"{title}: {said}")
        explain(self.fold, "Click to see all that was found, and what to do about it.")
        self.message.show_text(sentence(said))
        self._head = QHBoxLayout()
        self._head.addWidget(self.fold)
        self._head.addWidget(self.message, 1)
        self.stops: list[QWidget] = [self.fold]
        if offers:  # the one that helps most; all of them are in the card
            button = QPushButton(offers[0].label, self)  # shown without a parent it would be a window
            explain(button, offers[0].tool_tip)
            button.setAccessibleName(f"{offers[0].label}: {problem.message}")
            button.clicked.connect(partial(_run, offers[0]))
            button.setVisible(not is_open)
            self.fold.toggled.connect(button.setHidden)
            self._head.addWidget(button)
            self.stops.append(button)
        self.card = ProblemCard(problem, offers)
        self.stops += self.card.buttons
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(self._head)
        layout.addWidget(self.card)
        self.card.setVisible(is_open)
        self.fold.setChecked(is_open)
        self.fold.toggled.connect(self.card.setVisible)

    @property
    def closed_height(self) -> int:
        return self._head.sizeHint().height()

    def height_for(self, width: int) -> int:
        layout = self.card.layout()
        if not self.fold.isChecked() or layout is None:
            return self.closed_height
        frame = 2 * self.card.frameWidth()
        return self.closed_height + 2 + frame + layout.heightForWidth(width - 6 - frame)
