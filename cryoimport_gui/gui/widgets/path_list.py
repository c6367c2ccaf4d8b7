"""The files behind a parameter that takes several: one line each, to be added and removed."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QPushButton, QWidget

from ..drops import Sorted, copies, sort_out
from ..session import Session
from ..tips import explain, plain_tip

_MOST_SHOWN = 3


class PathList(QWidget):
    """One line a file; a file can be removed, and others dropped on it are added.  Hidden with a single file.

    Subclasses say in `lines` which files there are.
    """

    NAME = ""  # of the parameter
    TITLE = ""
    TIP = ""
    REMOVE_TIP = ""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self._paths: list[str] = []
        self.files = _Files(session, self.NAME, self.TITLE, self.TIP)
        self.remove = QPushButton("Rem&ove")
        self.remove.setAutoDefault(False)
        explain(self.remove, self.REMOVE_TIP)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.files, 1)
        layout.addWidget(self.remove, 0, Qt.AlignmentFlag.AlignTop)
        self.remove.clicked.connect(self._remove)
        self.files.itemSelectionChanged.connect(self._enable)
        session.changed.connect(self.refresh)
        session.planned.connect(self.refresh)
        self.refresh()

    def lines(self) -> list[tuple[str, str]]:
        """Path and text of each."""
        raise NotImplementedError

    @Slot()
    def refresh(self, *_: object) -> None:
        known = self.lines()
        self._paths, lines = [path for path, _ in known], [text for _, text in known]
        if lines != [self.files.item(row).text() for row in range(self.files.count())]:
            self.files.clear()
            self.files.addItems(lines)
            self.files.fit()
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
        left = tuple(path for row, path in enumerate(self._paths) if row != chosen)
        self.session.undo.take("Remove", **{self.NAME: left})


class _Files(QListWidget):
    def __init__(self, session: Session, name: str, title: str, tip: str) -> None:
        super().__init__()
        self._session, self._name = session, name
        self._dragged: tuple[str, ...] = ()  # what is dragged over the list, if all of it is of the list's kind
        self.setAccessibleName(title)
        explain(self, tip)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAcceptDrops(True)
        self.fit()

    def fit(self) -> None:
        """As high as its lines, up to three."""
        lines = max(1, min(self.count(), _MOST_SHOWN))
        self.setFixedHeight(lines * self.fontMetrics().lineSpacing() + 4 * self.frameWidth() + 6)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        found = sort_out(event.mimeData()) if event.mimeData().hasUrls() else Sorted()  # once: it looks into the files
        self._dragged = found.values[self._name] if set(found.values) == {self._name} else ()
        self._take_if_files(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        self._take_if_files(event)

    def dropEvent(self, event: QDropEvent) -> None:
        if self._take_if_files(event):
            before = getattr(self._session.parameters, self._name)
            self._session.change(**{self._name: (*before, *(path for path in self._dragged if path not in before))})

    def _take_if_files(self, event: QDropEvent) -> bool:
        """What is of another kind goes on to the window, which answers in words."""
        is_taken = bool(self._dragged) and copies(event)
        event.setAccepted(is_taken)
        return is_taken
