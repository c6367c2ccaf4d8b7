"""First page: which particles, and what the file holds."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFormLayout, QGroupBox, QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from ....core.parameters import ImportParameters
from ....core.particles import Particles
from ....core.plan.plan import ImportPlan
from ....core.problems import Severity
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
from .conditions_edit import ConditionsEdit
from .recent_list import RecentList

_BEGIN = """\
Drop RELION's STAR file on the window, or choose it above: run_data.star of a refinement or classification, or \
particles.star of an extraction. Leave the data path empty at first; stacks are usually found without it.
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
    )

    def build(self) -> None:
        session = self.session
        meta, data = PathEdit(session, "meta"), PathEdit(session, "data")
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(label_for(meta, "m"), meta)
        form.addRow(label_for(data, "d"), data)
        switches = QHBoxLayout()
        for name, mnemonic in (
            ("ignore_raw_data", "r"),
            ("ignore_pose_data", "p"),
            ("ignore_half_sets", "h"),
        ):
            switches.addWidget(SwitchEdit(session, name, mnemonic))
        switches.addStretch(1)
        check_poses = ChoiceEdit(session, "check_poses")
        switches.addWidget(label_for(check_poses, "k"))
        switches.addWidget(check_poses)
        form.addRow("", switches)
        select, first_number = ConditionsEdit(session), ChoiceEdit(session, "image_numbers_from")
        rows = QHBoxLayout()
        rows.addWidget(select, 1)
        rows.addWidget(label_for(first_number, "F"))
        rows.addWidget(first_number)
        form.addRow(label_for(select, "W"), rows)
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
    def _take_suggested_data(self) -> None:
        if self.session.plan.stacks:
            self.session.change(data=self.session.plan.stacks.located.suggested_data)


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


def file_facts(plan: ImportPlan) -> list[tuple[str, str]]:
    """What is known of the particles, as pairs of name and value."""
    particles = plan.all_particles
    if particles is None:
        return []
    counts = plan.counts()
    facts = [("Written by", particles.dialect), ("Particles", f"{len(particles):,}")]
    if plan.stacks:
        facts.append(("Stacks", f"{len(plan.stacks.located.found):,}"))
        facts += [("Found by", f"{rule} ({count:,})") for rule, count in plan.stacks.located.rules.items()]
        if plan.stacks.box:
            facts.append(("Box", f"{plan.stacks.box} × {plan.stacks.box} pixels"))
    facts.append(("Optics groups", f"{counts['optics_groups']:,}"))
    sizes = dict.fromkeys(
        f"{g.pixel_size_A.value:.4g} Å ({g.pixel_size_A.source})" for g in plan.groups if g.pixel_size_A
    )
    facts += [("Pixel size", size) for size in list(sizes)[:3]]
    holds = {
        "CTF": "defocus of each particle" if particles.defocus_u_A is not None else "none",
        **_alignments(particles, plan.parameters),
        "Coordinates": "yes" if particles.coordinates_px is not None else "none",
        "Micrographs": f"{len(particles.micrograph_names):,}"
        if particles.micrograph_index is not None
        else "not named",
    }
    facts += list(holds.items())
    aberrations = sorted({label for group in particles.optics_groups for label in group.aberrations})
    if aberrations:
        facts.append(("Aberrations", ", ".join(aberrations) + " (not imported)"))
    not_imported = [p for p in plan.problems if p.code == "columns-not-imported" and p.severity is Severity.INFO]
    facts += [("Not imported", f"{p.count} columns") for p in not_imported]
    return facts


def _alignments(particles: Particles, p: ImportParameters) -> dict[str, str]:
    """Poses, shifts, half-sets and classes of the file, and how they are imported."""
    why_not = "Ignore pose data is on" if p.ignore_pose_data else "" if particles.poses else "there are no angles"

    def said(is_there: bool, written: str) -> str:
        return "none" if not is_there else f"not written: {why_not}" if why_not else written

    kinds = {"3D": "3D angles → alignments3D", "2D": "psi, without rot and tilt → alignments2D", "": ""}
    half_sets = "ignored: CryoSPARC splits again" if p.ignore_half_sets else "rlnRandomSubset → split"
    return {
        "Poses": said(bool(particles.poses), kinds[particles.poses]),
        "Shifts": said(particles.shift_A is not None or particles.shift_px is not None, "rlnOrigin → shift"),
        "Half-sets": said(particles.random_subset is not None, half_sets),
        "Classes": said(particles.class_number is not None, "rlnClassNumber → class"),
    }
