"""An exposure with its particles, and a particle beside its places."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from cryoimport_gui.core.demo import Demo, DemoRecipe, make_demo
from cryoimport_gui.core.looks import exposure as exposure_view
from cryoimport_gui.core.looks.exposure import ExposureView, look_at_exposure, look_at_particle
from cryoimport_gui.core.parameters import ImportParameters, update
from cryoimport_gui.core.plan.plan import ImportPlan
from cryoimport_gui.core.plan.planner import plan_import

SMALL = DemoRecipe(micrographs=2, particles_per_micrograph=9, snr=1.0)


def planned(demo: Demo, **values: object) -> ImportPlan:
    paths = {"meta": str(demo.star), "data": str(demo.data), "exposures": str(demo.exposures)}
    return plan_import(update(ImportParameters(), paths | demo.trims | values))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return make_demo(tmp_path_factory.mktemp("small"), SMALL)


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    recipe = dataclasses.replace(SMALL, mirrored_micrographs=True, binned=2, coordinate_scale=2.0)
    return make_demo(tmp_path_factory.mktemp("mirrored"), recipe)


def darkness(view: ExposureView, demo: Demo, flip_y: bool) -> float:
    """How much darker the picture is where the particles' centres should be, in standard deviations of the picture."""
    assert view.picture is not None
    centres = view.places_px(flip_y)
    offset = demo.shift_px[view.rows] * demo.recipe.binned * [1, -1 if flip_y else 1]
    x, y = np.rint((centres - offset) / view.picture.factor).astype(int).T
    grey = view.picture.grey.astype(float)
    near = [grey[j - 2 : j + 3, i - 2 : i + 3].mean() for i, j in zip(x, y)]
    return float((grey.mean() - np.mean(near)) / grey.std())


def test_circles_lie_on_particles_where_y_is_kept(small: Demo) -> None:
    plan = planned(small)
    for exposure in range(2):
        view = look_at_exposure(plan, exposure)
        assert view.rows.tolist() == np.flatnonzero(small.micrograph_index == exposure).tolist()
        assert view.diameter_px == pytest.approx(small.recipe.box)
        assert darkness(view, small, False) > 1
        assert abs(darkness(view, small, True)) < 0.7


def test_circles_lie_on_particles_of_mirrored_micrographs_of_another_scale(mirrored: Demo) -> None:
    plan = planned(mirrored)
    view = look_at_exposure(plan, 1)
    assert view.is_flipped
    assert view.diameter_px == pytest.approx(2 * mirrored.recipe.box)
    np.testing.assert_allclose(view.kept_px, mirrored.coordinates[view.rows] / 2)
    assert darkness(view, mirrored, True) > 1
    assert abs(darkness(view, mirrored, False)) < 0.7


@pytest.mark.parametrize("flipped", [False, True])
def test_a_particle_looks_like_its_patch(small: Demo, mirrored: Demo, flipped: bool) -> None:
    demo = mirrored if flipped else small
    plan = planned(demo)
    for exposure in range(2):
        row = int(look_at_exposure(plan, exposure).rows[3])
        view = look_at_particle(plan, row, exposure)
        right, wrong = view.keep_correlation, view.flip_correlation
        patch = view.flip if flipped else view.keep
        if flipped:
            right, wrong = wrong, right
        assert right > 0.9
        assert np.isnan(wrong) or wrong < 0.6
        assert view.particle is not None
        assert patch is not None
        middle = slice(len(patch) // 4, -len(patch) // 4)
        seen = np.corrcoef(view.particle[middle, middle].ravel(), patch[middle, middle].ravel())[0, 1]
        assert seen > 0.9, "both are dark on light, in the same orientation"


def test_a_picture_that_is_known_is_not_read_again(small: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = planned(small)
    view = look_at_exposure(plan, 0)
    monkeypatch.setattr(exposure_view, "read_picture", None)
    assert look_at_exposure(plan, 0, view.picture).picture is view.picture


def test_what_cannot_be_shown_is_said(small: Demo) -> None:
    plan = planned(small)
    assert plan.exposures is not None
    lost = dataclasses.replace(plan.exposures, files=["/nowhere/a.mrc", "/nowhere/b.tif"])
    plan.exposures = lost
    for exposure, words in enumerate(("No such file", "TIFF")):
        view = look_at_exposure(plan, exposure)
        assert view.picture is None
        assert words in view.reason
        assert lost.files[exposure] in view.reason
        pair = look_at_particle(plan, int(view.rows[0]), exposure)
        assert pair.particle is None
        assert words in pair.reason
    assert "Patch Motion" in pair.reason
    plan.exposures = dataclasses.replace(lost, is_movie=np.ones(2, bool))
    assert "movie" in look_at_exposure(plan, 0).reason


def test_without_particle_images_there_are_circles_and_what_lies_around_a_pick(small: Demo) -> None:
    plan = planned(small, ignore_raw_data=True)
    here = [look_at_particle(plan, row, 0) for row in np.flatnonzero(small.micrograph_index == 0).tolist()]
    assert all(pair.particle is None and not pair.reason and np.isnan(pair.keep_correlation) for pair in here)
    middle = slice(60, 68)

    def darkness_of(pictures: list[np.ndarray]) -> float:
        return float(
            np.mean([p.mean() - p[middle, middle].mean() for p in pictures]) / np.mean([p.std() for p in pictures])
        )

    assert darkness_of([pair.keep for pair in here if pair.keep is not None]) > 1
    assert abs(darkness_of([pair.flip for pair in here if pair.flip is not None])) < 0.7
    view = look_at_exposure(plan, 0)
    assert len(view.rows) == 9
    assert view.picture is not None
    assert 0 < view.diameter_px < min(view.shape) / 4


def test_a_particle_whose_image_is_gone_is_said(tmp_path: Path) -> None:
    demo = make_demo(tmp_path, SMALL)
    plan = planned(demo)
    demo.stacks[0].write_bytes(demo.stacks[0].read_bytes()[:2000])
    view = look_at_particle(plan, int(look_at_exposure(plan, 0).rows[-1]), 0)
    assert "cannot be read" in view.reason


def test_without_coordinates_there_are_no_circles(tmp_path: Path) -> None:
    demo = make_demo(tmp_path, SMALL)
    demo.star.write_text(demo.star.read_text().replace("_rlnCoordinateX", "_dummyX"))
    view = look_at_exposure(planned(demo), 0)
    assert len(view.rows) == len(view.kept_px) == 0
    assert view.picture is not None
