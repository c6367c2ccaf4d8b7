"""The mistakes that people make, each planted in a set that is right: its page says so first, and so does Review."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QWizard

from cryoimport_gui.core.report.claim_codes import Topic
from cryoimport_gui.core.report.claims import ClaimState
from cryoimport_gui.gui.pages.review import ReviewPage
from cryoimport_gui.gui.wizard import ImportWizard

from ..support import planted_mistakes as planted
from ..support.planted_mistakes import GoodSet
from .conftest import WAIT_MS

CONFIRMED, DOUBTFUL, CONTRADICTED = ClaimState.CONFIRMED, ClaimState.DOUBTFUL, ClaimState.CONTRADICTED


@dataclass(frozen=True)
class Mistake:
    """What is said of it, on the page of the claim that it is about."""

    make: Callable[[GoodSet, Path], dict[str, Any]]
    topic: Topic
    state: ClaimState
    said: str


MISTAKES = [
    Mistake(
        planted.wrong_data_sign,
        Topic.DATA_SIGN,
        CONTRADICTED,
        "Data sign +1: you chose it, but 160 of 160 particles are stored bright, which means −1.",
    ),
    Mistake(planted.missing_stacks, Topic.IMAGES, CONTRADICTED, "Images: 2 of 8 stacks not found."),
    Mistake(
        planted.untrimmed_names,
        Topic.POSITIONS,
        CONTRADICTED,
        "Positions: 8 of 8 micrographs match no exposure by name (160 particles).",
    ),
    Mistake(
        planted.mirrored_picks,
        Topic.POSITIONS,
        CONFIRMED,
        "Positions: the picks are mirrored top to bottom; with y flipped, the exposures show the particles at their "
        "places (found on 8 of 8 exposures)",
    ),
    Mistake(
        planted.mirrored_picks_kept,
        Topic.POSITIONS,
        CONTRADICTED,
        "Positions: the exposures show the particles with y flipped; y is kept, as you chose",
    ),
    Mistake(
        planted.exchanged_exposures,
        Topic.POSITIONS,
        CONTRADICTED,
        "Positions: 2 of 8 exposures are exchanged: their particles are found on each other's.",
    ),
    Mistake(
        planted.wrong_pixel_size,
        Topic.MICROSCOPE,
        DOUBTFUL,
        "Microscope: 1.05 Å, but 8 of 8 stack headers give 2.1 Å; 300 kV",
    ),
    Mistake(
        planted.wrong_pixel_size_everywhere,
        Topic.POSES,
        DOUBTFUL,
        "Poses: the CTF does not fit the images: the pixel size, the defocus or the voltage is wrong.",
    ),
    Mistake(
        planted.shifts_in_pixels,
        Topic.POSES,
        CONTRADICTED,
        "Shifts do not fit; shifts multiplied by the pixel size would",
    ),
    Mistake(planted.poses_of_another_file, Topic.POSES, CONTRADICTED, "Poses probably do not fit"),
    Mistake(
        planted.premultiplied_images,
        Topic.IMAGES,
        CONTRADICTED,
        "Images: the images are CTF-corrected already, though the file does not say so.",
    ),
    Mistake(
        planted.numbered_from_zero,
        Topic.IMAGES,
        CONTRADICTED,
        "Images: 8 image names with image number 0: the images seem to be counted from 0.",
    ),
]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> GoodSet:
    return planted.make_good(tmp_path_factory.mktemp("good"))


def go_on(qtbot, wizard: ImportWizard) -> None:
    """Click Next."""
    number, button = wizard.currentId(), wizard.button(QWizard.WizardButton.NextButton)
    qtbot.waitUntil(button.isEnabled, timeout=WAIT_MS)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert wizard.currentId() == number + 1


def go_to_review(qtbot, wizard: ImportWizard) -> dict[Topic, str]:
    """Click through all pages: the headline of each."""
    headlines = {}
    while not isinstance(page := wizard.currentPage(), ReviewPage):
        if page.HEADLINE is not None:
            assert page.headline.isVisible()
            headlines[page.HEADLINE] = page.headline.label.text().replace("\u200b", "")
        go_on(qtbot, wizard)
    return headlines


@pytest.mark.parametrize("mistake", MISTAKES, ids=[mistake.make.__name__ for mistake in MISTAKES])
def test_a_planted_mistake_is_the_headline_of_its_page_and_a_claim_on_review(
    qtbot, open_wizard, good: GoodSet, tmp_path: Path, mistake: Mistake
) -> None:
    wizard = open_wizard(**mistake.make(good, tmp_path))
    wizard.resize(1280, 800)
    headlines = go_to_review(qtbot, wizard)
    assert mistake.said in headlines[mistake.topic]
    row = wizard.currentPage().claim_list.rows[list(Topic).index(mistake.topic)]
    assert row.mark.state is mistake.state
    assert row.words.text().replace("\u200b", "") == headlines[mistake.topic]
    QTest.mouseClick(row, Qt.MouseButton.LeftButton)
    page = wizard.currentPage()
    assert page.HEADLINE is mistake.topic and page.headline.icon.state is mistake.state
    for button in page.findChildren(QPushButton):  # what helps is not to be searched for below
        assert not button.isVisible() or not button.visibleRegion().isEmpty(), button.text()
    assert not Path(wizard.session.parameters.output).exists()


def test_of_the_set_without_a_mistake_all_is_confirmed(qtbot, open_wizard, good: GoodSet) -> None:
    wizard = open_wizard(**good.chosen)
    headlines = go_to_review(qtbot, wizard)
    rows = wizard.currentPage().claim_list.rows
    assert [row.mark.state for row in rows] == [CONFIRMED] * len(rows)
    assert set(headlines) == set(Topic)
