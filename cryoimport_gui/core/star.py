"""STAR text → typed columns, in chunks, only the columns that are asked for.

A chunk of plain rows is taken apart by NumPy alone: token edges from one comparison of the bytes, numbers from
a product of digits and powers of ten (exact below 2**53, then one correctly rounded division).  That releases
the interpreter lock, so chunks are taken apart in threads.  A chunk that holds anything else (comments, blank
lines, the end of the table, quotes around white space, a row of the wrong width) is walked line by line.
Both ways end in the same token edges, so a value never depends on the way that it was read.
"""

from __future__ import annotations

import os
import re
import stat
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .progress import Progress, quiet

CHUNK_BYTES = 1 << 21
_MAX_LINE_BYTES = 1 << 24
_PAD = b" " * 32  # so that a window before the first and behind the last token stays inside the buffer
_MAX_NUMBER_WIDTH = len(_PAD)
_MAX_TEXT_WIDTH = 512
_EXACT_DIGITS = 15
_POWERS_OF_TEN = np.array([float(10**n) for n in range(_MAX_NUMBER_WIDTH)])
_TOKEN = re.compile(rb"""(?:"([^"\n]*?)"|'([^'\n]*?)')(?=\s|$)|\S+""")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")

Edges = tuple[NDArray[np.int64], NDArray[np.int64]]


class StarError(ValueError):
    """The text is refused; `code` is the problem code and `line` the 1-based line, where there is one."""

    def __init__(self, code: str, message: str, line: int | None = None) -> None:
        super().__init__(f"line {line}: {message}" if line else message)
        self.code = code
        self.line = line


class Kind(Enum):
    """How a column is read."""

    NUMBER = "number"  # float64; nan where the text is no number
    TEXT = "text"  # dictionary-encoded
    IMAGE = "image"  # "N@name": N, and the name dictionary-encoded


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
            tokens = _tokens(raw)
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


def read_lines(path: str | Path, lines: Iterable[int]) -> list[list[str]]:
    """The tokens of single lines (1-based, ascending), as they stand in the file."""
    wanted = iter(lines)
    out: list[list[str]] = []
    want = next(wanted, None)
    with open(path, "rb") as file:
        for number, raw in enumerate(file, 1):
            if want is None:
                break
            if number == want:
                out.append(_tokens(raw))
                want = next(wanted, None)
    return out


class _Source:
    """The file as lines and as chunks of whole lines; `line` counts the lines that were handed out."""

    def __init__(self, path: str | Path) -> None:
        self.line = 0
        self.done_bytes = 0
        self._rest = b""
        self._path = os.fspath(path)
        try:
            self._fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        except (FileNotFoundError, NotADirectoryError):
            raise StarError("meta-not-found", f"there is no file {self._path}") from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise StarError("meta-unreadable", f"{self._path} cannot be read: {reason}") from None
        self._status = os.fstat(self._fd)
        try:
            self._check_kind()
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
            os.lseek(self._fd, 3, os.SEEK_SET)

    def __enter__(self) -> _Source:
        return self

    def __exit__(self, *exc: object) -> None:
        os.close(self._fd)

    def _read(self) -> bytes:
        try:
            data = os.read(self._fd, CHUNK_BYTES)
        except OSError as error:
            raise StarError("meta-unreadable", f"{self._path}: {error.strerror}") from None
        self.done_bytes += len(data)
        if b"\0" in data:
            raise StarError("meta-unreadable", f"a NUL byte behind line {self.line}: the file is damaged")
        return data

    def next_line(self) -> bytes | None:
        while (end := self._rest.find(b"\n") + 1) == 0:
            self._check_line_length(len(self._rest))
            if not (data := self._read()):
                end = len(self._rest)
                break
            self._rest += data
        line, self._rest = self._rest[:end], self._rest[end:]
        self.line += bool(line)
        return line or None

    def next_chunk(self) -> bytes | None:
        """Whole lines, about CHUNK_BYTES of them; the caller counts their lines."""
        parts = [self._rest]
        while data := self._read():
            end = data.rfind(b"\n") + 1
            parts.append(data[:end])
            if end:
                self._rest = data[end:]
                return b"".join(parts)
            parts[-1] = data
            self._check_line_length(sum(map(len, parts)))
        self._rest = b""
        return b"".join(parts) or None

    def push_back(self, data: bytes, lines: int = 1) -> None:
        self._rest = data + self._rest
        self.line -= lines

    def _check_line_length(self, length: int) -> None:
        if length > _MAX_LINE_BYTES:
            raise StarError("meta-not-star", "a line of more than 16 MB", self.line + 1)

    def check_unchanged(self) -> None:
        now = os.fstat(self._fd)
        if (now.st_size, now.st_mtime_ns) != (self._status.st_size, self._status.st_mtime_ns):
            raise StarError("meta-unreadable", f"{self._path} changed while it was read; read it again")


