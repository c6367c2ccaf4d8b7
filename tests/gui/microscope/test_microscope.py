"""The Microscope page: values with their sources, overrides by keyboard, and what the CTF looks like."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import mrcfile
import numpy as np
import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QColor, QContextMenuEvent, QPalette
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit

from cryoimport_gui.core.demo import Demo
from cryoimport_gui.core.pictures.ctf import electron_wavelength_A
from cryoimport_gui.core.problems import Severity
from cryoimport_gui.gui.pages.microscope.optics_model import COLUMNS, Cell
from cryoimport_gui.gui.pages.microscope.page import MicroscopePage
from cryoimport_gui.gui.tips import plain_tip
from cryoimport_gui.gui.wizard import ImportWizard

from ...support.stars import OPTICS, particle_columns, write_exposures, write_stack, write_star
from ..conftest import WAIT_MS, step_state

LABELS = {
    "pixel_size_A": "rlnImagePixelSize",
    "voltage_kV": "rlnVoltage",
    "cs_mm": "rlnSphericalAberration",
    "amplitude_contrast": "rlnAmplitudeContrast",
}


def three_groups(folder: Path, **change: list[Any] | None) -> Path:
    """Groups 1, 2 and 4 of 6, 3 and 3 particles; the stacks of the last two give other pixel sizes."""
    for k, size in enumerate((1.5, 1.5, 2.0, 0.0), 1):
        write_stack(folder / f"stacks/s{k}.mrcs", pixel_size_A=size)
    optics = {label: list(values) * 3 for label, values in OPTICS.items()} | {
        "rlnOpticsGroup": [1, 2, 4],
        "rlnOpticsGroupName": ["one", "two", "four"],
        "rlnImagePixelSize": [1.5, 1.6, 1.7],
        "rlnVoltage": [300, 200, 300],
    }
    optics = {label: values for label, values in (optics | change).items() if values is not None}
    rows = particle_columns(4) | {"rlnOpticsGroup": [1] * 6 + [2] * 3 + [4] * 3}
    return write_star(folder / "run_data.star", rows, optics)


def open_page(open_wizard: Any, meta: Path, **values: Any) -> tuple[ImportWizard, MicroscopePage]:
    wizard = open_wizard(meta=str(meta), **values)
    page = next(page for page in wizard.pages if isinstance(page, MicroscopePage))
    wizard.go_to(wizard.pages.index(page))
    assert wizard.currentPage() is page
    return wizard, page


def at(page: MicroscopePage, row: int, name: str) -> QModelIndex:
    return page.table.model.index(row, COLUMNS.index(name))


def cell(page: MicroscopePage, row: int, name: str) -> Cell:
    return page.table.model.cell(at(page, row, name))


def texts(page: MicroscopePage, name: str) -> list[str]:
    return [cell(page, row, name).text for row in range(page.table.model.rowCount())]


def choose(page: MicroscopePage, row: int, name: str) -> None:
    page.table.view.setCurrentIndex(at(page, row, name))
    page.table.view.setFocus()


def type_in(qtbot: Any, page: MicroscopePage, row: int, name: str, text: str, end: Qt.Key | None = Qt.Key.Key_Return):
    """Type over a cell, as a person would who never touches the mouse."""
    choose(page, row, name)
    qtbot.keyClicks(page.table.view, text[0])
    editor = QApplication.focusWidget()
    assert isinstance(editor, QLineEdit)
    qtbot.keyClicks(editor, text[1:])
    if end is not None:
        press(qtbot, editor, end)
    return editor


def press(qtbot: Any, editor: QLineEdit, key: Qt.Key) -> None:
    """Qt commits what was typed at the next turn of its event loop."""
    qtbot.keyClick(editor, key)
    QApplication.processEvents()


def wait_planned(qtbot: Any, wizard: ImportWizard) -> None:
    qtbot.waitUntil(lambda: wizard.session.is_current, timeout=WAIT_MS)


def test_a_dose_that_is_known_is_no_longer_unused_once_one_is_typed(qtbot, open_wizard, tmp_path: Path) -> None:
    exposures = write_exposures(tmp_path / "P/J1/exposures.cs")
    values = {"exposures": str(exposures), "remove_leading_uid": True, "on_unmatched": "keep"}
    wizard, page = open_page(open_wizard, three_groups(tmp_path), **values)
    assert "only if you type" in cell(page, 1, "total_dose_e_per_A2").words
    wizard.session.change(total_dose={4: 30.0})
    wait_planned(qtbot, wizard)
    assert cell(page, 1, "total_dose_e_per_A2").source == "exposures"
    assert cell(page, 3, "total_dose_e_per_A2").source == "you"


def test_every_value_and_name_has_room_in_the_smallest_window(qtbot, open_wizard, tmp_path: Path) -> None:
    wizard, page = open_page(open_wizard, three_groups(tmp_path))
    wizard.resize(1200, 740)
    qtbot.waitUntil(lambda: wizard.width() == 1200, timeout=WAIT_MS)
    QApplication.processEvents()
    view = page.table.view
    assert view.horizontalScrollBar().maximum() == 0, "no column is out of sight"
    needed = view.fontMetrics().horizontalAdvance("opticsGroup1") + 6
    assert view.columnWidth(COLUMNS.index("name")) >= needed


def test_each_value_stands_with_its_source(qtbot, open_wizard, tmp_path: Path) -> None:
    exposures = write_exposures(tmp_path / "P/J1/exposures.cs")
    meta = three_groups(tmp_path, rlnSphericalAberration=None)
    _, page = open_page(open_wizard, meta, exposures=str(exposures), remove_leading_uid=True, on_unmatched="keep")
    assert texts(page, "id") == ["all", "1", "2", "4"]
    assert texts(page, "name") == ["all groups", "one", "two", "four"]
    assert texts(page, "particles") == ["12", "6", "3", "3"]
    assert texts(page, "box") == ["8"] * 4
    assert texts(page, "pixel_size_A") == ["1.5 – 1.7", "1.5", "1.6", "1.7"]
    assert texts(page, "voltage_kV") == ["200 – 300", "300", "200", "300"]
    assert texts(page, "cs_mm")[:2] == ["1.4", "1.4"]
    assert texts(page, "total_dose_e_per_A2")[:3] == ["42", "42", "–"]
    sources = {name: cell(page, 1, name).source for name in ("pixel_size_A", "cs_mm", "total_dose_e_per_A2")}
    unused = {"total_dose_e_per_A2": "exposures, unused"}
    assert sources == {"pixel_size_A": "optics table", "cs_mm": "exposures", **unused}, "no dose was typed"
    assert (cell(page, 2, "cs_mm").text, cell(page, 2, "cs_mm").severity) == ("missing", Severity.ERROR)
    assert "rlnImagePixelSize" in cell(page, 1, "pixel_size_A").words
    shown = page.table.model.data(at(page, 1, "voltage_kV"), Qt.ItemDataRole.AccessibleTextRole)
    assert shown == "Accelerating voltage (kV), one: 300, optics table"


def test_headers_stand_beside_the_pixel_size(qtbot, open_wizard, tmp_path: Path) -> None:
    wizard, page = open_page(open_wizard, three_groups(tmp_path))
    headers = [(cell(page, row, "header_A").text, cell(page, row, "header_A").source) for row in (1, 2, 3)]
    assert headers == [("1.5", "in 2 of 2 stacks"), ("2", "in 1 of 1 stack"), ("–", "none given")]
    odd = [row for row in (1, 2, 3) if cell(page, row, "pixel_size_A").severity is Severity.WARNING]
    assert odd == [2]
    assert page.table.model.data(at(page, 2, "pixel_size_A")) == "▲ 1.6"
    assert "1 of 1 stack header says otherwise, mostly 2 Å" in cell(page, 2, "pixel_size_A").words
    choose(page, 2, "pixel_size_A")
    assert page.table.words.text().startswith("▲ 1 of 1 stack")
    type_in(qtbot, page, 2, "pixel_size_A", "2")
    assert cell(page, 2, "pixel_size_A").severity is None and cell(page, 2, "header_A").source == "in 1 of 1 stack"
    wait_planned(qtbot, wizard)
    assert [p for p in page.problems() if p.code == "pixel-size-disagrees"] == []


@pytest.mark.parametrize("sizes", [{}, {0: 4.2, 2: 4.2, 1: 4.2, 3: 8.4, 5: 4.2}], ids=["agree", "differ"])
def test_where_only_some_headers_differ_both_numbers_are_seen(
    open_wizard, demo: Demo, tmp_path: Path, sizes: dict[int, float]
) -> None:
    """Most headers agree with the STAR file: what the others say is what has to be seen."""
    shutil.copytree(demo.data, tmp_path / "data")
    for number, size in sizes.items():
        with mrcfile.open(tmp_path / "data" / demo.stacks[number].relative_to(demo.data), "r+") as stack:
            stack.voxel_size = size
    _, page = open_page(open_wizard, demo.star, data=str(tmp_path / "data"))
    data, columns = page.table.model.data, ("pixel_size_A", "header_A")
    shown = [tuple(data(at(page, row, column)) for column in columns) for row in (1, 2)]
    sources = [cell(page, row, "header_A").source for row in (1, 2)]
    if sizes:  # of the second group, two sizes
        assert shown == [("▲ 2.1", "▲ 4.2"), ("▲ 2.1", "▲ 4.2, …")]
        assert sources == ["in 2 of 10 stacks", "in 3 of 10 stacks"]
        assert "8.4 Å in 1 stack" in cell(page, 2, "header_A").words
    else:
        assert shown == [("2.1", "2.1")] * 2
        assert sources == ["in 10 of 10 stacks"] * 2


def test_overrides_of_one_and_of_all_and_their_undoing(qtbot, open_wizard, tmp_path: Path) -> None:
    wizard, page = open_page(open_wizard, three_groups(tmp_path))
    session = wizard.session
    type_in(qtbot, page, 3, "pixel_size_A", "1.1")
    assert session.parameters.pixel_size == {4: 1.1}
    assert texts(page, "pixel_size_A")[1:] == ["1.5", "1.6", "1.1"]
    assert (cell(page, 3, "pixel_size_A").source, cell(page, 3, "pixel_size_A").is_override) == ("you, was 1.7", True)
    type_in(qtbot, page, 0, "pixel_size_A", "1,2")
    assert session.parameters.pixel_size == {None: 1.2}
    assert texts(page, "pixel_size_A") == ["1.2"] * 4
    wait_planned(qtbot, wizard)
    assert [group.pixel_size_A.value for group in session.plan.groups] == [1.2] * 3
    assert [group.file_pixel_size_A for group in session.plan.groups] == [1.5, 1.6, 1.7]
    choose(page, 2, "pixel_size_A")
    qtbot.keyClick(page.table.view, Qt.Key.Key_Delete)
    assert session.parameters.pixel_size == {1: 1.2, 4: 1.2}
    assert texts(page, "pixel_size_A")[1:] == ["1.2", "1.6", "1.2"]
    choose(page, 1, "pixel_size_A")
    qtbot.keyClick(page.table.view, Qt.Key.Key_Backspace)
    choose(page, 3, "pixel_size_A")
    qtbot.mouseClick(page.table.reset, Qt.MouseButton.LeftButton)
    assert session.parameters.pixel_size == {}
    assert texts(page, "pixel_size_A")[1:] == ["1.5", "1.6", "1.7"]
    assert not page.table.reset.isEnabled()


def test_an_emptied_cell_and_the_first_row_and_reset_all_take_back(qtbot, open_wizard, tmp_path: Path) -> None:
    wizard, page = open_page(open_wizard, three_groups(tmp_path), voltage=["200"], cs=["2=1", "7=2"], total_dose="40")
    session = wizard.session
    assert cell(page, 0, "voltage_kV").source == "you, was 200 – 300"
    assert texts(page, "total_dose_e_per_A2") == ["40"] * 4
    choose(page, 2, "cs_mm")
    qtbot.keyClick(page.table.view, Qt.Key.Key_F2)
    editor = QApplication.focusWidget()
    assert isinstance(editor, QLineEdit) and editor.text() == "1"
    editor.clear()
    press(qtbot, editor, Qt.Key.Key_Return)
    assert session.parameters.cs == {7: 2.0}
    choose(page, 0, "voltage_kV")
    qtbot.keyClick(page.table.view, Qt.Key.Key_Delete)
    assert session.parameters.voltage == {}
    qtbot.mouseClick(page.table.reset_all, Qt.MouseButton.LeftButton)
    assert (session.parameters.cs, session.parameters.total_dose) == ({}, {})
    assert not page.table.reset_all.isEnabled()
    qtbot.keySequence(page, "Ctrl+Z")
    assert session.parameters.cs == {7: 2.0} and session.parameters.total_dose == {None: 40.0}, "one step"
    qtbot.keySequence(page, "Ctrl+Z")
    assert session.parameters.voltage == {None: 200.0}
    wait_planned(qtbot, wizard)


def pick(qtbot: Any, page: MicroscopePage, row: int, name: str, entry: int) -> None:
    """Choose an entry of the context menu of a cell with the mouse."""
    view = page.table.view
    place = view.visualRect(at(page, row, name)).center()
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.RightButton, pos=place)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, view.viewport().mapToGlobal(place))
    QApplication.sendEvent(view.viewport(), event)
    menu = QApplication.activePopupWidget()
    qtbot.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(menu.actions()[entry]).center())


def test_a_value_that_was_typed_is_marked_and_reset_where_it_stands(qtbot, open_wizard, tmp_path: Path) -> None:
    wizard, page = open_page(open_wizard, three_groups(tmp_path))
    session, view = wizard.session, page.table.view

    def first_pixel(row: int) -> QColor:
        rect = view.visualRect(at(page, row, "voltage_kV"))
        return view.viewport().grab(rect).toImage().pixelColor(1, rect.height() // 2)

    plain = first_pixel(2)
    type_in(qtbot, page, 2, "voltage_kV", "120")
    choose(page, 3, "cs_mm")
    assert first_pixel(2) == view.palette().color(QPalette.ColorRole.Link) != plain == first_pixel(1)
    words = cell(page, 2, "voltage_kV").words
    assert "120, set by you. Without it: 200, from " in words and view.model().data(
        at(page, 2, "voltage_kV"), Qt.ItemDataRole.ToolTipRole
    ) == plain_tip(words)
    pick(qtbot, page, 1, "voltage_kV", 0)
    assert session.parameters.voltage == {2: 120.0}, "there is nothing to reset in another cell"
    pick(qtbot, page, 2, "voltage_kV", 0)
    assert session.parameters.voltage == {} and first_pixel(2) != view.palette().color(QPalette.ColorRole.Link)
    type_in(qtbot, page, 0, "cs_mm", "1.4")
    pick(qtbot, page, 2, "voltage_kV", 1)
    assert session.parameters.cs == {}
    wait_planned(qtbot, wizard)


IMPOSSIBLE = [
    ("pixel_size_A", "500", "Pixel size 500 Å is not possible: it must lie between 0.05 and 100"),
    ("pixel_size_A", "-1", "not possible"),
    ("voltage_kV", "0", "Accelerating voltage 0 kV is not possible"),
    ("cs_mm", "-3", "between -1 and 100"),
    ("amplitude_contrast", "7", "between 0 and 1"),
    ("total_dose_e_per_A2", "nan", "not possible"),
    ("voltage_kV", "3oo", "“3oo” is not a number"),
]


def test_the_impossible_is_refused_in_the_cell(qtbot, open_wizard, tmp_path: Path) -> None:
    wizard, page = open_page(open_wizard, three_groups(tmp_path))
    before = wizard.session.parameters
    for name, text, words in IMPOSSIBLE:
        editor = type_in(qtbot, page, 1, name, text)
        assert QApplication.focusWidget() is editor, "the editor stays open"
        assert words in page.table.words.text() and page.table.words.text().startswith("✖")
        assert wizard.session.parameters == before
        press(qtbot, editor, Qt.Key.Key_Escape)
        assert QApplication.focusWidget() is page.table.view and wizard.isVisible()
        assert wizard.session.parameters == before


def test_the_impossible_in_the_file_is_an_error_in_its_cell(qtbot, open_wizard, tmp_path: Path) -> None:
    bad = {"rlnImagePixelSize": 500, "rlnVoltage": 0, "rlnSphericalAberration": -3, "rlnAmplitudeContrast": 7}
    meta = three_groups(tmp_path, **{label: [value, *OPTICS[label], *OPTICS[label]] for label, value in bad.items()})
    _, page = open_page(open_wizard, meta)
    for name in LABELS:
        assert [cell(page, row, name).severity for row in (1, 3)] == [Severity.ERROR, None]
        assert "not possible" in cell(page, 1, name).words


def test_the_odd_is_marked_and_explained(qtbot, open_wizard, tmp_path: Path) -> None:
    odd = {
        "rlnVoltage": [60, 120, 100],
        "rlnSphericalAberration": [27, 0.01, 0],
        "rlnAmplitudeContrast": [0.5, 0.07, 0],
    }
    wizard, page = open_page(open_wizard, three_groups(tmp_path, **odd))
    model = page.table.model
    for name in ("voltage_kV", "cs_mm", "amplitude_contrast"):
        assert [cell(page, row, name).severity for row in (1, 2, 3)] == [Severity.WARNING, None, None]
        assert model.data(at(page, 1, name)).startswith("▲ ")
        assert model.data(at(page, 1, name), Qt.ItemDataRole.ForegroundRole) is not None
        assert "unusual" in model.data(at(page, 1, name), Qt.ItemDataRole.ToolTipRole)
        choose(page, 1, name)
        assert "unusual" in page.table.words.text()
        choose(page, 2, name)
        assert "should be checked" in page.table.words.text()
    assert [p.code for p in page.problems()].count("microscope-value-odd") == 1
    assert "doubtful" in step_state(wizard, wizard.currentId())


def test_tab_goes_on_while_editing_and_else_out_of_the_table(qtbot, open_wizard, tmp_path: Path) -> None:
    wizard, page = open_page(open_wizard, three_groups(tmp_path))
    type_in(qtbot, page, 1, "pixel_size_A", "1.4", end=Qt.Key.Key_Tab)
    assert page.table.view.currentIndex() == at(page, 1, "voltage_kV")  # past the header's, which is not edited
    editor = QApplication.focusWidget()
    assert isinstance(editor, QLineEdit)
    editor.selectAll()
    qtbot.keyClicks(editor, "200")
    press(qtbot, editor, Qt.Key.Key_Return)
    assert (wizard.session.parameters.pixel_size, wizard.session.parameters.voltage) == ({1: 1.4}, {1: 200})
    qtbot.keyClick(page.table.view, Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is not page.table.view


def test_enter_edits_and_does_not_go_to_the_next_page(qtbot, open_wizard, tmp_path: Path) -> None:
    wizard, page = open_page(open_wizard, three_groups(tmp_path))
    choose(page, 1, "cs_mm")
    qtbot.keyClick(page.table.view, Qt.Key.Key_Return)
    editor = QApplication.focusWidget()
    assert isinstance(editor, QLineEdit)
    press(qtbot, editor, Qt.Key.Key_Return)
    assert wizard.currentPage() is page
    assert wizard.session.parameters.cs == {}, "what is not changed is no override"


def test_a_plan_that_arrives_while_typing_leaves_the_editor_alone(qtbot, open_wizard, tmp_path: Path) -> None:
    wizard, page = open_page(open_wizard, three_groups(tmp_path))
    editor = type_in(qtbot, page, 1, "cs_mm", "1.2", end=None)
    wizard.session.make_plan()
    with qtbot.waitSignal(wizard.session.planned, timeout=WAIT_MS):
        pass
    assert QApplication.focusWidget() is editor and editor.text() == "1.2"
    press(qtbot, editor, Qt.Key.Key_Return)
    assert wizard.session.parameters.cs == {1: 1.2}


def test_other_cells_cannot_be_typed_over(qtbot, open_wizard, tmp_path: Path) -> None:
    _, page = open_page(open_wizard, three_groups(tmp_path))
    editable = {n for i, n in enumerate(COLUMNS) if page.table.model.index(1, i).flags() & Qt.ItemFlag.ItemIsEditable}
    assert editable == {"pixel_size_A", "voltage_kV", "cs_mm", "amplitude_contrast", "total_dose_e_per_A2"}


def test_the_table_without_a_file_and_without_raw_data(qtbot, open_wizard, tmp_path: Path) -> None:
    wizard = open_wizard()
    number, page = next((n, page) for n, page in enumerate(wizard.pages) if isinstance(page, MicroscopePage))
    qtbot.waitUntil(lambda: page.is_built, timeout=WAIT_MS)
    assert page.table.model.rowCount() == 1 and set(texts(page, "voltage_kV")) == {"–"}
    wizard.session.change(meta=str(three_groups(tmp_path)), ignore_raw_data=True)
    wait_planned(qtbot, wizard)
    wizard.go_to(number)
    assert texts(page, "header_A")[1:] == ["–"] * 3 and cell(page, 1, "header_A").source == "not read"


def test_hundreds_of_groups_fit(qtbot, open_wizard, tmp_path: Path) -> None:
    count = 300
    write_stack(tmp_path / "stacks/s1.mrcs", count)
    optics = {label: list(values) * count for label, values in OPTICS.items()} | {
        "rlnOpticsGroup": list(range(1, count + 1)),
        "rlnOpticsGroupName": [f"g{i}" for i in range(count)],
    }
    rows = particle_columns(1, count) | {"rlnOpticsGroup": list(range(1, count + 1))}
    wizard, page = open_page(open_wizard, write_star(tmp_path / "run_data.star", rows, optics))
    assert page.table.model.rowCount() == count + 1
    heights = {page.table.view.rowHeight(row) for row in range(count + 1)}
    assert len(heights) == 1
    assert page.height() <= wizard.height()


def test_the_defocus_of_each_group_is_drawn_in_its_own_way(qtbot, open_wizard, tmp_path: Path) -> None:
    _, page = open_page(open_wizard, three_groups(tmp_path))
    qtbot.waitUntil(lambda: bool(page.defocus.listDataItems()), timeout=WAIT_MS)
    curves = page.defocus.listDataItems()
    assert [curve.name() for curve in curves] == ["one", "two", "four"]
    assert [int(np.sum(curve.yData)) for curve in curves] == [6, 3, 3]
    pens = [(curve.opts["pen"].color().name(), curve.opts["pen"].style()) for curve in curves]
    assert len({colour for colour, _ in pens}) == len({style for _, style in pens}) == 3
    assert curves[0].xData.min() == pytest.approx(1.49) and curves[0].xData.max() == pytest.approx(1.60)
    assert not page.tabs.isTabVisible(1)


def test_what_the_aberrations_do(qtbot, open_wizard, tmp_path: Path) -> None:
    """The curve of the group that is chosen is 2π Cs λ² k³ θ of its own tilt; with no group, of the worst."""
    meta = three_groups(tmp_path, rlnBeamTiltX=[0.5, 0, 2.0], rlnBeamTiltY=[0, 0, 0])
    _, page = open_page(open_wizard, meta)
    assert page.tabs.isTabVisible(1)
    qtbot.waitUntil(lambda: bool(page.phase.listDataItems()), timeout=WAIT_MS)

    def expected(tilt_mrad: float, k: np.ndarray) -> np.ndarray:
        wavelength_A = electron_wavelength_A(300)
        return np.degrees(2 * np.pi * 2.7e7 * wavelength_A**2 * k**3 * tilt_mrad * 1e-3)

    for row, tilt, nyquist in ((0, 2.0, 0.5 / 1.7), (1, 0.5, 0.5 / 1.5), (2, 2.0, 0.5 / 1.7)):
        page.table.view.setCurrentIndex(at(page, row, "voltage_kV"))
        (curve,) = page.phase.listDataItems()
        assert curve.name() == "beam tilt" and curve.xData[-1] == pytest.approx(nyquist)
        np.testing.assert_allclose(curve.yData, expected(tilt, curve.xData), rtol=2e-3, atol=1e-9)
    harmful = (np.radians(45) / (2 * np.pi * 2.7e7 * electron_wavelength_A(300) ** 2 * 2e-3)) ** (-1 / 3)
    said = next(text.text() for text in page.loss_facts.findChildren(QLabel) if text.text().startswith("beam tilt"))
    assert float(said.split()[-3]) == pytest.approx(harmful, rel=0.02)


def test_an_override_changes_the_phase_error(qtbot, open_wizard, tmp_path: Path) -> None:
    meta = three_groups(tmp_path, rlnBeamTiltX=[0.5, 0, 0], rlnBeamTiltY=[0, 0, 0])
    wizard, page = open_page(open_wizard, meta)
    qtbot.waitUntil(lambda: bool(page.phase.listDataItems()), timeout=WAIT_MS)
    before = page.phase.listDataItems()[0].yData[-1]
    type_in(qtbot, page, 1, "cs_mm", "1.35")
    wait_planned(qtbot, wizard)
    qtbot.waitUntil(lambda: page.phase.listDataItems()[0].yData[-1] == pytest.approx(before / 2), timeout=WAIT_MS)


def test_names_from_files_are_no_markup_in_the_legend(qtbot, open_wizard, tmp_path: Path) -> None:
    meta = three_groups(tmp_path, rlnOpticsGroupName=["<b>&</b>", "x" * 60, "four"])
    _, page = open_page(open_wizard, meta)
    qtbot.waitUntil(lambda: bool(page.defocus.listDataItems()), timeout=WAIT_MS)
    names = [curve.name() for curve in page.defocus.listDataItems()]
    assert names == ["&lt;b>&amp;&lt;/b>", "x" * 23 + "…", "four"]
