"""Numbers that stand for "not known": nothing is made up for them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ..particles import Part, Particles, RowFault, row_fault

_ANGLES = ("rot_deg", "tilt_deg", "psi_deg")


def without_placeholders(particles: Particles) -> tuple[Particles, list[RowFault]]:
    """Drop what is not known for any of these particles, and name the rows of which some of the rest is not known.

    Where psi alone is known, the pose is one in the plane: rot and tilt go together.
    """
    columns = {name: values for name in (*_ANGLES, "class_number") if (values := getattr(particles, name)) is not None}
    if particles.placeholder is None or not len(particles):
        return particles, []
    is_unknown = {name: values == particles.placeholder for name, values in columns.items()}
    if not any(rows.any() for rows in is_unknown.values()):
        return particles, []
    nowhere = {name for name, rows in is_unknown.items() if rows.all()}
    drop = set(nowhere)
    if "psi_deg" in nowhere or nowhere & {"rot_deg", "tilt_deg"}:
        drop |= columns.keys() & {"rot_deg", "tilt_deg"}
    some = [name for name, rows in is_unknown.items() if name not in drop and rows.any()]
    dropped: dict[str, Any] = dict.fromkeys(drop)
    known = replace(particles, unknown=frozenset(nowhere), **dropped)
    if not some or not known.poses:
        return known, []
    rows = np.flatnonzero(np.any([is_unknown[name] for name in some], axis=0))
    called = [particles.called(name) for name in some]
    listed = " or ".join([", ".join(called[:-1]), called[-1]] if called[1:] else called)
    what = ("row", f"with the placeholder {particles.placeholder:g} for {listed}")
    return known, [row_fault(known, "pose-placeholder", what, rows, Part.POSES)]
