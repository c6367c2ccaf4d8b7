"""What a CryoSPARC project lets the program fill in, and what it leaves alone."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWizard

from cryoimport_gui.core.demo import Demo, DemoRecipe, make_demo
from cryoimport_gui.core.report.claims import readiness
from cryoimport_gui.gui.pages.exposures.page import ExposuresPage
from cryoimport_gui.gui.pages.review import ReviewPage

from .conftest import WAIT_MS
from .test_drops import Drag

RECIPE = DemoRecipe(micrographs=4, particles_per_micrograph=10)


@pytest.fixture
def demo(tmp_path: Path) -> Demo:
    return make_demo(tmp_path, RECIPE)


def exposures_page(wizard) -> tuple[int, ExposuresPage]:
    return next((n, page) for n, page in enumerate(wizard.pages) if isinstance(page, ExposuresPage))


def settled(qtbot, wizard) -> None:
    session = wizard.session
    qtbot.waitUntil(
        lambda: session.is_current and session.project_exposures is not None and not wizard.proposals.tasks.busy,
        timeout=WAIT_MS,
    )


def test_two_drops_lead_to_an_import(qtbot, open_wizard, demo: Demo) -> None:
    wizard = open_wizard()
    session = wizard.session
    (demo.project / "project.json").write_text("{}")
    Drag(wizard, demo.star).drop()
    Drag(wizard, demo.project).drop()
    qtbot.waitUntil(lambda: bool(session.parameters.exposures), timeout=WAIT_MS)
    settled(qtbot, wizard)
    assert session.parameters.exposures == (str(demo.exposures),)
    assert session.plan.counts()["particles_matched"] == 40 and session.plan.errors == []
    name = Path(session.parameters.output).relative_to(demo.project)
    assert re.fullmatch(r"imports/run_data_\d{4}-\d\d-\d\d", str(name))
    ready = wizard.pages[0].ready
    assert ready.isVisible() and ready.words.text() == readiness(session.plan)[1]
    assert ready.words.text() == "Ready: 5 of 5 claims confirmed."
    qtbot.mouseClick(ready.review, Qt.MouseButton.LeftButton)
    assert wizard.currentPage().title() == "Review"
    qtbot.mouseClick(wizard.button(QWizard.WizardButton.NextButton), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: session.job is not None, timeout=WAIT_MS)
    assert (demo.project / name / "imported_particles.csg").exists()
    assert session.unsaved() == []


def test_exposures_that_match_in_part_are_offered_and_used_by_a_click(qtbot, open_wizard, demo: Demo) -> None:
    table = np.load(demo.exposures)
    with demo.exposures.open("wb") as file:
        np.save(file, table[:3])
    wizard = open_wizard(meta=str(demo.star), project=str(demo.project), on_unmatched="keep")
    number, page = exposures_page(wizard)
    settled(qtbot, wizard)
    assert wizard.session.parameters.exposures == ()
    wizard.go_to(number)
    assert page.found.isVisible() and page.found.list.count() == 1
    assert page.found.list.item(0).text().startswith("J2 · 3 micrographs · ")
    assert page.found.list.item(0).text().endswith(" · 3 of 4 match")
    qtbot.mouseClick(page.found.use, Qt.MouseButton.LeftButton)
    settled(qtbot, wizard)
    assert wizard.session.plan.counts()["particles_matched"] == 30
    wizard.session.change(exposures="")
    settled(qtbot, wizard)
    assert wizard.session.parameters.exposures == () and page.found.isVisible()


def test_what_the_user_typed_or_took_away_stays(qtbot, open_wizard, demo: Demo) -> None:
    wizard = open_wizard(meta=str(demo.star), output=str(demo.project / "mine"))
    session = wizard.session
    session.change(project=str(demo.project))
    qtbot.waitUntil(lambda: bool(session.parameters.exposures), timeout=WAIT_MS)
    settled(qtbot, wizard)
    assert session.parameters.output == str(demo.project / "mine")
    session.change(exposures="")
    settled(qtbot, wizard)
    assert session.parameters.exposures == ()
    assert wizard.button(QWizard.WizardButton.NextButton).isEnabled()


def test_the_project_follows_from_the_exposures(qtbot, open_wizard, demo: Demo) -> None:
    wizard = open_wizard(meta=str(demo.star))
    wizard.session.change(exposures=str(demo.exposures), suggest_trims=True)
    settled(qtbot, wizard)
    assert wizard.session.parameters.project == str(demo.project)
    assert Path(wizard.session.parameters.output).parent == demo.project / "imports"


def test_no_such_project(qtbot, open_wizard, demo: Demo) -> None:
    wizard = open_wizard(meta=str(demo.star), project=str(demo.project / "none"))
    number, page = exposures_page(wizard)
    settled(qtbot, wizard)
    wizard.go_to(number)
    assert wizard.session.project_exposures == [] and wizard.session.parameters.output == ""
    assert page.found.words.text().startswith("No exposures were found")


def test_on_review_an_output_is_proposed_for_what_the_command_line_gave(qtbot, open_wizard, demo: Demo) -> None:
    wizard = open_wizard(meta=str(demo.star), project=str(demo.project), exposures=str(demo.exposures))
    assert wizard.session.parameters.output == ""
    wizard.go_to(next(number for number, page in enumerate(wizard.pages) if isinstance(page, ReviewPage)))
    qtbot.waitUntil(lambda: bool(wizard.session.parameters.output), timeout=WAIT_MS)
    settled(qtbot, wizard)
    assert Path(wizard.session.parameters.output).parent == demo.project / "imports"
