"""Where the stacks are that the image names speak of."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from threading import Lock

from .mrc import regular_bytes
from .parallel import map_files
from .problems import refuse
from .progress import Progress, quiet

_SWAPPED = {".mrc": ".mrcs", ".mrcs": ".mrc"}
_NEARBY_ENTRIES = 20_000


@dataclass(frozen=True)
class Found:
    """One stack: its absolute path, its `regular_bytes` and the rule that found it.

    There is no path if there is none, or more than one.
    """

    path: str = ""
    file_bytes: int = -1
    rule: str = ""
    candidates: tuple[str, ...] = ()


@dataclass
class Located:
    """What was found for each name; `tried` are the places looked at for the first one that is missing."""

    found: list[Found]
    rules: dict[str, int] = field(default_factory=dict)
    tried: list[str] = field(default_factory=list)
    suggested_data: str = ""
    suggested_finds: int = 0


def locate_stacks(names: Sequence[str], meta: str, data: str, progress: Progress = quiet) -> Located:
    """Find the file of every name.

    The rules in their order: data path + name; the name itself if it is absolute; the STAR file's folder + name;
    each folder above it + name; the longest matching tail of the path under the data path.  Then all of them
    again with `.mrc` for `.mrcs`, and back.  Within one rule two different files are ambiguous.

    Raises:
        Refused: The data path is no folder.
        Cancelled: `progress` said so.
    """
    if data and not os.path.isdir(data):
        raise refuse("stack-missing", f"the particle data path {data} is not a folder")
    finder = _Finder(meta, data, progress)
    located = Located(list(map_files(finder.find, names, progress)))
    located.rules = dict(Counter(found.rule for found in located.found if found.rule).most_common())
    missing = [name for name, found in zip(names, located.found) if not found.path and not found.candidates]
    if missing:
        located.tried = finder.places(missing[0])
        _suggest_data(located, missing, meta, data, progress)
    return located


class _Finder:
    def __init__(self, meta: str, data: str, progress: Progress = quiet) -> None:
        self._folder = Path(os.path.abspath(meta)).parent
        self._data = os.path.abspath(data) if data else ""
        self._progress = progress
        self._index: dict[str, list[str]] | None = None
        self._lock = Lock()

    def find(self, name: str) -> Found:
        for variant in _variants(name):
            swapped = "" if variant == name else f", as {PurePosixPath(variant).suffix}"
            for rule, paths in self._rules(variant):
                files = _distinct_files(paths)
                if len(files) > 1:
                    return Found(candidates=tuple(path for path, _ in files))
                if files:
                    return Found(*files[0], rule + swapped)
        return Found()

    def places(self, name: str) -> list[str]:
        direct = [path for rule, paths in self._rules(name, walk=False) for path in paths]
        return direct + ([f"{self._data}/…/{PurePosixPath(name).name}"] if self._data else [])

    def _rules(self, name: str, walk: bool = True) -> Iterator[tuple[str, list[str]]]:
        relative = name.lstrip("/")
        if self._data:
            yield "data path + name", [os.path.join(self._data, relative)]
        if name.startswith("/"):
            yield "absolute name", [name]
        else:
            yield "folder of the STAR file + name", [os.path.join(self._folder, name)]
            yield "folder above the STAR file + name", [os.path.join(p, name) for p in self._folder.parents]
        if walk and self._data:
            yield "path tail under the data path", self._tails(relative)

    def _tails(self, name: str) -> list[str]:
        with self._lock:  # the first thread that needs the index makes it
            if self._index is None:
                self._index = {}
                for path in _walk(self._data, self._progress):
                    self._index.setdefault(os.path.basename(path), []).append(path)
        wanted = PurePosixPath(name).parts[::-1]
        scores = {
            path: _common(wanted, path.split("/")[::-1]) for path in self._index.get(wanted[0] if wanted else "", ())
        }
        return [path for path, score in scores.items() if score == max(scores.values())]


def _variants(name: str) -> list[str]:
    stem, suffix = os.path.splitext(name)
    return [name, stem + _SWAPPED[suffix]] if suffix in _SWAPPED else [name]


def _common(a: Sequence[str], b: Sequence[str]) -> int:
    return next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))


def _distinct_files(paths: list[str]) -> list[tuple[str, int]]:
    """The paths that are files, with their `regular_bytes`: links and hard links to one file count once."""
    files: dict[tuple[int, int], tuple[str, int]] = {}
    for path in paths:
        try:
            status = os.stat(path)
        except (OSError, ValueError):
            continue
        if not stat.S_ISDIR(status.st_mode):
            files.setdefault((status.st_dev, status.st_ino), (_tidy(path), regular_bytes(status)))
    return list(files.values())


def _tidy(path: str) -> str:
    """Absolute, without `.` and doubled slashes; `..` behind a link can only be resolved by the file system."""
    return os.path.realpath(path) if ".." in path.split("/") else os.path.abspath(path)


def _walk(folder: str, progress: Progress = quiet, limit: int | None = None) -> Iterator[str]:
    """All MRC files below a folder, through links but each folder once."""
    seen: set[tuple[int, int]] = set()
    queue, entries = [folder], 0
    for here in queue:  # grows while it is walked: breadth first
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
                    elif not entry.name.startswith(".") and entry.is_dir():
                        queue.append(entry.path)
        except OSError:
            continue
        progress.step(0, 0)
        if limit is not None and entries > limit:
            return


def _suggest_data(located: Located, missing: list[str], meta: str, data: str, progress: Progress) -> None:
    """Look for the first missing stack around the STAR file and the data path."""
    wanted = {os.path.basename(variant) for variant in _variants(missing[0])}
    starts = [str(p) for p in [*Path(os.path.abspath(meta)).parents][:3]]
    if data:
        starts += [str(p) for p in [*Path(os.path.abspath(data)).parents][:2]]
    for start in dict.fromkeys(starts):
        if start == "/":
            continue
        for path in _walk(start, progress, _NEARBY_ENTRIES):
            if os.path.basename(path) not in wanted:
                continue
            depth = _common(missing[0].split("/")[-2::-1], path.split("/")[-2::-1]) + 1
            folder = "/".join(path.split("/")[:-depth]) or "/"
            finder = _Finder(meta, folder, progress)
            finds = sum(bool(finder.find(name).path) for name in missing[:1000])
            if finds > located.suggested_finds:
                located.suggested_data, located.suggested_finds = folder, finds
            if finds == min(len(missing), 1000):
                return
