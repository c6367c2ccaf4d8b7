"""The trimming rules, and a proposal for them with a button that takes it."""

from __future__ import annotations

import dataclasses

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from ...core.trims import Suggestion, TrimRules
from ..session import Session
from ..tips import explain
from .editors import CountEdit, SwitchEdit
from .problem_list import plain_label

#: the parameters that `TrimRules` has the same names for
RULES = tuple(field.name for field in dataclasses.fields(TrimRules))


class TrimEditor(QWidget):
    """UID removal and four cut lengths in one line; below it, if there is one, the proposal."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._rules: TrimRules | None = None
        line = QHBoxLayout()
        line.addWidget(SwitchEdit(session, "remove_leading_uid", "R"))
        for side, words in (("exposure", "&Cut from exposures:"), ("particle", "C&ut from micrographs:")):
            line.addStretch(1)
            front, end = CountEdit(session, f"{side}_cut_prefix"), CountEdit(session, f"{side}_cut_suffix")
            label = QLabel(words)
            label.setBuddy(front)
            for widget in (label, QLabel("front"), front, QLabel("end"), end):
                line.addWidget(widget)
        self.text = plain_label()
        self.text.setAccessibleName("Proposed rules")
        self.take = QPushButton("&Take these rules")
        explain(self.take, "Set the UID removal and the cut lengths to what is proposed.")
        self.take.clicked.connect(self._take)
        proposal = QHBoxLayout()
        proposal.addWidget(self.text, 1)
        proposal.addWidget(self.take)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(line)
        layout.addLayout(proposal)
        self.propose("", None)

    def show_suggestion(self, suggestion: Suggestion, rules: TrimRules, matched: int) -> None:
        """Propose what matches more than the present rules do; say where names do not agree if nothing does."""
        better = suggestion.rules if suggestion.matched > matched else None
        text = suggestion.explanation
        if suggestion.rules == rules:
            text = "These rules match the most names that any do."
        elif suggestion.rules is not None and better is None:
            text = "No rules were found that match more names than these."
        if better is None and suggestion.nearest:
            text += " The nearest names: {} and {}.".format(*suggestion.nearest[0])
        self.propose(text, better)

    def propose(self, text: str, rules: TrimRules | None) -> None:
        """Show a text, and the button if there are rules to take."""
        self._rules = rules
        self.text.setText(text)
        self.text.setVisible(bool(text))
        self.take.setVisible(rules is not None)

    @Slot()
    def _take(self) -> None:
        if self._rules is not None:
            self._session.change(**dataclasses.asdict(self._rules))
