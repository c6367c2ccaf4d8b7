"""Paths by the thousand, and the names in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property

_LEADING_UID = re.compile(r"[0-9]+_")
_DIGITS = re.compile(r"([0-9]+)")


def basename(path: str) -> str:
    return path[path.rfind("/") + 1 :]


def uid_length(name: str) -> int:
    """Characters of a basename's leading `<digits>_`, the underscore among them."""
    return uid.end() if (uid := _LEADING_UID.match(name)) else 0


def without_uids(names: Iterable[str]) -> list[str]:
    """Basenames without a leading `<digits>_`."""
    match = _LEADING_UID.match
    return [name[uid.end() :] if (uid := match(name)) else name for name in names]


def cut(names: Sequence[str], front: int, back: int) -> list[str]:
    """Each name without so many characters at its ends; a shorter name becomes empty."""
    return [name[front:-back] for name in names] if back else [name[front:] for name in names]


def natural_order(name: str) -> list[tuple[int, int, str]]:
    """A key that sorts names as people do: `run_it9` before `run_it10`."""
    return [(0, int(part), part) if part.isdecimal() else (1, 0, part) for part in _DIGITS.split(name) if part]


def parts(path: str) -> tuple[str, ...]:
    """Folders and basename; the same for paths that differ only in form, as `./a//b` and `a/b`."""
    *folders, name = path.split("/")
    root = ("",) if path.startswith("/") else ()
    return (*root, *(folder for folder in folders if folder not in ("", ".")), name)


class Names(list[str]):
    """Paths that do not change any more; their names are worked out once, as rules are tried again and again."""

    @classmethod
    def of(cls, paths: Sequence[str]) -> Names:
        return paths if isinstance(paths, Names) else cls(paths)

    @classmethod
    def bare(cls, names: Sequence[str]) -> Names:
        """Of names that have no folders."""
        made = cls(names)
        made.basenames = list(made)
        return made

    @cached_property
    def basenames(self) -> list[str]:
        return [path[path.rfind("/") + 1 :] for path in self]

    @cached_property
    def told_apart(self) -> list[str]:
        """The basenames; where different paths have one, with as many folders as it takes to tell these apart."""
        if len(set(self.basenames)) == len(self):
            return self.basenames
        same: dict[str, list[int]] = {}
        for number, name in enumerate(self.basenames):
            same.setdefault(name, []).append(number)
        named = list(self.basenames)
        for numbers in same.values():
            for number, end in zip(numbers, _different_ends([self[number] for number in numbers])):
                named[number] = end
        return named

    @cached_property
    def with_folder(self) -> list[str]:
        """Folder and basename, as `J4/exposures.cs`; `told_apart` where these do not tell different paths apart."""
        ends = ["/".join(parts(path)[-2:]) for path in self]
        return ends if len(set(ends)) == len(set(self)) else self.told_apart

    @cached_property
    def without_uid(self) -> list[str]:
        """The basenames without a leading `<digits>_`."""
        return without_uids(self.basenames)


def _different_ends(paths: list[str]) -> list[str]:
    """The ends of paths, of equally many folders, that are different where the paths are."""
    wholes = [parts(path) for path in paths]
    wanted, folders = len(set(wholes)), 0
    while len({whole[-1 - folders :] for whole in wholes}) < wanted:
        folders += 1
    return ["/".join(whole[-1 - folders :]) for whole in wholes]
