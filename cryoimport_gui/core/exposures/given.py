"""The files that `--exposures` stands for: datasets, result groups, and job folders with one group of exposures."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from ..problems import refuse

_HEAD_BYTES = 1 << 15
_OF_EXPOSURES = re.compile(rb"^\s*type:\s*exposure\b", re.MULTILINE)


def exposure_files(paths: Sequence[str]) -> list[str]:
    """A dataset or result group for each path.

    Raises:
        Refused: `exposures-unreadable`: a folder holds no group of exposures, or several.
    """
    if words := not_one_group(paths):
        raise refuse("exposures-unreadable", words)
    files = [exposure_groups(path)[0] if os.path.isdir(path) else path for path in paths]
    return list(dict.fromkeys(files))


def not_one_group(paths: Sequence[str]) -> str:
    """Says which of these is a folder without a group of exposures, or with several; empty if none is."""
    for folder in filter(os.path.isdir, paths):
        groups = exposure_groups(folder)
        if not groups:
            return f"the folder {folder} holds no group of exposures (.cs, .csg)"
        if len(groups) > 1:
            names = ", ".join(map(os.path.basename, groups))
            return f"the folder {folder} holds several groups of exposures; give one of them: {names}"
    return ""


def exposure_groups(folder: str) -> list[str]:
    """The groups of exposures in a folder; a result group stands for its datasets."""
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return []
    groups = [name for name in names if name.endswith(".csg") and _is_of_exposures(os.path.join(folder, name))]
    datasets = [name for name in names if name.endswith(".cs") and "exposure" in name and "passthrough" not in name]
    return [os.path.join(folder, name) for name in groups or datasets]


def _is_of_exposures(path: str) -> bool:
    """By what the group says of itself, or by its name."""
    if "exposure" in os.path.basename(path):
        return True
    try:
        with open(path, "rb") as file:
            return _OF_EXPOSURES.search(file.read(_HEAD_BYTES)) is not None
    except OSError:
        return False
