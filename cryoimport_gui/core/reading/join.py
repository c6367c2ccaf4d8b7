"""Several files of particles as one: rows in the order of the files, names and optics groups once."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..names import Names
from ..particles import Part, Particles, RowFault, Rows, row_fault
from ..problems import Problem, refuse
from .join_optics import JoinedOptics, join_optics
from .joined_star import joined_labels
from .reading import FileColumn, Reading, TextColumn

#: what rows of a file without this value get: what they would get if the file were imported alone
UNSAID = {
    "defocus_angle_deg": 0.0,
    "phase_shift_deg": 0.0,
    "ctf_scale": 1.0,
    "ctf_bfactor_A2": 0.0,
    "shift_px": 0.0,
    "shift_A": 0.0,
    "class_number": 1.0,
    "helical_tube": np.nan,  # not in a tube
}
#: what has to be there for all rows or for none, and the part of the import that it belongs to
FOR_ALL = {
    "defocus_u_A": Part.ALWAYS,
    "defocus_v_A": Part.ALWAYS,
    "rot_deg": Part.POSES,
    "tilt_deg": Part.POSES,
    "psi_deg": Part.POSES,
    "random_subset": Part.HALF_SETS,
    "coordinates_px": Part.COORDINATES,
}
_POSES_2D = ("rot_deg", "tilt_deg")  # unknown, where they are 0 in every row


def join(readings: Sequence[Reading]) -> Reading:
    """One reading of all files; takes the arrays of the others apart, so that no value stands in memory twice for long.

    A value that only some of the files have is a fault of the other files' rows, unless something is written for rows
    that lack it.  A column that was asked for is there if all files have it.

    Raises:
        Refused: Some files hold images, others picks alone.
    """
    parts = [reading.particles for reading in readings]
    picks = [part.files[0].path for part in parts if not part.has_images]
    if 0 < len(picks) < len(parts):
        message = f"{os.path.basename(picks[0])} holds picks alone, while other files hold images"
        raise refuse("meta-unreadable", message, hint="Import particles and picks one after the other.")
    counts = [len(part) for part in parts]
    starts = np.cumsum([0, *counts])
    optics = join_optics(parts)
    stack_names, stack_folders, stack_index = _stacks(parts)
    micrograph_names, micrograph_index = _micrographs(parts)
    aberration_names, aberrations = _aberrations(parts)
    _put_shifts_into_one_unit(parts)
    values = {name: _gathered(parts, name) for name in (*UNSAID, *FOR_ALL)}
    arrays: dict[str, Any] = {name: array for name, (array, _) in values.items()}
    joined = replace(
        parts[0],
        dialect=" and ".join(dict.fromkeys(part.dialect for part in parts)),
        stack_names=stack_names,
        stack_folders=stack_folders,
        stack_index=stack_index,
        image_number=np.concatenate([part.image_number for part in parts]),
        optics_groups=optics.groups,
        optics_index=np.concatenate([index[part.optics_index] for part, index in zip(parts, optics.index)]),
        has_optics=any(part.has_optics for part in parts),
        micrograph_names=Names(micrograph_names),
        micrograph_index=micrograph_index,
        aberrations=aberrations,
        aberration_names=aberration_names,
        placeholder=next((part.placeholder for part in parts if part.placeholder is not None), None),
        rows=np.arange(starts[-1]),
        line_of=_line_of([part.line_of for part in parts], starts),
        lone_columns=tuple(dict.fromkeys(lone for part in parts for lone in part.lone_columns)),
        columns_not_imported=list(dict.fromkeys(name for part in parts for name in part.columns_not_imported)),
        tables_not_imported=list(dict.fromkeys(name for part in parts for name in part.tables_not_imported)),
        column_names={name: label for part in reversed(parts) for name, label in part.column_names.items()},
        listed_groups=_listed(parts, optics),
        listed_names=tuple(dict.fromkeys(name for part in parts for name in part.listed_names)),
        no_joined_file=_why_not_in_one_file(readings, arrays),
        files=tuple(replace(part.files[0], group_numbers=its) for part, its in zip(parts, optics.numbers)),
        **arrays,
    )
    lacking = {name: without for name, (_, without) in values.items() if without}
    return Reading(
        joined,
        [*_faults(readings, joined, starts), *_missing(joined, lacking, starts)],
        [*optics.renumbered(parts), *_remarks(readings)],
        _enabled(readings, counts),
        _columns(readings),
        {path: state for reading in readings for path, state in reading.files.items()},
    )


def _why_not_in_one_file(readings: Sequence[Reading], arrays: dict[str, NDArray[np.float64] | None]) -> str:
    labels = [reading.labels for reading in readings if reading.labels is not None]
    if len(labels) < len(readings):
        return "the files are of formats whose rows cannot stand in one"
    shifts = arrays["shift_px"] if arrays["shift_A"] is None else arrays["shift_A"]
    return joined_labels(labels, shifts).why_not


def _line_of(of_parts: Sequence[Callable[[Rows], Rows]], starts: NDArray[np.int64]) -> Callable[[Rows], Rows]:
    def line_of(rows: Rows) -> Rows:
        rows = np.asarray(rows, np.int64)
        file = np.searchsorted(starts, rows, side="right") - 1
        lines = np.empty(len(rows), np.int64)
        for number in np.unique(file).tolist():
            its = file == number
            lines[its] = of_parts[number](rows[its] - starts[number])
        return lines

    return line_of


def _stacks(parts: Sequence[Particles]) -> tuple[list[str], list[str], NDArray[np.int32]]:
    """A name stands for another stack in a file of another folder, unless it is absolute."""
    known: dict[tuple[str, str], int] = {}
    codes = []
    for part in parts:
        folder = part.folder_of_stack(0)
        keys = (("" if name.startswith("/") else folder, name) for name in part.stack_names)
        numbers = np.array([known.setdefault(key, len(known)) for key in keys], np.int32)
        codes.append(numbers[part.stack_index])
    folders, names = zip(*known)
    return list(names), list(folders), np.concatenate(codes)


def _micrographs(parts: Sequence[Particles]) -> tuple[list[str], NDArray[np.int32] | None]:
    if all(part.micrograph_index is None for part in parts):
        return [], None
    named = [
        (part.micrograph_names, part.micrograph_index)
        if part.micrograph_index is not None
        else ([""], np.zeros(len(part), np.int32))
        for part in parts
    ]
    return _one_dictionary(named)


def _one_dictionary(parts: Sequence[tuple[Sequence[str], NDArray[np.int32]]]) -> tuple[list[str], NDArray[np.int32]]:
    known: dict[str, int] = {}
    codes = []
    for texts, own in parts:
        numbers = np.array([known.setdefault(text, len(known)) for text in texts], np.int32)
        codes.append(numbers[own] if len(numbers) else own)
    return list(known), np.concatenate(codes)


def _put_shifts_into_one_unit(parts: Sequence[Particles]) -> None:
    """Å, if any file has them: pixels are those of the file that they stand in.

    Pixels stay pixels where that file does not say how large they are; in Å these shifts are then nan.
    """
    if all(part.shift_A is None for part in parts):
        return
    for part in parts:
        if part.shift_A is not None or part.shift_px is None:
            part.shift_px = None
            continue
        sizes_A = np.array([group.file_pixel_size_A or np.nan for group in part.optics_groups])
        part.shift_A = part.shift_px * sizes_A[part.optics_index, None]
        if np.isfinite(sizes_A).all():
            part.shift_px = None


def _gathered(parts: Sequence[Particles], name: str) -> tuple[NDArray[np.float64] | None, list[int]]:
    """A value of all rows, and the files that should have it and do not."""
    arrays: list[NDArray[np.float64] | None] = [getattr(part, name) for part in parts]
    given = [array for array in arrays if array is not None]
    if not given:
        return None, []
    without = [number for number, array in enumerate(arrays) if array is None]
    unsaid = UNSAID.get(name, np.nan)
    if name in _POSES_2D and not any(array.any() for array in given):
        unsaid, without = 0.0, []
    whole = np.full((sum(map(len, parts)), *given[0].shape[1:]), unsaid)
    start = 0
    for part, array in zip(parts, arrays):
        if array is not None:
            whole[start : start + len(part)] = array
            setattr(part, name, None)
        start += len(part)
    return whole, without if name in FOR_ALL else []


def _aberrations(parts: Sequence[Particles]) -> tuple[tuple[str, ...], NDArray[np.float64] | None]:
    """Of each row, where some file has them so; else those of its group."""
    names = tuple(dict.fromkeys(name for part in parts for name in part.aberration_names))
    if not names:
        return (), None
    wholes = []
    for part in parts:
        of_groups = [[_strongest(group.aberrations.get(name), name) for name in names] for group in part.optics_groups]
        whole = np.array(of_groups)[part.optics_index]
        for column, name in enumerate(part.aberration_names):
            assert part.aberrations is not None
            whole[:, names.index(name)] = part.aberrations[:, column]
        wholes.append(whole)
    return names, np.concatenate(wholes)


def _strongest(coefficients: tuple[float, ...] | None, name: str) -> float:
    if coefficients:
        return max(coefficients, key=abs)
    return 1.0 if name in ("magnification_00", "magnification_11") else 0.0


def _listed(parts: Sequence[Particles], optics: JoinedOptics) -> tuple[int, ...]:
    numbers = {new[number] for part, new in zip(parts, optics.numbers) for number in part.listed_groups}
    return tuple(sorted(numbers))


def _faults(readings: Sequence[Reading], joined: Particles, starts: NDArray[np.int64]) -> list[RowFault]:
    """What is at fault in several files is one fault."""
    rows: dict[tuple[str, tuple[str, str], Part, str], list[Rows]] = {}
    for reading, start in zip(readings, starts):
        for fault in reading.faults:
            key = fault.problem.code, fault.what, fault.part, fault.column
            rows.setdefault(key, []).append(fault.rows + start)
    return [
        row_fault(joined, code, what, np.concatenate(its), part, column)
        for (code, what, part, column), its in rows.items()
    ]


def _missing(joined: Particles, lacking: dict[str, list[int]], starts: NDArray[np.int64]) -> list[RowFault]:
    faults = []
    for name, files in lacking.items():
        label = joined.called(name) if name != "coordinates_px" else joined.called("coordinate_x_px", "coordinate_y_px")
        rows = np.concatenate([np.arange(starts[file], starts[file + 1]) for file in files])
        what = ("row", f"without {label}, which rows of another file have")
        faults.append(row_fault(joined, "value-not-finite", what, rows, FOR_ALL[name]))
    return faults


def _remarks(readings: Sequence[Reading]) -> list[Problem]:
    files = Names(reading.particles.files[0].path for reading in readings).told_apart
    return [
        replace(remark, message=f"{file}: {remark.message}")
        for file, reading in zip(files, readings)
        for remark in reading.remarks
    ]


def _enabled(readings: Sequence[Reading], counts: Sequence[int]) -> NDArray[np.bool_] | None:
    if all(reading.enabled is None for reading in readings):
        return None
    return np.concatenate(
        [np.ones(n, bool) if reading.enabled is None else reading.enabled for reading, n in zip(readings, counts)]
    )


def _columns(readings: Sequence[Reading]) -> dict[str, FileColumn]:
    whole: dict[str, FileColumn] = {}
    for label in readings[0].columns:
        columns: list[Any] = [reading.columns.get(label) for reading in readings]
        if all(isinstance(column, TextColumn) for column in columns):
            whole[label] = TextColumn(*_one_dictionary([(column.values, column.codes) for column in columns]))
        elif all(isinstance(column, np.ndarray) for column in columns):
            whole[label] = np.concatenate(columns)
    return whole
