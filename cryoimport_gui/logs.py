"""Where unexpected errors are written down: one rotating file in the user's state folder."""

from __future__ import annotations

import logging
import os
from logging.handlers import RotatingFileHandler
from pathlib import Path


def log_path() -> Path:
    state = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return Path(state) / "cryoimport-gui" / "cryoimport-gui.log"


def set_up_logging() -> None:
    """Log to `log_path()`; a place that cannot be written to is no reason not to start."""
    root = logging.getLogger("cryoimport_gui")
    root.setLevel(logging.INFO)
    root.propagate = False
    for old in root.handlers[:]:
        root.removeHandler(old)
        old.close()
    handler: logging.Handler = logging.NullHandler()
    try:
        log_path().parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(log_path(), maxBytes=1 << 20, backupCount=1, encoding="utf-8", delay=True)
    except OSError:
        pass
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root.addHandler(handler)
