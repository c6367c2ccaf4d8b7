"""Pages of particles, and the images that stay in memory."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import mrcfile
import numpy as np
import pytest

from cryoimport_gui.core import parallel
from cryoimport_gui.core.demo import Demo, DemoRecipe, make_demo
from cryoimport_gui.core.particles import Particles
from cryoimport_gui.core.reading.relion import read_particles
from cryoimport_gui.core.stacks import sample
from cryoimport_gui.core.stacks.sample import ParticleImages, Selection, choose_rows, read_sample
from cryoimport_gui.core.stacks.stacks import Stacks, find_stacks


def opened(demo: Demo) -> tuple[Particles, Stacks]:
    particles = read_particles(str(demo.star)).particles
    return particles, find_stacks(particles, str(demo.data))


@pytest.fixture(scope="module")
def found(demo: Demo) -> tuple[Particles, Stacks]:
    return opened(demo)


@pytest.fixture
def own(tmp_path: Path) -> Demo:
    """Six stacks of five particles, in mixed order, to be damaged."""
    recipe = DemoRecipe(micrographs=6, particles_per_micrograph=5, box=32, shuffled=True, optics_groups=3)
    return make_demo(tmp_path / "own", recipe)


def stored(demo: Demo, rows: np.ndarray) -> np.ndarray:
    """The images as another program reads them."""
    stacks = [mrcfile.read(path) for path in demo.stacks]
    return np.stack([stacks[demo.stack_index[row]][demo.image_index[row]] for row in rows])


def fail(*_: object) -> None:
    raise AssertionError("a file was touched")


def test_a_rare_optics_group_is_in_the_sample(found) -> None:
    particles, stacks = found
    common, rare = (np.flatnonzero(particles.optics_index == group) for group in (0, 1))
    for seed in range(5):
        assert rare[0] in choose_rows(particles, stacks, 10, seed, np.concatenate([common, rare[:1]]))


def test_random_pages_hold_every_particle_once_and_are_each_spread(found, demo: Demo) -> None:
    images = ParticleImages(*found)
    pages = [images.page(Selection(count=60, page=n, seed=5)) for n in range(7)]
    assert {total for _, total in pages} == {400}
    assert [len(rows) for rows, _ in pages] == [60] * 6 + [40]
    assert sorted(np.concatenate([rows for rows, _ in pages])) == list(range(400))
    for rows, _ in pages[:-1]:
        assert (np.diff(rows) > 0).all(), "not in file order"
        assert np.bincount(demo.stack_index[rows], minlength=20).tolist() == [3] * 20
    assert len(images.page(Selection(count=60, page=7, seed=5))[0]) == 0


def test_another_seed_is_another_sample(found) -> None:
    images = ParticleImages(*found)
    first, second = (images.page(Selection(seed=seed))[0] for seed in (0, 1))
    assert len(set(first) & set(second)) < 60
    np.testing.assert_array_equal(first, images.page(Selection(seed=0))[0])


def test_the_first_page_is_part_of_the_sample_that_settles_the_data_sign(found) -> None:
    particles, stacks = found
    page, _ = ParticleImages(particles, stacks).page(Selection(count=100))
    assert set(page) <= set(choose_rows(particles, stacks, 300))


def test_pages_by_defocus(found, demo: Demo) -> None:
    defocus = (demo.defocus_u_A + demo.defocus_v_A) / 2
    images = ParticleImages(*found)
    sampled, _ = images.page(Selection(sort="defocus"))
    assert (np.diff(defocus[sampled]) >= 0).all()
    assert set(sampled) == set(images.page(Selection())[0])
    pages = [images.page(Selection(count=150, page=n, random=False, sort="defocus"))[0] for n in range(3)]
    np.testing.assert_array_equal(np.concatenate(pages), np.argsort(defocus, kind="stable"))


def test_all_in_file_order(found) -> None:
    rows, total = ParticleImages(*found).page(Selection(count=50, page=2, random=False))
    assert (rows.tolist(), total) == (list(range(100, 150)), 400)


@pytest.mark.parametrize("random", [True, False])
def test_filters_by_group_and_stack(found, demo: Demo, random: bool) -> None:
    images = ParticleImages(*found)
    rows, total = images.page(Selection(count=400, random=random, optics_group=1))
    np.testing.assert_array_equal(rows, np.flatnonzero(demo.optics_group == 2))
    assert total == 200
    rows, total = images.page(Selection(count=400, random=random, stack_text="DEMO_0007_"))
    np.testing.assert_array_equal(rows, np.flatnonzero(demo.stack_index == 6))
    assert total == 20
    assert images.page(Selection(stack_text="no such stack"))[1] == 0
    assert images.page(Selection(stack_text="demo_0007_", optics_group=1))[1] == 0


def test_images_that_follow_each_other_are_read_together(own: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    particles, stacks = opened(own)
    one_stack = np.flatnonzero(own.stack_index == 2)
    sizes = []
    real = os.pread
    monkeypatch.setattr(os, "pread", lambda fd, size, offset: sizes.append(size) or real(fd, size, offset))
    read = read_sample(particles, stacks, one_stack)
    np.testing.assert_array_equal(read.images, stored(own, one_stack))
    assert sizes == [5 * 32 * 32 * 4]
    sizes.clear()
    some = one_stack[np.isin(own.image_index[one_stack], [0, 1, 3])]
    np.testing.assert_array_equal(read_sample(particles, stacks, some).images, stored(own, some))
    assert sizes == [2 * 32 * 32 * 4, 32 * 32 * 4]


def test_a_slow_file_system_is_read_in_threads(own: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    particles, stacks = opened(own)
    monkeypatch.setattr(parallel, "_SLOW_S", -1.0)  # every file system counts as slow
    monkeypatch.setattr(parallel, "_TRIAL", 1)
    threads = set()
    real = os.pread
    monkeypatch.setattr(
        os, "pread", lambda fd, size, offset: threads.add(threading.get_ident()) or real(fd, size, offset)
    )
    rows = np.arange(len(particles))
    np.testing.assert_array_equal(read_sample(particles, stacks, rows).images, stored(own, rows))
    assert threads > {threading.get_ident()}


def test_an_image_that_cannot_be_read_says_why_and_the_others_are_there(own: Demo) -> None:
    particles, stacks = opened(own)
    rows = np.arange(len(particles))
    whole = stored(own, rows)
    own.stacks[0].unlink()
    with own.stacks[1].open("r+b") as file:
        file.truncate(1024 + 3 * 32 * 32 * 4)
    particles.image_number[np.flatnonzero(own.stack_index == 2)[0]] = 6
    read = read_sample(particles, stacks, rows)
    missing = np.flatnonzero(own.stack_index == 0)
    cut = np.flatnonzero((own.stack_index == 1) & (own.image_index >= 3))
    beyond = np.flatnonzero(own.stack_index == 2)[:1]
    assert read.errors == (
        dict.fromkeys(missing, "No such file or directory")
        | dict.fromkeys(cut, "ended before this image")
        | dict.fromkeys(beyond, "image 6 of a stack of 5")
    )
    np.testing.assert_array_equal(read.images[read.good], whole[read.good])
    assert not read.images[~read.good].any()


def test_stacks_that_were_never_usable_say_why(own: Demo) -> None:
    own.stacks[0].unlink()
    own.stacks[1].write_bytes(b"")
    particles, stacks = opened(own)
    errors = read_sample(particles, stacks, np.arange(len(particles))).errors
    assert {own.stack_index[row]: reason for row, reason in errors.items()} == {
        0: "stack not found",
        1: "the file is empty",
    }


def test_images_in_memory_are_not_read_again(own: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    particles, stacks = opened(own)
    images = ParticleImages(particles, stacks)
    images.read(np.arange(0, 20))
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", fail)
        again = images.read(np.array([7, 3, 19]))
    np.testing.assert_array_equal(again.images, stored(own, np.array([7, 3, 19])))
    mixed = np.array([25, 2, 24])
    np.testing.assert_array_equal(images.read(mixed).images, stored(own, mixed))


def test_known_images_are_not_read(own: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    particles, stacks = opened(own)
    known = read_sample(particles, stacks, np.arange(len(particles)))
    monkeypatch.setattr(os, "pread", fail)
    rows = np.array([4, 1])
    np.testing.assert_array_equal(ParticleImages(particles, stacks, known).read(rows).images, known.images[rows])


def test_memory_is_bounded_and_the_oldest_images_go_first(own: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    particles, stacks = opened(own)
    images = ParticleImages(particles, stacks, cache_bytes=4 * 32 * 32 * 4)
    for rows in ([0, 1, 2, 3], [0], [4]):
        images.read(np.array(rows))
    read: list[int] = []
    original = sample.read_sample
    monkeypatch.setattr(
        sample, "read_sample", lambda p, s, rows, progress: read.extend(rows) or original(p, s, rows, progress)
    )
    images.read(np.array([0, 2, 3, 4]))
    assert read == []
    images.read(np.array([1]))
    assert read == [1]


def test_errors_are_tried_again(own: Demo) -> None:
    particles, stacks = opened(own)
    images = ParticleImages(particles, stacks)
    away = own.stacks[0].with_suffix(".away")
    own.stacks[0].rename(away)
    rows = np.flatnonzero(own.stack_index == 0)
    assert len(images.read(rows).errors) == 5
    away.rename(own.stacks[0])
    again = images.read(rows)
    assert again.errors == {}
    np.testing.assert_array_equal(again.images, stored(own, rows))
