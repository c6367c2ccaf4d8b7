"""One particle in depth: its power spectrum against the contrast transfer function, its profile, its metadata.

Centred images have their origin at pixel (box // 2, box // 2).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..particles import OpticsGroup, Particles, pixel_sizes_A, shifts_px
from ..pictures.ctf import ctf_of
from ..pictures.tiles import Images, TileOptions, make_tiles
from ..progress import Progress, quiet
from ..stacks.sample import ParticleImages
from .tiles import NOT_FINITE

FloatArray = NDArray[np.float64]
#: shown of a CTF
_RINGS, _RING_POINTS, _CURVE_POINTS = 8, 121, 512
#: of the side, along which an image fades to its mean before its spectrum is taken
_TAPER = 0.1
_AVERAGED_BYTES = 256 << 20
#: of the side of a spectrum, over which it is smoothed
_SMOOTHING = 0.004


def power_spectrum(images: Images) -> FloatArray:
    """The mean power spectrum of (n, box, box) images, centred: (box, box).

    Images lose their mean and fade out towards their edges, which otherwise make a cross.
    """
    box = images.shape[-1]
    ramp = np.clip(np.minimum(np.arange(box), np.arange(box)[::-1]) / max(1.0, _TAPER * box), 0, 1)
    window = np.sin(0.5 * np.pi * ramp) ** 2
    total = np.zeros((box, box))
    for image in images:
        total += np.abs(np.fft.fft2((image - image.mean()) * window[:, None] * window)) ** 2
    return np.fft.fftshift(total) / max(1, len(images))


def radial_profile(image: NDArray) -> FloatArray:
    """Means over rings one pixel wide around the origin of a centred image: (box // 2 + 1,), by radius in pixels."""
    box = image.shape[0]
    y, x = np.indices(image.shape) - box // 2
    radius = np.rint(np.hypot(y, x)).astype(int).ravel()
    length = box // 2 + 1
    sums = np.bincount(radius, image.ravel(), minlength=length)[:length]
    return sums / np.bincount(radius, minlength=length)[:length]


@dataclass(frozen=True)
class Look:
    """What is drawn of one particle; lengths in pixels, and frequencies in 1/pixel, where no pixel size is known.

    raw, filtered: (box, box) as stored.
    spectrum: (box, box) log10 of the power, slightly smoothed, mean of `averaged` images of the same micrograph.
    rings: (rings, points, 2) x and y, in pixels of the spectrum, of the CTF's zeros; none if the CTF is not known.
    frequency, spectrum_profile: 1/Å, and log10 of the power's mean over rings.
    ctf2: (2, m) 1/Å, and the square of the CTF at the mean defocus.
    radius, profile: Å, and mean stored value of the filtered image over rings around the centre.
    """

    pixel_size_A: float
    raw: Images
    filtered: Images
    spectrum: FloatArray
    averaged: int
    rings: FloatArray
    frequency: FloatArray
    spectrum_profile: FloatArray
    ctf2: FloatArray
    radius: FloatArray
    profile: FloatArray


@dataclass(frozen=True)
class Inspection:
    """One particle; there is nothing to look at where `error` says why."""

    row: int
    facts: list[tuple[str, str]]
    look: Look | None = None
    error: str = ""


def inspect(
    images: ParticleImages,
    groups: Sequence[OpticsGroup],
    row: int,
    options: TileOptions,
    averaged: int = 1,
    progress: Progress = quiet,
) -> Inspection:
    """Read one particle, and for its spectrum up to `averaged` of the same micrograph, closest in defocus.

    `options` say how its image is filtered; it is not binned.
    """
    particles = images.particles
    facts = describe(images, groups, row)
    rows = _alike(particles, row, max(1, min(averaged, _AVERAGED_BYTES // (4 * images.stacks.box**2))))
    sample = images.read(rows, progress)
    usable = sample.good & np.isfinite(sample.images).all(axis=(1, 2))
    if not usable[0]:
        return Inspection(row, facts, error=sample.errors.get(0, NOT_FINITE))

    one, raw = rows[:1], sample.images[0]
    box = len(raw)
    size_A = pixel_sizes_A(particles, groups, one)
    psi_deg = None if particles.psi_deg is None else particles.psi_deg[one]
    options = replace(options, size_px=box)
    filtered = make_tiles(raw[None], size_A, options, shifts_px(particles, groups, one), psi_deg)[0]
    power = power_spectrum(sample.images[usable])
    pixel = float(np.nan_to_num(size_A[0], nan=1.0))
    rings, ctf2 = _drawn_ctf(particles, groups, row, box, float(size_A[0]))
    profile = radial_profile(filtered)
    radii = np.arange(len(profile), dtype=np.float64)
    look = Look(
        pixel_size_A=float(size_A[0]),
        raw=raw,
        filtered=filtered,
        spectrum=_log10(_smoothed(power, _SMOOTHING * box)),
        averaged=int(usable.sum()),
        rings=rings,
        frequency=radii / (box * pixel),
        spectrum_profile=_log10(radial_profile(power)),
        ctf2=ctf2,
        radius=radii * pixel,
        profile=profile,
    )
    return Inspection(row, facts, look)


def _log10(power: FloatArray) -> FloatArray:
    """Without what is nothing but rounding errors."""
    return np.log10(np.maximum(power, power.max() * 1e-12 + 1e-300))


def _smoothed(power: FloatArray, width_px: float) -> FloatArray:
    """Blurred by a Gaussian of this standard deviation, so that rings rise above the speckle."""
    ky, kx = np.fft.fftfreq(len(power))[:, None], np.fft.rfftfreq(len(power))
    blur = np.exp(-2 * (np.pi * width_px) ** 2 * (ky**2 + kx**2))
    return np.maximum(np.fft.irfft2(np.fft.rfft2(power) * blur, s=power.shape), 0)


def _drawn_ctf(
    particles: Particles, groups: Sequence[OpticsGroup], row: int, box: int, pixel_size_A: float
) -> tuple[FloatArray, FloatArray]:
    """`Look.rings` and `Look.ctf2`, up to the Nyquist frequency."""
    ctf = ctf_of(particles, groups, row)
    if ctf is None or not math.isfinite(pixel_size_A):
        return np.empty((0, 0, 2)), np.empty((2, 0))
    azimuth = np.linspace(0, 2 * np.pi, _RING_POINTS)
    radius = ctf.zeros(azimuth, _RINGS) * box * pixel_size_A
    radius[~(radius <= box / 2)] = np.nan
    rings = radius[..., None] * np.stack([np.cos(azimuth), np.sin(azimuth)], axis=-1) + box // 2
    mean = (ctf.defocus_u_A + ctf.defocus_v_A) / 2
    frequency = np.linspace(0, 0.5 / pixel_size_A, _CURVE_POINTS)
    round_ctf = replace(ctf, defocus_u_A=mean, defocus_v_A=mean)
    return rings, np.stack([frequency, round_ctf(frequency, 0.0) ** 2])


def _alike(particles: Particles, row: int, count: int) -> NDArray[np.int64]:
    """The row, and others of its micrograph (of its stack, where none is named), the closest in defocus first."""
    names = particles.stack_index if particles.micrograph_index is None else particles.micrograph_index
    rows = np.flatnonzero(names == names[row])
    defocus_A = particles.defocus_u_A
    distance = rows - row if defocus_A is None else defocus_A[rows] - defocus_A[row]
    rows = rows[np.argsort(np.abs(distance), kind="stable")]
    return np.concatenate([[row], rows[rows != row]])[:count]


def describe(images: ParticleImages, groups: Sequence[OpticsGroup], row: int) -> list[tuple[str, str]]:
    """What is known of a particle, as it is imported: names and values with their units."""
    particles, box = images.particles, images.stacks.box
    group = groups[particles.optics_index[row]]
    number = int(images.stacks.of_name[particles.stack_index[row]])
    facts = [
        (
            "Stack",
            images.stacks.files[number].path if number >= 0 else particles.stack_names[particles.stack_index[row]],
        ),
        ("Image", f"{particles.image_number[row]}, counted from 1"),
        ("STAR file", particles.place(row)),
        ("Optics group", f"{group.id} ({group.name})"),
        ("Box", f"{box} × {box} pixels"),
    ]
    microscope = {
        "Pixel size": (group.pixel_size_A, "Å"),
        "Voltage": (group.voltage_kV, "kV"),
        "Cs": (group.cs_mm, "mm"),
        "Amplitude contrast": (group.amplitude_contrast, ""),
    }
    for name, (value, unit) in microscope.items():
        facts.append((name, f"{value.value:.6g} {unit} ({value.source})".replace("  ", " ") if value else "not known"))

    def add(name: str, unit: str, style: str, *columns: NDArray | None) -> None:
        values = [column[row] for column in columns if column is not None]
        if values:
            facts.append((name, " / ".join(style.format(value) for value in values) + unit))

    add("Defocus U / V", " Å", "{:,.0f}", particles.defocus_u_A, particles.defocus_v_A)
    add("Defocus angle", "°", "{:.2f}", particles.defocus_angle_deg)
    add("Phase shift", "°", "{:.2f}", particles.phase_shift_deg)
    add("CTF scale", "", "{:.3g}", particles.ctf_scale)
    add("B-factor", " Å²", "{:.3g}", particles.ctf_bfactor_A2)
    add("Rot / tilt / psi", "°", "{:.2f}", particles.rot_deg, particles.tilt_deg, particles.psi_deg)
    shift = shifts_px(particles, groups, np.array([row]))
    if shift is not None:
        facts.append(("Shift x / y", f"{shift[0, 0]:.2f} / {shift[0, 1]:.2f} pixels"))
    add("Class", "", "{:.0f}", particles.class_number)
    add("Half-set", "", "{:.0f}", particles.random_subset)
    if particles.micrograph_index is not None:
        facts.append(("Micrograph", particles.micrograph_names[particles.micrograph_index[row]]))
    if particles.coordinates_px is not None:
        x, y = particles.coordinates_px[row]
        facts.append(("Coordinates x / y", f"{x:.1f} / {y:.1f} pixels of the micrograph"))
    return facts
