"""A close look at one particle, against direct evaluation and planted data."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import mrcfile
import numpy as np
import pytest
from scipy import constants

from cryoimport_gui.core.demo import Demo, DemoRecipe, make_demo
from cryoimport_gui.core.looks.particle import describe, inspect, power_spectrum, radial_profile
from cryoimport_gui.core.parameters import ImportParameters
from cryoimport_gui.core.pictures.ctf import Ctf, ctf_of
from cryoimport_gui.core.pictures.tiles import TileOptions, make_tiles
from cryoimport_gui.core.plan.plan import ImportPlan
from cryoimport_gui.core.plan.planner import plan_import
from cryoimport_gui.core.stacks.sample import ParticleImages

CTF = Ctf(300.0, 2.7, 0.1, 15_000.0, 13_000.0, 30.0, 5.0)
PLAIN = TileOptions(flatten=False)


def wavelength_A(voltage_kV: float) -> float:
    """From the constants of nature."""
    energy = voltage_kV * 1e3 * constants.e
    rest = constants.m_e * constants.c**2
    return 1e10 * constants.h * constants.c / math.sqrt(energy * (energy + 2 * rest))


def phase(ctf: Ctf, k: float, azimuth: float) -> float:
    """χ term by term."""
    lam, turned = wavelength_A(ctf.voltage_kV), azimuth - math.radians(ctf.defocus_angle_deg)
    defocus = ctf.defocus_u_A * math.cos(turned) ** 2 + ctf.defocus_v_A * math.sin(turned) ** 2
    aberrated = math.pi * lam * defocus * k**2 - math.pi / 2 * ctf.cs_mm * 1e7 * lam**3 * k**4
    w = ctf.amplitude_contrast
    return aberrated + math.radians(ctf.phase_shift_deg) + math.atan2(w, math.sqrt(1 - w * w))


@pytest.mark.parametrize(("voltage", "picometres"), [(100, 3.701), (200, 2.508), (300, 1.969)])
def test_electron_wavelength(voltage: float, picometres: float) -> None:
    found = replace(CTF, voltage_kV=voltage).wavelength_A
    assert found == pytest.approx(wavelength_A(voltage), rel=1e-5)
    assert 100 * found == pytest.approx(picometres, abs=0.001)


@pytest.mark.parametrize(
    "ctf",
    [
        CTF,
        replace(CTF, voltage_kV=200.0, cs_mm=0.01, amplitude_contrast=0.07),
        replace(CTF, defocus_u_A=-8_000.0, defocus_v_A=-9_000.0),
        replace(CTF, phase_shift_deg=90.0, defocus_angle_deg=-71.0),
    ],
)
def test_ctf_and_its_zeros(ctf: Ctf) -> None:
    azimuths = np.linspace(-np.pi, np.pi, 9)
    k = np.linspace(0, 0.25, 11)
    expected = [[math.sin(phase(ctf, a, b)) for b in azimuths] for a in k]
    np.testing.assert_allclose(ctf(k[:, None], azimuths), expected, atol=1e-3)

    zeros = ctf.zeros(azimuths, 6)
    assert zeros.shape == (6, 9)
    fine = np.linspace(0, 0.3, 300_001)
    for azimuth, found in zip(azimuths, zeros.T):
        signs = np.sign(ctf(fine, azimuth))
        crossed = fine[1:][signs[1:] != signs[:-1]][:6]
        np.testing.assert_allclose(found, crossed, atol=2e-6)


def test_there_are_no_zeros_beyond_the_turn_of_the_phase() -> None:
    zeros = replace(CTF, defocus_u_A=500.0, defocus_v_A=500.0, phase_shift_deg=0.0).zeros(np.zeros(1), 3)
    assert np.isnan(zeros).all()


def test_power_spectrum_has_a_wave_where_it_belongs() -> None:
    rows, columns = np.indices((64, 64))
    image = (9 + np.cos(2 * np.pi * (10 * columns - 4 * rows) / 64)).astype(np.float32)
    power = power_spectrum(image[None])
    peaks = {tuple(p) for p in np.argwhere(power > 0.5 * power.max())}
    assert peaks == {(32 - 4, 32 + 10), (32 + 4, 32 - 10)}
    assert power[32, 32] < 1e-3 * power.max(), "the mean is taken away"
    np.testing.assert_allclose(power_spectrum(np.stack([image, 3 * image - 18])), 5 * power, rtol=1e-3, atol=1e-3)


def test_power_spectrum_of_noise_is_flat_and_holds_its_power() -> None:
    noise = np.random.default_rng(0).normal(size=(200, 32, 32)).astype(np.float32)
    power = power_spectrum(noise)
    ramp = np.clip(np.minimum(np.arange(32), np.arange(32)[::-1]) / 3.2, 0, 1)
    window = np.sin(np.pi / 2 * ramp) ** 2
    expected = np.sum(np.outer(window, window) ** 2)
    profile = radial_profile(power)
    assert profile[2:].mean() == pytest.approx(expected, rel=0.02)
    assert profile[2:].std() < 0.05 * expected


@pytest.mark.parametrize("box", [32, 33])
def test_radial_profile(box: int) -> None:
    rows, columns = np.indices((box, box)) - box // 2
    radius = np.rint(np.hypot(rows, columns))
    np.testing.assert_allclose(radial_profile(radius**2), np.arange(box // 2 + 1) ** 2.0)


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """Stacks of white noise seen through each particle's CTF, so that rings are strong and exact."""
    recipe = DemoRecipe(micrographs=2, particles_per_micrograph=20, box=96, pixel_size_A=1.8)
    demo = make_demo(tmp_path_factory.mktemp("rings"), recipe)
    rng = np.random.default_rng(1)
    ky, kx = np.fft.fftfreq(96, 1.8)[:, None], np.fft.rfftfreq(96, 1.8)
    k, azimuth = np.hypot(ky, kx), np.arctan2(ky, kx)
    for number, path in enumerate(demo.stacks):
        with mrcfile.open(path, "r+") as mrc:
            for row in np.flatnonzero(demo.stack_index == number):
                ctf = _true_ctf(demo, row)
                spectrum = np.fft.rfft2(rng.normal(size=(96, 96))) * ctf(k, azimuth)
                mrc.data[demo.image_index[row]] = 50 + np.fft.irfft2(spectrum, s=(96, 96))
    return demo


