"""Coordinates → places on the exposures: at which scale, and which way y counts."""

from __future__ import annotations

import dataclasses
import errno
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..parameters import ImportParameters
from ..particles import Particles, distinct
from ..pictures.placement import PlacementSample, PlacementVerdict, judge_placement
from ..problems import Problem, count_of, problem
from ..progress import Progress, quiet
from ..stacks.sample import Sample
from .exposures import Exposures
from .matching import Matching

PLACEMENT_SAMPLE = 60
_SCALE_TOLERANCE = 0.05
#: tried where nothing says what the micrographs' pixel size was: as it is, picked on half the pixel size, on twice
_BLIND_SCALES = (1.0, 0.5, 2.0)


@dataclass
class Placing:
    """How coordinates become places on the exposures.

    `scale` is (exposures,): pixels of the exposure for one pixel of the micrograph that was picked on.  `source`
    says where the reading of y comes from: `detected`, `user` or `default`.
    """

    scale: NDArray[np.float64]
    flip_y: bool
    source: str
    verdict: PlacementVerdict | None = None


def place_coordinates(
    particles: Particles,
    exposures: Exposures,
    matching: Matching,
    sample: Sample | None,
    parameters: ImportParameters,
    progress: Progress = quiet,
) -> Placing:
    """Settle scale and y, by comparing particles with their micrographs where there are pictures of both.

    What the user chose is taken; the pictures are looked at all the same, and may contradict.
    """
    ratio = _pixel_size_ratio(particles, exposures, matching)
    scale = np.where(np.isnan(ratio), 1.0, ratio)
    automatic = parameters.coordinate_scale == "auto"
    if not automatic:
        scale = np.full(len(exposures), float(parameters.coordinate_scale))
    placing = Placing(
        scale, parameters.coordinate_y == "flip", "user" if parameters.coordinate_y != "auto" else "default"
    )
    if sample is not None and particles.coordinates_px is not None:
        pairs = placement_samples(particles, exposures, matching, sample, scale)
        factors = _factors_to_try(ratio, matching) if automatic else (1.0,)
        placing.verdict = verdict = judge_placement(pairs, factors, progress)
        if verdict.value != "unclear":
            placing.scale = scale * verdict.scale
            if parameters.coordinate_y == "auto":
                placing.flip_y, placing.source = verdict.value == "flip", "detected"
    return placing


def placing_problems(
    particles: Particles, exposures: Exposures, matching: Matching, placing: Placing, parameters: ImportParameters
) -> Iterator[Problem]:
    """What is wrong or doubtful about the places of these particles on their exposures."""
    if particles.coordinates_px is None:
        message = f"the file has no {particles.called('coordinate_x_px', 'coordinate_y_px')}; no locations are written"
        yield problem("coordinates-missing", message, count=len(particles))
        return
    yield from _verdict_problems(placing, exposures, parameters)
    automatic = parameters.coordinate_scale == "auto"
    yield from _place_problems(particles, exposures, matching, placing, automatic)


def placement_samples(
    particles: Particles, exposures: Exposures, matching: Matching, sample: Sample, scale: NDArray[np.float64]
) -> list[PlacementSample]:
    """Particles of the sample that have an image, an exposure and a coordinate, at most `PLACEMENT_SAMPLE`."""
    of_rows = matching.of_rows(particles)[sample.rows]
    usable = np.flatnonzero(sample.good & (of_rows >= 0))
    chosen = usable[np.linspace(0, len(usable) - 1, min(PLACEMENT_SAMPLE, len(usable))).astype(int)]
    return [
        placement_sample(particles, exposures, int(sample.rows[i]), int(of_rows[i]), sample.images[i], scale)
        for i in chosen
    ]


def placement_sample(
    particles: Particles,
    exposures: Exposures,
    row: int,
    exposure: int,
    image: NDArray[np.float32],
    scale: NDArray[np.float64],
) -> PlacementSample:
    """One particle and where it should be, `scale` applied."""
    assert particles.coordinates_px is not None
    size = particles.optics_groups[particles.optics_index[row]].pixel_size_A
    own = float(exposures.pixel_size_A[exposure])
    x, y = particles.coordinates_px[row] * scale[exposure]
    ny, nx = exposures.shape[exposure].tolist()
    return PlacementSample(image, size.value if size else own, exposures.files[exposure], own, (ny, nx), x, y)


def _pixel_size_ratio(particles: Particles, exposures: Exposures, matching: Matching) -> NDArray[np.float64]:
    """(exposures,): pixel size picked on / the exposure's; 1 where they are close, nan where one is not known."""
    ratio = np.full(len(exposures), np.nan)
    sizes = (group.picked_pixel_size_A for group in particles.optics_groups)
    picked = np.array([size.value if size else np.nan for size in sizes])
    of_rows = matching.of_rows(particles)
    linked = np.flatnonzero(of_rows >= 0)[::-1]
    first_row = np.full(len(exposures), -1)
    first_row[of_rows[linked]] = linked
    known = np.flatnonzero((first_row >= 0) & (exposures.pixel_size_A > 0))
    ratio[known] = picked[particles.optics_index[first_row[known]]] / exposures.pixel_size_A[known]
    ratio[np.abs(ratio - 1) <= _SCALE_TOLERANCE] = 1.0
    return ratio


