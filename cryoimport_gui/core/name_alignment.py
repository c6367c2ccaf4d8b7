"""Two lists of names, laid against each other by cutting equally many characters off all names of a list."""

# Cutting more never loses a match, but at some point it makes two names of one list equal.  So if any cuts
# match two names, so do cuts at that border (`_back_limits`), and there the text that is left is shortest.
# Looking for these texts, from all names of the longer list, anywhere in a few names of the shorter list
# gives every way to lay one list against the other.  Each is tried as far out as the borders of both lists
# allow, where it matches the most names; then the cuts are taken back as far as the names that match agree.

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from .names import cut

#: cuts: front and back of the longer list of names (the hay), then of the shorter list (the needles)
Cuts = tuple[int, int, int, int]

#: how many needles are looked for
_SAMPLE = 24
#: how many names are compared, over all cuts that are tried, before the best so far is good enough
_COMPARED_NAMES = 800_000


def align_names(hay: list[str], needles: list[str]) -> tuple[int, Cuts]:
    """The cuts that match the most needles, and how many; among these the least cuts.

    If any cuts match all needles, those found do.  All names of a list are different and not empty, also
    after the cuts; there are at least as many in the hay as there are needles.  Where only some match, up to
    a hundredth of these is given up for smaller cuts: among thousands of names a few agree by accident.
    """
    sample = needles[:: max(1, len(needles) // _SAMPLE)][:_SAMPLE]
    votes = Counter(cuts for needle_cuts in _common_texts(hay, sample) for cuts in needle_cuts)
    limits = _back_limits(needles)
    best: tuple[int, Cuts] = (0, (0, 0, 0, 0))
    tried: set[Cuts] = set()
    for cuts in sorted(votes, key=lambda cuts: (-votes[cuts], _least(cuts))):
        if best[0] == len(needles) and votes[cuts] < len(sample):
            break  # cutting less matches no more, so nothing that leads here matches all
        for point in _outermost(cuts, limits):
            if point in tried or best[0] == len(needles) and _reaches(best[1], point):
                continue
            if len(tried) * (len(hay) + len(needles)) > _COMPARED_NAMES:
                return best
            tried.add(point)
            best = max(best, _take_back(hay, needles, point, best[0]), key=lambda found: (found[0], -sum(found[1])))
    return best


def _common_texts(hay: list[str], needles: list[str]) -> Iterator[set[Cuts]]:
    """For each border of the hay and each needle, the cuts at which the needle has what is left of a name."""
    limits = _back_limits(hay)
    for front, back in enumerate(limits.tolist()):
        if back < 0 or front + 1 < len(limits) and limits[front + 1] == back:
            continue
        left = set(cut(hay, front, back))
        lengths = sorted(set(map(len, left)))
        for needle in needles:
            yield {
                (front, back, start, len(needle) - start - length)
                for length in lengths
                for start in range(len(needle) - length + 1)
                if needle[start : start + length] in left
            }


def _back_limits(names: list[str]) -> NDArray[np.int64]:
    """How many characters can go from the end so that all names stay different and none becomes empty.

    Returns:
        (length of the shortest name,), by the number cut from the front; negative where there is none.
    """
    shortest = min(map(len, names))
    limits = shortest - 1 - np.arange(shortest)
    by_length: dict[int, list[str]] = {}
    for name in names:
        by_length.setdefault(len(name), []).append(name)
    for length, group in by_length.items():
        codes = np.array(group).view(np.uint32).reshape(len(group), length)
        codes = codes.astype(np.min_scalar_type(codes.max()))
        # Names in sorted order by what follows the cut; each and the next one agree up to `agree`.
        order = np.arange(len(group))
        agree = np.full(len(group), length)
        agree[-1] = 0
        for front in reversed(range(length)):
            column = codes[order, front]
            if (column != column[0]).any():
                step = np.argsort(column, kind="stable")
                order, column = order[step], column[step]
                agree = np.minimum.reduceat(agree, step)
                agree[:-1][column[1:] != column[:-1]] = front
                agree[-1] = 0
            if front < shortest:
                limits[front] = min(limits[front], length - 1 - agree.max())
    return limits


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


def _take_back(hay: list[str], needles: list[str], cuts: Cuts, at_least: int) -> tuple[int, Cuts]:
    """How many needles match, and the least cuts at which these do (nearly these, if some do not match).

    Where it soon shows that fewer than `at_least` match, none are said to.
    """
    a, b, c, d = cuts
    by_text = dict(zip(cut(hay, a, b), hay))
    texts = cut(needles, c, d)
    if len(needles) - sum(text not in by_text for text in texts[:: max(1, len(texts) // _SAMPLE)]) < at_least:
        return 0, cuts
    pairs = [(by_text[text], needle) for text, needle in zip(texts, needles) if text in by_text]
    if not pairs:
        return 0, cuts
    few = len(pairs) // 100 if len(pairs) < len(needles) else 0
    if few:
        runs = [_agreement([pair], cuts) for pair in pairs[:: len(pairs) // 50]]
        front, back = (sorted(run)[len(run) // 10] for run in zip(*runs))
        least = a - front, b - back, c - front, d - back
        longer = set(cut([name for name, _ in pairs], *least[:2]))
        usual = sum(text in longer for text in cut([needle for _, needle in pairs], *least[2:]))
        if usual >= len(pairs) - few:
            return usual, least
    front, back = _agreement(pairs, cuts)
    return len(pairs), (a - front, b - back, c - front, d - back)


def _agreement(pairs: list[tuple[str, str]], cuts: Cuts) -> tuple[int, int]:
    """How many of the characters cut from the front, and from the end, are the same in every pair."""
    a, b, c, d = cuts
    front, back = min(a, c), min(b, d)
    for one, other in pairs:
        while one[a - front : a] != other[c - front : c]:
            front -= 1
        end, other_end = len(one) - b, len(other) - d
        while one[end : end + back] != other[other_end : other_end + back]:
            back -= 1
    return front, back


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
