from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cryoimport_gui.core import parallel
from cryoimport_gui.core.particles import Particles
from cryoimport_gui.core.problems import Problem
from cryoimport_gui.core.progress import Cancelled, Progress
from cryoimport_gui.core.reading.relion import read_particles
from cryoimport_gui.core.stacks.remarks import stack_remarks
from cryoimport_gui.core.stacks.stacks import Stacks, find_stacks

from ...support.stars import OPTICS, made_images, mrc_bytes, particle_columns, write_input, write_stack, write_star


def look(meta: Path, data: str = "") -> tuple[Particles, Stacks]:
    particles = read_particles(meta).particles
    return particles, find_stacks(particles, data)


def remarks(particles: Particles, stacks: Stacks) -> list[Problem]:
    return list(stack_remarks(particles, stacks, particles.optics_groups, "", with_poses=True))


def faults(stacks: Stacks) -> dict[str, tuple[int, list[int]]]:
    """Count and rows of each fault by its code."""
    return {fault.problem.code: (fault.problem.count, fault.rows.tolist()) for fault in stacks.faults}


def test_all_is_well(tmp_path: Path) -> None:
    particles, stacks = look(write_input(tmp_path))
    assert [file.path for file in stacks.files] == [str(tmp_path / f"stacks/s{k}.mrcs") for k in (1, 2)]
    assert stacks.of_rows(particles).tolist() == [0, 0, 0, 1, 1, 1]
    assert (stacks.box, stacks.faults, remarks(particles, stacks)) == (8, [], [])


def test_two_names_of_one_stack_are_one_stack(tmp_path: Path) -> None:
    names = [f"{i}@{name}" for i in (1, 2, 3) for name in ("stacks/s1.mrcs", "./stacks/s1.mrcs")]
    particles, stacks = look(write_input(tmp_path, {"rlnImageName": names}))
    assert [file.path for file in stacks.files] == [str(tmp_path / "stacks/s1.mrcs")]
    assert stacks.of_rows(particles).tolist() == [0] * 6
    assert remarks(particles, stacks) == []


