"""A random sample of particles, spread over stacks and optics groups, and their images."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .mrc import read_images
from .particles import Particles
from .progress import Progress, quiet
from .stacks import Stacks


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
    rng = np.random.default_rng(seed)
    rows = np.arange(len(particles)) if candidates is None else candidates
    rows = rng.permutation(rows)
    if len(rows) <= count:
        return np.sort(rows)
    place = np.zeros(len(rows), np.int64)  # the how-manieth of its group and stack is each row?
    for key in (stacks.of_rows(particles)[rows], particles.optics_index[rows]):
        order = np.lexsort((place, key))
        starts = np.flatnonzero(np.diff(key[order], prepend=-2))
        rank = np.arange(len(rows)) - np.repeat(starts, np.diff(starts, append=len(rows)))
        place[order] = rank
    return np.sort(rows[np.argsort(place, kind="stable")[:count]])


def read_sample(particles: Particles, stacks: Stacks, rows: NDArray[np.int64], progress: Progress = quiet) -> Sample:
    """Read the images of some rows, each stack opened once."""
    images = np.zeros((len(rows), stacks.box, stacks.box), np.float32)
    errors: dict[int, str] = {}
    done = 0
    for number, positions in _by_stack(stacks.of_rows(particles)[rows]):
        progress.step(done, len(rows))
        done += len(positions)
        file = stacks.files[number] if number >= 0 else None
        indices = particles.image_number[rows[positions]] - 1
        if file is None or file.header is None:
            reason = file.reason if file else "stack not found"
        elif (file.header.ny, file.header.nx) != images.shape[1:]:
            reason = f"{file.header.nx} × {file.header.ny} pixels"
        elif indices.min() < 0 or indices.max() >= file.header.nz:
            reason = "beyond the end of its stack"
        else:
            try:
                images[positions] = read_images(file.path, file.header, indices.tolist())
                continue
            except OSError as error:
                reason = str(error)
        errors |= dict.fromkeys(positions.tolist(), reason)
    return Sample(rows, images, errors)


def _by_stack(numbers: NDArray[np.int64]) -> Iterator[tuple[int, NDArray[np.int64]]]:
    order = np.argsort(numbers, kind="stable")
    for positions in np.split(order, np.flatnonzero(np.diff(numbers[order])) + 1):
        if len(positions):
            yield int(numbers[positions[0]]), positions
