"""Do angles, shifts and CTF belong to these images?  The verdict, and what it is made from."""

from __future__ import annotations

from collections.abc import Sequence
from os.path import basename
from time import perf_counter
from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QTabWidget, QVBoxLayout, QWidget

from ....core.looks.poses import PosesLook, StackAgreement, poses_look
from ....core.particles import Particles
from ....core.plan.plan import ImportPlan
from ....core.plan.poses_check import POSES_SAMPLE, look_at_poses
from ....core.plan.poses_verdict import PosesVerdict
from ....core.progress import Progress
from ....core.report.claim_codes import Topic
from ...tasks import Tasks
from ...theme import emphasize, make_quiet
from ...tips import explain_tabs
from ...widgets.facts import Facts
from ...widgets.labels import plain_label
from ...widgets.one_line import OneLine
from ...widgets.problem_lines import ProblemLines
from ...widgets.wrapping import Wrapping
from ..page import Page
from .bars_view import BarsView
from .maps_view import MapsView
from .pairs_view import PairsView
from .plots import CorrelationPlot, ShellPlot
from .sample_bar import SampleBar
from .words import note

_MOST_STACKS = 30
_WIDE_PX = 640  # else the figures lie below the pairs
_STACKS = 1  # the tab


class PosesPage(Page):
    """The plan's verdict; another sample is judged in a thread of the page, and then stands in the plan.

    Signals:
        particle_wanted(row): of `ImportPlan.all_particles`; it is to be shown large.
    """

    particle_wanted = Signal(int)

    TITLE = "Poses"
    SUBTITLE = (
        "Do angles, shifts and CTF belong to these images? A map is made from one half of a sample and compared with "
        "the particles of the other half."
    )
    HEADLINE = Topic.POSES
    CODES = ("poses-", "shifts-")

    def build(self) -> None:
        session = self.session
        self._particles: Particles | None = None
        self._found: PosesVerdict | None = None
        self._sign = 0
        self._is_stale = False
        self._judged_here: tuple[PosesVerdict, int, int] | None = None  # with the size and the seed of its sample
        self.note = plain_label()
        make_quiet(self.note)
        self.pairs, self.bars, self.maps = PairsView(), BarsView(), MapsView()
        self.histogram, self.shells = CorrelationPlot(), ShellPlot()
        self.bars_title = OneLine("What the bars are")
        self.stacks = Facts("Stacks, the worst first")
        self.sample = SampleBar(session)
        self.problem_list = ProblemLines(self.fixes)
        self.tasks, self.checks = Tasks(self), Tasks(self)  # the pictures of a verdict; another verdict
        self._lay_out()
        self.pairs.particle_wanted.connect(self.particle_wanted)
        self.sample.wanted.connect(self._judge)
        self.sample.cancelled.connect(self._cancel)
        self.tasks.finished.connect(self._on_look)
        self.checks.finished.connect(self._on_judged)
        self.checks.cancelled.connect(self._rest)
        self.checks.progressed.connect(self._on_progress)
        for tasks in (self.tasks, self.checks):
            tasks.failed.connect(self._on_failed)

    def shut_down(self) -> None:
        self.tasks.close()
        self.checks.close()

    def is_done(self) -> bool:
        return super().is_done() and self.session.plan.poses_check.verdict == "fit"

    def first_focus(self) -> QWidget | None:
        return self.pairs if self.evidence.isVisibleTo(self) else super().first_focus()

    def show_plan(self) -> None:
        plan = self.session.plan
        found, sign, problems = plan.poses_check, plan.data_sign.value if plan.data_sign else 0, self.problems()
        self.note.setText(note(plan))
        self.note.setVisible(bool(self.note.text()))
        self.problem_list.show_problems(problems)
        self.evidence.setVisible(found.check is not None)
        if plan.all_particles is not self._particles:
            self._particles = plan.all_particles
            self._show_look(None)
        if found is not self._found:
            self.checks.cancel()
        if found is not self._found or sign != self._sign:
            self._found, self._sign, self._is_stale = found, sign, True
            if self.isVisible():
                self._draw()
        self._show_sample()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._draw()

    def _draw(self) -> None:
        """Make the pictures again where they are of something else."""
        plan = self.session.plan
        if self._is_stale and plan.poses_check.check is not None:
            self.tasks.start("look", lambda progress: (plan.poses_check, poses_look(plan)))
        self._is_stale = False

    def _show_sample(self) -> None:
        plan, mine = self.session.plan, self._judged_here
        is_mine = mine is not None and mine[0] is plan.poses_check
        _, count, seed = mine if mine is not None and is_mine else (None, POSES_SAMPLE, 0)
        can_judge = plan.poses_check.check is not None and plan.importable is not None
        available = int(plan.importable.sum()) if can_judge and plan.importable is not None else 0
        self.sample.show_sample(count, seed, available, self.checks.busy)

    @Slot(int, int)
    def _judge(self, count: int, seed: int) -> None:
        """Judge another sample of the plan's particles."""
        plan = self.session.plan

        def judge(progress: Progress) -> tuple[ImportPlan, tuple[PosesVerdict, int, int], float]:
            started = perf_counter()
            found = look_at_poses(plan, count, progress, seed)
            return plan, (found, count, seed), perf_counter() - started

        self.checks.start("poses", judge)
        self._show_sample()

    @Slot()
    def _cancel(self) -> None:
        self.checks.cancel()

    @Slot(str, object)
    def _on_judged(self, kind: str, result: Any) -> None:
        plan, self._judged_here, seconds = result
        self._rest()
        self.session.use_poses_check(plan, self._judged_here[0], seconds)

    @Slot(str)
    def _rest(self, *_: object) -> None:
        self.sample.progress.rest()
        self._show_sample()

    @Slot(str, str, object, object)
    def _on_progress(self, kind: str, stage: str, done: int, total: int) -> None:
        self.sample.progress.show_progress(stage, done, total)

    @Slot(str, str, str)
    def _on_failed(self, kind: str, message: str, details: str) -> None:
        self._rest()
        self.session.failed.emit(message, details)

    @Slot(str, object)
    def _on_look(self, kind: str, result: Any) -> None:
        found, look = result
        if found is self._found:
            self._show_look(look)

    def _show_look(self, look: PosesLook | None) -> None:
        """Show a look everywhere; None: nothing."""
        for view in (self.pairs, self.bars, self.histogram, self.maps, self.shells):
            view.show_look(look)
        self.bars_title.show_text(look.bars_are.capitalize() if look else "")
        stacks = look.stacks if look else ()
        self.stacks.show_facts(stack_facts(stacks))
        bad = sum(stack.is_bad for stack in stacks)
        self.tabs.setTabText(_STACKS, f"Stacks (✖ {bad})" if bad else "Stacks")
        if bad:
            self.tabs.setCurrentIndex(_STACKS)

    def _lay_out(self) -> None:
        self.tabs = QTabWidget(documentMode=True)
        self.tabs.addTab(self.shells, "Half maps (FSC)")
        self.tabs.addTab(self.stacks, "Stacks")
        explain_tabs(
            self.tabs,
            "Half maps, or stacks",
            "Half maps: their correlation over resolution. Wrong poses reach high values too.",
            "Stacks: how well the images of each agree with their poses, the worst first.",
        )
        self.evidence = Wrapping(_WIDE_PX)
        pairs_title = OneLine("What the pairs are")
        pairs_title.show_text("Particles and re-projections")
        for title in (pairs_title, self.bars_title):
            emphasize(title)
        figures = QHBoxLayout()
        figures.addLayout(_column((self.bars_title, 0), (self.bars, 3), (self.histogram, 2)), 1)
        figures.addLayout(_column((self.maps, 3), (self.tabs, 2)), 1)
        self.evidence.row.addLayout(_column((pairs_title, 0), (self.pairs, 1)), 7)
        self.evidence.row.addLayout(figures, 10)
        self.body.addWidget(self.headline)
        self.body.addWidget(self.note)
        self.body.addWidget(self.evidence, 1)
        self.body.addWidget(self.sample)
        self.body.addWidget(self.problem_list)
        self.body.addStretch()


def _column(*parts: tuple[QWidget, int]) -> QVBoxLayout:
    """Widgets with their share of the height."""
    column = QVBoxLayout()
    for widget, share in parts:
        column.addWidget(widget, share)
    return column


def stack_facts(stacks: Sequence[StackAgreement]) -> list[tuple[str, str]]:
    """How well the images of each stack agree with their poses, in parts of most stacks', and its name."""
    facts = []
    for stack in stacks[:_MOST_STACKS]:
        agreement = f"{max(0.0, stack.agreement):.2f}"
        doubt = ": its images are probably not those of its rows" if stack.is_bad else ""
        facts.append((f"✖ {agreement}" if stack.is_bad else agreement, f"{basename(stack.path)}{doubt}"))
    more = len(stacks) - _MOST_STACKS
    return [*facts, ("…", f"{more} more, which agree better")] if more > 0 else facts
