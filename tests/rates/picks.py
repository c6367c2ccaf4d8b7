"""How often picks decide the reading of coordinates, and how often they are wrong.

Made micrographs at 8 Å a pixel, some 150 particles each; six readings are tried, a random one of them is true.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from cryoimport_gui.core.pictures.picks import (
    PickedMicrograph,
    PickMaps,
    PickTest,
    PickVerdict,
    PlaceReading,
    exposures_elsewhere,
    pick_maps,
)
from tests.support.made_micrographs import Scene, made_micrograph, some_picks

READINGS = [PlaceReading(flip, scale) for scale, flip in product((1.0, 0.5, 2.0), (False, True))]
MICROGRAPHS, TRIALS, NULL_TRIALS, SEQUENCES, SETS = 16, 200, 1500, 300, 12
Mapped = tuple[PickedMicrograph, PickMaps]


@cache
def mapped(scene: Scene, first_seed: int = 0) -> list[Mapped]:
    made = [made_micrograph(first_seed + seed, scene) for seed in range(MICROGRAPHS)]
    return [(one, pick_maps(one.picture, one.pixel_size_A)) for one in made]


def as_written(picked: PickedMicrograph, truth: PlaceReading) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The coordinates that `truth` turns into the places."""
    y = 1 - picked.y_frac if truth.flip else picked.y_frac
    return picked.x_frac / truth.scale, y / truth.scale


