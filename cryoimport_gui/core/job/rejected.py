"""`rejected.star`: the rows that were left out, whole, with the reason in one more column."""

from __future__ import annotations

import numpy as np

from ..plan.plan import ImportPlan
from ..reading.formats import format_of
from ..reading.reading import RawRows


def rejected_table(plan: ImportPlan) -> bytes:
    """The text of the file; of a format without rows of text, the numbers of the rows.

    Raises:
        Refused: The file of particles is no longer what was read.
    """
    particles, path = plan.all_particles, plan.inputs[0].path
    assert particles is not None
    left_out = np.concatenate(list(plan.left_out.values()))
    codes = np.repeat(list(plan.left_out), [len(rows) for rows in plan.left_out.values()])
    order = np.argsort(left_out)
    lines = particles.line_of(particles.rows[left_out[order]]).tolist()
    raw_rows = format_of(path).raw_rows
    raw = raw_rows(path, lines) if raw_rows else RawRows("particles", ["cryoimportRow"], [b"%d" % n for n in lines])
    reason = "cryoimportReason"
    while reason in raw.labels:
        reason += "Again"
    labels = "".join(f"_{label} #{number}\n" for number, label in enumerate([*raw.labels, reason], 1))
    head = f"data_{raw.table or 'particles'}\n\nloop_\n{labels}".encode("utf-8", "surrogateescape")
    reasons = (f" {code}\n".encode() for code in codes[order].tolist())
    return head + b"".join(row + why for row, why in zip(raw.rows, reasons))
