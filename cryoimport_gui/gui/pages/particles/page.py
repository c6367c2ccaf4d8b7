"""First page: which particles, and what the file holds."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFormLayout, QGroupBox, QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from ....core.parameters import ImportParameters
from ....core.progress import Progress
from ....core.report.claim_codes import Topic
from ....headless import with_demo
from ...recent import reopen
from ...tasks import Tasks
from ...tips import explain
from ...widgets.editors import ChoiceEdit, PathEdit, SwitchEdit, label_for
from ...widgets.facts import Facts
from ...widgets.problem_list import ProblemList, plain_label
from ...widgets.progress_line import PlanProgress
from ..page import Page
from .file_facts import file_facts
from .file_list import FileList
from .original_line import OriginalLine
from .recent_list import RecentList
from .which_particles import WhichParticles

_BEGIN = """\
Drop RELION's STAR file on the window, or choose it above: run_data.star of a refinement or classification, or \
particles.star of an extraction. Leave the data path empty at first; stacks are usually found without it.
cisTEM's STAR file works too, and so do picks without images: a file or a folder of Topaz, crYOLO, EMAN or RELION.
Then Next goes through everything to check."""
_TRY = "Make a small data set with known answers in a temporary folder, and open it."

_UNREADABLE = "Nothing", "could be read from it."


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
        "symmetry-",
        "columns-",
        "pose-",
        "shift-",
        "half-sets-",
        "original-",
    )

    def build(self) -> None:
        session = self.session
        meta, data = PathEdit(session, "meta"), PathEdit(session, "data")
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
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
        form.addRow(label_for(data, "d"), data)
        switches = QHBoxLayout()
        for name, mnemonic in (
            ("ignore_raw_data", "r"),
            ("ignore_pose_data", "p"),
            ("ignore_half_sets", "h"),
        ):
            switches.addWidget(SwitchEdit(session, name, mnemonic))
        switches.addStretch(1)
        form.addRow("", switches)
        select, first_number = WhichParticles(session), ChoiceEdit(session, "image_numbers_from")
        rows = QHBoxLayout()
        rows.addWidget(select, 1)
        rows.addWidget(label_for(first_number, "F"))
        rows.addWidget(first_number)
        form.addRow(label_for(select, "W"), rows)
        self.original = OriginalLine(session)
        form.addRow(label_for(self.original.editor, "O"), self.original.editor)
        form.addRow("", self.original)
        self.body.addWidget(self.headline)
        self.body.addLayout(form)
        self.take_data = QPushButton()
        explain(self.take_data, "Use the folder that has the missing stacks as particle data path.")
        self.take_data.clicked.connect(self._take_suggested_data)
        self.take_data.hide()
        form.addRow("", self.take_data)
        self.progress = PlanProgress(session)
        self.body.addWidget(self.progress)
        self.facts = Facts("What the file holds")
        self.recent = RecentList(session)
        self.recent.wanted.connect(self._reopen)
        self.left = QStackedWidget()
        self.try_demo = QPushButton("&Try the demo data")
        explain(self.try_demo, _TRY)
        self.try_demo.clicked.connect(self._make_demo)
        self.tasks = Tasks(self)
        self.tasks.finished.connect(self._on_demo)
        self.tasks.failed.connect(self._on_failed)
        self.left.addWidget(_start(self.try_demo, self.recent))
        self.left.addWidget(_group("What the file holds", self.facts))
        self.problem_list = ProblemList(offers=self.offers)
        columns = QHBoxLayout()
        columns.addWidget(self.left, 2)
        columns.addWidget(_group("Problems", self.problem_list), 3)
        self.body.addLayout(columns, 1)

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
        plan = self.session.plan
        self.facts.show_facts(file_facts(plan) or ([_UNREADABLE] if plan.errors else []))
        self.left.setCurrentIndex(bool(self.session.parameters.meta))
        self.headline.setVisible(bool(self.session.parameters.meta))
        nothing = "No problems found." if plan.all_particles else "Nothing has been read yet."
        self.problem_list.set_nothing(nothing)
        self.problem_list.show_problems(self.problems())
        self.original.show_plan(plan)
        suggested = plan.stacks.located.suggested_data if plan.stacks else ""
        self.take_data.setVisible(bool(suggested))
        self.take_data.setText(f"&Use {suggested.replace('&', '&&')} as particle data path")

    @Slot()
    def _make_demo(self) -> None:
        parameters = self.session.parameters

        def make(progress: Progress) -> ImportParameters:
            return with_demo(parameters, "")

        self.try_demo.setEnabled(False)
        self.tasks.start("demo", make)

    @Slot(str, object)
    def _on_demo(self, kind: str, parameters: ImportParameters) -> None:
        self.try_demo.setEnabled(True)
        if not self.session.parameters.meta:  # else the user has chosen a file meanwhile
            self.session.change(**vars(parameters))
            self.session.keep(parameters)

    @Slot(str, str, str)
    def _on_failed(self, kind: str, message: str, details: str) -> None:
        self.try_demo.setEnabled(True)
        self.session.failed.emit(message, details)

    @Slot(object)
    def _reopen(self, values: dict[str, Any]) -> None:
        reopen(self.session, values, self)

    @Slot()
    def _choose_folder(self) -> None:
        if folder := self.session.dialogs.open_folder(self, "picks", "Folder of picks"):
            self.session.change(meta=folder)

    @Slot()
    def _take_suggested_data(self) -> None:
        if self.session.plan.stacks:
            folder = self.session.plan.stacks.located.suggested_data
            self.session.undo.take("Use this data path", data=folder)


def _start(try_demo: QPushButton, recent: RecentList) -> QWidget:
    """What to do first, and the recent imports if there are any."""
    page = QWidget()
    layout = QVBoxLayout(page)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(_group("How to begin", plain_label(_BEGIN)))
    layout.addWidget(try_demo, 0, Qt.AlignmentFlag.AlignLeft)
    if recent.count():
        layout.addWidget(_group("Recent imports: open one again, with all its settings", recent), 1)
    else:
        layout.addStretch(1)
    return page


def _group(title: str, content: QWidget) -> QGroupBox:
    box = QGroupBox(title)
    layout = QVBoxLayout(box)
    layout.addWidget(content)
    return box
