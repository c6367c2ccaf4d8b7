"""The contrast transfer function of a particle, from its metadata.

Frequencies are in 1/Å; azimuths are angles from the x axis (along a row) towards y (down the rows), as defocus
angles are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..arrays import Reals
from ..particles import OpticsGroup, Particles


def phase_terms(
    wavelength_A: ArrayLike,
    cs_mm: ArrayLike,
    amplitude_contrast: ArrayLike,
    defocus_u_A: ArrayLike,
    defocus_v_A: ArrayLike,
    phase_shift_rad: ArrayLike,
    from_axis_rad: ArrayLike,
) -> tuple[Reals, Reals, Reals]:
    """χ of a weak phase object as constant + quadratic k² + quartic k⁴, k in 1/Å; the CTF is sin χ.

    Underfocus is positive (Rohou and Grigorieff, J. Struct. Biol. 192, 2015).  Arrays of any shapes that fit together.

    Args:
        from_axis_rad: Angles from the axis of `defocus_u_A`.
    """
    u, v, wavelength = np.asarray(defocus_u_A), np.asarray(defocus_v_A), np.asarray(wavelength_A)
    defocus = (u + v) / 2 + (u - v) / 2 * np.cos(2 * np.asarray(from_axis_rad))
    constant = np.arcsin(amplitude_contrast) + np.asarray(phase_shift_rad)
    return constant, math.pi * wavelength * defocus, -0.5e7 * math.pi * np.asarray(cs_mm) * wavelength**3


@dataclass(frozen=True)
class Ctf:
    """sin χ of one particle: see `phase_terms`."""

    voltage_kV: float
    cs_mm: float
    amplitude_contrast: float
    defocus_u_A: float
    defocus_v_A: float
    defocus_angle_deg: float = 0.0
    phase_shift_deg: float = 0.0

    @property
    def wavelength_A(self) -> float:
        """Of the electrons, relativistic."""
        return electron_wavelength_A(self.voltage_kV)

    def _terms(self, azimuth_rad: ArrayLike) -> tuple[Reals, Reals, Reals]:
        from_axis = np.asarray(azimuth_rad) - math.radians(self.defocus_angle_deg)
        return phase_terms(
            self.wavelength_A,
            self.cs_mm,
            self.amplitude_contrast,
            self.defocus_u_A,
            self.defocus_v_A,
            math.radians(self.phase_shift_deg),
            from_axis,
        )

    def __call__(self, frequency: ArrayLike, azimuth_rad: ArrayLike) -> Reals:
        """Values from -1 to 1."""
        constant, quadratic, quartic = self._terms(azimuth_rad)
        k2 = np.square(frequency)
        return np.sin(constant + quadratic * k2 + quartic * k2**2)

    def zeros(self, azimuth_rad: ArrayLike, count: int) -> Reals:
        """The first `count` frequencies where the CTF is 0: (count, azimuths), nan where there is none.

        Those of the branch before χ turns back at very high frequencies.
        """
        constant, quadratic, quartic = self._terms(azimuth_rad)
        first = math.floor(float(constant) / math.pi) + 1
        up = np.arange(first, first + count)[:, None]
        target = math.pi * np.where(quadratic > 0, up, 2 * first - 1 - up) - constant
        with np.errstate(invalid="ignore", divide="ignore"):
            root = np.copysign(np.sqrt(quadratic**2 + 4 * quartic * target), quadratic)
            return np.sqrt(2 * target / (quadratic + root))


def ctf_of(particles: Particles, groups: Sequence[OpticsGroup], row: int) -> Ctf | None:
    """The CTF of one particle; None if the file has no defocus or a microscope value is missing."""
    group = groups[particles.optics_index[row]]
    microscope = group.voltage_kV, group.cs_mm, group.amplitude_contrast
    columns = (
        particles.defocus_u_A,
        particles.defocus_v_A,
        particles.defocus_angle_deg,
        particles.phase_shift_deg,
    )
    values = [0.0 if column is None else float(column[row]) for column in columns]
    if particles.defocus_u_A is None or not np.isfinite(values).all():
        return None
    if particles.defocus_v_A is None:
        values[1] = values[0]
    known = [value.value for value in microscope if value]
    return Ctf(*known, *values) if len(known) == len(microscope) else None


def electron_wavelength_A(voltage_kV: float) -> float:
    """Relativistic wavelength."""
    volts = voltage_kV * 1e3
    return 12.2643247 / math.sqrt(volts * (1 + volts * 0.978466e-6))
