"""Which exposure each particle comes from: names that match, and a picture that proves it."""

from __future__ import annotations

from os.path import dirname
from typing import Any

import numpy as np
from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSplitter, QStackedWidget

from ....core.exposures.exposures import Exposures
from ....core.exposures.matching import rules_of
from ....core.exposures.trim_suggestion import Suggestion, pairs_to_compare, suggest_trims
from ....core.exposures.trims import Match
from ....core.looks.match_table import UNLINKED, NameTable, State, build_name_table, write_csv
from ....core.particles import Particles
from ....core.progress import Progress
from ....core.report.claim_codes import Topic
from ...session import Session
from ...tasks import Tasks
from ...tips import explain
from ...widgets.editors import ChoiceEdit, PathEdit, label_for
from ...widgets.labelled_edit import LabelledEdit
from ...widgets.one_line import OneLine
from ...widgets.problem_lines import ProblemLines
from ...widgets.progress_line import PlanProgress
from ...widgets.wrapping import Wrapping
from ..page import Page
from .dataset_list import DatasetList
from .groups_view import GroupsView
from .match_table import MatchTable
from .micrograph_view import MicrographView
from .more_options import ExposureOptions
from .no_exposures import NoExposures
from .trim_banner import TrimBanner
from .trim_editor import RULES, TrimEditor
from .words import NEEDED, OPTIONAL, count_words, need_exposures

_WIDE_PX = 760  # else each path has its own line
_CHOOSE = "Choose a row with a micrograph and an exposure to see both."
#: the rules, and a micrograph with its exposure by them
_Suggested = tuple[Suggestion, tuple[str, str] | None]


