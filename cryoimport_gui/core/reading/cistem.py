"""cisTEM's parameter STAR file (`refine3d`, `convert_binary_to_star`, `convert_par_to_star`) → `Particles`.

One stack; a row's image is its position in it.  What the columns mean, from cisTEM's source:

* Angles: `RotationMatrix::SetToEulerRotation(phi, theta, psi)` is Rz(phi) Ry(theta) Rz(psi) in degrees, and
  `Image::ExtractSlice` takes the value at the 3D frequency m (kx, ky, 0) for the image's (kx, ky).  That is RELION's
  rot = phi, tilt = theta, psi = psi; cisTEM's own export to RELION (`ExportRefinementPackageWizard::OnFinished`) writes
  them so, beside a copy of the stack whose rows it keeps.
* Shifts: in Å; `project3d` moves the projection by +shift to get the image, and `Reconstruct3D` moves images by -shift.
  rlnOrigin moves the particle to the centre, so it is -shift; cisTEM's export and import both change the sign.
* Defocus: Å, underfocus positive; `CTF::DefocusGivenAzimuth` has defocus 1 at the angle, measured from x to y: RELION's
  U, V and angle, which the export writes unchanged.
* Voltage in kV, Cs in mm, amplitude contrast as a fraction; pixel size in Å, each for every row.
* Image activity below 0: switched off (`exclude_negative_film_numbers`).
* Phase shift: `cisTEMParameters` keeps radians and `WriteTocisTEMStarFile` writes them as they are, but
  `cisTEMStarFileReader` takes the file's as degrees.  A value other than 0 has no proven unit and is refused.
* Beam tilt in mrad: its sign as against RELION's is not proven; CryoSPARC has no place for it anyway.
* Original x and y positions: in the files of template matching; their unit is not stated, so they are not imported.

`.par` files (Frealign) hold neither pixel size nor voltage, without which their shifts mean nothing here, and `.cistem`
files are binary: both are refused, naming the program of cisTEM that converts them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ..names import Names
from ..particles import OpticsGroup, Part, Particles, RowFault, Value, row_fault
from ..problems import Problem, count_of, problem, refuse
from ..progress import Progress, quiet
from .reading import FileColumn, RawRows, Reading, TextColumn
from .star import ColumnKind, StarError, Table, read_raw_rows, read_star

_POSITION, _ACTIVITY = "cisTEMPositionInStack", "cisTEMImageActivity"
_STACK, _MICROGRAPH = "cisTEMStackFilename", "cisTEMOriginalImageFilename"
_PHASE_SHIFT = "cisTEMPhaseShift"
_NUMBERS = {
    "rot_deg": "cisTEMAnglePhi",
    "tilt_deg": "cisTEMAngleTheta",
    "psi_deg": "cisTEMAnglePsi",
    "shift_x_A": "cisTEMXShift",
    "shift_y_A": "cisTEMYShift",
    "defocus_u_A": "cisTEMDefocus1",
    "defocus_v_A": "cisTEMDefocus2",
    "defocus_angle_deg": "cisTEMDefocusAngle",
    "random_subset": "cisTEMAssignedSubset",
}
_GROUP_NUMBERS = {
    "pixel_size_A": "cisTEMPixelSize",
    "voltage_kV": "cisTEMMicroscopeVoltagekV",
    "cs_mm": "cisTEMMicroscopeCsMM",
    "amplitude_contrast": "cisTEMAmplitudeContrast",
}
_TILT_GROUP = "cisTEMBeamTiltGroup"
_TILT = ("cisTEMBeamTiltX", "cisTEMBeamTiltY")
_COLUMN_NAMES = _NUMBERS | _GROUP_NUMBERS | {"image_name": _POSITION, "micrograph_name": _MICROGRAPH}
_PARTS = dict.fromkeys(["cisTEMAnglePhi", "cisTEMAngleTheta", "cisTEMAnglePsi"], Part.POSES) | {
    "cisTEMXShift": Part.POSES,
    "cisTEMYShift": Part.POSES,
    "cisTEMAssignedSubset": Part.HALF_SETS,
}
_READ = [_POSITION, _ACTIVITY, _PHASE_SHIFT, *_NUMBERS.values(), *_GROUP_NUMBERS.values(), _TILT_GROUP, *_TILT]
_WANTED = dict.fromkeys(_READ, ColumnKind.NUMBER) | {_STACK: ColumnKind.TEXT, _MICROGRAPH: ColumnKind.TEXT}
_LARGEST_REAL = 1e30
_LABEL = re.compile(rb"\n[ \t]*_cisTEM\S")
_PAR_ROW = re.compile(rb"C\s+(?:\w+\s+)?PSI\s+THETA\s+PHI\b")
_BINARY_MASKS = {1 << bit for bit in range(40)}
_EXPORT = "export the refinement package to RELION in cisTEM, and import that STAR file"


def recognises_cistem(head: bytes) -> bool:
    """Whether a file with these first bytes is cisTEM's: the STAR file, or one that is refused in words."""
    return bool(_LABEL.search(b"\n" + head)) or _is_par(head) or _is_binary(head)


