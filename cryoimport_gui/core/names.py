"""Paths by the thousand, and the names in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property

_LEADING_UID = re.compile(r"[0-9]+_")


def without_uids(names: Iterable[str]) -> list[str]:
    """Basenames without a leading `<digits>_`."""
    match = _LEADING_UID.match
    return [name[uid.end() :] if (uid := match(name)) else name for name in names]


def cut(names: Sequence[str], front: int, back: int) -> list[str]:
    """Each name without so many characters at its ends; a shorter name becomes empty."""
    return [name[front:-back] for name in names] if back else [name[front:] for name in names]


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
    def without_uid(self) -> list[str]:
        """The basenames without a leading `<digits>_`."""
        return without_uids(self.basenames)
