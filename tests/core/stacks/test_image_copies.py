"""Rows with the same image: what they are is planted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cryoimport_gui.core.parameters import ImportParameters, update
from cryoimport_gui.core.particles import Particles
from cryoimport_gui.core.plan.planner import plan_import
from cryoimport_gui.core.problems import CODES, Problem, Severity
from cryoimport_gui.core.reading.relion import read_particles
from cryoimport_gui.core.stacks.image_copies import copies_remarks
from cryoimport_gui.core.stacks.stacks import Stacks, find_stacks

from ...support.stars import line_with, particle_columns, write_stack, write_star

CODES_HERE = ("particle-duplicate", "symmetry-expanded", "half-sets-mixed")


def rows(folder: Path, copies: int = 1, **change: list | None) -> tuple[Path, dict[str, list]]:
    """Six particles in two half-sets, each `copies` times one after the other; `change` replaces whole columns."""
    for k in (1, 2):
        write_stack(folder / f"stacks/s{k}.mrcs", seed=k)
    once = particle_columns()
    columns = {name: [value for value in values for _ in range(copies)] for name, values in once.items()}
    columns |= {name: column for name, column in change.items() if column is not None}
    for name in [name for name, column in change.items() if column is None]:
        columns.pop(name, None)
    return write_star(folder / "run_data.star", columns), columns


def remarks(star: Path, **parameters: Any) -> dict[str, Problem]:
    plan = plan_import(update(ImportParameters(), {"meta": str(star), **parameters}))
    assert plan.errors == []
    return {problem.code: problem for problem in plan.problems if problem.code in CODES_HERE}


def turned(copies: int, step: float, column: str = "rlnAngleRot") -> dict[str, list]:
    angles = particle_columns()[column]
    return {column: [round(angle + step * copy, 6) for angle in angles for copy in range(copies)]}


def test_no_copies_no_remark(tmp_path: Path) -> None:
    assert remarks(rows(tmp_path)[0]) == {}
    assert remarks(rows(tmp_path, rlnRandomSubset=None)[0]) == {}


@pytest.mark.parametrize(("copies", "step"), [(4, 90.0), (17, 360 / 17), (2, 180.0)])
def test_a_symmetry_expanded_set_is_no_set_of_duplicates(tmp_path: Path, copies: int, step: float) -> None:
    star, columns = rows(tmp_path, copies, **turned(copies, step))
    found = remarks(star)
    assert list(found) == ["symmetry-expanded"]
    assert found["symmetry-expanded"].count == 6 * copies and f"{copies} poses" in found["symmetry-expanded"].message
    assert found["symmetry-expanded"].severity is Severity.INFO
    assert all("uplicate" not in its.hint + its.message for its in found.values())
    order = np.random.default_rng(0).permutation(len(columns["rlnImageName"]))
    shuffled = write_star(tmp_path / "x.star", {name: [c[i] for i in order] for name, c in columns.items()})
    assert list(remarks(shuffled)) == ["symmetry-expanded"]


def test_without_poses_the_copies_are_alike(tmp_path: Path) -> None:
    star, _ = rows(tmp_path, 4, **turned(4, 90.0))
    found = remarks(star, ignore_pose_data=True)
    assert set(found) == {"symmetry-expanded", "half-sets-mixed"}
    assert found["symmetry-expanded"].severity is Severity.WARNING
    assert "Import the poses" in found["symmetry-expanded"].hint


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, "particle-duplicate"),
        ({"rlnAnglePsi": 0.5}, "particle-duplicate"),
        ({"rlnAnglePsi": 30.0}, "symmetry-expanded"),
        ({"rlnOriginXAngst": 1.5}, "particle-duplicate"),
        ({"rlnOriginXAngst": 9.5}, "symmetry-expanded"),
        ({"rlnAnglePsi": 30.0, "rlnCoordinateX": 5.0}, "particle-duplicate"),
        ({"rlnAnglePsi": 30.0, "rlnMicrographName": "mics/m2.mrc"}, "particle-duplicate"),
    ],
)
def test_what_a_copy_is(tmp_path: Path, change: dict[str, Any], code: str) -> None:
    """The last of six rows is a copy of the second, in whose half-set it is, with some values changed."""
    columns = {name: [*values[:5], values[1]] for name, values in particle_columns().items()}
    for name, value in change.items():
        columns[name][5] = value if isinstance(value, str) else columns[name][5] + value
    for k in (1, 2):
        write_stack(tmp_path / f"stacks/s{k}.mrcs", seed=k)
    star = write_star(tmp_path / "run_data.star", columns)
    found = remarks(star)
    assert list(found) == [code]
    assert found[code].count == (1 if code == "particle-duplicate" else 2)
    last = len(star.read_text().rstrip().splitlines())
    assert found[code].examples == (f"line {last}: 000002@stacks/s1.mrcs",)


def test_rot_and_psi_of_a_pose_seen_from_the_top_are_one_turn(tmp_path: Path) -> None:
    """Tilt is 0: 10° more of rot and 10° less of psi are the same pose."""
    star, _ = rows(tmp_path, 2, rlnAngleTilt=[0] * 12, rlnAngleRot=[20, 30] * 6, rlnAnglePsi=[40, 30] * 6)
    assert list(remarks(star)) == ["particle-duplicate"]
    star, _ = rows(tmp_path, 2, rlnAngleTilt=[0] * 12, rlnAngleRot=[20, 30] * 6, rlnAnglePsi=[40, 50] * 6)
    assert list(remarks(star)) == ["symmetry-expanded"]


def test_without_poses_in_the_file_copies_are_duplicates(tmp_path: Path) -> None:
    star, _ = rows(tmp_path, 2, rlnAnglePsi=None, rlnRandomSubset=None)
    found = remarks(star)
    assert found["particle-duplicate"].count == 6


def test_duplicates_within_a_symmetry_expanded_set(tmp_path: Path) -> None:
    """Each image stands in four rows: two poses, each twice, the second time behind the other."""
    angles = particle_columns()["rlnAngleRot"]
    star, _ = rows(tmp_path, 4, rlnAngleRot=[angle + 90 * (copy % 2) for angle in angles for copy in range(4)])
    found = remarks(star)
    assert {code: its.count for code, its in found.items()} == {"particle-duplicate": 12, "symmetry-expanded": 12}
    assert "Remove" not in found["particle-duplicate"].hint and "symmetry copies" in found["particle-duplicate"].hint


def test_the_later_rows_are_named(tmp_path: Path) -> None:
    columns = {name: [value[i] for i in (0, 1, 0, 2, 1, 0)] for name, value in particle_columns().items()}
    columns["rlnClassNumber"] = [1, 1, 71, 1, 72, 73]
    for k in (1, 2):
        write_stack(tmp_path / f"stacks/s{k}.mrcs", seed=k)
    star = write_star(tmp_path / "run_data.star", columns)
    found = remarks(star)["particle-duplicate"]
    lines = [line_with(star, f" {number} 1") for number in (71, 72, 73)]
    assert [example.split(":")[0] for example in found.examples] == [f"line {line}" for line in lines]


def test_copies_in_both_half_sets(tmp_path: Path) -> None:
    halves = [1, 1, 2, 2, 1, 2, 1, 1, 2, 1, 2, 2]  # the third and the fifth image are in both
    star, _ = rows(tmp_path, 2, **turned(2, 180.0), rlnRandomSubset=halves)
    found = remarks(star)
    assert set(found) == {"symmetry-expanded", "half-sets-mixed"}
    assert (found["half-sets-mixed"].count, found["half-sets-mixed"].severity) == (2, Severity.WARNING)
    assert "000003@stacks/s1.mrcs" in found["half-sets-mixed"].examples[0]


@pytest.mark.parametrize("how", ["missing", "ignored"])
def test_half_sets_that_are_not_imported_do_not_keep_copies_together(tmp_path: Path, how: str) -> None:
    gone: dict[str, Any] = {"rlnRandomSubset": None} if how == "missing" else {}
    star, _ = rows(tmp_path, 2, **turned(2, 180.0), **gone)
    found = remarks(star, ignore_half_sets=how == "ignored")
    assert set(found) == {"symmetry-expanded", "half-sets-mixed"}
    assert found["half-sets-mixed"].count == 6 and "no half-sets are imported" in found["half-sets-mixed"].message


def read(star: Path) -> tuple[Particles, Stacks]:
    particles = read_particles(star).particles
    return particles, find_stacks(particles, "")


def test_a_helical_tube_lies_in_one_half_set(tmp_path: Path) -> None:
    """Two tubes, both called 1, on two micrographs; then both halves in one of them."""
    particles, stacks = read(rows(tmp_path)[0])
    particles.helical_tube = np.ones(6)  # type: ignore[attr-defined]
    particles.random_subset = np.array([1.0, 1, 1, 2, 2, 2])
    assert list(copies_remarks(particles, stacks)) == []
    particles.random_subset = np.array([1.0, 1, 1, 2, 1, 2])
    (found,) = copies_remarks(particles, stacks)
    assert (found.code, found.count) == ("half-sets-mixed", 1) and "helical tube" in found.message
    (found,) = copies_remarks(particles, stacks, ignore_half_sets=True)
    assert (found.code, found.count) == ("half-sets-mixed", 2)
    particles.helical_tube = np.arange(6.0)  # type: ignore[attr-defined]
    assert list(copies_remarks(particles, stacks, ignore_half_sets=True)) == []


def test_copies_are_those_of_rows_that_are_kept(tmp_path: Path) -> None:
    star, _ = rows(tmp_path, 2, rlnClassNumber=[1, 2] * 6)
    assert "particle-duplicate" in remarks(star)
    assert remarks(star, select=["rlnClassNumber=1"]) == {}


def test_the_hint_of_symmetry_copies_does_not_take_them_for_duplicates() -> None:
    assert "emove" not in CODES["symmetry-expanded"].hint + CODES["half-sets-mixed"].hint


@pytest.mark.parametrize(("shift_A", "code"), [(2.5, "particle-duplicate"), (3.5, "symmetry-expanded")])
def test_shifts_of_copies_are_compared_in_pixels(tmp_path: Path, shift_A: float, code: str) -> None:
    shifts = {"rlnOriginXAngst": [0.0, shift_A] * 6, "rlnOriginYAngst": [0.0] * 12}  # of 1.5 Å pixels: 1.7 and 2.3
    star, _ = rows(tmp_path, 2, rlnOriginX=None, rlnOriginY=None, **shifts)
    assert list(remarks(star)) == [code]
