"""Everything checked and nothing written: parameters → `ImportPlan`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable, Sequence
from functools import partial
from time import perf_counter
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..exposures.exposure_ctf import with_exposure_ctf
from ..exposures.exposures import exposure_datasets, load_joined_exposures
from ..exposures.given import exposure_files
from ..exposures.location_problems import placing_problems
from ..exposures.locations import mirrored_poses, place_coordinates
from ..exposures.matching import Matching, match_exposures, matching_problems, rules_of
from ..exposures.placing import Placing
from ..exposures.seen_pairs import PairsLook
from ..exposures.trims_by_pictures import are_names_in_doubt, match_by_pictures
from ..file_state import file_state, files_state
from ..optics.aberrations import dropped_aberrations
from ..optics.microscope import group_problems, overridden, resolve_groups
from ..parameters import ImportParameters
from ..particles import Fault, Part, Particles, distinct
from ..pictures.data_sign import SignVerdict
from ..problems import CODES, Problem, Refused, Severity
from ..progress import Progress, quiet
from ..reading import formats
from ..reading.inputs import input_files
from ..reading.reading import Reading
from ..stacks.image_copies import copies_remarks
from ..stacks.remarks import stack_remarks, zero_numbers
from ..stacks.sample import ParticleImages, Sample
from ..stacks.stacks import Stacks, find_stacks
from .absences import absences, without_images
from .contents import content_remarks
from .data_sign import decide_sign, look_at_images, signs_of_bytes
from .left_out import leave_out
from .original_remarks import restored_remarks
from .originals import load_originals, original_files
from .output import check_output, dataset_bytes
from .placeholders import without_placeholders
from .plan import ImportPlan
from .poses_check import look_at_poses, what_is_written, why_not_checked
from .poses_problems import poses_problems
from .poses_verdict import PosesVerdict
from .restore import are_images_of_originals, hold_in_output, original_sign, restore, with_images_of_originals
from .selection import extra_columns, selected_rows

T = TypeVar("T")
#: of images that are compared with their exposures, beside those that are known
_PLACE_BYTES = 64 << 20


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
            self._read(plan, progress)
            plan.problems += without_images(plan)
            faults = self._restore(plan, progress) + self._find_stacks(plan, progress)
            source = self._match(plan, progress)
            plan.importable = leave_out(plan, faults)
            if plan.carries_images and plan.stacks:
                for fault in plan.stacks.faults:  # these images cannot be looked at
                    plan.importable[fault.rows] = False
            _resolve_groups(plan)
            self._look(plan, plan.importable, source, progress)
            self._compare_copies(plan)
            _settle(plan)
        except Refused as refused:
            plan.problems.append(refused.problem)
        plan.problems = [_accepted(found, parameters.accept) for found in plan.problems]
        severities, codes = [Severity.ERROR, Severity.WARNING, Severity.INFO], list(CODES)
        plan.counts()
        plan.dataset_bytes = dataset_bytes(plan)  # here, because it goes through all paths and asks the file system
        # as causes come before what follows from them: images, exposures, poses
        plan.problems.sort(key=lambda p: (severities.index(p.severity), codes.index(p.code)))
        return plan

    def use_poses_check(self, plan: ImportPlan, found: PosesVerdict, seconds: float) -> None:
        """Let the verdict of another sample stand, for as long as plans are about the same fields of the same rows."""
        self._finished["poses"] = _of_poses(plan), found, seconds

    def _stage(self, plan: ImportPlan, name: str, key: Hashable, run: Callable[[], T]) -> T:
        finished = self._finished.get(name)
        if finished is None or finished[0] != key:
            started = perf_counter()
            result = run()
            finished = key, result, perf_counter() - started
            self._finished[name] = finished
        plan.timings_s[name] = round(finished[2], 3)
        return finished[1]

    def _read(self, plan: ImportPlan, progress: Progress) -> None:
        """The rows that are chosen, with their faults."""
        p = plan.parameters
        files = input_files(p.meta)
        columns = extra_columns(p.select)
        states = {path: file_state(path) for path in files}
        named = (tuple(states.items()), tuple(columns.items()))

        def read() -> Reading:
            progress.stage("read")
            return formats.read(files, progress, columns)

        reading = self._stage(plan, "read", named, read)
        if any(file_state(path) != state for path, state in reading.files.items()):
            del self._finished["read"]
            reading = self._stage(plan, "read", named, read)
        plan.meta_states = {**states, **reading.files}
        of_file = (named, tuple(reading.files.items()))
        plan.inputs = reading.particles.files
        plan.all_rows = plan.all_particles = plan.particles = reading.particles  # shown where a condition is refused
        plan.groups = plan.given_groups = reading.particles.optics_groups
        plan.meta_key = of_file, p.select, p.image_numbers_from
        plan.problems += reading.remarks
        chosen, plan.faults = self._stage(plan, "select", plan.meta_key, lambda: _chosen(reading, p))
        plan.all_particles = plan.particles = chosen
        plan.groups = plan.given_groups = chosen.optics_groups

    def _restore(self, plan: ImportPlan, progress: Progress) -> list[Fault]:
        """The particles that these rows once were in CryoSPARC, if they are given; returns the faults of rows."""
        p, particles = plan.parameters, plan.all_particles
        assert particles is not None
        if not p.original:
            return []
        try:
            source = p.original, p.project, tuple(map(file_state, original_files(p.original, p.project)))
            progress.stage("restore")
            originals = self._stage(plan, "originals", source, lambda: load_originals(p.original, p.project))
        except Refused as refused:
            plan.problems.append(refused.problem)
            return []
        key = plan.meta_key, source, plan.poses
        plan.original = self._stage(plan, "restore", key, lambda: restore(particles, originals, plan.poses))
        restored = plan.original.particles
        if not p.data:
            restored = with_images_of_originals(restored, originals)
        plan.all_particles = plan.particles = restored
        plan.meta_key = *key, bool(p.data)
        return plan.original.faults

    def _find_stacks(self, plan: ImportPlan, progress: Progress) -> list[Fault]:
        """All faults of rows that matter for what is imported."""
        p, particles = plan.parameters, plan.all_particles
        assert particles is not None
        faults = [fault for fault in plan.faults if _is_imported(fault.part, particles, p)]
        if p.ignore_raw_data or not particles.has_images:
            return faults
        try:
            plan.stacks = self._stage(
                plan, "locate", (plan.meta_key, p.data), lambda: find_stacks(particles, p.data, progress)
            )
        except Refused as refused:
            plan.problems.append(refused.problem)
            return faults
        if plan.original and hold_in_output(plan.original.originals, p):
            plan.carries_images = not p.data or are_images_of_originals(particles, plan.original.originals, plan.stacks)
        if plan.carries_images:  # CryoSPARC has them; here they only serve to look at
            plan.problems += [dataclasses.replace(f.problem, severity=Severity.WARNING) for f in plan.stacks.faults]
            return faults
        return faults + plan.stacks.faults

    def _match(self, plan: ImportPlan, progress: Progress) -> Hashable:
        """Returns what changes when other exposures are chosen, or any file that they are read from changes."""
        p, particles = plan.parameters, plan.all_particles
        assert particles is not None
        if not p.exposures:
            return None
        try:
            given = exposure_files(p.exposures)
            files = [*given, *(file for path in given for file in exposure_datasets(path, p.project))]
            source = tuple(given), p.project, files_state(files)
            progress.stage("match")
            plan.exposures = self._stage(plan, "exposures", source, lambda: load_joined_exposures(given, p.project))
            exposures = plan.exposures
            key = (plan.meta_key, source, rules_of(p), p.suggest_trims)
            matching = self._stage(plan, "match", key, lambda: match_exposures(particles, exposures, p))
            matching = self._see_pairs(plan, matching, key, progress)
            exposures.check_sizes(distinct(matching.of_rows(particles)))
            plan.matching = matching
            keeps = p.on_unmatched == "keep"
            matched = key, keeps, matching.of_name.tobytes()
            plan.all_particles = self._stage(
                plan, "exposure-ctf", matched, lambda: with_exposure_ctf(particles, exposures, matching, keeps)
            )
        except Refused as refused:
            plan.problems.append(refused.problem)
            return None
        return source

    def _see_pairs(self, plan: ImportPlan, named: Matching, key: Hashable, progress: Progress) -> Matching:
        """As the pictures confirm or change it, where names leave a doubt and there are pictures."""
        p, particles, exposures = plan.parameters, plan.all_particles, plan.exposures
        assert particles is not None and exposures is not None
        if exposures.are_movies or not are_names_in_doubt(particles, exposures, named):
            return named
        stacks = self._stacks_to_compare(plan, progress) if p.ignore_raw_data else plan.stacks
        if stacks is None or not stacks.box:
            return named
        optics = overridden(resolve_groups(particles, stacks, None, None), p)
        sizes = tuple(group.pixel_size_A.value if group.pixel_size_A else None for group in optics)

        def see() -> Matching:
            images = ParticleImages(particles, stacks, cache_bytes=_PLACE_BYTES)
            look = PairsLook(particles, exposures, optics, images, p, progress)
            return match_by_pictures(look, named, p.suggest_trims)

        return self._stage(plan, "pairs", (key, p.data, sizes, p.coordinate_scale, p.ignore_raw_data), see)

    def _look(self, plan: ImportPlan, good: NDArray[np.bool_], source: Hashable, progress: Progress) -> None:
        """The pictures: the data sign, and where particles lie on their exposures; of rows that can be imported."""
        p, particles, stacks = plan.parameters, plan.all_particles, plan.stacks
        assert particles is not None
        where = _where(plan)
        plan.poses_check = PosesVerdict(None, why_not_checked(plan))
        if stacks and stacks.box and good.any():

            def look() -> tuple[Sample, SignVerdict]:
                progress.stage("preview")
                return look_at_images(particles, stacks, np.flatnonzero(good), progress)

            plan.sample, verdict = self._stage(plan, "preview", where, look)
            sample = plan.sample
            plan.byte_signs = self._stage(plan, "bytes", where, lambda: signs_of_bytes(particles, stacks, sample))
            if not plan.poses_check.why_not:
                look_again = partial(look_at_poses, plan, progress=progress)
                plan.poses_check = self._stage(plan, "poses", _of_poses(plan), look_again)
            known = plan.original and plan.carries_images and original_sign(plan.original, good)
            plan.data_sign, sign_problems = decide_sign(p.data_sign, verdict, plan.poses_check.data_sign, known or 0)
            plan.problems += [*sign_problems, *poses_problems(plan, plan.poses_check)]
        if plan.matching:
            placing = self._place(plan, (where, source), progress)
            plan.placing = dataclasses.replace(placing, mirror_poses=mirrored_poses(p))

    def _compare_copies(self, plan: ImportPlan) -> None:
        p, particles, stacks = plan.parameters, plan.particles, plan.stacks
        if particles is None or stacks is None:
            return
        key = (plan.meta_key, p.data, hash(particles.rows.tobytes()), p.ignore_pose_data, p.ignore_half_sets)

        def compare() -> list[Problem]:
            return list(copies_remarks(particles, stacks, p.ignore_pose_data, p.ignore_half_sets))

        plan.problems += self._stage(plan, "copies", key, compare)

    def _place(self, plan: ImportPlan, where: Hashable, progress: Progress) -> Placing:
        exposures, matching, particles, p = plan.exposures, plan.matching, plan.all_particles, plan.parameters
        assert exposures is not None and matching is not None and particles is not None
        wanted = plan.importable
        assert wanted is not None
        optics, stacks = plan.groups, plan.stacks
        if p.ignore_raw_data and not exposures.are_movies and (stacks := self._stacks_to_compare(plan, progress)):
            given = resolve_groups(particles, stacks, exposures, matching.of_rows(particles))
            optics = overridden(given, p)
        sizes = tuple(group.pixel_size_A.value if group.pixel_size_A else None for group in optics)
        choices = (p.coordinate_y, p.coordinate_scale, p.ignore_raw_data, p.mirror_poses == "yes")
        key = (where, matching.of_name.tobytes(), sizes, choices)

        def place() -> Placing:
            progress.stage("place")
            known = plan.sample
            cache_bytes = known.images.nbytes if known else 0
            images = None
            if stacks and stacks.box and not exposures.are_movies:
                images = ParticleImages(particles, stacks, known, cache_bytes + _PLACE_BYTES)
            return place_coordinates(particles, exposures, matching, optics, wanted, images, p, progress)

        return self._stage(plan, "place", key, place)

    def _stacks_to_compare(self, plan: ImportPlan, progress: Progress) -> Stacks | None:
        """The stacks of images that are not imported; None if they cannot be found."""
        p, particles = plan.parameters, plan.all_particles
        assert particles is not None

        def find() -> Stacks | None:
            return stacks_to_compare(particles, p.data, progress)

        return self._stage(plan, "compare", (plan.meta_key, p.data), find)


def stacks_to_compare(particles: Particles, data: str, progress: Progress) -> Stacks | None:
    """The stacks of images that are not imported; None if they cannot be found."""
    try:
        return find_stacks(particles, data, progress) if (particles.image_number > 0).any() else None
    except Refused:
        return None


def _where(plan: ImportPlan) -> Hashable:
    """What changes when other images are looked at."""
    assert plan.importable is not None
    return plan.meta_key, plan.parameters.data, plan.importable.tobytes()


def _of_poses(plan: ImportPlan) -> Hashable:
    """What changes when other poses are compared with images, or other images."""
    return _where(plan), what_is_written(plan)


def _chosen(reading: Reading, parameters: ImportParameters) -> tuple[Particles, Sequence[Fault]]:
    """The particles that are chosen, and what is at fault with them.

    Image numbers count from 1, and nothing is invented for what is not known.

    Raises:
        Refused: See `selected_rows`.
    """
    rows = selected_rows(reading, parameters.select)
    particles = reading.particles.select(rows)
    if parameters.image_numbers_from == "0":
        particles = particles.counted_from_zero()
    faults = reading.faults
    if not rows.all():
        position = np.cumsum(rows) - 1
        position[~rows] = -1
        faults = [left for fault in faults if (left := fault.among(particles, position))]
    particles, unknown = without_placeholders(particles)
    return particles, [*faults, *unknown]


def _accepted(found: Problem, codes: Sequence[str]) -> Problem:
    """An error that the user accepts becomes a warning that says so."""
    if found.severity is Severity.ERROR and found.code in codes and CODES[found.code].acceptable:
        return dataclasses.replace(found, severity=Severity.WARNING, accepted=True)
    return found


def _resolve_groups(plan: ImportPlan) -> None:
    """The optics groups of the rows that are imported, before and after the user's overrides."""
    assert plan.particles is not None
    if plan.stacks and plan.particles is not plan.all_particles:
        plan.stacks = plan.stacks.seen_by(plan.particles)
    plan.given_groups = resolve_groups(plan.particles, plan.stacks, plan.exposures, plan.exposure_of_rows)
    plan.groups = overridden(plan.given_groups, plan.parameters)


