"""What changes when a file is written to or replaced."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterable
from glob import glob, has_magic


def file_state(path: str) -> Hashable:
    """What changes when a file is written to or replaced; None if it is not there.

    Of a folder or a wildcard it changes when files come or go, not with what stands in them.
    """
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return (tuple(sorted(glob(path))) or None) if has_magic(path) else None
    return state_of(status)


def files_state(paths: Iterable[str]) -> Hashable:
    """The same for several files."""
    return tuple(map(file_state, paths))


def state_of(status: os.stat_result) -> Hashable:
    return status.st_size, status.st_mtime_ns, status.st_ino
