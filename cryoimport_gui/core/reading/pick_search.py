"""Which files of picks are meant by a file, several, a wildcard, a folder, or one of RELION's lists."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from glob import glob, has_magic

from ..problems import Problem, Severity, count_of, problem, refuse
from . import pick_files
from .pick_files import PickFormat
from .pick_text import read_lines

_HEAD_BYTES = 1 << 16
#: endings of files of picks: such a file in a folder is reported if it cannot be read as one
_PICK_ENDINGS = (".star", ".box", ".cbox", ".txt", ".tab")


@dataclass
class FoundPicks:
    """Files, the format of each (None: it is empty) and the micrograph that a list gives it, and remarks."""

    files: list[tuple[str, PickFormat | None, str]] = field(default_factory=list)
    remarks: list[Problem] = field(default_factory=list)


def find_files(given: Sequence[str]) -> FoundPicks:
    """Each file once.

    Raises:
        Refused: A file cannot be read or holds no picks, or nothing in a folder does.
    """
    found = FoundPicks()
    for path in given:
        if os.path.isdir(path):
            inside = sorted(entry.path for entry in os.scandir(path) if entry.is_file())
            _add_several(found, path, inside)
        elif has_magic(path) and not os.path.exists(path):
            if not (inside := sorted(glob(path))):
                raise refuse("meta-not-found", f"no file matches {path}")
            _add_several(found, path, [one for one in inside if not os.path.isdir(one)])
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


def _add_several(found: FoundPicks, given: str, inside: Sequence[str]) -> None:
    """Of a folder or a wildcard: what holds picks; what only looks like it is reported."""
    heads = {path: _short_head(path) for path in inside}
    lists = [path for path, head in heads.items() if pick_files.is_list(head)]
    if len(lists) > 1:
        names = [os.path.basename(path) for path in lists]
        raise refuse(
            "meta-unreadable", f"{given} holds several lists of files of picks: {', '.join(names)}", hint="Give one."
        )
    if lists:
        _add_listed(found, lists[0])
        return
    known = [(path, kind) for path, head in heads.items() if (kind := pick_files.pick_format_of(head)) is not None]
    endings = {os.path.splitext(path)[1] for path, _ in known} or set(_PICK_ENDINGS)
    taken = {path for path, _ in known}
    alike = [path for path in inside if path not in taken and os.path.splitext(path)[1] in endings]
    empty = [path for path in alike if not heads[path].strip()]
    odd = [path for path in alike if heads[path].strip()]
    if not known and not empty:
        examples = [os.path.basename(path) for path in odd]
        what = f"none of its {count_of(len(inside), 'file')} holds picks" if inside else "there are no files in it"
        raise refuse(
            "meta-no-particles", f"{given}: {what}", hint="Give the folder with the files of picks.", examples=examples
        )
    found.files += [(path, kind, "") for path, kind in known] + [(path, None, "") for path in empty]
    if odd:
        message = f"{count_of(len(odd), 'file')} among the files of picks that cannot be read as one"
        hint = "Their picks, if there are any, are not imported: check these files."
        examples = [os.path.basename(path) for path in odd]
        found.remarks.append(
            problem("meta-unreadable", message, count=len(odd), hint=hint, examples=examples, severity=Severity.WARNING)
        )


def _short_head(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(_HEAD_BYTES)
    except OSError:
        return b"\0"


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
