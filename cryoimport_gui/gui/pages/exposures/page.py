"""Which exposure each particle comes from: names that match, and a picture that proves it."""

from __future__ import annotations

import dataclasses
from os.path import dirname
from typing import Any

import numpy as np
from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSplitter, QStackedWidget, QTabWidget

from ....core.exposures.exposures import Exposures
from ....core.exposures.matching import rules_of
from ....core.exposures.trim_suggestion import Suggestion, suggest_trims
from ....core.exposures.trims import Match
from ....core.looks.match_table import NameTable, State, build_name_table, write_csv
from ....core.particles import Particles
from ....core.progress import Progress
from ....core.report.claim_codes import Topic
from ...session import Session
from ...tasks import Tasks
from ...tips import explain_tabs
from ...widgets.editors import ChoiceEdit, PathEdit, ScaleEdit, label_for
from ...widgets.problem_list import ProblemList, plain_label
from ...widgets.progress_line import PlanProgress
from ..page import Page
from .found_exposures import FoundExposures
from .match_table import MatchTable
from .micrograph_view import MicrographView
from .trim_editor import RULES, TrimEditor
from .words import count_words

_NOTHING = (
    "No exposures are chosen; they are optional. With them CryoSPARC can re-extract particles, remove duplicates and "
    "run reference-based motion correction. Choose the dataset of the exposures to match them."
)
_CHOOSE = "Choose a row with a micrograph and an exposure to see both."
_NO_MATCH = "No micrograph has an exposure yet. Use the suggested rules, or change what is cut."