def judge(
    scene: Sequence[Mapped], rng: np.random.Generator, truth: PlaceReading, picks: int, junk: float, micrographs: int
) -> PickVerdict:
    test = PickTest(READINGS)
    for number in rng.permutation(len(scene))[:micrographs]:
        picture, maps = scene[number]
        test.add(maps, *as_written(some_picks(picture, rng, picks // micrographs, junk), truth))
    return test.verdict()


def decided(title: str, scene: Scene, junk: float = 0.0, micrographs: int = 1) -> int:
    """Prints one line; returns the wrong verdicts."""
    cells, all_wrong = [], 0
    for picks in (10, 20, 40, 80, 160):
        right = wrong = 0
        for trial in range(TRIALS):
            rng = np.random.default_rng([trial, picks])
            truth = READINGS[int(rng.integers(len(READINGS)))]
            verdict = judge(mapped(scene), rng, truth, picks, junk, micrographs)
            right += verdict.reading == truth
            wrong += verdict.reading is not None and verdict.reading != truth
        cells.append(f"{100 * right / TRIALS:5.0f} {100 * wrong / TRIALS:4.1f}")
        all_wrong += wrong
    print(f"{title:34s}" + " |".join(cells), flush=True)
    return all_wrong


def null(title: str, micrographs: int, noise: float = 1.0, carbon: bool = False) -> None:
    """Other micrographs' picks."""
    largest, verdicts = 0.0, 0
    scene, others = mapped(Scene(noise=noise, carbon=carbon)), mapped(Scene(noise=noise), 100)
    for trial in range(NULL_TRIALS):
        rng = np.random.default_rng([trial, 7])
        picks = int(rng.choice([20, 40, 80, 140]))
        test = PickTest(READINGS)
        for number in rng.permutation(MICROGRAPHS)[:micrographs]:
            other = some_picks(others[int(rng.integers(MICROGRAPHS))][0], rng, picks)
            test.add(scene[number][1], other.x_frac, other.y_frac)
        verdict = test.verdict()
        largest, verdicts = max(largest, verdict.best_t2), verdicts + (verdict.reading is not None)
    print(f"{title:34s} {verdicts} verdicts of {NULL_TRIALS}, largest T² {largest:.1f}", flush=True)


def one_after_the_other() -> None:
    """Micrographs are added until there is a verdict: each look is another chance to be wrong."""
    for title, scene, junk, picks in (
        ("20 picks each, noise 8, 60% junk", Scene(noise=8), 0.6, 20),
        ("10 picks each, noise 15", Scene(noise=15), 0.0, 10),
        ("20 picks each, all junk", Scene(), 1.0, 20),
        ("10 picks each, also mirrored", Scene(particles=70, mirror_places=True), 0.0, 10),
    ):
        used, right, wrong = [], 0, 0
        for trial in range(SEQUENCES):
            rng = np.random.default_rng([trial, 11])
            truth, test = READINGS[int(rng.integers(len(READINGS)))], PickTest(READINGS)
            for number in rng.permutation(MICROGRAPHS):
                picture, maps = mapped(scene)[number]
                test.add(maps, *as_written(some_picks(picture, rng, picks, junk), truth))
                verdict = test.verdict()
                if verdict.reading is not None:
                    used.append(verdict.micrographs)
                    break
            right += verdict.reading == truth
            wrong += verdict.reading is not None and verdict.reading != truth
        typical = f"median {np.median(used):.0f} micrographs" if used else ""
        print(f"{title:34s} right {right}, wrong {wrong}, of {SEQUENCES}; {typical}", flush=True)


def elsewhere() -> None:
    """Sets of 12 exposures with their own picks and 4 with other ones."""
    for noise, picks in product((1.0, 8.0, 15.0), (50, 140)):
        false = found = 0
        scene, others = mapped(Scene(noise=noise)), mapped(Scene(noise=noise), 100)
        for trial in range(SETS):
            rng = np.random.default_rng([trial, 13])
            order, t2, structure = rng.permutation(MICROGRAPHS), [], []
            for place, number in enumerate(order):
                picture = some_picks((others if place < 4 else scene)[number][0], rng, picks)
                test = PickTest(READINGS[:2])
                test.add(scene[number][1], picture.x_frac, picture.y_frac)
                t2.append(test.verdict().best_t2)
                structure.append(scene[number][1].structure)
            away = exposures_elsewhere(np.array(t2), np.full(MICROGRAPHS, picks), np.array(structure))
            found, false = found + int(away[:4].sum()), false + int(away[4:].sum())
        print(
            f"noise {noise:4g}, {picks:3d} picks: {found} of {4 * SETS} found, {false} of {12 * SETS} false", flush=True
        )


def of_mixed_quality() -> None:
    """Sets of 8 good exposures and 8 bad ones, all with their own picks: none is elsewhere."""
    for noise, junk, picks in product((1.0, 8.0, 15.0, 30.0), (0.0, 0.6), (50, 140)):
        false = 0
        good, bad = mapped(Scene()), mapped(Scene(noise=noise))
        for trial in range(SETS):
            rng, t2, structure = np.random.default_rng([trial, 17]), [], []
            for place in range(16):
                picture, maps = (good if place < 8 else bad)[int(rng.integers(MICROGRAPHS))]
                one, test = some_picks(picture, rng, picks, 0 if place < 8 else junk), PickTest(READINGS[:2])
                test.add(maps, one.x_frac, one.y_frac)
                t2.append(test.verdict().best_t2)
                structure.append(maps.structure)
            false += int(exposures_elsewhere(np.array(t2), np.full(16, picks), np.array(structure)).sum())
        print(f"the bad ones: noise {noise:g}, {junk:.0%} junk, {picks} picks: {false} of {8 * SETS} false", flush=True)


def of_a_project() -> None:
    """The same picks on two datasets: on the micrographs as they were, and on noisier copies of these, or on others."""
    for noise, junk, picks in product((1.0, 3.0, 8.0, 15.0), (0.0, 0.5), (40, 100, 300)):
        said = [0, 0]
        own, copies = mapped(Scene()), mapped(Scene(noise=noise))
        others = mapped(Scene(noise=noise), 100)
        for trial in range(TRIALS):
            rng = np.random.default_rng([trial, 19])
            numbers = rng.permutation(MICROGRAPHS)[:3]
            shown = [some_picks(own[number][0], rng, picks // 3, junk) for number in numbers]
            tests = []
            for dataset in (own, copies, others):
                tests.append(PickTest(READINGS))
                for number, picked in zip(numbers, shown):
                    tests[-1].add(dataset[number][1], picked.x_frac, picked.y_frac)
            t2 = np.array([test.verdict().best_t2 for test in tests])
            structure = np.array([np.mean([of[n][1].structure for n in numbers]) for of in (own, copies, others)])
            for which in (1, 2):
                pair = [0, which]
                away = exposures_elsewhere(t2[pair], np.full(2, picks), structure[pair], least_found=1)
                said[which - 1] += int(away[1])
        print(
            f"noise {noise:4g}, {junk:.0%} junk, {picks:3d} picks: others found {100 * said[1] / TRIALS:.0f}%, "
            f"copies said to be others {100 * said[0] / TRIALS:.1f}%, of {TRIALS}",
            flush=True,
        )


if __name__ == "__main__":
    print(f"right % and wrong % of {TRIALS}, for 10, 20, 40, 80, 160 picks in total")
    for noise in (0, 3, 8, 15):
        for junk in (0.0, 0.3, 0.6):
            decided(f"noise {noise} SD, {junk:.0%} junk", Scene(noise=noise), junk)
    decided("carbon", Scene(carbon=True))
    decided("carbon, 30% junk, noise 3", Scene(carbon=True, noise=3), 0.3)
    decided("four micrographs, noise 3", Scene(noise=3), micrographs=4)
    decided("also at mirror places", Scene(particles=70, mirror_places=True))
    for noise in (8, 15):
        decided(f"also at mirror places, noise {noise}", Scene(particles=70, mirror_places=True, noise=noise))
    print("\nother micrographs' picks")
    null("one micrograph", 1)
    null("four micrographs", 4)
    null("carbon", 1, carbon=True)
    print("\none micrograph after the other, at most 16")
    one_after_the_other()
    print("\nexposures that are not the picks' own")
    elsewhere()
    of_mixed_quality()
    print("\ndatasets of a project that are not the picks' own")
    of_a_project()
