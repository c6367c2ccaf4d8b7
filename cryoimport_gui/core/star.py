"""STAR text → typed columns, in chunks, only the columns that are asked for.

A chunk of plain rows is taken apart all at once (`star_chunks`).  One that holds anything else (comments, blank
lines, the end of the table, quoted texts, a row of the wrong width) is walked line by line.  Both ways end in the
same tokens, so a value never depends on the way that it was read.
"""

from __future__ import annotations

import os
import re
import stat
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .progress import Progress, quiet
from .star_chunks import PAD, Columns, EdgedRows, Gathered, Kind, padded, parse_columns, plain_rows

__all__ = ["Images", "Kind", "StarError", "StarFile", "Table", "Text", "read_rows", "read_star"]

CHUNK_BYTES = 1 << 22
_FIRST_CHUNK_BYTES = 1 << 11
_MAX_LINE_BYTES = 1 << 20
_WINDOW_BYTES = 1 << 16
_MAX_COLUMNS, _MAX_TABLES = 1_000, 10_000  # a hundred times what any program writes
_TOKEN = re.compile(rb"""(?:"([^"\n]*?)"|'([^'\n]*?)')(?=\s|$)|\S+""")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")


class StarError(ValueError):
    """The text is refused; `code` is the problem code and `line` the 1-based line, where there is one."""

    def __init__(self, code: str, message: str, line: int | None = None) -> None:
        super().__init__(f"line {line}: {message}" if line else message)
        self.code = code
        self.line = line


@dataclass
class Text:
    """A dictionary-encoded column: row i says `values[codes[i]]`."""

    values: list[str]
    codes: NDArray[np.int32]

    def __getitem__(self, row: int) -> str:
        return self.values[self.codes[row]]


@dataclass
class Images(Text):
    """Image names: `values` are the names behind the `@`, `numbers` what stands before it.

    `numbers` is -1 where a name has no `@`, or something other than digits before it; `values` then holds
    the whole name.
    """

    numbers: NDArray[np.int64]


@dataclass
class Table:
    """One loop, or one list of `_label value` lines (a table of one row).

    `labels` are all labels of the table, without the underscore; `columns` holds those that were asked for.
    """

    name: str
    labels: list[str]
    rows: int = 0
    columns: dict[str, NDArray[np.float64] | Text] = field(default_factory=dict)
    _segments: list[tuple[int, int]] = field(default_factory=list)

    def number(self, label: str) -> NDArray[np.float64] | None:
        column = self.columns.get(label)
        return column if isinstance(column, np.ndarray) else None

    def text(self, label: str) -> Text | None:
        column = self.columns.get(label)
        return column if isinstance(column, Text) else None

    def images(self, label: str) -> Images | None:
        column = self.columns.get(label)
        return column if isinstance(column, Images) else None

    def line_of(self, rows: NDArray[np.integer] | Sequence[int]) -> NDArray[np.int64]:
        """1-based line numbers of rows."""
        first_rows, first_lines = np.array(self._segments, np.int64).reshape(-1, 2).T
        rows = np.asarray(rows, np.int64)
        segment = np.searchsorted(first_rows, rows, side="right") - 1
        return first_lines[segment] + rows - first_rows[segment]

    def _add_segment(self, row: int, line: int) -> None:
        if not self._segments or line - row != self._segments[-1][1] - self._segments[-1][0]:
            self._segments.append((row, line))


@dataclass
class StarFile:
    """The tables of one file in their order, and the `# version` that its comments name (0: none)."""

    tables: list[Table]
    version: int = 0


def read_star(path: str | Path, wanted: Mapping[str, Kind], progress: Progress = quiet) -> StarFile:
    """Read every table of a STAR file, keeping the columns in `wanted` (labels without underscore).

    Raises:
        StarError: `meta-not-found`, `meta-unreadable`, `meta-not-star` or `meta-row-width`.
        Cancelled: `progress` said so.
    """
    source = _Source(path)
    star = StarFile([])
    workers = min(4, len(os.sched_getaffinity(0)))
    with source, ThreadPoolExecutor(workers) as pool:
        block, found = "", False
        while (raw := source.next_line()) is not None:
            progress.step(source.at, source.size)
            tokens = _tokens(raw)
            if len(star.tables) > _MAX_TABLES:
                raise StarError("meta-not-star", f"more than {_MAX_TABLES:,} tables", source.line)
            if not tokens:
                if version := re.match(rb"\s*#\s*version\s+(\d{1,9})\s*$", raw):
                    star.version = int(version[1])
            elif tokens[0].startswith("data_"):
                block, found = tokens[0][5:], True
            elif not found:
                raise StarError("meta-not-star", "no `data_` line before the first values", source.line)
            elif tokens[0] == "loop_":
                star.tables.append(_read_loop(source, block, wanted, pool, progress))
            elif tokens[0].startswith("_"):
                source.push_back(raw)
                star.tables.append(_read_list(source, block, wanted))
            else:
                raise StarError("meta-not-star", f"`{tokens[0][:60]}` stands outside of any table", source.line)
        source.check_unchanged()
    if not found:
        raise StarError("meta-not-star", "no `data_` line in the file")
    return star


