"""What is shown of a check of the poses: figures that are those of the check, and pictures the right way round."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cryoimport_gui.core.demo import Demo
from cryoimport_gui.core.looks.poses import (
    maps_picture,
    pairs_picture,
    poses_look,
    poses_sheet,
    reprojection_of,
    stack_words,
)
from cryoimport_gui.core.parameters import ImportParameters
from cryoimport_gui.core.particles import Value
from cryoimport_gui.core.plan.plan import ImportPlan
from cryoimport_gui.core.plan.planner import plan_import
from cryoimport_gui.core.plan.poses_check import look_at_poses
from cryoimport_gui.core.plan.poses_verdict import PosesVerdict
from tests.support.made_particles import Recipe, make_particles
from tests.support.planted_poses import negated_shifts, rewrite, write_made


@pytest.fixture(scope="module")
def plan(demo: Demo) -> ImportPlan:
    return plan_import(ImportParameters(meta=str(demo.star), data=str(demo.data)))


def middle(pictures: np.ndarray) -> np.ndarray:
    """How much lighter each is in the middle than around it."""
    y, x = np.indices(pictures.shape[1:]) / pictures.shape[1] - 0.5
    radius = np.hypot(y, x)
    return pictures[:, radius < 0.1].mean(axis=1) - pictures[:, radius > 0.4].mean(axis=1)


def test_pairs_are_dark_on_light_and_alike(plan: ImportPlan) -> None:
    look = poses_look(plan)
    assert look is not None and len(look.particles) == len(look.projected) == 8
    assert middle(look.projected).max() < -20 and middle(look.particles).mean() < -20
    alike = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(look.particles, look.projected)]
    assert min(alike) > 0.5
    assert (np.diff(look.pair_correlation) >= 0).all()
    rows = look.verdict.rows.tolist()
    assert look.verdict.check is not None
    places = [rows.index(row) for row in look.pair_rows.tolist()]
    np.testing.assert_array_equal(look.verdict.check.own[places], look.pair_correlation)
    assert look.slices is not None and look.projections is not None and middle(look.projections).min() > 20
    assert look.slices.shape == look.projections.shape == (3, 87, 87)


def test_every_particle_has_a_re_projection_also_one_outside_of_the_sample(plan: ImportPlan) -> None:
    small = replace(plan, poses_check=look_at_poses(plan, count=200))
    rows = plan.poses_check.rows
    outside = np.setdiff1d(rows, small.poses_check.rows)[:20].tolist()
    assert len(outside) == 20
    own, other = [], []
    for row, next_row in zip(outside, outside[1:]):
        seen, expected, unlike = (reprojection_of(*of) for of in ((small, row), (plan, row), (plan, next_row)))
        assert seen is not None and expected is not None and unlike is not None and seen.shape == (87, 87)
        own.append(np.corrcoef(seen.ravel(), expected.ravel())[0, 1])
        other.append(np.corrcoef(seen.ravel(), unlike.ravel())[0, 1])
    assert min(own) > 0.8 and np.mean(own) > np.mean(other) + 0.4


def test_there_is_no_re_projection_without_a_map_or_of_another_box(plan: ImportPlan) -> None:
    assert reprojection_of(replace(plan, poses_check=PosesVerdict()), 0) is None
    sizes = [replace(group, pixel_size_A=Value(1.9, "user")) for group in plan.groups]
    other = replace(plan, groups=sizes, poses_check=look_at_poses(plan, count=200))
    outside = int(np.setdiff1d(plan.poses_check.rows, other.poses_check.rows)[0])
    assert reprojection_of(other, outside) is None


def test_the_users_sign_turns_them_round(plan: ImportPlan) -> None:
    assert plan.data_sign is not None
    here, there = poses_look(plan), poses_look(replace(plan, data_sign=replace(plan.data_sign, value=1)))
    assert here is not None and there is not None
    for name in ("particles", "projected", "slices"):
        a, b = getattr(here, name).astype(int), getattr(there, name).astype(int)
        assert np.abs(a + b - 255).max() <= 1


def test_histograms_and_bars_are_those_of_the_check(plan: ImportPlan) -> None:
    look, check = poses_look(plan), plan.poses_check.check
    assert look is not None and check is not None
    assert look.own.sum() == 400 and look.dealt.sum() == pytest.approx(400)
    centres = (look.edges[1:] + look.edges[:-1]) / 2
    assert centres @ look.own / 400 == pytest.approx(check.own.mean(), abs=0.02)
    assert centres @ look.dealt / 400 == pytest.approx(check.dealt.mean(), abs=0.02)
    assert [bar.words for bar in look.bars[:2]] == ["as imported", "shuffled poses"]
    assert [bar.value for bar in look.bars[:2]] == [min(1, check.explained or 0), check.explained_dealt]
    assert len(look.bars) == 10 and all(0 <= bar.value <= 1 and not bar.is_better for bar in look.bars)
    assert "share" in look.bars_are


def test_the_scale_of_maps_is_that_of_the_box(plan: ImportPlan, demo: Demo) -> None:
    look = poses_look(plan)
    assert look is not None and look.slices is not None
    assert look.pixel_size_A * look.slices.shape[1] == pytest.approx(64 * 2.1)
    np.testing.assert_allclose(look.frequency_per_A, np.arange(1, 13) / (64 * 2.1))


def test_the_better_reading_stands_out(demo: Demo, tmp_path: Path) -> None:
    star = rewrite(demo.star, tmp_path / "a.star", negated_shifts)
    look = poses_look(plan_import(ImportParameters(meta=str(star), data=str(demo.data))))
    assert look is not None
    best = max(look.bars, key=lambda bar: bar.value)
    assert best.is_better and best.words == "shifts of the opposite sign" and best.value > 2 * look.bars[0].value


def test_the_sheet_shows_them_in_order(plan: ImportPlan) -> None:
    look, sheet = poses_look(plan), poses_sheet(plan)
    assert look is not None and sheet is not None and sheet.dtype == np.uint8
    bands = np.flatnonzero(np.diff((sheet < 255).any(axis=1).astype(int)) == 1)
    assert len(bands) >= 5
    assert sheet.shape[0] < 1000 and sheet.shape[1] < 1000
    for picture in (pairs_picture(look), maps_picture(look)):
        height, width = picture.shape
        assert any(np.array_equal(sheet[y : y + height, 14 : 14 + width], picture) for y in range(len(sheet)))
    tile = sheet[16 : 16 + 87, 16 : 16 + 87]
    np.testing.assert_array_equal(tile, look.particles[0])


def test_class_averages_for_2d_poses(tmp_path: Path) -> None:
    made = make_particles(Recipe(particles=160, snr=0.05, stacks=8, flat=True), 3)
    plan = plan_import(ImportParameters(meta=str(write_made(tmp_path, made))))
    look = poses_look(plan)
    assert look is not None and look.slices is None and look.averages is not None and look.dealt_averages is not None
    assert look.averages.shape == look.dealt_averages.shape == (3, 87, 87)
    assert poses_sheet(plan) is not None and maps_picture(look).shape[1] == 3 * 89 + 2


def test_nothing_to_show(demo: Demo) -> None:
    plan = plan_import(ImportParameters(meta=str(demo.star), data=str(demo.data), check_poses="off"))
    assert poses_look(plan) is None and poses_sheet(plan) is None


def test_stacks_worst_first(plan: ImportPlan) -> None:
    look = poses_look(plan)
    assert look is not None and len(look.stacks) == 20
    assert [s.agreement for s in look.stacks] == sorted(s.agreement for s in look.stacks)
    words = stack_words(replace(look.stacks[0], path="/a/b.mrcs", agreement=0.124, is_bad=True))
    assert words == "b.mrcs: agrees 0.12 times as well as most; its images are probably not those of its rows"
