"""The page of the exposures, driven as a person would."""

from __future__ import annotations

import csv
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QFileDialog, QSpinBox, QWizard

from cryoimport_gui.core.demo import Demo, DemoRecipe, make_demo
from cryoimport_gui.core.name_table import State
from cryoimport_gui.gui.pages import exposures as exposures_page
from cryoimport_gui.gui.pages.exposures import ExposuresPage
from cryoimport_gui.gui.wizard import ImportWizard

from .conftest import WAIT_MS

LEFT = Qt.MouseButton.LeftButton
RECIPE = DemoRecipe(micrographs=5, particles_per_micrograph=8)


def values(demo: Demo, **others: object) -> dict[str, object]:
    paths = {"meta": demo.star, "data": demo.data, "exposures": demo.exposures}
    return {name: str(path) for name, path in paths.items()} | demo.trims | others


def untrimmed(demo: Demo) -> dict[str, object]:
    return values(demo, **{name: type(value)() for name, value in demo.trims.items()})


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return make_demo(tmp_path_factory.mktemp("small"), RECIPE)


@pytest.fixture
def open_page(qtbot, open_wizard) -> Callable[..., ExposuresPage]:
    """Opens the wizard at the page, and waits until it shows everything."""

    def open_it(chosen: dict[str, object]) -> ExposuresPage:
        wizard: ImportWizard = open_wizard(**chosen)
        wizard.resize(1280, 800)
        number = next(i for i, page in enumerate(wizard.pages) if isinstance(page, ExposuresPage))
        wizard.go_to(number)
        page = wizard.currentPage()
        assert isinstance(page, ExposuresPage)
        settle(qtbot, page)
        return page

    return open_it


def settle(qtbot, page: ExposuresPage) -> None:
    def is_settled() -> bool:
        busy = (tasks.busy for tasks in (page.names, page.search, page.view.tasks))
        return page.session.is_current and not any(busy)

    qtbot.waitUntil(is_settled, timeout=WAIT_MS)


def states(page: ExposuresPage) -> list[str]:
    table, rows = page.table.model.table, page.table.model.rows
    return [] if table is None else [State(state).words for state in table.state[rows]]


def editor(page: ExposuresPage, name: str) -> QSpinBox:
    return page.findChild(QSpinBox, name)


def click_circle(qtbot, page: ExposuresPage, number: int) -> None:
    picture = page.view.picture
    place = picture.circles.points()[number].pos()
    pixel: QPoint = picture.mapFromScene(picture.box.mapViewToScene(QPointF(place)))
    assert picture.viewport().rect().contains(pixel)
    qtbot.mouseClick(picture.viewport(), LEFT, pos=pixel)


def test_typing_cut_lengths_changes_the_table_before_the_plan_follows(qtbot, open_page, small: Demo) -> None:
    page = open_page(untrimmed(small))
    assert states(page) == ["no exposure"] * 5 + ["no particles"] * 5
    qtbot.mouseClick(page.findChild(object, "remove_leading_uid"), LEFT)
    for name, value in small.trims.items():
        if name != "remove_leading_uid":
            box = editor(page, name)
            box.setFocus()
            box.selectAll()
            qtbot.keyClicks(box, str(value))
    assert not page.session.is_current
    qtbot.waitUntil(lambda: states(page) == ["match"] * 5, timeout=WAIT_MS)
    assert not page.session.is_current, "the table did not wait for the plan"
    settle(qtbot, page)
    assert not page.problems()
    assert page.counts.text().startswith("5 of 5 micrographs match")
    table = page.table.model.table
    assert table.exposure_cut(0) == (22, small.trims["exposure_cut_suffix"])
    assert table.micrograph_cut(0) == (22, small.trims["particle_cut_suffix"])


def test_the_suggested_rules_are_taken_with_one_click_and_match_everything(qtbot, open_page, small: Demo) -> None:
    page = open_page(untrimmed(small))
    assert [p.code for p in page.problems()] == ["exposure-unmatched"]
    assert "Matches 5 of 5" in page.trims.text.text()
    qtbot.mouseClick(page.trims.take, LEFT)
    settle(qtbot, page)
    assert states(page) == ["match"] * 5
    assert not page.problems()
    assert page.session.plan.counts()["particles_matched"] == 40
    assert not page.trims.take.isVisible()
    assert not page.trims.text.isVisible()
    assert page.view.shown is not None, "the picture of the first one is shown"


def test_rules_suggested_by_the_flag_stand_in_their_fields(qtbot, open_page, small: Demo) -> None:
    page = open_page(untrimmed(small) | {"suggest_trims": True})
    assert states(page) == ["match"] * 5
    assert editor(page, "exposure_cut_suffix").value() > 0
    assert not page.session.parameters.suggest_trims


