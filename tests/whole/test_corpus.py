"""Imports of real files, and CryoSPARC's own import of the same input."""

from __future__ import annotations

from pathlib import Path

import mrcfile
import numpy as np
import pytest
import starfile
from scipy.spatial.transform import Rotation

from cryoimport_gui.core.dataset.schema import dataset_dtype, fields_of

from ..support.running import Outcome, run, slots
from ..support.truth import f4

#: random, or a matter of where the import ran
OWN = {"uid", "blob/path", "blob/import_sig", "ctf/exp_group_id"}


def imported(corpus: Path, folder: Path, name: str, *flags: str) -> Outcome:
    outcome = run(folder, corpus / name, *flags)
    assert (outcome.status, outcome.report["status"]) == (0, "complete")
    return outcome


def warnings(outcome: Outcome) -> set[str]:
    return {p["code"] for p in outcome.report["problems"] if p["severity"] == "warning"}


def check_images(outcome: Outcome, names: list[str], folder: Path) -> None:
    """Each row leads through its link to the image that the STAR row names."""
    data = outcome.dataset
    for row, name in enumerate(names):
        number, _, stack = name.partition("@")
        link = outcome.output / data["blob/path"][row][1:]
        assert data["blob/idx"][row] == int(number) - 1
        with mrcfile.open(link, permissive=True) as through, mrcfile.open(folder / stack, permissive=True) as named:
            np.testing.assert_array_equal(through.data[data["blob/idx"][row]], named.data[int(number) - 1])


def same_type(ours: np.dtype, theirs: np.dtype) -> bool:
    return ours == theirs or ours.base.kind == theirs.base.kind == "S"


def test_the_same_fields_as_cryosparcs_own_import(corpus: Path, tmp_path: Path) -> None:
    outcome = imported(corpus, tmp_path, "empiar_10076/empiar_10076_7.star", "--data-sign", "-1")
    ours = np.load(outcome.output / "imported_particles.cs")
    theirs = np.load(corpus / "empiar_10076/empiar_10076_7.cs")
    assert len(ours) == len(theirs) == 7
    assert ours.dtype.names == theirs.dtype.names
    for name in ours.dtype.names:
        assert same_type(ours.dtype[name], theirs.dtype[name]), name
        if name not in OWN:
            np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)
    assert set(outcome.dataset.fields()) == set(theirs.dtype.names)
    assert set(ours["ctf/exp_group_id"]) == {1}


def test_the_data_sign_of_that_import_was_wrong(corpus: Path, tmp_path: Path) -> None:
    name = "empiar_10076/empiar_10076_7.star"
    outcome = imported(corpus, tmp_path, name, "--data-sign", "-1")
    assert warnings(outcome) == {"data-sign-contradicts"}
    (tmp_path / "again").mkdir()
    outcome = imported(corpus, tmp_path / "again", name)
    assert outcome.report["data_sign"]["value"] == 1
    assert outcome.report["data_sign"]["source"] == "detected"
    assert warnings(outcome) == set()
    assert set(outcome.dataset["blob/sign"]) == {1}


def test_empiar_10076_images(corpus: Path, tmp_path: Path) -> None:
    outcome = imported(corpus, tmp_path, "empiar_10076/empiar_10076_7.star")
    check_images(outcome, [f"{i}@empiar_10076_7.mrc" for i in range(1, 8)], corpus / "empiar_10076")


def test_relion31(corpus: Path, tmp_path: Path) -> None:
    outcome = imported(corpus, tmp_path, "relion31/relion31.star", "--data-sign", "-1")
    rows = starfile.read(corpus / "relion31/relion31.star")["particles"]
    data = outcome.dataset
    assert slots(data.fields()) == {"blob", "ctf", "alignments3D"}
    assert warnings(outcome) == {"pixel-size-disagrees"}
    disagrees = outcome.problem("pixel-size-disagrees")
    assert "1 Å" in disagrees["examples"][0] and "2.806 Å" in disagrees["examples"][0]
    np.testing.assert_array_equal(data["blob/psize_A"], f4([2.806] * 5))
    np.testing.assert_array_equal(data["ctf/df1_A"], f4(rows["rlnDefocusU"]))
    np.testing.assert_array_equal(data["ctf/df_angle_rad"], f4(np.radians(rows["rlnDefocusAngle"])))
    np.testing.assert_array_equal(data["ctf/cs_mm"], f4([0.01] * 5))
    shifts = rows[["rlnOriginXAngst", "rlnOriginYAngst"]].to_numpy() / 2.806
    np.testing.assert_allclose(data["alignments3D/shift"], shifts, rtol=1e-6, atol=1e-9)
    angles = rows[["rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi"]].to_numpy()
    turned = Rotation.from_rotvec(data["alignments3D/pose"].astype(float))
    assert (turned * Rotation.from_euler("ZYZ", angles, degrees=True).inv()).magnitude().max() < 1e-6
    np.testing.assert_array_equal(data["alignments3D/split"], rows["rlnRandomSubset"] - 1)
    target = corpus / "relion31/relion31.mrcs"
    assert [link.resolve() for link in (outcome.output / "imported").iterdir()] == [target.resolve()]


def test_aspire_sample(corpus: Path, tmp_path: Path) -> None:
    outcome = imported(corpus, tmp_path, "aspire_sample/sample_particles_relion31.star", "--data-sign", "-1")
    rows = starfile.read(corpus / "aspire_sample/sample_particles_relion31.star")["particles"]
    data = outcome.dataset
    assert slots(data.fields()) == {"blob", "ctf", "alignments3D"}
    assert warnings(outcome) == set()
    assert [(g["id"], g["particles"], g["voltage_kV"]["value"]) for g in outcome.report["optics_groups"]] == [
        (1, 8, 300),
        (2, 9, 200),
    ]
    np.testing.assert_array_equal(data["ctf/exp_group_id"], rows["rlnOpticsGroup"])
    np.testing.assert_array_equal(data["ctf/accel_kv"], np.where(rows["rlnOpticsGroup"] == 1, 300, 200))
    shifts = rows[["rlnOriginXAngst", "rlnOriginYAngst"]].to_numpy() / 1.4
    np.testing.assert_allclose(data["alignments3D/shift"], shifts, rtol=1e-6)
    check_images(outcome, rows["rlnImageName"].tolist(), corpus / "aspire_sample")
    assert "columns-not-imported" in outcome.codes


@pytest.mark.parametrize("name", ["relion31/relion31.star", "aspire_sample/sample_particles_relion31.star"])
def test_the_data_sign_of_what_relion_extracted(corpus: Path, tmp_path: Path, name: str) -> None:
    outcome = imported(corpus, tmp_path, name)
    assert outcome.report["data_sign"]["value"] == -1
    assert outcome.report["data_sign"]["particles_brighter"] > 0.5


def test_a_real_dataset_with_2d_alignments_has_the_types_that_are_written_here(corpus: Path) -> None:
    theirs = np.load(corpus / "cryosparc/cryosparc_J2_particles_exported.cs")
    ours = dataset_dtype(fields_of(("blob", "ctf", "alignments2D")), {"blob/path": 1, "ctf/type": 1})
    assert ours.names == theirs.dtype.names
    assert all(same_type(ours[name], theirs.dtype[name]) for name in ours.names)
