"""How long the GUI thread ever stands still, by a timer that should fire every few milliseconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication

from cryoimport_gui.gui.app import SWITCH_INTERVAL_S, make_application
from cryoimport_gui.gui.garbage import Collector

_BEAT_MS = 5


@contextmanager
def running_application() -> Iterator[QApplication]:
    """The application as the program runs it."""
    app = QApplication.instance() or make_application(sys.argv[:1])
    assert isinstance(app, QApplication)
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    collector = Collector()
    try:
        yield app
    finally:
        collector.release()
        sys.setswitchinterval(before)


class Heartbeat(QObject):
    """Beats from the start; `longest_ms` tells the longest pause since the last `mark`."""

    def __init__(self, app: QApplication) -> None:
        super().__init__()
        self._app = app
        self._beats: list[float] = []
        self._timer = QTimer(self, interval=_BEAT_MS)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def _beat(self) -> None:
        self._beats.append(time.perf_counter())

    def mark(self) -> None:
        self._beats = [time.perf_counter()]

    def longest_ms(self) -> float:
        return max((b - a for a, b in zip(self._beats, self._beats[1:])), default=0.0) * 1e3

    def until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._app.processEvents()

    def go_on(self, seconds: float) -> None:
        end = time.perf_counter() + seconds
        self.until(lambda: time.perf_counter() > end)

    def stop(self) -> None:
        self._timer.stop()
