"""Write the job folder: whole, or not at all.

Everything is written into a hidden folder beside the output, synced to disk, and renamed into place as the last
step.  Sources are only ever named by links.
"""

from __future__ import annotations

import errno
import hashlib
import os
from dataclasses import dataclass
from glob import has_magic
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import layout
from ..atomic import sync, whole_folder
from ..dataset.schema import DatasetRows, Places, Written
from ..dataset.writer import result_group, write_dataset
from ..file_state import file_state, state_of
from ..looks.poses import poses_sheet
from ..looks.tiles import Tiles, first_tiles, montage_of
from ..parallel import map_files
from ..parameters import RunOptions
from ..particles import MICROSCOPE_VALUES, Particles, distinct
from ..pictures.png import write_png
from ..plan.output import path_in_project
from ..plan.plan import ImportPlan
from ..problems import Refused, count_of, refuse
from ..progress import Progress, quiet
from ..report.html import report_page
from ..report.report import make_report, report_text
from ..report.words import import_log
from ..stacks.stacks import Stack, facts_of
from .rejected import rejected_table
from .source_copy import copy_imported_rows

_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS)


@dataclass(frozen=True)
class Job:
    """A finished job folder and its report."""

    folder: Path
    report: dict[str, Any]


def write_job(plan: ImportPlan, progress: Progress = quiet, options: RunOptions | None = None) -> Job:
    """Write what a plan without errors says; its report names the `options`.

    Raises:
        Refused: The job cannot be written; nothing is left behind.
        Cancelled: `progress` said so; nothing is left behind.
    """
    if plan.errors:
        raise Refused(plan.errors[0])
    _check_meta(plan)
    output = Path(os.path.abspath(plan.parameters.output))
    started = perf_counter()
    try:
        with whole_folder(output) as folder:
            report = _Writer(plan, folder, output, started, progress).write(options)
            progress.step(0, 1)
    except OSError as error:
        raise _refusal(error, output) from error
    return Job(output, report)


def _refusal(error: OSError, output: Path) -> Refused:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return refuse("output-no-space", f"the disk became full while {output} was written; nothing is left behind")
    if error.errno in (errno.EEXIST, errno.ENOTEMPTY):
        return refuse("output-exists", f"{output} appeared while it was being written; it is left as it is")
    reason = error.strerror or str(error)
    return refuse("output-not-writable", f"{output} cannot be written: {reason}; nothing is left behind")


