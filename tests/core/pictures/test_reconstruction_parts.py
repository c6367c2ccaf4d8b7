from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from cryoimport_gui.core.pictures.reconstruction.half_maps import Slices
from cryoimport_gui.core.pictures.reconstruction.sample import centred, halves, rotation_matrices
from cryoimport_gui.core.pictures.reconstruction.score import deal
from cryoimport_gui.core.pictures.reconstruction.transforms import HalfPlane, Transforms
from tests.support.made_particles import relion_matrices


def by_fft(image: np.ndarray, plane: HalfPlane) -> np.ndarray:
    """The same coefficients by a whole FFT, the origin moved to the pixel (box // 2, box // 2)."""
    whole = np.fft.fft2(np.fft.ifftshift(image.astype(np.float64)))
    return whole[plane.ky.astype(int), plane.kx.astype(int)]


@pytest.mark.parametrize("box", [8, 24, 25, 47, 64])
@pytest.mark.parametrize("dtype", ["int8", "int16", ">i2", "float16", "float32", ">f4", "float64"])
def test_coefficients_are_those_of_an_fft(box: int, dtype: str) -> None:
    images = (np.random.default_rng(0).normal(size=(20, box, box)) * 30).clip(-120, 120).astype(dtype)
    transforms = Transforms(25, box)
    transforms.add(np.arange(5, 25), images)
    assert transforms.plane.radius == min(12, (box - 1) // 2)
    assert transforms.usable.tolist() == [False] * 5 + [True] * 20
    for i in (0, 19):
        expected = by_fft(images[i], transforms.plane)
        np.testing.assert_allclose(transforms.values[5 + i], expected, atol=2e-5 * np.abs(expected).max())


def test_a_large_mean_costs_no_digits() -> None:
    images = np.random.default_rng(0).normal(size=(2, 64, 64)) + 30000
    transforms = Transforms(2, 64)
    transforms.add(np.arange(2), images)
    expected = by_fft(images[0] - 30000, transforms.plane)
    np.testing.assert_allclose(transforms.values[0], expected, atol=1e-3 * np.abs(expected).max())


def test_blank_and_broken_images_are_not_usable() -> None:
    images = np.random.default_rng(0).normal(size=(5, 24, 24)).astype(np.float32)
    images[0], images[1, 3, 3], images[2, 0, 0] = 0.1, np.nan, np.inf
    images[3] *= 1e38
    transforms = Transforms(5, 24)
    transforms.add(np.arange(5), images)
    assert transforms.usable.tolist() == [False, False, False, False, True]
    assert np.isfinite(transforms.values).all()


def test_other_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="box 24"):
        Transforms(2, 24).add(np.arange(2), np.zeros((2, 24, 25), np.float32))
    with pytest.raises(ValueError, match="too small"):
        Transforms(2, 6)


@pytest.mark.parametrize("box", [64, 65])
def test_small_images_show_the_content_where_it_was(box: int) -> None:
    """A blob 6 pixels right of the middle and 10 below it, and the same after a shift that centres it."""
    y, x = np.mgrid[:box, :box] - box // 2
    transforms = Transforms(1, box)
    transforms.add(np.arange(1), np.exp(-0.5 * ((x - 6) ** 2 + (y - 10) ** 2) / 4**2)[None])
    plane, side = transforms.plane, transforms.plane.side

    def peak(values: np.ndarray) -> list[int]:
        small = plane.images(values)[0]
        return [int(i) - side // 2 for i in np.unravel_index(small.argmax(), small.shape)]

    assert peak(transforms.values) == [round(10 * side / box), round(6 * side / box)]
    assert peak(centred(transforms.values, np.array([[-6, -10]]) / box, plane)) == [0, 0]


def test_rotations_are_relions_transposed() -> None:
    angles = np.random.default_rng(0).uniform(-180, 180, (50, 3))
    angles[0] = 0
    vectors = Rotation.from_euler("ZYZ", angles, degrees=True).as_rotvec()
    np.testing.assert_allclose(rotation_matrices(vectors), relion_matrices(angles).transpose(0, 2, 1), atol=1e-12)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_spreading_and_reading_are_each_others_transpose(dimensions: int) -> None:
    """Σ spread(values) · maps = Σ values · read(maps), the halves exchanged."""
    rng, plane = np.random.default_rng(0), HalfPlane(5)
    rotation = Rotation.random(6, rng).as_matrix()
    if dimensions == 2:
        turn = rng.uniform(0, 6, 6)
        rotation = np.stack([np.cos(turn), -np.sin(turn), np.sin(turn), np.cos(turn)], axis=1).reshape(-1, 2, 2)
    half, number = np.array([0, 1, 0, 1, 1, 0]), np.array([0, 0, 1, 1, 0, 1])
    slices = Slices(plane, rotation, half, number)
    values = rng.normal(size=(6, len(plane))).astype(np.float32)
    spread = slices.spread(values)
    assert spread.shape == (2, 2, *(plane.side,) * dimensions)
    maps = rng.normal(size=spread.shape).astype(np.complex64)
    np.testing.assert_allclose((spread[::-1] * maps).sum().real, (values * slices.read(maps)).sum().real, rtol=1e-4)
    np.testing.assert_allclose(spread.sum(), values.sum(), rtol=1e-4)


def test_whole_groups_go_into_one_half() -> None:
    groups = np.random.default_rng(0).integers(0, 15, 400)
    half = halves(groups)
    assert all(len(set(half[groups == group])) == 1 for group in range(15))
    assert 160 <= half.sum() <= 240
    assert halves(np.zeros(10, int)).tolist() == [0] * 5 + [1] * 5


def test_poses_are_dealt_inside_their_group() -> None:
    group = np.random.default_rng(0).integers(0, 3, 100)
    dealt = deal(group, np.random.default_rng(1))
    assert sorted(dealt) == list(range(100)) and (group[dealt] == group).all()
    assert (dealt != np.arange(100)).mean() > 0.9
