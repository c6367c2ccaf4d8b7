"""The particle dataset: every field that is written, with its type, its value and where the value comes from.

`SCHEMA` is the only place where the fields stand; the writer, the review page and the tests use it.  Names,
types and conventions are those of CryoSPARC's own imports.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import Reals
from ..mirror import mirrored_angle, mirrored_pose, mirrored_shift, mirrored_y_frac, y_frac_from_other_end
from ..particles import Particles
from .poses import rotation_vectors


@dataclass(frozen=True)
class Places:
    """How the coordinates of N rows become places on their exposures; each is (N,).

    scale: pixels of the exposure for one pixel of the coordinates.
    flip: y counts from the other end.
    mirrored: the exposure is the mirror image, top to bottom, of what the particle was cut from.
    mirrors_pose: pose, shift, 2D angle and angle of defocus are written as of the mirror image (`core.mirror`).
    """

    scale: Reals
    flip: NDArray[np.bool_]
    mirrored: NDArray[np.bool_]
    mirrors_pose: NDArray[np.bool_]

    @staticmethod
    def as_they_are(count: int) -> Places:
        return Places(np.ones(count), *np.zeros((3, count), bool))

    def y_frac(self, y_px: Reals, ny: NDArray[np.integer]) -> Reals:
        """(N,) in parts of the height of the exposure; y_px as in the file."""
        y_px = y_px * self.scale
        other_end = np.where(self.mirrored, mirrored_y_frac(y_px, ny), y_frac_from_other_end(y_px, ny))
        return np.where(self.flip, other_end, y_px / ny)


@dataclass
class DatasetRows:
    """Some particles, with all that their fields are made from.

    `group`, `stack` and `exposure` are (N,) numbers into the tables of `written`; an exposure of -1 is none.
    """

    particles: Particles
    uid: NDArray[np.uint64]
    group: NDArray[np.int32]
    stack: NDArray[np.int64]
    exposure: NDArray[np.int64]
    places: Places
    written: Written
    shared: dict[str, Any] = dataclasses.field(default_factory=dict)  # what several fields are made with

    def of_group(self, name: str) -> NDArray:
        return self.written.groups[name][self.group]

    def of_stack(self, name: str) -> NDArray:
        return self.written.stacks[name][self.stack]

    def of_exposure(self, name: str, missing: float = 0) -> NDArray:
        table = self.written.exposures.get(name)
        if table is None:
            return np.full(len(self.uid), missing)
        values = table[self.exposure]
        values[self.exposure < 0] = missing if table.dtype.kind != "S" else b""
        return values

    @property
    def exp_group_id(self) -> NDArray:
        if self.particles.has_optics:
            return self.of_group("id")
        return self.of_exposure("exp_group_id", missing=1)

    @property
    def shift_px(self) -> NDArray[np.float64]:
        """(N, 2): 0 where the file has none."""
        shifts = self.particles.shifts(self.written.groups["file_pixel_size_A"], self.written.groups["shift_scale"])
        return self._mirrored(np.zeros((len(self.uid), 2)) if shifts is None else shifts, mirrored_shift)

    @property
    def pose(self) -> NDArray[np.float64]:
        rot, tilt, psi = self.particles.rot_deg, self.particles.tilt_deg, self.particles.psi_deg
        assert psi is not None
        zero = np.zeros(len(psi))
        vectors = rotation_vectors(zero if rot is None else rot, zero if tilt is None else tilt, psi)
        return self._mirrored(vectors, mirrored_pose)

    def angle(self, name: str) -> NDArray[np.float64]:
        """(N,) radians, of an angle within the picture."""
        return self._mirrored(np.radians(self.column(name)), mirrored_angle)

    def _mirrored(self, values: NDArray[np.float64], mirror: Callable[[Reals], Reals]) -> NDArray[np.float64]:
        """As of the mirror image, in the rows where that is written."""
        rows = self.places.mirrors_pose
        if rows.any():
            values = values.copy()
            values[rows] = mirror(values[rows])
        return values

    def column(self, name: str, missing: float = 0.0) -> NDArray:
        values = getattr(self.particles, name)
        return np.full(len(self.uid), missing) if values is None else values

    def from_one(self, name: str) -> NDArray:
        """A number that RELION counts from 1, from 0."""
        if self.written.ignore_half_sets and name == "random_subset":
            return np.zeros(len(self.uid))
        return np.maximum(self.column(name, 1.0) - 1, 0)

    def center_frac(self, axis: int) -> NDArray[np.float64]:
        """Coordinates as fractions of the exposure's width (axis 0) or height (axis 1)."""
        assert self.particles.coordinates_px is not None
        size = np.maximum(self.of_exposure("shape")[:, 1 - axis], 1).astype(np.int64)
        place = self.particles.coordinates_px[:, axis]
        place = self.places.y_frac(place, size) if axis == 1 else place * self.places.scale / size
        return np.where(self.exposure < 0, 0.0, place)


