"""The only door for files of particles: what is this file, and what does it say?

The content decides, never the name.  Another format is a reader that returns a `Reading` and an entry in `FORMATS`;
nothing outside of this room changes.  A folder, or a wildcard, stands for all the files of picks in it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from stat import S_ISREG

import numpy as np

from ..particles import InputFile
from ..problems import Refused, refuse
from ..progress import Progress, quiet
from . import cistem, coordinates, pick_search, relion
from .join import join
from .joined_star import RowsOfFile, joined_star
from .other_files import OTHER_FILES
from .reading import RawRows, Reading

_HEAD_BYTES = 1 << 16


@dataclass(frozen=True)
class Format:
    """One kind of file.

    recognises: The first bytes of a file (64 kB at most; none of a pipe or a folder) → whether it is of this kind.
    read: Path, progress and columns that are wanted besides (name → whether as numbers) → `Reading`; raises Refused.
    lines_are_rows: Whether each row is one line of text.
    joined: Rows of several such files → the text of one file; None: there is no such text.
    raw_rows: Path and ascending line numbers → those rows as they stand in the file; None: such a file has no rows of
        text.  Raises Refused.
    """

    name: str
    recognises: Callable[[bytes], bool]
    read: Callable[[str, Progress, Mapping[str, bool]], Reading]
    raw_rows: Callable[[str, Sequence[int]], RawRows] | None = None
    lines_are_rows: bool = False
    joined: Callable[[Sequence[RowsOfFile], Progress], Iterator[bytes] | None] | None = None


_PICKS = Format("picks", coordinates.recognises, coordinates.read_coordinates)

#: tried in this order; RELION's reader comes last, as it says best what is wrong with a file that is no STAR file
FORMATS: list[Format] = [
    Format("cisTEM", cistem.recognises_cistem, cistem.read_cistem, cistem.raw_cistem_rows, lines_are_rows=True),
    _PICKS,
    *(Format(other.name, other.recognises, other.refuse) for other in OTHER_FILES),
    Format(
        "RELION STAR",
        lambda head: True,
        relion.read_particles,
        relion.raw_rows,
        lines_are_rows=True,
        joined=joined_star,
    ),
]


def format_of(path: str) -> Format:
    """The format of a file, by its content.

    Raises:
        Refused: No format takes it.
    """
    if pick_search.is_set_of_files(path):
        return _PICKS
    head = _head(path)
    for one in FORMATS:
        if one.recognises(head):
            return one
    raise refuse("meta-not-star", f"{os.path.basename(path)} is no file of particles that can be read")


def read(paths: Sequence[str], progress: Progress = quiet, columns: Mapping[str, bool] | None = None) -> Reading:
    """All that files of particles say.

    Args:
        paths: One file or more, see `inputs.input_files`.
        columns: Columns by the files' own names that are wanted in `Reading.columns`, and whether as numbers.

    Raises:
        Refused: A file cannot be read, or is no file of particles.
        Cancelled: `progress` said so.
    """
    if len(paths) == 1:
        return _read_one(paths[0], progress, columns or {})
    if all(format_of(path) is _PICKS for path in paths):
        return _picks_of_several(paths, progress, columns or {})
    return join([_read_of_several(path, progress, columns or {}) for path in paths])


def _read_one(path: str, progress: Progress, columns: Mapping[str, bool]) -> Reading:
    reading = format_of(path).read(path, progress, columns)
    reading.particles.files = (InputFile(path, len(reading.particles)),)
    for group in reading.particles.optics_groups:
        group.file = os.path.abspath(path)
    return reading


def _picks_of_several(paths: Sequence[str], progress: Progress, columns: Mapping[str, bool]) -> Reading:
    """Thousands of small files, which are read at once."""
    reading = coordinates.read_coordinates(paths, progress, columns)
    particles = reading.particles
    counts = np.bincount(particles.stack_index, minlength=len(particles.stack_names)).tolist()
    particles.files = tuple(InputFile(path, count) for path, count in zip(particles.stack_names, counts))
    return reading


def _read_of_several(path: str, progress: Progress, columns: Mapping[str, bool]) -> Reading:
    """The same; what is wrong is said of this file by name."""
    try:
        return _read_one(path, progress, columns)
    except Refused as refused:
        found, name = refused.problem, os.path.basename(path)
        if name in found.message:
            raise
        raise Refused(replace(found, message=f"{name}: {found.message}")) from None


def _head(path: str) -> bytes:
    try:
        if not S_ISREG(os.stat(path).st_mode):
            return b""
        with open(path, "rb") as file:
            return file.read(_HEAD_BYTES)
    except (OSError, ValueError):
        return b""  # the reader says why
