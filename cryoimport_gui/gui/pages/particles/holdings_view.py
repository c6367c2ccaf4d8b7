"""What the file holds: facts, drawings and a strip of particles, worked out in a task; field names in a fold."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QGroupBox, QHBoxLayout, QVBoxLayout

from ....core.looks.holdings import holdings_of, strip_of
from ....core.particles import Particles
from ....core.plan.plan import ImportPlan
from ....core.progress import Progress
from ...tasks import Tasks
from ...tips import explain
from ...widgets.facts import Facts
from ...widgets.fold import Fold
from .drawings import ParticleStrip, PerMicrograph, ViewsMap
from .field_names import field_names

_UNREADABLE = "Nothing", "could be read from it."
_LEAST_FACTS_PX = 80


class HoldingsView(QGroupBox):
    """Follows the plan that it is shown."""

    def __init__(self, tasks: Tasks) -> None:
        super().__init__("What the file holds")
        self._tasks = tasks
        self._particles: Particles | None = None
        self.facts, self.per_micrograph, self.views = Facts("What the file holds"), PerMicrograph(), ViewsMap()
        self.strip = ParticleStrip()
        self.fold, self.field_names = Fold("Field names"), Facts("Field names")
        explain(self.fold, "Which columns of the file become which fields, and where stacks were found.")
        self.facts.setMinimumHeight(_LEAST_FACTS_PX)
        self.field_names.setMinimumHeight(_LEAST_FACTS_PX)
        self.field_names.hide()
        self.fold.toggled.connect(self.field_names.setVisible)
        side_by_side = QHBoxLayout()
        side_by_side.addWidget(self.facts, 5)
        side_by_side.addWidget(self.per_micrograph, 3)
        side_by_side.addWidget(self.views, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 4, 10, 2)
        layout.addLayout(side_by_side, 3)
        layout.addWidget(self.strip)
        layout.addWidget(self.fold)
        layout.addWidget(self.field_names, 2)
        tasks.finished.connect(self._on_finished)
        self._clear()

    def show_plan(self, plan: ImportPlan) -> None:
        if plan.all_particles is None:
            self._tasks.cancel("holdings")
            self._tasks.cancel("strip")
            self._clear()
            self.facts.show_facts([_UNREADABLE] if plan.errors else [])
            return
        if plan.all_particles is not self._particles:
            self._clear()
            self._particles = plan.all_particles
        names = field_names(plan)
        self.fold.setVisible(bool(names))
        self.field_names.show_facts(names)

        def hold(progress: Progress) -> Any:
            return holdings_of(plan, progress)

        def draw(progress: Progress) -> Any:
            return strip_of(plan, progress)

        self._tasks.start("holdings", hold)
        self._tasks.start("strip", draw)

    def _clear(self) -> None:
        self._particles = None
        self.facts.show_facts([])
        self.per_micrograph.show_histogram(None)
        self.views.show_views(None)
        self.strip.show_tiles(None)
        self.fold.hide()
        self.fold.setChecked(False)

    @Slot(str, object)
    def _on_finished(self, kind: str, result: Any) -> None:
        if kind == "strip":
            self.strip.show_tiles(result)
        elif kind == "holdings" and result is not None:
            self.facts.show_facts(result.facts)
            self.per_micrograph.show_histogram(result.per_micrograph)
            self.views.show_views(result.views)
