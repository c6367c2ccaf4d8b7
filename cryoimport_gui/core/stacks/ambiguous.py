"""What makes a stack found twice an error (`stack-ambiguous`), and what does not.

Two different files that one rule finds for a name are an error; links and hard links to one file are one file.  One
file that two names lead to is an error if it was found by the end of its path alone, and neither name has more of that
path than the other: then nothing says whose it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from ..problems import Problem, count_of, problem
from .found import GIVEN_RULE, TAIL_RULE, Found, Located, StackFile, matching_parts

EACH_ONCE = "Give a data path under which each stack lies once, with the folders that it had."


def only_one(files: list[StackFile], rule: str) -> Found:
    """What one rule found for a name: files that differ (see `StackFile`) are several candidates."""
    return files[0].found(rule) if len(files) == 1 else Found(candidates=tuple(file.path for file in files))


def without_rivals(names: Sequence[str], found: list[Found]) -> list[Found]:
    """Of different names that lead to one file by its tail, those keep it that have the most of its path.

    Stacks of one name lie in many jobs; where one is missing, that of another job must not stand in for it.
    """
    claims: dict[tuple[int, int], list[int]] = {}
    for i, its in enumerate(found):
        if its.file:
            claims.setdefault(its.file, []).append(i)
    for claimants in claims.values():
        by_tail = [i for i in claimants if found[i].rule.startswith((TAIL_RULE, GIVEN_RULE))]
        if len(claimants) == 1 or not by_tail:
            continue
        agreement = dict.fromkeys(claimants, math.inf) | {i: _agreement(names[i], found[i].path) for i in by_tail}
        best = [i for i in claimants if agreement[i] == max(agreement.values())]
        is_settled = agreement[best[0]] == math.inf or all(_may_be_one(names[best[0]], names[i]) for i in best)
        for i in claimants:
            if i in best and not is_settled:
                found[i] = Found(rivals=tuple(names[j] for j in best if j != i))
            elif i not in best and not any(_may_be_one(names[i], names[j]) for j in best):
                found[i] = Found()
    return found


def _agreement(name: str, path: str) -> float:
    """See `matching_parts`; no end where the whole name agrees, as for a name that is found where it says."""
    parts = matching_parts(name, path)
    return math.inf if parts == len(PurePosixPath(name.lstrip("/")).parts) else parts


def _may_be_one(name: str, other: str) -> bool:
    """Whether one name is the other with more folders in front."""
    a, b = (PurePosixPath(its.lstrip("/")).parts for its in (name, other))
    return a[-len(b) :] == b or b[-len(a) :] == a


def ambiguous(names: Sequence[str], located: Located) -> Iterator[tuple[Problem, list[int]]]:
    """Each problem, and the positions of the names that it is about."""
    several = [i for i, found in enumerate(located.found) if found.candidates]
    if several:
        examples = (f"{names[i]}: {' and '.join(located.found[i].candidates)}" for i in several)
        message = f"{count_of(len(several), 'stack')} found in more than one place"
        yield problem("stack-ambiguous", message, count=len(several), examples=examples), several
    rivals = [i for i, found in enumerate(located.found) if found.rivals]
    if rivals:
        examples = (" and ".join([names[i], *located.found[i].rivals]) for i in rivals)
        message = f"{count_of(len(rivals), 'stack')} for which there is only a file that another could be as well"
        yield problem("stack-ambiguous", message, count=len(rivals), examples=examples, hint=EACH_ONCE), rivals
