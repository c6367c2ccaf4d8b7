"""The stacks behind the image names: found, their headers read, and checked against every row that uses them."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from ..parallel import map_batches
from ..particles import Fault, Particles, distinct, row_fault
from ..problems import count_of, problem
from ..progress import Progress, quiet
from .found import Found, Located, Wanted
from .header_judge import MAX_BOX, HeaderJudge
from .locate import locate_stacks
from .mrc import MrcError, MrcHeader, read_headers
from .not_located import not_located

PIXEL_TOLERANCE = 0.01
_MOST_PARTS = 10


@dataclass(frozen=True)
class Stack:
    """One stack file; `header` is None where it cannot be used: `code`, `reason` and `hint` then say why.

    `state` is the `file_state` from before the header was read.
    """

    path: str
    header: MrcHeader | None
    code: str = ""
    reason: str = ""
    hint: str = ""
    state: Hashable = None


def facts_of(header: MrcHeader) -> dict[str, int | str]:
    """What a stack is known by: in the report of an import, and when its links are repaired."""
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

    `names` are those that were looked for, in the order of `located.found`.
    `headers` has one entry for each of `Particles.optics_groups`.
    """

    files: list[Stack]
    of_name: NDArray[np.int64]
    located: Located
    names: list[str] = field(default_factory=list)
    box: int = 0
    headers: list[GroupHeaders] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def seen_by(self, particles: Particles) -> Stacks:
        """The same with the headers of the stacks that these particles use."""
        return replace(self, headers=_headers_by_group(particles, self))

    def of_rows(self, particles: Particles) -> NDArray[np.int64]:
        """(N,) number of the file of each particle; -1: none."""
        return self.of_name.take(particles.stack_index)  # unlike indexing, lets other threads run


def find_stacks(particles: Particles, data: str, progress: Progress = quiet) -> Stacks:
    """Locate every stack that a row uses, read its header and check the rows against it.

    Raises:
        Refused: The data path is no folder.
        Cancelled: `progress` said so.
    """
    used = distinct(particles.stack_index[particles.image_number >= 0])
    names = [particles.stack_names[i] for i in used]
    progress.stage("locate")
    wanted = [Wanted(particles.stack_names[i], particles.folder_of_stack(i)) for i in used]
    judge = HeaderJudge(particles, wanted, used)
    located = locate_stacks(wanted, data, progress, judge)
    progress.stage("headers")
    number: dict[tuple[int, int] | None, int] = {None: -1}  # a file has one number, whatever the path to it
    firsts: list[Found] = []
    for found in located.found:
        if found.file not in number:
            number[found.file] = len(firsts)
            firsts.append(found)
    headers = judge.headers
    unread = [(found.path, found.file_bytes) for found in firsts if found.path not in headers]
    headers |= {path: header for (path, _), header in zip(unread, map_batches(read_headers, unread, progress))}
    of_name = np.full(len(particles.stack_names), -1, np.int64)
    of_name[used] = [number[found.file] for found in located.found]
    stacks = Stacks([_stack(found, headers[found.path]) for found in firsts], of_name, located, names)
    stacks.faults = [Fault(its, _rows_of(particles, used[which])) for its, which in not_located(names, located)]
    stacks.faults += [*_file_faults(particles, stacks), *_row_faults(particles, stacks)]
    stacks.headers = _headers_by_group(particles, stacks)
    return stacks


def _stack(found: Found, header: MrcHeader | MrcError | OSError) -> Stack:
    path, state = found.path, found.state
    if isinstance(header, MrcError):
        return Stack(path, None, header.code, str(header), header.hint)
    if isinstance(header, OSError):
        return Stack(path, None, "stack-not-mrc", f"cannot be read: {header.strerror}")
    if max(header.nx, header.ny) > MAX_BOX:
        size = f"images of {header.nx} × {header.ny} pixels; no particle is wider than {MAX_BOX}"
        return Stack(path, None, "stack-not-mrc", size)
    return Stack(path, header, state=state)


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


def _file_faults(particles: Particles, stacks: Stacks) -> Iterator[Fault]:
    """Stacks that cannot be used at all, and those whose box is not the one that most particles have."""
    of_rows = stacks.of_rows(particles)
    messages = {
        "stack-empty": "without an image",
        "stack-not-mrc": "that cannot be read as particles in MRC",
        "stack-truncated": "shorter than the header says",
        "stack-not-square": "with images that are not square",
    }
    reasons = {i: (file.code, file.reason, file.hint) for i, file in enumerate(stacks.files) if file.code}
    boxes: dict[int, list[int]] = {}
    for i, file in enumerate(stacks.files):
        if file.header and file.header.nx != file.header.ny:
            reasons[i] = ("stack-not-square", f"{file.header.nx} × {file.header.ny} pixels", "")
        elif file.header:
            boxes.setdefault(file.header.nx, []).append(i)
    rows_in = np.bincount(of_rows[of_rows >= 0], minlength=len(stacks.files))
    for code, message in messages.items():
        for hint in dict.fromkeys(its_hint for its_code, _, its_hint in reasons.values() if its_code == code):
            bad = [i for i, (its_code, _, its_hint) in reasons.items() if (its_code, its_hint) == (code, hint)]
            examples = (f"{stacks.files[i].path}: {reasons[i][1]}" for i in bad)
            words = f"{count_of(len(bad), 'stack')} {message}"
            found = problem(code, words, count=len(bad), examples=examples, hint=hint or None)
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
            hint = _apart_by_box(particles, stacks)
            found = problem("box-mismatch", message, count=len(odd), examples=examples, hint=hint or None)
            yield Fault(found, np.flatnonzero(np.isin(of_rows, odd)))


def _apart_by_box(particles: Particles, stacks: Stacks) -> str:
    box_of = np.array([file.header.nx if file.header else 0 for file in stacks.files] + [0])
    groups = len(particles.optics_groups)
    pairs = distinct(box_of[stacks.of_rows(particles)] * groups + particles.optics_index)
    numbers: dict[str, set[int]] = {}
    for box, group in zip((pairs // groups).tolist(), (pairs % groups).tolist()):
        if box:
            numbers.setdefault(f"{box} pixels", set()).add(particles.optics_groups[group].id)
    return apart(numbers)


def apart(numbers: Mapping[str, set[int]]) -> str:
    """How to import parts of a file one by one; empty if their optics groups do not keep them apart.

    Args:
        numbers: What each part is called → the numbers of its optics groups.
    """
    if len(numbers) < 2 or sum(map(len, numbers.values())) > len(set().union(*numbers.values())):
        return ""
    ways = (f"--select optics-group={','.join(map(str, sorted(ids)))} ({part})" for part, ids in numbers.items())
    return f"Import them one by one: {'; '.join(islice(ways, _MOST_PARTS))}{' …' * (len(numbers) > _MOST_PARTS)}"


def _row_faults(particles: Particles, stacks: Stacks) -> Iterator[Fault]:
    lengths = np.array([file.header.nz if file.header else 2**62 for file in stacks.files] + [2**62])
    of_rows = stacks.of_rows(particles)  # -1 takes the last length: no limit
    beyond = np.flatnonzero(particles.image_number > lengths[of_rows])
    if len(beyond):
        first = stacks.files[of_rows[beyond[0]]]
        detail = f"{os.path.basename(first.path)} holds {count_of(int(lengths[of_rows[beyond[0]]]), 'image')}"
        yield row_fault(
            particles, "image-index-out-of-range", ("image number", f"beyond the end of the stack: {detail}"), beyond
        )
