"""Which reading of coordinates is right: planted in made micrographs and in real ones, and found from picks alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path

import mrcfile
import numpy as np
import pytest
import starfile

from cryoimport_gui.core.pictures.picks import (
    PickedMicrograph,
    PickMaps,
    PickTest,
    PlaceReading,
    exposures_elsewhere,
    judge_picks,
    pick_maps,
)
from tests.support.made_micrographs import PIXEL_A, Scene, made_micrograph, mirrored, some_picks, with_picks_of

READINGS = [PlaceReading(flip, scale) for scale, flip in product((1.0, 0.5, 2.0), (False, True))]
KEEP, FLIP = READINGS[:2]


@cache
def micrograph(seed: int, scene: Scene | None = None) -> PickedMicrograph:
    return made_micrograph(seed, scene or Scene())


def picked(seed: int, picks: int, junk: float = 0.0, scene: Scene | None = None) -> PickedMicrograph:
    return some_picks(micrograph(seed, scene), np.random.default_rng(seed), picks, junk)


def with_coordinates_of(one: PickedMicrograph, reading: PlaceReading) -> PickedMicrograph:
    """The coordinates that `reading` turns into the places."""
    y = 1 - one.y_frac if reading.flip else one.y_frac
    return replace(one, x_frac=one.x_frac / reading.scale, y_frac=y / reading.scale)


@pytest.mark.parametrize("truth", READINGS, ids=str)
def test_the_planted_reading_is_found(truth: PlaceReading) -> None:
    verdict = judge_picks([with_coordinates_of(picked(0, 40), truth)], READINGS)
    assert verdict.reading == truth
    assert (verdict.picks, verdict.micrographs) == (40, 1)
    others = [t2 for reading, t2 in zip(READINGS, verdict.t2) if reading != truth and not np.isnan(t2)]
    assert verdict.best_t2 > 100 and max(others) < 20


def test_readings_with_picks_outside_are_dropped() -> None:
    t2 = judge_picks([picked(0, 40)], READINGS).t2
    assert np.isnan(t2[4:]).all() and np.isfinite(t2[:4]).all()


def test_one_pick_in_forty_outside_drops_nothing() -> None:
    one = picked(0, 40)
    one.x_frac[0] = 1.2
    verdict = judge_picks([one], READINGS[:2])
    assert (verdict.reading, verdict.picks) == (KEEP, 39)


def test_a_mirrored_picture() -> None:
    assert judge_picks([mirrored(picked(1, 40))], READINGS).reading == FLIP


@pytest.mark.parametrize("noise, picks, junk", [(0, 20, 0.0), (8, 80, 0.0), (1, 80, 0.3), (0, 150, 0.6)])
def test_noise_and_junk(noise: float, picks: int, junk: float) -> None:
    assert judge_picks([picked(2, picks, junk, Scene(noise=noise))], READINGS).reading == KEEP


def test_carbon_over_a_third() -> None:
    scene = Scene(carbon=True, particles=90)
    assert judge_picks([picked(3, 60, scene=scene)], READINGS).reading == KEEP
    assert judge_picks([mirrored(picked(3, 60, scene=scene))], READINGS).reading == FLIP


def test_neither_the_sign_of_the_contrast_nor_its_strength_counts() -> None:
    one = picked(0, 40)
    expected = judge_picks([one], READINGS).t2
    for factor in (-1.0, 1000.0):
        t2 = judge_picks([replace(one, picture=one.picture * np.float32(factor) + 7)], READINGS).t2
        assert t2 == pytest.approx(expected, rel=0.02, abs=0.2, nan_ok=True)


def test_finer_pixels_whole_numbers_hot_and_broken_pixels() -> None:
    one = picked(0, 40)
    fine = np.rint(np.kron(one.picture, np.ones((4, 4))) * 20).astype(np.int16)
    fine[50, 60] = 32000
    assert judge_picks([replace(one, picture=fine, pixel_size_A=PIXEL_A / 4)], READINGS).reading == KEEP
    broken = one.picture.copy()
    broken[100:103, 200:203] = np.nan
    broken[7, 7] = np.inf
    assert judge_picks([replace(one, picture=broken)], READINGS).reading == KEEP


def test_places_stay_true_where_the_picture_is_no_multiple_of_a_pixel_of_the_maps() -> None:
    maps = pick_maps(np.random.default_rng(0).standard_normal((415, 433)), 1.0)
    assert maps.scores.shape == (5, 51, 54)
    assert maps.size == (415 / 8, 433 / 8)


def test_micrographs_are_added_until_it_is_decided() -> None:
    scene, asked = Scene(noise=15), []

    def one_by_one() -> Iterator[PickedMicrograph]:
        for seed in range(20):
            asked.append(seed)
            yield picked(seed, 6, scene=scene)

    verdict = judge_picks(one_by_one(), READINGS)
    assert verdict.reading == KEEP
    assert 2 <= verdict.micrographs == len(asked) <= 12
    assert judge_picks([picked(0, 6, scene=scene)], READINGS).reading is None


def test_no_more_micrographs_than_asked_for() -> None:
    verdict = judge_picks((picked(0, 5, 1.0) for _ in range(9)), READINGS, most=3)
    assert (verdict.reading, verdict.micrographs) == (None, 3)


@pytest.mark.parametrize("seed", range(6))
def test_other_micrographs_picks_decide_nothing(seed: int) -> None:
    verdict = judge_picks([with_picks_of(micrograph(seed), picked((seed + 1) % 6, 140))], READINGS)
    assert verdict.reading is None
    assert verdict.best_t2 < 30


@pytest.mark.parametrize("picks", [20, 60])
def test_particles_at_the_mirror_places_as_well_are_unclear(picks: int) -> None:
    verdict = judge_picks([picked(4, picks, scene=Scene(particles=70, mirror_places=True))], READINGS[:2])
    assert verdict.reading is None
    assert min(verdict.t2) > 30  # both are seen, and that is why


def test_nothing_was_picked() -> None:
    none = np.empty(0)
    verdict = judge_picks([replace(micrograph(0), x_frac=none, y_frac=none)], READINGS)
    assert verdict.reading is None and verdict.picks == 0 and np.isnan(verdict.t2).all()
    assert judge_picks([], READINGS).reading is None


def test_a_flat_picture_decides_nothing() -> None:
    verdict = judge_picks([replace(picked(0, 40), picture=np.full((440, 520), 3.0))], READINGS)
    assert verdict.reading is None


@pytest.mark.parametrize("shape, pixel_size_A, why", [((20, 90), 8.0, "256 Å"), ((90, 90), 0.0, "pixel size")])
def test_pictures_that_cannot_be_used(shape: tuple[int, int], pixel_size_A: float, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        pick_maps(np.zeros(shape), pixel_size_A)


def t2_of(one: PickedMicrograph, maps: PickMaps | None = None) -> float:
    test = PickTest(READINGS[:2])
    test.add(maps or pick_maps(one.picture, one.pixel_size_A), one.x_frac, one.y_frac)
    return test.verdict().best_t2


def test_exposures_that_are_not_the_picks_own() -> None:
    right = [picked(seed, 100) for seed in range(5)]
    exchanged = [with_picks_of(right[0], picked(5, 100)), with_picks_of(right[1], right[2])]
    t2 = np.array([t2_of(one) for one in (*right, *exchanged)])
    assert exposures_elsewhere(t2, np.full(7, 100), np.ones(7)).tolist() == [False] * 5 + [True] * 2


@pytest.mark.parametrize(
    "t2, picks, structure, why",
    [
        ([90.0, 95, 99, 92, 8], [100, 100, 100, 100, 50], 1.0, "too few picks to leave a trace"),
        ([900.0, 950, 990, 8], [100, 100, 100, 100], 1.0, "too few exposures show what picks look like"),
        ([900.0, 950, 990, 920, 18], [100, 100, 100, 100, 100], 1.0, "there is a trace"),
        ([900.0, 950, 990, 920, 8], [100, 100, 100, 100, 100], 0.05, "there is more noise than in the others"),
    ],
)
def test_not_said_to_be_elsewhere(t2: list[float], picks: list[int], structure: float, why: str) -> None:
    """`structure` is of the last one; the others have 1."""
    structures = np.array([1.0] * (len(t2) - 1) + [structure])
    assert not exposures_elsewhere(np.array(t2), np.array(picks), structures).any(), why


def test_structure_is_what_is_not_white_noise() -> None:
    white = np.random.default_rng(0).standard_normal((440, 520))
    noisy, clean = (pick_maps(micrograph(0, Scene(noise=noise)).picture, PIXEL_A) for noise in (5, 0))
    assert pick_maps(white, PIXEL_A).structure < 0.05
    assert 0.05 < noisy.structure < 0.4 and clean.structure > 0.9


@pytest.fixture(scope="module")
def real(request: pytest.FixtureRequest) -> PickedMicrograph:
    """A denoised picture of β-galactosidase, 24 of its 1024 pixels cut off on each side, and curated picks."""
    folder: Path = request.getfixturevalue("corpus") / "micrographs"
    name = "empiar10017_Falcon_2012_06_12-14_33_35_0_denoised_bin4.mrc"
    with mrcfile.open(folder / name, permissive=True) as file:
        picture, pixel_size_A = np.array(file.data, np.float32), float(file.voxel_size.x)
    table = starfile.read(folder / "cryosegnet_empiar10017_picks.star")
    x, y = (table[f"rlnCoordinate{axis}"].to_numpy(float) / 4 - 24 for axis in "XY")
    return PickedMicrograph(picture, pixel_size_A, x / picture.shape[1], y / picture.shape[0])


@pytest.fixture(scope="module")
def other_picture(request: pytest.FixtureRequest) -> np.ndarray:
    name = "micrographs/empiar10017_Falcon_2012_06_12-14_57_34_0_denoised_bin4.mrc"
    with mrcfile.open(request.getfixturevalue("corpus") / name, permissive=True) as file:
        return np.array(file.data, np.float32)


def test_a_real_micrograph_as_it_is_mirrored_binned_and_with_noise(real: PickedMicrograph) -> None:
    some = some_picks(real, np.random.default_rng(0), 40)
    assert judge_picks([some], READINGS).reading == KEEP
    assert judge_picks([mirrored(some)], READINGS).reading == FLIP
    binned = some.picture.reshape(488, 2, 488, 2).mean(axis=(1, 3))
    assert judge_picks([replace(some, picture=binned, pixel_size_A=2 * some.pixel_size_A)], READINGS).reading == KEEP
    assert judge_picks([with_coordinates_of(some, READINGS[2])], READINGS).reading == READINGS[2]
    noise = np.random.default_rng(1).standard_normal(some.picture.shape) * some.picture.std()
    assert judge_picks([replace(some, picture=some.picture + 8 * noise)], READINGS).reading == KEEP
    assert judge_picks([replace(real, picture=real.picture + 15 * noise)], READINGS).reading == KEEP


@pytest.mark.parametrize("picks", [10, 20])
def test_a_few_picks_of_a_real_micrograph_are_never_wrong(real: PickedMicrograph, picks: int) -> None:
    maps = pick_maps(real.picture, real.pixel_size_A)
    right = 0
    for seed in range(30):
        some, test = some_picks(real, np.random.default_rng(seed), picks), PickTest(READINGS)
        test.add(maps, some.x_frac, some.y_frac)
        assert test.verdict().reading in (KEEP, None)
        right += test.verdict().reading == KEEP
    assert right >= 27


def test_picks_on_another_real_micrograph(real: PickedMicrograph, other_picture: np.ndarray) -> None:
    verdict = judge_picks([replace(real, picture=other_picture)], READINGS)
    assert verdict.reading is None and verdict.best_t2 < 20
    maps = pick_maps(real.picture, real.pixel_size_A)
    right = [t2_of(some_picks(real, np.random.default_rng(seed), 150), maps) for seed in range(4)]
    t2 = np.array([*right, verdict.best_t2])
    structure = np.array([maps.structure] * 4 + [pick_maps(other_picture, real.pixel_size_A).structure])
    assert exposures_elsewhere(t2, np.array([150] * 4 + [verdict.picks]), structure).tolist() == [False] * 4 + [True]


def test_x_and_y_exchanged_on_a_real_micrograph(real: PickedMicrograph) -> None:
    assert judge_picks([replace(real, x_frac=real.y_frac, y_frac=real.x_frac)], READINGS).reading is None


@pytest.mark.parametrize("pixel_size_A", [1.06, 2.5, 5.0])
def test_a_raw_micrograph_with_an_ice_crystal(corpus: Path, pixel_size_A: float) -> None:
    """Its header says 1 Å, which is no more than a placeholder: what is found must not depend on it."""
    with mrcfile.open(corpus / "micrographs/Ucsf_stack_1142_DW.mrc", permissive=True) as file:
        picture = np.array(file.data)
    table = starfile.read(corpus / "micrographs/inCoords_relion_Ucsf_stack_1142_DW_autopick.star")
    x, y = (table[f"rlnCoordinate{axis}"].to_numpy(float) for axis in "XY")
    one = PickedMicrograph(picture, pixel_size_A, x / picture.shape[1], y / picture.shape[0])
    assert judge_picks([one], READINGS).reading == KEEP
    assert judge_picks([mirrored(one)], READINGS).reading == FLIP
