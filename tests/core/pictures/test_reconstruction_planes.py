"""2D poses: an angle in the plane and a class."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from cryoimport_gui.core.pictures.reconstruction import PoseCheck, PosedParticles, check_poses
from tests.support.made_particles import MadeParticles, Recipe, lump, make_particles

RECIPE = Recipe(particles=240, snr=0.05, shift=0.05, flat=True)


@cache
def made() -> MadeParticles:
    rng = np.random.default_rng(5)
    return make_particles(RECIPE, 5, lump(rng), lump(rng), lump(rng))


def checked(posed: PosedParticles) -> PoseCheck:
    check = check_poses(posed, made().transforms())
    assert check is not None
    return check


def test_right_angles_fit() -> None:
    check = checked(made().posed())
    assert check.answer == "fits" and not check.is_3d and check.map_sign == 0
    assert check.t is not None and check.t > 10


def test_the_opposite_angle_is_named() -> None:
    posed = made().posed()
    assert posed.psi_rad is not None
    check = checked(replace(posed, psi_rad=-posed.psi_rad))
    assert check.answer == "does not fit" and check.suspect is not None
    assert check.suspect.name == "inverse-rotations"


def test_angles_of_other_images_do_not_fit() -> None:
    posed, order = made().posed(), np.random.default_rng(0).permutation(240)
    assert posed.psi_rad is not None
    check = checked(replace(posed, psi_rad=posed.psi_rad[order]))
    assert check.answer == "cannot tell" and check.t is not None and check.t < 3


def test_class_averages_are_sharper_than_dealt_ones() -> None:
    check = checked(made().posed())
    averages, dealt = check.map(), check.dealt_map()
    assert averages.shape == dealt.shape == (3, 29, 29)
    ideal = make_particles(
        replace(RECIPE, snr=1e4), 5, *(lump(rng) for rng in [np.random.default_rng(5)] for _ in "123")
    )
    clean = check_poses(ideal.posed(), ideal.transforms())
    assert clean is not None
    for average, blurred, truth in zip(averages, dealt, clean.map()):
        own, other = (np.corrcoef(image.ravel(), truth.ravel())[0, 1] for image in (average, blurred))
        assert own > 0.9 and other < own - 0.05


def test_classes_without_images_in_both_halves_are_left_out() -> None:
    posed = made().posed()
    assert posed.class_number is not None
    lonely = posed.class_number.copy()
    lonely[:4] = 9
    check = checked(replace(posed, class_number=lonely))
    assert check.answer == "fits" and check.rows.min() == 4
