"""Source exposures: CryoSPARC's own dataset of the movies or micrographs that the particles come from."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..dataset.cs_reader import DatasetError, column_names, read_columns
from ..dataset.result_group import slot_datasets
from ..names import Names
from ..parameters import LIMITS
from ..problems import count_of, refuse

#: where path, shape and pixel size are taken from, the best first
_BLOBS = ("micrograph_blob", "micrograph_blob_non_dw", "movie_blob")
_PREFIXES = (*_BLOBS, "mscope_params", "ctf")
_OF_PARTICLES = {"blob", "alignments2D", "alignments3D", "location"}
_GROUPS = ("mscope_params/exp_group_id", "ctf/exp_group_id")


@dataclass
class Exposures:
    """N exposures; what the dataset does not give is an empty dictionary entry or zeros.

    `datasets` are the files that they come from; `dataset` is (N,), which of these.  `is_movie` is (N,) as well: one
    that has a micrograph is none.
    `paths` are as the dataset has them, `files` the same on disk; `shape` is (N, 2): [ny, nx].
    `microscope` holds those of voltage_kV, cs_mm, amplitude_contrast, total_dose_e_per_A2, phase_plate and
    neg_stain that the dataset knows, each (N,).  `ctf` holds values of `Particles`, in their units, each (N,): all of
    `CTF_FIELDS` that the dataset knows, or none if it knows no defocus.
    """

    datasets: tuple[str, ...]
    dataset: NDArray[np.int64]
    uid: NDArray[np.uint64]
    paths: Names
    files: list[str]
    shape: NDArray[np.uint32]
    pixel_size_A: NDArray[np.float32]
    exp_group_id: NDArray[np.uint32] | None
    is_movie: NDArray[np.bool_]
    microscope: dict[str, NDArray] = field(default_factory=dict)
    ctf: dict[str, NDArray[np.float64]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.uid)

    @property
    def are_movies(self) -> bool:
        """Whether none can be compared with particles."""
        return bool(self.is_movie.all())

    def check_sizes(self, used: NDArray[np.int64]) -> None:
        """Width, height and, where it is given, pixel size of these exposures must be those of a picture.

        Raises:
            Refused: `exposures-unreadable`.
        """
        low_A, high_A = LIMITS["pixel_size"]
        size_A, given = self.pixel_size_A[used], self.pixel_size_A[used] != 0
        impossible = given & ((size_A <= low_A) | (size_A >= high_A))
        for bad, of in (
            ((self.shape[used] == 0).any(axis=1), "of no width or height"),
            (impossible, f"with a pixel size not between {low_A:g} and {high_A:g} Å"),
        ):
            if bad.any():
                examples = (
                    f"{self.paths[i]}: {self.shape[i][1]} × {self.shape[i][0]} pixels of {self.pixel_size_A[i]:g} Å"
                    for i in used[bad].tolist()
                )
                message = f"{' and '.join(self.datasets)}: {count_of(int(bad.sum()), 'exposure')} {of}"
                hint = "Make these exposures again in CryoSPARC, or import without exposures."
                raise refuse("exposures-unreadable", message, examples=examples, hint=hint)


#: values of `Particles` → the field of CryoSPARC, and what it is multiplied with to have their unit
CTF_FIELDS = {
    "defocus_u_A": ("ctf/df1_A", 1.0),
    "defocus_v_A": ("ctf/df2_A", 1.0),
    "defocus_angle_deg": ("ctf/df_angle_rad", 180 / np.pi),
    "phase_shift_deg": ("ctf/phase_shift_rad", 180 / np.pi),
}
_MICROSCOPE_FIELDS = {
    "voltage_kV": ("mscope_params/accel_kv", "ctf/accel_kv"),
    "cs_mm": ("mscope_params/cs_mm", "ctf/cs_mm"),
    "amplitude_contrast": ("ctf/amp_contrast",),
    "total_dose_e_per_A2": ("mscope_params/total_dose_e_per_A2",),
    "phase_plate": ("mscope_params/phase_plate",),
    "neg_stain": ("mscope_params/neg_stain",),
}


def load_exposures(path: str, project: str = "") -> Exposures:
    """Read a `.cs` dataset in either format, or a `.csg` with one or more of them.

    Paths in it count from the CryoSPARC project: `project`, else the folder above the job folder that holds the
    dataset; a leading `>` means beside the `.csg`.

    Raises:
        Refused: `exposures-unreadable`.
    """
    datasets = exposure_datasets(path, project)
    columns = _read(datasets[0])
    for other in datasets[1:]:
        columns = _join(columns, _read(other))
    if not len(columns["uid"]):
        raise refuse("exposures-unreadable", f"{path} holds no exposures")
    blob = next((blob for blob in _BLOBS if f"{blob}/path" in columns), None)
    if blob is None:
        raise refuse("exposures-unreadable", f"{path} holds neither micrographs nor movies{_what_instead(datasets)}")
    try:
        return _exposures(path, project, columns, blob)
    except KeyError as error:
        raise refuse("exposures-unreadable", f"{path} has no column {error}") from None
    except ValueError as error:
        raise refuse("exposures-unreadable", f"{path}: {error}, not as expected") from None


def load_joined_exposures(files: Sequence[str], project: str = "") -> Exposures:
    """All exposures of several files; those with one uid count once, as micrographs if any file has these.

    Raises:
        Refused: `exposures-unreadable`.
    """
    parts = [load_exposures(file, project) for file in files]
    if len(parts) == 1:
        return parts[0]
    dataset = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    uid, is_movie = (np.concatenate([getattr(part, name) for part in parts]) for name in ("uid", "is_movie"))
    order = np.lexsort((is_movie, uid))  # stable: of equals, those of the first file
    keep = np.sort(order[np.flatnonzero(np.diff(uid[order], prepend=uid[order[0]] + np.uint64(1)))])
    groups = [part.exp_group_id for part in parts if part.exp_group_id is not None]
    paths = [path for part in parts for path in part.paths]
    on_disk = [path for part in parts for path in part.files]
    return Exposures(
        datasets=tuple(files),
        dataset=dataset[keep],
        uid=uid[keep],
        paths=Names(paths[i] for i in keep.tolist()),
        files=[on_disk[i] for i in keep.tolist()],
        shape=np.concatenate([part.shape for part in parts])[keep],
        pixel_size_A=np.concatenate([part.pixel_size_A for part in parts])[keep],
        exp_group_id=np.concatenate(groups)[keep] if len(groups) == len(parts) else None,
        is_movie=is_movie[keep],
        microscope=_joined_columns([part.microscope for part in parts], keep),
        ctf=_joined_columns([part.ctf for part in parts], keep),
    )


def _joined_columns(parts: Sequence[dict[str, NDArray]], keep: NDArray[np.int64]) -> dict[str, NDArray]:
    """Those that all parts have."""
    known = (name for name in parts[0] if all(name in part for part in parts))
    return {name: np.concatenate([part[name] for part in parts])[keep] for name in known}


def exposure_datasets(path: str, project: str = "") -> list[str]:
    """The datasets that hold the exposures: the file itself, or those that a result group names.

    Raises:
        Refused: `exposures-unreadable`.
    """
    return _csg_datasets(path, project) if path.endswith(".csg") else [path]


def _what_instead(datasets: list[str]) -> str:
    try:
        slots = {name.split("/")[0] for dataset in datasets for name in column_names(dataset) if "/" in name}
    except (OSError, DatasetError):  # it has changed since it was read
        return ""
    if not slots:
        return ""
    return f" but {'particles' if slots & _OF_PARTICLES else 'other things'} (it has {', '.join(sorted(slots))})"


def _exposures(source: str, project: str, columns: dict[str, NDArray], blob: str) -> Exposures:
    paths = Names(_column(columns, f"{blob}/path", "O").tolist())
    shape = _column(columns, f"{blob}/shape", "iu", 3 if columns[f"{blob}/shape"].shape[1:] == (3,) else 2)
    with np.errstate(over="ignore"):
        pixel_size_A = _column(columns, f"{blob}/psize_A", "f").astype(np.float32)
    beside = Path(os.path.abspath(source)).parent
    root = Path(os.path.abspath(project)) if project else beside.parent
    groups = next((name for name in _GROUPS if name in columns), None)
    microscope = {
        name: _column(columns, label, "iu" if name in ("phase_plate", "neg_stain") else "iuf")
        for name, labels in _MICROSCOPE_FIELDS.items()
        if (label := next((label for label in labels if label in columns), None))
    }
    return Exposures(
        datasets=(source,),
        dataset=np.zeros(len(paths), np.int64),
        uid=columns["uid"],
        paths=paths,
        files=[str(beside / p[1:]) if p.startswith(">") else str(root / p) for p in paths],
        shape=shape[:, -2:].astype(np.uint32),
        pixel_size_A=np.where(np.isfinite(pixel_size_A) & (pixel_size_A > 0), pixel_size_A, np.float32(0)),
        exp_group_id=_column(columns, groups, "iu").astype(np.uint32) if groups else None,
        is_movie=np.full(len(paths), blob == "movie_blob"),
        microscope=microscope,
        ctf=_ctf(columns),
    )


def _ctf(columns: dict[str, NDArray]) -> dict[str, NDArray[np.float64]]:
    """Nothing where the defocus is not whole: two of them and their angle."""
    known = {
        name: _column(columns, label, "f").astype(np.float64) * factor
        for name, (label, factor) in CTF_FIELDS.items()
        if label in columns
    }
    return known if len(known) == len(CTF_FIELDS) or set(CTF_FIELDS) - set(known) == {"phase_shift_deg"} else {}


def _column(columns: dict[str, NDArray], name: str, kinds: str, *sides: int) -> NDArray:
    """A column whose entries have the shape `sides`."""
    column = columns[name]
    if column.dtype.kind not in kinds or column.shape[1:] != sides:
        raise ValueError(f"{name} is of type {column.dtype.str} and shape {column.shape[1:]}")
    return column


def _read(path: str) -> dict[str, NDArray]:
    if not os.path.isfile(path):
        raise refuse("exposures-unreadable", f"there is no file {path}")
    try:
        columns = read_columns(path, _PREFIXES)
    except (OSError, DatasetError) as error:
        raise refuse("exposures-unreadable", f"{path}: {error}") from None
    if len(np.unique(columns["uid"])) < len(columns["uid"]):
        raise refuse("exposures-unreadable", f"{path}: several rows have one uid")
    return columns


def _join(left: dict[str, NDArray], right: dict[str, NDArray]) -> dict[str, NDArray]:
    """Columns of both, for the exposures that both know."""
    uid, at_left, at_right = np.intersect1d(left["uid"], right["uid"], assume_unique=True, return_indices=True)
    order = np.argsort(at_left)
    joined = {name: column[at_left[order]] for name, column in left.items()}
    return joined | {name: column[at_right[order]] for name, column in right.items() if name not in joined}


def _csg_datasets(path: str, project: str) -> list[str]:
    try:
        of_slots = slot_datasets(path, project)
    except (OSError, DatasetError) as error:
        raise refuse("exposures-unreadable", f"{path} {error}") from None
    wanted = [name for slot, name in of_slots.items() if slot in _PREFIXES or slot.startswith("movie")]
    return list(dict.fromkeys(wanted or of_slots.values()))
