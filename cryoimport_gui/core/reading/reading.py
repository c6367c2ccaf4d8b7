"""What every reader hands out."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..particles import Particles, RowFault
from ..problems import Problem


@dataclass(frozen=True)
class TextColumn:
    """Row i says `values[codes[i]]`; each value stands once."""

    values: Sequence[str]
    codes: NDArray[np.int32]


#: a column of a file: numbers (nan where the text is none), or text
FileColumn = NDArray[np.float64] | TextColumn


@dataclass(frozen=True)
class Reading:
    """A file of particles: all rows, the rows that cannot be imported, and what else the user should know.

    enabled: (N,) false for rows that the program which wrote the file switched off; None: it knows no such thing.
    columns: the columns that were asked for by name; those that the file lacks are absent.
    files: where the rows stand in other files than the one that was named: each of them, and its `file_state` from
        before it was read.
    labels: the columns of the particles and of the optics groups, of a STAR file whose rows can stand in one table with
        those of another; None of any other file.
    """

    particles: Particles
    faults: list[RowFault] = field(default_factory=list)
    remarks: list[Problem] = field(default_factory=list)
    enabled: NDArray[np.bool_] | None = None
    columns: dict[str, FileColumn] = field(default_factory=dict)
    files: Mapping[str, Hashable] = field(default_factory=dict)
    labels: tuple[Sequence[str], Sequence[str]] | None = None


@dataclass(frozen=True)
class RawRows:
    """Some rows of a table as they stand in the file: the table's name, its column labels, one text a row."""

    table: str
    labels: list[str]
    rows: list[bytes]
