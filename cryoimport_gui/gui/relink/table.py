"""The links of a job folder that would change, one a row."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from ...core.job.relink import Relinking
from ...core.problems import printable
from ..tips import plain_tip
from ..widgets.table_index import ROOT, Index

_LINK_WIDTH = 190
_TITLES = ("Link", "Leads to", "Will lead to")
_TIPS = (
    "Name of the link in the job folder; it stays.",
    "Where the link leads now. The stack is no longer there.",
    "The stack that was found: same number of images, box and file size as the one that was imported.",
)


class RelinkModel(QAbstractTableModel):
    """Link name, old target, new target."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[tuple[str, str, str]] = []

    def show(self, plan: Relinking | None) -> None:
        self.beginResetModel()
        self._rows = [(name, *targets) for name, targets in plan.changes.items()] if plan else []
        self.endResetModel()

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(_TITLES)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _TITLES[section]
        return _TIPS[section] if role == Qt.ItemDataRole.ToolTipRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        text = printable(self._rows[index.row()][index.column()])
        return plain_tip(text) if role == Qt.ItemDataRole.ToolTipRole else text


class RelinkTable(QTableView):
    """Shows what would change; long paths are shortened in the middle, whole in the tool tip."""

    def __init__(self) -> None:
        super().__init__()
        self.changes = RelinkModel()
        self.setModel(self.changes)
        self.setAccessibleName("Links that would change")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setTabKeyNavigation(False)
        rows, columns = self.verticalHeader(), self.horizontalHeader()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)  # to contents takes forever with many rows
        rows.setDefaultSectionSize(self.fontMetrics().height() + 6)
        rows.hide()
        columns.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        columns.setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        columns.resizeSection(0, _LINK_WIDTH)
        columns.setHighlightSections(False)
        columns.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
