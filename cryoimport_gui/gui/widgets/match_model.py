"""The rows of a table of names, and how a name is drawn: what is cut off is struck through."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QFont, QPainter
from PySide6.QtWidgets import QApplication, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from ...core.name_table import Column, NameTable, State
from ...core.problems import Severity
from ..look import good_colour, plain_tip, quiet_colour, severity_colour

Index = QModelIndex | QPersistentModelIndex
Rows = NDArray[np.int64]

_ROOT = QModelIndex()
_MARGIN_PX = 4
_ROWS_MEASURED = 200

_SIGNS = {
    State.AMBIGUOUS: "✖",
    State.MERGED: "✖",
    State.NO_EXPOSURE: "✖",
    State.NO_PARTICLES: "○",
    State.MATCHED: "✓",
}
_EXPLAINED = {
    State.AMBIGUOUS: "More than one exposure has this trimmed name: cut less.",
    State.MERGED: "Different micrographs have this trimmed name: cut less.",
    State.NO_EXPOSURE: "No exposure has this trimmed name.",
    State.NO_PARTICLES: "No particle comes from this exposure.",
    State.MATCHED: "Micrograph and exposure have the same trimmed name.",
}


class MatchModel(QAbstractTableModel):
    """Shows rows of a `NameTable` that were chosen and ordered elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.table: NameTable | None = None
        self.rows: Rows = np.empty(0, np.int64)

    def show(self, table: NameTable | None, rows: Rows) -> None:
        self.beginResetModel()
        self.table, self.rows = table, rows
        self.endResetModel()

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(Column)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return Column(section).title
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.ToolTipRole:
            return f"Click to sort, or press Ctrl+{section + 1} in the table."
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self.table is None or role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        row, column = int(self.rows[index.row()]), Column(index.column())
        if role == Qt.ItemDataRole.ToolTipRole and column is Column.STATE:
            return _EXPLAINED[State(self.table.state[row])]
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
    if state is State.MATCHED:
        return good_colour()
    return quiet_colour() if state is State.NO_PARTICLES else severity_colour(Severity.ERROR)


class MatchDelegate(QStyledItemDelegate):
    """Draws the cells of a `MatchModel`, names in three parts: what is cut off the front, what is left, the end.

    Where there is too little room, the parts that are cut are shortened first.  Each question to Qt is one more wait
    for the threads that match names at the same time, so the model is not asked role by role, and fonts and colours
    are those that `take_look` found.
    """

    def __init__(self, model: MatchModel) -> None:
        super().__init__()
        self._model = model

    def take_look(self, view: QWidget) -> None:
        """Take fonts and colours from the view; to be called again when it changes."""
        palette = view.palette()
        self._font, self._metrics = QFont(view.font()), view.fontMetrics()
        self._struck_font = QFont(self._font)
        self._struck_font.setStrikeOut(True)
        self._plain, self._selected = palette.text().color(), palette.highlightedText().color()
        self._quiet = QColor(quiet_colour())
        self._of_state = {state: QColor(_colour(state)) for state in State}
        self._least_px = self._metrics.horizontalAdvance("0…0")

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        table = self._model.table
        if table is None:
            return
        row, column = int(self._model.rows[index.row()]), Column(index.column())
        rect, is_selected = option.rect, bool(option.state & QStyle.StateFlag.State_Selected)
        if is_selected:
            style, widget = QApplication.style(), option.widget
            style.drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, option, painter, widget)
        text, pen = _text(table, row, column), self._selected if is_selected else self._plain
        if column is Column.STATE and not is_selected:
            pen = self._of_state[State(table.state[row])]
        head, tail = _cut_of(table, row, column)
        x, room = rect.left() + _MARGIN_PX, rect.width() - 2 * _MARGIN_PX
        baseline = rect.top() + (rect.height() + self._metrics.ascent() - self._metrics.descent()) // 2
        parts = text[:head], text[head : len(text) - tail], text[len(text) - tail :]
        advances = [self._metrics.horizontalAdvance(part) if part else 0 for part in parts]
        if column is Column.PARTICLES:
            x += max(0, room - advances[1])
        for part, advance, width, is_cut in zip(parts, advances, self._share(advances, room), (True, False, True)):
            if part:
                painter.setFont(self._struck_font if is_cut else self._font)
                painter.setPen(self._quiet if is_cut and not is_selected else pen)
                if advance > width:
                    part = self._metrics.elidedText(part, Qt.TextElideMode.ElideMiddle, width)
                    advance = self._metrics.horizontalAdvance(part)
                painter.drawText(x, baseline, part)
                x += advance

    def _share(self, advances: list[int], room: int) -> tuple[int, int, int]:
        """The width of each part."""
        head, kept, tail = advances
        kept = min(kept, max(room - min(head, self._least_px) - min(tail, self._least_px), 0))
        head = min(head, max(room - kept - tail, (room - kept) // 2))
        return head, kept, min(tail, room - kept - head)

    def wanted_px(self, column: Column) -> int:
        """The width at which what is left of the names can be read, judged by the longest of some rows."""
        table = self._model.table
        if table is None:
            return 0
        kept, shortened = "", 0
        rows = self._model.rows
        for row in rows[:: max(1, len(rows) // _ROWS_MEASURED)].tolist():
            text, (head, tail) = _text(table, row, column), _cut_of(table, row, column)
            kept = max(kept, text[head : len(text) - tail], key=len)
            shortened = max(shortened, bool(head) + bool(tail))
        return self._metrics.horizontalAdvance(kept) + shortened * self._least_px + 2 * _MARGIN_PX


def _cut_of(table: NameTable, row: int, column: Column) -> tuple[int, int]:
    """How many characters of a cell's text are cut off at the front and at the end."""
    if column is Column.MICROGRAPH:
        return table.micrograph_cut(row)
    return table.exposure_cut(row) if column is Column.EXPOSURE else (0, 0)
