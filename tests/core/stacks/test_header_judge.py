"""A file that only has the name of a stack: is it the stack?"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from cryoimport_gui.core.parameters import ImportParameters
from cryoimport_gui.core.plan.planner import plan_import
from cryoimport_gui.core.problems import Problem
from cryoimport_gui.core.reading.relion import read_particles
from cryoimport_gui.core.stacks import mrc
from cryoimport_gui.core.stacks.stacks import Stacks, find_stacks

from ...support.stars import OPTICS, made_images, mrc_bytes, particle_columns, write_stack, write_star

NAMES = [f"Extract/job005/Movies/X{k}.mrcs" for k in (1, 2)]


def look(root: Path, data: str = "", **optics: list) -> Stacks:
    star = write_star(root / "Refine3D/job010/run_data.star", particle_columns(2, 3, NAMES), OPTICS | optics)
    return find_stacks(read_particles(star).particles, data)


def put(path: Path, images: np.ndarray) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(mrc_bytes(images))
    return str(path)


def missing(stacks: Stacks) -> Problem:
    (fault,) = stacks.faults
    assert (fault.problem.code, fault.rows.tolist()) == ("stack-missing", [3, 4, 5])
    return fault.problem


@pytest.mark.parametrize(
    ("shape", "words"),
    [((1, 30, 40), "1 image of 40 × 30"), ((1, 8, 8), "1 image of 8 × 8"), ((3, 10, 10), "10 × 10")],
)
@pytest.mark.parametrize("place", ["MotionCorr/job002/Movies/X2.mrc", "Extract/job009/other/X2.mrcs"])
def test_what_only_has_the_name_is_neither_taken_nor_offered(
    tmp_path: Path, place: str, shape: tuple[int, int, int], words: str
) -> None:
    root = tmp_path / "far/from/others"
    write_stack(root / NAMES[0])
    path = put(root / place, np.zeros(shape, "f4"))
    for data in ("", str(root)):
        stacks = look(root, data)
        found = missing(stacks)
        assert stacks.located.suggested_data == ""
        if data:
            (example,) = found.examples
            assert path in example and words in example and "3 images of 8 × 8" in example


@pytest.mark.parametrize("place", ["MotionCorr/job002/Movies/X2.mrc", "flat/X2.mrcs", "Extract/job005/Movies/X2.mrc"])
def test_what_can_be_the_stack_is_taken(tmp_path: Path, place: str) -> None:
    write_stack(tmp_path / NAMES[0])
    path = put(tmp_path / place, made_images(4, 8))
    stacks = look(tmp_path, str(tmp_path))
    assert stacks.faults == []
    assert [file.path for file in stacks.files] == [str(tmp_path / NAMES[0]), path]


def test_what_can_be_the_stack_is_offered(tmp_path: Path) -> None:
    write_stack(tmp_path / NAMES[0])
    put(tmp_path / "moved/Extract/job005/Movies/X2.mrc", made_images(3, 8))
    assert look(tmp_path).located.suggested_data == str(tmp_path / "moved")


def test_the_box_is_that_of_the_file_where_there_is_no_other_stack(tmp_path: Path) -> None:
    put(tmp_path / "m/X1.mrc", np.zeros((3, 10, 10), "f4"))
    put(tmp_path / "m/X2.mrc", np.zeros((3, 10, 10), "f4"))
    (fault,) = look(tmp_path, str(tmp_path), rlnImageSize=[8]).faults
    assert (fault.problem.code, fault.problem.count) == ("stack-missing", 2)
    assert look(tmp_path, str(tmp_path), rlnImageSize=[10]).faults == []


def test_a_box_of_any_other_stack_will_do(tmp_path: Path) -> None:
    names = [*NAMES, "Extract/job005/Movies/X3.mrcs"]
    for name, box in zip(names, (8, 10)):
        write_stack(tmp_path / name, box=box)
    star = write_star(tmp_path / "run_data.star", particle_columns(3, 3, names))
    put(tmp_path / "flat/X3.mrcs", np.zeros((3, 12, 12), "f4"))
    stacks = find_stacks(read_particles(star).particles, str(tmp_path))
    assert "8 × 8 or 10 × 10" in stacks.faults[0].problem.examples[0]
    put(tmp_path / "flat/X3.mrcs", np.zeros((3, 10, 10), "f4"))
    stacks = find_stacks(read_particles(star).particles, str(tmp_path))
    assert [fault.problem.code for fault in stacks.faults] == ["box-mismatch"]


def test_one_of_several_that_can_be_the_stack_is_the_stack(tmp_path: Path) -> None:
    write_stack(tmp_path / NAMES[0])
    put(tmp_path / "a/X2.mrcs", np.zeros((1, 30, 40), "f4"))
    path = put(tmp_path / "b/X2.mrcs", made_images(3, 8))
    assert look(tmp_path, str(tmp_path)).files[1].path == path
    put(tmp_path / "c/X2.mrcs", made_images(3, 8, seed=1))
    (fault,) = look(tmp_path, str(tmp_path)).faults
    assert fault.problem.code == "stack-ambiguous" and "a/X2" not in fault.problem.examples[0]


def test_a_stack_that_was_cut_short_is_said_to_be_that(tmp_path: Path) -> None:
    write_stack(tmp_path / NAMES[0])
    (tmp_path / "flat").mkdir()
    (tmp_path / "flat/X2.mrcs").write_bytes(mrc_bytes(made_images(3, 8))[:-9])
    (fault,) = look(tmp_path, str(tmp_path)).faults
    assert fault.problem.code == "stack-truncated"


def test_each_header_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_stack(tmp_path / NAMES[0])
    put(tmp_path / "flat/X2.mrcs", made_images(3, 8))
    opened: list[str] = []
    real = mrc.os.open

    def counted(path: str, *rest: int) -> int:
        opened.append(os.path.basename(path))
        return real(path, *rest)

    monkeypatch.setattr(mrc.os, "open", counted)
    assert look(tmp_path, str(tmp_path)).faults == []
    assert sorted(name for name in opened if name.endswith(".mrcs")) == ["X1.mrcs", "X2.mrcs"]


def test_a_stack_through_the_alias_of_its_job_is_one_stack(tmp_path: Path) -> None:
    """Rows 4 to 6 name the images of rows 1 to 3 again, by the alias."""
    names = ["Extract/job005/s.mrcs", "Extract/mine/s.mrcs"]
    write_stack(tmp_path / names[0])
    (tmp_path / "Extract/mine").symlink_to("job005")
    star = write_star(tmp_path / "run_data.star", particle_columns(2, 3, names))
    plan = plan_import(ImportParameters(meta=str(star)))
    assert plan.stacks is not None and len(plan.stacks.files) == 1
    assert {p.code: p.count for p in plan.problems}["particle-duplicate"] == 3
    assert "stack-elsewhere" not in [p.code for p in plan.problems]


@pytest.mark.parametrize(
    ("content", "words", "todo"),
    [
        (b"\x89HDF\r\n\x1a\n", "HDF5", "Convert"),
        (b"\x1f\x8b\x08\x08", "gzip", "gunzip"),
        (b"BZh91AY", "bzip2", "bunzip2"),
        (b"hello, w", "not an MRC header", "permissions"),
    ],
)
def test_other_files_are_called_what_they_are(tmp_path: Path, content: bytes, words: str, todo: str) -> None:
    write_stack(tmp_path / NAMES[0])
    (tmp_path / NAMES[1]).write_bytes(content + bytes(range(256)) * 9)
    (fault,) = look(tmp_path).faults
    assert fault.problem.code == "stack-not-mrc" and fault.rows.tolist() == [3, 4, 5]
    assert words in fault.problem.examples[0] and todo in fault.problem.hint


@pytest.mark.parametrize(
    ("lies", "data", "printed"),
    [
        ("new/grid2/mics/{}", "new", ("grid1 → grid2",)),
        ("new/x/proj/grid1/mics/{}", "new", ()),
        ("new/grid1/mics/{}", "new/grid1", ()),
        ("proj/grid1/mics/{}", "", ()),
        ("new/{}", "new", ("mics → new",)),
    ],
)
def test_stacks_in_another_folder_than_their_names_say(
    tmp_path: Path, lies: str, data: str, printed: tuple[str, ...]
) -> None:
    for k in (1, 2):
        write_stack(tmp_path / lies.format(f"m{k}.mrcs"))
    star = write_star(
        tmp_path / "proj/run_data.star", particle_columns(2, 3, [f"grid1/mics/m{k}.mrcs" for k in (1, 2)])
    )
    plan = plan_import(ImportParameters(meta=str(star), data=str(tmp_path / data) if data else ""))
    found = [p for p in plan.problems if p.code == "stack-elsewhere"]
    assert plan.errors == [] and len(found) == len(printed)
    assert all(p.count == 2 and p.examples == (f"{words}: 2 stacks",) for p, words in zip(found, printed, strict=True))


def test_an_absolute_name_that_is_exact_is_where_it_says(tmp_path: Path) -> None:
    names = [str(tmp_path / f"far/grid1/m{k}.mrcs") for k in (1, 2)]
    for name in names:
        write_stack(Path(name))
    star = write_star(tmp_path / "p/run_data.star", particle_columns(2, 3, names))
    assert "stack-elsewhere" not in [p.code for p in plan_import(ImportParameters(meta=str(star))).problems]
