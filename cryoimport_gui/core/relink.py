"""Mend the links of a job folder whose stacks have moved: all of them, or none."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .locate import locate_stacks
from .mrc import MrcError, read_header
from .parallel import map_files
from .partial import sync
from .problems import Problem, Refused, count_of, problem, refuse
from .progress import Progress, quiet

_LINKS = "imported"
_NO_JOB = "Give the job folder of an earlier import, which holds an import.json."
_HERE, _EXCHANGE = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of Linux
_NEW, _OLD = ".imported.new", ".imported.old"


@dataclass
class Relinking:
    """What would change: link name → (old target, new target); links that still lead somewhere are not touched.

    `broken` is how many lead nowhere; `suggested_data` a folder in which the missing stacks lie.
    """

    job: Path
    broken: int = 0
    suggested_data: str = ""
    changes: dict[str, tuple[str, str]] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def plan_relink(job: str, data: str, progress: Progress = quiet) -> Relinking:
    """Find the stacks behind broken links again, by the import's own rules, and check them; writes nothing.

    A stack that is found must have as many images, of as many pixels, in as many bytes as when it was imported.

    Raises:
        Refused: The folder is no job folder.
        Cancelled: `progress` said so.
    """
    folder = Path(os.path.abspath(job))
    known = _known_stacks(folder)
    plan = Relinking(folder)
    plan.links = _links(folder)
    progress.stage("locate")
    whole = map_files(os.path.exists, list(plan.links.values()), progress)
    broken = [name for name, is_whole in zip(plan.links, whole) if not is_whole]
    plan.broken = len(broken)
    meta = os.readlink(folder / "particles.star") if (folder / "particles.star").is_symlink() else str(folder)
    located = locate_stacks([plan.links[name] for name in broken], meta, data, progress)
    progress.stage("headers")
    missing = [name for name, found in zip(broken, located.found) if not found.path and not found.candidates]
    if missing:
        plan.suggested_data = located.suggested_data
        hint = f"Give {located.suggested_data} as particle data path (--data)." if located.suggested_data else None
        message = f"{count_of(len(missing), 'stack')} not found; looked for the first at {', '.join(located.tried[:4])}"
        examples = (plan.links[name] for name in missing)
        plan.problems.append(problem("stack-missing", message, count=len(missing), examples=examples, hint=hint))
    unclear = [found for found in located.found if found.candidates]
    if unclear:
        examples = (" and ".join(found.candidates) for found in unclear)
        message = f"{count_of(len(unclear), 'stack')} found in more than one place"
        plan.problems.append(problem("stack-ambiguous", message, count=len(unclear), examples=examples))
    found = [(name, found.path) for name, found in zip(broken, located.found) if found.path]

    def check(pair: tuple[str, str]) -> Problem | None:
        return _difference(pair[1], known.get(pair[0]))

    for (name, path), difference in zip(found, map_files(check, found, progress)):
        plan.changes[name] = plan.links[name], path
        if difference:
            plan.problems.append(difference)
    return plan


def relink(plan: Relinking) -> None:
    """Put the new links in place, all at once.

    Raises:
        Refused: The plan has problems, or the folder cannot be written to; nothing is changed.
    """
    if plan.problems:
        raise Refused(plan.problems[0])
    new, old, links = (plan.job / name for name in (_NEW, _OLD, _LINKS))
    try:
        _restore(plan.job)
        new.mkdir()
        for name, target in plan.links.items():
            os.symlink(plan.changes.get(name, (target, target))[1], new / name)
        sync(new)
        _swap(new, links, old)
        sync(plan.job)
    except BaseException as error:
        _restore(plan.job)
        if isinstance(error, OSError):
            raise refuse("output-not-writable", f"{plan.job}: {error.strerror}; nothing was changed") from error
        raise
    shutil.rmtree(old, ignore_errors=True)


def _swap(new: Path, links: Path, old: Path) -> None:
    """Exchange two folders in one step where the kernel and the file system can, else in two."""
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 and renameat2(_HERE, os.fsencode(new), _HERE, os.fsencode(links), _EXCHANGE) == 0:
        os.rename(new, old)
        return
    os.rename(links, old)
    os.rename(new, links)


def _restore(job: Path) -> None:
    """Clean up after a run that was killed: before the swap the old links stand, after it the new ones."""
    if (job / _OLD).exists() and not (job / _LINKS).exists():
        os.rename(job / _OLD, job / _LINKS)
    for name in (_NEW, _OLD):
        shutil.rmtree(job / name, ignore_errors=True)


def _links(job: Path) -> dict[str, str]:
    """Link name → where it leads.  The folder takes the place of the old one, so it must hold nothing but links."""
    folder = next((job / name for name in (_LINKS, _OLD) if (job / name).is_dir()), None)
    if folder is None:
        return {}
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    others = [entry.name for entry in entries if not entry.is_symlink()]
    if others or folder.is_symlink():
        message = f"{folder} holds something other than links" if others else f"{folder} is a link itself"
        hint = "Move what the import did not write out of that folder first."
        raise refuse("output-not-writable", message, examples=others, hint=hint)
    return {entry.name: os.readlink(entry.path) for entry in entries}


def _known_stacks(job: Path) -> dict[str, Any]:
    """What the import knew of each linked stack."""
    try:
        with open(job / "import.json", encoding="utf-8") as file:
            links = json.load(file)["links"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise refuse(
            "output-not-writable", f"{job} is not a job folder of this program: {error}", hint=_NO_JOB
        ) from None
    if not isinstance(links, dict):
        raise refuse("output-not-writable", f"{job} is not a job folder of this program", hint=_NO_JOB)
    return links


def _difference(path: str, known: Any) -> Problem | None:
    """Why a file is not the stack that was imported; None if it is."""
    try:
        header = read_header(path)
    except MrcError as error:
        return problem(error.code, f"{path}: {error}")
    except OSError as error:
        return problem("stack-not-mrc", f"{path} cannot be read: {error.strerror}")
    now = {"images": header.nz, "box": header.nx, "bytes": header.file_bytes}
    if isinstance(known, dict) and all(known.get(name) == value for name, value in now.items()):
        return None
    words = [
        ", ".join(f"{what} {values.get(what)}" for what in now)
        for values in (now, known if isinstance(known, dict) else {})
    ]
    hint = "Give the folder of the stacks that were imported; another stack cannot take the place of one."
    return problem(
        "stack-not-mrc", f"{path} is not the stack that was imported: {words[0]}; then {words[1]}", hint=hint
    )
