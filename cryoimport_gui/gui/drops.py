"""What is dropped on a window: which path of the import it becomes, and why not if it becomes none.

Nothing is ever moved: a file manager that moves would delete what was dropped.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QDropEvent

from ..core.exposures.given import exposure_groups
from ..core.parameters import PATHS, parameter
from ..core.reading.job_folder import particles_of_job
from ..core.reading.pick_search import holds_picks

STAR = ".star"
_EXPOSURES = (".cs", ".csg")
_STACKS = (".mrcs", ".mrc", ".mrcs.gz", ".mrc.gz", ".mrcs.bz2", ".mrc.bz2", ".st", ".stk")
_PROJECT_MARKS = ("project.json", "cs.lock")
_MOST_LOOKED_AT = 5_000  # entries of a folder: the user is waiting with the mouse button down
_WANTED = "Drop a STAR file, a RELION job folder, files of picks, a folder of stacks, or exposures (.cs, .csg)."


@dataclass
class Sorted:
    """`values`: parameter → paths, of most the only one.  `refusals`: a sentence for each thing that cannot be used."""

    values: dict[str, tuple[str, ...]] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)

    @property
    def chosen(self) -> dict[str, str | tuple[str, ...]]:
        """The values as parameters."""
        return {
            name: paths if parameter(name).metadata["kind"] is PATHS else paths[0]
            for name, paths in self.values.items()
        }

    @property
    def words(self) -> str:
        """Where everything will go."""
        uses = [f"{parameter(name).metadata['title']}: {path}" for name, paths in self.values.items() for path in paths]
        return "\n".join([*uses, *self.refusals])


def copies(event: QDropEvent) -> bool:
    """Have a drop copied or linked; False if it can only be moved."""
    for action in (Qt.DropAction.CopyAction, Qt.DropAction.LinkAction):
        if event.possibleActions() & action:
            event.setDropAction(action)
            return True
    return False


def sort_out(data: QMimeData) -> Sorted:
    """Which path each dropped file or folder becomes; looks into folders."""
    found = Sorted()
    for url in data.urls():
        path = url.toLocalFile()
        if not path:
            found.refusals.append(f"{url.toString()} is not on this computer.")
            continue
        name, value = _use_of(path.rstrip("/") or path)
        if not name:
            found.refusals.append(value)
        elif name not in found.values:
            found.values[name] = (value,)
        elif value in found.values[name]:
            continue
        elif parameter(name).metadata["kind"] is PATHS:
            found.values[name] += (value,)
        else:
            title = parameter(name).metadata["title"]
            found.refusals.append(f"{value} is not taken as well: there is one {title} only.")
    return found


def _use_of(path: str) -> tuple[str, str]:
    """The parameter that a path is for, and its value; without a parameter, why there is none."""
    name = os.path.basename(path)
    if os.path.isdir(path):
        return _use_of_folder(path)
    if name.endswith(STAR):
        return "meta", path
    if name.endswith(_EXPOSURES):
        return "exposures", path
    if name.endswith(_STACKS):
        return "data", os.path.dirname(path)
    if holds_picks(path):
        return "meta", path
    return "", f"{name} cannot be used. {_WANTED}"


def _use_of_folder(path: str) -> tuple[str, str]:
    name = os.path.basename(path)
    try:
        with os.scandir(path) as entries:
            names = [entry.name for entry in islice(entries, _MOST_LOOKED_AT)]
    except OSError as error:
        return "", f"{name} cannot be read: {error.strerror}."
    if star := particles_of_job(names):
        return "meta", os.path.join(path, star)
    if any(mark in names for mark in _PROJECT_MARKS):
        return "project", path
    if groups := exposure_groups(path):
        return ("exposures", groups[0]) if len(groups) == 1 else _several(name, map(os.path.basename, groups))
    if holds_picks(path):
        return "meta", path
    if any(one.endswith(_STACKS) for one in names) or _has_stacks_below(path):
        return "data", path
    return "", f"The folder {name} holds neither particles, picks nor stacks. {_WANTED}"


def _several(folder: str, groups: Iterable[str]) -> tuple[str, str]:
    return "", f"The folder {folder} holds several groups of exposures; drop one of them: {', '.join(sorted(groups))}."


def _has_stacks_below(path: str) -> bool:
    """In folders of the folder: names in a STAR file begin some levels above the stacks."""
    waiting, seen = [path], 0
    while waiting and seen < _MOST_LOOKED_AT:
        try:
            with os.scandir(waiting.pop(0)) as entries:
                for entry in islice(entries, _MOST_LOOKED_AT):
                    seen += 1
                    if entry.name.endswith(_STACKS):
                        return True
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
        except OSError:
            continue
    return False
