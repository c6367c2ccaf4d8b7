from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from cryoimport_gui.core.dataset.poses import rotation_vectors
from cryoimport_gui.core.demo.images import euler_matrix

SPECIAL = np.array([-360, -180, -179.9999999, -90, -1e-9, 0, 1e-9, 1e-4, 45, 90, 120, 179.9999999, 180, 270, 360.0])


def grid() -> tuple[NDArray, NDArray, NDArray]:
    """All combinations of special angles, and random ones."""
    rng = np.random.default_rng(0)
    special = np.stack(np.meshgrid(SPECIAL, SPECIAL, SPECIAL), axis=-1).reshape(-1, 3)
    angles = np.concatenate([special, rng.uniform(-180, 180, (2000, 3))])
    return angles[:, 0], angles[:, 1], angles[:, 2]


def test_the_same_rotations_as_scipy() -> None:
    rot, tilt, psi = grid()
    ours = Rotation.from_rotvec(rotation_vectors(rot, tilt, psi))
    theirs = Rotation.from_euler("ZYZ", np.stack([rot, tilt, psi], axis=1), degrees=True)
    assert (ours * theirs.inv()).magnitude().max() < 1e-14
    assert np.abs(ours.as_matrix() - theirs.as_matrix()).max() < 1e-14


def test_the_same_vectors_as_scipy_below_half_a_turn() -> None:
    rot, tilt, psi = (angle[-2000:] for angle in grid())
    theirs = Rotation.from_euler("ZYZ", np.stack([rot, tilt, psi], axis=1), degrees=True).as_rotvec()
    np.testing.assert_allclose(rotation_vectors(rot, tilt, psi), theirs, atol=1e-13)


def test_at_most_half_a_turn() -> None:
    angle = np.linalg.norm(rotation_vectors(*grid()), axis=1)
    assert angle.max() <= np.pi * (1 + 1e-15)
    assert angle.min() == 0


def test_relions_matrix_is_the_transpose() -> None:
    rot, tilt, psi = grid()
    matrices = Rotation.from_rotvec(rotation_vectors(rot, tilt, psi)).as_matrix()
    for row in range(0, len(rot), 97):
        np.testing.assert_allclose(matrices[row].T, euler_matrix(rot[row], tilt[row], psi[row]), atol=1e-14)


@pytest.mark.parametrize(
    ("angles", "vector"),
    [
        ((0, 0, 0), (0, 0, 0)),
        ((90, 0, 0), (0, 0, np.pi / 2)),
        ((0, 90, 0), (0, np.pi / 2, 0)),
        ((0, 0, -90), (0, 0, -np.pi / 2)),
        ((30, 0, 40), (0, 0, np.radians(70))),
        ((0, 180, 0), (0, np.pi, 0)),
    ],
)
def test_by_hand(angles: tuple[float, ...], vector: tuple[float, ...]) -> None:
    ours = rotation_vectors(*(np.array([float(angle)]) for angle in angles))
    np.testing.assert_allclose(ours, [vector], atol=1e-15)


def test_no_rows() -> None:
    assert rotation_vectors(np.zeros(0), np.zeros(0), np.zeros(0)).shape == (0, 3)
