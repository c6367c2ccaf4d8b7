from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from cryoimport_gui.core.pictures.reconstruction import (
    PoseCheck,
    PosedParticles,
    central_slices,
    check_poses,
    projections,
)
from cryoimport_gui.core.progress import Cancelled, Progress
from tests.support.made_particles import (
    MadeParticles,
    Recipe,
    ball,
    ctf_corrected,
    lump,
    make_particles,
    with_c4,
)

STANDARD = Recipe(particles=200, snr=0.05, shift=0.08)


@cache
def standard() -> MadeParticles:
    return make_particles(STANDARD, 1)


def checked(made: MadeParticles, posed: PosedParticles | None = None, images: np.ndarray | None = None) -> PoseCheck:
    check = check_poses(posed or made.posed(), made.transforms(images))
    assert check is not None
    return check


def suspect(check: PoseCheck) -> str:
    return check.suspect.name if check.suspect else ""


@cache
def right() -> PoseCheck:
    return checked(standard())


def test_right_poses_fit() -> None:
    check = right()
    assert check.answer == "fits" and check.code == "" and check.suspect is None
    assert check.t is not None and check.t > 20
    assert check.t_shifts > 10 and check.t_ctf > 5
    assert check.share is not None and 0.7 < check.share < 1.2
    assert check.explained is not None and check.explained_dealt is not None
    assert check.explained > 0.7 and check.explained_dealt < 0.1
    assert len(check.alternatives) == 8
    assert all(a.explained is not None and a.explained < 0.75 * check.explained for a in check.alternatives)
    share, by_chance = f"{check.explained:.2f}", f"{check.explained_dealt:.2f}"
    assert check.words == (
        f"Poses fit: the re-projections explain {share} of each image's signal, {by_chance} with shuffled poses "
        "(200 particles)."
    )
    assert check.shell_correlation[:6].min() > 0.8


@pytest.mark.parametrize(
    "recipe",
    [
        replace(STANDARD, box=24),
        replace(STANDARD, box=47, pixel_size_A=3),
        replace(STANDARD, box=65, pixel_size_A=2),
        replace(STANDARD, premultiplied=True),
        replace(STANDARD, sign=1, views="preferred", error_deg=10),
        replace(STANDARD, snr=0.01, colour=1, neighbours=0.3, ramp=0.5),
    ],
    ids=["box 24", "odd box 47", "odd box 65", "premultiplied", "preferred views", "coloured noise"],
)
def test_right_poses_fit_in_other_sets(recipe: Recipe) -> None:
    check = checked(make_particles(recipe, 2))
    assert check.answer == "fits" and check.map_sign == 1
    assert check.t is not None and check.t > 9


@pytest.mark.parametrize("dtype", ["int8", "int16", "float16"])
def test_stored_in_few_digits(dtype: str) -> None:
    images = np.clip(standard().images * 20, -127, 127).astype(dtype)
    check = checked(standard(), images=images)
    assert check.answer == "fits" and check.t == pytest.approx(right().t, rel=0.1)


def test_symmetric_particles_fit() -> None:
    assert checked(make_particles(STANDARD, 3, with_c4(lump(np.random.default_rng(3))))).answer == "fits"


def wrong(cause: str) -> tuple[PosedParticles, np.ndarray | None]:
    made = standard()
    posed, images = made.posed(), made.images
    pose, shift, pixel_A = posed.rotation_vector, posed.shift_px, STANDARD.pixel_size_A
    assert pose is not None
    changes: dict[str, tuple[PosedParticles, np.ndarray | None]] = {
        "negated-shifts": (replace(posed, shift_px=-shift), None),
        "shifts-over-pixel-size": (replace(posed, shift_px=shift * pixel_A), None),
        "shifts-times-pixel-size": (replace(posed, shift_px=shift / pixel_A), None),
        "inverse-rotations": (replace(posed, rotation_vector=-pose), None),
        "mirrored": (posed, images[:, ::-1]),
        "next-image": (posed, np.roll(images, 1, axis=0)),
        "previous-image": (posed, np.roll(images, -1, axis=0)),
    }
    return changes[cause]


