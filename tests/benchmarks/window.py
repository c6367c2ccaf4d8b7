"""The window while it imports 1M particles: how long the GUI thread ever stands still, and how often it tells."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from .made_star import make_stacks, make_star

ROWS, STACKS = 1_000_000, 4_000


def run() -> Iterator[tuple[str, str, str]]:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QLineEdit, QWizard

    from cryoimport_gui.core.parameters import ImportParameters
    from cryoimport_gui.gui.wizard import ImportWizard

    from .heartbeat import Heartbeat, running_application

    with running_application() as app, tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CONFIG_HOME"] = folder
        star = Path(folder) / "run_data.star"
        make_star(star, ROWS, STACKS)
        make_stacks(Path(folder), STACKS, images=ROWS // STACKS)
        wizard = ImportWizard(ImportParameters())
        wizard.show()
        session = wizard.session
        reports: list[float] = []
        session.progressed.connect(lambda *_: reports.append(time.perf_counter()))
        beat = Heartbeat(app)

        def stall() -> str:
            return f"{beat.longest_ms():.0f} ms"

        beat.until(lambda: all(page.is_built for page in wizard.pages))
        began = time.perf_counter()
        beat.mark()
        session.change(meta=str(star), data_sign="-1")
        beat.until(lambda: session.is_current)
        yield "reading, locating, checking: longest stall", stall(), "at most 50 ms"
        spent = time.perf_counter() - began
        yield "reports of progress a second", f"{len(reports) / spent:.1f}", "at least 5"
        keys = 0
        data = wizard.pages[0].findChild(QLineEdit, "data")
        assert data is not None
        session.check_again()
        beat.until(lambda: session.tasks.busy)
        beat.mark()
        while not session.is_current:
            keys += 1
            QTest.keyClick(data, Qt.Key.Key_X if keys % 2 else Qt.Key.Key_Backspace)
            beat.go_on(0.05)
            if keys == 40:
                data.clear()
                beat.until(lambda: session.is_current)
        yield f"typing {min(keys, 40)} letters meanwhile: longest stall", stall(), "at most 50 ms"
        for page in wizard.pages[1:-1]:
            beat.mark()
            wizard.next()
            beat.go_on(1.0)
            yield f"page {page.title()}: longest stall", stall(), "at most 50 ms"
        beat.mark()
        session.change(output=str(Path(folder) / "out"))
        beat.until(lambda: session.is_current)
        yield "choosing an output: longest stall", stall(), "at most 50 ms"
        beat.mark()
        wizard.button(QWizard.WizardButton.NextButton).click()
        beat.until(lambda: session.is_writing)
        asked = time.perf_counter()
        session.cancel_import()
        beat.until(lambda: not session.is_writing)
        yield "cancelling the import", f"{(time.perf_counter() - asked) * 1e3:.0f} ms", "at most 500 ms"
        session.start_import()
        beat.until(lambda: session.job is not None)
        yield "writing: longest stall", stall(), "at most 50 ms"
        beat.stop()
        wizard.leave()
