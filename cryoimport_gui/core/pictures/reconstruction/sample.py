"""What the import is about to write for the sampled particles, and what that says about their transforms."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from ...arrays import Reals
from ..ctf import phase_terms
from .transforms import Complexes, Floats, HalfPlane, blocks

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class CtfColumns:
    """The `ctf/*` fields of n particles, (n,) each; the wavelength in place of the voltage."""

    wavelength_A: Reals
    cs_mm: Reals
    amplitude_contrast: Reals
    defocus_u_A: Reals
    defocus_v_A: Reals
    defocus_angle_rad: Reals
    phase_shift_rad: Reals

    def values(self, plane: HalfPlane, box_A: float) -> Floats:
        """(n, K): sin χ."""
        k2 = (plane.kx.astype(float) ** 2 + plane.ky**2) / box_A**2
        from_axis = np.arctan2(plane.ky, plane.kx) - self.defocus_angle_rad[:, None]
        constant, quadratic, quartic = phase_terms(
            self.wavelength_A[:, None],
            self.cs_mm[:, None],
            self.amplitude_contrast[:, None],
            self.defocus_u_A[:, None],
            self.defocus_v_A[:, None],
            self.phase_shift_rad[:, None],
            from_axis,
        )
        return np.sin(constant + quadratic * k2 + quartic * k2**2).astype(np.float32)


@dataclass(frozen=True)
class PosedParticles:
    """n sampled particles of one box and one pixel size, as they will be written.

    pixel_size_A: `blob/psize_A`.
    data_sign: (n,) `blob/sign`, 1 or -1.
    half: (n,) 0 or 1; particles of one micrograph, filament or image belong in one half: see `halves`.
    stack, image_number: (n,) the image of each; a second row of one image is left out.  Neighbours in a stack
        stand in for images that are off by one, so sample runs of consecutive images.
    shift_px: (n, 2) `alignments*/shift`, x and y.
    shift_pixel_size_A: (n,) `alignments*/psize_A`.
    rotation_vector: (n, 3) `alignments3D/pose`; None for 2D poses.
    psi_rad, class_number: (n,) `alignments2D/pose` and `class`, where the poses are 2D.
    file_pixel_size_A: (n,) what shifts in Å were divided by; None: `shift_pixel_size_A`.
    ctf: None for images that are CTF-corrected, or where nothing is known.
    ctf_has_signs: False takes the images as if their phases had been flipped already.
    """

    pixel_size_A: float
    data_sign: Reals
    half: Counts
    stack: Counts
    image_number: Counts
    shift_px: Reals
    shift_pixel_size_A: Reals
    rotation_vector: Reals | None = None
    psi_rad: Reals | None = None
    class_number: Counts | None = None
    file_pixel_size_A: Reals | None = None
    ctf: CtfColumns | None = None
    ctf_has_signs: bool = True

    @property
    def is_known(self) -> NDArray[np.bool_]:
        """(n,) all values are numbers."""
        columns = [self.shift_px, self.shift_pixel_size_A, self.rotation_vector, self.psi_rad]
        if self.ctf is not None:
            columns += [getattr(self.ctf, column.name) for column in fields(self.ctf)]
        known = [
            np.isfinite(column).reshape(len(self.half), -1).all(axis=1) for column in columns if column is not None
        ]
        return np.logical_and.reduce(known)


def halves(groups: Counts, seed: int = 0) -> Counts:
    """(n,) 0 or 1: whole groups (micrographs), in random order, to the half that has fewer particles.

    A single group is cut in two.
    """
    distinct, number = np.unique(groups, return_inverse=True)
    if len(distinct) == 1:
        return np.asarray(np.arange(len(groups)) * 2 // max(1, len(groups)))
    sizes = np.bincount(number)
    of_group = np.zeros(len(sizes), np.int64)
    filled = [0, 0]
    order = np.random.default_rng(seed).permutation(len(sizes))
    for group in order[np.argsort(-sizes[order], kind="stable")]:
        of_group[group] = filled[1] < filled[0]
        filled[of_group[group]] += sizes[group]
    return np.asarray(of_group[number])


def rotation_matrices(rotation_vectors: Reals) -> Reals:
    """(n, 3) → (n, 3, 3), by Rodrigues' formula.

    Such a matrix R turns an image's frequencies (kx, ky, 0) into the map's.  It is the transpose of RELION's Euler
    matrix, which turns the map's coordinates into the image's (Heymann, Chagoyen and Belnap, J. Struct. Biol. 151,
    2005).
    """
    angle = np.linalg.norm(rotation_vectors, axis=1)
    x, y, z = (rotation_vectors / np.where(angle > 0, angle, 1)[:, None]).T
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=1).reshape(-1, 3, 3)
    sin, cos = (f(angle)[:, None, None] for f in (np.sin, np.cos))
    return np.asarray(np.eye(3) + sin * cross + (1 - cos) * (cross @ cross))


def centred(values: Complexes, shift_boxes: Reals, plane: HalfPlane) -> Complexes:
    """(n, K): the coefficients after the content has moved by +shift, (n, 2) in parts of the box."""
    moved = np.empty(values.shape, np.complex64)
    x, y = shift_boxes.T.astype(np.float32)[:, :, None]
    for some in blocks(len(values)):
        angle = (-2 * np.pi) * (x[some] * plane.kx + y[some] * plane.ky)
        phase = np.empty(angle.shape, np.complex64)
        phase.real, phase.imag = np.cos(angle), np.sin(angle)
        np.multiply(values[some], phase, out=moved[some])
    return moved
