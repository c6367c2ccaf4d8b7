"""Which files of picks are meant by a file, several, a wildcard, a folder, or one of RELION's lists."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from glob import glob, has_magic
from itertools import islice

from ..parallel import map_files
from ..problems import Problem, Severity, count_of, problem, refuse
from ..progress import Progress, quiet
from . import pick_files
from .job_folder import PICK_ENDINGS, particles_of_job
from .pick_files import PickFormat
from .pick_text import read_lines

_HEAD_BYTES = 1 << 16
#: endings of files of picks: such a file in a folder is reported if it cannot be read as one
#: what stands in a folder beside files of picks, and need not be opened to know that it is none
_OTHER_ENDINGS: tuple[str, ...] = (".mrc", ".mrcs", ".map", ".tif", ".tiff", ".eer", ".st", ".hdf", ".dm4")
_OTHER_ENDINGS += (".gz", ".bz2", ".zip", ".cs", ".npy", ".png", ".jpg", ".jpeg", ".pdf", ".eps")
_MOST_ENTRIES, _MOST_OPENED = 5_000, 20


@dataclass
class FoundPicks:
    """Files, the format of each (None: it is empty) and the micrograph that a list gives it, and remarks."""

    files: list[tuple[str, PickFormat | None, str]] = field(default_factory=list)
    remarks: list[Problem] = field(default_factory=list)


def is_set_of_files(path: str) -> bool:
    """Whether a path stands for several files of picks: a folder but RELION's with particles, or a wildcard."""
    if os.path.isdir(path):
        return not particles_of_job(_names_in(path))
    if not _is_wildcard(path):
        return False
    first = min(glob(path), default="")
    return not first or holds_picks(first)


def holds_picks(path: str) -> bool:
    """Whether a file is one of picks, or one of the first files in a folder is."""
    if os.path.isdir(path):
        names = [name for name in _names_in(path) if name.endswith(PICK_ENDINGS)]
        some = islice((os.path.join(path, name) for name in names), _MOST_OPENED)
    else:
        some = islice([path], 1)
    return any(look.is_list or look.kind is not None for look in map(_look, some))


def _is_wildcard(path: str) -> bool:
    return has_magic(path) and not os.path.exists(path)


def _names_in(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in islice(entries, _MOST_ENTRIES)]
    except OSError:
        return []


def find_files(given: Sequence[str], progress: Progress = quiet) -> FoundPicks:
    """Each file once.

    Raises:
        Refused: A file cannot be read or holds no picks, or nothing in a folder does.
        Cancelled: `progress` said so.
    """
    found = FoundPicks()
    for path in given:
        if os.path.isdir(path):
            _add_several(found, path, _files_in(path), progress)
        elif _is_wildcard(path):
            if not (inside := sorted(glob(path))):
                raise refuse("meta-not-found", f"no file matches {path}")
            _add_several(found, path, [one for one in inside if not os.path.isdir(one)], progress)
        else:
            head = _head(path)
            if pick_files.is_list(head):
                _add_listed(found, path)
            else:
                found.files.append((path, _format(path, head), ""))
    once: dict[str, tuple[str, PickFormat | None, str]] = {}
    for one in found.files:
        once.setdefault(os.path.realpath(one[0]), one)
    found.files = list(once.values())
    return found


def _head(path: str) -> bytes:
    """Raises Refused where the file cannot be read, or is binary."""
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            head = file.read(_HEAD_BYTES)
    except (OSError, ValueError):
        head = b"\0"
    if b"\0" in head:
        read_lines(path)  # says what is wrong
    return head


def _format(path: str, head: bytes) -> PickFormat | None:
    """The format; None if the file is empty."""
    if not head.strip():
        return None
    if (kind := pick_files.pick_format_of(head)) is not None:
        return kind
    name = os.path.basename(path)
    if b"_rlnImageName" in head:
        why = "it has images (rlnImageName): import it as a file of particles"
        raise refuse("meta-no-particles", f"{name} is no file of picks: {why}", hint="Give it without other files.")
    raise refuse(
        "meta-unreadable",
        f"{name} is no file of picks that can be read",
        hint="STAR files with coordinates, Topaz tables, EMAN .box and crYOLO .cbox files can be read.",
    )


