"""Everything checked and nothing written: parameters → `ImportPlan`."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..exposures.exposures import Exposures, exposure_datasets, load_exposures
from ..exposures.locations import Placing, place_coordinates
from ..exposures.matching import Linking, link_exposures, rules_of
from ..optics.microscope import group_problems, overridden, resolve_groups
from ..parameters import ImportParameters
from ..particles import Fault, OpticsGroup, Particles, distinct, shifts_px
from ..pictures.data_sign import SignVerdict, detect_data_sign
from ..pictures.image_checks import check_images
from ..problems import Problem, Refused, Severity, count_of, problem
from ..progress import Progress, quiet
from ..reading.relion import COORDINATE_COLUMNS, HALF_SET_COLUMNS, POSE_COLUMNS, read_particles
from ..stacks.sample import Sample, choose_rows, read_sample
from ..stacks.stacks import Stacks, find_stacks
from .output import check_output

SIGN_SAMPLE = 400
_KEPT_BYTES = 128 << 20
_MIN_KEPT, _MIN_KEPT_BYTES = 64, 512 << 20  # that many, unless they are as large as those of no particle yet

T = TypeVar("T")


@dataclass(frozen=True)
class DataSign:
    """The data sign that is written; `source` is `detected`, `user` or `default`."""

    value: int
    source: str
    verdict: SignVerdict | None = None


@dataclass(frozen=True)
class Doubtful:
    """Rows that the policies are about: those that cannot be imported, those without an exposure, those with both."""

    bad: int = 0
    unmatched: int = 0
    both: int = 0


@dataclass
class ImportPlan:
    """What an import would write, and everything that was found on the way.

    `particles` are those that are imported; `all_particles` also those that are left out, and `left_out` says
    why: problem code → positions in `all_particles`, each under the first code that applies.  `given_groups` are
    the optics groups before the user's overrides, `groups` after them.  Stages that could not run leave None.
    """

    parameters: ImportParameters
    problems: list[Problem] = field(default_factory=list)
    all_particles: Particles | None = None
    particles: Particles | None = None
    stacks: Stacks | None = None
    exposures: Exposures | None = None
    linking: Linking | None = None
    placing: Placing | None = None
    given_groups: list[OpticsGroup] = field(default_factory=list)
    groups: list[OpticsGroup] = field(default_factory=list)
    doubtful: Doubtful = field(default_factory=Doubtful)
    data_sign: DataSign | None = None
    sample: Sample | None = None
    left_out: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    timings_s: dict[str, float] = field(default_factory=dict)
    meta_state: Hashable = None
    _counts: dict[str, int] | None = None

    @property
    def errors(self) -> list[Problem]:
        return [p for p in self.problems if p.severity is Severity.ERROR]

    @property
    def slots(self) -> tuple[str, ...]:
        """The slots of the dataset that are known, in the order in which they are written."""
        particles = self.particles
        if particles is None:
            return ()
        known = {
            "blob": self.stacks is not None,
            "ctf": particles.defocus_u_A is not None,
            "alignments2D": self.poses == "2D",
            "alignments3D": self.poses == "3D",
            "location": bool(self.counts()["particles_matched"]) and particles.coordinates_px is not None,
            "mscope_params": bool(self.parameters.total_dose),
        }
        return tuple(slot for slot, is_known in known.items() if is_known)

    @property
    def poses(self) -> str:
        particles = self.particles or self.all_particles  # of no rows left nothing can be told
        return "" if particles is None or self.parameters.ignore_pose_data else particles.poses

    def counts(self) -> dict[str, int]:
        """The report's counts; worked out once, by the planner, as that takes a look at every row."""
        if self._counts is None:
            self._counts = self._count()
        return self._counts

    def _count(self) -> dict[str, int]:
        kept, everyone, linking = self.particles, self.all_particles, self.linking
        stacks = len(distinct(self.stacks.of_rows(kept))) if self.stacks and kept is not None else 0
        return {
            "rows": len(everyone) if everyone else 0,
            "particles": len(kept) if kept is not None else 0,
            "left_out": sum(map(len, self.left_out.values())),
            "stacks": stacks,
            "links": stacks,
            "optics_groups": sum(group.particles > 0 for group in self.groups),
            "exposures": len(self.exposures) if self.exposures else 0,
            "exposures_matched": linking.exposures_matched if linking else 0,
            "particles_matched": int((linking.of_rows(kept) >= 0).sum()) if linking and kept is not None else 0,
        }


