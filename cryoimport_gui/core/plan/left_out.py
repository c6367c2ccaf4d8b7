"""Rows that cannot be imported stop the import, or are left out; likewise particles without an exposure."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..particles import Fault
from ..problems import Severity, count_of, problem
from .plan import Doubtful, ImportPlan


def leave_out(plan: ImportPlan, faults: Sequence[Fault]) -> NDArray[np.bool_]:
    """Set the plan's `particles`, `left_out` and `doubtful`, and add the problems of the faults.

    Returns:
        (N,) of `all_particles`: rows without a fault that the policies do not leave out.
    """
    particles = plan.all_particles
    assert particles is not None
    good, keep = np.ones((2, len(particles)), bool)
    for fault in faults:
        good[fault.rows] = False
    unmatched = plan.matching.of_rows(particles) < 0 if plan.matching else ~keep
    plan.doubtful = Doubtful(*(int(rows.sum()) for rows in (~good, unmatched, ~good & unmatched)))

    def drop(rows: NDArray[np.int64], code: str) -> None:
        before = plan.left_out.get(code, rows[:0])
        plan.left_out[code] = np.concatenate([before, rows[keep[rows]]])
        keep[rows] = False

    if plan.parameters.on_bad == "leave-out" and good.any():
        for fault in faults:
            left = f"{fault.problem.message}; left out: {count_of(len(fault.rows), 'row')}"
            plan.problems.append(dataclasses.replace(fault.problem, severity=Severity.WARNING, message=left))
            drop(fault.rows, fault.problem.code)
    else:
        none_left = "; no row would be left" if plan.parameters.on_bad == "leave-out" else ""
        plan.problems += [
            dataclasses.replace(fault.problem, message=fault.problem.message + none_left) for fault in faults
        ]
    if plan.matching and plan.parameters.on_unmatched == "leave-out" and unmatched.any():
        drop(np.flatnonzero(unmatched), "exposure-unmatched")
        if not keep.any():
            plan.problems.append(problem("exposure-unmatched", "no particle has a matching exposure", count=len(keep)))
    plan.particles = particles.select(keep)
    return good & keep
