"""Microscope values of each optics group: from the file, the exposures, the stack headers, and the user's overrides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .exposures import Exposures
from .parameters import BadParameter, ImportParameters, check_microscope_value, flag
from .particles import MICROSCOPE_VALUES, OpticsGroup, Particles, Value
from .problems import Problem, problem
from .stacks import Stacks

#: the columns that a value can come from, as named when it is missing
_COLUMNS = {
    "pixel_size_A": "rlnImagePixelSize",
    "voltage_kV": "rlnVoltage",
    "cs_mm": "rlnSphericalAberration",
    "amplitude_contrast": "rlnAmplitudeContrast",
}
_NEEDED_FOR_CTF = ("voltage_kV", "cs_mm", "amplitude_contrast")


def resolve_groups(
    particles: Particles,
    stacks: Stacks | None,
    exposures: Exposures | None,
    exposure_of_row: NDArray[np.int64] | None,
    parameters: ImportParameters,
) -> tuple[list[OpticsGroup], list[Problem]]:
    """Fill in what the file does not give, then apply the overrides.

    What comes from the file is never changed except by an override, and an override of the pixel size leaves
    `file_pixel_size_A` alone, so it does not move particles.

    Returns:
        The groups in the same order, and what is missing, was assumed or makes no sense.
    """
    groups = [replace(group) for group in particles.optics_groups]
    problems: list[Problem] = []
    used = [i for i, group in enumerate(groups) if group.particles]
    for i in used:
        rows = particles.optics_index == i
        if stacks and groups[i].pixel_size_A is None:
            groups[i].pixel_size_A = _header_pixel_size(stacks, particles, rows)
        if exposures and exposure_of_row is not None:
            _from_exposures(groups[i], exposures, np.unique(exposure_of_row[rows]))
    assumed = [groups[i] for i in used if (size := groups[i].pixel_size_A) and size.source == "stack header"]
    if assumed:
        message = "the STAR file gives no pixel size; that of the stack headers is used"
        examples = [f"{group.name}: {group.pixel_size_A.value:g} Å" for group in assumed if group.pixel_size_A]
        hint = "Headers are often wrong: check it, or give --pixel-size."
        problems.append(problem("pixel-size-disagrees", message, count=len(assumed), examples=examples, hint=hint))
    _override(groups, parameters)
    for i in used:
        size = groups[i].pixel_size_A
        if groups[i].file_pixel_size_A is None and size:
            groups[i].file_pixel_size_A = size.value
    problems += _missing([groups[i] for i in used], needs_ctf=particles.defocus_u_A is not None)
    problems += _unknown_overrides(groups, parameters)
    return groups, problems


def _header_pixel_size(stacks: Stacks, particles: Particles, rows: NDArray[np.bool_]) -> Value | None:
    numbers = np.unique(stacks.of_rows(particles)[rows])
    headers = [stacks.files[n].header for n in numbers if n >= 0]
    sizes = [header.pixel_size_A for header in headers if header and header.pixel_size_A]
    return Value(float(np.median(sizes)), "stack header") if sizes else None


def _from_exposures(group: OpticsGroup, exposures: Exposures, numbers: NDArray[np.int64]) -> None:
    """Take over what the file lacks and all linked exposures of the group agree on."""
    numbers = numbers[numbers >= 0]
    for name, values in exposures.microscope.items():
        if name in MICROSCOPE_VALUES and getattr(group, name) is None and len(numbers):
            value = float(values[numbers[0]])
            if np.isfinite(value) and np.allclose(values[numbers], value):
                setattr(group, name, Value(value, "exposures"))


def _override(groups: list[OpticsGroup], parameters: ImportParameters) -> None:
    for name, parameter in MICROSCOPE_VALUES.items():
        overrides = getattr(parameters, parameter)
        for group in groups:
            value = overrides.get(group.id, overrides.get(None))
            if value is not None:
                setattr(group, name, Value(value, "you"))


def _missing(groups: list[OpticsGroup], needs_ctf: bool) -> Iterator[Problem]:
    for name, column in _COLUMNS.items():
        if name != "pixel_size_A" and not needs_ctf:
            continue
        parameter = MICROSCOPE_VALUES[name]
        lacking = [group for group in groups if getattr(group, name) is None]
        if lacking:
            message = f"no {column} in the STAR file for {len(lacking)} of {len(groups)} optics groups"
            yield _missing_problem(message, parameter, column, lacking)
        impossible = []
        for group in groups:
            value = getattr(group, name)
            try:
                if value and np.isfinite(value.value):
                    check_microscope_value(parameter, value.value)
            except BadParameter:
                impossible.append(group)
        if impossible:
            value = getattr(impossible[0], name)
            message = f"{column} cannot be {value.value:g} ({value.source})"
            yield _missing_problem(message, parameter, column, impossible)


def _missing_problem(message: str, parameter: str, column: str, groups: list[OpticsGroup]) -> Problem:
    hint = f"Give {flag(parameter)}, or add the column {column}."
    examples = [f"optics group {group.id} ({group.name})" for group in groups]
    return problem("microscope-value-missing", message, count=len(groups), examples=examples, hint=hint)


def _unknown_overrides(groups: list[OpticsGroup], parameters: ImportParameters) -> Iterator[Problem]:
    ids = {group.id for group in groups}
    for parameter in MICROSCOPE_VALUES.values():
        unknown = [group for group in getattr(parameters, parameter) if group is not None and group not in ids]
        if unknown:
            known = ", ".join(str(n) for n in sorted(ids))
            message = f"{flag(parameter)} names optics group {unknown[0]}, but the file has only {known}"
            hint = "Give the number of an optics group that the file has."
            yield problem("microscope-value-missing", message, count=len(unknown), hint=hint)
