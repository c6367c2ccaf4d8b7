"""Exposures, groups and trimming rules, judged from made leads."""

from __future__ import annotations

import math
from pathlib import Path

import mrcfile
import numpy as np
import pytest
import starfile
from numpy.typing import NDArray

from cryoimport_gui.core.pictures.place_verdict import (
    PlaceState,
    PlacesVerdict,
    group_summaries,
    judge_places,
    leads,
    rule_lead,
    too_many_not_found,
)
from tests.support.correlated import cut, far_enough_inside, four_readings, leads_of

CONFIRMED, MIRRORED, NOT_FOUND, UNDECIDED = PlaceState


def made(truth: list[int], particles: int = 10, lead: float = 4.0, seed: int = 0) -> tuple[NDArray, NDArray]:
    """Leads and exposure numbers; `truth`: of each exposure the reading, -1 elsewhere."""
    rng = np.random.default_rng(seed)
    exposure = np.repeat(np.arange(len(truth)), particles)
    e = rng.standard_normal((len(exposure), 4))
    for number, reading in enumerate(truth):
        if reading >= 0:
            e[exposure == number, reading] += lead
    return e, exposure


def states(verdict: PlacesVerdict) -> list[PlaceState]:
    return [place.state for place in verdict.exposures]


@pytest.mark.parametrize("reading", range(4))
def test_all_exposures_at_one_reading(reading: int) -> None:
    verdict = judge_places(*made([reading] * 12))
    assert verdict.reading == reading
    assert verdict.mean_lead == pytest.approx(4, abs=0.3)
    assert states(verdict) == [CONFIRMED] * 12
    assert verdict.shares[reading] > 0.75
    assert verdict.group_reading == {0: reading}


@pytest.mark.parametrize("mirrored", [1, 4])
def test_mirrored_exposures_are_named(mirrored: int) -> None:
    verdict = judge_places(*made([0] * (10 - mirrored) + [2] * mirrored, particles=6))
    assert verdict.reading == 0
    assert states(verdict) == [CONFIRMED] * (10 - mirrored) + [MIRRORED] * mirrored
    assert [place.reading for place in verdict.exposures] == [0] * (10 - mirrored) + [2] * mirrored


@pytest.mark.parametrize("exchanged", [1, 4, 8])
def test_exchanged_exposures_are_not_found_and_the_rest_is(exchanged: int) -> None:
    verdict = judge_places(*made([1] * (10 - exchanged) + [-1] * exchanged))
    assert verdict.reading == 1
    assert states(verdict) == [CONFIRMED] * (10 - exchanged) + [NOT_FOUND] * exchanged
    assert {place.reading for place in verdict.exposures[-exchanged:]} == {None}


def test_an_exposure_of_one_faint_particle_is_undecided() -> None:
    e, exposure = made([0] * 10 + [-1], lead=1.5)
    keep = np.append(np.flatnonzero(exposure < 10), np.flatnonzero(exposure == 10)[:1])
    assert states(judge_places(e[keep], exposure[keep]))[-1] == UNDECIDED


@pytest.mark.parametrize("seed", range(4))
def test_nothing_anywhere_gives_no_verdict(seed: int) -> None:
    verdict = judge_places(*made([-1] * 12, seed=seed))
    assert verdict.reading is None
    assert verdict.group_reading == {}
    assert states(verdict) == [UNDECIDED] * 12


def test_two_readings_that_fit_alike_give_no_verdict() -> None:
    """As with particles that are their own mirror image."""
    e, exposure = made([0] * 12)
    e[:, 1] = e[:, 0] + 0.3 * np.random.default_rng(1).standard_normal(len(e))
    assert judge_places(e, exposure).reading is None


def test_a_few_particles_that_lie_on_each_other_do_not_decide() -> None:
    e, exposure = made([-1] * 12)
    e[:3, 2] = 100
    assert judge_places(e, exposure).reading is None


def test_places_outside_of_the_exposure_do_not_count() -> None:
    e, exposure = made([0] * 8)
    e[:, 2:] = np.nan
    e[:4, 0] = np.nan
    verdict = judge_places(e, exposure)
    assert verdict.reading == 0 and states(verdict) == [CONFIRMED] * 8


def test_exposure_numbers_need_not_be_in_a_row() -> None:
    e, exposure = made([0, 0, 0, 2, 0, 0])
    order = np.random.default_rng(0).permutation(len(e))
    verdict = judge_places(e[order], exposure[order] * 7 + 3)
    assert [(place.exposure, place.state) for place in verdict.exposures if place.state != CONFIRMED] == [
        (24, MIRRORED)
    ]


