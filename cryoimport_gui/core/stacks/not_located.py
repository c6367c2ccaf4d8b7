"""Stacks that were not found, or not for sure, in words; for an import and for new links of a job alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..problems import Problem, count_of, problem
from .locate import Located

_MOST_PLACES, _MOST_REJECTED = 6, 3
EACH_ONCE = "Give a data path under which each stack lies once, with the folders that it had."


def not_located(names: Sequence[str], located: Located) -> Iterator[tuple[Problem, list[int]]]:
    """Each problem, and the positions of the names that it is about."""
    missing = [i for i, found in enumerate(located.found) if found.is_missing]
    if missing:
        places = ", ".join(located.tried[:_MOST_PLACES])
        message = f"{len(missing)} of {count_of(len(names), 'stack')} not found; looked for the first at {places}"
        hint = None
        if located.suggested_data:
            hint = f"Give {located.suggested_data} as particle data path (--data): "
            hint += f"{located.suggested_finds} of the missing stacks are found there."
        examples = (names[i] + _rejected(located.found[i].rejected) for i in missing)
        yield problem("stack-missing", message, count=len(missing), examples=examples, hint=hint), missing
    several = [i for i, found in enumerate(located.found) if found.candidates]
    if several:
        examples = (f"{names[i]}: {' and '.join(located.found[i].candidates)}" for i in several)
        message = f"{count_of(len(several), 'stack')} found in more than one place"
        yield problem("stack-ambiguous", message, count=len(several), examples=examples), several
    rivals = [i for i, found in enumerate(located.found) if found.rivals]
    if rivals:
        examples = (" and ".join([names[i], *located.found[i].rivals]) for i in rivals)
        message = f"{count_of(len(rivals), 'stack')} for which there is only a file that another could be as well"
        yield problem("stack-ambiguous", message, count=len(rivals), examples=examples, hint=EACH_ONCE), rivals


def _rejected(files: Sequence[tuple[str, str]]) -> str:
    return "".join(f"; {path} is not this stack: {reason}" for path, reason in files[:_MOST_REJECTED])
