"""What restored particles keep of the originals: which fields, and for which rows.

A slot that the file of particles does not speak of is the original's.  CTF is the original's, aberrations included,
where the file still has its defocus: then nothing was refitted.  Poses, half-sets and classes are the file's; what
belongs to a pose (its error, its weight, …) stays where the pose is still the same.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ..dataset.cs_reader import DatasetColumn, Texts
from ..dataset.poses import rotation_vectors, turns_deg
from ..dataset.schema import SCHEMA, DatasetRows, Field, FieldValue
from ..particles import Particles
from .originals import Originals

CTF_ABERRATIONS = ("tilt_A", "trefoil_A", "tetra_A", "anisomag")
ORIGINAL = "the original"
_POSE = ("pose", "shift", "psize_A")
_MOST_DECIMALS = 6
#: a pose whose angles and shifts were printed and read again
_SAME_POSE_DEG, _SAME_SHIFT_PX = 0.01, 0.01
_SAMPLE = 10_000


def merged_fields(
    originals: Originals, particles: Particles, own: Sequence[Field], left_out: Collection[str], chosen: Collection[str]
) -> tuple[Field, ...]:
    """The fields of a restored set: the originals', in their order, then those that they do not have.

    Args:
        particles: The particles that are imported.
        own: What is written from the file of particles.
        left_out: Slots that are not written.
        chosen: Fields whose value the user has chosen, which is then no longer the original's.
    """
    of_file = {field.name: field for field in own}
    schema = {field.name: field for fields in SCHEMA.values() for field in fields}
    slots = {field.slot for field in own}
    fields: list[Field] = []

    def keeps_its_pose(rows: DatasetRows) -> NDArray[np.bool_]:
        if "keeps_pose" not in rows.shared:
            rows.shared["keeps_pose"] = keeps_pose(rows.particles, originals, _rows(rows), rows.shift_px)
        return rows.shared["keeps_pose"]

    for name, column in originals.columns.items():
        slot, _, what = name.partition("/")
        its = of_file.get(name) or (schema.get(name) if name in chosen else None)
        if slot in left_out and slot not in slots:
            continue
        kept = _carried(name, column)
        if its is None or (slot == "ctf" and what == "exp_group_id"):
            fields.append(kept)
        elif slot == "ctf" and name not in chosen:
            fields.append(_mixed(kept, its, lambda r: r.particles.keeps_ctf, "where defocus is still its, else"))
        elif slot.startswith("alignments") and what not in _POSE:
            if its.of and all(getattr(particles, column, None) is None for column in its.of):
                fields.append(kept)
            else:
                is_own = bool(its.of)
                fields.append(its if is_own else _mixed(kept, its, keeps_its_pose, "where the pose is still its, else"))
        else:
            fields.append(dataclasses.replace(its, dtype=kept.dtype if its.dtype != "S" else "S"))
    there = {field.name for field in fields}
    return (*fields, *(field for field in own if field.name not in there))


def is_carried(field: Field) -> bool:
    return field.origin.startswith(ORIGINAL)


def _carried(name: str, column: DatasetColumn) -> Field:
    """A field with the values of the originals, of their type."""
    if isinstance(column, Texts):
        texts, codes = np.array([text.encode() for text in column.values] or [b""]), column.codes
        return Field(
            name, "S", lambda r: texts[codes[_rows(r)]], ORIGINAL, codes.shape[1:], length=texts.dtype.itemsize
        )
    return Field(name, column.dtype.str[1:], lambda r: column[_rows(r)], ORIGINAL, column.shape[1:])


def _rows(rows: DatasetRows) -> NDArray[np.int64]:
    assert rows.particles.original_row is not None
    return rows.particles.original_row


def _mixed(kept: Field, own: Field, where: FieldValue, words: str) -> Field:
    """The original's value in some rows, the file's in the others."""

    def value(rows: DatasetRows) -> NDArray:
        keeps = where(rows)
        original = kept.value(rows) if callable(kept.value) else kept.value
        of_file = own.value(rows) if callable(own.value) else own.value
        return np.where(keeps.reshape(-1, *[1] * len(kept.shape)), original, of_file)

    origin = f"{ORIGINAL} {words} {own.origin}"
    return dataclasses.replace(kept, value=value, origin=origin, length=max(kept.length, len(b"imported")))


def keeps_ctf(particles: Particles, originals: Originals, row: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(N,) whether defocus, its angle and the phase shift are those of the original, as far as they were printed.

    A file that says nothing of CTF changes nothing.
    """
    if particles.defocus_u_A is None:
        return np.ones(len(particles), bool)
    same = np.ones(len(particles), bool)
    u = particles.defocus_u_A
    v = u if particles.defocus_v_A is None else particles.defocus_v_A
    for values, name, unit, period in (
        (u, "ctf/df1_A", 1.0, 0.0),
        (v, "ctf/df2_A", 1.0, 0.0),
        (particles.defocus_angle_deg, "ctf/df_angle_rad", 180 / np.pi, 180.0),
        (particles.phase_shift_deg, "ctf/phase_shift_rad", 180 / np.pi, 0.0),
    ):
        column = originals.numbers(name)
        if column is None:
            return np.zeros(len(particles), bool)
        theirs = column[row] * unit
        ours = np.zeros(len(particles)) if values is None else values
        away = np.abs(ours - theirs)
        if period:
            away = np.minimum(away % period, -away % period)
        rounding = 4 * np.abs(theirs) * np.finfo(np.float32).eps
        same &= away <= rounding + (0 if values is None else _printed_precision(values))
    return same & (row >= 0)


