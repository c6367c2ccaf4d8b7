"""The same small file operation on thousands of files, in threads where the file system is slow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter, thread_time
from typing import TypeVar

from .progress import Progress, quiet

T = TypeVar("T")
R = TypeVar("R")

_SLOW_S = 3e-4  # on a local disk an open, a stat and a read take 20-50 µs, and threads only make them slower
_TRIAL = 16
_MAX_BATCH = 256
_BATCH_S = 0.05  # then progress is reported, and a cancel is noticed
_MAX_THREADS = 64


def map_files(operation: Callable[[T], R], items: Sequence[T], progress: Progress = quiet) -> Iterator[R]:
    """`map(operation, items)` in order, in threads where the file system is slow."""
    return map_batches(lambda some: [operation(item) for item in some], items, progress)


def map_batches(
    operation: Callable[[Sequence[T]], Sequence[R]], items: Sequence[T], progress: Progress = quiet
) -> Iterator[R]:
    """The results of an operation that takes some items at a time, in order, in as many threads as are of use.

    There are none until a batch waits for the file system.  Then there are as many as take turns on the processor
    while one waits: n threads take 1/n of the time, until the processor is busy.
    """
    done, total, threads, size = 0, len(items), 0, 1
    counted, spent, busy = 0, 0.0, 0.0
    while done < total and not threads:
        some = items[done : done + size]
        wall, cpu = perf_counter(), thread_time()
        results = operation(some)
        spent, busy = spent + perf_counter() - wall, busy + thread_time() - cpu
        yield from results
        done, counted = done + len(some), counted + len(some)
        size = max(1, min(_MAX_BATCH, _TRIAL * size, int(_BATCH_S * counted / max(spent, 1e-9))))
        progress.step(done, total)
        if counted >= _TRIAL:
            if spent - busy > counted * _SLOW_S:
                threads = min(_MAX_THREADS, 1 + int(spent / busy)) if busy > 0 else _MAX_THREADS
            counted, spent, busy = 0, 0.0, 0.0
    if done == total:
        return
    pool = ThreadPoolExecutor(threads)
    try:
        for results in pool.map(operation, [items[first : first + size] for first in range(done, total, size)]):
            yield from results
            done += len(results)
            progress.step(done, total)
    finally:
        pool.shutdown(cancel_futures=True)
