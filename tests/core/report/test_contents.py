"""What is said before the import, against what the import then does."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cryoimport_gui.core.dataset.schema import SCHEMA, Field
from cryoimport_gui.core.job.write import write_job
from cryoimport_gui.core.parameters import ImportParameters, update
from cryoimport_gui.core.plan.plan import ImportPlan
from cryoimport_gui.core.plan.planner import Planner, plan_import
from cryoimport_gui.core.report.contents import (
    not_settled,
    policy_outcomes,
    readable_bytes,
    where_from,
    will_write,
)

from ...support.running import load
from ...support.stars import OPTICS, particle_columns, write_exposures, write_input, write_stack, write_star

MATCHED = {"remove_leading_uid": True}


def plan(meta: Path, **values: Any) -> ImportPlan:
    return plan_import(update(ImportParameters(), {"meta": str(meta), **values}))


def field(name: str) -> Field:
    return next(f for f in SCHEMA[name.split("/")[0]] if f.name == name)


def doubtful_input(folder: Path) -> Path:
    """12 rows in four stacks: 2 beyond the end of theirs, 6 on micrographs without an exposure, 1 of them both."""
    for k in range(1, 5):
        write_stack(folder / f"stacks/s{k}.mrcs", seed=k)
    columns = particle_columns(4)
    names = columns["rlnImageName"]
    names[0], names[-1] = names[0].replace("000001", "000099"), names[-1].replace("000003", "000099")
    return write_star(folder / "run_data.star", columns)


@pytest.mark.parametrize("on_bad", ["stop", "leave-out"])
@pytest.mark.parametrize("on_unmatched", ["stop", "keep", "leave-out"])
def test_outcomes_of_the_policies(tmp_path: Path, on_bad: str, on_unmatched: str) -> None:
    """The numbers given for each choice are those of an import with that choice."""
    exposures = str(write_exposures(tmp_path / "P/J1/exposures.cs"))
    given = MATCHED | {"exposures": exposures}
    meta = doubtful_input(tmp_path)
    printed = policy_outcomes(plan(meta, on_bad=on_bad, on_unmatched=on_unmatched, **given))
    for name, other in (("on_bad", {"on_unmatched": on_unmatched}), ("on_unmatched", {"on_bad": on_bad})):
        found = plan(meta, **given | other | {name: "leave-out"})
        counts = found.counts()
        assert f"{counts['particles']} of 12 rows are imported, {counts['left_out']} listed" in printed[name]
        if name == "on_unmatched":
            kept = plan(meta, **given | other | {name: "keep"}).counts()
            without = kept["particles"] - kept["particles_matched"]
            assert f"keep: {kept['particles']} of 12 rows are imported, {without} without a location" in printed[name]


def test_outcomes_where_there_is_nothing_to_decide(tmp_path: Path) -> None:
    meta = write_input(tmp_path)
    assert policy_outcomes(plan(meta)) == {"on_bad": "No bad rows.", "on_unmatched": "No exposures are linked."}
    exposures = str(write_exposures(tmp_path / "P/J1/exposures.cs"))
    printed = policy_outcomes(plan(meta, exposures=exposures, **MATCHED))
    assert printed["on_unmatched"] == "Every particle has its exposure."
    assert "no row is left" in policy_outcomes(plan(meta, exposures=exposures))["on_unmatched"]
    assert set(policy_outcomes(ImportPlan(ImportParameters())).values()) == {""}


@pytest.mark.parametrize("in_project", [False, True])
@pytest.mark.parametrize("raw", [False, True])
def test_the_size_of_the_dataset_is_known_before(tmp_path: Path, in_project: bool, raw: bool, monkeypatch) -> None:
    exposures = str(write_exposures(tmp_path / "P/J1/exposures.cs"))
    output = tmp_path / ("P/J2" if in_project else "elsewhere")
    values = {"output": str(output), "exposures": exposures, "ignore_raw_data": raw, "total_dose": "40", **MATCHED}
    found = plan(write_input(tmp_path), **values, project=str(tmp_path / "P") if in_project else "")
    expected = found.dataset_bytes
    with monkeypatch.context() as patch:  # the window says it in the thread that draws
        for name in ("lstat", "readlink", "stat"):
            patch.setattr(os, name, None)
        assert ("Size", f"about {readable_bytes(expected)} for the dataset") in will_write(found)
    write_job(found)
    data = np.load(output / "imported_particles.cs")
    assert expected == data.nbytes
    assert set(data.dtype.names) == {"uid", *(f.name for slot in found.slots for f in SCHEMA[slot])}


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (103_000, "103 kB"), (5.2e12, "5.2 TB")]
)
def test_readable_bytes(count: float, words: str) -> None:
    assert readable_bytes(count) == words


def test_where_values_come_from(tmp_path: Path) -> None:
    two = {label: list(values) * 2 for label, values in OPTICS.items()} | {
        "rlnOpticsGroup": [1, 2],
        "rlnOpticsGroupName": ["a", "b"],
    }
    change = {"rlnOpticsGroup": [1, 1, 1, 2, 2, 2], "rlnRandomSubset": None, "rlnClassNumber": None}
    found = plan(write_input(tmp_path, change, two), voltage=["2=200"], data_sign="+1")
    printed = {name: where_from(found, field(name)) for name in (f.name for slot in found.slots for f in SCHEMA[slot])}
    assert printed["ctf/accel_kv"] == "optics rlnVoltage, you"
    assert printed["blob/psize_A"] == "optics rlnImagePixelSize"
    assert printed["blob/sign"] == "data sign, user"
    assert printed["ctf/df1_A"] == "rlnDefocusU"
    assert printed["ctf/phase_shift_rad"] == "0: the file has no rlnPhaseShift"
    assert printed["ctf/scale"] == "1: the file has no rlnCtfScalefactor"
    assert printed["alignments3D/split"] == "0: the file has no rlnRandomSubset"
    assert printed["alignments3D/shift"].startswith("rlnOriginXAngst")
    half_sets = plan(write_input(tmp_path), ignore_half_sets=True)
    assert where_from(half_sets, field("alignments3D/split")) == "0: half-sets are ignored"


def test_what_a_missing_column_is_said_to_become_is_what_is_written(tmp_path: Path) -> None:
    """Every field that the file could give but does not is constant, at the value that is printed."""
    bare = dict.fromkeys(
        ["rlnDefocusV", "rlnDefocusAngle", "rlnOriginXAngst", "rlnOriginYAngst", "rlnRandomSubset", "rlnClassNumber"]
    )
    found = plan(write_input(tmp_path, bare), output=str(tmp_path / "out"))
    write_job(found)
    data, checked = load(tmp_path / "out"), 0
    for its_field in (f for slot in found.slots for f in SCHEMA[slot]):
        words = where_from(found, its_field)
        if "the file has no" in words:
            np.testing.assert_array_equal(data[its_field.name], float(words.split(":")[0]), its_field.name)
            checked += 1
    assert checked == 7


def lines(found: ImportPlan, name: str) -> list[str]:
    return [text for its_name, text in will_write(found) if its_name == name]


def test_what_is_not_written_and_why(tmp_path: Path) -> None:
    change = dict.fromkeys(("rlnDefocusU", "rlnDefocusV", "rlnDefocusAngle")) | {"rlnFoo": [1] * 6}
    found = plan(write_input(tmp_path, change), ignore_raw_data=True, ignore_pose_data=True)
    assert found.slots == ()
    assert lines(found, "Not written") == [
        "blob: raw data is ignored",
        "ctf: the file has no defocus",
        "alignments3D: pose data is ignored",
        "alignments2D: pose data is ignored",
        "location: no source exposures are linked",
        "mscope_params: no total dose is given",
    ]
    assert lines(found, "Not imported") == ["rlnFoo"]
    assert lines(found, "Links") == ["none"]


def test_every_field_is_reported_of_once(tmp_path: Path) -> None:
    found = plan(write_input(tmp_path))
    for slot in found.slots:
        printed = [name for text in lines(found, slot) for name in text.split("  ")[0].split(", ")]
        assert sorted(printed) == sorted(f.name.split("/")[1] for f in SCHEMA[slot])


def test_assumptions_that_are_not_settled(tmp_path: Path) -> None:
    plain = plan(write_input(tmp_path / "a"))
    assert not_settled(plain) == []
    flat = {"rlnAngleRot": [0.0] * 6, "rlnAngleTilt": [0.0] * 6}
    found = plan(write_input(tmp_path / "b", flat, OPTICS | {"rlnBeamTiltX": [0.1]}))
    exposures = str(write_exposures(tmp_path / "P/J1/exposures.cs"))
    linked = plan(write_input(tmp_path / "c"), exposures=exposures, **MATCHED)
    assert {f.name for f in not_settled(found)} == {
        "alignments2D/pose",
        "ctf/tilt_A",
        "ctf/trefoil_A",
        "ctf/tetra_A",
        "ctf/anisomag",
    }
    assert [f.name for f in not_settled(linked)] == ["location/center_y_frac"]
    assert any("(not settled)" in text for text in lines(linked, "location"))
    assert len(lines(found, "Not settled")) == 2


def test_y_is_settled_by_pictures(demo_values: dict[str, Any]) -> None:
    planner = Planner()
    found = planner.plan(update(ImportParameters(), demo_values))
    assert found.placing is not None and {g.y_source for g in found.placing.groups} == {"detected"}
    assert not_settled(found) == []
    against = planner.plan(update(ImportParameters(), demo_values | {"coordinate_y": "flip"}))
    assert not_settled(against) == [], "the pictures settled it: against the choice, which is a problem of its own"