def test_one_renamed_micrograph_is_listed_first(qtbot, open_page, tmp_path: Path) -> None:
    demo = make_demo(tmp_path, RECIPE)
    name = Path(demo.micrograph_names[2]).name
    lines = demo.star.read_text().splitlines(keepends=True)
    first = [line.replace(f"Movies/{name} ", f"Movies/x{name} ") for line in lines]
    assert first != lines
    demo.star.write_text("".join(first))
    page = open_page(values(demo))
    assert states(page) == ["no exposure", "no particles"] + ["match"] * 4
    table = page.table.model.table
    assert table.micrograph_name(0) == f"x{name}"
    assert table.exposure_name(1) == demo.micrographs[2].name
    assert "8 without exposure" in page.counts.text()
    assert "4 of 5 micrographs match" in page.counts.text()
    assert "1 without particles" in page.counts.text()
    assert [p.code for p in page.problems()] == ["exposure-unmatched"]
    assert not page.obstacle()
    assert not page.trims.take.isVisible(), "no rule matches more"
    assert "nearest names" in page.trims.text.text()


def test_micrographs_mirrored_on_disk_are_flipped_and_circled_there(qtbot, open_page, tmp_path: Path) -> None:
    demo = make_demo(tmp_path, DemoRecipe(micrographs=3, particles_per_micrograph=8, mirrored_micrographs=True))
    page = open_page(values(demo))
    assert page.verdict.text().startswith("y is flipped: correlation 0.")
    view = page.view
    assert view.flipped.isChecked()
    assert "written" in view.flipped.text()
    rows, (ny, _) = view.shown.rows, demo.exposure_shapes[view.shown.exposure]
    factor = view.shown.picture.factor
    x, y = demo.coordinates[rows].T

    def circles() -> np.ndarray:
        return np.array([(point.pos().x(), point.pos().y()) for point in view.picture.circles.points()])

    np.testing.assert_allclose(circles(), (np.stack([x, ny - y], axis=1) + 0.5) / factor)
    assert view.pair.captions[2].startswith("y flipped (written): 0.9") or view.pair.captions[2].endswith(": 1.00")
    qtbot.mouseClick(view.kept, LEFT)
    np.testing.assert_allclose(circles(), (np.stack([x, y], axis=1) + 0.5) / factor)
    assert page.session.plan.placing.flip_y, "a change of the view alone"


def test_a_click_on_a_circle_shows_its_particle_beside_its_patches(qtbot, open_page, small: Demo) -> None:
    page = open_page(values(small))
    view = page.view
    for number in (6, 2):
        click_circle(qtbot, page, number)
        settle(qtbot, page)
        assert view.current == number
        assert view.pair.captions[0].startswith(f"Particle {number + 1} of 8 × -1")
        kept = float(view.pair.captions[1].removeprefix("y kept (written): "))
        assert kept > 0.9
        pens = [point.pen().widthF() for point in view.picture.circles.points()]
        assert int(np.argmax(pens)) == number
        assert sorted(pens)[-2] < max(pens)


def test_exposures_and_particles_are_paged_through_by_keys(qtbot, open_page, small: Demo) -> None:
    page = open_page(values(small))
    view, picture = page.view, page.view.picture
    first = view.shown.exposure
    picture.setFocus()
    seen = [first]
    for key in (Qt.Key.Key_PageDown, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp):
        qtbot.keyClick(picture, key)
        settle(qtbot, page)
        assert picture.hasFocus()
        seen.append(view.shown.exposure)
    assert seen[3] == seen[1]
    assert len(set(seen)) == 3
    for key, number in ((Qt.Key.Key_Right, 1), (Qt.Key.Key_Down, 2), (Qt.Key.Key_Left, 1)):
        qtbot.keyClick(picture, key)
        settle(qtbot, page)
        assert view.current == number
        assert view.pair.captions[0].startswith(f"Particle {number + 1} of 8")
    table = page.table.model.table
    assert table.exposure[page.table.current] == view.shown.exposure, "the table goes along"


def test_paging_goes_on_past_an_exposure_that_is_missing(qtbot, open_page, tmp_path: Path) -> None:
    demo = make_demo(tmp_path, DemoRecipe(micrographs=3, particles_per_micrograph=8))
    demo.micrographs[1].unlink()
    page = open_page(values(demo))
    picture = page.view.picture
    picture.setFocus()
    said = []
    for _ in range(2):
        qtbot.keyClick(picture, Qt.Key.Key_PageDown)
        settle(qtbot, page)
        said.append(page.view.message.text())
        assert picture.hasFocus()
    assert "No such file" in said[0]
    assert said[1] == ""
    assert page.view.shown.exposure == 2


def test_the_rows_shown_are_exported(qtbot, open_page, small: Demo, tmp_path: Path, monkeypatch) -> None:
    page = open_page(values(small))
    target = tmp_path / "names.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(target), ""))
    qtbot.keyClicks(page.table.filter, "DEMO_0003")
    qtbot.waitUntil(lambda: states(page) == ["match"], timeout=WAIT_MS)
    qtbot.mouseClick(page.table.export, LEFT)
    settle(qtbot, page)
    rows = list(csv.DictReader(target.read_text(encoding="utf-8").splitlines()))
    assert [row["micrograph"] for row in rows] == [small.micrograph_names[2]]
    assert rows[0]["exposure"].endswith(small.micrographs[2].name)
    assert str(target) in page.counts.text()
    target.unlink()
    target.mkdir()
    qtbot.mouseClick(page.table.export, LEFT)
    settle(qtbot, page)
    assert "cannot be written" in page.counts.text()


