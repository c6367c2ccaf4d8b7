"""Particles ↔ source exposures, by their names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..parameters import ImportParameters
from ..particles import Particles
from ..problems import Problem, Severity, count_of, problem, refuse
from .exposures import Exposures
from .trim_suggestion import Suggestion, suggest_trims
from .trims import Match, TrimRules, doubt_matches, match_names, tell_one_from_other


@dataclass
class Matching:
    """Which exposure each micrograph name belongs to.

    `of_name` is (micrograph names,): the exposure's number, -1 where there is none.
    `compared` particles were found on their exposures, which settles every doubt of names; 0: none were compared, or
    they were not found on all.
    """

    rules: TrimRules
    rules_source: str
    match: Match
    of_name: NDArray[np.int64]
    suggestion: Suggestion | None = None
    compared: int = 0

    def of_rows(self, particles: Particles) -> NDArray[np.int64]:
        """(N,) number of the exposure of each particle; -1: none."""
        assert particles.micrograph_index is not None
        return self.of_name.take(particles.micrograph_index)  # unlike indexing, lets other threads run


def rules_of(parameters: ImportParameters) -> TrimRules:
    return TrimRules(
        parameters.remove_leading_uid,
        parameters.exposure_cut_prefix,
        parameters.exposure_cut_suffix,
        parameters.particle_cut_prefix,
        parameters.particle_cut_suffix,
    )


def match_exposures(particles: Particles, exposures: Exposures, parameters: ImportParameters) -> Matching:
    """Match every micrograph name to an exposure.

    Raises:
        Refused: The particles name no micrographs.
    """
    if particles.micrograph_index is None:
        raise refuse(
            "micrograph-name-missing",
            f"exposures were given, but the file has no column {particles.called('micrograph_name')}",
        )
    names = particles.micrograph_names
    rules, source, suggestion = rules_of(parameters), "user", None
    if parameters.suggest_trims:
        suggestion = suggest_trims(exposures.paths, names)
        if suggestion.rules is not None:
            rules, source = suggestion.rules, "suggested"
    match = match_names(exposures.paths, names, rules)
    return Matching(
        rules=rules,
        rules_source=source,
        match=match,
        of_name=match.exposure_of,
        suggestion=suggestion,
    )


def matching_problems(
    particles: Particles, exposures: Exposures, matching: Matching, parameters: ImportParameters
) -> Iterator[Problem]:
    """What is wrong or doubtful about the exposures of these particles."""
    yield from _ambiguous_names(matching)
    yield from _unmatched(particles, matching, parameters)
    if not matching.compared:
        yield from _doubtful_matches(particles, exposures, matching)


def _ambiguous_names(matching: Matching) -> Iterator[Problem]:
    same = [*matching.match.ambiguous, *matching.match.merged]
    if same:
        examples = (" and ".join(names[:3]) for names in same)
        stand = "1 trimmed name stands" if len(same) == 1 else f"{len(same):,} trimmed names stand"
        message = f"{stand} for more than one exposure or micrograph"
        hint = tell_one_from_other(matching.match, matching.rules)
        yield problem("exposure-ambiguous", message, count=len(same), examples=examples, hint=hint)
    if elsewhere := matching.match.elsewhere:
        message = f"{count_of(len(elsewhere), 'micrograph name')} found in several folders, with one exposure for all"
        hint = (
            "Several RELION jobs on the same movies are fine. If the folders hold different micrographs, as those of "
            "two grids, some particles are linked to the wrong exposure: import each folder with its own exposures."
        )
        examples = (" and ".join(paths[:3]) for paths in elsewhere)
        yield problem("exposure-doubtful", message, count=len(elsewhere), examples=examples, hint=hint)


def _unmatched(particles: Particles, matching: Matching, parameters: ImportParameters) -> Iterator[Problem]:
    is_used, is_unmatched = particles.per_micrograph > 0, matching.of_name < 0
    unmatched = [particles.micrograph_names[i] for i in np.flatnonzero(is_used & is_unmatched).tolist()]
    if unmatched:
        rows = int(particles.per_micrograph[is_unmatched].sum())
        micrographs = count_of(int(is_used.sum()), "micrograph")
        verb = "matches" if len(unmatched) == 1 else "match"
        message = f"{len(unmatched):,} of {micrographs} {verb} no exposure by name ({count_of(rows, 'particle')})"
        is_pick = not (particles.has_images or (particles.poses and not parameters.ignore_pose_data))
        keeps_nothing = is_pick and parameters.on_unmatched == "keep"
        stop = parameters.on_unmatched == "stop" or keeps_nothing
        examples = (f"{name} → {matching.rules.particle_name(name)}" for name in unmatched)
        hint = "Let the program find rules (--suggest-trims), or change the cuts."
        if keeps_nothing:
            message += "; a pick without a place says nothing, so it cannot be kept"
        if stop:
            choices = "leave-out" if is_pick else "keep or leave-out"
            hint = hint[:-1] + f", or choose {choices} for unmatched particles."
        if matching.suggestion and matching.suggestion.rules is None:
            hint = matching.suggestion.explanation
        severity = Severity.ERROR if stop else Severity.WARNING
        yield problem(
            "exposure-unmatched",
            message,
            count=len(unmatched),
            examples=examples,
            hint=hint,
            severity=severity,
        )


def _doubtful_matches(particles: Particles, exposures: Exposures, matching: Matching) -> Iterator[Problem]:
    names, of_name = particles.micrograph_names, matching.of_name
    if doubt := doubt_matches(exposures.paths, names, of_name, matching.rules):
        linked = np.flatnonzero(of_name >= 0)
        yield problem(
            "exposure-doubtful",
            f"these may be exposures of other micrographs: {doubt}",
            count=len(linked),
            examples=(f"{names[i]} → {exposures.paths[of_name[i]]}" for i in linked.tolist()),
        )
