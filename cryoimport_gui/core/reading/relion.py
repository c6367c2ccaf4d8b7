"""RELION's STAR columns → `Particles`: RELION ≤ 3.0, 3.1–4 and 5.

Meanings and units of the columns are those of RELION's own metadata labels.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..names import Names
from ..particles import Part, Particles, RowFault, row_fault
from ..problems import Refused, count_of, refuse
from ..progress import Progress, quiet
from . import relion_optics
from .reading import FileColumn, RawRows, Reading, TextColumn
from .star import ColumnKind, ImageNames, StarError, StarFile, Table, read_raw_rows, read_star

_NUMBERS = {
    "coordinate_x_px": "rlnCoordinateX",
    "coordinate_y_px": "rlnCoordinateY",
    "defocus_u_A": "rlnDefocusU",
    "defocus_v_A": "rlnDefocusV",
    "defocus_angle_deg": "rlnDefocusAngle",
    "phase_shift_deg": "rlnPhaseShift",
    "ctf_scale": "rlnCtfScalefactor",
    "ctf_bfactor_A2": "rlnCtfBfactor",
    "rot_deg": "rlnAngleRot",
    "tilt_deg": "rlnAngleTilt",
    "psi_deg": "rlnAnglePsi",
    "shift_x_px": "rlnOriginX",
    "shift_y_px": "rlnOriginY",
    "shift_x_A": "rlnOriginXAngst",
    "shift_y_A": "rlnOriginYAngst",
    "class_number": "rlnClassNumber",
    "random_subset": "rlnRandomSubset",
    "helical_tube": "rlnHelicalTubeID",
}
_CTF_NUMBERS = {name for name in _NUMBERS if name.startswith(("defocus", "phase", "ctf"))}
_COLUMN_NAMES = (
    _NUMBERS
    | {"image_name": "rlnImageName", "micrograph_name": "rlnMicrographName", "optics_group": "rlnOpticsGroup"}
    | relion_optics.COLUMN_NAMES
)
_COORDINATES = {"rlnCoordinateX", "rlnCoordinateY"}
_SHIFTS_PX, _SHIFTS_A = {"rlnOriginX", "rlnOriginY"}, {"rlnOriginXAngst", "rlnOriginYAngst"}
_PAIRS = (_COORDINATES, _SHIFTS_PX, _SHIFTS_A)
_PLACES = _COORDINATES | {"rlnMicrographName"}
#: the part of the import that a column belongs to, where it can be left out
_PARTS = (
    dict.fromkeys(["rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi", "rlnClassNumber"], Part.POSES)
    | dict.fromkeys(_SHIFTS_PX | _SHIFTS_A, Part.POSES)
    | dict.fromkeys(_COORDINATES, Part.COORDINATES)
    | {"rlnRandomSubset": Part.HALF_SETS}
)
#: what RELION writes for angles and classes that are not known
_PLACEHOLDER = -999.0
_WHOLE = ("rlnClassNumber", "rlnRandomSubset")
_HELICAL = {"rlnHelicalTubeID", "rlnHelicalTrackLengthAngst"}
#: columns that only a table of particles has
_OF_PARTICLES = {"rlnImageName", "rlnAnglePsi", *_COORDINATES, *_SHIFTS_PX, *_SHIFTS_A}
#: what the dataset can hold, with room for a change of unit
_LARGEST_REAL = 1e30
#: what is written with a pose, and without one means nothing
_OF_POSES = {label for label, part in _PARTS.items() if part in (Part.POSES, Part.HALF_SETS)} - {"rlnAnglePsi"}
_LARGEST = {"rlnClassNumber": 2**32 - 1, "rlnRandomSubset": 2**32 - 1}

#: the columns that are read
READ_COLUMNS = (
    relion_optics.WANTED
    | dict.fromkeys([*_NUMBERS.values(), "rlnImageDimensionality", "rlnEnabled"], ColumnKind.NUMBER)
    | {"rlnMicrographName": ColumnKind.TEXT, "rlnImageName": ColumnKind.IMAGE}
)


def read_particles(
    path: str | Path, progress: Progress = quiet, columns: Mapping[str, bool] = MappingProxyType({})
) -> Reading:
    """Read the particle STAR file.

    Args:
        columns: Labels that are wanted in `Reading.columns`, and whether as numbers; of the particle table, else of the
            optics table.  Of image names they hold the part behind the `@`.

    Raises:
        Refused: The file cannot be read or is no particle file.
        Cancelled: `progress` said so.
    """
    try:
        also = {label: ColumnKind.NUMBER if as_number else ColumnKind.TEXT for label, as_number in columns.items()}
        star = read_star(path, also | READ_COLUMNS, progress)
    except StarError as error:
        where = "" if error.code == "meta-not-found" else f"{Path(path).name}: "
        raise refuse(error.code, f"{where}{error}") from None
    table = particle_table(star)
    optics = relion_optics.optics_table(star)
    images = table.images("rlnImageName")
    _check_two_dimensional(table, optics, images)
    asked = {label: column for label in columns if (column := _column(table, optics, label)) is not None}
    reading = _Reader(str(path), star, table, optics, images).read()
    return replace(reading, columns=asked, labels=(table.labels, optics.labels if optics else []))


def _column(table: Table, optics: Table | None, label: str) -> FileColumn | None:
    if label in table.labels or optics is None or label not in optics.labels:
        text = table.text(label)
        return TextColumn(text.values, text.codes) if text else table.number(label)
    entry = relion_optics.entry_of_rows(table, optics)  # -1, the last one, stands for none
    if text := optics.text(label):
        return TextColumn([*text.values, ""], np.append(text.codes, len(text.values)).astype(np.int32)[entry])
    number = optics.number(label)
    return None if number is None else np.append(number, np.nan)[entry]


def raw_rows(path: str, lines: Sequence[int]) -> RawRows:
    """Rows of the particle table as they stand in the file; line numbers are ascending.

    Raises:
        Refused: The file is no longer what was read.
    """
    try:
        table = particle_table(read_star(path, {}))
    except StarError as error:
        raise refuse(error.code, f"the file has changed since it was read: {error}") from None
    return RawRows(table.name, table.labels, read_raw_rows(path, lines, len(table.labels)))


def particle_table(star: StarFile) -> Table:
    """The table that holds the particles.

    Raises:
        Refused: There is none, or more than one.
    """
    filled = [table for table in star.tables if table.rows and table.name != "optics"]
    candidates = [table for table in filled if "rlnImageName" in table.labels]
    candidates = candidates or [table for table in filled if _PLACES.issubset(table.labels)]
    for name in ("particles", "images", ""):
        named = [table for table in candidates if table.name == name]
        if len(named) > 1:
            rows = " and ".join(f"{table.rows:,}" for table in named)
            message = f"{len(named)} tables are called data_{name} ({rows} rows), as if files had been joined by hand"
            raise refuse(
                "meta-no-particles", message, hint="Join STAR files with RELION (relion_star_handler --combine)."
            )
        if named:
            return named[0]
    if len(candidates) == 1:
        return candidates[0]
    if candidates:
        names = ", ".join(f"data_{table.name}" for table in candidates)
        raise refuse("meta-no-particles", f"several tables hold images ({names}) and none is called data_particles")
    raise _no_particles(filled)


def _no_particles(filled: Sequence[Table]) -> Refused:
    """What the file holds instead."""
    looped = [table for table in filled if table.rows > 1 or table.name in ("particles", "images")]
    for table in looped:
        labels, name = set(table.labels), f"the table data_{table.name} ({count_of(table.rows, 'row')})"
        if labels >= _COORDINATES:
            return refuse(
                "image-name-missing",
                f"{name} has coordinates, but neither rlnImageName nor rlnMicrographName: picks of one micrograph",
                hint="Extract the particles first, or give a STAR file that also names the micrograph of each pick.",
            )
        if labels & {"rlnMicrographName", "rlnMicrographMovieName"}:
            return refuse(
                "image-name-missing",
                f"{name} lists {'movies' if 'rlnMicrographMovieName' in labels else 'micrographs'}, not particles",
                hint="Give the particle STAR file (…_data.star, particles.star). Micrographs and movies come into "
                "CryoSPARC by its own import jobs.",
            )
    if looped:
        table = looped[-1]
        message = f"the table data_{table.name} ({count_of(table.rows, 'row')}) has no column rlnImageName"
        return refuse(
            "image-name-missing", message, hint="Give the STAR file that names each particle's image (…_data.star)."
        )
    return refuse("meta-no-particles", "no table in the file holds particles")


def _check_two_dimensional(table: Table, optics: Table | None, images: ImageNames | None) -> None:
    if "rlnTomoSubtomogramsAre2DStacks" in (optics.labels if optics else ()) or "rlnTomoParticleName" in table.labels:
        raise refuse(
            "meta-not-2d-stack",
            "these are subtomograms of RELION's tomography pipeline: one tilt stack or volume for each particle",
            hint="CryoSPARC takes one 2D image for each particle: tomography data cannot be imported.",
            examples=images.values[:3] if images else (),
        )
    dimensions = optics.number("rlnImageDimensionality") if optics else None
    if dimensions is not None and (dimensions == 3).any():
        raise refuse("meta-not-2d-stack", "the optics table says that the images are three-dimensional (subtomograms)")
    if images and not (images.numbers >= 0).any() and not any("@" in name for name in images.values):
        raise refuse(
            "meta-not-2d-stack",
            "no image name has an `@`: these are single volumes or images, not images of a stack",
            examples=images.values[:3],
        )


@dataclass
class _Reader:
    path: str
    star: StarFile
    table: Table
    optics: Table | None
    images: ImageNames | None

    def read(self) -> Reading:
        columns: dict[str, Any] = {name: self.table.number(label) for name, label in _NUMBERS.items()}
        micrographs = self.table.text("rlnMicrographName")
        optics = relion_optics.OpticsReader(self.table, self.optics)
        groups, optics_index, unknown = optics.groups()
        labels = set(self.table.labels)
        not_read: set[str] = set()
        if not self.images and "rlnAngleRot" not in labels:  # psi alone is how a picker turned its template
            not_read, columns["psi_deg"] = labels & {"rlnAnglePsi"}, None
            labels -= not_read
        aberrations = optics.row_aberrations
        not_read |= _unused(labels) | optics.too_many.keys()
        rows = self.table.rows
        particles = Particles(
            source=self.path,
            dialect=self._dialect(),
            stack_names=self.images.values if self.images else [""],
            stack_index=self.images.codes if self.images else np.zeros(rows, np.int32),
            image_number=self.images.numbers if self.images else np.full(rows, -1),
            optics_groups=groups,
            optics_index=optics_index,
            has_optics="rlnOpticsGroup" in self.table.labels or self.optics is not None,
            micrograph_names=Names(micrographs.values if micrographs else []),
            micrograph_index=micrographs.codes if micrographs else None,
            coordinates_px=_pair(columns.pop("coordinate_x_px"), columns.pop("coordinate_y_px")),
            shift_px=_pair(columns.pop("shift_x_px"), columns.pop("shift_y_px")),
            shift_A=_pair(columns.pop("shift_x_A"), columns.pop("shift_y_A")),
            aberrations=aberrations.values,
            aberration_names=aberrations.names,
            placeholder=_PLACEHOLDER,
            lone_columns=tuple(_lone_columns(labels)),
            rows=np.arange(rows),
            line_of=self.table.line_of,
            columns_not_imported=self._not_imported(not_read),
            tables_not_imported=self._other_tables(),
            column_names=_COLUMN_NAMES,
            listed_groups=optics.listed,
            listed_names=optics.listed_names,
            has_images=self.images is not None,
            **columns,
        )
        if particles.defocus_v_A is None:
            particles.defocus_v_A = particles.defocus_u_A
        faults = self._faults(particles, unknown, optics.judged_columns)
        enabled = self.table.number("rlnEnabled")
        self.table.columns.clear()  # `line_of` keeps the table, which need not keep its numbers
        return Reading(particles, faults, enabled=None if enabled is None else ~(enabled < 0))

    def _not_imported(self, not_read: set[str]) -> list[str]:
        """Columns that nothing is made of, in the order of the file."""
        of_rows = [label for label in self.table.labels if label not in READ_COLUMNS or label in not_read | _HELICAL]
        read = {*relion_optics.WANTED, "rlnImageDimensionality"}
        of_groups = self.optics.labels if self.optics else []
        return [*of_rows, *(f"optics {label}" for label in of_groups if label not in read)]

    def _other_tables(self) -> list[str]:
        """Tables beside the particles' that hold particles as well."""
        return [
            f"data_{table.name} ({count_of(table.rows, 'row')})"
            for table in self.star.tables
            if table is not self.table and table.rows and not _OF_PARTICLES.isdisjoint(table.labels)
        ]

    def _dialect(self) -> str:
        if self.optics is None and "rlnOpticsGroup" not in self.table.labels:
            return "RELION 3.0 or older" if self.images else "STAR"  # of picks, any program's
        return "RELION 5" if self.star.version >= 50000 else "RELION 3.1 or 4"

    def _faults(self, particles: Particles, unknown_group: NDArray[np.int64], of_groups: list[str]) -> list[RowFault]:
        faults = []
        if self.images and len(bad := np.flatnonzero(particles.image_number < 0)):
            faults.append(
                row_fault(particles, "image-name-bad", ("image name", "that cannot be read"), bad, Part.IMAGES)
            )
        if len(unknown_group):
            what = ("particle", "of optics groups that the optics table does not list")
            faults.append(row_fault(particles, "optics-group-unknown", what, unknown_group))
        for label in [*self._judged_columns(particles), *of_groups]:
            column, largest = self.table.number(label), _LARGEST.get(label, _LARGEST_REAL)
            if column is None:
                continue
            is_bad = ~(np.abs(column) <= largest)  # nan is no number
            above = ("value", f"in {label} above {largest:g}")
            cases = [(is_bad, above if np.isfinite(column).all() else ("non-finite value", f"in {label}"))]
            if label in _WHOLE:
                cases.append((~is_bad & (column != np.floor(column)), ("fractional value", f"in {label}")))
            part = _PARTS.get(label, Part.ALWAYS)
            faults += [
                row_fault(particles, "value-not-finite", what, np.flatnonzero(bad), part, label)
                for bad, what in cases
                if bad.any()
            ]
        return faults

    def _judged_columns(self, particles: Particles) -> list[str]:
        """Columns of numbers, but for those of optics groups, from which something is written."""
        numbers = {name: label for name, label in _NUMBERS.items() if label not in particles.columns_not_imported}
        if particles.defocus_u_A is None:
            numbers = {name: label for name, label in numbers.items() if name not in _CTF_NUMBERS}
        return list(numbers.values())


def _lone_columns(labels: set[str]) -> Iterator[tuple[str, str, Part]]:
    """Columns without their partner, where nothing else says the same: the column, the missing one, its part."""
    for pair in _PAIRS:
        shifts_are_there = labels >= _SHIFTS_PX or labels >= _SHIFTS_A
        if len(pair & labels) == 1 and not (_PARTS[min(pair)] is Part.POSES and shifts_are_there):
            yield min(pair & labels), min(pair - labels), _PARTS[min(pair)]


def _unused(labels: set[str]) -> set[str]:
    """Columns that mean nothing without another one that the table lacks, or that another one stands above."""
    unused: set[str] = set()
    for pair in _PAIRS:
        if not pair.issubset(labels):
            unused |= pair
    if _SHIFTS_A.issubset(labels):
        unused |= _SHIFTS_PX
    if "rlnAnglePsi" not in labels:
        unused |= _OF_POSES
    return unused


def _pair(x: NDArray[np.float64] | None, y: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
    return None if x is None or y is None else np.stack([x, y], axis=1)
