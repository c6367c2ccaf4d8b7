from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cryoimport_gui.core.demo import Demo, DemoRecipe, make_demo
from cryoimport_gui.core.parameters import ImportParameters, update
from cryoimport_gui.core.particles import Value
from cryoimport_gui.core.plan.plan import ImportPlan
from cryoimport_gui.core.plan.planner import plan_import
from cryoimport_gui.core.problems import Problem

from ...support.running import run
from ...support.stars import OPTICS, Columns, exposure_columns, write_exposures, write_input, write_stack

COLUMN = {
    "pixel_size_A": ("rlnImagePixelSize", "--pixel-size"),
    "voltage_kV": ("rlnVoltage", "--voltage"),
    "cs_mm": ("rlnSphericalAberration", "--cs"),
    "amplitude_contrast": ("rlnAmplitudeContrast", "--amplitude-contrast"),
}
TWO_GROUPS: Columns = {label: values * 2 for label, values in OPTICS.items()} | {
    "rlnOpticsGroup": [1, 2],
    "rlnOpticsGroupName": ["one", "two"],
}


def without(*labels: str) -> Columns:
    return {label: values for label, values in OPTICS.items() if label not in labels}


def plan(folder: Path, optics: Columns | None = OPTICS, change: dict | None = None, **parameters: Any) -> ImportPlan:
    meta = write_input(folder, change, optics)
    return plan_import(update(ImportParameters(), {"meta": str(meta), **parameters}))


def errors(found: ImportPlan) -> list[Problem]:
    return [problem for problem in found.errors if problem.code == "microscope-value-missing"]


@pytest.mark.parametrize("name", COLUMN)
def test_a_missing_value_names_its_column_and_its_flag(tmp_path: Path, name: str) -> None:
    label, flag = COLUMN[name]
    for k in (1, 2):
        write_stack(tmp_path / f"stacks/s{k}.mrcs", pixel_size_A=0.0)
    (error,) = errors(plan(tmp_path, without(label), ignore_raw_data=name == "pixel_size_A"))
    assert label in error.message and label in error.hint and flag in error.hint
    assert error.count == 1 and "opticsGroup1" in error.examples[0]


def test_without_ctf_only_the_pixel_size_is_needed(tmp_path: Path) -> None:
    bare = without("rlnVoltage", "rlnSphericalAberration", "rlnAmplitudeContrast")
    no_defocus = {"rlnDefocusU": None, "rlnDefocusV": None, "rlnDefocusAngle": None}
    found = plan(tmp_path, bare, no_defocus)
    assert found.errors == []
    assert "ctf" not in found.slots
    assert len(errors(plan(tmp_path, bare))) == 3


def test_the_stack_header_is_the_last_resort_for_the_pixel_size(tmp_path: Path) -> None:
    found = plan(tmp_path, without("rlnImagePixelSize"))
    (group,) = found.groups
    assert group.pixel_size_A == Value(1.5, "stack header")
    assert group.file_pixel_size_A == 1.5
    (warning,) = [p for p in found.problems if p.code == "pixel-size-disagrees"]
    assert "1.5 Å" in warning.examples[0] and "--pixel-size" in warning.hint
    assert found.errors == []


def test_exposures_give_what_the_file_lacks(tmp_path: Path) -> None:
    columns = exposure_columns() | {"ctf/amp_contrast": np.full(2, 0.07, "f4")}
    exposures = write_exposures(tmp_path / "J1/exposures.cs", columns)
    optics = without("rlnSphericalAberration", "rlnAmplitudeContrast")
    found = plan(tmp_path, optics, exposures=str(exposures), remove_leading_uid=True)
    (group,) = found.groups
    assert group.voltage_kV == Value(300, "optics rlnVoltage")
    assert group.cs_mm == Value(pytest.approx(1.4), "exposures")
    assert group.amplitude_contrast == Value(pytest.approx(0.07), "exposures")
    assert found.errors == []


