"""Problems for people: what was found, where, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from ...core.problems import Problem
from .labels import plain_label
from .problem_card import Offer, ProblemCard
from .problem_line import ProblemLine


class ProblemList(QScrollArea):
    """A column of problems, the worst first; `offers` gives the buttons of each."""

    _SPACING_PX = 8

    def __init__(
        self,
        nothing: str = "No problems found.",
        offers: Callable[[Problem], Sequence[Offer]] = lambda problem: (),
    ) -> None:
        super().__init__()
        self.entries: Sequence[ProblemCard | ProblemLine] = []
        self._nothing, self._offers = nothing, offers
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
        layout.setSpacing(self._SPACING_PX)
        self.entries = [self._entry(problem, its) for problem, its in zip(problems, offers)]
        for entry in self.entries:
            layout.addWidget(entry)
        if not problems:
            layout.addWidget(plain_label(self._nothing))
        layout.addStretch(1)
        self.setWidget(content)
        self.updateGeometry()
        content.setAutoFillBackground(False)  # the box around it has its own shade
        before: QWidget = self  # entries are newer than what is below them: Tab would come to them last
        for stop in (stop for entry in self.entries for stop in entry.stops):
            self.setTabOrder(before, stop)
            before = stop
        self._fit_height()

    def _entry(self, problem: Problem, offers: Sequence[Offer]) -> ProblemCard | ProblemLine:
        return ProblemCard(problem, offers)

    def _fit_height(self) -> None:
        """For lists with a height of their own."""

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
