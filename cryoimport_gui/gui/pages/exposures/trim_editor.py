"""The trimming rules."""

from __future__ import annotations

import dataclasses

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from ....core.exposures.trims import TrimRules
from ...session import Session
from ...widgets.editors import CountEdit, SwitchEdit
from ...widgets.labelled_edit import ResetButton
from ...widgets.undo_button import UndoButton

#: the parameters that `TrimRules` has the same names for
RULES = tuple(field.name for field in dataclasses.fields(TrimRules))


class TrimEditor(QWidget):
    """UID removal and four cut lengths in one line; bold, with a button that resets them, once they are set."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._uid = SwitchEdit(session, "remove_leading_uid", "R")
        self._cuts = (
            _cuts(session, "exposure", "&Cut from exposures:"),
            _cuts(session, "particle", "C&ut from micrographs:"),
        )
        self._back = QWidget()
        self.reset, self.undo = ResetButton(session, self._back, *RULES), UndoButton(session.undo, self._back, *RULES)
        self.reset.name_it("Cuts of names")
        self.reset.bold, self.reset.focus_to = [self._uid, *(cuts.label for cuts in self._cuts)], self._uid
        self.reset.refresh()
        for button in (self.reset, self.undo):  # what is beside them does not move
            policy = button.sizePolicy()
            policy.setRetainSizeWhenHidden(True)
            button.setSizePolicy(policy)
        back = QHBoxLayout(self._back)
        back.setContentsMargins(0, 0, 0, 0)
        back.addWidget(self.reset)
        back.addWidget(self.undo)
        self._is_wide = True
        self._grid = grid = QGridLayout()
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        grid.addWidget(self._uid, 0, 0)
        for column, cuts in zip((2, 4), self._cuts):
            grid.addWidget(cuts, 0, column)
        grid.addWidget(self._back, 0, 5)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(grid)

    def minimumSizeHint(self) -> QSize:
        """The width of the narrow arrangement, so that the page can get that narrow."""
        uid, back, *cuts = (part.minimumSizeHint().width() for part in (self._uid, self._back, *self._cuts))
        return QSize(max(uid, back) + max(cuts) + self._grid.horizontalSpacing(), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window what is cut from micrographs gets its own line."""
        super().resizeEvent(event)
        widths = [part.minimumSizeHint().width() for part in (self._uid, *self._cuts, self._back)]
        is_wide = event.size().width() >= sum(widths) + 5 * self._grid.horizontalSpacing()
        if is_wide != self._is_wide:
            self._is_wide = is_wide
            self._grid.addWidget(self._cuts[1], *((0, 4) if is_wide else (1, 2)))
            self._grid.addWidget(self._back, *((0, 5) if is_wide else (1, 0)))


class _Cuts(QWidget):
    def __init__(self, label: QLabel) -> None:
        super().__init__()
        self.label = label


def _cuts(session: Session, side: str, words: str) -> _Cuts:
    """The cut lengths at both ends of one kind of names."""
    front, end = CountEdit(session, f"{side}_cut_prefix"), CountEdit(session, f"{side}_cut_suffix")
    label = QLabel(words)
    label.setBuddy(front)
    cuts = _Cuts(label)
    line = QHBoxLayout(cuts)
    line.setContentsMargins(0, 0, 0, 0)
    for widget in (label, QLabel("front"), front, QLabel("end"), end):
        line.addWidget(widget)
    return cuts
