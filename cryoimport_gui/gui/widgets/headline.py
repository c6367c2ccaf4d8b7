"""What a page has found, in one sentence with its state, large enough to be read first."""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from ...core.problems import Severity
from ..theme import emphasize, good_colour, severity_colour
from .problem_list import plain_label

_LARGER = 1.25


class HeadlineState(Enum):
    """What is known of a claim: its sign, and the sign in a word."""

    CONFIRMED = "✓", "confirmed"
    AS_GIVEN = "●", "as given"
    DOUBTFUL = "▲", "doubtful"
    CONTRADICTED = "✖", "contradicted"

    @property
    def sign(self) -> str:
        return self.value[0]

    @property
    def word(self) -> str:
        return self.value[1]

    @property
    def colour(self) -> str:
        if self is HeadlineState.CONFIRMED:
            return good_colour()
        severity = {HeadlineState.DOUBTFUL: Severity.WARNING, HeadlineState.CONTRADICTED: Severity.ERROR}.get(
            self, Severity.INFO
        )
        return severity_colour(severity)


class Headline(QWidget):
    """A sign and a sentence."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.state = HeadlineState.AS_GIVEN
        self.icon, self.words = QLabel(), plain_label()
        for label in (self.icon, self.words):
            font = label.font()
            font.setPointSizeF(_LARGER * font.pointSizeF())
            label.setFont(font)
            label.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.words.setAccessibleName(name)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.icon)
        layout.addWidget(self.words, 1)

    def show_state(self, state: HeadlineState, words: str) -> None:
        self.state = state
        self.icon.setText(state.sign)
        self.icon.setAccessibleName(state.word)
        self.words.setText(words)
        self.words.setAccessibleDescription(f"{state.word}: {words}")
        self._colour()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._colour()

    def _colour(self) -> None:
        emphasize(self.icon, self.state.colour)
