"""Stacks in forms that CryoSPARC may read differently: its public reader takes other values from them, or none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ..problems import Problem, count_of, problem
from .stacks import Stack

_EXTENSIONS = (".mrc", ".mrcs")


def doubtful_format(used: Sequence[Stack], signs: tuple[int, int] | None) -> Iterator[Problem]:
    """A remark on stacks of bytes, in the other byte order, or with other names than MRC files have.

    Args:
        signs: The data signs by the bytes as signed and as unsigned numbers, if these were compared; 0 is unclear.
    """
    read = [(file, file.header) for file in used if file.header]
    bytes_ = [file for file, header in read if header.mode == 0]
    kinds = {
        "8-bit values (mode 0)": bytes_,
        "big-endian": [file for file, header in read if header.byte_order == ">"],
        "a name that ends neither in .mrc nor in .mrcs": [f for f, _ in read if not f.path.endswith(_EXTENSIONS)],
    }
    kinds = {kind: files for kind, files in kinds.items() if files}
    if not kinds:
        return
    count = len({file.path for files in kinds.values() for file in files})
    message = f"{count_of(count, 'stack')} that CryoSPARC may read differently: "
    message += ", ".join(f"{kind} in {len(files)}" for kind, files in kinds.items())
    hint = None
    if bytes_:
        unsigned = sum(header.is_unsigned for _, header in read)
        ways = {"signed": len(bytes_) - unsigned, "unsigned": unsigned}
        message += f"; bytes are read as {' and '.join(f'{way} in {n}' for way, n in ways.items() if n)}"
    if signs and 0 not in signs and signs[0] != signs[1]:
        message += f"; as signed bytes the pictures give the data sign {signs[0]:+d}, as unsigned bytes {signs[1]:+d}"
        hint = "The data sign depends on how the bytes are read: convert these stacks to mode 2 (float32) or 12 "
        hint += "(float16) first, then import."
    examples = (f"{file.path}: {kind}" for kind, files in kinds.items() for file in files)
    yield problem("stack-format-doubtful", message, count=count, examples=examples, hint=hint)


def both_readings(images: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Images of bytes as signed and as unsigned numbers, whichever they were read as."""
    return np.where(images > 127, images - 256, images), np.where(images < 0, images + 256, images)
