"""Whether particles lie on the exposures that names give them: a few are compared with them, each on another one.

By made leads (`tests.rates.trims`, 15% of the particles junk) rules are confirmed in 76% of the sets (of 300) where
all pairs are right and lead by 5 on average, in 45% by 4; with 10 right pairs of 12 in 4%, with 9 or fewer in none.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from os.path import dirname

import numpy as np
from numpy.typing import NDArray

from ..arrays import Integers, Reals, rank_in_run
from ..parameters import ImportParameters
from ..particles import OpticsGroup, Particles
from ..pictures.extent import merged
from ..pictures.picks import PlaceReading
from ..pictures.place_verdict import FOUND, RIGHT_RULE, judge_places, rule_lead
from ..pictures.placement import OTHERS, PlaceComparison, compare_places
from ..progress import Progress
from ..stacks.sample import ParticleImages
from .exposures import Exposures
from .matching import Matching
from .place_groups import PlacedRows
from .scales import GroupScale, group_scales
from .seen_by_images import placement_samples
from .trims import evenly

#: Particles that are compared: by so many the limits of `rule_lead` were measured.
_PAIRS = 12
#: Of so many exposures it is no accident that nothing of their particles is seen: names mix two sessions.  One particle
#: may be junk, so that more are looked at where any seems to be elsewhere.
_ELSEWHERE, _ONE_ELSEWHERE, _MORE = 2.0, 0.8, 3
#: Folders of micrographs that are looked at one by one.
_MOST_FOLDERS = 5
#: Scales of the coordinates that are tried where the likeliest shows nothing.
_MOST_SCALES = 6


@dataclass(frozen=True)
class PairsSight:
    """lead: as `rule_lead` of 12 pairs or fewer.  elsewhere: on how many exposures nothing of the particles is seen.

    compared: how many particles were, on how many `exposures`.
    mirrored: most are found where the exposure is a mirror image.
    """

    lead: float = 0.0
    elsewhere: float = 0.0
    compared: int = 0
    exposures: int = 0
    mirrored: bool = False

    @staticmethod
    def of(e: Reals, exposure: Integers, readings: Sequence[PlaceReading] = ()) -> PairsSight:
        """Args: e: (n, R) `leads` at R `readings`.  exposure: (n,) number of each particle's exposure."""
        if not np.isfinite(e).any():
            return PairsSight()
        verdict = judge_places(e, exposure)
        # The shares count one exposure more at each reading, and one elsewhere.
        away = verdict.shares[-1] * (len(verdict.exposures) + len(verdict.shares)) - 1
        lead = rule_lead(e, OTHERS) * min(1.0, math.sqrt(_PAIRS / len(e)))
        mirrored = verdict.reading is not None and bool(readings) and readings[verdict.reading].mirrored
        return PairsSight(lead, away, len(e), len(verdict.exposures), mirrored)

    @property
    def needs_more(self) -> bool:
        """Whether more particles may show what this is: they are found, but not on all exposures."""
        return self.lead >= RIGHT_RULE and self.elsewhere > _ONE_ELSEWHERE

    @property
    def are_right(self) -> bool:
        """Whether the particles are found, and on nearly all of their exposures: half of them where rules mix."""
        return self.lead >= RIGHT_RULE and self.elsewhere < _ELSEWHERE

    @property
    def are_partly_right(self) -> bool:
        """Whether the particles are found, but on some of their exposures only."""
        return self.lead >= FOUND and self.elsewhere >= _ELSEWHERE

    @property
    def found_on(self) -> int:
        """On how many of the exposures."""
        return self.exposures - round(max(0.0, self.elsewhere))


