"""The output folder: may it be made, does it fit, and how do its links look from the project."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from ..dataset.schema import dataset_dtype
from ..layout import link_path_bytes
from ..problems import Problem, problem
from .plan import ImportPlan

_BYTES_PER_LINK = 4096
_BYTES_BESIDES = 4 << 20


def dataset_bytes(plan: ImportPlan) -> int:
    """The size of the dataset file, but for its header; exact, unless names are cut or paths lie on no exposure."""
    if plan.particles is None:
        return 0
    project, output = plan.parameters.project, plan.parameters.output
    inside = path_in_project(os.path.abspath(output), project) if project and output else None
    linked = plan.stacks.files if plan.stacks and not plan.carries_images else []
    links = (link_path_bytes(file.path, inside) for file in linked)
    exposures = (len(os.fsencode(path)) for path in plan.exposures.paths) if plan.exposures else ()
    lengths = {
        "ctf/type": len(b"imported"),
        "blob/path": max(links, default=0),
        "location/micrograph_path": max(exposures, default=0),
    }
    return dataset_dtype(plan.fields, lengths).itemsize * len(plan.particles)


def check_output(plan: ImportPlan) -> Iterator[Problem]:
    """Whether the job folder can be written; asks the file system, changes nothing."""
    parameters, stacks = plan.parameters, plan.stacks
    output = Path(os.path.abspath(parameters.output))
    parent = next((p for p in output.parents if os.path.exists(p)), output)
    if os.path.islink(output) or (os.path.exists(output) and not os.path.isdir(output)):
        yield problem("output-exists", f"{output} is not a folder")
    elif obstacle := _obstacle(output, parent):
        yield problem("output-not-writable", obstacle)
    elif os.path.isdir(output) and os.listdir(output):
        yield problem("output-exists", f"{output} exists and is not empty")
    else:
        links = len(stacks.files) if stacks and not plan.carries_images else 0
        need = dataset_bytes(plan) + links * _BYTES_PER_LINK + _BYTES_BESIDES
        status = os.statvfs(parent)
        free = status.f_bavail * status.f_frsize
        if free < need:
            yield problem("output-no-space", f"{parent} has {free >> 20} MB left, about {need >> 20} MB are needed")
    if parameters.project:
        if not os.path.isdir(parameters.project):
            yield problem("output-outside-project", f"the project {parameters.project} is not a folder")
        elif (inside := path_in_project(str(output), parameters.project)) is None:
            yield problem("output-outside-project", f"{output} does not lie in the project {parameters.project}")
        elif not _is_utf8(inside):
            message = f"{output} is no UTF-8 name: a dataset with such paths cannot be read"
            yield problem("output-not-writable", message, hint="Choose another name for the output folder.")
    if re.fullmatch(r"J\d+", output.name):
        yield problem("output-job-number", f"{output.name} is a name that CryoSPARC gives to its own jobs")
    sources = {os.path.dirname(file.path) for file in stacks.files} if stacks else set()
    if parameters.data:
        sources.add(os.path.abspath(parameters.data))
    around = next((folder for folder in sorted(sources) if output.is_relative_to(folder)), None)
    if around:
        yield problem("output-inside-data", f"{output} is inside {around}, where the source data is")


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _obstacle(output: Path, parent: Path) -> str:
    """Why no folder can be made at `output`; nothing if it can, or if one is there."""
    if not (os.path.isdir(parent) and os.access(parent, os.R_OK | os.W_OK | os.X_OK)):
        return f"{parent} cannot be written to"
    try:
        os.listdir(output)
    except FileNotFoundError:
        pass
    except OSError as error:
        return f"{output}: {error.strerror}"
    return ""


def path_in_project(output: str, project: str) -> str | None:
    """The output's path relative to the project, `/`-separated; None if it does not lie inside of it."""
    inside = Path(os.path.realpath(output))
    root = Path(os.path.realpath(project))
    return str(inside.relative_to(root)) if inside != root and inside.is_relative_to(root) else None


def proposed_output(project: str, meta: str, day: date) -> str:
    """`imports/<name of the file>_<date>` inside of a project, or the next name that is free; asks the file system."""
    name = re.sub(r"[^\w.+-]+", "_", Path(meta).stem) or "particles"
    output = os.path.join(project, "imports", f"{name}_{day.isoformat()}")
    return free_folder(output) if os.path.lexists(output) else output


def free_folder(output: str) -> str:
    """The next name that is free: `import` → `import2`; asks the file system.

    `J7`, which is CryoSPARC's, becomes `J7_2`, and a date at the end stays: `…_2026-03-01_2`.
    """
    output = output.rstrip("/")
    stays = re.fullmatch(r"J\d+|.*\d{4}-\d\d-\d\d", os.path.basename(output))
    stem = f"{output}_" if stays else output.rstrip("0123456789")
    number = int(output[len(stem) :] or 1) + 1
    while os.path.lexists(f"{stem}{number}"):
        number += 1
    return f"{stem}{number}"
