"""The stacks behind the image names: found, their headers read, and checked against every row that uses them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .locate import Located, locate_stacks
from .mrc import MrcError, MrcHeader, read_header
from .parallel import map_files
from .particles import Fault, Particles, row_fault
from .problems import Problem, count_of, problem
from .progress import Progress, quiet

_PIXEL_TOLERANCE = 0.01


@dataclass(frozen=True)
class Stack:
    """One stack file; `header` is None where it cannot be used, and `code` and `reason` then say why."""

    path: str
    header: MrcHeader | None
    code: str = ""
    reason: str = ""


@dataclass
class Stacks:
    """The distinct stack files, and for each name of `Particles.stack_names` the number of its file (-1: none)."""

    files: list[Stack]
    of_name: NDArray[np.int64]
    located: Located
    box: int = 0
    faults: list[Fault] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def of_rows(self, particles: Particles) -> NDArray[np.int64]:
        """(N,) number of the file of each particle; -1: none."""
        return self.of_name[particles.stack_index]


def find_stacks(particles: Particles, meta: str, data: str, progress: Progress = quiet) -> Stacks:
    """Locate every stack that a row uses, read its header and check the rows against it.

    Raises:
        Refused: The data path is no folder.
        Cancelled: `progress` said so.
    """
    used = np.unique(particles.stack_index[particles.image_number >= 0])
    names = [particles.stack_names[i] for i in used]
    progress.stage("locate")
    located = locate_stacks(names, meta, data, progress)
    progress.stage("headers")
    paths = list(dict.fromkeys(found.path for found in located.found if found.path))
    files = list(map_files(_open, paths, progress))
    number = {path: i for i, path in enumerate(paths)}
    of_name = np.full(len(particles.stack_names), -1, np.int64)
    of_name[used] = [number.get(found.path, -1) for found in located.found]
    stacks = Stacks(files, of_name, located)
    stacks.faults = [*_location_faults(particles, names, used, located), *_file_faults(particles, stacks)]
    stacks.faults += _row_faults(particles, stacks)
    stacks.problems = list(_remarks(particles, stacks))
    return stacks


def _open(path: str) -> Stack:
    try:
        return Stack(path, read_header(path))
    except MrcError as error:
        return Stack(path, None, error.code, str(error))
    except OSError as error:
        return Stack(path, None, "stack-not-mrc", f"cannot be read: {error.strerror}")


def _rows_of(particles: Particles, names: NDArray[np.integer]) -> NDArray[np.int64]:
    return np.flatnonzero(np.isin(particles.stack_index, names) & (particles.image_number >= 0))


def _location_faults(
    particles: Particles, names: list[str], used: NDArray[np.integer], located: Located
) -> Iterator[Fault]:
    missing = [i for i, found in enumerate(located.found) if not found.path and not found.candidates]
    if missing:
        hint = None
        if located.suggested_data:
            hint = f"Give {located.suggested_data} as particle data path (--data): "
            hint += f"{located.suggested_finds} of the missing stacks are found there."
        message = (
            f"{len(missing)} of {len(names)} stacks not found; looked for the first at {', '.join(located.tried[:6])}"
        )
        examples = (names[i] for i in missing)
        found = problem("stack-missing", message, count=len(missing), examples=examples, hint=hint)
        yield Fault(found, _rows_of(particles, used[missing]))
    ambiguous = [i for i, found in enumerate(located.found) if found.candidates]
    if ambiguous:
        examples = (f"{names[i]}: {' and '.join(located.found[i].candidates)}" for i in ambiguous)
        message = f"{count_of(len(ambiguous), 'stack')} found in more than one place"
        yield Fault(
            problem("stack-ambiguous", message, count=len(ambiguous), examples=examples),
            _rows_of(particles, used[ambiguous]),
        )


def _file_faults(particles: Particles, stacks: Stacks) -> Iterator[Fault]:
    """Stacks that cannot be used at all, and those whose box is not the one that most particles have."""
    of_rows = stacks.of_rows(particles)
    messages = {
        "stack-empty": "without an image",
        "stack-not-mrc": "that cannot be read as MRC",
        "stack-truncated": "shorter than the header says",
        "stack-not-square": "with images that are not square",
    }
    reasons = {i: (file.code, file.reason) for i, file in enumerate(stacks.files) if file.code}
    boxes: dict[int, list[int]] = {}
    for i, file in enumerate(stacks.files):
        if file.header and file.header.nx != file.header.ny:
            reasons[i] = ("stack-not-square", f"{file.header.nx} × {file.header.ny} pixels")
        elif file.header:
            boxes.setdefault(file.header.nx, []).append(i)
    rows_in = np.bincount(of_rows[of_rows >= 0], minlength=len(stacks.files))
    for code, message in messages.items():
        bad = [i for i, (its_code, _) in reasons.items() if its_code == code]
        if bad:
            examples = (f"{stacks.files[i].path}: {reasons[i][1]}" for i in bad)
            found = problem(code, f"{count_of(len(bad), 'stack')} {message}", count=len(bad), examples=examples)
            yield Fault(found, np.flatnonzero(np.isin(of_rows, bad)))
    if boxes:
        stacks.box = max(boxes, key=lambda box: rows_in[boxes[box]].sum())
        odd = sorted(i for box, files in boxes.items() if box != stacks.box for i in files)
        if odd:
            examples = (
                f"{stacks.files[i].path}: {box} pixels" for box in boxes if box != stacks.box for i in boxes[box]
            )
            message = (
                f"{count_of(len(odd), 'stack')} with another box size than the {stacks.box} pixels of most particles"
            )
            found = problem("box-mismatch", message, count=len(odd), examples=examples)
            yield Fault(found, np.flatnonzero(np.isin(of_rows, odd)))


def _row_faults(particles: Particles, stacks: Stacks) -> Iterator[Fault]:
    lengths = np.array([file.header.nz if file.header else 2**62 for file in stacks.files] + [2**62])
    of_rows = stacks.of_rows(particles)  # -1 takes the last length: no limit
    beyond = np.flatnonzero(particles.image_number > lengths[of_rows])
    if len(beyond):
        first = stacks.files[of_rows[beyond[0]]]
        message = f"{count_of(len(beyond), 'image number')} beyond the end of the stack"
        detail = f"{os.path.basename(first.path)} holds {lengths[of_rows[beyond[0]]]} images"
        fault = row_fault(particles, "image-index-out-of-range", f"{message}: {detail}", beyond)
        yield fault


def _remarks(particles: Particles, stacks: Stacks) -> Iterator[Problem]:
    longer = [file for file in stacks.files if file.header and file.header.file_bytes > file.header.expected_bytes]
    if longer:
        examples = (f"{f.path}: {f.header.file_bytes - f.header.expected_bytes} bytes more" for f in longer if f.header)
        yield problem(
            "stack-longer",
            f"{count_of(len(longer), 'stack')} longer than the header says",
            count=len(longer),
            examples=examples,
        )
    of_rows = stacks.of_rows(particles)
    rows = np.flatnonzero((of_rows >= 0) & (particles.image_number >= 0))
    keys = of_rows[rows] << 32 | particles.image_number[rows]
    order = np.argsort(keys, kind="stable")
    again = np.sort(order[1:][keys[order][1:] == keys[order][:-1]])
    if len(again):
        message = f"{count_of(len(again), 'row')} with an image that stood in an earlier row"
        examples = (particles.describe(i) for i in rows[again])
        yield problem("particle-duplicate", message, count=len(again), examples=examples)
    yield from _pixel_size_remarks(particles, stacks)


def _pixel_size_remarks(particles: Particles, stacks: Stacks) -> Iterator[Problem]:
    """Stack headers that give another pixel size than the STAR file; a header that gives none is no news."""
    files = stacks.files
    pairs = np.unique(particles.optics_index.astype(np.int64) << 32 | (stacks.of_rows(particles) & 0xFFFFFFFF))
    differing: dict[tuple[float, float], list[int]] = {}
    for pair in pairs.tolist():
        group, number = particles.optics_groups[pair >> 32], pair & 0xFFFFFFFF
        header = files[number].header if number < len(files) else None
        if header and header.pixel_size_A and group.pixel_size_A:
            size = group.pixel_size_A.value
            if abs(header.pixel_size_A - size) > _PIXEL_TOLERANCE * size:
                differing.setdefault((header.pixel_size_A, size), []).append(number)
    if differing:
        count = len({number for numbers in differing.values() for number in numbers})
        examples = (
            f"header {header:g} Å, STAR file {star:g} Å: {count_of(len(numbers), 'stack')}, e.g. {files[numbers[0]].path}"
            for (header, star), numbers in differing.items()
        )
        message = f"{count_of(count, 'stack header')} with another pixel size than the STAR file, whose value is used"
        yield problem("pixel-size-disagrees", message, count=count, examples=examples)
