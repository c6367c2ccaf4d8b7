"""The names of what lies in a job folder."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence

DATASET = "imported_particles.cs"
RESULT_GROUP = "imported_particles.csg"
LINKS = "imported"  # folder
PARTICLES = "particles.star"
SOURCE = "source"  # folder: links to the files of particles
REJECTED = "rejected.star"
MONTAGE = "montage.png"
POSES = "poses.png"
REPORT = "import.json"
REPORT_PAGE = "import.html"
LOG = "import.log"

_MAX_NAME_BYTES = 255
_NUMBER_CHARACTERS = 21


def source_names(paths: Sequence[str]) -> list[str]:
    """What the links to files of particles are called: as the files, with a number behind a name that is taken."""
    names: list[str] = []
    for path in paths:
        name = os.path.basename(path)
        stem, suffix = os.path.splitext(name)
        again = 2
        while name in names:
            name = f"{stem}_{again}{suffix}"
            again += 1
        names.append(name)
    return names


def link_name(path: str) -> str:
    """21 digits, `_`, the stack's own name; a name too long for a file system loses its beginning.

    Bytes that are not UTF-8 are left out, as no dataset with them could be read; control characters become `_`.
    """
    name = os.fsencode(os.path.basename(path))[-_room_for_name() :].decode("utf-8", "ignore")
    number = f"{secrets.randbits(64):0{_NUMBER_CHARACTERS}d}"
    return f"{number}_" + "".join(c if c.isprintable() else "_" for c in name)


def link_path_bytes(path: str, folder_in_project: str | None) -> int:
    """The most bytes that `blob/path` takes for a stack, below a job folder inside of a project or (None) without."""
    name = min(len(os.fsencode(os.path.basename(path))), _room_for_name())
    return len(os.fsencode(links_prefix(folder_in_project))) + _NUMBER_CHARACTERS + 1 + name


def links_prefix(folder_in_project: str | None) -> str:
    """What stands before the name of a link in `blob/path`: relative to the project, else beside the `.csg`."""
    return f"{folder_in_project}/{LINKS}/" if folder_in_project else f">{LINKS}/"


def _room_for_name() -> int:
    return _MAX_NAME_BYTES - _NUMBER_CHARACTERS - 1
