"""Which particles are looked at: random samples spread over stacks and optics groups, page by page; their images."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..arrays import rank_in_run
from ..parallel import map_files
from ..particles import Particles
from ..progress import Progress, quiet
from .mrc import read_images
from .stacks import Stacks

#: images of one stack that are read in one go; small enough that one large stack keeps several threads busy
_CHUNK_IMAGES = 16
_CHUNK_BYTES = 64 << 20
_CACHE_BYTES = 256 << 20


@dataclass
class Sample:
    """Some rows and their images, (n, box, box) as stored; `errors` says, by position, why an image is missing."""

    rows: NDArray[np.int64]
    images: NDArray[np.float32]
    errors: dict[int, str]

    @property
    def good(self) -> NDArray[np.bool_]:
        keep = np.ones(len(self.rows), bool)
        keep[list(self.errors)] = False
        return keep


@dataclass(frozen=True)
class Selection:
    """One page of particles.

    A `random` one goes through all particles in an order that `seed` shuffles and that spreads each page over
    stacks and optics groups, and sorts the page; else all particles are sorted and cut into pages.
    `optics_group` is a position in `Particles.optics_groups`; `stack_text` is a part of the stack's name.
    """

    count: int = 100
    page: int = 0
    random: bool = True
    seed: int = 0
    sort: Literal["file", "defocus"] = "file"
    optics_group: int | None = None
    stack_text: str = ""


def choose_rows(
    particles: Particles,
    stacks: Stacks,
    count: int,
    seed: int = 0,
    candidates: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """Rows of a seeded random sample, ascending: every optics group, and as many stacks as there are rows to give.

    Args:
        candidates: Positions to choose from; all of them if not given.
    """
    rows = np.arange(len(particles)) if candidates is None else candidates
    return np.sort(_spread(particles, stacks, rows, seed)[:count])


def _spread(particles: Particles, stacks: Stacks, rows: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """All rows in random order, such that any first part holds about as many of each optics group and stack."""
    rows = np.random.default_rng(seed).permutation(rows)
    place = np.zeros(len(rows), np.int64)  # position of each row inside its group and stack
    for key in (stacks.of_name[particles.stack_index[rows]], particles.optics_index[rows]):
        order = _small(place).argsort(kind="stable")
        order = order[_small(key[order]).argsort(kind="stable")]
        place[order] = rank_in_run(key[order])
    return rows[_small(place).argsort(kind="stable")]


def _small(numbers: NDArray[np.integer]) -> NDArray[np.integer]:
    """The same numbers from -1 on, in 16 bits where they fit: those are sorted by radix, in a tenth of the time."""
    return (numbers + 1).astype(np.uint16) if numbers.max(initial=0) < 2**16 - 1 else numbers


def read_sample(particles: Particles, stacks: Stacks, rows: NDArray[np.int64], progress: Progress = quiet) -> Sample:
    """Read the images of some rows, stack by stack, in several threads where the file system is slow."""
    images = np.zeros((len(rows), stacks.box, stacks.box), np.float32)
    numbers = stacks.of_name[particles.stack_index[rows]]
    indices = particles.image_number[rows] - 1
    errors: dict[int, str] = {}

    def read(positions: NDArray[np.int64]) -> dict[int, str]:
        number = numbers[positions[0]]
        file = stacks.files[number] if number >= 0 else None
        if file is None or file.header is None:
            return dict.fromkeys(positions.tolist(), file.reason if file else "stack not found")
        header = file.header
        if (header.ny, header.nx) != images.shape[1:]:
            return dict.fromkeys(positions.tolist(), f"{header.nx} × {header.ny} pixels")
        inside = (indices[positions] >= 0) & (indices[positions] < header.nz)
        bad = {int(p): f"image {indices[p] + 1} of a stack of {header.nz}" for p in positions[~inside].tolist()}
        positions = positions[inside]
        try:
            images[positions] = read_images(file.path, header, indices[positions].tolist())
        except OSError:
            for position in positions.tolist():  # most may be fine
                try:
                    images[position] = read_images(file.path, header, [int(indices[position])])[0]
                except OSError as error:
                    bad[position] = error.strerror or "ended before this image"
        return bad

    at_once = max(1, min(_CHUNK_IMAGES, _CHUNK_BYTES // max(1, 4 * stacks.box**2)))
    for bad in map_files(read, list(_chunks(numbers, indices, at_once)), progress):
        errors |= bad
    return Sample(rows, images, errors)


def _chunks(numbers: NDArray[np.int64], indices: NDArray[np.int64], at_once: int) -> Iterator[NDArray[np.int64]]:
    """Positions of a few images of one stack at a time, in the order in which they lie on disk."""
    order = np.lexsort((indices, numbers))
    for of_stack in np.split(order, np.flatnonzero(np.diff(numbers[order])) + 1):
        for first in range(0, len(of_stack), at_once):
            yield of_stack[first : first + at_once]


class ParticleImages:
    """Pages of particles and their images; those read last stay in memory, up to `cache_bytes`.

    Args:
        known: Images that were read already.
    """

    def __init__(
        self,
        particles: Particles,
        stacks: Stacks,
        known: Sample | None = None,
        cache_bytes: int = _CACHE_BYTES,
    ) -> None:
        self.particles = particles
        self.stacks = stacks
        self._cache: OrderedDict[int, NDArray[np.float32]] = OrderedDict()
        self._free_bytes = cache_bytes
        self._ordered: tuple[Selection | None, NDArray[np.int64]] = (None, np.empty(0, np.int64))
        if known is not None:
            self._keep(known)

    def page(self, selection: Selection) -> tuple[NDArray[np.int64], int]:
        """The rows of one page, in the order in which they are shown, and how many rows all pages have."""
        key = replace(selection, page=0, count=0)
        if self._ordered[0] != key:
            self._ordered = key, self._order(selection)
        rows = self._ordered[1]
        first = selection.page * selection.count
        page = rows[first : first + selection.count]
        return (self._sorted(page, selection) if selection.random else page), len(rows)

    def read(self, rows: NDArray[np.int64], progress: Progress = quiet) -> Sample:
        """The images of some rows; only those that are not in memory are read."""
        missing = np.array([i for i, row in enumerate(rows.tolist()) if row not in self._cache], np.int64)
        new = read_sample(self.particles, self.stacks, rows[missing], progress)
        if len(missing) == len(rows):
            self._keep(new)
            return new
        images = np.empty((len(rows), self.stacks.box, self.stacks.box), np.float32)
        images[missing] = new.images
        for i in np.setdiff1d(np.arange(len(rows)), missing).tolist():
            images[i] = self._cache[int(rows[i])]
            self._cache.move_to_end(int(rows[i]))
        self._keep(new)
        return Sample(rows, images, {int(missing[i]): reason for i, reason in new.errors.items()})

    def _keep(self, sample: Sample) -> None:
        for i in np.flatnonzero(sample.good).tolist():
            image = sample.images[i]
            if self._cache.setdefault(int(sample.rows[i]), image) is image:
                self._free_bytes -= image.nbytes
        while self._free_bytes < 0 and self._cache:
            self._free_bytes += self._cache.popitem(last=False)[1].nbytes

    def _order(self, selection: Selection) -> NDArray[np.int64]:
        particles = self.particles
        keep = np.ones(len(particles), bool)
        if selection.optics_group is not None:
            keep &= particles.optics_index == selection.optics_group
        if selection.stack_text:
            text = selection.stack_text.casefold()
            keep &= np.array([text in name.casefold() for name in particles.stack_names])[particles.stack_index]
        rows = np.flatnonzero(keep)
        if selection.random:
            return _spread(particles, self.stacks, rows, selection.seed)
        return self._sorted(rows, selection)

    def _sorted(self, rows: NDArray[np.int64], selection: Selection) -> NDArray[np.int64]:
        rows = np.sort(rows)
        defocus_u_A, defocus_v_A = self.particles.defocus_u_A, self.particles.defocus_v_A
        if selection.sort == "file" or defocus_u_A is None or defocus_v_A is None:
            return rows
        return rows[np.argsort(defocus_u_A[rows] + defocus_v_A[rows], kind="stable")]
