"""Files of coordinates, one or thousands → `Picks` → `Particles` without images, for an import of locations only.

A file, several, a wildcard or a folder may be given; RELION's autopick.star and manualpick.star stand for the files
that they list (`pick_search`).  What each format means by its numbers: `pick_files`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..file_state import file_state
from ..names import Names
from ..parallel import map_files
from ..particles import OpticsGroup, Part, Particles, RowFault, row_fault
from ..problems import Problem, Severity, count_of, problem, refuse
from ..progress import Progress, quiet
from . import pick_files, relion_optics
from .pick_files import CTF_COLUMNS, FilePicks, PickFormat
from .pick_search import check_names, find_files
from .reading import FileColumn, Reading, TextColumn

_LARGEST_REAL = 1e30
_NO_COLUMNS: Mapping[str, bool] = MappingProxyType({})


@dataclass(frozen=True)
class Picks:
    """N picks of any number of files, in the order of the files and their rows.

    micrographs, micrograph_of_row: Each name once, and (N,) which of them.
    x_px, y_px: (N,) centres, pixels of the micrograph picked on, y in array rows from the first; nan where the file
        has no number.
    file_of_row, line_of_row: (N,) number in `files`, and 1-based line.
    ctf: Values of `Particles` by their names, (N,) each, where every file has them.
    unknown_optics: Rows whose optics group the file does not list.
    columns: Columns that were asked for by name, where every file has them.
    left: Columns of the files that are not imported.
    states: The `file_state` of each file from before it was read.
    """

    format: str
    coordinates: tuple[str, str]
    source: str
    files: tuple[str, ...]
    file_of_row: NDArray[np.int32]
    line_of_row: NDArray[np.int32]
    micrographs: Names
    micrograph_of_row: NDArray[np.int32]
    x_px: NDArray[np.float64]
    y_px: NDArray[np.float64]
    ctf: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    optics_groups: tuple[OpticsGroup, ...] = ()
    optics_of_row: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    unknown_optics: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    has_optics: bool = False
    columns: Mapping[str, FileColumn] = field(default_factory=dict)
    left: tuple[str, ...] = ()
    states: Mapping[str, Hashable] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.x_px)


def recognises(head: bytes) -> bool:
    """Whether a file with these first bytes holds picks, or lists files that do.

    One STAR file that names the micrograph of each pick is left to RELION's reader, which takes 0.3 of the time.
    """
    kind = pick_files.pick_format_of(head)
    return pick_files.is_list(head) or kind not in (None, pick_files.COORDINATE_STAR)


def read_coordinates(
    given: str | Sequence[str], progress: Progress = quiet, columns: Mapping[str, bool] = _NO_COLUMNS
) -> Reading:
    """Picks as particles without images.

    Args:
        given: A file, a folder, a wildcard, or several of them.
        columns: Columns by the files' own names that are wanted in `Reading.columns`, and whether as numbers.

    Raises:
        Refused: There are no picks, or a file cannot be read.
        Cancelled: `progress` said so.
    """
    picks, remarks = read_picks(given, progress, columns)
    particles = to_particles(picks)
    return Reading(particles, _faults(picks, particles), remarks, columns=dict(picks.columns), files=picks.states)


def read_picks(
    given: str | Sequence[str], progress: Progress = quiet, columns: Mapping[str, bool] = _NO_COLUMNS
) -> tuple[Picks, list[Problem]]:
    """The same as `Picks`, and what else the user should know.

    Raises:
        Refused, Cancelled: As `read_coordinates`.
    """
    several = [given] if isinstance(given, str) else list(given)
    found = find_files(several, progress)
    known = [(path, kind, micrograph) for path, kind, micrograph in found.files if kind is not None]
    kinds = {kind.name: (kind, path) for path, kind, _ in reversed(known)}
    if len(kinds) > 1:
        examples = [f"{os.path.basename(path)}: {name}" for name, (_, path) in kinds.items()]
        raise refuse(
            "meta-unreadable",
            f"the files are of {len(kinds)} formats: {', '.join(sorted(kinds))}",
            hint="Give the files of one format; picks would be imported twice otherwise.",
            examples=examples,
        )
    if not kinds:
        what = "are empty: they hold no picks" if len(found.files) > 1 else "is empty: it holds no picks"
        raise refuse("meta-no-particles", f"{_few(found.files)} {what}", hint="Give files with picks.")
    kind = next(iter(kinds.values()))[0]
    check_names(kind, known)
    states = {path: file_state(path) for path, _, _ in found.files}
    parts = list(map_files(lambda one: kind.read(one[0], one[2], columns), known, progress))
    picks = _together(kind, several[0] if len(several) == 1 else os.path.dirname(several[0]), parts)
    if not len(picks):
        raise refuse("meta-no-particles", f"{_few(known)}: no rows, so no picks", hint="Give files with picks.")
    empty = [path for path, kind, _ in found.files if kind is None]
    empty += [part.path for part in parts if not len(part.x_px)]
    picks = replace(picks, states=states)
    return picks, [*found.remarks, *_remarks(kind, picks, empty)]


def _few(files: Sequence[tuple[str, PickFormat | None, str]]) -> str:
    names = [os.path.basename(path) for path, _, _ in files]
    return names[0] if len(names) == 1 else f"all {len(names):,} files, such as {names[0]},"


def to_particles(picks: Picks) -> Particles:
    """Picks as particles of no stack: `stack_names` are the files that the rows stand in, image numbers are -1."""
    rows = len(picks)
    groups = list(picks.optics_groups) or [OpticsGroup(1, "group 1", rows)]
    index = picks.optics_of_row if picks.optics_groups else np.zeros(rows, np.int32)
    x, y = picks.coordinates
    names = {"coordinate_x_px": x, "coordinate_y_px": y, "micrograph_name": "micrograph name"} | CTF_COLUMNS
    particles = Particles(
        source=picks.source,
        dialect=picks.format,
        stack_names=list(picks.files),
        stack_index=picks.file_of_row,
        image_number=np.full(rows, -1, np.int64),
        optics_groups=groups,
        optics_index=index,
        has_optics=picks.has_optics,
        micrograph_names=picks.micrographs,
        micrograph_index=picks.micrograph_of_row,
        coordinates_px=np.stack([picks.x_px, picks.y_px], axis=1),
        rows=np.arange(rows),
        line_of=lambda rows: picks.line_of_row[rows].astype(np.int64),
        columns_not_imported=list(picks.left),
        column_names=names,
        has_images=False,
    )
    return replace(particles, **dict[str, Any](picks.ctf))


def _faults(picks: Picks, particles: Particles) -> list[RowFault]:
    faults = []
    if len(picks.unknown_optics):
        what = ("pick", "of optics groups that the optics table does not list")
        faults.append(row_fault(particles, "optics-group-unknown", what, picks.unknown_optics))
    judged = {
        picks.coordinates[0]: (picks.x_px, Part.COORDINATES),
        picks.coordinates[1]: (picks.y_px, Part.COORDINATES),
    }
    judged |= {CTF_COLUMNS[name]: (values, Part.ALWAYS) for name, values in picks.ctf.items()}
    for label, (values, part) in judged.items():
        if len(rows := np.flatnonzero(~(np.abs(values) <= _LARGEST_REAL))):  # nan is no number
            what = ("value", f"of {label} that are not finite numbers")
            faults.append(row_fault(particles, "value-not-finite", what, rows, part, label))
    return faults


def _together(kind: PickFormat, source: str, parts: Sequence[FilePicks]) -> Picks:
    counts = [len(part.x_px) for part in parts]
    names, of_row = _one_dictionary([(part.names, part.codes) for part in parts])
    filled = [part for part in parts if len(part.x_px)]
    ctf: dict[str, NDArray[np.float64]] = {}
    for name in CTF_COLUMNS:
        if filled and all(name in part.ctf for part in filled):
            ctf[name] = np.concatenate([part.ctf[name] for part in filled])
    if "defocus_u_A" in ctf:
        ctf.setdefault("defocus_v_A", ctf["defocus_u_A"])
    else:
        ctf = {}
    groups, group_of_row, unknown = _optics(parts)
    used = {CTF_COLUMNS[name] for name in ctf}
    left = {label: None for part in parts for label in part.left}
    left |= {CTF_COLUMNS[name]: None for part in parts for name in part.ctf if CTF_COLUMNS[name] not in used}
    return Picks(
        format=kind.name,
        coordinates=kind.coordinates,
        source=source,
        files=tuple(part.path for part in parts),
        file_of_row=np.repeat(np.arange(len(parts), dtype=np.int32), counts),
        line_of_row=np.concatenate([part.lines for part in parts]),
        micrographs=Names(names),
        micrograph_of_row=of_row,
        x_px=np.concatenate([part.x_px for part in parts]),
        y_px=np.concatenate([part.y_px for part in parts]),
        ctf=ctf,
        optics_groups=tuple(groups),
        optics_of_row=group_of_row,
        unknown_optics=unknown,
        has_optics=any(part.optics is not None for part in parts),
        columns=_columns(filled),
        left=tuple(left),
    )


def _one_dictionary(parts: Sequence[tuple[Sequence[str], NDArray[np.int32]]]) -> tuple[list[str], NDArray[np.int32]]:
    known: dict[str, int] = {}
    codes = []
    for names, own in parts:
        numbers = np.array([known.setdefault(name, len(known)) for name in names], np.int32)
        codes.append(numbers[own] if len(names) else own)
    return list(known), np.concatenate(codes) if codes else np.zeros(0, np.int32)


def _columns(parts: Sequence[FilePicks]) -> dict[str, FileColumn]:
    """Of all files together, where each of them has the column."""
    whole: dict[str, FileColumn] = {}
    for label in parts[0].columns if parts else ():
        columns = [column for part in parts if (column := part.columns.get(label)) is not None]
        if len(columns) < len(parts):
            continue
        texts = [(column.values, column.codes) for column in columns if isinstance(column, TextColumn)]
        numbers = [column for column in columns if isinstance(column, np.ndarray)]
        whole[label] = TextColumn(*_one_dictionary(texts)) if texts else np.concatenate(numbers)
    return whole


def _optics(parts: Sequence[FilePicks]) -> tuple[list[OpticsGroup], NDArray[np.int32], NDArray[np.int64]]:
    """Groups that say the same are one, whatever files they stand in."""
    groups: list[OpticsGroup] = []
    number: dict[str, int] = {}
    index, unknown, row = [], [], 0

    def add(group: OpticsGroup) -> int:
        sizes = group.file_pixel_size_A, group.picked_pixel_size_A, group.movie_pixel_size_A
        key = json.dumps([{**group.to_json(), "particles": 0}, *map(str, sizes)])
        if key not in number:
            number[key] = len(groups)
            groups.append(group)
        else:
            groups[number[key]].particles += group.particles
        return number[key]

    for part in parts:
        rows = len(part.x_px)
        if part.optics is None:
            index.append(np.full(rows, add(OpticsGroup(1, "group 1", rows)) if rows else 0, np.int32))
        else:
            own, of_row, lost = relion_optics.OpticsReader(*part.optics).groups()
            index.append(np.array([add(group) for group in own], np.int32)[of_row])
            unknown.append(lost + row)
        row += rows
    lost_rows = np.concatenate(unknown) if unknown else np.zeros(0, np.int64)
    return groups, np.concatenate(index), lost_rows


def _remarks(kind: PickFormat, picks: Picks, empty: Sequence[str]) -> list[Problem]:
    remarks = []
    if kind in (pick_files.CBOX, pick_files.OLD_CBOX):
        message = "crYOLO's .cbox files hold every detection, also those below the threshold of the picking"
        hint = "Give the files in crYOLO's STAR or EMAN folder, or select by Confidence."
        remarks.append(problem("columns-not-imported", message, hint=hint, severity=Severity.WARNING, count=len(picks)))
    if empty:
        message = f"{count_of(len(empty), 'file')} without picks"
        hint = "Their micrographs have no particles; nothing to do if that is right."
        names = [os.path.basename(path) for path in empty]
        severity = Severity.INFO
        remarks.append(
            problem("meta-no-particles", message, count=len(empty), hint=hint, examples=names, severity=severity)
        )
    return remarks
