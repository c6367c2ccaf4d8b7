"""The wheel, arrow keys and Alt with a letter change a field only where somebody means it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QComboBox, QLineEdit, QPushButton, QWidget, QWizard

from cryoimport_gui.gui.pages.exposures.page import ExposuresPage
from cryoimport_gui.gui.pages.preview.page import PreviewPage
from cryoimport_gui.gui.wizard import ImportWizard

from .conftest import WAIT_MS

ALT = Qt.KeyboardModifier.AltModifier


@pytest.fixture
def wizard(open_wizard, demo_values, tmp_path) -> ImportWizard:
    wizard = open_wizard(**demo_values | {"output": str(tmp_path / "J3")})
    wizard.resize(1280, 800)
    return wizard


def wheel(widget: QWidget, notches: int = -1) -> None:
    """Turn the wheel over the middle of a widget, as the window system does it."""
    where = QPointF(widget.rect().center())
    event = QWheelEvent(
        where,
        widget.mapToGlobal(where),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)


def value_of(field: QWidget) -> object:
    return field.currentIndex() if isinstance(field, QComboBox) else field.text()


def fields_of(page: QWidget) -> list[QWidget]:
    kinds = (QComboBox, QAbstractSpinBox)
    return [w for w in page.findChildren(QWidget) if isinstance(w, kinds) and w.isVisible() and w.isEnabled()]


def show_page(qtbot, wizard: ImportWizard, number: int) -> QWidget:
    wizard.go_to(number)
    page = wizard.pages[number]
    if isinstance(page, PreviewPage):
        qtbot.waitUntil(lambda: page.view.tiles is not None and not page.tasks.busy, timeout=WAIT_MS)
    return page


@pytest.mark.parametrize("number", [2, 4, 5], ids=["Preview", "Exposures", "Review"])
def test_wheel_and_arrows_change_no_field_that_nobody_chose(qtbot, wizard: ImportWizard, number: int) -> None:
    page = show_page(qtbot, wizard, number)
    fields = fields_of(page)
    assert len(fields) >= 2
    before, parameters = [value_of(field) for field in fields], wizard.session.parameters
    for field in fields:
        for notches in (-1, 1, -3):
            wheel(field, notches)
        assert not field.hasFocus(), "the wheel takes no focus"
        field.setFocus()  # by the program, as when a page opens
        for key in (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_End):
            QTest.keyClick(field, key)
        wheel(field)
    assert [value_of(field) for field in fields] == before
    assert wizard.session.parameters == parameters


@pytest.mark.parametrize("way", ["click", "tab", "mnemonic"])
def test_wheel_and_arrows_change_the_field_that_was_chosen(qtbot, wizard: ImportWizard, way: str) -> None:
    page = show_page(qtbot, wizard, 4)
    assert isinstance(page, ExposuresPage)
    page.options.fold.click()
    scale, policy = page.findChild(QAbstractSpinBox, "coordinate_scale"), page.findChild(QComboBox, "on_unmatched")
    if way == "click":
        qtbot.mouseClick(scale, Qt.MouseButton.LeftButton, pos=QPoint(8, scale.height() // 2))
    elif way == "tab":
        policy.setFocus()
        QTest.keyClick(policy, Qt.Key.Key_Tab)
    else:
        QTest.keyClick(policy, Qt.Key.Key_S, ALT)
    assert QApplication.focusWidget() is scale
    QTest.keyClick(scale, Qt.Key.Key_Up)
    assert wizard.session.parameters.coordinate_scale == "0.5"
    wheel(scale, 1)
    assert wizard.session.parameters.coordinate_scale == "1"
    wheel(policy)
    assert wizard.session.parameters.on_unmatched == "stop", "the wheel is over another field"
    qtbot.mouseClick(page.table.filter, Qt.MouseButton.LeftButton)
    wheel(scale, 1)
    assert wizard.session.parameters.coordinate_scale == "1", "the focus has gone"


def test_the_preview_begins_in_the_montage_whose_arrows_leave_the_data_sign(qtbot, wizard: ImportWizard) -> None:
    for _ in range(2):
        qtbot.mouseClick(wizard.button(QWizard.WizardButton.NextButton), Qt.MouseButton.LeftButton)
    page = wizard.currentPage()
    assert isinstance(page, PreviewPage)
    qtbot.waitUntil(lambda: page.view.tiles is not None and not page.tasks.busy, timeout=WAIT_MS)
    assert QApplication.focusWidget() is page.view
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Right)
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Down)
    assert page.view.current >= 0
    assert wizard.session.parameters.data_sign == "auto"


def test_the_preview_begins_in_the_montage_also_where_it_comes_late(qtbot, open_wizard, demo_values) -> None:
    wizard = open_wizard(**demo_values | {"ignore_raw_data": True})
    page = wizard.pages[2]
    wizard.go_to(2)
    assert QApplication.focusWidget() is page.nothing.to_particles
    wizard.session.change(ignore_raw_data=False)
    qtbot.waitUntil(lambda: page.view.tiles is not None and not page.tasks.busy, timeout=WAIT_MS)
    assert QApplication.focusWidget() is page.view


@pytest.mark.parametrize("name", ["output", "project"])
def test_the_letter_of_a_button_that_is_off_is_not_typed(qtbot, open_wizard, demo_values, tmp_path, name: str) -> None:
    """Alt+I, or whatever stands for a button, while it is off."""
    wizard = open_wizard(**demo_values | {"output": "", "project": str(tmp_path)})
    wizard.go_to(5)
    line = wizard.currentPage().findChild(QLineEdit, name)
    qtbot.mouseClick(line, Qt.MouseButton.LeftButton)
    line.setText("/data/run")
    line.selectAll()
    for key in (Qt.Key.Key_N, Qt.Key.Key_X, Qt.Key.Key_7):
        QTest.keyClick(line, key, ALT)
    assert line.text() == "/data/run" and wizard.currentId() == 5
    QTest.keyClicks(line, "n")
    assert line.text() == "n", "without Alt it is typed"


def test_alt_n_leaves_the_star_file_while_next_is_off(qtbot, open_wizard, tmp_path) -> None:
    missing = str(tmp_path / "none.star")
    wizard = open_wizard(meta=missing)
    assert not wizard.button(QWizard.WizardButton.NextButton).isEnabled()
    line = wizard.findChild(QLineEdit, "meta")
    line.setFocus(Qt.FocusReason.TabFocusReason)
    line.selectAll()
    QTest.keyClick(line, Qt.Key.Key_N, ALT)
    assert wizard.session.parameters.meta == (line.text(),) == (missing,)


def test_letters_with_alt_choose_nothing_in_a_combo_box(qtbot, wizard: ImportWizard) -> None:
    """Of choices, a letter alone is the first of one."""
    page = show_page(qtbot, wizard, 5)
    policy = page.findChild(QComboBox, "on_unmatched")
    policy.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(policy, Qt.Key.Key_K, ALT)
    assert wizard.session.parameters.on_unmatched == "stop"
    QTest.keyClick(policy, Qt.Key.Key_K)
    assert wizard.session.parameters.on_unmatched == "keep"


def test_go_to_the_field_chooses_it(qtbot, wizard: ImportWizard) -> None:
    page = show_page(qtbot, wizard, 5)
    wizard.session.change(data_sign="+1")
    qtbot.waitUntil(lambda: wizard.session.is_current, timeout=WAIT_MS)
    (button,) = [b for b in page.findChildren(QPushButton) if b.text() == "Go to Preview"]
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    choice = wizard.currentPage().findChild(QComboBox, "data_sign")
    assert QApplication.focusWidget() is choice
    QTest.keyClick(choice, Qt.Key.Key_Down)
    assert wizard.session.parameters.data_sign == "-1"
