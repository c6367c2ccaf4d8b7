"""Repair the links of a job folder whose stacks have moved: all of them, or none.

The new links are made in a hidden folder inside the job, which takes the place of the old one in one step.  Nothing
outside of the job folder is ever written to, and its `import.json` is only compared with.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Any

from ..atomic import exchanged_folder, old_folder
from ..file_state import state_of
from ..layout import LINKS, PARTICLES, REPORT, SOURCE
from ..parallel import map_batches, map_files
from ..problems import Problem, Refused, Severity, count_of, problem, refuse
from ..progress import Progress, quiet
from ..stacks.ambiguous import EACH_ONCE
from ..stacks.found import Wanted
from ..stacks.locate import locate_stacks
from ..stacks.mrc import MrcError, MrcHeader, read_headers
from ..stacks.not_located import not_located
from ..stacks.stacks import facts_of

_NO_JOB = "Give the job folder of an earlier import, which holds an import.json."
_MAX_REPORT_BYTES = 256 << 20  # a stack takes some hundred bytes of it


@dataclass
class Relinking:
    """What would change: link name → (old target, new target); links that still lead somewhere are not touched.

    links: every link of the job and where it leads; `broken` are those that lead to no file.
    states: the `file_state` of each new target when it was checked.
    suggested_data: a data path that finds what is missing; empty: none.
    """

    job: Path
    links: dict[str, str] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    changes: dict[str, tuple[str, str]] = field(default_factory=dict)
    states: dict[str, Hashable] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    suggested_data: str = ""

    @property
    def errors(self) -> list[Problem]:
        return [found for found in self.problems if found.severity is Severity.ERROR]


def plan_relink(job: str, data: str, progress: Progress = quiet) -> Relinking:
    """Find the stacks behind broken links again, by the import's own rules, and check them; writes nothing.

    A stack that is found must have as many images, of as many pixels, in as many bytes as when it was imported, and
    the same statistics in its header.

    Raises:
        Refused: The folder is no job folder, or the data path no folder.
        Cancelled: `progress` said so.
    """
    plan = Relinking(Path(os.path.abspath(job)))
    known = _known_stacks(plan.job)
    folder = _links_folder(plan.job)
    plan.links, others = _read_links(folder)
    progress.stage("links")
    states = dict(zip(plan.links, map_files(_status, [folder / name for name in plan.links], progress)))
    plan.broken = [name for name, status in states.items() if status is None]
    progress.stage("locate")
    beside = os.path.dirname(_source_of(plan.job))
    targets = [os.path.join(folder, plan.links[name]) for name in plan.broken]
    located = locate_stacks([Wanted(target, beside) for target in targets], data, progress)
    plan.suggested_data = located.suggested_data
    progress.stage("headers")
    found = {name: its for name, its in zip(plan.broken, located.found) if its.path}
    plan.changes = {name: (plan.links[name], its.path) for name, its in found.items()}
    plan.states = {name: its.state for name, its in found.items()}
    headers = map_batches(read_headers, [(its.path, its.file_bytes) for its in found.values()], progress)
    plan.problems = [
        *(found for found, _ in not_located(targets, located)),
        *_different(
            _difference(its.path, header, known.get(name)) for (name, its), header in zip(found.items(), headers)
        ),
        *_shared(plan, states, progress),
        *_changed_since(known, states, others),
        *_writability(plan),
    ]
    return plan


def _source_of(job: Path) -> str:
    """The file of particles that was imported, around which stacks are looked for; the job itself where it is lost."""
    old = job / PARTICLES  # a link to the file, before it became a copy
    links = [old, *sorted((job / SOURCE).iterdir())] if (job / SOURCE).is_dir() else [old]
    return next((os.readlink(link) for link in links if link.is_symlink()), str(job))


def relink(plan: Relinking, progress: Progress = quiet) -> None:
    """Put the new links in place, all at once.

    Raises:
        Refused: The plan has errors, something has changed since it was made, or the folder cannot be written to;
            nothing is changed.
        Cancelled: `progress` said so; nothing is changed.
    """
    if plan.errors:
        raise Refused(plan.errors[0])
    known, folder = _known_stacks(plan.job), plan.job / LINKS
    progress.stage("link")
    try:
        with exchanged_folder(folder) as new:
            links, others = _read_links(folder)
            if links != plan.links:
                message = f"the links of {plan.job} are not what they were when they were checked; nothing was changed"
                raise refuse("output-not-writable", message, hint="Check again, then repair the links.")

            def link(name: str) -> None:
                if name in plan.changes:
                    _check_unchanged(plan.changes[name][1], known.get(name), plan.states[name])
                os.symlink(plan.changes.get(name, ("", links[name]))[1], new / name)

            for _ in map_files(link, list(links), progress):
                pass
            for name in others:
                os.link(folder / name, new / name, follow_symlinks=False)
            progress.step(len(links), len(links))
    except OSError as error:
        raise refuse("output-not-writable", f"{plan.job}: {error.strerror}; nothing was changed") from error


def _links_folder(job: Path) -> Path:
    """Where the links are: a run that was killed while it swapped folders has left them beside their place."""
    places = [job / LINKS, old_folder(job / LINKS)]
    if any(place.is_symlink() for place in places):
        message = f"{job / LINKS} is itself a link; nothing outside of the job folder is changed"
        raise refuse("output-not-writable", message, hint="Put the folder itself in the place of that link.")
    return next((place for place in places if place.is_dir()), places[0])


def _read_links(folder: Path) -> tuple[dict[str, str], list[str]]:
    """Link name → target, and the names of files that someone has put in the place of their links."""
    links: dict[str, str] = {}
    others: list[str] = []
    try:
        for entry in sorted(os.scandir(folder), key=attrgetter("name")):
            if entry.is_symlink():
                links[entry.name] = os.readlink(entry.path)
            elif entry.is_file():
                others.append(entry.name)
            else:
                message = f"{entry.path} is neither a link nor a file"
                raise refuse("output-not-writable", message, hint="Move it out of the folder of links.")
    except FileNotFoundError:
        pass  # metadata alone were imported
    except OSError as error:
        raise refuse("output-not-writable", f"{folder} cannot be read: {error.strerror}") from None
    return links, others


def _known_stacks(job: Path) -> dict[str, Any]:
    """What the import knew of each linked stack."""
    path = job / REPORT
    try:
        if not path.is_file() or path.stat().st_size > _MAX_REPORT_BYTES:
            raise ValueError("it holds no import.json")
        with open(path, encoding="utf-8") as file:
            links = json.load(file)["links"]
        if not isinstance(links, dict):
            raise TypeError("its import.json lists no links")
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        message = f"{job} is not a job folder of this program: {error}"
        raise refuse("output-not-writable", message, hint=_NO_JOB) from None
    return links


def _status(path: Path) -> os.stat_result | None:
    """Of the file that a path leads to; None if it leads to none."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return status if stat.S_ISREG(status.st_mode) else None


