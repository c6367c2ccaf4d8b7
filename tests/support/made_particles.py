"""Particle images with planted poses, drawn in real space: a cloud of Gaussian blobs, whose projections are exact.

Nothing here comes from the code under test.  Angles and shifts are RELION's; `posed` turns them into the fields
that an import writes, with SciPy's rotations.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from cryoimport_gui.core.pictures.reconstruction import CtfColumns, PosedParticles, Transforms, halves

Array = NDArray[Any]


@dataclass(frozen=True)
class Blobs:
    """Centres (m, 3), in parts of the box, x y z; widths (m,) likewise; weights (m,)."""

    centres: Array
    widths: Array
    weights: Array


def lump(rng: np.random.Generator, blobs: int = 40, radius: float = 0.27) -> Blobs:
    """A flattened body with an arm, without symmetry."""
    body = rng.normal(size=(blobs, 3))
    body *= radius * rng.uniform(0, 1, (blobs, 1)) ** (1 / 3) / np.linalg.norm(body, axis=1, keepdims=True)
    arm = radius * np.linspace(0.4, 1.0, 6)[:, None] * rng.permutation([0.8, 0.4, 0.45])
    centres = np.concatenate([body * rng.permutation([1.0, 0.8, 0.6]), arm])
    centres -= centres.mean(axis=0)
    return Blobs(centres, rng.uniform(0.02, 0.035, len(centres)), rng.uniform(0.5, 1.5, len(centres)))


def ball(radius: float = 0.25) -> Blobs:
    """Concentric Gaussians: the same from everywhere."""
    return Blobs(np.zeros((3, 3)), radius * np.array([0.9, 0.6, 0.3]), np.array([1.0, -0.5, 0.3]))


def with_c4(blobs: Blobs) -> Blobs:
    """Four copies around z."""
    outside = blobs.centres * 0.6 + np.array([0.13, 0, 0])
    turned = [Rotation.from_euler("Z", 90 * i, degrees=True).apply(outside) for i in range(4)]
    return Blobs(np.concatenate(turned), np.tile(blobs.widths * 0.7, 4), np.tile(blobs.weights, 4))


def filament(rng: np.random.Generator, rise: float = 0.06, twist_deg: float = 31.0) -> Blobs:
    """Copies of a few blobs along z, out of the box on both sides."""
    unit = rng.normal(size=(4, 3)) * (0.05, 0.05, 0.015) + (0.07, 0, 0)
    steps = np.arange(-12, 13)
    turned = [Rotation.from_euler("Z", twist_deg * i, degrees=True).apply(unit) + (0, 0, rise * i) for i in steps]
    return Blobs(np.concatenate(turned), np.full(4 * len(steps), 0.02), np.ones(4 * len(steps)))


@dataclass(frozen=True)
class Recipe:
    """How a set is made; angles as rlnAngleRot, Tilt, Psi.

    snr: variance of the signal over that of the noise, in the whole box.
    shift: largest origin, in parts of the box.
    sign: the right `blob/sign`: -1 for light particles on dark.
    error_deg: how far (rms) the true rotation is from the written one.
    junk: share of the images without a particle.
    """

    particles: int = 200
    box: int = 48
    pixel_size_A: float = 4.0
    snr: float = 0.05
    shift: float = 0.05
    sign: int = -1
    views: str = "uniform"  # "preferred": near one direction; "side": tilts near 90 degrees
    error_deg: float = 0.0
    defocus_um: tuple[float, float] = (1.0, 2.5)
    premultiplied: bool = False
    phase_shift_deg: float = 0.0
    stacks: int = 20
    colour: float = 0.0  # noise amplitude rises as 1/k to the power of this, at low frequencies
    junk: float = 0.0
    neighbours: float = 0.0  # mean number per image
    ramp: float = 0.0
    spot: float = 0.0
    flat: bool = False  # psi only: rot and tilt are those of the class


@dataclass
class MadeParticles:
    """Images (n, box, box) as stored, and the true fields that an import would write."""

    images: Array
    angles_deg: Array
    origin_px: Array
    ctf: dict[str, Array]
    stack: Array
    number: Array
    recipe: Recipe
    class_number: Array
    changed: dict[str, Any] = field(default_factory=dict)

    def posed(self, **changes: Any) -> PosedParticles:
        """The fields as an import writes them; `changes` replace some."""
        rotation = Rotation.from_euler("ZYZ", self.angles_deg, degrees=True)
        n, recipe = len(self.images), self.recipe
        fields: dict[str, Any] = {
            "pixel_size_A": recipe.pixel_size_A,
            "data_sign": np.full(n, float(recipe.sign)),
            "half": halves(self.stack),
            "stack": self.stack,
            "image_number": self.number,
            "shift_px": self.origin_px,
            "shift_pixel_size_A": np.full(n, recipe.pixel_size_A),
            "rotation_vector": rotation.as_rotvec(),
            "ctf": None if recipe.premultiplied else CtfColumns(**self.ctf),
        }
        if recipe.flat:
            psi = np.radians(self.angles_deg[:, 2])
            fields |= {"rotation_vector": None, "psi_rad": psi, "class_number": self.class_number}
        return replace(PosedParticles(**fields), **changes)

    def transforms(self, images: Array | None = None) -> Transforms:
        images = self.images if images is None else images
        transforms = Transforms(len(images), images.shape[1])
        transforms.add(np.arange(len(images)), images)
        return transforms


def relion_matrices(angles_deg: Array) -> Array:
    """(n, 3, 3) RELION's A: a point r of the particle is seen at the first two coordinates of A r."""
    (ca, cb, cg), (sa, sb, sg) = np.cos(np.radians(angles_deg.T)), np.sin(np.radians(angles_deg.T))
    zero, one = np.zeros_like(ca), np.ones_like(ca)
    psi = np.stack([cg, sg, zero, -sg, cg, zero, zero, zero, one], axis=1).reshape(-1, 3, 3)
    tilt = np.stack([cb, zero, -sb, zero, one, zero, sb, zero, cb], axis=1).reshape(-1, 3, 3)
    rot = np.stack([ca, sa, zero, -sa, ca, zero, zero, zero, one], axis=1).reshape(-1, 3, 3)
    return psi @ tilt @ rot


