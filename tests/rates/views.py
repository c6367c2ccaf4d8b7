"""How often views are called strongly preferred where they are not, and where they are."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from cryoimport_gui.core.looks.views import views_of

Angles = tuple[NDArray[np.float64], NDArray[np.float64]]
Draw = Callable[[np.random.Generator, int], Angles]

TRIALS = 2000
PARTICLES = (100, 150, 200, 300, 500, 1000, 2000)


def unit(rng: np.random.Generator, n: int, fold: int = 1, dihedral: bool = False) -> Angles:
    """Even in the unit of a symmetry: all rot and tilt of C1, a wedge of Cn, half a wedge of Dn; rot, tilt, degrees."""
    rot, z = rng.uniform(-180 / fold, 180 / fold, n), rng.uniform(-1, 1, n)
    return rot, np.degrees(np.arccos(np.abs(z) if dihedral else z))


def band(rng: np.random.Generator, n: int) -> Angles:
    """Even among side views, as of a filament: tilts within 12 degrees of 90."""
    return rng.uniform(-180, 180, n), np.degrees(np.arccos(rng.uniform(-0.2, 0.2, n)))


def on_grid(rng: np.random.Generator, n: int, step_deg: float) -> Angles:
    """Even, on the directions of a coarse search."""
    rot, tilt = unit(rng, n)
    return np.round(rot / step_deg) * step_deg, np.round(tilt / step_deg) * step_deg


def preferred(rng: np.random.Generator, n: int, share: float, sd_deg: float, views: int = 1) -> Angles:
    """A share of the particles within so many degrees (standard deviation) of some directions, the others even."""
    directions = _vectors(*unit(rng, n))
    chosen = rng.random(n) < share
    centres = _vectors(*unit(rng, views))[rng.integers(0, views, n)]
    near = centres + np.tan(np.radians(sd_deg)) * rng.normal(size=(n, 3))
    x, y, z = np.where(chosen[:, None], near / np.linalg.norm(near, axis=1, keepdims=True), directions).T
    return np.degrees(np.arctan2(y, x)), np.degrees(np.arccos(np.clip(z, -1, 1)))


def _vectors(rot_deg: NDArray[np.float64], tilt_deg: NDArray[np.float64]) -> NDArray[np.float64]:
    rot, tilt = np.radians(rot_deg), np.radians(tilt_deg)
    return np.stack([np.sin(tilt) * np.cos(rot), np.sin(tilt) * np.sin(rot), np.cos(tilt)], axis=1)


EVEN: dict[str, Draw] = {
    "even": unit,
    **{f"even, C{fold}": partial(unit, fold=fold) for fold in (2, 3, 4, 5, 6, 8, 12, 24)},
    **{f"even, D{fold}": partial(unit, fold=fold, dihedral=True) for fold in (2, 3, 7)},
    "even side views": band,
    "even, on a grid of 7.5°": partial(on_grid, step_deg=7.5),
    "even, on a grid of 15°": partial(on_grid, step_deg=15.0),
}
PREFERRED: dict[str, Draw] = {
    "all within 10° of one": partial(preferred, share=1.0, sd_deg=10.0),
    "80% within 10° of one": partial(preferred, share=0.8, sd_deg=10.0),
    "60% within 10° of one": partial(preferred, share=0.6, sd_deg=10.0),
    "80% within 20° of one": partial(preferred, share=0.8, sd_deg=20.0),
    "80% within 10° of three": partial(preferred, share=0.8, sd_deg=10.0, views=3),
    "30% within 10° of one": partial(preferred, share=0.3, sd_deg=10.0),
}


def called_preferred(draw: Draw, particles: int) -> float:
    """The share of sets, in %."""
    found = (views_of(*draw(np.random.default_rng([seed, particles]), particles)) for seed in range(TRIALS))
    return 100 * float(np.mean([views is not None and views.is_preferred for views in found]))


if __name__ == "__main__":
    print(f"called strongly preferred, % of {TRIALS}; particles: {', '.join(map(str, PARTICLES))}")
    for title, cases in (("false alarms", EVEN), ("found", PREFERRED)):
        print(title)
        for name, draw in cases.items():
            rates = " ".join(f"{called_preferred(draw, n):7.2f}" for n in PARTICLES)
            print(f"  {name:26s}{rates}", flush=True)
