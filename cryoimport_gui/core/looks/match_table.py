"""Names of micrographs and of exposures side by side: what is cut off them, and what then matches."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..exposures.placing import Placing
from ..exposures.trims import Match, TrimRules, judge_matches, match_names
from ..names import Names
from ..pictures.place_verdict import PlaceState
from ..problems import printable

Numbers = NDArray[np.int64]

_FORMULA = ("=", "+", "-", "@")


class State(IntEnum):
    """How a row stands; rows are listed in this order, what needs attention first.

    Those from `ELSEWHERE` to `UNDECIDED` have names that match, and `FOUND` too: they are what pictures say.
    """

    AMBIGUOUS = 0  # the trimmed name belongs to more than one exposure
    MERGED = 1  # different micrographs became one trimmed name
    NO_EXPOSURE = 2
    ELSEWHERE = 3
    MIRRORED = 4  # unlike the exposures of its group
    NOT_FOUND = 5
    UNDECIDED = 6
    NO_PARTICLES = 7
    MATCHED = 8  # by name; pictures say nothing
    FOUND = 9

    @property
    def words(self) -> str:
        return self.name.lower().replace("_", " ") if self not in _WORDS else _WORDS[self]


_WORDS = {State.UNDECIDED: "not decided", State.MATCHED: "match"}
#: states of rows whose micrograph or exposure is left without the other
UNLINKED = (State.AMBIGUOUS, State.MERGED, State.NO_EXPOSURE)
_OF_PLACES = {
    PlaceState.CONFIRMED: State.FOUND,
    PlaceState.MIRRORED: State.MIRRORED,
    PlaceState.NOT_FOUND: State.NOT_FOUND,
    PlaceState.UNDECIDED: State.UNDECIDED,
}


class Column(IntEnum):
    """What the columns of the table show."""

    STATE = 0
    MICROGRAPH = 1
    EXPOSURE = 2
    PARTICLES = 3
    TRIMMED = 4

    @property
    def title(self) -> str:
        return ("Match", "Micrograph", "Exposure", "Particles", "Trimmed name")[self]


@dataclass(frozen=True)
class Arrangement:
    """Which rows are shown, and in which order: those that contain `text` anywhere, in either case."""

    column: Column = Column.STATE
    descending: bool = False
    text: str = ""


@dataclass(frozen=True)
class NameTable:
    """One row for each micrograph, with its exposure, and one for each exposure that is left over.

    Two names share a row only where they are equal once trimmed, so a row has one trimmed name.

    exposures, micrographs: paths, as given.
    exposure, micrograph: (rows,) numbers of these; -1: none.
    particles: (rows,) how many there are on the micrograph.
    state: (rows,) values of `State`.
    trimmed: (rows,) names.
    trust: what speaks for these matches, by their names, in words.
    """

    rules: TrimRules
    match: Match
    exposures: Names
    micrographs: Names
    exposure: Numbers
    micrograph: Numbers
    particles: Numbers
    state: Numbers
    trimmed: list[str]
    trust: str

    def __len__(self) -> int:
        return len(self.state)

    @property
    def names_matched(self) -> int:
        """How many different basenames of micrographs have an exposure."""
        linked = self.micrograph[(self.micrograph >= 0) & (self.exposure >= 0)]
        return len({self.micrographs.basenames[number] for number in linked.tolist()})

    def exposure_name(self, row: int) -> str:
        """Basename of a row's exposure, after folders that distinguish it from others; empty: none."""
        return self.exposures.told_apart[self.exposure[row]] if self.exposure[row] >= 0 else ""

    def micrograph_name(self, row: int) -> str:
        """Basename of a row's micrograph, after folders that distinguish it from others; empty: none."""
        return self.micrographs.told_apart[self.micrograph[row]] if self.micrograph[row] >= 0 else ""

    def exposure_cut(self, row: int) -> tuple[int, int]:
        """Characters cut from the front (folders and the UID among them) and from the end of a row's exposure."""
        if self.exposure[row] < 0:
            return 0, 0
        _, kept, back = self.rules.exposure_parts(self.exposures[self.exposure[row]])
        return len(self.exposure_name(row)) - len(kept) - len(back), len(back)

    def micrograph_cut(self, row: int) -> tuple[int, int]:
        """Characters cut from the front (folders among them) and from the end of a row's micrograph."""
        if self.micrograph[row] < 0:
            return 0, 0
        _, kept, back = self.rules.particle_parts(self.micrographs[self.micrograph[row]])
        return len(self.micrograph_name(row)) - len(kept) - len(back), len(back)

    def with_places(self, placing: Placing | None) -> NameTable:
        """The same rows, with what pictures say of those whose names match."""
        seen = np.full(len(self.exposures) + 1, State.MATCHED)  # the last is what -1 points to
        if placing is not None:
            for exposure, place in placing.states.items():
                seen[exposure] = _OF_PLACES[place]
            seen[[*placing.elsewhere, *placing.exchanged]] = State.ELSEWHERE
        is_doubtful = np.isin(self.state, (*UNLINKED, State.NO_PARTICLES))
        return replace(self, state=np.where(is_doubtful, self.state, seen[self.exposure]))

    def rows(self, arrangement: Arrangement = Arrangement()) -> Numbers:
        """The rows to show, in their order; equals stay in the order of the table."""
        keys: dict[Column, Callable[[], Numbers]] = {
            Column.STATE: lambda: self.state,
            Column.MICROGRAPH: lambda: _ranks(self._micrograph_names)[self.micrograph],
            Column.EXPOSURE: lambda: _ranks(self._exposure_names)[self.exposure],
            Column.TRIMMED: lambda: _ranks(self.trimmed),
            Column.PARTICLES: lambda: self.particles,
        }
        key = keys[arrangement.column]()
        order = np.argsort(-key if arrangement.descending else key, kind="stable")
        if not (text := arrangement.text.strip().lower()):
            return order
        found = _contain(text, [state.words for state in State])[self.state]
        found |= _contain(text, self._micrograph_names)[self.micrograph]
        found |= _contain(text, self._exposure_names)[self.exposure]
        return order[found[order]]

    # The names, and an empty one at the end, which -1 points to.
    @cached_property
    def _micrograph_names(self) -> list[str]:
        return [*self.micrographs.told_apart, ""]

    @cached_property
    def _exposure_names(self) -> list[str]:
        return [*self.exposures.told_apart, ""]

    def row_of(self, *, micrograph: int = -1, exposure: int = -1) -> int:
        """The row of a micrograph, else the first one of an exposure; -1: none."""
        for number, column in ((micrograph, self.micrograph), (exposure, self.exposure)):
            if number >= 0 and len(found := np.flatnonzero(column == number)):
                return int(found[0])
        return -1


