"""The stacks behind the image names: found, their headers read, and checked against every row that uses them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..parallel import map_batches
from ..particles import Fault, Particles, distinct, row_fault
from ..problems import count_of, problem
from ..progress import Progress, quiet
from .locate import EACH_ONCE, Located, locate_stacks
from .mrc import MrcError, MrcHeader, read_headers

PIXEL_TOLERANCE = 0.01
#: pixels along a side; the largest viruses need half of that, and whole images must fit into memory
MAX_BOX = 4096


@dataclass(frozen=True)
class Stack:
    """One stack file; `header` is None where it cannot be used, and `code` and `reason` then say why."""

    path: str
    header: MrcHeader | None
    code: str = ""
    reason: str = ""


def facts_of(header: MrcHeader) -> dict[str, int | str]:
    """What a stack is known by: in the report of an import, and when its links are mended."""
    sizes = {"images": header.nz, "box": header.nx, "bytes": header.file_bytes}
    return sizes | {"statistics": header.statistics.hex()}


@dataclass
class GroupHeaders:
    """What the headers of one optics group's stacks say: boxes, and pixel sizes with the stacks that give each.

    A header that gives no pixel size is left out.
    """

    stacks: int = 0
    boxes: list[int] = field(default_factory=list)
    pixel_sizes_A: dict[float, list[int]] = field(default_factory=dict)

    @property
    def pixel_size_A(self) -> float | None:
        """That of most stacks."""
        return max(self.pixel_sizes_A, key=lambda size: len(self.pixel_sizes_A[size]), default=None)

    def other_than(self, pixel_size_A: float) -> dict[float, list[int]]:
        """The pixel sizes that are more than 1 % off."""
        tolerance = PIXEL_TOLERANCE * pixel_size_A
        return {size: stacks for size, stacks in self.pixel_sizes_A.items() if abs(size - pixel_size_A) > tolerance}


@dataclass
class Stacks:
    """The distinct stack files, and for each name of `Particles.stack_names` the number of its file (-1: none).

    `headers` has one entry for each of `Particles.optics_groups`.
    """

    files: list[Stack]
    of_name: NDArray[np.int64]
    located: Located
    box: int = 0
    headers: list[GroupHeaders] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def of_rows(self, particles: Particles) -> NDArray[np.int64]:
        """(N,) number of the file of each particle; -1: none."""
        return self.of_name.take(particles.stack_index)  # unlike indexing, lets other threads run


def find_stacks(particles: Particles, meta: str, data: str, progress: Progress = quiet) -> Stacks:
    """Locate every stack that a row uses, read its header and check the rows against it.

    Raises:
        Refused: The data path is no folder.
        Cancelled: `progress` said so.
    """
    used = distinct(particles.stack_index[particles.image_number >= 0])
    names = [particles.stack_names[i] for i in used]
    progress.stage("locate")
    located = locate_stacks(names, meta, data, progress)
    progress.stage("headers")
    sizes = {found.path: found.file_bytes for found in located.found if found.path}
    files = list(map_batches(_check, list(sizes.items()), progress))
    number = {path: i for i, path in enumerate(sizes)}
    of_name = np.full(len(particles.stack_names), -1, np.int64)
    of_name[used] = [number.get(found.path, -1) for found in located.found]
    stacks = Stacks(files, of_name, located)
    stacks.faults = [*_location_faults(particles, names, used, located), *_file_faults(particles, stacks)]
    stacks.faults += _row_faults(particles, stacks)
    stacks.headers = _headers_by_group(particles, stacks)
    return stacks


def _check(files: Sequence[tuple[str, int]]) -> list[Stack]:
    return [_stack(path, found) for (path, _), found in zip(files, read_headers(files))]


def _stack(path: str, found: MrcHeader | MrcError | OSError) -> Stack:
    if isinstance(found, MrcError):
        return Stack(path, None, found.code, str(found))
    if isinstance(found, OSError):
        return Stack(path, None, "stack-not-mrc", f"cannot be read: {found.strerror}")
    if max(found.nx, found.ny) > MAX_BOX:
        size = f"images of {found.nx} × {found.ny} pixels; no particle is wider than {MAX_BOX}"
        return Stack(path, None, "stack-not-mrc", size)
    return Stack(path, found)


def _headers_by_group(particles: Particles, stacks: Stacks) -> list[GroupHeaders]:
    out = [GroupHeaders() for _ in particles.optics_groups]
    files = np.int64(len(stacks.files) + 1)
    pairs = np.unique(particles.optics_index * files + stacks.of_rows(particles) + 1)
    for pair in pairs.tolist():
        headers, number = out[pair // files], int(pair % files) - 1
        header = stacks.files[number].header if number >= 0 else None
        if header:
            headers.stacks += 1
            if header.nx not in headers.boxes:
                headers.boxes.append(header.nx)
            if header.pixel_size_A:
                headers.pixel_sizes_A.setdefault(header.pixel_size_A, []).append(number)
    return out


def _rows_of(particles: Particles, names: NDArray[np.integer]) -> NDArray[np.int64]:
    return np.flatnonzero(np.isin(particles.stack_index, names) & (particles.image_number >= 0))


def _location_faults(
    particles: Particles, names: list[str], used: NDArray[np.integer], located: Located
) -> Iterator[Fault]:
    missing = [i for i, found in enumerate(located.found) if found.is_missing]
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
    rivals = [i for i, found in enumerate(located.found) if found.rivals]
    if rivals:
        examples = (" and ".join([names[i], *located.found[i].rivals]) for i in rivals)
        message = f"{count_of(len(rivals), 'stack')} for which there is only a file that another could be as well"
        found = problem("stack-ambiguous", message, count=len(rivals), examples=examples, hint=EACH_ONCE)
        yield Fault(found, _rows_of(particles, used[rivals]))


def _file_faults(particles: Particles, stacks: Stacks) -> Iterator[Fault]:
    """Stacks that cannot be used at all, and those whose box is not the one that most particles have."""
    of_rows = stacks.of_rows(particles)
    messages = {
        "stack-empty": "without an image",
        "stack-not-mrc": "that cannot be read as particles in MRC",
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
        detail = f"{os.path.basename(first.path)} holds {lengths[of_rows[beyond[0]]]} images"
        yield row_fault(
            particles, "image-index-out-of-range", ("image number", f"beyond the end of the stack: {detail}"), beyond
        )
