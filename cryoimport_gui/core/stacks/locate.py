"""Where the stacks of the image names are.

What makes a stack that is found twice an error: `ambiguous.py`.
"""

from __future__ import annotations

import os
import stat
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from glob import glob
from itertools import islice
from pathlib import Path, PurePosixPath
from threading import Lock
from typing import Protocol

from ..file_state import state_of
from ..parallel import map_files
from ..problems import refuse
from ..progress import Progress, quiet
from .ambiguous import only_one, without_rivals
from .found import DATA_RULE, GIVEN_RULE, TAIL_RULE, Found, Located, StackFile, Wanted, matching_parts
from .mrc import regular_bytes

_SWAPPED = {".mrc": ".mrcs", ".mrcs": ".mrc"}
_NEARBY_ENTRIES, _MOST_PROPOSALS = 20_000, 5
_TRIED_NAMES, _COUNTED_NAMES = 50, 1_000


class Judge(Protocol):
    """Says which files can be the stack of a name."""

    def learn(self, found: Sequence[Found], progress: Progress) -> None:
        """Take note of the stacks that were found where their names say."""

    def why_not(self, wanted: Wanted, path: str, file_bytes: int) -> str:
        """Why a file cannot be the stack that is looked for; empty if it can."""


def locate_stacks(
    wanted: Sequence[Wanted], data: str, progress: Progress = quiet, judge: Judge | None = None
) -> Located:
    """Find the file of every stack.

    Where the data path is a stack, or a wildcard of stacks, these are taken for all names with their file name.  The
    other rules in their order: relative to the data path; the name itself if it is absolute; relative to the folder of
    the STAR file, and to each folder above it; the longest matching end of the path under the data path. What they do
    not find is looked for by the file name alone under the data path, and then by all rules with `.mrc` for `.mrcs`,
    and back: such a file is only taken if the `judge` has nothing against it. Within one rule two different files are
    ambiguous, and one file that was found by its tail is never the stack of two names.

    Raises:
        Refused: The data path is neither a folder nor a stack.
        Cancelled: `progress` said so.
    """
    if data and not os.path.isdir(data) and not _given_stacks(data):
        raise refuse("stack-missing", f"the particle data path {data} is not a folder, and no stack")
    finder = _Finder(data, judge, progress)
    names = [its.name for its in wanted]
    found = list(map_files(finder.find, wanted, progress))
    unsure = [i for i, its in enumerate(found) if its.is_missing]
    if unsure and judge:
        judge.learn(found, progress)
    for i, its in zip(unsure, map_files(finder.find_by_name, [wanted[i] for i in unsure], progress)):
        found[i] = its
    located = Located(without_rivals(names, found))
    located.rules = dict(Counter(found.rule for found in located.found if found.rule).most_common())
    missing = [its for its, found in zip(wanted, located.found) if found.is_missing]
    if missing:
        located.tried = finder.places(missing[0])
        _suggest_data(located, missing, data, judge, progress)
    return located


