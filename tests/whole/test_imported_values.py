"""Numbers that an import writes: the planted truth of the demo, and of small tables."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import starfile
import yaml
from scipy.spatial.transform import Rotation

from cryoimport_gui.core.demo import Demo
from cryoimport_gui.core.job.write import Job, write_job
from cryoimport_gui.core.parameters import ImportParameters
from cryoimport_gui.core.plan.planner import plan_import

from ..support.running import load, slots
from ..support.stars import write_input
from ..support.truth import check_alignments, check_all, f4, parameters_of, small_demo


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """A demo data set that no test changes."""
    return small_demo(tmp_path_factory.mktemp("small"), shuffled=True)


def write(parameters: ImportParameters) -> Job:
    return write_job(plan_import(parameters))


RECIPES: dict[str, dict[str, Any]] = {
    "3.1": {},
    "3.1, one stack, int8, absolute, special tilts": {
        "one_stack": True,
        "dtype": "int8",
        "absolute_paths": True,
        "special_tilts": True,
    },
    "3.1, float16, shuffled, picked on another pixel size": {
        "dtype": "float16",
        "shuffled": True,
        "special_tilts": True,
        "coordinate_scale": 2.0,
    },
    "3.0, shuffled, int8": {"relion": "3.0", "shuffled": True, "dtype": "int8"},
    "3.0, one stack, float16, absolute, shuffled, special tilts": {
        "relion": "3.0",
        "one_stack": True,
        "dtype": "float16",
        "absolute_paths": True,
        "shuffled": True,
        "special_tilts": True,
    },
    "5, two pixel sizes, special tilts, shuffled": {
        "relion": "5",
        "optics_pixel_sizes": (2.1, 1.7),
        "special_tilts": True,
        "shuffled": True,
    },
    "5, one stack, absolute, int8, dark on light": {
        "relion": "5",
        "one_stack": True,
        "absolute_paths": True,
        "dtype": "int8",
        "inverted": False,
    },
    "5, float16, binned": {"relion": "5", "dtype": "float16", "binned": 2},
}


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_field_is_the_planted_truth(tmp_path: Path, recipe: str) -> None:
    demo = small_demo(tmp_path, **RECIPES[recipe])
    sign = f"{demo.data_sign:+d}"
    job = write(parameters_of(demo, data_sign=sign))
    data = load(job.folder)
    assert slots(data.fields()) == {"blob", "ctf", "alignments3D", "location"}
    check_all(job.folder, data, demo, demo.project)
    np.testing.assert_array_equal(np.load(job.folder / "imported_particles.cs")["uid"], data["uid"])


@pytest.mark.parametrize(
    ("ignored", "left"),
    [
        ({"ignore_raw_data": True}, {"ctf", "alignments3D", "location"}),
        ({"ignore_pose_data": True}, {"blob", "ctf", "location"}),
        ({"exposures": ""}, {"blob", "ctf", "alignments3D"}),
        ({"ignore_half_sets": True}, {"blob", "ctf", "alignments3D", "location"}),
        ({"ignore_raw_data": True, "ignore_pose_data": True, "exposures": ""}, {"ctf"}),
    ],
)
def test_slots_that_are_not_wanted(small: Demo, tmp_path: Path, ignored: dict, left: set[str]) -> None:
    whole = load(write(parameters_of(small, output=str(tmp_path / "whole"), project="")).folder)
    job = write(parameters_of(small, output=str(tmp_path / "J"), project="", **ignored))
    data = load(job.folder)
    assert slots(data.fields()) == left
    assert set(yaml.safe_load((job.folder / "imported_particles.csg").read_text())["results"]) == left
    raw = "ignore_raw_data" not in ignored
    assert (job.folder / "imported").exists() == raw == (job.folder / "montage.png").exists()
    for field in set(data.fields()) - {"uid", "blob/path"}:
        if field.endswith("/split") and "ignore_half_sets" in ignored:
            assert set(data[field]) == {0}
        elif field.endswith("exp_group_id") or field not in whole.fields():
            continue
        else:
            np.testing.assert_array_equal(data[field], whole[field], err_msg=field)


def test_poses_in_the_plane(tmp_path: Path) -> None:
    psi = [-179.5, -90.0, 0.0, 12.25, 90.0, 180.0]
    for zero in ({"rlnAngleRot": None, "rlnAngleTilt": None}, {"rlnAngleRot": [0] * 6, "rlnAngleTilt": [0.0] * 6}):
        folder = tmp_path / str(len(os.listdir(tmp_path)))
        meta = write_input(folder, {**zero, "rlnAnglePsi": psi})
        data = load(write(ImportParameters(meta=str(meta), output=str(folder / "J"))).folder)
        assert slots(data.fields()) == {"blob", "ctf", "alignments2D"}
        np.testing.assert_array_equal(data["alignments2D/pose"], f4(np.radians(psi)))
        np.testing.assert_allclose(data["alignments2D/shift"], [[0.2 * i, -0.4 * i] for i in range(6)], atol=1e-6)
        assert data["alignments2D/split"].tolist() == [0, 1, 0, 1, 0, 1]
        assert data["alignments2D/class"].tolist() == [0, 1, 2, 0, 1, 2]


def test_a_tilt_without_a_rotation_is_a_pose_in_space(tmp_path: Path) -> None:
    tilt = [10, 20, 30, 40, 50, 60]
    meta = write_input(tmp_path, {"rlnAngleRot": None, "rlnAngleTilt": tilt, "rlnAnglePsi": [7] * 6})
    data = load(write(ImportParameters(meta=str(meta), output=str(tmp_path / "J"))).folder)
    turned = Rotation.from_rotvec(data["alignments3D/pose"]).as_matrix()
    expected = Rotation.from_euler("ZYZ", [[0, t, 7] for t in tilt], degrees=True).as_matrix()
    np.testing.assert_allclose(turned, expected, atol=1e-6)


def test_what_is_not_written_need_not_be_finite(tmp_path: Path) -> None:
    nan = ["nan"] * 6
    change = {
        "rlnDefocusU": None,
        "rlnDefocusV": nan,
        "rlnDefocusAngle": nan,
        "rlnBeamTiltX": nan,
        "rlnMagnification": nan,
    }
    meta = write_input(tmp_path, {**change, "rlnOriginX": nan, "rlnOriginY": nan})
    data = load(write(ImportParameters(meta=str(meta), output=str(tmp_path / "J"))).folder)
    assert len(data) == 6 and "ctf/df1_A" not in data and np.isfinite(data["alignments3D/shift"]).all()


def test_shifts_in_angstrom_win_over_those_in_pixels(tmp_path: Path) -> None:
    meta = write_input(tmp_path, {"rlnOriginX": [9.0] * 6, "rlnOriginY": [9.0] * 6})
    data = load(write(ImportParameters(meta=str(meta), output=str(tmp_path / "J"))).folder)
    np.testing.assert_allclose(data["alignments3D/shift"], [[0.2 * i, -0.4 * i] for i in range(6)], atol=1e-6)
    meta = write_input(tmp_path / "px", {"rlnOriginX": [9.5] * 6, "rlnOriginY": [-3.0] * 6, "rlnOriginXAngst": None,
                                         "rlnOriginYAngst": None})  # fmt: skip
    data = load(write(ImportParameters(meta=str(meta), output=str(tmp_path / "J2"))).folder)
    assert data["alignments3D/shift"].tolist() == [[9.5, -3.0]] * 6


@pytest.mark.parametrize(
    ("given", "sizes"), [(["1.0"], [1.0, 1.0]), (["2=1.0"], [2.1, 1.0]), (["3.3", "1=1.0"], [1.0, 3.3])]
)
def test_an_override_of_the_pixel_size_does_not_move_particles(
    small: Demo, tmp_path: Path, given: list[str], sizes: list[float]
) -> None:
    data = load(write(parameters_of(small, output=str(tmp_path / "J"), project="", pixel_size=given)).folder)
    expected = f4(np.array(sizes)[small.optics_group - 1])
    np.testing.assert_array_equal(data["blob/psize_A"], expected)
    np.testing.assert_array_equal(data["alignments3D/psize_A"], expected)
    np.testing.assert_allclose(data["alignments3D/shift"], small.shift_px, atol=2e-6)
    np.testing.assert_array_equal(data["location/micrograph_psize_A"], f4(small.pixel_size_A[small.optics_group - 1]))


def test_overrides_of_single_groups(small: Demo, tmp_path: Path) -> None:
    given = {"voltage": ["100", "2=120"], "cs": "1=0.01", "amplitude_contrast": "0.07", "total_dose": ["2=33", "1=44"]}
    data = load(write(parameters_of(small, output=str(tmp_path / "J"), project="", **given)).folder)
    first = small.optics_group == 1
    assert set(data["ctf/accel_kv"][first]) == {100} and set(data["ctf/accel_kv"][~first]) == {120}
    np.testing.assert_array_equal(data["ctf/cs_mm"], f4(np.where(first, 0.01, 2.7)))
    np.testing.assert_array_equal(data["ctf/amp_contrast"], f4(np.full(12, 0.07)))
    np.testing.assert_array_equal(data["mscope_params/accel_kv"], data["ctf/accel_kv"])
    np.testing.assert_array_equal(data["mscope_params/cs_mm"], data["ctf/cs_mm"])
    np.testing.assert_array_equal(data["mscope_params/total_dose_e_per_A2"], np.where(first, 44, 33))
    np.testing.assert_array_equal(data["mscope_params/exp_group_id"], small.optics_group)
    assert set(data["mscope_params/phase_plate"]) == {0} == set(data["mscope_params/neg_stain"])


def test_y_kept_and_flipped(small: Demo, tmp_path: Path) -> None:
    kept, flipped = (
        load(write(parameters_of(small, output=str(tmp_path / y), project="", coordinate_y=y)).folder)
        for y in ("keep", "flip")
    )
    np.testing.assert_array_equal(flipped["location/center_x_frac"], kept["location/center_x_frac"])
    ny = small.exposure_shapes[small.micrograph_index][:, 0]
    np.testing.assert_allclose(flipped["location/center_y_frac"], 1 - small.coordinates[:, 1] / ny, rtol=1e-6)


@pytest.mark.parametrize("mirrored", [False, True])
def test_y_as_the_micrographs_show_it(tmp_path: Path, mirrored: bool) -> None:
    demo = small_demo(tmp_path, mirrored_micrographs=mirrored, snr=2.0)
    job = write(parameters_of(demo, coordinate_y="auto"))
    found = job.report["coordinate_y"]
    assert (found["value"], found["source"]) == ("flip" if mirrored else "keep", "detected")
    y_px, ny = demo.coordinates[:, 1], demo.exposure_shapes[demo.micrograph_index][:, 0]
    expected = (ny - 1 - y_px if mirrored else y_px) / ny
    np.testing.assert_allclose(load(job.folder)["location/center_y_frac"], expected, rtol=1e-6)


def test_the_scale_of_coordinates(small: Demo, tmp_path: Path) -> None:
    data = load(write(parameters_of(small, output=str(tmp_path / "J"), project="", coordinate_scale="0.25")).folder)
    shapes = small.exposure_shapes[small.micrograph_index]
    for axis, name in ((0, "x"), (1, "y")):
        expected = 0.25 * small.coordinates[:, axis] / shapes[:, 1 - axis]
        np.testing.assert_allclose(data[f"location/center_{name}_frac"], expected, rtol=1e-6)


@pytest.mark.parametrize("choice", ["keep", "leave-out"])
def test_particles_without_an_exposure(tmp_path: Path, choice: str) -> None:
    demo = small_demo(tmp_path)
    table = np.load(demo.exposures)
    with demo.exposures.open("wb") as file:
        np.save(file, table[[0, 2]])
    job = write(parameters_of(demo, on_unmatched=choice))
    data = load(job.folder)
    lost = demo.micrograph_index == 1
    if choice == "leave-out":
        assert len(data) == 8
        np.testing.assert_array_equal(data["location/micrograph_uid"], demo.exposure_uids[demo.micrograph_index[~lost]])
        np.testing.assert_array_equal(data["ctf/df1_A"], f4(demo.defocus_u_A[~lost]))
        rejected = starfile.read(job.folder / "rejected.star")
        assert rejected["cryoimportReason"].tolist() == ["exposure-unmatched"] * 4
        np.testing.assert_array_equal(rejected["rlnDefocusU"], demo.defocus_u_A[lost])
        assert len(list((job.folder / "imported").iterdir())) == 2
        assert (job.report["counts"]["left_out"], job.report["counts"]["stacks"]) == (4, 2)
    else:
        check_alignments(data, demo)
        expected = np.where(lost, 0, demo.exposure_uids[demo.micrograph_index])
        np.testing.assert_array_equal(data["location/micrograph_uid"], expected)
        assert set(np.asarray(data["location/micrograph_path"])[lost]) == {""}
        assert set(data["location/center_x_frac"][lost]) == {0}
        assert not (job.folder / "rejected.star").exists()
        assert job.report["counts"]["particles_matched"] == 8


def test_the_group_of_particles_without_optics_groups(tmp_path: Path) -> None:
    """It is that of the exposure, else 1."""
    demo = small_demo(tmp_path, relion="3.0")
    data = load(write(parameters_of(demo)).folder)
    np.testing.assert_array_equal(data["ctf/exp_group_id"], demo.optics_group)
    data = load(write(parameters_of(demo, output=str(tmp_path / "J"), project="", exposures="")).folder)
    assert set(data["ctf/exp_group_id"]) == {1}
    np.testing.assert_array_equal(data["ctf/accel_kv"], demo.voltage_kV[demo.optics_group - 1])


def test_defocus_terms_that_may_be_missing(tmp_path: Path) -> None:
    meta = write_input(tmp_path, {"rlnCtfBfactor": [-12.5] * 6, "rlnCtfScalefactor": [0.5] * 6, "rlnDefocusV": None,
                                  "rlnDefocusAngle": None})  # fmt: skip
    data = load(write(ImportParameters(meta=str(meta), output=str(tmp_path / "J"))).folder)
    assert set(data["ctf/bfactor"]) == {-12.5} and set(data["ctf/scale"]) == {0.5}
    np.testing.assert_array_equal(data["ctf/df2_A"], data["ctf/df1_A"])
    assert set(data["ctf/df_angle_rad"]) == {0} == set(data["ctf/phase_shift_rad"])


def test_many_rows_are_written_in_stretches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cryoimport_gui.core.dataset.writer.CHUNK_ROWS", 5)
    demo = small_demo(tmp_path, shuffled=True)
    job = write(parameters_of(demo))
    check_all(job.folder, load(job.folder), demo, demo.project)


def test_half_turns(tmp_path: Path) -> None:
    """Poses at and near 180° come back as the same rotations."""
    angles = np.array([[0, 180, 0], [10, 180, 20], [0, 0, 180], [0, 179.9999, 0], [90, 90, 90], [180, 0, 180]])
    columns = {f"rlnAngle{name}": angles[:, i].tolist() for i, name in enumerate(("Rot", "Tilt", "Psi"))}
    meta = write_input(tmp_path, columns)
    pose = load(write(ImportParameters(meta=str(meta), output=str(tmp_path / "J"))).folder)["alignments3D/pose"]
    difference = Rotation.from_rotvec(pose.astype(float)) * Rotation.from_euler("ZYZ", angles, degrees=True).inv()
    assert difference.magnitude().max() < 1e-6