def _is_par(head: bytes) -> bool:
    return head.startswith(b"C") and _PAR_ROW.search(head) is not None


def _is_binary(head: bytes) -> bool:
    """`WriteTocisTEMBinaryFile`: numbers of columns and rows, then a bit (8 bytes) and a type (1 byte) a column."""
    columns = int.from_bytes(head[:4], "little")
    if not 1 <= columns <= len(_BINARY_MASKS) or len(head) < 8 + 9 * columns:
        return False
    masks = [int.from_bytes(head[8 + 9 * i : 16 + 9 * i], "little") for i in range(columns)]
    return set(masks) <= _BINARY_MASKS and len(set(masks)) == columns


def read_cistem(
    path: str | Path, progress: Progress = quiet, columns: Mapping[str, bool] = MappingProxyType({})
) -> Reading:
    """Read cisTEM's parameter file.

    Args:
        columns: Labels that are wanted in `Reading.columns`, and whether as numbers.

    Raises:
        Refused: The file cannot be read, or holds something whose meaning is not proven.
        Cancelled: `progress` said so.
    """
    name = os.path.basename(path)
    _refuse_others(path, name)
    also = {label: ColumnKind.NUMBER if as_number else ColumnKind.TEXT for label, as_number in columns.items()}
    try:
        star = read_star(path, also | _WANTED, progress)
    except StarError as error:
        where = "" if error.code == "meta-not-found" else f"{name}: "
        raise refuse(error.code, f"{where}{error}") from None
    table = _parameter_table(star.tables, name)
    asked: dict[str, FileColumn] = {}
    for label in columns:
        text, numbers = table.text(label), table.number(label)
        if text is not None or numbers is not None:
            asked[label] = TextColumn(text.values, text.codes) if text else numbers  # type: ignore[assignment]
    return _CistemReader(str(path), table).read(asked)


def raw_cistem_rows(path: str, lines: Sequence[int]) -> RawRows:
    """Rows as they stand in the file; line numbers are ascending.

    Raises:
        Refused: The file is no longer what was read.
    """
    try:
        table = _parameter_table(read_star(path, {}).tables, os.path.basename(path))
    except StarError as error:
        raise refuse(error.code, f"the file has changed since it was read: {error}") from None
    return RawRows(table.name, table.labels, read_raw_rows(path, lines, len(table.labels)))


def _refuse_others(path: str | Path, name: str) -> None:
    try:
        with open(path, "rb") as file:
            head = file.read(1 << 12)
    except OSError:
        return  # the STAR reader says why
    if _is_par(head):
        message = f"{name} is a Frealign parameter file (.par) of cisTEM: it says neither pixel size nor voltage"
        hint = f"Convert it with cisTEM's convert_par_to_star, or {_EXPORT}."
        raise refuse("meta-not-star", message, hint=hint)
    if _is_binary(head):
        message = f"{name} is a binary parameter file of cisTEM"
        raise refuse("meta-not-star", message, hint=f"Convert it with cisTEM's convert_binary_to_star, or {_EXPORT}.")


def _parameter_table(tables: Sequence[Table], name: str) -> Table:
    found = [table for table in tables if any(label.startswith("cisTEM") for label in table.labels)]
    if not found or not found[0].rows:
        raise refuse("meta-no-particles", f"{name} of cisTEM holds no rows", hint="Give a file with particles.")
    if len(found) > 1:
        raise refuse("meta-no-particles", f"{name} has {len(found)} tables of cisTEM's parameters", hint="Give one.")
    if _POSITION not in found[0].labels:
        message = f"{name} of cisTEM has no column {_POSITION}, which says which image a row is about"
        raise refuse("image-name-missing", message, hint=f"Let cisTEM write it again, or {_EXPORT}.")
    return found[0]


