"""A file or a folder that appears whole or not at all, and what is left of one whose process was killed.

The folder is made under a hidden name beside its place and renamed as the last step.  The hidden name says which
process on which machine makes it, so that a later run can tell what is left over and remove it.  A folder that is
there already is replaced in the same way.
"""

from __future__ import annotations

import ctypes
import os
import re
import secrets
import shutil
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_MARK = "cryoimport-partial"
_MAX_STEM = 30  # characters: with the rest it stays inside 255 bytes
_HERE, _EXCHANGE = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of Linux


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9.]", "_", socket.gethostname())[:40]


@contextmanager
def whole_folder(output: Path) -> Iterator[Path]:
    """Gives a hidden folder beside `output` and renames it to `output` at the end.

    On any error the hidden folder is removed again.  `output` may be an empty folder; anything else that is there
    by then is left alone.

    Raises:
        OSError: ENOTEMPTY or EEXIST if something appeared at `output`; others as the file system gives them.
    """
    made = _make_parents(output)
    partial = _partial_path(output)
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


@contextmanager
def exchanged_folder(place: Path) -> Iterator[Path]:
    """Gives a hidden folder beside the folder `place`, puts it there at the end, and removes what was there.

    After any error the folder at `place` is the old one or the new one, whole.

    Raises:
        OSError: As the file system gives it; the old folder is in its place.
    """
    partial, old = _partial_path(place), old_folder(place)
    try:
        _put_back(old, place)
        remove_leftovers(place)
        partial.mkdir()
        partial.chmod(stat.S_IMODE(place.stat().st_mode))
        yield partial
        sync(partial)
        _exchange(partial, place, old)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    with suppress(OSError):  # see above
        sync(place.parent)
    shutil.rmtree(partial, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)


def old_folder(place: Path) -> Path:
    """Where the folder at `place` is for a moment, on file systems that cannot exchange folders in one step."""
    return place.with_name(f".{place.name}.old")


def _exchange(new: Path, place: Path, old: Path) -> None:
    """In one step where the kernel and the file system can, else in two; what was at `place` is then `new` or `old`."""
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 and renameat2(_HERE, os.fsencode(new), _HERE, os.fsencode(place), _EXCHANGE) == 0:
        return
    os.rename(place, old)
    try:
        os.rename(new, place)
    except BaseException:
        with suppress(OSError):  # another process was quicker to put it back
            os.rename(old, place)
        raise


def _put_back(old: Path, place: Path) -> None:
    """After a run that ended between its two steps, the old folder goes back; after one that had done both, away."""
    if old.is_dir() and not os.path.lexists(place):
        os.rename(old, place)
    else:
        shutil.rmtree(old, ignore_errors=True)


def _partial_path(output: Path) -> Path:
    return output.with_name(f".{output.name[:_MAX_STEM]}.{_MARK}-{_host()}-{os.getpid()}-{secrets.token_hex(4)}")


def _make_parents(output: Path) -> list[Path]:
    """Make the folders above; returns those that were not there, the deepest first."""
    missing = [parent for parent in output.parents if not parent.exists()]
    output.parent.mkdir(parents=True, exist_ok=True)
    return missing


def remove_leftovers(output: Path) -> list[Path]:
    """Remove hidden folders and files for `output` whose process on this machine is gone; returns them."""
    left = re.compile(rf"\.{re.escape(output.name[:_MAX_STEM])}\.{_MARK}-{re.escape(_host())}-(\d+)-[0-9a-f]{{8}}")
    removed = []
    for name in os.listdir(output.parent):
        if (match := left.fullmatch(name)) and not _is_alive(int(match[1])):
            partial = output.parent / name
            if partial.is_dir():
                shutil.rmtree(partial, ignore_errors=True)
            else:
                partial.unlink(missing_ok=True)
            removed.append(partial)
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


def write_whole(path: str, text: str) -> None:
    """Write a text file whole or not at all; follows links, and writes straight into a pipe or a device.

    Raises:
        OSError: As the file system gives it; what was there stays as it was.
    """
    path = os.path.realpath(path)
    if os.path.exists(path) and not os.path.isfile(path):
        with open(path, "w", encoding="utf-8") as pipe:
            pipe.write(text)
        return
    partial = _partial_path(Path(path))
    with suppress(OSError):
        remove_leftovers(Path(path))
    fd = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with open(fd, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
