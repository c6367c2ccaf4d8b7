"""The window while it imports 1M particles: how long the GUI thread ever stands still, and how often it tells."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from .made_star import make_stacks, make_star

ROWS, STACKS = 1_000_000, 4_000
_BEAT_MS = 5


def run() -> Iterator[tuple[str, str, str]]:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import QTimer

    from cryoimport_gui.core.parameters import ImportParameters
    from cryoimport_gui.gui.app import make_application
    from cryoimport_gui.gui.wizard import ImportWizard

    app = make_application(sys.argv[:1])
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CONFIG_HOME"] = folder
        star = Path(folder) / "run_data.star"
        make_star(star, ROWS, STACKS)
        make_stacks(Path(folder), STACKS, images=ROWS // STACKS)
        wizard = ImportWizard(ImportParameters())
        wizard.show()
        beats: list[float] = []
        reports: list[float] = []
        timer = QTimer(interval=_BEAT_MS)
        timer.timeout.connect(lambda: beats.append(time.perf_counter()))
        wizard.session.progressed.connect(lambda *_: reports.append(time.perf_counter()))
        timer.start()

        def until(condition: Callable[[], bool]) -> None:
            while not condition():
                app.processEvents()

        def stall(first: int) -> float:
            return max((b - a for a, b in zip(beats[first:], beats[first + 1 :])), default=0.0) * 1e3

        began, first = time.perf_counter(), len(beats)
        wizard.session.change(meta=str(star), data_sign="-1")
        until(lambda: wizard.session.is_current)
        yield "reading, locating, checking: longest stall", f"{stall(first):.0f} ms", "at most 50 ms"
        spent = time.perf_counter() - began
        yield "reports of progress a second", f"{len(reports) / spent:.1f}", "at least 5"
        for page in wizard.pages[1:-1]:
            first = len(beats)
            wizard.next()
            pause = time.perf_counter() + 1.0
            until(lambda until_then=pause: time.perf_counter() > until_then)
            yield f"page {page.title()}: longest stall", f"{stall(first):.0f} ms", "at most 50 ms"
        first = len(beats)
        wizard.session.change(output=str(Path(folder) / "out"))
        until(lambda: wizard.session.is_current)
        yield "choosing an output: longest stall", f"{stall(first):.0f} ms", "at most 50 ms"
        first = len(beats)
        wizard.next()
        until(lambda: wizard.session.is_writing)
        asked = time.perf_counter()
        wizard.session.cancel_import()
        until(lambda: not wizard.session.is_writing)
        yield "cancelling the import", f"{(time.perf_counter() - asked) * 1e3:.0f} ms", "at most 500 ms"
        wizard.session.start_import()
        until(lambda: wizard.session.job is not None)
        yield "writing: longest stall", f"{stall(first):.0f} ms", "at most 50 ms"
        timer.stop()
        wizard.close()
