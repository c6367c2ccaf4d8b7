"""The five claims in the window: the same sentences on their pages, on Review, after the import, and in the steps."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon, QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QScrollArea

from cryoimport_gui.core.report.claim_codes import Topic
from cryoimport_gui.core.report.claims import ClaimState, claims_of
from cryoimport_gui.core.report.thumbnails import MOST
from cryoimport_gui.gui.pages.review import ReviewPage
from cryoimport_gui.gui.theme import apply_theme
from cryoimport_gui.gui.widgets.claim_list import ClaimList
from cryoimport_gui.gui.widgets.state_icon import state_icon, state_pixmap
from cryoimport_gui.gui.wizard import ImportWizard

from ..support.truth import small_demo
from .conftest import WAIT_MS, press_import, step_state

REVIEW = 5


@pytest.fixture
def wizard(open_wizard, tmp_path: Path) -> ImportWizard:
    """With a data sign that the images contradict."""
    demo = small_demo(tmp_path / "demo")
    values = {"meta": demo.star, "data": demo.data, "exposures": demo.exposures, "output": tmp_path / "out"}
    paths = {name: str(path) for name, path in values.items()}
    return open_wizard(**paths | demo.trims | {"data_sign": "+1", "project": ""})


def shown(claims: ClaimList) -> list[tuple[ClaimState | None, str]]:
    return [(row.mark.state, row.words.text().replace("\u200b", "")) for row in claims.rows]


def test_pages_review_and_the_last_page_show_the_same_sentences(qtbot, wizard: ImportWizard) -> None:
    wizard.resize(1280, 800)
    said = [(claim.state, claim.words) for claim in claims_of(wizard.session.plan)]
    assert said[2][0] is ClaimState.CONTRADICTED and said[0][0] is ClaimState.CONFIRMED
    wizard.go_to(REVIEW)
    review = wizard.currentPage()
    assert isinstance(review, ReviewPage) and shown(review.claim_list) == said
    headlines = 0
    for row, claim in zip(review.claim_list.rows, claims_of(wizard.session.plan)):
        wizard.go_to(REVIEW)
        qtbot.mouseClick(row, Qt.MouseButton.LeftButton)
        page = wizard.currentPage()
        assert page is wizard.home_of(claim.evidence) is not review
        assert row.page.text() == f"{page.title()} ›"
        assert claim in page.claims()
        if page.HEADLINE is claim.topic:
            headlines += 1
            assert page.headline.isVisible() and page.headline.icon.state is claim.state
            assert page.headline.label.text().replace("\u200b", "") == claim.words
    assert headlines >= 4
    press_import(wizard)
    qtbot.waitUntil(lambda: wizard.session.job is not None, timeout=WAIT_MS)
    done = wizard.currentPage()
    assert done.claim_list.isVisible() and shown(done.claim_list) == said
    qtbot.mouseClick(done.claim_list.rows[1], Qt.MouseButton.LeftButton)
    assert wizard.currentPage().HEADLINE is Topic.MICROSCOPE


def test_a_claim_can_be_chosen_by_keyboard_and_is_read_out(qtbot, wizard: ImportWizard) -> None:
    wizard.go_to(REVIEW)
    row = wizard.currentPage().claim_list.rows[2]
    assert row.accessibleName().startswith("Contradicted: Data sign +1")
    row.setFocus()
    QTest.keyClick(row, Qt.Key.Key_Space)
    assert wizard.currentPage().HEADLINE is Topic.DATA_SIGN


def test_review_has_small_pictures_where_there_is_room(qtbot, wizard: ImportWizard) -> None:
    wizard.resize(1280, 800)
    wizard.go_to(REVIEW)
    rows = wizard.currentPage().claim_list.rows
    qtbot.waitUntil(lambda: len(rows[2].thumbnail.images) == MOST, timeout=WAIT_MS)
    assert all(row.thumbnail.isVisible() for row in rows)
    average = rows[2].thumbnail.images[0]
    middle, corner = (average.pixelColor(at, at).lightness() for at in (average.width() // 2, 2))
    assert middle > corner + 80, "with the sign that is contradicted, particles are light"
    wizard.session.change(data_sign="-1")
    qtbot.waitUntil(lambda: rows[2].thumbnail.images[0] != average, timeout=WAIT_MS)
    wizard.resize(960, 540)
    qtbot.waitUntil(lambda: not any(row.thumbnail.isVisible() for row in rows), timeout=WAIT_MS)


def test_the_steps_show_the_state_of_each_claim_before_their_pages_are_visited(qtbot, wizard: ImportWizard) -> None:
    states = ["confirmed", "confirmed", "contradicted", "as given", "confirmed"]  # poses of few particles
    assert [step_state(wizard, step) for step in range(5)] == states
    assert "contradicted" in wizard.steps.item(2).data(Qt.ItemDataRole.AccessibleTextRole)
    assert not wizard.steps.item(2).icon().isNull()
    wizard.session.change(data_sign="auto", exposures="")
    qtbot.waitUntil(lambda: wizard.session.is_current, timeout=WAIT_MS)
    assert step_state(wizard, 2) == "confirmed"
    assert step_state(wizard, 4) == "not imported"


def test_a_headline_is_grey_while_it_is_out_of_date(qtbot, wizard: ImportWizard) -> None:
    wizard.go_to(2)
    headline = wizard.currentPage().headline
    assert headline.isEnabled() and "which means −1" in headline.label.text()
    wizard.session.change(data_sign="-1")
    assert not headline.isEnabled()
    qtbot.waitUntil(headline.isEnabled, timeout=WAIT_MS)
    assert headline.claim.state is ClaimState.CONFIRMED


def test_long_sentences_are_shown_whole_in_a_narrow_window(qtbot, wizard: ImportWizard) -> None:
    wizard.resize(960, 500)
    wizard.go_to(REVIEW)
    QApplication.processEvents()
    for row in wizard.currentPage().claim_list.rows:
        assert row.words.height() >= row.words.heightForWidth(row.words.width()), row.words.text()


def test_exactly_what_will_be_written_stands_in_a_fold(qtbot, wizard: ImportWizard) -> None:
    wizard.go_to(REVIEW)
    review = wizard.currentPage()
    assert any(p.code == "data-sign-contradicts" for p in review.problems())
    wizard.resize(960, 540)
    assert not review.written.isVisible(), "problems need the room"
    qtbot.mouseClick(review.fold, Qt.MouseButton.LeftButton)
    assert review.written.isVisible()
    wizard.session.change(voltage=["200"])
    qtbot.waitUntil(lambda: wizard.session.is_current, timeout=WAIT_MS)
    assert review.written.isVisible(), "it stays as the user has left it"


def test_it_is_open_where_there_is_room(qtbot, wizard: ImportWizard, tmp_path: Path) -> None:
    wizard.resize(1200, 740)  # as it opens
    wizard.go_to(REVIEW)
    page = wizard.currentPage()
    qtbot.waitUntil(page.written.isVisible, timeout=WAIT_MS)
    content = next(area for area in page.findChildren(QScrollArea) if area.parentWidget() is page)
    qtbot.waitUntil(lambda: content.verticalScrollBar().maximum() == 0, timeout=WAIT_MS)
    (tmp_path / "file").touch()
    wizard.session.change(output=str(tmp_path / "file/out"))
    qtbot.waitUntil(lambda: bool(wizard.session.is_current and page.problem_list.lines[0].card.isVisible()))
    assert not page.written.isVisible(), "an error that is open needs the room"
    qtbot.waitUntil(lambda: content.verticalScrollBar().maximum() == 0, timeout=WAIT_MS)


def test_each_state_has_a_shape_of_its_own(qapp: QApplication) -> None:
    """In grey, in light and dark."""
    for theme in ("light", "dark"):
        apply_theme(theme)
        shapes = {outline(state) for state in ClaimState}
        assert len(shapes) == len(ClaimState)
    apply_theme("light")


def test_a_ring_is_seen_on_a_selected_row(qapp: QApplication) -> None:
    """Between its dot and its line, where the selection would shine through in the same blue."""
    modes = (QIcon.Mode.Normal, QIcon.Mode.Selected)
    between = [state_icon(ClaimState.GIVEN).pixmap(32, mode).toImage().pixelColor(16, 7) for mode in modes]
    assert between[0].alpha() == 0
    assert between[1] == qapp.palette().color(QPalette.ColorRole.Base)


def outline(state: ClaimState) -> tuple[bool, ...]:
    image = state_pixmap(state, 32).toImage()
    return tuple(image.pixelColor(x, y).alpha() > 127 for y in range(0, 32, 2) for x in range(0, 32, 2))
