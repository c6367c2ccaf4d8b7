"""What names cannot tell, as two sessions, grids or days, pictures can: are these the exposures of the particles?"""

from __future__ import annotations

from dataclasses import replace

from ..particles import Particles
from .exposures import Exposures
from .matching import Matching
from .seen_pairs import PairsLook
from .sessions import match_sessions
from .trim_suggestion import candidate_rules, chosen_by_pictures, confirmed
from .trims import doubt_matches, match_names


def are_names_in_doubt(particles: Particles, exposures: Exposures, matching: Matching) -> bool:
    """Whether names leave open which exposures are the particles' own, so that pictures are needed."""
    match = matching.match
    if match.ambiguous or match.elsewhere or _has_no_rules(matching):
        return True
    return bool(doubt_matches(exposures.paths, particles.micrograph_names, matching.of_name, matching.rules))


def match_by_pictures(look: PairsLook, matching: Matching, may_suggest: bool) -> Matching:
    """The matching that the pictures show to be right; the same where they show nothing.

    Rules of the user stay: pictures only drop the doubt about them, and choose among exposures of one name.

    Args:
        matching: Of which `are_names_in_doubt`.
        may_suggest: Other rules may be taken than those of the matching.

    Raises:
        Cancelled: The progress of `look` said so.
    """
    if may_suggest and matching.suggestion and (_has_no_rules(matching) or matching.suggestion.doubt):
        matching = _with_best_rules(look, matching)
    if matching.match.ambiguous or _has_no_rules(matching):
        matching = match_sessions(look, matching, may_suggest)
    folders = [folder for folder in look.folders() if (matching.of_name[folder] >= 0).any()]
    sights = [look.at(matching, folder) for folder in folders]
    if not sights or not all(sight.are_right for sight in sights):
        return matching
    suggestion = matching.suggestion and confirmed(matching.suggestion)
    are_all_seen = len(folders) > 1 or not matching.match.elsewhere
    match = replace(matching.match, elsewhere=[]) if are_all_seen else matching.match
    return replace(matching, match=match, suggestion=suggestion, compared=sum(sight.compared for sight in sights))


def _has_no_rules(matching: Matching) -> bool:
    return matching.suggestion is not None and matching.suggestion.rules is None


def _with_best_rules(look: PairsLook, matching: Matching) -> Matching:
    """With those of the best few rules that pictures choose, if they choose any."""
    paths, names = look.exposures.paths, look.particles.micrograph_names
    choices = []
    for candidate in candidate_rules(paths, names):
        assert candidate.rules is not None
        match = match_names(paths, names, candidate.rules)
        choices.append(Matching(candidate.rules, "suggested", match, match.exposure_of, candidate))
    sights = [look.at(choice) for choice in choices]
    candidates = [choice.suggestion for choice in choices if choice.suggestion]
    chosen = chosen_by_pictures(candidates, [sight.lead if sight.are_right else None for sight in sights])
    return next((choice for choice in choices if chosen and choice.rules == chosen.rules), matching)