def _tokens(raw: bytes) -> list[str]:
    """The values of one line; none for a blank line or a comment."""
    if raw.lstrip().startswith(b"#"):
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
        label = tokens[0][1:]
        table.labels.append(label)
        value = tokens[1].encode("utf-8", "surrogateescape")
        if label in wanted:
            edges = np.array([len(_PAD)]), np.array([len(_PAD) + len(value)])
            column = _Column(wanted[label])
            column.add(_parse(np.frombuffer(_PAD + value + _PAD, np.uint8), *edges, wanted[label]))
            table.columns[label] = column.finish()
    return table


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
            if tokens[0][1:] in table.labels:
                raise StarError("meta-unreadable", f"column {tokens[0]} is declared twice", source.line)
            table.labels.append(tokens[0][1:])
    if not table.labels:
        raise StarError("meta-not-star", "a `loop_` without column names", source.line)
    columns = {n: (label, _Column(wanted[label])) for n, label in enumerate(table.labels) if label in wanted}
    kinds = {n: column.kind for n, (_, column) in columns.items()}
    width = len(table.labels)
    ahead: deque = deque()
    while True:
        progress.step(source.done_bytes, source.size)
        while len(ahead) < 4 and (chunk := source.next_chunk()) is not None:
            ahead.append((chunk, pool.submit(_parse_plain, chunk, width, kinds)))
        if not ahead:
            break
        chunk, future = ahead.popleft()
        first, end = source.line + 1, None
        if (plain := future.result()) is not None:
            rows, parsed = plain
            table._add_segment(table.rows, first)
            source.line += rows
        else:
            starts, ends, lines, end = _walk(chunk, width, first)
            rows, parsed = len(lines), _parse_columns(_padded(chunk), starts, ends, kinds)
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
        table.columns[label] = column.finish()
    return table


def _count_lines(text: bytes) -> int:
    return text.count(b"\n") + bool(text and not text.endswith(b"\n"))


