"""Suggested rules for trimming names: how many they match, one pair as an example, and a button that uses them."""

from __future__ import annotations

import dataclasses

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QPushButton

from ....core.exposures.trim_suggestion import Suggestion
from ....core.exposures.trims import TrimRules
from ....core.problems import count_of
from ...session import Session
from ...theme import emphasize
from ...tips import explain, plain_tip
from ...widgets.labels import plain_label
from .words import struck_names


class TrimBanner(QFrame):
    """Hidden where there is nothing to suggest."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._rules: TrimRules | None = None
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.setAutoFillBackground(True)
        self.text, self.doubt = plain_label(), plain_label()
        self.text.setAccessibleName("Suggested rules")
        self.pair = QLabel(textFormat=Qt.TextFormat.RichText, wordWrap=True)
        self.pair.setMinimumWidth(60)
        self.pair.setAccessibleName("A pair of names with what these rules cut")
        self.take = QPushButton("&Use these rules")
        explain(self.take, "Set the UID removal and the cut lengths as suggested.")
        self.take.clicked.connect(self._take)
        layout = QGridLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.setVerticalSpacing(2)
        layout.setColumnStretch(0, 1)
        for row, label in enumerate((self.text, self.pair, self.doubt)):
            layout.addWidget(label, row, 0)
        layout.addWidget(self.take, 0, 1, 3, 1, Qt.AlignmentFlag.AlignVCenter)
        self.say("")

    def show_suggestion(
        self, suggestion: Suggestion, pair: tuple[str, str] | None, rules: TrimRules, matched: int
    ) -> None:
        """Suggest rules that match more names than the present ones; without any, show the most similar names.

        Args:
            pair: A micrograph and its exposure by the suggested rules.
            rules, matched: The present ones, and how many names they match.
        """
        found = suggestion.rules
        if found is None or suggestion.matched <= matched:
            words = suggestion.explanation
            if found is not None:
                more = "" if found == rules else " than these"
                words = f"No {'other ' if found == rules else ''}rules were found that match more names{more}."
            if suggestion.nearest:
                words += " The most similar names: {} and {}.".format(*suggestion.nearest[0])
            self.say(words)
            return
        micrographs = count_of(suggestion.total, "micrograph")
        match = "matches" if suggestion.total == 1 else "match"
        self.say(f"{suggestion.matched:,} of {micrographs} {match} with these cuts.", found)
        if pair is not None:
            self.pair.setText(struck_names((found.particle_parts(pair[0]), found.exposure_parts(pair[1]))))
            self.pair.show()
        self.doubt.setText(f"But {suggestion.doubt}." if suggestion.doubt else "")
        self.doubt.setVisible(bool(suggestion.doubt))
        self.setToolTip(plain_tip(suggestion.explanation))

    def say(self, text: str, rules: TrimRules | None = None) -> None:
        """Show a text, and the button if there are rules to take."""
        self._rules = rules
        self.text.setText(text)
        emphasize(self.text, bold=rules is not None)
        self.pair.hide()
        self.doubt.hide()
        self.setToolTip("")
        self.take.setVisible(rules is not None)
        self.setVisible(bool(text))

    @Slot()
    def _take(self) -> None:
        if self._rules is not None:
            self._session.undo.take("Use these rules", **dataclasses.asdict(self._rules))
