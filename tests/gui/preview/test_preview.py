"""The preview page: tiles, data sign, contrast, pages, and the close look at one particle."""

from __future__ import annotations

import os
import shutil
import threading
from collections import Counter
from collections.abc import Callable

import numpy as np
import numpy.testing  # noqa: F401  # here, because NumPy reads files when it is first used
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QHelpEvent, QImage
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QCheckBox,
    QComboBox,
    QFrame,
    QLabel,
    QLineEdit,
    QPushButton,
    QToolTip,
    QWizard,
)

from cryoimport_gui.core.demo import Demo, DemoRecipe, make_demo
from cryoimport_gui.core.looks.particle import inspect
from cryoimport_gui.core.pictures.data_sign import SignVerdict
from cryoimport_gui.core.pictures.montage import compose
from cryoimport_gui.core.report.claims import ClaimState
from cryoimport_gui.core.stacks.sample import Selection
from cryoimport_gui.gui.pages.preview.contrast_bar import Mode
from cryoimport_gui.gui.pages.preview.no_images import IGNORED
from cryoimport_gui.gui.pages.preview.page import PreviewPage
from cryoimport_gui.gui.pages.preview.sign_panel import sign_in_use
from cryoimport_gui.gui.theme import apply_theme

from ..conftest import WAIT_MS, step_state

Open = Callable[..., PreviewPage]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """160 particles: two pages; read only."""
    recipe = DemoRecipe(micrographs=8, particles_per_micrograph=20, box=48)
    return make_demo(tmp_path_factory.mktemp("preview"), recipe)


@pytest.fixture
def preview(qtbot, open_wizard, demo: Demo) -> Open:
    """Opens the wizard at the preview and waits for its tiles."""

    def open_it(size: tuple[int, int] = (1280, 800), **values) -> PreviewPage:
        wizard = open_wizard(**{"meta": str(demo.star), "data": str(demo.data)} | values)
        wizard.resize(*size)
        page = next(page for page in wizard.pages if isinstance(page, PreviewPage))
        wizard.go_to(wizard.pages.index(page))
        settle(qtbot, page)
        return page

    return open_it


def settle(qtbot, page: PreviewPage) -> None:
    """Wait until nothing is being made any more."""
    view = page.view

    def is_settled() -> bool:
        waits = view._settled.isActive() or page.controls._typing.isActive() or view._click.isActive()
        return page.session.is_current and not page.tasks.busy and not waits

    qtbot.waitUntil(is_settled, timeout=WAIT_MS)


def picture(page: PreviewPage) -> np.ndarray:
    return page.view.image.image


def expected_picture(page: PreviewPage, sign: int, limits, inverted: bool = False) -> np.ndarray:
    view = page.view
    grey = view.palette().window().color().lightness()
    return compose(view.tiles.values, view.columns, sign, limits, inverted, grey, view.tiles.errors)


def fail(*_: object, **__: object) -> None:
    raise AssertionError("a file was touched")


def tile_point(page: PreviewPage, number: int) -> QPoint:
    """The middle of a tile, in the view."""
    centre = page.view.tile_rect(number).center()
    return page.view.mapFromScene(page.view.box.mapViewToScene(centre))


def double_click(qtbot, page: PreviewPage, where: QPoint) -> None:
    """All that a double click sends."""
    target = page.view.viewport()
    qtbot.mouseClick(target, Qt.MouseButton.LeftButton, pos=where)
    qtbot.mouseDClick(target, Qt.MouseButton.LeftButton, pos=where)
    qtbot.mouseRelease(target, Qt.MouseButton.LeftButton, pos=where)


def key(qtbot, page: PreviewPage, *keys: Qt.Key) -> None:
    for one in keys:
        qtbot.keyClick(page.view, one)


# tiles and what only draws them again


def test_the_first_page_is_drawn_with_the_detected_sign(preview: Open, demo: Demo) -> None:
    page = preview()
    rows, total = page._images.page(Selection())
    np.testing.assert_array_equal(page.view.tiles.rows, rows)
    assert page.view.sign == demo.data_sign == -1
    np.testing.assert_array_equal(picture(page), expected_picture(page, -1, page.view.tiles.limits))
    assert page.page_bar.place.text() == "Page 1 of 2"
    assert page.page_bar.scale_bar.label().endswith("00 Å")


