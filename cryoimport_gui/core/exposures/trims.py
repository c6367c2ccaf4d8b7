"""Trimming rules, with which names of exposures and of micrographs become equal, and a search for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..names import Names, cut, parts, without_uids
from .hashed_names import HashedNames
from .trim_doubts import Parts, doubts
from .trim_search import align_names, nearest_names

_NEAREST_SHOWN = 5
_PAIRS_DOUBTED = 100
_MAX_NAME = 255  # characters: no file system has longer names, and the search takes memory for the longest


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
    number_of, ambiguous = _owners(exposures, rules.exposure_names(exposures))
    trimmed = rules.particle_names(micrographs)
    owners, merged = _owners(micrographs.basenames, trimmed)
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


def _owners(paths: Sequence[str], trimmed: Sequence[str]) -> tuple[dict[str, int], dict[str, dict[str, None]]]:
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


def doubt_links(
    exposures: Sequence[str], micrographs: Sequence[str], exposure_of: NDArray[np.int64], rules: TrimRules
) -> str:
    """Why micrographs and the exposures that they match by these rules may be different ones; see `doubts`.

    Args:
        exposure_of: (micrographs,), as in `Match`.
    """
    linked = np.flatnonzero(exposure_of >= 0)
    if not rules.characters_cut and not rules.remove_leading_uid or not len(linked):
        return ""
    some = linked[np.linspace(0, len(linked) - 1, min(len(linked), _PAIRS_DOUBTED)).astype(int)]
    return doubts(
        [rules.particle_parts(micrographs[number]) for number in some.tolist()],
        [rules.exposure_parts(exposures[number]) for number in exposure_of[some].tolist()],
    )


@dataclass(frozen=True)
class Suggestion:
    """The rules found, or None; how many of `total` different micrograph names they match; and why, in words.

    nearest: basenames of some unmatched micrographs, each with the most similar basename of an exposure.
    """

    rules: TrimRules | None
    matched: int
    total: int
    explanation: str
    nearest: list[tuple[str, str]]


def suggest_trims(exposures: Sequence[str], micrographs: Sequence[str]) -> Suggestion:
    """Find the rules that match the most micrographs.

    No rule is proposed that makes two different basenames equal, or one empty, on either side.  Among rules
    that match equally many names the one that cuts the fewest characters wins, then the one that leaves UIDs
    alone.  If some rule matches every micrograph, then the rule found does.
    """
    exposures = Names.of(exposures)
    all_names = set(Names.of(micrographs).basenames)
    names, sources = (Names.bare(sorted(some - {""})) for some in (all_names, set(exposures.basenames)))
    total = len(all_names)  # one that is empty counts, and matches nothing
    if not names or not sources:
        missing = "micrographs" if not names else "exposures"
        return Suggestion(None, 0, total, f"There are no {missing} to match.", [])
    longest = max((*names, *sources), key=len)
    if len(longest) > _MAX_NAME:
        reason = f"a name of {len(longest)} characters, {longest[:40]}…, is no file name"
        return Suggestion(None, 0, total, f"No rule is proposed: {reason}.", [])
    matched, rules = _search(sources, names)
    remarks = []
    if rules is not None:
        some = Names.bare(names[:: -(-len(names) // _PAIRS_DOUBTED)])
        number_of = dict(zip(rules.exposure_names(sources), range(len(sources))))  # all different
        exposure_of = np.array([number_of.get(name, -1) for name in rules.particle_names(some)])
        remarks = [doubt_links(sources, some, exposure_of, rules)]
    nearest = _nearest_unmatched(sources, names, rules) if matched < len(names) else []
    if rules is not None and len(sources) < len(exposures):
        # Exposures of one name in several folders were one in the search, and are none that can be linked.
        match = match_names(exposures, names, rules)
        matched = int((match.exposure_of >= 0).sum())
        remarks.append(_tell_twice(match.ambiguous))
        if not matched:
            return Suggestion(None, 0, total, f"No rule is proposed: {remarks[-1]}.", nearest)
    explanation = " But ".join([_explain(rules, matched, total, sources, names), *(f"{r}." for r in remarks if r)])
    return Suggestion(rules, matched, total, explanation, nearest)


def _tell_twice(ambiguous: list[tuple[str, ...]]) -> str:
    if not ambiguous:
        return ""
    names = "1 name belongs" if len(ambiguous) == 1 else f"{len(ambiguous):,} names belong"
    return f"{names} to several exposures, as to {' and '.join(ambiguous[0][:2])}"


def _nearest_unmatched(exposures: Names, micrographs: Names, rules: TrimRules | None) -> list[tuple[str, str]]:
    """Some micrographs, each with the most similar of the exposures that are left.

    UIDs, which are longer than what tells names apart, are left aside.
    """
    of_names = match_names(exposures, micrographs, rules).exposure_of.tolist() if rules else [-1] * len(micrographs)
    taken = set(of_names)
    others = [name for number, name in enumerate(exposures) if number not in taken] or exposures
    names = [name for name, number in zip(micrographs, of_names) if number < 0][:_NEAREST_SHOWN]
    bare = dict(zip(without_uids(others), others))
    pairs = nearest_names(without_uids(names), list(bare))
    return [(name, bare[other]) for name, (_, other) in zip(names, pairs)]


def _search(exposures: Names, micrographs: Names) -> tuple[int, TrimRules | None]:
    """How many micrographs the best rules match, and the rules."""
    # A few names out of many can agree by accident once they are cut, never when they are whole.
    fewer = min(len(exposures), len(micrographs))
    by_accident = max(fewer // 10, min(fewer // 2, 10))
    found: list[tuple[int, TrimRules]] = []
    wanted, whole = HashedNames(micrographs), HashedNames(exposures)
    uid_lengths = {len(name) - len(bare) for name, bare in zip(exposures, exposures.without_uid)}
    uid_length = max(uid_lengths) if len(uid_lengths) == 1 else 0
    for remove_uid in [False, True] if any(uid_lengths) else [False]:
        sources = exposures.without_uid if remove_uid else exposures.basenames
        distinct = set(sources)
        if len(distinct) < len(sources) or "" in distinct:
            continue
        if equal := len(distinct.intersection(micrographs)):
            found.append((equal, TrimRules(remove_uid)))
        hashed, max_front = whole, None
        if uid_length and not remove_uid:
            max_front = uid_length - 1  # larger cuts are those that are found without UIDs
        elif remove_uid:
            hashed = whole.without_front(uid_length) if uid_length else HashedNames(sources)
        if len(micrographs) <= len(sources):
            count, cuts = align_names(hashed, wanted, max_front)
        else:
            count, cuts = align_names(wanted, hashed)
            cuts = cuts[2:] + cuts[:2]
        rules = TrimRules(remove_uid, *cuts)
        if count > by_accident and (count > 1 or _leaves_a_name(rules, micrographs[0])):
            found.append((count, rules))
    return max(found, key=lambda f: (f[0], -f[1].characters_cut), default=(0, None))


def _leaves_a_name(rules: TrimRules, micrograph: str) -> bool:
    """Whether something is left of the name itself: an extension alone makes any two single files equal."""
    stem = micrograph.rpartition(".")[0] or micrograph
    return any(
        letter.isalnum() for letter in stem[rules.particle_cut_prefix : len(micrograph) - rules.particle_cut_suffix]
    )


def _explain(rules: TrimRules | None, matched: int, total: int, exposures: Names, micrographs: Names) -> str:
    if rules is None:
        return _explain_none(exposures)
    names = exposures.without_uid if rules.remove_leading_uid else exposures.basenames
    steps = [
        "remove the leading UID of the exposures" if rules.remove_leading_uid else "",
        *_tell_cuts("exposures", names, rules.exposure_cut_prefix, rules.exposure_cut_suffix),
        *_tell_cuts("micrographs", micrographs, rules.particle_cut_prefix, rules.particle_cut_suffix),
    ]
    matches = f"Matches {matched} of {total} micrograph{'' if total == 1 else 's'}"
    if not any(steps):
        return f"{matches}: the names are equal as they are."
    example = rules.particle_name(micrographs[0])
    return f"{matches}: {'; '.join(filter(None, steps))}. Of {micrographs[0]} this leaves “{example}”."


def _tell_cuts(side: str, names: list[str], front: int, back: int) -> Iterator[str]:
    for end, count, part in ("front", front, slice(front)), ("end", back, slice(-back, None)):
        if count:
            characters = "character" if count == 1 else "characters"
            removed = names[0][part]
            what = f" (“{removed}”)" if all(name[part] == removed for name in names) else ""
            yield f"cut {count} {characters} from the {end} of the {side}{what}"


def _explain_none(exposures: Names) -> str:
    _, shared = _owners(exposures, exposures.without_uid)
    for first, second, *_ in shared.values():
        return (
            f"No rule is proposed: without their UIDs the exposures {first} and {second} would have one "
            "name. Has a movie been imported twice?"
        )
    return (
        "No rule is proposed: cutting the ends of the names does not make them equal, or only by making "
        "different names equal too. They differ elsewhere, or these are other micrographs."
    )