def build_name_table(
    exposures: Sequence[str],
    micrographs: Sequence[str],
    particles: Numbers,
    rules: TrimRules,
    match: Match | None = None,
) -> NameTable:
    """Match names and list them, mismatches first, then by trimmed name.

    Args:
        particles: (micrographs,), how many particles each has.
        match: Which exposure each micrograph has, where pictures chose it.
    """
    exposures, micrographs = Names.of(exposures), Names.of(micrographs)
    match = match or match_names(exposures, micrographs, rules)
    _ = exposures.told_apart, micrographs.told_apart  # worked out now: whoever draws the rows has no time for it
    left_over = np.setdiff1d(np.arange(len(exposures)), match.exposure_of)
    nothing = np.full(len(left_over), -1)
    exposure = np.concatenate([match.exposure_of, left_over])
    micrograph = np.concatenate([np.arange(len(micrographs)), nothing])
    trimmed = rules.particle_names(micrographs)
    if len(left_over):
        of_exposures = rules.exposure_names(exposures)
        trimmed += [of_exposures[number] for number in left_over.tolist()]
    state = np.concatenate([_states_of_micrographs(match, micrographs, trimmed, rules), nothing])
    state[len(micrographs) :] = _states_of_exposures(match, exposures, left_over)
    by_name = np.array(sorted(range(len(trimmed)), key=trimmed.__getitem__), np.int64)
    order = by_name[np.argsort(state[by_name], kind="stable")]
    return NameTable(
        rules=rules,
        match=match,
        exposures=exposures,
        micrographs=micrographs,
        exposure=exposure[order],
        micrograph=micrograph[order],
        particles=np.concatenate([particles, np.zeros(len(left_over), np.int64)])[order],
        state=state[order],
        trimmed=[trimmed[number] for number in order.tolist()],
        trust=judge_matches(exposures, micrographs, match.exposure_of, rules).trust,
    )


def write_csv(path: str | Path, table: NameTable, rows: Numbers) -> None:
    """Write some rows, with the whole paths.

    A name that a spreadsheet would take for a formula (it begins with = + - or @, perhaps behind blanks) gets an
    apostrophe in front, as is customary, and control characters become escapes; all other names stand as they are.

    Raises:
        OSError: The file cannot be written.
    """
    with open(path, "w", newline="", encoding="utf-8", errors="backslashreplace") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["match", "micrograph", "exposure", "trimmed_name", "particles"])
        for row in rows.tolist():
            exposure, micrograph = int(table.exposure[row]), int(table.micrograph[row])
            out.writerow(
                [
                    State(table.state[row]).words,
                    _no_formula(table.micrographs[micrograph]) if micrograph >= 0 else "",
                    _no_formula(table.exposures[exposure]) if exposure >= 0 else "",
                    _no_formula(table.trimmed[row]),
                    int(table.particles[row]),
                ]
            )


def _no_formula(name: str) -> str:
    text = printable(name)
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text


def _states_of_micrographs(
    match: Match, micrographs: Sequence[str], trimmed: Sequence[str], rules: TrimRules
) -> Numbers:
    state = np.where(match.exposure_of >= 0, State.MATCHED, State.NO_EXPOSURE)
    if match.ambiguous or match.merged:
        ambiguous = {rules.exposure_name(paths[0]) for paths in match.ambiguous}
        merged = {rules.particle_name(names[0]) for names in match.merged}
        for number, name in enumerate(trimmed[: len(micrographs)]):
            if name in ambiguous:
                state[number] = State.AMBIGUOUS
            elif name in merged:
                state[number] = State.MERGED
    return state


def _states_of_exposures(match: Match, exposures: Sequence[str], left_over: Numbers) -> Numbers | list[State]:
    if not match.ambiguous:
        return np.full(len(left_over), State.NO_PARTICLES)
    ambiguous = {path for paths in match.ambiguous for path in paths}
    return [State.AMBIGUOUS if exposures[i] in ambiguous else State.NO_PARTICLES for i in left_over.tolist()]


def _contain(text: str, names: Sequence[str]) -> NDArray[np.bool_]:
    return np.fromiter((text in name.lower() for name in names), bool, len(names))


def _ranks(names: Sequence[str]) -> Numbers:
    """Numbers that are ordered, and equal, as the names are."""
    order = sorted(range(len(names)), key=names.__getitem__)
    ranks = np.zeros(len(names), np.int64)
    ordered = [names[i] for i in order]
    ranks[order] = np.cumsum([0, *(a != b for a, b in zip(ordered, ordered[1:]))]) if names else 0
    return ranks