def _files_in(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(
                one.path for one in entries if not one.name.lower().endswith(_OTHER_ENDINGS) and one.is_file()
            )
    except OSError as error:
        raise refuse("meta-unreadable", f"{folder} cannot be read: {error.strerror}") from None


def _add_several(found: FoundPicks, given: str, inside: Sequence[str], progress: Progress) -> None:
    """Of a folder or a wildcard: what holds picks; what only looks like it is reported."""
    looks = dict(zip(inside, map_files(_look, inside, progress)))
    lists = [path for path, look in looks.items() if look.is_list]
    if len(lists) > 1:
        names = [os.path.basename(path) for path in lists]
        raise refuse(
            "meta-unreadable", f"{given} holds several lists of files of picks: {', '.join(names)}", hint="Give one."
        )
    if lists:
        _add_listed(found, lists[0])
        return
    known = [(path, look.kind) for path, look in looks.items() if look.kind is not None]
    endings = {os.path.splitext(path)[1] for path, _ in known} or set(PICK_ENDINGS)
    taken = {path for path, _ in known}
    alike = [path for path in inside if path not in taken and os.path.splitext(path)[1] in endings]
    empty = [path for path in alike if looks[path].is_empty]
    odd = [path for path in alike if not looks[path].is_empty]
    if not known and not empty:
        files = f"no picks in its {count_of(len(inside), 'file')}"
        raise refuse(
            "meta-no-particles",
            f"{given}: {files if inside else 'there are no files of picks in it'}",
            hint="Give a STAR file of particles, or a folder with files of picks.",
            examples=[os.path.basename(path) for path in odd],
        )
    found.files += [(path, kind, "") for path, kind in known] + [(path, None, "") for path in empty]
    if odd:
        message = f"{count_of(len(odd), 'file')} among the files of picks that cannot be read as one"
        hint = "Their picks, if there are any, are not imported: check these files."
        examples = [os.path.basename(path) for path in odd]
        found.remarks.append(
            problem("meta-unreadable", message, count=len(odd), hint=hint, examples=examples, severity=Severity.WARNING)
        )


@dataclass(frozen=True)
class _Look:
    """What the first bytes of a file say."""

    is_list: bool
    kind: PickFormat | None
    is_empty: bool


def _look(path: str) -> _Look:
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            head = file.read(_HEAD_BYTES)
    except (OSError, ValueError):
        head = b"\0"
    is_list = pick_files.is_list(head)
    return _Look(is_list, None if is_list else pick_files.pick_format_of(head), not head.strip())


def _add_listed(found: FoundPicks, path: str) -> None:
    """The files of a RELION list; missing ones are reported, as their micrographs have no picks then."""
    listed = pick_files.read_list(path)
    if not listed.files:
        raise refuse(
            "meta-no-particles", f"{os.path.basename(path)} lists no files of picks", hint="Give files of picks."
        )
    root = _project_of(path, listed.files)
    missing: list[str] = []
    for name, micrograph, line in zip(listed.files, listed.micrographs, listed.lines):
        beside = os.path.join(os.path.dirname(path), os.path.basename(name))
        candidates = [os.path.join(root, name), beside]
        if (place := next((one for one in candidates if os.path.isfile(one)), None)) is None:
            missing.append(f"line {line}: {name}")
            continue
        found.files.append((place, _format(place, _head(place)), micrograph))
    if missing:
        what = count_of(len(missing), "file")
        message = f"{what} of picks that {os.path.basename(path)} lists cannot be found"
        hint = "Paths in the list start at RELION's project folder: keep the list there, or put the files beside it."
        if len(missing) == len(listed.files):
            raise refuse("meta-not-found", message, hint=hint, examples=missing)
        hint = (
            f"The picks of {'this micrograph' if len(missing) == 1 else 'these micrographs'} are not imported. {hint}"
        )
        found.remarks.append(
            problem(
                "meta-not-found", message, count=len(missing), hint=hint, examples=missing, severity=Severity.WARNING
            )
        )


def _project_of(path: str, names: Sequence[str]) -> str:
    """The folder that the paths in a RELION list start at: the list's own, or the nearest above where a file is."""
    folder = os.path.dirname(os.path.abspath(path))
    above = folder
    while True:
        if any(os.path.isfile(os.path.join(above, name)) for name in names[:3]):
            return above
        if (parent := os.path.dirname(above)) == above:
            return folder
        above = parent


def check_names(kind: PickFormat, files: Iterable[tuple[str, PickFormat, str]]) -> None:
    """Refuse two files that are named alike: their picks would be put on one micrograph."""
    if not kind.by_file_name:
        return
    first: dict[str, str] = {}
    for path, _, micrograph in files:
        name = micrograph or pick_files.micrograph_by_file(path)
        if (other := first.setdefault(name, path)) != path:
            raise refuse(
                "meta-unreadable",
                f"two files hold the picks of micrograph {name}: {other} and {path}",
                hint="Give one of them, or give their folders apart.",
            )
