from __future__ import annotations

from collections.abc import Sequence
from threading import get_ident

import pytest

from cryoimport_gui.core import parallel
from cryoimport_gui.core.parallel import map_batches
from cryoimport_gui.core.progress import Cancelled, Progress

FAST_S, SLOW_S = 2e-5, 2e-3


class FileSystem:
    """Time passes only here: `slow_from` is the first item that makes its caller wait."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, slow_from: int) -> None:
        self.slow_from = slow_from
        self.now = self.busy = 0.0
        self.batches: list[int] = []
        self.threads: list[int] = []
        monkeypatch.setattr(parallel, "perf_counter", lambda: self.now)
        monkeypatch.setattr(parallel, "thread_time", lambda: self.busy)

    def read(self, items: Sequence[int]) -> list[int]:
        self.batches.append(len(items))
        self.threads.append(get_ident())
        for item in items:
            self.busy += FAST_S
            self.now += FAST_S + (SLOW_S if item >= self.slow_from else 0)
        return [-item for item in items]


@pytest.mark.parametrize("count", [0, 1, 16, 17, 5000])
def test_a_fast_file_system_needs_no_threads(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    files = FileSystem(monkeypatch, slow_from=count)
    assert list(map_batches(files.read, range(count))) == [-item for item in range(count)]
    assert set(files.threads) <= {get_ident()}


@pytest.mark.parametrize("slow_from", [0, 1000])
def test_threads_take_over_where_it_becomes_slow(monkeypatch: pytest.MonkeyPatch, slow_from: int) -> None:
    """The first files may be in the cache of the machine, as they have just been looked at."""
    files = FileSystem(monkeypatch, slow_from)
    assert list(map_batches(files.read, range(5000))) == [-item for item in range(5000)]
    here = [size for size, thread in zip(files.batches, files.threads) if thread == get_ident()]
    elsewhere = [size for size, thread in zip(files.batches, files.threads) if thread != get_ident()]
    assert slow_from < sum(here) < slow_from + 600 and sum(elsewhere) == 5000 - sum(here)
    assert max(elsewhere) * (FAST_S + SLOW_S) < 0.5  # soon enough to hear of a cancel


@pytest.mark.parametrize("slow_from", [0, 10**6])
def test_a_cancel_ends_it_and_the_threads(monkeypatch: pytest.MonkeyPatch, slow_from: int) -> None:
    files = FileSystem(monkeypatch, slow_from)
    with pytest.raises(Cancelled):
        list(map_batches(files.read, range(10_000), Progress(lambda: len(files.batches) > 3)))
