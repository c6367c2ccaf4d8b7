"""Shows a folder or a page in the desktop's program for it, and says so where there is none."""

from __future__ import annotations

import shutil
import subprocess

from PySide6.QtCore import QTimer, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from .widgets.messages import show_notice

_LOOKS, _EVERY_MS = 50, 100


class Opener(QTimer):
    """Runs `xdg-open`, whose exit status says whether something opened the path; Qt ignores it.

    A program that still runs after five seconds has opened it.

    Args:
        what: The path is, such as a folder.
        program: What opens it.
    """

    def __init__(self, parent: QWidget, what: str, program: str) -> None:
        super().__init__(parent, interval=_EVERY_MS)
        self._window = parent
        self._what, self._program = what, program
        self._path, self._looks = "", 0
        self._opening: subprocess.Popen[bytes] | None = None
        self.timeout.connect(self._look)

    def open(self, path: str) -> None:
        self._path, self._looks = path, 0
        opener = shutil.which("xdg-open")
        if opener is None:
            if not QDesktopServices.openUrl(QUrl.fromLocalFile(path)):
                self._say_so()
            return
        nowhere = subprocess.DEVNULL
        self._opening = subprocess.Popen(
            [opener, path], stdin=nowhere, stdout=nowhere, stderr=nowhere, start_new_session=True
        )
        self.start()

    @Slot()
    def _look(self) -> None:
        status = self._opening.poll() if self._opening else 0
        self._looks += 1
        if status is not None or self._looks >= _LOOKS:
            self.stop()
            if status:
                self._say_so()

    def _say_so(self) -> None:
        text = f"No {self._program} could open the {self._what}. It is here:\n\n{self._path}"
        show_notice(self._window, text, copy=self._path)