def test_sign_contrast_and_inversion_redraw_at_once_and_touch_no_file(qtbot, preview: Open, monkeypatch) -> None:
    page = preview()
    tiles = page.view.tiles
    with monkeypatch.context() as patch:
        for name in ("open", "pread", "stat"):
            patch.setattr(os, name, fail)
        page.session.change(data_sign="+1")
        np.testing.assert_array_equal(picture(page), expected_picture(page, 1, tiles.limits))
        page.contrast.mode.setCurrentIndex(page.contrast.mode.findData(Mode.OWN))
        np.testing.assert_array_equal(picture(page), expected_picture(page, 1, tiles.own_limits))
        page.contrast.low.setValue(-0.25)
        assert page.contrast.mode.currentData() is Mode.BY_HAND
        np.testing.assert_array_equal(picture(page), expected_picture(page, 1, (-0.25, page.contrast.high.value())))
        page.contrast._region.setRegion((-0.5, 0.5))
        assert (page.contrast.low.value(), page.contrast.high.value()) == (-0.5, 0.5)
        np.testing.assert_array_equal(picture(page), expected_picture(page, 1, (-0.5, 0.5)))
        page.invert.click()
        np.testing.assert_array_equal(picture(page), expected_picture(page, -1, (-0.5, 0.5)))
        assert page.view.tiles is tiles
    settle(qtbot, page)


def test_an_inverted_view_says_so_and_leaves_the_data_sign(preview: Open) -> None:
    page = preview()
    before = picture(page)
    assert not page.frame.banner.isVisible()
    page.invert.click()
    assert page.frame.banner.isVisible()
    assert "not what is imported" in page.frame.banner.text()
    assert (page.session.parameters.data_sign, page.view.sign) == ("auto", -1)
    np.testing.assert_array_equal(picture(page), expected_picture(page, 1, page.view.tiles.limits))
    page.invert.click()
    assert not page.frame.banner.isVisible()
    np.testing.assert_array_equal(picture(page), before)


def test_limits_by_hand_stay_and_automatic_ones_follow(qtbot, preview: Open) -> None:
    page = preview()
    before = page.contrast.limits()
    page.controls.low_pass.setValue(40)
    settle(qtbot, page)
    assert page.contrast.limits() != before
    page.contrast.high.setValue(0.75)
    by_hand = page.contrast.limits()
    page.controls.low_pass.setValue(0)
    settle(qtbot, page)
    assert page.contrast.limits() == by_hand == page.view.limits


