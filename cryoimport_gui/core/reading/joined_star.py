"""Rows of several RELION STAR files as the text of one file, with one optics table.

The rows are copied as text, line by line: a value is never read as a number and written again.  starfile, which writes
the optics table, would hold the particles of two files of a million rows in memory several times, takes a `#` in a name
for a comment and `'` for `"`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..problems import refuse
from ..progress import Progress, quiet
from .relion import READ_COLUMNS, particle_table
from .star import StarError, Table, read_raw_rows, read_star, row_tokens

_GROUP = "rlnOpticsGroup"
_LINES_A_STEP = 1 << 16
#: columns that rows may lack, as this is what is imported of them then
_UNSAID = {
    "rlnPhaseShift": b"0.000000",
    "rlnCtfScalefactor": b"1.000000",
    "rlnCtfBfactor": b"0.000000",
    "rlnDefocusAngle": b"0.000000",
    "rlnClassNumber": b"1",
    "rlnEnabled": b"1",
}


@dataclass(frozen=True)
class RowsOfFile:
    """Some rows of a file: their lines, ascending, and what the numbers of its optics groups become."""

    path: str
    lines: NDArray[np.int64]
    group_numbers: Mapping[int, int]


def joined_star(files: Sequence[RowsOfFile], progress: Progress = quiet) -> Iterator[bytes] | None:
    """The lines of the joined file; None where the columns are too different for one table.

    It has the columns that all files have, and those that rows may lack.

    Raises:
        Refused: A file is no longer what was read.
        Cancelled: `progress` said so.
    """
    tables = [_tables(file.path) for file in files]
    labels = _labels([table.labels for table, _ in tables])
    of_groups = _labels([optics.labels if optics else [] for _, optics in tables])
    if labels is None or of_groups is None:
        return None
    optics = _optics_table(files, [optics for _, optics in tables], of_groups) if of_groups else b""
    return _text(files, [table for table, _ in tables], labels, optics, progress)


def _tables(path: str) -> tuple[Table, Table | None]:
    try:
        star = read_star(path, {})
        return particle_table(star), next((table for table in star.tables if table.name == "optics"), None)
    except StarError as error:
        raise refuse(error.code, f"the file has changed since it was read: {error}") from None


def _labels(tables: Sequence[Sequence[str]]) -> list[str] | None:
    """The labels of one table for all; None if a column that is imported is missing in some."""
    union = dict.fromkeys(label for labels in tables for label in labels)
    common = set(union).intersection(*tables)
    if any(label in READ_COLUMNS and label not in common and label not in _UNSAID for label in union):
        return None
    return [label for label in union if label in common or label in _UNSAID]


def _optics_table(files: Sequence[RowsOfFile], tables: Sequence[Table | None], labels: Sequence[str]) -> bytes:
    import pandas
    import starfile

    rows: dict[int, list[str]] = {}
    for file, table in zip(files, tables):
        assert table is not None
        place = {label: at for at, label in enumerate(table.labels)}
        lines = table.line_of(np.arange(table.rows)).tolist()
        for raw in read_raw_rows(file.path, lines, len(table.labels)):
            tokens = [token.decode("utf-8", "surrogateescape").strip("'\"") for token in row_tokens(raw)]
            values = [tokens[place[label]] if label in place else _UNSAID[label].decode() for label in labels]
            if _GROUP in place:
                number = int(float(tokens[place[_GROUP]]))
                new = file.group_numbers.get(number, number)
                values[labels.index(_GROUP)] = str(new)
                rows.setdefault(new, values)
    table_of_all = pandas.DataFrame(list(rows.values()), columns=list(labels), dtype=object)
    return starfile.to_string({"optics": table_of_all}).encode("utf-8", "surrogateescape")


def _text(
    files: Sequence[RowsOfFile], tables: Sequence[Table], labels: Sequence[str], optics: bytes, progress: Progress
) -> Iterator[bytes]:
    yield optics
    names = "".join(f"_{label} #{number}\n" for number, label in enumerate(labels, 1))
    yield f"\ndata_particles\n\nloop_\n{names}".encode("utf-8", "surrogateescape")
    total, done = sum(len(file.lines) for file in files), 0
    for file, table in zip(files, tables):
        for row in _rows(file, table, labels):
            yield row
            done += 1
            if done % _LINES_A_STEP == 0:
                progress.step(done, total)
    yield b"\n"


def _rows(file: RowsOfFile, table: Table, labels: Sequence[str]) -> Iterator[bytes]:
    place = {label: at for at, label in enumerate(table.labels)}
    columns = [(place.get(label, -1), _UNSAID.get(label, b"")) for label in labels]
    group = place.get(_GROUP, -1) if any(old != new for old, new in file.group_numbers.items()) else -1
    is_plain = group < 0 and table.labels == labels
    for raw in _lines(file.path, file.lines):
        if is_plain and b"#" not in raw:
            yield raw.strip() + b"\n"
            continue
        tokens = row_tokens(raw)
        if group >= 0:
            number = int(float(tokens[group]))
            tokens[group] = b"%d" % file.group_numbers.get(number, number)
        yield b" ".join([tokens[at] if at >= 0 else unsaid for at, unsaid in columns]) + b"\n"


def _lines(path: str, numbers: NDArray[np.int64]) -> Iterable[bytes]:
    wanted = np.zeros(int(numbers.max(initial=0)) + 1, bool)
    wanted[numbers] = True
    with open(path, "rb") as file:
        for raw, is_wanted in zip(file, wanted[1:].tolist()):
            if is_wanted:
                yield raw
