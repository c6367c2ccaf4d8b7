from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from cryoimport_gui.core import parallel
from cryoimport_gui.core.particles import Particles
from cryoimport_gui.core.progress import Cancelled, Progress
from cryoimport_gui.core.reading.relion import read_particles
from cryoimport_gui.core.stacks.sample import choose_rows, read_sample
from cryoimport_gui.core.stacks.stacks import Stacks, find_stacks

from ...support.stars import OPTICS, made_images, mrc_bytes, particle_columns, write_input, write_stack, write_star


def look(meta: Path) -> tuple[Particles, Stacks]:
    particles = read_particles(meta).particles
    return particles, find_stacks(particles, "")


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> tuple[Particles, Stacks]:
    """600 particles in 40 stacks, 1 to 29 in each; the last 30 are of another optics group."""
    folder = tmp_path_factory.mktemp("many")
    names = [f"s{k}.mrcs" for k in range(40)]
    images = [f"{i + 1}@{name}" for k, name in enumerate(names) for i in range(1 + k % 30)]
    images = (images * 2)[:600]
    columns = {label: values * 100 for label, values in particle_columns().items()}
    columns |= {"rlnImageName": images, "rlnOpticsGroup": [1] * 570 + [2] * 30}
    for name in names:
        write_stack(folder / name, 30, 4)
    optics = {label: values * 2 for label, values in OPTICS.items()} | {"rlnOpticsGroup": [1, 2]}
    return look(write_star(folder / "p.star", columns, optics))


def test_a_sample_is_spread_over_stacks_and_groups(many: tuple[Particles, Stacks]) -> None:
    particles, stacks = many
    rows = choose_rows(particles, stacks, 80)
    assert len(rows) == len(set(rows)) == 80 and (np.diff(rows) > 0).all()
    groups = Counter(particles.optics_index[rows].tolist())
    assert groups[1] == 30  # the whole of the small group
    of_large = stacks.of_rows(particles)[rows[particles.optics_index[rows] == 0]]
    assert max(Counter(of_large.tolist()).values()) <= 2
    assert len(set(stacks.of_rows(particles)[rows].tolist())) == 40


def test_a_sample_is_seeded(many: tuple[Particles, Stacks]) -> None:
    first, again, other = (choose_rows(*many, 50, seed).tolist() for seed in (1, 1, 2))
    assert first == again != other


def test_only_candidates_are_chosen(many: tuple[Particles, Stacks]) -> None:
    candidates = np.arange(0, 600, 7)
    rows = choose_rows(*many, 20, candidates=candidates)
    assert len(rows) == 20 and np.isin(rows, candidates).all()
    np.testing.assert_array_equal(choose_rows(*many, 1000, candidates=candidates), candidates)
    assert len(choose_rows(*many, 5, candidates=candidates[:0])) == 0


@pytest.mark.parametrize("slow", [False, True])
def test_the_images_are_those_of_the_rows(
    many: tuple[Particles, Stacks], monkeypatch: pytest.MonkeyPatch, slow: bool
) -> None:
    monkeypatch.setattr(parallel, "_SLOW_S", -1.0 if slow else 1e9)
    particles, stacks = many
    rows = np.random.default_rng(0).permutation(600)[:200]
    sample = read_sample(particles, stacks, rows)
    assert sample.errors == {} and sample.good.all()
    planted = made_images(30, 4)  # the same in every stack
    np.testing.assert_array_equal(sample.images, planted[particles.image_number[rows] - 1])


def test_what_cannot_be_read_is_reported_by_position(tmp_path: Path) -> None:
    names = [f"{i}@stacks/s{k}.mrcs" for k in (1, 2) for i in (1, 2, 3)]
    names[1], names[2], names[5] = "9@stacks/s1.mrcs", "0@stacks/s1.mrcs", "1@gone.mrcs"
    particles, stacks = look(write_input(tmp_path, {"rlnImageName": names}))
    write_stack(tmp_path / "stacks/s2.mrcs", 1)  # was cut since its header was read
    sample = read_sample(particles, stacks, np.array([5, 4, 3, 2, 1, 0]))
    assert set(sample.errors) == {0, 1, 3, 4}
    assert sample.good.tolist() == [False, False, True, False, False, True]
    np.testing.assert_array_equal(sample.images[[5]], made_images(3, 8, 1)[[0]])
    assert (sample.images[[0, 3, 4]] == 0).all()


def test_another_box_and_bad_stacks(tmp_path: Path) -> None:
    meta = write_input(tmp_path)
    (tmp_path / "stacks/s2.mrcs").write_bytes(mrc_bytes(made_images(1, 6)))
    particles, stacks = look(meta)
    sample = read_sample(particles, stacks, np.arange(6))
    assert sorted(sample.errors) == [3, 4, 5] and "6 × 6" in sample.errors[3]
    (tmp_path / "stacks/s2.mrcs").write_bytes(b"")
    particles, stacks = look(meta)
    assert sorted(read_sample(particles, stacks, np.arange(6)).errors) == [3, 4, 5]


def test_cancelling(many: tuple[Particles, Stacks]) -> None:
    with pytest.raises(Cancelled):
        read_sample(*many, np.arange(600), Progress(lambda: True))