@pytest.mark.parametrize(
    ("cause", "code"),
    [
        ("negated-shifts", "shifts-do-not-fit"),
        ("shifts-over-pixel-size", "shifts-do-not-fit"),
        ("shifts-times-pixel-size", "shifts-do-not-fit"),
        ("inverse-rotations", "poses-do-not-fit"),
        ("mirrored", "poses-do-not-fit"),
        ("next-image", "poses-do-not-fit"),
        ("previous-image", "poses-do-not-fit"),
    ],
)
def test_a_known_cause_is_named(cause: str, code: str) -> None:
    posed, images = wrong(cause)
    check = checked(standard(), posed, images)
    assert (check.answer, suspect(check), check.code) == ("does not fit", cause, code)
    assert check.words.startswith("Shifts do not fit" if "shifts" in cause else "Poses do not fit")


@pytest.mark.parametrize("how", ["phase-flipped", "premultiplied"])
def test_images_that_are_ctf_corrected_are_seen(how: str) -> None:
    """Their poses are judged all the same, and not where it is known that they are corrected."""
    made = standard()
    images = ctf_corrected(made.images, made.ctf, made.recipe.pixel_size_A, how)
    check = checked(made, images=images)
    assert check.ctf_doubt is not None and check.ctf_doubt.are_corrected
    assert check.ctf_doubt.other == pytest.approx(check.own.mean()) and check.ctf_doubt.other > check.ctf_doubt.own
    assert check.answer == "fits"
    assert checked(made, made.posed(ctf=None), images).ctf_doubt is None


def test_a_ctf_of_a_wrong_pixel_size_or_defocus_is_seen() -> None:
    made = standard()
    half_A = made.recipe.pixel_size_A / 2
    small = made.posed(pixel_size_A=half_A, shift_pixel_size_A=np.full(len(made.images), half_A))
    ctf = made.posed().ctf
    assert ctf is not None
    twice = replace(ctf, defocus_u_A=2 * ctf.defocus_u_A, defocus_v_A=2 * ctf.defocus_v_A)
    for posed in (small, made.posed(ctf=twice)):
        doubt = checked(made, posed).ctf_doubt
        assert doubt is not None and not doubt.are_corrected


def test_the_ctf_is_not_doubted_for_a_calibration_of_the_pixel_size_or_with_poses_of_other_images() -> None:
    made, near_A = standard(), 1.03 * standard().recipe.pixel_size_A
    calibrated = made.posed(pixel_size_A=near_A, shift_pixel_size_A=np.full(len(made.images), near_A))
    assert right().ctf_doubt is None and checked(made, calibrated).ctf_doubt is None
    posed = made.posed()
    assert posed.rotation_vector is not None
    order = np.random.default_rng(0).permutation(len(made.images))
    assert checked(made, replace(posed, rotation_vector=posed.rotation_vector[order])).ctf_doubt is None


def test_shifts_that_were_applied_already_are_named() -> None:
    made = make_particles(replace(STANDARD, shift=0), 1)
    posed = made.posed(shift_px=standard().origin_px)
    assert suspect(checked(made, posed)) == "no-shifts"
    assert checked(made).answer == "fits"  # no shifts at all: nothing to doubt


def test_shifts_count_in_their_own_pixels() -> None:
    """An override of the pixel size leaves the shifts' Å alone."""
    posed = standard().posed()
    in_other_pixels = replace(posed, shift_px=posed.shift_px * 2, shift_pixel_size_A=posed.shift_pixel_size_A / 2)
    assert checked(standard(), in_other_pixels).t == pytest.approx(right().t, rel=1e-3)