def _printed_precision(values: NDArray[np.float64]) -> float:
    """Half a unit of the last decimal that a column was printed with."""
    some = values[:: max(1, len(values) // _SAMPLE)]
    for decimals in range(_MOST_DECIMALS):
        scaled = some * 10.0**decimals
        if (np.abs(scaled - np.rint(scaled)) <= 1e-6 + 1e-12 * np.abs(scaled)).all():
            return 0.5 * 10.0**-decimals
    return 0.5 * 10.0**-_MOST_DECIMALS


def keeps_pose(
    particles: Particles, originals: Originals, row: NDArray[np.int64], shift_px: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """(N,) whether the pose of the file is that of the original.

    Args:
        shift_px: (N, 2) as it is written.
    """
    if not particles.poses:
        return np.ones(len(particles), bool)
    slot = f"alignments{particles.poses}"
    pose = originals.numbers(f"{slot}/pose", *((3,) if particles.poses == "3D" else ()))
    shift = originals.numbers(f"{slot}/shift", 2)
    if pose is None or shift is None:
        return np.zeros(len(particles), bool)
    assert particles.psi_deg is not None
    moved = np.abs(shift_px - shift[row]).max(axis=1)
    if pose.ndim == 1:
        turned = np.abs(particles.psi_deg - np.degrees(pose[row])) % 360
        turned = np.minimum(turned, 360 - turned)
    else:
        rot, tilt = (np.zeros(len(row)) if a is None else a for a in (particles.rot_deg, particles.tilt_deg))
        turned = turns_deg(rotation_vectors(rot, tilt, particles.psi_deg), pose[row].astype(np.float64))
    return (turned <= _SAME_POSE_DEG) & (moved <= _SAME_SHIFT_PX) & (row >= 0)


def has_aberrations(originals: Originals, row: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(n,) whether an original has an aberration that CryoSPARC has fitted."""
    found = np.zeros(len(row), bool)
    for column in _aberrations(originals):
        found |= column[row].any(axis=tuple(range(1, column.ndim)))
    return found


def _aberrations(originals: Originals) -> Iterator[NDArray]:
    for name in CTF_ABERRATIONS:
        column = originals.columns.get(f"ctf/{name}")
        if isinstance(column, np.ndarray):
            yield column
