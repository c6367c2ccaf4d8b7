"""How often exposures are judged rightly from their particles' leads, and how often wrongly.

Leads are made: at the right reading of their mean, which differs between exposures, everywhere else of 0, with the
skewed noise that the greatest of many correlations has; a particle that is found at one reading is found a little at
that with the patch mirrored, too.  Where nearly half of the exposures are mirrored, the undecided ones can make the
smaller half look like the larger: "other"; each exposure's own reading is right all the same.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from cryoimport_gui.core.pictures.place_verdict import PlaceState, judge_places
from tests.support.correlated import cut, far_enough_inside, four_readings, leads_of
from tests.support.made_micrographs import PickedMicrograph, Scene, made_micrograph

SETS, EXPOSURES, READINGS, CORRELATED_SETS = 200, 30, 4, 40
#: of the lead at the right reading that is there when the patch is mirrored
LEAK = 0.2
#: of the particles of an exposure are junk of which nothing is found
JUNK = 0.15


@dataclass(frozen=True)
class Case:
    mean_lead: float = 2.5
    mirrored: float = 0.0
    exchanged: float = 0.0
    particles: tuple[int, int] = (4, 16)


def noise(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Gumbel's distribution, mean 0, SD 1."""
    return (rng.gumbel(size=shape) - np.euler_gamma) / (np.pi / np.sqrt(6))


def made_leads(rng: np.random.Generator, truth: NDArray[np.int64], case: Case) -> tuple[NDArray, NDArray]:
    """(N, READINGS) leads and (N,) exposure numbers; truth: (exposures,) reading, -1 elsewhere."""
    counts = rng.integers(case.particles[0], case.particles[1] + 1, len(truth))
    exposure = np.repeat(np.arange(len(truth)), counts)
    e = noise(rng, (len(exposure), READINGS))
    strength = (case.mean_lead * rng.lognormal(0, 0.3, len(truth)))[exposure] * (rng.uniform(size=len(e)) > JUNK)
    rows = np.flatnonzero(truth[exposure] >= 0)
    right = truth[exposure[rows]]
    e[rows, right] += strength[rows]
    e[rows, right ^ 1] += LEAK * strength[rows]
    return e, exposure


def run(title: str, case: Case) -> None:
    counts: Counter[str] = Counter()
    for seed in range(SETS):
        rng = np.random.default_rng([seed, 3])
        majority = int(rng.integers(READINGS))
        truth = np.full(EXPOSURES, majority)
        shuffled = rng.permutation(EXPOSURES)
        mirrored = round(case.mirrored * EXPOSURES)
        truth[shuffled[:mirrored]] = majority ^ 2
        truth[shuffled[mirrored : mirrored + round(case.exchanged * EXPOSURES)]] = -1
        verdict = judge_places(*made_leads(rng, truth, case))
        counts["none" if verdict.reading is None else "right" if verdict.reading == majority else "other"] += 1
        if verdict.reading is None:
            continue
        for place in verdict.exposures:
            kind = {majority: "good", -1: "exchanged"}.get(int(truth[place.exposure]), "mirrored")
            said = place.reading is not None and place.reading != truth[place.exposure]
            counts[f"{kind} {'WRONG' if said else place.state}"] += 1
    print(f"\n{title}: reading right {counts['right']}, other {counts['other']}, none {counts['none']}")
    for kind in ("good", "mirrored", "exchanged"):
        cells = [
            f"{state} {counts[f'{kind} {state}']}" for state in (*PlaceState, "WRONG") if counts[f"{kind} {state}"]
        ]
        if cells:
            print(f"  {kind:10s}" + ", ".join(cells), flush=True)


def correlated(noise: float) -> None:
    """Particles cut from made micrographs of 12 exposures: 8 right, 2 mirrored, 2 exchanged.

    noise: of the exposure alone, in SD of the picture; 1 SD more is in the particles, too.
    """
    counts: Counter[str] = Counter()
    for seed in range(CORRELATED_SETS):
        rng = np.random.default_rng([seed, 9])
        order, found, numbers = rng.permutation(16), [], []
        for place in range(12):
            one, other = _scene(int(order[place])), _scene(int(order[place + 4]))
            ny, nx = one.picture.shape
            row, column = (one.y_frac * ny).astype(int), (one.x_frac * nx).astype(int)
            usable = np.flatnonzero(far_enough_inside(row, column, (ny, nx)))
            picks = rng.permutation(usable)[: rng.integers(4, 17)]
            exposure = other.picture if place >= 10 else one.picture
            exposure = exposure + noise * exposure.std() * rng.standard_normal((ny, nx))
            exposure = exposure[::-1] if 8 <= place < 10 else exposure
            particles = cut(one.picture, row[picks], column[picks])
            found.append(four_readings(particles, exposure, row[picks], column[picks]))
            numbers.append(np.full(len(picks), place))
        verdict = judge_places(leads_of(np.concatenate(found, axis=1)), np.concatenate(numbers))
        counts["sets " + ("none" if verdict.reading is None else "right" if verdict.reading == 0 else "WRONG")] += 1
        for place in verdict.exposures if verdict.reading is not None else ():
            kind, right = (("good", 0), ("mirrored", 3), ("exchanged", None))[
                np.searchsorted([8, 10], place.exposure, "right")
            ]
            said = place.reading is not None and place.reading != right
            counts[f"{kind} {'WRONG' if said else place.state}"] += 1
    print(f"noise {noise:4g}: " + ", ".join(f"{what} {counts[what]}" for what in sorted(counts)), flush=True)


@cache
def _scene(seed: int) -> PickedMicrograph:
    return made_micrograph(seed, Scene(noise=1.0))


if __name__ == "__main__":
    print(f"{SETS} sets of {EXPOSURES} exposures, 4 to 16 particles each")
    for lead in (4.0, 2.5, 1.5, 0.8):
        for mirrored in (0.0, 0.1, 0.45):
            run(f"lead {lead}, {mirrored:.0%} mirrored", Case(lead, mirrored))
        for exchanged in (0.1, 0.4, 0.8):
            run(f"lead {lead}, {exchanged:.0%} exchanged", Case(lead, exchanged=exchanged))
    run("lead 2.5, 30% mirrored, 30% exchanged", Case(2.5, 0.3, 0.3))
    run("nothing is where it should be", Case(0.0))
    run("all exchanged, many particles", Case(2.5, exchanged=1.0, particles=(60, 60)))
    print(f"\nparticles cut from made micrographs, {CORRELATED_SETS} sets: 8 exposures good, 2 mirrored, 2 exchanged")
    for level in (2.0, 8.0, 15.0):
        correlated(level)
