"""Which particles are imported: conditions in one line, such as `rlnClassNumber=1,3 and optics-group=2`."""

from __future__ import annotations

import re

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QLineEdit

from ....core.conditions import BadParameter
from ....core.parameters import meaning, parameter
from ...session import Session
from ...tips import explain, window_words

_NAME = "select"
_AND = re.compile(r"\s+and\s+|\s*;\s*")


class ConditionsEdit(QLineEdit):
    """A line that is taken when it is finished; one that cannot be understood is kept, marked, and says why."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.setObjectName(_NAME)
        self.setAccessibleName(parameter(_NAME).metadata["title"])
        self.setAccessibleDescription(parameter(_NAME).metadata["help"])
        self.setPlaceholderText("all; or conditions such as rlnClassNumber=1,3 and optics-group=2")
        self._explain("")
        session.changed.connect(self._show)
        self.editingFinished.connect(self._take)
        self._show(_NAME)

    def _explain(self, wrong: str) -> None:
        explain(self, "\n".join(filter(None, [wrong, *meaning(_NAME)])))
        self.setStyleSheet("QLineEdit { border: 2px solid #b3261e; }" if wrong else "")

    @Slot(str)
    def _show(self, name: str) -> None:
        if name == _NAME:
            self.setText(" and ".join(self._session.parameters.select))
            self._explain("")

    @Slot()
    def _take(self) -> None:
        conditions = tuple(filter(None, (part.strip() for part in _AND.split(self.text()))))
        if conditions == self._session.parameters.select:
            self._explain("")
            return
        try:
            self._session.change(select=conditions)
        except BadParameter as error:
            self._explain(window_words(str(error)) + ".")
