"""Poses: RELION's Euler angles → rotation vectors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def rotation_vectors(
    rot_deg: NDArray[np.float64], tilt_deg: NDArray[np.float64], psi_deg: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Rotation vectors of intrinsic ZYZ rotations, as CryoSPARC stores poses.

    The product of the three half-angle quaternions is written out, so that nothing is lost near 0° and 180°,
    where formulas through the trace of the matrix break down.  The matrix of the result is the transpose of
    RELION's Euler matrix (Heymann, Chagoyen and Belnap, J. Struct. Biol. 151, 2005, for the convention).

    Args:
        rot_deg, tilt_deg, psi_deg: (N,) degrees.

    Returns:
        (N, 3), radians; the angle is at most pi.
    """
    half_sum, half_difference = np.radians(rot_deg + psi_deg) / 2, np.radians(rot_deg - psi_deg) / 2
    half_tilt = np.radians(tilt_deg) / 2
    w = np.cos(half_tilt) * np.cos(half_sum)
    axis = np.stack(
        [
            -np.sin(half_tilt) * np.sin(half_difference),
            np.sin(half_tilt) * np.cos(half_difference),
            np.cos(half_tilt) * np.sin(half_sum),
        ],
        axis=1,
    )
    length = np.linalg.norm(axis, axis=1)
    angle = 2 * np.arctan2(length, np.abs(w)) * np.where(w < 0, -1, 1)
    scale = np.divide(angle, length, out=np.full_like(length, 2.0), where=length > 1e-12)
    return axis * scale[:, None]


def turns_deg(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) the angle, in degrees, of the turn from one pose to the other; both (N, 3), rotation vectors."""
    cosines = np.abs(np.einsum("ij,ij->i", _quaternions(a), _quaternions(b)))
    return np.degrees(2 * np.arccos(np.minimum(cosines, 1)))


def _quaternions(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    angle = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.hstack([np.cos(angle / 2), vectors * np.sinc(angle / 2 / np.pi) / 2])