class ExposuresPage(Page):
    """Names on the left, pictures on the right."""

    TITLE = "Exposures"
    SUBTITLE = OPTIONAL
    HEADLINE = Topic.POSITIONS
    CODES = ("exposure", "micrograph", "coordinate", "location")

    def build(self) -> None:
        session = self.session
        self._exposures: Exposures | None = None
        self._particles: Particles | None = None
        self._suggestion: _Suggested | None = None
        self._wanted_row = -1  # a particle to show as soon as the names are known
        self._inputs = 0  # counts the sets of names
        self.trims, self.banner, self.options = TrimEditor(session), TrimBanner(session), ExposureOptions(session)
        self.counts, self.groups = OneLine("What matches"), GroupsView()
        self.table, self.view = MatchTable(), MicrographView(session)
        self.problem_lines = ProblemLines(self.offers, opens=())
        self.datasets, self.without = DatasetList(session), NoExposures(session)
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
        form = Wrapping(_WIDE_PX)
        self._paths: dict[str, PathEdit] = {}
        self._y = LabelledEdit(session, ChoiceEdit(session, "coordinate_y"), "y", "Automatic")
        self.add = QPushButton("A&dd…")
        self.add.setAutoDefault(False)
        explain(self.add, "Choose more exposures, to be used together with these.")
        for name, mnemonic, share in (("exposures", "e", 3), ("project", "p", 2)):
            path, line = PathEdit(session, name), QHBoxLayout()
            self._paths[name] = path
            line.addWidget(label_for(path, mnemonic))
            line.addWidget(path, 1)
            if name == "exposures":
                line.addWidget(self.add)
            form.row.addLayout(line, share)
        self.add.clicked.connect(self._paths["exposures"].add)
        matched = QHBoxLayout()
        matched.addWidget(self.counts, 1)
        matched.addWidget(PlanProgress(session))
        matched.addWidget(self._y)
        matched.addWidget(self.options.fold)
        split = _Split()
        split.addWidget(self.table)
        split.addWidget(self.view)
        split.setSizes([440, 610])
        split.setStretchFactor(0, 2)
        split.setStretchFactor(1, 3)
        self.body_stack = QStackedWidget()
        self.body_stack.addWidget(self.without)
        self.body_stack.addWidget(split)
        self.body.addWidget(self.headline)
        self.body.addWidget(self.groups)
        self.body.addWidget(form)
        self.body.addWidget(self.datasets)
        self.body.addWidget(self.trims)
        self.body.addWidget(self.banner)
        self.body.addLayout(matched)
        self.body.addWidget(self.options)
        self.body.addWidget(self.body_stack, 1)
        self.body.addWidget(self.problem_lines)

    def show_editor(self, name: str) -> None:
        self.options.open_for(name)
        super().show_editor(name)

    def show_plan(self) -> None:
        plan = self.session.plan
        matching = plan.matching
        are_needed, are_given = need_exposures(plan), bool(self.session.parameters.exposures)
        self.setSubTitle(NEEDED if are_needed else OPTIONAL)
        self._paths["exposures"].line.setPlaceholderText(f"{'needed' if are_needed else 'optional'}: .cs or .csg")
        for widget in (self.add, self.trims, self._y, self.options.fold):
            widget.setVisible(are_given)
        self.options.setVisible(are_given and self.options.fold.isChecked())
        self.groups.show_placing(plan.placing)
        self.without.show_plan(plan)
        self.problem_lines.show_problems(self.problems())
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
        self.view.show()
        self.banner.say("")
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
        plan, inputs = self.session.plan, self._inputs
        is_of_plan = plan.exposures is exposures and plan.all_particles is particles
        match = plan.matching.match if is_of_plan and plan.matching and plan.matching.rules == rules else None
        placing = plan.placing if plan.matching is not None and plan.matching.rules == rules else None

        def build(progress: Progress) -> tuple[int, tuple[NameTable, np.ndarray]]:
            table = known
            if table is None or table.rules != rules or not _is_of(match, table):
                names, counts = particles.micrograph_names, particles.per_micrograph
                table = build_name_table(exposures.paths, names, counts, rules, match)
            table = table.with_places(placing)
            return inputs, (table, table.rows(arrangement))

        self.names.start("names", build)

    def _show_names(self, table: NameTable, rows: np.ndarray) -> None:
        before, row = self.table.model.table, self.table.current
        has_picture = (table.micrograph >= 0) & (table.exposure >= 0)
        self.view.setVisible(bool(has_picture.any()))  # else the names take its room
        if before is not None and row >= 0:
            current = table.row_of(micrograph=int(before.micrograph[row]), exposure=int(before.exposure[row]))
            self.table.show_rows(table, rows, current)
        else:
            linked = rows[~np.isin(table.state[rows], (*UNLINKED, State.NO_PARTICLES))]
            self.table.show_rows(table, rows, int(linked[0]) if len(linked) else -1)
            self.table.view.scrollToTop()
        self._show_counts()
        self._show_suggestion()
        self._show_wanted()

    def _show_counts(self) -> None:
        table = self.table.model.table
        self.counts.show_text(count_words(table, self.session.plan) if table is not None else "")

    def _show_suggestion(self) -> None:
        """Search for better rules if something does not match."""
        table, exposures = self.table.model.table, self._exposures
        if table is None or exposures is None or not np.isin(table.state, UNLINKED).any():
            self.banner.say("")
        elif self._suggestion is not None:
            self.banner.show_suggestion(*self._suggestion, table.rules, table.names_matched)
        elif not self.search.busy:
            self.banner.say("Searching for rules that match …")
            inputs, paths, names = self._inputs, exposures.paths, table.micrographs

            def suggest(progress: Progress) -> tuple[int, _Suggested]:
                found = suggest_trims(paths, names)
                pairs = pairs_to_compare(found.rules, paths, names, 1) if found.rules else []
                pair = next(((names[name], paths[number]) for name, number in pairs), None)
                return inputs, (found, pair)

            self.search.start("suggestion", suggest)

    @Slot(int)
    def _on_chosen(self, row: int) -> None:
        table, plan = self.table.model.table, self.session.plan
        exposure = int(table.exposure[row]) if table is not None and row >= 0 else -1
        if exposure >= 0 and plan.matching is not None:
            self.view.show_exposure(plan, exposure)
        else:
            self.view.clear(_CHOOSE)

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
            self.counts.show_text(result)
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


class _Split(QSplitter):
    """Names beside pictures, in a narrow window above them; the handle between them can be moved."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setChildrenCollapsible(False)

    def minimumSizeHint(self) -> QSize:
        """The width of the narrow arrangement, so that the page can get that narrow."""
        return QSize(max(self._widths()), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_wide = event.size().width() >= sum(self._widths()) + self.handleWidth()
        self.setOrientation(Qt.Orientation.Horizontal if is_wide else Qt.Orientation.Vertical)

    def _widths(self) -> list[int]:
        parts = (self.widget(i) for i in range(self.count()))
        return [part.minimumSizeHint().expandedTo(part.minimumSize()).width() for part in parts]


def _is_of(match: Match | None, table: NameTable) -> bool:
    """Whether a table shows this match, if there is one."""
    return match is None or np.array_equal(match.exposure_of, table.match.exposure_of)
