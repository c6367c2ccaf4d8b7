"""The rows of a table of names, and how a name is drawn: what is cut off is struck through."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPalette
from PySide6.QtWidgets import QApplication, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from ...core.name_table import Column, NameTable, State
from ...core.problems import Severity
from ..look import good_colour, plain_tip, quiet_colour, severity_colour

Index = QModelIndex | QPersistentModelIndex
Rows = NDArray[np.int64]

_ROOT = QModelIndex()
_MARGIN_PX = 4

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

    Where there is too little room, the parts that are cut are shortened first.  The model is not asked role by role:
    each answer would wait for the threads that match names at the same time.
    """

    def __init__(self, model: MatchModel) -> None:
        super().__init__()
        self._model = model

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        table = self._model.table
        if table is None:
            return
        row, column = int(self._model.rows[index.row()]), Column(index.column())
        QApplication.style().drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, option, painter, option.widget)
        text, head, tail = _text(table, row, column), 0, 0
        if column is Column.MICROGRAPH:
            head, tail = table.micrograph_cut(row)
        elif column is Column.EXPOSURE:
            head, tail = table.exposure_cut(row)
        is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
        role = QPalette.ColorRole.HighlightedText if is_selected else QPalette.ColorRole.Text
        pen = option.palette.color(role)
        if column is Column.STATE and not is_selected:
            pen = QColor(_colour(State(table.state[row])))
        room = option.rect.adjusted(_MARGIN_PX, 0, -_MARGIN_PX, 0)
        metrics = option.fontMetrics
        if column is Column.PARTICLES:
            room.setLeft(room.right() - metrics.horizontalAdvance(text))
        struck = QFont(option.font)
        struck.setStrikeOut(True)
        parts = text[:head], text[head : len(text) - tail], text[len(text) - tail :]
        for part, width, is_cut in zip(parts, _share(metrics, parts, room.width()), (True, False, True)):
            painter.setFont(struck if is_cut else option.font)
            painter.setPen(QColor(quiet_colour()) if is_cut and not is_selected else pen)
            shown = metrics.elidedText(part, Qt.TextElideMode.ElideMiddle, width)
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, shown)
            room = room.adjusted(metrics.horizontalAdvance(shown), 0, 0, 0)


def _share(metrics: QFontMetrics, parts: tuple[str, str, str], room: int) -> tuple[int, int, int]:
    """The width of each part."""
    head, kept, tail = (metrics.horizontalAdvance(part) + 1 if part else 0 for part in parts)
    least = metrics.horizontalAdvance("0…0")
    kept = min(kept, max(room - min(head, least) - min(tail, least), 0))
    head = min(head, max(room - kept - tail, (room - kept) // 2))
    return head, kept, min(tail, room - kept - head)
