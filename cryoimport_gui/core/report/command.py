"""Parameters as the command that imports with them, and as a file of settings."""

from __future__ import annotations

import json
import shlex
from dataclasses import fields
from typing import Any

from ..parameters import SWITCH, ImportParameters, flag


def as_command(parameters: ImportParameters, headless: bool = True) -> str:
    """The command with exactly these parameters, quoted for a POSIX shell; what is at its default is left out.

    Paths are made absolute, so that it does not matter where it is run.
    """
    return shlex.join(["cryoimport-gui", *as_arguments(parameters), *(["--headless"] if headless else [])])


def as_arguments(parameters: ImportParameters) -> list[str]:
    """The arguments of `as_command`, unquoted."""
    defaults, values = ImportParameters(), parameters.to_json()
    arguments: list[str] = []
    for entry in fields(parameters):
        if getattr(parameters, entry.name) == getattr(defaults, entry.name):
            continue
        value = values[entry.name]
        if entry.name == "meta":
            arguments += value
        elif entry.metadata["kind"] is SWITCH:
            arguments.append(flag(entry.name))
        else:
            for one in value if isinstance(value, list) else [value]:
                arguments += _flag_with(flag(entry.name), one)
    return arguments


def settings_text(parameters: ImportParameters) -> str:
    """What `--settings` reads; the output folder is not taken from it."""
    return json.dumps({"parameters": parameters.to_json()}, indent=2) + "\n"


def _flag_with(name: str, value: Any) -> list[str]:
    text = str(value)
    return [f"{name}={text}"] if text.startswith("-") else [name, text]
