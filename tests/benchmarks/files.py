"""Headers and links: on a warm local disk, and with the latency of a network file system."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import mrcfile

from cryoimport_gui.core.parallel import map_batches, map_files
from cryoimport_gui.core.stacks import mrc

from .made_star import make_stacks

STACKS, LATENCY_S, ROUNDS = 2_000, 0.002, 9
SLOW_STACKS = 20_000
_SLOWED = ("open", "pread")


def run() -> Iterator[tuple[str, str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(path) for path in make_stacks(Path(folder), STACKS, images=20)]
        files = [(path, os.path.getsize(path)) for path in paths]
        own, theirs, floor = medians(
            lambda: list(map_batches(mrc.read_headers, files)),
            lambda: [mrcfile.open(path, header_only=True).close() for path in paths[:500]],
            lambda: [_bare(path) for path in paths],
        )
        yield "headers: time / mrcfile.open(header_only)", f"{own / (theirs * STACKS / 500):.3f}", "at most 0.10"
        yield "headers: time / a bare pread of each", f"{own / floor:.3f}", "floor 1"
        with latency():
            many = files * (SLOW_STACKS // STACKS)
            spent = _seconds(lambda: list(map_batches(mrc.read_headers, many)))
        serial = SLOW_STACKS * len(_SLOWED) * LATENCY_S
        yield f"headers of {SLOW_STACKS:,} at 2 ms: time / serial", f"{spent / serial:.3f}", "at most 0.06"
        links = Path(folder) / "links"

        def linked(make: Callable[[Callable[[int], None]], object]) -> Callable[[], None]:
            def once() -> None:
                links.mkdir()
                make(lambda i: os.symlink(paths[i], links / f"{i:021d}_x.mrcs"))
                for link in links.iterdir():
                    link.unlink()
                links.rmdir()

            return once

        own, bare = medians(
            linked(lambda link: list(map_files(link, range(STACKS)))),
            linked(lambda link: [link(i) for i in range(STACKS)]),
        )
        yield "links: time / a bare loop (removal included in both)", f"{own / bare:.3f}", "at most 1.30"


def _bare(path: str) -> None:
    fd = os.open(path, os.O_RDONLY)
    os.pread(fd, 1024, 0)
    os.close(fd)


@contextmanager
def latency() -> Iterator[None]:
    """Every open and read takes two milliseconds more, as over a network."""
    originals = {name: getattr(os, name) for name in _SLOWED}

    def slow(original: Callable) -> Callable:
        def operation(*args, **kwargs):
            time.sleep(LATENCY_S)
            return original(*args, **kwargs)

        return operation

    for name, original in originals.items():
        setattr(os, name, slow(original))
    try:
        yield
    finally:
        for name, original in originals.items():
            setattr(os, name, original)


def medians(*ways: Callable[[], object]) -> list[float]:
    """Median seconds of each, run in turn."""
    rounds = [[_seconds(way) for way in ways] for _ in range(ROUNDS)]
    return [statistics.median(column) for column in zip(*rounds)]


def _seconds(way: Callable[[], object]) -> float:
    started = time.perf_counter()
    way()
    return time.perf_counter() - started
