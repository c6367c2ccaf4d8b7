"""How often the extent of the coordinates gives their scale, and how often a wrong one."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from cryoimport_gui.core.pictures.extent import scale_candidates, scale_from_extent

TRIALS = 400
#: K3, not square: ny, nx; particles keep this far from its edges
SHAPE, MARGIN_PX = (4092, 5760), 120
LAYOUTS = "everywhere", "holes", "half, another each", "half, the same", "quadrant, another each", "quadrant, the same"


def places(rng: np.random.Generator, layout: str, exposures: int, picks: int) -> NDArray[np.float64]:
    """(exposures, picks, 2), x and y in parts of width and height, margin aside."""
    at = rng.uniform(0, 1, (exposures, picks, 2))
    side = rng.integers(0, 2, (1 if layout.endswith("same") else exposures, 1, 2))
    if layout.startswith("half"):
        at[:, :, 0] = (at[:, :, 0] + side[:, :, 0]) / 2
    elif layout.startswith("quadrant"):
        at = (at + side) / 2
    elif layout == "holes":  # two of a radius of a tenth of the width in each exposure, cut by its edges
        holes = rng.uniform(0, 1, (exposures, 2, 2))
        chosen = np.take_along_axis(holes, rng.integers(0, 2, (exposures, picks, 1)), axis=1)
        turn, reach = rng.uniform(0, 2 * np.pi, at.shape[:2]), 0.1 * np.sqrt(rng.uniform(0, 1, at.shape[:2]))
        at = chosen + reach[..., None] * np.stack([np.cos(turn), np.sin(turn)], axis=2)
        at = np.where(at < 0, -at, np.where(at > 1, 2 - at, at))
    return at


def trial(rng: np.random.Generator, layout: str, exposures: int, picks: int, ratio: float, swapped: bool) -> int:
    """1 right, -1 wrong, 0 cannot tell."""
    candidates = scale_candidates(1.0, micrograph_A=ratio)
    scale = float(rng.choice(candidates))
    extent = np.array(SHAPE[::-1]) - 2 * MARGIN_PX
    x, y = (places(rng, layout, exposures, picks) * extent + MARGIN_PX).reshape(-1, 2).T / scale
    numbers, shapes = np.repeat(np.arange(exposures), picks), np.full((exposures, 2), SHAPE)
    found = scale_from_extent(*((y, x) if swapped else (x, y)), numbers, shapes, candidates)
    if found.scale is None or (found.scale == scale and swapped and not found.swapped):
        return 0  # few places may fit either way: it is not seen that they are swapped
    return 1 if (found.scale, found.swapped) == (scale, swapped) else -1


def line(layout: str, ratio: float, swapped: bool = False) -> None:
    cells = []
    for exposures, picks in ((1, 200), (2, 5), (3, 5), (5, 5), (20, 5), (20, 100)):
        seeds = ([seed, exposures, picks] for seed in range(TRIALS))
        results = [trial(np.random.default_rng(s), layout, exposures, picks, ratio, swapped) for s in seeds]
        right, wrong = (100 * results.count(value) / TRIALS for value in (1, -1))
        cells.append(f"{right:5.0f} {wrong:6.2f}")
    print(f"{layout:24s} {ratio:4.2f} {'swapped' if swapped else '':8s}" + " |".join(cells), flush=True)


if __name__ == "__main__":
    print(f"right % and wrong % of {TRIALS}; exposures × picks: 1 × 200, 2 × 5, 3 × 5, 5 × 5, 20 × 5, 20 × 100")
    for layout, ratio in product(LAYOUTS, (2.0, 1.33, 1.1)):
        line(layout, ratio)
    for layout in LAYOUTS[:3]:
        line(layout, 2.0, swapped=True)
