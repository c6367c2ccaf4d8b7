"""Trimming rules, with which names of exposures and of micrographs become equal, and a search for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..names import Names, cut, parts, without_uids
from .trim_doubts import Parts, doubts

PAIRS_DOUBTED = 100


@dataclass(frozen=True)
class TrimRules:
    """What is taken off the basenames, with their extension, before they must be equal.

    The cuts are numbers of characters.  A name shorter than its cuts becomes empty and matches nothing.
    """

    remove_leading_uid: bool = False
    exposure_cut_prefix: int = 0
    exposure_cut_suffix: int = 0
    particle_cut_prefix: int = 0
    particle_cut_suffix: int = 0

    def exposure_name(self, path: str) -> str:
        """The trimmed name of an exposure: a leading `<digits>_` goes first, if asked for, then the cuts."""
        return self.exposure_names(Names([path]))[0]

    def particle_name(self, path: str) -> str:
        """The trimmed name of a micrograph as the particles name it (rlnMicrographName)."""
        return self.particle_names(Names([path]))[0]

    def exposure_names(self, paths: Names) -> list[str]:
        """The trimmed names of all exposures."""
        names = paths.without_uid if self.remove_leading_uid else paths.basenames
        return cut(names, self.exposure_cut_prefix, self.exposure_cut_suffix)

    def particle_names(self, paths: Names) -> list[str]:
        """The trimmed names of all micrographs."""
        return cut(paths.basenames, self.particle_cut_prefix, self.particle_cut_suffix)

    def exposure_parts(self, path: str) -> Parts:
        """What is cut off the front of an exposure's basename (its UID too), what is left, what is cut off the end."""
        (name,) = Names([path]).basenames
        uid = len(name) - len(without_uids([name])[0]) if self.remove_leading_uid else 0
        return _parts(name, uid + self.exposure_cut_prefix, self.exposure_cut_suffix)

    def particle_parts(self, path: str) -> Parts:
        """The same of a micrograph."""
        return _parts(Names([path]).basenames[0], self.particle_cut_prefix, self.particle_cut_suffix)

    @property
    def characters_cut(self) -> int:
        return self.exposure_cut_prefix + self.exposure_cut_suffix + self.particle_cut_prefix + self.particle_cut_suffix


def _parts(name: str, front: int, back: int) -> Parts:
    head = min(front, len(name))
    tail = len(name) - min(back, len(name) - head)
    return name[:head], name[head:tail], name[tail:]


@dataclass(frozen=True)
class Match:
    """Which exposure each micrograph belongs to.

    exposure_of: (micrographs,), number of the exposure, -1 where there is none or more than one.
    ambiguous: paths of exposures that share one trimmed name which a micrograph has too.
    merged: different basenames of micrographs that became one trimmed name which an exposure has too.
    elsewhere: paths of micrographs that have one basename and different folders, and so the same exposure.

    Two RELION jobs put one micrograph into two folders; two grids, two micrographs of one name.  No name tells which
    it is, so micrographs of one basename belong to one exposure, and are told.
    """

    exposure_of: NDArray[np.int64]
    ambiguous: list[tuple[str, ...]]
    merged: list[tuple[str, ...]]
    elsewhere: list[tuple[str, ...]]


def match_names(exposures: Sequence[str], micrographs: Sequence[str], rules: TrimRules) -> Match:
    """Match micrographs to exposures by their trimmed names; paths that are given twice, in any form, count once."""
    exposures, micrographs = Names.of(exposures), Names.of(micrographs)
    number_of, ambiguous = owners_of(exposures, rules.exposure_names(exposures))
    trimmed = rules.particle_names(micrographs)
    owners, merged = owners_of(micrographs.basenames, trimmed)
    exposure_of = np.array([-1 if name in ambiguous else number_of.get(name, -1) for name in trimmed], np.int64)
    return Match(
        exposure_of,
        [tuple(ambiguous[name]) for name in owners if name in ambiguous],
        [tuple(merged[name]) for name in owners if name in merged and name in number_of],
        _elsewhere(micrographs, exposure_of),
    )


def _elsewhere(micrographs: Names, exposure_of: NDArray[np.int64]) -> list[tuple[str, ...]]:
    if len(set(micrographs.basenames)) == len(micrographs):
        return []
    linked: dict[str, dict[tuple[str, ...], str]] = {}
    for name, path, exposure in zip(micrographs.basenames, micrographs, exposure_of.tolist()):
        if exposure >= 0:
            linked.setdefault(name, {}).setdefault(parts(path), path)
    return [tuple(paths.values()) for paths in linked.values() if len(paths) > 1]


def owners_of(paths: Sequence[str], trimmed: Sequence[str]) -> tuple[dict[str, int], dict[str, dict[str, None]]]:
    """The first path with each trimmed name, by its number, and all different paths where there are several.

    A name of which nothing is left belongs to nobody.
    """
    owners: dict[str, int] = {}
    shared: dict[str, dict[str, None]] = {}
    for number, name in enumerate(trimmed):
        first = owners.setdefault(name, number)
        if first != number and parts(paths[first]) != parts(paths[number]):
            shared.setdefault(name, {paths[first]: None})[paths[number]] = None
    owners.pop("", None)
    return owners, shared


def doubt_matches(
    exposures: Sequence[str], micrographs: Sequence[str], exposure_of: NDArray[np.int64], rules: TrimRules
) -> str:
    """Why micrographs and the exposures that they match by these rules may be different ones; see `doubts`.

    Args:
        exposure_of: (micrographs,), as in `Match`.
    """
    linked = np.flatnonzero(exposure_of >= 0)
    if not rules.characters_cut and not rules.remove_leading_uid or not len(linked):
        return ""
    some = linked[np.linspace(0, len(linked) - 1, min(len(linked), PAIRS_DOUBTED)).astype(int)]
    return doubts(
        [rules.particle_parts(micrographs[number]) for number in some.tolist()],
        [rules.exposure_parts(exposures[number]) for number in exposure_of[some].tolist()],
    )
