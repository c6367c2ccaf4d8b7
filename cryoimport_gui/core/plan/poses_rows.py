"""Which particles stand for all of them in the check of the poses, and their fields as the import writes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..dataset.poses import rotation_vectors
from ..particles import OpticsGroup, Particles, Rows
from ..pictures.ctf import electron_wavelength_A
from ..pictures.reconstruction import (
    CtfColumns,
    PosedParticles,
    halves,
)
from ..stacks.stacks import Stacks

#: consecutive images that are taken from a stack: enough to judge it, and to see images that are off by one
_RUN = 20
#: pixel sizes that differ by less can stand in one map: at its edge by an eighth of a pixel
SAME_SIZE = 0.01


def choose_runs(particles: Particles, stacks: Stacks, candidates: Rows, count: int, seed: int = 0) -> Rows:
    """Rows of a seeded sample, each image once: runs of up to 20 neighbours from as many stacks as that takes.

    Returns:
        (count or fewer,) by stack and image number.
    """
    rng = np.random.default_rng(seed)
    of_stack = stacks.of_name[particles.stack_index[candidates]]
    candidates, of_stack = candidates[of_stack >= 0], of_stack[of_stack >= 0]
    sizes = np.bincount(of_stack, minlength=len(stacks.files))
    order = rng.permutation(np.flatnonzero(sizes))
    wanted = 1 + int(np.searchsorted(np.minimum(sizes[order], _RUN).cumsum(), count))
    while True:
        is_chosen = np.zeros(len(sizes), bool)
        is_chosen[order[:wanted]] = True
        rows = _once_each(particles, candidates[is_chosen[of_stack]], stacks)
        if len(rows) >= count or wanted >= len(order):
            break
        wanted *= 2  # there are copies of images
    return rows[_runs(stacks.of_name[particles.stack_index[rows]], count, rng)]


def _once_each(particles: Particles, rows: Rows, stacks: Stacks) -> Rows:
    """The first row of each image, by stack and image number."""
    of_stack, number = stacks.of_name[particles.stack_index[rows]], particles.image_number[rows]
    order = np.lexsort((number, of_stack))
    of_stack, number = of_stack[order], number[order]
    is_first = np.ones(len(rows), bool)
    is_first[1:] = (np.diff(of_stack) != 0) | (np.diff(number) != 0)
    return rows[order[is_first]]


def _runs(of_stack: NDArray[np.int64], count: int, rng: np.random.Generator) -> Rows:
    """Positions of whole runs, a random one of each stack before a second of any; the last one may be cut.

    What is left at the end of a stack comes after its full runs.

    Args:
        of_stack: (n,) ascending.
    """
    starts = np.flatnonzero(np.diff(of_stack, prepend=-1))
    sizes = np.diff(starts, append=len(of_stack))
    runs = -(-sizes // _RUN)
    first_run = runs.cumsum() - runs
    run = np.repeat(first_run, sizes) + (np.arange(len(of_stack)) - np.repeat(starts, sizes)) // _RUN
    is_short = np.bincount(run, minlength=int(runs.sum())) < _RUN
    stack_of_run = np.repeat(np.arange(len(sizes)), runs)
    drawn = np.lexsort((rng.random(len(stack_of_run)), is_short, stack_of_run))
    turn = np.empty(len(drawn), np.int64)
    turn[drawn] = np.arange(len(drawn)) - np.repeat(first_run, runs)
    order = np.lexsort((rng.random(len(turn)), turn))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return np.sort(np.argsort(rank[run], kind="stable")[:count])


@dataclass
class PosesKind:
    """Particles that can stand in one map: of about one pixel size, and with a CTF that is of use, or none."""

    size_A: float
    with_ctf: bool
    particles: int = 0
    groups: list[int] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.size_A:.4g} Å{'' if self.with_ctf else ' without CTF'}"


def kinds_of(particles: Particles, groups: Sequence[OpticsGroup], counts: NDArray[np.int64]) -> list[PosesKind]:
    """Those of most particles first."""
    kinds: list[PosesKind] = []
    for i in np.argsort(-counts, kind="stable").tolist():
        size = groups[i].pixel_size_A
        if not counts[i] or size is None:
            continue
        with_ctf = has_ctf(particles, groups[i])
        alike = (k for k in kinds if k.with_ctf == with_ctf and abs(size.value - k.size_A) <= SAME_SIZE * k.size_A)
        kind = next(alike, None)
        if kind is None:
            kinds.append(kind := PosesKind(size.value, with_ctf))
        kind.particles += int(counts[i])
        kind.groups.append(i)
    return sorted(kinds, key=lambda kind: -kind.particles)


def has_ctf(particles: Particles, group: OpticsGroup) -> bool:
    """Whether images of a group are to be compared through their CTF."""
    known = group.voltage_kV and group.cs_mm and group.amplitude_contrast
    return bool(particles.defocus_u_A is not None and known and not getattr(group, "ctf_corrected", ""))


def as_written(
    particles: Particles, stacks: Stacks, groups: Sequence[OpticsGroup], rows: Rows, is_3d: bool, with_ctf: bool
) -> PosedParticles:
    """The fields of some rows of one pixel size as the import writes them, but for a data sign of +1."""
    n, group_of = len(rows), particles.optics_index[rows]

    def column(name: str, missing: float = 0.0) -> NDArray[np.float64]:
        values = getattr(particles, name)
        return np.full(n, missing) if values is None else values[rows].astype(np.float64)

    def of_group(name: str) -> NDArray[np.float64]:
        values = [getattr(group, name) for group in groups]
        return np.array([value.value if value else np.nan for value in values])[group_of]

    of_file = stacks.of_name[particles.stack_index[rows]]
    of_file_A = np.array([group.file_pixel_size_A or 1.0 for group in groups])
    shift_px = particles.shifts(of_file_A, np.array([group.shift_scale for group in groups]), rows)
    size, micrographs = of_group("pixel_size_A"), particles.micrograph_index
    ctf = None
    if with_ctf:
        wavelengths = [electron_wavelength_A(g.voltage_kV.value) if g.voltage_kV else np.nan for g in groups]
        u_A = column("defocus_u_A")
        ctf = CtfColumns(
            wavelength_A=np.array(wavelengths)[group_of],
            cs_mm=of_group("cs_mm"),
            amplitude_contrast=of_group("amplitude_contrast"),
            defocus_u_A=u_A,
            defocus_v_A=u_A if particles.defocus_v_A is None else column("defocus_v_A"),
            defocus_angle_rad=np.radians(column("defocus_angle_deg")),
            phase_shift_rad=np.radians(column("phase_shift_deg")),
        )
    poses: dict[str, Any] = {}
    if is_3d:
        angles = column("rot_deg"), column("tilt_deg"), column("psi_deg")
        poses["rotation_vector"] = rotation_vectors(*angles)
    else:
        poses["psi_rad"] = np.radians(column("psi_deg"))
        poses["class_number"] = column("class_number", 1.0).astype(np.int64)
    return PosedParticles(
        pixel_size_A=float(size[0]),
        data_sign=np.ones(n),
        half=halves(of_file if micrographs is None else micrographs[rows].astype(np.int64)),
        stack=of_file,
        image_number=particles.image_number[rows],
        shift_px=np.zeros((n, 2)) if shift_px is None else shift_px,
        shift_pixel_size_A=size,
        file_pixel_size_A=of_file_A[group_of],
        ctf=ctf,
        **poses,
    )
