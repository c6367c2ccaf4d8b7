"""Microscope values of each optics group: from the file, the exposures, the stack headers, and the user's overrides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from ..exposures.exposures import Exposures
from ..parameters import LIMITS, ImportParameters, Overrides, flag, parameter
from ..particles import MICROSCOPE_VALUES, OpticsGroup, Particles, Value
from ..problems import Problem, count_of, problem
from ..stacks.rescaled import rescaled_groups
from ..stacks.stacks import GroupHeaders, Stacks, apart

#: what a file of particles can give; the total dose it never does
_OF_FILES = ("pixel_size_A", "voltage_kV", "cs_mm", "amplitude_contrast")
#: what is usual; a microscope can have other values, but more often they are a slip
_USUAL = {
    "voltage_kV": ("voltage", 80, 300, "kV"),
    "cs_mm": ("spherical aberration", 0, 5, "mm"),
    "amplitude_contrast": ("amplitude contrast", 0, 0.3, ""),
}
STACK_HEADER = "stack header"
USER = "you"
#: by how much a calibration changes a pixel size; more is probably another sampling of the images
_CALIBRATION = 0.05
#: pixel sizes that differ by less are one: half a pixel at the edge of a box of 1000
_SAME_SIZE = 0.001


def resolve_groups(
    particles: Particles,
    stacks: Stacks | None,
    exposures: Exposures | None,
    exposure_of_row: NDArray[np.int64] | None,
) -> list[OpticsGroup]:
    """The groups in the same order, with what the file does not give from stack headers and exposures.

    What comes from the file is never changed, but for stacks that were scaled after it was written.
    """
    groups = rescaled_groups(particles.optics_groups, stacks)
    if exposures and exposure_of_row is not None:
        by_group = np.argsort(particles.optics_index, kind="stable")
        ends = np.cumsum(np.bincount(particles.optics_index, minlength=len(groups)))
        exposures_of = np.split(exposure_of_row[by_group], ends[:-1])
    for i, group in enumerate(groups):
        if not group.particles:
            continue
        if stacks and group.pixel_size_A is None and (size := stacks.headers[i].pixel_size_A):
            group.pixel_size_A = Value(size, STACK_HEADER)
        if exposures and exposure_of_row is not None:
            _from_exposures(group, exposures, np.unique(exposures_of[i]))
    return groups


def _from_exposures(group: OpticsGroup, exposures: Exposures, numbers: NDArray[np.int64]) -> None:
    """Take over what the file lacks and all linked exposures of the group agree on."""
    numbers = numbers[numbers >= 0]
    for name, values in exposures.microscope.items():
        if name in MICROSCOPE_VALUES and getattr(group, name) is None and len(numbers):
            value = float(values[numbers[0]])
            if np.isfinite(value) and np.allclose(values[numbers], value):
                setattr(group, name, Value(value, "exposures"))


def overridden(groups: Sequence[OpticsGroup], parameters: ImportParameters) -> list[OpticsGroup]:
    """Copies with the user's values.

    An override of the pixel size leaves a `file_pixel_size_A` alone, so it does not move particles.
    """
    out = [replace(group) for group in groups]
    for group in out:
        for name, its_parameter in MICROSCOPE_VALUES.items():
            value = override_of(group, getattr(parameters, its_parameter))
            if value is not None:
                setattr(group, name, Value(value, USER))
        if group.file_pixel_size_A is None and group.pixel_size_A:
            group.file_pixel_size_A = group.pixel_size_A.value
    return out


def override_of(group: OpticsGroup, overrides: Overrides) -> float | None:
    """What a group is given by its number, else by its name, else with all groups."""
    return next((overrides[key] for key in (group.id, group.name, None) if key in overrides), None)


def group_problems(
    particles: Particles, groups: Sequence[OpticsGroup], stacks: Stacks | None, parameters: ImportParameters
) -> Iterator[Problem]:
    """What is missing, was assumed, disagrees or makes no sense in groups that are as they will be written."""
    used = [group for group in groups if group.particles and group.is_listed]
    needed = needed_values(particles, parameters)
    yield from _missing(particles, used, needed)
    names = {group.name for group in groups} | {*particles.listed_names}
    yield from _unknown_overrides({group.id for group in groups} | {*particles.listed_groups}, names, parameters)
    if "pixel_size_A" in needed:
        yield from _assumed(used)
        yield from _odd_overrides(used)
        yield from _differing(used)
    if stacks:
        yield from _disagreeing(groups, stacks)
        yield from _other_sizes(groups, stacks, particles.called("image_size_px"))
    unusual = [(group, odd) for group in used if (odd := odd_values(group, None))]
    if unusual:
        examples = (f"{group.name}: {words}" for group, odd in unusual for words in odd.values())
        message = f"{count_of(len(unusual), 'optics group')} with values that few microscopes have"
        yield problem("microscope-value-odd", message, count=len(unusual), examples=examples)


def odd_values(group: OpticsGroup, headers: GroupHeaders | None) -> dict[str, str]:
    """The values that are possible, but more often a slip, and why; by name."""
    odd = {}
    size = group.pixel_size_A
    if headers and size and (other := headers.other_than(size.value)):
        count = sum(map(len, other.values()))
        most = max(other, key=lambda size: len(other[size]))
        say = "says" if count == 1 else "say"
        odd["pixel_size_A"] = (
            f"{count} of {count_of(headers.stacks, 'stack header')} {say} otherwise, mostly {most:g} Å"
        )
    for name, (title, low, high, unit) in _USUAL.items():
        value = getattr(group, name)
        if value and not low <= value.value <= high and not impossible(name, value.value):
            odd[name] = f"{title} {value.value:g} is unusual: mostly {low:g} to {high:g} {unit}".rstrip()
    return odd


def impossible(name: str, value: float) -> str:
    """Why no microscope can have this value, in words; empty if it can."""
    low, high = LIMITS[MICROSCOPE_VALUES[name]]
    if low < value < high:
        return ""
    about = parameter(MICROSCOPE_VALUES[name]).metadata
    given = f"{about['title']} {value:g} {about['unit']}".rstrip()
    return f"{given} is not possible: it must lie between {round(low, 6) + 0.0:g} and {high:g}"


def needed_values(particles: Particles, parameters: ImportParameters) -> frozenset[str]:
    """The values without which an import is impossible; a dose is written together with kV and Cs."""
    needed: set[str] = set()
    if not parameters.ignore_raw_data or (particles.poses and not parameters.ignore_pose_data):
        needed.add("pixel_size_A")
    if particles.defocus_u_A is not None:
        needed |= {"voltage_kV", "cs_mm", "amplitude_contrast"}
    if parameters.total_dose:
        needed |= {"voltage_kV", "cs_mm", "total_dose_e_per_A2"}
    return frozenset(needed)


def _missing(particles: Particles, groups: Sequence[OpticsGroup], needed: frozenset[str]) -> Iterator[Problem]:
    for name in (*_OF_FILES, "total_dose_e_per_A2"):
        column = particles.called(name) if name in _OF_FILES else "total dose"
        if name not in needed:
            continue
        lacking = [group for group in groups if getattr(group, name) is None]
        if lacking:
            where = " in the file" if name in _OF_FILES else ""
            what = _unusable(lacking, name) or f"no {column}{where}"
            message = f"{what} for {len(lacking)} of {count_of(len(groups), 'optics group')}"
            yield _missing_problem(message, name, column, lacking)
        refused = [
            (group, value)
            for group in groups
            if (value := getattr(group, name)) and np.isfinite(value.value) and impossible(name, value.value)
        ]
        if refused:
            _, value = refused[0]
            message = f"{column} cannot be {value.value:g} ({value.source})"
            hint = f"Give {flag(MICROSCOPE_VALUES[name])}: {impossible(name, value.value)}."
            yield _missing_problem(message, name, column, [group for group, _ in refused], hint)


def _unusable(groups: Sequence[OpticsGroup], name: str) -> str:
    """Why what the file says cannot be used, in words; empty where it says nothing."""
    return ", ".join({words: None for group in groups if (words := group.unusable.get(name))})


def _missing_problem(message: str, name: str, column: str, groups: list[OpticsGroup], hint: str = "") -> Problem:
    instead = f", or add the column {column}" if name in _OF_FILES else " for all groups"
    hint = hint or f"Give {flag(MICROSCOPE_VALUES[name])}{instead}."
    examples = [f"optics group {group.id} ({group.name})" for group in groups]
    return problem("microscope-value-missing", message, count=len(groups), examples=examples, hint=hint)


def _unknown_overrides(ids: set[int], names: set[str], parameters: ImportParameters) -> Iterator[Problem]:
    for name in MICROSCOPE_VALUES.values():
        unknown = [group for group in getattr(parameters, name) if not {group} & {None, *ids, *names}]
        if unknown:
            known = ", ".join(sorted(names) if isinstance(unknown[0], str) else map(str, sorted(ids)))
            message = f"{flag(name)} names optics group {unknown[0]}, but the file has only {known}"
            hint = "Give the number or the name of an optics group that the file has."
            yield problem("microscope-value-missing", message, count=len(unknown), hint=hint)


def _assumed(groups: Sequence[OpticsGroup]) -> Iterator[Problem]:
    """Pixel sizes that may be those of something else."""
    sizes = [(group, size) for group in groups if (size := group.pixel_size_A)]
    from_header = [(group, size) for group, size in sizes if size.source == STACK_HEADER]
    of_others = [(group, size) for group, size in sizes if size.caveat]
    why = _unusable([group for group, _ in from_header], "pixel_size_A") or "the file gives no pixel size"
    for assumed, message, hint in (
        (
            from_header,
            f"{why}; that of the stack headers is used",
            "Headers are often wrong: check it, or give --pixel-size.",
        ),
        (
            of_others,
            "the pixel size is taken from " + ", ".join({size.caveat: None for _, size in of_others}),
            "If the particles were binned when they were extracted, give --pixel-size.",
        ),
    ):
        if assumed:
            examples = [f"{group.name}: {size.value:g} Å" for group, size in assumed]
            yield problem("pixel-size-disagrees", message, count=len(assumed), examples=examples, hint=hint)


def _odd_overrides(groups: Sequence[OpticsGroup]) -> Iterator[Problem]:
    """Pixel sizes of the user that are no calibration of the file's."""
    odd = [
        (group, size.value, by_file_A)
        for group in groups
        if (size := group.pixel_size_A) and size.source == USER and (by_file_A := group.file_pixel_size_A)
        if abs(size.value - by_file_A) > _CALIBRATION * by_file_A
    ]
    if odd:
        _, given_A, by_file_A = odd[0]
        others = f", and likewise in {count_of(len(odd) - 1, 'other optics group')}" if len(odd) > 1 else ""
        message = (
            f"the pixel size is set to {given_A:g} Å where the file says {by_file_A:g} Å{others}; as a calibration of "
            "the microscope this leaves shifts as they are in pixels, which is what is written; if the images were "
            "resampled, shifts should stay as they are in Å"
        )
        examples = (
            f"{group.name}: {given_A:g} Å given, {by_file_A:g} Å by the file" for group, given_A, by_file_A in odd
        )
        yield problem("override-odd", message, count=len(odd), examples=examples)


