"""From numbers to a verdict that may be "cannot tell"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ...arrays import Reals
from .sample import Counts

Answer = Literal["fits", "fits in part", "does not fit", "cannot tell", "not testable"]

#: fewer particles than this: no verdict
FEWEST = 25
FITS_T = 5.0
#: an alternative is better, or at least a doubt, from these paired deviations on
BETTER_Z, _DOUBT = 4.0, 3.0
_BETTER_BY = 1.1
#: shares of what the half maps could explain
_GOOD_SHARE, _POOR_SHARE, _MOST_SHARE = 0.4, 0.3, 1.5
#: where even dealt poses explain this share of the signal, the particle looks the same from everywhere
_ROUND = 0.5
#: where images show this much structure and T should be this large, but is below `_NO_T`: poses of other images
_STRUCTURE, _EXPECTED_T, _NO_T = 0.15, 15.0, 3.0
#: a stack whose images agree with their poses half as well as the median stack's, and by so many deviations
_BAD_STACK, _BAD_STACK_Z, _FEWEST_PER_STACK, _FEWEST_STACKS = 0.5, 3.5, 8, 4
_MAP_CONTRAST = 0.5


@dataclass(frozen=True)
class Alternative:
    """One other reading of the poses, with maps of its own.

    t: Known only where `better_z` is above `BETTER_Z`; None also where dealing poses changes nothing.
    better_z: paired deviations by which its images correlate better than as imported.
    own, other: mean correlations as imported and with this reading, over the same rows.
    explained: share of the images' signal that its re-projections explain, 0 to 1; None if it cannot be measured.
    """

    name: str
    words: str
    kind: Literal["poses", "shifts"]
    t: float | None
    better_z: float
    own: float
    other: float
    explained: float | None

    @property
    def is_better(self) -> bool:
        clear = self.better_z > BETTER_Z and self.t is not None and self.t > FITS_T
        return clear and self.other > _BETTER_BY * self.own


@dataclass(frozen=True)
class CtfDoubt:
    """Images fit better without the signs of their CTF.

    own, other: mean correlations with the CTF as imported, and without its signs.
    are_corrected: The rest of the CTF is right, so that the phases were flipped already (or the images multiplied with
        their CTF); else it is wrong as a whole: defocus, voltage or pixel size.
    """

    own: float
    other: float
    are_corrected: bool


def doubt_ctf(own: Reals, other: Reals, t: float | None, t_ctf: float) -> CtfDoubt | None:
    """None where the signs of the CTF are right, or nothing tells.

    Signs alone are compared: how strong low frequencies are differs between a real microscope and its formula.

    Args:
        own, other: (n,) correlations with the CTF as imported, and without its signs.
        t, t_ctf: of the latter, with poses and CTFs shuffled.
    """
    gain = other - own
    better_z = float(gain.mean() / max(gain.std(ddof=1), 1e-9) * np.sqrt(len(gain) / 2))
    if len(gain) < FEWEST or better_z <= BETTER_Z or t is None or t <= FITS_T:
        return None
    return CtfDoubt(float(own.mean()), float(other.mean()), t_ctf > FITS_T)


@dataclass(frozen=True)
class StackVerdicts:
    """(s,) each: number of the stack, its images' agreement in parts of the median stack's, is it bad?"""

    number: Counts
    agreement: Reals
    is_bad: NDArray[np.bool_]


def judge_stacks(own: Reals, dealt: Reals, stack: Counts) -> StackVerdicts:
    """Which stacks' images are probably not those of their rows; stacks with few sampled images are left out."""
    gain = own - dealt.mean(axis=0)
    number, index, sizes = np.unique(stack, return_inverse=True, return_counts=True)
    means = np.bincount(index, gain) / sizes
    keep = sizes >= _FEWEST_PER_STACK
    number, means, sizes = number[keep], means[keep], sizes[keep]
    middle = float(np.median(means)) if len(means) else 0.0
    if len(means) < _FEWEST_STACKS or middle <= 0:
        return StackVerdicts(number, np.ones(len(number)), np.zeros(len(number), bool))
    inside = np.bincount(index, (gain - (np.bincount(index, gain) / np.bincount(index))[index]) ** 2)[keep]
    error = np.sqrt(inside.sum() / max(1, (sizes - 1).sum()) / sizes)
    is_bad = (means < _BAD_STACK * middle) & (middle - means > _BAD_STACK_Z * error)
    return StackVerdicts(number, means / middle, is_bad)


def map_sign(t: float | None, contrasts: list[float]) -> int:
    """1: the map is denser in the middle, the data sign is right; -1: it is the other; 0: cannot tell."""
    if t is None or t <= FITS_T:
        return 0
    return int(min(contrasts) > _MAP_CONTRAST) - int(max(contrasts) < -_MAP_CONTRAST)


def expected_t(particles: int, structure: float) -> float:
    """What T is at least, with right poses, where images show so much structure; measured on simulated sets."""
    return float(0.79 * particles**0.68 * max(structure, 0.0) ** 0.16)


def judge(
    t: float | None,
    particles: int,
    share: float | None,
    explained_dealt: float | None,
    structure: float,
    alternatives: list[Alternative],
    stacks: StackVerdicts,
    is_3d: bool,
) -> tuple[Answer, Alternative | None]:
    """The verdict, and the reading that would fit.

    Args:
        share: What the re-projections explain, in parts of what the half maps could; None if it cannot be measured.
        explained_dealt: Share of the images' signal that they explain with dealt poses; likewise.
    """
    if particles < FEWEST:
        return "cannot tell", None
    if t is None or (t < FITS_T and explained_dealt is not None and explained_dealt > _ROUND):
        return "not testable", None
    better = [a for a in alternatives if a.is_better]
    if better:
        return "does not fit", max(better, key=lambda a: a.other - a.own)
    if t > FITS_T:
        if is_3d and share is not None and share < _POOR_SHARE:
            return "fits in part", None
        in_doubt = any(a.better_z >= _DOUBT for a in alternatives) or (share is not None and share < _GOOD_SHARE)
        if is_3d and in_doubt:
            return "cannot tell", None
        return ("fits in part" if stacks.is_bad.any() else "fits"), None
    is_wrong = t < _NO_T and structure > _STRUCTURE and expected_t(particles, structure) > _EXPECTED_T
    return ("does not fit" if is_3d and is_wrong else "cannot tell"), None


def usable_share(share: float, is_seen: bool) -> float | None:
    """None where the signal is too weak to be measured, or the measure has failed (neighbours, ramps)."""
    return share if is_seen and share < _MOST_SHARE else None
