"""One file of coordinates, as a picking program writes it → `FilePicks`.

Every coordinate becomes the centre of the particle, in pixels of the micrograph picked on, x along a row of the file's
array and y counting its rows from the first.  The content decides which format it is.

Scores are not imported.  CryoSPARC's `pick_stats/ncc_score` is a normalised cross-correlation with a template, and its
`pick_stats/power` belongs to it; Topaz's score is a log-likelihood ratio, crYOLO's a confidence, RELION's figure of
merit depends on the picker.  None of them means the same, and thresholds on them would mislead.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..problems import refuse
from . import relion_optics
from .pick_text import LineTable, number_of, read_lines, row_columns, star_tables, table_columns
from .reading import FileColumn, TextColumn
from .star import ColumnKind, StarFile, Table, Text

#: a micrograph's CTF values that a STAR file of picks can hold → the column
CTF_COLUMNS = {
    "defocus_u_A": "rlnDefocusU",
    "defocus_v_A": "rlnDefocusV",
    "defocus_angle_deg": "rlnDefocusAngle",
    "phase_shift_deg": "rlnPhaseShift",
}
_OPTICS = {label: kind is ColumnKind.NUMBER for label, kind in relion_optics.WANTED.items()}
_TOMOGRAPHY = {"rlnTomoName", "rlnCoordinateZ", "rlnCenteredCoordinateXAngst", "rlnTomoParticleName"}
_EXTRACT = "Tomograms and subtomograms cannot be imported, only picks on micrographs."
_LABEL = re.compile(rb"\n[ \t]*_(\S+)")
#: what a picker may write for a micrograph without picks: a table without columns
_BARE_STAR = re.compile(rb"(?:\s*#[^\n]*\n|\s*(?:data_\S*|loop_)\s*(?:\n|$))+\s*")
_OWN_SUFFIXES = ("_autopick", "_manualpick")


@dataclass(frozen=True)
class FilePicks:
    """The picks of one file: N rows.

    names, codes: Micrographs, each once, and (N,) which of them each pick lies on.
    lines: (N,) 1-based.
    ctf: Values of `Particles` that the file has, (N,) each.
    optics: The rows' columns that say something of optics groups, and the optics table; None where there are none.
    columns: Columns that were asked for by name.
    left: Columns that are not imported.
    """

    path: str
    names: list[str]
    codes: NDArray[np.int32]
    x_px: NDArray[np.float64]
    y_px: NDArray[np.float64]
    lines: NDArray[np.int32]
    ctf: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    optics: tuple[Table, Table | None] | None = None
    columns: dict[str, FileColumn] = field(default_factory=dict)
    left: tuple[str, ...] = ()


@dataclass(frozen=True)
class PickFormat:
    """A way to write picks down.

    read: Path, micrograph (empty: by the file), columns wanted besides (name → whether as numbers) → picks.
    coordinates: What the format calls x and y.
    by_file_name: Whether the file's name is the only thing that names the micrograph.
    """

    name: str
    read: Callable[[str, str, Mapping[str, bool]], FilePicks]
    coordinates: tuple[str, str]
    by_file_name: bool = True


@dataclass(frozen=True)
class PickList:
    """RELION's autopick.star or manualpick.star: micrographs, and the file of picks of each."""

    path: str
    micrographs: list[str]
    files: list[str]
    lines: NDArray[np.int32]


def is_list(head: bytes) -> bool:
    """Whether a file is one of RELION's lists of files of picks."""
    return b"rlnMicrographCoordinates" in head and "rlnMicrographCoordinates" in _labels(head)