def plan_import(parameters: ImportParameters, progress: Progress = quiet) -> ImportPlan:
    """Check everything that an import needs; writes nothing.

    What makes the import impossible is among the plan's problems, as errors.

    Raises:
        Cancelled: `progress` said so.
    """
    return Planner().plan(parameters, progress)


class Planner:
    """Makes plans; keeps the finished stages of the last one, and runs only those again that a change touches."""

    def __init__(self) -> None:
        self._finished: dict[str, tuple[Hashable, Any, float]] = {}

    def plan(self, parameters: ImportParameters, progress: Progress = quiet) -> ImportPlan:
        """See `plan_import`."""
        plan = ImportPlan(dataclasses.replace(parameters))
        try:
            self._gather(plan, progress)
            self._settle(plan)
        except Refused as refused:
            plan.problems.append(refused.problem)
        order = [Severity.ERROR, Severity.WARNING, Severity.INFO]
        plan.counts()
        plan.problems.sort(key=lambda p: order.index(p.severity))
        return plan

    def _stage(self, plan: ImportPlan, name: str, key: Hashable, run: Callable[[], T]) -> T:
        finished = self._finished.get(name)
        if finished is None or finished[0] != key:
            started = perf_counter()
            result = run()
            finished = key, result, perf_counter() - started
            self._finished[name] = finished
        plan.timings_s[name] = round(finished[2], 3)
        return finished[1]

    def _gather(self, plan: ImportPlan, progress: Progress) -> None:
        """Read, locate, match and look at pictures; the results and their remarks go into the plan."""
        p = plan.parameters
        plan.meta_state = file_state(p.meta)
        meta = (p.meta, plan.meta_state)

        def read() -> tuple[Particles, list[Fault], list[Problem]]:
            progress.stage("read")
            return read_particles(p.meta, progress)

        particles, faults, remarks = self._stage(plan, "read", meta, read)
        plan.all_particles = plan.particles = particles
        plan.groups = plan.given_groups = particles.optics_groups
        plan.problems += remarks
        faults = [fault for fault in faults if _matters(fault, p)]
        where = (meta, p.data)
        try:
            if not p.ignore_raw_data:
                plan.stacks = self._stage(
                    plan, "locate", where, lambda: find_stacks(particles, p.meta, p.data, progress)
                )
                faults += plan.stacks.faults
                plan.problems += plan.stacks.problems
        except Refused as refused:
            plan.problems.append(refused.problem)
        source: Hashable = None
        try:
            source = self._match(plan, meta, particles, progress)
        except Refused as refused:
            plan.problems.append(refused.problem)
        if plan.linking:
            plan.problems += plan.linking.problems
        good = np.ones(len(particles), bool)
        for fault in faults:
            good[fault.rows] = False
        if plan.stacks and plan.stacks.box and good.any():
            stacks = plan.stacks

            def look() -> tuple[Sample, SignVerdict]:
                progress.stage("preview")
                return _look(particles, stacks, np.flatnonzero(good), progress)

            plan.sample, verdict = self._stage(plan, "preview", (where, good.tobytes()), look)
            plan.data_sign, sign_problems = _decide_sign(p.data_sign, verdict)
            plan.problems += sign_problems
        if plan.linking:
            plan.placing = self._place(plan, particles, (where, source, good.tobytes()), progress)
            plan.problems += plan.placing.problems
        self._leave_out(plan, faults, good)

    def _place(self, plan: ImportPlan, particles: Particles, where: Hashable, progress: Progress) -> Placing:
        exposures, linking, p = plan.exposures, plan.linking, plan.parameters
        assert exposures is not None and linking is not None
        sample = None if exposures.are_movies else plan.sample
        choices = (p.coordinate_y, p.coordinate_scale, sample is None)
        key = (where, linking.of_name.tobytes(), choices)

        def place() -> Placing:
            progress.stage("place")
            return place_coordinates(particles, exposures, linking, sample, p, progress)

        return self._stage(plan, "place", key, place)

    def _match(self, plan: ImportPlan, meta: Hashable, particles: Particles, progress: Progress) -> Hashable:
        """Returns what changes when other exposures are chosen, or any file that they are read from changes."""
        p = plan.parameters
        if not p.exposures:
            return None
        files = [p.exposures, *exposure_datasets(p.exposures, p.project)]
        source = p.exposures, p.project, tuple(map(file_state, files))
        progress.stage("match")
        plan.exposures = self._stage(plan, "exposures", source, lambda: load_exposures(p.exposures, p.project))
        exposures = plan.exposures
        key = (meta, source, rules_of(p), p.suggest_trims, p.on_unmatched)
        plan.linking = self._stage(plan, "match", key, lambda: link_exposures(particles, exposures, p))
        return source

    def _leave_out(self, plan: ImportPlan, faults: list[Fault], good: NDArray[np.bool_]) -> None:
        """Faults stop the import, or their rows are left out; likewise particles without an exposure."""
        particles = plan.all_particles
        assert particles is not None
        keep = np.ones(len(particles), bool)
        unmatched = plan.linking.of_rows(particles) < 0 if plan.linking else ~keep
        plan.doubtful = Doubtful(*(int(rows.sum()) for rows in (~good, unmatched, ~good & unmatched)))

        def leave_out(rows: NDArray[np.int64], code: str) -> None:
            before = plan.left_out.get(code, rows[:0])
            plan.left_out[code] = np.concatenate([before, rows[keep[rows]]])
            keep[rows] = False

        if plan.parameters.on_bad == "leave-out" and good.any():
            for fault in faults:
                left = f"{fault.problem.message}; left out: {count_of(len(fault.rows), 'row')}"
                plan.problems.append(dataclasses.replace(fault.problem, severity=Severity.WARNING, message=left))
                leave_out(fault.rows, fault.problem.code)
        else:
            none_left = "; no row would be left" if plan.parameters.on_bad == "leave-out" else ""
            plan.problems += [
                dataclasses.replace(fault.problem, message=fault.problem.message + none_left) for fault in faults
            ]
        if plan.linking and plan.parameters.on_unmatched == "leave-out" and unmatched.any():
            leave_out(np.flatnonzero(unmatched), "exposure-unmatched")
            if not keep.any():
                plan.problems.append(
                    problem("exposure-unmatched", "no particle has a matching exposure", count=len(keep))
                )
        plan.particles = particles.select(keep)

    def _settle(self, plan: ImportPlan) -> None:
        """What follows from the stages without another look at any file but the output."""
        particles = plan.particles
        assert particles is not None
        of_rows = plan.linking.of_rows(particles) if plan.linking else None
        plan.given_groups = resolve_groups(particles, plan.stacks, plan.exposures, of_rows)
        plan.groups = overridden(plan.given_groups, plan.parameters)
        plan.problems += group_problems(
            plan.groups, plan.stacks, plan.parameters, needs_ctf=particles.defocus_u_A is not None
        )
        plan.problems += _absences(plan, particles)
        if plan.parameters.output:
            plan.problems += check_output(plan.parameters, len(particles), plan.stacks)


