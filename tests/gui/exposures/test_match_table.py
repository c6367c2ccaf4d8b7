"""How the table of names shows them: long names stay distinguished, and equal ones are seen to be equal."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFontMetrics, QImage, QPainter
from PySide6.QtWidgets import QApplication, QStyleOptionViewItem

from cryoimport_gui.core.exposures.trims import TrimRules
from cryoimport_gui.core.looks.match_table import Column, NameTable, build_name_table
from cryoimport_gui.gui.pages.exposures.match_model import names_of, shortened
from cryoimport_gui.gui.pages.exposures.match_table import MatchTable

_UID, _DATE, _PATCH, _RIGID = (
    "000090334788266266069_",
    "18aug10a_",
    "_patch_aligned_doseweighted.mrc",
    "_rigid_aligned.mrc",
)
_STEMS = [f"FoilHole_{10984848 + i}_Data_10985376_10985377_20180810_2123-{144102 + i}" for i in range(20)]
_ROOM_AT_1280_PX = 420


@pytest.fixture
def table() -> NameTable:
    """Names as an acquisition program and two motion corrections make them."""
    exposures = [f"{_UID}{_DATE}{stem}{_PATCH}" for stem in _STEMS]
    micrographs = [f"{stem}{_RIGID}" for stem in _STEMS]
    rules = TrimRules(True, len(_DATE), len(_PATCH), 0, len(_RIGID))
    return build_name_table(exposures, micrographs, np.full(len(_STEMS), 5), rules)


@pytest.fixture
def metrics(qapp: QApplication) -> QFontMetrics:
    return QFontMetrics(qapp.font())


def test_what_is_left_of_a_long_name_is_shown_before_what_is_cut(table: NameTable, metrics: QFontMetrics) -> None:
    shown = [as_drawn(metrics, table, row, _ROOM_AT_1280_PX) for row in range(len(_STEMS))]
    kept = [micrograph[1] for micrograph, _ in shown]
    assert len(set(kept)) == len(_STEMS), "names are distinguished"
    for (micrograph, exposure), stem in zip(shown, _STEMS):
        assert micrograph[1] == exposure[1], "equal names look equal"
        assert micrograph[1].startswith(stem[:20]) and micrograph[1].endswith(stem[-20:])
        assert all("…" in cut and len(cut) <= 5 for cut in (exposure[0], exposure[2], micrograph[2]))


def test_with_room_whole_names_are_shown(table: NameTable, metrics: QFontMetrics) -> None:
    micrograph, exposure = as_drawn(metrics, table, 0, 5000)
    assert "".join(micrograph) == _STEMS[0] + _RIGID
    assert exposure == (_UID + _DATE, _STEMS[0], _PATCH)
    start, _ = shortened(metrics, names_of(table, 0), 5000)
    assert start == pytest.approx(metrics.horizontalAdvance(exposure[0]), abs=1), "behind the longer of the two fronts"


@pytest.mark.parametrize("room", [0, 10, 60, 200])
def test_nothing_is_drawn_beyond_the_cell(table: NameTable, metrics: QFontMetrics, room: int) -> None:
    for name in as_drawn(metrics, table, 0, room):
        assert metrics.horizontalAdvance("".join(name)) <= max(room, 3 * metrics.horizontalAdvance("…")) + 3


def test_the_cell_shows_both_names_and_shows_them_to_a_screen_reader(qtbot, table: NameTable) -> None:
    widget = MatchTable()
    qtbot.addWidget(widget)
    widget.show_rows(table, np.arange(len(_STEMS)))
    visible = [column for column in Column if not widget.view.isColumnHidden(column)]
    assert visible == [Column.STATE, Column.MICROGRAPH, Column.PARTICLES]
    index = widget.model.index(0, Column.MICROGRAPH)
    printed = widget.model.data(index, Qt.ItemDataRole.AccessibleTextRole)
    assert _STEMS[0] + _RIGID in printed and _UID + _DATE + _STEMS[0] + _PATCH in printed
    upper, lower = drawn(widget, 0)
    assert upper and lower, "both lines are drawn"
    without = build_name_table([], [_STEMS[0]], np.array([5]), TrimRules())
    widget.show_rows(without, np.arange(1))
    upper, lower = drawn(widget, 0)
    assert upper and not lower, "there is no exposure"


def as_drawn(metrics: QFontMetrics, table: NameTable, row: int, room: int) -> list[tuple[str, ...]]:
    """Both names in their parts; none is wider than it is said to be."""
    _, shown = shortened(metrics, names_of(table, row), room)
    assert all(metrics.horizontalAdvance(part) <= width for name in shown for part, width in name)
    return [tuple(part for part, _ in name) for name in shown]


def drawn(widget: MatchTable, row: int) -> tuple[bool, bool]:
    """Whether something is drawn in the upper and in the lower half of the cell of the names."""
    image = QImage(400, 40, QImage.Format.Format_RGB32)
    image.fill(widget.palette().base().color())
    option = QStyleOptionViewItem()
    widget.view.initViewItemOption(option)
    option.rect = QRect(0, 0, 400, 40)
    painter = QPainter(image)
    widget.view.itemDelegate().paint(painter, option, widget.model.index(row, Column.MICROGRAPH))
    painter.end()
    halves = image.copy(0, 0, 400, 20), image.copy(0, 20, 400, 20)
    upper, lower = (len({half.pixel(x, y) for x in range(400) for y in range(20)}) > 1 for half in halves)
    return upper, lower
