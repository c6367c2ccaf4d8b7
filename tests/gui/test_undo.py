"""What a button changed can be undone, and a finished import is followed by an empty one: by clicks and keys."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit

from cryoimport_gui.core.parameters import ImportParameters
from cryoimport_gui.gui.pages.particles.page import ParticlesPage
from cryoimport_gui.gui.widgets.editors import PathEdit
from cryoimport_gui.gui.wizard import ImportWizard

from .conftest import WAIT_MS, press_import

_LEFT = Qt.MouseButton.LeftButton


def wait_current(qtbot, wizard: ImportWizard) -> None:
    qtbot.waitUntil(lambda: wizard.session.is_current, timeout=WAIT_MS)


def choose_sign(qtbot, wizard: ImportWizard) -> None:
    wizard.go_to(2)
    qtbot.mouseClick(wizard.currentPage().sign_panel.readings[1], _LEFT)
    assert wizard.session.parameters.data_sign == "+1"


def test_a_click_on_a_reading_is_undone_by_the_button(qtbot, open_wizard, demo_values) -> None:
    wizard = open_wizard(**demo_values)
    choose_sign(qtbot, wizard)
    page = wizard.currentPage()
    undo = page.sign_panel.undo
    assert undo.isVisible() and undo.accessibleName() == "Undo “Use data sign +1”"
    assert not page.undo.isVisible(), "it stands beside what was changed"
    qtbot.mouseClick(undo, _LEFT)
    assert wizard.session.parameters.data_sign == "auto" and not undo.isVisible()
    wait_current(qtbot, wizard)


def press(qtbot, wizard: ImportWizard, keys: str) -> None:
    qtbot.keySequence(wizard.currentPage(), keys)


def test_steps_are_undone_one_by_one_and_done_again(qtbot, open_wizard, demo_values) -> None:
    wizard = open_wizard(**demo_values)
    session, at_first = wizard.session, wizard.session.parameters
    choose_sign(qtbot, wizard)
    wait_current(qtbot, wizard)
    qtbot.mouseClick(wizard.currentPage().sign_panel.readings[-1], _LEFT)
    wizard.go_to(4)
    qtbot.mouseClick(wizard.currentPage().trims.reset, _LEFT)
    reset = session.parameters
    assert not reset.remove_leading_uid and reset.data_sign == "-1"
    for words, sign in (("Reset cuts of names", "-1"), ("Use data sign −1", "-1"), ("Use data sign +1", "+1")):
        assert session.parameters.data_sign == sign
        assert wizard.menu.undo.text() == f"Undo “{words}”" and wizard.menu.undo.isEnabled()
        press(qtbot, wizard, "Ctrl+Z")
    assert session.parameters == at_first and not wizard.menu.undo.isEnabled()
    press(qtbot, wizard, "Ctrl+Z")
    assert session.parameters == at_first
    assert wizard.menu.redo.text() == "Redo “Use data sign +1”"
    for _ in range(4):
        press(qtbot, wizard, "Ctrl+Shift+Z")
    assert session.parameters == reset and not wizard.menu.redo.isEnabled()
    press(qtbot, wizard, "Ctrl+Z")
    choose_sign(qtbot, wizard)
    assert not wizard.menu.redo.isEnabled(), "another step was made"
    wait_current(qtbot, wizard)


def test_a_step_is_undone_in_its_place_although_others_followed(qtbot, open_wizard, demo_values) -> None:
    wizard = open_wizard(**demo_values)
    choose_sign(qtbot, wizard)
    wizard.go_to(4)
    qtbot.mouseClick(wizard.currentPage().trims.reset, _LEFT)
    wizard.go_to(2)
    assert wizard.currentPage().undo.text() == "Undo “Reset cuts of names”", "the last step, made on another page"
    qtbot.mouseClick(wizard.currentPage().sign_panel.undo, _LEFT)
    p = wizard.session.parameters
    assert p.data_sign == "auto" and not p.remove_leading_uid
    assert wizard.session.undo.words == "Reset cuts of names"
    wait_current(qtbot, wizard)


def test_another_file_has_nothing_to_undo(qtbot, open_wizard, demo_values, tmp_path: Path) -> None:
    wizard = open_wizard(**demo_values)
    choose_sign(qtbot, wizard)
    wizard.go_to(0)
    line = wizard.currentPage().findChild(PathEdit, "meta").line
    line.setFocus(Qt.FocusReason.TabFocusReason)
    line.selectAll()
    qtbot.keyClicks(line, str(tmp_path / "other.star"))
    assert not wizard.menu.undo.isEnabled() and not wizard.menu.redo.isEnabled()
    wait_current(qtbot, wizard)


def test_rules_that_are_found_late_do_not_come_after_their_undoing(qtbot, open_wizard, demo_values, demo) -> None:
    given = {name: value for name, value in demo_values.items() if name not in demo.trims}
    wizard = open_wizard(**given)
    wizard.go_to(4)
    session = wizard.session
    before = session.parameters
    session.undo.take("Find trimming rules", suggest_trims=True)
    session.make_plan()  # with it
    press(qtbot, wizard, "Ctrl+Z")
    wait_current(qtbot, wizard)
    assert session.parameters == before


def test_an_import_that_is_written_is_not_changed(qtbot, open_wizard, demo_values, tmp_path: Path) -> None:
    wizard = open_wizard(**demo_values | {"output": str(tmp_path / "out")})
    choose_sign(qtbot, wizard)
    wait_current(qtbot, wizard)
    with qtbot.waitSignal(wizard.session.imported, timeout=WAIT_MS):
        press_import(wizard)
        assert wizard.session.is_writing
        press(qtbot, wizard, "Ctrl+Z")
        assert wizard.session.parameters.data_sign == "+1"
    press(qtbot, wizard, "Ctrl+Z")
    assert wizard.session.parameters.data_sign == "auto"
    wait_current(qtbot, wizard)


def test_ctrl_z_undoes_it_from_any_page(qtbot, open_wizard, demo_values) -> None:
    wizard = open_wizard(**demo_values)
    choose_sign(qtbot, wizard)
    wizard.go_to(0)
    line = wizard.currentPage().findChild(QLineEdit, "data") or wizard.currentPage().findChild(QLineEdit)
    line.setFocus(Qt.FocusReason.TabFocusReason)
    assert not line.isUndoAvailable()
    qtbot.keyClick(line, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert wizard.session.parameters.data_sign == "auto"
    qtbot.keyClick(line, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert wizard.session.parameters.data_sign == "auto"
    wait_current(qtbot, wizard)


def test_a_field_with_something_to_undo_comes_first(qtbot, open_wizard, demo_values) -> None:
    wizard = open_wizard(**demo_values)
    choose_sign(qtbot, wizard)
    wizard.go_to(2)
    line = next(one for one in wizard.currentPage().findChildren(QLineEdit) if one.isVisible() and one.isEnabled())
    line.setFocus(Qt.FocusReason.TabFocusReason)
    before = line.text()
    qtbot.keyClicks(line, "7")
    assert line.text() != before and line.isUndoAvailable()
    qtbot.keyClick(line, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert line.text() == before and wizard.session.parameters.data_sign == "+1"
    wait_current(qtbot, wizard)


def test_what_was_typed_afterwards_is_not_undone(qtbot, open_wizard, demo_values) -> None:
    wizard = open_wizard(**demo_values)
    choose_sign(qtbot, wizard)
    wizard.session.change(check_poses="off")  # something else
    assert wizard.session.undo.words
    wizard.session.change(data_sign="-1")
    assert not wizard.session.undo.words and not wizard.currentPage().sign_panel.undo.isVisible()
    wizard.session.undo.undo()
    assert wizard.session.parameters.data_sign == "-1"
    wait_current(qtbot, wizard)


def test_rules_that_were_found_are_undone_together(qtbot, open_wizard, demo_values, demo) -> None:
    given = {name: value for name, value in demo_values.items() if name not in demo.trims}
    wizard = open_wizard(**given)
    wizard.go_to(4)
    before = wizard.session.parameters
    wizard.session.undo.take("Find trimming rules", suggest_trims=True)
    qtbot.waitUntil(lambda: wizard.session.parameters.remove_leading_uid, timeout=WAIT_MS)
    assert not wizard.session.parameters.suggest_trims
    page = wizard.currentPage()
    assert page.trims.undo.isVisible() and not page.undo.isVisible()
    qtbot.mouseClick(page.trims.undo, _LEFT)
    assert wizard.session.parameters == before
    wait_current(qtbot, wizard)


def test_a_new_import_starts_afresh(qtbot, open_wizard, demo_values, tmp_path: Path, answers) -> None:
    wizard = open_wizard(**demo_values | {"output": str(tmp_path / "out"), "data_sign": "-1"})
    with qtbot.waitSignal(wizard.session.imported, timeout=WAIT_MS):
        press_import(wizard)
    qtbot.mouseClick(wizard.currentPage().new, _LEFT)
    assert isinstance(wizard.currentPage(), ParticlesPage)
    assert wizard.session.parameters == ImportParameters(exposures=(demo_values["exposures"],))
    wait_current(qtbot, wizard)
    assert wizard.session.plan.all_particles is None
    wizard.session.change(meta=demo_values["meta"])
    wait_current(qtbot, wizard)
    QApplication.processEvents()
    assert answers.asked == [] and wizard.session.plan.data_sign.source == "detected"
    assert wizard.session.unsaved() == []
