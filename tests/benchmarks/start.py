"""From the start of the process to a first page that takes input, against an empty window with a pyqtgraph view."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from statistics import median

from .measure import ROOT

_ROUNDS = 7
_EMPTY = """
import sys
from PySide6.QtWidgets import QApplication, QMainWindow
import pyqtgraph
app = QApplication(sys.argv)
window = QMainWindow()
window.setCentralWidget(pyqtgraph.GraphicsLayoutWidget())
window.show()
app.processEvents()
"""
_OWN = """
import sys
from cryoimport_gui.core.parameters import ImportParameters
from cryoimport_gui.gui.app import make_application
from cryoimport_gui.gui.wizard import ImportWizard
app = make_application(sys.argv)
window = ImportWizard(ImportParameters())
window.show()
app.processEvents()
window.leave()
"""


def run() -> Iterator[tuple[str, str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "XDG_CONFIG_HOME": folder}
        spent: dict[str, list[float]] = {_EMPTY: [], _OWN: []}
        for _ in range(_ROUNDS):
            for code, times in spent.items():
                began = time.perf_counter()
                subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, check=True)
                times.append(time.perf_counter() - began)
    empty, own = (median(times) for times in spent.values())
    yield "an empty window", f"{empty:.2f} s", ""
    yield "the first page: time / an empty window", f"{own / empty:.2f}", "at most 1.50"
