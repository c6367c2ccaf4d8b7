"""What was chosen for one STAR file and would be carried over to another: which values, and the question about them."""

from __future__ import annotations

import dataclasses
import os
from typing import Any

from ..core.exposures.trims import TrimRules
from ..core.parameters import FOLDER, PATH, SWITCH, ImportParameters, parameter

#: where things are, not what one file holds; and a button, not a value
_STAY = {"meta", "project", "exposures", "output", "suggest_trims"}
_RULES = {field.name for field in dataclasses.fields(TrimRules)}
_MOST_NAMED = 5


def chosen_values(parameters: ImportParameters) -> list[str]:
    """Names of the parameters that were chosen for the file at hand."""
    fresh = ImportParameters()
    return [
        f.name
        for f in dataclasses.fields(parameters)
        if f.name not in _STAY and getattr(parameters, f.name) != getattr(fresh, f.name)
    ]


def fresh_values(names: list[str]) -> dict[str, Any]:
    """The same parameters as if nothing had been chosen."""
    fresh = ImportParameters()
    return {name: getattr(fresh, name) for name in names}


def question(parameters: ImportParameters, names: list[str], before: str, now: str) -> str:
    """Whether what was chosen for the file `before` is to be kept for the file `now`."""
    words = list(dict.fromkeys(_words(name, getattr(parameters, name)) for name in names))
    if len(words) > _MOST_NAMED:
        words = [*words[: _MOST_NAMED - 1], f"{len(words) - _MOST_NAMED + 1} more"]
    listed = " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
    return f"Keep {listed} from {_short(before, now)}?"


def _words(name: str, value: Any) -> str:
    """A value as part of a sentence: `pixel size 1.5 Å`."""
    if name in _RULES:
        return "the cuts of names"
    entry = parameter(name).metadata
    title = entry["title"][0].lower() + entry["title"][1:]
    if isinstance(value, dict):
        if len(value) > 1:
            return f"{title} of {len(value)} groups"
        ((group, number),) = value.items()
        of = "" if group is None else f" of group {group}"
        return f"{title}{of} {number:g} {entry['unit']}".rstrip()
    if entry["kind"] is SWITCH:
        return f"“{entry['title']}”"
    if isinstance(value, list):
        return f"{title} {', '.join(map(str, value))}"
    return f"{title} {_short(value, '') if entry['kind'] in (PATH, FOLDER) else value}"


def _short(path: str, other: str) -> str:
    """The name of a file, with its folder if the other has the same name."""
    name, folder = os.path.basename(path), os.path.basename(os.path.dirname(path))
    return os.path.join(folder, name) if name == os.path.basename(other) else name or path
