"""Which particles: conditions that are typed on the first page."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLineEdit

from ...support.stars import write_input
from ..conftest import WAIT_MS


def test_conditions_are_typed_taken_and_explained(qtbot, open_wizard, tmp_path: Path) -> None:
    wizard = open_wizard(meta=str(write_input(tmp_path)))
    session = wizard.session
    line = wizard.currentPage().findChild(QLineEdit, "select")
    qtbot.mouseClick(line, Qt.MouseButton.LeftButton)
    qtbot.keyClicks(line, "rlnRandomSubset=2 and rlnImageName~s2")
    qtbot.keyClick(line, Qt.Key.Key_Tab)
    assert session.parameters.select == ("rlnRandomSubset=2", "rlnImageName~s2")
    qtbot.waitUntil(lambda: session.is_current, timeout=WAIT_MS)
    assert session.plan.counts()["particles"] == 2 and session.plan.counts()["not_selected"] == 4
    line.selectAll()
    qtbot.keyClicks(line, "rlnRandomSubset")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert "takes a condition such as" in line.toolTip() and "#b3261e" in line.styleSheet()
    assert session.parameters.select == ("rlnRandomSubset=2", "rlnImageName~s2")
    line.selectAll()
    qtbot.keyClick(line, Qt.Key.Key_Delete)
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert session.parameters.select == () and line.styleSheet() == ""
    qtbot.waitUntil(lambda: session.is_current, timeout=WAIT_MS)


def test_the_first_image_number_is_chosen(qtbot, open_wizard, tmp_path: Path) -> None:
    names = [f"{i}@stacks/s{k}.mrcs" for k in (1, 2) for i in range(3)]
    wizard = open_wizard(meta=str(write_input(tmp_path, {"rlnImageName": names})))
    assert [p.code for p in wizard.session.plan.errors] == ["image-index-zero"]
    combo = wizard.currentPage().findChild(QComboBox, "image_numbers_from")
    qtbot.mouseClick(combo, Qt.MouseButton.LeftButton)
    qtbot.keyClick(combo.view(), Qt.Key.Key_Down)
    qtbot.keyClick(combo.view(), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: wizard.session.is_current, timeout=WAIT_MS)
    assert wizard.session.parameters.image_numbers_from == "0" and wizard.session.plan.errors == []
