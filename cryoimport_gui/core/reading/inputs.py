"""The files that META stands for: files, wildcards, and folders of RELION jobs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from glob import glob, has_magic

from ..names import natural_order
from ..problems import refuse
from .job_folder import particles_of_job
from .pick_search import holds_picks


def input_files(paths: Sequence[str]) -> list[str]:
    """The files behind paths as they are typed, in their order; a wildcard's in natural order.

    Any other folder than a RELION job's stands for itself, and so do a wildcard of picks and a path that leads nowhere.

    Raises:
        Refused: A wildcard fits no file, or a file is given twice.
    """
    if empty := next((path for path in paths if not _expanded(path)), None):
        raise refuse("meta-not-found", f"no file fits the wildcard {empty}")
    if again := given_twice(paths):
        raise refuse("meta-unreadable", again, hint="Give each file once.")
    return files_behind(paths)


def files_behind(paths: Sequence[str]) -> list[str]:
    """The same, whether or not there are such files."""
    return [file for path in paths for file in _expanded(path)]


def shared_files(some: Sequence[str], others: Sequence[str]) -> set[str]:
    """The files that are behind paths here and there."""
    return set(map(os.path.realpath, files_behind(some))) & set(map(os.path.realpath, files_behind(others)))


def given_twice(paths: Sequence[str]) -> str:
    """Says which file stands twice behind these paths; empty if none does."""
    seen: dict[str, str] = {}
    for file in files_behind(paths):
        real = os.path.realpath(file)
        if real in seen:
            also = "" if seen[real] == file else f", also as {seen[real]}"
            return f"{file} is given twice{also}: its particles would be imported twice"
        seen[real] = file
    return ""


def _expanded(path: str) -> list[str]:
    """The files behind one path; none behind a wildcard that fits none."""
    if os.path.isdir(path):
        try:
            names = os.listdir(path)
        except OSError:
            names = []  # the reader says why
        return [os.path.join(path, particles_of_job(names))] if particles_of_job(names) else [path]
    if has_magic(path) and not os.path.lexists(path):
        files = sorted((file for file in glob(path, recursive=True) if os.path.isfile(file)), key=natural_order)
        return [path] if files and holds_picks(files[0]) else files
    return [path]
