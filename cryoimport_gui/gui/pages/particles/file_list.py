"""The files behind the particle meta path, where there are several: how many rows each has, and which are joined."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QPushButton, QWidget

from ....core.names import Names
from ...drops import Sorted, copies, sort_out
from ...session import Session
from ...tips import explain, plain_tip

_SHOWN_ROWS = 3


class FileList(QWidget):
    """One line a file; a file can be removed, and others dropped on it are added.  Hidden with a single file."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._paths: list[str] = []
        self.files = _Files(session)
        self.remove = QPushButton("Rem&ove")
        self.remove.setAutoDefault(False)
        explain(self.remove, "Remove the selected file from the import. The file itself stays where it is.")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.files, 1)
        layout.addWidget(self.remove, 0, Qt.AlignmentFlag.AlignTop)
        self.remove.clicked.connect(self._remove)
        self.files.itemSelectionChanged.connect(self._enable)
        session.changed.connect(self.refresh)
        session.planned.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self, *_: object) -> None:
        """The files that were read; until they are, the paths as they were typed."""
        inputs = self._session.plan.inputs if self._session.is_current else ()
        self._paths = [file.path for file in inputs] or [*self._session.parameters.meta]
        rows = [f": {file.rows:,} rows" for file in inputs] or [""] * len(self._paths)
        lines = [name + count for name, count in zip(Names(self._paths).told_apart, rows)]
        if lines != [self.files.item(row).text() for row in range(self.files.count())]:
            self.files.clear()
            self.files.addItems(lines)
            for row, path in enumerate(self._paths):
                self.files.item(row).setToolTip(plain_tip(path))
        self.setVisible(len(self._paths) > 1)
        self._enable()

    @Slot()
    def _enable(self) -> None:
        self.remove.setEnabled(bool(self.files.selectedItems()))

    @Slot()
    def _remove(self) -> None:
        chosen = self.files.currentRow()
        self._session.change(meta=tuple(path for row, path in enumerate(self._paths) if row != chosen))


class _Files(QListWidget):
    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._dragged: tuple[str, ...] = ()  # what is dragged over the list, if all of it holds particles
        self.setAccessibleName("Files that are joined")
        explain(self, "These files are imported as one, in this order. Drop another one here to add it.")
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAcceptDrops(True)
        self.setFixedHeight(_SHOWN_ROWS * self.fontMetrics().lineSpacing() + 4 * self.frameWidth() + 6)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        found = sort_out(event.mimeData()) if event.mimeData().hasUrls() else Sorted()  # once: it looks into the files
        self._dragged = found.values["meta"] if set(found.values) == {"meta"} else ()
        self._take_if_files(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        self._take_if_files(event)

    def dropEvent(self, event: QDropEvent) -> None:
        if self._take_if_files(event):
            before = self._session.parameters.meta
            self._session.change(meta=(*before, *(path for path in self._dragged if path not in before)))

    def _take_if_files(self, event: QDropEvent) -> bool:
        """What holds no particles goes on to the window, which answers in words."""
        is_taken = bool(self._dragged) and copies(event)
        event.setAccepted(is_taken)
        return is_taken