def test_poses_of_other_images_do_not_fit() -> None:
    made = make_particles(replace(STANDARD, snr=0.1), 4)
    posed, order = made.posed(), np.random.default_rng(0).permutation(200)
    assert posed.rotation_vector is not None
    permuted = replace(posed, rotation_vector=posed.rotation_vector[order], shift_px=posed.shift_px[order])
    check = checked(made, permuted)
    assert check.answer == "does not fit" and check.suspect is None and check.code == "poses-do-not-fit"
    assert check.t is not None and abs(check.t) < 3


def test_noise_alone_says_nothing() -> None:
    noise = np.random.default_rng(0).normal(size=(200, 48, 48))
    check = checked(standard(), images=noise)
    assert (check.answer, check.code, check.map_sign) == ("cannot tell", "poses-unclear", 0)
    assert check.explained is None


def test_a_spot_in_all_pictures_is_no_evidence() -> None:
    noise = np.random.default_rng(0).normal(size=(200, 48, 48))
    noise[:, 20:30, 18:24] -= 3
    check = checked(standard(), images=noise)
    assert check.answer == "cannot tell" and check.map_sign == 0 and abs(check.structure) < 0.05


def test_a_ball_is_not_testable() -> None:
    check = checked(make_particles(replace(STANDARD, snr=0.1), 5, ball()))
    assert check.answer == "not testable" and check.code == ""


def test_few_particles_get_no_verdict() -> None:
    made = make_particles(replace(STANDARD, particles=24, snr=0.1, stacks=4), 6)
    check = checked(made)
    assert check.answer == "cannot tell" and check.t is not None and check.t > 3
    assert check.words == "Too few particles to tell whether the poses fit: 24 of at least 25."


def test_nothing_to_judge() -> None:
    made = standard()
    assert check_poses(made.posed(half=np.zeros(200, int)), made.transforms()) is None
    assert check_poses(made.posed(), made.transforms(np.zeros_like(made.images))) is None


@pytest.mark.parametrize("sign", [-1, 1])
def test_the_map_says_which_data_sign_is_right(sign: int) -> None:
    made = make_particles(replace(STANDARD, sign=sign), 7)
    assert checked(made).map_sign == 1
    other = checked(made, made.posed(data_sign=np.full(200, -float(sign))))
    assert other.map_sign == -1 and other.answer == "fits"


def test_one_row_for_each_image() -> None:
    """Copies of one image in both halves make wrong poses fit: noise with random poses, each image four times."""
    made = make_particles(replace(STANDARD, particles=200), 8)
    noise = np.random.default_rng(0).normal(size=(50, 48, 48))
    copies = np.repeat(np.arange(50), 4)
    pose = made.posed().rotation_vector
    assert pose is not None
    posed = made.posed(
        rotation_vector=np.repeat(pose[:50], 4, axis=0), stack=copies // 5, image_number=copies, half=np.arange(200) % 2
    )
    check = check_poses(posed, made.transforms(noise[copies]))
    if check is not None:
        assert len(check.rows) == 50 and check.answer != "fits"
    hidden = replace(posed, image_number=np.arange(200))
    fooled = check_poses(hidden, made.transforms(noise[copies]))
    assert fooled is not None and fooled.t is not None and fooled.t > 5  # what the rule is there for


def test_a_wild_image_spoils_nothing() -> None:
    images = standard().images.copy()
    images[17] *= 1000
    images[30, 5, 5] = 1e6
    check = checked(standard(), images=images)
    assert check.answer == "fits" and check.t is not None and right().t is not None
    assert check.t > 0.8 * float(right().t or 0)


def test_unreadable_images_are_left_out() -> None:
    images = standard().images.copy()
    images[::10] = np.nan
    check = checked(standard(), images=images)
    assert check.answer == "fits" and len(check.rows) == 180 and 0 not in check.rows


