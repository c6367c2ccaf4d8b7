"""Starts the window."""

from __future__ import annotations

import logging
import os
import signal
import sys

from PySide6.QtCore import QTimer
from PySide6.QtGui import QFontDatabase, QIcon
from PySide6.QtWidgets import QApplication

from .. import __version__
from ..core.parameters import ImportParameters, RunOptions
from ..core.problems import printable
from ..headless import with_demo
from ..logs import log_path, set_up_logging
from ..resources import resource
from .failures import Failures
from .garbage import Collector
from .wizard import ImportWizard

log = logging.getLogger(__name__)

#: a short one, so that the window waits less for a worker thread
SWITCH_INTERVAL_S = 0.0002

_NO_DISPLAY = """\
error: there is no display to open a window on (DISPLAY and WAYLAND_DISPLAY are empty)
    → Log in with X forwarding (ssh -X), or import without a window: cryoimport-gui --headless …"""


def run_window(parameters: ImportParameters, options: RunOptions) -> int:
    """Open the wizard; returns when it is closed."""
    set_up_logging()
    if not _has_display():
        print(_NO_DISPLAY, file=sys.stderr)
        return 1
    try:
        if options.demo is not None:
            parameters = with_demo(parameters, options.demo)
        app = make_application(sys.argv[:1])
        wizard = ImportWizard(parameters)
    except Exception as error:
        log.exception("the window could not be opened")
        reason = printable(f"{type(error).__name__}: {error}")
        print(f"error: the window could not be opened: {reason} (details: {log_path()})", file=sys.stderr)
        return 1
    failures = Failures()

    def leave() -> None:
        wizard.leave()
        app.quit()

    # An interrupt may come in the middle of something, or before the event loop runs.
    signal.signal(signal.SIGINT, lambda *_: QTimer.singleShot(0, leave))
    heartbeat = QTimer()  # lets Python handle signals now and then
    heartbeat.start(200)
    heartbeat.timeout.connect(_nothing)
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    collector = Collector()
    wizard.show()
    log.info("version %s: the window is open", __version__)
    status = app.exec() and 0
    heartbeat.stop()
    collector.release()
    failures.release()
    return status


def make_application(arguments: list[str]) -> QApplication:
    """The one `QApplication`, with the program's style and icon."""
    QApplication.setApplicationName("cryoimport-gui")
    QApplication.setApplicationDisplayName("cryoimport-gui")
    QApplication.setDesktopFileName("cryoimport-gui")
    app = QApplication(arguments)
    app.setStyle("Fusion")
    app.setWindowIcon(QIcon(str(resource("icons/cryoimport-gui.svg"))))
    if not QFontDatabase.families():
        print(
            "warning: no fonts are installed, so no text will show (Debian: fonts-dejavu-core)",
            file=sys.stderr,
        )
    return app


def _has_display() -> bool:
    if sys.platform != "linux" or os.environ.get("QT_QPA_PLATFORM", "").startswith(("offscreen", "minimal", "vnc")):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _nothing() -> None:
    pass