def _shared(plan: Relinking, states: dict[str, os.stat_result | None], progress: Progress) -> Iterator[Problem]:
    """Different stacks of the import must not become one: stacks of one name in several folders look the same."""
    links_to: dict[tuple[int, int], list[str]] = {}
    targets = [Path(target) for _, target in plan.changes.values()]
    for name, status in (states | dict(zip(plan.changes, map_files(_status, targets, progress)))).items():
        if status:
            links_to.setdefault((status.st_dev, status.st_ino), []).append(name)
    shared = [names for names in links_to.values() if len(names) > 1 and any(name in plan.changes for name in names)]
    if shared:
        examples = (" and ".join(plan.links[name] for name in names) for names in shared)
        yield problem(
            "stack-ambiguous",
            f"{count_of(len(shared), 'stack')} found for more than one link",
            count=len(shared),
            examples=examples,
            hint=EACH_ONCE,
        )


def _changed_since(
    known: dict[str, Any], states: dict[str, os.stat_result | None], others: Sequence[str]
) -> Iterator[Problem]:
    """Warnings about what no new link can repair: links to another file than before, and links that are gone."""
    other = [
        name
        for name, status in states.items()
        if status and isinstance(its := known.get(name), dict) and its.get("bytes") != status.st_size
    ]
    if other:
        message = f"{count_of(len(other), 'link')} that lead to a file of another length than when it was imported"
        hint = "Look at these stacks: their particles may no longer be what was imported."
        yield problem("stack-changed", message, count=len(other), examples=other, hint=hint, severity=Severity.WARNING)
    gone = sorted(known.keys() - states.keys() - set(others))
    if gone:
        message = f"{count_of(len(gone), 'link')} of the import no longer in the job folder"
        hint = "Particles in them cannot be read: import again."
        yield problem("stack-missing", message, count=len(gone), examples=gone, hint=hint, severity=Severity.WARNING)


def _writability(plan: Relinking) -> Iterator[Problem]:
    if plan.changes and not os.access(plan.job, os.W_OK | os.X_OK):
        hint = "Ask the owner of the job folder to repair it, or for permission to write."
        yield problem("output-not-writable", f"you may not write to {plan.job}", hint=hint)


def _check_unchanged(path: str, known: Any, state: Hashable) -> None:
    """A stack must still be what was checked, and as long as when it was imported."""
    status = _status(Path(path))
    if status is None:
        raise refuse("stack-missing", f"{path} was there when it was checked; nothing was changed")
    if not isinstance(known, dict) or known.get("bytes") != status.st_size or state_of(status) != state:
        raise refuse("stack-changed", f"{path} has changed since it was checked; nothing was changed")


def _different(found: Iterable[tuple[str, str] | None]) -> Iterator[Problem]:
    """One problem for each kind of difference."""
    by_code: dict[str, list[str]] = {}
    for code, words in filter(None, found):
        by_code.setdefault(code, []).append(words)
    for code, all_words in by_code.items():
        message = f"{count_of(len(all_words), 'stack')} found, but not as imported"
        yield problem(code, message, count=len(all_words), examples=all_words)


def _difference(path: str, found: MrcHeader | MrcError | OSError, known: Any) -> tuple[str, str] | None:
    """Why a file is not the stack that was imported, with the code of the problem; None if it is."""
    if isinstance(found, MrcError):
        return found.code, f"{path}: {found}"
    if isinstance(found, OSError):
        return "stack-not-mrc", f"{path} cannot be read: {found.strerror}"
    now = facts_of(found)
    then = known if isinstance(known, dict) else {}
    if "statistics" not in then:  # older imports did not keep them
        del now["statistics"]
    if all(then.get(name) == value for name, value in now.items()):
        return None
    words = (", ".join(f"{what} {values.get(what, 'not known')}" for what in now) for values in (now, then))
    return "stack-changed", f"{path}: {'; when imported: '.join(words)}"
