"""What was found for the name of a stack."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import PurePosixPath
from typing import NamedTuple

DATA_RULE, TAIL_RULE, GIVEN_RULE = DATA_RULES = (
    "relative to the data path",
    "end of the path, under the data path",
    "given as the data path",
)


@dataclass(frozen=True)
class Found:
    """One stack: its absolute path, its `regular_bytes` and the rule that found it.

    There is no path if there is no file, if there are several `candidates`, or if the only file could as well be
    the stack of other names, its `rivals`.  `rejected` are files of that name that cannot be the stack, and why.
    `file` is the same for all paths that lead to one file; `state` changes when the file does.
    """

    path: str = ""
    file_bytes: int = -1
    rule: str = ""
    candidates: tuple[str, ...] = ()
    rivals: tuple[str, ...] = ()
    rejected: tuple[tuple[str, str], ...] = ()
    file: tuple[int, int] | None = field(default=None, compare=False)
    state: Hashable = field(default=None, compare=False)

    @property
    def is_missing(self) -> bool:
        return not (self.path or self.candidates or self.rivals)


@dataclass
class Located:
    """What was found for each name; `tried` are the places looked at for the first one that is missing."""

    found: list[Found]
    rules: dict[str, int] = field(default_factory=dict)
    tried: list[str] = field(default_factory=list)
    suggested_data: str = ""
    suggested_finds: int = 0


class Wanted(NamedTuple):
    """A stack that is looked for: its name, and the folder of the file that names it."""

    name: str
    folder: str


class StackFile(NamedTuple):
    """A file on disk: `regular_bytes`, and what `Found` says of it."""

    path: str
    file_bytes: int
    file: tuple[int, int]
    state: Hashable

    def found(self, rule: str) -> Found:
        return Found(self.path, self.file_bytes, rule, file=self.file, state=self.state)


def matching_parts(name: str, path: str) -> int:
    """How many parts a name and a path have in common, from the end."""
    ends = zip(reversed(PurePosixPath(name).parts), reversed(path.split("/")))
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], ends))


def other_folder(name: str, found: Found) -> tuple[str, str] | None:
    """The last folder of a stack's name that is another one where it was found, and that one: `job010`, `job020`."""
    if not found.rule.startswith(TAIL_RULE):
        return None
    named, path = PurePosixPath(name.lstrip("/")).parts[:-1], found.path.split("/")[:-1]
    pairs = zip(reversed(named), reversed(path))
    return next(((ours, its or "/") for ours, its in pairs if ours != its), None)
