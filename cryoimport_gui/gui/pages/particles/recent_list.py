"""The recent imports on the first page, as long as nothing is chosen."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QListWidget, QListWidgetItem

from ...recent import REOPEN_TIP, title_of
from ...session import Session
from ...tips import explain, plain_tip


class RecentList(QListWidget):
    """One line an import.

    Signals:
        wanted(values): the parameters of the import that was clicked, or chosen by Enter.
    """

    wanted = Signal(object)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setAccessibleName("Recent imports")
        explain(self, REOPEN_TIP)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for values in session.settings.recent:
            item = QListWidgetItem(title_of(values))
            item.setData(Qt.ItemDataRole.UserRole, values)
            item.setToolTip(plain_tip(title_of(values)))
            self.addItem(item)
        self.itemClicked.connect(self._on_chosen)
        self.itemActivated.connect(self._on_chosen)

    @Slot(QListWidgetItem)
    def _on_chosen(self, item: QListWidgetItem) -> None:
        self.wanted.emit(item.data(Qt.ItemDataRole.UserRole))
