"""`particles.star`: the rows that were imported, as they are in their file, row for row with the dataset."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ..particles import Particles
from ..plan.plan import ImportPlan
from ..progress import Progress, quiet
from ..reading.formats import format_of
from ..reading.joined_star import RowsOfFile

_COPY_BYTES = 64 << 20
_LINES_A_STEP = 1 << 16


def copy_imported_rows(plan: ImportPlan, target: Path, progress: Progress = quiet) -> bool:
    """Copy the file of particles byte for byte, without the lines of rows that are not imported; join several files.

    Returns:
        Whether there is such a copy: a format whose rows are not lines of text has none, nor have files whose columns
        are too different.

    Raises:
        Refused: Of several files, one is no longer what was read.
        Cancelled: `progress` said so.
    """
    particles, path = plan.particles, plan.inputs[0].path
    assert particles is not None
    if len(plan.inputs) > 1:
        return _copy_joined(particles, target, progress)
    if not format_of(path).lines_are_rows:
        return False
    with open(path, "rb") as source, open(target, "wb") as file:
        if len(particles) == plan.rows_in_files:
            _copy_whole(source, file, progress)
        else:
            left_out = particles.line_of(np.arange(plan.rows_in_files))
            is_dropped = np.zeros(int(left_out.max(initial=0)) + 1, bool)
            is_dropped[left_out] = True
            is_dropped[particles.line_of(particles.rows)] = False
            _copy_lines(source, file, is_dropped, progress)
        file.flush()
        os.fsync(file.fileno())
    return True


def _copy_joined(particles: Particles, target: Path, progress: Progress) -> bool:
    formats = {format_of(file.path).name: format_of(file.path) for file in particles.files}
    join = next(iter(formats.values())).joined
    if particles.no_joined_file or len(formats) > 1 or join is None:
        return False
    of_rows, lines = particles.file_of(particles.rows), particles.line_of(particles.rows)
    shifts = particles.shift_px if particles.shift_A is None else particles.shift_A
    groups = np.array([group.id for group in particles.optics_groups])[particles.optics_index]
    files = []
    for number, its_file in enumerate(particles.files):
        its = of_rows == number
        its_shifts = None if shifts is None else shifts[its]
        files.append(RowsOfFile(its_file.path, lines[its], its_file.group_numbers, its_shifts, groups[its]))
    text = join(files, progress)
    if text is None:
        return False
    with open(target, "wb") as file:
        file.writelines(text)
        file.flush()
        os.fsync(file.fileno())
    return True


def _copy_whole(source: BinaryIO, file: BinaryIO, progress: Progress) -> None:
    """By the kernel, which on some file systems copies nothing until one of both files changes."""
    size, done = os.fstat(source.fileno()).st_size, 0
    while done < size:
        progress.step(done, size)
        sent = os.sendfile(file.fileno(), source.fileno(), done, _COPY_BYTES)
        if not sent:
            break
        done += sent


def _copy_lines(source: BinaryIO, file: BinaryIO, is_dropped: np.ndarray, progress: Progress) -> None:
    dropped = is_dropped.tolist()
    last = len(dropped) - 1
    for number, line in enumerate(source, 1):
        if number % _LINES_A_STEP == 0:
            progress.step(min(number, last), last)
        if number > last or not dropped[number]:
            file.write(line)
