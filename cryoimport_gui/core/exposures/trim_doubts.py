"""Whether names that are equal once trimmed stand for the same micrographs: what was cut off may say otherwise."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

#: of a name: what is cut off the front, what is left, what is cut off the end
Parts = tuple[str, str, str]

_WORD = re.compile(r"[^\W_]+")
#: What programs add to the name of a movie, or take away: it says nothing about which micrograph it is.
_ORDINARY = re.compile(
    r"mrcs?|tiff?|eer|em|dm4|stk?|stacks?|raw|gain|norm|imported|movies?|mov|frames?|fractions?|frac|fractionated"
    r"|micrographs?|mics?|images?|img|sum|avg|averaged?|mean|rigid|patch|local|global|full|motion|motioncorr?2?"
    r"|motioncorrected|mc2?|corr?|corrected|ali|align|aligned|alignframes|unblur|relion|cryosparc|warp|dose|weighted"
    r"|doseweighted|unweighted|non|no|dw|nodw|nondw|dws|even|evn|odd|ctf|ps|background|bg|subtracted|denoised?"
    r"|sumcorr?|mcorr?2?|aln|alnavg|2x|k2|k3|counted|gaincorrected|flipx|flipy|filtered|lp|thumb|bin\d*|super|res"
    r"|\d{15,}",  # UIDs
    re.IGNORECASE,
)
_FEW_CHARACTERS = 3
_LONG_NUMBER = 6  # digits: longer ones are times and the like, which do not merely count up


def doubts(micrographs: Sequence[Parts], exposures: Sequence[Parts]) -> str:
    """A sentence on why these pairs, equal in what is left of them, may not belong together; empty if nothing says so.

    Ordinary additions (`_rigid_aligned`, `_DW`, UIDs, extensions) are no reason.
    """
    reasons = []
    for end in (0, 2):
        ours, theirs = _whole_words(micrographs, exposures, end)
        only_ours, only_theirs = _without(_constant(ours), theirs), _without(_constant(theirs), ours)
        if only_ours and only_theirs:
            reasons.append(f"the micrographs say {' '.join(only_ours)} where the exposures say {' '.join(only_theirs)}")
    left = ["".join(_words(kept)) for _, kept, _ in micrographs]
    if any(_cut_differently(*pair) for pair in zip(micrographs, exposures)):
        if max(map(len, left)) < _FEW_CHARACTERS:
            reasons.append(f"very little is left to compare (“{micrographs[0][1]}”)")
        elif not any(map(str.isalpha, "".join(left))) and max(map(len, left)) <= _LONG_NUMBER:
            reasons.append(f"only numbers are left to compare (“{micrographs[0][1]}”)")
    return f"{', and '.join(reasons)}: make sure that these are the same micrographs" if reasons else ""


def _words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text) if not _is_ordinary(word)]


@lru_cache(1024)
def _is_ordinary(word: str) -> bool:
    return _ORDINARY.fullmatch(word) is not None


def _constant(texts: Sequence[str]) -> list[str]:
    """The words of the first text that all others have too."""
    words = dict.fromkeys(_words(texts[0])) if texts else {}
    for text in texts[1:] if words else ():
        words = {word: None for word in words if word in text}
    return list(words)


def _without(words: list[str], others: Sequence[str]) -> list[str]:
    """Words that the first of the other texts lacks."""
    known = {word.casefold() for word in _WORD.findall(others[0])} if others else set()
    return [word for word in words if word.casefold() not in known]


def _cut_differently(micrograph: Parts, exposure: Parts) -> bool:
    ours, theirs = (
        {word.casefold() for word in _words(f"{front} {back}")} for front, _, back in (micrograph, exposure)
    )
    return ours != theirs


def _whole_words(
    micrographs: Sequence[Parts], exposures: Sequence[Parts], end: int
) -> tuple[Sequence[str], Sequence[str]]:
    """What is cut off one end, on both sides; a word that a cut goes through is made whole, if it is always the same.

    Of `fractions` and `frames` only the ends are cut, and of `grid1` and `grid2` the numbers.
    """
    sides = [[parts[end] for parts in side] for side in (micrographs, exposures)]
    inner, edge = (-1, "^{}+") if end == 0 else (0, "{}+$")
    joined = [all(text and text[inner].isalnum() for text in side) for side in sides]
    if not any(joined):
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