def _true_ctf(demo: Demo, row: int) -> Ctf:
    group = demo.optics_group[row] - 1
    return Ctf(
        demo.voltage_kV[group],
        demo.cs_mm[group],
        demo.amplitude_contrast[group],
        demo.defocus_u_A[row],
        demo.defocus_v_A[row],
        demo.defocus_angle_deg[row],
        demo.phase_shift_deg[row],
    )


def planned(demo: Demo, **values: object) -> tuple[ImportPlan, ParticleImages]:
    plan = plan_import(ImportParameters(meta=str(demo.star), data=str(demo.data), **values))
    assert plan.particles is not None
    assert plan.stacks is not None
    return plan, ParticleImages(plan.particles, plan.stacks)


def on_rings(look) -> float:
    """Mean log power on the drawn rings, less that between them."""
    spectrum = look.spectrum
    middles = (look.rings[:-1] + look.rings[1:]) / 2

    def mean(points: np.ndarray) -> float:
        x, y = np.rint(points[np.isfinite(points).all(axis=-1)]).astype(int).T
        return float(spectrum[np.clip(y, 0, 95), np.clip(x, 0, 95)].mean())

    return mean(look.rings[:5]) - mean(middles[:5])


def test_rings_lie_where_the_spectrum_is_dark_and_wrong_values_are_visible(planted: Demo) -> None:
    plan, images = planned(planted)
    assert ctf_of(images.particles, plan.groups, 7) == pytest.approx(_true_ctf(planted, 7))
    right = inspect(images, plan.groups, 7, PLAIN, averaged=20).look
    assert right.averaged == 20
    assert on_rings(right) < -0.3
    wrong_pixel, _ = planned(planted, pixel_size={None: 2.1})
    assert on_rings(inspect(images, wrong_pixel.groups, 7, PLAIN, averaged=20).look) > on_rings(right) + 0.3
    images.particles.defocus_u_A[:] += 3_000
    images.particles.defocus_v_A[:] += 3_000
    assert on_rings(inspect(images, plan.groups, 7, PLAIN, averaged=20).look) > on_rings(right) + 0.3


def test_the_curve_dips_with_the_profile(planted: Demo) -> None:
    plan, images = planned(planted)
    look = inspect(images, plan.groups, 3, PLAIN, averaged=20).look
    assert look.frequency[-1] == pytest.approx(0.5 / 1.8)
    frequency, ctf2 = look.ctf2
    mean = (planted.defocus_u_A[3] + planted.defocus_v_A[3]) / 2
    direct = replace(_true_ctf(planted, 3), defocus_u_A=mean, defocus_v_A=mean)(frequency, 0.0) ** 2
    np.testing.assert_allclose(ctf2, direct, atol=1e-9)
    some = slice(3, 25)
    modelled = np.interp(look.frequency[some], frequency, ctf2)
    assert np.corrcoef(modelled, 10 ** look.spectrum_profile[some])[0, 1] > 0.8


