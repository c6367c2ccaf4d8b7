"""The output folder: may it be made, does it fit, and how do its links look from the project."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from .parameters import ImportParameters
from .problems import Problem, problem
from .stacks import Stacks

_BYTES_PER_ROW = 500  # of the dataset, with room to spare
_BYTES_PER_LINK = 4096
_BYTES_BESIDES = 4 << 20


def check_output(parameters: ImportParameters, particles: int, stacks: Stacks | None) -> Iterator[Problem]:
    """Whether the job folder can be written; asks the file system, changes nothing."""
    output = Path(os.path.abspath(parameters.output))
    parent = next(p for p in output.parents if p.exists())
    if output.is_symlink() or (output.exists() and not output.is_dir()):
        yield problem("output-exists", f"{output} is not a folder")
    elif output.is_dir() and any(output.iterdir()):
        yield problem("output-exists", f"{output} exists and is not empty")
    elif not (parent.is_dir() and os.access(parent, os.W_OK | os.X_OK)):
        yield problem("output-not-writable", f"{parent} cannot be written to")
    else:
        links = len(stacks.files) if stacks else 0
        need = particles * _BYTES_PER_ROW + links * _BYTES_PER_LINK + _BYTES_BESIDES
        status = os.statvfs(parent)
        free = status.f_bavail * status.f_frsize
        if free < need:
            yield problem("output-no-space", f"{parent} has {free >> 20} MB left, about {need >> 20} MB are needed")
    if parameters.project:
        if not os.path.isdir(parameters.project):
            yield problem("output-outside-project", f"the project {parameters.project} is not a folder")
        elif path_in_project(str(output), parameters.project) is None:
            yield problem("output-outside-project", f"{output} does not lie in the project {parameters.project}")
    sources = {os.path.dirname(file.path) for file in stacks.files} if stacks else set()
    if parameters.data:
        sources.add(os.path.abspath(parameters.data))
    inside = next((folder for folder in sorted(sources) if output.is_relative_to(folder)), None)
    if inside:
        yield problem("output-inside-data", f"{output} lies in {inside}, among the source data")


def path_in_project(output: str, project: str) -> str | None:
    """The output's path relative to the project, `/`-separated; None if it does not lie inside of it."""
    inside = Path(os.path.realpath(output))
    root = Path(os.path.realpath(project))
    return str(inside.relative_to(root)) if inside != root and inside.is_relative_to(root) else None
