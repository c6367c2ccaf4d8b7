"""The demo data set as an input of the tests, and what an import of it must hold."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import mrcfile
import numpy as np
import starfile
from cryosparc.dataset import Dataset
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from cryoimport_gui.core.demo import Demo, DemoRecipe, make_demo
from cryoimport_gui.core.parameters import ImportParameters, update


def small_demo(folder: Path, **recipe: Any) -> Demo:
    return make_demo(folder, DemoRecipe(**{"micrographs": 3, "particles_per_micrograph": 4, "box": 32} | recipe))


def parameters_of(demo: Demo, **changes: Any) -> ImportParameters:
    """An import of the demo with its exposures into its project; y is kept, not detected."""
    values = {
        "meta": str(demo.star),
        "exposures": str(demo.exposures),
        "project": str(demo.project),
        "output": str(demo.project / "J3"),
        "coordinate_y": "keep",
    }
    return update(ImportParameters(), values | demo.trims | changes)


def flags_of(demo: Demo) -> list[str]:
    """The demo with its exposures, as one would type it."""
    trims = ["--remove-leading-uid", "--exposure-cut-suffix", str(demo.trims["exposure_cut_suffix"])]
    trims += ["--particle-cut-prefix", "22", "--particle-cut-suffix", str(demo.trims["particle_cut_suffix"])]
    return [
        str(demo.star),
        "--data",
        str(demo.data),
        "--exposures",
        str(demo.exposures),
        "--coordinate-y",
        "keep",
        *trims,
    ]


def f4(values: Any) -> NDArray[np.float32]:
    return np.asarray(values, np.float32)


def check_blobs(job: Path, data: Dataset, demo: Demo, root: Path) -> None:
    """Links, and that each leads to the very image that the STAR row names; paths count from `root`."""
    np.testing.assert_array_equal(data["blob/idx"], demo.image_index)
    np.testing.assert_array_equal(data["blob/shape"], np.full((len(data), 2), demo.recipe.box))
    np.testing.assert_array_equal(data["blob/psize_A"], f4(demo.pixel_size_A[demo.optics_group - 1]))
    np.testing.assert_array_equal(data["blob/sign"], np.full(len(data), demo.data_sign))
    links = [root / path for path in data["blob/path"]]
    assert {link.parent for link in links} == {job / "imported"}
    assert len(set(links)) == len(demo.stacks) == len(list((job / "imported").iterdir()))
    tables = starfile.read(demo.star, always_dict=True)
    names = list(tables.values())[-1]["rlnImageName"]
    for row, link in enumerate(links):
        stack = demo.stacks[demo.stack_index[row]]
        assert link.is_symlink() and link.readlink() == stack
        number, _, basename = link.name.partition("_")
        assert len(number) == 21 and number.isdigit() and int(number) < 2**64 and basename == stack.name
        digest = hashlib.sha1(str(stack).encode()).digest()
        assert int(data["blob/import_sig"][row]) == int.from_bytes(digest[:8], "little")
        index, path = names[row].split("@")
        named = mrcfile.mmap(demo.data / path).data[int(index) - 1]
        np.testing.assert_array_equal(mrcfile.mmap(link).data[data["blob/idx"][row]], named)


def check_ctf(data: Dataset, demo: Demo) -> None:
    group = demo.optics_group - 1
    expected = {
        "exp_group_id": demo.optics_group,
        "accel_kv": f4(demo.voltage_kV[group]),
        "cs_mm": f4(demo.cs_mm[group]),
        "amp_contrast": f4(demo.amplitude_contrast[group]),
        "df1_A": f4(demo.defocus_u_A),
        "df2_A": f4(demo.defocus_v_A),
        "df_angle_rad": f4(np.deg2rad(demo.defocus_angle_deg)),
        "phase_shift_rad": f4(np.deg2rad(demo.phase_shift_deg)),
        "scale": np.ones(len(data)),
        "scale_const": np.zeros(len(data)),
        "bfactor": np.zeros(len(data)),
        "shift_A": np.zeros((len(data), 2)),
        "tilt_A": np.zeros((len(data), 2)),
        "trefoil_A": np.zeros((len(data), 2)),
        "tetra_A": np.zeros((len(data), 4)),
        "anisomag": np.zeros((len(data), 4)),
    }
    for name, values in expected.items():
        np.testing.assert_array_equal(data[f"ctf/{name}"], values, err_msg=name)
    assert set(data["ctf/type"]) == {"imported"}


def check_alignments(data: Dataset, demo: Demo) -> None:
    angles = np.stack([demo.rot_deg, demo.tilt_deg, demo.psi_deg], axis=1)
    planted = Rotation.from_euler("ZYZ", angles, degrees=True)
    found = Rotation.from_rotvec(data["alignments3D/pose"].astype(float))
    assert np.degrees((found * planted.inv()).magnitude()).max() < 1e-4
    np.testing.assert_allclose(data["alignments3D/shift"], demo.shift_px, atol=2e-6)
    np.testing.assert_array_equal(data["alignments3D/split"], demo.random_subset - 1)
    np.testing.assert_array_equal(data["alignments3D/class"], demo.class_number - 1)
    np.testing.assert_array_equal(data["alignments3D/psize_A"], f4(demo.pixel_size_A[demo.optics_group - 1]))
    for name in ("alpha", "weight", "class_posterior"):
        assert set(data[f"alignments3D/{name}"]) == {1.0}
    for name in ("error", "error_min", "resid_pow", "slice_pow", "image_pow", "cross_cor", "pose_ess", "shift_ess"):
        assert set(data[f"alignments3D/{name}"]) == {0.0}


def check_locations(data: Dataset, demo: Demo) -> None:
    micrograph, group = demo.micrograph_index, demo.optics_group - 1
    shapes = demo.exposure_shapes[micrograph]
    places = demo.coordinates / demo.recipe.coordinate_scale
    np.testing.assert_array_equal(data["location/micrograph_uid"], demo.exposure_uids[micrograph])
    np.testing.assert_array_equal(data["location/exp_group_id"], demo.optics_group)
    np.testing.assert_array_equal(data["location/micrograph_shape"], shapes)
    assert list(data["location/micrograph_path"]) == [
        str(demo.micrographs[i].relative_to(demo.project)) for i in micrograph
    ]
    np.testing.assert_array_equal(
        data["location/micrograph_psize_A"], f4(demo.pixel_size_A[group] / demo.recipe.binned)
    )
    np.testing.assert_allclose(data["location/center_x_frac"], places[:, 0] / shapes[:, 1], rtol=1e-6)
    np.testing.assert_allclose(data["location/center_y_frac"], places[:, 1] / shapes[:, 0], rtol=1e-6)
    assert set(data["location/min_dist_A"]) == {0.0}


def check_all(job: Path, data: Dataset, demo: Demo, root: Path) -> None:
    """Every field of an import of the demo with its exposures."""
    assert len(data) == len(demo.rot_deg)
    assert len(set(data["uid"])) == len(data) and 0 not in data["uid"]
    check_blobs(job, data, demo, root)
    check_ctf(data, demo)
    check_alignments(data, demo)
    check_locations(data, demo)
