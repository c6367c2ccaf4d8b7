"""RELION's STAR columns → `Particles`: RELION ≤ 3.0, 3.1–4 and 5.

Meanings and units of the columns are those of RELION's own metadata labels.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .names import Names
from .particles import Fault, OpticsGroup, Particles, Value, row_fault
from .problems import Problem, count_of, problem, refuse
from .progress import Progress, quiet
from .star import Images, Kind, StarError, StarFile, Table, read_star

_NUMBERS = {
    "coordinate_x": "rlnCoordinateX",
    "coordinate_y": "rlnCoordinateY",
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
#: what "Ignore pose data" and "Ignore half-sets" leave out; coordinates mean nothing without exposures
POSE_COLUMNS = {
    *("rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi", "rlnClassNumber"),
    *("rlnOriginX", "rlnOriginY", "rlnOriginXAngst", "rlnOriginYAngst"),
}
COORDINATE_COLUMNS = {"rlnCoordinateX", "rlnCoordinateY"}
_SHIFTS_PX, _SHIFTS_A = {"rlnOriginX", "rlnOriginY"}, {"rlnOriginXAngst", "rlnOriginYAngst"}
_PAIRS = (COORDINATE_COLUMNS, _SHIFTS_PX, _SHIFTS_A)
HALF_SET_COLUMNS = {"rlnRandomSubset"}
_IMAGE_SIZE = "rlnImageSize"
_PIXEL_SIZES = ["rlnImagePixelSize", "rlnMicrographPixelSize", "rlnMicrographOriginalPixelSize"]
_OLD_PIXEL_SIZE = ["rlnDetectorPixelSize", "rlnMagnification"]
_LENS = {
    "voltage_kV": "rlnVoltage",
    "cs_mm": "rlnSphericalAberration",
    "amplitude_contrast": "rlnAmplitudeContrast",
}
#: what CryoSPARC keeps in another form, with unproven signs: not taken over
_TILT = ["rlnBeamTiltX", "rlnBeamTiltY"]
_MAGNIFICATION = ["rlnMagMat00", "rlnMagMat01", "rlnMagMat10", "rlnMagMat11"]
_ZERNIKE = ["rlnOddZernike", "rlnEvenZernike"]
_IDENTITY = {"rlnMagMat00": 1.0, "rlnMagMat11": 1.0}
#: of a group as a whole; in the particle table each can differ from row to row
_GROUP_NUMBERS = [*_PIXEL_SIZES, *_OLD_PIXEL_SIZE, *_LENS.values(), *_TILT, *_MAGNIFICATION]

_USUAL_DEFOCUS_A = (500.0, 100_000.0)
#: what the dataset can hold, with room for a change of unit
_LARGEST_REAL = 1e30
_LARGEST = {"rlnClassNumber": 2**32 - 1, "rlnRandomSubset": 2**32 - 1}

_WANTED = (
    dict.fromkeys(
        [*_NUMBERS.values(), *_GROUP_NUMBERS, "rlnOpticsGroup", "rlnImageDimensionality", _IMAGE_SIZE], Kind.NUMBER
    )
    | dict.fromkeys(["rlnMicrographName", "rlnOpticsGroupName", *_ZERNIKE], Kind.TEXT)
    | {"rlnImageName": Kind.IMAGE}
)


def read_particles(path: str | Path, progress: Progress = quiet) -> tuple[Particles, list[Fault], list[Problem]]:
    """Read the particle STAR file.

    Returns:
        All particles, the rows that cannot be imported, and what else is to be said.

    Raises:
        Refused: The file cannot be read or is no particle file.
        Cancelled: `progress` said so.
    """
    try:
        star = read_star(path, _WANTED, progress)
    except StarError as error:
        where = "" if error.code == "meta-not-found" else f"{Path(path).name}: "
        raise refuse(error.code, f"{where}{error}") from None
    table = particle_table(star)
    optics = _optics_table(star)
    images = table.images("rlnImageName")
    assert images is not None
    _check_two_dimensional(optics, images)
    return _Reader(str(path), star, table, optics, images).read()


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


def _optics_table(star: StarFile) -> Table | None:
    """The optics table; every group stands in it once, or with the same values.

    Raises:
        Refused: It contradicts itself, or there are several.
    """
    found = [table for table in star.tables if table.name == "optics"]
    if len(found) > 1:
        raise refuse("meta-unreadable", f"{len(found)} tables are called data_optics")
    optics = found[0] if found else None
    ids = optics.number("rlnOpticsGroup") if optics else None
    if optics and ids is not None:
        if len(odd := ids[ids != np.floor(ids)]):
            raise refuse("meta-unreadable", f"the optics table has a group {odd[0]:g}: groups are whole numbers")
        values = np.array([ids, *_numbers_of(optics).values()])
        _, first, again = np.unique(ids, return_index=True, return_inverse=True)
        differ = ~np.isclose(values, values[:, first[again]], rtol=0, atol=0, equal_nan=True).all(axis=0)
        if differ.any():
            number = ids[np.flatnonzero(differ)[0]]
            message = f"the optics table lists group {number:g} more than once, with different values"
            raise refuse("meta-unreadable", message, hint="Mend the optics table: one row for each group.")
    return optics


def _check_two_dimensional(optics: Table | None, images: Images) -> None:
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
    images: Images

    def read(self) -> tuple[Particles, list[Fault], list[Problem]]:
        columns = {name: self.table.number(label) for name, label in _NUMBERS.items()}
        micrographs = self.table.text("rlnMicrographName")
        groups, optics_index, unknown = self._optics_groups()
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
            coordinates_px=_pair(columns.pop("coordinate_x"), columns.pop("coordinate_y")),
            shift_px=_pair(columns.pop("shift_x_px"), columns.pop("shift_y_px")),
            shift_A=_pair(columns.pop("shift_x_A"), columns.pop("shift_y_A")),
            rows=np.arange(self.table.rows),
            line_of=self.table.line_of,
            columns_not_imported=[label for label in self.table.labels if label not in _WANTED or label in unused],
            **columns,
        )
        if particles.defocus_v_A is None:
            particles.defocus_v_A = particles.defocus_u_A
        faults, remarks = self._faults(particles, unknown), self._remarks(particles)
        self.table.columns.clear()  # `line_of` keeps the table, which need not keep its numbers
        return particles, faults, remarks

    @cached_property
    def _of_rows(self) -> dict[str, NDArray[np.float64]]:
        """Numbers of the particle table that can say something of an optics group."""
        return _numbers_of(self.table)

    @cached_property
    def _of_groups(self) -> dict[str, NDArray[np.float64]]:
        return _numbers_of(self.optics) if self.optics else {}

    def _dialect(self) -> str:
        if self.optics is None and "rlnOpticsGroup" not in self.table.labels:
            return "RELION 3.0 or older"
        return "RELION 5" if self.star.version >= 50000 else "RELION 3.1 or 4"

    def _optics_groups(self) -> tuple[list[OpticsGroup], NDArray[np.int32], NDArray[np.int64]]:
        """Groups, the group of each row, and the rows whose group the optics table lacks."""
        rows = self.table.rows
        number = self.table.number("rlnOpticsGroup")
        known = self.optics.number("rlnOpticsGroup") if self.optics else None
        if number is None:
            number = np.full(
                rows, known[0] if known is not None and len(known) == 1 else np.nan if self.optics else 1.0
            )
        keys = [np.nan_to_num(number, nan=-1.0)]
        keys += [c for label in _GROUP_NUMBERS if (c := self.table.number(label)) is not None and (c != c[0]).any()]
        index, first = _distinct(keys, rows)
        entries = {int(n): i for i, n in enumerate(known) if np.isfinite(n)} if known is not None else {}
        groups = []
        unknown = ~np.isfinite(number) | (number != np.floor(number)) | (number < 0) | (number >= 2**32)
        if self.optics:
            unknown |= ~np.isin(number, list(entries))
        for row in first.tolist():
            if unknown[row]:
                groups.append(OpticsGroup(0, "unknown", is_listed=False))
            else:
                groups.append(self._group(int(number[row]), entries.get(int(number[row])), row))
        if "rlnOpticsGroup" not in self.table.labels and not self.optics:
            for i, group in enumerate(groups, 1):
                group.id, group.name = i, f"group {i}"
        for group, count in zip(groups, np.bincount(index, minlength=len(groups))):
            group.particles = int(count)
        return groups, index, np.flatnonzero(unknown)

    def _group(self, number: int, entry: int | None, row: int) -> OpticsGroup:
        names = self.optics.text("rlnOpticsGroupName") if self.optics else None

        def value(label: str) -> Value | None:
            if (column := self._of_rows.get(label)) is not None:
                return Value(float(column[row]), f"particle table {label}")
            if entry is not None and (column := self._of_groups.get(label)) is not None:
                given = float(column[entry])
                return Value(given, f"optics {label}") if math.isfinite(given) else None
            return None

        group = OpticsGroup(number, names[entry] if names and entry is not None else f"opticsGroup{number}")
        for name, label in _LENS.items():
            setattr(group, name, value(label))
        sizes = [v for label in _PIXEL_SIZES if (v := value(label)) and v.value > 0]
        detector, magnification = (value(label) for label in _OLD_PIXEL_SIZE)
        if detector and magnification and magnification.value > 0 and detector.value > 0:
            size = detector.value * 1e4 / magnification.value
            sizes.append(Value(size, f"{detector.source} / rlnMagnification"))
        image_size = self.optics.number(_IMAGE_SIZE) if self.optics else None
        group.image_size_px = float(image_size[entry]) if image_size is not None and entry is not None else None
        group.pixel_size_A = sizes[0] if sizes else None
        group.file_pixel_size_A = sizes[0].value if sizes else None
        picked = [v for label in _PIXEL_SIZES[1:] if (v := value(label)) and v.value > 0]
        group.picked_pixel_size_A = picked[0] if picked else None
        group.aberrations = self._aberrations(entry, row, value)
        return group

    @cached_property
    def _has_aberrations(self) -> bool:
        labels = {*self.table.labels, *(self.optics.labels if self.optics else ())}
        return not labels.isdisjoint((*_TILT, *_MAGNIFICATION, *_ZERNIKE))

    def _aberrations(
        self, entry: int | None, row: int, value: Callable[[str], Value | None]
    ) -> dict[str, tuple[float, ...]]:
        found: dict[str, tuple[float, ...]] = {}
        if not self._has_aberrations:
            return found
        for labels in (_TILT, _MAGNIFICATION):
            numbers = {label: v.value for label in labels if (v := value(label))}
            if any(number != _IDENTITY.get(label, 0.0) for label, number in numbers.items()):
                found |= {label: (number,) for label, number in numbers.items()}
        for label in _ZERNIKE:
            for table, at in ((self.table, row), (self.optics, entry)):
                text = table.text(label) if table and at is not None else None
                if text and label not in found and any(coefficients := _coefficients(text[at])):  # type: ignore[index]
                    found[label] = coefficients
        return found

    def _faults(self, particles: Particles, unknown_group: NDArray[np.int64]) -> list[Fault]:
        faults = []
        if len(bad := np.flatnonzero(particles.image_number < 0)):
            faults.append(
                row_fault(
                    particles,
                    "image-name-bad",
                    f"{count_of(len(bad), 'image name')} that cannot be read",
                    bad,
                )
            )
        if len(bad := np.flatnonzero(particles.image_number == 0)):
            faults.append(
                row_fault(
                    particles,
                    "image-index-zero",
                    f"{count_of(len(bad), 'image name')} with image number 0",
                    bad,
                )
            )
        if len(unknown_group):
            message = f"{count_of(len(unknown_group), 'particle')} of optics groups that the optics table does not list"
            faults.append(row_fault(particles, "optics-group-unknown", message, unknown_group))
        for label in self._judged_columns(particles):
            column, largest = self.table.number(label), _LARGEST.get(label, _LARGEST_REAL)
            if column is not None and len(rows := np.flatnonzero(~(np.abs(column) <= largest))):  # nan is no number
                what = f"larger than {largest:g}" if np.isfinite(column).all() else "not finite numbers"
                message = f"{count_of(len(rows), 'value')} of {label} that are {what}"
                faults.append(row_fault(particles, "value-not-finite", message, rows, label))
        return faults

    def _judged_columns(self, particles: Particles) -> list[str]:
        """Columns of numbers from which something is written."""
        numbers = {name: label for name, label in _NUMBERS.items() if label not in particles.columns_not_imported}
        if particles.defocus_u_A is None:
            numbers = {name: label for name, label in numbers.items() if name not in _CTF_NUMBERS}
        sizes = [label for label in _PIXEL_SIZES if label in self._of_rows or label in self._of_groups]
        return [*numbers.values(), *(sizes or _OLD_PIXEL_SIZE), *_LENS.values()]

    def _remarks(self, particles: Particles) -> list[Problem]:
        remarks = []
        groups = [group for group in particles.optics_groups if group.aberrations]
        if groups:
            examples = [
                f"{group.name}: "
                + ", ".join(f"{label} {' '.join(f'{v:g}' for v in vs)}" for label, vs in group.aberrations.items())
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


def _numbers_of(table: Table) -> dict[str, NDArray[np.float64]]:
    """Its columns of numbers among those of an optics group."""
    return {label: column for label in _GROUP_NUMBERS if (column := table.number(label)) is not None}


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


def _distinct(keys: list[NDArray[np.float64]], rows: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Number the distinct combinations in order of appearance: the number of each row, and the first row of each."""
    index = np.zeros(rows, np.int64)
    differing = [key for key in keys if (key != key[0]).any()]
    if not differing:
        return index.astype(np.int32), np.zeros(1, np.int64)
    for key in differing:
        _, codes = np.unique(key, return_inverse=True)
        _, index = np.unique(index * (codes.max() + 1) + codes, return_inverse=True)
    _, first = np.unique(index, return_index=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return rank[index].astype(np.int32), first[order]


def _coefficients(text: str) -> tuple[float, ...]:
    """`[a,b,c]` → numbers; none where it is no such list."""
    try:
        return tuple(float(part) for part in text.strip("[]").split(",") if part.strip())
    except ValueError:
        return ()
