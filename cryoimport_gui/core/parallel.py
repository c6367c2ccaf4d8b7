"""The same small file operation on thousands of files, in threads where the file system is slow."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from time import perf_counter
from typing import TypeVar

from .progress import Progress, quiet

T = TypeVar("T")
R = TypeVar("R")

_TRIAL = 16
_SLOW_S = 3e-4  # on a local disk an open, a stat and a read take 20-50 µs, and threads only make them slower
_MAX_THREADS = 64
_BATCH = 256


def map_files(operation: Callable[[T], R], items: Sequence[T], progress: Progress = quiet) -> Iterator[R]:
    """`map(operation, items)` in order; the time of the first few decides whether threads are worth it.

    With a latency L much above the work itself, n threads take 1/n of the time until the interpreter is busy, so
    their number grows with L.
    """
    total = len(items)
    started = perf_counter()
    for done, item in enumerate(islice(items, _TRIAL), 1):
        yield operation(item)
        progress.step(done, total)
    rest = items[_TRIAL:]
    mean = (perf_counter() - started) / _TRIAL
    if not rest or mean < _SLOW_S:
        for done, item in enumerate(rest, _TRIAL + 1):
            yield operation(item)
            if done % 64 == 0:
                progress.step(done, total)
        return
    threads = max(4 * (os.cpu_count() or 1), min(_MAX_THREADS, int(mean / _SLOW_S * 8)))
    with ThreadPoolExecutor(min(threads, _MAX_THREADS)) as pool:
        for start in range(0, len(rest), _BATCH):
            progress.step(_TRIAL + start, total)
            yield from pool.map(operation, rest[start : start + _BATCH])
