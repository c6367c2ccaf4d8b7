"""The list of steps: a click leads to what was visited, and starts nothing."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QWizard

import cryoimport_gui.core.job.write as job
from cryoimport_gui.gui.widgets.progress_line import PlanProgress
from cryoimport_gui.gui.wizard import ImportWizard

from .conftest import WAIT_MS, press_import, step_state

NEXT = QWizard.WizardButton.NextButton
REVIEW, IMPORT = 5, 6


@pytest.fixture
def wizard(open_wizard, demo_values, tmp_path) -> ImportWizard:
    wizard = open_wizard(**demo_values | {"output": str(tmp_path / "J3")})
    wizard.resize(1280, 800)
    return wizard


def place_of(wizard: ImportWizard, step: int) -> QPoint:
    return wizard.steps.visualItemRect(wizard.steps.item(step)).center()


def click_step(wizard: ImportWizard, step: int) -> None:
    QTest.mouseClick(wizard.steps.viewport(), Qt.MouseButton.LeftButton, pos=place_of(wizard, step))


def finish_import(qtbot, wizard: ImportWizard) -> None:
    press_import(wizard)
    qtbot.waitUntil(lambda: wizard.session.job is not None, timeout=WAIT_MS)


def type_output(qtbot, wizard: ImportWizard, path: Path) -> None:
    wizard.go_to(REVIEW)
    line = wizard.currentPage().findChild(QLineEdit, "output")
    qtbot.mouseClick(line, Qt.MouseButton.LeftButton)
    line.selectAll()
    QTest.keyClicks(line, str(path))
    qtbot.waitUntil(lambda: wizard.session.is_current, timeout=WAIT_MS)


@contextmanager
def held_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Callable[[], bool], Callable[[], None]]]:
    """An import that waits at its first link: whether it is there, and what lets it go on."""
    reached, go_on = threading.Event(), threading.Event()
    original = os.symlink

    def slow_link(*args: object, **kwargs: object) -> None:
        reached.set()
        go_on.wait(10)
        original(*args, **kwargs)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(job.os, "symlink", slow_link)
        try:
            yield reached.is_set, go_on.set
        finally:
            go_on.set()


def test_a_click_on_the_last_step_shows_the_import_that_was_made_and_makes_none(
    qtbot, wizard: ImportWizard, tmp_path: Path
) -> None:
    finish_import(qtbot, wizard)
    page, done = wizard.currentPage(), wizard.session.job
    path = page.group_path.text()
    click_step(wizard, 0)
    assert wizard.currentId() == 0
    for name in ("J4", "J3"):  # with other parameters than those that were imported, and without
        type_output(qtbot, wizard, tmp_path / name)
        click_step(wizard, IMPORT)
        assert wizard.currentId() == IMPORT and wizard.steps.currentRow() == IMPORT
        assert not wizard.session.is_writing and wizard.session.job is done
        assert page.group_path.isVisible() and page.group_path.text() == path
    assert [folder.name for folder in tmp_path.iterdir()] == ["J3"]


def test_the_last_step_cannot_be_clicked_before_there_is_an_import(qtbot, wizard: ImportWizard) -> None:
    wizard.go_to(REVIEW)
    click_step(wizard, IMPORT)
    assert wizard.currentId() == REVIEW == wizard.steps.currentRow()
    wizard.go_to(IMPORT)
    assert wizard.currentId() == REVIEW and not wizard.session.is_writing


def test_a_click_that_is_refused_leaves_the_highlight(qtbot, wizard: ImportWizard, monkeypatch) -> None:
    with held_up(monkeypatch) as (is_reached, go_on):
        press_import(wizard)
        qtbot.waitUntil(is_reached, timeout=WAIT_MS)
        for step in (0, 2, REVIEW):
            click_step(wizard, step)
            assert wizard.currentId() == IMPORT == wizard.steps.currentRow()
        assert "imported" not in step_state(wizard, IMPORT), "it is not finished"
        go_on()
        qtbot.waitUntil(lambda: wizard.session.job is not None, timeout=WAIT_MS)
    assert "imported" in step_state(wizard, IMPORT)


def test_a_step_that_is_pressed_and_left_again_leaves_the_highlight(qtbot, wizard: ImportWizard) -> None:
    wizard.go_to(2)
    viewport = wizard.steps.viewport()
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, pos=place_of(wizard, 0))
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=QPoint(20, viewport.height() - 4))
    assert wizard.currentId() == 2 == wizard.steps.currentRow()


def test_arrows_choose_a_step_and_enter_goes_there(qtbot, wizard: ImportWizard) -> None:
    wizard.go_to(2)
    wizard.steps.setFocus()
    QTest.keyClick(wizard.steps, Qt.Key.Key_Up)
    QTest.keyClick(wizard.steps, Qt.Key.Key_Up)
    assert wizard.currentId() == 2
    QTest.keyClick(wizard.steps, Qt.Key.Key_Return)
    assert wizard.currentId() == 0 == wizard.steps.currentRow()


def test_a_second_import_that_is_cancelled_is_no_success_and_the_first_can_be_seen(
    qtbot, wizard: ImportWizard, tmp_path: Path, monkeypatch
) -> None:
    finish_import(qtbot, wizard)
    page, path = wizard.currentPage(), wizard.currentPage().group_path.text()
    type_output(qtbot, wizard, tmp_path / "J4")
    with held_up(monkeypatch) as (is_reached, go_on):
        press_import(wizard)
        qtbot.waitUntil(is_reached, timeout=WAIT_MS)
        assert "imported" not in step_state(wizard, IMPORT), "it runs"
        with qtbot.waitSignal(wizard.session.import_cancelled, timeout=WAIT_MS):
            qtbot.mouseClick(page.cancel, Qt.MouseButton.LeftButton)
            go_on()
    assert "cancelled" in page.reason.text()
    assert "imported" not in step_state(wizard, IMPORT)
    click_step(wizard, 0)
    click_step(wizard, IMPORT)
    assert page.reason.isVisible() and not wizard.session.is_writing
    qtbot.mouseClick(page.show_last, Qt.MouseButton.LeftButton)
    assert page.group_path.isVisible() and page.group_path.text() == path
    assert [folder.name for folder in tmp_path.iterdir()] == ["J3"]


def test_import_shows_what_was_imported_where_nothing_has_changed(qtbot, wizard: ImportWizard, tmp_path: Path) -> None:
    finish_import(qtbot, wizard)
    wizard.go_to(REVIEW)
    assert wizard.button(NEXT).text() == "See &import"
    qtbot.mouseClick(wizard.button(NEXT), Qt.MouseButton.LeftButton)
    assert wizard.currentId() == IMPORT and not wizard.session.is_writing
    assert wizard.currentPage().group_path.isVisible()
    type_output(qtbot, wizard, tmp_path / "J4")
    assert wizard.button(NEXT).text() == "&Import"


def test_after_an_import_nothing_claims_to_be_read_and_review_knows_of_the_folder(
    qtbot, wizard: ImportWizard, tmp_path: Path
) -> None:
    wizard.go_to(REVIEW)
    review = wizard.currentPage()
    assert "Nothing is written yet" in review.subTitle()
    finish_import(qtbot, wizard)
    for number in range(REVIEW + 1):
        wizard.go_to(number)
        for line in wizard.findChildren(PlanProgress):
            texts = [label.text() for label in line.findChildren(QLabel)]
            assert texts == [""], f"{wizard.currentPage().title()}: {texts}"
    assert "Nothing is written yet" not in review.subTitle()
    assert "was written to this output folder" in review.subTitle()
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_F5)
    qtbot.waitUntil(lambda: wizard.session.is_current, timeout=WAIT_MS)
    assert "was written to this output folder" in review.subTitle()
    type_output(qtbot, wizard, tmp_path / "J4")
    assert "Nothing is written yet" in review.subTitle()
