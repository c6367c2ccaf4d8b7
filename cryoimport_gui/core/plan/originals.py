"""The particles that an import once was, in CryoSPARC: read from their dataset or result group."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..dataset.cs_reader import DatasetColumn, DatasetError, Texts, read_dataset
from ..dataset.result_group import slot_datasets
from ..parallel import map_files
from ..problems import count_of, refuse
from .original_places import PlaceIndex

#: two prints of one place differ by that at most, where one of them has whole pixels
ROUNDED_PX = 0.75
#: and by that share of the box where it was moved a little
_SHARE_OF_BOX = 0.01
#: no stack has as many
_MOST_IMAGES = 1 << 31
_OF_EXPOSURES = ("micrograph_blob", "movie_blob")


@dataclass(frozen=True)
class Named:
    """What particles are in or on: `paths` as the dataset has them, and for each particle the number of its path."""

    paths: list[str]
    index: NDArray[np.int32]


@dataclass
class Originals:
    """M particles of a CryoSPARC dataset; what it does not have is None.

    `columns` are all that it has, in its order, `uid` not among them.  `root` is the project folder that its paths
    count from, `beside` the folder that paths with a leading `>` do.  `stack_files` are where the stacks really lie,
    links followed, one for each of `stacks.paths`; `image_index` counts from 0.  `places_px` (M, 2) are x and y in
    pixels of the micrograph, `micrograph_height_px` (M,), `same_place_px` (M,) how far apart two prints of a place are.
    """

    source: str
    root: str
    beside: str
    uid: NDArray[np.uint64]
    columns: dict[str, DatasetColumn]
    stacks: Named | None = None
    stack_files: list[str] | None = None
    image_index: NDArray[np.int64] | None = None
    micrographs: Named | None = None
    places_px: NDArray[np.float64] | None = None
    micrograph_height_px: NDArray[np.float64] | None = None
    same_place_px: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.uid)

    @property
    def are_beside(self) -> bool:
        """Whether stacks are named by where the result group lies, so that the names say nothing elsewhere."""
        return self.stacks is not None and any(path.startswith(">") for path in self.stacks.paths)

    @cached_property
    def stack_of_path(self) -> NDArray[np.int64]:
        """(stack paths,) one number a file: several links can lead to one."""
        files = self.stack_files or []
        number = {file: i for i, file in enumerate(dict.fromkeys(files))}
        return np.array([number[file] for file in files], np.int64)

    @property
    def most_images(self) -> int:
        """More than any image index."""
        return 1 if self.image_index is None else int(self.image_index.max(initial=0)) + 1

    @cached_property
    def image_keys(self) -> NDArray[np.int64]:
        """(M,) the same for originals of one image, or where there are no images of one place; never below 0."""
        if self.stacks is not None and self.image_index is not None:
            return self.stack_of_path[self.stacks.index] * self.most_images + self.image_index
        assert self.micrographs is not None and self.places_px is not None
        places = np.column_stack([self.micrographs.index, np.rint(self.places_px * 100)])
        return np.unique(places, axis=0, return_inverse=True)[1].ravel()

    @cached_property
    def place_index(self) -> PlaceIndex:
        assert self.micrographs is not None and self.places_px is not None and self.same_place_px is not None
        return PlaceIndex(self.micrographs.index, self.places_px, self.same_place_px)

    def numbers(self, name: str, *sides: int) -> NDArray | None:
        """A column of numbers whose entries have the shape `sides`."""
        column = self.columns.get(name)
        is_so = isinstance(column, np.ndarray) and column.shape[1:] == sides
        return column if is_so else None  # type: ignore[return-value]


def original_files(path: str, project: str = "") -> list[str]:
    """The files that are read: the dataset itself, or a result group with its datasets.

    Raises:
        Refused: `original-unreadable`.
    """
    return [path, *dict.fromkeys(_of_group(path, project).values())] if path.endswith(".csg") else [path]


def load_originals(path: str, project: str = "") -> Originals:
    """Read particles from a `.cs` dataset in either format, or from the datasets of a `.csg`.

    Paths in it count from the CryoSPARC project: the folder above the one that holds the file, unless the file lies
    in `project`.

    Raises:
        Refused: `original-unreadable`.
    """
    columns = _joined(_of_group(path, project)) if path.endswith(".csg") else _read(path)
    uid = columns.pop("uid")
    assert isinstance(uid, np.ndarray)
    beside = os.path.dirname(os.path.abspath(path))
    root = os.path.abspath(project) if project and _is_in(beside, project) else os.path.dirname(beside)
    found = Originals(path, root, beside, uid, columns)
    _find_images(found)
    _find_places(found)
    slots = dict.fromkeys(name.split("/")[0] for name in columns if "/" in name)
    if (found.stacks is None and found.micrographs is None) or any(slot in slots for slot in _OF_EXPOSURES):
        what = f" (it has {', '.join(slots)})" if slots else ""
        raise refuse("original-unreadable", f"{path} holds no particles{what}")
    if not len(uid):
        raise refuse("original-unreadable", f"{path} holds no particles")
    return found


def _is_in(path: str, folder: str) -> bool:
    inside, outside = os.path.realpath(path), os.path.realpath(folder)
    return os.path.commonpath([inside, outside]) == outside


def _of_group(path: str, project: str) -> dict[str, str]:
    try:
        return slot_datasets(path, project)
    except (OSError, DatasetError) as error:
        raise refuse("original-unreadable", f"{path} {error}") from None


def _read(path: str) -> dict[str, DatasetColumn]:
    if not os.path.isfile(path):
        raise refuse("original-unreadable", f"there is no file {path}")
    try:
        columns = read_dataset(path)
    except (OSError, DatasetError) as error:
        raise refuse("original-unreadable", f"{path}: {error}") from None
    uid = columns["uid"]
    assert isinstance(uid, np.ndarray)
    again = int((np.diff(np.sort(uid)) == 0).sum())
    if again:
        raise refuse("original-unreadable", f"{path}: {count_of(again, 'row')} with a uid that another row has")
    return columns


def _joined(of_slots: dict[str, str]) -> dict[str, DatasetColumn]:
    """The columns of all datasets of a group, for the particles that all of them have, in the order of the first."""
    columns: dict[str, DatasetColumn] = {}
    for path in dict.fromkeys(of_slots.values()):
        other = {n: c for n, c in _read(path).items() if of_slots.get(n.split("/")[0], path) == path}
        if not columns:
            columns = other
            continue
        uid, other_uid = columns["uid"], other.pop("uid")
        assert isinstance(uid, np.ndarray) and isinstance(other_uid, np.ndarray)
        _, here, there = np.intersect1d(uid, other_uid, assume_unique=True, return_indices=True)
        order = np.argsort(here)
        columns = _taken(columns, here[order]) | {
            n: c for n, c in _taken(other, there[order]).items() if n not in columns
        }
    return columns


def _taken(columns: dict[str, DatasetColumn], rows: NDArray[np.int64]) -> dict[str, DatasetColumn]:
    return {
        name: Texts(column.values, column.codes[rows]) if isinstance(column, Texts) else column[rows]
        for name, column in columns.items()
    }


def _named(column: DatasetColumn | None) -> Named | None:
    """Paths of particles; None if there are none."""
    if not isinstance(column, Texts) or column.codes.ndim != 1 or not any(column.values):
        return None
    return Named(column.values, column.codes)


def _find_images(found: Originals) -> None:
    stacks, index = _named(found.columns.get("blob/path")), found.numbers("blob/idx")
    if stacks is None or index is None or index.dtype.kind not in "iu":
        return
    if len(index) and not 0 <= int(index.min()) <= int(index.max()) < _MOST_IMAGES:
        raise refuse("original-unreadable", f"{found.source}: blob/idx goes from {index.min()} to {index.max()}")
    paths = (
        os.path.join(found.beside, path[1:]) if path.startswith(">") else os.path.join(found.root, path)
        for path in stacks.paths
    )
    found.stacks, found.image_index = stacks, index.astype(np.int64)
    found.stack_files = list(map_files(os.path.realpath, list(paths)))


def _find_places(found: Originals) -> None:
    found.micrographs = _named(found.columns.get("location/micrograph_path"))
    shape, x, y = (
        found.numbers("location/micrograph_shape", 2),
        found.numbers("location/center_x_frac"),
        found.numbers("location/center_y_frac"),
    )
    if found.micrographs is None or shape is None or x is None or y is None:
        found.micrographs = None
        return
    height, width = shape[:, 0].astype(np.float64), shape[:, 1].astype(np.float64)
    found.places_px = np.stack([x * width, y * height], axis=1)
    found.micrograph_height_px = height
    box, pixel_A = found.numbers("blob/shape", 2), found.numbers("blob/psize_A")
    micrograph_A = found.numbers("location/micrograph_psize_A")
    found.same_place_px = np.full(len(found), ROUNDED_PX)
    if box is not None and pixel_A is not None and micrograph_A is not None:
        with np.errstate(divide="ignore", invalid="ignore"):
            share = _SHARE_OF_BOX * box[:, 1] * pixel_A.astype(np.float64) / micrograph_A
        found.same_place_px = np.maximum(found.same_place_px, np.where(np.isfinite(share), share, 0))
