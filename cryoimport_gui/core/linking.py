"""Particles ↔ source exposures: names matched, coordinates placed, and what is odd about either."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .exposures import Exposures
from .parameters import ImportParameters
from .particles import Particles
from .problems import Problem, Severity, problem, refuse
from .trims import Match, Suggestion, TrimRules, match_names, suggest_trims

_SCALE_TOLERANCE = 0.05


@dataclass
class Linking:
    """Which exposure each micrograph name belongs to, and how coordinates become places on it.

    `of_name` is (micrograph names,): the exposure's number, -1 where there is none.  `scale` is (exposures,): pixels
    of the exposure for one pixel of the micrograph that was picked on.
    """

    rules: TrimRules
    rules_source: str
    match: Match
    of_name: NDArray[np.int64]
    scale: NDArray[np.float64]
    flip_y: bool
    flip_source: str
    suggestion: Suggestion | None = None
    problems: list[Problem] = field(default_factory=list)

    def of_rows(self, particles: Particles) -> NDArray[np.int64]:
        """(N,) number of the exposure of each particle; -1: none."""
        assert particles.micrograph_index is not None
        return self.of_name[particles.micrograph_index]

    @property
    def exposures_matched(self) -> int:
        return len(np.unique(self.of_name[self.of_name >= 0]))


def rules_of(parameters: ImportParameters) -> TrimRules:
    return TrimRules(
        parameters.remove_leading_uid,
        parameters.exposure_cut_prefix,
        parameters.exposure_cut_suffix,
        parameters.particle_cut_prefix,
        parameters.particle_cut_suffix,
    )


def link_exposures(particles: Particles, exposures: Exposures, parameters: ImportParameters) -> Linking:
    """Match every micrograph name to an exposure.

    Raises:
        Refused: The particles name no micrographs.
    """
    if particles.micrograph_index is None:
        raise refuse(
            "micrograph-name-missing",
            "exposures were given, but the STAR file has no column rlnMicrographName",
        )
    names = particles.micrograph_names
    rules, source, suggestion = rules_of(parameters), "user", None
    if parameters.suggest_trims:
        suggestion = suggest_trims(exposures.paths, names)
        if suggestion.rules is not None:
            rules, source = suggestion.rules, "suggested"
    match = match_names(exposures.paths, names, rules)
    linking = Linking(
        rules=rules,
        rules_source=source,
        match=match,
        of_name=match.exposure_of,
        scale=_coordinate_scale(particles, exposures, match.exposure_of, parameters.coordinate_scale),
        flip_y=parameters.coordinate_y == "flip",
        flip_source="default" if parameters.coordinate_y == "auto" else "user",
        suggestion=suggestion,
    )
    linking.problems = [
        *_matching_problems(particles, linking, parameters),
        *_coordinate_problems(particles, exposures, linking, parameters),
    ]
    return linking


def _coordinate_scale(
    particles: Particles, exposures: Exposures, of_name: NDArray[np.int64], choice: str
) -> NDArray[np.float64]:
    """Factor for each exposure; automatic where pixel sizes are known and more than 5% apart."""
    if choice != "auto":
        return np.full(len(exposures), float(choice))
    scale = np.ones(len(exposures))
    picked = np.array(
        [g.picked_pixel_size_A.value if g.picked_pixel_size_A else np.nan for g in particles.optics_groups]
    )
    assert particles.micrograph_index is not None
    of_rows = of_name[particles.micrograph_index]
    first_rows = np.full(len(exposures), -1)
    linked = np.flatnonzero(of_rows >= 0)[::-1]
    first_rows[of_rows[linked]] = linked
    known = np.flatnonzero((first_rows >= 0) & (exposures.pixel_size_A > 0))
    ratio = picked[particles.optics_index[first_rows[known]]] / exposures.pixel_size_A[known]
    differs = np.isfinite(ratio) & (np.abs(ratio - 1) > _SCALE_TOLERANCE)
    scale[known[differs]] = ratio[differs]
    return scale


def _matching_problems(particles: Particles, linking: Linking, parameters: ImportParameters) -> Iterator[Problem]:
    same = [*linking.match.ambiguous, *linking.match.merged]
    if same:
        examples = (" and ".join(names[:3]) for names in same)
        message = f"{len(same)} trimmed names stand for more than one exposure or micrograph"
        yield problem("exposure-ambiguous", message, count=len(same), examples=examples)
    assert particles.micrograph_index is not None
    used = np.unique(particles.micrograph_index)
    unmatched = [particles.micrograph_names[i] for i in used if linking.of_name[i] < 0]
    if unmatched:
        rows = int((linking.of_rows(particles) < 0).sum())
        message = (
            f"{len(unmatched)} of {len(used)} micrographs ({rows} particles) have no exposure of the same trimmed name"
        )
        stop = parameters.on_unmatched == "stop"
        examples = (f"{name} → {linking.rules.particle_name(name)}" for name in unmatched)
        hint = "Try --suggest-trims, adjust the cut lengths, or choose keep or leave-out for the unmatched."
        if linking.suggestion and linking.suggestion.rules is None:
            hint = linking.suggestion.explanation
        severity = Severity.ERROR if stop else Severity.WARNING
        yield problem(
            "exposure-unmatched",
            message,
            count=len(unmatched),
            examples=examples,
            hint=hint,
            severity=severity,
        )


def _coordinate_problems(
    particles: Particles, exposures: Exposures, linking: Linking, parameters: ImportParameters
) -> Iterator[Problem]:
    if particles.coordinates_px is None:
        message = "the STAR file has no rlnCoordinateX and rlnCoordinateY; no locations are written"
        yield problem("coordinates-missing", message, count=len(particles))
        return
    of_rows = linking.of_rows(particles)
    scaled = linking.scale != 1
    if parameters.coordinate_scale == "auto" and scaled.any():
        factors = np.unique(linking.scale[scaled].round(4))
        message = (
            f"coordinates are multiplied by {', '.join(f'{f:g}' for f in factors[:4])} to count pixels of the exposures"
        )
        yield problem("coordinates-scaled", message, count=int(scaled[of_rows[of_rows >= 0]].sum()))
    linked = np.flatnonzero(of_rows >= 0)
    sizes = exposures.shape[of_rows[linked], ::-1]  # x, y
    place = particles.coordinates_px[linked] * linking.scale[of_rows[linked], None]
    outside = linked[((place < 0) | (place >= sizes)).any(axis=1)]
    if len(outside):
        message = f"{len(outside)} particles lie outside of their exposure"
        examples = (
            f"{particles.describe(i)} at {particles.coordinates_px[i, 0]:g}, {particles.coordinates_px[i, 1]:g} "
            f"on {exposures.shape[of_rows[i], 1]} × {exposures.shape[of_rows[i], 0]}"
            for i in outside
        )
        yield problem("coordinates-outside", message, count=len(outside), examples=examples)