def test_rows_without_a_number_are_left_out() -> None:
    posed = standard().posed()
    assert posed.ctf is not None and posed.rotation_vector is not None
    defocus, vectors = posed.ctf.defocus_u_A.copy(), posed.rotation_vector.copy()
    defocus[3], vectors[5, 1] = np.nan, np.inf
    check = checked(standard(), replace(posed, rotation_vector=vectors, ctf=replace(posed.ctf, defocus_u_A=defocus)))
    assert check.answer == "fits" and set(range(200)) - set(check.rows.tolist()) == {3, 5}


def test_a_stack_with_images_of_other_rows_is_found() -> None:
    made = make_particles(Recipe(particles=400, snr=0.05, shift=0.05), 9)
    rng, images = np.random.default_rng(0), made.images.copy()
    for stack in (3, 11):
        rows = np.flatnonzero(made.stack == stack)
        images[rows] = images[rng.permutation(rows)]
    check = checked(made, images=images)
    assert check.stacks.number[check.stacks.is_bad].tolist() == [3, 11]
    assert check.answer == "fits in part" and check.code == "poses-unclear"
    assert check.words.startswith("Poses fit, but not in 2 of 20 stacks: ")
    whole = checked(made)
    assert not whole.stacks.is_bad.any() and whole.stacks.agreement.min() > 0.7


def test_pairs_show_the_same_particle() -> None:
    made = standard()
    pictures, seen = right().pairs(np.arange(200))
    clean = make_particles(replace(STANDARD, snr=1e4), 1)
    ideal, _ = checked(clean).pairs(np.arange(200))

    def likeness(a: np.ndarray, b: np.ndarray) -> float:
        return float(np.mean([np.corrcoef(x.ravel(), y.ravel())[0, 1] for x, y in zip(a, b)]))

    assert pictures.shape == seen.shape == (200, 29, 29)
    assert likeness(seen, ideal) > 0.8 and likeness(pictures, seen) > 0.3
    assert likeness(seen, ideal[np.roll(np.arange(200), 1)]) < 0.5
    middle = np.hypot(*(np.mgrid[:29, :29] - 14)) < 5
    assert ideal[:, middle].mean() < 0 < ideal[:, ~middle].mean()  # dark particles on light
    assert right().pixel_size_A == pytest.approx(made.recipe.pixel_size_A * 48 / 29)


def test_the_map_is_the_particle() -> None:
    """Correlated with the blobs that the images were drawn from, and not with their mirror image."""
    volume = right().map()
    rng = np.random.default_rng(1)
    phantom = lump(rng)
    z, y, x = np.mgrid[:29, :29, :29] / 29 - 14 / 29
    density = np.zeros((29, 29, 29))
    for (bx, by, bz), width, weight in zip(phantom.centres, phantom.widths, phantom.weights):
        width = np.hypot(width, 0.02)
        density += weight / width**3 * np.exp(-0.5 * ((x - bx) ** 2 + (y - by) ** 2 + (z - bz) ** 2) / width**2)
    alike = np.corrcoef(volume.ravel(), density.ravel())[0, 1]
    assert alike > 0.6
    for axis in range(3):
        assert np.corrcoef(volume.ravel(), np.roll(np.flip(density, axis), 0).ravel())[0, 1] < alike - 0.1
    assert central_slices(volume).shape == projections(volume).shape == (3, 29, 29)
    np.testing.assert_allclose(projections(volume)[0], volume.sum(axis=0))
    dealt = right().dealt_map()
    assert np.corrcoef(dealt.ravel(), density.ravel())[0, 1] < alike - 0.1


def test_own_correlations_stand_out_from_dealt_ones() -> None:
    check = right()
    assert check.own.shape == (200,) and check.dealt.shape == (20, 200)
    assert np.median(check.own) > np.percentile(check.dealt, 95)


def test_it_stops_at_once() -> None:
    asked = iter([False, False, True])
    with pytest.raises(Cancelled):
        check_poses(standard().posed(), standard().transforms(), Progress(lambda: next(asked)))
