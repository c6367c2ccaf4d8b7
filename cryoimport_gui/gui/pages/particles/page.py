"""First page: which particles, and what the file holds."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QPushButton, QWidget

from ....core.problems import Severity
from ....core.report.claim_codes import Topic
from ...remedies import USE_FOLDER
from ...tasks import Tasks
from ...tips import explain
from ...widgets.editors import PathEdit, SwitchEdit, label_for
from ...widgets.labelled_edit import LabelledEdit
from ...widgets.problem_lines import ProblemLines
from ..page import Page
from .file_list import FileList
from .holdings_view import HoldingsView
from .missing_stacks import CODE, MissingStacks
from .more_options import ParticleOptions
from .ready_line import ReadyLine
from .start import Start
from .which_particles import WhichParticles

#: notes that concern no decision: Review has them
_ON_REVIEW = {"columns-not-imported"}


class ParticlesPage(Page):
    """Paths and switches, and a live summary of the result."""

    TITLE = "Particles"
    SUBTITLE = (
        "Choose RELION's particle STAR file, or drop it on the window. It is checked at once; nothing is written."
    )
    HEADLINE = Topic.IMAGES
    CODES = (
        "meta-",
        "image-",
        "images-",
        "selection-",
        "symmetry-",
        "value-",
        "optics-",
        "stack-",
        "box-",
        "particle-",
        "columns-",
        "pose-",
        "shift-",
        "half-sets-",
        "original-",
    )

    def build(self) -> None:
        session = self.session
        self.tasks = Tasks(self)
        self.body.addWidget(self.headline)
        self.body.addLayout(self._form())
        self.missing = MissingStacks()
        self.take_data = self.missing.take_data
        self.take_data.clicked.connect(self._take_suggested_data)
        self.start, self.holdings = Start(session, self.tasks), HoldingsView(self.tasks)
        self.facts = self.holdings.facts
        self.problem_list = ProblemLines(self.offers)
        self.body.addWidget(self.missing)
        self.body.addWidget(self.start, 1)
        self.body.addWidget(self.holdings, 1)
        self.body.addWidget(self.problem_list)
        self.rest = QWidget()  # in the place of what a file holds that cannot be read
        self.body.addWidget(self.rest, 1)
        self.ready = ReadyLine(session)
        self.ready.review.clicked.connect(self._go_to_review)
        self.body.addWidget(self.ready)

    def _form(self) -> QFormLayout:
        session = self.session
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        meta, project = PathEdit(session, "meta"), PathEdit(session, "project")
        self.choose_folder = QPushButton("Folder…")
        self.choose_folder.setAutoDefault(False)
        self.choose_folder.setAccessibleName("Browse for a folder of picks")
        explain(self.choose_folder, "Choose a folder with files of picks in a dialog.")
        self.choose_folder.clicked.connect(self._choose_folder)
        meta_row = QHBoxLayout()
        meta_row.addWidget(meta, 1)
        meta_row.addWidget(self.choose_folder)
        form.addRow(label_for(meta, "m"), meta_row)
        self.file_list = FileList(session)
        form.addRow("", self.file_list)
        form.addRow(label_for(project, "j"), project)
        switches = QHBoxLayout()
        for name, mnemonic in (
            ("ignore_raw_data", "r"),
            ("ignore_pose_data", "p"),
            ("ignore_half_sets", "h"),
        ):
            switches.addWidget(LabelledEdit(session, SwitchEdit(session, name, mnemonic)))
        switches.addStretch(1)
        form.addRow("", switches)
        select = LabelledEdit(session, WhichParticles(session), "W", "All rows", in_form=True, name="select")
        form.addRow(select.label, select)
        self.more = ParticleOptions(session, form)
        self.original = self.more.original
        return form

    def shut_down(self) -> None:
        self.tasks.close()

    def obstacle(self) -> str:
        if not self.session.parameters.meta:
            return "Choose a particle meta path to continue."
        if not self.session.is_current:
            return "Checking the file …" if self.session.plan.all_particles is None else ""
        fatal = [p for p in self.session.plan.errors if p.code.startswith("meta-") or p.code == "image-name-missing"]
        return f"Cannot continue: {fatal[0].message}." if fatal else ""

    def show_plan(self) -> None:
        plan, has_file = self.session.plan, bool(self.session.parameters.meta)
        for widget in (self.headline, self.ready):
            widget.setVisible(has_file)
        is_unread = plan.all_particles is None and bool(plan.problems)
        self.holdings.setVisible(has_file and not is_unread)
        self.rest.setVisible(has_file and is_unread)
        self.start.setVisible(not has_file)
        self.holdings.show_plan(plan)
        self.more.show_plan(plan)
        problems = [p for p in self.problems() if not (p.code in _ON_REVIEW and p.severity is Severity.INFO)]
        missing = next((p for p in problems if p.code == CODE), None)
        others = [offer for offer in self.offers(missing) if offer.label != USE_FOLDER] if missing else []
        if self.missing.show_plan(plan, missing, others):
            problems = [problem for problem in problems if problem is not missing]
        self.problem_list.show_problems(problems if has_file else [])
        self.ready.show_plan(plan)

    def show_editor(self, name: str) -> None:
        self.more.open_for(name)
        super().show_editor(name)

    def show_state(self) -> None:
        super().show_state()
        self.ready.set_current(self.session.is_current)

    @Slot()
    def _go_to_review(self) -> None:
        self.evidence_wanted.emit("output-exists")  # any code of that page

    @Slot()
    def _choose_folder(self) -> None:
        if folder := self.session.dialogs.open_folder(self, "picks", "Folder of picks"):
            self.session.change(meta=folder)

    @Slot()
    def _take_suggested_data(self) -> None:
        if self.session.plan.stacks:
            folder = self.session.plan.stacks.located.suggested_data
            self.session.undo.take("Use this data path", data=folder)
