"""STAR text → typed columns, in chunks, only the columns that are asked for.

A chunk of plain rows is taken apart all at once (`star_chunks`, `star_values`).  One that holds anything else
(comments, blank lines, the end of the table, stray quotes, a row of the wrong width) is walked line by line.  Both
ways end in the same tokens, so a value never depends on the way that it was read.

No library reads large tables as well.  A table of 118,000 rows: here 0.82 s and 71 MB; starfile 2.9 s and 530 MB;
starfile-rs with polars 1.0 s and 228 MB.  Both also fill up a row that is too short and do not say so, and read the
micrograph `0001` as the number 1.
"""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..progress import Progress, quiet
from .star_file import StarError, StarSource
from .star_tokens import EdgedRows, Lines, edged_rows, plain_rows
from .star_values import ColumnKind, Columns, Gathered, parse_columns

__all__ = [
    "ColumnKind",
    "ImageNames",
    "StarError",
    "StarFile",
    "Table",
    "Text",
    "read_raw_rows",
    "read_star",
    "row_tokens",
]

CHUNK_BYTES = 1 << 23
_FIRST_CHUNK_BYTES = 1 << 11
_CHUNKS_AHEAD = 4
_MAX_COLUMNS, _MAX_TABLES = 1_000, 10_000  # a hundred times what any program writes
_TOKEN = re.compile(rb"""(?:"([^"\n]*?)"|'([^'\n]*?)')(?=\s|$)|\S+""")


@dataclass
class Text:
    """A dictionary-encoded column: row i says `values[codes[i]]`."""

    values: list[str]
    codes: NDArray[np.int32]

    def __getitem__(self, row: int) -> str:
        return self.values[self.codes[row]]


@dataclass
class ImageNames(Text):
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

    def images(self, label: str) -> ImageNames | None:
        column = self.columns.get(label)
        return column if isinstance(column, ImageNames) else None

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


def read_star(path: str | Path, wanted: Mapping[str, ColumnKind], progress: Progress = quiet) -> StarFile:
    """Read every table of a STAR file, keeping the columns in `wanted` (labels without underscore).

    Raises:
        StarError: `meta-not-found`, `meta-unreadable`, `meta-not-star` or `meta-row-width`.
        Cancelled: `progress` said so.
    """
    source = StarSource(path)
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


def read_raw_rows(path: str | Path, lines: Iterable[int], width: int) -> list[bytes]:
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


def row_tokens(raw: bytes) -> list[bytes]:
    """The values of a row as they stand in the file, in their quotes."""
    if b'"' not in raw and b"'" not in raw:
        return raw.split()  # the same, in a tenth of the time
    return [match[0] for match in _TOKEN.finditer(raw)]


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


def _read_list(source: StarSource, block: str, wanted: Mapping[str, ColumnKind]) -> Table:
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
            column = Gathered(wanted[label])
            column.add(parse_columns(edged_rows(value, [(0, len(value))], 1), {0: wanted[label]})[0])
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
    source: StarSource, block: str, wanted: Mapping[str, ColumnKind], pool: ThreadPoolExecutor, progress: Progress
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
    began = ahead_of = source.at
    ahead: deque[Future[_Chunk]] = deque()
    size = min(_FIRST_CHUNK_BYTES, CHUNK_BYTES)  # grows: what lies behind a short table is not read again and again

    def gather(rows: int, parsed: Columns) -> None:
        table.rows += rows
        expected = (source.size - began) * table.rows // max(source.at - began, 1)
        for number, values in parsed.items():
            columns[number][1].add(values, expected)

    while True:
        progress.step(source.at, source.size)
        while ahead_of < source.size and len(ahead) < (_CHUNKS_AHEAD if size == CHUNK_BYTES else 1):
            ahead.append(pool.submit(_parse_chunk, source, ahead_of, ahead_of + size, len(table.labels), kinds))
            ahead_of += size
        if not ahead:
            break
        chunk = ahead.popleft().result()
        size = min(4 * size, CHUNK_BYTES)
        source.at = chunk.at
        if chunk.rows:
            table._add_segment(table.rows, source.line + 1)
            source.line += chunk.rows
            gather(chunk.rows, chunk.columns)
        if chunk.rest:
            walked, lines, end = _walk(chunk.rest, len(table.labels), source.line + 1)
            for row, line in enumerate(lines, table.rows):
                table._add_segment(row, line)
            source.line += _count_lines(chunk.rest[:end])
            source.at += len(chunk.rest[:end])
            gather(walked.count, parse_columns(walked, kinds))
            if end is not None:  # the table ends here: what was read behind it is read again
                break
    for label, column in columns.values():
        table.columns[label] = _whole(column)
    return table


@dataclass(frozen=True)
class _Chunk:
    """Plain rows, and lines behind them that have to be walked, which start at byte `at` of the file."""

    rows: int
    columns: Columns
    at: int
    rest: bytes


def _parse_chunk(source: StarSource, first: int, last: int, width: int, kinds: Mapping[int, ColumnKind]) -> _Chunk:
    """The lines that start between two bytes of the file; in any thread."""
    at, lines = source.lines(first, last)
    body = _without_blank_end(lines)
    rows = plain_rows(body, width)
    if rows is None:
        return _Chunk(0, {}, at, bytes(lines))
    return _Chunk(rows.count, parse_columns(rows, kinds), at + len(body), bytes(replace(lines, first=body.last)))


def _without_blank_end(lines: Lines) -> Lines:
    """Without the blank lines at the end, such as the one that ends a table."""
    last = lines.last
    while last > lines.first:
        line = lines.buffer.rfind(b"\n", lines.first, last - 1) + 1 or lines.first
        if lines.buffer[line:last].strip():
            break
        last = line
    return replace(lines, last=last)


def _count_lines(text: bytes) -> int:
    return text.count(b"\n") + bool(text and not text.endswith(b"\n"))


def _walk(chunk: bytes, width: int, first_line: int) -> tuple[EdgedRows, list[int], int | None]:
    """Rows line by line, the line of each row, and where in the chunk the table ends (None: not in it)."""
    spans: list[tuple[int, int]] = []
    lines: list[int] = []
    offset, table_end = 0, None
    for number, raw in enumerate(re.findall(rb"[^\n]*\n|[^\n]+$", chunk), first_line):
        here = _spans(raw)
        if here and not raw.lstrip().startswith(b"#"):
            keyword = raw.split(maxsplit=1)[0]
            alone = len(here) == 1 or raw[here[1][0] :].startswith(b"#")
            if alone and (keyword.startswith(b"data_") or keyword == b"loop_"):
                table_end = offset
                break
            if len(here) > width and raw[here[width][0] :].startswith(b"#"):
                del here[width:]
            if len(here) != width:
                raise StarError("meta-row-width", f"{len(here)} values, but the table has {width} columns", number)
            spans += [(offset + a, offset + b) for a, b in here]
            lines.append(number)
        offset += len(raw)
    return edged_rows(chunk, spans, width), lines, table_end


def _whole(column: Gathered) -> NDArray[np.float64] | Text:
    arrays = list(column.arrays())
    if column.kind is ColumnKind.NUMBER:
        return arrays[0]
    texts = [_decode(text) for text in column.texts()]
    return Text(texts, arrays[0]) if column.kind is ColumnKind.TEXT else ImageNames(texts, *arrays)
