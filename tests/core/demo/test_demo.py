from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import mrcfile
import numpy as np
import pytest
import starfile
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from cryoimport_gui.core.demo import Demo, DemoRecipe, make_demo

SMALL = {"micrographs": 2, "particles_per_micrograph": 6}


def expected_image(demo: Demo, row: int) -> NDArray:
    """Noiseless light-on-dark particle, from the STAR's meaning alone."""
    box, group = demo.recipe.box, demo.optics_group[row] - 1
    pixel = demo.pixel_size_A[group]
    size = 4 * box
    pose = Rotation.from_euler("ZYZ", [demo.rot_deg[row], demo.tilt_deg[row], demo.psi_deg[row]], degrees=True)
    seen = demo.phantom.positions_A @ pose.as_matrix() / pixel
    centre = size // 2 - demo.shift_px[row]
    y, x = np.mgrid[:size, :size]
    image = np.zeros((size, size))
    for (bx, by, _), width, weight in zip(seen, demo.phantom.widths_A / pixel, demo.phantom.weights, strict=True):
        distance2 = (x - centre[0] - bx) ** 2 + (y - centre[1] - by) ** 2
        image += weight / width**2 * np.exp(-distance2 / (2 * width**2))

    volts = demo.voltage_kV[group] * 1000
    wavelength = 12.2643 / np.sqrt(volts + 0.978466e-6 * volts**2)
    sy, sx = np.meshgrid(np.fft.fftfreq(size, pixel), np.fft.fftfreq(size, pixel), indexing="ij")
    s, angle = np.hypot(sx, sy), np.arctan2(sy, sx)
    u, v = demo.defocus_u_A[row], demo.defocus_v_A[row]
    axis = np.deg2rad(demo.defocus_angle_deg[row])
    defocus = u * np.cos(angle - axis) ** 2 + v * np.sin(angle - axis) ** 2
    chi = np.pi * wavelength * s**2 * (defocus - 0.5 * wavelength**2 * s**2 * demo.cs_mm[group] * 1e7)
    chi += np.deg2rad(demo.phase_shift_deg[row])
    amplitude = demo.amplitude_contrast[group]
    ctf = np.sqrt(1 - amplitude**2) * np.sin(chi) + amplitude * np.cos(chi)
    image = np.fft.ifft2(np.fft.fft2(image) * ctf).real
    return image[size // 2 - box // 2 :, size // 2 - box // 2 :][:box, :box]


def correlation(a: NDArray, b: NDArray) -> float:
    return float(np.corrcoef(a.astype(float).ravel(), b.astype(float).ravel())[0, 1])


def stored_image(demo: Demo, row: int) -> NDArray:
    stack = mrcfile.read(demo.stacks[demo.stack_index[row]])
    return stack[demo.image_index[row]].astype(np.float64)


@pytest.mark.parametrize(
    "recipe",
    [
        DemoRecipe(snr=1000, **SMALL),
        DemoRecipe(snr=1000, binned=2, box=48, **SMALL),
        DemoRecipe(snr=1000, optics_groups=1, inverted=False, shuffled=True, one_stack=True, **SMALL),
        DemoRecipe(snr=1000, optics_pixel_sizes=(2.1, 1.7), dtype="int16", special_tilts=True, **SMALL),
    ],
)
def test_images_show_the_planted_particle(tmp_path: Path, recipe: DemoRecipe) -> None:
    demo = make_demo(tmp_path, recipe)
    for row in range(0, 12, 3):
        right = correlation(stored_image(demo, row), expected_image(demo, row))
        assert -demo.data_sign * right > 0.98
        other = expected_image(demo, (row + 1) % 12)
        assert abs(correlation(stored_image(demo, row), other)) < right * -demo.data_sign - 0.1


@pytest.mark.parametrize(
    "recipe",
    [
        DemoRecipe(**SMALL),
        DemoRecipe(mirrored_micrographs=True, **SMALL),
        DemoRecipe(coordinate_scale=2.0, inverted=False, **SMALL),
        DemoRecipe(binned=2, box=32, **SMALL),
        DemoRecipe(box=33, shuffled=True, one_stack=True, dtype="float16", **SMALL),
        DemoRecipe(dtype="int8", mirrored_micrographs=True, coordinate_scale=0.5, **SMALL),
        DemoRecipe(box=24, particles_per_micrograph=100, micrographs=1),
    ],
)
def test_micrographs_hold_the_particles_at_their_coordinates(tmp_path: Path, recipe: DemoRecipe) -> None:
    demo = make_demo(tmp_path, recipe)
    box, binned = recipe.box, recipe.binned
    for row in range(0, len(demo.rot_deg), 4):
        micrograph = mrcfile.read(demo.micrographs[demo.micrograph_index[row]])
        assert micrograph.dtype == np.float32
        assert micrograph.shape == tuple(demo.exposure_shapes[demo.micrograph_index[row]])
        if recipe.mirrored_micrographs:
            micrograph = micrograph[::-1]
        x, y = (demo.coordinates[row] / recipe.coordinate_scale).astype(int) - box * binned // 2
        patch = micrograph[y : y + box * binned, x : x + box * binned]
        patch = patch.reshape(box, binned, box, binned).mean(axis=(1, 3))
        # Means of 2 x 2 pixels are not quite what binning in Fourier space gives.
        assert demo.data_sign * correlation(patch, stored_image(demo, row)) > (0.999 if binned == 1 else 0.7)


@pytest.mark.parametrize("relion", ["3.0", "3.1", "5"])
@pytest.mark.parametrize("absolute", [False, True])
def test_star_reads_back(tmp_path: Path, relion: str, absolute: bool) -> None:
    recipe = DemoRecipe(
        relion=relion, absolute_paths=absolute, shuffled=True, optics_groups=3, coordinate_scale=2.0,
        binned=2, box=32, optics_pixel_sizes=(1.0, 1.1, 1.2), micrographs=3, particles_per_micrograph=4,
    )  # fmt: skip
    demo = make_demo(tmp_path, recipe)
    tables = starfile.read(demo.star, always_dict=True)
    pixel = np.array([2.0, 2.2, 2.4])[demo.optics_group - 1]
    if relion == "3.0":
        (rows,) = tables.values()
        shift = rows[["rlnOriginX", "rlnOriginY"]].to_numpy()
        star_pixel = rows["rlnDetectorPixelSize"] * 1e4 / rows["rlnMagnification"]
        np.testing.assert_allclose(star_pixel, pixel, rtol=1e-8)
        np.testing.assert_array_equal(rows["rlnVoltage"], np.array([300, 200, 300])[demo.optics_group - 1])
        assert "rlnOpticsGroup" not in rows
    else:
        rows, optics = tables["particles"], tables["optics"]
        shift = rows[["rlnOriginXAngst", "rlnOriginYAngst"]].to_numpy() / pixel[:, None]
        np.testing.assert_allclose(optics["rlnImagePixelSize"], demo.pixel_size_A)
        np.testing.assert_allclose(optics["rlnMicrographOriginalPixelSize"], [0.5, 0.55, 0.6])
        np.testing.assert_array_equal(optics["rlnVoltage"], demo.voltage_kV)
        np.testing.assert_array_equal(rows["rlnOpticsGroup"], demo.optics_group)
    np.testing.assert_allclose(shift, demo.shift_px, atol=1e-6)
    for label, planted in {
        "CoordinateX": demo.coordinates[:, 0],
        "CoordinateY": demo.coordinates[:, 1],
        "AngleRot": demo.rot_deg,
        "AngleTilt": demo.tilt_deg,
        "AnglePsi": demo.psi_deg,
        "DefocusU": demo.defocus_u_A,
        "DefocusV": demo.defocus_v_A,
        "DefocusAngle": demo.defocus_angle_deg,
        "PhaseShift": demo.phase_shift_deg,
        "RandomSubset": demo.random_subset,
        "ClassNumber": demo.class_number,
    }.items():
        np.testing.assert_array_equal(rows[f"rln{label}"], planted, label)
    for row, name in enumerate(rows["rlnImageName"]):
        index, path = name.split("@")
        assert int(index) == demo.image_index[row] + 1
        assert Path(path).is_absolute() == absolute
        assert demo.data / path == demo.stacks[demo.stack_index[row]]
        named = demo.micrograph_names[demo.micrograph_index[row]]
        assert rows["rlnMicrographName"][row] == (f"{demo.data}/{named}" if absolute else named)


def test_exposures_and_trims(tmp_path: Path) -> None:
    demo = make_demo(tmp_path, DemoRecipe(optics_pixel_sizes=(2.1, 1.0), **SMALL))
    table = np.load(demo.exposures)
    np.testing.assert_array_equal(table["uid"], demo.exposure_uids)
    np.testing.assert_array_equal(table["mscope_params/exp_group_id"], [1, 2])
    trims, keys = demo.trims, []
    for row, path in enumerate(table["micrograph_blob/path"]):
        with mrcfile.open(demo.project / path.decode(), header_only=True) as mrc:
            assert (mrc.header.ny, mrc.header.nx) == tuple(table["micrograph_blob/shape"][row])
            assert mrc.voxel_size.x == pytest.approx(table["micrograph_blob/psize_A"][row])
        uid, name = path.decode().split("/")[-1].split("_", 1)
        assert len(uid) == 21 and trims["remove_leading_uid"]
        keys.append(name[trims["exposure_cut_prefix"] : len(name) - trims["exposure_cut_suffix"]])
    assert keys == ["demo_0001", "demo_0002"]
    names = [name.split("/")[-1] for name in demo.micrograph_names]
    assert keys == [n[trims["particle_cut_prefix"] : len(n) - trims["particle_cut_suffix"]] for n in names]


def test_stack_headers(tmp_path: Path) -> None:
    for mode, dtype in {0: "int8", 1: "int16", 2: "float32", 12: "float16"}.items():
        demo = make_demo(tmp_path / dtype, DemoRecipe(dtype=dtype, binned=2, box=32, **SMALL))
        with mrcfile.open(demo.stacks[1]) as stack:
            assert (stack.header.mode, stack.data.shape) == (mode, (6, 32, 32))
            assert stack.is_image_stack()
            assert stack.voxel_size.x == pytest.approx(4.2)


def test_special_tilts_and_shuffling(tmp_path: Path) -> None:
    demo = make_demo(tmp_path, DemoRecipe(special_tilts=True, shuffled=True, **SMALL))
    assert np.count_nonzero(demo.tilt_deg == 0) >= 2 and np.count_nonzero(demo.tilt_deg == 180) >= 2
    assert (np.diff(demo.micrograph_index) < 0).any()


def test_one_seed_gives_one_data_set(tmp_path: Path) -> None:
    first, again, other = (
        make_demo(tmp_path / name, DemoRecipe(seed=seed, **SMALL)) for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    for field in fields(Demo):
        planted = getattr(first, field.name)
        if isinstance(planted, np.ndarray):
            np.testing.assert_array_equal(planted, getattr(again, field.name))
    for a, b in zip(first.stacks + first.micrographs, again.stacks + again.micrographs, strict=True):
        assert a.name == b.name
        np.testing.assert_array_equal(mrcfile.read(a), mrcfile.read(b))
    assert first.star.read_text() == again.star.read_text() != other.star.read_text()


def test_default_set_is_small(tmp_path: Path) -> None:
    demo = make_demo(tmp_path)
    assert len(demo.rot_deg) == 400
    assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) < 40e6
