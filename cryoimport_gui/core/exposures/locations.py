"""Coordinates → places on the exposures: at which scale, and which way y counts, for each group of particles.

The order of evidence: particle images against exposures; picks against exposures; for the scale alone, how far the
coordinates reach, then the pixel sizes of the file; else they are left as they are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..parameters import ImportParameters
from ..particles import OpticsGroup, Particles
from ..pictures.picks import PlaceReading
from ..pictures.place_verdict import GroupSummary, PlaceState
from ..progress import Progress, quiet
from ..stacks.sample import ParticleImages
from .exposures import Exposures
from .matching import Matching
from .place_groups import PlacedRows
from .placing import GroupPlace, Placing
from .scales import GroupScale, group_scales
from .seen_by_images import ImageSight, find_exchanged, look_by_images
from .seen_by_picks import find_elsewhere, look_by_picks

#: paths of CryoSPARC's jobs, and its names of 21 digits where no folder is one of RELION's
_CRYOSPARC = re.compile(r"(^|/)J\d+/(extract|motioncorrected)/")
_UID = re.compile(r"(^|/)\d{21}_[^/]*$")
_RELION = re.compile(r"(^|/)job\d{3}/")
#: names that are looked at
_LOOKED_AT = 100


def place_coordinates(
    particles: Particles,
    exposures: Exposures,
    matching: Matching,
    optics: Sequence[OpticsGroup],
    wanted: NDArray[np.bool_],
    images: ParticleImages | None,
    parameters: ImportParameters,
    progress: Progress = quiet,
) -> Placing:
    """Settle scale and y of each group.

    What the user chose is taken; the pictures are looked at all the same, and may contradict.

    Args:
        optics: The optics groups with the pixel sizes that are used.
        wanted: (N,) the particles that are imported, and so count.
        images: None where there are none to compare.

    Raises:
        Cancelled: `progress` said so.
    """
    placed = PlacedRows.of(particles, exposures, matching, wanted)
    names = range(len(placed.groups.names))
    scales = group_scales(placed, optics, parameters)
    values, others = [scale.value for scale in scales], [scale.others for scale in scales]
    sight: ImageSight | None = None
    reading: dict[int, PlaceReading] = {}
    picked: dict[int, PlaceReading] = {}
    looked_at = 0
    unreadable: dict[str, str] = {}
    elsewhere: dict[tuple[int, int], int] = {}
    exchanged: dict[tuple[int, int], int] = {}
    compared = placed.in_pictures
    if len(compared.rows):
        if images is not None:
            sight = look_by_images(compared, values, others, optics, images, progress)
            reading, unreadable = dict(sight.reading), dict(sight.comparison.unreadable)
        unseen = [number for number in np.unique(compared.group).tolist() if number not in reading]
        picked, looked_at = look_by_picks(compared, unseen, values, others, unreadable, progress)
        if sight is not None and images is not None and reading:
            exchanged = find_exchanged(sight, compared, optics, images, progress)
            doubted = [unit for unit in _doubted(sight) if unit not in exchanged]
            found = [unit for unit in sight.of_state(PlaceState.CONFIRMED) if unit[1] in reading]
            elsewhere = find_elsewhere(compared, reading, found, doubted, progress) if doubted else {}
    summaries = sight.summaries([*elsewhere, *exchanged]) if sight is not None else {}
    is_mirrored_by_picks = not came_through_csparc2star(particles)
    seen = reading | {
        number: PlaceReading(way.flip, way.scale, way.flip and is_mirrored_by_picks) for number, way in picked.items()
    }
    groups = tuple(
        _group_place(number, placed, scales[number], seen, number in picked, sight, summaries.get(number), parameters)
        for number in names
    )
    turned = sight.turned if sight is not None else {}
    if parameters.coordinate_y != "auto":
        flip = parameters.coordinate_y == "flip"
        turned = {unit: (flip, mirrored) for unit, (_, mirrored) in turned.items()}
    return Placing(
        groups,
        placed.groups,
        matching.of_name,
        turned,
        mirrored_poses(parameters),
        nowhere=sight is not None and sight.are_nowhere,
        elsewhere={exposure: picks for (exposure, _), picks in elsewhere.items()},
        exchanged={exposure: other for (exposure, _), other in exchanged.items()},
        states=sight.states(_chosen_flip(parameters)) if sight is not None else {},
        micrographs_of_picks=looked_at,
        unreadable=unreadable,
    )


def _chosen_flip(parameters: ImportParameters) -> bool | None:
    return None if parameters.coordinate_y == "auto" else parameters.coordinate_y == "flip"


def mirrored_poses(parameters: ImportParameters) -> str:
    """Of which rows the metadata are turned, as `Placing.mirror_poses`: images that are imported are not mirrored."""
    if not parameters.ignore_raw_data:
        return "none"
    return {"auto": "mirrored", "yes": "all", "no": "none"}[parameters.mirror_poses]


def came_through_csparc2star(particles: Particles) -> bool:
    """Whether names look as if csparc2star (pyem) had written the file, which turns y over: ny - y."""
    names = [*particles.micrograph_names[:_LOOKED_AT], *particles.stack_names[:_LOOKED_AT]]
    return any(_CRYOSPARC.search(name) or (_UID.search(name) and not _RELION.search(name)) for name in names)


def _doubted(sight: ImageSight) -> list[tuple[int, int]]:
    """(exposure, group) of exposures that the particles were not found on; undecided ones, if most were found."""
    found, states = len(sight.of_state(PlaceState.CONFIRMED)), [PlaceState.NOT_FOUND]
    if 2 * found >= len(sight.verdict.exposures):
        states.append(PlaceState.UNDECIDED)
    return [unit for unit in sight.of_state(*states) if unit[1] in sight.reading]


def _group_place(
    number: int,
    placed: PlacedRows,
    scale: GroupScale,
    seen: dict[int, PlaceReading],
    by_picks: bool,
    sight: ImageSight | None,
    summary: GroupSummary | None,
    parameters: ImportParameters,
) -> GroupPlace:
    own, chosen = seen.get(number), parameters.coordinate_y
    agreed = {(way.flip, way.mirrored) for way in seen.values()}
    flip, mirrored, y_source = False, False, "default"
    if own is not None:
        flip, mirrored, y_source = own.flip, own.mirrored, "detected"
    elif len(agreed) == 1 and not placed.groups.are_movies[number]:  # movies may be mirror images where these are not
        ((flip, mirrored),) = agreed
        y_source = "others"
    if chosen != "auto":
        flip, y_source = chosen == "flip", "user"
    if parameters.mirror_poses == "yes" and parameters.ignore_raw_data:
        mirrored = True
    here = placed.group == number
    value, source, doubt = scale.value, scale.source, scale.doubt
    if own is not None and source != "user":
        value, source, doubt = own.scale, "detected", ""
    exposures = len(np.unique(placed.exposure[here]))
    compared = _compared(sight, number)
    return GroupPlace(
        name=placed.groups.names[number],
        particles=int(here.sum()),
        exposures=exposures,
        of_movies=bool(placed.groups.are_movies[number]),
        scale=value,
        scale_source=source,
        scale_doubt=doubt,
        flip=flip,
        y_source=y_source,
        mirrored=mirrored,
        by="" if own is None else "picks" if by_picks else "images",
        seen_flip=own.flip if own is not None else None,
        sampled=compared[0],
        found=summary.found if summary else 0,
        turned=summary.mirrored if summary else 0,
        elsewhere=summary.elsewhere if summary else 0,
        undecided=exposures - (summary.found + summary.mirrored + summary.elsewhere if summary else 0),
        correlation=compared[1 + (own.flip if own is not None else flip)],
        keep_correlation=compared[1],
        flip_correlation=compared[2],
    )


def _compared(sight: ImageSight | None, number: int) -> tuple[int, float, float]:
    """How many particles of a group were compared, and their typical correlation with y kept and flipped."""
    if sight is None:
        return 0, np.nan, np.nan
    here = sight.placed.group == number
    own = sight.comparison.own[here]
    sampled = int(np.isfinite(own).any(axis=1).sum())
    keep, flip = (_typical(sight.comparison.at_y(flip, here)) for flip in (False, True))
    return sampled, keep, flip


def _typical(correlations: NDArray[np.float64]) -> float:
    known = correlations[np.isfinite(correlations)]
    return float(np.median(known)) if len(known) else np.nan