def test_exposures_that_disagree_give_nothing(tmp_path: Path) -> None:
    columns = exposure_columns() | {"mscope_params/cs_mm": np.array([1.4, 2.7], "f4")}
    exposures = write_exposures(tmp_path / "J1/exposures.cs", columns)
    parameters = {"exposures": str(exposures), "remove_leading_uid": True}
    (error,) = errors(plan(tmp_path, without("rlnSphericalAberration"), **parameters))
    assert "rlnSphericalAberration" in error.message
    two = {label: values for label, values in TWO_GROUPS.items() if label != "rlnSphericalAberration"}
    found = plan(tmp_path, two, {"rlnOpticsGroup": [1, 1, 1, 2, 2, 2]}, **parameters)
    assert [g.cs_mm.value for g in found.groups if g.cs_mm] == [pytest.approx(1.4), pytest.approx(2.7)]


@pytest.mark.parametrize("name", COLUMN)
def test_overrides(tmp_path: Path, name: str) -> None:
    _, flag = COLUMN[name]
    parameter = flag[2:].replace("-", "_")
    planted = {"pixel_size_A": 1.5, "voltage_kV": 300, "cs_mm": 2.7, "amplitude_contrast": 0.1}[name]
    rows = {"rlnOpticsGroup": [1, 1, 1, 2, 2, 2]}
    for given, expected in [
        (["0.9"], [0.9, 0.9]),
        (["2=0.9"], [planted, 0.9]),
        (["0.9", "1=0.8"], [0.8, 0.9]),
        (["1=0.8", "0.9"], [0.8, 0.9]),
        (["0.7", "0.9"], [0.9, 0.9]),
    ]:
        if name == "voltage_kV":
            given = [text.replace("0.", "20") for text in given]
            expected = [value if value == planted else 200 + value * 10 for value in expected]
        found = plan(tmp_path, TWO_GROUPS, rows, **{parameter: given})
        values = [getattr(group, name) for group in found.groups]
        assert [value.value for value in values] == [pytest.approx(value) for value in expected]
        assert [value.source == "you" for value in values] == [value != planted for value in expected]
        assert [group.file_pixel_size_A for group in found.groups] == [1.5, 1.5]
        assert found.errors == []


def test_an_override_stands_in_for_a_missing_value(tmp_path: Path) -> None:
    bare = without(*(label for label, _ in COLUMN.values()))
    for k in (1, 2):
        write_stack(tmp_path / f"stacks/s{k}.mrcs")
    given = {"pixel_size": "1.1", "voltage": "200", "cs": "0.01", "amplitude_contrast": "0"}
    found = plan(tmp_path, bare, **given)
    assert found.errors == []
    (group,) = found.groups
    assert [getattr(group, name) for name in COLUMN] == [Value(v, "you") for v in (1.1, 200, 0.01, 0)]
    assert group.file_pixel_size_A == 1.1  # the header says 1.5, but a header is no file that anything was refined with


def test_an_override_for_a_group_that_the_file_lacks(tmp_path: Path) -> None:
    (error,) = errors(plan(tmp_path, voltage=["7=200"]))
    assert "--voltage" in error.message and "7" in error.message and "1" in error.message


@pytest.mark.parametrize(
    ("label", "value"),
    [
        ("rlnImagePixelSize", 500),
        ("rlnVoltage", 0),
        ("rlnVoltage", 300000),
        ("rlnSphericalAberration", -5),
        ("rlnAmplitudeContrast", 7),
    ],
)
def test_values_that_no_microscope_has(tmp_path: Path, label: str, value: float) -> None:
    (error,) = errors(plan(tmp_path, OPTICS | {label: [value]}))
    assert label in error.message and f"{value:g}" in error.message
    flag = next(flag for column, flag in COLUMN.values() if column == label)
    assert flag in error.hint
    parameter = flag[2:].replace("-", "_")
    assert (
        plan(tmp_path, OPTICS | {label: [value]}, **{parameter: "2" if label == "rlnVoltage" else "0.5"}).errors == []
    )


