"""Particle images against their exposures: at which reading of the coordinates each exposure and group is found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from ..arrays import Integers, Reals
from ..particles import OpticsGroup, pixel_sizes_A
from ..pictures.picks import PlaceReading
from ..pictures.place_verdict import (
    FOUND,
    GroupSummary,
    PlaceState,
    PlacesVerdict,
    are_nowhere,
    group_summaries,
    judge_places,
    rule_lead,
)
from ..pictures.placement import OTHERS, PlaceComparison, PlacementSample, compare_places
from ..progress import Progress
from ..stacks.sample import ParticleImages
from .place_groups import PlacedRows

#: Particles that are looked at, how many of an exposure at least, and how many more for each further group.
SAMPLE, _EACH, _FOR_A_GROUP, _MOST = 60, 3, 12, 240
#: The same where exposures may differ, and where they do.
_LARGER_SAMPLE, _LARGEST_SAMPLE, _MORE_EACH = 600, 4000, 8
#: No more than this for the images of a larger sample.
_MOST_BYTES = 256 << 20
#: Particles that other scales are tried with.
_FOR_SCALES = 24
#: Where most exposures are found, those that are not are looked at again.
_MOST_FOUND = 0.5
#: So much of an exposure has another reading than most.
_PERHAPS_TURNED = 0.7
#: Groups of fewer particles in the sample are not expected to be found each by itself.
_SMALL = 12
#: Exposures that may be exchanged with each other, particles of each, and how well they fit their own, as `rule_lead`.
_EXCHANGED, _OF_EXCHANGED, _CLEARLY_FOUND = 8, 8, 6.0
_SUREST_FIRST = (PlaceState.CONFIRMED, PlaceState.UNDECIDED, PlaceState.NOT_FOUND, PlaceState.MIRRORED)


@dataclass(frozen=True)
class ImageSight:
    """What the images of a sample say.

    placed: the particles that were compared.  scales: (groups,) that their coordinates were multiplied by.
    reading: group → its reading (with its scale as a whole), only where the images show it.
    states: (exposure, group) → what is known of it.
    """

    placed: PlacedRows
    comparison: PlaceComparison
    verdict: PlacesVerdict
    scales: tuple[float, ...]
    reading: dict[int, PlaceReading]

    @property
    def are_nowhere(self) -> bool:
        return not self.reading and are_nowhere(self.comparison.leads, len(self.comparison.others))

    @property
    def turned(self) -> dict[tuple[int, int], tuple[bool, bool]]:
        """Exposures with another reading than their group: (exposure, group) → (flip, mirrored)."""
        groups, out = len(self.scales), {}
        for place in self.verdict.exposures:
            if place.state == PlaceState.MIRRORED and place.group in self.reading and place.reading is not None:
                way = self.comparison.readings[place.reading]
                out[place.exposure // groups, place.group] = way.flip, way.mirrored
        return out

    def of_state(self, *states: PlaceState) -> list[tuple[int, int]]:
        """(exposure, group) of those that the images say this of."""
        groups = len(self.scales)
        return [(p.exposure // groups, p.group) for p in self.verdict.exposures if p.state in states]

    def states(self, chosen_flip: bool | None) -> dict[int, PlaceState]:
        """Exposure → what is known of it; of several groups what is most doubtful.

        Args:
            chosen_flip: The user's way of y: exposures that show the other one count as mirrored.
        """
        known: list[tuple[int, PlaceState]] = []
        for place in self.verdict.exposures:
            state = place.state
            if chosen_flip is not None and place.reading is not None:
                is_so = self.comparison.readings[place.reading].flip == chosen_flip
                state = PlaceState.CONFIRMED if is_so else PlaceState.MIRRORED
            known.append((place.exposure // len(self.scales), state))
        return dict(sorted(known, key=lambda one: _SUREST_FIRST.index(one[1])))

    def summaries(self, elsewhere: Sequence[tuple[int, int]]) -> dict[int, GroupSummary]:
        """By group; `elsewhere`: (exposure, group) of those that the picks say this of."""
        units = [exposure * len(self.scales) + group for exposure, group in elsewhere]
        lines = group_summaries(self.verdict, self.comparison.own, self.placed.group, units)
        return {line.group: line for line in lines}


def look_by_images(
    placed: PlacedRows,
    scales: Sequence[float],
    others: Sequence[Sequence[float]],
    optics: Sequence[OpticsGroup],
    images: ParticleImages,
    progress: Progress,
) -> ImageSight:
    """Compare a sample; where a group is not found, at other scales too; where exposures differ, a larger sample.

    Args:
        scales: (groups,) the likeliest.  others: (groups, ...) that may be as well.
    """
    stacks = images.stacks
    placed = placed.among(stacks.of_name[placed.particles.stack_index[placed.rows]] >= 0)
    groups, most = len(scales), max(SAMPLE, _MOST_BYTES // (4 * stacks.box**2))
    count = min(_MOST, SAMPLE + _FOR_A_GROUP * (groups - 1))
    sample = _Looked(placed.sample(count, _EACH, fill=True), optics, images, progress)
    sight = sample.at(scales)
    better = {
        group: scale
        for group in range(groups)
        if group not in sight.reading and (scale := sample.other_scale(group, scales[group], others[group]))
    }
    if better:
        scales = [better.get(group, scale) for group, scale in enumerate(scales)]
        sight = sample.at(scales)
    if _may_differ(sight):
        sight = _Looked(placed.sample(min(most, _LARGER_SAMPLE), _MORE_EACH), optics, images, progress).at(scales)
    if sight.turned and sight.placed.units < placed.units:
        sight = _Looked(placed.sample(min(most, _LARGEST_SAMPLE), _MORE_EACH), optics, images, progress).at(scales)
    return sight


def find_exchanged(
    sight: ImageSight,
    placed: PlacedRows,
    optics: Sequence[OpticsGroup],
    images: ParticleImages,
    progress: Progress,
) -> dict[tuple[int, int], int]:
    """(exposure, group) that the particles were not found on → another exposure of those, on which they are found."""
    units = [unit for unit in sight.of_state(PlaceState.NOT_FOUND) if unit[1] in sight.reading][:_EXCHANGED]
    pairs = [(a, b[0]) for a, b in permutations(units, 2) if a[0] != b[0]]
    if not pairs:
        return {}
    here = {unit: np.flatnonzero((placed.exposure == unit[0]) & (placed.group == unit[1])) for unit in units}
    rows = np.concatenate([here[unit][:_OF_EXCHANGED] for unit, _ in pairs])
    pair = np.repeat(np.arange(len(pairs)), [len(here[unit][:_OF_EXCHANGED]) for unit, _ in pairs])
    on_other = replace(placed.among(rows), exposure=np.array([other for _, other in pairs])[pair])
    looked = _Looked(on_other, optics, images, progress)
    comparison, _ = looked.compare(np.arange(len(looked.placed.rows)), np.array(sight.scales)[looked.placed.group])
    pair = pair[looked.good][comparison.compared]
    found = {}
    for number, ((exposure, group), other) in enumerate(pairs):
        way = sight.verdict.group_reading[group]
        if rule_lead(comparison.leads[pair == number][:, [way]], OTHERS) > _CLEARLY_FOUND:
            found[exposure, group] = other
    return found


def placement_samples(
    placed: PlacedRows, scale: Reals, optics: Sequence[OpticsGroup], images: NDArray[np.float32]
) -> list[PlacementSample]:
    """The particles and where they should be, each with its scale applied."""
    exposures = placed.exposures
    own_A = exposures.pixel_size_A[placed.exposure].astype(float)
    sizes_A = pixel_sizes_A(placed.particles, optics, placed.rows)
    sizes_A = np.where(np.isfinite(sizes_A), sizes_A, own_A)
    xy_px, shapes = placed.xy_px * scale[:, None], exposures.shape[placed.exposure].tolist()
    return [
        PlacementSample(
            image, float(size_A), exposures.files[number], float(of_exposure_A), (ny, nx), float(x), float(y)
        )
        for image, size_A, number, of_exposure_A, (ny, nx), (x, y) in zip(
            images, sizes_A, placed.exposure.tolist(), own_A, shapes, xy_px
        )
    ]


class _Looked:
    """A sample whose images were read."""

    def __init__(
        self, placed: PlacedRows, optics: Sequence[OpticsGroup], images: ParticleImages, progress: Progress
    ) -> None:
        read = images.read(placed.rows, progress)
        self.good, self.placed, self.images = read.good, placed.among(read.good), read.images[read.good]
        self.optics, self.progress = optics, progress

    def at(self, scales: Sequence[float]) -> ImageSight:
        scale = np.array(scales, float)[self.placed.group]
        comparison, placed = self.compare(np.arange(len(self.placed.rows)), scale)
        e = comparison.leads
        verdict = judge_places(e, placed.unit, placed.group)
        reading = {}
        for group, way in _found_groups(e, placed, verdict).items():
            found = comparison.readings[way]
            reading[group] = PlaceReading(found.flip, scales[group], found.mirrored)
        return ImageSight(placed, comparison, verdict, tuple(scales), reading)

    def other_scale(self, group: int, scale: float, others: Sequence[float]) -> float | None:
        """The scale at which the particles of a group are found, if that is another."""
        factors = [other / scale for other in others if other != scale]
        rows = np.flatnonzero(self.placed.group == group)
        rows = rows[np.linspace(0, len(rows) - 1, min(_FOR_SCALES, len(rows))).astype(int)]
        if not factors or not len(rows):
            return None
        comparison, placed = self.compare(rows, np.full(len(rows), scale), factors)
        verdict = judge_places(comparison.leads, placed.unit)
        return None if verdict.reading is None else scale * comparison.readings[verdict.reading].scale

    def compare(
        self, rows: Integers, scale: Reals, factors: Sequence[float] = (1.0,)
    ) -> tuple[PlaceComparison, PlacedRows]:
        some = self.placed.among(rows)
        samples = placement_samples(some, scale, self.optics, self.images[rows])
        comparison = compare_places(samples, factors, self.progress)
        return comparison, some.among(comparison.compared)


def _found_groups(e: Reals, placed: PlacedRows, verdict: PlacesVerdict) -> dict[int, int]:
    """Group → the index of its reading, where its particles are found at it.

    Groups of too few particles to be found each by itself, as those of many beam shifts, are found together; and where
    all are found at one reading, so are those that no particle was chosen of.
    """
    found, small, group, groups = {}, [], placed.group, np.flatnonzero(~placed.groups.are_movies).tolist()
    for number, way in verdict.group_reading.items():
        here = e[group == number][:, [way]]
        if rule_lead(here, OTHERS) > FOUND:
            found[number] = way
        elif len(here) < _SMALL and way == verdict.reading:
            small.append(number)
    if small and rule_lead(e[np.isin(group, small)][:, [verdict.reading or 0]], OTHERS) > FOUND:
        found |= dict.fromkeys(small, verdict.reading or 0)
    if len(groups) > _MOST // _EACH and len(set(found.values())) == 1 and len(found) == len(verdict.group_reading):
        found = dict.fromkeys(groups, *set(found.values()))
    return found


def _may_differ(sight: ImageSight) -> bool:
    """Whether exposures are, or seem to be, at another reading than their group; or are not found while most are."""
    verdict = sight.verdict
    if verdict.reading is None:
        return False
    states = [place.state for place in verdict.exposures]
    at_each = np.array(verdict.shares) * (len(states) + len(verdict.shares)) - 1
    if PlaceState.MIRRORED in states or np.delete(at_each, [verdict.reading, -1]).max() > _PERHAPS_TURNED:
        return True
    return PlaceState.NOT_FOUND in states and states.count(PlaceState.CONFIRMED) >= _MOST_FOUND * len(states)
