"""Phase errors against direct evaluation of the definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cryoimport_gui.core.optics.aberrations import (
    beam_tilt_phase,
    harmful_resolution_A,
    losses,
    phase_errors,
    zernike_phase,
)
from cryoimport_gui.core.particles import OpticsGroup, Value
from cryoimport_gui.core.pictures.ctf import electron_wavelength_A

K = np.array([0.05, 0.1, 0.2, 0.4])


def group(**aberrations: tuple[float, ...]) -> OpticsGroup:
    return OpticsGroup(1, "g", voltage_kV=Value(300, "test"), cs_mm=Value(2.7, "test"), aberrations=dict(aberrations))


@pytest.mark.parametrize(("voltage_kV", "wavelength_A"), [(300, 0.0196875), (200, 0.0250793), (100, 0.0370144)])
def test_wavelengths(voltage_kV: float, wavelength_A: float) -> None:
    assert electron_wavelength_A(voltage_kV) == pytest.approx(wavelength_A, rel=2e-5)


def test_beam_tilt_is_relions_factor_in_degrees() -> None:
    """0.360 Cs 1e7 λ² / box³ times index² times (index · tilt), for a box of 100 Å."""
    box_A, x, y, tilt = 100.0, 12, -7, (0.3, -0.2)
    degrees = (
        0.360 * 2.7 * 1e7 * electron_wavelength_A(300) ** 2 / box_A**3 * (x * x + y * y) * (x * tilt[0] + y * tilt[1])
    )
    phase = beam_tilt_phase(np.array([x / box_A]), np.array([y / box_A]), tilt, 300, 2.7)
    assert phase[0] == pytest.approx(math.radians(degrees), rel=1e-12)


def test_beam_tilt_error_is_largest_along_the_tilt() -> None:
    errors = phase_errors(group(beam_tilt_x_mrad=(0.3,), beam_tilt_y_mrad=(0.4,)), K, 100.0)["beam tilt"]
    expected = 2 * np.pi * 2.7e7 * electron_wavelength_A(300) ** 2 * K**3 * 0.5e-3
    np.testing.assert_allclose(errors, expected, rtol=2e-3)


#: the polynomials written out, in the order of the coefficients
ODD = [
    lambda x, y: y,
    lambda x, y: x,
    lambda x, y: 3 * x * x * y - y**3,
    lambda x, y: (3 * (x * x + y * y) - 2) * y,
    lambda x, y: (3 * (x * x + y * y) - 2) * x,
    lambda x, y: x**3 - 3 * x * y * y,
]
EVEN = [
    lambda x, y: np.ones_like(x),
    lambda x, y: 2 * x * y,
    lambda x, y: 2 * (x * x + y * y) - 1,
    lambda x, y: x * x - y * y,
    lambda x, y: 4 * x**3 * y - 4 * x * y**3,
]


@pytest.mark.parametrize(("polynomials", "odd"), [(ODD, True), (EVEN, False)])
def test_zernike_polynomials(polynomials: list, odd: bool) -> None:
    x, y = np.random.default_rng(2).uniform(-0.5, 0.5, (2, 50))
    for i, polynomial in enumerate(polynomials):
        coefficients = (0.0,) * i + (1.5,)
        np.testing.assert_allclose(zernike_phase(x, y, coefficients, odd), 1.5 * polynomial(x, y), atol=1e-12)


def test_magnification_error_grows_with_frequency_and_radius() -> None:
    stretched = {f"magnification_{i}{j}": (float(i == j) + 0.01 * (i == j == 0),) for i in (0, 1) for j in (0, 1)}
    errors = phase_errors(group(**stretched), K, 80.0)["magnification"]
    np.testing.assert_allclose(errors, 2 * np.pi * 80 * 0.01 * K, rtol=1e-9)


def test_terms_that_are_not_given_are_not_reported_of() -> None:
    assert phase_errors(group(), K, 100.0) == {}


def test_resolution_from_which_on_it_harms() -> None:
    k = np.linspace(0, 0.5, 501)
    assert harmful_resolution_A(k, k * np.pi) == pytest.approx(1 / 0.25, rel=0.01)
    assert harmful_resolution_A(k, k * 0) is None


def test_a_constant_error_harms_from_the_lowest_frequency_on() -> None:
    k = np.array([0.0, 0.1, 0.2])
    assert harmful_resolution_A(k, np.full(3, 1.0)) == pytest.approx(10)


def test_losses_go_up_to_nyquist_and_say_where_they_harm() -> None:
    """A magnification of 1.01 along x is out of phase by 2π · radius · 0.01 k, at half the way to the box's edge."""
    optics = group(magnification_00=(1.01,), magnification_01=(0.0,), magnification_10=(0.0,), magnification_11=(1.0,))
    optics.pixel_size_A = Value(2.0, "test")
    (loss,) = losses(optics, box=80)
    assert loss.frequency_per_A[-1] == 0.25
    np.testing.assert_allclose(loss.error_rad, 2 * np.pi * 40 * 0.01 * loss.frequency_per_A, atol=1e-12)
    assert str(loss) == f"magnification: at most {math.degrees(2 * np.pi * 0.4 * 0.25):.0f}° up to Nyquist (4.00 Å)"
    (loss,) = losses(optics, box=200)
    assert loss.harmful_A == pytest.approx(8, rel=0.01)  # 2π · 100 Å · 0.01 / 8 Å = 45°
    assert str(loss) == f"magnification: above 45° from {loss.harmful_A:.2f} Å on"
    assert losses(optics, box=0) == []
    optics.pixel_size_A = None
    assert losses(optics, box=100) == []
