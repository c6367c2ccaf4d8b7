"""Shows a folder in the desktop's file manager, and says so where there is none."""

from __future__ import annotations

import shutil
import subprocess

from PySide6.QtCore import QTimer, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from .widgets.messages import show_notice

_LOOKS, _EVERY_MS = 50, 100


class FolderOpener(QTimer):
    """Runs `xdg-open`, whose exit status says whether something opened the folder; Qt ignores it.

    A file manager that still runs after five seconds has opened it.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, interval=_EVERY_MS)
        self._window = parent
        self._folder, self._looks = "", 0
        self._opening: subprocess.Popen[bytes] | None = None
        self.timeout.connect(self._look)

    def open(self, folder: str) -> None:
        self._folder, self._looks = folder, 0
        opener = shutil.which("xdg-open")
        if opener is None:
            if not QDesktopServices.openUrl(QUrl.fromLocalFile(folder)):
                self._say_so()
            return
        nowhere = subprocess.DEVNULL
        self._opening = subprocess.Popen(
            [opener, folder], stdin=nowhere, stdout=nowhere, stderr=nowhere, start_new_session=True
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
        text = f"No file manager could open the folder. It is here:\n\n{self._folder}"
        show_notice(self._window, text, copy=self._folder)
