"""Which particles: chosen in a window by checking values and comparing columns."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialogButtonBox, QListWidget, QPushButton

from cryoimport_gui.gui.pages.particles.which_particles import ChooseParticles, WhichParticles

from ...support.stars import write_input
from ..conftest import WAIT_MS

COLUMNS = {"rlnClassNumber": [1, 1, 1, 2, 2, 7], "rlnMaxValueProbDistribution": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]}


def click_box(widget: QListWidget, text: str) -> None:
    (item,) = [widget.item(i) for i in range(widget.count()) if widget.item(i).text().startswith(text)]
    area = widget.visualItemRect(item)
    QTest.mouseClick(widget.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(area.left() + 10, area.center().y()))


def opened(qtbot, wizard) -> tuple[WhichParticles, ChooseParticles]:
    which = wizard.currentPage().findChild(WhichParticles)
    qtbot.mouseClick(which.choose, Qt.MouseButton.LeftButton)
    return which, which.findChild(ChooseParticles)


def test_classes_are_checked_and_columns_compared(qtbot, open_wizard, tmp_path: Path) -> None:
    wizard = open_wizard(meta=str(write_input(tmp_path, COLUMNS)))
    session = wizard.session
    which, window = opened(qtbot, wizard)
    assert {name: widget.count() for name, widget in window.lists.items()} == {
        "rlnClassNumber": 3,
        "rlnRandomSubset": 2,
    }
    click_box(window.lists["rlnClassNumber"], "1   (3)")
    click_box(window.lists["rlnClassNumber"], "2   (2)")
    assert session.parameters.select == ("rlnClassNumber=1,2",)
    qtbot.waitUntil(lambda: window.count.text() == "5 of 6 rows", timeout=WAIT_MS)
    window.column.setFocus()
    window.column.lineEdit().selectAll()
    qtbot.keyClicks(window.column.lineEdit(), "rlnMaxValueProbDistribution")
    qtbot.keyClick(window.operator, Qt.Key.Key_End)
    window.operator.setCurrentIndex(window.operator.findData(">="))
    qtbot.keyClicks(window.value, "0.25")
    qtbot.keyClick(window.value, Qt.Key.Key_Return)
    assert window.isVisible() and window.value.text() == ""
    assert session.parameters.select == ("rlnClassNumber=1,2", "rlnMaxValueProbDistribution>=0.25")
    qtbot.waitUntil(lambda: window.count.text() == "3 of 6 rows", timeout=WAIT_MS)
    assert which.count.text() == "3 of 6 rows"
    click_box(window.lists["rlnClassNumber"], "1   (3)")
    click_box(window.lists["rlnClassNumber"], "2   (2)")
    assert session.parameters.select == ("rlnMaxValueProbDistribution>=0.25",)
    window.others.setCurrentRow(0)
    qtbot.mouseClick(window.remove, Qt.MouseButton.LeftButton)
    assert session.parameters.select == () and not window.others.count()
    qtbot.waitUntil(lambda: session.is_current, timeout=WAIT_MS)
    assert which.count.text() == ""
    close = window.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Close)
    qtbot.mouseClick(close, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: which.findChild(ChooseParticles) is None, timeout=WAIT_MS)


def test_what_was_typed_is_shown_in_the_window(qtbot, open_wizard, tmp_path: Path) -> None:
    conditions = ["rlnClassNumber=7", "rlnRandomSubset!=1", "rlnClassNumber=9"]
    wizard = open_wizard(meta=str(write_input(tmp_path, COLUMNS)), select=conditions)
    which, window = opened(qtbot, wizard)
    states = [window.lists["rlnClassNumber"].item(i).checkState() for i in range(3)]
    assert states == [Qt.CheckState.Unchecked, Qt.CheckState.Unchecked, Qt.CheckState.Checked]
    assert [window.others.item(i).text() for i in range(2)] == conditions[1:]
    assert window.count.text() == "0 of 6 rows"
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: which.findChild(ChooseParticles) is None, timeout=WAIT_MS)


def test_a_comparison_that_cannot_be_understood_says_why(qtbot, open_wizard, tmp_path: Path) -> None:
    wizard = open_wizard(meta=str(write_input(tmp_path, COLUMNS)))
    which, window = opened(qtbot, wizard)
    qtbot.mouseClick(window.findChild(QPushButton, "add_condition"), Qt.MouseButton.LeftButton)
    assert "takes a condition such as" in window.wrong.text() and window.wrong.isVisible()
    assert wizard.session.parameters.select == ()
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: which.findChild(ChooseParticles) is None, timeout=WAIT_MS)


def test_nothing_to_choose_without_a_file(open_wizard) -> None:
    assert not open_wizard().currentPage().findChild(WhichParticles).choose.isEnabled()