def pick_format_of(head: bytes) -> PickFormat | None:
    """The format of a file of picks by its first bytes; None if it is none, or a list of such files."""
    if b"\0" in head:
        return None
    labels = _labels(head)
    if {"rlnCoordinateX", "rlnCoordinateY"} <= labels and "rlnImageName" not in labels:
        return COORDINATE_STAR if "rlnMicrographName" in labels else STAR_OF_ONE
    if "rlnImageName" not in labels and labels & _TOMOGRAPHY:
        return STAR_OF_ONE
    if {"CoordinateX", "CoordinateY", "Width", "Height"} <= labels:
        return CBOX
    if not labels and _BARE_STAR.fullmatch(head):
        return STAR_OF_ONE
    first = next((line for line in head.splitlines() if line.strip()), b"").decode("utf-8", "replace").split()
    if {"image_name", "x_coord", "y_coord"} <= set(first):
        return TOPAZ
    if first and all(np.isfinite(number_of(word)) for word in first):
        return {4: BOX, 5: BOX, 7: OLD_CBOX}.get(len(first))
    return None


def _labels(head: bytes) -> set[str]:
    return {label.decode("utf-8", "replace") for label in _LABEL.findall(b"\n" + head)}


def micrograph_by_file(path: str) -> str:
    """The micrograph of a file that only its own name tells: without extension, and without RELION's additions.

    RELION's `AutoPicker::getOutputRootName` and EMAN2's `base_name` drop the micrograph's extension.
    """
    name = os.path.splitext(os.path.basename(path))[0]
    for suffix in _OWN_SUFFIXES:
        if name.endswith(suffix) and name != suffix:
            return name.removesuffix(suffix)
    return name


def read_list(path: str) -> PickList:
    """RELION's list: a table `coordinate_files` of rlnMicrographName and rlnMicrographCoordinates.

    Source: RELION, `AutoPicker::generatePDFLogfile` and `Preprocessing::initialise`; the paths start at the project.
    """
    lines = read_lines(path)
    wanted = {"rlnMicrographName": False, "rlnMicrographCoordinates": False}
    for table in star_tables(path, lines):
        if set(wanted) <= set(table.labels):
            columns, numbers = table_columns(path, lines, table, wanted)
            micrographs, files = (_texts(columns[label]) for label in wanted)
            return PickList(path, micrographs, files, numbers)
    raise refuse(
        "meta-no-particles",
        f"{os.path.basename(path)} has no table with both rlnMicrographName and rlnMicrographCoordinates",
        hint="Give RELION's autopick.star or manualpick.star.",
    )


def _texts(column: FileColumn) -> list[str]:
    assert isinstance(column, TextColumn)
    return [column.values[code] for code in column.codes]


def _numbers(column: FileColumn) -> NDArray[np.float64]:
    assert isinstance(column, np.ndarray)
    return column


def _one_name(path: str, micrograph: str, rows: int) -> tuple[list[str], NDArray[np.int32]]:
    return [micrograph or micrograph_by_file(path)], np.zeros(rows, np.int32)


def _refuse_3d(path: str, why: str) -> Exception:
    return refuse("meta-not-2d-stack", f"{os.path.basename(path)}: {why}", hint=_EXTRACT)


def _read_star(path: str, micrograph: str, also: Mapping[str, bool]) -> FilePicks:
    """RlnCoordinateX and rlnCoordinateY: the centre, in pixels of the micrograph, counted from 0.

    Source: RELION, `AutoPicker::autoPickOneMicrograph` writes peak positions / scale;
    `Preprocessing::extractParticlesFromOneMicrograph` takes them as the box's centre, in the order of the file's rows.
    crYOLO's `CoordsIO.write_star_file` writes box.x + w/2 and box.y + h/2 without a micrograph.
    """
    lines = read_lines(path)
    tables = star_tables(path, lines) if lines else []
    if any(_TOMOGRAPHY & set(table.labels) for table in tables):
        raise _refuse_3d(path, "the coordinates are three-dimensional (tomography)")
    found = [table for table in tables if {"rlnCoordinateX", "rlnCoordinateY"} <= set(table.labels)]
    if len(found) > 1:
        called = " and ".join(f"data_{table.name}" for table in found)
        raise refuse("meta-no-particles", f"{os.path.basename(path)} has several tables of coordinates: {called}")
    if not found:
        if lines and not any(table.labels == [] for table in tables):
            why = "no table has rlnCoordinateX and rlnCoordinateY"
            raise refuse("meta-no-particles", f"{os.path.basename(path)}: {why}", hint="Give files of picks.")
        return _no_picks(path, micrograph)
    table = found[0]
    ctf = dict.fromkeys(CTF_COLUMNS.values(), True)
    wanted = {"rlnCoordinateX": True, "rlnCoordinateY": True, "rlnMicrographName": False} | ctf | _OPTICS
    columns, numbers = table_columns(path, lines, table, {**also, **wanted})
    names, codes = _one_name(path, micrograph, len(numbers))
    if not micrograph and "rlnMicrographName" in columns:
        column = columns["rlnMicrographName"]
        assert isinstance(column, TextColumn)
        names, codes = list(column.values), column.codes
    imported = set(wanted) | {"rlnOpticsGroup"}
    return FilePicks(
        path,
        names,
        codes,
        _numbers(columns["rlnCoordinateX"]),
        _numbers(columns["rlnCoordinateY"]),
        numbers,
        {name: _numbers(columns[label]) for name, label in CTF_COLUMNS.items() if label in columns},
        _optics(path, lines, tables, table, columns, len(numbers)),
        {label: columns[label] for label in also if label in columns},
        tuple(label for label in table.labels if label not in imported),
    )


