"""Viewing directions with planted distributions: where they lie, how much they take, and when they are preferred."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from cryoimport_gui.core.looks.views import Views, views_of

Array = NDArray[np.float64]


def angles_of(directions: Array) -> tuple[Array, Array]:
    """(n, 3) unit vectors → rot and tilt in degrees."""
    x, y, z = directions.T
    return np.degrees(np.arctan2(y, x)), np.degrees(np.arccos(np.clip(z, -1, 1)))


def uniform(rng: np.random.Generator, n: int) -> Array:
    v = rng.normal(size=(n, 3))
    return v / np.linalg.norm(v, axis=1, keepdims=True)


def around_z(rng: np.random.Generator, n: int, sd_deg: float) -> Array:
    v = np.column_stack([rng.normal(size=(n, 2)) * np.tan(np.radians(sd_deg)), np.ones(n)])
    return v / np.linalg.norm(v, axis=1, keepdims=True)


def unit_of_dihedral(rng: np.random.Generator, n: int, fold: int) -> Array:
    v = uniform(rng, 8 * fold * n)
    azimuth = np.arctan2(v[:, 1], v[:, 0])
    return v[(np.abs(azimuth) < np.pi / fold) & (v[:, 2] > 0)][:n]


def found(directions: Array) -> Views:
    views = views_of(*angles_of(directions))
    assert views is not None
    return views


def test_directions_lie_where_they_belong() -> None:
    rot, tilt = np.array([0.0, 90.0, 0.0, 33.0]), np.array([90.0, 90.0, 60.0, 0.0])
    views = views_of(rot, tilt)
    assert views is not None
    half = 0.5**0.5  # the cap within 60 degrees is half of the hemisphere
    np.testing.assert_allclose(views.dots, [(1, 0), (0, 1), (half, 0), (0, 0)], atol=1e-7)


def test_opposite_directions_and_other_ways_to_write_one_are_the_same() -> None:
    rng = np.random.default_rng(1)
    v = uniform(rng, 300)
    rot, tilt = angles_of(v)
    expected = found(v).dots
    for other in ((rot + 180, 180 - tilt), (rot + 180, -tilt), (rot + 720, tilt + 360)):
        views = views_of(*other)
        assert views is not None
        np.testing.assert_allclose(views.dots, expected, atol=1e-6)


def test_equal_areas_stay_equal() -> None:
    dots = found(uniform(np.random.default_rng(2), 3000)).dots
    radius, azimuth = np.hypot(*dots.T), np.arctan2(dots[:, 1], dots[:, 0])
    assert np.histogram(radius**2, 4, (0, 1))[0] == pytest.approx([750] * 4, abs=90)
    assert np.histogram(azimuth, 4, (-np.pi, np.pi))[0] == pytest.approx([750] * 4, abs=90)


@pytest.mark.parametrize("n", [400, 3000, 200_000])
@pytest.mark.parametrize("seed", range(5))
def test_an_even_distribution_is_not_called_preferred(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    assert found(uniform(rng, n)).words == "views from all directions"
    views = found(unit_of_dihedral(rng, n, 4))  # a quarter of the hemisphere
    assert not views.is_preferred and views.most == pytest.approx(0.25, abs=0.05)
    assert "unit of a symmetry, or preferred views" in views.words


@pytest.mark.parametrize("n", [400, 3000, 200_000])
@pytest.mark.parametrize("seed", range(5))
def test_one_view_above_the_others_is_called_preferred(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    views = found(np.concatenate([around_z(rng, 6 * n // 10, 10), uniform(rng, 4 * n // 10)]))
    assert views.is_preferred and views.half < 0.11
    assert views.words.startswith("some views strongly preferred: half of the particles in ")


def test_the_part_that_holds_half_is_the_planted_one() -> None:
    """A Gaussian of 8 degrees: half of it lies within 1.18 sd, a cap of 1 - cos 9.4° of the hemisphere."""
    views = found(around_z(np.random.default_rng(3), 200_000, 8))
    assert views.half == pytest.approx(1 - np.cos(np.radians(9.4)), abs=0.003)


def test_few_particles_and_few_directions_are_not_judged() -> None:
    rng = np.random.default_rng(4)
    assert found(around_z(rng, 199, 5)).words == "too few particles to compare directions"
    one = views_of(np.zeros(500), np.full(500, 40.0))
    assert one is not None and not one.is_preferred


def test_hardly_any_even_distribution_is_called_preferred() -> None:
    """A quarter of the sphere, as of C4, on all four sides of rot 0: of 100 particles, 2% of such sets were."""
    rng = np.random.default_rng(6)
    counts = np.repeat([100, 200], [400, 100])
    sets = ((rng.uniform(-45, 45, n), np.degrees(np.arccos(rng.uniform(-1, 1, n)))) for n in counts)
    alarms = sum(views is not None and views.is_preferred for views in (views_of(*angles) for angles in sets))
    assert alarms == 0


def test_values_that_are_not_finite_are_left_out_and_a_missing_angle_is_zero() -> None:
    views = views_of(np.array([0.0, np.nan, 90.0]), np.array([90.0, 90.0, np.inf]))
    assert views is not None and views.particles == 1
    no_rot = views_of(None, np.array([90.0, 90.0]))
    assert no_rot is not None
    np.testing.assert_allclose(no_rot.dots, [(1, 0), (1, 0)], atol=1e-7)
    assert views_of(None, None) is None and views_of(np.array([np.nan]), None) is None
