"""What every reader hands out."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..particles import Fault, Particles
from ..problems import Problem


@dataclass(frozen=True)
class Reading:
    """A file of particles: all rows, the rows that cannot be imported, and what else the user should know."""

    particles: Particles
    faults: list[Fault] = field(default_factory=list)
    remarks: list[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class RawRows:
    """Some rows of a table as they stand in the file: the table's name, its column labels, one text a row."""

    table: str
    labels: list[str]
    rows: list[bytes]
