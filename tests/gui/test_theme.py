"""Light and dark: every text that the program colours can be read on what it stands on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QLabel

from cryoimport_gui.core.problems import Severity
from cryoimport_gui.gui.theme import apply_theme, emphasize, good_colour, is_dark, series_pen, severity_colour

ROLES = QPalette.ColorRole
GROUNDS = (ROLES.Window, ROLES.Base, ROLES.AlternateBase)
AA_TEXT, AA_LINES = 4.5, 3.0


@pytest.fixture(params=["light", "dark"])
def palette(qapp: QApplication, request: pytest.FixtureRequest) -> Iterator[QPalette]:
    apply_theme(request.param)
    assert is_dark() == (request.param == "dark")
    yield qapp.palette()
    apply_theme("light")


def contrast(one: QColor, other: QColor) -> float:
    """As WCAG 2 defines it."""

    def luminance(colour: QColor) -> float:
        parts = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in colour.getRgbF()[:3]]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_what_it_should_be() -> None:
    assert contrast(QColor("black"), QColor("white")) == pytest.approx(21)
    assert contrast(QColor("#777777"), QColor("white")) == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize(
    ("text", "grounds"),
    [
        (ROLES.WindowText, GROUNDS),
        (ROLES.Text, GROUNDS),
        (ROLES.PlaceholderText, GROUNDS),
        (ROLES.Link, GROUNDS),
        (ROLES.ButtonText, (ROLES.Button,)),
        (ROLES.HighlightedText, (ROLES.Highlight, ROLES.Accent)),
        (ROLES.ToolTipText, (ROLES.ToolTipBase,)),
    ],
)
def test_text_of_the_palette(palette: QPalette, text: ROLES, grounds: tuple[ROLES, ...]) -> None:
    for ground in grounds:
        assert contrast(palette.color(text), palette.color(ground)) >= AA_TEXT, (text, ground)


def test_colours_that_mean_something(palette: QPalette) -> None:
    colours = [severity_colour(severity) for severity in Severity] + [good_colour()]
    for colour in colours:
        for ground in GROUNDS:
            assert contrast(QColor(colour), palette.color(ground)) >= AA_TEXT, (colour, ground)


def test_the_banner_of_the_inverted_view(palette: QPalette) -> None:
    assert contrast(palette.color(ROLES.Base), QColor(severity_colour(Severity.WARNING))) >= AA_TEXT


def test_lines_in_plots(palette: QPalette) -> None:
    for number in range(8):
        assert contrast(series_pen(number).color(), palette.color(ROLES.Window)) >= AA_LINES


def test_what_is_chosen_stands_out(palette: QPalette) -> None:
    for ground in (ROLES.Window, ROLES.Base):
        assert contrast(palette.color(ROLES.Highlight), palette.color(ground)) >= 2


def test_an_emphasized_label_has_its_colour_on_every_ground(palette: QPalette) -> None:
    """Qt takes the role of the text from what is behind it."""
    label = QLabel("text")
    for role in (ROLES.Window, ROLES.Base):
        label.setBackgroundRole(role)
        emphasize(label, "#123456", ground="#abcdef")
        assert label.palette().color(label.foregroundRole()).name() == "#123456"
        assert label.font().bold()
    emphasize(label, bold=False)
    assert label.palette().color(ROLES.WindowText) == palette.color(ROLES.WindowText) and not label.font().bold()
