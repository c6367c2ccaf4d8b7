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


@dataclass(frozen=True)
class Ctf:
    """sin χ of a weak phase object, underfocus positive (Rohou and Grigorieff, J. Struct. Biol. 192, 2015)."""

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

    @property
    def _terms(self) -> tuple[float, float]:
        """What does not depend on the frequency, and what its fourth power is multiplied with."""
        constant = math.radians(self.phase_shift_deg) + math.asin(self.amplitude_contrast)
        return constant, -0.5e7 * math.pi * self.cs_mm * self.wavelength_A**3

    def _defocus_term(self, azimuth_rad: ArrayLike) -> Reals:
        """What the square of the frequency is multiplied with."""
        mean, half = (self.defocus_u_A + self.defocus_v_A) / 2, (self.defocus_u_A - self.defocus_v_A) / 2
        angle = np.asarray(azimuth_rad) - math.radians(self.defocus_angle_deg)
        return np.asarray(math.pi * self.wavelength_A * (mean + half * np.cos(2 * angle)))

    def __call__(self, frequency: ArrayLike, azimuth_rad: ArrayLike) -> Reals:
        """Values from -1 to 1."""
        constant, quartic = self._terms
        k2 = np.square(frequency)
        return np.sin(constant + self._defocus_term(azimuth_rad) * k2 + quartic * k2**2)

    def zeros(self, azimuth_rad: ArrayLike, count: int) -> Reals:
        """The first `count` frequencies where the CTF is 0: (count, azimuths), nan where there is none.

        Those of the branch before χ turns back at very high frequencies.
        """
        constant, quartic = self._terms
        quadratic = self._defocus_term(azimuth_rad)
        first = math.floor(constant / math.pi) + 1
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
