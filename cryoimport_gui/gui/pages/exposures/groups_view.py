"""What the pictures say of each group of particles: how many of its exposures show them at their places."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import QAbstractTableModel, Qt, Slot
from PySide6.QtGui import QColor, QFont, QFontMetrics
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QVBoxLayout, QWidget

from ....core.exposures.placing import GroupPlace, Placing
from ....core.problems import Severity, count_of
from ...theme import severity_colour
from ...tips import plain_tip
from ...widgets.one_line import OneLine
from ...widgets.table_index import ROOT, Index

_MOST_ROWS = 4
_Y_SOURCES = {
    "detected": "as the pictures show",
    "user": "set by you",
    "others": "as in the other groups",
    "default": "nothing shows it",
}
_SCALE_SOURCES = {
    "detected": "as the pictures show",
    "extent": "as far as coordinates reach",
    "file": "from the file's pixel sizes",
    "user": "set by you",
    "default": "",
}


#: the same where there is little room; what the pictures show needs no remark
_IN_SHORT = {"user": "set by you", "others": "as others", "default": "not shown"}


def _share(count: int, whole: int) -> str:
    return f"{count:,} ({100 * count // whole}%)" if count and whole else f"{count:,}"


def _with_source(value: str, source: str) -> str:
    return f"{value} ({source})" if source else value


def _y(group: GroupPlace, sources: Mapping[str, str]) -> str:
    source = sources.get(group.y_source, "")
    if _is_contradicted(group):
        source += f"; the pictures show {_way(bool(group.seen_flip))}"
    return _with_source(_way(group.flip), source)


def _way(flip: bool) -> str:
    return "flipped" if flip else "kept"


def _is_contradicted(group: GroupPlace) -> bool:
    return group.seen_flip not in (None, group.flip)


def _scale(group: GroupPlace) -> str:
    return _with_source(f"{group.scale:.4g}", _SCALE_SOURCES[group.scale_source])


def _correlation(group: GroupPlace) -> str:
    return "–" if np.isnan(group.correlation) else f"{group.correlation:.2f}"


#: title → text of a cell, and what the column means
_COLUMNS: dict[str, tuple[Callable[[GroupPlace], str], str]] = {
    "Group": (lambda g: g.name, "Optics group and folder of the micrographs: each has its own y and scale."),
    "Exposures": (lambda g: f"{g.exposures:,}", "Exposures that particles of this group lie on."),
    "Found": (lambda g: _share(g.found, g.exposures), "Exposures that show the particles at their places."),
    "Mirrored": (lambda g: _share(g.turned, g.exposures), "Exposures that need the other way of y than their group."),
    "Elsewhere": (lambda g: _share(g.elsewhere, g.exposures), "Exposures that show something else at their places."),
    "Not decided": (
        lambda g: _share(g.undecided, g.exposures),
        "Exposures that were not looked at, or do not show it clearly. Of many exposures a sample is looked at.",
    ),
    "y": (
        lambda g: _y(g, _IN_SHORT),
        "Which way y counts in the positions that are written; not shown: no picture says so.",
    ),
    "Scale": (
        lambda g: _with_source(f"{g.scale:.4g}", _IN_SHORT["user"] if g.scale_source == "user" else ""),
        "What coordinates are multiplied by to count pixels of the exposures.",
    ),
    "Correlation": (_correlation, "Median correlation of particles with their places, from 0 (nothing alike) to 1."),
}
_DOUBTFUL = ("Mirrored", "Elsewhere")
_TIP = Qt.ItemDataRole.ToolTipRole


class GroupsView(QWidget):
    """One line for one group, a table for several; hidden where there is none."""

    def __init__(self) -> None:
        super().__init__()
        self.line, self.table = OneLine("What the pictures show"), _Table()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.line)
        layout.addWidget(self.table)
        self.show_placing(None)

    def show_placing(self, placing: Placing | None) -> None:
        groups = placing.groups if placing else ()
        self.line.setVisible(len(groups) == 1)
        self.line.show_text(group_words(groups[0]) if len(groups) == 1 else "")
        self.table.setVisible(len(groups) > 1)
        self.table.show_groups(groups if len(groups) > 1 else ())


def group_words(group: GroupPlace) -> str:
    """The one group of a set in a line."""
    if group.found + group.turned + group.elsewhere:
        others = ((group.turned, "mirrored"), (group.elsewhere, "elsewhere"), (group.undecided, "not decided"))
        shown = [f"found on {group.found:,} of {count_of(group.exposures, 'exposure')}"]
        shown += [f"{count:,} {words}" for count, words in others if count]
    else:
        shown = [count_of(group.exposures, "exposure")]
    parts = [", ".join(shown), f"y {_y(group, _Y_SOURCES)}", f"scale {_scale(group)}"]
    if not np.isnan(group.correlation):
        parts.append(f"correlation {group.correlation:.2f}")
    return "  ·  ".join(parts)


class _Table(QTableView):
    def __init__(self) -> None:
        super().__init__()
        self._groups = _Groups()
        self.setModel(self._groups)
        self.setAccessibleName("Share found in each group")
        self.setWhatsThis("\n".join(f"{title}: {meaning}" for title, (_, meaning) in _COLUMNS.items()))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setWordWrap(False)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setTabKeyNavigation(False)
        rows, columns = self.verticalHeader(), self.horizontalHeader()
        rows.setDefaultSectionSize(self.fontMetrics().height() + 6)
        rows.hide()
        columns.setHighlightSections(False)
        columns.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        columns.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        columns.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.horizontalScrollBar().rangeChanged.connect(self._fit_height)
        columns.setMinimumSectionSize(self.fontMetrics().horizontalAdvance("0000000000"))

    def show_groups(self, groups: Sequence[GroupPlace]) -> None:
        self._groups.show_groups(groups)
        font = self.font()
        font.setBold(True)
        metrics = QFontMetrics(font)
        for column, (title, (text, _)) in enumerate(_COLUMNS.items()):
            widest = max((text(group) for group in groups[:100]), key=len, default="")
            self.setColumnWidth(column, max(map(metrics.horizontalAdvance, (title, widest))) + 14)
        self._fit_height()

    @Slot()
    def _fit_height(self, *_: object) -> None:
        """As high as its rows and the scroll bar of a narrow window."""
        lines, bar = min(self._groups.rowCount(), _MOST_ROWS), self.horizontalScrollBar()
        header = self.horizontalHeader().sizeHint().height() + (bar.sizeHint().height() if bar.maximum() > 0 else 0)
        self.setFixedHeight(header + lines * self.verticalHeader().defaultSectionSize() + 2 * self.frameWidth())


class _Groups(QAbstractTableModel):
    """Groups, those with something to look at first."""

    def __init__(self) -> None:
        super().__init__()
        self._groups: list[GroupPlace] = []

    def show_groups(self, groups: Sequence[GroupPlace]) -> None:
        self.beginResetModel()
        self._groups = sorted(groups, key=lambda g: (-g.elsewhere, -g.turned, g.found / max(1, g.exposures)))
        self.endResetModel()

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._groups)

    def columnCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(_COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        title, (_, meaning) = list(_COLUMNS.items())[section]
        return title if role == Qt.ItemDataRole.DisplayRole else meaning if role == _TIP else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        group, (title, (text, _)) = self._groups[index.row()], list(_COLUMNS.items())[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return text(group)
        if role == _TIP:
            return plain_tip(text(group))
        is_doubtful = (title in _DOUBTFUL and text(group) != "0") or (title == "y" and _is_contradicted(group))
        if role == Qt.ItemDataRole.ForegroundRole and is_doubtful:
            return QColor(severity_colour(Severity.WARNING))
        is_set = "user" in {"y": (group.y_source,), "Scale": (group.scale_source,)}.get(title, ())
        if role == Qt.ItemDataRole.FontRole and (is_doubtful or is_set):
            font = QFont()
            font.setBold(True)
            return font
        return None
