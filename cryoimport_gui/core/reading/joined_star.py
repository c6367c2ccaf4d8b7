"""Rows of several RELION STAR files as the text of one file, with one optics table.

The rows are copied as text, line by line: a value is never read as a number and written again, but for shifts of a file
that has them in pixels where another one has Å.  starfile, which writes
the optics table, would hold the particles of two files of a million rows in memory several times, takes a `#` in a name
for a comment and `'` for `"`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ..problems import count_of, refuse
from ..progress import Progress, quiet
from .relion import READ_COLUMNS, particle_table
from .star import StarError, Table, read_raw_rows, read_star, row_tokens

_GROUP = "rlnOpticsGroup"
_SHIFTS_PX, _SHIFTS_A = ("rlnOriginX", "rlnOriginY"), ("rlnOriginXAngst", "rlnOriginYAngst")
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
#: the same, where the other table of no file has them: a value of a row would stand above that of its optics group
_UNSAID_OF_GROUPS = {
    "rlnBeamTiltX": b"0.000000",
    "rlnBeamTiltY": b"0.000000",
    "rlnMagMat00": b"1.000000",
    "rlnMagMat01": b"0.000000",
    "rlnMagMat10": b"0.000000",
    "rlnMagMat11": b"1.000000",
    "rlnOddZernike": b"[0,0,0,0,0,0]",
    "rlnEvenZernike": b"[0,0,0,0,0,0,0,0,0]",
    "rlnCtfDataAreCtfPremultiplied": b"0",
    "rlnCtfDataArePhaseFlipped": b"0",
    "rlnImageDimensionality": b"2",
}
_ALL_UNSAID = _UNSAID | _UNSAID_OF_GROUPS
_MOST_NAMED = 6


@dataclass(frozen=True)
class RowsOfFile:
    """Some rows of a file: their lines, ascending, and what the numbers of its optics groups become.

    shifts: (n, 2), x and y, in Å if any of the files has Å, else in pixels; nan: not known.  None: no file has any.
    groups: (n,) the numbers of their optics groups, as they become.
    """

    path: str
    lines: NDArray[np.int64]
    group_numbers: Mapping[int, int]
    shifts: NDArray[np.float64] | None = None
    groups: NDArray[np.int64] | None = None


@dataclass(frozen=True)
class JoinedLabels:
    """The columns of one table of all particles and of all optics groups.

    made: those of particles that are calculated for a file without them.  lacking: columns that are imported and that
    only some files have, so that there is no such table.
    """

    particles: list[str]
    groups: list[str]
    made: frozenset[str]
    lacking: list[str]

    @property
    def why_not(self) -> str:
        """Why there is no such table, in words; empty if there is one."""
        if not self.lacking:
            return ""
        more = len(self.lacking) - _MOST_NAMED
        named = ", ".join(self.lacking[:_MOST_NAMED]) + (f" and {count_of(more, 'more column')}" if more > 0 else "")
        return f"only some of the files have {named} in the same table and unit"


def joined_labels(
    files: Sequence[tuple[Sequence[str], Sequence[str]]], shifts: NDArray[np.float64] | None
) -> JoinedLabels:
    """Which columns the table of several files has: those that all have, that rows may lack, or that can be calculated.

    Args:
        files: For each file the columns of its particles and of its optics groups (none: it has no such table).
        shifts: As of `RowsOfFile`, of all files.
    """
    particles, groups = zip(*files)
    every = [dict.fromkeys(label for labels in tables for label in labels) for tables in (particles, groups)]
    unsaid = [{*_UNSAID, *(_UNSAID_OF_GROUPS.keys() - every[other].keys())} for other in (1, 0)]
    made: set[str] = set()
    of_no_use: set[str] = set()
    if shifts is not None and np.isfinite(shifts).all():
        in_A = any(set(_SHIFTS_A) <= set(labels) for labels in particles)
        made.update(_SHIFTS_A if in_A else _SHIFTS_PX)
        of_no_use.update(_SHIFTS_PX if in_A else ())
    if all(groups):
        made.add(_GROUP)
    made &= every[0].keys() | {_GROUP}
    of_particles, lacking = _labels(particles, unsaid[0] | made, of_no_use)
    of_groups, also_lacking = _labels(groups, unsaid[1], set())
    if _GROUP in made and _GROUP not in of_particles:
        of_particles.append(_GROUP)
    return JoinedLabels(of_particles, of_groups, frozenset(made), list(dict.fromkeys([*lacking, *also_lacking])))


def _labels(
    tables: Sequence[Sequence[str]], can_be_said: Collection[str], of_no_use: Collection[str]
) -> tuple[list[str], list[str]]:
    """The labels of one table for all, and those that are imported but missing in some."""
    union = dict.fromkeys(label for labels in tables for label in labels)
    common = set(union).intersection(*tables)
    missing = [label for label in union if label not in common and label not in can_be_said and label not in of_no_use]
    labels = [label for label in union if label in common or (label in can_be_said and label not in of_no_use)]
    return labels, [label for label in missing if label in READ_COLUMNS]


def joined_star(files: Sequence[RowsOfFile], progress: Progress = quiet) -> Iterator[bytes] | None:
    """The lines of the joined file; None where the columns are too different for one table.

    Raises:
        Refused: A file is no longer what was read.
        Cancelled: `progress` said so.
    """
    tables = [_tables(file.path) for file in files]
    columns = [(table.labels, optics.labels if optics else []) for table, optics in tables]
    shifts = [file.shifts for file in files if file.shifts is not None]
    labels = joined_labels(columns, np.concatenate(shifts) if shifts else None)
    if labels.lacking:
        return None
    optics = _optics_table(files, [optics for _, optics in tables], labels.groups) if labels.groups else b""
    return _text(files, [table for table, _ in tables], labels, optics, progress)


def _tables(path: str) -> tuple[Table, Table | None]:
    try:
        star = read_star(path, {})
        return particle_table(star), next((table for table in star.tables if table.name == "optics"), None)
    except StarError as error:
        raise refuse(error.code, f"the file has changed since it was read: {error}") from None


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
            values = [tokens[place[label]] if label in place else _ALL_UNSAID[label].decode() for label in labels]
            if _GROUP in place:
                number = int(float(tokens[place[_GROUP]]))
                new = file.group_numbers.get(number, number)
                values[labels.index(_GROUP)] = str(new)
                rows.setdefault(new, values)
    table_of_all = pandas.DataFrame(list(rows.values()), columns=list(labels), dtype=object)
    return starfile.to_string({"optics": table_of_all}).encode("utf-8", "surrogateescape")


def _text(
    files: Sequence[RowsOfFile], tables: Sequence[Table], labels: JoinedLabels, optics: bytes, progress: Progress
) -> Iterator[bytes]:
    yield optics
    names = "".join(f"_{label} #{number}\n" for number, label in enumerate(labels.particles, 1))
    yield f"\ndata_particles\n\nloop_\n{names}".encode("utf-8", "surrogateescape")
    total, done = sum(len(file.lines) for file in files), 0
    for file, table in zip(files, tables):
        for row in _rows(file, table, labels):
            yield row
            done += 1
            if done % _LINES_A_STEP == 0:
                progress.step(done, total)
    yield b"\n"


def _rows(file: RowsOfFile, table: Table, labels: JoinedLabels) -> Iterator[bytes]:
    place = {label: at for at, label in enumerate(table.labels)}
    made = _made(file, place, labels.made)
    group = place.get(_GROUP, -1) if any(old != new for old, new in file.group_numbers.items()) else -1
    columns = [
        (-1 if label in made else place.get(label, -1), _ALL_UNSAID.get(label, b""), made.get(label))
        for label in labels.particles
    ]
    is_plain = group < 0 and not made and table.labels == labels.particles
    for row, raw in enumerate(_lines(file.path, file.lines)):
        if is_plain and b"#" not in raw:
            yield raw.strip() + b"\n"
            continue
        tokens = row_tokens(raw)
        if group >= 0:
            number = int(float(tokens[group]))
            tokens[group] = b"%d" % file.group_numbers.get(number, number)
        values = (tokens[at] if at >= 0 else unsaid if own is None else own(row) for at, unsaid, own in columns)
        yield b" ".join(values) + b"\n"


def _made(file: RowsOfFile, place: Collection[str], wanted: frozenset[str]) -> dict[str, Callable[[int], bytes]]:
    """Columns that the file lacks, or that lack their partner there, and which are known: label → row → its text."""
    made: dict[str, Callable[[int], bytes]] = {}
    shifts, groups = file.shifts, file.groups
    for pair in (_SHIFTS_PX, _SHIFTS_A):
        if shifts is not None and wanted & {*pair} and not set(pair) <= set(place):
            for axis, label in enumerate(pair):
                made[label] = partial(_number, shifts[:, axis])
    if groups is not None and _GROUP in wanted and _GROUP not in place:
        made[_GROUP] = partial(_whole_number, groups)
    return made


def _number(values: NDArray[np.float64], row: int) -> bytes:
    return b"%.6f" % values[row]


def _whole_number(values: NDArray[np.int64], row: int) -> bytes:
    return b"%d" % values[row]


def _lines(path: str, numbers: NDArray[np.int64]) -> Iterable[bytes]:
    wanted = np.zeros(int(numbers.max(initial=0)) + 1, bool)
    wanted[numbers] = True
    with open(path, "rb") as file:
        for raw, is_wanted in zip(file, wanted[1:].tolist()):
            if is_wanted:
                yield raw
