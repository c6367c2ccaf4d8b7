"""From how well particles fit their places at each reading: what holds for each exposure, each group and the set.

A reading is one way to turn a coordinate into a place and a patch: which way y counts, and whether the patch is
mirrored.  Exposures of one set may need different readings, and some may not be the particles' own at all, so there
is no median over all: each exposure is at one of the readings or elsewhere.  At the right reading a particle's lead
is `mean_lead` on average, everywhere else 0, with standard deviation 1; with S the sum over an exposure's n
particles the log-likelihood of a reading, against "elsewhere", is mean_lead · S - n · mean_lead² / 2.

Correlation alone never says that an exposure is not the particles' own: pictures may also differ too much to be
recognised.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from ..arrays import Integers, Reals

#: What one particle can count for: a few that lie on each other by accident must not decide.
MOST_LEAD = 6.0
#: The whole set: the sum of all leads, in standard errors, and the same over every other reading.
_CLEAR = 5.0
#: An exposure or group has another reading than the rest with these odds, times how many were looked at, ...
_ODDS = 100.0
#: ... and if it is found there at all, in standard errors.
FOUND = 4.5
#: Below this nothing was found, in standard errors.
_CHANCE = 3.5
#: The share of right exposures that the particles are not found on (0.9% of those in `tests/rates/places.py` where it
#: is largest), and how seldom so many are not found by chance.
_MISSED, _BY_CHANCE = 0.0085, 0.013
#: So many particles lead by three times _CLEAR if they share their pixels with the micrograph.
_ENOUGH_SAMPLED = 12
#: Mean lead of a right trimming rule's 12 pairs, in standard errors: 18 if all pixels are shared.  Wrong ones have at
#: most 3.6, those that are half right 2.5 to 13.
RIGHT_RULE = 10.0
_STARTS, _STEPS, _LEAST_MEAN_LEAD = (0.5, 1.0, 2.0, 4.0), 60, 0.05


class PlaceState(StrEnum):
    """What the pictures say of one exposure.

    confirmed: the particles are there at the group's reading.  mirrored: they are there, at another reading.
    not found: they would probably have been found.  undecided: neither.
    """

    CONFIRMED = "confirmed"
    MIRRORED = "mirrored"
    NOT_FOUND = "not found"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class ExposurePlace:
    """exposure, group: their numbers.  reading: an index; None where the particles were not found."""

    exposure: int
    group: int
    state: PlaceState
    reading: int | None
    particles: int


@dataclass(frozen=True)
class PlacesVerdict:
    """What holds for a set of particles on exposures.

    reading: of most exposures, an index; None: cannot tell, and then nothing is said of any exposure or group.
    mean_lead: of a particle at the right reading.
    shares: (R + 1,) of the exposures at each reading; the last: elsewhere, or not to be recognised.
    group_reading: each group's own.
    exposures: in the order of their numbers.
    """

    reading: int | None
    mean_lead: float
    shares: tuple[float, ...]
    group_reading: dict[int, int]
    exposures: tuple[ExposurePlace, ...]


@dataclass(frozen=True)
class GroupSummary:
    """One line of the report.

    found, mirrored, elsewhere, undecided: exposures; each is counted once.  Elsewhere is what the picks show.
    correlation: median of the particles at the group's reading; nan where none was compared.
    """

    group: int
    reading: int | None
    found: int
    mirrored: int
    elsewhere: int
    undecided: int
    correlation: float


def leads(own: Reals, others: Reals) -> Reals:
    """How much more particles look like their own patches than like others', in SD of the latter; clipped.

    Args:
        own: (N,) correlations, nan where the place is outside of the exposure.
        others: (K, N) correlations with patches of other particles, nan likewise.
    """
    if not np.isfinite(others).any():
        return np.full(len(own), np.nan)
    excess = (own - np.nanmean(others)) / max(float(np.nanstd(others)), 1e-12)
    return np.asarray(np.clip(excess, -MOST_LEAD, MOST_LEAD))


def judge_places(e: Reals, exposure: Integers, group: Integers | None = None) -> PlacesVerdict:
    """Fit how many exposures are at each reading, then judge groups and exposures by it.

    Args:
        e: (N, R) `leads` of N particles at R readings, nan where one could not be compared.
        exposure: (N,) number of each particle's exposure.
        group: (N,) number of its group, the same for all particles of an exposure; without it there is one, 0.
    """
    numbers, of_row = np.unique(exposure, return_inverse=True)
    group = np.zeros(len(e), int) if group is None else group
    group_of = np.zeros(len(numbers), int)
    group_of[of_row] = group
    sums = _Sums.of(e, of_row, len(numbers))
    mean_lead, shares = _fit(sums)
    majority = int(np.argmax(shares[:-1]))
    if not _is_clear(sums, majority, mean_lead, shares):
        undecided = (PlaceState.UNDECIDED, None)
        places = _places(numbers, group_of, [undecided] * len(numbers), sums.n.max(axis=1, initial=0))
        return PlacesVerdict(None, mean_lead, tuple(shares.tolist()), {}, places)
    groups, of_exposure = np.unique(group_of, return_inverse=True)
    reading = _group_readings(sums, of_exposure, len(groups), majority, mean_lead, shares)
    states = _states(sums, reading[of_exposure], mean_lead, shares)
    places = _places(numbers, group_of, states, sums.n.max(axis=1, initial=0))
    by_group = dict(zip(groups.tolist(), reading.tolist()))
    return PlacesVerdict(majority, mean_lead, tuple(shares.tolist()), by_group, places)


def group_summaries(
    verdict: PlacesVerdict, correlation: Reals, group: Integers, elsewhere: Sequence[int] = ()
) -> list[GroupSummary]:
    """The report's lines, one for each group.

    Args:
        correlation: (N, R) of each particle with its own patch, nan where it could not be compared.
        group: (N,) as in `judge_places`.
        elsewhere: Numbers of exposures that are not the particles' own, as the picks show (`exposures_elsewhere`);
            not for exposures where the particles were found.
    """
    lines = []
    for number in np.unique(group).tolist():
        places = [place for place in verdict.exposures if place.group == number]
        found = sum(place.state == PlaceState.CONFIRMED for place in places)
        mirrored = sum(place.state == PlaceState.MIRRORED for place in places)
        away = sum(place.reading is None and place.exposure in elsewhere for place in places)
        reading = verdict.group_reading.get(number)
        compared = correlation[group == number, reading] if reading is not None else np.empty(0)
        compared = compared[np.isfinite(compared)]
        typical = float(np.median(compared)) if len(compared) else math.nan
        rest = len(places) - found - mirrored - away
        lines.append(GroupSummary(number, reading, found, mirrored, away, rest, typical))
    return lines


def rule_lead(e: Reals, others: int) -> float:
    """How well a trimming rule's pairs fit: the mean lead in standard errors, at the best reading.

    Args:
        e: (N, R) of some 12 particles on the exposures that the rule gives them.
        others: How many other patches each particle was compared with.
    """
    n = np.isfinite(e).sum(axis=0)
    means = np.nansum(e, axis=0) / np.maximum(n, 1)
    return float((means / np.sqrt((1 + 1 / others) / np.maximum(n, 1))).max(initial=0.0))


def are_nowhere(e: Reals, others: int) -> bool:
    """Whether so many particles were compared that they would have been found, and were not, at any reading.

    Args as of `rule_lead`.
    """
    most = int(np.isfinite(e).sum(axis=0).max(initial=0))
    return most >= _ENOUGH_SAMPLED and rule_lead(e, others) < _CHANCE


def too_many_not_found(not_found: int, looked_at: int) -> bool:
    """Whether more exposures are without their particles than chance explains where all are the right ones."""
    if not_found < 2:
        return False
    fewer = (math.comb(looked_at, k) * _MISSED**k * (1 - _MISSED) ** (looked_at - k) for k in range(not_found))
    return 1 - sum(fewer) < _BY_CHANCE


@dataclass(frozen=True)
class _Sums:
    """s, n: (units, readings), the sum of leads and how many; a unit is an exposure or a group."""

    s: Reals
    n: Reals

    @staticmethod
    def of(e: Reals, unit: Integers, units: int) -> _Sums:
        s, n = np.zeros((2, units, e.shape[1]))
        np.add.at(s, unit, np.nan_to_num(np.clip(e, -MOST_LEAD, MOST_LEAD)))
        np.add.at(n, unit, np.isfinite(e))
        return _Sums(s, n)

    def added(self, unit: Integers, units: int) -> _Sums:
        s, n = np.zeros((2, units, self.s.shape[1]))
        np.add.at(s, unit, self.s)
        np.add.at(n, unit, self.n)
        return _Sums(s, n)

    @property
    def strength(self) -> Reals:
        """In standard errors."""
        return np.asarray(self.s / np.sqrt(np.maximum(self.n, 1)))

    def likelihood(self, mean_lead: float) -> Reals:
        """(units, readings + 1), logarithms; the last is "elsewhere"."""
        at_readings = mean_lead * self.s - self.n * mean_lead**2 / 2
        return np.concatenate([at_readings, np.zeros((len(self.s), 1))], axis=1)


def _fit(sums: _Sums) -> tuple[float, Reals]:
    """Expectation and maximisation: the mean lead, and the share of exposures at each reading."""
    fits = [_fit_from(sums, start) for start in _STARTS]
    _, mean_lead, shares = max(fits, key=lambda fit: fit[0])
    return mean_lead, shares


def _fit_from(sums: _Sums, mean_lead: float) -> tuple[float, float, Reals]:
    ways = sums.s.shape[1] + 1
    shares, total = np.full(ways, 1 / ways), -math.inf
    for _ in range(_STEPS):
        total, weights = _weights(sums, mean_lead, shares)
        at_readings = weights[:, :-1]
        of = float((at_readings * sums.n).sum())
        mean_lead = max(_LEAST_MEAN_LEAD, float((at_readings * sums.s).sum()) / max(of, 1e-12))
        # one exposure more of each kind: none is impossible because it was not seen
        shares = (weights.sum(axis=0) + 1) / (len(weights) + ways)
    return total, mean_lead, shares


def _weights(sums: _Sums, mean_lead: float, shares: Reals) -> tuple[float, Reals]:
    """The log-likelihood of all, and (units, readings + 1) probabilities."""
    likelihood = sums.likelihood(mean_lead) + np.log(shares)
    most = likelihood.max(axis=1, keepdims=True)
    weights = np.exp(likelihood - most)
    each = weights.sum(axis=1, keepdims=True)
    return float((most + np.log(each)).sum()), weights / each


def _is_clear(sums: _Sums, majority: int, mean_lead: float, shares: Reals) -> bool:
    """The majority's reading is found, and where anything is found it is better than each other reading.

    Exposures that clearly have another reading do not count against the majority's.
    """
    total, n = sums.s[:, majority].sum(), sums.n[:, majority].sum()
    if total <= _CLEAR * math.sqrt(max(n, 1)):
        return False
    departs = _departing(sums, np.full(len(sums.s), majority), mean_lead)
    found = _weights(sums, mean_lead, shares)[1][:, -1] < 0.5
    for other in range(sums.s.shape[1]):
        here = found & (departs != other)
        lead = (sums.s[here, majority] - sums.s[here, other]).sum()
        if other != majority and lead <= _CLEAR * math.sqrt(max(2 * sums.n[here, majority].sum(), 1)):
            return False
    return True


def _group_readings(
    sums: _Sums, group: Integers, groups: int, majority: int, mean_lead: float, shares: Reals
) -> Integers:
    """(groups,): another reading than the majority's only if it clearly fits better and most exposures have it."""
    departs = _departing(sums.added(group, groups), np.full(groups, majority), mean_lead)
    exposures = np.zeros((groups, len(shares)))
    np.add.at(exposures, group, _weights(sums, mean_lead, shares)[1])
    most = exposures[np.arange(groups), departs] > exposures[:, majority]
    return np.where((departs >= 0) & most, departs, majority)


