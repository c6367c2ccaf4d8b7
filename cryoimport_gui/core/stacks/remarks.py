"""What is odd about the stacks of the rows that are imported, though the rows can be imported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from ..particles import Particles, distinct
from ..problems import Problem, count_of, problem
from .locate import DATA_RULES, other_job
from .stacks import Stack, Stacks


def stack_remarks(particles: Particles, stacks: Stacks, data: str, with_poses: bool) -> Iterator[Problem]:
    """Remarks on stacks that these particles use.

    Args:
        data: The data path that the user gave.
        with_poses: Whether shifts are imported.
    """
    used = [stacks.files[i] for i in distinct(stacks.of_rows(particles)).tolist()]
    yield from _elsewhere(particles, stacks, data)
    yield from _longer(used)
    if with_poses:
        yield from _odd_shifts(particles, stacks.box)
    yield from _duplicates(particles, stacks)


def _elsewhere(particles: Particles, stacks: Stacks, data: str) -> Iterator[Problem]:
    """Stacks in another RELION job than their names say, and a data path that none was found by."""
    names = [i for i in distinct(particles.stack_index).tolist() if stacks.of_name[i] >= 0]
    places = ((particles.stack_names[i], stacks.files[stacks.of_name[i]].path) for i in names)
    jobs = Counter(moved for name, path in places if (moved := other_job(name, path)))
    if jobs:
        message = f"{count_of(jobs.total(), 'stack')} found in another RELION job than the file names"
        examples = (f"{named} → {job}: {count_of(count, 'stack')}" for (named, job), count in jobs.most_common())
        yield problem("stack-elsewhere", message, count=jobs.total(), examples=examples)
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


def _odd_shifts(particles: Particles, box: int) -> Iterator[Problem]:
    shifts = particles.shifts(np.array([group.file_pixel_size_A or np.nan for group in particles.optics_groups]))
    if shifts is None or not box:
        return
    rows = np.flatnonzero(np.abs(shifts).max(axis=1) > box / 2)
    if len(rows):
        message = f"{count_of(len(rows), 'particle')} with a shift of more than half of the box ({box} pixels)"
        examples = (f"{particles.describe(i)}: {np.abs(shifts[i]).max():.4g} pixels" for i in rows.tolist())
        yield problem("shift-odd", message, count=len(rows), examples=examples)


def _duplicates(particles: Particles, stacks: Stacks) -> Iterator[Problem]:
    of_rows = stacks.of_rows(particles)
    rows = np.flatnonzero((of_rows >= 0) & (particles.image_number >= 0))
    keys = of_rows[rows] << 32 | particles.image_number[rows]
    order = np.argsort(keys, kind="stable")
    again = np.sort(order[1:][keys[order][1:] == keys[order][:-1]])
    if len(again):
        message = f"{count_of(len(again), 'row')} with an image that stood in an earlier row"
        examples = (particles.describe(i) for i in rows[again])
        yield problem("particle-duplicate", message, count=len(again), examples=examples)


def zero_numbers(particles: Particles) -> Iterator[Problem]:
    """Images number 0: one says that all numbers are off by one, so no row of the file can be believed."""
    zero = np.flatnonzero(particles.image_number == 0)
    if len(zero):
        examples = (particles.describe(i) for i in zero.tolist())
        message = f"{count_of(len(zero), 'image name')} with image number 0: the images seem to be counted from 0"
        yield problem("image-index-zero", message, count=len(zero), examples=examples)