class _Finder:
    def __init__(self, data: str, judge: Judge | None, progress: Progress) -> None:
        is_folder = os.path.isdir(data)
        self._data = os.path.abspath(data) if is_folder else ""
        self._given = {} if is_folder else _given_stacks(data)
        self._judge = judge
        self._progress = progress
        self._index: dict[str, list[str]] | None = None
        self._is_alias: dict[tuple[str, str], bool] = {}
        self._lock = Lock()

    def find(self, wanted: Wanted) -> Found:
        """By the name and at least one of its folders."""
        name, folder = wanted
        same, _ = _variants(name)
        for variant in same:
            for rule, paths in self._rules(Wanted(variant, folder)):
                files = _distinct_files(paths)
                if files:
                    return only_one(files, rule + _as(variant, name))
        return Found()

    def find_by_name(self, wanted: Wanted) -> Found:
        """By the file name alone, or with the other extension: any micrograph can be called so."""
        name, folder = wanted
        same, swapped = _variants(name)
        rejected: list[tuple[str, str]] = []
        places = [(variant, TAIL_RULE, self._tails(variant.lstrip("/"))) for variant in same if self._data]
        places += [
            (variant, rule, paths)
            for variant in swapped
            for rule, paths in self._rules(Wanted(variant, folder), any_tail=True)
        ]
        for variant, rule, paths in places:
            files = []
            for file in _distinct_files(paths):
                reason = self._judge.why_not(wanted, file.path, file.file_bytes) if self._judge else ""
                if reason:
                    rejected.append((file.path, reason))
                else:
                    files.append(file)
            if files:
                return only_one(files, rule + _as(variant, name))
        return Found(rejected=tuple(rejected))

    def find_anyhow(self, wanted: Wanted) -> Found:
        found = self.find(wanted)
        return self.find_by_name(wanted) if found.is_missing else found

    def places(self, wanted: Wanted) -> list[str]:
        direct = [path for rule, paths in self._direct(wanted) for path in paths]
        return [path + _why_missing(path) for path in direct] + (
            [f"{self._data}/…/{PurePosixPath(wanted.name).name}"] if self._data else []
        )

    def _rules(self, wanted: Wanted, any_tail: bool = False) -> Iterator[tuple[str, list[str]]]:
        yield from self._direct(wanted)
        if self._data:
            relative = wanted.name.lstrip("/")
            yield TAIL_RULE, [path for path in self._tails(relative) if any_tail or matching_parts(relative, path) > 1]

    def _direct(self, wanted: Wanted) -> Iterator[tuple[str, list[str]]]:
        name, folder = wanted
        yield GIVEN_RULE, self._given.get(PurePosixPath(name).name, [])
        if self._data:
            yield DATA_RULE, [os.path.join(self._data, name.lstrip("/"))]
        if name.startswith("/"):
            yield "absolute name", [name]
        else:
            yield "relative to the folder of the STAR file", [os.path.join(folder, name)]
            yield "relative to a folder above the STAR file", [os.path.join(p, name) for p in Path(folder).parents]

    def _tails(self, name: str) -> list[str]:
        with self._lock:  # the first thread that needs the index makes it
            if self._index is None:
                self._index = {}
                for path in _walk(self._data, self._progress):
                    self._index.setdefault(os.path.basename(path), []).append(path)
        paths = self._index.get(PurePosixPath(name).name, ())
        scores = {path: matching_parts(name, path) for path in paths}
        return [self._as_named(name, path) for path, score in scores.items() if score == max(scores.values())]

    def _as_named(self, name: str, path: str) -> str:
        """The path with the folders of the name, if these are links to its own, such as the alias of a job."""
        parts = PurePosixPath(name).parts
        own, named = os.path.dirname(path), "/".join([*path.split("/")[: -len(parts)], *parts[:-1]])
        if own == named:
            return path
        if (own, named) not in self._is_alias:
            try:
                self._is_alias[own, named] = os.path.samefile(own, named)
            except (OSError, ValueError):
                self._is_alias[own, named] = False
        return os.path.join(named, parts[-1]) if self._is_alias[own, named] else path


def _given_stacks(data: str) -> dict[str, list[str]]:
    """The stacks behind a data path that is no folder, by their file names."""
    stacks: dict[str, list[str]] = {}
    for path in [data] if os.path.lexists(data) else glob(data, recursive=True):
        if os.path.isfile(path) and os.path.splitext(path)[1].lower() in _SWAPPED:
            stacks.setdefault(os.path.basename(path), []).append(os.path.abspath(path))
    return stacks


def _variants(name: str) -> tuple[list[str], list[str]]:
    """A name, also with its extension in small letters; and with the other extension of MRC files."""
    stem, suffix = os.path.splitext(name)
    small = suffix.lower()
    if small not in _SWAPPED:
        return [name], []
    return list(dict.fromkeys([name, stem + small])), [stem + _SWAPPED[small]]


