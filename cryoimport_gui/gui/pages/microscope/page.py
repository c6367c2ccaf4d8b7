"""Microscope values by optics group, plots of the CTF, and the effect of aberrations that are lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QTabWidget, QWidget

from ....core.optics.aberrations import Loss, losses
from ....core.optics.ctf_summary import CtfSummary, Spread, summarize_ctf
from ....core.particles import MICROSCOPE_VALUES, OpticsGroup, Particles
from ....core.problems import count_of
from ....core.progress import Progress
from ....core.report.claim_codes import Topic
from ...tasks import Tasks
from ...theme import make_quiet
from ...tips import explain_tabs
from ...widgets.facts import Facts
from ...widgets.labels import plain_label
from ...widgets.problem_lines import ProblemLines
from ..page import Page
from .ctf_plots import DefocusPlot, PhaseErrorPlot
from .optics_table import OpticsTable

_NO_COLUMNS = (
    "Defocus, astigmatism and phase shift are given per particle, so they have no column here. "
    "Phase plate and negative stain come from the exposures, else they are 0: a STAR file does not have them. "
    "A total dose is written only if it is typed here."
)
_ADVICE = "Refine CTF again after the import: the defocus in the file was fitted together with these terms."
_MOST_LISTED = 30
_PARAMETERS = set(MICROSCOPE_VALUES.values())


class MicroscopePage(Page):
    """A table that is edited, and below it plots that are made in a thread of the page."""

    TITLE = "Microscope"
    SUBTITLE = (
        "Check the values of each optics group; type over one to replace it, in the first row for all groups. "
        "Delete resets it. Replacing the pixel size does not move particles."
    )
    HEADLINE = Topic.MICROSCOPE
    CODES = ("microscope-", "pixel-", "override-", "ctf-")

    def build(self) -> None:
        session = self.session
        self._particles: Particles | None = None
        self._lossy: list[OpticsGroup] = []
        self._losses: dict[int, list[Loss]] = {}
        self.table = OpticsTable(session.undo)
        note = plain_label(_NO_COLUMNS)
        make_quiet(note)
        self.body.addWidget(self.headline)
        self.body.addWidget(self.table)
        self.body.addWidget(note)
        self.defocus, self.ctf_facts = DefocusPlot(), Facts("Defocus in numbers")
        self.phase, self.loss_facts = PhaseErrorPlot(), Facts("Aberrations in numbers")
        self.tabs = QTabWidget(documentMode=True)
        self.tabs.addTab(_side_by_side(self.defocus, self.ctf_facts), "Defocus")
        self.tabs.addTab(_side_by_side(self.phase, self.loss_facts), "Aberrations")
        explain_tabs(
            self.tabs,
            "Defocus or aberrations",
            "Defocus: how it is spread in each optics group.",
            "Aberrations: the phase error from losing them.",
        )
        self.problem_list = ProblemLines(self.offers)
        self.body.addWidget(self.tabs, 1)
        self.body.addWidget(self.problem_list)
        self.tasks = Tasks(self)
        self.tasks.finished.connect(self._on_finished)
        self.tasks.failed.connect(self._on_failed)
        self.table.overrides_wanted.connect(self._override)
        self.table.current_changed.connect(self._show_losses)
        session.changed.connect(self._on_changed)

    def shut_down(self) -> None:
        self.tasks.close()

    def show_plan(self) -> None:
        plan = self.session.plan
        self.table.show_groups(plan, self.session.parameters)
        self.problem_list.show_problems(self.problems())
        if plan.all_particles is not self._particles:
            self._particles = plan.all_particles
            self._summarize()
        lossy = [group for group in plan.groups if group.particles and group.aberrations]
        if lossy != self._lossy:
            self._lossy = lossy
            self._find_losses(plan.stacks.box if plan.stacks else 0)
        self.tabs.setTabVisible(1, bool(lossy))

    @Slot(str, object)
    def _override(self, words: str, values: dict[str, Any]) -> None:
        self.session.undo.take(words, **values)

    @Slot(str)
    def _on_changed(self, name: str) -> None:
        if name in _PARAMETERS:
            self.table.show_groups(self.session.plan, self.session.parameters)

    def _summarize(self) -> None:
        particles = self._particles
        self._show_summary(None)
        if particles is None:
            self.tasks.cancel("ctf")
            return

        def summarize(progress: Progress) -> CtfSummary | None:
            return summarize_ctf(particles, progress)

        self.tasks.start("ctf", summarize)

    def _find_losses(self, box: int) -> None:
        groups = list(self._lossy)
        self._losses = {}

        def find(progress: Progress) -> dict[int, list[Loss]]:
            found = {}
            for i, group in enumerate(groups):
                progress.step(i, len(groups))
                found[i] = losses(group, box)
            return found

        self.tasks.start("losses", find)

    @Slot(str, object)
    def _on_finished(self, kind: str, result: Any) -> None:
        if kind == "ctf":
            self._show_summary(result)
        else:
            self._losses = result
            self._show_losses(self.table.view.currentIndex().row() - 1)

    @Slot(str, str, str)
    def _on_failed(self, kind: str, message: str, details: str) -> None:
        self.session.failed.emit(message, details)

    def _show_summary(self, summary: CtfSummary | None) -> None:
        self.defocus.show_summary(summary)
        self.ctf_facts.show_facts(ctf_facts(summary) if summary else [("Defocus", "none is known")])

    @Slot(int)
    def _show_losses(self, position: int) -> None:
        """The group selected in the table, or the one with the largest error; below, the values of all."""
        shown = self.table.model.groups
        chosen = next((i for i, g in enumerate(self._lossy) if position >= 0 and g.id == shown[position].id), None)
        if chosen is None:
            worst = {i: max((loss.error_rad.max() for loss in its), default=0.0) for i, its in self._losses.items()}
            chosen = max(worst, key=lambda i: worst[i], default=None)
        its = self._losses.get(chosen, []) if chosen is not None else []
        self.phase.show_losses(its)
        facts = [("Shown", self._lossy[chosen].name)] if chosen is not None else []
        facts += [("Phase error", str(loss)) for loss in its]
        facts += [("Advice", _ADVICE), *_values(self._lossy)]
        self.loss_facts.show_facts(facts)


def _side_by_side(plot: QWidget, facts: QWidget) -> QWidget:
    page = QWidget()
    layout = QHBoxLayout(page)
    layout.setContentsMargins(4, 4, 4, 4)
    layout.addWidget(plot, 3)
    layout.addWidget(facts, 2)
    return page


def ctf_facts(summary: CtfSummary) -> list[tuple[str, str]]:
    """The summary as pairs of name and value."""
    facts = [("Defocus", f"{_range(summary.defocus_A, 1e-4, '.2f')}\N{NO-BREAK SPACE}µm")]
    facts.append(("Astigmatism", f"{_range(summary.astigmatism_A, 1, ',.0f')}\N{NO-BREAK SPACE}Å"))
    phase = summary.phase_shift_deg
    facts.append(
        ("Phase shift", f"{phase.least:.0f} to {phase.most:.0f}°, median {phase.median:.0f}°" if phase else "0")
    )
    if not summary.outlying:
        return [*facts, ("Outliers", "none: all lie within 6 standard deviations of the median")]
    facts.append(("Outliers", f"{count_of(summary.outlying, 'particle')}, more than 6 standard deviations off:"))
    facts += [("Outliers", f"{o.value}: {o.name} ({count_of(o.particles, 'particle')})") for o in summary.outliers]
    return facts


def _range(spread: Spread, factor: float, form: str) -> str:
    low, median, high, most = (f"{x * factor:{form}}" for x in (spread.low, spread.median, spread.high, spread.most))
    return f"all {median}" if low == most else f"median {median}, 90% within {low} to {high}, largest {most}"


def _values(groups: Sequence[OpticsGroup]) -> list[tuple[str, str]]:
    """Group → its values in the file; groups with the same values together."""
    same: dict[str, list[str]] = {}
    for group in groups:
        words = "\n".join(f"{name}  {' '.join(f'{x:g}' for x in xs)}" for name, xs in group.aberrations.items())
        same.setdefault(words, []).append(group.name)
    facts = [(", ".join(names), words) for words, names in list(same.items())[:_MOST_LISTED]]
    return facts + ([("…", "all are in the report")] if len(same) > _MOST_LISTED else [])