def damage(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(change(path.read_bytes())) and None


def make_huge(path: Path) -> None:
    """A stack of one image that its header says fills 16 GB, as long as that, and nearly nothing on the disk."""
    side = 1 << 16
    path.write_bytes(mrc_bytes(made_images(0, 8), nx=side, ny=side, nz=3))
    os.truncate(path, 1024 + 3 * side * side * 4)


@pytest.mark.parametrize(
    ("code", "harm", "words"),
    [
        ("stack-not-mrc", make_huge, "65536 × 65536 pixels"),
        ("stack-missing", lambda path: path.unlink(), "s1.mrcs"),
        ("stack-empty", damage(lambda raw: b""), "the file is empty"),
        ("stack-empty", damage(lambda raw: mrc_bytes(made_images(0, 8))), "no images"),
        ("stack-not-mrc", damage(lambda raw: b"hello" * 500), "not an MRC header"),
        ("stack-not-mrc", damage(lambda raw: mrc_bytes(made_images(3, 8), mode=4)), "complex float32"),
        ("stack-truncated", damage(lambda raw: raw[:-7]), "but the header says 1792"),
        ("stack-not-square", damage(lambda raw: mrc_bytes(np.zeros((3, 6, 10), "f4"))), "10 × 6 pixels"),
    ],
)
def test_a_bad_stack_takes_its_rows_with_it(
    tmp_path: Path, code: str, harm: Callable[[Path], None], words: str
) -> None:
    meta = write_input(tmp_path)
    harm(tmp_path / "stacks/s1.mrcs")
    particles, stacks = look(meta)
    assert faults(stacks) == {code: (1, [0, 1, 2])}
    (problem,) = (fault.problem for fault in stacks.faults)
    assert problem.hint and "s1.mrcs" in problem.examples[0]
    assert words in problem.examples[0]
    assert stacks.box == 8


def test_the_box_of_most_particles_counts(tmp_path: Path) -> None:
    meta = write_input(tmp_path, {"rlnImageName": [f"{i}@stacks/s{k}.mrcs" for k, i in
                                                   [(1, 1), (1, 2), (2, 1), (2, 2), (2, 3), (1, 3)]]})  # fmt: skip
    write_stack(tmp_path / "stacks/s2.mrcs", box=10)
    with meta.open("a") as file:
        file.write(meta.read_text().splitlines()[-2].replace("3@stacks/s1", "1@stacks/s2") + "\n")
    _, stacks = look(meta)
    assert stacks.box == 10
    assert faults(stacks) == {"box-mismatch": (1, [0, 1, 5])}
    assert "s1.mrcs: 8 pixels" in stacks.faults[0].problem.examples[0]


def test_indices_beyond_the_end(tmp_path: Path) -> None:
    meta = write_input(tmp_path)
    write_stack(tmp_path / "stacks/s1.mrcs", 2)
    write_stack(tmp_path / "stacks/s2.mrcs", 1)
    _, stacks = look(meta)
    assert faults(stacks) == {"image-index-out-of-range": (3, [2, 4, 5])}
    problem = stacks.faults[0].problem
    assert "s1.mrcs holds 2 images" in problem.message
    assert "000003@stacks/s1.mrcs" in problem.examples[0]


def test_more_images_than_rows_is_fine(tmp_path: Path) -> None:
    meta = write_input(tmp_path)
    write_stack(tmp_path / "stacks/s1.mrcs", 50)
    assert look(meta)[1].faults == []


def test_a_longer_file_is_a_warning(tmp_path: Path) -> None:
    meta = write_input(tmp_path)
    with (tmp_path / "stacks/s2.mrcs").open("ab") as file:
        file.write(b"12345")
    (problem,) = remarks(*look(meta))
    assert (problem.code, problem.count) == ("stack-longer", 1)
    assert "s2.mrcs: 5 bytes more" in problem.examples[0]


def test_headers_by_optics_group(tmp_path: Path) -> None:
    """Groups 1, 1, 2 of three stacks, the last of which gives no pixel size, and a stack that is shared."""
    sizes = [1.5, 1.0, 0.0]
    for k, size in enumerate(sizes, 1):
        write_stack(tmp_path / f"stacks/s{k}.mrcs", pixel_size_A=size)
    names = ["1@stacks/s1.mrcs", "2@stacks/s1.mrcs", "1@stacks/s2.mrcs", "1@stacks/s3.mrcs", "3@stacks/s1.mrcs"]
    columns = {label: values[:5] for label, values in particle_columns().items()}
    groups = {"rlnOpticsGroup": [1, 2], "rlnOpticsGroupName": ["a", "b"]}
    two = OPTICS | {label: list(OPTICS[label]) * 2 for label in OPTICS} | groups
    rows = columns | {"rlnImageName": names, "rlnOpticsGroup": [1, 1, 1, 2, 2]}
    _, stacks = look(write_star(tmp_path / "run_data.star", rows, two))
    one, other = stacks.headers
    assert (one.stacks, one.boxes, one.pixel_sizes_A) == (2, [8], {1.5: [0], 1.0: [1]})
    assert (other.stacks, other.boxes, other.pixel_sizes_A) == (2, [8], {1.5: [0]})
    assert other.pixel_size_A == 1.5
    assert one.other_than(1.5) == {1.0: [1]} and other.other_than(1.49) == {} and other.other_than(1.48) == {1.5: [0]}


def test_faults_of_every_kind_at_once(tmp_path: Path) -> None:
    names = [f"stacks/s{k}.mrcs" for k in range(1, 7)]
    meta = write_star(tmp_path / "x.star", particle_columns(6, 2, names))
    for k in (1, 2, 3):
        write_stack(tmp_path / names[k], box=8, count=2 if k < 3 else 1)
    (tmp_path / names[4]).write_bytes(b"")
    write_stack(tmp_path / names[5], box=6)
    particles, stacks = look(meta)
    assert faults(stacks) == {
        "stack-missing": (1, [0, 1]),
        "stack-empty": (1, [8, 9]),
        "box-mismatch": (1, [10, 11]),
        "image-index-out-of-range": (1, [7]),
    }
    assert stacks.of_rows(particles).tolist() == [-1, -1, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4]


@pytest.mark.parametrize("slow", [False, True])
def test_many_stacks_with_and_without_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slow: bool) -> None:
    monkeypatch.setattr(parallel, "_SLOW_S", -1.0 if slow else 1e9)
    monkeypatch.setattr(parallel, "_MAX_BATCH", 7)
    names = [f"stacks/s{k}.mrcs" for k in range(90)]
    raw = [mrc_bytes(made_images(1 + k % 3, 4)) for k in range(90)]
    write_stack(tmp_path / names[0])
    for name, content in zip(names, raw, strict=True):
        (tmp_path / name).write_bytes(content)
    meta = write_star(tmp_path / "x.star", particle_columns(90, 1, names))
    _, stacks = look(meta)
    assert [file.header.nz for file in stacks.files if file.header] == [1 + k % 3 for k in range(90)]
    steps = iter(range(100))
    particles = read_particles(meta).particles
    with pytest.raises(Cancelled):
        find_stacks(particles, "", Progress(lambda: next(steps, None) == 20))