def test_the_image_is_shown_raw_and_filtered_as_in_the_montage(planted: Demo) -> None:
    plan, images = planned(planted)
    options = TileOptions(size_px=16, low_pass_A=15.0, centre=True, rotate=True)
    look = inspect(images, plan.groups, 31, options).look
    raw = mrcfile.read(planted.stacks[planted.stack_index[31]])[planted.image_index[31]]
    np.testing.assert_array_equal(look.raw, raw)
    full = replace(options, size_px=96)
    expected = make_tiles(raw[None], np.array([1.8]), full, planted.shift_px[[31]], planted.psi_deg[[31]])[0]
    np.testing.assert_allclose(look.filtered, expected, atol=1e-3)
    np.testing.assert_allclose(look.profile, radial_profile(expected), atol=1e-3)
    assert look.radius[10] == pytest.approx(18.0)
    assert look.averaged == 1


def test_without_ctf_or_pixel_size_there_are_no_rings(planted: Demo) -> None:
    plan, images = planned(planted)
    no_voltage = [replace(group, voltage_kV=None) for group in plan.groups]
    look = inspect(images, no_voltage, 0, PLAIN).look
    assert (look.rings.size, look.ctf2.size) == (0, 0)
    no_pixel = [replace(group, pixel_size_A=None) for group in plan.groups]
    look = inspect(images, no_pixel, 0, PLAIN).look
    assert (look.rings.size, look.ctf2.size) == (0, 0)
    assert look.frequency[-1] == pytest.approx(0.5)
    assert look.radius[-1] == 48
    images.particles.defocus_u_A = None
    assert ctf_of(images.particles, plan.groups, 0) is None


def test_a_missing_image_says_why_and_keeps_its_metadata(tmp_path: Path) -> None:
    demo = make_demo(tmp_path / "own", DemoRecipe(micrographs=2, particles_per_micrograph=4, box=32))
    plan, images = planned(demo)
    with mrcfile.open(demo.stacks[1], "r+") as mrc:
        mrc.data[2] = np.nan
    assert inspect(images, plan.groups, 6, PLAIN).error == "values that are not finite numbers"
    assert inspect(images, plan.groups, 5, PLAIN, averaged=4).look.averaged == 3
    demo.stacks[0].unlink()
    seen = inspect(images, plan.groups, 2, PLAIN)
    assert (seen.error, seen.look, seen.row) == ("No such file or directory", None, 2)
    assert dict(seen.facts)["Image"] == "3, counted from 1"


def test_metadata_with_units(demo: Demo) -> None:
    plan = plan_import(ImportParameters(meta=str(demo.star), data=str(demo.data), voltage={None: 120.0}))
    facts = dict(describe(ParticleImages(plan.particles, plan.stacks), plan.groups, 45))
    micrograph = demo.micrograph_index[45]
    assert facts["Stack"] == str(demo.stacks[demo.stack_index[45]])
    assert facts["Image"] == f"{demo.image_index[45] + 1}, counted from 1"
    line = int(facts["STAR file"].removeprefix("line "))
    assert demo.stacks[demo.stack_index[45]].name in demo.star.read_text().splitlines()[line - 1]
    assert facts["Micrograph"] == demo.micrograph_names[micrograph]
    assert facts["Optics group"] == "1 (opticsGroup1)"
    assert facts["Box"] == "64 × 64 pixels"
    assert facts["Pixel size"] == "2.1 Å (optics rlnImagePixelSize)"
    assert facts["Voltage"] == "120 kV (you)"
    assert facts["Cs"].startswith("2.7 mm (")
    assert facts["Amplitude contrast"].startswith("0.1 (")
    assert facts["Defocus U / V"] == f"{demo.defocus_u_A[45]:,.0f} / {demo.defocus_v_A[45]:,.0f} Å"
    assert facts["Defocus angle"] == f"{demo.defocus_angle_deg[45]:.2f}°"
    assert facts["Phase shift"] == f"{demo.phase_shift_deg[45]:.2f}°"
    assert facts["Rot / tilt / psi"] == f"{demo.rot_deg[45]:.2f} / {demo.tilt_deg[45]:.2f} / {demo.psi_deg[45]:.2f}°"
    assert facts["Shift x / y"] == f"{demo.shift_px[45, 0]:.2f} / {demo.shift_px[45, 1]:.2f} pixels"
    assert facts["Half-set"] == f"{demo.random_subset[45]}"
    x, y = demo.coordinates[45]
    assert facts["Coordinates x / y"] == f"{x:.1f} / {y:.1f} pixels of the micrograph"
