"""The nearest place on the same micrograph, against comparing every pair."""

from __future__ import annotations

import numpy as np
import pytest

from cryoimport_gui.core.plan.original_places import PlaceIndex


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("reach_px", [0.75, 3.0, 40.0])
def test_as_by_comparing_all(seed: int, reach_px: float) -> None:
    rng = np.random.default_rng(seed)
    theirs, their_places = rng.integers(-1, 4, 300), rng.uniform(-20, 400, (300, 2))
    chosen = rng.integers(0, 300, 500)
    ours = np.where(rng.random(500) < 0.9, theirs[chosen], rng.integers(-1, 4, 500))
    places = their_places[chosen] + rng.normal(0, reach_px / 2, (500, 2))
    places[::50], their_places[7] = np.nan, np.inf
    reach = rng.uniform(reach_px / 2, reach_px, 300)
    found, distance = PlaceIndex(theirs, their_places, reach).nearest(ours, places)
    with np.errstate(invalid="ignore"):
        away = np.linalg.norm(places[:, None] - their_places[None], axis=2)
    away = np.where(
        np.isfinite(away) & (ours[:, None] == theirs) & (ours[:, None] >= 0) & (away <= reach), away, np.inf
    )
    nearest = np.where(np.isfinite(away.min(axis=1)), away.argmin(axis=1), -1)
    np.testing.assert_array_equal(found, nearest)
    assert 0 < (found >= 0).sum() < 500
    np.testing.assert_allclose(distance, away.min(axis=1))


def test_nothing_to_look_in() -> None:
    found, _ = PlaceIndex(np.array([-1]), np.zeros((1, 2)), np.ones(1)).nearest(np.array([0, 1]), np.zeros((2, 2)))
    assert found.tolist() == [-1, -1]
