"""The rarely used inputs of the page, folded."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QWidget

from ....core.parameters import parameter
from ...session import Session
from ...tips import explain
from ...widgets.editors import ChoiceEdit, ScaleEdit
from ...widgets.fold import Fold
from ...widgets.labelled_edit import LabelledEdit


class ExposureOptions(QWidget):
    """What unmatched particles become, the scale, mirrored poses; `fold` names those that the user has set."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.fold = Fold("More options")
        explain(self.fold, "Unmatched particles, scale of the coordinates, mirrored poses. Mostly left as they are.")
        self.edits = (
            LabelledEdit(session, ChoiceEdit(session, "on_unmatched"), "m"),
            LabelledEdit(session, ScaleEdit(session, "coordinate_scale"), "s"),
            LabelledEdit(session, ChoiceEdit(session, "mirror_poses"), "r"),
        )
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for edit in self.edits:
            layout.addWidget(edit)
        layout.addStretch(1)
        self.fold.toggled.connect(self.setVisible)
        self.hide()
        session.changed.connect(self._show)
        self._show()

    def open_for(self, name: str) -> None:
        """Unfold if this parameter is edited here."""
        if any(edit.editor.objectName() == name for edit in self.edits):
            self.fold.setChecked(True)

    @Slot(str)
    def _show(self, name: str = "") -> None:
        set_ones = [parameter(edit.editor.objectName()).metadata["title"] for edit in self.edits if edit.is_set]
        self.fold.setText(f"More options (you set: {', '.join(set_ones).lower()})" if set_ones else "More options")
        font = self.fold.font()
        font.setBold(bool(set_ones))
        self.fold.setFont(font)
