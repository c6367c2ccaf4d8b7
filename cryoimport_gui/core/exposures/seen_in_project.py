"""Which exposures of a project show the particles, where names cannot tell: two sessions, mirrored or binned pictures.

A few particles are compared with the same micrographs of each dataset.  Where images do not show them, what lies at the
picks is looked at.  That the particles are elsewhere is only said if another dataset shows so clear a trace of the same
picks that this one would have to show one too: images alone may also differ too much to be recognised.

On made micrographs (`tests.rates.picks`) this was never said of copies with 1 to 15 SD of noise more (4,800 sets), and
of other micrographs in 95% where 300 picks are good or the noise is low; else the pictures cannot tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np
from numpy.typing import NDArray

from ..arrays import Integers
from ..parameters import ImportParameters
from ..particles import OpticsGroup, Particles
from ..pictures.extent import merged
from ..pictures.picks import exposures_elsewhere
from ..pictures.place_verdict import FOUND
from ..problems import Refused
from ..progress import Progress, quiet
from ..stacks.sample import ParticleImages
from .exposures import Exposures, load_exposures
from .matching import Matching
from .of_project import JobExposures, ProjectSight, Seen
from .place_groups import PlacedRows
from .scales import group_scales
from .seen_by_picks import PicksSeen, picks_together
from .seen_pairs import PairsLook, PairsSight
from .trims import evenly, match_names

#: Names tell no more of datasets that match nearly as many of them as the best.
_ALIKE = 0.9
#: Datasets that are read again, and how many different sets of pictures of theirs are looked at.
_MOST_DATASETS, _MOST_LOOKED_AT = 24, 5
#: Micrographs whose particles are compared.
_MICROGRAPHS = 12
#: Picks are looked at on whole micrographs: on as many as have so many picks together.
_ENOUGH_PICKS, _LEAST_WHOLE, _MOST_WHOLE = 300, 2, 6
_MOST_SCALES = 6


def seen_in_pictures(
    found: Sequence[JobExposures],
    project: str,
    particles: Particles,
    optics: Sequence[OpticsGroup],
    images: ParticleImages | None,
    parameters: ImportParameters,
    progress: Progress = quiet,
) -> list[JobExposures]:
    """The same datasets; of those that match equally well by names those first that show the particles.

    Args:
        found: As `exposures_of_project` gives them.
        optics: The optics groups with the pixel sizes that are used.
        images: None where there are none to compare.

    Raises:
        Cancelled: `progress` said so.
    """
    alike = matched_alike(found)
    if not alike:
        return list(found)
    progress.stage("place")
    loaded = {one.path: made for one in alike if (made := _loaded(one, project, particles, progress))}
    names = _common_names(particles, loaded.values())
    sets = {candidate.files(names): candidate for candidate in loaded.values()}
    if len(sets) < 2:
        return list(found)  # later jobs hand the same pictures on
    looks = [
        _Look(candidate, particles, optics, images, parameters, names, progress)
        for candidate in list(sets.values())[:_MOST_LOOKED_AT]
    ]
    sights = dict(zip(sets, _judged(looks)))
    seen = {path: sights.get(candidate.files(names)) for path, candidate in loaded.items()}
    ranked = sorted((replace(one, seen=seen.get(one.path)) for one in alike), key=_rank)
    paths = {one.path for one in alike}
    return [*ranked, *(one for one in found if one.path not in paths)]


def matched_alike(found: Sequence[JobExposures]) -> list[JobExposures]:
    """Those that match about as many names as the best, without movies where there are micrographs.

    Empty where names choose one.
    """
    enough = _ALIKE * max((one.matched for one in found), default=0)
    alike = [one for one in found if one.matched and one.matched >= enough]
    alike = [one for one in alike if not one.are_movies] or alike
    return alike[:_MOST_DATASETS] if len(alike) > 1 else []


def _rank(one: JobExposures) -> int:
    return one.seen.state.rank if one.seen else Seen.UNCLEAR.rank


@dataclass(frozen=True)
class _Candidate:
    exposures: Exposures
    matching: Matching

    def files(self, names: Integers) -> tuple[str, ...]:
        """Its pictures of these micrographs: what later jobs hand on is looked at once."""
        of_name = self.matching.of_name[names]
        return tuple(self.exposures.files[number] for number in of_name.tolist())


def _loaded(one: JobExposures, project: str, particles: Particles, progress: Progress) -> _Candidate | None:
    progress.step(0, 0)
    try:
        exposures = load_exposures(one.path, project)
    except Refused:  # it has changed since it was found
        return None
    if one.rules is None:
        return None
    match = match_names(exposures.paths, particles.micrograph_names, one.rules)
    return _Candidate(exposures, Matching(one.rules, "suggested", match, match.exposure_of))


def _common_names(particles: Particles, candidates: Iterable[_Candidate]) -> Integers:
    """Numbers of a few micrographs, with particles, that all of the datasets have."""
    have = particles.per_micrograph > 0
    for candidate in candidates:
        have &= candidate.matching.of_name >= 0
    return evenly(np.flatnonzero(have), _MICROGRAPHS)


class _Look:
    """One set of pictures, and what its images say.

    Args:
        names: Numbers of the micrographs that are looked at.
    """

    def __init__(
        self,
        candidate: _Candidate,
        particles: Particles,
        optics: Sequence[OpticsGroup],
        images: ParticleImages | None,
        parameters: ImportParameters,
        names: Integers,
        progress: Progress,
    ) -> None:
        self._candidate, self._particles, self._progress = candidate, particles, progress
        self._optics, self._parameters = optics, parameters
        self._names = np.zeros(len(particles.micrograph_names), bool)
        self._names[names] = True
        self.by_images = PairsSight()
        if images is not None and not candidate.exposures.are_movies:
            look = PairsLook(particles, candidate.exposures, optics, images, parameters, progress)
            self.by_images = look.at(candidate.matching, self._names)

    @property
    def is_found(self) -> bool:
        return self.by_images.are_right or self.by_images.are_partly_right

    @property
    def width_px(self) -> float:
        return float(median(self._candidate.exposures.shape[:, 1].tolist()))

    def by_picks(self, also: Sequence[float] = ()) -> PicksSeen:
        """Args: also: scales that may be right, beside those that follow from the coordinates and pixel sizes."""
        placed = self._placed()
        scales = group_scales(placed, self._optics, self._parameters)
        values = merged([*(one.value for one in scales), *also, *(s for one in scales for s in one.others)])
        return picks_together(placed, values[:_MOST_SCALES], self._progress)

    def _placed(self) -> PlacedRows:
        """What lies on those of the micrographs that have the most particles."""
        particles, matching = self._particles, self._candidate.matching
        assert particles.micrograph_index is not None
        names = np.flatnonzero(self._names)
        names = names[np.argsort(-particles.per_micrograph[names], kind="stable")]
        enough = 1 + int(np.searchsorted(np.cumsum(particles.per_micrograph[names]), _ENOUGH_PICKS))
        names = names[: min(max(enough, _LEAST_WHOLE), _MOST_WHOLE)]
        is_chosen: NDArray[np.bool_] = np.isin(particles.micrograph_index, names)
        if particles.coordinates_px is None:
            is_chosen &= False
        return PlacedRows.of(particles, self._candidate.exposures, matching, is_chosen).in_pictures


def _judged(looks: Sequence[_Look]) -> list[ProjectSight]:
    """Picks are looked at where images do not show the particles, and on one dataset where they do, for comparison."""
    best = max(looks, key=lambda look: look.by_images.lead)
    picked = [best, *(look for look in looks if look is not best and not look.is_found)]
    if all(look.is_found for look in looks):
        return [_sight(look, None, False) for look in looks]
    picks: list[PicksSeen] = []
    also: list[float] = []  # scales at which picks were seen, in parts of the picture's width
    for look in picked:
        picks.append(look.by_picks([part * look.width_px for part in also]))
        if reading := picks[-1].verdict.reading:
            also.append(reading.scale / look.width_px)
    t2, counts = (np.array([getattr(one.verdict, name) for one in picks]) for name in ("best_t2", "picks"))
    away = exposures_elsewhere(t2, counts, np.array([one.structure for one in picks]), least_found=1)
    known = {look: (one, is_away) for look, one, is_away in zip(picked, picks, away.tolist())}
    return [_sight(look, *known.get(look, (None, False))) for look in looks]


def _sight(look: _Look, picks: PicksSeen | None, is_away: bool) -> ProjectSight:
    pairs = look.by_images
    micrographs = picks.verdict.micrographs if picks else 0
    if pairs.are_right:
        state = Seen.MIRRORED if pairs.mirrored else Seen.FOUND
    elif pairs.are_partly_right:
        state = Seen.PARTLY
    elif picks and picks.verdict.reading is not None:
        return ProjectSight(Seen.AT_PICKS)
    elif is_away and pairs.lead < FOUND:
        return ProjectSight(Seen.ELSEWHERE)
    else:
        return ProjectSight(Seen.UNCLEAR if pairs.compared or micrographs else Seen.NO_PICTURES)
    return ProjectSight(state, pairs.found_on, pairs.exposures)