@dataclass
class _CistemReader:
    path: str
    table: Table

    def read(self, asked: dict[str, FileColumn]) -> Reading:
        self._check_phase_shift()
        rows = self.table.rows
        position = self.table.number(_POSITION)
        assert position is not None
        whole = np.isfinite(position) & (position == np.floor(position)) & (position >= 0) & (position < 2**32)
        stacks, stack_index = self._stacks()
        groups, optics_index = self._optics()
        numbers = {name: self.table.number(label) for name, label in _NUMBERS.items()}
        x, y = numbers.pop("shift_x_A"), numbers.pop("shift_y_A")
        if (subset := numbers["random_subset"]) is not None and (subset < 1).all():
            numbers["random_subset"] = None
        if numbers["psi_deg"] is None:
            numbers["rot_deg"] = numbers["tilt_deg"] = None
        if any(numbers[name] is None for name in ("defocus_u_A", "defocus_v_A", "defocus_angle_deg")):
            numbers["defocus_u_A"] = numbers["defocus_v_A"] = numbers["defocus_angle_deg"] = None
        micrographs = self.table.text(_MICROGRAPH)
        used = {_NUMBERS[name] for name, column in numbers.items() if column is not None}
        used |= {*_GROUP_NUMBERS.values(), _POSITION, _ACTIVITY, _STACK, _MICROGRAPH, _PHASE_SHIFT}
        used |= {_NUMBERS["shift_x_A"], _NUMBERS["shift_y_A"]} if x is not None and y is not None else set()
        particles = Particles(
            source=self.path,
            dialect="cisTEM",
            stack_names=stacks,
            stack_index=stack_index,
            image_number=np.where(whole, position, -1).astype(np.int64),
            optics_groups=groups,
            optics_index=optics_index,
            has_optics=False,
            micrograph_names=Names(micrographs.values if micrographs else []),
            micrograph_index=micrographs.codes if micrographs else None,
            shift_A=None if x is None or y is None else -np.stack([x, y], axis=1),
            rows=np.arange(rows),
            line_of=self.table.line_of,
            columns_not_imported=[label for label in self.table.labels if label not in used],
            column_names=_COLUMN_NAMES,
            **numbers,  # type: ignore[arg-type]
        )
        faults = self._faults(particles, used)
        activity = self.table.number(_ACTIVITY)
        enabled = None if activity is None else ~(activity < 0)
        remarks = self._remarks(particles)
        self.table.columns.clear()  # `line_of` keeps the table, which need not keep its numbers
        return Reading(particles, faults, remarks, enabled, asked)

    def _check_phase_shift(self) -> None:
        shift = self.table.number(_PHASE_SHIFT)
        if shift is not None and (odd := int(np.count_nonzero(shift))):
            message = f"{os.path.basename(self.path)} of cisTEM has {count_of(odd, 'phase shift')} other than 0"
            message += ", and cisTEM writes them in radians but reads them as degrees: their unit is not known"
            hint = (
                f"Set the column to 0 if there was no phase plate. Or {_EXPORT}; rlnPhaseShift in it must be degrees."
            )
            raise refuse("meta-unreadable", message, hint=hint)

    def _stacks(self) -> tuple[list[str], NDArray[np.int32]]:
        """The stack that the rows name; else the one beside the file, of the same name."""
        named = self.table.text(_STACK)
        if named is not None and all(value.strip() for value in named.values):
            return named.values, named.codes
        stem = os.path.splitext(self.path)[0]
        for ending in (".mrc", ".mrcs"):
            if os.path.isfile(stem + ending):
                return [os.path.basename(stem) + ending], np.zeros(self.table.rows, np.int32)
        name = os.path.basename(stem)
        raise refuse(
            "image-name-missing",
            f"{os.path.basename(self.path)} of cisTEM does not name its stack (no {_STACK})",
            hint=f"Put the stack, or a link to it, beside the file as {name}.mrc; or {_EXPORT}.",
        )

    def _optics(self) -> tuple[list[OpticsGroup], NDArray[np.int32]]:
        """Rows with the same microscope values and beam tilt group, in order of appearance."""
        rows = self.table.rows
        columns = {
            name: column for name, label in _GROUP_NUMBERS.items() if (column := self.table.number(label)) is not None
        }
        tilt_group = self.table.number(_TILT_GROUP)
        keys = [*columns.values(), *([] if tilt_group is None else [tilt_group])]
        index, first = np.zeros(rows, np.int32), np.zeros(1, np.int64)
        if keys:
            _, first, own = np.unique(np.nan_to_num(np.stack(keys)), axis=1, return_index=True, return_inverse=True)
            rank = np.argsort(np.argsort(first))
            index, first = rank[own.reshape(-1)].astype(np.int32), np.sort(first)
        groups = []
        for number, (row, count) in enumerate(zip(first, np.bincount(index)), 1):
            group = OpticsGroup(number, f"group {number}", int(count))
            for name, column in columns.items():
                if np.isfinite(column[row]) and column[row] > 0:  # 0 is cisTEM's "not known"
                    setattr(group, name, Value(float(column[row]), f"particle table {_GROUP_NUMBERS[name]}"))
            group.file_pixel_size_A = group.pixel_size_A.value if group.pixel_size_A else None
            groups.append(group)
        return groups, index

    def _faults(self, particles: Particles, used: set[str]) -> list[RowFault]:
        faults = []
        if len(bad := np.flatnonzero(particles.image_number < 0)):
            what = ("position in the stack", "that is not a whole number")
            faults.append(row_fault(particles, "image-name-bad", what, bad, Part.IMAGES, _POSITION))
        for label in [*_NUMBERS.values(), *_GROUP_NUMBERS.values()]:
            column = self.table.number(label)
            if label in used and column is not None and len(bad := np.flatnonzero(~(np.abs(column) <= _LARGEST_REAL))):
                what = ("value", f"of {label} that are not finite numbers")
                part = _PARTS.get(label, Part.ALWAYS)
                faults.append(row_fault(particles, "value-not-finite", what, bad, part, label))
        return faults

    def _remarks(self, particles: Particles) -> list[Problem]:
        remarks = []
        tilts = [column for label in _TILT if (column := self.table.number(label)) is not None]
        if tilts and (tilted := int(np.count_nonzero(np.any(tilts, axis=0)))):
            message = f"{count_of(tilted, 'particle')} with beam tilt, which is written as zero"
            remarks.append(problem("ctf-aberrations-dropped", message, count=tilted))
        return remarks
