"""What is rarely needed on the page Particles, folded: data path, first image number, original particles."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QWidget

from ....core.parameters import ImportParameters
from ....core.plan.plan import ImportPlan
from ...session import Session
from ...tips import explain
from ...widgets.editors import ChoiceEdit, PathEdit
from ...widgets.fold import Fold
from ...widgets.labelled_edit import LabelledEdit
from .original_line import OriginalLine

_NAMES = ("data", "image_numbers_from", "original")


class ParticleOptions(QWidget):
    """A title with rows of a form below it; what is to be said of the originals stands beside the title.

    It opens by itself where a value in it was set or stacks are missing, once for each of these: what the user closes
    stays closed.  The offer of the originals has its button beside the title, and needs no room below.
    """

    def __init__(self, session: Session, form: QFormLayout) -> None:
        super().__init__()
        self.fold = Fold("More options")
        explain(self.fold, "Particle data path, first image number, original particles: rarely needed.")
        self._session, self._form = session, form
        self._reasons: set[str] = set()
        data = LabelledEdit(session, PathEdit(session, "data"), "d", in_form=True)
        first_number = LabelledEdit(session, ChoiceEdit(session, "image_numbers_from"), "F")
        self.original = OriginalLine(session)
        title = QHBoxLayout(self)
        title.setContentsMargins(0, 0, 0, 0)
        title.addWidget(self.fold)
        title.addWidget(self.original, 1)
        title.addStretch(0)
        data_row = QHBoxLayout()
        data_row.addWidget(data, 1)
        data_row.addWidget(first_number)
        self._rows: list[QWidget | QHBoxLayout] = [data_row, self.original.field]
        form.addRow("", self)
        form.addRow(data.label, data_row)
        form.addRow(self.original.field.label, self.original.field)
        self.fold.toggled.connect(self._show_rows)
        session.changed.connect(self._on_changed)
        self._show_rows(False)  # nothing is shown before it has a window: it would be one of its own

    def show_plan(self, plan: ImportPlan) -> None:
        self.original.show_plan(plan)
        is_missing = any(problem.code == "stack-missing" for problem in plan.problems)
        self._open_for(self._values() | ({"missing"} if is_missing else set()))

    def open_for(self, name: str) -> None:
        """Open it if the editor of this name is in it."""
        if name in _NAMES:
            self.fold.setChecked(True)

    def _values(self) -> set[str]:
        now, usual = self._session.parameters, ImportParameters()
        return {name for name in _NAMES if getattr(now, name) != getattr(usual, name)}

    def _open_for(self, reasons: set[str]) -> None:
        if reasons - self._reasons:
            self.fold.setChecked(True)
        self._reasons = reasons

    @Slot(str)
    def _on_changed(self, name: str) -> None:
        if name in _NAMES:
            self._open_for(self._values() | self._reasons.difference(_NAMES))

    @Slot(bool)
    def _show_rows(self, is_open: bool) -> None:
        for row in self._rows:
            self._form.setRowVisible(row, is_open)