def _differing(groups: Sequence[OpticsGroup]) -> Iterator[Problem]:
    """Particles of several pixel sizes."""
    sized = sorted(((size.value, group) for group in groups if (size := group.pixel_size_A)), key=itemgetter(0))
    sets: list[tuple[float, list[OpticsGroup]]] = []
    for size_A, group in sized:
        if not sets or size_A > sets[-1][0] * (1 + _SAME_SIZE):
            sets.append((size_A, []))
        sets[-1][1].append(group)
    if len(sets) > 1:
        particles = [sum(group.particles for group in its) for _, its in sets]
        message = f"particles of {len(sets)} pixel sizes, from {sets[0][0]:.5g} to {sets[-1][0]:.5g} Å"
        examples = (f"{size:.5g} Å: {count_of(n, 'particle')}" for (size, _), n in zip(sets, particles))
        hint = apart({f"{size:.5g} Å": {group.id for group in its} for size, its in sets})
        yield problem("pixel-sizes-differ", message, count=len(sets), examples=examples, hint=hint or None)


def _other_sizes(groups: Sequence[OpticsGroup], stacks: Stacks, column: str) -> Iterator[Problem]:
    """Boxes that are not what the file says."""
    differing = [
        (group, box)
        for group, headers in zip(groups, stacks.headers)
        for box in headers.boxes
        if group.particles and group.image_size_px not in (None, box) and group.shift_scale == 1
    ]
    if differing:
        examples = (f"{group.name}: {column} {group.image_size_px:g}, stacks {box}" for group, box in differing)
        message = f"{count_of(len(differing), 'optics group')} with another {column} than the images of its stacks"
        yield problem("image-size-disagrees", message, count=len(differing), examples=examples)


def _disagreeing(groups: Sequence[OpticsGroup], stacks: Stacks) -> Iterator[Problem]:
    """Stack headers that give another pixel size than the one that is used."""
    differing: dict[tuple[float, float, str], list[int]] = {}
    for group, headers in zip(groups, stacks.headers):
        size = group.pixel_size_A
        if group.particles and size and size.source != STACK_HEADER:
            for header_A, numbers in headers.other_than(size.value).items():
                known = differing.setdefault((header_A, size.value, size.source), [])
                known += sorted(set(numbers) - set(known))
    if differing:
        count = len({number for numbers in differing.values() for number in numbers})
        examples = (
            f"header {header_A:g} Å, used {used_A:g} Å ({source}) in {count_of(len(numbers), 'stack')}, "
            f"e.g. {stacks.files[numbers[0]].path}"
            for (header_A, used_A, source), numbers in differing.items()
        )
        message = f"{count_of(count, 'stack header')} with another pixel size than the one that is used"
        yield problem("pixel-size-disagrees", message, count=count, examples=examples)
