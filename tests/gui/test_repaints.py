"""A thousand repaints: some versions of PySide6 lose count of references and abort after some hundred of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import cryoimport_gui
from cryoimport_gui.core.demo import Demo

REPAINTS = 1000
PROGRAM = """
import sys
import pyqtgraph as pg
painted = []
original = pg.GraphicsView.paintEvent
def counted(view, event):
    painted.append(1)
    return original(view, event)
pg.GraphicsView.paintEvent = counted

from cryoimport_gui.core.parameters import ImportParameters
from cryoimport_gui.gui.app import make_application
from cryoimport_gui.gui.pages.preview.page import PreviewPage
from cryoimport_gui.gui.wizard import ImportWizard

app = make_application(sys.argv[:1])
wizard = ImportWizard(ImportParameters(meta=sys.argv[1], data=sys.argv[2]))
page = next(page for page in wizard.pages if isinstance(page, PreviewPage))
wizard.show()
while not wizard.session.is_current:
    app.processEvents()
wizard.go_to(wizard.pages.index(page))
while page.view.tiles is None or page.tasks.busy:
    app.processEvents()
before = len(painted)
for number in range(int(sys.argv[3])):
    page.view.set_sign(1 if number % 2 else -1)
    page.view.viewport().repaint()
    app.processEvents()
print("painted", len(painted) - before)
wizard.close()
"""


def test_a_thousand_repaints(demo: Demo, tmp_path: Path) -> None:
    """In a process of its own: what it guards against ends the process."""
    root = Path(cryoimport_gui.__file__).parents[1]
    command = [sys.executable, "-c", PROGRAM, str(demo.star), str(demo.data), str(REPAINTS)]
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr[-3000:]
    word, count = done.stdout.split()[-2:]
    assert word == "painted" and int(count) >= REPAINTS
