"""What is odd about the stacks of the rows that are imported, though the rows can be imported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from ..particles import OpticsGroup, Particles, distinct
from ..problems import Problem, count_of, problem
from .doubtful_format import doubtful_format
from .found import DATA_RULES, other_folder
from .rescaled import rescaled_groups, rescaled_remark
from .stacks import Stack, Stacks


def stack_remarks(
    particles: Particles,
    stacks: Stacks,
    optics: Sequence[OpticsGroup],
    data: str,
    with_poses: bool,
    byte_signs: tuple[int, int] | None = None,
) -> Iterator[Problem]:
    """Remarks on stacks that these particles use.

    Args:
        optics: The optics groups as they are written.
        data: The data path that the user gave.
        with_poses: Whether shifts are imported.
        byte_signs: See `doubtful_format`.
    """
    used = [stacks.files[i] for i in distinct(stacks.of_rows(particles)).tolist()]
    groups = rescaled_groups(particles.optics_groups, stacks)
    yield from _elsewhere(particles, stacks, data)
    yield from _longer(used)
    yield from doubtful_format(used, byte_signs)
    yield from rescaled_remark(particles, groups, stacks)
    if with_poses:
        yield from _odd_shifts(particles, optics, stacks.box)


def _elsewhere(particles: Particles, stacks: Stacks, data: str) -> Iterator[Problem]:
    """Stacks in another folder than their names say, and a data path that none was found by."""
    names = {particles.stack_names[i] for i in distinct(particles.stack_index).tolist()}
    places = (pair for pair in zip(stacks.names, stacks.located.found) if pair[0] in names)
    moved = Counter(folders for name, found in places if (folders := other_folder(name, found)))
    if moved:
        message = f"{count_of(moved.total(), 'stack')} found in another folder than the file names"
        examples = (f"{named} → {its}: {count_of(count, 'stack')}" for (named, its), count in moved.most_common())
        yield problem("stack-elsewhere", message, count=moved.total(), examples=examples)
    rules = stacks.located.rules
    if data and rules and not any(rule.startswith(DATA_RULES) for rule in rules):
        message = f"no stack was found by the particle data path {data}; found by: {', '.join(rules)}"
        yield problem("stack-elsewhere", message, count=sum(rules.values()))


def _longer(used: list[Stack]) -> Iterator[Problem]:
    longer = [file for file in used if file.header and file.header.file_bytes > file.header.expected_bytes]
    if longer:
        examples = (f"{f.path}: {f.header.file_bytes - f.header.expected_bytes} bytes more" for f in longer if f.header)
        message = f"{count_of(len(longer), 'stack')} longer than the header says"
        yield problem("stack-longer", message, count=len(longer), examples=examples)


def _odd_shifts(particles: Particles, groups: Sequence[OpticsGroup], box: int) -> Iterator[Problem]:
    sizes_A = np.array([group.file_pixel_size_A or np.nan for group in groups])
    shifts = particles.shifts(sizes_A, np.array([group.shift_scale for group in groups]))
    if shifts is None or not box:
        return
    rows = np.flatnonzero(np.abs(shifts).max(axis=1) > box / 2)
    if len(rows):
        message = f"{count_of(len(rows), 'particle')} with a shift of more than half of the box ({box} pixels)"
        examples = (f"{particles.describe(i)}: {np.abs(shifts[i]).max():.4g} pixels" for i in rows.tolist())
        yield problem("shift-odd", message, count=len(rows), examples=examples)


def zero_numbers(particles: Particles) -> Iterator[Problem]:
    """Images number 0: one says that all numbers are off by one, so no row of the file can be believed."""
    zero = np.flatnonzero(particles.image_number == 0)
    if len(zero):
        examples = (particles.describe(i) for i in zero.tolist())
        message = f"{count_of(len(zero), 'image name')} with image number 0: the images seem to be counted from 0"
        yield problem("image-index-zero", message, count=len(zero), examples=examples)
