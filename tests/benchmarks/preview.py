"""The first montage of particles scattered over one large stack, cold; and drawing it again."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import mrcfile
import numpy as np
from PySide6.QtWidgets import QApplication

from cryoimport_gui.core.looks.tiles import DEFAULT_OPTIONS, Tiles, page_tiles
from cryoimport_gui.core.particles import OpticsGroup, Particles, Value
from cryoimport_gui.core.pictures.tiles import make_tiles
from cryoimport_gui.core.reading.relion import read_particles
from cryoimport_gui.core.stacks.sample import ParticleImages, Selection, read_sample
from cryoimport_gui.core.stacks.stacks import Stacks, find_stacks

BOX, IMAGES, TILES, ROUNDS, REDRAWS = 256, 8_000, 100, 7, 30
OPTIONS = replace(DEFAULT_OPTIONS, size_px=56)  # as in a window of 1280 × 800


def run() -> Iterator[tuple[str, str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        stack = Path(folder) / "large.mrcs"
        particles, stacks = _make(stack)
        rows, _ = ParticleImages(particles, stacks).page(Selection(count=TILES))
        ways: dict[str, Callable[[], object]] = {
            "mapped": lambda: _mapped(stack, rows),
            "read": lambda: read_sample(particles, stacks, rows),
            "montage of mapped": lambda: make_tiles(_mapped(stack, rows), np.full(TILES, 1.2), OPTIONS),
            "montage": lambda: page_tiles(ParticleImages(particles, stacks), particles.optics_groups, rows, OPTIONS),
        }
        spent: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(ROUNDS):
            for name, way in ways.items():
                _forget(stack)
                spent[name].append(_seconds(way))
        median = {name: statistics.median(times) for name, times in spent.items()}
        ratio = median["montage"] / median["montage of mapped"]
        yield f"first montage of {TILES}, cold: time / with a memory map", f"{ratio:.3f}", "at most 0.20"
        yield "  its images alone", f"{median['read'] / median['mapped']:.3f}", ""
        yield "  milliseconds", f"{1e3 * median['montage']:.0f}", ""
        tiles = page_tiles(ParticleImages(particles, stacks), particles.optics_groups, rows, DEFAULT_OPTIONS)
    for what, milliseconds in _redraws(tiles).items():
        yield f"{what} of {TILES} tiles of {tiles.values.shape[1]} pixels, ms", f"{milliseconds:.1f}", "at most 30"


def _make(stack: Path) -> tuple[Particles, Stacks]:
    rng = np.random.default_rng(0)
    with mrcfile.new_mmap(stack, (IMAGES, BOX, BOX), mrc_mode=2) as mrc:
        for first in range(0, IMAGES, 100):
            mrc.data[first : first + 100] = rng.standard_normal((100, BOX, BOX), np.float32)
        mrc.set_image_stack()
    star = stack.with_suffix(".star")
    names = "\n".join(f"{i + 1:06d}@{stack}" for i in range(IMAGES))
    star.write_text(f"data_particles\n\nloop_\n_rlnImageName #1\n{names}\n")
    particles = read_particles(str(star)).particles
    particles.optics_groups = [OpticsGroup(1, "one", IMAGES, pixel_size_A=Value(1.2, "made up"))]
    return particles, find_stacks(particles, "")


def _mapped(stack: Path, rows: np.ndarray) -> np.ndarray:
    with mrcfile.mmap(stack, "r") as mrc:
        return np.array(mrc.data[rows])


def _forget(path: Path) -> None:
    """Take a file out of the page cache."""
    fd = os.open(path, os.O_RDONLY)
    os.fsync(fd)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(fd)


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _redraws(tiles: Tiles) -> dict[str, float]:
    """Medians in the thread of the window, painting included."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from .heartbeat import running_application

    with running_application() as app:
        return _redraws_in(app, tiles)


def _redraws_in(app: QApplication, tiles: Tiles) -> dict[str, float]:
    from cryoimport_gui.gui.pages.preview.montage_view import MontageView

    view = MontageView()
    view.resize(1200, 900)
    view.show()
    view.set_tiles(tiles, [""] * len(tiles), tiles.limits)
    app.processEvents()
    changes: dict[str, Callable[[int], None]] = {
        "change of the sign": lambda i: view.set_sign(1 if i % 2 else -1),
        "change of contrast": lambda i: view.set_limits((-1.0 - i / 10, 1.0)),
        "each its own contrast": lambda i: view.set_limits(tiles.own_limits),
        "inversion": lambda i: view.set_inverted(bool(i % 2)),
    }
    medians = {}
    for what, change in changes.items():

        def once(i: int, change: Callable[[int], None] = change) -> None:
            change(i)
            view.viewport().repaint()

        medians[what] = 1e3 * statistics.median(_seconds(lambda i=i, once=once: once(i)) for i in range(REDRAWS))
    view.close()
    return medians
