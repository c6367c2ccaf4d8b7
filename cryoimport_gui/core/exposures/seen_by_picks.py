"""Picks against exposures, without particle images: which way y counts, at which scale; and exposures of others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log

import numpy as np

from ..pictures.micrograph import read_binned
from ..pictures.picks import (
    BIN_TO_A,
    MOST_MICROGRAPHS,
    PickedMicrograph,
    PickMaps,
    PickTest,
    PickVerdict,
    PlaceReading,
    exposures_elsewhere,
    judge_picks,
    pick_maps,
)
from ..progress import Progress, Unseen
from .place_groups import PlacedRows

#: No more micrographs than this are looked at, of all groups together.
_MOST_OF_ALL = 48
#: Of one group, if they cannot be read.
_MOST_TRIED = 4 * MOST_MICROGRAPHS
#: Readings whose scales are closer than this are not kept apart well.
_CLOSE = 0.1
#: Exposures whose picks show what picks look like, and exposures that are doubted.
_REFERENCES, _DOUBTED = 8, 16


def look_by_picks(
    placed: PlacedRows,
    wanted: Sequence[int],
    scales: Sequence[float],
    others: Sequence[Sequence[float]],
    unreadable: dict[str, str],
    progress: Progress,
) -> tuple[dict[int, PlaceReading], int]:
    """Group → the reading that its picks show, those that show none left out; and how many micrographs were looked at.

    Args:
        wanted: The groups that are looked at, those of most particles first.
        scales: (groups,) the likeliest.  others: (groups, ...) that may be as well.
        unreadable: Takes up micrographs that cannot be looked at, each with the reason.
    """
    found: dict[int, PlaceReading] = {}
    left = _MOST_OF_ALL
    for group in sorted(wanted, key=lambda number: -int((placed.group == number).sum())):
        if left <= 0:
            break
        apart = [s for s in others[group] if abs(log(s / scales[group])) > _CLOSE]
        readings = [PlaceReading(flip, scale) for scale in (scales[group], *apart) for flip in (False, True)]
        here = placed.among(placed.group == group)
        verdict: PickVerdict = judge_picks(
            _pictures(here, _by_picks(here)[:_MOST_TRIED], unreadable, progress), readings, min(left, MOST_MICROGRAPHS)
        )
        left -= verdict.micrographs
        if verdict.reading is not None:
            found[group] = verdict.reading
    return found, _MOST_OF_ALL - left


@dataclass(frozen=True)
class PicksSeen:
    """What lies at the picks of some exposures together; structure: mean of their `PickMaps.structure`."""

    verdict: PickVerdict
    structure: float


def picks_together(placed: PlacedRows, scales: Sequence[float], progress: Progress) -> PicksSeen:
    """Look at all of these exposures that can be read, at both ways of y and these scales."""
    test = PickTest([PlaceReading(flip, scale) for scale in scales for flip in (False, True)])
    structure = []
    for picture in _pictures(placed, _by_picks(placed), {}, progress):
        try:
            maps = pick_maps(picture.picture, picture.pixel_size_A)
        except ValueError:
            continue
        test.add(maps, picture.x_frac, picture.y_frac)
        structure.append(maps.structure)
    return PicksSeen(test.verdict(), float(np.mean(structure)) if structure else 0.0)


def find_elsewhere(
    placed: PlacedRows,
    reading: dict[int, PlaceReading],
    found: Sequence[tuple[int, int]],
    doubted: Sequence[tuple[int, int]],
    progress: Progress,
) -> dict[tuple[int, int], int]:
    """Which of the doubted exposures are not the particles' own, by all of their picks → how many picks.

    Args:
        reading: Group → its reading.
        found: (exposure, group) where the particle images were found; doubted: where they were not.
    """
    units, t2, picks, structure = [], [], [], []
    for unit in (*found[:_REFERENCES], *doubted[:_DOUBTED]):
        exposure, group = unit
        here = placed.among((placed.exposure == exposure) & (placed.group == group))
        for picture in _pictures(here, [exposure], {}, progress):
            try:
                maps: PickMaps = pick_maps(picture.picture, picture.pixel_size_A)
            except ValueError:
                continue
            test = PickTest([PlaceReading(flip, reading[group].scale) for flip in (False, True)])
            test.add(maps, picture.x_frac, picture.y_frac)
            verdict = test.verdict()
            units.append(unit)
            t2.append(verdict.best_t2)
            picks.append(verdict.picks)
            structure.append(maps.structure)
    away = exposures_elsewhere(np.array(t2), np.array(picks), np.array(structure))
    return {unit: n for unit, n, is_away in zip(units, picks, away.tolist()) if is_away and unit in set(doubted)}


def _by_picks(placed: PlacedRows) -> list[int]:
    """Exposures, those of most picks first."""
    numbers, counts = np.unique(placed.exposure, return_counts=True)
    return [int(number) for number in numbers[np.argsort(-counts, kind="stable")]]


def _pictures(
    placed: PlacedRows, numbers: Sequence[int], unreadable: dict[str, str], progress: Progress
) -> Iterator[PickedMicrograph]:
    """Each exposure that can be looked at, with the picks on it; read when it is asked for."""
    exposures = placed.exposures
    for done, number in enumerate(numbers):
        progress.step(done, len(numbers))
        path, size_A = exposures.files[number], float(exposures.pixel_size_A[number])
        ny, nx = (int(side) for side in exposures.shape[number])
        if path in unreadable:
            continue
        if not size_A > 0:
            unreadable[path] = "the pixel size of the micrograph is not known"
            continue
        factor = max(1, min(round(BIN_TO_A / size_A), ny, nx))
        try:
            picture = read_binned(path, (ny, nx), factor, Unseen(progress))
        except OSError as error:
            unreadable[path] = error.strerror or str(error)
            continue
        except ValueError as error:
            unreadable[path] = str(error)
            continue
        height, width = picture.shape
        x_px, y_px = placed.xy_px[placed.exposure == number].T
        yield PickedMicrograph(picture, size_A * factor, x_px / (width * factor), y_px / (height * factor))