@dataclass
class Written:
    """What the rows point to, ready to be written: one entry a group, a stack and an exposure."""

    groups: dict[str, NDArray]
    stacks: dict[str, NDArray]
    exposures: dict[str, NDArray]
    data_sign: float
    box: int
    ignore_half_sets: bool = False


FieldValue = Callable[[DatasetRows], Any]


@dataclass(frozen=True)
class Field:
    """One field; a plain number is written to every row.

    `origin` says in words where its value comes from; names in braces become the file's own names for these values.
    `of` names the columns of `Particles`, or the value of an
    optics group, that it is made of; where the file has none of them, `missing` is written.  `not_settled` is what
    is assumed without proof.  `length` is how many bytes the longest text has, where that is known beforehand.
    """

    name: str
    dtype: str
    value: FieldValue | float
    origin: str = "constant"
    shape: tuple[int, ...] = ()
    of: tuple[str, ...] = ()
    missing: float = 0
    not_settled: str = ""
    length: int = 0

    @property
    def slot(self) -> str:
        return self.name.partition("/")[0]


def _column(name: str, label: str, of: str, convert: Callable[[Any], Any] = np.asarray, **more: Any) -> Field:
    return Field(name, "f4", lambda r: convert(r.column(of, more.get("missing", 0))), label, of=(of,), **more)


def _angle(name: str, of: str, **more: Any) -> Field:
    return Field(name, "f4", lambda r: r.angle(of), f"{{{of}}}", of=(of,), **more)


def _group_value(name: str, of: str) -> Field:
    return Field(name, "f4", lambda r: r.of_group(of), "optics group", of=(of,))


def _dropped(name: str, size: int) -> Field:
    """Terms that RELION and CryoSPARC store in forms whose conversion is not proven."""
    return Field(name, "f4", 0, shape=(size,), not_settled="zeros; what RELION fitted is not converted")


def _alignments(slot: str, pose: Field) -> tuple[Field, ...]:
    def constant(value: float, *names: str) -> tuple[Field, ...]:
        return tuple(Field(f"{slot}/{name}", "f4", value) for name in names)

    def from_one(name: str, label: str, of: str) -> Field:
        return Field(f"{slot}/{name}", "u4", lambda r: r.from_one(of), f"{label} - 1", of=(of,))

    shifts = "{shift_x_A} / pixel size, else {shift_x_px}; likewise y"
    return (
        from_one("split", "{random_subset}", "random_subset"),
        Field(f"{slot}/shift", "f4", lambda r: r.shift_px, shifts, (2,), ("shift_A", "shift_px")),
        pose,
        _group_value(f"{slot}/psize_A", "pixel_size_A"),
        *constant(0, "error", "error_min", "resid_pow", "slice_pow", "image_pow", "cross_cor"),
        *constant(1, "alpha"),
        *constant(0, "alpha_min"),
        *constant(1, "weight"),
        *constant(0, "pose_ess", "shift_ess"),
        *constant(1, "class_posterior"),
        from_one("class", "{class_number}", "class_number"),
        *constant(0, "class_ess"),
    )