class PairsLook:
    """Compares particles with the exposures that a choice gives them.

    Args:
        optics: The optics groups with the pixel sizes that are used.
    """

    def __init__(
        self,
        particles: Particles,
        exposures: Exposures,
        optics: Sequence[OpticsGroup],
        images: ParticleImages,
        parameters: ImportParameters,
        progress: Progress,
    ) -> None:
        assert particles.micrograph_index is not None
        self.particles, self.exposures = particles, exposures
        self._optics, self._images, self._parameters, self._progress = optics, images, parameters, progress
        usable = (images.stacks.of_name[particles.stack_index] >= 0) & (particles.image_number > 0)
        if particles.coordinates_px is None:
            usable &= False
        else:
            usable &= np.isfinite(particles.coordinates_px).all(axis=1)
        self._usable = usable
        self._per_name = np.bincount(particles.micrograph_index[usable], minlength=len(particles.micrograph_names))
        self._known: dict[tuple[bytes, bytes], PairsSight] = {}
        self._is_picture = ~exposures.is_movie & (exposures.shape > 0).all(axis=1)

    def folders(self) -> list[NDArray[np.bool_]]:
        """(micrograph names,) for each of their folders; for all together if there are too many to look at each."""
        folders: dict[str, int] = {}
        of_name = np.array([folders.setdefault(dirname(n), len(folders)) for n in self.particles.micrograph_names])
        if len(folders) > _MOST_FOLDERS:
            return [np.ones(len(of_name), bool)]
        return [of_name == number for number in range(len(folders))]

    def at(self, matching: Matching, among: NDArray[np.bool_] | None = None) -> PairsSight:
        """Compare some pairs of a choice, of those micrographs only that are `among` (micrograph names,)."""
        of_name = matching.of_name
        is_usable = (self._per_name > 0) & (of_name >= 0) & self._is_picture[of_name]
        names = evenly(np.flatnonzero(is_usable if among is None else is_usable & among), _PAIRS)
        if not len(names):
            return PairsSight()
        placed = self._placed(matching, names)
        sight = self._compared(placed, _PAIRS)
        if sight.needs_more:
            sight = self._compared(placed, _MORE * _PAIRS)
        return sight

    def _placed(self, matching: Matching, names: Integers) -> PlacedRows:
        """All particles of these micrographs: first one of each, then another of each, and so on."""
        assert self.particles.micrograph_index is not None
        is_chosen = np.zeros(len(self.particles.micrograph_names), bool)
        is_chosen[names] = True
        wanted = is_chosen[self.particles.micrograph_index] & self._usable
        placed = PlacedRows.of(self.particles, self.exposures, matching, wanted)
        shuffled = np.random.default_rng(0).permutation(len(placed.rows))
        name = self.particles.micrograph_index[placed.rows[shuffled]]
        order = np.argsort(name, kind="stable")
        rank = rank_in_run(name[order])
        return placed.among(shuffled[order[np.argsort(rank, kind="stable")]])

    def _compared(self, placed: PlacedRows, count: int) -> PairsSight:
        key = placed.rows[:count].tobytes(), placed.exposure[:count].tobytes()
        if key not in self._known:
            self._known[key] = self._compare(placed, placed.among(np.arange(min(count, len(placed.rows)))))
        return self._known[key]

    def _compare(self, placed: PlacedRows, some: PlacedRows) -> PairsSight:
        """Some of the particles, at the likeliest scales of all, then at others."""
        scales = group_scales(placed, self._optics, self._parameters)
        read = self._images.read(some.rows, self._progress)
        some, images = some.among(read.good), read.images[read.good]
        likeliest = np.array([scale.value for scale in scales])[some.group]
        samples = placement_samples(some, likeliest, self._optics, images)
        sight = _seen(compare_places(samples, progress=self._progress), some)
        factors = other_factors(scales)
        if sight.lead < RIGHT_RULE and factors:
            other = _seen(compare_places(samples, factors, self._progress), some)
            sight = max(sight, other, key=lambda one: one.lead)
        return sight


def other_factors(scales: Sequence[GroupScale]) -> tuple[float, ...]:
    """What the likeliest scales may have to be multiplied with."""
    return merged([1.0, *(other / scale.value for scale in scales for other in scale.others)])[1:_MOST_SCALES]


def _seen(comparison: PlaceComparison, placed: PlacedRows) -> PairsSight:
    return PairsSight.of(comparison.leads, placed.exposure[comparison.compared], comparison.readings)
