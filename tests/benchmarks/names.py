"""Matching 2 million particles to 20,000 exposures by their names, and the table that shows it."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter

import numpy as np

from cryoimport_gui.core.exposures.exposures import Exposures
from cryoimport_gui.core.exposures.matching import match_exposures
from cryoimport_gui.core.exposures.trim_suggestion import suggest_trims
from cryoimport_gui.core.exposures.trims import TrimRules
from cryoimport_gui.core.looks.match_table import Arrangement, Column, build_name_table
from cryoimport_gui.core.names import Names
from cryoimport_gui.core.parameters import ImportParameters
from cryoimport_gui.core.particles import OpticsGroup, Particles
from cryoimport_gui.core.reading.relion import read_particles

from .made_star import make_star

PARTICLES, NAMES = 2_000_000, 20_000
_ROUNDS = 3


def run() -> Iterator[tuple[str, str, str]]:
    exposures, micrographs = made_names(NAMES)
    rules = TrimRules(True, 0, len("_patch_aligned_doseweighted.mrc"), 22, len("_rigid_aligned.mrc"))
    index = np.sort(np.random.default_rng(1).integers(0, NAMES, PARTICLES)).astype(np.int32)

    chosen = ImportParameters(
        remove_leading_uid=True,
        exposure_cut_suffix=rules.exposure_cut_suffix,
        particle_cut_prefix=rules.particle_cut_prefix,
        particle_cut_suffix=rules.particle_cut_suffix,
    )
    particles, dataset = made_particles(micrographs, index), made_dataset(exposures)
    matching = match_exposures(particles, dataset, chosen)
    assert (matching.of_rows(particles) >= 0).all()
    with tempfile.TemporaryDirectory() as folder:
        star = Path(folder) / "particles.star"
        make_star(star, PARTICLES, NAMES)
        reading = _fastest(lambda: read_particles(star))
    seconds = _fastest(lambda: match_exposures(particles, dataset, chosen).of_rows(particles))
    what = f"matching {PARTICLES:,} particles to {NAMES:,} exposures: time / reading the STAR"
    yield what, f"{seconds / reading:.3f}", "at most 0.10"

    paths, names = Names(exposures), Names(micrographs)
    assert suggest_trims(paths, names).matched == NAMES
    seconds = _fastest(lambda: suggest_trims(paths, names))
    what = f"suggesting trims for {NAMES:,} × {NAMES:,} names: time / reading the STAR"
    yield what, f"{seconds / reading:.3f}", "at most 0.10"

    renamed = [name.replace("_Data_", f"_Daten{number % 7}_") for number, name in enumerate(micrographs)]
    seconds = _fastest(lambda: suggest_trims(exposures, [f"{name}_{number}" for number, name in enumerate(renamed)]))
    yield "the same where names differ in the middle and at the end", f"{seconds:.2f} s", "at most 3 s"

    for what, some in (("all match", rules), ("none match", TrimRules())):

        def build(some: TrimRules = some) -> object:
            return build_name_table(exposures, micrographs, np.bincount(index, minlength=NAMES), some)

        yield f"building the table of names, {what}", f"{1e3 * _fastest(build):.0f} ms", "below 150 ms"

    table = build_name_table(exposures, micrographs, np.bincount(index, minlength=NAMES), TrimRules())
    for column in Column:
        seconds = _fastest(lambda column=column: table.rows(Arrangement(column, True)))
        yield f"sorting {len(table):,} rows by {column.title.lower()}", f"{1e3 * seconds:.1f} ms", "below 30 ms"
    seconds = _fastest(lambda: table.rows(Arrangement(text="4711")))
    yield f"filtering {len(table):,} rows", f"{1e3 * seconds:.1f} ms", "below 30 ms"


def made_names(count: int) -> tuple[list[str], list[str]]:
    """Paths of exposures, and of their micrographs in another order, with UIDs and suffixes of their own."""
    rng = random.Random(1)
    stems = [
        f"18aug10a_FoilHole_{10984848 + i}_Data_10985376_10985377_20180810_{2123 + i}-{144102 + i}"
        for i in range(count)
    ]
    exposures = [f"J2/motioncorrected/{rng.getrandbits(64):021d}_{s}_patch_aligned_doseweighted.mrc" for s in stems]
    micrographs = [f"MotionCorr/job002/Movies/{rng.getrandbits(64):021d}_{s}_rigid_aligned.mrc" for s in stems]
    rng.shuffle(micrographs)
    return exposures, micrographs


def made_particles(micrographs: list[str], index: np.ndarray) -> Particles:
    rows = len(index)
    return Particles(
        source=__name__,
        dialect="",
        stack_names=["particles.mrcs"],
        stack_index=np.zeros(rows, np.int32),
        image_number=np.arange(1, rows + 1),
        optics_groups=[OpticsGroup(1, "opticsGroup1", rows)],
        optics_index=np.zeros(rows, np.int32),
        has_optics=True,
        micrograph_names=Names(micrographs),
        micrograph_index=index,
    )


def made_dataset(paths: list[str]) -> Exposures:
    return Exposures(
        datasets=(__name__,),
        dataset=np.zeros(len(paths), np.int64),
        uid=np.arange(1, len(paths) + 1, dtype=np.uint64),
        paths=Names(paths),
        files=[str(Path("/project") / path) for path in paths],
        shape=np.full((len(paths), 2), 4096, np.uint32),
        pixel_size_A=np.ones(len(paths), np.float32),
        exp_group_id=None,
        is_movie=np.zeros(len(paths), bool),
    )


def _fastest(function: Callable[[], object]) -> float:
    """Seconds of the fastest of a few runs: the others were disturbed."""
    times = []
    for _ in range(_ROUNDS):
        started = perf_counter()
        function()
        times.append(perf_counter() - started)
    return min(times)
