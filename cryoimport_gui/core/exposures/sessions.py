"""Exposures of several sessions with equal names: the pictures show to which a folder of micrographs belongs."""

from __future__ import annotations

from dataclasses import replace
from os.path import dirname

import numpy as np
from numpy.typing import NDArray

from ..names import Names
from .exposures import Exposures
from .matching import Matching
from .seen_pairs import PairsLook
from .trim_suggestion import suggest_trims
from .trims import Match, TrimRules, match_names, of_several_folders

_Numbers = NDArray[np.int64]

_MOST_SESSIONS = 5
#: Leads of wrong exposures stay below; where another session is above it, either may be right.
_WRONG = 5.0


def match_sessions(look: PairsLook, matching: Matching, may_suggest: bool) -> Matching:
    """With the exposures of one session for each folder of micrographs, where pictures choose one.

    A name that this session lacks then has no exposure, unless the pictures show that another session has it.

    Args:
        may_suggest: Rules may be found, each session by itself, where there are none for all of them.
    """
    sessions = _sessions(look.exposures)
    if not sessions:
        return matching
    exposures, names = look.exposures, Names.of(look.particles.micrograph_names)
    if may_suggest and matching.suggestion and matching.suggestion.rules is None:
        found = [suggest_trims([exposures.paths[i] for i in some.tolist()], names) for some in sessions]
        best = max(found, key=lambda one: one.matched)
        if best.rules is None:
            return matching
        match = match_names(exposures.paths, names, best.rules)
        matching = Matching(best.rules, "suggested", match, match.exposure_of, best)
    of_session = [_within(some, exposures, names, matching.rules) for some in sessions]
    of_name = matching.of_name.copy()
    for folder in look.folders():
        chosen = _chosen(look, matching, of_session, folder)
        if chosen is None:
            continue
        others = folder & (of_name >= 0) & (chosen < 0)
        of_name[folder & (chosen >= 0)] = chosen[folder & (chosen >= 0)]
        if others.any() and not look.at(matching, others).are_right:
            of_name[others] = -1
    return replace(matching, match=_settled(matching, names, of_name), of_name=of_name)


def _settled(matching: Matching, names: Names, of_name: _Numbers) -> Match:
    """What is still ambiguous or merged with these exposures."""
    left = {matching.rules.particle_name(names[i]) for i in np.flatnonzero(of_name < 0).tolist()}
    ambiguous = [paths for paths in matching.match.ambiguous if matching.rules.exposure_name(paths[0]) in left]
    on_one: dict[int, set[str]] = {}
    for name, exposure in zip(names.basenames, of_name.tolist()):
        on_one.setdefault(exposure, set()).add(name)
    shared = {name for exposure, some in on_one.items() if exposure >= 0 and len(some) > 1 for name in some}
    merged = [same for same in matching.match.merged if shared.intersection(same)]
    return Match(of_name, ambiguous, merged, of_several_folders(names, of_name))


def _chosen(
    look: PairsLook, matching: Matching, of_session: list[_Numbers], folder: NDArray[np.bool_]
) -> _Numbers | None:
    """The exposures of the only session on which the particles of a folder are found; by names that several have."""
    several = folder & (np.array([one >= 0 for one in of_session]).sum(axis=0) > 1)
    sights = [look.at(replace(matching, of_name=one), several) for one in of_session]
    first, *others = sorted(range(len(sights)), key=lambda i: -sights[i].lead)
    if not sights[first].are_right or any(sights[other].lead > _WRONG for other in others):
        return None
    return of_session[first]


def _sessions(exposures: Exposures) -> list[_Numbers]:
    """Numbers of the exposures of each dataset, folder or exposure group: the first that tell equal names apart.

    Empty where none does, or too many would have to be looked at.
    """
    folders = {folder: number for number, folder in enumerate(dict.fromkeys(map(dirname, exposures.paths)))}
    keys = [exposures.dataset, np.array([folders[dirname(path)] for path in exposures.paths]), exposures.exp_group_id]
    names = exposures.paths.without_uid
    for key in keys:
        if key is None or not 1 < len(np.unique(key)) <= _MOST_SESSIONS:
            continue
        sessions = [np.flatnonzero(key == one) for one in np.unique(key)]
        if all(len({names[i] for i in some.tolist()}) == len(some) for some in sessions):
            return sessions
    return []


def _within(session: _Numbers, exposures: Exposures, names: Names, rules: TrimRules) -> _Numbers:
    """(micrographs,), as `Match.exposure_of`, of one session's exposures alone."""
    of_name = match_names([exposures.paths[i] for i in session.tolist()], names, rules).exposure_of
    return np.where(of_name >= 0, session[of_name], -1).astype(np.int64)
