"""The five claims that an import makes about its data, each with its state and one sentence that says why.

They are derived from what the plan holds already, without a look at any image, and they are shown everywhere in these
words: on the pages, on Review, in the report and on the terminal.  A problem speaks for the claim that its code stands
with in `CODES_OF_CLAIMS`; what statistics say (the sign, the poses, the positions) is said by the verdict itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from ..exposures.placing import correlations, place_reasons, place_words
from ..optics.microscope import STACK_HEADER, USER
from ..particles import OpticsGroup
from ..pictures.data_sign import sign_text
from ..pictures.micrograph import GIVE_MICROGRAPHS
from ..plan.plan import DataSign, ImportPlan
from ..problems import Problem, Severity, count_of
from ..stacks.stacks import Stacks
from .claim_codes import BY_VERDICT, CODES_OF_CLAIMS, Topic, claim_of

_MOST_LETTERS = 300


class ClaimState(StrEnum):
    """What is known of a claim.

    confirmed: by something that could have shown otherwise.  given: nothing could confirm it, or it is not imported.
    doubtful: something speaks against it.  contradicted: it does not hold, or it stops the import.
    """

    CONFIRMED = "confirmed"
    GIVEN = "as given"
    DOUBTFUL = "doubtful"
    CONTRADICTED = "contradicted"

    @property
    def sign(self) -> str:
        return _SIGNS[self]


_SIGNS = dict(zip(ClaimState, "✓●▲✖"))


_Said = tuple[ClaimState, str]
_VALUES = {
    "pixel_size_A": "{} Å",
    "voltage_kV": "{} kV",
    "cs_mm": "Cs {} mm",
    "amplitude_contrast": "amplitude contrast {}",
}


@dataclass(frozen=True)
class Claim:
    """`words` is a whole sentence; `brief` is what to call the state instead where nothing was checked."""

    topic: Topic
    state: ClaimState
    words: str
    brief: str = ""

    @property
    def evidence(self) -> str:
        """A problem code of the page that shows the evidence."""
        return CODES_OF_CLAIMS[self.topic][0]

    def to_json(self) -> dict[str, str]:
        return {"claim": self.topic.value, "state": self.state.value, "words": self.words}

    def __str__(self) -> str:
        return f"{self.state.sign} {self.words}"


def claims_of(plan: ImportPlan) -> list[Claim]:
    """The five claims, in their order; of an unfinished plan too."""
    return [_claim(plan, topic, say) for topic, say in _CLAIMS.items()]


def readiness(plan: ImportPlan) -> tuple[ClaimState, str]:
    """Whether a plan can be imported, and the states of its claims, in one sentence; the state is the worst of them."""
    if plan.errors:
        stop = "1 error stops" if len(plan.errors) == 1 else f"{len(plan.errors)} errors stop"
        return ClaimState.CONTRADICTED, f"Not ready: {stop} the import."
    if plan.importable is None:
        return ClaimState.GIVEN, "Not ready: nothing has been read yet."
    counts = Counter(claim.state for claim in claims_of(plan))
    confirmed, *others = (counts[state] for state in ClaimState)
    rest = "".join(f", {n} {state.value}" for n, state in zip(others, list(ClaimState)[1:]) if n)
    return max(counts, key=list(ClaimState).index), f"Ready: {confirmed} of {counts.total()} claims confirmed{rest}."


def _claim(plan: ImportPlan, topic: Topic, say: Callable[[ImportPlan], Claim]) -> Claim:
    """What the worst of the claim's problems says, or else its own figures."""
    found = [p for p in plan.problems if claim_of(p.code) is topic and p.severity is not Severity.INFO]
    errors = [p for p in found if p.severity is Severity.ERROR or p.accepted]
    doubts = [p for p in found if p.code not in BY_VERDICT]
    if errors and errors[0].code not in BY_VERDICT:
        return Claim(topic, ClaimState.CONTRADICTED, _of_problem(plan, topic, errors[0]))
    claim = _not_checked(topic) if plan.importable is None else say(plan)
    if errors:
        return replace(claim, state=ClaimState.CONTRADICTED)
    if doubts and claim.state is not ClaimState.CONTRADICTED:
        return Claim(topic, ClaimState.DOUBTFUL, _of_problem(plan, topic, doubts[0]))
    return claim


def _not_checked(topic: Topic) -> Claim:
    return Claim(topic, ClaimState.GIVEN, f"{topic.capitalize()}: not checked yet.", "not checked yet")


def _not_imported(topic: Topic, why: str) -> Claim:
    return Claim(topic, ClaimState.GIVEN, f"{topic.capitalize()}: not imported, because {why}.", "not imported")


def _of_problem(plan: ImportPlan, topic: Topic, found: Problem) -> str:
    """Its message without the details behind the first semicolon."""
    words, left_out = found.message.partition("; ")[0], plan.left_out.get(found.code, ())
    words = words if len(words) <= _MOST_LETTERS else f"{words[:_MOST_LETTERS]} …"
    if len(left_out):
        words += f"; {count_of(len(left_out), 'row')} left out"
    return f"{topic.capitalize()}: {words}{'; you accepted this' if found.accepted else ''}."


