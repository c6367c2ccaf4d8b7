"""Two lists of names, laid against each other by cutting equally many characters off all names of a list."""

# Cutting more never loses a match, but at some point it makes two names of one list equal.  So if any cuts
# match two names, so do cuts at that border (`HashedNames.back_limits`), and there the text that is left is shortest.
# Looking for these texts, from all names of the longer list, anywhere in a few names of the shorter list
# gives every way to lay one list against the other.  Each is tried as far out as the borders of both lists
# allow, where it matches the most names; then the cuts are taken back as far as the names that match agree.

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from .hashed_names import HashedNames

#: cuts: front and back of the longer list of names (the hay), then of the shorter list (the needles)
Cuts = tuple[int, int, int, int]

#: how many needles are looked for
_SAMPLE = 24
#: how many names are compared, over all cuts that are tried, before the best so far is good enough
_COMPARED_NAMES = 800_000


def align_names(hay: HashedNames, needles: HashedNames, max_front: int | None = None) -> tuple[int, Cuts]:
    """The cuts that match the most needles, and how many; among these the least cuts.

    From the front of the hay at most `max_front` characters are cut.

    If any cuts match all needles, those found do.  All names of a list are different and not empty, also
    after the cuts; there are at least as many in the hay as there are needles.  Where only some match, up to
    a hundredth of these is given up for smaller cuts: among thousands of names a few agree by accident.
    """
    sample = needles.names[:: max(1, len(needles.names) // _SAMPLE)][:_SAMPLE]
    votes = Counter(_common_texts(hay, HashedNames(sample), max_front))
    best: tuple[int, Cuts] = (0, (0, 0, 0, 0))
    tried: set[Cuts] = set()
    for cuts in sorted(votes, key=lambda cuts: (-votes[cuts], _least(cuts))):
        if best[0] == len(needles.names) and votes[cuts] < len(sample):
            break  # cutting less matches no more, so nothing that leads here matches all
        for point in _outermost(cuts, needles.back_limits):
            if point in tried or best[0] == len(needles.names) and _reaches(best[1], point):
                continue
            if len(tried) * (len(hay.names) + len(needles.names)) > _COMPARED_NAMES:
                return best
            tried.add(point)
            best = max(best, _take_back(hay, needles, point, best[0]), key=lambda found: (found[0], -sum(found[1])))
    return best


def _common_texts(hay: HashedNames, needles: HashedNames, max_front: int | None) -> Iterator[Cuts]:
    """The cuts at which a needle has what is left of a name, for each border of the hay and each needle."""
    lengths = np.unique(hay.lengths)
    limits = hay.back_limits if max_front is None else hay.back_limits[: max_front + 1]
    for front, back in enumerate(limits.tolist()):
        if back < 0 or front + 1 < len(limits) and limits[front + 1] == back:
            continue
        left = np.sort(hay.cut(front, back))
        for length in (lengths - front - back).tolist():
            hashes, needle, start = needles.windows(length)
            found = left[np.searchsorted(left[:-1], hashes)] == hashes
            ends = needles.lengths[needle] - start - length
            yield from zip(repeat(front), repeat(back), start[found].tolist(), ends[found].tolist())


def _least(cuts: Cuts) -> int:
    """The fewest characters that these cuts can come down to: what one name must lose more than the other."""
    return abs(cuts[0] - cuts[2]) + abs(cuts[1] - cuts[3])


def _reaches(best: Cuts, point: Cuts) -> bool:
    """Whether others lead to the same cuts as the best, or to larger ones, if the best match every needle."""
    aligned = best[0] - best[2] == point[0] - point[2] and best[1] - best[3] == point[1] - point[3]
    return _least(point) >= sum(best) or aligned and best[0] <= point[0] and best[1] <= point[1]


def _outermost(cuts: Cuts, limits: NDArray[np.int64]) -> Iterator[Cuts]:
    """The largest cuts, not above these and aligned like these, that keep to the limits of the needles."""
    a, b, c, d = cuts
    last = min(b, d) + 1
    for back in range(min(a, c) + 1):
        if c - back < len(limits):
            less = max(0, d - int(limits[c - back]))
            if less < last:
                last = less
                yield a - back, b - less, c - back, d - less


def _take_back(hay: HashedNames, needles: HashedNames, cuts: Cuts, at_least: int) -> tuple[int, Cuts]:
    """How many needles match, and the least cuts at which these do (nearly these, if some do not match).

    Where fewer than `at_least` match, none are said to.
    """
    a, b, c, d = cuts
    pairs = _pairs(hay.cut(a, b), needles.cut(c, d))
    count = len(pairs[0])
    if count < max(1, at_least):
        return 0, cuts
    fronts, backs = _agreements(hay, needles, cuts, pairs)
    front, back = int(fronts.min()), int(backs.min())
    few = count // 100 if count < len(needles.names) else 0
    if few:
        usual_front, usual_back = (int(np.sort(agree)[count // 10]) for agree in (fronts, backs))
        usual = int(((fronts >= usual_front) & (backs >= usual_back)).sum())
        if usual >= count - few:
            count, front, back = usual, usual_front, usual_back
    return count, (a - front, b - back, c - front, d - back)


def _pairs(texts: NDArray[np.uint64], others: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Numbers of those that are equal, in both lists."""
    order = np.argsort(texts)
    partner = order[np.searchsorted(texts[order[:-1]], others)]
    found = np.flatnonzero(texts[partner] == others)
    return partner[found], found


def _agreements(
    hay: HashedNames, needles: HashedNames, cuts: Cuts, pairs: tuple[NDArray[np.int64], NDArray[np.int64]]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(pairs,) how many of the characters next to what is left, in front of it and behind it, are the same."""
    a, b, c, d = cuts
    i, j = pairs
    end, other_end = hay.lengths[i] - b, needles.lengths[j] - d
    return (
        _run(len(i), (hay.codes[a - k][i] == needles.codes[c - k][j] for k in range(1, min(a, c) + 1))),
        _run(len(i), (hay.codes[end + k, i] == needles.codes[other_end + k, j] for k in range(min(b, d)))),
    )


def _run(count: int, equal: Iterator[NDArray[np.bool_]]) -> NDArray[np.int64]:
    """(count,) how many are true in a row from the start."""
    run, goes_on = np.zeros(count, np.int64), np.ones(count, bool)
    for its in equal:
        goes_on &= its
        if not goes_on.any():
            break
        run += goes_on
    return run


def nearest_names(names: list[str], others: list[str]) -> list[tuple[str, str]]:
    """For each name the most similar of the others, looked for among those that share the most triples."""
    if not names:
        return []
    text = np.frombuffer("/".join([*others, "//"]).encode("utf-32-le", "surrogatepass"), np.uint32)
    triples = (text[:-2] * 961 + text[1:-1] * 31 + text[2:]) % 65536
    starts = np.cumsum([0, *(len(other) + 1 for other in others[:-1])])
    pairs = []
    for name in names:
        codes = np.array([ord(character) for character in name + "//"], np.uint32)
        wanted = np.zeros(65536, np.int64)
        wanted[(codes[:-2] * 961 + codes[1:-1] * 31 + codes[2:]) % 65536] = 1
        shared = np.add.reduceat(wanted[triples], starts)
        likely = [others[i] for i in np.argsort(-shared, kind="stable")[:10]]
        pairs.append((name, max(likely, key=lambda o: difflib.SequenceMatcher(None, name, o, False).ratio())))
    return pairs