def test_enter_in_the_filter_goes_to_the_table_and_not_to_the_next_page(qtbot, open_page, small: Demo) -> None:
    page = open_page(values(small))
    page.table.filter.setFocus()
    qtbot.keyClick(page.table.filter, Qt.Key.Key_Return)
    assert page.table.view.hasFocus()
    assert page.wizard().currentPage() is page


def test_the_table_is_sorted_by_header_and_by_key(qtbot, open_page, small: Demo) -> None:
    page = open_page(values(small))
    table, header = page.table, page.table.view.horizontalHeader()

    def names() -> list[str]:
        return [table.model.table.micrograph_name(row) for row in table.model.rows]

    before = names()
    where = QPoint(header.sectionViewportPosition(1) + 20, header.height() // 2)
    qtbot.mouseClick(header.viewport(), LEFT, pos=where)
    settle(qtbot, page)
    assert names() == sorted(before) != before
    current = table.current
    qtbot.keyClick(table.view, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    settle(qtbot, page)
    assert names() == sorted(before, reverse=True)
    assert table.current == current, "the row stays the current one"


def test_no_exposures_are_no_obstacle_and_unreadable_ones_are_told(qtbot, open_page, small: Demo) -> None:
    page = open_page(values(small, exposures=""))
    assert not page.obstacle()
    assert page.wizard().button(QWizard.WizardButton.NextButton).isEnabled()
    assert not page.problems()
    page.session.change(exposures=str(small.star))
    settle(qtbot, page)
    assert [p.code for p in page.problems()] == ["exposures-unreadable"]
    page.session.change(exposures=str(small.exposures))
    settle(qtbot, page)
    assert states(page) == ["match"] * 5
    page.session.change(exposures="")
    settle(qtbot, page)
    assert states(page) == []
    assert page.view.shown is None


def test_the_scale_is_automatic_or_a_number(qtbot, open_page, small: Demo) -> None:
    page = open_page(values(small))
    scale = page.findChild(object, "coordinate_scale")
    assert scale.text() == "Automatic"
    scale.setFocus()
    scale.selectAll()
    qtbot.keyClicks(scale, "0.5")
    assert page.session.parameters.coordinate_scale == "0.5"
    settle(qtbot, page)
    view = page.view
    np.testing.assert_allclose(view.shown.kept_px, small.coordinates[view.shown.rows] / 2)
    page.session.change(coordinate_scale="0.333333333")
    assert page.session.parameters.coordinate_scale == "0.333333333", "the editor does not round what others set"
    scale.selectAll()
    qtbot.keyClicks(scale, "0")
    assert page.session.parameters.coordinate_scale == "auto"
    settle(qtbot, page)


def test_names_are_matched_sorted_and_filtered_away_from_the_thread_that_draws(
    qtbot, open_page, small: Demo, monkeypatch
) -> None:
    page = open_page(values(small))
    threads: list[tuple[str, threading.Thread]] = []

    def watched(name: str, function: Callable) -> Callable:
        def wrapper(*args: object) -> object:
            threads.append((name, threading.current_thread()))
            return function(*args)

        return wrapper

    table_class = type(page.table.model.table)
    monkeypatch.setattr(exposures_page, "build_name_table", watched("build", exposures_page.build_name_table))
    monkeypatch.setattr(table_class, "rows", watched("rows", table_class.rows))
    monkeypatch.setattr(exposures_page, "suggest_trims", watched("suggest", exposures_page.suggest_trims))
    monkeypatch.setattr(exposures_page, "write_csv", watched("export", exposures_page.write_csv))
    editor(page, "exposure_cut_suffix").stepUp()
    settle(qtbot, page)
    qtbot.keyClicks(page.table.filter, "demo")
    settle(qtbot, page)
    page.table.view.horizontalHeader().setSortIndicator(2, Qt.SortOrder.DescendingOrder)
    settle(qtbot, page)
    page.table.export_wanted.emit("/nowhere/names.csv")
    settle(qtbot, page)
    assert {name for name, _ in threads} == {"build", "rows", "suggest", "export"}
    assert threading.main_thread() not in {thread for _, thread in threads}


def test_a_cut_that_makes_names_equal_is_shown_as_ambiguous(qtbot, open_page, small: Demo) -> None:
    page = open_page(values(small))
    for side in ("exposure", "particle"):
        name = f"{side}_cut_suffix"
        page.session.change(**{name: small.trims[name] + 1})
    settle(qtbot, page)
    assert states(page) == ["ambiguous"] * 10
    assert "exposure-ambiguous" in [p.code for p in page.problems()]
    assert page.trims.take.isVisible()
