"""The rows of a table of names, and how a name is drawn: what is cut off is struck through."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPalette
from PySide6.QtWidgets import QApplication, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from ...core.name_table import Column, NameTable, State
from ...core.problems import Severity
from ..look import good_colour, quiet_colour, severity_colour
from ..tips import plain_tip

Index = QModelIndex | QPersistentModelIndex
Rows = NDArray[np.int64]
Parts = tuple[str, str, str]

_ROOT = QModelIndex()
_ROLES = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole)
_MARGIN_PX = 4
_NAMES_TITLE = "Micrograph, and below it the exposure"

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
    if state is State.MATCHED:
        return good_colour()
    return quiet_colour() if state is State.NO_PARTICLES else severity_colour(Severity.ERROR)


class MatchDelegate(QStyledItemDelegate):
    """Draws the cells of a `MatchModel`; both names of a row in one cell, the micrograph above the exposure.

    A name has three parts: what is cut off the front, what is left, and the end.  What is left starts at the same
    place in both names, so that equal names are seen to be equal.  Where there is too little room, the parts that are
    cut are shortened first.  The model is not asked role by role: each answer would wait for the threads that match
    names at the same time.
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
        is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
        role = QPalette.ColorRole.HighlightedText if is_selected else QPalette.ColorRole.Text
        pen = option.palette.color(role)
        room = option.rect.adjusted(_MARGIN_PX, 0, -_MARGIN_PX, 0)
        painter.setFont(option.font)
        if column is Column.MICROGRAPH:
            _draw_names(
                painter, room, option, names_of(table, row), pen, pen if is_selected else QColor(quiet_colour())
            )
            return
        if column is Column.STATE and not is_selected:
            pen = QColor(_colour(State(table.state[row])))
        side = Qt.AlignmentFlag.AlignRight if column is Column.PARTICLES else Qt.AlignmentFlag.AlignLeft
        painter.setPen(pen)
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | side, _text(table, row, column))


def names_of(table: NameTable, row: int) -> tuple[Parts, Parts]:
    """The micrograph's and the exposure's name in their parts; a name that is not there has empty ones."""
    return (
        _parts(table.micrograph_name(row), *table.micrograph_cut(row)),
        _parts(table.exposure_name(row), *table.exposure_cut(row)),
    )


def _parts(name: str, head: int, tail: int) -> Parts:
    return name[:head], name[head : len(name) - tail], name[len(name) - tail :]


def _draw_names(
    painter: QPainter,
    room: QRect,
    option: QStyleOptionViewItem,
    names: tuple[Parts, Parts],
    pen: QColor,
    quiet: QColor,
) -> None:
    metrics, struck = option.fontMetrics, QFont(option.font)
    struck.setStrikeOut(True)
    start, shown = shortened(metrics, names, room.width())
    height = room.height() // 2
    for line, (head, kept, tail) in enumerate(shown):
        left = room.left() + start - metrics.horizontalAdvance(head)
        for part, is_cut in ((head, True), (kept, False), (tail, True)):
            painter.setFont(struck if is_cut else option.font)
            painter.setPen(quiet if is_cut else pen)
            place = QRect(left, room.top() + line * height, room.right() - left + 1, height)
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, part)
            left += metrics.horizontalAdvance(part)


def shortened(metrics: QFontMetrics, names: tuple[Parts, Parts], room: int) -> tuple[int, list[Parts]]:
    """The names as they are drawn in a cell of this width, and where in it what is left of them starts."""
    widths, middle = _share(metrics, names, room), Qt.TextElideMode.ElideMiddle
    out = []
    for name in names:
        head, kept, tail = (metrics.elidedText(part, middle, width) for part, width in zip(name, widths))
        out.append((head, kept, tail))
    return widths[0], out


def _share(metrics: QFontMetrics, names: tuple[Parts, Parts], room: int) -> tuple[int, int, int]:
    """The width of each part, for both names."""
    head, kept, tail = (
        max(metrics.horizontalAdvance(part) + 1 if part else 0 for part in parts) for parts in zip(*names)
    )
    least = metrics.horizontalAdvance("0…0")
    kept = min(kept, max(room - min(head, least) - min(tail, least), 0))
    head = min(head, max(room - kept - tail, (room - kept) // 2))
    return head, kept, min(tail, room - kept - head)