def _images(plan: ImportPlan) -> Claim:
    if plan.parameters.ignore_raw_data:
        return _not_imported(Topic.IMAGES, "raw data is ignored")
    if plan.stacks is None or not plan.stacks.box:
        return _not_checked(Topic.IMAGES)
    stacks, count = count_of(plan.counts()["stacks"], "stack"), plan.counts()["particles"]
    words = f"Images: all {count:,} found, in {stacks} with a box of {plan.stacks.box} pixels."
    return Claim(Topic.IMAGES, ClaimState.CONFIRMED, words)


def _microscope(plan: ImportPlan) -> Claim:
    groups = [group for group in plan.groups if group.particles]
    known = [text.format(values) for name, text in _VALUES.items() if (values := _spread(groups, name))]
    of_user = [name for name in _VALUES if any(_source(group, name) == USER for group in groups)]
    chosen = "" if not of_user else ", in part as you set them" if len(of_user) < len(_VALUES) else ", as you set them"
    state, why = _of_headers(groups, plan)
    if state is ClaimState.DOUBTFUL and known:  # the pixel size
        words = f"Microscope: {known[0]}, {why}; {', '.join(known[1:])}{chosen}."
        return Claim(Topic.MICROSCOPE, state, words)
    return Claim(Topic.MICROSCOPE, state, f"Microscope: {', '.join(known) or 'no value is known'}{chosen}; {why}.")


def _of_headers(groups: Iterable[OpticsGroup], plan: ImportPlan) -> _Said:
    """What the stack headers say of the pixel size."""
    if plan.stacks is None:
        return ClaimState.GIVEN, "there are no stack headers to compare the pixel size with"
    sizes_A, others_A = _header_sizes(plan.groups, plan.stacks)
    if not sizes_A and any(_source(group, "pixel_size_A") == STACK_HEADER for group in groups):
        return ClaimState.GIVEN, "the pixel size is that of the stack headers"
    if not sizes_A:
        return ClaimState.GIVEN, "the stack headers give no pixel size"
    headers = count_of(sizes_A.total(), "stack header")
    if others_A:
        give, most_A = "gives" if others_A.total() == 1 else "give", others_A.most_common(1)[0][0]
        return ClaimState.DOUBTFUL, f"but {others_A.total():,} of {headers} {give} {most_A:.4g} Å"
    agree = "agrees" if sizes_A.total() == 1 else "agree"
    words = f"{sizes_A.total():,} of {headers} {agree} on the pixel size"
    if unproven := _without_header_sizes(plan.groups, plan.stacks):
        group = count_of(unproven, "optics group")
        return ClaimState.GIVEN, f"{words}, but of {group} there is nothing to compare it with"
    return ClaimState.CONFIRMED, words


def _source(group: OpticsGroup, name: str) -> str:
    value = getattr(group, name)
    return value.source if value else ""


def _spread(groups: Iterable[OpticsGroup], name: str) -> str:
    """The values of a name, `1.05 and 1.07` or `0.8 to 1.3`; empty where a group has none."""
    values = [getattr(group, name) for group in groups]
    if not values or None in values:
        return ""
    numbers = sorted({f"{value.value:.4g}" for value in values}, key=float)
    return " and ".join(numbers) if len(numbers) < 3 else f"{numbers[0]} to {numbers[-1]}"


def _header_sizes(groups: list[OpticsGroup], stacks: Stacks) -> tuple[Counter[float], Counter[float]]:
    """Pixel size → how many stack headers give it; and those of them that differ from their group's.

    A pixel size that was taken from the headers is not confirmed by them.
    """
    every, others = Counter[float](), Counter[float]()
    for group, headers in zip(groups, stacks.headers):
        size = group.pixel_size_A
        if group.particles and size and size.source != STACK_HEADER:
            every.update({size_A: len(its) for size_A, its in headers.pixel_sizes_A.items()})
            others.update({size_A: len(its) for size_A, its in headers.other_than(size.value).items()})
    return every, others


def _without_header_sizes(groups: list[OpticsGroup], stacks: Stacks) -> int:
    """How many groups there are of whose pixel size most stack headers say nothing, or that took it from them."""
    return sum(
        _source(group, "pixel_size_A") == STACK_HEADER
        or 2 * sum(map(len, headers.pixel_sizes_A.values())) < headers.stacks
        for group, headers in zip(groups, stacks.headers)
        if group.particles
    )


def _data_sign(plan: ImportPlan) -> Claim:
    if plan.parameters.ignore_raw_data:
        return _not_imported(Topic.DATA_SIGN, "raw data is ignored")
    if plan.data_sign is None or plan.data_sign.verdict is None:
        return _not_checked(Topic.DATA_SIGN)
    state, words = _of_sign(plan.data_sign)
    return Claim(Topic.DATA_SIGN, state, f"Data sign {sign_text(plan.data_sign.value)}: {words}.")


