"""The trimming rules, and suggested rules with a button that uses them."""

from __future__ import annotations

import dataclasses

from PySide6.QtCore import QSize, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from ....core.exposures.trim_suggestion import Suggestion
from ....core.exposures.trims import TrimRules
from ...session import Session
from ...tips import explain
from ...widgets.editors import CountEdit, SwitchEdit
from ...widgets.problem_list import plain_label

#: the parameters that `TrimRules` has the same names for
RULES = tuple(field.name for field in dataclasses.fields(TrimRules))


class TrimEditor(QWidget):
    """UID removal and four cut lengths in one line; below it the suggestion, if there is one."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._rules: TrimRules | None = None
        self._uid = SwitchEdit(session, "remove_leading_uid", "R")
        self._cuts = (
            _cuts(session, "exposure", "&Cut from exposures:"),
            _cuts(session, "particle", "C&ut from micrographs:"),
        )
        self._is_wide = True
        self._grid = grid = QGridLayout()
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        grid.addWidget(self._uid, 0, 0)
        for column, cuts in zip((2, 4), self._cuts):
            grid.addWidget(cuts, 0, column)
        self.text = plain_label()
        self.text.setAccessibleName("Suggested rules")
        self.take = QPushButton("&Use these rules")
        self.take.clicked.connect(self._take)
        proposal = QHBoxLayout()
        proposal.addWidget(self.text, 1)
        proposal.addWidget(self.take)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(grid)
        layout.addLayout(proposal)
        self.propose("", None)

    def minimumSizeHint(self) -> QSize:
        """The width of the narrow arrangement, so that the page can get that narrow."""
        uid, *cuts = (part.minimumSizeHint().width() for part in (self._uid, *self._cuts))
        return QSize(uid + max(cuts) + self._grid.horizontalSpacing(), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window what is cut from micrographs gets its own line."""
        super().resizeEvent(event)
        widths = [part.minimumSizeHint().width() for part in (self._uid, *self._cuts)]
        is_wide = event.size().width() >= sum(widths) + 4 * self._grid.horizontalSpacing()
        if is_wide != self._is_wide:
            self._is_wide = is_wide
            self._grid.addWidget(self._cuts[1], *((0, 4) if is_wide else (1, 2)))

    def show_suggestion(self, suggestion: Suggestion, rules: TrimRules, matched: int) -> None:
        """Suggest rules that match more names than the present ones; without any, show the most similar names."""
        better = suggestion.rules if suggestion.matched > matched else None
        text = suggestion.explanation
        if suggestion.rules == rules:
            text = "No other rules match more names."
        elif suggestion.rules is not None and better is None:
            text = "No rules were found that match more names than these."
        if better is None and suggestion.nearest:
            text += " The most similar names: {} and {}.".format(*suggestion.nearest[0])
        self.propose(text, better, suggestion.trust)

    def propose(self, text: str, rules: TrimRules | None, trust: str = "") -> None:
        """Show a text, and the button if there are rules to take; it says why they are trusted."""
        why = f" Why they are trusted: {trust}." if trust else ""
        explain(self.take, f"Set the UID removal and the cut lengths as suggested.{why}")
        self._rules = rules
        self.text.setText(text)
        self.text.setVisible(bool(text))
        self.take.setVisible(rules is not None)

    @Slot()
    def _take(self) -> None:
        if self._rules is not None:
            self._session.undo.take("Use these rules", **dataclasses.asdict(self._rules))


def _cuts(session: Session, side: str, words: str) -> QWidget:
    """The cut lengths at both ends of one kind of names."""
    front, end = CountEdit(session, f"{side}_cut_prefix"), CountEdit(session, f"{side}_cut_suffix")
    label = QLabel(words)
    label.setBuddy(front)
    cuts = QWidget()
    line = QHBoxLayout(cuts)
    line.setContentsMargins(0, 0, 0, 0)
    for widget in (label, QLabel("front"), front, QLabel("end"), end):
        line.addWidget(widget)
    return cuts
