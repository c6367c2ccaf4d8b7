"""Simulated particle images for the data sign: shapes, neighbours, noise of several kinds."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

BOX = 40


def ball(rng: np.random.Generator, count: int, radius: float) -> NDArray:
    direction = rng.normal(size=(count, 3))
    return direction * radius * rng.uniform(0, 1, (count, 1)) ** (1 / 3) / np.linalg.norm(direction, axis=1)[:, None]


def blobs(shape: str) -> tuple[NDArray, NDArray]:
    """Positions (k, 3) in boxes, and weights (k), of a particle."""
    rng = np.random.default_rng(7)
    turn = rng.uniform(0, 2 * np.pi, 60)
    if shape == "rod":
        positions = np.stack([np.linspace(-0.33, 0.33, 24), np.zeros(24), np.zeros(24)], axis=1)
    elif shape == "shell":
        positions = ball(rng, 150, 1)
        positions *= 0.36 / np.linalg.norm(positions, axis=1, keepdims=True)
    elif shape == "small":
        positions = ball(rng, 20, 0.1)
    elif shape == "large":
        positions = ball(rng, 150, 0.4)
    elif shape == "membrane":  # a belt of detergent around a light core and a protein
        belt = np.stack([0.22 * np.cos(turn), 0.22 * np.sin(turn), rng.uniform(-0.06, 0.06, 60)], axis=1)
        positions = np.concatenate([ball(rng, 40, 0.16), belt, ball(rng, 30, 0.12) * (1, 1, 0.4)])
        return positions, np.repeat([1.0, 0.8, -0.3], [40, 60, 30])
    else:
        positions = ball(rng, 60, 0.3) * (1, 0.8, 0.6)
    return positions, rng.uniform(0.5, 1.5, len(positions))


def smooth(images: NDArray, pixels: float) -> NDArray:
    ny, nx = images.shape[-2:]
    frequency2 = np.fft.fftfreq(ny)[:, None] ** 2 + np.fft.rfftfreq(nx) ** 2
    return np.fft.irfft2(np.fft.rfft2(images) * np.exp(-2 * (np.pi * pixels) ** 2 * frequency2), s=(ny, nx))


@lru_cache
def signals(
    shape: str, count: int, seed: int = 0, box: int = BOX, off_centre: float = 0.03,
    neighbours: int = 0, middle_occupied: bool = True, stained: bool = False,
) -> tuple[NDArray, NDArray]:  # fmt: skip
    """Noiseless particles, light on dark, variance 1: (count, box, box), and their RELION shifts, (count, 2)."""
    rng = np.random.default_rng(seed)
    positions, weights = blobs(shape)
    shifts = rng.uniform(-off_centre, off_centre, (count, 2)) * box
    signal = np.zeros((count, 2 * box, 2 * box), np.float32)
    for neighbour in range(neighbours + 1):
        angle, distance = (
            rng.uniform(0, 2 * np.pi, count),
            rng.uniform(0.6, 1.0, count) * box * (neighbour > 0),
        )
        centre = box - shifts + (distance * [np.cos(angle), np.sin(angle)]).T
        basis = np.linalg.qr(rng.normal(size=(count, 3, 3)))[0][:, :2]
        seen = np.einsum("nij,kj->nik", basis, positions) * box + centre[:, :, None]
        offset = (np.arange(2 * box) - seen[..., None]).astype(np.float32)
        x, y = np.exp(-0.5 * (offset / (0.025 * box)) ** 2).transpose(1, 0, 2, 3)
        there = middle_occupied if neighbour == 0 else rng.uniform(size=(count, 1, 1)) < 0.5
        signal += there * (y.transpose(0, 2, 1) @ (x * weights[:, None].astype(np.float32)))
    if stained:  # light where the particle is, the stain dark around it
        signal -= 0.8 * smooth(signal, 0.06 * box)
    else:
        frequency2 = np.fft.fftfreq(2 * box)[:, None] ** 2 + np.fft.rfftfreq(2 * box) ** 2
        phase = rng.uniform(15, 60, (count, 1, 1)) * frequency2 + 0.1
        signal = np.fft.irfft2(np.fft.rfft2(signal) * np.sin(phase), s=(2 * box, 2 * box))
    inner = slice(box // 2, box // 2 + box)
    signal = signal[:, inner, inner]
    return signal / signal.std(), shifts


def particles(shape: str, snr: float, count: int = 60, seed: int = 0, **kinds) -> tuple[NDArray, NDArray]:
    """The same in white noise; `snr` is the variance of the signal over that of the noise, in the box."""
    signal, shifts = signals(shape, count, seed, **kinds)
    noise = np.random.default_rng(seed + 1).standard_normal(signal.shape)
    return math.sqrt(snr) * signal + noise, shifts


SHAPES = ["lump", "rod", "shell", "small", "large", "membrane"]


def white(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray:
    return rng.standard_normal(shape)


def uneven(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray:
    return smooth(rng.standard_normal(shape), 3) * 5 + rng.standard_normal(shape)


def counts_through_uneven_ice(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray:
    return rng.poisson(20 * np.exp(0.5 * smooth(rng.standard_normal(shape), 4)))


def masked(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray:
    offset2 = (np.arange(shape[-1]) - shape[-1] // 2) ** 2
    return rng.standard_normal(shape) * (offset2 + offset2[:, None] < (0.4 * shape[-1]) ** 2)
