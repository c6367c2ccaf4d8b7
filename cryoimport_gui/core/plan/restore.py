"""Particles restored as those that they once were in CryoSPARC: their rows, and whose images they are."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..parameters import ImportParameters
from ..particles import Fault, Particles, row_fault
from ..stacks.stacks import Stacks
from .original import Matched, match_originals
from .original_fields import keeps_ctf
from .originals import Originals

_CRYOSPARC_NAME = re.compile(r"(^|/)>?([0-9]{21}_|J[0-9]+/(extract|imported|restack|downsample|localmotioncorrected)/)")


@dataclass(frozen=True)
class Restored:
    """The particles with their originals; `faults` are rows that have none, or not one alone."""

    particles: Particles
    originals: Originals
    matched: Matched
    faults: list[Fault]

    @property
    def found(self) -> int:
        return int((self.matched.row >= 0).sum())


def restore(particles: Particles, originals: Originals, poses: str) -> Restored:
    """Find the original of every row; `poses` are those that are imported: `3D`, `2D` or nothing."""
    matched = match_originals(particles, originals, poses)
    row = matched.row
    restored = dataclasses.replace(particles, original_row=row, keeps_ctf=keeps_ctf(particles, originals, row))
    return Restored(restored, originals, matched, list(_faults(particles, originals, matched)))


def _faults(particles: Particles, originals: Originals, matched: Matched) -> Iterator[Fault]:
    name, without = os.path.basename(originals.source), matched.row < 0
    without[matched.alike] = False
    if without.any():
        words = f"with neither the image nor the place of a particle in {name}"
        yield row_fault(particles, "original-unmatched", ("row", words), np.flatnonzero(without))
    if len(matched.alike):
        words = f"whose image belongs to several particles in {name}: which of them it is, is not known"
        yield row_fault(particles, "original-ambiguous", ("row", words), matched.alike)
    if len(matched.again):
        words = f"of the same particle in {name} as an earlier row, with the same pose or in another place"
        yield row_fault(particles, "original-ambiguous", ("row", words), matched.again)


def with_images_of_originals(particles: Particles, originals: Originals) -> Particles:
    """The same, where the images of restored rows are those of their originals."""
    row, stacks, files, index = particles.original_row, originals.stacks, originals.stack_files, originals.image_index
    if row is None or stacks is None or files is None or index is None:
        return particles
    is_found = row >= 0
    stack = np.where(is_found, stacks.index[row], particles.stack_index + len(files))
    number = np.where(is_found, index[row] + 1, particles.image_number)
    return dataclasses.replace(
        particles,
        stack_names=[*files, *particles.stack_names],
        stack_index=stack.astype(np.int32),
        image_number=number,
        first_image_number=1,
    )


def are_images_of_originals(particles: Particles, originals: Originals, stacks: Stacks) -> bool:
    """Whether the images that were found are those of the originals: the same image of the same file, in every row."""
    row, index, named = particles.original_row, originals.image_index, originals.stacks
    if row is None or named is None or index is None or originals.stack_files is None:
        return False
    found = row >= 0
    ours, theirs = stacks.of_rows(particles)[found], named.index[row[found]]
    if (ours < 0).any() or not np.array_equal(particles.image_number[found] - 1, index[row[found]]):
        return False
    pairs = np.unique(ours * len(named.paths) + theirs)
    return all(
        _is_one_file(stacks.files[pair // len(named.paths)].path, originals.stack_files[pair % len(named.paths)])
        for pair in pairs.tolist()
    )


def _is_one_file(path: str, other: str) -> bool:
    try:
        return os.path.samefile(path, other)
    except OSError:
        return False


def hold_in_output(originals: Originals, p: ImportParameters) -> bool:
    """Whether the paths of the originals mean the same in the output: it lies in the project that they count from."""
    if originals.stacks is None or originals.are_beside:
        return False
    root = os.path.realpath(originals.root)
    if p.project and os.path.realpath(p.project) != root:
        return False
    return not p.output or os.path.realpath(os.path.abspath(p.output)).startswith(os.path.join(root, ""))


def came_from_cryosparc(particles: Particles) -> bool:
    """Whether names of stacks or micrographs are such as CryoSPARC gives."""
    names = (*particles.stack_names[:1], *particles.micrograph_names[:1])
    return any(_CRYOSPARC_NAME.search(name) for name in names)


def original_sign(restored: Restored, good: NDArray[np.bool_]) -> int:
    """The data sign that the originals of most of these rows have; 0 where they have none."""
    column, row = restored.originals.numbers("blob/sign"), restored.matched.row[good]
    return int(np.sign(np.sign(column[row[row >= 0]]).sum())) if column is not None else 0
