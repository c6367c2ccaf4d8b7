"""What changes when a file is written to or replaced."""

from __future__ import annotations

import os
from collections.abc import Hashable


def file_state(path: str) -> Hashable:
    """What changes when a file is written to or replaced; None if it is not there."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return status.st_size, status.st_mtime_ns, status.st_ino
