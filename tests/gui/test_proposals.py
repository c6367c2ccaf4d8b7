"""What a CryoSPARC project lets the program fill in, and what it leaves alone."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWizard

from cryoimport_gui.core.demo import Demo, DemoRecipe, make_demo
from cryoimport_gui.core.report.claims import readiness
from cryoimport_gui.gui import proposals
from cryoimport_gui.gui.pages.exposures.page import ExposuresPage
from cryoimport_gui.gui.pages.review import ReviewPage

from ..support.project_jobs import add_job, pictures_of
from .conftest import WAIT_MS
from .test_drops import Drag

RECIPE = DemoRecipe(micrographs=4, particles_per_micrograph=10)


@pytest.fixture
def demo(tmp_path: Path) -> Demo:
    return make_demo(tmp_path, RECIPE)


def exposures_page(wizard) -> tuple[int, ExposuresPage]:
    return next((n, page) for n, page in enumerate(wizard.pages) if isinstance(page, ExposuresPage))


def rows(page: ExposuresPage) -> list[list[str]]:
    """The texts of the datasets that were found."""
    texts = page.without.found.table.texts
    columns = range(texts.columnCount())
    return [[texts.index(row, column).data() for column in columns] for row in range(texts.rowCount())]


def seen(page: ExposuresPage) -> list[tuple[str, str]]:
    return [(row[0], row[-1]) for row in rows(page)]


def click_row(qtbot, table, row: int, modifier=Qt.KeyboardModifier.NoModifier) -> None:
    place = table.visualRect(table.texts.index(row, 0)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, modifier, place)


def settled(qtbot, wizard) -> None:
    session = wizard.session
    qtbot.waitUntil(
        lambda: (
            session.is_current
            and session.project_exposures is not None
            and not session.are_comparing_exposures
            and not wizard.proposals.tasks.busy
        ),
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
    assert page.without.found.isVisible()
    ((job, about, day, count, names, pictures),) = rows(page)
    assert (job, about, count, names, pictures) == ("J2", "exposures.cs", "3 micrographs", "3 of 4", "")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", day)
    qtbot.mouseClick(page.without.found.use, Qt.MouseButton.LeftButton)
    settled(qtbot, wizard)
    assert wizard.session.plan.counts()["particles_matched"] == 30
    wizard.session.change(exposures="")
    settled(qtbot, wizard)
    assert wizard.session.parameters.exposures == () and page.without.found.isVisible()


HERE, AWAY = "particles found in {0} of {0} micrographs", "particles are not there"


@pytest.mark.parametrize("other", ["J1", "J9"])
def test_of_two_sessions_the_one_that_shows_the_particles_is_taken(
    qtbot, open_wizard, tmp_path: Path, other: str
) -> None:
    recipe = DemoRecipe(micrographs=5, particles_per_micrograph=8)
    demo = make_demo(tmp_path, recipe)
    path = add_job(demo, other, pictures_of(make_demo(tmp_path / "other", replace(recipe, seed=1))))
    wizard = open_wizard(meta=str(demo.star))
    number, page = exposures_page(wizard)
    wizard.go_to(number)
    Drag(page._paths["project"].line, demo.project).drop()
    qtbot.waitUntil(lambda: bool(wizard.session.parameters.exposures), timeout=WAIT_MS)
    settled(qtbot, wizard)
    assert wizard.session.parameters.exposures == (str(demo.exposures),)
    assert seen(page) == [("J2", HERE.format(5)), (other, AWAY)]
    qtbot.keyClick(wizard, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    settled(qtbot, wizard)
    assert wizard.session.parameters.exposures == () and page.without.found.isVisible()
    table = page.without.found.table
    assert "come first" in page.without.found.words.text()
    click_row(qtbot, table, 1)
    qtbot.mouseClick(page.without.found.use, Qt.MouseButton.LeftButton)
    settled(qtbot, wizard)
    assert wizard.session.parameters.exposures == (str(path),)


def test_without_pictures_names_decide_and_nothing_is_taken(qtbot, open_wizard, demo: Demo, tmp_path: Path) -> None:
    add_job(demo, "J9", None)
    (demo.project / "J2/motioncorrected").rename(tmp_path / "away")
    wizard = open_wizard(meta=str(demo.star), project=str(demo.project))
    number, page = exposures_page(wizard)
    wizard.go_to(number)
    settled(qtbot, wizard)
    assert seen(page) == [("J9", "no pictures to compare"), ("J2", "no pictures to compare")]
    assert "no pictures to compare" in page.without.found.words.text()
    assert wizard.session.parameters.exposures == ()
    table = page.without.found.table
    click_row(qtbot, table, 1)
    qtbot.keyClick(table, Qt.Key.Key_Return)
    assert wizard.session.parameters.exposures == (str(demo.exposures),) and wizard.currentPage() is page


def test_both_of_two_jobs_can_be_used(qtbot, open_wizard, demo: Demo) -> None:
    path = add_job(demo, "J9", None)
    halves = np.load(demo.exposures), np.load(path)
    for file, table in zip((demo.exposures, path), (halves[0][:2], halves[1][2:])):
        with file.open("wb") as to:
            np.save(to, table)
    wizard = open_wizard(meta=str(demo.star), project=str(demo.project))
    number, page = exposures_page(wizard)
    wizard.go_to(number)
    settled(qtbot, wizard)
    click_row(qtbot, page.without.found.table, 0)
    click_row(qtbot, page.without.found.table, 1, Qt.KeyboardModifier.ControlModifier)
    qtbot.mouseClick(page.without.found.use, Qt.MouseButton.LeftButton)
    settled(qtbot, wizard)
    assert set(wizard.session.parameters.exposures) == {str(path), str(demo.exposures)}


def test_exposures_that_are_chosen_end_the_comparison(qtbot, open_wizard, demo: Demo, monkeypatch) -> None:
    """It is made once they are taken away again."""
    add_job(demo, "J9", None)
    entered, ended, never = Event(), Event(), Event()

    def waits(found, plan, progress):
        entered.set()
        try:
            while not never.wait(0.001):
                progress.step(0, 0)
        finally:
            ended.set()

    monkeypatch.setattr(proposals, "ranked_by_pictures", waits)
    wizard = open_wizard(meta=str(demo.star), project=str(demo.project))
    number, page = exposures_page(wizard)
    wizard.go_to(number)
    qtbot.waitUntil(entered.is_set, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: seen(page) == [("J9", "comparing …"), ("J2", "comparing …")], timeout=WAIT_MS)
    click_row(qtbot, page.without.found.table, 1)
    qtbot.mouseClick(page.without.found.use, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(ended.is_set, timeout=WAIT_MS)
    settled(qtbot, wizard)
    assert wizard.session.parameters.exposures == (str(demo.exposures),)
    monkeypatch.undo()
    wizard.session.change(exposures="")
    expected = [("J2", HERE.format(4)), ("J9", "no pictures to compare")]
    qtbot.waitUntil(lambda: seen(page) == expected, timeout=WAIT_MS)


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


def test_an_output_that_the_user_chose_goes_back_to_the_proposal(qtbot, open_wizard, demo: Demo) -> None:
    mine = str(demo.project / "mine")
    wizard = open_wizard(meta=str(demo.star), project=str(demo.project), output=mine)
    wizard.go_to(next(number for number, page in enumerate(wizard.pages) if isinstance(page, ReviewPage)))
    settled(qtbot, wizard)
    session, field = wizard.session, wizard.currentPage().output
    assert session.parameters.output == mine and field.label.font().bold()
    qtbot.mouseClick(field.reset, Qt.MouseButton.LeftButton)
    assert Path(session.parameters.output).parent == demo.project / "imports"
    assert not field.label.font().bold() and not field.reset.isVisible()
    qtbot.mouseClick(field.undo, Qt.MouseButton.LeftButton)
    assert session.parameters.output == field.editor.path == mine
    settled(qtbot, wizard)


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
    assert page.without.found.words.text().startswith("No exposures were found")


def test_on_review_an_output_is_proposed_for_what_the_command_line_gave(qtbot, open_wizard, demo: Demo) -> None:
    wizard = open_wizard(meta=str(demo.star), project=str(demo.project), exposures=str(demo.exposures))
    assert wizard.session.parameters.output == ""
    wizard.go_to(next(number for number, page in enumerate(wizard.pages) if isinstance(page, ReviewPage)))
    qtbot.waitUntil(lambda: bool(wizard.session.parameters.output), timeout=WAIT_MS)
    settled(qtbot, wizard)
    assert Path(wizard.session.parameters.output).parent == demo.project / "imports"
