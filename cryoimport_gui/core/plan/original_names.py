"""Which stack, or micrograph, of the originals a name in the file of particles means.

Names are compared once for each distinct one, never row by row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..names import parts, without_uids

_STACKS = (".mrcs", ".mrc")


def plain_stack(path: str) -> str:
    """Without what differs in form only: a leading `>`, and `.mrc` where RELION wants `.mrcs`."""
    path = path.removeprefix(">")
    return next((path.removesuffix(end) for end in _STACKS if path.endswith(end)), path)


def plain_micrograph(path: str) -> str:
    """Without a leading `>` and without the ending: a motion-corrected movie keeps neither `.tif` nor `.eer`."""
    path = path.removeprefix(">")
    folder, slash, name = path.rpartition("/")
    return folder + slash + (name[: name.rfind(".")] if name.rfind(".") > 0 else name)


def by_path(names: Sequence[str], paths: Sequence[str], files: Sequence[str]) -> NDArray[np.int64]:
    """(names,) number of the path that a name ends with, or of the file whose path ends with the name; -1: none.

    Args:
        names: Plain names, with folders.
        paths: Plain paths.
        files: Where each really lies, absolute; empty where that says nothing.
    """
    wholes, places = [parts(path) for path in paths], [parts(file) if file else () for file in files]
    of_basename: dict[str, list[int]] = {}
    for number, whole in enumerate(wholes):
        for basename in {whole[-1], *places[number][-1:]}:
            of_basename.setdefault(basename, []).append(number)
    out = np.full(len(names), -1, np.int64)
    for i, name in enumerate(names):
        its = parts(name)
        fitting = [
            (len(wholes[number]) * _ends_with(its, wholes[number]), number)
            for number in of_basename.get(its[-1], ())
            if _ends_with(its, wholes[number]) or (len(its) > 1 and _ends_with(places[number], its))
        ]
        longest = max((length for length, _ in fitting), default=0)
        best = [number for length, number in fitting if length == longest]
        if len(best) == 1 or (best and len({places[number] for number in best}) == 1 and places[best[0]]):
            out[i] = best[0]
    return out


def _ends_with(path: tuple[str, ...], end: tuple[str, ...]) -> bool:
    return bool(end) and path[-len(end) :] == end


def by_file_name(names: Sequence[str], paths: Sequence[str]) -> NDArray[np.int64]:
    """(names,) number of the path with the same file name, a leading UID aside; -1: none, or not the only one."""
    out = np.full(len(names), -1, np.int64)
    ends = [parts(name)[-1] for name in names]
    their_ends = [parts(path)[-1] for path in paths]
    distinct_names = [parts(name) for name in names]
    for ours, theirs in (
        (ends, their_ends),
        (without_uids(ends), without_uids(their_ends)),
        (ends, without_uids(their_ends)),
        (without_uids(ends), their_ends),
    ):
        only = {name for name, count in Counter(theirs).items() if count == 1}
        number_of = {name: number for number, name in enumerate(theirs) if name in only}
        used = Counter(name for _, name in set(zip(distinct_names, ours)))
        for i, name in enumerate(ours):
            if out[i] < 0 and used[name] == 1:
                out[i] = number_of.get(name, -1)
    return out
