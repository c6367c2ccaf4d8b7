"""A STAR file as text: line by line, and as chunks of whole lines for any thread."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from threading import local

from .star_tokens import BLANK, MARGIN, Lines

_MAX_LINE_BYTES = 1 << 20
_WINDOW_BYTES = 1 << 16
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")


class StarError(ValueError):
    """The text is refused; `code` is the problem code and `line` the 1-based line, where there is one."""

    def __init__(self, code: str, message: str, line: int | None = None) -> None:
        super().__init__(f"line {line}: {message}" if line else message)
        self.code = code
        self.line = line


class StarSource:
    """The file line by line, and as chunks of whole lines; `line` counts the lines that are done with."""

    def __init__(self, path: str | Path) -> None:
        self.line = 0
        self.at = 0  # the byte at which the next line starts
        self._window, self._window_at = b"", 0  # what was read to look for single lines
        self._own = local()
        self._path = os.fspath(path)
        try:
            self._fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        except (FileNotFoundError, NotADirectoryError):
            raise StarError("meta-not-found", f"there is no file {self._path}") from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise StarError("meta-unreadable", f"{self._path} cannot be read: {reason}") from None
        try:
            self._status = os.fstat(self._fd)
            self._check_kind()
        except OSError as error:
            os.close(self._fd)
            raise StarError("meta-unreadable", f"{self._path} cannot be read: {error.strerror}") from None
        except StarError:
            os.close(self._fd)
            raise

    @property
    def size(self) -> int:
        return self._status.st_size

    def _check_kind(self) -> None:
        if stat.S_ISDIR(self._status.st_mode):
            stars = sorted(name for name in os.listdir(self._path) if name.endswith(".star"))[:3]
            inside = f"; give a STAR file in it: {', '.join(stars)}" if stars else ", and not a regular file"
            raise StarError("meta-unreadable", f"{self._path} is a folder{inside}")
        if not stat.S_ISREG(self._status.st_mode):
            raise StarError("meta-unreadable", f"{self._path} is not a regular file")
        if not self.size:
            raise StarError("meta-not-star", "the file is empty")
        start = os.pread(self._fd, 1024, 0)
        if start[208:211] == b"MAP":
            raise StarError("meta-not-star", "this is an MRC image, not a STAR file")
        if start.startswith((b"\x93NUMPY", b"\x95CSDAT")):
            raise StarError("meta-not-star", "this is a CryoSPARC dataset, not a STAR file")
        if start.startswith(b"\x1f\x8b"):
            raise StarError("meta-not-star", "the file is compressed with gzip: unpack it first")
        if _CONTROL.search(start):
            raise StarError("meta-not-star", "the file is binary, not text")
        if start.startswith(b"\xef\xbb\xbf"):
            self.at = 3

    def __enter__(self) -> StarSource:
        return self

    def __exit__(self, *exc: object) -> None:
        os.close(self._fd)

    def _read(self, buffer: bytearray, first: int, last: int, at: int) -> int:
        """Fill a stretch of the buffer from byte `at` of the file on; returns where the filled part ends.

        That is before `last` only at the end that the file had when it was opened.
        """
        stretch = memoryview(buffer)[first : min(last, first + max(self.size - at, 0))]
        try:
            end = first + os.preadv(self._fd, [stretch], at)
        except OSError as error:
            raise StarError("meta-unreadable", f"{self._path}: {error.strerror}") from None
        if (nul := buffer.find(0, first, end)) >= 0:
            raise StarError("meta-unreadable", f"a NUL at byte {at + nul - first:,}: the file is damaged")
        return end

    def next_line(self) -> bytes | None:
        start = self.at - self._window_at
        end = self._window.find(b"\n", start) + 1 if 0 <= start < len(self._window) else 0
        size = _WINDOW_BYTES
        while not end:
            if size > _MAX_LINE_BYTES:
                raise StarError("meta-not-star", "a line of more than 1 MB", self.line + 1)
            window, self._window_at, start = bytearray(size), self.at, 0
            self._window = bytes(window[: self._read(window, 0, size, self.at)])
            end = self._window.find(b"\n") + 1
            if len(self._window) < size:
                end = end or len(self._window)
                break
            size *= 4
        line = self._window[start:end]
        self.at += len(line)
        self.line += bool(line)
        return line or None

    def lines(self, first: int, last: int) -> tuple[int, Lines]:
        """The whole lines that start at or behind byte `first` and before byte `last`, and where they start.

        Any thread may call it; the lines stay until it calls again.  `first` is not the first byte of the file.
        """
        span, behind = last - first, _WINDOW_BYTES
        while True:
            size = span + behind
            buffer = self._buffer(size)
            end = self._read(buffer, MARGIN, MARGIN + size, first - 1)
            start = buffer.find(b"\n", MARGIN, min(MARGIN + span, end)) + 1
            if not start:
                return last, Lines(buffer, MARGIN, MARGIN)
            stop = buffer.find(b"\n", MARGIN + span, end) + 1
            if stop or end < MARGIN + size:
                buffer[end] = BLANK
                return first - 1 + start - MARGIN, Lines(buffer, start, stop or end)
            if behind > _MAX_LINE_BYTES:
                raise StarError("meta-not-star", "a line of more than 1 MB")
            behind *= 4

    def _buffer(self, size: int) -> bytearray:
        """Of this thread, and with margins: fresh memory for each chunk would take longer than reading it."""
        buffer: bytearray | None = getattr(self._own, "buffer", None)
        if buffer is None or len(buffer) < size + 2 * MARGIN:
            buffer = self._own.buffer = bytearray(size + 2 * MARGIN)
        return buffer

    def push_back(self, line: bytes) -> None:
        """Take back the line that was handed out last."""
        self.at -= len(line)
        self.line -= 1

    def check_unchanged(self) -> None:
        now = os.fstat(self._fd)
        if (now.st_size, now.st_mtime_ns) != (self._status.st_size, self._status.st_mtime_ns):
            raise StarError("meta-unreadable", f"{self._path} changed while it was read; read it again")
