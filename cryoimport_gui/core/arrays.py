"""Names for arrays of numbers, and what several rooms count in them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
Integers = NDArray[np.integer[Any]]


def rank_in_run(keys: Integers) -> NDArray[np.int64]:
    """(n,) how many equal entries stand directly before each; of sorted keys, 0 is the first of each."""
    starts = np.flatnonzero(np.diff(keys, prepend=keys[:1] - 1))
    return np.arange(len(keys)) - np.repeat(starts, np.diff(starts, append=len(keys)))
