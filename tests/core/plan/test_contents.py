"""What is said of the rows that are imported, and what is not said of others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ...support.problem_cases import exposed, star, values
from ...support.running import Outcome, run, slots
from ...support.stars import OPTICS, Columns, loop, particle_columns, write_star

TWO: Columns = {name: list(column) * 2 for name, column in OPTICS.items()} | {
    "rlnOpticsGroup": [1, 2],
    "rlnOpticsGroupName": ["one", "two"],
}
GROUPS = {"rlnOpticsGroup": [1, 1, 1, 1, 2, 2]}


def imported(folder: Path, change: dict | None = None, optics: dict | None = None, *flags: str) -> Outcome:
    return run(folder, *star(folder / "in", change, optics), *flags)


@pytest.mark.parametrize("label", ["rlnCtfDataAreCtfPremultiplied", "rlnCtfDataArePhaseFlipped"])
@pytest.mark.parametrize("where", ["optics", "particles"])
def test_corrected_images(tmp_path: Path, label: str, where: str) -> None:
    """Of the second group, which has 2 particles."""
    if where == "optics":
        change, optics = GROUPS, {**TWO, label: [0, 1]}
    else:
        change, optics = GROUPS | {label: [0, 0, 0, 0, 1, 1]}, dict(TWO)
    outcome = imported(tmp_path, change, optics)
    found = outcome.problem("images-ctf-corrected")
    assert (outcome.status, found["severity"], found["count"]) == (1, "error", 2)
    assert found["examples"][0].startswith("two: ")
    assert ("phase-flipped" in found["message"]) == label.endswith("Flipped")
    how = {"rlnCtfDataAreCtfPremultiplied": "premultiplied", "rlnCtfDataArePhaseFlipped": "phase-flipped"}[label]
    assert [group.get("ctf_corrected") for group in outcome.report["optics_groups"]] == [None, how]


def test_corrected_images_that_are_accepted_not_imported_or_none(tmp_path: Path) -> None:
    optics = {**TWO, "rlnCtfDataAreCtfPremultiplied": [0, 1]}
    for name, flags in {
        "accepted": ("--accept", "images-ctf-corrected"),
        "raw": ("--ignore-raw-data",),
        "chosen": ("--select", "optics-group=one"),
    }.items():
        outcome = imported(tmp_path / name, GROUPS, optics, *flags)
        assert outcome.status == 0
        assert ("images-ctf-corrected" in outcome.codes) == (name == "accepted")
    assert (
        "images-ctf-corrected"
        not in imported(tmp_path / "none", GROUPS, {**TWO, "rlnCtfDataArePhaseFlipped": [0, 0]}).codes
    )


def test_columns_of_the_optics_table_that_nobody_reads(tmp_path: Path) -> None:
    found = imported(tmp_path, values("rlnNew"), {"rlnMtfFileName": ["mtf.star"]}).problem("columns-not-imported")
    assert (found["count"], found["severity"]) == (2, "info")
    assert "rlnNew, optics rlnMtfFileName" in found["message"]
    outcome = imported(tmp_path / "b", None, {"rlnImageSize": [8], "rlnImageDimensionality": [2], "rlnBeamTiltX": [0]})
    assert "columns-not-imported" not in outcome.codes


def test_psi_that_is_never_known_is_no_pose(tmp_path: Path) -> None:
    outcome = imported(tmp_path, values("rlnAnglePsi", default=-999))
    assert outcome.status == 0 and "pose-placeholder" not in outcome.codes
    assert "-999" in outcome.problem("pose-missing")["message"]
    assert not any(slot.startswith("alignments") for slot in slots(outcome.dataset.fields()))


def test_without_a_pose_nothing_that_belongs_to_one_is_at_fault(tmp_path: Path) -> None:
    bad = values("rlnOriginXAngst", (1, "nan"), default=900) | values("rlnRandomSubset", (2, "x"))
    for name, change, flags in [
        ("never known", values("rlnAnglePsi", default=-999), ()),
        ("no column", {"rlnAnglePsi": None}, ()),
        ("ignored", {}, ("--ignore-pose-data",)),
    ]:
        outcome = imported(tmp_path / name, bad | change, None, *flags)
        assert outcome.status == 0, name
        assert not {"value-not-finite", "shift-odd", "half-sets-missing"} & set(outcome.codes), name
    outcome = imported(tmp_path / "poses", bad)
    assert outcome.status == 1 and "value-not-finite" in outcome.codes and "shift-odd" in outcome.codes


def test_rot_and_tilt_that_are_never_known_leave_a_pose_in_the_plane(tmp_path: Path) -> None:
    change = values("rlnAngleRot", default=-999) | values("rlnAngleTilt", default=-999)
    change |= values("rlnAnglePsi", (0, 90), default=-45) | values("rlnClassNumber", default=-999)
    outcome = imported(tmp_path, change)
    assert outcome.status == 0 and {"pose-placeholder", "pose-missing"}.isdisjoint(outcome.codes)
    np.testing.assert_allclose(outcome.dataset["alignments2D/pose"], np.radians([90] + [-45] * 5), rtol=1e-6)
    assert outcome.dataset["alignments2D/class"].tolist() == [0] * 6


@pytest.mark.parametrize(
    ("change", "rows", "columns"),
    [
        (values("rlnAnglePsi", (2, -999), default=10), [2], "rlnAnglePsi"),
        (
            values("rlnAngleRot", (1, -999), default=10) | values("rlnAnglePsi", (2, "-999.0000"), default=10),
            [1, 2],
            "rlnAngleRot or rlnAnglePsi",
        ),
        (values("rlnClassNumber", (5, -999)), [5], "rlnClassNumber"),
        (values("rlnClassNumber", (5, -999.5)), [], ""),
        (values("rlnAnglePsi", (2, -99), default=10), [], ""),
    ],
)
def test_rows_without_a_pose_among_others(tmp_path: Path, change: dict, rows: list[int], columns: str) -> None:
    outcome = imported(tmp_path, change)
    if not rows:
        assert "pose-placeholder" not in outcome.codes
        return
    found = outcome.problem("pose-placeholder")
    assert (outcome.status, found["count"]) == (1, len(rows))
    assert columns in found["message"]
    outcome = imported(tmp_path / "b", change, None, "--on-bad", "leave-out")
    assert outcome.report["counts"]["left_out"] == len(rows)
    assert imported(tmp_path / "c", change, None, "--ignore-pose-data").status == 0


def test_placeholders_are_counted_among_the_rows_that_are_chosen(tmp_path: Path) -> None:
    change = values("rlnAnglePsi", (0, -999), (1, -999), default=10) | {"rlnClassNumber": [1, 1, 2, 2, 2, 1]}
    assert imported(tmp_path / "a", change, None, "--select", "rlnClassNumber=2").status == 0
    outcome = imported(tmp_path / "b", change, None, "--select", "rlnClassNumber=1")
    assert outcome.problem("pose-placeholder")["count"] == 2
    change["rlnClassNumber"] = [1, 1, 2, 2, 2, 2]
    outcome = imported(tmp_path / "c", change, None, "--select", "rlnClassNumber=1")
    assert outcome.status == 0 and outcome.problem("pose-missing")["count"] == 2


@pytest.mark.parametrize(("missing", "there"), [("X", "Y"), ("Y", "X")])
def test_a_shift_without_its_partner(tmp_path: Path, missing: str, there: str) -> None:
    lacking = {f"rlnOrigin{missing}Angst": None}
    found = imported(tmp_path, lacking).problem("columns-not-imported")
    assert found["severity"] == "warning" and "shifts are written as 0" in found["message"]
    assert f"rlnOrigin{there}Angst means nothing without rlnOrigin{missing}Angst" in found["message"]
    in_pixels = values("rlnOriginX") | values("rlnOriginY")
    assert imported(tmp_path / "b", lacking | in_pixels).problem("columns-not-imported")["severity"] == "info"
    assert "columns-not-imported" not in imported(tmp_path / "c").codes


def test_a_coordinate_without_its_partner(tmp_path: Path) -> None:
    found = run(tmp_path, *exposed(tmp_path / "in", {"rlnCoordinateX": None})).problem("columns-not-imported")
    assert found["severity"] == "warning" and "rlnCoordinateY means nothing without rlnCoordinateX" in found["message"]
    found = imported(tmp_path / "b", {"rlnCoordinateX": None}).problem("columns-not-imported")
    assert found["severity"] == "info" and "means nothing" not in found["message"]


def test_filaments(tmp_path: Path) -> None:
    tubes = values("rlnHelicalTubeID") | values("rlnHelicalTrackLengthAngst")
    found = imported(tmp_path, tubes).problem("columns-not-imported")
    assert "filament" in found["message"] and "slot of its own" in found["hint"]
    assert found["count"] == 2 and "no place" not in found["hint"]
    found = imported(tmp_path / "b", values("rlnNew")).problem("columns-not-imported")
    assert "filament" not in found["message"] + found["hint"]


def test_bodies_of_a_multi_body_refinement(tmp_path: Path) -> None:
    (meta,) = star(tmp_path / "in")
    body = {name: particle_columns()[name] for name in ("rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi")}
    model = {"rlnReferenceImage": ["a.mrc", "b.mrc"], "rlnClassDistribution": [0.5, 0.5]}
    with open(meta, "a") as file:
        file.write(loop("model_classes", model))
    assert "columns-not-imported" not in run(tmp_path, meta).codes
    with open(meta, "a") as file:
        file.write(loop("images_body_1", body) + loop("images_body_2", body))
    found = run(tmp_path, meta, output=tmp_path / "again").problem("columns-not-imported")
    assert found["count"] == 2
    assert "data_images_body_1 (6 rows), data_images_body_2 (6 rows)" in found["message"]


@pytest.mark.parametrize(
    ("label", "part"), [("rlnClassNumber", "--ignore-pose-data"), ("rlnRandomSubset", "--ignore-half-sets")]
)
def test_numbers_that_must_be_whole(tmp_path: Path, label: str, part: str) -> None:
    change = values(label, (1, 1.5), (4, "2.25"))
    outcome = imported(tmp_path, change)
    found = outcome.problem("value-not-finite")
    assert (outcome.status, found["count"]) == (1, 2) and f"2 fractional values in {label}" in found["message"]
    assert imported(tmp_path / "b", change, None, part).status == 0
    assert imported(tmp_path / "c", values(label, (1, "2.000000"))).status == 0


def test_a_pixel_size_of_zero_is_called_so(tmp_path: Path) -> None:
    found = imported(tmp_path, None, {"rlnImagePixelSize": [0]}).problem("pixel-size-disagrees")
    assert found["message"].startswith("rlnImagePixelSize is 0; that of the stack headers is used")
    optics = {name: column for name, column in OPTICS.items() if name != "rlnImagePixelSize"}
    none = write_star(tmp_path / "in/none.star", particle_columns(), optics)
    found = run(tmp_path, none, output=tmp_path / "b").problem("pixel-size-disagrees")
    assert found["message"].startswith("the file gives no pixel size;")
    outcome = imported(tmp_path / "c", None, {"rlnImagePixelSize": [0]}, "--ignore-raw-data")
    found = outcome.problem("microscope-value-missing")
    assert found["message"] == "rlnImagePixelSize is 0 for 1 of 1 optics group"


def test_locations_without_images(tmp_path: Path) -> None:
    arguments = exposed(tmp_path / "in", {"rlnImageName": None, "rlnCoordinateX": [10, 20, "nan", 40, 50, 60]})
    outcome = run(tmp_path, *arguments, "--on-bad", "leave-out")
    found = outcome.problem("image-name-missing")
    assert (outcome.status, found["severity"]) == (1, "error") and "ignore raw data" in found["hint"]
    outcome = run(tmp_path, *arguments, "--ignore-raw-data", "--on-bad", "leave-out")
    assert outcome.status == 0 and "image-name-missing" not in outcome.codes
    data = outcome.dataset
    assert "blob" not in slots(data.fields())
    np.testing.assert_allclose(data["location/center_x_frac"], [0.05, 0.1, 0.2, 0.25, 0.3], rtol=1e-6)
    assert outcome.problem("value-not-finite")["examples"][0].endswith("mics/m1.mrc (rlnCoordinateX)")
