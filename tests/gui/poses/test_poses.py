"""The page of the poses: each planted fault is named, and what is clicked is what happens."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QPushButton

from cryoimport_gui.core.demo import Demo, DemoRecipe, make_demo
from cryoimport_gui.core.looks.poses import poses_look
from cryoimport_gui.core.plan.poses_check import look_at_poses
from cryoimport_gui.core.progress import Progress
from cryoimport_gui.core.report.claims import ClaimState
from cryoimport_gui.core.report.report import make_report
from cryoimport_gui.gui.pages.poses import page as poses_page
from cryoimport_gui.gui.pages.poses.page import PosesPage
from cryoimport_gui.gui.pages.preview.page import PreviewPage
from cryoimport_gui.gui.theme import apply_theme
from cryoimport_gui.gui.wizard import ImportWizard
from tests.support.made_particles import Recipe, ball, make_particles
from tests.support.planted_poses import (
    SHIFTS,
    copy_with_stacks,
    dealt_anew,
    inverted,
    negated_shifts,
    numbered_from_zero,
    rewrite,
    write_made,
)

from ..conftest import WAIT_MS, step_state

RECIPE = DemoRecipe(micrographs=8)
LEFT = Qt.MouseButton.LeftButton
Open = Callable[..., PosesPage]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return make_demo(tmp_path_factory.mktemp("small"), RECIPE)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """More particles than are compared at first."""
    made = make_particles(Recipe(particles=620, box=24, stacks=31), 3)
    return write_made(tmp_path_factory.mktemp("many"), made)


@pytest.fixture
def open_poses(qtbot, open_wizard) -> Iterator[Open]:
    def open_it(meta: Path, data: Path | str = "", **values: Any) -> PosesPage:
        wizard = open_wizard(meta=str(meta), data=str(data), **values)
        wizard.resize(1280, 800)
        page = next(page for page in wizard.pages if isinstance(page, PosesPage))
        wizard.go_to(wizard.pages.index(page))
        settle(qtbot, page)
        return page

    yield open_it
    apply_theme("light")


def settle(qtbot, page: PosesPage) -> None:
    def is_settled() -> bool:
        is_busy = page.session.tasks.busy or page.checks.busy or page.tasks.busy
        return page.session.is_current and not is_busy

    qtbot.waitUntil(is_settled, timeout=WAIT_MS)


def words(page: PosesPage) -> str:
    return page.headline.label.text().replace("\u200b", "")


def click_button(qtbot, page: PosesPage, text: str) -> None:
    for line in page.problem_list.lines:
        if not line.fold.isChecked():
            qtbot.mouseClick(line.fold, LEFT)
    (button,) = (b for b in page.problem_list.findChildren(QPushButton) if b.text() == text and b.isVisible())
    qtbot.mouseClick(button, LEFT)
    settle(qtbot, page)


def place_of(page: PosesPage, number: int) -> QPoint:
    """The middle of a pair on the screen."""
    return page.pairs.mapFromScene(page.pairs.box.mapViewToScene(page.pairs.pair_rect(number).center()))


def assert_fits(page: PosesPage, particles: int) -> None:
    assert page.headline.claim.state is ClaimState.CONFIRMED and page.headline.icon.state is ClaimState.CONFIRMED
    assert words(page).startswith("Poses fit: ") and f"({particles} particles)" in words(page)
    assert page.problems() == [] and not page.problem_list.isVisible()


def test_right_poses(open_poses: Open, small: Demo) -> None:
    page = open_poses(small.star, small.data)
    assert_fits(page, 160)
    look, check = poses_look(page.session.plan), page.session.plan.poses_check.check
    assert look is not None and check is not None
    assert "cannot tell the hand" in page.note.text()
    values = [bar.value for bar in page.bars.bars]
    assert values[0] == max(values) > 0.9 and values[1] < 0.1 and page.bars_title.whole == "Share of signal explained"
    assert page.bars.accessibleDescription().startswith(f"as imported {values[0]:.2f}; shuffled poses {values[1]:.2f}")
    side = look.particles.shape[1]
    for number in range(8):
        x, y = (int(v) for v in page.pairs.pair_rect(number).topLeft().toTuple())
        shown = page.pairs.image.image[y : y + side, x : x + 2 * side + 2]
        np.testing.assert_array_equal(shown[:, :side], look.particles[number])
        np.testing.assert_array_equal(shown[:, -side:], look.projected[number])
    assert look.slices is not None and look.projections is not None
    np.testing.assert_array_equal(page.maps.picture.image.image[2 : 2 + side, 2 : 2 + side], look.slices[0])
    np.testing.assert_array_equal(page.maps.picture.image.image[4 + side : -2, 2 : 2 + side], look.projections[0])
    assert page.maps.bar.length() in (20, 50, 100, 200) and "Å" in page.maps.bar.label()
    own, dealt = (curve.getData() for curve in page.histogram.getPlotItem().listDataItems())
    np.testing.assert_array_equal(own[1], look.own)
    np.testing.assert_array_equal(dealt[0], look.edges)
    (curve,) = page.shells.getPlotItem().listDataItems()
    np.testing.assert_allclose(curve.getData()[1], np.clip(check.shell_correlation, 0, 1))
    assert page.tabs.tabText(1) == "Stacks" and page.tabs.currentIndex() == 0
    assert not page.sample.another.isEnabled() and "All 160 were compared" in page.sample.another.toolTip()
    assert not page.sample.cancel.isVisible()


def as_pixels(rows: pd.DataFrame) -> None:
    """Pixels in the columns of Å."""
    rows[SHIFTS] = rows[SHIFTS] / 2.1


FAULTS = [
    (dealt_anew, "Poses probably do not fit"),
    (inverted, "inverse rotations would"),
    (negated_shifts, "Shifts do not fit; shifts of the opposite sign would"),
    (numbered_from_zero, "the next image of each stack would"),
    (as_pixels, "Shifts do not fit; shifts multiplied by the pixel size would"),
]


@pytest.mark.parametrize(("change", "said"), FAULTS, ids=[change.__name__ for change, _ in FAULTS])
def test_a_fault_is_named_in_the_headline(
    open_poses: Open, small: Demo, tmp_path: Path, change: Any, said: str
) -> None:
    page = open_poses(rewrite(small.star, tmp_path / "a.star", change), small.data)
    assert page.headline.claim.state is ClaimState.CONTRADICTED and said in words(page) and "particles)" in words(page)
    (problem,) = page.problems()
    assert problem.code in ("poses-do-not-fit", "shifts-do-not-fit") and page.problem_list.isVisible()
    better = [bar for bar in page.bars.bars if bar.is_better]
    if change is dealt_anew:
        assert better == [] and page.bars.bars[0].value < 0.2
    else:
        assert max(better, key=lambda bar: bar.value).words in words(page)
        assert "◀" in page.bars.accessibleDescription()
    assert page.note.text() == "" and "contradicted" in step_state(page.wizard(), 3)


def test_images_upside_down(open_poses: Open, small: Demo, tmp_path: Path) -> None:
    box = small.recipe.box

    def upside_down(number: int, raw: bytes) -> bytes:
        return raw[:1024] + np.frombuffer(raw[1024:], "<f4").reshape(-1, box, box)[:, ::-1].tobytes()

    page = open_poses(small.star, copy_with_stacks(small, tmp_path / "data", upside_down))
    assert page.headline.claim.state is ClaimState.CONTRADICTED and "images mirrored top to bottom would" in words(page)


def test_shifts_that_were_applied_already(open_poses: Open, small: Demo, tmp_path: Path) -> None:
    centred = make_demo(tmp_path / "centred", DemoRecipe(micrographs=8, max_shift_px=0))
    page = open_poses(small.star, centred.data)
    assert page.headline.claim.state is ClaimState.CONTRADICTED and "Shifts do not fit; no shifts (they were" in words(
        page
    )


def test_image_numbers_are_corrected_by_a_click(qtbot, open_poses: Open, small: Demo, tmp_path: Path) -> None:
    page = open_poses(rewrite(small.star, tmp_path / "a.star", numbered_from_zero), small.data)
    labels = [b.text() for b in page.problem_list.findChildren(QPushButton)]
    assert "Count image numbers from 1" not in labels and "Go to the field" not in labels
    click_button(qtbot, page, "Count image numbers from 0")
    assert page.session.parameters.image_numbers_from == "0"
    assert_fits(page, 152)


def test_poses_are_left_out_by_a_click(qtbot, open_poses: Open, small: Demo, tmp_path: Path) -> None:
    page = open_poses(rewrite(small.star, tmp_path / "a.star", dealt_anew), small.data)
    click_button(qtbot, page, "Import without poses")
    assert page.session.parameters.ignore_pose_data
    assert (
        page.headline.claim.state is ClaimState.GIVEN
        and words(page) == "Poses: not imported, because pose data is ignored."
    )
    assert not page.evidence.isVisible() and "without alignments" in page.note.text() and page.problems() == []


def test_a_stack_of_other_images_is_listed_and_left_out(qtbot, open_poses: Open, small: Demo, tmp_path: Path) -> None:
    contents = [stack.read_bytes() for stack in small.stacks]
    data = copy_with_stacks(small, tmp_path / "data", lambda number, raw: contents[7] if number == 3 else raw)
    page = open_poses(small.star, data)
    assert page.headline.claim.state is ClaimState.DOUBTFUL and "Poses fit, but not in 1 of 8 stacks" in words(page)
    assert page.tabs.tabText(1) == "Stacks (✖ 1)" and page.tabs.currentWidget() is page.stacks
    plan = page.session.plan
    look = poses_look(plan)
    assert look is not None
    facts = poses_page.stack_facts(look.stacks)
    assert facts[0][0].startswith("✖ 0.") and small.stacks[3].name in facts[0][1] and len(facts) == 8
    click_button(qtbot, page, "Leave these stacks out")
    assert page.session.parameters.select == (f"rlnMicrographName!={small.micrograph_names[3]}",)
    assert_fits(page, 140)


@pytest.mark.parametrize(
    ("values", "why", "then"),
    [
        ({"check_poses": "off"}, "not checked: the check is switched off", "Automatic"),
        ({"ignore_pose_data": True}, "not imported, because pose data is ignored", "Preview shows them"),
        ({"ignore_raw_data": True}, "not checked: raw data is ignored", "Without images"),
        ({"select": ["rlnMicrographName=*0001*"]}, "not checked: too few particles", "25 particles"),
    ],
    ids=["off", "without poses", "without images", "too few"],
)
def test_nothing_is_claimed_where_nothing_was_compared(
    open_poses: Open, small: Demo, values: dict, why: str, then: str
) -> None:
    if "select" in values:
        values = {"select": [f"rlnMicrographName={small.micrograph_names[0]}"]}
    page = open_poses(small.star, small.data, **values)
    assert page.headline.claim.state is ClaimState.GIVEN and why in words(page)
    assert then in page.note.text() and not page.evidence.isVisible()
    assert not page.sample.another.isEnabled() and not page.sample.more.isEnabled()
    assert "confirmed" not in step_state(page.wizard(), 3), "what was not checked is not fine"


def test_without_a_file(open_wizard) -> None:
    wizard: ImportWizard = open_wizard()
    page = next(page for page in wizard.pages if isinstance(page, PosesPage))
    page.build_once()
    assert words(page) == "Poses: not checked yet." and page.note.text() == ""


def test_a_ball_cannot_be_tested_but_can_be_seen(open_poses: Open, tmp_path: Path) -> None:
    made = make_particles(Recipe(particles=160, box=48, snr=0.5, shift=0.08, stacks=8), 1, ball())
    page = open_poses(write_made(tmp_path, made))
    assert page.headline.claim.state is ClaimState.GIVEN and words(page).startswith("Poses cannot be tested")
    assert "same from every direction" in page.note.text() and page.problems() == []
    assert page.evidence.isVisible() and page.pairs.image.image is not None


def test_2d_poses_show_class_averages(open_poses: Open, tmp_path: Path) -> None:
    made = make_particles(Recipe(particles=160, snr=0.05, stacks=8, flat=True), 3)
    page = open_poses(write_made(tmp_path, made))
    assert page.headline.claim.state is ClaimState.CONFIRMED and words(page).startswith("In-plane angles fit")
    assert "Class averages" in page.maps.title.whole and page.shells.getAxis("left").labelText == "FRC"
    look = poses_look(page.session.plan)
    assert look is not None and look.averages is not None and look.dealt_averages is not None
    side = look.averages.shape[1]
    np.testing.assert_array_equal(page.maps.picture.image.image[2 : 2 + side, 2 : 2 + side], look.averages[0])
    np.testing.assert_array_equal(page.maps.picture.image.image[4 + side : -2, 2 : 2 + side], look.dealt_averages[0])


def test_the_check_is_switched_on_and_off_here(qtbot, open_poses: Open, small: Demo) -> None:
    page = open_poses(small.star, small.data)
    choice = page.findChild(QComboBox, "check_poses")
    choice.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(choice, Qt.Key.Key_Down)
    settle(qtbot, page)
    assert page.session.parameters.check_poses == "off" and not page.evidence.isVisible()
    QTest.keyClick(choice, Qt.Key.Key_Up)
    settle(qtbot, page)
    assert_fits(page, 160)


def test_a_click_on_a_pair_opens_its_particle(qtbot, open_poses: Open, small: Demo) -> None:
    page = open_poses(small.star, small.data)
    wizard = page.wizard()
    preview = next(page for page in wizard.pages if isinstance(page, PreviewPage))
    look = page.pairs.look
    assert look is not None
    for number in (0, 5):
        with qtbot.waitSignal(page.particle_wanted) as wanted:
            qtbot.mouseClick(page.pairs.viewport(), LEFT, pos=place_of(page, number))
        row = int(look.pair_rows[number])
        assert wanted.args == [row] and page.pairs.current == number
        qtbot.waitUntil(lambda: preview.particle.isVisible() and not preview.tasks.busy, timeout=WAIT_MS)
        particles = page.session.plan.all_particles
        assert particles is not None
        name = Path(particles.stack_names[particles.stack_index[row]]).name
        assert f"image {particles.image_number[row]} of {name}" in preview.particle.windowTitle()
        assert preview.particle.image.image.image is not None
        assert preview.particle.projection.isVisible()
        seen = preview.particle.projection.image.image
        assert np.corrcoef(seen.ravel(), look.projected[number].ravel())[0, 1] > 0.99
        assert wizard.currentPage() is page, "the next pair is one click away"
    preview.particle.close()


def test_pairs_by_the_keyboard(qtbot, open_poses: Open, small: Demo) -> None:
    page = open_poses(small.star, small.data)
    assert QApplication.focusWidget() is page.pairs
    look = page.pairs.look
    assert look is not None
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Down):
        QTest.keyClick(page.pairs, key)
    assert page.pairs.current == 3
    QTest.keyClick(page.pairs, Qt.Key.Key_Up)
    QTest.keyClick(page.pairs, Qt.Key.Key_Up)
    assert page.pairs.current == 1, "there is nothing above"
    with qtbot.waitSignal(page.particle_wanted) as wanted:
        QTest.keyClick(page.pairs, Qt.Key.Key_Return)
    assert wanted.args == [int(look.pair_rows[1])]
    preview = next(page for page in page.wizard().pages if isinstance(page, PreviewPage))
    qtbot.waitUntil(lambda: preview.particle.isVisible() and not preview.tasks.busy, timeout=WAIT_MS)
    preview.particle.close()


def test_more_particles_and_another_sample(qtbot, open_poses: Open, many: Path) -> None:
    """What is seen last stands in the plan and its report; another sign leaves it, another pixel size does not."""
    page = open_poses(many)
    session, sample = page.session, page.sample
    first = session.plan.poses_check
    assert_fits(page, 500)
    assert sample.more.text() == "&More particles (620)" and len(first.rows) == 500

    qtbot.mouseClick(sample.another, LEFT)
    assert sample.cancel.isVisible() and not sample.another.isEnabled() and not sample.more.isEnabled()
    qtbot.waitUntil(lambda: session.plan.poses_check is not first, timeout=WAIT_MS)
    settle(qtbot, page)
    second = session.plan.poses_check
    assert_fits(page, 500)
    assert len(second.rows) == 500 and set(second.rows.tolist()) != set(first.rows.tolist())
    assert not sample.cancel.isVisible() and sample.another.isEnabled()
    assert page.pairs.look is not None and page.pairs.look.verdict is second
    third = look_at_poses(session.plan, seed=2)

    qtbot.mouseClick(sample.another, LEFT)
    qtbot.waitUntil(lambda: session.plan.poses_check is not second, timeout=WAIT_MS)
    settle(qtbot, page)
    np.testing.assert_array_equal(session.plan.poses_check.rows, third.rows)

    qtbot.mouseClick(sample.more, LEFT)
    qtbot.waitUntil(lambda: len(session.plan.poses_check.rows) == 620, timeout=WAIT_MS)
    settle(qtbot, page)
    assert_fits(page, 620)
    assert not sample.more.isEnabled() and not sample.another.isEnabled()
    assert make_report(session.plan, "checked")["poses"]["sampled"] == 620

    session.change(data_sign="-1")
    settle(qtbot, page)
    assert_fits(page, 620)
    session.change(pixel_size=["4.1"])
    settle(qtbot, page)
    assert_fits(page, 500)


def test_cancel_leaves_the_verdict(qtbot, open_poses: Open, many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = open_poses(many)
    before, reached, go_on = page.session.plan, threading.Event(), threading.Event()

    def held_up(plan: Any, count: int, progress: Progress, seed: int) -> Any:
        progress.stage("poses")
        progress.step(1, 2)
        reached.set()
        go_on.wait(10)
        progress.step(2, 2)
        raise AssertionError("it was not stopped")

    monkeypatch.setattr(poses_page, "look_at_poses", held_up)
    qtbot.mouseClick(page.sample.more, LEFT)
    qtbot.waitUntil(reached.is_set, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: "Comparing images" in page.sample.progress._label.text(), timeout=WAIT_MS)
    qtbot.mouseClick(page.sample.cancel, LEFT)
    go_on.set()
    settle(qtbot, page)
    assert page.session.plan is before and not page.sample.cancel.isVisible() and page.sample.more.isEnabled()
    assert page.sample.progress._label.text() == ""
    assert_fits(page, 500)


def test_no_pictures_of_other_particles_stay(qtbot, open_poses: Open, small: Demo, tmp_path: Path) -> None:
    page = open_poses(small.star, small.data)
    page.session.change(meta=str(rewrite(small.star, tmp_path / "a.star", dealt_anew)))
    seen: list[bool] = []
    page.session.planned.connect(lambda _: seen.append(page.pairs.look is None))
    qtbot.waitUntil(lambda: bool(seen), timeout=WAIT_MS)
    assert seen == [True]
    settle(qtbot, page)
    assert page.pairs.look is not None and page.pairs.look.verdict is page.session.plan.poses_check


def test_what_fails_is_said_and_can_be_tried_again(
    qtbot, open_poses: Open, many: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_poses(many)

    def broken(*_: Any) -> Any:
        raise OSError("the disk is gone")

    failures: list[str] = []
    page.session.failed.connect(lambda message, details: failures.append(message))
    monkeypatch.setattr("cryoimport_gui.gui.wizard.show_failure", lambda *_: None)
    monkeypatch.setattr(poses_page, "look_at_poses", broken)
    qtbot.mouseClick(page.sample.more, LEFT)
    qtbot.waitUntil(lambda: bool(failures), timeout=WAIT_MS)
    assert failures == ["OSError: the disk is gone"]
    assert page.sample.more.isEnabled() and not page.sample.cancel.isVisible()


def test_the_users_sign_turns_the_pictures_round(qtbot, open_poses: Open, small: Demo) -> None:
    page = open_poses(small.star, small.data)
    before = page.maps.picture.image.image.astype(int)
    page.session.change(data_sign="+1")
    settle(qtbot, page)
    qtbot.waitUntil(lambda: page.maps.picture.image.image[5, 5] != before[5, 5], timeout=WAIT_MS)
    after = page.maps.picture.image.image.astype(int)
    tile = slice(2, 2 + 87)
    assert np.abs(before[tile, tile] + after[tile, tile] - 255).max() <= 1


def test_dark(qtbot, open_poses: Open, small: Demo) -> None:
    """Between pictures is the window's own grey."""
    page = open_poses(small.star, small.data)
    for theme in ("dark", "light"):
        apply_theme(theme)
        QApplication.processEvents()
        ground = page.palette().window().color().lightness()
        assert page.maps.picture.image.image[0, 0] == ground
        assert page.pairs.image.image[-1, -1] == ground


@pytest.mark.parametrize("size", [(960, 500), (1280, 800), (1900, 1000)], ids=str)
def test_pictures_fill_their_space(qtbot, open_poses: Open, small: Demo, tmp_path: Path, size: tuple[int, int]) -> None:
    """Also below a headline and above a problem; in at least one direction nothing is left."""
    page = open_poses(rewrite(small.star, tmp_path / "a.star", dealt_anew), small.data)
    page.wizard().resize(*size)
    qtbot.waitUntil(lambda: page.wizard().width() == size[0], timeout=WAIT_MS)
    QApplication.processEvents()
    for view in (page.pairs, page.maps.picture):
        height, width = view.image.image.shape
        filled = width * view.screen_pixels / view.width(), height * view.screen_pixels / view.height()
        assert 0.97 <= max(filled) <= 1.03 and min(filled) > 0.4, filled
    for label in (page.headline.label, page.note):
        assert not label.isVisible() or label.height() >= label.heightForWidth(label.width())
    assert page.bars.height() >= page.bars.minimumSizeHint().height()