def read_rows(path: str | Path, lines: Iterable[int], width: int) -> list[bytes]:
    """Rows of `width` values as they stand in the file, from the first value to the last; lines are ascending."""
    wanted = iter(lines)
    out: list[bytes] = []
    want = next(wanted, None)
    with open(path, "rb") as file:
        for number, raw in enumerate(file, 1):
            if want is None:
                break
            if number == want:
                values = list(_TOKEN.finditer(raw))[:width]
                out.append(raw[values[0].start() : values[-1].end()])
                want = next(wanted, None)
    return out


class _Source:
    """The file as lines and as chunks of whole lines; `line` counts the lines that were handed out."""

    def __init__(self, path: str | Path) -> None:
        self.line = 0
        self.at = 0  # the byte at which the next line starts
        self._window, self._window_at = b"", 0  # what was read to look for single lines
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
        if not stat.S_ISREG(self._status.st_mode):
            raise StarError("meta-unreadable", f"{self._path} is not a regular file")
        if not self.size:
            raise StarError("meta-not-star", "the file is empty")
        start = os.pread(self._fd, 1024, 0)
        if start[208:211] == b"MAP":
            raise StarError("meta-not-star", "this is an MRC image, not a STAR file")
        if start.startswith((b"\x93NUMPY", b"\x95CSDAT")):
            raise StarError("meta-not-star", "this is a CryoSPARC dataset, not a STAR file")
        if _CONTROL.search(start):
            raise StarError("meta-not-star", "the file is binary, not text")
        if start.startswith(b"\xef\xbb\xbf"):
            self.at = 3

    def __enter__(self) -> _Source:
        return self

    def __exit__(self, *exc: object) -> None:
        os.close(self._fd)

    def _read(self, size: int) -> bytes:
        """Bytes from where the next line starts; fewer than `size` only at the end the file had when it was opened."""
        try:
            data = os.pread(self._fd, min(size, self.size - self.at), self.at)
        except OSError as error:
            raise StarError("meta-unreadable", f"{self._path}: {error.strerror}") from None
        if b"\0" in data:
            raise StarError("meta-unreadable", f"a NUL byte behind line {self.line}: the file is damaged")
        return data

    def next_line(self) -> bytes | None:
        start = self.at - self._window_at
        end = self._window.find(b"\n", start) + 1 if 0 <= start < len(self._window) else 0
        size = _WINDOW_BYTES
        while not end:
            if size > _MAX_LINE_BYTES:
                raise StarError("meta-not-star", "a line of more than 1 MB", self.line + 1)
            self._window, self._window_at, start = self._read(size), self.at, 0
            end = self._window.find(b"\n") + 1
            if len(self._window) < size:
                end = end or len(self._window)
                break
            size *= 4
        line = self._window[start:end]
        self.at += len(line)
        self.line += bool(line)
        return line or None

    def next_chunk(self, size: int) -> bytes | None:
        """Whole lines, about `size` bytes of them and at least one line; the caller counts their lines."""
        data = self._read(size)
        if end := data.rfind(b"\n") + 1:
            self.at += end
            return data[:end]
        line = self.next_line()
        self.line -= bool(line)
        return line

    def push_back(self, data: bytes, lines: int = 1) -> None:
        """Take back what was handed out last."""
        self.at -= len(data)
        self.line -= lines

    def check_unchanged(self) -> None:
        now = os.fstat(self._fd)
        if (now.st_size, now.st_mtime_ns) != (self._status.st_size, self._status.st_mtime_ns):
            raise StarError("meta-unreadable", f"{self._path} changed while it was read; read it again")


def _tokens(raw: bytes) -> list[str]:
    """The values of one line; none for a blank line or a comment."""
    text = raw.lstrip()
    if not text or text.startswith(b"#"):
        return []
    return [_decode(raw[a:b]) for a, b in _spans(raw)]


def _spans(raw: bytes) -> list[tuple[int, int]]:
    return [match.span(match.lastindex or 0) for match in _TOKEN.finditer(raw)]


