"""Source exposures: CryoSPARC's own dataset of the movies or micrographs that the particles come from."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .problems import refuse

#: where path, shape and pixel size are taken from, the best first
_BLOBS = ("micrograph_blob", "micrograph_blob_non_dw", "movie_blob")
_PREFIXES = (*_BLOBS, "mscope_params", "ctf")
_MAX_CSG_BYTES = 1 << 20


@dataclass
class Exposures:
    """N exposures; what the dataset does not give is an empty dictionary entry or zeros.

    `paths` are as the dataset has them, `files` the same on disk; `shape` is (N, 2): [ny, nx].
    `microscope` holds those of voltage_kV, cs_mm, amplitude_contrast, total_dose_e_per_A2, phase_plate and
    neg_stain that the dataset knows, each (N,).
    """

    source: str
    uid: NDArray[np.uint64]
    paths: list[str]
    files: list[str]
    shape: NDArray[np.uint32]
    pixel_size_A: NDArray[np.float32]
    exp_group_id: NDArray[np.uint32] | None
    are_movies: bool
    microscope: dict[str, NDArray] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.uid)


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
    datasets = _csg_datasets(path, project) if path.endswith(".csg") else [path]
    columns = _read(datasets[0])
    for other in datasets[1:]:
        columns = _join(columns, _read(other))
    blob = next((blob for blob in _BLOBS if f"{blob}/path" in columns), None)
    if blob is None:
        slots = ", ".join(sorted({column.split("/")[0] for column in columns}))
        raise refuse("exposures-unreadable", f"{path} holds neither micrographs nor movies (it has {slots})")
    try:
        return _exposures(path, project, columns, blob)
    except (KeyError, ValueError, TypeError, IndexError) as error:
        raise refuse("exposures-unreadable", f"{path}: {blob} is not as expected: {error}") from None


def _exposures(source: str, project: str, columns: dict[str, NDArray], blob: str) -> Exposures:
    paths = [str(p) for p in columns[f"{blob}/path"]]
    shape = np.asarray(columns[f"{blob}/shape"], np.uint32)
    if shape.ndim != 2 or shape.shape[1] not in (2, 3):
        raise ValueError(f"shape {shape.shape}")
    beside = Path(os.path.abspath(source)).parent
    root = Path(os.path.abspath(project)) if project else beside.parent
    groups = columns.get("mscope_params/exp_group_id", columns.get("ctf/exp_group_id"))
    microscope = {
        name: columns[label]
        for name, labels in _MICROSCOPE_FIELDS.items()
        if (label := next((label for label in labels if label in columns), None))
    }
    return Exposures(
        source=source,
        uid=np.asarray(columns["uid"], np.uint64),
        paths=paths,
        files=[str(beside / p[1:]) if p.startswith(">") else str(root / p) for p in paths],
        shape=shape[:, -2:],
        pixel_size_A=np.asarray(columns[f"{blob}/psize_A"], np.float32),
        exp_group_id=None if groups is None else np.asarray(groups, np.uint32),
        are_movies=blob == "movie_blob",
        microscope=microscope,
    )


def _read(path: str) -> dict[str, NDArray]:
    from cryosparc.dataset import Dataset
    from cryosparc.errors import DatasetLoadError

    if not os.path.isfile(path):
        raise refuse("exposures-unreadable", f"there is no file {path}")
    try:
        dataset: Any = Dataset.load(path, prefixes=_PREFIXES)
        return {name: np.array(dataset[name]) for name in dataset.fields()}
    except DatasetLoadError as error:
        raise refuse("exposures-unreadable", f"{path}: {error.__cause__ or error}") from None


def _join(left: dict[str, NDArray], right: dict[str, NDArray]) -> dict[str, NDArray]:
    """Columns of both, for the exposures that both know."""
    uid, at_left, at_right = np.intersect1d(left["uid"], right["uid"], assume_unique=True, return_indices=True)
    order = np.argsort(at_left)
    joined = {name: column[at_left[order]] for name, column in left.items()}
    return joined | {name: column[at_right[order]] for name, column in right.items() if name not in joined}


def _csg_datasets(path: str, project: str) -> list[str]:
    import yaml

    try:
        with open(path, "rb") as file:
            content = yaml.safe_load(file.read(_MAX_CSG_BYTES))
        results = content["results"]
        names = {name: str(entry["metafile"]) for name, entry in results.items()}
    except (
        OSError,
        yaml.YAMLError,
        KeyError,
        TypeError,
        AttributeError,
        ValueError,
        RecursionError,
    ) as error:
        raise refuse("exposures-unreadable", f"{path} is not a result group: {error}") from None
    folder = os.path.dirname(os.path.abspath(path))
    root = os.path.abspath(project) if project else os.path.dirname(folder)
    wanted = [name for slot, name in names.items() if slot in _PREFIXES or slot.startswith("movie")] or list(
        names.values()
    )
    datasets = dict.fromkeys(
        os.path.join(folder, name[1:]) if name.startswith(">") else os.path.join(root, name) for name in wanted
    )
    if not datasets:
        raise refuse("exposures-unreadable", f"{path} lists no datasets")
    return list(datasets)
