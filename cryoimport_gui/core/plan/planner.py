"""Everything checked and nothing written: parameters → `ImportPlan`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable
from time import perf_counter
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..exposures.exposures import exposure_datasets, load_exposures
from ..exposures.locations import Placing, place_coordinates
from ..exposures.matching import match_exposures, rules_of
from ..file_state import file_state
from ..optics.microscope import group_problems, overridden, resolve_groups
from ..parameters import ImportParameters
from ..particles import Fault, Part, Particles
from ..pictures.data_sign import SignVerdict
from ..problems import Refused, Severity, count_of, problem
from ..progress import Progress, quiet
from ..reading import formats
from ..reading.reading import Reading
from ..stacks.sample import Sample
from ..stacks.stacks import find_stacks
from .absences import absences
from .data_sign import decide_sign, look_at_images
from .output import check_output
from .plan import Doubtful, ImportPlan

T = TypeVar("T")


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

        def read() -> Reading:
            progress.stage("read")
            return formats.read(p.meta, progress)

        reading = self._stage(plan, "read", meta, read)
        particles = reading.particles
        plan.all_particles = plan.particles = particles
        plan.groups = plan.given_groups = particles.optics_groups
        plan.problems += reading.remarks
        faults = [fault for fault in reading.faults if _is_imported(fault.part, p)]
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
        if plan.matching:
            plan.problems += plan.matching.problems
        good = np.ones(len(particles), bool)
        for fault in faults:
            good[fault.rows] = False
        if plan.stacks and plan.stacks.box and good.any():
            stacks = plan.stacks

            def look() -> tuple[Sample, SignVerdict]:
                progress.stage("preview")
                return look_at_images(particles, stacks, np.flatnonzero(good), progress)

            plan.sample, verdict = self._stage(plan, "preview", (where, good.tobytes()), look)
            plan.data_sign, sign_problems = decide_sign(p.data_sign, verdict)
            plan.problems += sign_problems
        if plan.matching:
            plan.placing = self._place(plan, particles, (where, source, good.tobytes()), progress)
            plan.problems += plan.placing.problems
        self._leave_out(plan, faults, good)

    def _place(self, plan: ImportPlan, particles: Particles, where: Hashable, progress: Progress) -> Placing:
        exposures, matching, p = plan.exposures, plan.matching, plan.parameters
        assert exposures is not None and matching is not None
        sample = None if exposures.are_movies else plan.sample
        choices = (p.coordinate_y, p.coordinate_scale, sample is None)
        key = (where, matching.of_name.tobytes(), choices)

        def place() -> Placing:
            progress.stage("place")
            return place_coordinates(particles, exposures, matching, sample, p, progress)

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
        plan.matching = self._stage(plan, "match", key, lambda: match_exposures(particles, exposures, p))
        return source

    def _leave_out(self, plan: ImportPlan, faults: list[Fault], good: NDArray[np.bool_]) -> None:
        """Faults stop the import, or their rows are left out; likewise particles without an exposure."""
        particles = plan.all_particles
        assert particles is not None
        keep = np.ones(len(particles), bool)
        unmatched = plan.matching.of_rows(particles) < 0 if plan.matching else ~keep
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
        if plan.matching and plan.parameters.on_unmatched == "leave-out" and unmatched.any():
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
        of_rows = plan.matching.of_rows(particles) if plan.matching else None
        plan.given_groups = resolve_groups(particles, plan.stacks, plan.exposures, of_rows)
        plan.groups = overridden(plan.given_groups, plan.parameters)
        plan.problems += group_problems(particles, plan.groups, plan.stacks, plan.parameters)
        plan.problems += absences(plan, particles)
        if plan.parameters.output:
            plan.problems += check_output(plan)


def _is_imported(part: Part, parameters: ImportParameters) -> bool:
    """Coordinates mean nothing without exposures."""
    left_out = {
        Part.IMAGES: parameters.ignore_raw_data,
        Part.POSES: parameters.ignore_pose_data,
        Part.HALF_SETS: parameters.ignore_half_sets,
        Part.COORDINATES: not parameters.exposures,
    }
    return not left_out.get(part)
