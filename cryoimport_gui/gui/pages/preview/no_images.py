"""What the Preview shows where there are no images: why, and the way to where that can be changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from ....core.parameters import ImportParameters
from ....core.problems import Problem
from ...tips import explain
from ...widgets.labels import plain_label
from ...widgets.problem_card import Offer
from ...widgets.problem_list import ProblemList

IGNORED = (
    "“Ignore raw data” is on: no images are imported, so there is nothing to show and the data sign does not matter."
)
PICKS = "These are picks, without images, so there is nothing to see here. Where they lie is shown on Exposures."


class NoImages(QWidget):
    """A sentence, a button, and the problems that are the reason.

    Signals:
        wanted(code): as of a page: the user wants to go to where the STAR file is chosen.
    """

    wanted = Signal(str)

    def __init__(self, offers: Callable[[Problem], Sequence[Offer]]) -> None:
        super().__init__()
        self.why, self.reasons = plain_label(), ProblemList("", offers=offers)
        self.to_particles = QPushButton("Go to Particles")
        explain(self.to_particles, "Go to the page where the STAR file is chosen.")
        self.to_particles.clicked.connect(self._go_to_particles)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.why)
        layout.addWidget(self.to_particles, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self.reasons, 1)

    def show_why(self, p: ImportParameters, problems: Sequence[Problem], has_images: bool = True) -> None:
        if p.ignore_raw_data and not has_images:
            why, problems = PICKS, []
        elif p.ignore_raw_data:
            why, problems = IGNORED, []
        elif not p.meta:
            why = "No particle STAR file is chosen yet, so there is nothing to show."
        else:
            why = "There are no images to show:" if problems else "Nothing has been read yet."
        self.why.setText(why)
        self.to_particles.setVisible(not problems)
        self.reasons.show_problems(problems)

    @Slot()
    def _go_to_particles(self) -> None:
        self.wanted.emit("meta-not-found")
