"""Trimming rules, with which names of exposures and of micrographs become equal, and a search for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..names import Names, basename, cut, parts, uid_length
from .trim_doubts import NamesVerdict, Parts, judge_names

#: by how many pairs rules are judged
PAIRS_JUDGED = 400


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
        name = basename(path)
        uid = uid_length(name) if self.remove_leading_uid else 0
        return _parts(name, uid + self.exposure_cut_prefix, self.exposure_cut_suffix)

    def particle_parts(self, path: str) -> Parts:
        """The same of a micrograph."""
        return _parts(basename(path), self.particle_cut_prefix, self.particle_cut_suffix)

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
    it is, so micrographs of one basename belong to one exposure, and are reported.
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
        of_several_folders(micrographs, exposure_of),
    )


def of_several_folders(micrographs: Names, exposure_of: NDArray[np.int64]) -> list[tuple[str, ...]]:
    """As `Match.elsewhere`."""
    if len(set(micrographs.basenames)) == len(micrographs):
        return []
    linked: dict[tuple[str, int], dict[tuple[str, ...], str]] = {}
    for name, path, exposure in zip(micrographs.basenames, micrographs, exposure_of.tolist()):
        if exposure >= 0:
            linked.setdefault((name, exposure), {}).setdefault(parts(path), path)
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


def tell_one_from_other(match: Match, rules: TrimRules) -> str:
    """What to do where names are ambiguous or merged: a hint that fits the first of them."""
    if not match.ambiguous:
        off = _what_is_off(*(rules.particle_parts(name) for name in match.merged[0][:2]))
        return f"Different micrographs became one name: cut fewer characters off the micrographs ({off} differ)."
    paths = match.ambiguous[0][:2]
    if basename(paths[0]) == basename(paths[1]):
        return (
            "The exposures come from several folders, and a name does not say from which: give only the exposures of "
            "the session that the particles come from, and import the particles of each session by itself."
        )
    one, other = (rules.exposure_parts(path) for path in paths)
    if (one[0][uid_length(one[0]) :], one[2]) == (other[0][uid_length(other[0]) :], other[2]):
        return (
            "These exposures differ in nothing but their UID: a movie was imported twice, or two sessions have the "
            "same names. Give only the exposures of one import, or of the session that the particles come from."
        )
    return (
        f"What is cut off tells these exposures apart ({_what_is_off(one, other)}): cut less on both sides, or, if the "
        "micrographs do not have it in their names, give only the exposures of one session."
    )


def _what_is_off(one: Parts, other: Parts) -> str:
    return f"“{one[0]}…{one[2]}” and “{other[0]}…{other[2]}”"


def judge_matches(
    exposures: Sequence[str], micrographs: Sequence[str], exposure_of: NDArray[np.int64], rules: TrimRules
) -> NamesVerdict:
    """Judge rules by some of all matches; see `judge_names`.

    Args:
        exposure_of: (micrographs,), as in `Match`.
    """
    some = evenly(np.flatnonzero(exposure_of >= 0), PAIRS_JUDGED).tolist()
    return judge_pairs(rules, [(micrographs[number], exposures[exposure_of[number]]) for number in some])


def doubt_matches(
    exposures: Sequence[str], micrographs: Sequence[str], exposure_of: NDArray[np.int64], rules: TrimRules
) -> str:
    """Why micrographs and the exposures that they match by these rules may be different ones.

    Args as of `judge_matches`.
    """
    if not rules.characters_cut and not rules.remove_leading_uid:
        return ""
    return judge_matches(exposures, micrographs, exposure_of, rules).concerns


def judge_pairs(rules: TrimRules, pairs: Sequence[tuple[str, str]], tolerated: float = 0.01) -> NamesVerdict:
    """Judge rules by pairs of a micrograph and an exposure that they make equal; see `judge_names`."""
    return judge_names(
        [rules.particle_parts(micrograph) for micrograph, _ in pairs],
        [rules.exposure_parts(exposure) for _, exposure in pairs],
        tolerated,
    )


def evenly(numbers: NDArray[np.int64], at_most: int) -> NDArray[np.int64]:
    """All of the numbers, or so many of them, from first to last."""
    return numbers[np.linspace(0, len(numbers) - 1, min(len(numbers), at_most)).astype(int)]