def _settle(plan: ImportPlan) -> None:
    """What follows from the stages for the rows that are imported, without another look at any file but the output."""
    particles, p, stacks = plan.particles, plan.parameters, plan.stacks
    assert particles is not None
    plan.problems += group_problems(particles, plan.groups, stacks, p)
    if particles.has_images and not p.ignore_raw_data:
        plan.problems += zero_numbers(plan.all_particles or particles)
    if stacks:
        plan.problems += stack_remarks(particles, stacks, plan.groups, p.data, bool(plan.poses), plan.byte_signs)
    if plan.matching and plan.exposures:
        plan.problems += matching_problems(plan.with_unmatched, plan.exposures, plan.matching, p)
    if plan.matching and plan.exposures and plan.placing:
        plan.problems += placing_problems(particles, plan.exposures, plan.matching, plan.placing, p)
    plan.problems += restored_remarks(plan, particles) if plan.original else dropped_aberrations(particles)
    plan.problems += content_remarks(particles, p)
    plan.problems += absences(plan, particles)
    if p.output:
        plan.problems += check_output(plan)


def _is_imported(part: Part, particles: Particles, parameters: ImportParameters) -> bool:
    """Coordinates mean nothing without exposures, shifts, classes and half-sets nothing without poses."""
    without_poses = parameters.ignore_pose_data or not particles.poses
    left_out = {
        Part.IMAGES: parameters.ignore_raw_data,
        Part.POSES: without_poses,
        Part.HALF_SETS: without_poses or parameters.ignore_half_sets,
        Part.COORDINATES: not parameters.exposures,
    }
    return not left_out.get(part)
