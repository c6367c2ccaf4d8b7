"""What the page shows while there are no exposures: what they are for, where to drop them, what there is to match."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ....core.names import basename
from ....core.particles import Particles
from ....core.plan.plan import ImportPlan
from ....core.problems import count_of
from ...session import Session
from ...theme import quiet_colour, screen_pen
from ...widgets.labels import plain_label
from ...widgets.text_table import TextTable
from .found_exposures import FoundExposures
from .words import nothing_words

_WITHOUT_PROJECT = (
    "Drop the folder of the CryoSPARC project (CS-…) on the window: the exposures of its jobs are found and compared.\n"
    "Or drop or choose one dataset of exposures (.cs or .csg): best that of the micrographs of Patch Motion or Patch "
    "CTF, as they also show whether the particles lie there. Movies can only be matched by name."
)
_WITH_PROJECT = "Not among these? Drop a dataset of exposures (.cs or .csg) on the window, or choose it above."
_NAMELESS = "The file does not name its micrographs, so that no exposures can be matched to them."
_COLUMNS = (
    ("Micrograph", "Its name in the file; this is what the names of exposures are compared with."),
    ("Particles", "How many particles come from it."),
    ("Folder", "Where the file says that it is; folders are not compared."),
)
_MARGIN_PX, _ROUND_PX = 10, 6
_LEAST_NAMES = 3


class NoExposures(QWidget):
    """The datasets of the project, as far as there are any, and the names that they are matched with."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._particles: Particles | None = None
        self.words, self.where, self.found = plain_label(), _DropArea(), FoundExposures(session)
        self.counts = plain_label()
        self.names = TextTable("Micrographs of this file", _COLUMNS, 2)
        self.names.setMinimumHeight(_LEAST_NAMES * self.names.verticalHeader().defaultSectionSize())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.words)
        layout.addWidget(self.found, 2)
        layout.addWidget(self.where)
        layout.addWidget(self.counts)
        layout.addWidget(self.names, 1)
        layout.addStretch(0)
        session.exposures_found.connect(self._show_where)

    def show_plan(self, plan: ImportPlan) -> None:
        self.words.setText(nothing_words(plan))
        self.found.show_found()
        self._show_where()
        if plan.all_particles is not self._particles:
            self._particles = plan.all_particles
            self._show_names()

    def _show_where(self) -> None:
        found = self._session.project_exposures
        self.where.words.setText(_WITH_PROJECT if found and self._session.parameters.project else _WITHOUT_PROJECT)

    def _show_names(self) -> None:
        particles = self._particles
        self.names.setVisible(particles is not None and particles.micrograph_index is not None)
        self.counts.setVisible(particles is not None)
        if particles is None or particles.micrograph_index is None:
            self.counts.setText(_NAMELESS)
            return
        names, counts = particles.micrograph_names, particles.per_micrograph
        micrographs = count_of(len(names), "micrograph")
        self.counts.setText(f"{micrographs} of this file, whose names will be matched with those of the exposures:")

        def text(row: int, column: int) -> str:
            name = names[row]
            return (basename(name), f"{counts[row]:,}", name[: -len(basename(name))])[column]

        self.names.show_rows(len(names), text, lambda row, column: names[row])


class _DropArea(QWidget):
    """Says what to drop; the window takes it, here as everywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.words = plain_label()
        self.words.setAccessibleName("What can be dropped")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(_MARGIN_PX, _MARGIN_PX, _MARGIN_PX, _MARGIN_PX)
        layout.addWidget(self.words)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(screen_pen(quiet_colour(), 1, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -2, -2), _ROUND_PX, _ROUND_PX)
        painter.end()
