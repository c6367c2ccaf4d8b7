"""Trimming rules that are found by a search, with the reasons in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..names import Names, without_uids
from .hashed_names import HashedNames
from .trim_search import align_names, nearest_names
from .trims import PAIRS_DOUBTED, TrimRules, doubt_matches, match_names, owners_of

_NEAREST_SHOWN = 5


_MAX_NAME = 255  # characters: no file system has longer names, and the search takes memory for the longest


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
        some = Names.bare(names[:: -(-len(names) // PAIRS_DOUBTED)])
        number_of = dict(zip(rules.exposure_names(sources), range(len(sources))))  # all different
        exposure_of = np.array([number_of.get(name, -1) for name in rules.particle_names(some)])
        remarks = [doubt_matches(sources, some, exposure_of, rules)]
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
    _, shared = owners_of(exposures, exposures.without_uid)
    for first, second, *_ in shared.values():
        return (
            f"No rule is proposed: without their UIDs the exposures {first} and {second} would have one "
            "name. Has a movie been imported twice?"
        )
    return (
        "No rule is proposed: cutting the ends of the names does not make them equal, or only by making "
        "different names equal too. They differ elsewhere, or these are other micrographs."
    )
