"""A table of texts that are asked for when they are shown, so that it may have any number of rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from ..tips import plain_tip
from .table_index import ROOT, Index

#: the text of a row and a column
CellText = Callable[[int, int], str]
_MEASURED_ROWS = 100
_MARGIN_PX = 14


class TextModel(QAbstractTableModel):
    """`columns`: title and meaning of each."""

    def __init__(self, columns: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._columns = columns
        self._count = 0
        self._text: CellText = _no_text
        self._tip: CellText = _no_text

    def show(self, count: int, text: CellText, tip: CellText) -> None:
        self.beginResetModel()
        self._count, self._text, self._tip = count, text, tip
        self.endResetModel()

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else self._count

    def columnCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        title, meaning = self._columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return title
        return meaning if role == Qt.ItemDataRole.ToolTipRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(index.row(), index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(self._tip(index.row(), index.column()))
        return None


class TextTable(QTableView):
    """Rows of texts; the column `wide` takes the room that the others leave.

    Args:
        columns: title and meaning of each.
        wide: A column's number.

    Signals:
        accepted(): a row was double-clicked, or Enter was pressed.
    """

    accepted = Signal()

    def __init__(self, name: str, columns: Sequence[tuple[str, str]], wide: int) -> None:
        super().__init__()
        self._wide = wide
        self.texts = TextModel(columns)
        self.setModel(self.texts)
        self.setAccessibleName(name)
        self.setWhatsThis("\n".join(f"{title}: {meaning}" for title, meaning in columns))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setWordWrap(False)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setTabKeyNavigation(False)
        rows, heads = self.verticalHeader(), self.horizontalHeader()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(self.fontMetrics().height() + 6)
        rows.hide()
        heads.setSectionResizeMode(wide, QHeaderView.ResizeMode.Stretch)
        heads.setHighlightSections(False)
        heads.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.doubleClicked.connect(self.accepted)

    def show_rows(self, count: int, text: CellText, tip: CellText) -> None:
        self.texts.show(count, text, tip)
        heads, columns = self.horizontalHeader(), self.texts.columnCount()
        for column in range(columns):
            if column != self._wide:
                widest = max((text(row, column) for row in range(min(count, _MEASURED_ROWS))), key=len, default="")
                room = self.fontMetrics().horizontalAdvance(widest) + _MARGIN_PX
                self.setColumnWidth(column, max(room, heads.sectionSizeHint(column)))

    @property
    def rows_px(self) -> int:
        """The height at which all rows are seen."""
        rows = self.texts.rowCount() * self.verticalHeader().defaultSectionSize()
        return rows + self.horizontalHeader().sizeHint().height() + 2 * self.frameWidth()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.accepted.emit()  # not on to the next page
        else:
            super().keyPressEvent(event)


def _no_text(row: int, column: int) -> str:
    return ""
