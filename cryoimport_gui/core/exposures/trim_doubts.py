"""Whether names that are equal once trimmed stand for the same micrographs: what was cut off may say otherwise."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

#: of a name: what is cut off the front, what is left, what is cut off the end
Parts = tuple[str, str, str]

_WORD = re.compile(r"[^\W_]+")
_UID = re.compile(r"^\d{21}(?!\d)")
_ZEROS = re.compile(r"(?<!\d)0+(?=\d)")
_RUN = re.compile(r"\d+|[^\W\d_]+")
#: What programs add to the name of a movie, or take away: it says nothing about which micrograph it is.
_ORDINARY = re.compile(
    r"mrcs?|tiff?|eer|em|dm4|stk?|stacks?|raw|gain|norm|imported|movies?|mov|frames?|fractions?|frac|fractionated"
    r"|micrographs?|mics?|images?|img|sum|avg|averaged?|mean|rigid|patch|local|global|full|motion|motioncorr?2?"
    r"|motioncorrected|mc2?|corr?|corrected|ali|align|aligned|alignframes|unblur|relion|cryosparc|warp|dose|weighted"
    r"|doseweighted|unweighted|non|no|dw|nodw|nondw|dws|even|evn|odd|ctf|ps|background|bg|subtracted|denoised?"
    r"|sumcorr?|mcorr?2?|aln|alnavg|2x|k2|k3|counted|gaincorrected|flipx|flipy|filtered|lp|thumb|bin\d*|super|res",
    re.IGNORECASE,
)
#: What people call their files; the words differ where the people do.
_THING = re.compile(r"(?<![^\W\d_])(?:movie|mov|micrograph|mic|image|img|stack)(?![^\W\d_])", re.IGNORECASE)
#: What every session has: with a number behind it, it is a counter and no more.
_PLACES = re.compile(
    r"grid|square|gridsquare|hole|foilhole|position|pos|target|exposure|exp|acquisition|acq|data|tile|item|view|spot",
    re.IGNORECASE,
)
#: Parts of a date, and so numbers (SerialEM writes Jan05).
_MONTHS = dict(zip("jan feb mar apr may jun jul aug sep oct nov dec".split(), map(str, range(1, 13))))
_UID_DIGITS = 21  # CryoSPARC's UIDs are as ordinary
_FEW_LETTERS = 3
_LONG_NUMBER = 6  # digits: longer ones are times and the like, which do not merely count up
_CHECK = "make sure that these are the same micrographs"


@dataclass(frozen=True)
class NamesVerdict:
    """What the names say of rules, in words; empty where there is nothing to say.

    refused: why these rules must not be proposed: numbers or words that are cut off contradict each other.
    doubt: what may be otherwise all the same.
    trust: what speaks for the rules.
    """

    refused: str
    doubt: str
    trust: str

    @property
    def concerns(self) -> str:
        """A sentence on everything that speaks against the rules."""
        return (
            f"{', and '.join(filter(None, (self.refused, self.doubt)))}: {_CHECK}" if self.refused or self.doubt else ""
        )


def judge_names(micrographs: Sequence[Parts], exposures: Sequence[Parts], tolerated: float = 0.01) -> NamesVerdict:
    """Judge pairs of names that are equal in what is left of them.

    Numbers that are cut off at one end of both partners must be equal, leading zeros aside, in 99% of the pairs that
    are judged, unless one partner has none; a number that a cut goes through counts whole, on both sides.  Words that
    only one partner has must be the same ones in 99% of the pairs.  (`tolerated` is the other 1%, and doubted.)
    Ordinary additions (`_rigid_aligned`, `_DW`, UIDs, extensions) do not count.
    """
    if not micrographs:
        return NamesVerdict("", "", "")
    # Without UIDs most pairs have the same words cut off, which then are looked at once.
    micrographs, exposures = (
        [(_UID.sub("", front), kept, back) for front, kept, back in side] for side in (micrographs, exposures)
    )
    pairs = list(zip(micrographs, exposures))
    numbers = [_compare_numbers(*pair) for pair in pairs]
    unequal = [differ for differ, _ in numbers if differ]
    words = [_other_words(*pair) for pair in pairs]
    ((usual, _),) = Counter(words).most_common(1)
    unusual = [pair for pair in words if pair != usual]
    refused: list[str] = []
    doubts: list[str] = []
    if unequal:
        ours, theirs = unequal[0]
        text = f"numbers that are cut off differ (“{ours}” and “{theirs}”)"
        few = f"{text} in {len(unequal)} of {len(pairs)} pairs compared"
        (refused if len(unequal) > tolerated * len(pairs) else doubts).append(
            text if len(unequal) == len(pairs) else few
        )
    if unusual:
        text = f"words that are cut off vary (“{_any_word(unusual[0], usual)}”)"
        (refused if len(unusual) > tolerated * len(pairs) else doubts).append(text)
    doubts += _doubts(micrographs, exposures)
    return NamesVerdict(", and ".join(refused), ", and ".join(doubts), _trust(numbers, usual, pairs))


def _trust(
    numbers: list[tuple[tuple[str, str] | None, int]], words: tuple[frozenset[str], frozenset[str]], pairs: list
) -> str:
    cut = max(sides for _, sides in numbers)
    texts = ["no number is cut off", "numbers are cut off on one side only", "numbers that are cut off agree"]
    if not any(front or back for pair in pairs for front, _, back in pair):
        return "nothing is cut off"
    ours, theirs = words
    said = [
        f"only the {side} say “{' '.join(sorted(some))}”"
        for side, some in (("micrographs", ours), ("exposures", theirs))
        if some
    ]
    return f"{texts[cut]}; {' and '.join(said) if said else 'only ordinary words differ'}"


def _compare_numbers(micrograph: Parts, exposure: Parts) -> tuple[tuple[str, str] | None, int]:
    """Numbers cut off at one end that differ, if there are any; and on how many sides there are any, at most."""
    sides = 0
    for end in (0, 2):
        is_split = _splits_number(micrograph, end) or _splits_number(exposure, end)
        ours, theirs = (
            _numbers(_with_edge(parts, end) if is_split else parts[end]) for parts in (micrograph, exposure)
        )
        sides = max(sides, bool(ours) + bool(theirs))
        if ours and theirs and ours != theirs:
            return (" ".join(ours), " ".join(theirs)), sides
    return None, sides


def _splits_number(parts: Parts, end: int) -> bool:
    off, left = parts[end], parts[1]
    if not off or not left:
        return False
    return (off[-1] + left[0] if end == 0 else left[-1] + off[0]).isdecimal()


def _with_edge(parts: Parts, end: int) -> str:
    """What is cut off, with the digits of what is left that stand next to it."""
    off, left = parts[end], parts[1]
    digits = len(left) - len(left.lstrip("0123456789") if end == 0 else left.rstrip("0123456789"))
    return off + left[:digits] if end == 0 else left[len(left) - digits :] + off


@lru_cache(4096)
def _runs(text: str) -> tuple[tuple[str, ...], frozenset[str]]:
    """Numbers without leading zeros, and words of letters, that are no ordinary additions."""
    numbers, words = [], set()
    for word in _words(text):
        for run in _RUN.findall(word):
            if run.isdecimal():
                numbers.append(run.lstrip("0") or "0")
            elif month := _MONTHS.get(run.casefold()):
                numbers.append(month)
            elif not _is_ordinary(run):
                words.add(run.casefold())
    return tuple(numbers), frozenset(words)


def _numbers(text: str) -> tuple[str, ...]:
    return _runs(text)[0]


def _other_words(micrograph: Parts, exposure: Parts) -> tuple[frozenset[str], frozenset[str]]:
    """Words that only one of two names has in what is cut off it."""
    ours, theirs = (_runs(parts[0])[1] | _runs(parts[2])[1] for parts in (micrograph, exposure))
    return ours - theirs, theirs - ours


def _any_word(words: tuple[frozenset[str], frozenset[str]], usual: tuple[frozenset[str], frozenset[str]]) -> str:
    return min(frozenset.union(*words) ^ frozenset.union(*usual) or frozenset.union(*words, *usual))


def _doubts(micrographs: Sequence[Parts], exposures: Sequence[Parts]) -> list[str]:
    """What is the same in all pairs, and yet other on each side; or so little that is left that much is equal to it."""
    reasons = []
    ours, theirs = [""] * len(micrographs), [""] * len(exposures)
    for end in (0, 2):
        sides = _whole_words(micrographs, exposures, end)
        ours, theirs = ([f"{a} {b}" for a, b in zip(*texts)] for texts in ((ours, sides[0]), (theirs, sides[1])))
    only_ours, only_theirs = _without(_constant(ours), theirs), _without(_constant(theirs), ours)
    if only_ours and only_theirs:
        reasons.append(f"the micrographs say {' '.join(only_ours)} where the exposures say {' '.join(only_theirs)}")
    left = [kept for _, kept, _ in micrographs]
    pairs = list(zip(micrographs, exposures))
    if (
        any(_cut_differently(*pair) for pair in pairs)
        and max(len("".join(_words(kept))) for kept in left) < _FEW_LETTERS
    ):
        reasons.append(f"very little is left to compare (“{left[0]}”)")
    elif any(_cut_differently(*pair) or _other_things(*pair) for pair in pairs) and _only_count(left):
        reasons.append(f"only a counter is left to tell names apart (“{left[0]}”)")
    return reasons


def _only_count(texts: Sequence[str]) -> bool:
    """Whether nothing but short numbers tells the texts apart: every session has such names.

    Of a single text all numbers count, and words that are not those of every session.
    """
    runs = [_RUN.findall(" ".join(_words(text))) for text in texts]
    if len({len(some) for some in runs}) > 1:
        return False
    columns = [set(column) for column in zip(*runs)]
    telling = [column for column in columns if len(column) > 1] if len(set(texts)) > 1 else columns
    telling = [column for column in telling if not all(map(_PLACES.fullmatch, column))]
    are_numbers = all(run.isdecimal() for column in telling for run in column)
    return are_numbers and sum(max(map(len, column)) for column in telling) <= _LONG_NUMBER


@lru_cache(4096)
def _things(front: str) -> tuple[frozenset[str], bool]:
    """What people call their files in what is cut off the front; and whether there is any letter."""
    return frozenset(map(str.casefold, _THING.findall(front))), any(map(str.isalpha, front))


def _other_things(micrograph: Parts, exposure: Parts) -> bool:
    """Whether `mic_` stands in front of one name, and `stack_` or nothing in front of the other.

    People name so, not programs (which write `sum_` in place of `movie_`, though).
    """
    (ours, is_word), (theirs, is_other_word) = _things(micrograph[0]), _things(exposure[0])
    return ours != theirs and (bool(ours and theirs) or not is_word or not is_other_word)


@lru_cache(4096)
def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in _WORD.findall(text) if not _is_ordinary(word))


@lru_cache(4096)
def _is_ordinary(word: str) -> bool:
    return len(word) == _UID_DIGITS if word.isdecimal() else _ORDINARY.fullmatch(word) is not None


def _constant(texts: Sequence[str]) -> list[str]:
    """The words of the first text that all others have too."""
    words = dict.fromkeys(_words(texts[0])) if texts else {}
    for text in texts[1:] if words else ():
        words = {word: None for word in words if word in text}
    return list(words)


def _without(words: list[str], others: Sequence[str]) -> list[str]:
    """Words that the first of the other texts lacks."""
    known = {_fold(word) for word in _WORD.findall(others[0])} if others else set()
    return [word for word in words if _fold(word) not in known]


def _cut_differently(micrograph: Parts, exposure: Parts) -> bool:
    ours, theirs = (_folded(parts[0]) | _folded(parts[2]) for parts in (micrograph, exposure))
    return ours != theirs


@lru_cache(4096)
def _folded(text: str) -> frozenset[str]:
    return frozenset(_fold(word) for word in _words(text) if word.strip("0"))


def _fold(word: str) -> str:
    """Of words that say the same: in one case, and without zeros in front of numbers."""
    return _ZEROS.sub("", word.casefold())


def _whole_words(
    micrographs: Sequence[Parts], exposures: Sequence[Parts], end: int
) -> tuple[Sequence[str], Sequence[str]]:
    """What is cut off one end, on both sides; a word that a cut goes through is made whole, if it is always the same.

    Of `fractions` and `frames` only the ends are cut, and of `grid1` and `grid2` the numbers.
    """
    sides = [[parts[end] for parts in side] for side in (micrographs, exposures)]
    inner, edge = (-1, "^{}+") if end == 0 else (0, "{}+$")
    joined = [all(text and text[inner].isalnum() for text in side) for side in sides]
    if not any(joined) or not micrographs[0][1] or not micrographs[0][1][-1 - inner].isalnum():
        return sides[0], sides[1]
    for kind in (r"[^\W_]", r"[^\W\d_]", r"\d"):
        runs = {match[0] if (match := re.search(edge.format(kind), parts[1])) else "" for parts in micrographs}
        if len(runs) == 1 and (run := runs.pop()):
            break
    else:
        return sides[0], sides[1]

    def whole(text: str) -> str:
        if text and not text[inner].isalnum():
            return text
        return text + run if end == 0 else run + text

    return [whole(text) for text in sides[0]], [whole(text) for text in sides[1]]