def _as(variant: str, name: str) -> str:
    return "" if variant == name else f", as {PurePosixPath(variant).suffix}"


def _why_missing(path: str) -> str:
    """What stands in the way at a place where a file was expected."""
    try:
        os.stat(path)
    except PermissionError:
        return " (no permission)"
    except (OSError, ValueError):
        return f" (a link to {os.readlink(path)}, which is not there)" if os.path.islink(path) else ""
    return ""


def _distinct_files(paths: list[str]) -> list[StackFile]:
    """The paths that are files: links and hard links to one file count once."""
    files: dict[tuple[int, int], StackFile] = {}
    for path in paths:
        try:
            status = os.stat(path)
        except (OSError, ValueError):
            continue
        if not stat.S_ISDIR(status.st_mode):
            file = status.st_dev, status.st_ino
            if file not in files:
                files[file] = StackFile(_tidy(path), regular_bytes(status), file, state_of(status))
    return list(files.values())


def _tidy(path: str) -> str:
    """Absolute, without `.` and doubled slashes; `..` behind a link can only be resolved by the file system."""
    return os.path.realpath(path) if ".." in path.split("/") else os.path.abspath(path)


def _walk(folder: str, progress: Progress = quiet, limit: int | None = None) -> Iterator[str]:
    """All MRC files below a folder, each folder once: by its own name before any link, such as a job's alias."""
    seen: set[tuple[int, int]] = set()
    queue, linked, entries = deque([folder]), deque[str](), 0
    while queue or linked:
        here = (queue or linked).popleft()  # breadth first
        try:
            status = os.stat(here)
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            with os.scandir(here) as found:
                for entry in found:
                    entries += 1
                    if entry.name.endswith((".mrc", ".mrcs")):
                        yield entry.path
                    elif not entry.name.startswith("."):
                        if entry.is_dir(follow_symlinks=False):
                            queue.append(entry.path)
                        elif entry.is_symlink():
                            linked.append(entry.path)
        except OSError:  # nothing to look into: not a folder, or closed to us
            continue
        progress.step(0, 0)
        if limit is not None and entries > limit:
            return


def _suggest_data(located: Located, missing: list[Wanted], data: str, judge: Judge | None, progress: Progress) -> None:
    """Look for the first missing stack around the STAR file and the data path."""
    tried = missing[:: -(-len(missing) // _TRIED_NAMES)]
    finds: dict[str, int] = {}
    for folder in islice(_proposals(missing[0], data, progress), _MOST_PROPOSALS):
        finds[folder] = _count_finds(_Finder(folder, judge, progress), tried, progress)
        if finds[folder] == len(tried):
            break
    best = max(finds, key=lambda folder: finds[folder], default="")
    if best and finds[best]:
        located.suggested_data = best
        located.suggested_finds = _count_finds(_Finder(best, judge, progress), missing[:_COUNTED_NAMES], progress)


def _count_finds(finder: _Finder, wanted: Sequence[Wanted], progress: Progress) -> int:
    return len({found.path for found in map_files(finder.find_anyhow, wanted, progress) if found.path})


def _proposals(wanted: Wanted, data: str, progress: Progress) -> Iterator[str]:
    """Folders nearby that would lead to a name as data path, each once."""
    name, beside = wanted
    same, swapped = _variants(name)
    basenames = {os.path.basename(variant) for variant in same + swapped}
    starts = [str(p) for p in [Path(beside), *Path(beside).parents][:3]]
    if data:
        starts += [str(p) for p in [*Path(os.path.abspath(data)).parents][:2]]
    folders = set()
    for start in dict.fromkeys(starts):
        for path in _walk(start, progress, _NEARBY_ENTRIES) if start != "/" else ():
            if os.path.basename(path) in basenames:
                depth = matching_parts(os.path.dirname(name), os.path.dirname(path)) + 1
                folder = "/".join(path.split("/")[:-depth]) or "/"
                if folder not in folders:
                    folders.add(folder)
                    yield folder