def _departing(sums: _Sums, expected: Integers, mean_lead: float) -> Integers:
    """(units,): the reading of those that clearly have another than the expected; -1 for all others."""
    units = np.arange(len(sums.s))
    best = sums.s.argmax(axis=1)
    odds = mean_lead * (sums.s[units, best] - sums.s[units, expected])
    clear = (odds > math.log(_ODDS * max(len(units), 1))) & (sums.strength[units, best] > FOUND)
    return np.where(clear & (best != expected), best, -1)


def _states(sums: _Sums, expected: Integers, mean_lead: float, shares: Reals) -> list[tuple[PlaceState, int | None]]:
    departs = _departing(sums, expected, mean_lead)
    weights = _weights(sums, mean_lead, shares)[1]
    strength, sure = sums.strength, 1 - 1 / _ODDS
    out: list[tuple[PlaceState, int | None]] = []
    for unit, reading in enumerate(expected.tolist()):
        others = np.delete(sums.s[unit], reading).max(initial=-math.inf)
        ahead = mean_lead * (sums.s[unit, reading] - others) > math.log(_ODDS)
        if departs[unit] >= 0:
            out.append((PlaceState.MIRRORED, int(departs[unit])))
        elif ahead and strength[unit, reading] > (_CHANCE if weights[unit, reading] > sure else FOUND):
            out.append((PlaceState.CONFIRMED, reading))
        elif (1 - weights[unit, -1]) * _ODDS * len(expected) < 1 and strength[unit].max() < _CHANCE:
            out.append((PlaceState.NOT_FOUND, None))
        else:
            out.append((PlaceState.UNDECIDED, None))
    return out


def _places(
    numbers: Integers, group_of: Integers, states: Sequence[tuple[PlaceState, int | None]], particles: Reals
) -> tuple[ExposurePlace, ...]:
    rows = zip(numbers.tolist(), group_of.tolist(), states, particles.tolist())
    return tuple(ExposurePlace(number, group, state, way, int(n)) for number, group, (state, way), n in rows)
