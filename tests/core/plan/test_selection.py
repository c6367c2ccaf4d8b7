"""Conditions on rows, against rows that were counted by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cryoimport_gui.core.plan.selection import extra_columns, selected_rows
from cryoimport_gui.core.problems import Problem, Refused
from cryoimport_gui.core.reading.reading import Reading
from cryoimport_gui.core.reading.relion import read_particles

from ...support.running import run
from ...support.stars import Columns, particle_columns, write_input, write_star

OPTICS: Columns = {
    "rlnOpticsGroup": [4, 2],
    "rlnOpticsGroupName": ["four", "two"],
    "rlnImagePixelSize": [1.5, 2.0],
    "rlnVoltage": [300, 200],
    "rlnSphericalAberration": [2.7, 2.7],
    "rlnAmplitudeContrast": [0.1, 0.1],
}
ROWS = {
    "rlnClassNumber": [1, 2, 3, 1, 2, 3],
    "rlnMicrographName": ["GridA/1.mrc", "GridA/2.mrc", "GridB/1.mrc", "GridB/2.mrc", "GridB/3.mrc", "0001"],
    "rlnOpticsGroup": [2, 4, 4, 2, 4, 4],
    "rlnMaxValueProbDistribution": [0.1, 0.2, "0.20", 0.3, "nan", 1.0],
    "myLabel": ["a", "b", "3", "b", "10", "c"],
}


def reading(folder: Path, *conditions: str, optics: Columns | None = OPTICS, **change: object) -> Reading:
    columns = particle_columns() | ROWS | change
    path = write_star(folder / "p.star", {n: c for n, c in columns.items() if c is not None}, optics)
    return read_particles(path, columns=extra_columns(conditions))


def chosen(folder: Path, *conditions: str, **change: object) -> list[int]:
    return np.flatnonzero(selected_rows(reading(folder, *conditions, **change), conditions)).tolist()  # type: ignore[arg-type]


def refusal(folder: Path, *conditions: str, **change: object) -> Problem:
    with pytest.raises(Refused) as refused:
        chosen(folder, *conditions, **change)
    return refused.value.problem


@pytest.mark.parametrize(
    ("condition", "rows"),
    [
        ("rlnClassNumber=1", [0, 3]),
        ("_rlnClassNumber=1", [0, 3]),
        (" rlnClassNumber = 1, 3.0 ", [0, 2, 3, 5]),
        ("rlnClassNumber!=1", [1, 2, 4, 5]),
        ("rlnClassNumber!=1,2", [2, 5]),
        ("rlnClassNumber=1,x", [0, 3]),
        ("rlnClassNumber<2", [0, 3]),
        ("rlnClassNumber<=2", [0, 1, 3, 4]),
        ("rlnClassNumber>2", [2, 5]),
        ("rlnClassNumber>=2", [1, 2, 4, 5]),
        ("rlnMaxValueProbDistribution>=0.2", [1, 2, 3, 5]),
        ("rlnMaxValueProbDistribution=0.2", [1, 2]),
        ("rlnMaxValueProbDistribution<1e9", [0, 1, 2, 3, 5]),
        ("rlnMaxValueProbDistribution!=0.2", [0, 3, 4, 5]),
        ("rlnMicrographName~GridA", [0, 1]),
        ("rlnMicrographName~gridA/", None),
        ("rlnMicrographName=GridA/1.mrc,GridB/2.mrc", [0, 3]),
        ("rlnMicrographName!=GridA/1.mrc", [1, 2, 3, 4, 5]),
        ("rlnMicrographName=0001", [5]),
        ("rlnMicrographName=1", None),
        ("rlnImageName~s2.mrcs", [3, 4, 5]),
        ("myLabel=b", [1, 3]),
        ("myLabel=b,3", [1, 2, 3]),
        ("myLabel=3,10", [2, 4]),
        ("myLabel>=3", [2, 4]),
        ("optics-group=2", [0, 3]),
        ("optics-group=4.0", [1, 2, 4, 5]),
        ("optics-group=two", [0, 3]),
        ("optics-group=two,4", [0, 1, 2, 3, 4, 5]),
        ("optics-group!=two", [1, 2, 4, 5]),
        ("optics-group!=2,four", None),
        ("optics-group>2", [1, 2, 4, 5]),
        ("optics-group~our", [1, 2, 4, 5]),
        ("optics-group=three", None),
        ("rlnOpticsGroup=2", [0, 3]),
        ("rlnOpticsGroupName=two", [0, 3]),
        ("rlnImagePixelSize=1.5", [1, 2, 4, 5]),
    ],
)
def test_a_condition(tmp_path: Path, condition: str, rows: list[int] | None) -> None:
    if rows is None:
        found = refusal(tmp_path, condition)
        assert found.code == "selection-empty" and condition.strip() in found.message and "6 rows" in found.message
    else:
        assert chosen(tmp_path, condition) == rows


def test_every_condition_must_hold(tmp_path: Path) -> None:
    assert chosen(tmp_path, "rlnClassNumber=1,3", "optics-group=four") == [2, 5]
    assert chosen(tmp_path, "myLabel>=3", "myLabel~1") == [4]
    assert chosen(tmp_path) == [0, 1, 2, 3, 4, 5]
    assert refusal(tmp_path, "rlnClassNumber=1", "rlnClassNumber=3").code == "selection-empty"


@pytest.mark.parametrize("condition", ["rlnClassNumbers=1", "rlnclassnumber=1", "rlnFoo~x", "rlnHelicalTubeID>1"])
def test_a_column_that_is_not_there(tmp_path: Path, condition: str) -> None:
    found = refusal(tmp_path, condition)
    assert found.code == "selection-unknown" and found.message.endswith(condition[: -len("=1")])


def test_a_group_that_the_optics_table_lacks_has_none_of_its_values(tmp_path: Path) -> None:
    change = {"rlnOpticsGroup": [2, 4, 9, 2, 4, 4]}
    assert chosen(tmp_path, "rlnVoltage>0", **change) == [0, 1, 3, 4, 5]
    assert chosen(tmp_path, "rlnOpticsGroupName!=two", **change) == [1, 2, 4, 5]


def test_the_only_group_holds_for_particles_that_name_none(tmp_path: Path) -> None:
    only = {label: column[:1] for label, column in OPTICS.items()}
    assert chosen(tmp_path, "rlnOpticsGroupName=four", optics=only, rlnOpticsGroup=None) == [0, 1, 2, 3, 4, 5]


def test_rows_that_are_switched_off(tmp_path: Path) -> None:
    enabled = [1, -1, 0, 1, -2, "nan"]
    assert chosen(tmp_path, rlnEnabled=enabled) == [0, 2, 3, 5]
    assert chosen(tmp_path, "rlnClassNumber=2,3", rlnEnabled=enabled) == [2, 5]
    assert chosen(tmp_path, "rlnEnabled=1", rlnEnabled=enabled) == [0, 3]
    found = refusal(tmp_path, "rlnEnabled=-1", rlnEnabled=enabled)
    assert found.code == "selection-empty" and "2 rows of them switched off" in found.message
    assert "switched off" in refusal(tmp_path, rlnEnabled=[-1] * 6).message
    assert "switched off" not in refusal(tmp_path, "rlnClassNumber=9", rlnEnabled=[1] * 6).message


def test_rows_are_counted_as_not_selected_and_never_bad(tmp_path: Path) -> None:
    """The first row is switched off, the second not chosen; both are bad.  The third is bad and chosen."""
    change = {
        "rlnEnabled": [-1, 1, 1, 1, 1, 1],
        "rlnClassNumber": [1, 2, 1, 1, 1, 1],
        "rlnDefocusU": ["nan", "nan", "nan", 1e4, 1e4, 1e4],
    }
    meta = write_input(tmp_path / "in", change)
    outcome = run(tmp_path, meta, "--select", "rlnClassNumber=1", "--on-bad", "leave-out")
    assert outcome.status == 0
    counts = outcome.report["counts"]
    assert [counts[name] for name in ("rows", "not_selected", "left_out", "particles")] == [6, 2, 1, 3]
    assert outcome.problem("value-not-finite")["count"] == 1
    assert len((outcome.output / "rejected.star").read_text().strip().splitlines()) == 3 + 17 + 1
    assert "columns-not-imported" not in outcome.codes
