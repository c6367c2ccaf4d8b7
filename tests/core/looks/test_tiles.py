"""Pages of tiles, the particles that settle the data sign, and `montage.png`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import mrcfile
import numpy as np
import pytest

from cryoimport_gui.core.demo import Demo, DemoRecipe, make_demo
from cryoimport_gui.core.looks.tiles import DEFAULT_OPTIONS, first_tiles, montage_of, page_tiles, typical_tiles
from cryoimport_gui.core.parameters import ImportParameters
from cryoimport_gui.core.particles import shifts_px
from cryoimport_gui.core.pictures.montage import columns_for, compose
from cryoimport_gui.core.pictures.tiles import TileOptions, make_tiles
from cryoimport_gui.core.plan.plan import ImportPlan
from cryoimport_gui.core.plan.planner import plan_import
from cryoimport_gui.core.stacks.sample import ParticleImages, Selection

RECIPE = DemoRecipe(
    micrographs=6, particles_per_micrograph=5, box=32, shuffled=True, optics_pixel_sizes=(2.0, 4.0), max_shift_px=4
)
STACKS = RECIPE.micrographs


@pytest.fixture
def own(tmp_path: Path) -> Demo:
    return make_demo(tmp_path / "own", RECIPE)


def planned(demo: Demo, **values: object) -> tuple[ImportPlan, ParticleImages]:
    plan = plan_import(ImportParameters(meta=str(demo.star), data=str(demo.data), **values))
    assert plan.particles is not None
    assert plan.stacks is not None
    return plan, ParticleImages(plan.particles, plan.stacks)


def stored(demo: Demo, rows: np.ndarray) -> np.ndarray:
    stacks = [mrcfile.read(path) for path in demo.stacks]
    return np.stack([stacks[demo.stack_index[row]][demo.image_index[row]] for row in rows])


def test_tiles_are_made_of_the_right_images_with_their_own_pixel_sizes_and_poses(own: Demo) -> None:
    plan, images = planned(own)
    rows = np.random.default_rng(0).permutation(30)
    options = TileOptions(16, low_pass_A=30.0, high_pass_A=120.0, centre=True, rotate=True)
    tiles = page_tiles(images, plan.groups, rows, options)
    sizes = own.pixel_size_A[own.optics_group[rows] - 1]
    expected = make_tiles(stored(own, rows), sizes, options, own.shift_px[rows], own.psi_deg[rows])
    np.testing.assert_allclose(tiles.values, expected, atol=1e-4)
    np.testing.assert_allclose(tiles.pixel_size_A, 2 * sizes)
    assert tiles.binning == 2
    assert tiles.errors == {}
    assert len(tiles) == 30
    counts, edges = tiles.histogram
    assert counts.sum() == tiles.values.size
    assert (edges[0], edges[-1]) == (tiles.values.min(), tiles.values.max())


def test_blocks_of_images_give_the_same_tiles(own: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    plan, images = planned(own)
    rows = np.arange(30)
    whole = page_tiles(images, plan.groups, rows, DEFAULT_OPTIONS)
    monkeypatch.setattr("cryoimport_gui.core.looks.tiles._BLOCK_BYTES", 7 * 32 * 32 * 4)
    np.testing.assert_allclose(page_tiles(images, plan.groups, rows, DEFAULT_OPTIONS).values, whole.values, atol=1e-6)


def test_an_overridden_pixel_size_filters_but_does_not_move(own: Demo) -> None:
    plan, _ = planned(own)
    other, _ = planned(own, pixel_size={None: 1.0})
    rows = np.arange(30)
    moves = [shifts_px(p.particles, p.groups, rows) for p in (plan, other)]
    np.testing.assert_allclose(moves[0], own.shift_px, atol=1e-5)
    np.testing.assert_array_equal(moves[0], moves[1])


def test_a_scale_is_known_from_most_tiles_or_in_pixels(own: Demo) -> None:
    plan, images = planned(own)
    options = TileOptions(16)
    first, second = (np.flatnonzero(own.optics_group == group) for group in (1, 2))
    assert page_tiles(images, plan.groups, first, options).scale == (4.0, "Å", False)
    assert page_tiles(images, plan.groups, np.concatenate([first[:2], second]), options).scale == (8.0, "Å", True)
    unknown = [replace(group, pixel_size_A=None) for group in plan.groups]
    assert page_tiles(images, unknown, first, options).scale == (2.0, "px", False)


def test_bad_images_are_blank_and_do_not_touch_the_contrast(own: Demo) -> None:
    with mrcfile.open(own.stacks[0], "r+") as mrc:
        mrc.data[1] = np.nan
        mrc.data[2, 0, 0] = np.inf
    plan, images = planned(own)
    own.stacks[1].unlink()
    rows = np.arange(30)
    tiles = page_tiles(images, plan.groups, rows, DEFAULT_OPTIONS)
    reasons = {}
    for row, reason in tiles.errors.items():
        reasons.setdefault(reason, set()).add((own.stack_index[row], own.image_index[row]))
    assert reasons == {
        "values that are not finite numbers": {(0, 1), (0, 2)},
        "No such file or directory": {(1, i) for i in range(5)},
    }
    good = np.setdiff1d(rows, list(tiles.errors))
    alone = page_tiles(images, plan.groups, good, DEFAULT_OPTIONS)
    assert tiles.limits == alone.limits
    np.testing.assert_array_equal(tiles.histogram[0], alone.histogram[0])
    assert not tiles.values[list(tiles.errors)].any()


def test_no_rows_are_no_tiles(own: Demo) -> None:
    plan, images = planned(own)
    tiles = page_tiles(images, plan.groups, np.empty(0, np.int64), DEFAULT_OPTIONS)
    assert (len(tiles), tiles.errors, tiles.scale) == (0, {}, (1.0, "px", False))


@pytest.mark.parametrize("inverted", [True, False])
def test_typical_tiles_show_which_sign_is_right(tmp_path: Path, inverted: bool) -> None:
    """The mean stands first; in it, and in most of the others, the middle is of the particles' own sign."""
    demo = make_demo(tmp_path / "one", replace(RECIPE, micrographs=10, inverted=inverted, box=48, snr=0.1))
    plan, images = planned(demo)
    tiles = typical_tiles(images, plan.groups, np.arange(50), 24, 8)
    assert tiles.shape == (8, 24, 24)
    middle = tiles[:, 9:15, 9:15].mean(axis=(1, 2)) - tiles[:, [0, 1, -2, -1]].mean(axis=(1, 2))
    brighter = middle * demo.data_sign < 0
    assert brighter[0]
    assert brighter.sum() >= 7