def _no_picks(path: str, micrograph: str) -> FilePicks:
    names, codes = _one_name(path, micrograph, 0)
    return FilePicks(path, names, codes, np.zeros(0), np.zeros(0), np.zeros(0, np.int32))


def _optics(
    path: str,
    lines: Sequence[str],
    tables: Sequence[LineTable],
    rows: LineTable,
    columns: Mapping[str, FileColumn],
    count: int,
) -> tuple[Table, Table | None] | None:
    found = [table for table in tables if table.name == "optics" and table is not rows]
    if not count or not (found or _OPTICS.keys() & columns.keys()):
        return None
    whole = []
    for table in found:
        values, numbers = table_columns(path, lines, table, _OPTICS)
        whole.append(_star_table(table, values, len(numbers)))
    of_rows = {label: column for label, column in columns.items() if label in _OPTICS}
    return _star_table(rows, of_rows, count), relion_optics.optics_table(StarFile(whole))


def _star_table(table: LineTable, columns: Mapping[str, FileColumn], rows: int) -> Table:
    as_table = {
        label: Text(list(column.values), column.codes) if isinstance(column, TextColumn) else column
        for label, column in columns.items()
    }
    return Table(table.name, table.labels, rows, as_table)


def _read_cbox(path: str, micrograph: str, also: Mapping[str, bool]) -> FilePicks:
    """CrYOLO 1.8 and later: CoordinateX and CoordinateY are the corner of lowest x and y, Width and Height the box.

    Source: crYOLO, `CoordsIO.write_cbox_file` writes box.x and box.y, which `write_eman1_boxfile` calls the lower left
    corner and `write_star_file` turns into a centre by + w/2, + h/2.  CoordinateZ is `<NA>` unless it is a tomogram.
    The file holds every detection, also those below the threshold of the picking (crYOLO's guide, "Picking").
    """
    lines = read_lines(path)
    wanted = dict.fromkeys(["CoordinateX", "CoordinateY", "CoordinateZ", "Width", "Height"], True)
    for table in star_tables(path, lines):
        if {"CoordinateX", "CoordinateY", "Width", "Height"} <= set(table.labels):
            columns, numbers = table_columns(path, lines, table, {**also, **wanted})
            if "CoordinateZ" in columns and np.isfinite(_numbers(columns["CoordinateZ"])).any():
                raise _refuse_3d(path, "the boxes have a CoordinateZ: they were picked in a tomogram")
            x, y, w, h = (_numbers(columns[label]) for label in ("CoordinateX", "CoordinateY", "Width", "Height"))
            names, codes = _one_name(path, micrograph, len(numbers))
            left = tuple(label for label in table.labels if label not in (*wanted, "Depth"))
            asked = {label: columns[label] for label in also if label in columns}
            return FilePicks(path, names, codes, x + w / 2, y + h / 2, numbers, columns=asked, left=left)
    raise refuse("meta-no-particles", f"{os.path.basename(path)}: no table has CoordinateX, CoordinateY, Width, Height")


