"""Several files on the first page: joined, listed with their rows, taken out again."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLineEdit

from cryoimport_gui.gui.pages.particles.file_list import FileList
from cryoimport_gui.gui.wizard import ImportWizard

from ...support.stars import particle_columns, write_input, write_star
from ..conftest import WAIT_MS
from ..test_drops import Drag


@pytest.fixture
def stars(tmp_path: Path) -> list[Path]:
    """Three files, of 6, 3 and 2 rows."""
    first = write_input(tmp_path)
    second = write_star(tmp_path / "b.star", particle_columns(1, 3, ["stacks/s2.mrcs"]))
    third = write_star(tmp_path / "c d.star", particle_columns(1, 2, ["stacks/s1.mrcs"]))
    return [first, second, third]


def shown(wizard: ImportWizard) -> list[str]:
    files = wizard.currentPage().findChild(FileList).files
    return [files.item(row).text() for row in range(files.count())]


def wait(qtbot, wizard: ImportWizard) -> None:
    qtbot.waitUntil(lambda: wizard.session.is_current, timeout=WAIT_MS)


def test_several_files_dropped_at_once_are_joined(qtbot, open_wizard, stars: list[Path]) -> None:
    wizard = open_wizard()
    file_list = wizard.currentPage().findChild(FileList)
    assert not file_list.isVisible()
    assert Drag(wizard, *stars[:2]).drop().isAccepted()
    wait(qtbot, wizard)
    assert wizard.session.plan.counts()["rows"] == 9 and file_list.isVisible()
    assert shown(wizard) == ["run_data.star: 6 rows", "b.star: 3 rows"]
    assert wizard.findChild(QLineEdit, "meta").text() == f'"{stars[0]}" "{stars[1]}"'


def test_one_more_is_dropped_on_the_list_and_one_is_taken_out(qtbot, open_wizard, stars: list[Path]) -> None:
    wizard = open_wizard(meta=[*map(str, stars[:2])], voltage="200")
    file_list = wizard.currentPage().findChild(FileList)
    assert Drag(file_list.files.viewport(), stars[2], stars[0]).drop().isAccepted()
    wait(qtbot, wizard)
    assert shown(wizard) == ["run_data.star: 6 rows", "b.star: 3 rows", "c d.star: 2 rows"]
    assert wizard.session.parameters.voltage == {None: 200.0}, "it is still the same import"
    assert not file_list.remove.isEnabled()
    place = file_list.files.visualItemRect(file_list.files.item(1)).center()
    QTest.mouseClick(file_list.files.viewport(), Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseClick(file_list.remove, Qt.MouseButton.LeftButton)
    wait(qtbot, wizard)
    assert wizard.session.parameters.meta == (str(stars[0]), str(stars[2]))
    assert shown(wizard) == ["run_data.star: 6 rows", "c d.star: 2 rows"]
    assert wizard.session.plan.counts()["rows"] == 8


def test_what_is_no_file_of_particles_goes_on_to_the_window(open_wizard, stars: list[Path], tmp_path: Path) -> None:
    wizard = open_wizard(meta=[*map(str, stars[:2])])
    drag = Drag(wizard.currentPage().findChild(FileList).files.viewport(), tmp_path / "stacks")
    assert drag.hint is not None and "Particle data path" in drag.hint.text()
    assert wizard.session.parameters.meta == tuple(map(str, stars[:2]))


def test_several_paths_are_typed_in_quotes(qtbot, open_wizard, stars: list[Path]) -> None:
    wizard = open_wizard()
    wizard.findChild(QLineEdit, "meta").setText(f"'{stars[2]}'  \"{stars[1]}\"")
    assert wizard.session.parameters.meta == (str(stars[2]), str(stars[1]))
    wait(qtbot, wizard)
    assert shown(wizard) == ["c d.star: 2 rows", "b.star: 3 rows"]


def test_a_wildcard_lists_its_files(qtbot, open_wizard, stars: list[Path]) -> None:
    wizard = open_wizard(meta=str(stars[0].parent / "*.star"))
    assert shown(wizard) == ["b.star: 3 rows", "c d.star: 2 rows", "run_data.star: 6 rows"]


def test_a_file_that_cannot_be_read_can_be_taken_out(qtbot, open_wizard, stars: list[Path], tmp_path: Path) -> None:
    wizard = open_wizard(meta=[str(stars[0]), str(tmp_path / "nowhere.star")])
    assert [p.code for p in wizard.session.plan.errors] == ["meta-not-found"]
    assert shown(wizard) == ["run_data.star", "nowhere.star"]
    file_list = wizard.currentPage().findChild(FileList)
    file_list.files.setCurrentRow(1)
    QTest.mouseClick(file_list.remove, Qt.MouseButton.LeftButton)
    wait(qtbot, wizard)
    assert wizard.session.parameters.meta == (str(stars[0]),) and wizard.session.plan.errors == []


def test_browse_takes_several(qtbot, open_wizard, stars: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = [*map(str, stars)]
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_, **__: (chosen, ""))
    wizard = open_wizard()
    field = wizard.findChild(QLineEdit, "meta").parent()
    QTest.mouseClick(field.button, Qt.MouseButton.LeftButton)
    assert wizard.session.parameters.meta == tuple(chosen)
    wait(qtbot, wizard)
