"""The names on the page of the exposures: rules, table, proposal, export."""

from __future__ import annotations

import csv
import dataclasses
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFileDialog, QWizard

from cryoimport_gui.core.demo import Demo, make_demo
from cryoimport_gui.gui.pages.exposures import page as exposures_page

from ..conftest import WAIT_MS
from .exposures_page import RECIPE, editor, open_page, settle, states, untrimmed, values

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return make_demo(tmp_path_factory.mktemp("small"), RECIPE)


def test_typing_cut_lengths_changes_the_table_before_the_plan_follows(qtbot, open_wizard, small: Demo) -> None:
    page = open_page(qtbot, open_wizard, untrimmed(small))
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
    assert page.counts.whole.startswith("5 of 5 micrographs match")
    assert "no number is cut off; only ordinary words differ" in page.counts.whole
    table = page.table.model.table
    assert table.exposure_cut(0) == (22, small.trims["exposure_cut_suffix"])
    assert table.micrograph_cut(0) == (22, small.trims["particle_cut_suffix"])


def test_the_suggested_rules_are_taken_with_one_click_and_match_everything(qtbot, open_wizard, small: Demo) -> None:
    page = open_page(qtbot, open_wizard, untrimmed(small))
    assert [p.code for p in page.problems()] == ["exposure-unmatched"]
    assert page.banner.text.text() == "5 of 5 micrographs match with these cuts."
    pair = page.banner.pair.text().replace("\u200b", "")
    assert "<s>_rigid_aligned.mrc</s>" in pair or "<s>rigid_aligned.mrc</s>" in pair
    qtbot.mouseClick(page.banner.take, LEFT)
    settle(qtbot, page)
    assert states(page) == ["found"] * 5
    assert not page.problems()
    assert page.session.plan.counts()["particles_matched"] == 40
    assert not page.banner.take.isVisible()
    assert not page.banner.text.isVisible()
    assert page.view.shown is not None, "the picture of the first one is shown"


def test_rules_suggested_by_the_flag_stand_in_their_fields(qtbot, open_wizard, small: Demo) -> None:
    page = open_page(qtbot, open_wizard, untrimmed(small) | {"suggest_trims": True})
    assert states(page) == ["found"] * 5
    assert editor(page, "exposure_cut_suffix").value() > 0
    assert not page.session.parameters.suggest_trims


def test_one_renamed_micrograph_is_listed_first(qtbot, open_wizard, tmp_path: Path) -> None:
    demo = make_demo(tmp_path, RECIPE)
    name = Path(demo.micrograph_names[2]).name
    lines = demo.star.read_text().splitlines(keepends=True)
    first = [line.replace(f"Movies/{name} ", f"Movies/x{name} ") for line in lines]
    assert first != lines
    demo.star.write_text("".join(first))
    page = open_page(qtbot, open_wizard, values(demo))
    assert states(page) == ["no exposure", "no particles"] + ["found"] * 4
    table = page.table.model.table
    assert table.micrograph_name(0) == f"x{name}"
    assert table.exposure_name(1) == demo.micrographs[2].name
    assert "8 particles without exposure" in page.counts.whole
    assert "4 of 5 micrographs match" in page.counts.whole
    assert "1 exposure without particles" in page.counts.whole
    assert [p.code for p in page.problems()] == ["exposure-unmatched"]
    assert not page.obstacle()
    assert not page.banner.take.isVisible(), "no rule matches more"
    assert "most similar names" in page.banner.text.text()


def test_the_rows_shown_are_exported(qtbot, open_wizard, small: Demo, tmp_path: Path, monkeypatch) -> None:
    page = open_page(qtbot, open_wizard, values(small))
    target = tmp_path / "names.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(target), ""))
    qtbot.keyClicks(page.table.filter, "DEMO_0003")
    qtbot.waitUntil(lambda: states(page) == ["found"], timeout=WAIT_MS)
    qtbot.mouseClick(page.table.export, LEFT)
    settle(qtbot, page)
    rows = list(csv.DictReader(target.read_text(encoding="utf-8").splitlines()))
    assert [row["micrograph"] for row in rows] == [small.micrograph_names[2]]
    assert rows[0]["exposure"].endswith(small.micrographs[2].name)
    assert str(target) in page.counts.whole
    target.unlink()
    target.mkdir()
    qtbot.mouseClick(page.table.export, LEFT)
    settle(qtbot, page)
    assert "cannot be written" in page.counts.whole


def test_enter_in_the_filter_goes_to_the_table_and_not_to_the_next_page(qtbot, open_wizard, small: Demo) -> None:
    page = open_page(qtbot, open_wizard, values(small))
    page.table.filter.setFocus()
    qtbot.keyClick(page.table.filter, Qt.Key.Key_Return)
    assert page.table.view.hasFocus()
    assert page.wizard().currentPage() is page


def test_the_table_is_sorted_by_header_and_by_key(qtbot, open_wizard, small: Demo) -> None:
    page = open_page(qtbot, open_wizard, values(small))
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


def test_no_exposures_are_no_obstacle_and_unreadable_ones_are_shown(qtbot, open_wizard, small: Demo) -> None:
    page = open_page(qtbot, open_wizard, values(small, exposures=""))
    assert not page.obstacle()
    assert page.wizard().button(QWizard.WizardButton.NextButton).isEnabled()
    assert not page.problems()
    page.session.change(exposures=str(small.star))
    settle(qtbot, page)
    assert [p.code for p in page.problems()] == ["exposures-unreadable"]
    page.session.change(exposures=str(small.exposures))
    settle(qtbot, page)
    assert states(page) == ["found"] * 5
    page.session.change(exposures="")
    settle(qtbot, page)
    assert states(page) == []
    assert page.view.shown is None


def test_names_are_matched_sorted_and_filtered_away_from_the_thread_that_draws(
    qtbot, open_wizard, small: Demo, monkeypatch
) -> None:
    page = open_page(qtbot, open_wizard, values(small))
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
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: ("/nowhere/names.csv", ""))
    page.table.export.click()
    settle(qtbot, page)
    assert {name for name, _ in threads} == {"build", "rows", "suggest", "export"}
    assert threading.main_thread() not in {thread for _, thread in threads}


def test_a_cut_that_makes_names_equal_is_shown_as_ambiguous(qtbot, open_wizard, small: Demo) -> None:
    page = open_page(qtbot, open_wizard, values(small))
    for side in ("exposure", "particle"):
        name = f"{side}_cut_suffix"
        page.session.change(**{name: small.trims[name] + 1})
    settle(qtbot, page)
    assert states(page) == ["ambiguous"] * 10
    assert "exposure-ambiguous" in [p.code for p in page.problems()]
    assert page.banner.take.isVisible()


def test_exposures_that_pictures_choose_stand_in_the_table(qtbot, open_wizard, tmp_path: Path) -> None:
    one, other = (make_demo(tmp_path / str(n), dataclasses.replace(RECIPE, seed=n, snr=1.0)) for n in (0, 1))
    given = {"exposures": [str(one.exposures), str(other.exposures)], "project": ""}
    page = open_page(qtbot, open_wizard, values(one) | given)
    assert not page.problems()
    table = page.table.model.table
    chosen = {table.exposures.basenames[i] for i in table.exposure[table.exposure >= 0].tolist()}
    assert {path.name for path in one.micrographs} <= chosen
    assert "; 12 particles are found in the pictures of their exposures" in page.counts.whole