def _decode(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _read_list(source: _Source, block: str, wanted: Mapping[str, Kind]) -> Table:
    """Lines of `_label value`, as a table of one row."""
    table = Table(block, [], rows=1)
    table._add_segment(0, source.line + 1)
    while (raw := source.next_line()) is not None:
        tokens = _tokens(raw)
        if not tokens:
            continue
        if not tokens[0].startswith("_"):
            source.push_back(raw)
            break
        if len(tokens) < 2:
            raise StarError("meta-row-width", f"`{tokens[0][:60]}` has no value", source.line)
        label = _declare(table, tokens[0], source.line)
        value = tokens[1].encode("utf-8", "surrogateescape")
        if label in wanted:
            edges = np.array([[len(PAD)]]), np.array([[len(PAD) + len(value)]])
            column = Gathered(wanted[label])
            column.add(parse_columns(EdgedRows(padded(value), *edges), {0: wanted[label]})[0])
            table.columns[label] = _whole(column)
    return table


def _declare(table: Table, token: str, line: int) -> str:
    """Add the column `_label`; returns its label."""
    if token[1:] in table.labels:
        raise StarError("meta-unreadable", f"column {token[:60]} is declared twice", line)
    if len(table.labels) == _MAX_COLUMNS:
        raise StarError("meta-not-star", f"a table of more than {_MAX_COLUMNS:,} columns", line)
    table.labels.append(token[1:])
    return token[1:]


def _read_loop(
    source: _Source, block: str, wanted: Mapping[str, Kind], pool: ThreadPoolExecutor, progress: Progress
) -> Table:
    table = Table(block, [])
    while (raw := source.next_line()) is not None:
        tokens = _tokens(raw)
        if tokens and not raw.lstrip().startswith(b"_"):  # in quotes it is a value
            source.push_back(raw)
            break
        if tokens:
            _declare(table, tokens[0], source.line)
    if not table.labels:
        raise StarError("meta-not-star", "a `loop_` without column names", source.line)
    columns = {n: (label, Gathered(wanted[label])) for n, label in enumerate(table.labels) if label in wanted}
    kinds = {n: column.kind for n, (_, column) in columns.items()}
    width = len(table.labels)
    ahead: deque = deque()
    size = min(_FIRST_CHUNK_BYTES, CHUNK_BYTES)  # grows: what lies behind a short table is not read again and again
    while True:
        progress.step(source.at, source.size)
        while len(ahead) < (4 if size == CHUNK_BYTES else 1) and (chunk := source.next_chunk(size)) is not None:
            ahead.append((chunk, pool.submit(_parse_plain, chunk, width, kinds)))
        size = min(4 * size, CHUNK_BYTES)
        if not ahead:
            break
        chunk, future = ahead.popleft()
        first, end = source.line + 1, None
        if (plain := future.result()) is not None:
            rows, parsed = plain
            table._add_segment(table.rows, first)
            source.line += rows
        else:
            walked, lines, end = _walk(chunk, width, first)
            rows, parsed = walked.count, parse_columns(walked, kinds)
            for row, line in enumerate(lines, table.rows):
                table._add_segment(row, line)
            source.line += _count_lines(chunk[:end])
        for number, values in parsed.items():
            columns[number][1].add(values)
        table.rows += rows
        if end is not None:  # the table ends inside this chunk: what lies behind it is read again
            source.push_back(chunk[end:] + b"".join(later for later, _ in ahead), lines=0)
            break
    for label, column in columns.values():
        table.columns[label] = _whole(column)
    return table


def _count_lines(text: bytes) -> int:
    return text.count(b"\n") + bool(text and not text.endswith(b"\n"))


def _parse_plain(chunk: bytes, width: int, kinds: Mapping[int, Kind]) -> tuple[int, Columns] | None:
    """Number of rows, and columns, of a chunk of plain rows; None where it holds anything else."""
    rows = plain_rows(chunk, width)
    return None if rows is None else (rows.count, parse_columns(rows, kinds))


def _walk(chunk: bytes, width: int, first_line: int) -> tuple[EdgedRows, list[int], int | None]:
    """Rows line by line, the line of each row, and where in the chunk the table ends (None: not in it)."""
    spans: list[tuple[int, int]] = []
    lines: list[int] = []
    offset, table_end = len(PAD), None
    for number, raw in enumerate(re.findall(rb"[^\n]*\n|[^\n]+$", chunk), first_line):
        here = _spans(raw)
        if here and not raw.lstrip().startswith(b"#"):
            keyword = raw.split(maxsplit=1)[0]
            alone = len(here) == 1 or raw[here[1][0] :].startswith(b"#")
            if alone and (keyword.startswith(b"data_") or keyword == b"loop_"):
                table_end = offset - len(PAD)
                break
            if len(here) > width and raw[here[width][0] :].startswith(b"#"):
                del here[width:]
            if len(here) != width:
                raise StarError("meta-row-width", f"{len(here)} values, but the table has {width} columns", number)
            spans += [(offset + a, offset + b) for a, b in here]
            lines.append(number)
        offset += len(raw)
    edges = np.array(spans, np.int64).reshape(len(lines), width, 2)
    return EdgedRows(padded(chunk), edges[..., 0], edges[..., 1]), lines, table_end


def _whole(column: Gathered) -> NDArray[np.float64] | Text:
    arrays = list(column.arrays())
    if column.kind is Kind.NUMBER:
        return arrays[0]
    texts = [_decode(text) for text in column.texts()]
    return Text(texts, arrays[0]) if column.kind is Kind.TEXT else Images(texts, *arrays)