def test_only_groups_with_particles_need_values(tmp_path: Path) -> None:
    optics = dict(TWO_GROUPS) | {"rlnVoltage": [300, "nan"]}
    assert plan(tmp_path, optics).errors == []
    (error,) = errors(plan(tmp_path, optics, {"rlnOpticsGroup": [1, 1, 1, 2, 2, 2]}))
    assert error.examples == ("optics group 2 (two)",)


def disagreeing(found: ImportPlan) -> list[Problem]:
    return [problem for problem in found.problems if problem.code == "pixel-size-disagrees"]


@pytest.mark.parametrize(
    ("header_A", "count"), [(1.5, 0), (1.51, 0), (0.0, 0), (1.0, 2), (1.53, 2), (1.47, 2), (1.49, 0)]
)
def test_headers_that_give_another_pixel_size(tmp_path: Path, header_A: float, count: int) -> None:
    meta = write_input(tmp_path)
    for k in (1, 2):
        write_stack(tmp_path / f"stacks/s{k}.mrcs", pixel_size_A=header_A)
    problems = disagreeing(plan_import(ImportParameters(meta=str(meta))))
    assert [problem.count for problem in problems] == [2] * (count > 0)
    for problem in problems:
        (example,) = problem.examples
        assert f"{header_A:g} Å" in example and "1.5 Å" in example


def test_headers_are_compared_with_the_pixel_size_that_is_used(tmp_path: Path) -> None:
    """Of two groups of 1.5 and 2 Å with headers of 1.5 Å, until the second is said to be of 1.5 Å, too."""
    optics = TWO_GROUPS | {"rlnImagePixelSize": [1.5, 2.0]}
    rows = {"rlnOpticsGroup": [1, 1, 1, 2, 2, 2]}
    (problem,) = disagreeing(plan(tmp_path, optics, rows))
    (example,) = problem.examples
    assert "1.5 Å" in example and "2 Å" in example and f"{tmp_path}/stacks/s2.mrcs" in example
    assert disagreeing(plan(tmp_path, optics, rows, pixel_size=["2=1.5"])) == []
    (problem,) = disagreeing(plan(tmp_path, optics, rows, pixel_size=["3"]))
    assert problem.count == 2 and all("3 Å (you)" in example for example in problem.examples)


@pytest.mark.parametrize(
    ("label", "of"), [("rlnMicrographOriginalPixelSize", "movies"), ("rlnMicrographPixelSize", "micrographs")]
)
def test_an_assumed_pixel_size_is_reported_until_it_is_given(tmp_path: Path, label: str, of: str) -> None:
    """Particles may have been binned when they were extracted."""
    optics = without("rlnImagePixelSize") | {label: [1.5]}
    (problem,) = disagreeing(plan(tmp_path, optics))
    assert f"{label}, which is that of the {of}" in problem.message and "1.5 Å" in problem.examples[0]
    assert disagreeing(plan(tmp_path, optics, pixel_size="1.5")) == []


@pytest.mark.parametrize(
    ("label", "value", "odd"),
    [
        ("rlnVoltage", 80, False),
        ("rlnVoltage", 60, True),
        ("rlnVoltage", 1000, True),
        ("rlnSphericalAberration", 0.001, False),
        ("rlnSphericalAberration", -0.5, True),
        ("rlnSphericalAberration", 27, True),
        ("rlnAmplitudeContrast", 0, False),
        ("rlnAmplitudeContrast", 0.31, True),
        ("rlnAmplitudeContrast", 1.5, False),  # that is impossible, and an error
    ],
)
def test_odd_values_are_reported(tmp_path: Path, label: str, value: float, odd: bool) -> None:
    found = [p for p in plan(tmp_path, OPTICS | {label: [value]}).problems if p.code == "microscope-value-odd"]
    assert [p.count for p in found] == [1] * odd
    assert all(f"{value:g}" in p.examples[0] and "opticsGroup1" in p.examples[0] for p in found)


