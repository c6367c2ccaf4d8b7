"""A folder that appears whole or not at all, and what is left of one whose process was killed.

The folder is made under a hidden name beside its place and renamed as the last step.  The hidden name says which
process on which machine makes it, so that a later run can tell what is left over and remove it.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_MARK = "cryoimport-partial"
_MAX_STEM = 30  # characters: with the rest it stays inside 255 bytes


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9.]", "_", socket.gethostname())[:40]


@contextmanager
def whole_folder(output: Path) -> Iterator[Path]:
    """Hands out a hidden folder beside `output` and renames it to `output` at the end.

    Whatever goes wrong, the hidden folder is removed again.  `output` may be an empty folder; anything else that
    stands there by then is left alone.

    Raises:
        OSError: ENOTEMPTY or EEXIST if something appeared at `output`; others as the file system gives them.
    """
    made = _make_parents(output)
    partial = output.with_name(f".{output.name[:_MAX_STEM]}.{_MARK}-{_host()}-{os.getpid()}-{secrets.token_hex(4)}")
    try:
        remove_leftovers(output)
        partial.mkdir()
        yield partial
        sync(partial)
        if output.is_symlink() or (output.exists() and not output.is_dir()):
            raise FileExistsError(17, "not a folder", str(output))
        os.rename(partial, output)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        for parent in made:
            with suppress(OSError):  # someone else may have put something there
                parent.rmdir()
        raise
    with suppress(OSError):  # it is there and whole; only that it survives a power cut is not certain
        sync(output.parent)


def _make_parents(output: Path) -> list[Path]:
    """Make the folders above; returns those that were not there, the deepest first."""
    missing = [parent for parent in output.parents if not parent.exists()]
    output.parent.mkdir(parents=True, exist_ok=True)
    return missing


def remove_leftovers(output: Path) -> list[Path]:
    """Remove hidden folders for `output` whose process on this machine is gone; returns them."""
    left = re.compile(rf"\.{re.escape(output.name[:_MAX_STEM])}\.{_MARK}-{re.escape(_host())}-(\d+)-[0-9a-f]{{8}}")
    removed = []
    for name in os.listdir(output.parent):
        if (match := left.fullmatch(name)) and not _is_alive(int(match[1])):
            shutil.rmtree(output.parent / name, ignore_errors=True)
            removed.append(output.parent / name)
    return removed


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def sync(path: Path) -> None:
    """Have a file or a folder written to the disk."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
