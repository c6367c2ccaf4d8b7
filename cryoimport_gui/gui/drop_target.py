"""Files and folders dragged over a window: where they would go, and where they went."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QWidget

from .drops import copies, sort_out
from .session import Session
from .widgets.drop_hint import DropHint

_NOT_NOW = "The import is being written. Drop it when that has ended."


class DropTarget(QObject):
    """Takes everything that is dropped on a window and not on one of its fields.

    What cannot be used is accepted too: the listener answers in words.

    Signals:
        dropped(sorted): as `drops.sort_out` gives it.
    """

    dropped = Signal(object)

    def __init__(self, window: QWidget, session: Session) -> None:
        super().__init__(window)
        self._window, self._session = window, session
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.DragLeave:
            DropHint.of(self._window).hide()
        elif kind == QEvent.Type.DragEnter and isinstance(event, QDropEvent):
            self._enter(event)
        elif kind == QEvent.Type.DragMove and isinstance(event, QDragMoveEvent):
            event.setAccepted(self._may_take(event))
        elif kind == QEvent.Type.Drop and isinstance(event, QDropEvent):
            self._drop(event)
        else:
            return False
        return True

    def _may_take(self, event: QDropEvent) -> bool:
        return event.mimeData().hasUrls() and not self._session.is_writing and copies(event)

    def _enter(self, event: QDropEvent) -> None:
        """Accepted even while nothing can be dropped: the hint says why."""
        is_something = event.mimeData().hasUrls() and copies(event)
        event.setAccepted(is_something)
        if is_something:
            words = _NOT_NOW if self._session.is_writing else sort_out(event.mimeData()).words
            DropHint.of(self._window).show_text(words)

    def _drop(self, event: QDropEvent) -> None:
        hint, is_taken = DropHint.of(self._window), self._may_take(event)
        event.setAccepted(is_taken)
        if not is_taken:
            hint.hide()
            return
        found = sort_out(event.mimeData())
        if found.values:
            hint.show_text(found.words)
            hint.stay_a_moment()
        else:
            hint.hide()
        self.dropped.emit(found)
