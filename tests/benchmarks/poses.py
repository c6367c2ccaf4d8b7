"""The check of the poses: time against the transforms alone, growth with the number of particles, memory."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from cryoimport_gui.core.demo import make_demo
from cryoimport_gui.core.parameters import ImportParameters
from cryoimport_gui.core.pictures.reconstruction import PosedParticles, Transforms, check_poses, halves
from cryoimport_gui.core.plan.planner import Planner

from .measure import in_process

BOX, ROUNDS, FEW, MANY = 256, 5, 500, 4000
_MEMORY = """
from tests.benchmarks.poses import judge, posed
fields = posed({n})
"""


def posed(count: int) -> PosedParticles:
    """Fields of particles in stacks of 20."""
    rng = np.random.default_rng(0)
    stack = np.arange(count) // 20
    return PosedParticles(
        pixel_size_A=1.0,
        data_sign=np.ones(count),
        half=halves(stack),
        stack=stack,
        image_number=np.arange(count) % 20,
        shift_px=rng.normal(size=(count, 2)),
        shift_pixel_size_A=np.full(count, 1.5),
        rotation_vector=rng.normal(size=(count, 3)),
    )


def transformed(count: int, box: int = BOX, at_once: int = 100) -> Transforms:
    """Of noise: what the images show costs nothing."""
    transforms = Transforms(count, box)
    images = np.random.default_rng(1).standard_normal((at_once, box, box), np.float32)
    for first in range(0, count, at_once):
        transforms.add(np.arange(first, min(count, first + at_once)), images[: count - first])
    return transforms


def judge(fields: PosedParticles) -> None:
    assert check_poses(fields, transformed(len(fields.half))) is not None


def run() -> Iterator[tuple[str, str, str]]:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    spent: dict[str, list[float]] = {}
    few, many = posed(FEW), posed(MANY)
    of_few, of_many = transformed(FEW), transformed(MANY)
    ways = {
        "transforms": lambda: transformed(FEW),
        "few": lambda: check_poses(few, of_few),
        "many": lambda: check_poses(many, of_many),
    }
    for _ in range(ROUNDS):
        for name, way in ways.items():
            started = time.perf_counter()
            way()
            spent.setdefault(name, []).append(time.perf_counter() - started)
    median = {name: statistics.median(times) for name, times in spent.items()}
    ratio = (median["transforms"] + median["few"]) / median["transforms"]
    yield f"{FEW} particles of {BOX} pixels: whole check / transforms alone", f"{ratio:.2f}", "at most 2"
    yield "  seconds", f"{median['transforms'] + median['few']:.2f}", "at most 3"
    yield f"  verdict: {MANY} / {FEW} particles", f"{median['many'] / median['few']:.1f}", f"at most {MANY / FEW:g}"
    yield f"  verdict of {MANY} particles, seconds", f"{median['many']:.2f}", "at most 2.1"
    for count in (FEW, MANY):
        _, megabytes = in_process(_MEMORY.format(n=count), "judge(fields)")
        yield f"memory for {count} particles of {BOX} pixels, MB", f"{megabytes:.0f}", "at most 400"
    yield from _whole_plan()


def _whole_plan() -> Iterator[tuple[str, str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        demo = make_demo(Path(folder))
        spent: dict[str, list[float]] = {"off": [], "auto": []}
        for _ in range(ROUNDS):
            for choice, times in spent.items():
                parameters = ImportParameters(meta=str(demo.star), data=str(demo.data), check_poses=choice)
                started = time.perf_counter()
                Planner().plan(parameters)
                times.append(time.perf_counter() - started)
        longer = statistics.median(spent["auto"]) - statistics.median(spent["off"])
        yield "the demo's whole plan takes longer by, seconds", f"{longer:.2f}", "at most 1"
