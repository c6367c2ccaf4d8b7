"""Particles as every part of the import sees them, whatever format they came from."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import Enum
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .names import Names
from .problems import Problem, count_of, problem

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Value:
    """A number and where it comes from, in words (`optics rlnVoltage`, `stack header`, `you`).

    `caveat` says what it really is, where the file gives no better one ("…, which is that of the movies").
    """

    value: float
    source: str
    caveat: str = ""

    def to_json(self) -> dict[str, Any]:
        return {"value": self.value, "source": self.source}


@dataclass
class OpticsGroup:
    """Particles that share their microscope values.

    `id` is the number in the file, or another where several files are joined; `file` is the first that has it.  Two
    groups can have one number where single particles of a group have values of their own.  `file_pixel_size_A` is what
    shifts in Å are divided by: the file's, whatever the user overrides.
    `shift_scale` is what shifts in pixels are multiplied by: not 1 where stacks were scaled after the file was written.
    `picked_pixel_size_A` is that of the micrographs which the coordinates count in, `movie_pixel_size_A` that of the
    movies, which may have been binned before particles were picked.
    `image_size_px` is the box by the file.
    `is_listed` is false for the group of all particles whose own the file does not list.
    `aberrations` is what CryoSPARC cannot take over, by RELION's definitions: `beam_tilt_x_mrad`, `beam_tilt_y_mrad`,
    `odd_zernike`, `even_zernike`, `magnification_00` to `magnification_11` → values; where they differ from particle to
    particle, those of the particle with the strongest.
    `ctf_corrected` is what the file says was done to the images: `premultiplied`, `phase-flipped` or nothing.
    `unusable` says why a value that the file does give cannot be used: its name → words ("rlnImagePixelSize is 0").
    """

    id: int
    name: str
    particles: int = 0
    pixel_size_A: Value | None = None
    voltage_kV: Value | None = None
    cs_mm: Value | None = None
    amplitude_contrast: Value | None = None
    total_dose_e_per_A2: Value | None = None
    file_pixel_size_A: float | None = None
    shift_scale: float = 1.0
    image_size_px: float | None = None
    is_listed: bool = True
    picked_pixel_size_A: Value | None = None
    movie_pixel_size_A: Value | None = None
    aberrations: dict[str, tuple[float, ...]] = field(default_factory=dict)
    ctf_corrected: str = ""
    unusable: dict[str, str] = field(default_factory=dict)
    file: str = ""

    def to_json(self) -> dict[str, Any]:
        values = {name: getattr(self, name) for name in MICROSCOPE_VALUES}
        out: dict[str, Any] = {"id": self.id, "name": self.name, "file": self.file, "particles": self.particles}
        out |= {name: value.to_json() if value else None for name, value in values.items()}
        if self.aberrations:
            out["aberrations"] = {label: list(numbers) for label, numbers in self.aberrations.items()}
        if self.ctf_corrected:
            out["ctf_corrected"] = self.ctf_corrected
        return out


#: the values of an optics group → the parameter that overrides each
MICROSCOPE_VALUES = {
    "pixel_size_A": "pixel_size",
    "voltage_kV": "voltage",
    "cs_mm": "cs",
    "amplitude_contrast": "amplitude_contrast",
    "total_dose_e_per_A2": "total_dose",
}


@dataclass(frozen=True)
class InputFile:
    """A file of particles, and how many rows it holds.

    `group_numbers` says what the numbers of its optics groups have become, where several files are joined.
    """

    path: str
    rows: int
    group_numbers: Mapping[int, int] = field(default_factory=dict, compare=False, repr=False)


@dataclass
class Particles:
    """N particles in the order of their files; arrays are (N,) or (N, 2), None where the file says nothing.

    Names stand once, rows point to them: the image of row i is number `image_number[i]` (from 1) of the stack
    `stack_names[stack_index[i]]`; `first_image_number` is what the file calls the first image.  Angles follow RELION
    (rot, tilt, psi, degrees); a shift moves the particle to the centre of its box, as rlnOrigin does, and one in pixels
    counts only where there is none in Å; coordinates are in pixels of the micrograph picked on.  `column_names` says
    what the file's format calls these values: `defocus_u_A` → `rlnDefocusU`.  `listed_groups` are the numbers of all
    optics groups that the file lists, also of those that no particle is in; `listed_names` are their names.

    `helical_tube` numbers the filaments of each micrograph.  `aberrations` is (N, k): one column for each of
    `aberration_names` (as in `OpticsGroup.aberrations`; of a Zernike list its largest coefficient), only where they
    differ inside of a group.  `placeholder` is the number that stands for "not known" among angles and classes, and
    `unknown` the names of those that are not known for any particle (see `without_placeholders`).  `lone_columns` are
    columns that lack their partner: the column, the one that is missing, and the part of the import that it belongs to.
    Without images (`has_images` is false) rows say where particles are, and image numbers are -1; stack names are then
    the files that the rows stand in, or one that is empty.

    `no_joined_file` says why rows of several files cannot stand in one, in words; empty where they can.
    `rows` counts from 0 over all rows of all `files`, selected or not; `line_of` is each row's line in its own file.
    `stack_folders` are the folders that relative stack names count from, where they are not all that of the one file.

    Where particles are restored as those that they once were in CryoSPARC, `original_row` is the number of the
    original of each (-1: none), and `keeps_ctf` whether its CTF is still the original's.
    """

    source: str
    dialect: str
    stack_names: list[str]
    stack_index: NDArray[np.int32]
    image_number: NDArray[np.int64]
    optics_groups: list[OpticsGroup]
    optics_index: NDArray[np.int32]
    has_optics: bool
    micrograph_names: Names = field(default_factory=Names)
    micrograph_index: NDArray[np.int32] | None = None
    coordinates_px: NDArray[np.float64] | None = None
    defocus_u_A: NDArray[np.float64] | None = None
    defocus_v_A: NDArray[np.float64] | None = None
    defocus_angle_deg: NDArray[np.float64] | None = None
    phase_shift_deg: NDArray[np.float64] | None = None
    ctf_scale: NDArray[np.float64] | None = None
    ctf_bfactor_A2: NDArray[np.float64] | None = None
    rot_deg: NDArray[np.float64] | None = None
    tilt_deg: NDArray[np.float64] | None = None
    psi_deg: NDArray[np.float64] | None = None
    shift_px: NDArray[np.float64] | None = None
    shift_A: NDArray[np.float64] | None = None
    class_number: NDArray[np.float64] | None = None
    random_subset: NDArray[np.float64] | None = None
    helical_tube: NDArray[np.float64] | None = None
    aberrations: NDArray[np.float64] | None = None
    aberration_names: tuple[str, ...] = ()
    placeholder: float | None = None
    unknown: frozenset[str] = frozenset()
    lone_columns: tuple[tuple[str, str, Part], ...] = ()
    original_row: NDArray[np.int64] | None = None
    keeps_ctf: NDArray[np.bool_] | None = None
    rows: Rows = field(default_factory=lambda: np.empty(0, np.int64))
    line_of: Callable[[Rows], NDArray[np.int64]] = field(default=lambda rows: rows + 1, repr=False)
    columns_not_imported: list[str] = field(default_factory=list)
    tables_not_imported: list[str] = field(default_factory=list)
    no_joined_file: str = ""
    column_names: Mapping[str, str] = field(default_factory=dict, repr=False)
    first_image_number: int = 1
    listed_groups: tuple[int, ...] = ()
    listed_names: tuple[str, ...] = ()
    has_images: bool = True
    files: tuple[InputFile, ...] = ()
    stack_folders: list[str] = field(default_factory=list, repr=False)

    def __len__(self) -> int:
        return len(self.stack_index)

    @cached_property
    def per_micrograph(self) -> NDArray[np.int64]:
        """(micrograph names,) how many particles each has."""
        assert self.micrograph_index is not None
        return np.bincount(self.micrograph_index, minlength=len(self.micrograph_names))

    @cached_property
    def poses(self) -> str:
        """`3D`, `2D` or nothing: rot and tilt that are 0 in every row say no more than psi alone."""
        if self.psi_deg is None:
            return ""
        return "3D" if any(a is not None and a.any() for a in (self.rot_deg, self.tilt_deg)) else "2D"

    @property
    def has_places(self) -> bool:
        """Whether it is known on which micrograph each particle lies, and where."""
        return self.coordinates_px is not None and self.micrograph_index is not None

    def in_words(self) -> str:
        """`RELION 5, 61,204 particles`; without images `Topaz, 312 micrographs, 61,204 picks`."""
        if self.has_images:
            return f"{self.dialect}, {count_of(len(self), 'particle')}"
        micrographs = (
            "" if self.micrograph_index is None else count_of(len(distinct(self.micrograph_index)), "micrograph")
        )
        return ", ".join(filter(None, (self.dialect, micrographs, count_of(len(self), "pick"))))

    def select(self, keep: NDArray[np.bool_]) -> Particles:
        """The particles where `keep` is true; names and groups stay, the groups' counts follow."""
        if keep.all():
            return self
        rows = np.flatnonzero(keep)
        chosen = self._arrays(rows)
        counts = np.bincount(chosen.optics_index, minlength=len(self.optics_groups))
        chosen.optics_groups = [replace(group, particles=int(n)) for group, n in zip(self.optics_groups, counts)]
        return chosen

    def counted_from_zero(self) -> Particles:
        """The same, where image numbers of the file start at 0."""
        numbers = self.image_number
        return replace(self, image_number=np.where(numbers >= 0, numbers + 1, numbers), first_image_number=0)

    def stretch(self, first: int, last: int) -> Particles:
        """The particles from `first` to before `last`, as views."""
        return self._arrays(slice(first, last))

    def _arrays(self, rows: Rows | slice) -> Particles:
        arrays: dict[str, Any] = {
            f.name: v[rows] for f in fields(self) if isinstance(v := getattr(self, f.name), np.ndarray)
        }
        return replace(self, **arrays)

    def shifts(
        self,
        file_pixel_size_A: NDArray[np.float64],
        shift_scale: NDArray[np.float64],
        rows: Rows | slice = slice(None),
    ) -> NDArray[np.float64] | None:
        """(n, 2), pixels: a shift in Å, where there is one, wins over one in pixels, and is divided by the pixel size.

        Args:
            file_pixel_size_A: (optics groups,) by their file.
            shift_scale: (optics groups,) what a shift in pixels is multiplied by.
        """
        group = self.optics_index[rows]
        in_px = None if self.shift_px is None else self.shift_px[rows] * shift_scale[group, None]
        if self.shift_A is None:
            return in_px
        in_A = self.shift_A[rows]
        from_A = in_A / file_pixel_size_A[group, None]
        return from_A if in_px is None else np.where(np.isnan(in_A), in_px, from_A)

    def called(self, *names: str) -> str:
        """What the file's format calls some values, for a message."""
        return " and ".join(self.column_names.get(name, name.replace("_", " ")) for name in names)

    def folder_of_stack(self, number: int) -> str:
        """What a relative name among `stack_names` counts from."""
        if self.stack_folders:
            return self.stack_folders[number]
        return os.path.dirname(os.path.abspath(self.files[0].path if self.files else self.source))

    def file_of(self, rows: Rows) -> NDArray[np.int64]:
        """(n,) the number in `files` of each of these `rows`."""
        ends = np.cumsum([file.rows for file in self.files])
        return np.searchsorted(ends, rows, side="right")

    def place(self, i: int) -> str:
        """Where a particle stands: its line, and of several files the name of its own."""
        row = self.rows[i : i + 1]
        line = f"line {self.line_of(row)[0]}"
        if len(self.files) < 2:
            return line
        return f"{Names(file.path for file in self.files).told_apart[self.file_of(row)[0]]}, {line}"

    def describe(self, i: int) -> str:
        """One particle in a message: its line and its image name, or without images its micrograph."""
        line = self.place(i)
        number = self.image_number[i] - 1 + self.first_image_number
        name = self.stack_names[self.stack_index[i]]
        if not name and self.micrograph_index is not None:
            name = self.micrograph_names[self.micrograph_index[i]]
        return f"{line}: {f'{number:06d}@{name}' if number >= 0 else name}"