def draw_angles(recipe: Recipe, rng: np.random.Generator) -> Array:
    n = recipe.particles
    rot, psi = rng.uniform(-180, 180, (2, n))
    tilt = np.degrees(np.arccos(rng.uniform(-1, 1, n)))
    if recipe.views == "preferred":
        rot, tilt = 40 + 25 * rng.normal(size=n), 65 + 15 * rng.normal(size=n)
    if recipe.views == "side":
        tilt = 90 + 6 * rng.normal(size=n)
    return np.stack([rot, tilt, psi], axis=1)


def make_particles(recipe: Recipe, seed: int, *phantoms: Blobs) -> MadeParticles:
    """A set of images of one phantom, or of several in turn (classes)."""
    rng = np.random.default_rng(seed)
    n, box = recipe.particles, recipe.box
    phantoms = phantoms or (lump(rng),)
    of_phantom = rng.integers(0, len(phantoms), n)
    angles = draw_angles(recipe, rng)
    if recipe.flat:
        view_of = np.stack([rng.uniform(-180, 180, 8), rng.uniform(20, 160, 8)], axis=1)
        view = rng.integers(0, 3, n)
        angles[:, :2] = view_of[view]
    else:
        view = of_phantom
    origin = rng.uniform(-1, 1, (n, 2)) * recipe.shift * box
    true = Rotation.from_rotvec(np.radians(recipe.error_deg) / math.sqrt(3) * rng.normal(size=(n, 3)))
    matrices = true.as_matrix() @ relion_matrices(angles)
    stack = np.sort(np.arange(n) % recipe.stacks)
    number = np.arange(n) - np.searchsorted(stack, stack)
    defocus = rng.uniform(*recipe.defocus_um, recipe.stacks)[stack] * 1e4 + rng.normal(0, 200, n)
    ctf = {
        "wavelength_A": np.full(n, 0.019687),
        "cs_mm": np.full(n, 2.7),
        "amplitude_contrast": np.full(n, 0.1),
        "defocus_u_A": defocus + 300,
        "defocus_v_A": defocus - 300,
        "defocus_angle_rad": rng.uniform(0, np.pi, n),
        "phase_shift_rad": np.full(n, math.radians(recipe.phase_shift_deg)),
    }
    present = rng.random(n) >= recipe.junk
    images = np.empty((n, box, box), np.float32)
    for first in range(0, n, 100):
        rows = np.arange(first, min(n, first + 100))
        density = np.zeros((len(rows), 2 * box, 2 * box))
        for number_of, phantom in enumerate(phantoms):
            mine = (of_phantom[rows] == number_of) & present[rows]
            density[mine] += _project(phantom, matrices[rows][mine], box, box - origin[rows][mine])
        if recipe.neighbours:
            away = rng.uniform(0.55, 0.8, len(rows)) * box
            angle, turned = rng.uniform(0, 2 * np.pi, len(rows)), Rotation.random(len(rows), rng).as_matrix()
            where = box + np.stack([np.cos(angle), np.sin(angle)], axis=1) * away[:, None]
            density += (
                _project(phantoms[0], turned, box, where) * (rng.random(len(rows)) < recipe.neighbours)[:, None, None]
            )
        images[rows] = _through_the_microscope(density, {k: v[rows] for k, v in ctf.items()}, recipe)
    signal = images[present].std()
    noise = rng.standard_normal(images.shape, np.float32)
    if recipe.colour:
        k = np.hypot(np.fft.fftfreq(box)[:, None], np.fft.rfftfreq(box)) * box
        noise = np.fft.irfft2(np.fft.rfft2(noise) * (1 + (6 / np.maximum(k, 1)) ** recipe.colour), s=(box, box))
        noise /= noise.std()
    stored = -recipe.sign * images / (signal or 1) * math.sqrt(recipe.snr) + noise
    if recipe.premultiplied:
        stored = np.asarray(stored)
    slope = (np.arange(box) / box - 0.5)[None, :, None] * rng.normal(0, recipe.ramp, n)[:, None, None]
    stored = stored + slope
    if recipe.spot:
        stored[:, box // 2 + 2, box // 2 - 4] += recipe.spot
    return MadeParticles(stored.astype(np.float32), angles, origin, ctf, stack, number, recipe, view)


def _project(phantom: Blobs, matrices: Array, box: int, centre: Array) -> Array:
    """(m, 2 box, 2 box): the density summed along the beam, its origin at `centre` (m, 2), x and y."""
    seen = np.einsum("mij,bj->mbi", matrices[:, :2], phantom.centres) * box + centre[:, None]
    width = phantom.widths * box
    grid = np.arange(2 * box)
    x, y = (np.exp(-0.5 * ((grid - seen[..., i, None]) / width[:, None]) ** 2) for i in (0, 1))
    return np.einsum("mby,mbx->myx", y * (phantom.weights / width**2)[:, None], x, optimize=True)


def transfer_function(ctf: dict[str, Array], side: int, pixel_size_A: float) -> Array:
    """(n, side, side // 2 + 1): sin χ at the frequencies of `rfft2`."""
    ky, kx = np.fft.fftfreq(side, pixel_size_A)[:, None], np.fft.rfftfreq(side, pixel_size_A)
    k2, azimuth = kx**2 + ky**2, np.arctan2(ky, kx)
    u, v, angle = (ctf[name][:, None, None] for name in ("defocus_u_A", "defocus_v_A", "defocus_angle_rad"))
    wavelength, cs_A = ctf["wavelength_A"][0], ctf["cs_mm"][0] * 1e7
    defocus = u * np.cos(azimuth - angle) ** 2 + v * np.sin(azimuth - angle) ** 2
    aberration = np.pi * wavelength * k2 * (defocus - 0.5 * cs_A * wavelength**2 * k2)
    constant = math.asin(ctf["amplitude_contrast"][0]) + ctf["phase_shift_rad"][:, None, None]
    return np.asarray(np.sin(aberration + constant))


def ctf_corrected(images: Array, ctf: dict[str, Array], pixel_size_A: float, how: str) -> Array:
    """The images (n, box, box) `phase-flipped`, or `premultiplied` with their CTF."""
    transfer = transfer_function(ctf, images.shape[-1], pixel_size_A)
    factor = np.sign(transfer) if how == "phase-flipped" else transfer
    return np.fft.irfft2(np.fft.rfft2(images) * factor, s=images.shape[1:]).astype(np.float32)


def _through_the_microscope(density: Array, ctf: dict[str, Array], recipe: Recipe) -> Array:
    """CTF * density on twice the box, then the box cut out of the middle; protein positive."""
    side, box = density.shape[1], recipe.box
    transfer = transfer_function(ctf, side, recipe.pixel_size_A)
    if recipe.premultiplied:
        transfer = transfer**2
    image = np.fft.irfft2(np.fft.rfft2(density) * transfer, s=(side, side))
    return image[:, box // 2 : box // 2 + box, box // 2 : box // 2 + box]
