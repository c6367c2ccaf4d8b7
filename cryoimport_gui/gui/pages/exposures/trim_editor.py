"""The trimming rules."""

from __future__ import annotations

import dataclasses

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from ....core.exposures.trims import TrimRules
from ...session import Session
from ...widgets.editors import CountEdit, SwitchEdit

#: the parameters that `TrimRules` has the same names for
RULES = tuple(field.name for field in dataclasses.fields(TrimRules))


class TrimEditor(QWidget):
    """UID removal and four cut lengths in one line."""

    def __init__(self, session: Session) -> None:
        super().__init__()
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
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(grid)

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