def test_each_group_has_its_own_reading() -> None:
    e, exposure = made([0] * 6 + [2] * 4 + [0, -1])
    group = np.where((exposure >= 6) & (exposure < 10), 5, 1)
    verdict = judge_places(e, exposure, group)
    assert verdict.group_reading == {1: 0, 5: 2}
    assert states(verdict) == [CONFIRMED] * 11 + [NOT_FOUND]
    lines = group_summaries(verdict, e / 10, group, elsewhere=[11])
    counts = [(line.group, line.reading, line.found, line.mirrored, line.elsewhere, line.undecided) for line in lines]
    assert counts == [(1, 0, 7, 0, 1, 0), (5, 2, 4, 0, 0, 0)]
    assert all(line.correlation == pytest.approx(0.4, abs=0.06) for line in lines)


def test_some_mirrored_exposures_do_not_turn_their_group() -> None:
    e, exposure = made([0] * 6 + [0] * 3 + [2] * 2)
    group = (exposure >= 6).astype(int)
    verdict = judge_places(e, exposure, group)
    assert verdict.group_reading == {0: 0, 1: 0}
    assert group_summaries(verdict, e, group)[1].mirrored == 2


def test_correlation_overrules_picks_where_particles_were_found() -> None:
    e, exposure = made([0] * 6)
    verdict = judge_places(e, exposure)
    (line,) = group_summaries(verdict, e, np.zeros(len(e), int), elsewhere=[2])
    assert (line.found, line.elsewhere) == (6, 0)


def test_a_group_without_a_verdict() -> None:
    e, exposure = made([-1] * 3)
    (line,) = group_summaries(judge_places(e, exposure), e, np.zeros(len(e), int))
    assert (line.reading, line.found, line.undecided) == (None, 0, 3)
    assert math.isnan(line.correlation)


def test_leads() -> None:
    others = np.random.default_rng(0).normal(0.1, 0.02, (3, 50))
    own = np.array([0.1, 0.14, 0.9, np.nan, -0.9])
    assert leads(own, others) == pytest.approx([0, 2, 6, np.nan, -6], abs=0.3, nan_ok=True)
    assert np.isnan(leads(own, np.full((3, 5), np.nan))).all()


def test_rules_that_the_pictures_confirm() -> None:
    right, half, wrong = (
        rule_lead(made([0] * known + [-1] * (12 - known), particles=1, lead=5.0, seed=known)[0], others=3)
        for known in (12, 6, 0)
    )
    assert right > 12 > half > 4 > wrong
    assert rule_lead(np.full((12, 4), 6.0), others=3) == pytest.approx(18)
    assert rule_lead(np.full((12, 4), np.nan), others=3) == 0


@pytest.mark.parametrize("noise", [0.0, 2.0])
def test_particles_of_real_micrographs(corpus: Path, noise: float) -> None:
    """Ten exposures of one real picture with noise of their own: six as they are, three mirrored, one exchanged.

    The particles were cut from another sum of the frames: the exposure has noise that they do not have.
    """
    names = (f"empiar10017_Falcon_2012_06_12-14_{time}_0_denoised_bin4.mrc" for time in ("33_35", "57_34"))
    picture, other = (np.array(mrcfile.read(corpus / "micrographs" / name), np.float32) for name in names)
    table = starfile.read(corpus / "micrographs/cryosegnet_empiar10017_picks.star")
    columns, rows = (table[f"rlnCoordinate{axis}"].to_numpy() // 4 - 24 for axis in "XY")
    rng = np.random.default_rng(0)
    usable = np.flatnonzero(far_enough_inside(rows, columns, picture.shape))
    exposures = rng.permutation(usable)[:120].reshape(10, 12)
    found = []
    for number, picks in enumerate(exposures):
        shared = picture + 2 * picture.std() * rng.standard_normal(picture.shape)
        exposure = {9: other}.get(number, shared) + noise * picture.std() * rng.standard_normal(picture.shape)
        if 6 <= number < 9:
            exposure = exposure[::-1]
        particles = -cut(shared, rows[picks], columns[picks])
        found.append(four_readings(particles, exposure, rows[picks], columns[picks]))
    correlations = np.concatenate(found, axis=1)
    verdict = judge_places(leads_of(correlations), np.repeat(np.arange(10), 12))
    assert verdict.reading == 0
    assert states(verdict) == [CONFIRMED] * 6 + [MIRRORED] * 3 + [NOT_FOUND]
    assert {place.reading for place in verdict.exposures[6:9]} == {3}
    (line,) = group_summaries(verdict, correlations[0], np.zeros(120, int))
    assert (line.found, line.mirrored, line.elsewhere, line.undecided) == (6, 3, 0, 1)


@pytest.mark.parametrize(("looked_at", "most"), [(5, 1), (12, 1), (20, 1), (30, 2), (80, 3), (600, 11)])
def test_how_many_right_exposures_may_be_missed_by_chance(looked_at: int, most: int) -> None:
    """With 0.85% that are missed: the chance of more is 1.3% at most, that of as many is more."""
    assert not too_many_not_found(most, looked_at) and too_many_not_found(most + 1, looked_at)
