"""RELION's STAR columns → `Particles`: RELION ≤ 3.0, 3.1–4 and 5.

Meanings and units of the columns are those of RELION's own metadata labels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..names import Names
from ..particles import Part, Particles, RowFault, row_fault
from ..problems import Problem, count_of, problem, refuse
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
#: the part of the import that a column belongs to, where it can be left out
_PARTS = (
    dict.fromkeys(["rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi", "rlnClassNumber"], Part.POSES)
    | dict.fromkeys(_SHIFTS_PX | _SHIFTS_A, Part.POSES)
    | dict.fromkeys(_COORDINATES, Part.COORDINATES)
    | {"rlnRandomSubset": Part.HALF_SETS}
)
_USUAL_DEFOCUS_A = (500.0, 100_000.0)
#: what the dataset can hold, with room for a change of unit
_LARGEST_REAL = 1e30
_LARGEST = {"rlnClassNumber": 2**32 - 1, "rlnRandomSubset": 2**32 - 1}

_WANTED = (
    relion_optics.WANTED
    | dict.fromkeys([*_NUMBERS.values(), "rlnImageDimensionality"], ColumnKind.NUMBER)
    | {"rlnMicrographName": ColumnKind.TEXT, "rlnImageName": ColumnKind.IMAGE}
)


def read_particles(
    path: str | Path, progress: Progress = quiet, columns: Mapping[str, bool] = MappingProxyType({})
) -> Reading:
    """Read the particle STAR file.

    Args:
        columns: Labels that are wanted in `Reading.columns`, and whether as numbers.

    Raises:
        Refused: The file cannot be read or is no particle file.
        Cancelled: `progress` said so.
    """
    try:
        also = {label: ColumnKind.NUMBER if as_number else ColumnKind.TEXT for label, as_number in columns.items()}
        star = read_star(path, also | _WANTED, progress)
    except StarError as error:
        where = "" if error.code == "meta-not-found" else f"{Path(path).name}: "
        raise refuse(error.code, f"{where}{error}") from None
    table = particle_table(star)
    optics = relion_optics.optics_table(star)
    images = table.images("rlnImageName")
    assert images is not None
    _check_two_dimensional(optics, images)
    asked = {label: column for label in columns if (column := _column(table, label)) is not None}
    reading = _Reader(str(path), star, table, optics, images).read()
    return replace(reading, columns=asked)


def _column(table: Table, label: str) -> FileColumn | None:
    text = table.text(label)
    return TextColumn(text.values, text.codes) if text else table.number(label)


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
    for name in ("particles", "images", ""):
        named = [table for table in candidates if table.name == name]
        if len(named) > 1:
            rows = " and ".join(f"{table.rows:,}" for table in named)
            message = (
                f"{len(named)} tables are called data_{name} ({rows} rows), as if files were put one behind the other"
            )
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
    if looped := [table for table in filled if table.rows > 1 or table.name in ("particles", "images")]:
        table = looped[-1]
        raise refuse(
            "image-name-missing",
            f"the table data_{table.name} ({table.rows} rows) has no column rlnImageName",
        )
    raise refuse("meta-no-particles", "no table in the file holds particles")


def _check_two_dimensional(optics: Table | None, images: ImageNames) -> None:
    dimensions = optics.number("rlnImageDimensionality") if optics else None
    if dimensions is not None and (dimensions == 3).any():
        raise refuse("meta-not-2d-stack", "the optics table says that the images are three-dimensional (subtomograms)")
    if not (images.numbers >= 0).any() and not any("@" in name for name in images.values):
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
    images: ImageNames

    def read(self) -> Reading:
        columns: dict[str, Any] = {name: self.table.number(label) for name, label in _NUMBERS.items()}
        micrographs = self.table.text("rlnMicrographName")
        optics = relion_optics.OpticsReader(self.table, self.optics)
        groups, optics_index, unknown = optics.groups()
        unused = _unused(set(self.table.labels))
        particles = Particles(
            source=self.path,
            dialect=self._dialect(),
            stack_names=self.images.values,
            stack_index=self.images.codes,
            image_number=self.images.numbers,
            optics_groups=groups,
            optics_index=optics_index,
            has_optics="rlnOpticsGroup" in self.table.labels or self.optics is not None,
            micrograph_names=Names(micrographs.values if micrographs else []),
            micrograph_index=micrographs.codes if micrographs else None,
            coordinates_px=_pair(columns.pop("coordinate_x_px"), columns.pop("coordinate_y_px")),
            shift_px=_pair(columns.pop("shift_x_px"), columns.pop("shift_y_px")),
            shift_A=_pair(columns.pop("shift_x_A"), columns.pop("shift_y_A")),
            rows=np.arange(self.table.rows),
            line_of=self.table.line_of,
            columns_not_imported=[label for label in self.table.labels if label not in _WANTED or label in unused],
            column_names=_COLUMN_NAMES,
            **columns,
        )
        if particles.defocus_v_A is None:
            particles.defocus_v_A = particles.defocus_u_A
        faults = self._faults(particles, unknown, optics.judged_columns)
        remarks = self._remarks(particles)
        self.table.columns.clear()  # `line_of` keeps the table, which need not keep its numbers
        return Reading(particles, faults, remarks)

    def _dialect(self) -> str:
        if self.optics is None and "rlnOpticsGroup" not in self.table.labels:
            return "RELION 3.0 or older"
        return "RELION 5" if self.star.version >= 50000 else "RELION 3.1 or 4"

    def _faults(self, particles: Particles, unknown_group: NDArray[np.int64], of_groups: list[str]) -> list[RowFault]:
        faults = []
        if len(bad := np.flatnonzero(particles.image_number < 0)):
            faults.append(
                row_fault(particles, "image-name-bad", ("image name", "that cannot be read"), bad, Part.IMAGES)
            )
        if len(unknown_group):
            what = ("particle", "of optics groups that the optics table does not list")
            faults.append(row_fault(particles, "optics-group-unknown", what, unknown_group))
        for label in [*self._judged_columns(particles), *of_groups]:
            column, largest = self.table.number(label), _LARGEST.get(label, _LARGEST_REAL)
            if column is not None and len(rows := np.flatnonzero(~(np.abs(column) <= largest))):  # nan is no number
                are = f"larger than {largest:g}" if np.isfinite(column).all() else "not finite numbers"
                what = ("value", f"of {label} that are {are}")
                part = _PARTS.get(label, Part.ALWAYS)
                faults.append(row_fault(particles, "value-not-finite", what, rows, part, label))
        return faults

    def _judged_columns(self, particles: Particles) -> list[str]:
        """Columns of numbers, but for those of optics groups, from which something is written."""
        numbers = {name: label for name, label in _NUMBERS.items() if label not in particles.columns_not_imported}
        if particles.defocus_u_A is None:
            numbers = {name: label for name, label in numbers.items() if name not in _CTF_NUMBERS}
        return list(numbers.values())

    def _remarks(self, particles: Particles) -> list[Problem]:
        remarks = []
        groups = [group for group in particles.optics_groups if group.aberrations]
        if groups:
            examples = [
                f"{group.name}: "
                + ", ".join(f"{name} {' '.join(f'{v:g}' for v in vs)}" for name, vs in group.aberrations.items())
                for group in groups
            ]
            terms = "beam tilt, Zernike or magnification terms, which are written as zero"
            message = f"{count_of(len(groups), 'optics group')} with {terms}"
            remarks.append(problem("ctf-aberrations-dropped", message, count=len(groups), examples=examples))
        defocus_A, (low, high) = particles.defocus_u_A, _USUAL_DEFOCUS_A
        if defocus_A is not None and (odd := int(((defocus_A < low) | (defocus_A > high)).sum())):
            least, most = defocus_A.min(), defocus_A.max()
            message = f"rlnDefocusU of {count_of(odd, 'particle')} not between {low:g} and {high:g} Å"
            message += f"; the values go from {least:g} to {most:g} Å"
            hint = "RELION counts defocus in Å, underfocus positive: check units and sign of the file."
            remarks.append(problem("microscope-value-odd", message, count=odd, hint=hint))
        if dropped := particles.columns_not_imported:
            message = f"{count_of(len(dropped), 'column')} not imported: {', '.join(dropped)}"
            remarks.append(problem("columns-not-imported", message, count=len(dropped)))
        return remarks


def _unused(labels: set[str]) -> set[str]:
    """Columns that mean nothing without another one that the table lacks, or that another one stands above."""
    unused: set[str] = set()
    for pair in _PAIRS:
        if not pair.issubset(labels):
            unused |= pair
    if _SHIFTS_A.issubset(labels):
        unused |= _SHIFTS_PX
    if "rlnAnglePsi" not in labels:
        unused |= {"rlnAngleRot", "rlnAngleTilt"}
    return unused


def _pair(x: NDArray[np.float64] | None, y: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
    return None if x is None or y is None else np.stack([x, y], axis=1)
