"""By what the rows of a file are most often chosen: class, half-set and optics group, with how many rows each has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..conditions import OPTICS_GROUP
from ..particles import Particles

_TITLES = {"class_number": "Class", "random_subset": "Half-set"}
_MOST_VALUES = 1000


@dataclass(frozen=True)
class Choice:
    """A column as conditions name it, its title, and value → rows, ascending; `labels` are values in words."""

    column: str
    title: str
    rows: dict[str, int]
    labels: dict[str, str]


def choices(particles: Particles) -> list[Choice]:
    """Those columns in which rows differ; of all rows of a file.  Values that are no whole numbers are left out."""
    found = []
    for name, title in _TITLES.items():
        values = getattr(particles, name)
        if values is not None:
            whole = values[(values >= 0) & (values < _MOST_VALUES)]
            counts = np.bincount(whole.astype(np.int64))
            rows = {str(i): int(counts[i]) for i in np.flatnonzero(counts).tolist()}
            found.append(Choice(particles.column_names.get(name, name), title, rows, {}))
    # One number can stand for several groups, where single particles have microscope values of their own.
    of_group: dict[str, int] = {}
    names: dict[str, str] = {}
    for group in particles.optics_groups:
        of_group[str(group.id)] = of_group.get(str(group.id), 0) + group.particles
        names[str(group.id)] = f"{group.id}: {group.name}"
    found.append(Choice(OPTICS_GROUP, "Optics group", {value: n for value, n in of_group.items() if n}, names))
    return [choice for choice in found if len(choice.rows) > 1]
