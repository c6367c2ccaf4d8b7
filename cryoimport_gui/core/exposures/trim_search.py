"""Two lists of names, aligned by cutting equally many characters off all names of a list."""

# Cutting more never loses a match, but at some point it makes two names of one list equal.  So if any cuts
# match two names, so do cuts at that border (`HashedNames.back_limits`), and there the text that is left is shortest.
# Looking for these texts, from all names of the longer list, anywhere in a few names of the shorter list
# gives every way to lay one list against the other.  Each is tried as far out as the borders of both lists
# allow, where it matches the most names; from there the cuts are taken back, at borders of numbers and words only,
# and whoever asked judges what matches then.

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from .hashed_names import HashedNames

#: cuts: front and back of the longer list of names (the hay), then of the shorter list (the needles)
Cuts = tuple[int, int, int, int]
NameNumbers = NDArray[np.int64]
#: whether these cuts may be proposed, from the numbers of the names that they make equal, in both lists
Passes = Callable[[Cuts, NameNumbers, NameNumbers], bool]

#: how many needles are looked for
_SAMPLE = 24
#: how many names are compared, over all cuts that are tried, before the best so far is good enough
_COMPARED_NAMES = 800_000
#: how many cuts are judged at most
_ASKED = 200


def align_names(
    hay: HashedNames, needles: HashedNames, passes: Passes, more_than: int, max_front: int | None = None
) -> tuple[int, Cuts]:
    """The cuts that match the most needles of all that pass, and how many; among these the least cuts.

    Args:
        passes: Asked of the most matches first, and no more once nothing better can come.
        more_than: Cuts that match no more needles than this are not asked about.
        max_front: From the front of the hay at most so many characters are cut.

    No number and no word is cut in two in more than 1% of the names that match.  All names of a list are different
    and not empty, also after the cuts; there are at least as many in the hay as there are needles.  Where only some
    match, up to a hundredth of these is given up for smaller cuts: among thousands of names a few agree by accident.
    """
    sample = needles.names[:: max(1, len(needles.names) // _SAMPLE)][:_SAMPLE]
    votes = Counter(_common_texts(hay, HashedNames(sample), max_front))
    best: tuple[int, Cuts] = (0, (0, 0, 0, 0))
    tried: set[Cuts] = set()
    asked: set[Cuts] = set()
    for cuts in sorted(votes, key=lambda cuts: (-votes[cuts], _least(cuts))):
        if best[0] == len(needles.names) and votes[cuts] < len(sample):
            break  # cutting less matches no more, so nothing that leads here matches all
        for point in _outermost(cuts, needles.back_limits):
            if point in tried or best[0] == len(needles.names) and _reaches(best[1], point):
                continue
            if len(tried) * (len(hay.names) + len(needles.names)) > _COMPARED_NAMES or len(asked) > _ASKED:
                return best
            tried.add(point)
            aligned = _Aligned(hay, needles, point)
            for count, less in aligned.taken_back(max(more_than, best[0] - 1)):
                if less not in asked and (count, -sum(less)) > (best[0], -sum(best[1])):
                    asked.add(less)
                    if passes(less, *aligned.pairs(less)):
                        best = count, less
                        break
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


def _outermost(cuts: Cuts, limits: NameNumbers) -> Iterator[Cuts]:
    """The largest cuts, not above these and aligned like these, that keep to the limits of the needles."""
    a, b, c, d = cuts
    last = min(b, d) + 1
    for back in range(min(a, c) + 1):
        if c - back < len(limits):
            less = max(0, d - int(limits[c - back]))
            if less < last:
                last = less
                yield a - back, b - less, c - back, d - less


class _Aligned:
    """Two lists aligned: which names match at some cuts, and at smaller ones of the same alignment."""

    def __init__(self, hay: HashedNames, needles: HashedNames, cuts: Cuts) -> None:
        self._hay, self._needles, self._cuts = hay, needles, cuts
        a, b, c, d = cuts
        self._pairs = _pairs(hay.cut(a, b), needles.cut(c, d))
        self._agree: tuple[NameNumbers, NameNumbers] | None = None

    def pairs(self, cuts: Cuts) -> tuple[NameNumbers, NameNumbers]:
        """Names of both lists that these cuts make equal."""
        fronts, backs = self._agreements
        match = (fronts >= self._cuts[0] - cuts[0]) & (backs >= self._cuts[1] - cuts[1])
        return self._pairs[0][match], self._pairs[1][match]

    @property
    def _agreements(self) -> tuple[NameNumbers, NameNumbers]:
        if self._agree is None:
            self._agree = _agreements(self._hay, self._needles, self._cuts, self._pairs)
        return self._agree

    def taken_back(self, more_than: int) -> list[tuple[int, Cuts]]:
        """How many needles match, and the least cuts at which these do, at borders of numbers and words; most first."""
        a, b, c, d = self._cuts
        if len(self._pairs[0]) <= more_than:
            return []
        fronts, backs = self._agreements
        i, j = self._pairs
        hay, needles = self._hay, self._needles
        width = int(backs.max()) + 1
        table = np.bincount(fronts * width + backs, minlength=(int(fronts.max()) + 1) * width).reshape(-1, width)
        matches = table[::-1, ::-1].cumsum(0).cumsum(1)[::-1, ::-1]  # (front, back) so many characters taken back
        few = matches // 100
        allowed = matches > more_than
        keep = np.zeros_like(allowed)
        rows = _borders(fronts, lambda k: hay.splits_front(a - k, i) | needles.splits_front(c - k, j), more_than)
        columns = _borders(backs, lambda k: hay.splits_back(b - k, i) | needles.splits_back(d - k, j), more_than)
        for k, split in rows:
            allowed[k] &= _at_least(backs[split & (fronts >= k)], width) <= few[k]
        for k, split in columns:
            allowed[:, k] &= _at_least(fronts[split & (backs >= k)], len(matches)) <= few[:, k]
        keep[np.ix_([k for k, _ in rows], [k for k, _ in columns])] = True
        return self._least_of(matches, *np.nonzero(allowed & keep))

    def _least_of(self, matches: NameNumbers, front: NameNumbers, back: NameNumbers) -> list[tuple[int, Cuts]]:
        """Of cuts that match the same names, or nearly so, only the least."""
        counts = matches[front, back]
        least: dict[tuple[int, int], int] = {}
        for k, m, count in zip(front.tolist(), back.tolist(), counts.tolist()):
            enough = count - (count // 100 if count < len(self._needles.names) else 0)
            same = np.flatnonzero((front >= k) & (back >= m) & (counts >= enough))
            which = same[np.argmax(front[same] + back[same])]
            least[int(front[which]), int(back[which])] = int(counts[which])
        a, b, c, d = self._cuts
        found = [(count, (a - k, b - m, c - k, d - m)) for (k, m), count in least.items()]
        return sorted(found, key=lambda some: (-some[0], sum(some[1])))


def _borders(
    agree: NameNumbers, split: Callable[[int], NDArray[np.bool_]], more_than: int
) -> list[tuple[int, NDArray[np.bool_]]]:
    """How many characters can be taken back, most first, and which pairs have a number or word split there.

    Once all pairs agree and none is split, taking back less is of no use.
    """
    found = []
    for k in range(int(agree.max()), -1, -1):
        is_split, reaches = split(k), agree >= k
        if 100 * np.count_nonzero(reaches & ~is_split) >= 99 * (more_than + 1):
            found.append((k, is_split))
            if reaches.all() and not is_split.any():
                break
    return found


def _at_least(values: NameNumbers, size: int) -> NameNumbers:
    """(size,) how many values are as large as each number or larger."""
    return np.bincount(values, minlength=size)[::-1].cumsum()[::-1]


def _pairs(texts: NDArray[np.uint64], others: NDArray[np.uint64]) -> tuple[NameNumbers, NameNumbers]:
    """Numbers of those that are equal, in both lists."""
    order = np.argsort(texts)
    partner = order[np.searchsorted(texts[order[:-1]], others)]
    found = np.flatnonzero(texts[partner] == others)
    return partner[found], found


def _agreements(
    hay: HashedNames, needles: HashedNames, cuts: Cuts, pairs: tuple[NameNumbers, NameNumbers]
) -> tuple[NameNumbers, NameNumbers]:
    """(pairs,) how many of the characters next to what is left, in front of it and behind it, are the same."""
    a, b, c, d = cuts
    i, j = pairs
    end, other_end = hay.lengths[i] - b, needles.lengths[j] - d
    return (
        _run(len(i), (hay.codes[a - k][i] == needles.codes[c - k][j] for k in range(1, min(a, c) + 1))),
        _run(len(i), (hay.codes[end + k, i] == needles.codes[other_end + k, j] for k in range(min(b, d)))),
    )


def _run(count: int, equal: Iterator[NDArray[np.bool_]]) -> NameNumbers:
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