def _read_topaz(path: str, micrograph: str, also: Mapping[str, bool]) -> FilePicks:
    """Columns image_name, x_coord, y_coord and mostly score, separated by tabs: centres, in array rows.

    Source: Topaz, `topaz.extract.extract_particles` writes the image's name without extension and the column and row
    of a maximum of its score map; `utils/conversions.py` takes them as the centres of boxes.  z_coord: a tomogram.
    """
    lines = read_lines(path)
    first = next(number for number, line in enumerate(lines) if line.strip())
    labels = lines[first].split()
    if "z_coord" in labels:
        raise _refuse_3d(path, "the coordinates have a z_coord: they were picked in a tomogram")
    if len(set(labels)) < len(labels):
        raise refuse("meta-unreadable", f"{os.path.basename(path)}, line {first + 1}: a column is named twice")
    table = LineTable("", labels, first + 1, len(lines))
    wanted = {"image_name": False, "x_coord": True, "y_coord": True}
    columns, numbers = table_columns(path, lines, table, {**also, **wanted})
    name = columns["image_name"]
    assert isinstance(name, TextColumn)
    names, codes = _one_name(path, micrograph, len(numbers)) if micrograph else (list(name.values), name.codes)
    asked = {label: columns[label] for label in also if label in columns}
    left = tuple(label for label in labels if label not in wanted)
    x, y = _numbers(columns["x_coord"]), _numbers(columns["y_coord"])
    return FilePicks(path, names, codes, x, y, numbers, columns=asked, left=left)


def _read_boxes(path: str, micrograph: str, also: Mapping[str, bool]) -> FilePicks:
    """x, y, width, height of a box, x and y of its corner of lowest column and row.

    Source: EMAN2, `e2boxer.write_boxfiles` and `emboxerbase.EMBoxList` write centre - size / 2;
    RELION's `Preprocessing::readCoordinates` adds half of the size again; crYOLO, `CoordsIO.write_eman1_boxfile`.
    Integers: of a box of odd size the centre is known to half a pixel.  A fifth column of -1 and -2 marks the two ends
    of a helix (EMAN2, `e2helixboxer --helix-coords`).  crYOLO's .cbox files before 1.8 are such rows, followed by
    confidence and estimated size (`CoordsIO.read_cbox_boxfile_old`).
    """
    lines = read_lines(path)
    first = next((line.split() for line in lines if line.strip()), [])
    width = len(first)
    if not width:
        return _no_picks(path, micrograph)
    columns, numbers = row_columns(path, lines, range(len(lines)), width, dict.fromkeys(range(width), True))
    x, y, w, h, *more = (_numbers(columns[place]) for place in range(width))
    if width == 5 and np.isin(more[0], (-1, -2)).all():
        raise refuse(
            "meta-no-particles",
            f"{os.path.basename(path)} holds the two ends of helices, not single particles",
            hint="Give the coordinates of the segments (EMAN2: e2helixboxer --ptcl-coords).",
        )
    names, codes = _one_name(path, micrograph, len(numbers))
    left = tuple(f"column {place + 1}" for place in range(4, width))
    return FilePicks(path, names, codes, x + w / 2, y + h / 2, numbers, left=left)


COORDINATE_STAR = PickFormat("STAR", _read_star, ("rlnCoordinateX", "rlnCoordinateY"), by_file_name=False)
STAR_OF_ONE = PickFormat("STAR of one micrograph each", _read_star, ("rlnCoordinateX", "rlnCoordinateY"))
CBOX = PickFormat("crYOLO .cbox", _read_cbox, ("CoordinateX", "CoordinateY"))
TOPAZ = PickFormat("Topaz", _read_topaz, ("x_coord", "y_coord"), by_file_name=False)
BOX = PickFormat("EMAN .box", _read_boxes, ("column 1", "column 2"))
OLD_CBOX = PickFormat("crYOLO .cbox (before 1.8)", _read_boxes, ("column 1", "column 2"))