def test_another_low_pass_leaves_the_contrast_automatic(qtbot, preview: Open) -> None:
    page = preview()
    low_pass = page.controls.low_pass
    for value in ("80", "0", "300", "20"):
        before = page.view.tiles
        qtbot.mouseClick(low_pass, Qt.MouseButton.LeftButton, pos=QPoint(10, low_pass.height() // 2))
        low_pass.selectAll()
        qtbot.keyClicks(low_pass, value)
        qtbot.keyClick(low_pass, Qt.Key.Key_Tab)
        qtbot.waitUntil(lambda before=before: page.view.tiles is not before, timeout=WAIT_MS)
        settle(qtbot, page)
        assert page.contrast.mode.currentData() is Mode.SHARED
        shown = (-page.contrast.high.value(), -page.contrast.low.value())
        assert shown == pytest.approx(page.view.tiles.limits, abs=0.01), "the fields show the limits in use"


def test_a_lower_limit_above_the_upper_one_leaves_some_contrast(preview: Open) -> None:
    page = preview()
    page.contrast.low.setValue(5.0)
    assert page.contrast.low.value() == pytest.approx(5.0)
    assert page.contrast.high.value() > page.contrast.low.value()
    low, high = page.contrast.limits()
    assert high > low


def test_the_upper_limit_is_that_of_white(qtbot, preview: Open) -> None:
    """Whatever the data sign: limits and histogram are of what is shown."""
    page = preview()
    contrast, tiles = page.contrast, page.view.tiles
    assert (page.view.sign, contrast.limits()) == (-1, tiles.limits)
    edges, counts = contrast._curve.getOriginalDataset()
    np.testing.assert_array_equal(edges, -tiles.histogram[1][::-1])
    np.testing.assert_array_equal(counts, tiles.histogram[0][::-1])
    assert contrast.low.value() == pytest.approx(-tiles.limits[1], abs=1e-3)
    before = picture(page)
    contrast.high.setValue(contrast.high.value() - 0.3)
    after = picture(page)
    inside = slice(10, 40), slice(10, 40)
    assert (after >= before)[inside].all(), "what is between the limits gets lighter"
    assert (after == 255).sum() > (before == 255).sum()
    low, high, stored = contrast.low.value(), contrast.high.value(), contrast.limits()
    page.session.change(data_sign="+1")
    assert (contrast.low.value(), contrast.high.value()) == (-high, -low)
    assert contrast.limits() == stored
    np.testing.assert_array_equal(contrast._curve.getOriginalDataset()[0], tiles.histogram[1])
    np.testing.assert_array_equal(picture(page), expected_picture(page, 1, stored))
    settle(qtbot, page)


def test_filters_are_made_from_images_in_memory(qtbot, preview: Open, monkeypatch) -> None:
    page = preview()
    before = page.view.tiles
    monkeypatch.setattr(os, "pread", fail)
    for control in (page.controls.flatten, page.controls.centre, page.controls.rotate):
        control.click()
    page.controls.low_pass.setValue(0)
    page.controls.high_pass.setValue(200)
    settle(qtbot, page)
    options = page.controls.options
    assert (options.flatten, options.centre, options.rotate) == (False, True, True)
    assert (options.low_pass_A, options.high_pass_A) == (0, 200)
    np.testing.assert_array_equal(page.view.tiles.rows, before.rows)
    assert page.view.tiles.values.std() > before.values.std(), "less is filtered away"


def test_tiles_are_as_large_as_they_are_shown(qtbot, preview: Open) -> None:
    page = preview(size=(1600, 1000))
    large = page.view.tiles.values.shape[1]
    assert 1.0 <= page.view.screen_pixels < 1.3 or large == 48
    page.wizard().resize(1000, 640)
    settle(qtbot, page)
    small = page.view.tiles.values.shape[1]
    assert small < large
    assert 1.0 <= page.view.screen_pixels < 1.3
    page.controls.count.setValue(16)
    settle(qtbot, page)
    assert page.view.tiles.values.shape[1] == 48, "no larger than the images"


def test_a_new_pixel_size_makes_new_tiles_and_another_scale(qtbot, preview: Open) -> None:
    page = preview()
    before = page.view.tiles
    page.session.change(pixel_size={None: 4.2})
    settle(qtbot, page)
    assert page.view.tiles is not before
    np.testing.assert_allclose(page.view.tiles.pixel_size_A, 2 * before.pixel_size_A)
    assert page.view.tiles.values.std() > before.values.std(), "20 Å are fewer pixels now"


# which particles


def test_pages_order_and_filters(qtbot, preview: Open, demo: Demo) -> None:
    page = preview()
    rows = {"first": page.view.tiles.rows}
    for name, act in {
        "second": page.page_bar.next.click,
        "first again": page.page_bar.previous.click,
        "another": page.page_bar.again.click,
        "fewer": lambda: page.controls.count.setValue(25),
        "by defocus": lambda: page.controls.sort.setCurrentIndex(1),
        "all": lambda: page.controls.which.setCurrentIndex(1),
        "group": lambda: page.controls.group.setCurrentIndex(2),
        "stack": lambda: page.controls.stack.setText("demo_0004_"),
    }.items():
        act()
        settle(qtbot, page)
        rows[name] = page.view.tiles.rows
    defocus = (demo.defocus_u_A + demo.defocus_v_A) / 2
    assert sorted([*rows["first"], *rows["second"]]) == list(range(160))
    np.testing.assert_array_equal(rows["first"], rows["first again"])
    assert set(rows["another"]) != set(rows["first"])
    assert len(rows["fewer"]) == 25
    assert set(rows["by defocus"]) == set(rows["fewer"])
    assert (np.diff(defocus[rows["by defocus"]]) >= 0).all()
    np.testing.assert_array_equal(rows["all"], np.argsort(defocus, kind="stable")[:25])
    assert set(demo.optics_group[rows["group"]]) == {2}
    assert set(demo.stack_index[rows["stack"]]) == {3}
    assert page.page_bar.place.text() == "Page 1 of 1"
    page.controls.stack.setText("no such stack")
    settle(qtbot, page)
    assert page.view.tiles is None
    assert "No particle" in page.view.message.text()
    page.controls.stack.setText("")
    settle(qtbot, page)
    assert len(page.view.tiles) == 25


def test_an_unreadable_stack_is_shown_in_its_tiles(qtbot, preview: Open, demo: Demo, tmp_path) -> None:
    copy = tmp_path / "relion"
    shutil.copytree(demo.data, copy)
    (copy / demo.stacks[3].relative_to(demo.data)).write_bytes(b"")
    page = preview(meta=str(copy / demo.star.relative_to(demo.data)), data=str(copy))
    page.controls.stack.setText("demo_000")
    settle(qtbot, page)
    tiles = page.view.tiles
    assert set(tiles.errors.values()) == {"the file is empty"}
    bad = sorted(tiles.errors)
    assert set(demo.stack_index[tiles.rows[bad]]) == {3}
    grey = page.view.palette().window().color().lightness()
    rect = page.view.tile_rect(bad[0]).toRect()
    assert (picture(page)[rect.top() : rect.bottom(), rect.left() : rect.right()] == grey).all()
    shown = page.view.grab().toImage()
    middle = page.view.mapFromScene(page.view.box.mapViewToScene(page.view.tile_rect(bad[0]).center()))
    around = [shown.pixelColor(middle + QPoint(x, y)) for x in range(-15, 16) for y in range(-12, 13)]
    assert any(colour.red() > colour.green() + 40 for colour in around), "no red words"
    page._look_at(bad[0])
    settle(qtbot, page)
    assert "the file is empty" in page.particle.message.text()
    assert page.particle.image.image.image is None


def test_without_raw_data_there_is_nothing_to_show(qtbot, preview: Open) -> None:
    page = preview()
    page.session.change(ignore_raw_data=True)
    settle(qtbot, page)
    assert page.view.tiles is None
    assert shown_instead(page) == [IGNORED]
    assert "sign does not matter" in IGNORED
    assert not page.sign_panel.choice.isVisible()
    assert page.obstacle() == ""
    assert step_state(page.wizard(), 2) == "not imported"
    assert "not imported, because raw data is ignored" in page.headline.label.text()
    page.nothing.to_particles.click()
    assert page.wizard().currentId() == 0
    page.wizard().go_to(2)
    page.session.change(ignore_raw_data=False)
    settle(qtbot, page)
    assert len(page.view.tiles) == 100
    assert page.sign_panel.choice.isVisible()


def shown_instead(page: PreviewPage) -> list[str]:
    """What is said in place of the montage, of which nothing is seen."""
    for widget in (page.frame, page.controls, page.contrast, page.invert, page.page_bar):
        assert not widget.isVisible()
    titles = [card.accessibleName() for card in page.nothing.reasons.widget().findChildren(QFrame) if card.layout()]
    return [page.nothing.why.text(), *titles]


def test_where_stacks_are_missing_it_is_said_with_the_way_out(qtbot, preview: Open, demo: Demo, tmp_path) -> None:
    page = preview()
    lonely = tmp_path / "a/b/run_data.star"
    lonely.parent.mkdir(parents=True)
    shutil.copy(demo.star, lonely)
    page.session.change(meta=str(lonely), data="")
    settle(qtbot, page)
    wizard = page.wizard()
    words, card = shown_instead(page)
    assert words == "There are no images to show:"
    assert card.startswith("error:")
    assert page.obstacle() == f"Cannot continue: {page.session.plan.errors[0].message}."
    assert not wizard.button(QWizard.WizardButton.NextButton).isEnabled()
    assert "not checked yet" in step_state(wizard, 2)
    assert "contradicted" in step_state(wizard, 0)
    way = next(b for b in page.nothing.reasons.findChildren(QPushButton) if b.text() == "Go to Particles")
    qtbot.mouseClick(way, Qt.MouseButton.LeftButton)
    assert wizard.currentId() == 0
    assert QApplication.focusWidget().objectName() == "data"
    page.session.change(data=str(demo.data))
    settle(qtbot, page)
    wizard.go_to(2)
    settle(qtbot, page)
    assert len(page.view.tiles) == 100
    assert page.frame.isVisible() and page.contrast.isVisible()
    assert "confirmed" in step_state(wizard, 2)


def test_where_there_is_no_star_file_it_is_said_with_the_way_out(qtbot, preview: Open, tmp_path) -> None:
    page = preview()
    page.session.change(meta=str(tmp_path / "none.star"))
    settle(qtbot, page)
    words, card = shown_instead(page)
    assert "none.star" in card
    assert "none.star" in page.obstacle()
    page.session.change(meta="")
    settle(qtbot, page)
    (words,) = shown_instead(page)
    assert words.startswith("No particle STAR file is chosen")
    assert page.obstacle() == "Cannot continue: no particle STAR file is chosen."
    assert step_state(page.wizard(), 2) == "nothing is known yet"
    page.nothing.to_particles.click()
    assert QApplication.focusWidget().objectName() == "meta"


def test_controls_without_a_tile_are_off(qtbot, preview: Open) -> None:
    page = preview()
    for text, is_on in (("no such stack", False), ("", True)):
        page.controls.stack.setText(text)
        settle(qtbot, page)
        assert page.contrast.isEnabled() == page.invert.isEnabled() == is_on


def test_no_file_is_read_in_the_thread_of_the_window(qtbot, preview: Open, monkeypatch) -> None:
    readers = set()
    real = os.pread
    monkeypatch.setattr(
        os, "pread", lambda fd, size, offset: readers.add(threading.get_ident()) or real(fd, size, offset)
    )
    page = preview()
    page._images._cache.clear()
    page.page_bar.next.click()
    settle(qtbot, page)
    page._images._cache.clear()
    page._look_at(3)
    settle(qtbot, page)
    assert readers
    assert threading.get_ident() not in readers


# the data sign


def test_the_sign_in_use() -> None:
    verdicts = {value: SignVerdict(value, 0.5, 0.9, 10) for value in (-1, 0, 1)}
    assert [sign_in_use("auto", verdicts[value]) for value in (-1, 0, 1)] == [-1, -1, 1]
    assert [sign_in_use("+1", verdict) for verdict in verdicts.values()] == [1, 1, 1]
    assert sign_in_use("auto", None) == -1


def test_a_sign_that_the_user_set_is_marked_and_reset(qtbot, preview: Open) -> None:
    page = preview(data_sign="+1")
    panel = page.sign_panel
    assert page.headline.claim.state is ClaimState.CONTRADICTED
    assert page.headline.claim.words.startswith("Data sign +1: you chose it, but 160 of 160")
    assert panel.set_by.text() == "Set by you; the pictures say −1." and panel._choice.label.font().bold()
    assert page.view.sign == 1
    qtbot.mouseClick(panel.reset, Qt.MouseButton.LeftButton)
    assert panel.choice.currentData() == page.session.parameters.data_sign == "auto"
    assert page.view.sign == -1
    assert not panel.reset.isVisible() and not panel.set_by.text() and not panel._choice.label.font().bold()
    qtbot.waitUntil(lambda: page.headline.isEnabled(), timeout=WAIT_MS)
    assert page.headline.label.text() == "Data sign −1: 160 of 160 particles are stored bright."
    assert page.headline.claim.state is ClaimState.CONFIRMED
    settle(qtbot, page)
    assert page.problems() == []


def test_both_readings_stand_side_by_side_and_can_be_taken(qtbot, preview: Open) -> None:
    page = preview()
    readings = page.sign_panel.readings

    def shown(sign: int) -> np.ndarray:
        button = readings[sign]
        image = button.icon().pixmap(button.iconSize()).toImage().convertToFormat(QImage.Format.Format_Grayscale8)
        return np.array(image.constBits()).reshape(image.height(), image.bytesPerLine())[:, : image.width()]

    plus, minus = shown(1).astype(int), shown(-1).astype(int)
    assert plus.shape[1] == pytest.approx(readings[1].iconSize().width(), abs=2)
    tile = (slice(5, 55), slice(5, 55))
    assert np.abs(plus[tile] + minus[tile] - 255).max() <= 2
    assert minus[tile][17:33, 17:33].mean() < minus[tile][:6].mean() - 50, "the mean particle is dark with -1"
    assert [readings[sign].isChecked() for sign in (1, -1)] == [False, True]
    assert "light ✖" in readings[1].text()
    assert "dark ✓" in readings[-1].text()
    for clicked, other, found in ((1, -1, ["data-sign-contradicts"]), (-1, 1, [])):
        qtbot.mouseClick(readings[clicked], Qt.MouseButton.LeftButton)
        assert page.session.parameters.data_sign == f"{clicked:+d}"
        assert readings[clicked].isChecked() and not readings[other].isChecked()
        assert "in use" in readings[clicked].text()
        settle(qtbot, page)
        assert [p.code for p in page.problems()] == found


def test_of_blank_images_no_share_is_given(qtbot, preview: Open, demo: Demo, tmp_path) -> None:
    """The window says what the report says: nothing could be looked at."""
    shutil.copytree(demo.data, tmp_path / "data")
    for stack in demo.stacks:
        copy = tmp_path / "data" / stack.relative_to(demo.data)
        content = copy.read_bytes()
        copy.write_bytes(content[:1024] + bytes(len(content) - 1024))
    page = preview(data=str(tmp_path / "data"))
    words = page.headline.claim.words
    assert page.session.plan.data_sign.verdict.sampled == 0
    assert "no image could be looked at" in words and "%" not in words
    assert any("no image could be looked at" in p.message for p in page.problems())


def test_few_particles_are_shown_as_what_they_are(qtbot, preview: Open, demo: Demo, tmp_path) -> None:
    lines = demo.star.read_text().splitlines()
    first = next(i for i, line in enumerate(lines) if "@" in line)
    for count, said in ((1, "1 particle is shown."), (3, "First tile: average of 3.")):
        few = tmp_path / f"{count}.star"
        few.write_text("\n".join(lines[: first + count]) + "\n")
        page = preview(meta=str(few))
        assert page.sign_panel.rule.text().endswith(f"dark on light. {said}")
        reading = page.sign_panel.readings[1]
        grey = reading.icon().pixmap(reading.iconSize()).toImage().convertToFormat(QImage.Format.Format_Grayscale8)
        tiles = np.array(grey.constBits()).reshape(grey.height(), grey.bytesPerLine())
        assert np.ptp(tiles[5:50, 5:55]) > 50
        assert (np.ptp(tiles[5:50, 65:110]) > 50) == (count > 1), "the same image stands there twice"
        if count == 1:
            assert "the only particle is stored bright" in page.headline.claim.words
        page.wizard().close()


# keyboard and mouse


def test_the_keyboard_moves_a_frame_and_turns_pages(qtbot, preview: Open) -> None:
    page = preview()
    view, columns = page.view, page.view.columns
    places = []
    for one in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Up, Qt.Key.Key_Up):
        key(qtbot, page, one)
        places.append(view.current)
    assert places == [0, 1, columns + 1, columns, 0, 0]
    key(qtbot, page, Qt.Key.Key_End)
    assert view.current == 99
    key(qtbot, page, Qt.Key.Key_Right)
    assert view.current == 99
    assert page.page_bar.particle.toolTip().startswith("image ")
    key(qtbot, page, Qt.Key.Key_Home)
    assert view.current == 0
    first = view.tiles.rows
    key(qtbot, page, Qt.Key.Key_PageDown)
    settle(qtbot, page)
    assert page.page_bar.place.text() == "Page 2 of 2"
    assert view.current == 0
    key(qtbot, page, Qt.Key.Key_PageUp, Qt.Key.Key_PageUp)
    settle(qtbot, page)
    np.testing.assert_array_equal(view.tiles.rows, first)


def test_tab_into_the_montage_frames_a_tile(qtbot, preview: Open) -> None:
    page = preview()
    assert page.view.current == -1
    page.controls.count.setFocus()
    qtbot.keyClick(page.controls.count, Qt.Key.Key_Backtab)
    assert QApplication.focusWidget() is page.view and page.view.current == 0


def test_zoom_and_fit(qtbot, preview: Open) -> None:
    page = preview()
    view = page.view
    fitted = view.box.viewRect()
    key(qtbot, page, *[Qt.Key.Key_Plus] * 6)
    assert view.box.viewRect().width() < fitted.width() / 3
    key(qtbot, page, Qt.Key.Key_End)
    assert view.box.viewRect().contains(view.tile_rect(99).adjusted(1, 1, -1, -1)), "the frame left the view"
    length = page.page_bar.scale_bar.length()
    key(qtbot, page, Qt.Key.Key_0)
    assert view.box.viewRect().width() == pytest.approx(fitted.width())
    assert page.page_bar.scale_bar.length() > length
    key(qtbot, page, Qt.Key.Key_Plus)
    double_click(qtbot, page, view.viewport().rect().center())
    settle(qtbot, page)
    assert view.box.viewRect().width() == pytest.approx(fitted.width())


def test_the_picture_fills_the_view_at_any_size(qtbot, preview: Open) -> None:
    page = preview()
    for size in ((900, 700), (1500, 700), (1280, 1000)):
        page.wizard().resize(*size)
        settle(qtbot, page)
        height, width = picture(page).shape
        shown = page.view.box.viewRect()
        assert shown.contains(1, 1) and shown.contains(width - 1, height - 1)
        assert min(shown.width() / width, shown.height() / height) < 1.02


def test_a_click_opens_a_particle_and_a_double_click_does_not(qtbot, preview: Open) -> None:
    page = preview()
    where = tile_point(page, 37)
    double_click(qtbot, page, where)
    settle(qtbot, page)
    assert not page.particle.isVisible()
    qtbot.mouseClick(page.view.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert page.view.current == 37
    qtbot.waitUntil(page.particle.isVisible, timeout=WAIT_MS)
    settle(qtbot, page)
    assert "tile 38 of 100" in page.particle.windowTitle()


def test_a_tool_tip_names_the_particle(preview: Open, demo: Demo) -> None:
    page = preview()
    row = page.view.tiles.rows[12]
    where = tile_point(page, 12)
    event = QHelpEvent(QEvent.Type.ToolTip, where, page.view.viewport().mapToGlobal(where))
    QApplication.sendEvent(page.view.viewport(), event)
    text = QToolTip.text()
    defocus_um = (demo.defocus_u_A[row] + demo.defocus_v_A[row]) / 2e4
    name = demo.stacks[demo.stack_index[row]].name
    assert text == f"image {demo.image_index[row] + 1} of {name}\ndefocus {defocus_um:.2f} µm"
    QToolTip.hideText()
    outside = page.view.mapFromScene(page.view.box.mapViewToScene(QPointF(-5, -5)))
    QApplication.sendEvent(
        page.view.viewport(), QHelpEvent(QEvent.Type.ToolTip, outside, page.view.viewport().mapToGlobal(outside))
    )
    assert QToolTip.text() in ("", text)


def test_the_close_look_follows_the_arrows(qtbot, preview: Open) -> None:
    page = preview()
    key(qtbot, page, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Return)
    settle(qtbot, page)
    particle = page.particle
    assert particle.isVisible()
    looks = []
    for one in (None, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left):
        if one is not None:
            qtbot.keyClick(particle, one)
        settle(qtbot, page)
        looks.append((page.view.current, particle._look.raw.tobytes()))
    assert [number for number, _ in looks] == [1, 2, 3, 2]
    rows = page.view.tiles.rows
    for number, raw in looks:
        assert raw == page._images.read(rows[[number]]).images[0].tobytes()
    key(qtbot, page, Qt.Key.Key_Home, Qt.Key.Key_Return)
    settle(qtbot, page)
    assert not particle.previous.isEnabled()
    qtbot.keyClick(particle, Qt.Key.Key_Left)
    settle(qtbot, page)
    assert page.view.current == 0
    qtbot.keyClick(particle, Qt.Key.Key_Escape)
    assert not particle.isVisible()
    assert page.wizard().isVisible()


def test_what_the_close_look_shows(qtbot, preview: Open) -> None:
    page = preview()
    key(qtbot, page, Qt.Key.Key_Right, Qt.Key.Key_Return)
    settle(qtbot, page)
    particle, row = page.particle, int(page.view.tiles.rows[0])
    seen = inspect(page._images, page.session.plan.groups, row, page.controls.options, 50)
    assert particle._look.averaged == seen.look.averaged == 20
    assert "average of 20 images" in particle.spectrum_note.text()
    x, y = particle._ring_curve.getData()
    shown = np.stack([x, y], axis=1)
    np.testing.assert_allclose(shown[:121], seen.look.rings[0] + 0.5, atol=1e-6)
    filtered = particle.image.image.image
    particle.filtered.click()
    raw = particle.image.image.image
    assert (raw != filtered).any()
    projected = particle.projection.image.image
    page.session.change(data_sign="+1")
    assert np.abs(particle.image.image.image.astype(int) + raw - 255).max() <= 1
    assert np.abs(particle.projection.image.image.astype(int) + projected - 255).max() <= 1
    radius, profile = particle.profile_curve.getData()
    np.testing.assert_allclose(profile, seen.look.profile, atol=1e-6)
    particle.rings.click()
    assert not particle._ring_curve.isVisible()
    particle.average.click()
    settle(qtbot, page)
    assert particle._look.averaged == 1
    assert particle.spectrum_note.text().startswith("one image")


def test_a_look_closes_when_other_particles_come(qtbot, preview: Open, demo: Demo, tmp_path) -> None:
    page = preview()
    page._look_at(1)
    settle(qtbot, page)
    other = tmp_path / "other.star"
    lines = demo.star.read_text().splitlines()
    other.write_text("\n".join(lines[:-50]) + "\n")
    page.session.change(meta=str(other))
    settle(qtbot, page)
    assert not page.particle.isVisible()
    count = len(page.session.plan.all_particles)
    assert 0 < count < 160
    assert page.page_bar.place.toolTip() == f"{count} particles in all"


# everything for everyone


def controls_of(page: PreviewPage) -> list:
    kinds = (QAbstractButton, QComboBox, QAbstractSpinBox, QLineEdit)
    found = [w for parent in (page, page.particle) for kind in kinds for w in parent.findChildren(kind)]
    inner = (QAbstractSpinBox, QComboBox, QLineEdit)
    return [w for w in found if not isinstance(w.parentWidget(), inner)]


def test_every_control_has_a_name_a_tool_tip_and_the_keyboard(preview: Open) -> None:
    page = preview()
    views = [page.view, page.particle.image, page.particle.spectrum]
    for widget in [*controls_of(page), *views]:
        name = widget.accessibleName() or (widget.text() if isinstance(widget, QAbstractButton) else "")
        assert name, widget
        assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus, name
        assert widget.toolTip() or widget.accessibleDescription() or widget in views, name


def test_no_letter_is_taken_twice(preview: Open) -> None:
    page = preview()
    wizard = page.wizard()
    buttons = [wizard.button(b) for b in QWizard.WizardButton if b.value < QWizard.WizardButton.NStandardButtons.value]
    for parent, extra in ((page, [b for b in buttons if b and b.isVisible()]), (page.particle, [])):
        widgets = [w for kind in (QLabel, QAbstractButton) for w in parent.findChildren(kind)]
        if parent is page:
            widgets = [w for w in widgets if w.window() is not page.particle]
        texts = [w.text() for w in [*widgets, *extra] if "&" in w.text()]
        letters = Counter(text[text.index("&") + 1].lower() for text in texts)
        assert max(letters.values()) == 1, letters


def test_nothing_is_clipped_at_the_smallest_supported_size(qtbot, preview: Open) -> None:
    page = preview(size=(1280, 800), data_sign="+1")
    page._look_at(0)
    settle(qtbot, page)
    for parent in (page, page.particle):
        for kind in (QPushButton, QCheckBox, QComboBox, QAbstractSpinBox, QAbstractButton):
            for widget in parent.findChildren(kind):
                if widget.isVisible() and widget.visibleRegion().boundingRect().isValid():
                    needed = widget.minimumSizeHint()
                    assert widget.width() >= needed.width() and widget.height() >= needed.height() - 2, widget
                    assert widget.visibleRegion().boundingRect().size() == widget.size(), widget
        for label in parent.findChildren(QLabel):
            if label.isVisible() and label.wordWrap() and label.text():
                assert label.height() >= label.heightForWidth(label.width()) - 1, label.text()


def test_another_theme_is_taken_at_once(qtbot, preview: Open) -> None:
    page = preview()

    def colours() -> tuple:
        grey = picture(page)[0, 0]
        curve = page.contrast._curve.opts["pen"].name()
        rule = page.sign_panel.rule
        quiet = rule.palette().color(rule.foregroundRole()).name()
        icon = page.headline.icon.pixmap().toImage()
        return grey < 128, curve, quiet, icon.pixelColor(icon.width() // 2, 2).name()

    seen = []
    for theme in ("light", "dark", "light"):
        apply_theme(theme)
        settle(qtbot, page)
        page._look_at(0)
        settle(qtbot, page)
        seen.append(colours())
        axis = page.particle.profile_plot.getAxis("left").textPen().color()
        assert (axis.lightness() > 150) == (theme == "dark")
    light, dark, again = seen
    assert dark[0] and not light[0], "gaps are as dark as the window"
    assert all(a != b for a, b in zip(light, dark))
    assert again == light
