"""The rows of a table of names, and how a name is drawn: what is cut off is struck through."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetrics, QPainter, QPalette
from PySide6.QtWidgets import QApplication, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from ...core.name_table import Column, NameTable, State
from ...core.problems import Severity
from ..look import good_colour, quiet_colour, severity_colour

Index = QModelIndex | QPersistentModelIndex
Rows = NDArray[np.int64]

_ROOT = QModelIndex()

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
        if self.table is None:
            return None
        row, column = int(self.rows[index.row()]), Column(index.column())
        state = State(self.table.state[row])
        if role == Qt.ItemDataRole.DisplayRole:
            return _text(self.table, row, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return _EXPLAINED[state] if column is Column.STATE else _text(self.table, row, column)
        if role == Qt.ItemDataRole.TextAlignmentRole and column is Column.PARTICLES:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ForegroundRole and column is Column.STATE:
            return QBrush(QColor(_colour(state)))
        return None


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


class NameDelegate(QStyledItemDelegate):
    """Draws a name in three parts: what is cut off its front, what is left, what is cut off its end.

    Where there is too little room, the parts that are cut are shortened first.
    """

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.model()
        assert isinstance(model, MatchModel) and model.table is not None
        row = int(model.rows[index.row()])
        is_exposure = index.column() == Column.EXPOSURE
        name = model.table.exposure_name(row) if is_exposure else model.table.micrograph_name(row)
        head, tail = model.table.exposure_cut(row) if is_exposure else model.table.micrograph_cut(row)
        style = QApplication.style()
        room = style.subElementRect(QStyle.SubElement.SE_ItemViewItemText, option, option.widget).adjusted(3, 0, -3, 0)
        self.initStyleOption(option, index)
        option.text = ""
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, option, painter, option.widget)
        parts = name[:head], name[head : len(name) - tail], name[len(name) - tail :]
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        _draw_parts(painter, room, option, parts, selected)


def _draw_parts(
    painter: QPainter, room: QRect, option: QStyleOptionViewItem, parts: tuple[str, str, str], selected: bool
) -> None:
    struck = QFont(option.font)
    struck.setStrikeOut(True)
    role = QPalette.ColorRole.HighlightedText if selected else QPalette.ColorRole.Text
    plain_pen = option.palette.color(role)
    struck_pen = QColor(plain_pen if selected else quiet_colour())
    metrics = QFontMetrics(option.font)
    for text, width, is_cut in zip(parts, _share(metrics, parts, room.width()), (True, False, True)):
        painter.setFont(struck if is_cut else option.font)
        painter.setPen(struck_pen if is_cut else plain_pen)
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, width)
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, shown)
        room = room.adjusted(metrics.horizontalAdvance(shown), 0, 0, 0)


def _share(metrics: QFontMetrics, parts: tuple[str, str, str], room: int) -> tuple[int, int, int]:
    """The width of each part."""
    head, kept, tail = (metrics.horizontalAdvance(part) + 1 for part in parts)
    least = metrics.horizontalAdvance("0…0")
    kept = min(kept, max(room - min(head, least) - min(tail, least), 0))
    head = min(head, max(room - kept - tail, (room - kept) // 2))
    return head, kept, min(tail, room - kept - head)
