"""A claim at the top of its page: the icon of its state, and its sentence, large enough to be read first."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from ...core.report.claims import Claim, ClaimState
from .labels import breakable, plain_label
from .state_icon import StateIcon

_LARGER, _ICON_PX = 1.15, 22


class Headline(QWidget):
    """Shows a claim, or all of them in a word; grey while it is not enabled, because a new plan is being made."""

    def __init__(self) -> None:
        super().__init__()
        self.icon, self.label = StateIcon(_ICON_PX), plain_label()
        font = self.label.font()
        font.setBold(True)
        font.setPointSizeF(_LARGER * font.pointSizeF())
        self.label.setFont(font)
        self.claim: Claim | None = None
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 2)
        layout.setSpacing(8)
        layout.addWidget(self.icon, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self.label, 1)

    def set_claim(self, claim: Claim) -> None:
        self.claim = claim
        self.say(claim.state, claim.words)

    def say(self, state: ClaimState, words: str) -> None:
        self.icon.set_state(state)
        self.label.setText(breakable(words))
        self.label.setAccessibleName(f"{state.value.capitalize()}: {words}")