THREE = DemoRecipe(micrographs=6, particles_per_micrograph=3, optics_groups=3, optics_pixel_sizes=(2.1, 1.05, 1.4))


@pytest.fixture(scope="module")
def three_groups(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """Three optics groups of different pixel size and voltage, in boxes of as many pixels."""
    return make_demo(tmp_path_factory.mktemp("three"), THREE)


@pytest.mark.parametrize(
    ("flags", "pixel_size_A", "voltage_kV"),
    [
        ([], [2.1, 1.05, 1.4], [300, 200, 300]),
        (["--pixel-size", "1.2"], [1.2, 1.2, 1.2], [300, 200, 300]),
        (["--pixel-size", "2=1.1"], [2.1, 1.1, 1.4], [300, 200, 300]),
        (["--voltage", "120", "--voltage", "3=200", "--pixel-size", "3=1.5"], [2.1, 1.05, 1.5], [120, 120, 200]),
    ],
)
def test_overrides_come_out_in_the_rows_of_their_group_and_move_nothing(
    tmp_path: Path, three_groups: Demo, flags: list[str], pixel_size_A: list[float], voltage_kV: list[float]
) -> None:
    outcome = run(tmp_path, three_groups.star, "--data", three_groups.data, *flags)
    assert outcome.status == 0
    dataset, group = outcome.dataset, three_groups.optics_group - 1
    assert set(group) == {0, 1, 2}
    for name, expected in (
        ("blob/psize_A", pixel_size_A),
        ("alignments3D/psize_A", pixel_size_A),
        ("ctf/accel_kv", voltage_kV),
        ("ctf/cs_mm", three_groups.cs_mm),
        ("ctf/amp_contrast", three_groups.amplitude_contrast),
    ):
        np.testing.assert_allclose(dataset[name], np.asarray(expected)[group], rtol=1e-6, err_msg=name)
    np.testing.assert_array_equal(dataset["ctf/exp_group_id"], three_groups.optics_group)
    np.testing.assert_allclose(dataset["alignments3D/shift"], three_groups.shift_px, atol=1e-4)
    for reported, size, voltage, given in zip(
        outcome.report["optics_groups"], pixel_size_A, voltage_kV, three_groups.pixel_size_A
    ):
        assert reported["pixel_size_A"]["value"] == pytest.approx(size)
        assert reported["pixel_size_A"]["source"] == ("optics rlnImagePixelSize" if size == given else "you")
        assert reported["voltage_kV"] == {
            "value": voltage,
            "source": "optics rlnVoltage" if "--voltage" not in flags else "you",
        }


def differing(found: ImportPlan) -> list[Problem]:
    return [problem for problem in found.problems if problem.code == "pixel-sizes-differ"]


@pytest.mark.parametrize(("other_A", "is_reported"), [(1.5, False), (1.5001, False), (1.51, True), (3.0, True)])
def test_several_pixel_sizes_in_one_set(tmp_path: Path, other_A: float, is_reported: bool) -> None:
    optics = TWO_GROUPS | {"rlnImagePixelSize": [1.5, other_A]}
    rows = {"rlnOpticsGroup": [1, 1, 1, 1, 2, 2]}
    problems = differing(plan(tmp_path, optics, rows))
    assert [problem.count for problem in problems] == [2] * is_reported
    for problem in problems:
        assert problem.examples == ("1.5 Å: 4 particles", f"{other_A:g} Å: 2 particles")
        assert "--select optics-group=1 (1.5 Å)" in problem.hint
        assert f"--select optics-group=2 ({other_A:g} Å)" in problem.hint
    assert differing(plan(tmp_path, optics, rows, pixel_size="1.5")) == []
    for group in ("1", "2"):
        assert differing(plan(tmp_path, optics, rows, select=[f"optics-group={group}"])) == []
    assert differing(plan(tmp_path, optics)) == []  # no particle is in the second group


def test_pixel_sizes_that_no_optics_group_keeps_apart(tmp_path: Path) -> None:
    """The particle table has pixel sizes of its own, all in group 1."""
    found = plan(tmp_path, OPTICS, {"rlnImagePixelSize": [1.5, 1.5, 1.5, 3, 3, 3]})
    (problem,) = differing(found)
    assert "--select" not in problem.hint and problem.hint


@pytest.mark.parametrize(
    ("groups", "printed"), [([1, 1, 1, 2, 2, 2], ("=1 (8 pixels)", "=2 (10 pixels)")), ([1, 2, 1, 2, 2, 2], ())]
)
def test_two_boxes_are_imported_apart_where_groups_keep_them_apart(
    tmp_path: Path, groups: list[int], printed: tuple[str, ...]
) -> None:
    meta = write_input(tmp_path, {"rlnOpticsGroup": groups}, TWO_GROUPS)
    write_stack(tmp_path / "stacks/s2.mrcs", box=10)
    (error,) = (p for p in plan_import(ImportParameters(meta=str(meta))).errors if p.code == "box-mismatch")
    assert all(f"--select optics-group{words}" in error.hint for words in printed)
    assert ("--select" in error.hint) == bool(printed)
    if printed:
        for number in ("1", "2"):
            chosen = update(ImportParameters(), {"meta": str(meta), "select": [f"optics-group={number}"]})
            assert plan_import(chosen).errors == []


@pytest.mark.parametrize(("number", "is_known"), [(1, True), (2, True), (3, False)])
def test_an_override_may_name_a_group_that_is_listed_but_not_used(tmp_path: Path, number: int, is_known: bool) -> None:
    found = plan(tmp_path, TWO_GROUPS, voltage=[f"{number}=200"])
    assert [group.id for group in found.groups] == [1]
    assert (errors(found) == []) == is_known
    assert [group.voltage_kV and group.voltage_kV.value for group in found.groups] == [200 if number == 1 else 300]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["a=200"], [200, 300]),
        (["b c=120"], [300, 120]),
        (["100", "b c=120"], [100, 120]),
        (["1=80", "a=200"], [80, 300]),
        (["a=b=200"], None),
        (["d=200"], None),
    ],
)
def test_an_override_may_name_a_group_by_its_name(
    tmp_path: Path, given: list[str], expected: list[float] | None
) -> None:
    """Its number stands above its name, and that above all groups."""
    named = TWO_GROUPS | {"rlnOpticsGroupName": ["a", '"b c"']}
    found = plan(tmp_path, named, {"rlnOpticsGroup": [1, 1, 1, 2, 2, 2]}, voltage=given)
    if expected is None:
        (error,) = errors(found)
        assert error.code == "microscope-value-missing" and "but the file has only a, b c" in error.message
    else:
        assert errors(found) == []
        assert [group.voltage_kV and group.voltage_kV.value for group in found.groups] == expected


def test_a_group_without_particles_is_known_by_its_name_too(tmp_path: Path) -> None:
    assert errors(plan(tmp_path, TWO_GROUPS | {"rlnOpticsGroupName": ["a", "b"]}, voltage=["b=200"])) == []


@pytest.mark.parametrize("header_A", [1.5, 0.0])
@pytest.mark.parametrize("given", [0, -1, None])
def test_a_pixel_size_of_0_is_named(tmp_path: Path, header_A: float, given: float | None) -> None:
    meta = write_input(
        tmp_path, None, without("rlnImagePixelSize") | ({} if given is None else {"rlnImagePixelSize": [given]})
    )
    for k in (1, 2):
        write_stack(tmp_path / f"stacks/s{k}.mrcs", pixel_size_A=header_A)
    found = plan_import(ImportParameters(meta=str(meta)))
    (said,) = disagreeing(found) if header_A else errors(found)
    assert (f"rlnImagePixelSize is {given}" in said.message) == (given is not None)
    assert "--pixel-size" in said.hint
