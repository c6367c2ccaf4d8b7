"""The check by eye on the page of the exposures: circles, pairs, keys, scale."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox

from cryoimport_gui.core.demo import Demo, DemoRecipe, make_demo
from cryoimport_gui.gui.pages.preview.page import PreviewPage
from cryoimport_gui.gui.wizard import ImportWizard

from ..conftest import WAIT_MS
from .exposures_page import RECIPE, click_circle, open_page, settle, states, values


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return make_demo(tmp_path_factory.mktemp("small"), RECIPE)


def test_micrographs_mirrored_on_disk_are_flipped_and_circled_there(qtbot, open_wizard, tmp_path: Path) -> None:
    demo = make_demo(tmp_path, DemoRecipe(micrographs=3, particles_per_micrograph=8, mirrored_micrographs=True))
    page = open_page(qtbot, open_wizard, values(demo))
    assert "mirror images of what the particles were cut from" in page.headline.label.text()
    view = page.view
    assert view.flipped.isChecked()
    assert "written" in view.flipped.text()
    rows, (ny, _) = view.shown.rows, demo.exposure_shapes[view.shown.exposure]
    factor = view.shown.picture.factor
    x, y = demo.coordinates[rows].T

    def circles() -> np.ndarray:
        return np.array([(point.pos().x(), point.pos().y()) for point in view.picture.circles.points()])

    np.testing.assert_allclose(circles(), (np.stack([x, ny - 1 - y], axis=1) + 0.5) / factor)
    assert view.pair.captions[2].startswith("y flipped\nin use\ncorrelation ")
    assert float(view.pair.captions[2].split()[-1]) > 0.9 > 0.5 > float(view.pair.captions[1].split()[-1])
    qtbot.mouseClick(view.kept, Qt.MouseButton.LeftButton)
    np.testing.assert_allclose(circles(), (np.stack([x, y], axis=1) + 0.5) / factor)
    assert view.shown.is_flipped, "a change of the view alone"


def test_a_click_on_a_circle_shows_its_particle_beside_its_patches(qtbot, open_wizard, small: Demo) -> None:
    page = open_page(qtbot, open_wizard, values(small))
    view = page.view
    for number in (6, 2):
        click_circle(qtbot, page, number)
        settle(qtbot, page)
        assert view.current == number
        assert view.pair.captions[0] == f"particle {number + 1} of 8\ndata sign −1"
        kept = float(view.pair.captions[1].removeprefix("y kept\nin use\ncorrelation "))
        assert kept > 0.9
        pens = [point.pen().widthF() for point in view.picture.circles.points()]
        assert int(np.argmax(pens)) == number
        assert sorted(pens)[-2] < max(pens)


def test_exposures_and_particles_are_paged_through_by_keys(qtbot, open_wizard, small: Demo) -> None:
    page = open_page(qtbot, open_wizard, values(small))
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
        assert view.pair.captions[0].startswith(f"particle {number + 1} of 8")
    table = page.table.model.table
    assert table.exposure[page.table.current] == view.shown.exposure, "the table goes along"


def test_paging_goes_on_past_an_exposure_that_is_missing(qtbot, open_wizard, tmp_path: Path) -> None:
    demo = make_demo(tmp_path, DemoRecipe(micrographs=3, particles_per_micrograph=8))
    demo.micrographs[1].unlink()
    page = open_page(qtbot, open_wizard, values(demo))
    picture = page.view.picture
    picture.setFocus()
    assert states(page) == ["match", "found", "found"], "what was not compared comes first"
    said, seen = [], []
    for key in (Qt.Key.Key_PageDown, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
        qtbot.keyClick(picture, key)
        settle(qtbot, page)
        said.append(page.view.message.text())
        seen.append(page.view.shown.exposure)
        assert picture.hasFocus()
    assert "No such file" in said.pop(3)
    assert said == [""] * 4
    assert seen == [0, 2, 0, 1, 0]


def test_the_scale_is_automatic_or_a_number(qtbot, open_wizard, small: Demo) -> None:
    page = open_page(qtbot, open_wizard, values(small))
    qtbot.mouseClick(page.options.fold, Qt.MouseButton.LeftButton)
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


def test_poses_are_mirrored_for_mirrored_exposures_unless_chosen_otherwise(qtbot, open_wizard, tmp_path: Path) -> None:
    demo = make_demo(tmp_path, DemoRecipe(micrographs=3, particles_per_micrograph=8, mirrored_micrographs=True))
    page = open_page(qtbot, open_wizard, values(demo, ignore_raw_data=True))
    choice = page.findChild(QComboBox, "mirror_poses")
    qtbot.mouseClick(page.options.fold, Qt.MouseButton.LeftButton)

    def mirrors() -> set[bool]:
        settle(qtbot, page)
        plan = page.session.plan
        return set(plan.placing.of(plan.particles).mirrors_pose.tolist())

    assert choice.currentText() == "Automatic" and mirrors() == {True}
    qtbot.mouseClick(choice, Qt.MouseButton.LeftButton)
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Return):
        qtbot.keyClick(choice.view(), key)
    assert choice.currentText() == "No" and page.session.parameters.mirror_poses == "no"
    assert mirrors() == {False}
    (said,) = (problem for problem in page.session.plan.problems if problem.code == "exposures-mirrored")
    assert "left as they are" in said.message


def look_at(qtbot, wizard: ImportWizard, row: int) -> PreviewPage:
    """Open the close look at a particle on the page of the preview."""
    wizard.go_to(2)
    preview = wizard.currentPage()
    assert isinstance(preview, PreviewPage)
    qtbot.waitUntil(lambda: preview.view.tiles is not None and not preview.tasks.busy, timeout=WAIT_MS)
    tile = preview.view.tiles.rows.tolist().index(row)
    preview.view.select(tile)
    preview.view.opened.emit(tile)
    qtbot.waitUntil(lambda: preview.particle.isVisible() and not preview.tasks.busy, timeout=WAIT_MS)
    return preview


def test_from_the_close_look_to_the_place_in_the_micrograph(qtbot, open_wizard, small: Demo) -> None:
    """The particle that was looked at is the one that is circled, also where its name was filtered out."""
    wizard = open_wizard(**values(small))
    wizard.go_to(4)
    exposures = wizard.currentPage()
    settle(qtbot, exposures)
    for row, text in ((0, ""), (17, "nothing has this name"), (16, "")):
        exposures.table.filter.setText(text)
        settle(qtbot, exposures)
        preview = look_at(qtbot, wizard, row)
        preview.particle.micrograph.click()
        assert wizard.currentPage() is exposures and not preview.particle.isVisible()
        settle(qtbot, exposures)
        view = exposures.view
        assert view.shown.rows[view.current] == row
        assert exposures.table.model.table.micrograph[exposures.table.current] == row // RECIPE.particles_per_micrograph


def test_without_exposures_there_is_no_place_to_show(qtbot, open_wizard, small: Demo) -> None:
    preview = look_at(qtbot, open_wizard(meta=str(small.star)), 3)
    assert not preview.particle.micrograph.isEnabled()
    assert "First match" in preview.particle.micrograph.toolTip()