class ExposuresPage(Page):
    """Names on the left, pictures on the right."""

    TITLE = "Exposures"
    SUBTITLE = (
        "Optional: match the particles to CryoSPARC's exposures. Names must be equal after trimming, and "
        "particles must lie where their exposure shows them."
    )
    HEADLINE = Topic.POSITIONS
    CODES = ("exposure", "micrograph", "coordinate", "location")

    def build(self) -> None:
        session = self.session
        self._exposures: Exposures | None = None
        self._particles: Particles | None = None
        self._suggestion: Suggestion | None = None
        self._wanted_row = -1  # a particle to show as soon as the names are known
        self._inputs = 0  # counts the sets of names
        self.trims = TrimEditor(session)
        self.counts = plain_label()
        self.counts.setAccessibleName("What matches")
        self.table, self.view, self.problem_list = MatchTable(), MicrographView(), ProblemList(offers=self.offers)
        self._nothing, self.found = ProblemList(offers=self.offers), FoundExposures(session)
        self._lay_out(session)
        self.table.arranged.connect(self._build)
        self.table.chosen.connect(self._on_chosen)
        self.table.export_wanted.connect(self._export)
        self.view.exposure_step.connect(self.table.step)
        self.view.failed.connect(session.failed)
        self.names, self.search = Tasks(self), Tasks(self)
        for tasks in (self.names, self.search):
            tasks.finished.connect(self._on_finished)
            tasks.failed.connect(self._on_failed)
        session.changed.connect(self._on_changed)

    def _lay_out(self, session: Session) -> None:
        form = QGridLayout()
        for column, (name, mnemonic) in enumerate((("exposures", "e"), ("project", "p"))):
            path = PathEdit(session, name)
            form.addWidget(label_for(path, mnemonic), 0, 2 * column)
            form.addWidget(path, 0, 2 * column + 1)
        form.setColumnStretch(1, 3)
        form.setColumnStretch(3, 2)
        choices = QHBoxLayout()
        for editor, mnemonic in (
            (ChoiceEdit(session, "on_unmatched"), "m"),
            (ChoiceEdit(session, "coordinate_y"), "y"),
            (ScaleEdit(session, "coordinate_scale"), "s"),
        ):
            choices.addWidget(label_for(editor, mnemonic))
            choices.addWidget(editor)
            choices.addSpacing(8)
        choices.addWidget(PlanProgress(session), 1)
        self.tabs = QTabWidget()
        self.tabs.addTab(self.view, "Check by eye")
        self.tabs.addTab(self.problem_list, "Problems")
        explain_tabs(
            self.tabs,
            "Check by eye, or problems",
            "Check by eye: the exposure of the selected row, with its particles circled.",
            "Problems: what was found about names and coordinates.",
        )
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.addWidget(self.table)
        split.addWidget(self.tabs)
        split.setSizes([620, 410])
        self.body_stack = QStackedWidget()
        without = QSplitter(Qt.Orientation.Vertical)
        without.setChildrenCollapsible(False)
        without.addWidget(self.found)
        without.addWidget(self._nothing)
        self.body_stack.addWidget(without)
        self.body_stack.addWidget(split)
        self.body.addWidget(self.headline)
        self.body.addLayout(form)
        self.body.addWidget(self.trims)
        self.body.addLayout(choices)
        mirror_poses = ChoiceEdit(session, "mirror_poses")
        matched = QHBoxLayout()
        matched.addWidget(self.counts, 1)
        matched.addWidget(label_for(mirror_poses, "r"))
        matched.addWidget(mirror_poses)
        self.body.addLayout(matched)
        self.body.addWidget(self.body_stack, 1)

    def show_plan(self) -> None:
        plan = self.session.plan
        matching, problems = plan.matching, self.problems()
        if matching is not None and plan.parameters.suggest_trims:
            # From now on the rules are in their fields and can be changed.
            self.session.undo.follow(suggest_trims=False, **dataclasses.asdict(matching.rules))
        self.problem_list.show_problems(problems)
        self._nothing.set_nothing(_NOTHING if not self.session.parameters.exposures else "Nothing has been read yet.")
        self._nothing.show_problems(problems)
        self.tabs.setTabText(1, f"Problems ({len(problems)})" if problems else "Problems")
        self.body_stack.setCurrentIndex(matching is not None)
        if plan.exposures is not self._exposures or plan.all_particles is not self._particles:
            self._exposures, self._particles, self._suggestion = plan.exposures, plan.all_particles, None
            self._clear()
        if matching is not None:
            self._build()
            self._on_chosen(self.table.current)
        self._show_counts()

    def show_particle(self, row: int) -> None:
        """Show a particle, a row of `ImportPlan.all_particles`, circled in its micrograph."""
        self._wanted_row = row
        self.tabs.setCurrentIndex(0)
        if self.table.filter.text():
            self.table.filter.clear()  # arranges the names again
        else:
            self._show_wanted()

    def _show_wanted(self) -> None:
        table, particles, row = self.table.model.table, self._particles, self._wanted_row
        if table is None or particles is None or particles.micrograph_index is None or row < 0:
            return
        self._wanted_row = -1
        self.view.want(row)
        name = table.row_of(micrograph=int(particles.micrograph_index[row]))
        self.table.show_rows(table, self.table.model.rows, name)
        self.view.picture.setFocus()

    def shut_down(self) -> None:
        for tasks in (self.names, self.search):
            tasks.close()
        self.view.shut_down()

    def _clear(self) -> None:
        self._inputs += 1
        self.names.cancel()
        self.search.cancel()
        self.table.show_rows(None, np.empty(0, np.int64))
        self.trims.propose("", None)
        self.view.clear("There is nothing to show yet.")

    @Slot(str)
    def _on_changed(self, name: str) -> None:
        if name in RULES and self.table.model.table is not None:
            self._build()

    @Slot()
    def _build(self) -> None:
        """Arrange the names again, and match them again if the rules have changed; the plan follows later.

        Among exposures of one name the pictures may choose, which the plan then knows.
        """
        exposures, particles, known = self._exposures, self._particles, self.table.model.table
        if exposures is None or particles is None or particles.micrograph_index is None:
            return
        rules, arrangement = rules_of(self.session.parameters), self.table.arrangement
        plan = self.session.plan
        is_of_plan = plan.exposures is exposures and plan.all_particles is particles
        match = plan.matching.match if is_of_plan and plan.matching and plan.matching.rules == rules else None
        inputs = self._inputs

        def build(progress: Progress) -> tuple[int, tuple[NameTable, np.ndarray]]:
            table = known
            if table is None or table.rules != rules or not _is_of(match, table):
                names, counts = particles.micrograph_names, particles.per_micrograph
                table = build_name_table(exposures.paths, names, counts, rules, match)
            return inputs, (table, table.rows(arrangement))

        self.names.start("names", build)

    def _show_names(self, table: NameTable, rows: np.ndarray) -> None:
        before, row = self.table.model.table, self.table.current
        if before is not None and row >= 0:
            current = table.row_of(micrograph=int(before.micrograph[row]), exposure=int(before.exposure[row]))
            self.table.show_rows(table, rows, current)
        else:
            matched = rows[table.state[rows] == State.MATCHED]
            self.table.show_rows(table, rows, int(matched[0]) if len(matched) else -1)
            self.table.view.scrollToTop()
        self._show_counts()
        self._show_suggestion()
        self._show_wanted()

    def _show_counts(self) -> None:
        table = self.table.model.table
        self.counts.setText(count_words(table, self.session.plan) if table is not None else "")

    def _show_suggestion(self) -> None:
        """Search for better rules if something does not match."""
        table, exposures = self.table.model.table, self._exposures
        if table is None or exposures is None or bool((table.state >= State.NO_PARTICLES).all()):
            self.trims.propose("", None)
        elif self._suggestion is not None:
            self.trims.show_suggestion(self._suggestion, table.rules, table.names_matched)
        elif not self.search.busy:
            self.trims.propose("Searching for rules that match …", None)
            inputs, paths, names = self._inputs, exposures.paths, table.micrographs

            def suggest(progress: Progress) -> tuple[int, Suggestion]:
                return inputs, suggest_trims(paths, names)

            self.search.start("suggestion", suggest)

    @Slot(int)
    def _on_chosen(self, row: int) -> None:
        table, plan = self.table.model.table, self.session.plan
        exposure = int(table.exposure[row]) if table is not None and row >= 0 else -1
        if exposure >= 0 and plan.matching is not None:
            self.view.show_exposure(plan, exposure)
        else:
            has_match = table is not None and bool((table.state == State.MATCHED).any())
            self.view.clear(_CHOOSE if has_match else _NO_MATCH)

    @Slot()
    def _export(self) -> None:
        table, rows = self.table.model.table, self.table.model.rows
        nearby = dirname(next(iter(self.session.parameters.meta), ""))
        path = self.session.dialogs.save_file(self, "names", "Export names", "names.csv", "Table (*.csv)", nearby)
        if table is None or not path:
            return

        def export(progress: Progress) -> str:
            try:
                write_csv(path, table, rows)
            except OSError as error:
                return f"{path} cannot be written: {error.strerror}."
            return f"{len(rows):,} rows were written to {path}."

        self.names.start("export", export)

    @Slot(str, object)
    def _on_finished(self, kind: str, result: Any) -> None:
        if kind == "export":
            self.counts.setText(result)
            return
        inputs, found = result
        is_current = inputs == self._inputs
        if kind == "names" and is_current:
            self._show_names(*found)
        elif kind == "suggestion":
            self._suggestion = found if is_current else None
            self._show_suggestion()

    @Slot(str, str, str)
    def _on_failed(self, kind: str, message: str, details: str) -> None:
        self.session.failed.emit(message, details)


def _is_of(match: Match | None, table: NameTable) -> bool:
    """Whether a table shows this match, if there is one."""
    return match is None or np.array_equal(match.exposure_of, table.match.exposure_of)
