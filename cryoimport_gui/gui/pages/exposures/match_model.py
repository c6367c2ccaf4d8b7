"""The rows of a table of names, and how a name is drawn: what is cut off is struck through."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractTableModel, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QApplication, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from ....core.looks.match_table import UNLINKED, Column, NameTable, State
from ....core.problems import Severity
from ...theme import good_colour, quiet_colour, severity_colour
from ...tips import plain_tip
from ...widgets.table_index import ROOT, Index
from .words import NameParts

RowNumbers = NDArray[np.int64]

_ROLES = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole)
_MARGIN_PX = 4
_NAMES_TITLE = "Micrograph / exposure"

_SIGNS = {
    State.AMBIGUOUS: "✖",
    State.MERGED: "✖",
    State.NO_EXPOSURE: "✖",
    State.ELSEWHERE: "▲",
    State.MIRRORED: "▲",
    State.NOT_FOUND: "▲",
    State.UNDECIDED: "●",
    State.NO_PARTICLES: "○",
    State.MATCHED: "●",
    State.FOUND: "✓",
}
_EXPLAINED = {
    State.AMBIGUOUS: "More than one exposure has this trimmed name: cut less.",
    State.MERGED: "Different micrographs have this trimmed name: cut less.",
    State.NO_EXPOSURE: "No exposure has this trimmed name.",
    State.NO_PARTICLES: "No particle comes from this exposure.",
    State.ELSEWHERE: "This exposure shows something else at the particles' places: it may be another one.",
    State.MIRRORED: "The particles are found here with y the other way than on most of their group, or than you chose.",
    State.NOT_FOUND: "The particles could not be found on this exposure, unlike on others.",
    State.UNDECIDED: "The exposure was compared with its particles; it does not show clearly whether they are there.",
    State.MATCHED: "Micrograph and exposure have the same trimmed name; this exposure was not compared.",
    State.FOUND: "The names match, and the exposure shows the particles at their places.",
}


class MatchModel(QAbstractTableModel):
    """Shows rows of a `NameTable` in the order given."""

    def __init__(self) -> None:
        super().__init__()
        self.table: NameTable | None = None
        self.rows: RowNumbers = np.empty(0, np.int64)

    def show(self, table: NameTable | None, rows: RowNumbers) -> None:
        self.beginResetModel()
        self.table, self.rows = table, rows
        self.endResetModel()

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(Column)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _NAMES_TITLE if section == Column.MICROGRAPH else Column(section).title
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.ToolTipRole:
            keys = ", ".join(f"Ctrl+{column + 1} by {column.title.lower()}" for column in Column)
            return f"Click to sort; in the table: {keys}."
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self.table is None or role not in _ROLES:
            return None
        row, column = int(self.rows[index.row()]), Column(index.column())
        if role == Qt.ItemDataRole.ToolTipRole and column is Column.STATE:
            return _EXPLAINED[State(self.table.state[row])]
        if column is Column.MICROGRAPH and role != Qt.ItemDataRole.DisplayRole:
            names = self.table.micrograph_name(row) or "none", self.table.exposure_name(row) or "none"
            text = "Micrograph: {}\nExposure: {}".format(*names)
        else:
            text = _text(self.table, row, column)
        return plain_tip(text) if role == Qt.ItemDataRole.ToolTipRole else text


def _text(table: NameTable, row: int, column: Column) -> str:
    if column is Column.STATE:
        state = State(table.state[row])
        return f"{_SIGNS[state]} {state.words}"
    if column is Column.MICROGRAPH:
        return table.micrograph_name(row)
    if column is Column.EXPOSURE:
        return table.exposure_name(row)
    if column is Column.TRIMMED:
        return table.trimmed[row]
    return f"{table.particles[row]:,}" if table.micrograph[row] >= 0 else ""


def _colour(state: State) -> str:
    if state in UNLINKED:
        return severity_colour(Severity.ERROR)
    if _SIGNS[state] == "▲":
        return severity_colour(Severity.WARNING)
    return quiet_colour() if state in (State.NO_PARTICLES, State.UNDECIDED) else good_colour()


class MatchDelegate(QStyledItemDelegate):
    """Draws the cells of a `MatchModel`; both names of a row in one cell, the micrograph above the exposure.

    A name has three parts: what is cut off the front, what is left, and the end.  What is left starts at the same
    place in both names, so that equal names look equal.  In a narrow column the parts that are cut are shortened first.

    The delegate reads the table directly, not role by role: each call would wait for the threads that match names at
    the same time.  For the same reason fonts and colours are those of `take_look`.
    """

    def __init__(self, model: MatchModel) -> None:
        super().__init__()
        self._model = model

    def take_look(self, view: QWidget) -> None:
        """Take fonts and colours from the view; call again when they change."""
        palette = view.palette()
        self._font, self._metrics = QFont(view.font()), view.fontMetrics()
        self._struck_font = QFont(self._font)
        self._struck_font.setStrikeOut(True)
        self._plain, self._selected = palette.text().color(), palette.highlightedText().color()
        self._quiet = QColor(quiet_colour())
        self._of_state = {state: QColor(_colour(state)) for state in State}

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        table = self._model.table
        if table is None:
            return
        row, column = int(self._model.rows[index.row()]), Column(index.column())
        rect, is_selected = option.rect, bool(option.state & QStyle.StateFlag.State_Selected)
        if is_selected:
            panel, widget = QStyle.PrimitiveElement.PE_PanelItemViewItem, option.widget
            QApplication.style().drawPrimitive(panel, option, painter, widget)
        left, top, width, height = rect.left() + _MARGIN_PX, rect.top(), rect.width() - 2 * _MARGIN_PX, rect.height()
        pen = self._selected if is_selected else self._plain
        if column is Column.MICROGRAPH:
            quiet = self._selected if is_selected else self._quiet
            self._draw_names(painter, left, top, width, height, names_of(table, row), pen, quiet)
            return
        text = _text(table, row, column)
        if column is Column.STATE and not is_selected:
            pen = self._of_state[State(table.state[row])]
        if column is Column.PARTICLES:
            left += width - self._metrics.horizontalAdvance(text)
        painter.setFont(self._font)
        painter.setPen(pen)
        painter.drawText(left, self._baseline(top, height), text)

    def _draw_names(
        self,
        painter: QPainter,
        left: int,
        top: int,
        width: int,
        height: int,
        names: tuple[NameParts, NameParts],
        pen: QColor,
        quiet: QColor,
    ) -> None:
        front, shown = shortened(self._metrics, names, width)
        for line, parts in enumerate(shown):
            baseline = self._baseline(top + line * height // 2, height // 2)
            x = left + front - parts[0][1]
            for (part, advance), is_cut in zip(parts, (True, False, True)):
                if part:
                    painter.setFont(self._struck_font if is_cut else self._font)
                    painter.setPen(quiet if is_cut else pen)
                    painter.drawText(x, baseline, part)
                x += advance

    def _baseline(self, top: int, height: int) -> int:
        return top + (height + self._metrics.ascent() - self._metrics.descent()) // 2


def names_of(table: NameTable, row: int) -> tuple[NameParts, NameParts]:
    """The micrograph's and the exposure's name in their parts; a missing name has empty parts."""
    return (
        _parts(table.micrograph_name(row), *table.micrograph_cut(row)),
        _parts(table.exposure_name(row), *table.exposure_cut(row)),
    )


def _parts(name: str, head: int, tail: int) -> NameParts:
    return name[:head], name[head : len(name) - tail], name[len(name) - tail :]


def shortened(
    metrics: QFontMetrics, names: tuple[NameParts, NameParts], room: int
) -> tuple[int, list[list[tuple[str, int]]]]:
    """The width of the front, and of each name the parts as they are drawn, with their widths."""
    advances = [[metrics.horizontalAdvance(part) if part else 0 for part in name] for name in names]
    widths = _share(metrics, [max(both) for both in zip(*advances)], room)
    shown = []
    for name, its in zip(names, advances):
        parts = []
        for part, advance, width in zip(name, its, widths):
            if advance > width:
                part = metrics.elidedText(part, Qt.TextElideMode.ElideMiddle, width)
                advance = metrics.horizontalAdvance(part)
            parts.append((part, advance))
        shown.append(parts)
    return widths[0], shown


def _share(metrics: QFontMetrics, wanted: list[int], room: int) -> tuple[int, int, int]:
    """The width of each part, for both names."""
    head, kept, tail = wanted
    least = metrics.horizontalAdvance("0…0")
    kept = min(kept, max(room - min(head, least) - min(tail, least), 0))
    head = min(head, max(room - kept - tail, (room - kept) // 2))
    return head, kept, min(tail, room - kept - head)