SCHEMA: dict[str, tuple[Field, ...]] = {
    "blob": (
        Field("blob/path", "S", lambda r: r.of_stack("path"), "link to the stack"),
        Field("blob/idx", "u4", lambda r: r.particles.image_number - 1, "{image_name}, from 0"),
        Field("blob/shape", "u4", lambda r: r.written.box, "stack header", (2,)),
        _group_value("blob/psize_A", "pixel_size_A"),
        Field("blob/sign", "f4", lambda r: r.written.data_sign, "data sign"),
        Field("blob/import_sig", "u8", lambda r: r.of_stack("import_sig"), "SHA-1 of the stack's path"),
    ),
    "ctf": (
        Field("ctf/type", "S", lambda r: b"imported", "the word “imported”"),
        Field("ctf/exp_group_id", "u4", lambda r: r.exp_group_id, "{optics_group}, else the exposure's group"),
        _group_value("ctf/accel_kv", "voltage_kV"),
        _group_value("ctf/cs_mm", "cs_mm"),
        _group_value("ctf/amp_contrast", "amplitude_contrast"),
        _column("ctf/df1_A", "{defocus_u_A}", "defocus_u_A"),
        _column("ctf/df2_A", "{defocus_v_A}", "defocus_v_A"),
        _angle("ctf/df_angle_rad", "defocus_angle_deg"),
        _column("ctf/phase_shift_rad", "{phase_shift_deg}", "phase_shift_deg", np.radians),
        _column("ctf/scale", "{ctf_scale}", "ctf_scale", missing=1),
        Field("ctf/scale_const", "f4", 0),
        Field("ctf/shift_A", "f4", 0, shape=(2,)),
        _dropped("ctf/tilt_A", 2),
        _dropped("ctf/trefoil_A", 2),
        _dropped("ctf/tetra_A", 4),
        _dropped("ctf/anisomag", 4),
        _column("ctf/bfactor", "{ctf_bfactor_A2}", "ctf_bfactor_A2"),
    ),
    "alignments2D": _alignments(
        "alignments2D",
        _angle("alignments2D/pose", "psi_deg", not_settled="the sign: +psi is written"),
    ),
    "alignments3D": _alignments(
        "alignments3D",
        Field("alignments3D/pose", "f4", lambda r: r.pose, "{rot_deg}, {tilt_deg}, {psi_deg}", (3,)),
    ),
    "location": (
        Field("location/micrograph_uid", "u8", lambda r: r.of_exposure("uid"), "exposure"),
        Field("location/exp_group_id", "u4", lambda r: r.exp_group_id, "as ctf/exp_group_id"),
        Field("location/micrograph_path", "S", lambda r: r.of_exposure("path"), "exposure"),
        Field("location/micrograph_shape", "u4", lambda r: r.of_exposure("shape"), "exposure", (2,)),
        Field("location/micrograph_psize_A", "f4", lambda r: r.of_exposure("pixel_size_A"), "exposure"),
        Field("location/center_x_frac", "f4", lambda r: r.center_frac(0), "{coordinate_x_px} / width"),
        Field(
            "location/center_y_frac",
            "f4",
            lambda r: r.center_frac(1),
            "{coordinate_y_px} / height, or 1 - that",
            not_settled="which way y runs: no pictures have settled it",
        ),
        Field("location/min_dist_A", "f4", 0),
    ),
    "mscope_params": (
        _group_value("mscope_params/accel_kv", "voltage_kV"),
        _group_value("mscope_params/cs_mm", "cs_mm"),
        _group_value("mscope_params/total_dose_e_per_A2", "total_dose_e_per_A2"),
        Field("mscope_params/phase_plate", "u4", lambda r: r.of_exposure("phase_plate"), "exposure, else 0"),
        Field("mscope_params/neg_stain", "u4", lambda r: r.of_exposure("neg_stain"), "exposure, else 0"),
        Field("mscope_params/exp_group_id", "u4", lambda r: r.exp_group_id, "as ctf/exp_group_id"),
    ),
}
#: slots that the result group does not list
UNLISTED = ("mscope_params",)


def fields_of(slots: Iterable[str]) -> tuple[Field, ...]:
    return tuple(field for slot in slots for field in SCHEMA[slot])


def dataset_dtype(written: Iterable[Field], text_lengths: Mapping[str, int]) -> np.dtype:
    """The type of one row; `text_lengths` gives the bytes of text fields."""
    fields: list[tuple] = [("uid", "<u8")]
    for field in written:
        size = max(1, field.length, text_lengths.get(field.name, 0)) if field.dtype == "S" else ""
        kind = f"{'|' if field.dtype == 'S' else '<'}{field.dtype}{size}"
        fields.append((field.name, kind, field.shape) if field.shape else (field.name, kind))
    return np.dtype(fields)
