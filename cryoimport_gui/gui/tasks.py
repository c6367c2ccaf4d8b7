"""The only bridge between the import core and Qt's threads, and what each thread may do.

A `Tasks` runs plain functions in one thread of its own, one after the other, and reports by signals that
arrive in the thread that made it.  A newer task replaces a waiting one of its kind.

* The window's thread reads no file, header or image, and calculates nothing that takes longer than a repaint.
* A task reads, calculates and writes.  It touches no widget and no `Session`: it gets what it needs when it is made,
  and returns a result that nobody changes afterwards.  It calls `progress.step` in every loop; a cancel arrives there
  as `Cancelled`, and a thread is never ended in any other way.
* Threads of `core/parallel` only wait for the file system, inside of one call of the core.  They see no Qt.
* Slots of a task's signals are bound methods with `@Slot`: a lambda would run in the worker's thread.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from threading import Event
from time import monotonic
from typing import Any

from PySide6.QtCore import QObject, QThread, Signal, Slot

from ..core.problems import Refused
from ..core.progress import Cancelled, Progress

log = logging.getLogger(__name__)

Function = Callable[[Progress], Any]
_PROGRESS_EVERY_S = 0.05


class _Job:
    def __init__(self, kind: str, function: Function) -> None:
        self.kind = kind
        self.function = function
        self.stop = Event()


class _SignalProgress(Progress):
    """Sends at most twenty reports a second, but always a stage's last one."""

    def __init__(self, kind: str, stop: Event, send: Callable[[str, str, int, int], None]) -> None:
        super().__init__(stop.is_set)
        self._kind = kind
        self._send = send
        self._stage = ""
        self._sent = 0.0

    def stage(self, name: str) -> None:
        self._stage = name
        self._sent = 0.0
        self.step(0, 0)

    def report(self, done: int, total: int) -> None:
        now = monotonic()
        if now - self._sent >= _PROGRESS_EVERY_S or (done == total and total > 0):
            self._sent = now
            self._send(self._kind, self._stage, done, total)


class _Worker(QObject):
    progressed = Signal(str, str, object, object)  # objects: counts of bytes do not fit into an int
    ended = Signal(object, str, object)

    @Slot(object)
    def run(self, job: _Job) -> None:
        outcome, result = "done", None
        try:
            if job.stop.is_set():
                raise Cancelled
            result = job.function(_SignalProgress(job.kind, job.stop, self.progressed.emit))
        except Cancelled:
            outcome = "cancelled"
        except Refused as refused:
            outcome, result = "refused", refused.problem
        except Exception as error:
            log.exception("task %s failed", job.kind)
            outcome, result = "failed", (f"{type(error).__name__}: {error}", traceback.format_exc())
        self.ended.emit(job, outcome, result)


class Tasks(QObject):
    """Runs functions of a `Progress` in a thread.

    Signals:
        started(kind), progressed(kind, stage, done, total), finished(kind, result), refused(kind, problem),
        cancelled(kind), failed(kind, message, details).
    """

    started = Signal(str)
    progressed = Signal(str, str, object, object)
    finished = Signal(str, object)
    refused = Signal(str, object)
    cancelled = Signal(str)
    failed = Signal(str, str, str)
    _submitted = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._running: _Job | None = None
        self._waiting: dict[str, _Job] = {}
        self._thread = QThread(self)
        self._worker = _Worker()
        self._worker.moveToThread(self._thread)
        self._worker.progressed.connect(self._on_progress)
        self._worker.ended.connect(self._on_ended)
        self._submitted.connect(self._worker.run)
        self._thread.start()

    @property
    def busy(self) -> bool:
        return self._running is not None

    def is_running(self, kind: str) -> bool:
        return (self._running is not None and self._running.kind == kind) or kind in self._waiting

    def start(self, kind: str, function: Function, *, replace_running: bool = True) -> None:
        """Run a function soon.  With `replace_running`, one of its kind that runs is stopped."""
        if replace_running and self._running and self._running.kind == kind:
            self._running.stop.set()
        self._waiting.pop(kind, None)
        self._waiting[kind] = _Job(kind, function)
        self._next()

    def cancel(self, kind: str | None = None) -> None:
        """Stop what runs and waits of a kind, or everything."""
        for waiting in [k for k in self._waiting if kind in (None, k)]:
            del self._waiting[waiting]
        if self._running and kind in (None, self._running.kind):
            self._running.stop.set()

    def close(self) -> None:
        """Stop everything and end the thread; waits for the step that runs."""
        self.cancel()
        self._thread.quit()
        self._thread.wait()

    def _next(self) -> None:
        if self._running is None and self._waiting:
            kind = next(iter(self._waiting))
            self._running = self._waiting.pop(kind)
            self.started.emit(kind)
            self._submitted.emit(self._running)

    @Slot(str, str, object, object)
    def _on_progress(self, kind: str, stage: str, done: int, total: int) -> None:
        if self._running and not self._running.stop.is_set():
            self.progressed.emit(kind, stage, done, total)

    @Slot(object, str, object)
    def _on_ended(self, job: _Job, outcome: str, result: Any) -> None:
        self._running = None
        if outcome == "done" and job.stop.is_set() and job.kind in self._waiting:
            outcome = "cancelled"  # the next one waits: an old result would only flash
        if outcome == "failed":
            self.failed.emit(job.kind, *result)
        elif outcome == "cancelled":
            self.cancelled.emit(job.kind)
        else:
            getattr(self, "finished" if outcome == "done" else "refused").emit(job.kind, result)
        self._next()
