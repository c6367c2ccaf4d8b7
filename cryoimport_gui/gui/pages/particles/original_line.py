"""The way back: offered where names show that particles came from CryoSPARC, and what came of it."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from ....core.plan.plan import ImportPlan
from ....core.plan.restore import came_from_cryosparc
from ....core.report.words import restored_words
from ...session import Session
from ...tips import explain
from ...widgets.editors import PathEdit
from ...widgets.labelled_edit import LabelledEdit
from ...widgets.one_line import OneLine

_OFFER = "These came from CryoSPARC: restore their identities."


class OriginalLine(QWidget):
    """What is said of the originals, whose field is its `field`; hidden where there is nothing to say."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.editor = PathEdit(session, "original")
        self.field = LabelledEdit(session, self.editor, "O", in_form=True)
        self.words = OneLine("Original particles: what was found")
        self.choose = QPushButton("Choose the ori&ginals…")
        self.choose.setAutoDefault(False)
        explain(
            self.choose,
            "Choose the CryoSPARC particles (.cs or .csg) that this file was exported from. "
            "CryoSPARC will know the imported ones as the same particles.",
        )
        self.choose.clicked.connect(self.editor.button.click)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.words, 1)
        layout.addWidget(self.choose)
        self.hide()

    def show_plan(self, plan: ImportPlan) -> None:
        is_given, particles = bool(plan.parameters.original), plan.all_particles
        is_offered = not is_given and particles is not None and came_from_cryosparc(particles)
        text = _OFFER if is_offered else restored_words(plan) if plan.original else ""
        self.words.show_text(text[:1].upper() + text[1:])
        self.choose.setVisible(is_offered)
        self.setVisible(bool(text))
