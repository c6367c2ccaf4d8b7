"""Trimming rules that are found by a search, with the reasons in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..names import Names, without_uids
from ..pictures.place_verdict import RIGHT_RULE
from .hashed_names import HashedNames
from .trim_doubts import NamesVerdict
from .trim_search import Cuts, align_names, nearest_names
from .trims import PAIRS_JUDGED, TrimRules, evenly, judge_pairs, match_names, owners_of

_NEAREST_SHOWN = 5
_MAX_NAME = 255  # characters: no file system has longer names, and the search takes memory for the longest
_PAIRS_FIRST = 50  # judged before all others: wrong rules mostly fail on any pair
#: Of leads that differ by less the rules that match more names are taken.
_AS_GOOD = 0.8
_SEEN = "; the particles are found in the pictures of their exposures"


@dataclass(frozen=True)
class Suggestion:
    """The rules found, or None; how many of `total` different micrograph names they match; and why, in words.

    nearest: basenames of some unmatched micrographs, each with the most similar basename of an exposure.
    trust: why the rules are believed to be right.
    refused: why they must not be taken without a look at the pictures; only in `candidate_rules`.
    doubt: why the exposures may be others all the same.
    """

    rules: TrimRules | None
    matched: int
    total: int
    explanation: str
    nearest: list[tuple[str, str]]
    trust: str = ""
    refused: str = ""
    doubt: str = ""


def suggest_trims(exposures: Sequence[str], micrographs: Sequence[str]) -> Suggestion:
    """Find the rules that match the most micrographs, of all that the names allow.

    No rule is proposed that makes two different basenames equal, or one empty, on either side; that cuts through a
    number or a word; or that `judge_names` refuses.  Among rules that match equally many names the one that cuts the
    fewest characters wins, then the one that leaves UIDs alone.  If some such rule matches every micrograph, then the
    rule found does.
    """
    lists = _Lists(exposures, micrographs)
    if reason := lists.hopeless():
        return Suggestion(None, 0, lists.total, reason, [])
    search = _Search(lists)
    matched, rules = search.best()
    nearest = _nearest_unmatched(lists.sources, lists.names, rules) if matched < len(lists.names) else []
    if rules is None:
        return Suggestion(None, 0, lists.total, _explain_none(lists.sources, search), nearest)
    found = lists.suggestion(rules, matched, search.judged[rules][1])
    if not found.matched:
        said = f"No rule is proposed: {_tell_twice(match_names(lists.exposures, lists.names, rules).ambiguous)}."
        return Suggestion(None, 0, lists.total, said, nearest)
    return replace(found, nearest=nearest)


def candidate_rules(exposures: Sequence[str], micrographs: Sequence[str], at_most: int = 5) -> list[Suggestion]:
    """The best few rules, for pictures to choose among: those that `judge_names` passes first, then the most matches.

    Those behind them have `refused`, or a `doubt`, in words.  Empty where names cannot be cut to match at all.
    """
    lists = _Lists(exposures, micrographs)
    if lists.hopeless():
        return []
    search = _Search(lists, is_thorough=True)
    search.best()
    found = [lists.suggestion(rules, count, verdict) for rules, (count, verdict) in search.judged.items()]
    found = [candidate for candidate in found if candidate.matched]

    def order(candidate: Suggestion) -> tuple[bool, int, int]:
        assert candidate.rules is not None
        return bool(candidate.refused), -candidate.matched, candidate.rules.characters_cut

    return sorted(found, key=order)[:at_most]


def pairs_to_compare(
    rules: TrimRules, exposures: Sequence[str], micrographs: Sequence[str], at_most: int = 12
) -> list[tuple[int, int]]:
    """Numbers of some micrographs and of their exposures by these rules, from first to last."""
    exposure_of = match_names(exposures, micrographs, rules).exposure_of
    some = evenly(np.flatnonzero(exposure_of >= 0), at_most)
    return [(int(number), int(exposure_of[number])) for number in some]


def chosen_by_pictures(candidates: Sequence[Suggestion], mean_leads: Sequence[float | None]) -> Suggestion | None:
    """The rules that the pictures confirm, without their doubt; None if they confirm none.

    Args:
        mean_leads: Of each candidate, the mean lead of particles on their exposures, as `rule_lead`, over the pairs
            that were compared; None: could not be compared.  Of leads that are nearly equal the first counts.
    """
    pairs = list(zip(candidates, mean_leads, strict=True))
    enough = max(RIGHT_RULE, _AS_GOOD * max((lead for _, lead in pairs if lead is not None), default=0.0))
    found = (candidate for candidate, lead in pairs if lead is not None and lead >= enough)
    return confirmed(best) if (best := next(found, None)) else None


def confirmed(suggestion: Suggestion) -> Suggestion:
    """The same rules where pictures say that they are right: there is nothing to doubt any more."""
    trust = f"{suggestion.trust.removesuffix(_SEEN)}{_SEEN}"
    explanation = suggestion.explanation.partition(" But ")[0].replace(suggestion.trust, trust)
    return replace(suggestion, trust=trust, explanation=explanation, refused="", doubt="")


class _Lists:
    """Different basenames of exposures (sources) and of micrographs (names), those that are empty aside."""

    def __init__(self, exposures: Sequence[str], micrographs: Sequence[str]) -> None:
        self.exposures = Names.of(exposures)
        all_names = set(Names.of(micrographs).basenames)
        self.names, self.sources = (
            Names.bare(sorted(some - {""})) for some in (all_names, set(self.exposures.basenames))
        )
        self.total = len(all_names)  # one that is empty counts, and matches nothing

    def hopeless(self) -> str:
        """Why no rules need be looked for."""
        if not self.names or not self.sources:
            return f"There are no {'micrographs' if not self.names else 'exposures'} to match."
        longest = max((*self.names, *self.sources), key=len)
        if len(longest) > _MAX_NAME:
            reason = f"a name of {len(longest)} characters, {longest[:40]}…, is no file name"
            return f"No rule is proposed: {reason}."
        return ""

    def suggestion(self, rules: TrimRules, matched: int, verdict: NamesVerdict) -> Suggestion:
        remarks = [verdict.concerns]
        if len(self.sources) < len(self.exposures):
            # Exposures of one name in several folders were one in the search, and are none that can be linked.
            match = match_names(self.exposures, self.names, rules)
            matched = int((match.exposure_of >= 0).sum())
            remarks.append(_tell_twice(match.ambiguous))
        trust = f"{matched} of {self.total} match; {verdict.trust}"
        said = _explain(rules, matched, self.total, self.sources, self.names, verdict)
        explanation = " But ".join([said, *(f"{remark}." for remark in remarks if remark)])
        return Suggestion(rules, matched, self.total, explanation, [], trust, verdict.refused, verdict.doubt)


class _Search:
    """Looks for rules, and keeps what it judged.

    judged: How many names rules match that were judged, and the verdict.
    """

    def __init__(self, lists: _Lists, is_thorough: bool = False) -> None:
        self._exposures, self._micrographs = lists.sources, lists.names
        self._is_thorough = is_thorough
        self.judged: dict[TrimRules, tuple[int, NamesVerdict]] = {}

    def best(self) -> tuple[int, TrimRules | None]:
        """How many micrographs the best rules match, and the rules; with `is_thorough` none, but all are judged."""
        exposures, micrographs = self._exposures, self._micrographs
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
            if equal := self._equal(sources, TrimRules(remove_uid)):
                found.append((equal, TrimRules(remove_uid)))
            hashed, max_front = whole, None
            if uid_length and not remove_uid:
                max_front = uid_length - 1  # larger cuts are those that are found without UIDs
            elif remove_uid:
                hashed = whole.without_front(uid_length) if uid_length else HashedNames(sources)

            def passes(cuts: Cuts, i: NDArray[np.int64], j: NDArray[np.int64], uid: bool = remove_uid) -> bool:
                return self._passes(TrimRules(uid, *cuts), i, j)

            def passes_swapped(cuts: Cuts, i: NDArray[np.int64], j: NDArray[np.int64], uid: bool = remove_uid) -> bool:
                return self._passes(TrimRules(uid, *cuts[2:], *cuts[:2]), j, i)

            if len(micrographs) <= len(sources):
                count, cuts = align_names(hashed, wanted, passes, by_accident, max_front)
            else:
                count, cuts = align_names(wanted, hashed, passes_swapped, by_accident)
                cuts = cuts[2:] + cuts[:2]
            if count:
                found.append((count, TrimRules(remove_uid, *cuts)))
        return max(found, key=lambda f: (f[0], -f[1].characters_cut), default=(0, None))

    def _equal(self, sources: Sequence[str], rules: TrimRules) -> int:
        """How many names are equal as they are, if these rules pass."""
        if not (both := set(sources).intersection(self._micrographs)):
            return 0
        i = np.array([number for number, name in enumerate(sources) if name in both])
        number_of = dict(zip(self._micrographs, range(len(self._micrographs))))
        j = np.array([number_of[sources[number]] for number in i.tolist()])
        return len(both) if self._passes(rules, i, j) else 0

    def _passes(self, rules: TrimRules, exposures: NDArray[np.int64], micrographs: NDArray[np.int64]) -> bool:
        if (
            rules.characters_cut
            and len(exposures) == 1
            and not _leaves_a_name(rules, self._micrographs[micrographs[0]])
        ):
            return False
        if rules not in self.judged:
            for count, tolerated in ((_PAIRS_FIRST, 0.1), (PAIRS_JUDGED, 0.01)):
                i, j = evenly(exposures, count).tolist(), evenly(micrographs, count).tolist()
                pairs = [(self._micrographs[m], self._exposures[e]) for e, m in zip(i, j)]
                verdict = judge_pairs(rules, pairs, tolerated)
                self.judged[rules] = len(exposures), verdict
                if verdict.refused:
                    break
        return not self._is_thorough and not self.judged[rules][1].refused


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


def _leaves_a_name(rules: TrimRules, micrograph: str) -> bool:
    """Whether something is left of the name itself: an extension alone makes any two single files equal."""
    stem = micrograph.rpartition(".")[0] or micrograph
    return any(
        letter.isalnum() for letter in stem[rules.particle_cut_prefix : len(micrograph) - rules.particle_cut_suffix]
    )


def _explain(
    rules: TrimRules, matched: int, total: int, exposures: Names, micrographs: Names, verdict: NamesVerdict
) -> str:
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
    why = f"{verdict.trust[0].upper()}{verdict.trust[1:]}."
    return f"{matches}: {'; '.join(filter(None, steps))}. Of {micrographs[0]} this leaves “{example}”. {why}"


def _tell_cuts(side: str, names: list[str], front: int, back: int) -> Iterator[str]:
    for end, count, part in ("front", front, slice(front)), ("end", back, slice(-back, None)):
        if count:
            characters = "character" if count == 1 else "characters"
            removed = names[0][part]
            what = f" (“{removed}”)" if all(name[part] == removed for name in names) else ""
            yield f"cut {count} {characters} from the {end} of the {side}{what}"


def _explain_none(exposures: Names, search: _Search) -> str:
    _, shared = owners_of(exposures, exposures.without_uid)
    for first, second, *_ in shared.values():
        return (
            f"No rule is proposed: without their UIDs the exposures {first} and {second} would have one "
            "name. Either a movie was imported twice, or two sessions have the same names: give the exposures of one "
            "import, or of one session, only."
        )
    if search.judged:
        count, verdict = max(search.judged.values(), key=lambda judged: judged[0])
        return (
            f"No rule is proposed: {count:,} names could be cut to match, but {verdict.refused}. These are probably "
            "other micrographs; if you know that they are the same, set the cut lengths yourself."
        )
    return (
        "No rule is proposed: cutting the ends of the names does not make them equal, or only by making "
        "different names equal too. They differ elsewhere, or these are other micrographs."
    )
