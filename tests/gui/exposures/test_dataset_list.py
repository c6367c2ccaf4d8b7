"""Several exposures datasets: what each adds, and how one is added or taken out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from cryoimport_gui.core.demo import Demo, DemoRecipe, make_demo
from cryoimport_gui.gui.pages.exposures.page import ExposuresPage

from ..test_drops import Drag
from .exposures_page import open_page, settle, values

LEFT = Qt.MouseButton.LeftButton
RECIPE = DemoRecipe(micrographs=5, particles_per_micrograph=4, box=32)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Demo, list[str]]:
    """The demo's exposures in three datasets, the last of which repeats one of the second's."""
    demo = make_demo(tmp_path_factory.mktemp("demo"), RECIPE)
    table, paths = np.load(demo.exposures), []
    for job, rows in (("J2", slice(0, 2)), ("J7", slice(2, 5)), ("J8", slice(4, 5))):
        path = demo.project / job / "part.cs"
        path.parent.mkdir(exist_ok=True)
        with path.open("wb") as file:
            np.save(file, table[rows])
        paths.append(str(path))
    return demo, paths


def shown(page: ExposuresPage) -> list[str]:
    files = page.datasets.files
    return [files.item(row).text() for row in range(files.count())]


FIRST = "J2/part.cs: 2 exposures, 2 micrographs of the particles matched"
SECOND = "J7/part.cs: 3 exposures, 3 micrographs of the particles matched"
THIRD = "J8/part.cs: all of its exposures are in another one as well"


def test_each_is_listed_with_what_it_adds_and_can_be_taken_out(qtbot, open_wizard, parts) -> None:
    demo, paths = parts
    page = open_page(qtbot, open_wizard, values(demo, exposures=paths))
    assert page.datasets.isVisible() and shown(page) == [FIRST, SECOND, THIRD]
    assert not page.datasets.remove.isEnabled()
    files = page.datasets.files
    qtbot.mouseClick(files.viewport(), LEFT, pos=files.visualItemRect(files.item(1)).center())
    qtbot.mouseClick(page.datasets.remove, LEFT)
    settle(qtbot, page)
    assert page.session.parameters.exposures == (paths[0], paths[2])
    assert shown(page) == [FIRST, "J8/part.cs: 1 exposure, 1 micrograph of the particles matched"]


def test_one_is_added_by_its_button_and_another_by_a_drop(
    qtbot, open_wizard, parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo, paths = parts
    page = open_page(qtbot, open_wizard, values(demo, exposures=paths[0], on_unmatched="keep"))
    assert page.add.isVisible() and not page.datasets.isVisible()
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_, **__: ([paths[1], paths[0]], ""))
    qtbot.mouseClick(page.add, LEFT)
    settle(qtbot, page)
    assert page.session.parameters.exposures == (paths[0], paths[1]) and shown(page) == [FIRST, SECOND]
    assert page.session.plan.counts()["particles_matched"] == 20
    assert Drag(page.datasets.files.viewport(), Path(paths[2])).drop().isAccepted()
    settle(qtbot, page)
    assert shown(page) == [FIRST, SECOND, THIRD]
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_, **__: ([], ""))
    qtbot.mouseClick(page.add, LEFT)
    assert page.session.parameters.exposures == tuple(paths), "the dialog was cancelled"


def test_one_that_cannot_be_read_can_be_taken_out(qtbot, open_wizard, parts) -> None:
    demo, paths = parts
    page = open_page(qtbot, open_wizard, values(demo, exposures=[*paths[:2], str(demo.star)]))
    assert [p.code for p in page.session.plan.errors] == ["exposures-unreadable"]
    assert shown(page) == ["J2/part.cs", "J7/part.cs", "job010/run_data.star"]
    files = page.datasets.files
    qtbot.mouseClick(files.viewport(), LEFT, pos=files.visualItemRect(files.item(2)).center())
    qtbot.mouseClick(page.datasets.remove, LEFT)
    settle(qtbot, page)
    assert shown(page) == [FIRST, SECOND] and page.session.plan.errors == []


def test_without_exposures_there_is_nothing_to_add_to(qtbot, open_wizard, parts) -> None:
    page = open_page(qtbot, open_wizard, values(parts[0], exposures=""))
    assert not page.add.isVisible() and not page.datasets.isVisible()
