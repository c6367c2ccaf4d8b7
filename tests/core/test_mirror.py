"""Metadata of particles on a mirrored exposure, against matrices and against projections."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from cryoimport_gui.core.mirror import (
    mirrored_angle,
    mirrored_pose,
    mirrored_shift,
    mirrored_y_frac,
    y_frac_from_other_end,
)

HALF_TURN_X = np.diag([1.0, -1.0, -1.0])


def angle_between(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.linalg.norm((Rotation.from_rotvec(one).inv() * Rotation.from_rotvec(other)).as_rotvec(), axis=1)


def poses() -> np.ndarray:
    """Random ones, and around 0 and half turns: before and after they are mirrored."""
    rng = np.random.default_rng(0)
    axes = rng.standard_normal((400, 3))
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    small = axes[:, None] * np.array([0, 1e-13, 1e-9, 1e-6, 1e-3])[:, None]
    near_half_turn = axes[:, None] * (np.pi - np.array([0, 1e-13, 1e-9, 1e-6, 1e-3]))[:, None]
    all_axes = np.concatenate([np.eye(3), -np.eye(3)])[:, None] * np.array([1e-9, 1, np.pi - 1e-9, np.pi])[:, None]
    random = Rotation.random(1000, random_state=1).as_rotvec()
    near = [Rotation.from_rotvec(some.reshape(-1, 3)) for some in (small, near_half_turn)]
    turned = [(some * Rotation.from_matrix(HALF_TURN_X)).as_rotvec() for some in near]
    return np.concatenate(
        [random, all_axes.reshape(-1, 3), *(some.reshape(-1, 3) for some in (small, near_half_turn)), *turned]
    )


def test_poses_are_turned_half_around_x() -> None:
    before = poses()
    after = mirrored_pose(before)
    expected = (Rotation.from_rotvec(before) * Rotation.from_matrix(HALF_TURN_X)).as_rotvec()
    assert angle_between(after, expected).max() < 1e-14 * 100
    assert np.linalg.norm(after, axis=1).max() <= np.pi + 1e-12


def test_mirrored_twice_is_as_before() -> None:
    before = poses()
    assert angle_between(mirrored_pose(mirrored_pose(before)), before).max() < 1e-12


def test_the_same_in_relions_angles() -> None:
    rot, tilt, psi = np.random.default_rng(1).uniform([[-180], [0], [-180]], 180, (3, 200))

    def pose(*angles: np.ndarray) -> np.ndarray:
        return Rotation.from_euler("ZYZ", np.stack(angles, axis=1), degrees=True).as_rotvec()

    assert angle_between(mirrored_pose(pose(rot, tilt, psi)), pose(rot + 180, 180 - tilt, -psi)).max() < 1e-12


def test_a_mirrored_projection_is_a_projection_of_the_same_map() -> None:
    """A map of points: a picture holds their x and y after the rotation of the map into the picture's frame."""
    points = np.random.default_rng(2).standard_normal((50, 3))
    before = Rotation.random(20, random_state=3).as_rotvec()
    shift = np.random.default_rng(4).standard_normal((20, 2))

    def picture(pose: np.ndarray, shift: np.ndarray) -> np.ndarray:
        into_frame = Rotation.from_rotvec(pose).inv().as_matrix()
        return np.einsum("kij,nj->kni", into_frame, points)[..., :2] - shift[:, None]

    expected = picture(before, shift) * [1, -1]
    assert picture(mirrored_pose(before), mirrored_shift(shift)) == pytest.approx(expected, abs=1e-12)
    assert not np.allclose(picture(before, mirrored_shift(shift)), expected, atol=0.1)


def test_an_angle_in_the_picture_turns_the_other_way() -> None:
    angle = np.array([0.3, -1.2, 0.0])
    direction = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    after = mirrored_angle(angle)
    assert np.stack([np.cos(after), np.sin(after)], axis=1) == pytest.approx(direction * [1, -1])


def test_y_on_the_mirrored_picture_and_from_the_other_end() -> None:
    picture = np.arange(7)
    row = np.array([0, 2, 6])
    assert picture[::-1][np.rint(mirrored_y_frac(row, 7) * 7).astype(int)].tolist() == row.tolist()
    assert y_frac_from_other_end(7 - row, 7) * 7 == pytest.approx(row)
    # an ny for each exposure
    assert mirrored_y_frac(np.array([1.0, 1.0]), np.array([10, 20])) == pytest.approx([0.8, 0.9])