def _factors_to_try(ratio: NDArray[np.float64], matching: Matching) -> tuple[float, ...]:
    """Factors on top of the ratio: none where pixel sizes agree; its inverse where the ratio may be a wrong guess."""
    used = distinct(matching.of_name)
    typical = float(np.median(ratio[used])) if len(used) else 1.0
    if math.isnan(typical):
        return _BLIND_SCALES
    return (1.0,) if typical == 1.0 else (1.0, 1.0 / typical)


def _verdict_problems(placing: Placing, exposures: Exposures, parameters: ImportParameters) -> Iterator[Problem]:
    verdict = placing.verdict
    if exposures.are_movies:
        message = "the exposures are movies, which are matched by name but cannot be compared with the particles"
        yield problem("micrographs-unreadable", message, count=len(exposures))
        return
    if verdict is None:
        return
    absent = [line for line in verdict.unreadable if line.endswith(f": {os.strerror(errno.ENOENT)}")]
    unreadable = [line for line in verdict.unreadable if line not in absent]
    if absent:
        message = f"{count_of(len(absent), 'micrograph')} of the sample not found, to be compared with the particles"
        paths = (line.rpartition(": ")[0] for line in absent)
        hint = (
            "Paths in the exposures dataset count from the CryoSPARC project folder: give it (--project), if it is not "
            "the folder above the dataset's job; or put the micrographs back, if they were moved."
        )
        yield problem("micrographs-unreadable", message, count=len(absent), examples=paths, hint=hint)
    if unreadable:
        message = f"{count_of(len(unreadable), 'micrograph')} of the sample cannot be compared with the particles"
        yield problem("micrographs-unreadable", message, count=len(unreadable), examples=unreadable)
    compared = f"correlation {verdict.keep_correlation:.2f} kept, {verdict.flip_correlation:.2f} flipped"
    compared += f", over {count_of(verdict.sampled, 'particle')}"
    if verdict.is_elsewhere:
        kept = "; y is kept" if parameters.coordinate_y == "auto" else ""
        message = (
            f"the particles are not at their coordinates in these exposures, whichever way y runs ({compared}){kept}"
        )
        hint = (
            "Probably these are other exposures, or coordinates or their scale are wrong (x and y exchanged?): look at "
            "the circled particles. Images that were changed since, as by subtraction, may not be recognised either."
        )
        yield problem("coordinate-y-unclear", message, count=verdict.sampled, hint=hint)
    elif verdict.value == "unclear":
        if parameters.coordinate_y == "auto" and verdict.sampled:
            yield problem("coordinate-y-unclear", f"the pictures do not tell which way y runs ({compared}); it is kept")
    elif placing.source == "user" and verdict.value != parameters.coordinate_y:
        message = f"the pictures say {verdict.value} ({compared}), but {parameters.coordinate_y} was chosen"
        yield problem("coordinate-y-unclear", message, hint="Choose auto, or look at the circled particles.")


def _place_problems(
    particles: Particles, exposures: Exposures, matching: Matching, placing: Placing, automatic: bool
) -> Iterator[Problem]:
    of_rows = matching.of_rows(particles)
    linked = np.flatnonzero(of_rows >= 0)
    exposure = of_rows[linked]
    scaled = placing.scale[exposure] != 1
    if automatic and scaled.any():
        factors = ", ".join(f"{f:g}" for f in np.unique(placing.scale[exposure[scaled]].round(4))[:4])
        message = f"coordinates are multiplied by {factors} to count pixels of the exposures"
        yield problem("coordinates-scaled", message, count=int(scaled.sum()))
    assert particles.coordinates_px is not None
    place = particles.coordinates_px[linked] * placing.scale[exposure, None]
    outside = ((place < 0) | (place >= exposures.shape[exposure][:, ::-1])).any(axis=1)
    if outside.any():
        examples = (
            f"{particles.describe(row)} at {x:g}, {y:g} on {exposures.shape[number][1]} × {exposures.shape[number][0]}"
            for row, number, (x, y) in zip(linked[outside], exposure[outside], place[outside])
        )
        message = f"{count_of(int(outside.sum()), 'particle')} outside of the exposure"
        yield problem("coordinates-outside", message, count=int(outside.sum()), examples=examples)


def reported(placing: Placing, matching: Matching) -> dict[str, object]:
    """The report's `coordinate_y`."""
    verdict, used = placing.verdict, distinct(matching.of_name)
    out: dict[str, object] = {"value": "flip" if placing.flip_y else "keep", "source": placing.source}
    numbers = dataclasses.asdict(verdict) if verdict else {}
    for name in ("keep_correlation", "flip_correlation"):
        value = numbers.get(name, math.nan)
        out[name] = None if math.isnan(value) else round(value, 4)
    out["sampled"] = numbers.get("sampled", 0)
    out["scale"] = round(float(np.median(placing.scale[used])), 6) if len(used) else 1.0
    return out
