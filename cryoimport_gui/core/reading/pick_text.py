"""Small text tables, thousands at a time: lines → tables → columns.

Files of coordinates are many and small.  10,000 files of 100 picks, all that is done with them included, take 0.09 of
`starfile.read`; the splitting of the lines alone takes 0.03 of it, and `np.loadtxt` would take 0.04, but neither names
the line of a short row nor keeps names as text.  For one file of a million rows starfile is the faster one (0.75).
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..problems import refuse
from .reading import FileColumn, TextColumn

_CHUNK_LINES = 20_000
_TOKEN = re.compile(r"""(?:"([^"\n]*?)"|'([^'\n]*?)')(?=\s|$)|\S+""")
_CONTROL = bytes([*range(0x09), *range(0x0E, 0x20)])
_BINARY = {
    b"\x93NUMPY": "a NumPy or CryoSPARC dataset",
    b"\x95CSDAT": "a CryoSPARC dataset",
    b"\x1f\x8b": "compressed with gzip: unpack it first",
}


def read_lines(path: str) -> list[str]:
    """The lines of a text file; none if it is empty.

    Raises:
        Refused: There is no such file, it cannot be read, or it is not text.
    """
    name = os.path.basename(path) or path
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with open(fd, "rb") as file:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise refuse("meta-unreadable", f"{path} is not a regular file")
            content = file.read()
    except (FileNotFoundError, NotADirectoryError):
        raise refuse("meta-not-found", f"there is no file {path}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise refuse("meta-unreadable", f"{path} cannot be read: {reason}") from None
    if content[208:211] == b"MAP":
        raise refuse("meta-unreadable", f"{name} is an MRC image, not a text file of coordinates")
    for start, what in _BINARY.items():
        if content.startswith(start):
            raise refuse("meta-unreadable", f"{name} is {what}, not a text file of coordinates")
    if len(content.translate(None, _CONTROL)) < len(content):
        raise refuse("meta-unreadable", f"{name} is binary, not a text file of coordinates")
    lines = content.decode("utf-8-sig", "surrogateescape").split("\n")
    while lines and not lines[-1].strip():  # RELION ends a table with a line of one blank
        lines.pop()
    return lines


@dataclass(frozen=True)
class LineTable:
    """A table of a STAR file: its rows are among `lines[first:last]`, or `values` is its only row."""

    name: str
    labels: list[str]
    first: int
    last: int
    values: list[str] | None = None


def star_tables(path: str, lines: Sequence[str]) -> list[LineTable]:
    """The tables of a STAR file.

    Raises:
        Refused: There is no `data_` line, or a table has a column twice.
    """
    marks = [number for number, line in enumerate(lines) if _is_mark(line)]
    if not marks or not lines[marks[0]].lstrip().startswith("data_"):
        raise refuse("meta-not-star", f"{os.path.basename(path)}: no `data_` line before the first table")
    tables, name = [], ""
    for mark, end in pairwise([*marks, len(lines)]):
        word = lines[mark].split()[0]
        name = word[5:] if word.startswith("data_") else name
        labels, values, first = _labels(lines, mark + 1, end)
        if len(set(labels)) < len(labels):
            again = next(label for label in labels if labels.count(label) > 1)
            message = f"{os.path.basename(path)}, line {mark + 1}: the table has the column {again} twice"
            raise refuse("meta-unreadable", message)
        if word == "loop_":
            tables.append(LineTable(name, labels, first, end))
        elif labels:
            tables.append(LineTable(name, labels, mark, end, values))
    return tables


def _is_mark(line: str) -> bool:
    text = line.lstrip()
    if not text.startswith(("data_", "loop_")):
        return False
    words = text.split()
    return len(words) == 1 or words[1].startswith("#")


def _labels(lines: Sequence[str], first: int, end: int) -> tuple[list[str], list[str], int]:
    """Labels without underscore, what stands behind each, and the first line behind them."""
    labels, values = [], []
    for number in range(first, end):
        text = lines[number].strip()
        if text.startswith("_"):
            words = tokens(text)
            labels.append(words[0][1:])
            values.append(words[1] if len(words) > 1 else "")
        elif text and not text.startswith("#"):
            return labels, values, number
    return labels, values, end


def tokens(line: str) -> list[str]:
    """The values of one line; quotes hold a value with blanks together."""
    if '"' not in line and "'" not in line:
        return line.split()
    return [match[match.lastindex or 0] for match in _TOKEN.finditer(line)]


def table_columns(
    path: str, lines: Sequence[str], table: LineTable, wanted: Mapping[str, bool]
) -> tuple[dict[str, FileColumn], NDArray[np.int32]]:
    """Columns that are wanted (label → whether as numbers) and that the table has, and the 1-based line of each row.

    Raises:
        Refused: A row has more or fewer values than the table has columns.
    """
    places = {table.labels.index(label): as_number for label, as_number in wanted.items() if label in table.labels}
    if table.values is not None:
        rows = [table.values]
        columns = {place: _whole([[row[place] for row in rows]], as_number) for place, as_number in places.items()}
        return {table.labels[place]: column for place, column in columns.items()}, np.array([table.first + 1], "i4")
    found, numbers = row_columns(path, lines, range(table.first, table.last), len(table.labels), places)
    return {table.labels[place]: column for place, column in found.items()}, numbers


def row_columns(
    path: str, lines: Sequence[str], where: range, width: int, wanted: Mapping[int, bool]
) -> tuple[dict[int, FileColumn], NDArray[np.int32]]:
    """Columns by their place, and the 1-based line of each row; blank lines and comments are no rows."""
    parts: dict[int, list[list[str]]] = {place: [] for place in wanted}
    numbers: list[NDArray[np.int32]] = []
    for first in range(where.start, where.stop, _CHUNK_LINES):
        some = lines[first : min(first + _CHUNK_LINES, where.stop)]
        rows = _plain_rows(some, width)
        if rows is not None:
            numbers.append(np.arange(first + 1, first + 1 + len(some), dtype=np.int32))
        else:
            walked = list(_walk(path, some, first, width))
            rows = [row for _, row in walked]
            numbers.append(np.array([number for number, _ in walked], np.int32))
        for place, part in parts.items():
            part.append([row[place] for row in rows])
    columns = {place: _whole(parts[place], as_number) for place, as_number in wanted.items()}
    return columns, np.concatenate(numbers) if numbers else np.zeros(0, np.int32)


def _plain_rows(lines: Sequence[str], width: int) -> list[list[str]] | None:
    """Rows of the right width and nothing else; None where lines have to be looked at one by one."""
    text = "".join(lines)
    if '"' in text or "'" in text or "#" in text:
        return None
    rows = [line.split() for line in lines]
    return rows if set(map(len, rows)) == {width} else None


def _walk(path: str, lines: Sequence[str], first: int, width: int) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(lines, first + 1):
        row = tokens(line)
        if not row or row[0].startswith("#"):
            continue
        if len(row) > width and row[width].startswith("#"):
            del row[width:]
        if len(row) != width:
            where = f"{os.path.basename(path)}, line {number}"
            have = f"{len(row)} value{'' if len(row) == 1 else 's'}"
            raise refuse("meta-row-width", f"{where}: {have}, but the table has {width} columns")
        yield number, row


def _whole(parts: list[list[str]], as_number: bool) -> FileColumn:
    if as_number:
        return np.concatenate([_floats(part) for part in parts]) if parts else np.zeros(0)
    known: dict[str, int] = {}
    codes = [known.setdefault(text, len(known)) for part in parts for text in part]
    return TextColumn(list(known), np.array(codes, np.int32))


def _floats(texts: list[str]) -> NDArray[np.float64]:
    """Nan where a text is no number."""
    try:
        if "_" not in "".join(texts):
            return np.array(list(map(float, texts)), np.float64)
    except ValueError:
        pass
    return np.array([number_of(text) for text in texts], np.float64)


def number_of(text: str) -> float:
    """Nan where the text is no number."""
    try:
        return float(text) if "_" not in text else float("nan")
    except ValueError:
        return float("nan")
