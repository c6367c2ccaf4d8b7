"""The scale of made coordinates, from how far they reach."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cryoimport_gui.core.pictures.extent import ExtentVerdict, merged, scale_candidates, scale_from_extent

K3 = 4092, 5760
SQUARE = 4096, 4096
SCALES = 1.0, 0.5, 2.0


def judged(
    scale: float,
    exposures: int = 10,
    picks: int = 20,
    shape: tuple[int, int] = K3,
    swapped: bool = False,
    outside: int = 0,
    reach: tuple[float, float] = (1.0, 1.0),
    candidates: tuple[float, ...] = SCALES,
    seed: int = 0,
) -> ExtentVerdict:
    """Places all over the exposure, or over its first part `reach`, x and y; `outside`: so many far outside."""
    at = np.random.default_rng(seed).uniform(0.01, 0.99, (exposures * picks, 2)) * reach
    at[:outside] = 3
    x, y = (at * shape[::-1]).T / scale
    numbers = np.repeat(np.arange(exposures), picks)
    return scale_from_extent(*((y, x) if swapped else (x, y)), numbers, np.full((exposures, 2), shape), candidates)


@pytest.mark.parametrize("shape", [K3, SQUARE])
@pytest.mark.parametrize("scale", SCALES)
def test_the_planted_scale_is_found(scale: float, shape: tuple[int, int]) -> None:
    found = judged(scale, shape=shape)
    assert (found.scale, found.swapped) == (scale, False)
    assert found.reach > 0.95
    assert found.feasible == tuple(sorted((s for s in SCALES if s <= scale), reverse=True))


@pytest.mark.parametrize("ratio, enough, too_few", [(2.0, 2, 1), (4 / 3, 5, 4), (1.1, 15, 14)])
def test_how_many_picks_it_takes(ratio: float, enough: int, too_few: int) -> None:
    """2 · n · ln(ratio) > ln 10⁶ takes 10, 25 and 73 picks: five for each exposure, however many were picked there."""
    assert judged(1.0, enough, 20, candidates=(1.0, 1 / ratio), seed=1).scale == 1.0
    assert judged(1.0, too_few, 200, candidates=(1.0, 1 / ratio), seed=1).scale is None


def test_picks_of_one_exposure_only_rule_out() -> None:
    assert judged(1.0, exposures=1, picks=500).scale is None
    assert judged(0.5, exposures=1, picks=500).scale == 0.5  # the others lie outside
    assert judged(1.0, exposures=1, picks=500).feasible == (1.0, 0.5)


def test_a_few_places_may_lie_outside() -> None:
    assert judged(1.0, 10, 200, outside=4).scale == 1.0
    assert judged(1.0, 10, 200, outside=5).scale != 1.0


def test_places_that_reach_too_little_decide_nothing() -> None:
    assert judged(1.0, reach=(0.75, 0.6)).scale is None
    assert judged(1.0, reach=(0.85, 0.6)).scale == 1.0


def test_half_of_the_detector_is_enough() -> None:
    assert judged(1.0, reach=(0.5, 1.0)).scale == 1.0


def test_x_and_y_exchanged() -> None:
    found = judged(1.0, swapped=True)
    assert (found.scale, found.swapped) == (1.0, True)
    assert 1.0 not in found.feasible


def test_on_a_square_detector_nobody_sees_that_they_are_exchanged() -> None:
    assert (judged(1.0, shape=SQUARE, swapped=True).scale, judged(1.0, shape=SQUARE, swapped=True).swapped) == (
        1,
        False,
    )


def test_half_of_a_detector_is_not_taken_for_exchanged_coordinates() -> None:
    found = judged(1.0, reach=(0.5, 1.0), candidates=(1.0, 0.5, 2.0, 4 / 3))
    assert (found.scale, found.swapped) == (None, False)


def test_broken_and_negative_coordinates_say_nothing() -> None:
    at = np.random.default_rng(0).uniform(0, 4000, (2, 200))
    at[0, :5], at[1, 5:9] = np.nan, -40
    found = scale_from_extent(*at, np.arange(200) // 20, np.full((10, 2), SQUARE), SCALES)
    assert found.scale == 1.0


def test_no_candidate_fits_or_there_are_no_places() -> None:
    none = judged(0.1)
    assert none.scale is None and none.feasible == () and math.isnan(none.reach)
    empty = scale_from_extent(np.empty(0), np.empty(0), np.empty(0, int), np.empty((0, 2), int), SCALES)
    assert empty.scale is None


def test_exposures_of_different_shapes() -> None:
    at = np.random.default_rng(0).uniform(0, 1, (2, 200))
    shapes = np.array([SQUARE, (8192, 8192)] * 5)
    numbers = np.arange(200) // 20
    x, y = at * shapes[numbers].T[::-1]
    assert scale_from_extent(x, y, numbers, shapes, SCALES).scale == 1.0


def test_candidates() -> None:
    assert scale_candidates(1.0) == (1.0, 0.5, 2.0)
    assert scale_candidates(math.nan, micrograph_A=0.7) == (1.0, 0.5, 2.0)
    # 1.01 and 2.02 are 1 and 2; 4.04 is new
    assert scale_candidates(1.0, original_A=1.01) == (1.0, 0.5, 2.0, 4.04)
    assert scale_candidates(0.832, micrograph_A=1.04) == pytest.approx((1.0, 0.5, 2.0, 1.25))
    assert scale_candidates(1.0, image_A=3.0) == pytest.approx((1.0, 0.5, 2.0, 3.0, 1.5, 0.75))


def test_merged() -> None:
    assert merged([1.0, 1.02, 0.98, 1.04, 0.0, -1.0, math.nan, math.inf]) == (1.0, 1.04)