class _Writer:
    def __init__(self, plan: ImportPlan, folder: Path, output: Path, started: float, progress: Progress) -> None:
        assert plan.particles is not None
        self.plan = plan
        self.particles: Particles = plan.particles
        self.folder = folder
        self.output = output
        self.started = started
        self.progress = progress

    def write(self, options: RunOptions | None) -> dict[str, Any]:
        links = self._links()
        self._dataset(links)
        self._file(layout.RESULT_GROUP, self._result_group().encode())
        copy_imported_rows(self.plan, self.folder / layout.PARTICLES, self.progress)
        self._source()
        tiles = self._pictures()
        self._rejected()
        _check_meta(self.plan)
        self.plan.timings_s["write"] = round(perf_counter() - self.started, 3)
        outputs = {"dataset": layout.DATASET, "result_group": layout.RESULT_GROUP, "folder": str(self.output)}
        report = make_report(self.plan, "complete", outputs, options) | {"links": self._known_stacks(links)}
        self._file(layout.REPORT, report_text(report).encode())
        page = report_page(self.plan, "complete", self.progress, tiles)
        self._file(layout.REPORT_PAGE, page.encode("utf-8", "replace"))
        self._file(layout.LOG, import_log(report, self.plan).encode())
        return report

    def _source(self) -> None:
        """Links to the files of particles, by their own names; where several have one name, with a number behind it.

        Of a wildcard, a link to the folder that it searches.
        """
        (self.folder / layout.SOURCE).mkdir()
        paths = [_without_wildcard(os.path.abspath(file.path)) for file in self.plan.inputs]
        for path, name in zip(paths, layout.source_names(paths)):
            self._link(path, f"{layout.SOURCE}/{name}")
        sync(self.folder / layout.SOURCE)

    def _file(self, name: str, content: bytes) -> None:
        with open(self.folder / name, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    def _link(self, target: str, name: str) -> None:
        try:
            os.symlink(target, self.folder / name)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            message = f"the file system of {self.output} cannot hold symbolic links: {error.strerror}"
            hint = "Choose an output folder on another file system; CryoSPARC projects need such links too."
            raise refuse("output-not-writable", message, hint=hint) from error

    def _known_stacks(self, links: list[str]) -> dict[str, dict[str, int | str]]:
        """What a later relinking compares stacks with."""
        files = self.plan.stacks.files if self.plan.stacks and links else []
        return {name: facts_of(file.header) for name, file in zip(links, files) if name and file.header}

    def _links(self) -> list[str]:
        """One link a distinct stack that is used; its name for each of the plan's stack files (empty: not used)."""
        stacks = self.plan.stacks
        if stacks is None or self.plan.carries_images:
            return []
        self.progress.stage("link")
        (self.folder / layout.LINKS).mkdir()
        used = distinct(stacks.of_rows(self.particles)).tolist()
        names = [""] * len(stacks.files)
        for number in used:
            names[number] = layout.link_name(stacks.files[number].path)

        def link(number: int) -> None:
            _check_unchanged(stacks.files[number])
            self._link(stacks.files[number].path, f"{layout.LINKS}/{names[number]}")

        for _ in map_files(link, used, self.progress):
            pass
        sync(self.folder / layout.LINKS)
        return names

    def _dataset(self, links: list[str]) -> None:
        self.progress.stage("write")
        plan, particles = self.plan, self.particles
        written = self._written(links)
        uid = self._uids()
        group = particles.optics_index
        stack = plan.stacks.of_rows(particles) if plan.stacks else np.zeros(len(particles), np.int64)
        exposure = plan.matching.of_rows(particles) if plan.matching else np.full(len(particles), -1)

        def rows(first: int, last: int) -> DatasetRows:
            some, stretch = slice(first, last), particles.stretch(first, last)
            places = plan.placing.of(stretch) if plan.placing else Places.as_they_are(last - first)
            return DatasetRows(stretch, uid[some], group[some], stack[some], exposure[some], places, written)

        lengths = {"ctf/type": len(b"imported")}
        if written.stacks:
            lengths["blob/path"] = written.stacks["path"].dtype.itemsize
        if written.exposures:
            lengths["location/micrograph_path"] = written.exposures["path"].dtype.itemsize
        with open(self.folder / layout.DATASET, "wb") as file:
            write_dataset(file, len(particles), plan.fields, lengths, rows, self.progress)
            file.flush()
            os.fsync(file.fileno())

    def _uids(self) -> NDArray[np.uint64]:
        """(N,) those of the originals, each once; a symmetry copy, and what has no original, gets a new one."""
        count, row = len(self.particles), self.particles.original_row
        if row is None or self.plan.original is None:
            return random_uids(count)
        theirs = self.plan.original.originals.uid
        uid = random_uids(count)
        while np.isin(uid, theirs).any():
            uid = random_uids(count)
        restored, first = np.unique(row, return_index=True)
        uid[first] = theirs[restored]
        return uid

    def _written(self, links: list[str]) -> Written:
        plan = self.plan
        groups: dict[str, NDArray] = {"id": np.array([group.id for group in plan.groups], np.uint32)}
        groups["file_pixel_size_A"] = np.array([group.file_pixel_size_A or 1.0 for group in plan.groups])
        groups["shift_scale"] = np.array([group.shift_scale for group in plan.groups])
        for name in MICROSCOPE_VALUES:
            values = [getattr(group, name) for group in plan.groups]
            groups[name] = np.array([value.value if value else 0.0 for value in values])
        stacks: dict[str, NDArray] = {}
        if plan.stacks and not plan.carries_images:
            prefix = self._link_prefix()
            stacks["path"] = np.array([os.fsencode(prefix + name) for name in links] or [b""])
            stacks["import_sig"] = np.array([import_signature(file.path) for file in plan.stacks.files], np.uint64)
        exposures: dict[str, NDArray] = {}
        if plan.exposures and plan.placing:
            source = plan.exposures
            exposures = {
                "uid": source.uid,
                "path": np.array([os.fsencode(path) for path in source.paths]),
                "shape": source.shape,
                "pixel_size_A": source.pixel_size_A,
            }
            if source.exp_group_id is not None:
                exposures["exp_group_id"] = source.exp_group_id
            exposures |= {
                name: source.microscope[name] for name in ("phase_plate", "neg_stain") if name in source.microscope
            }
        return Written(
            groups=groups,
            stacks=stacks,
            exposures=exposures,
            data_sign=float(plan.data_sign.value) if plan.data_sign else 0.0,
            box=plan.stacks.box if plan.stacks else 0,
            ignore_half_sets=plan.parameters.ignore_half_sets,
        )

    def _link_prefix(self) -> str:
        project = self.plan.parameters.project
        inside = path_in_project(str(self.output), project) if project else None
        return layout.links_prefix(inside)

    def _result_group(self) -> str:
        first, *others = (os.path.basename(file.path) for file in self.plan.inputs)
        more = f" and {count_of(len(others), 'other file')}" if others else ""
        description = f"Imported from {first}{more} by cryoimport-gui"
        return result_group(
            layout.DATASET, len(self.particles), self.plan.slots, description.encode("utf-8", "replace").decode()
        )

    def _pictures(self) -> Tiles | None:
        self.progress.stage("preview")
        tiles = first_tiles(self.plan, self.progress)
        picture = montage_of(self.plan, tiles)
        if picture is not None:
            write_png(self.folder / layout.MONTAGE, picture)
        sheet = poses_sheet(self.plan)
        if sheet is not None:
            write_png(self.folder / layout.POSES, sheet)
        return tiles

    def _rejected(self) -> None:
        """The rows that were left out, whole, with the reason in one more column."""
        if not self.plan.left_out:
            return
        _check_meta(self.plan)
        self._file(layout.REJECTED, rejected_table(self.plan))


def import_signature(path: str) -> int:
    """First 8 bytes, little endian, of the SHA-1 of a stack's absolute path, as CryoSPARC computes it."""
    return int.from_bytes(hashlib.sha1(os.fsencode(path), usedforsecurity=False).digest()[:8], "little")


def random_uids(count: int) -> NDArray[np.uint64]:
    """(count,) random, unique, never 0."""
    rng = np.random.default_rng()
    uids = rng.integers(1, 2**64, count, np.uint64, endpoint=False)
    while not np.diff(np.sort(uids)).all():
        uids = rng.integers(1, 2**64, count, np.uint64, endpoint=False)
    return uids


def _without_wildcard(path: str) -> str:
    while has_magic(path) and not os.path.exists(path):
        path = os.path.dirname(path)
    return path


def _check_meta(plan: ImportPlan) -> None:
    """The file of particles must still be what was read; of many, every one."""
    changed = [path for path, state in plan.meta_states.items() if file_state(path) != state]
    if changed:
        message = f"{changed[0] if len(plan.meta_states) > 1 else 'the STAR file'} has changed since it was read"
        raise refuse("meta-unreadable", message, hint="Check again (F5), then import.")


def _check_unchanged(stack: Stack) -> None:
    """A stack must still be what was checked."""
    try:
        status = os.stat(stack.path)
    except OSError as error:
        raise refuse("stack-missing", f"{stack.path} was there when it was checked: {error.strerror}") from None
    if state_of(status) == stack.state or stack.header is None:
        return
    size, before = status.st_size, stack.header.file_bytes
    now = f"had {before} bytes when it was checked, and has {size} now"
    message = f"{stack.path} {now if size != before else 'was written to or replaced after it was checked'}"
    hint = "Wait until nothing writes to the stacks, check again (F5), then import."
    raise refuse("stack-truncated" if size < before else "stack-changed", message, hint=hint)
