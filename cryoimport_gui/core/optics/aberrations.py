"""How much is lost with the aberrations that are not imported: phase errors by RELION's own definitions.

Beam tilt: a phase of 2π Cs λ² |k|² (k · θ).  Odd and even Zernike terms: a phase of the sum of coefficients times
polynomials of the frequency in 1/Å, in RELION's order (Zivanov, Nakane and Scheres, IUCrJ 7, 2020).  Magnification
matrix M: frequencies lie at M k, which puts density at distance r from the centre out of phase by 2π r |M k - k|.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..particles import OpticsGroup, Particles
from ..pictures.ctf import electron_wavelength_A
from ..problems import Problem, count_of, problem

_AZIMUTHS = 180
_FREQUENCIES = 200
#: a phase error from which on information is lost rather than weakened
HARMFUL_RAD = math.pi / 4


@dataclass(frozen=True)
class Loss:
    """What the import loses with one term: the largest phase error over all directions at some frequencies."""

    term: str
    frequency_per_A: NDArray[np.float64]
    error_rad: NDArray[np.float64]

    @property
    def harmful_A(self) -> float | None:
        """The resolution from which on information is lost; None if it never is."""
        return harmful_resolution_A(self.frequency_per_A, self.error_rad)

    def __str__(self) -> str:
        harmful, nyquist = self.harmful_A, 1 / self.frequency_per_A[-1]
        if harmful is not None:
            return f"{self.term}: above 45° from {harmful:.2f} Å on"
        return f"{self.term}: at most {math.degrees(self.error_rad.max()):.0f}° up to Nyquist ({nyquist:.2f} Å)"


def dropped_aberrations(particles: Particles) -> Iterator[Problem]:
    """What these particles have that is written as zero: by group, and over all where it differs between particles."""
    differing = _differing(particles)
    has_differing = np.bincount(particles.optics_index[differing.any(axis=1)], minlength=len(particles.optics_groups))
    groups, examples = 0, []
    for group, rows in zip(particles.optics_groups, has_differing):
        fixed = {n: vs for n, vs in group.aberrations.items() if n not in particles.aberration_names}
        if group.particles and fixed:
            words = ", ".join(f"{name} {' '.join(f'{v:g}' for v in values)}" for name, values in fixed.items())
            examples.append(f"{group.name}: {words}")
        groups += bool(rows or group.particles and fixed)
    if not groups:
        return
    message = (
        f"{count_of(groups, 'optics group')} with beam tilt, Zernike or magnification terms, which are written as zero"
    )
    if count := int(differing.any(axis=1).sum()):
        assert particles.aberrations is not None
        low, high = particles.aberrations.min(axis=0), particles.aberrations.max(axis=0)
        ranges = ", ".join(f"{n} from {a:g} to {b:g}" for n, a, b in zip(particles.aberration_names, low, high))
        message += f"; they differ between particles of one group and are not zero for {count_of(count, 'particle')}"
        examples.insert(0, f"{count_of(count, 'particle')}: {ranges}")
    yield problem("ctf-aberrations-dropped", message, count=groups, examples=examples)


def _differing(particles: Particles) -> NDArray[np.bool_]:
    """(particles, aberrations of single particles): whether one is there."""
    if particles.aberrations is None:
        return np.zeros((len(particles), 0), bool)
    none = [float(name in ("magnification_00", "magnification_11")) for name in particles.aberration_names]
    return particles.aberrations != none


def losses(group: OpticsGroup, box: int) -> list[Loss]:
    """One for each term of the group, up to Nyquist; the magnification's at half the distance to the box's edge.

    A beam tilt without voltage or Cs, a magnification without a box (0), and everything without a pixel size, cannot
    be said.
    """
    if group.pixel_size_A is None:
        return []
    size = group.pixel_size_A.value
    frequency = np.linspace(0, 0.5 / size, _FREQUENCIES)
    errors = phase_errors(group, frequency, box * size / 4)
    return [Loss(term, frequency, error) for term, error in errors.items() if box or term != "magnification"]


def phase_errors(
    group: OpticsGroup, frequency_per_A: NDArray[np.float64], radius_A: float
) -> dict[str, NDArray[np.float64]]:
    """The largest phase error over all directions, by term, for what the group's aberrations would have corrected.

    Args:
        frequency_per_A: (n,) spatial frequencies.
        radius_A: Distance from the particle's centre at which the magnification's error is given.

    Returns:
        Term → (n,), radians; only the terms that the group has.
    """
    angle = np.linspace(0, 2 * np.pi, _AZIMUTHS, endpoint=False)
    kx, ky = frequency_per_A[:, None] * np.cos(angle), frequency_per_A[:, None] * np.sin(angle)
    given = group.aberrations
    phases: dict[str, NDArray[np.float64]] = {}
    if "beam_tilt_x_mrad" in given or "beam_tilt_y_mrad" in given:
        tilt = given.get("beam_tilt_x_mrad", (0.0,))[0], given.get("beam_tilt_y_mrad", (0.0,))[0]
        if group.voltage_kV and group.cs_mm:
            phases["beam tilt"] = beam_tilt_phase(kx, ky, tilt, group.voltage_kV.value, group.cs_mm.value)
    for name, term in (("odd_zernike", "odd Zernike"), ("even_zernike", "even Zernike")):
        if name in given:
            phases[term] = zernike_phase(kx, ky, given[name], odd=name == "odd_zernike")
    if "magnification_00" in given:
        m = [given.get(f"magnification_{i}{j}", (float(i == j),))[0] for i in (0, 1) for j in (0, 1)]
        off = np.hypot((m[0] - 1) * kx + m[1] * ky, m[2] * kx + (m[3] - 1) * ky)
        phases["magnification"] = 2 * np.pi * radius_A * off
    return {term: np.abs(phase).max(axis=1) for term, phase in phases.items()}


def harmful_resolution_A(frequency_per_A: NDArray[np.float64], error_rad: NDArray[np.float64]) -> float | None:
    """The resolution from which on the error is above `HARMFUL_RAD`; None if it never is."""
    above = np.flatnonzero((error_rad > HARMFUL_RAD) & (frequency_per_A > 0))
    return float(1 / frequency_per_A[above[0]]) if len(above) else None


def beam_tilt_phase(
    kx: NDArray[np.float64], ky: NDArray[np.float64], tilt_mrad: tuple[float, float], voltage_kV: float, cs_mm: float
) -> NDArray[np.float64]:
    """Phase by axial coma, radians; frequencies in 1/Å."""
    wavelength = electron_wavelength_A(voltage_kV)
    return 2e-3 * np.pi * cs_mm * 1e7 * wavelength**2 * (kx**2 + ky**2) * (kx * tilt_mrad[0] + ky * tilt_mrad[1])


def zernike_phase(
    kx: NDArray[np.float64], ky: NDArray[np.float64], coefficients: tuple[float, ...], odd: bool
) -> NDArray[np.float64]:
    """Sum of coefficients times RELION's odd or even polynomials, radians; frequencies in 1/Å."""
    rho, phi = np.hypot(kx, ky), np.arctan2(ky, kx)
    phase = np.zeros_like(rho)
    for i, coefficient in enumerate(coefficients):
        m, n = _order(i, odd)
        angular = np.cos(m * phi) if m >= 0 else np.sin(-m * phi)
        phase += coefficient * _radial(abs(m), n, rho) * angular
    return phase


def _order(i: int, odd: bool) -> tuple[int, int]:
    """Azimuthal and radial order of the i-th coefficient."""
    if odd:
        k = int((math.sqrt(1 + 4 * i) - 1) / 2)
        return 2 * (i - k * k - k) - (2 * k + 1), 2 * k + 1
    k = math.isqrt(i)
    return 2 * (i - k * k - k), 2 * k


def _radial(m: int, n: int, rho: NDArray[np.float64]) -> NDArray[np.float64]:
    out = np.zeros_like(rho)
    for k in range((n - m) // 2 + 1):
        weight = math.factorial(n - k) // (
            math.factorial(k) * math.factorial((n + m) // 2 - k) * math.factorial((n - m) // 2 - k)
        )
        out += (-1) ** k * weight * rho ** (n - 2 * k)
    return out
