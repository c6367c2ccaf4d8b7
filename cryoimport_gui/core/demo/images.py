"""Particles that are seen through a microscope, micrographs, and the images cut out of them.

The particle is a cloud of Gaussian blobs, so that its projections are exact.  Micrographs are
background + noise - CTF * projection (protein is dark); particles are cut out of them as RELION does.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import mrcfile
import numpy as np
from numpy.typing import NDArray

from .truth import Demo, DemoRecipe, Phantom

#: stored value of one standard deviation of the background
_STORED_SD = {"float32": 1.0, "float16": 1.0, "int16": 200.0, "int8": 20.0}


def make_phantom(box_A: float, rng: np.random.Generator) -> Phantom:
    """A flattened body with an arm, without any symmetry; its radius is about 0.3 of the box."""
    body = rng.normal(size=(36, 3))
    body *= rng.uniform(0, 1, (36, 1)) ** (1 / 3) / np.linalg.norm(body, axis=1, keepdims=True)
    arm = np.linspace(0.4, 1.1, 8)[:, None] * (0.75, 0.35, 0.55)
    positions = np.concatenate([body * (0.85, 0.65, 0.5), arm])
    positions -= positions.mean(axis=0)
    widths = rng.uniform(0.02, 0.04, len(positions)) * box_A
    return Phantom(positions * 0.3 * box_A, widths, rng.uniform(0.5, 1.5, len(positions)))


def euler_matrix(rot_deg: float, tilt_deg: float, psi_deg: float) -> NDArray[np.float64]:
    """RELION's matrix A (3, 3): a point r of the particle is seen at the first two coordinates of A r.

    A = Rz(psi)ᵀ Ry(tilt)ᵀ Rz(rot)ᵀ (Heymann, Chagoyen and Belnap, J. Struct. Biol. 151, 2005).
    """
    (ca, cb, cg), (sa, sb, sg) = (f(np.radians([rot_deg, tilt_deg, psi_deg])) for f in (np.cos, np.sin))
    z_psi = np.array([[cg, sg, 0], [-sg, cg, 0], [0, 0, 1]])
    y_tilt = np.array([[cb, 0, -sb], [0, 1, 0], [sb, 0, cb]])
    z_rot = np.array([[ca, sa, 0], [-sa, ca, 0], [0, 0, 1]])
    return np.asarray(z_psi @ y_tilt @ z_rot)


def _signal(demo: Demo, row: int, size: int, centre: NDArray[np.float64]) -> NDArray[np.float64]:
    """CTF * projection of a particle at `centre` (x, y in pixels): (size, size), protein positive."""
    group = demo.optics_group[row] - 1
    pixel_A = demo.pixel_size_A[group] / demo.recipe.binned
    matrix = euler_matrix(demo.rot_deg[row], demo.tilt_deg[row], demo.psi_deg[row])
    seen = demo.phantom.positions_A @ matrix[:2].T / pixel_A + centre
    widths = demo.phantom.widths_A / pixel_A
    x, y = np.exp(-0.5 * ((np.arange(size) - seen.T[:, :, None]) / widths[:, None]) ** 2)
    spectrum = np.fft.rfft2(y.T @ (x * (demo.phantom.weights / widths**2)[:, None]))

    # Weak phase object, underfocus positive (Rohou and Grigorieff, J. Struct. Biol. 192, 2015).
    volts = demo.voltage_kV[group] * 1e3
    wavelength_A = 12.2643 / math.sqrt(volts * (1 + 0.978466e-6 * volts))
    ky, kx = np.fft.fftfreq(size, pixel_A)[:, None], np.fft.rfftfreq(size, pixel_A)
    k2, angle = kx**2 + ky**2, np.arctan2(ky, kx) - math.radians(demo.defocus_angle_deg[row])
    u_A, v_A = demo.defocus_u_A[row], demo.defocus_v_A[row]
    defocus_A = 0.5 * (u_A + v_A + (u_A - v_A) * np.cos(2 * angle))
    aberration = math.pi * wavelength_A * k2 * (defocus_A - 0.5e7 * demo.cs_mm[group] * wavelength_A**2 * k2)
    offset = math.radians(demo.phase_shift_deg[row]) + math.asin(demo.amplitude_contrast[group])
    return np.fft.irfft2(spectrum * np.sin(aberration + offset), s=(size, size))


def write_micrographs(demo: Demo, rng: np.random.Generator) -> NDArray[Any]:
    """Write the exposures and return the images cut out of them, (rows, box, box), as stored."""
    recipe = demo.recipe
    side = recipe.box * recipe.binned
    # The CTF spreads the signal, so each particle is drawn on a canvas of twice the box.
    canvas = 2 * side
    images = np.empty((len(demo.rot_deg), recipe.box, recipe.box), recipe.dtype)
    scale = 0.0
    for index, path in enumerate(demo.micrographs):
        rows = np.flatnonzero(demo.micrograph_index == index)
        corners = np.rint(demo.coordinates[rows] / recipe.coordinate_scale).astype(int) - side // 2
        middle = side // 2 + side // 2 - demo.shift_px[rows] * recipe.binned
        signals = [_signal(demo, row, canvas, centre) for row, centre in zip(rows.tolist(), middle, strict=True)]
        if not scale:
            inner = slice(side // 2, side // 2 + side)
            scale = math.sqrt(recipe.snr / np.mean([s[inner, inner].var() for s in signals]))
        ny, nx = demo.exposure_shapes[index]
        margin = side // 2
        drawn = np.zeros((ny + canvas, nx + canvas))
        for (x, y), signal in zip(corners, signals, strict=True):
            drawn[y : y + canvas, x : x + canvas] += signal
        micrograph = _background(ny, nx, rng) + rng.standard_normal((ny, nx), np.float32)
        micrograph -= (scale * drawn[margin : margin + ny, margin : margin + nx]).astype(np.float32)
        for row, (x, y) in zip(rows, corners, strict=True):
            images[row] = _extract(micrograph[y : y + side, x : x + side], recipe)
        pixel_A = demo.pixel_size_A[demo.optics_group[rows[0]] - 1] / recipe.binned
        write_mrc(path, micrograph[::-1] if recipe.mirrored_micrographs else micrograph, pixel_A)
    return images


def _background(ny: int, nx: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Ice of smoothly varying thickness around a mean of 20."""
    y, x = np.linspace(-1, 1, ny)[:, None], np.linspace(-1, 1, nx)
    a, b, c, d, phase = rng.uniform(-1, 1, 5)
    return np.asarray(20 + a * x + b * y + c * x * y + d * np.cos(2 * x + 1.5 * y + 3 * phase), np.float32)


def _extract(window: NDArray[Any], recipe: DemoRecipe) -> NDArray[Any]:
    """Bin in Fourier space, bring the background outside a circle to mean 0, deviation 1, invert, round."""
    box, side = recipe.box, len(window)
    if box != side:
        keep = np.r_[: (box + 1) // 2, side - box // 2 : side]
        window = np.fft.irfft2(np.fft.rfft2(window)[keep, : box // 2 + 1], s=(box, box)) * (box / side) ** 2
    offset = np.arange(box) - box // 2
    outside = offset**2 + offset[:, None] ** 2 > (0.375 * box) ** 2
    image: NDArray[Any] = (window - window[outside].mean()) / window[outside].std()
    if recipe.inverted:
        image = -image
    if np.issubdtype(recipe.dtype, np.integer):
        limits = np.iinfo(recipe.dtype)
        image = np.clip(np.rint(image * _STORED_SD[recipe.dtype]), limits.min, limits.max)
    return image


def write_mrc(path: Path, data: NDArray[Any], pixel_size_A: float) -> None:
    with mrcfile.new(path, data, overwrite=True) as mrc:
        if data.ndim == 3:
            mrc.set_image_stack()
        mrc.voxel_size = pixel_size_A