def distinct(numbers: NDArray[np.integer]) -> Rows:
    """The different numbers from 0 on, ascending; by counting, which for millions of rows beats sorting."""
    return np.flatnonzero(np.bincount(numbers[numbers >= 0]))


def pixel_sizes_A(particles: Particles, groups: Sequence[OpticsGroup], rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """(n,) nan where it is not known."""
    sizes = [group.pixel_size_A.value if group.pixel_size_A else np.nan for group in groups]
    return np.array(sizes, np.float64)[particles.optics_index[rows]]


def shifts_px(
    particles: Particles, groups: Sequence[OpticsGroup], rows: NDArray[np.int64]
) -> NDArray[np.float64] | None:
    """(n, 2), x and y, as they are imported; 0 where that cannot be known."""
    sizes_A = np.array([group.file_pixel_size_A or np.nan for group in groups])
    shifts = particles.shifts(sizes_A, np.array([group.shift_scale for group in groups]), rows)
    return None if shifts is None else np.nan_to_num(shifts)


class Part(Enum):
    """The parts of an import that can be left out as a whole."""

    ALWAYS = "always"
    IMAGES = "images"
    POSES = "poses"
    HALF_SETS = "half-sets"
    COORDINATES = "coordinates"


@dataclass(frozen=True)
class Fault:
    """Rows that cannot be imported, and the problem that says so; `rows` are positions in `Particles`.

    `part` is the part of the import that the fault lies in: it does no harm where that part is not imported.
    """

    problem: Problem
    rows: NDArray[np.int64]
    part: Part = Part.ALWAYS


@dataclass(frozen=True)
class RowFault(Fault):
    """A fault of single rows: `what` ("value", "of rlnDefocusU that are not finite numbers") counts them."""

    what: tuple[str, str] = ("row", "")
    column: str = ""

    def among(self, particles: Particles, position: NDArray[np.int64]) -> RowFault | None:
        """The fault for those of its rows that were selected; None if none were.

        Args:
            particles: The rows that were selected.
            position: (all rows,) their new positions, -1 for rows that were not selected.
        """
        rows = position[self.rows]
        rows = rows[rows >= 0]
        return row_fault(particles, self.problem.code, self.what, rows, self.part, self.column) if len(rows) else None


def row_fault(
    particles: Particles,
    code: str,
    what: tuple[str, str],
    rows: NDArray[np.int64],
    part: Part = Part.ALWAYS,
    column: str = "",
) -> RowFault:
    """A fault of single rows; the examples name line, image and, if given, the file's column."""
    examples: Iterator[str] = (particles.describe(i) + (f" ({column})" if column else "") for i in rows)
    message = f"{count_of(len(rows), what[0])} {what[1]}"
    return RowFault(problem(code, message, count=len(rows), examples=examples), rows, part, what, column)
