"""Stacks that were not found, or not for sure, in words; for an import and for new links of a job alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..problems import Problem, count_of, problem
from .ambiguous import ambiguous
from .found import Located

_MOST_PLACES, _MOST_REJECTED = 6, 3


def not_located(names: Sequence[str], located: Located) -> Iterator[tuple[Problem, list[int]]]:
    """Each problem, and the positions of the names that it is about."""
    missing = [i for i, found in enumerate(located.found) if found.is_missing]
    if missing:
        places = ", ".join(located.tried[:_MOST_PLACES])
        message = f"{len(missing)} of {count_of(len(names), 'stack')} not found; looked for the first at {places}"
        hint = None
        if located.suggested_data:
            finds = located.suggested_finds
            hint = f"Give --data {located.suggested_data}: "
            hint += f"{finds:,} of the missing stacks {'is' if finds == 1 else 'are'} found there."
        examples = (names[i] + _rejected(located.found[i].rejected) for i in missing)
        yield problem("stack-missing", message, count=len(missing), examples=examples, hint=hint), missing
    yield from ambiguous(names, located)


def _rejected(files: Sequence[tuple[str, str]]) -> str:
    return "".join(f"; {path} is not this stack: {reason}" for path, reason in files[:_MOST_REJECTED])
