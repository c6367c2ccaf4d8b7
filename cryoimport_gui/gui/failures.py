"""The one place where an unexpected exception ends up, whichever thread it comes from: the log, and a box."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from types import TracebackType

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QApplication

from .widgets.messages import show_failure

log = logging.getLogger(__name__)


class Failures(QObject):
    """Handles uncaught exceptions until `release`; boxes are opened in the thread that made this object."""

    _happened = Signal(str, str)

    def __init__(self) -> None:
        super().__init__()
        self._happened.connect(self._show)
        self._before = sys.excepthook, threading.excepthook, sys.unraisablehook
        sys.excepthook = self._on_exception
        threading.excepthook = self._on_thread_exception
        sys.unraisablehook = self._on_unraisable

    def release(self) -> None:
        sys.excepthook, threading.excepthook, sys.unraisablehook = self._before

    def _on_exception(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            QApplication.quit()
            return
        log.error("unexpected error", exc_info=(kind, error, trace))
        self._happened.emit(f"{kind.__name__}: {error}", "".join(traceback.format_exception(kind, error, trace)))

    def _on_thread_exception(self, given: threading.ExceptHookArgs) -> None:
        if given.exc_value is not None and given.exc_type is not SystemExit:
            self._on_exception(given.exc_type, given.exc_value, given.exc_traceback)

    def _on_unraisable(self, given: sys.UnraisableHookArgs) -> None:
        """An error while an object is deleted: the user does not notice it."""
        log.error("error in %r: %s", given.object, given.err_msg, exc_info=given.exc_value)

    @Slot(str, str)
    def _show(self, message: str, details: str) -> None:
        show_failure(QApplication.activeWindow(), message, details)
