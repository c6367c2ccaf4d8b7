"""Picks without images, from a drop to a finished import with the mouse."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLabel, QPushButton, QWidget, QWizard

from cryoimport_gui.gui.drops import sort_out
from cryoimport_gui.gui.pages.exposures.page import ExposuresPage
from cryoimport_gui.gui.pages.poses.page import PosesPage
from cryoimport_gui.gui.pages.preview.no_images import PICKS
from cryoimport_gui.gui.pages.preview.page import PreviewPage
from cryoimport_gui.gui.pages.review import ReviewPage
from cryoimport_gui.gui.widgets.editors import PathEdit
from cryoimport_gui.gui.wizard import ImportWizard

from ...core.reading.pick_texts import eman_box, topaz, write
from ...support.running import run
from ...support.stars import exposure_columns, write_exposures
from ..conftest import WAIT_MS, press_import
from ..test_drops import Drag, data_of

LEFT = Qt.MouseButton.LeftButton
PLANTED = {"m1": [(20.0, 10.0), (150.0, 80.0)], "m2": [(64.0, 33.0)]}


@pytest.fixture
def picks(tmp_path: Path) -> Path:
    """A folder with a Topaz table for each micrograph."""
    texts = {f"{n}__txt": topaz([(n, x, y) for x, y in centres]) for n, centres in PLANTED.items()}
    return write(tmp_path / "picks", **texts)


@pytest.fixture
def exposures(tmp_path: Path) -> Path:
    return write_exposures(tmp_path / "CS-p/J2/exposures.cs", exposure_columns())


@pytest.fixture
def same_uids(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cryoimport_gui.core.job.write.random_uids", lambda n: np.arange(1, n + 1, dtype=np.uint64))


def click(page: QWidget, text: str) -> None:
    (button,) = [b for b in page.findChildren(QPushButton) if b.text().replace("&", "") == text and b.isVisible()]
    QTest.mouseClick(button, LEFT)


def texts(page: QWidget) -> list[str]:
    return [label.text() for label in page.findChildren(QLabel) if label.isVisible()]


def settled(qtbot, wizard: ImportWizard) -> None:
    """The first page says what a file holds a moment after the plan is made."""
    tasks = wizard.session.tasks, wizard.pages[0].tasks
    qtbot.waitUntil(lambda: wizard.session.is_current and not any(t.busy for t in tasks), timeout=WAIT_MS)


def next_page(qtbot, wizard: ImportWizard) -> QWidget:
    button = wizard.button(QWizard.WizardButton.NextButton)
    qtbot.waitUntil(button.isEnabled, timeout=WAIT_MS)
    QTest.mouseClick(button, LEFT)
    return wizard.currentPage()


def test_from_a_drop_to_a_finished_import(
    qtbot, open_wizard, picks: Path, exposures: Path, tmp_path: Path, same_uids
) -> None:
    wizard = open_wizard(output=str(tmp_path / "CS-p/out"))
    page = wizard.currentPage()
    drag = Drag(wizard, picks)
    assert drag.hint is not None and str(picks) in drag.hint.text()
    drag.drop()
    settled(qtbot, wizard)
    assert "Topaz, 2 micrographs, 3 picks" in texts(page)
    assert not wizard.button(QWizard.WizardButton.NextButton).isEnabled(), "there are no images to import"
    click(page, "Import locations only")
    settled(qtbot, wizard)
    assert wizard.session.parameters.ignore_raw_data
    assert [p.code for p in wizard.session.plan.errors] == ["exposures-missing"]
    next_page(qtbot, wizard)
    preview = next_page(qtbot, wizard)
    assert isinstance(preview, PreviewPage) and PICKS in texts(preview)
    assert isinstance(next_page(qtbot, wizard), PosesPage)
    page = next_page(qtbot, wizard)
    assert isinstance(page, ExposuresPage)
    Drag(wizard, exposures).drop()
    settled(qtbot, wizard)
    qtbot.waitUntil(lambda: not page.search.busy and not page.names.busy, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: "Use these rules" in [b.text().replace("&", "") for b in page.findChildren(QPushButton)])
    click(page, "Use these rules")
    settled(qtbot, wizard)
    assert wizard.session.plan.errors == []
    assert isinstance(next_page(qtbot, wizard), ReviewPage)
    press_import(wizard)
    qtbot.waitUntil(lambda: wizard.session.job is not None, timeout=WAIT_MS)

    shown = "\n".join(texts(wizard.currentPage()))
    assert "3 particles imported, without images." in shown and "Extract From Micrographs" in shown
    data = np.load(tmp_path / "CS-p/out/imported_particles.cs")
    np.testing.assert_allclose(data["location/center_x_frac"], [20 / 200, 150 / 200, 64 / 200], rtol=1e-6)
    np.testing.assert_allclose(data["location/center_y_frac"], [10 / 100, 80 / 100, 33 / 100], rtol=1e-6)
    flags = ["--ignore-raw-data", "--exposures", exposures, "--suggest-trims"]
    outcome = run(tmp_path, picks, *flags, output=tmp_path / "CS-p/headless")
    assert outcome.status == 0
    ours, theirs = (
        (tmp_path / folder / "imported_particles.cs").read_bytes() for folder in ("CS-p/out", "CS-p/headless")
    )
    assert ours == theirs


def test_what_a_drop_of_picks_is_taken_for(tmp_path: Path) -> None:
    """Picks often lie beside their micrographs; a RELION job has particles besides."""
    beside = write(tmp_path / "beside", m1__box=eman_box(PLANTED["m1"], 20), m1__mrc=b"")
    stacks = write(tmp_path / "stacks", m1__mrcs=b"", notes__txt="no picks\n")
    job = write(tmp_path / "job", run_data__star="", m1__box=eman_box(PLANTED["m1"], 20))
    for dropped, values in {
        beside: {"meta": (str(beside),)},
        beside / "m1.box": {"meta": (str(beside / "m1.box"),)},
        stacks: {"data": (str(stacks),)},
        job: {"meta": (str(job / "run_data.star"),)},
    }.items():
        assert sort_out(data_of([dropped])).values == values
    assert "cannot be used" in sort_out(data_of([stacks / "notes.txt"])).refusals[0]


def test_a_folder_is_chosen_in_a_dialog(qtbot, open_wizard, picks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wizard = open_wizard()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_, **__: str(picks))
    click(wizard.currentPage(), "Folder…")
    settled(qtbot, wizard)
    assert wizard.session.parameters.meta == (str(picks),)
    assert "Topaz, 2 micrographs, 3 picks" in texts(wizard.currentPage())


def test_one_file_is_chosen_in_a_dialog(qtbot, open_wizard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, m1__box=eman_box(PLANTED["m1"], 20))
    wizard = open_wizard()
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_, **__: ([str(tmp_path / "m1.box")], ""))
    edit = wizard.currentPage().findChild(PathEdit, "meta")
    assert edit is not None
    QTest.mouseClick(edit.button, LEFT)
    settled(qtbot, wizard)
    assert "EMAN .box, 1 micrograph, 2 picks" in texts(wizard.currentPage())


def test_a_table_without_places_offers_no_import_of_locations(qtbot, open_wizard, tmp_path: Path) -> None:
    text = "data_\nloop_\n_rlnMicrographName\n_rlnCtfMaxResolution\na.mrc 3\nb.mrc 4\n"
    wizard = open_wizard(**{"meta": str(write(tmp_path, m__star=text) / "m.star")})
    assert [p.code for p in wizard.session.plan.errors] == ["image-name-missing"]
    assert "Import locations only" not in [b.text() for b in wizard.currentPage().findChildren(QPushButton)]


def test_picks_are_never_kept_without_a_place(qtbot, open_wizard, picks: Path, exposures: Path, tmp_path: Path) -> None:
    write(picks, m3__txt=topaz([("m3", 5, 5)]))
    values = {"meta": str(picks), "exposures": str(exposures), "ignore_raw_data": True, "remove_leading_uid": True}
    wizard = open_wizard(**values, exposure_cut_suffix=4, output=str(tmp_path / "out"))
    wizard.go_to(next(i for i, page in enumerate(wizard.pages) if isinstance(page, ReviewPage)))
    page = wizard.currentPage()
    settled(qtbot, wizard)
    shown = [b.text().replace("&", "") for b in page.findChildren(QPushButton)]
    assert "Leave them out" in shown and "Keep them without a location" not in shown
    click(page, "Leave them out")
    settled(qtbot, wizard)
    assert not wizard.session.plan.errors and wizard.session.plan.counts()["particles"] == 3


def test_a_folder_of_other_picks_starts_afresh(qtbot, open_wizard, answers, picks: Path, tmp_path: Path) -> None:
    other = write(tmp_path / "other", m1__box=eman_box(PLANTED["m1"], 20))
    answers.answer = False
    wizard = open_wizard(meta=str(picks), ignore_half_sets=True)
    wizard.session.change(meta=str(tmp_path))  # a folder on the way that the path is typed: no picks
    settled(qtbot, wizard)
    assert answers.asked == []
    wizard.session.change(meta=str(other))
    settled(qtbot, wizard)
    assert len(answers.asked) == 1 and not wizard.session.parameters.ignore_half_sets
    assert wizard.session.plan.all_particles is not None and len(wizard.session.plan.all_particles) == 2
