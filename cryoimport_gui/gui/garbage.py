"""Python's garbage collection, in the GUI thread alone.

By itself it runs in whichever thread makes the next object.  A worker would then destroy widgets that were thrown
away with references in a circle, which Qt allows in their own thread only: now and then the process would die of it.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer, Slot

_EVERY_MS = 500
_YOUNG, _MIDDLE, _OLD = 20_000, 20, 50


class Collector(QObject):
    """Collects when there is enough to collect, from its creation until `release`."""

    def __init__(self) -> None:
        super().__init__()
        gc.disable()
        gc.freeze()  # what exists at the start stays, and need not be scanned each time
        self._timer = QTimer(self, interval=_EVERY_MS)
        self._timer.timeout.connect(self._collect)
        self._timer.start()

    def release(self) -> None:
        self._timer.stop()
        gc.enable()

    @Slot()
    def _collect(self) -> None:
        young, middle, old = gc.get_count()
        if old > _OLD:
            gc.collect()
        elif middle > _MIDDLE:
            gc.collect(1)
        elif young > _YOUNG:
            gc.collect(0)
