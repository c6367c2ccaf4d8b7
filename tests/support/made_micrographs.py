"""Micrographs with particles whose places are known, at 8 Å a pixel as the verdicts of picks see them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cryoimport_gui.core.pictures.picks import PickedMicrograph

PIXEL_A = 8.0
SHAPE = 440, 520


@dataclass(frozen=True)
class Scene:
    """What lies on a micrograph.

    noise: white noise, in SD of the picture without it.
    radius_A: of the particles; carbon: whether it covers a third; crystals: pieces of ice that nobody picked.
    mirror_places: a particle at the mirror place of each particle as well, which nobody picked.
    """

    particles: int = 160
    radius_A: float = 80.0
    noise: float = 1.0
    carbon: bool = False
    crystals: int = 6
    mirror_places: bool = False
    shape: tuple[int, int] = SHAPE


PLAIN = Scene()


def made_micrograph(seed: int, scene: Scene = PLAIN) -> PickedMicrograph:
    """A micrograph of dark particles, all of them picked."""
    rng = np.random.default_rng([seed, 1])
    ny, nx = scene.shape
    ice = _coloured(rng, scene.shape, 12.0) + 0.5 * _coloured(rng, scene.shape, 2.0)
    centres = _centres(rng, scene)
    signal = np.zeros(scene.shape)
    placed = centres
    if scene.mirror_places:
        placed = np.concatenate([centres, [0, ny - 1] + centres * [1, -1]])
    for x, y in placed:
        _add_particle(signal, rng, float(x), float(y), scene.radius_A / PIXEL_A)
    picture = 0.5 * ice - signal
    for x, y in rng.uniform(0, 1, (scene.crystals, 2)) * [nx, ny]:
        _add_blob(picture, float(x), float(y), float(rng.uniform(4, 15)), float(rng.choice([-4.0, 3.0])))
    if scene.carbon:
        on_carbon = _on_carbon(scene.shape, *np.mgrid[:ny, :nx])
        picture += on_carbon * (1.5 * _coloured(rng, scene.shape, 1.0) - 2.0)
    picture += scene.noise * picture.std() * rng.standard_normal(scene.shape)
    return PickedMicrograph(picture.astype(np.float32), PIXEL_A, centres[:, 0] / nx, centres[:, 1] / ny)


def some_picks(
    micrograph: PickedMicrograph, rng: np.random.Generator, picks: int, junk: float = 0.0
) -> PickedMicrograph:
    """So many of its picks only; the part `junk` of them is at random places."""
    real = rng.permutation(len(micrograph.x_frac))[: round(picks * (1 - junk))]
    at_random = rng.uniform(0, 1, (2, picks - len(real)))
    x, y = (np.concatenate([at[real], other]) for at, other in zip((micrograph.x_frac, micrograph.y_frac), at_random))
    return replace(micrograph, x_frac=x, y_frac=y)


def mirrored(micrograph: PickedMicrograph) -> PickedMicrograph:
    """The same picks on the mirrored picture, top to bottom."""
    return replace(micrograph, picture=micrograph.picture[::-1])


def with_picks_of(micrograph: PickedMicrograph, other: PickedMicrograph) -> PickedMicrograph:
    return replace(micrograph, x_frac=other.x_frac, y_frac=other.y_frac)


def _on_carbon(shape: tuple[int, int], y: NDArray[np.float64], x: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Below a slanted edge, about a third of the picture."""
    return np.asarray(y > shape[0] * (0.75 - 0.15 * x / shape[1]))


def _centres(rng: np.random.Generator, scene: Scene) -> NDArray[np.float64]:
    """(particles, 2), x and y, that do not touch and are not on the carbon; fewer, if there is no room."""
    ny, nx = scene.shape
    radius = scene.radius_A / PIXEL_A
    out: list[NDArray[np.float64]] = []
    for x, y in rng.uniform(0, 1, (40 * scene.particles, 2)) * [nx - 2 * radius, ny - 2 * radius] + radius:
        here = np.array([x, y])
        if len(out) == scene.particles:
            break
        if scene.carbon and _on_carbon(scene.shape, here[1:], here[:1])[0]:
            continue
        if all(np.hypot(*(here - other)) > 2.2 * radius for other in out):
            out.append(here)
    return np.array(out)


def _coloured(rng: np.random.Generator, shape: tuple[int, int], correlated_px: float) -> NDArray[np.float64]:
    """Noise of SD 1, correlated over so many pixels."""
    radius = np.hypot(np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1]))
    out = np.fft.irfft2(np.fft.rfft2(rng.standard_normal(shape)) / (1 + (radius * 6 * correlated_px) ** 2), s=shape)
    return np.asarray(out / out.std())


def _add_particle(picture: NDArray[np.float64], rng: np.random.Generator, x: float, y: float, radius: float) -> None:
    """Some ten lumps within the radius."""
    for dx, dy, width in zip(*rng.normal(0, 0.4 * radius, (2, 10)), rng.uniform(0.15, 0.35, 10) * radius):
        _add_blob(picture, x + dx, y + dy, width, 0.8)


def _add_blob(picture: NDArray[np.float64], x: float, y: float, width: float, height: float) -> None:
    reach = int(3 * width) + 2
    rows = slice(max(0, int(y) - reach), max(0, int(y) + reach + 1))
    columns = slice(max(0, int(x) - reach), max(0, int(x) + reach + 1))
    there = picture[rows, columns]
    if there.size:
        at_y, at_x = (
            np.arange(rows.start, rows.start + len(there)),
            np.arange(columns.start, columns.start + there.shape[1]),
        )
        there += height * np.exp(-0.5 * (((at_y - y) / width) ** 2)[:, None] - 0.5 * ((at_x - x) / width) ** 2)
