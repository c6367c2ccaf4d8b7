"""What pictures say of places: the share found in each group, rows by doubt, and both readings of y to choose from."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QComboBox, QDoubleSpinBox, QToolButton

from cryoimport_gui.core.demo import Demo, DemoRecipe, make_demo
from cryoimport_gui.gui.pages.exposures.page import ExposuresPage
from cryoimport_gui.gui.pages.exposures.words import NEEDED, OPTIONAL

from ...core.reading.pick_texts import topaz, write
from ...support.mirrored_sets import mirror_on_disk, rename_folder
from .exposures_page import RECIPE, open_page, settle, states, values

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return make_demo(tmp_path_factory.mktemp("small"), RECIPE)


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """Ten exposures of one folder of which two are mirrored, and six of another that all are."""
    recipe = DemoRecipe(micrographs=16, particles_per_micrograph=12, optics_groups=1)
    demo = make_demo(tmp_path_factory.mktemp("mixed"), recipe)
    mirror_on_disk(demo, [3, 7, *range(10, 16)])
    rename_folder(demo, range(10, 16), "Session2/Movies")
    return demo


def reading(page: ExposuresPage, flip: bool) -> QToolButton:
    return page.view.pair.readings[flip]


def cells(page: ExposuresPage) -> list[list[str]]:
    model = page.groups.table.model()
    return [[model.data(model.index(r, c)) for c in range(model.columnCount())] for r in range(model.rowCount())]


def test_a_click_on_a_reading_chooses_it_and_automatic_takes_that_back(qtbot, open_wizard, small: Demo) -> None:
    page = open_page(qtbot, open_wizard, values(small))
    kept, flipped = reading(page, False), reading(page, True)
    automatic = page._y.reset
    assert kept.isChecked() and not flipped.isChecked() and not automatic.isVisible()
    assert kept.text().splitlines()[:2] == ["y kept", "in use"] and flipped.text().splitlines()[0] == "y flipped"
    assert set(states(page)) == {"found"}
    qtbot.mouseClick(flipped, LEFT)
    assert page.session.parameters.coordinate_y == "flip"
    assert flipped.isChecked() and flipped.font().bold() and not kept.font().bold()
    assert flipped.text().splitlines()[:2] == ["y flipped", "your choice"], "at once, before the plan follows"
    settle(qtbot, page)
    assert page.view.shown.is_flipped and page.headline.claim.state == "contradicted"
    assert set(states(page)) == {"mirrored"}, "the pictures show the other way"
    assert automatic.isVisible() and automatic.text() == "Automatic" and page._y.label.font().bold()
    qtbot.mouseClick(automatic, LEFT)
    assert page.session.parameters.coordinate_y == "auto" and not automatic.isVisible()
    assert QApplication.focusWidget() is page.findChild(QComboBox, "coordinate_y")
    settle(qtbot, page)
    assert kept.isChecked() and page.headline.claim.state == "confirmed"
    assert set(states(page)) == {"found"}


def test_the_reading_in_use_can_be_fixed_by_a_click(qtbot, open_wizard, small: Demo) -> None:
    page = open_page(qtbot, open_wizard, values(small))
    qtbot.mouseClick(reading(page, False), LEFT)
    assert page.session.parameters.coordinate_y == "keep"
    assert reading(page, False).isChecked() and "your choice" in reading(page, False).text()
    settle(qtbot, page)


def test_exposures_are_sorted_by_doubt_and_groups_show_their_share(qtbot, open_wizard, mixed: Demo) -> None:
    page = open_page(qtbot, open_wizard, values(mixed))
    assert states(page) == ["mirrored"] * 2 + ["found"] * 14
    first = page.table.model.table.exposure[page.table.model.rows[:2]]
    assert sorted(first.tolist()) == [3, 7]
    assert page.table.current == page.table.model.rows[0], "what is most doubtful is looked at first"
    assert page.view.shown.is_flipped and reading(page, True).isChecked()
    assert page.groups.table.isVisible() and not page.groups.line.isVisible()
    (one, other) = cells(page)
    assert one[1:7] == ["10", "8 (80%)", "2 (20%)", "0", "0", "kept"]
    assert other[0].startswith("Session2/Movies")
    assert other[1:7] == ["6", "6 (100%)", "0", "0", "0", "flipped"]


def test_one_group_is_one_line(qtbot, open_wizard, tmp_path: Path) -> None:
    demo = make_demo(tmp_path, DemoRecipe(micrographs=3, particles_per_micrograph=8, optics_groups=1))
    page = open_page(qtbot, open_wizard, values(demo))
    assert page.groups.line.isVisible() and not page.groups.table.isVisible()
    assert page.groups.line.whole.startswith("found on 3 of 3 exposures  ·  y kept (as the pictures show)  ·  scale 1")
    page.session.change(coordinate_y="flip")
    settle(qtbot, page)
    assert "y flipped (set by you; the pictures show kept)" in page.groups.line.whole


def test_what_the_user_set_among_more_options_is_named_and_reset(qtbot, open_wizard, small: Demo) -> None:
    page = open_page(qtbot, open_wizard, values(small))
    scale = page.findChild(QDoubleSpinBox, "coordinate_scale")
    fold = page.options.fold
    assert not scale.isVisible() and fold.text() == "More options"
    qtbot.mouseClick(fold, LEFT)
    (edit,) = (edit for edit in page.options.edits if edit.editor is scale)
    assert scale.isVisible() and not edit.reset.isVisible()
    qtbot.mouseClick(scale, LEFT, pos=QPoint(8, scale.height() // 2))
    qtbot.keyClick(scale, Qt.Key.Key_Up)
    assert page.session.parameters.coordinate_scale == "0.5"
    assert edit.reset.isVisible() and edit.label.font().bold()
    qtbot.mouseClick(fold, LEFT)
    assert not scale.isVisible() and fold.text() == "More options (you set: coordinate scale)"
    page.show_editor("coordinate_scale")
    assert scale.isVisible() and QApplication.focusWidget() is scale
    qtbot.mouseClick(edit.reset, LEFT)
    assert page.session.parameters.coordinate_scale == "auto"
    assert fold.text() == "More options" and not edit.label.font().bold()
    settle(qtbot, page)


def test_problems_are_lines_that_open(qtbot, open_wizard, mixed: Demo) -> None:
    page = open_page(qtbot, open_wizard, values(mixed))
    (line,) = page.problem_lines.lines
    assert line.fold.text().startswith("▲ Warning: Exposures that are mirror images")
    assert not line.card.isVisible()
    low = page.problem_lines.height()
    qtbot.mouseClick(line.fold, LEFT, pos=QPoint(8, line.fold.height() // 2))
    assert line.card.isVisible() and page.problem_lines.height() > low
    assert line.card.height() >= line.card.layout().heightForWidth(line.card.width()), "nothing is cut off"
    qtbot.mouseClick(line.fold, LEFT, pos=QPoint(8, line.fold.height() // 2))
    assert not line.card.isVisible() and page.problem_lines.height() == low


def test_picks_have_both_readings_without_an_image_of_their_own(
    qtbot, open_wizard, small: Demo, tmp_path: Path
) -> None:
    names = [Path(name).stem for name in small.micrograph_names]
    rows = [(names[k], x, y) for k, (x, y) in zip(small.micrograph_index.tolist(), small.coordinates)]
    meta = write(tmp_path / "topaz", all__txt=topaz(rows))
    suffix = small.trims["particle_cut_suffix"] - len(".mrc")
    chosen = values(small, meta=str(meta), data="", ignore_raw_data=True, particle_cut_suffix=suffix)
    page = open_page(qtbot, open_wizard, chosen)
    assert page.subTitle() == NEEDED
    view = page.view
    assert not view.pair.particle.isVisible() and not view.pair.reason.isVisible()
    for flip, words in ((False, "y kept\nin use\npick 1 of 8"), (True, "y flipped\npick 1 of 8")):
        assert reading(page, flip).text() == words and not reading(page, flip).icon().isNull()
    qtbot.mouseClick(reading(page, True), LEFT)
    assert page.session.parameters.coordinate_y == "flip"
    settle(qtbot, page)
    assert page.view.shown.is_flipped
    page.session.change(exposures="")
    settle(qtbot, page)
    assert "picks need them" in page.without.words.text().replace("\u200b", "")
    assert page._paths["exposures"].line.placeholderText().startswith("needed")
    page.session.change(meta=str(small.star), ignore_raw_data=False)
    settle(qtbot, page)
    assert page.subTitle() == OPTIONAL


def test_names_that_do_not_match_take_the_room_of_the_picture(qtbot, open_wizard, small: Demo) -> None:
    page = open_page(qtbot, open_wizard, values(small, remove_leading_uid=False))
    assert not page.view.isVisible() and page.banner.take.isVisible()
    qtbot.mouseClick(page.banner.take, LEFT)
    settle(qtbot, page)
    assert page.view.isVisible() and not page.banner.isVisible()
