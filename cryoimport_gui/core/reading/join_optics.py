"""The optics groups of several files as those of one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count

import numpy as np
from numpy.typing import NDArray

from ..names import Names
from ..particles import MICROSCOPE_VALUES, OpticsGroup, Particles
from ..problems import Problem, count_of, problem


@dataclass(frozen=True)
class JoinedOptics:
    """The groups of all files.

    index: For each file, (its groups,) their positions in `groups`.
    numbers: For each file, the number of a group in the file → its number here.
    """

    groups: list[OpticsGroup]
    index: list[NDArray[np.int32]]
    numbers: list[dict[int, int]]

    def renumbered(self, parts: Sequence[Particles]) -> Iterator[Problem]:
        """Says which file's group became which."""
        files = Names(part.files[0].path for part in parts).told_apart
        names = [{group.id: group.name for group in part.optics_groups} for part in parts]
        changed = [
            f"{file}: group {number} ({named[number]}) became {new}"
            for file, named, numbers in zip(files, names, self.numbers)
            for number, new in numbers.items()
            if number in named and new != number
        ]
        if changed:
            message = f"{count_of(len(changed), 'optics group')} with another number than in the file"
            yield problem("optics-groups-renumbered", message, count=len(changed), examples=changed)


def join_optics(parts: Sequence[Particles]) -> JoinedOptics:
    """Groups of equal name and equal values are one.

    Of groups that differ, the first in the order of the files keeps its number; the others keep theirs where it is
    free, and else take the smallest one that is.
    """
    families = [(at, number, family) for at, part in enumerate(parts) for number, family in _families(part)]
    number_of: dict[str, int] = {}
    taken: set[int] = set()
    for _, number, family in families:
        key = _meaning(family)
        if key not in number_of and number not in taken:
            number_of[key] = number
            taken.add(number)
    free = (number for number in count(1) if number not in taken.union(*(part.listed_groups for part in parts)))
    for _, _, family in families:
        if (key := _meaning(family)) not in number_of:
            number_of[key] = next(free)
    numbers: list[dict[int, int]] = [{number: number for number in part.listed_groups} for part in parts]
    for at, number, family in families:
        numbers[at][number] = number_of[_meaning(family)]

    groups: list[OpticsGroup] = []
    known: dict[tuple[int, str], int] = {}
    index = []
    for at, part in enumerate(parts):
        places = []
        for group in part.optics_groups:
            number = numbers[at][group.id] if group.is_listed else group.id
            key_of_group = number, _meaning([group])
            if key_of_group not in known:
                known[key_of_group] = len(groups)
                groups.append(replace(group, id=number, particles=0))
            groups[known[key_of_group]].particles += group.particles
            places.append(known[key_of_group])
        index.append(np.array(places, np.int32))
    return JoinedOptics(groups, index, numbers)


def _families(part: Particles) -> Iterator[tuple[int, list[OpticsGroup]]]:
    """The groups of each number: several where single rows of a group have values of their own."""
    listed = [group for group in part.optics_groups if group.is_listed]
    for number in dict.fromkeys(group.id for group in listed):
        yield number, [group for group in listed if group.id == number]


def _meaning(family: Sequence[OpticsGroup]) -> str:
    """The same text for groups that say the same, whatever their numbers and wherever the values stand."""
    return "\n".join(sorted(map(_one_meaning, family)))


def _one_meaning(group: OpticsGroup) -> str:
    values = [getattr(group, name) for name in [*MICROSCOPE_VALUES, "picked_pixel_size_A"]]
    return repr(
        (
            group.name,
            group.is_listed,
            [value and value.value for value in values],
            group.file_pixel_size_A,
            group.image_size_px,
            group.ctf_corrected,
            sorted(group.aberrations.items()),
            sorted(group.unusable.items()),
        )
    )
