"""What the page Particles shows before a file is chosen."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QGroupBox, QPushButton, QVBoxLayout, QWidget

from ....core.parameters import ImportParameters
from ....core.progress import Progress
from ....headless import with_demo
from ...recent import reopen
from ...session import Session
from ...tasks import Tasks
from ...tips import explain
from ...widgets.labels import plain_label
from .recent_list import RecentList

_BEGIN = """\
1.  Drop RELION's STAR file on the window, or choose it above: run_data.star of a refinement or classification, or \
particles.star of an extraction. Several files are joined. cisTEM's STAR file works too, and so do picks without \
images: a file or a folder of Topaz, crYOLO, EMAN or RELION.

2.  Drop the folder of the CryoSPARC project (CS-…), if you have it: its exposures are found, and a folder for the \
output is proposed.

3.  Next goes through everything to check. Nothing is written before the last page."""
_TRY = "Make a small data set with known answers in a temporary folder, and open it."


class Start(QWidget):
    """What to do first, the demo, and the recent imports if there are any."""

    def __init__(self, session: Session, tasks: Tasks) -> None:
        super().__init__()
        self._session, self._tasks = session, tasks
        self.try_demo = QPushButton("&Try the demo data")
        explain(self.try_demo, _TRY)
        self.try_demo.clicked.connect(self._make_demo)
        self.recent = RecentList(session)
        self.recent.wanted.connect(self._reopen)
        tasks.finished.connect(self._on_finished)
        tasks.failed.connect(self._on_failed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(_group("How to begin", plain_label(_BEGIN)))
        layout.addWidget(self.try_demo, 0, Qt.AlignmentFlag.AlignLeft)
        if self.recent.count():
            layout.addWidget(_group("Recent imports: open one again, with all its settings", self.recent), 1)
        else:
            layout.addStretch(1)

    @Slot()
    def _make_demo(self) -> None:
        parameters = self._session.parameters

        def make(progress: Progress) -> ImportParameters:
            return with_demo(parameters, "")

        self.try_demo.setEnabled(False)
        self._tasks.start("demo", make)

    @Slot(str, object)
    def _on_finished(self, kind: str, parameters: Any) -> None:
        if kind != "demo":
            return
        self.try_demo.setEnabled(True)
        if not self._session.parameters.meta:  # else the user has chosen a file meanwhile
            self._session.change(**vars(parameters))
            self._session.keep(parameters)

    @Slot(str, str, str)
    def _on_failed(self, kind: str, message: str, details: str) -> None:
        self.try_demo.setEnabled(True)
        self._session.failed.emit(message, details)

    @Slot(object)
    def _reopen(self, values: dict[str, Any]) -> None:
        reopen(self._session, values, self)


def _group(title: str, content: QWidget) -> QGroupBox:
    box = QGroupBox(title)
    QVBoxLayout(box).addWidget(content)
    return box