def test_typical_tiles_of_few_or_no_images(own: Demo) -> None:
    plan, images = planned(own)
    assert len(typical_tiles(images, plan.groups, np.arange(3), 16, 8)) == 4
    for path in own.stacks:
        path.unlink()
    gone = ParticleImages(plan.particles, plan.stacks)
    assert len(typical_tiles(gone, plan.groups, np.arange(3), 16, 8)) == 0


@pytest.mark.parametrize("choice", ["auto", "+1"])
def test_the_montage_is_the_first_page_with_the_data_sign(own: Demo, choice: str) -> None:
    plan, images = planned(own, data_sign=choice)
    picture = montage_of(plan, first_tiles(plan))
    tiles = page_tiles(images, plan.groups, images.page(Selection())[0], DEFAULT_OPTIONS)
    expected = compose(tiles.values, columns_for(30), plan.data_sign.value, tiles.limits)
    np.testing.assert_array_equal(picture[: len(expected)], expected)
    assert picture.shape == (len(expected) + 24, expected.shape[1])
    assert (picture[len(expected) :] == 0).any(), "no scale bar"


def test_the_montage_holds_only_what_is_imported(own: Demo) -> None:
    own.stacks[0].unlink()
    plan, images = planned(own, on_bad="leave-out")
    picture = montage_of(plan, first_tiles(plan))
    assert len(plan.particles) == 25
    assert picture.shape[1] == columns_for(25) * 34 + 2
    expected = page_tiles(images, plan.groups, np.arange(25), DEFAULT_OPTIONS)
    assert expected.errors == {}
    grey = compose(expected.values, columns_for(25), plan.data_sign.value, expected.limits)
    np.testing.assert_array_equal(picture[: len(grey)], grey)


def test_there_is_no_montage_without_images(own: Demo) -> None:
    plan = plan_import(ImportParameters(meta=str(own.star), ignore_raw_data=True))
    assert first_tiles(plan) is None and montage_of(plan, None) is None
    plan, _ = planned(own)
    plan.sample = None
    for path in own.stacks:
        path.unlink()
    assert montage_of(plan, first_tiles(plan)) is None
