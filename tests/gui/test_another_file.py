"""Another STAR file starts afresh: nothing that was chosen for the one before is carried over without a question."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QTableView

from cryoimport_gui.core.demo import Demo
from cryoimport_gui.core.parameters import ImportParameters
from cryoimport_gui.gui.carried import question
from cryoimport_gui.gui.pages.microscope.optics_model import COLUMNS
from cryoimport_gui.gui.wizard import ImportWizard

from .conftest import WAIT_MS, Answers, press_import
from .test_wizard import drop

_ASKED = "Keep pixel size 1.5 Å and data sign +1 from run_data.star?"


@pytest.fixture
def second(demo: Demo) -> Path:
    """Another STAR file beside the first, with the same stacks."""
    path = demo.star.with_name("second.star")
    shutil.copyfile(demo.star, path)
    return path


def wait_current(qtbot, wizard: ImportWizard) -> None:
    qtbot.waitUntil(lambda: wizard.session.is_current, timeout=WAIT_MS)


def choose(qtbot, wizard: ImportWizard) -> None:
    """A pixel size typed into the table, and a reading clicked."""
    wizard.go_to(1)
    view = wizard.currentPage().findChild(QTableView)
    index = view.model().index(0, COLUMNS.index("pixel_size_A"))
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualRect(index).center())
    for key in "1.5":  # the first opens the editor
        QTest.keyClicks(QApplication.focusWidget(), key)
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(wizard.session.parameters.pixel_size), timeout=WAIT_MS)
    wizard.go_to(2)
    page = wizard.currentPage()
    wait_current(qtbot, wizard)
    qtbot.mouseClick(page.sign_panel.readings[1], Qt.MouseButton.LeftButton)
    wait_current(qtbot, wizard)
    assert wizard.session.parameters.pixel_size == {None: 1.5}
    assert wizard.session.parameters.data_sign == "+1"


def type_meta(wizard: ImportWizard, path: Path) -> None:
    wizard.go_to(0)
    line = wizard.currentPage().findChild(QLineEdit, "meta")
    QTest.mouseClick(line, Qt.MouseButton.LeftButton, pos=QPoint(10, 8))
    line.selectAll()
    QTest.keyClicks(line, str(path))


@pytest.mark.parametrize("way", ["dropped", "typed"])
def test_another_file_starts_afresh(qtbot, open_wizard, demo: Demo, second: Path, answers: Answers, way: str) -> None:
    wizard = open_wizard(meta=str(demo.star))
    choose(qtbot, wizard)
    answers.answer = False
    if way == "dropped":
        drop(wizard, second)
    else:
        type_meta(wizard, second)
    wait_current(qtbot, wizard)
    assert answers.asked == [_ASKED.replace("run_data.star", demo.star.name)]
    assert wizard.session.parameters == ImportParameters(meta=str(second))
    plan = wizard.session.plan
    assert plan.parameters == wizard.session.parameters and plan.data_sign.value == -1
    assert plan.groups[0].pixel_size_A.value == pytest.approx(demo.pixel_size_A[0])
    wizard.close()
    assert len(answers.asked) == 1, "nothing of the user's is lost with the window"


def test_what_was_chosen_is_kept_where_the_user_says_so(
    qtbot, open_wizard, demo: Demo, second: Path, answers: Answers
) -> None:
    wizard = open_wizard(meta=str(demo.star))
    choose(qtbot, wizard)
    drop(wizard, second)
    wait_current(qtbot, wizard)
    assert len(answers.asked) == 1
    assert wizard.session.parameters.pixel_size == {None: 1.5} and wizard.session.parameters.data_sign == "+1"
    wizard.session.change(ignore_half_sets=True)
    wait_current(qtbot, wizard)
    assert len(answers.asked) == 1, "it is one question a file"


def test_nothing_is_asked_where_nothing_was_chosen(
    qtbot, open_wizard, demo: Demo, demo_values, second: Path, answers: Answers
) -> None:
    """Paths alone stay: they say where things are."""
    paths = {name: demo_values[name] for name in ("meta", "exposures")}
    wizard = open_wizard(**paths, project=str(demo.star.parent), output=str(demo.star.parent / "J9"))
    drop(wizard, second)
    wait_current(qtbot, wizard)
    assert answers.asked == []
    p = wizard.session.parameters
    assert (p.meta, p.exposures, p.output) == ((str(second),), (paths["exposures"],), str(demo.star.parent / "J9"))


def test_nothing_is_asked_of_the_same_file_or_of_the_first(
    qtbot, open_wizard, demo: Demo, tmp_path: Path, answers: Answers
) -> None:
    wizard = open_wizard(data_sign="+1")
    drop(wizard, demo.star)
    wait_current(qtbot, wizard)
    (tmp_path / "linked.star").symlink_to(demo.star)
    for path in (tmp_path / "none.star", demo.star, tmp_path / "linked.star"):
        type_meta(wizard, path)
        wait_current(qtbot, wizard)
    assert answers.asked == [] and wizard.session.parameters.data_sign == "+1"


def test_a_recent_import_is_opened_with_its_own_values(
    qtbot, open_wizard, demo: Demo, second: Path, answers: Answers
) -> None:
    wizard = open_wizard(meta=str(demo.star), data_sign="+1")
    wizard.session.reopen({"meta": str(second), "ignore_half_sets": True})
    wait_current(qtbot, wizard)
    assert answers.asked == []
    assert wizard.session.parameters == ImportParameters(meta=str(second), ignore_half_sets=True)


def test_another_file_after_an_import_goes_to_the_next_free_folder(
    qtbot, open_wizard, demo: Demo, second: Path, tmp_path: Path, answers: Answers
) -> None:
    wizard = open_wizard(meta=str(demo.star), output=str(tmp_path / "import3"))
    press_import(wizard)
    qtbot.waitUntil(lambda: wizard.session.job is not None, timeout=WAIT_MS)
    drop(wizard, second)
    wait_current(qtbot, wizard)
    assert answers.asked == [] and wizard.session.parameters.output == str(tmp_path / "import4")
    assert not wizard.session.plan.errors


def test_the_question_in_words() -> None:
    values = ImportParameters(
        data="/data/MotionCorr",
        pixel_size={2: 2.2},
        voltage={1: 300.0, 2: 200.0},
        ignore_half_sets=True,
        exposure_cut_prefix=3,
        exposure_cut_suffix=4,
    )

    def asked(names: str, before: str = "/a/job001/run_data.star", now: str = "/a/job002/particles.star") -> str:
        return question(values, names.split(), before, now)

    assert asked("pixel_size") == "Keep pixel size of group 2 2.2 Å from run_data.star?"
    assert asked("exposure_cut_prefix exposure_cut_suffix data", now="/a/job002/run_data.star") == (
        "Keep the cuts of names and particle data path MotionCorr from job001/run_data.star?"
    )
    assert asked("voltage ignore_half_sets data_sign") == (
        "Keep accelerating voltage of 2 groups, “Ignore half-sets” and data sign auto from run_data.star?"
    )
    many = "data pixel_size voltage ignore_half_sets data_sign on_bad"
    assert asked(many).endswith("“Ignore half-sets” and 2 more from run_data.star?")
