"""What becomes of a particle's metadata if its exposure is the mirror image, top to bottom, of its micrograph.

A mirrored projection is again a projection of the same map, from behind: a half turn around x, in the frame of the
picture, turns y and z, and of the sign of z a projection along z shows nothing.  So the map, its hand, masks and
symmetry axes stay.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .arrays import Reals


def mirrored_pose(rotation_vectors: Reals) -> Reals:
    """R → R · diag(1, -1, -1), R of (N, 3) rotation vectors in radians as `alignments3D/pose` holds them.

    In RELION's angles: rot + 180°, 180° - tilt, -psi.  Calculated with quaternions, (c; v) → (-v_x; c, v_z, -v_y),
    which loses nothing near half turns.  The angles of the result are at most pi.
    """
    angle = np.linalg.norm(rotation_vectors, axis=1)
    # sin(angle / 2) / angle, which is 1/2 at 0
    v = rotation_vectors * (np.sinc(angle / (2 * np.pi)) / 2)[:, None]
    w, axis = -v[:, 0], np.stack([np.cos(angle / 2), v[:, 2], -v[:, 1]], axis=1)
    length = np.linalg.norm(axis, axis=1)
    new_angle = 2 * np.arctan2(length, np.abs(w)) * np.where(w < 0, -1, 1)
    scale = np.divide(new_angle, length, out=np.full_like(length, 2.0), where=length > 1e-12)
    return axis * scale[:, None]


def mirrored_shift(shift: Reals) -> Reals:
    """(N, 2), x and y in any unit → x, -y."""
    return shift * [1, -1]


def mirrored_angle(angle: Reals) -> Reals:
    """An angle within the picture, which now turns the other way: of defocus, or psi of a 2D alignment."""
    return -angle


def mirrored_y_frac(y_px: Reals, ny: NDArray[np.integer] | int) -> Reals:
    """`location/center_y_frac` on the mirrored picture, of ny rows; y_px is a row of the unmirrored one, from 0."""
    return np.asarray((ny - 1 - y_px) / ny)


def y_frac_from_other_end(y_px: Reals, ny: NDArray[np.integer] | int) -> Reals:
    """`location/center_y_frac` on the same picture of ny - y, as csparc2star (pyem) writes y."""
    return np.asarray(1 - y_px / ny)