def _matters(fault: Fault, parameters: ImportParameters) -> bool:
    """Whether a fault lies in something that is imported."""
    ignored: set[str] = set()
    ignored |= POSE_COLUMNS if parameters.ignore_pose_data else set()
    ignored |= HALF_SET_COLUMNS if parameters.ignore_half_sets else set()
    ignored |= COORDINATE_COLUMNS if not parameters.exposures else set()
    of_images = fault.problem.code.startswith("image-")
    return fault.column not in ignored and not (of_images and parameters.ignore_raw_data)


def file_state(path: str) -> Hashable:
    """What changes when a file is written to or replaced; None if it is not there."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return status.st_size, status.st_mtime_ns, status.st_ino


def _look(
    particles: Particles, stacks: Stacks, candidates: NDArray[np.int64], progress: Progress
) -> tuple[Sample, SignVerdict]:
    """A sample spread over the file, and what all of the images that were looked at say of the data sign.

    Only so many images are kept as fit into memory; the others are forgotten once they were looked at.
    """
    rows = choose_rows(particles, stacks, SIGN_SAMPLE, candidates=candidates)
    image_bytes = 4 * stacks.box**2
    at_once = max(_KEPT_BYTES // image_bytes, min(_MIN_KEPT, _MIN_KEPT_BYTES // image_bytes))
    parts = [rows[i :: -(-len(rows) // at_once)] for i in range(-(-len(rows) // at_once))]
    sample = read_sample(particles, stacks, parts[0], progress)

    looked_at = np.concatenate(parts)
    unread: list[int] = []  # positions in `looked_at`: these are blank, which says nothing

    def images() -> Iterator[NDArray[np.float32]]:
        first = 0
        for number, part in enumerate(parts):
            read = read_sample(particles, stacks, part, progress) if number else sample
            unread.extend(first + position for position in read.errors)
            yield from read.images
            first += len(part)

    shifts = shifts_px(particles, particles.optics_groups, looked_at)
    verdict = detect_data_sign(images(), shifts)
    return sample, check_images(particles, stacks, looked_at, unread, verdict)


def _decide_sign(choice: str, verdict: SignVerdict) -> tuple[DataSign, list[Problem]]:
    brighter = verdict.words
    found = list(verdict.odd_images)
    if verdict.mixed and choice == "auto":
        message = f"{verdict.mixed.message}; {verdict.value or -1:+d} is used for all"
        found.append(dataclasses.replace(verdict.mixed, message=message))
    elif verdict.mixed:
        message = f"{verdict.mixed.message}, but {choice} was chosen for all"
        found.append(dataclasses.replace(verdict.mixed, code="data-sign-contradicts", message=message))
    if choice == "auto":
        if verdict.value or verdict.mixed:
            source = "detected" if verdict.value else "default"
            return DataSign(verdict.value or -1, source, verdict), found
        seen = f"{brighter}, confidence {verdict.confidence:.1%}" if verdict.sampled else brighter
        message = f"the pictures do not tell the data sign for sure ({seen}); -1 is used, as for RELION's extraction"
        return DataSign(-1, "default", verdict), [*found, problem("data-sign-unclear", message)]
    sign = DataSign(int(choice), "user", verdict)
    if verdict.value in (0, sign.value) or verdict.mixed:
        return sign, found
    message = f"{brighter}: the data sign should be {verdict.value:+d}, but {sign.value:+d} was chosen"
    return sign, [*found, problem("data-sign-contradicts", message)]


def _absences(plan: ImportPlan, particles: Particles) -> Iterator[Problem]:
    if particles.defocus_u_A is None:
        yield problem("ctf-missing", "the STAR file has no defocus; no ctf fields are written", count=len(particles))
    if plan.parameters.ignore_pose_data:
        return
    if not particles.poses:
        message = "the STAR file has no rlnAnglePsi; no alignments are written"
        yield problem("pose-missing", message, count=len(particles))
    elif not plan.parameters.ignore_half_sets:
        yield from _half_set_remarks(particles.random_subset, len(particles))


def _half_set_remarks(subset: NDArray[np.float64] | None, count: int) -> Iterator[Problem]:
    if subset is None:
        yield problem("half-sets-missing", "the STAR file has no rlnRandomSubset", count=count)
        return
    ignore = "Choose to ignore half-sets if CryoSPARC is to split the particles anew."
    if below := int((subset < 1).sum()):
        message = f"{count_of(below, 'particle')} in no half-set (rlnRandomSubset below 1), written as the first"
        yield problem("half-sets-missing", message, count=below, hint=ignore)
    if above := int((subset > 2).sum()):
        message = f"{count_of(above, 'particle')} with rlnRandomSubset above 2, of which CryoSPARC knows nothing"
        yield problem("half-sets-missing", message, count=above, hint=ignore, severity=Severity.WARNING)
    elif count > 1 and not below and (subset == subset[0]).all():
        message = f"all particles are in half-set {subset[0]:g}"
        yield problem("half-sets-missing", message, count=count, hint=ignore)
