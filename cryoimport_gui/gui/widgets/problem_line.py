"""A problem in one line, which opens to all that is known of it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ...core.problems import SIGNS, Problem, sentence
from ..theme import severity_colour
from ..tips import explain, window_words
from .fold import Fold
from .one_line import OneLine
from .problem_card import Offer, ProblemCard, offer_button

_LEAST_TITLE_PX = 120


class ProblemLine(QWidget):
    """stops: what Tab comes to, in this order."""

    def __init__(self, problem: Problem, offers: Sequence[Offer], is_open: bool = False) -> None:
        super().__init__()
        self.card = ProblemCard(problem, offers)
        title, said = f"{SIGNS[problem.severity]}: {self.card.title}", window_words(problem.message)
        self.fold, self._title = Fold(title), title
        palette, font = QPalette(), self.fold.font()
        palette.setColor(QPalette.ColorRole.ButtonText, QColor(severity_colour(problem.severity)))
        self.fold.setPalette(palette)
        font.setBold(True)
        self.fold.setFont(font)
        self.fold.setAccessibleName(f"{title}: {said}")
        explain(self.fold, "Click to see all that was found, and what to do about it.")
        self._head = QHBoxLayout()
        self._head.addWidget(self.fold)
        message = OneLine("Message")
        message.show_text(sentence(said))
        self._head.addWidget(message, 1)
        self._head.addStretch(0)
        self._beside_title = self.fold.sizeHint().width() - self.fold.fontMetrics().horizontalAdvance(title)
        self.fold.setMinimumWidth(_LEAST_TITLE_PX)
        self.stops: list[QWidget] = [self.fold]
        if offers:  # the one that helps most; all of them are in the card
            button = offer_button(problem, offers[0])
            button.setParent(self)  # shown without a parent it would be a window
            button.setVisible(not is_open)
            self.fold.toggled.connect(button.setHidden)
            self._head.addWidget(button)
            self._beside_title += button.sizeHint().width() + self._head.spacing()
            self.stops.append(button)
        self.stops += self.card.buttons
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(self._head)
        layout.addWidget(self.card)
        self.fold.toggled.connect(self.card.setVisible)
        self.fold.toggled.connect(message.setHidden)
        self.card.setVisible(is_open)
        message.setHidden(is_open)
        self.fold.setChecked(is_open)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window the button is seen whole, and as much of the title as there is room for."""
        super().resizeEvent(event)
        room = max(_LEAST_TITLE_PX, event.size().width() - self._beside_title)
        self.fold.setText(self.fold.fontMetrics().elidedText(self._title, Qt.TextElideMode.ElideRight, room))

    @property
    def closed_height(self) -> int:
        return self._head.sizeHint().height()

    def height_for(self, width: int) -> int:
        layout = self.card.layout()
        if not self.fold.isChecked() or layout is None:
            return self.closed_height
        frame = 2 * self.card.frameWidth()
        return self.closed_height + 2 + frame + layout.heightForWidth(width - 6 - frame)
