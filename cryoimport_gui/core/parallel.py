"""The same small file operation on thousands of files, in threads where the file system is slow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from time import perf_counter, thread_time
from typing import TypeVar

from .progress import Progress, quiet

T = TypeVar("T")
R = TypeVar("R")

_TRIAL = 16
_SLOW_S = 3e-4  # on a local disk an open, a stat and a read take 20-50 µs, and threads only make them slower
_MAX_THREADS = 64
_BATCH = 256


def map_files(operation: Callable[[T], R], items: Sequence[T], progress: Progress = quiet) -> Iterator[R]:
    """`map(operation, items)` in order, in as many threads as the first few say are of use.

    That is how many take turns on the processor while one waits for the file system: n threads take 1/n of the
    time, until the processor is busy.  Where it is busy from the start, there are none.
    """
    total = len(items)
    started, busy = perf_counter(), thread_time()
    for done, item in enumerate(islice(items, _TRIAL), 1):
        yield operation(item)
        progress.step(done, total)
    rest = items[_TRIAL:]
    spent, busy = perf_counter() - started, thread_time() - busy
    if not rest or spent - busy < _TRIAL * _SLOW_S:
        for done, item in enumerate(rest, _TRIAL + 1):
            yield operation(item)
            if done % 64 == 0:
                progress.step(done, total)
        return
    threads = min(_MAX_THREADS, 1 + int(spent / busy) if busy > 0 else _MAX_THREADS)
    with ThreadPoolExecutor(threads) as pool:
        for start in range(0, len(rest), _BATCH):
            progress.step(_TRIAL + start, total)
            yield from pool.map(operation, rest[start : start + _BATCH])
