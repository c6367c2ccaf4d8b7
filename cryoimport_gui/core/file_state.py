"""What changes when a file is written to or replaced."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterable


def file_state(path: str) -> Hashable:
    """What changes when a file is written to or replaced; None if it is not there."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return state_of(status)


def files_state(paths: Iterable[str]) -> Hashable:
    """The same for several files."""
    return tuple(map(file_state, paths))


def state_of(status: os.stat_result) -> Hashable:
    return status.st_size, status.st_mtime_ns, status.st_ino
