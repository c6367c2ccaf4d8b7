"""`rejected.star`: the rows that were left out, whole, with the reason in one more column."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..names import Names
from ..particles import InputFile, Particles
from ..plan.plan import ImportPlan
from ..reading.formats import format_of
from ..reading.reading import RawRows
from ..reading.star import row_tokens

_FILE, _REASON = "cryoimportFile", "cryoimportReason"
_NOTHING = b"None"  # in a column that the file of a row does not have


def rejected_table(plan: ImportPlan) -> bytes:
    """The text of the file; of a format without rows of text, the numbers of the rows.

    Rows of several files have one more column, with the name of the file.

    Raises:
        Refused: A file of particles is no longer what was read.
    """
    particles = plan.all_particles
    assert particles is not None
    left_out = np.concatenate(list(plan.left_out.values()))
    codes = np.repeat(list(plan.left_out), [len(rows) for rows in plan.left_out.values()])
    order = np.argsort(left_out)
    rows = left_out[order]
    of_rows = particles.file_of(particles.rows[rows])
    parts = [_raw_rows(particles, file.path, rows[of_rows == number]) for number, file in enumerate(plan.inputs)]
    raw = _together(plan.inputs, parts)
    reason = _REASON
    while reason in raw.labels:
        reason += "Again"
    labels = "".join(f"_{label} #{number}\n" for number, label in enumerate([*raw.labels, reason], 1))
    head = f"data_{raw.table or 'particles'}\n\nloop_\n{labels}".encode("utf-8", "surrogateescape")
    reasons = (f" {code}\n".encode() for code in codes[order].tolist())
    return head + b"".join(row + why for row, why in zip(raw.rows, reasons))


def _raw_rows(particles: Particles, path: str, rows: NDArray[np.int64]) -> RawRows:
    """Rows of one file as they stand in it; where they are no text, their numbers, and without images their files."""
    lines = particles.line_of(particles.rows[rows]).tolist()
    if raw_rows := format_of(path).raw_rows:
        return raw_rows(path, lines)
    if particles.has_images:
        return RawRows("particles", ["cryoimportRow"], [b"%d" % line for line in lines])
    files = [os.fsencode(os.path.abspath(name)) for name in particles.stack_names]
    of_rows = particles.stack_index[rows].tolist()
    texts = [b'"%b" %d' % (files[number], line) for number, line in zip(of_rows, lines)]
    return RawRows("particles", [_FILE, "cryoimportRow"], texts)


def _together(files: Sequence[InputFile], parts: Sequence[RawRows]) -> RawRows:
    """Rows of all files in one table, with all columns that any has."""
    if len(parts) == 1:
        return parts[0]
    labels = list(dict.fromkeys(label for part in parts if part.rows for label in part.labels))
    rows = []
    for name, part in zip(Names(file.path for file in files).told_apart, parts):
        file = os.fsencode(name.replace('"', "'"))
        if any(c in name for c in " \t\"'#"):
            file = b'"' + file + b'"'
        place = {label: at for at, label in enumerate(part.labels)}
        for raw in part.rows:
            tokens = row_tokens(raw)
            rows.append(b" ".join([*(tokens[place[one]] if one in place else _NOTHING for one in labels), file]))
    return RawRows("particles", [*labels, _FILE], rows)