def _padded(chunk: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(_PAD + chunk + _PAD, np.uint8)


def _parse_plain(chunk: bytes, width: int, kinds: Mapping[int, Kind]) -> tuple[int, dict] | None:
    """Number of rows and columns of a chunk of plain rows; None where it holds anything else."""
    buffer = _padded(chunk)
    edges = _plain_edges(buffer, chunk, width)
    return None if edges is None else (len(edges[0]), _parse_columns(buffer, *edges, kinds))


def _plain_edges(buffer: NDArray[np.uint8], chunk: bytes, width: int) -> Edges | None:
    """Starts and ends of all tokens, (rows, width), if every line is one plain row."""
    if width == 1:  # a name alone on its line cannot be told from `data_…` by its width
        return None
    blank = (buffer == 32) | ((buffer - 9) <= 4)
    edges = np.flatnonzero(blank[1:] != blank[:-1]) + 1
    newlines = np.flatnonzero(buffer == 10)
    rows = len(newlines) + (not chunk.endswith(b"\n"))
    if len(edges) != 2 * width * rows:
        return None
    starts, ends = edges[0::2].reshape(rows, width), edges[1::2].reshape(rows, width)
    if (starts[1:, 0] < newlines[: rows - 1]).any() or (ends[: len(newlines), -1] > newlines).any():
        return None
    if (buffer[starts[:, :2]] == ord("#")).any():  # a comment, or one behind `data_…`
        return None
    for quote in (b'"', b"'"):
        if quote in chunk and (buffer[starts] == ord(quote)).any():
            return None
    return starts, ends


def _walk(chunk: bytes, width: int, first_line: int) -> tuple[NDArray, NDArray, list[int], int | None]:
    """Token edges line by line, the line of each row, and where in the chunk the table ends (None: not in it)."""
    spans: list[tuple[int, int]] = []
    lines: list[int] = []
    offset, table_end = len(_PAD), None
    for number, raw in enumerate(re.findall(rb"[^\n]*\n|[^\n]+$", chunk), first_line):
        here = _spans(raw)
        if here and not raw.lstrip().startswith(b"#"):
            keyword = raw.split(maxsplit=1)[0]
            alone = len(here) == 1 or raw[here[1][0] :].startswith(b"#")
            if alone and (keyword.startswith(b"data_") or keyword == b"loop_"):
                table_end = offset - len(_PAD)
                break
            if len(here) > width and raw[here[width][0] :].startswith(b"#"):
                del here[width:]
            if len(here) != width:
                raise StarError("meta-row-width", f"{len(here)} values, but the table has {width} columns", number)
            spans += [(offset + a, offset + b) for a, b in here]
            lines.append(number)
        offset += len(raw)
    edges = np.array(spans, np.int64).reshape(len(lines), width, 2)
    return edges[..., 0], edges[..., 1], lines, table_end


def _parse_columns(buffer: NDArray[np.uint8], starts: NDArray, ends: NDArray, kinds: Mapping[int, Kind]) -> dict:
    return {n: _parse(buffer, starts[:, n], ends[:, n], kind) for n, kind in kinds.items()}


def _parse(buffer: NDArray[np.uint8], starts: NDArray, ends: NDArray, kind: Kind) -> tuple:
    if kind is Kind.NUMBER:
        return (_numbers(buffer, starts, ends),)
    if kind is Kind.TEXT:
        return _encode(buffer, starts, ends)
    numbers, name_starts = _image_numbers(buffer, starts, ends)
    return (*_encode(buffer, name_starts, ends), numbers)


def _numbers(buffer: NDArray[np.uint8], starts: NDArray, ends: NDArray) -> NDArray[np.float64]:
    """Decimal texts → float64, correctly rounded like `float()`."""
    lengths = ends - starts
    width = int(lengths.max(initial=0))
    if width > _MAX_NUMBER_WIDTH or width == 0:
        return np.array([_to_float(buffer[a:b].tobytes()) for a, b in zip(starts, ends)], np.float64)
    windows = np.lib.stride_tricks.sliding_window_view(buffer, width)
    letters = np.ascontiguousarray(windows[ends - width].T)  # (width, rows), right-aligned
    inside = np.arange(width)[:, None] >= (width - lengths)
    digits = letters - 48
    is_digit = (digits <= 9) & inside
    is_point = (letters == ord(".")) & inside
    digits *= is_digit
    n_digits = is_digit.sum(axis=0, dtype=np.uint8)
    n_points = is_point.sum(axis=0, dtype=np.uint8)
    first = buffer[starts]
    minus = first == ord("-")
    signed = minus | (first == ord("+"))
    plain = (n_digits + n_points + signed == lengths) & (n_digits > 0) & (n_digits <= _EXACT_DIGITS) & (n_points <= 1)
    out = np.empty(len(starts))
    for point in (*np.flatnonzero(is_point.any(axis=1)), None):  # nearly always one column: `%12.6f`
        some = plain & (n_points == 0 if point is None else is_point[point])
        if some.any():
            rows = slice(None) if some.all() else some
            powers = np.arange(width)[::-1].copy()
            powers[:point] -= point is not None  # the point takes a column that is no place
            places = 0 if point is None else width - 1 - point
            out[rows] = _POWERS_OF_TEN[powers] @ digits[:, rows] / _POWERS_OF_TEN[places]
    np.negative(out, out=out, where=minus & plain)
    for row in np.flatnonzero(~plain):
        out[row] = _to_float(buffer[starts[row] : ends[row]].tobytes())
    return out


def _to_float(text: bytes) -> float:
    try:
        return float("nan") if b"_" in text else float(text)
    except ValueError:
        return float("nan")


def _image_numbers(buffer: NDArray[np.uint8], starts: NDArray, ends: NDArray) -> tuple[NDArray, NDArray]:
    """`N` of `N@name` and where the name starts; -1 and the token's own start where it is no such thing."""
    width = min(int((ends - starts).max(initial=0)), _MAX_NUMBER_WIDTH)
    windows = np.lib.stride_tricks.sliding_window_view(buffer, max(width, 1))[starts]
    at = (windows == ord("@")).argmax(axis=1)
    numbers = _numbers(buffer, starts, starts + at)
    digits = ((windows - 48) <= 9) | (np.arange(windows.shape[1]) >= at[:, None])
    good = (at > 0) & (starts + at < ends - 1) & digits.all(axis=1) & (at <= 10)
    return np.where(good, np.nan_to_num(numbers), -1).astype(np.int64), np.where(good, starts + at + 1, starts)


def _encode(buffer: NDArray[np.uint8], starts: NDArray, ends: NDArray) -> tuple[list[bytes], NDArray[np.int32]]:
    """The distinct texts of a chunk and, for each row, which of them it is."""
    lengths = ends - starts
    width = max(int(lengths.max(initial=0)), 1)
    if width > _MAX_TEXT_WIDTH:
        heads = np.arange(len(starts))
        texts = [buffer[a:b].tobytes() for a, b in zip(starts, ends)]
    else:
        letters = np.lib.stride_tricks.sliding_window_view(buffer, width)[starts]
        letters *= np.arange(width) < lengths[:, None]
        column = letters.view(f"S{width}")[:, 0]
        heads = np.flatnonzero(np.concatenate(([True], column[1:] != column[:-1])))[: len(column)]
        texts = column[heads].tolist()  # neighbours mostly share a stack, so there are few of them
    known: dict[bytes, int] = {}
    codes = np.array([known.setdefault(text, len(known)) for text in texts], np.int32)
    return list(known), np.repeat(codes, np.diff(heads, append=len(starts)))


class _Column:
    """The values of one column, gathered chunk by chunk."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self._codes: dict[bytes, int] = {}
        self._parts: list[tuple[NDArray, ...]] = []

    def add(self, values: tuple) -> None:
        if self.kind is not Kind.NUMBER:
            texts, codes, *numbers = values
            known = self._codes
            here = np.array([known.setdefault(text, len(known)) for text in texts], np.int32)
            values = (here[codes] if len(here) else codes, *numbers)
        self._parts.append(values)

    def finish(self) -> NDArray[np.float64] | Text:
        kinds = {Kind.NUMBER: (np.float64,), Kind.TEXT: (np.int32,), Kind.IMAGE: (np.int32, np.int64)}[self.kind]
        parts = zip(*self._parts) if self._parts else ([np.empty(0, kind)] for kind in kinds)
        columns = [np.concatenate(part) for part in parts]
        self._parts.clear()
        if self.kind is Kind.NUMBER:
            return columns[0]
        texts = [_decode(text) for text in self._codes]
        return Text(texts, columns[0]) if self.kind is Kind.TEXT else Images(texts, *columns)