def _of_sign(sign: DataSign) -> _Said:
    verdict, is_chosen = sign.verdict, sign.source == "user"
    assert verdict is not None
    seen, by_map = verdict.words, f"the map from the particles says {sign_text(sign.map_sign)}"
    if verdict.mixed:
        state = ClaimState.CONTRADICTED if is_chosen else ClaimState.DOUBTFUL
        return state, f"{'you chose it, but ' if is_chosen else ''}{verdict.mixed.message}"
    if verdict.value == -sign.value:
        return ClaimState.CONTRADICTED, f"you chose it, but {seen}, which means {sign_text(verdict.value)}"
    if verdict.value and sign.map_sign == -sign.value:
        return ClaimState.DOUBTFUL, f"{seen}, but {by_map}"
    if verdict.value:
        return ClaimState.CONFIRMED, seen
    if sign.map_sign == sign.value:
        return ClaimState.CONFIRMED, f"{by_map}; single images do not show it clearly ({seen})"
    if sign.map_sign:
        return ClaimState.DOUBTFUL, f"you chose it, but {by_map}; single images do not show it clearly ({seen})"
    if is_chosen:
        return ClaimState.GIVEN, f"you chose it; {verdict.why_unclear} ({seen})"
    return ClaimState.DOUBTFUL, f"RELION's usual one, as {verdict.why_unclear} ({seen})"


_OF_ANSWERS = {
    "fits": ClaimState.CONFIRMED,
    "fits in part": ClaimState.DOUBTFUL,
    "does not fit": ClaimState.CONTRADICTED,
}


def _poses(plan: ImportPlan) -> Claim:
    if plan.parameters.ignore_pose_data:
        return _not_imported(Topic.POSES, "pose data is ignored")
    if not plan.poses:
        return _not_imported(Topic.POSES, "the file has none")
    found = plan.poses_check
    state = _OF_ANSWERS.get(found.check.answer, ClaimState.GIVEN) if found.check else ClaimState.GIVEN
    if found.fits_only_some:
        state = ClaimState.GIVEN
    accepted = any(p.accepted for p in plan.problems if claim_of(p.code) is Topic.POSES)
    return Claim(Topic.POSES, state, f"{found.words} You accepted this." if accepted else found.words)


def _positions(plan: ImportPlan) -> Claim:
    if not plan.parameters.exposures and plan.original and "location" in plan.slots:
        return Claim(Topic.POSITIONS, ClaimState.GIVEN, "Positions: those of the original particles.")
    if not plan.parameters.exposures:
        return _not_imported(Topic.POSITIONS, "no exposures are given")
    if plan.all_particles is not None and plan.all_particles.coordinates_px is None:
        return _not_imported(Topic.POSITIONS, "the file has no coordinates")
    if plan.placing is None or plan.exposures is None:
        return _not_checked(Topic.POSITIONS)
    state, words = _of_places(plan)
    return Claim(Topic.POSITIONS, state, f"Positions: {words}.")


def _of_places(plan: ImportPlan) -> _Said:
    """What the pictures say of the places."""
    placing, exposures = plan.placing, plan.exposures
    assert placing is not None and exposures is not None
    words = place_words(placing)
    if not placing.groups:
        return ClaimState.GIVEN, "no particle has an exposure"
    if exposures.are_movies:
        return ClaimState.GIVEN, f"{words}; exposures that are movies cannot be compared: {GIVE_MICROGRAPHS}"
    if placing.nowhere:
        missed = "the particles are not found at their places, whichever way y runs"
        return ClaimState.DOUBTFUL, f"{missed}: {correlations(placing)}"
    if against := [group for group in placing.groups if group.seen_flip not in (None, group.flip)]:
        shown = "flipped" if against[0].seen_flip else "kept"
        return ClaimState.CONTRADICTED, f"the exposures show the particles with y {shown}; {words}"
    if not placing.is_seen:
        if any(reason.endswith(GIVE_MICROGRAPHS) for reason in placing.unreadable.values()):
            return ClaimState.GIVEN, f"{words}; {GIVE_MICROGRAPHS}"
        why = "; no micrograph could be compared" * bool(placing.unreadable and not any(g.by for g in placing.groups))
        return ClaimState.GIVEN, words + why
    found, exposed = (sum(getattr(group, name) for group in placing.groups) for name in ("found", "exposures"))
    where = f" (found on {found:,} of {count_of(exposed, 'exposure')})" if found else ""
    is_found = f"the exposures show the particles at their places{where}"
    if not placing.is_mixed and all(group.flip and group.y_source == "detected" for group in placing.groups):
        picked = f"the picks are mirrored top to bottom; with y flipped, {is_found}"
        return ClaimState.CONFIRMED, f"{picked}: {place_reasons(placing)}"
    return ClaimState.CONFIRMED, f"{is_found}; {words}"


_CLAIMS: dict[Topic, Callable[[ImportPlan], Claim]] = {
    Topic.IMAGES: _images,
    Topic.MICROSCOPE: _microscope,
    Topic.DATA_SIGN: _data_sign,
    Topic.POSES: _poses,
    Topic.POSITIONS: _positions,
}
