"""Several files as one: every value of every row is the planted one."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cryoimport_gui.core.parameters import ImportParameters, update
from cryoimport_gui.core.particles import InputFile, Part, Particles
from cryoimport_gui.core.plan.planner import plan_import
from cryoimport_gui.core.problems import Refused
from cryoimport_gui.core.reading import formats
from cryoimport_gui.core.reading.join import FOR_ALL, UNSAID
from cryoimport_gui.core.reading.reading import Reading, TextColumn

from ...support.stars import OPTICS, particle_columns, write_input, write_stack, write_star

LABELS = {
    "defocus_u_A": "rlnDefocusU",
    "defocus_v_A": "rlnDefocusV",
    "defocus_angle_deg": "rlnDefocusAngle",
    "rot_deg": "rlnAngleRot",
    "tilt_deg": "rlnAngleTilt",
    "psi_deg": "rlnAnglePsi",
    "class_number": "rlnClassNumber",
    "random_subset": "rlnRandomSubset",
}


def optics(*groups: tuple[int, str, float]) -> dict[str, list]:
    """Groups of number, name and voltage."""
    columns: dict[str, list] = {label: values * len(groups) for label, values in OPTICS.items()}
    numbers, names, voltages = zip(*groups)
    return columns | {"rlnOpticsGroup": [*numbers], "rlnOpticsGroupName": [*names], "rlnVoltage": [*voltages]}


def shuffled(seed: int, rows: int, groups: list[int]) -> dict[str, list]:
    """Rows of four stacks in any order, with values that no other row has."""
    rng = np.random.default_rng(seed)
    columns = particle_columns(4, rows // 4)
    for label in set(columns) - {"rlnImageName", "rlnMicrographName", "rlnOpticsGroup"}:
        columns[label] = rng.uniform(1, 1000, rows).round(4).tolist()
    for label in ("rlnClassNumber", "rlnRandomSubset"):
        columns[label] = rng.integers(1, 3, rows).tolist()
    columns["rlnOpticsGroup"] = rng.choice(groups, rows).tolist()
    order = rng.permutation(rows)
    return {label: [values[i] for i in order] for label, values in columns.items()}


def read(*paths: Path, **columns: bool) -> Reading:
    return formats.read([*map(str, paths)], columns=columns)


def test_every_value_of_every_row(tmp_path: Path) -> None:
    tables = [shuffled(1, 40, [1, 2]), shuffled(2, 24, [1, 3])]
    groups = [optics((1, "a", 300), (2, "b", 200)), optics((1, "b", 200), (3, "c", 120))]
    paths = [write_star(tmp_path / f"{i}.star", t, g) for i, (t, g) in enumerate(zip(tables, groups))]
    reading = read(*paths, rlnDefocusU=True, rlnMicrographName=False)
    joined = reading.particles
    assert joined.files == (InputFile(str(paths[0]), 40), InputFile(str(paths[1]), 24))
    planted = {label: np.array(tables[0][label] + tables[1][label]) for label in tables[0]}
    for name, label in LABELS.items():
        np.testing.assert_array_equal(getattr(joined, name), planted[label], err_msg=name)
    np.testing.assert_array_equal(joined.coordinates_px[:, 0], planted["rlnCoordinateX"])
    np.testing.assert_array_equal(joined.shift_A[:, 1], planted["rlnOriginYAngst"])
    images = [f"{n:06d}@{joined.stack_names[i]}" for n, i in zip(joined.image_number, joined.stack_index)]
    assert images == planted["rlnImageName"].tolist()
    micrographs = [joined.micrograph_names[i] for i in joined.micrograph_index]
    assert micrographs == planted["rlnMicrographName"].tolist()
    assert len(joined.stack_names) == 4 and len(joined.micrograph_names) == 4, "names stand once"
    names = [{1: "a", 2: "b"}[n] for n in tables[0]["rlnOpticsGroup"]]
    names += [{1: "b", 3: "c"}[n] for n in tables[1]["rlnOpticsGroup"]]
    assert [joined.optics_groups[i].name for i in joined.optics_index] == names
    assert {(g.id, g.name, g.voltage_kV.value, g.particles) for g in joined.optics_groups if g.voltage_kV} == {
        (1, "a", 300, names.count("a")), (2, "b", 200, names.count("b")), (3, "c", 120, names.count("c")),
    }  # fmt: skip
    np.testing.assert_array_equal(reading.columns["rlnDefocusU"], planted["rlnDefocusU"])
    text = reading.columns["rlnMicrographName"]
    assert isinstance(text, TextColumn)
    assert [text.values[code] for code in text.codes] == micrographs
    (remark,) = reading.remarks
    assert (remark.code, remark.examples) == ("optics-groups-renumbered", ("1.star: group 1 (b) became 2",))


@pytest.mark.parametrize(
    ("first", "second", "numbers"),
    [
        ([(1, "a", 300)], [(1, "a", 300)], [1, 1]),  # one and the same
        ([(1, "a", 300)], [(1, "a", 200)], [1, 2]),  # other values
        ([(1, "a", 300)], [(1, "b", 300)], [1, 2]),  # another name
        ([(1, "a", 300)], [(5, "a", 300)], [1, 1]),  # another number
        ([(1, "a", 300)], [(5, "b", 300)], [1, 5]),  # kept
        ([(1, "a", 300), (2, "b", 300)], [(1, "b", 300), (2, "a", 300)], [1, 2, 2, 1]),  # exchanged
        ([(2, "a", 300)], [(2, "b", 300), (1, "c", 300)], [2, 3, 1]),  # c keeps its number, so b cannot have it
        ([(1, "a", 300)], [(1, "b", 300), (2, "c", 300), (4, "d", 300)], [1, 3, 2, 4]),
    ],
)
def test_numbers_of_groups(tmp_path: Path, first: list, second: list, numbers: list[int]) -> None:
    paths = []
    for name, groups in (("a", first), ("b", second)):
        columns = particle_columns(len(groups), 1) | {"rlnOpticsGroup": [number for number, _, _ in groups]}
        paths.append(write_star(tmp_path / f"{name}.star", columns, optics(*groups)))
    joined = read(*paths).particles
    rows = [joined.optics_groups[i] for i in joined.optics_index]
    assert [group.id for group in rows] == numbers
    given = [*first, *second]
    assert [(g.name, g.voltage_kV.value) for g in rows if g.voltage_kV] == [(name, kv) for _, name, kv in given]
    assert len({group.id for group in joined.optics_groups}) == len(joined.optics_groups)


def test_a_number_that_is_only_listed_is_not_taken(tmp_path: Path) -> None:
    first = write_star(tmp_path / "a.star", particle_columns(1, 1), optics((1, "a", 300), (2, "unused", 300)))
    second = write_star(tmp_path / "b.star", particle_columns(1, 1), optics((1, "b", 300)))
    joined = read(first, second).particles
    assert [group.id for group in joined.optics_groups] == [1, 3] and joined.listed_groups == (1, 2, 3)


def test_faults_and_lines_are_those_of_each_file(tmp_path: Path) -> None:
    bad = {"rlnDefocusU": [1.0, "nan", 1.0, 1.0, 1.0, 1.0]}
    first, second = write_input(tmp_path / "a", bad), write_input(tmp_path / "b", bad)
    reading = read(first, second)
    (fault,) = reading.faults
    assert fault.rows.tolist() == [1, 7] and fault.problem.count == 2
    lines = [i for i, line in enumerate(second.read_text().splitlines(), 1) if "000002@stacks/s1.mrcs" in line]
    assert fault.problem.examples[1] == f"b/run_data.star, line {lines[0]}: 000002@stacks/s1.mrcs (rlnDefocusU)"


def test_stacks_of_one_name_count_from_the_folder_of_each_file(tmp_path: Path) -> None:
    first, second = write_input(tmp_path / "a"), write_input(tmp_path / "b")
    write_stack(tmp_path / "b/stacks/s1.mrcs", seed=9)
    plan = plan_import(ImportParameters(meta=(str(first), str(second)), check_poses="off"))
    assert plan.errors == [] and plan.stacks is not None and plan.particles is not None
    of_rows = [plan.stacks.files[i].path for i in plan.stacks.of_rows(plan.particles)]
    folders = ["a"] * 6 + ["b"] * 6
    assert of_rows == [str(tmp_path / f / f"stacks/s{k}.mrcs") for f, k in zip(folders, [1, 1, 1, 2, 2, 2] * 2)]
    assert plan.counts()["stacks"] == 4 and "particle-duplicate" not in [p.code for p in plan.problems]


def test_an_image_in_two_files_is_a_duplicate(tmp_path: Path) -> None:
    first = write_input(tmp_path)
    second = tmp_path / "job/again.star"
    second.parent.mkdir()
    second.write_text(first.read_text())
    plan = plan_import(ImportParameters(meta=(str(first), str(second)), check_poses="off"))
    (found,) = (problem for problem in plan.problems if problem.code == "particle-duplicate")
    assert found.count == 6 and found.examples[0].startswith("again.star, line ")


def test_conditions_and_switched_off_rows(tmp_path: Path) -> None:
    first = write_input(tmp_path / "a")
    second = write_input(tmp_path / "b", {"rlnEnabled": [1, -1, 1, 1, 1, 1]})
    given: dict[str, Any] = {"meta": [str(first), str(second)], "select": "rlnClassNumber=2", "check_poses": "off"}
    plan = plan_import(update(ImportParameters(), given))
    assert plan.particles is not None and plan.particles.rows.tolist() == [1, 4, 10]
    assert plan.counts()["not_selected"] == 9
    unknown = plan_import(update(ImportParameters(), given | {"select": "rlnEnabled=1"}))
    assert [p.code for p in unknown.errors] == ["selection-unknown"], "the first file has no such column"


@pytest.mark.parametrize(
    ("label", "part"),
    [
        ("rlnDefocusU", Part.ALWAYS),
        ("rlnAnglePsi", Part.POSES),
        ("rlnRandomSubset", Part.HALF_SETS),
        ("rlnCoordinateX", Part.COORDINATES),
    ],
)
def test_what_one_file_lacks_is_a_fault_of_its_rows(tmp_path: Path, label: str, part: Part) -> None:
    reading = read(write_input(tmp_path / "a"), write_input(tmp_path / "b", {label: None}))
    faults = [fault for fault in reading.faults if label in fault.what[1]]
    assert [(fault.rows.tolist(), fault.part) for fault in faults] == [(list(range(6, 12)), part)]


def test_shifts_in_pixels_and_in_angstroms(tmp_path: Path) -> None:
    in_pixels = {"rlnOriginXAngst": None, "rlnOriginYAngst": None, "rlnOriginX": [2.0] * 6, "rlnOriginY": [-4.0] * 6}
    particles = read(write_input(tmp_path / "a"), write_input(tmp_path / "b", in_pixels)).particles
    assert particles.shift_px is None and particles.shift_A is not None
    np.testing.assert_allclose(particles.shift_A[:6, 0], 0.3 * np.arange(6))
    np.testing.assert_array_equal(particles.shift_A[6:], [[3.0, -6.0]] * 6)  # 1.5 Å a pixel


def test_values_that_may_be_unsaid(tmp_path: Path) -> None:
    second = write_input(tmp_path / "b", {"rlnPhaseShift": [90.0] * 6, "rlnAngleRot": [0.0] * 6})
    first = write_input(tmp_path / "a", {"rlnAngleRot": None, "rlnClassNumber": None})
    reading = read(first, second)
    particles = reading.particles
    assert reading.faults == []
    assert particles.phase_shift_deg is not None and particles.phase_shift_deg.tolist() == [0.0] * 6 + [90.0] * 6
    assert particles.rot_deg is not None and not particles.rot_deg.any()
    assert particles.class_number is not None and particles.class_number[:6].tolist() == [1.0] * 6


def test_aberrations_of_rows_and_of_groups(tmp_path: Path) -> None:
    first = write_input(tmp_path / "a", {"rlnBeamTiltX": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]})
    second = write_input(tmp_path / "b", optics=OPTICS | {"rlnBeamTiltX": [0.7]})
    particles = read(first, second).particles
    assert particles.aberration_names == ("beam_tilt_x_mrad",) and particles.aberrations is not None
    assert particles.aberrations[:, 0].tolist() == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6] + [0.7] * 6


def test_what_is_wrong_names_the_file(tmp_path: Path) -> None:
    first = write_input(tmp_path / "a")
    second = write_star(tmp_path / "b.star", {"rlnAnglePsi": [1, 2]}, None)
    with pytest.raises(Refused, match="b.star: "):
        read(first, second)


def test_images_and_picks_are_not_joined(tmp_path: Path) -> None:
    first = write_input(tmp_path / "a")
    second = write_star(tmp_path / "b.star", {"rlnCoordinateX": [1, 2], "rlnCoordinateY": [1, 2]}, None)
    with pytest.raises(Refused, match="b.star holds picks alone") as refused:
        read(first, second)
    assert refused.value.problem.code == "meta-unreadable"


def test_every_array_has_its_rule() -> None:
    """An array that is added to `Particles` needs one."""
    here = {*UNSAID, *FOR_ALL, "stack_index", "image_number", "optics_index", "micrograph_index", "aberrations", "rows"}
    here |= {"original_row", "keeps_ctf"}  # found after files are joined
    assert here == {
        f.name for f in fields(Particles) if "NDArray" in str(f.type).split("Callable")[0] or f.type == "Rows"
    }
