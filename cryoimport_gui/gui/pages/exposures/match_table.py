"""The table of names: what is cut is struck through, what is left must be equal."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from ....core.looks.match_table import Arrangement, Column, NameTable
from ...tips import explain
from .match_model import MatchDelegate, MatchModel, RowNumbers, names_of
from .words import struck_names

#: one column shows both names and their trimmed parts; the others are kept to sort by
_HIDDEN = (Column.EXPOSURE, Column.TRIMMED)
_LEAST_WIDTH_PX = 330  # narrower, all names would look alike
_UP, _DOWN = Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder


class _Filter(QLineEdit):
    def __init__(self, view: QTableView) -> None:
        super().__init__(clearButtonEnabled=True, placeholderText="Filter names")
        self._view = view
        self.setAccessibleName("Filter names")
        explain(self, "Show only rows with this text in a name or in the match; upper and lower case are equal.")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Down):
            self._view.setFocus()  # not on to the next page
        else:
            super().keyPressEvent(event)


class _View(QTableView):
    """Sorts by Ctrl and the column's number.

    Signals:
        look_changed(): palette, font or style have changed.
    """

    look_changed = Signal()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self.look_changed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        column = event.key() - Qt.Key.Key_1
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier and 0 <= column < len(Column):
            header = self.horizontalHeader()
            again = header.sortIndicatorSection() == column and header.sortIndicatorOrder() == _UP
            header.setSortIndicator(column, _DOWN if again else _UP)
        else:
            super().keyPressEvent(event)


class MatchTable(QWidget):
    """The table with its filter and its export.

    Listeners of `arranged` arrange the rows, not this widget: for 20,000 names that takes too long for the
    thread that draws.

    Signals:
        arranged(): the order or filter has changed; see `arrangement`.
        chosen(row): a row of the `NameTable` is the current one; -1: none.
        export_wanted(): the rows shown are to be written to a file.
    """

    arranged = Signal()
    chosen = Signal(int)
    export_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumWidth(_LEAST_WIDTH_PX)
        self.model = MatchModel()
        self.view = _View()
        self.view.setModel(self.model)
        self.view.setAccessibleName("Names of micrographs and exposures")
        self.view.setWhatsThis(
            "What is cut off a name is struck through; what is left must be equal. What is doubtful comes first. "
            "Ctrl+1 to Ctrl+5 sort by match, micrograph, exposure, particles, trimmed name. The picture is of the "
            "selected row."
        )
        self.view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.view.setWordWrap(False)
        self.view.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.view.setShowGrid(False)
        self.view.setAlternatingRowColors(True)
        self.view.setTabKeyNavigation(False)
        self.view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        rows, columns = self.view.verticalHeader(), self.view.horizontalHeader()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(2 * self.view.fontMetrics().height() + 6)
        rows.hide()
        columns.setSortIndicator(Column.STATE, _UP)
        columns.setSortIndicatorShown(True)
        columns.setSectionsClickable(True)
        columns.setHighlightSections(False)
        columns.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        columns.setSectionResizeMode(Column.MICROGRAPH, QHeaderView.ResizeMode.Stretch)
        for column in _HIDDEN:
            self.view.setColumnHidden(column, True)
        for column, widest in ((Column.STATE, "✖ no exposure "), (Column.PARTICLES, "Particles")):
            self.view.setColumnWidth(column, self.view.fontMetrics().horizontalAdvance(widest) + 12)
        self._delegate = MatchDelegate(self.model)
        self.view.setItemDelegate(self._delegate)
        self._take_look()
        self.view.look_changed.connect(self._take_look)
        self.filter = _Filter(self.view)
        label = QLabel("&Filter")
        label.setBuddy(self.filter)
        self.details = QLabel(wordWrap=True, textFormat=Qt.TextFormat.RichText)
        self.details.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.details.setAccessibleName("Whole names of the current row")
        self.details.setFixedHeight(4 * self.fontMetrics().height() + 4)
        self.export = QPushButton("E&xport CSV…")
        explain(self.export, "Write the rows shown, in their order, to a file.")
        self.export.clicked.connect(self.export_wanted)
        top = QHBoxLayout()
        top.addWidget(label)
        top.addWidget(self.filter, 1)
        top.addWidget(self.export)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(top)
        layout.addWidget(self.view, 1)
        layout.addWidget(self.details)
        self.filter.textChanged.connect(self.arranged)
        columns.sortIndicatorChanged.connect(self.arranged)
        self.view.selectionModel().currentRowChanged.connect(self._on_current)

    @property
    def arrangement(self) -> Arrangement:
        header = self.view.horizontalHeader()
        descending = header.sortIndicatorOrder() == _DOWN
        return Arrangement(Column(header.sortIndicatorSection()), descending, self.filter.text())

    @property
    def current(self) -> int:
        """The row of the `NameTable` that is the current one; -1: none."""
        index = self.view.currentIndex()
        return int(self.model.rows[index.row()]) if index.isValid() else -1

    def show_rows(self, table: NameTable | None, rows: RowNumbers, current: int = -1) -> None:
        """Show some rows of a table; `current` is the row of the table to go to, if it is among them."""
        self.model.show(table, rows)
        self.export.setEnabled(len(rows) > 0)
        place = np.flatnonzero(rows == current)
        if len(place):
            self.view.setCurrentIndex(self.model.index(int(place[0]), 0))
        else:
            self._on_current()

    def step(self, by: int) -> None:
        """Go to the next (1) or the previous (-1) row that has an exposure."""
        table = self.model.table
        if table is None:
            return
        here = self.view.currentIndex().row()
        places = np.flatnonzero(table.exposure[self.model.rows] >= 0)
        ahead = places[places > here][:1] if by > 0 else places[places < here][-1:]
        if len(ahead):
            self.view.setCurrentIndex(self.model.index(int(ahead[0]), 0))

    @Slot()
    def _take_look(self) -> None:
        self._delegate.take_look(self.view)

    @Slot()
    def _on_current(self, *_: object) -> None:
        row, table = self.current, self.model.table
        text = struck_names(names_of(table, row)) if table is not None and row >= 0 else ""
        self.details.setText(text)
        self.details.setVisible(bool(text))
        self.chosen.emit(row)
