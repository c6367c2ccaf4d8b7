"""Files that are as long as their headers say, and yet hold nothing: no header makes the program take much memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from cryoimport_gui.core.looks import particle as inspection
from cryoimport_gui.core.looks.particle import inspect
from cryoimport_gui.core.looks.tiles import first_tiles, montage_of
from cryoimport_gui.core.parameters import ImportParameters, update
from cryoimport_gui.core.pictures.micrograph import read_picture
from cryoimport_gui.core.pictures.placement import PlacementSample, compare_one
from cryoimport_gui.core.pictures.tiles import TileOptions
from cryoimport_gui.core.plan.plan import ImportPlan
from cryoimport_gui.core.plan.planner import plan_import
from cryoimport_gui.core.stacks import sample
from cryoimport_gui.core.stacks.sample import ParticleImages
from cryoimport_gui.core.stacks.stacks import MAX_BOX

from ..support.running import run
from ..support.stars import mrc_bytes, particle_columns, write_input, write_star

_ROOM_BYTES = 96 << 20


@contextmanager
def little_memory(room_bytes: int = _ROOM_BYTES) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < room_bytes, f"{peak >> 20} MB"


def sparse(path: Path, nx: int, ny: int, nz: int) -> Path:
    """An MRC file of zeros, which takes no room on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(mrc_bytes(np.zeros((1, 1, 1)), nx=nx, ny=ny, nz=nz)[:1024])
    with open(path, "r+b") as file:
        file.truncate(1024 + 4 * nx * ny * nz)
    return path


def plan_of(star: Path) -> ImportPlan:
    return plan_import(update(ImportParameters(), {"meta": str(star)}))


@pytest.mark.parametrize("box", [MAX_BOX + 2, 65536])
def test_a_box_that_no_particle_has_is_refused_in_words(tmp_path: Path, box: int) -> None:
    star = write_input(tmp_path)
    for k in (1, 2):
        sparse(tmp_path / f"stacks/s{k}.mrcs", box, box, 3)
    with little_memory():
        outcome = run(tmp_path, star)
    found = outcome.problem("stack-not-mrc")
    assert outcome.status == 1 and found["count"] == 2
    assert f"{box} × {box} pixels" in found["examples"][0] and str(MAX_BOX) in found["examples"][0]


def test_one_such_stack_among_others_can_be_left_out(tmp_path: Path) -> None:
    star = write_input(tmp_path)
    sparse(tmp_path / "stacks/s1.mrcs", 65536, 65536, 3)
    with little_memory():
        outcome = run(tmp_path, star, "--on-bad", "leave-out")
    assert outcome.status == 0 and outcome.report["counts"]["left_out"] == 3


def test_400_images_of_a_large_box(tmp_path: Path) -> None:
    """Each part of the sample is freed before the one after the next is read."""
    numbers = [f"{i % 200 + 1}@stacks/s{i // 200}.mrcs" for i in range(400)]
    columns = {label: (values * 100)[:400] for label, values in particle_columns().items()}
    star = write_star(tmp_path / "run_data.star", columns | {"rlnImageName": numbers})
    for k in (0, 1):
        sparse(tmp_path / f"stacks/s{k}.mrcs", 800, 800, 200)
    with little_memory(600 << 20):
        plan = plan_of(star)
        assert plan.sample is not None and plan.data_sign is not None
        montage_of(plan, first_tiles(plan))


def test_of_large_images_few_are_kept_and_few_are_read_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits made small stand for images made large: those of 8 pixels take 256 bytes."""
    star = write_input(tmp_path)
    monkeypatch.setattr("cryoimport_gui.core.plan.data_sign._KEPT_BYTES", 0)
    monkeypatch.setattr("cryoimport_gui.core.plan.data_sign._MIN_KEPT_BYTES", 4 * 256)
    monkeypatch.setattr(sample, "_CHUNK_BYTES", 2 * 256)
    read: list[int] = []
    original = sample.read_images

    def noted(path, header, indices):
        read.append(len(indices))
        return original(path, header, indices)

    monkeypatch.setattr(sample, "read_images", noted)
    plan = plan_of(star)
    assert plan.sample is not None and len(plan.sample.rows) <= 4
    assert plan.data_sign and plan.data_sign.verdict and plan.data_sign.verdict.sampled == 6, "all are looked at"
    assert max(read) == 2 and sum(read) == 6


def test_of_large_images_few_spectra_are_averaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_of(write_input(tmp_path))
    assert plan.particles is not None and plan.stacks is not None
    images = ParticleImages(plan.particles, plan.stacks)
    monkeypatch.setattr(inspection, "_AVERAGED_BYTES", 2 * 256)
    look = inspect(images, plan.groups, 0, TileOptions(), averaged=3).look
    assert look is not None and look.averaged == 2


def test_of_a_wide_micrograph_patches_are_read_in_strips(tmp_path: Path) -> None:
    path = sparse(tmp_path / "wide.mrc", 65536, 2000, 1)
    image = np.random.default_rng(1).standard_normal((64, 64)).astype(np.float32)
    with little_memory():  # 1,400 rows take 370 MB
        pair = compare_one(PlacementSample(image, 15.0, str(path), 1.0, (2000, 65536), 30_000.0, 1000.0))
    assert pair.keep is not None and pair.keep.shape == (64, 64)


def test_a_patch_in_strips_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    image, micrograph = (rng.standard_normal(shape).astype(np.float32) for shape in ((32, 32), (1, 200, 300)))
    path = tmp_path / "m.mrc"
    path.write_bytes(mrc_bytes(micrograph))
    given = PlacementSample(image, 2.0, str(path), 1.0, (200, 300), 150.0, 90.0)
    whole = compare_one(given)
    monkeypatch.setattr("cryoimport_gui.core.pictures.placement._STRIP_BYTES", 7 * 4 * 300)
    strips = compare_one(given)
    assert whole.keep is not None and strips.keep is not None
    np.testing.assert_allclose(strips.keep, whole.keep, atol=1e-4)


def test_a_particle_as_wide_as_no_micrograph_is_not_compared(tmp_path: Path) -> None:
    path = sparse(tmp_path / "m.mrc", 65536, 65536, 1)
    image = np.zeros((64, 64), np.float32)
    with little_memory(), pytest.raises(ValueError, match="pixels of the micrograph wide"):
        compare_one(PlacementSample(image, 200.0, str(path), 1.0, (65536, 65536), 30_000.0, 30_000.0))


@pytest.mark.parametrize("pixel_size_A", [1e-30, 1e-3])
def test_a_pixel_size_of_next_to_nothing_smooths_all_and_takes_no_room(tmp_path: Path, pixel_size_A: float) -> None:
    path = tmp_path / "m.mrc"
    path.write_bytes(mrc_bytes(np.random.default_rng(3).standard_normal((1, 300, 200)).astype(np.float32)))
    with little_memory():
        assert read_picture(path, (300, 200), pixel_size_A).grey.shape == (300, 200)
