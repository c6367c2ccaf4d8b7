from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from cryoimport_gui.core.demo import DemoRecipe, make_demo
from cryoimport_gui.core.pictures.data_sign import detect_data_sign, judged_groups, opposed
from cryoimport_gui.core.stacks.mrc import read_header, read_images

from ...support.signal_images import BOX, SHAPES, counts_through_uneven_ice, masked, particles, signals, uneven, white


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("snr", [0.3, 0.1, 0.03])
def test_both_signs(shape: str, snr: float) -> None:
    images, shifts = particles(shape, snr, count=80)
    light = detect_data_sign(images)
    assert light.value == -1 and light.particles_brighter > 0.6 and light.sampled == 80
    dark = detect_data_sign(-images)
    assert dark.value == 1 and dark.particles_brighter == pytest.approx(1 - light.particles_brighter)
    assert dark.confidence == pytest.approx(light.confidence) and light.confidence > 0.98
    assert detect_data_sign(images, shifts).value == -1


@pytest.mark.parametrize("dtype", ["int8", "int16", "float16", "float32"])
def test_stored_types_and_offsets(dtype: str) -> None:
    images, shifts = particles("lump", 0.03, count=80)
    scale = {"int8": 20, "int16": 1000}.get(dtype, 1)
    for sign in (1, -1):
        stored = np.clip(np.rint(sign * images * scale), -127 * scale, 127 * scale).astype(dtype)
        assert detect_data_sign(stored).value == detect_data_sign(stored, shifts).value == -sign
    raw = (3000 - 50 * images).astype(dtype) if dtype in ("int16", "float32") else -images
    assert detect_data_sign(raw).value == 1


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("snr", [0.3, 0.03])
def test_particles_off_the_middle(shape: str, snr: float) -> None:
    images, shifts = particles(shape, snr, count=120, off_centre=0.2, seed=3)
    assert detect_data_sign(images).value == -1
    assert detect_data_sign(-images, shifts).value == 1


def test_shifts_have_the_sign_of_relion() -> None:
    images, shifts = particles("small", 0.01, count=200, off_centre=0.3, seed=2)
    right, wrong = detect_data_sign(images, shifts), detect_data_sign(images, -shifts)
    assert right.value == -1
    assert right.particles_brighter > wrong.particles_brighter + 0.1


def test_reduces_large_and_odd_boxes() -> None:
    for box in (63, 97, 160):
        images, shifts = particles("lump", 0.02, count=40, box=box, off_centre=0.1)
        assert detect_data_sign(images).value == -1
        assert detect_data_sign(-images[:, : box - 9], shifts).value == 1


@pytest.mark.parametrize("shape", SHAPES)
def test_neighbours_in_the_box(shape: str) -> None:
    images, _ = particles(shape, 0.1, count=80, neighbours=3, seed=1)
    assert detect_data_sign(images).value == -1


@pytest.mark.parametrize("shape", SHAPES)
def test_neighbours_of_an_empty_middle_do_not_turn_the_sign(shape: str) -> None:
    images, _ = particles(shape, 0.3, count=80, neighbours=3, middle_occupied=False, seed=1)
    assert detect_data_sign(images).value in (0, -1)


@pytest.mark.parametrize("shape", ["lump", "rod", "large"])
def test_negative_stain_particles_are_light(shape: str) -> None:
    images, _ = particles(shape, 0.1, count=80, stained=True)
    assert detect_data_sign(images).value == -1
    assert detect_data_sign(-images).value == 1


@pytest.mark.parametrize("shape", SHAPES)
def test_ramps_and_empty_boxes_do_not_matter(shape: str) -> None:
    rng = np.random.default_rng(5)
    images, _ = particles(shape, 0.1, count=80)
    images[::2] = rng.standard_normal(images[::2].shape)
    ramp = np.linspace(-1, 1, BOX)
    slopes = rng.normal(0, 5, (2, len(images), 1, 1))
    assert detect_data_sign(images + slopes[0] * ramp + slopes[1] * ramp[:, None]).value == -1


@pytest.mark.parametrize("shape", SHAPES)
def test_carbon_edges_do_not_matter(shape: str) -> None:
    rng = np.random.default_rng(5)
    images, _ = particles(shape, 0.1, count=80)
    ramp = np.linspace(-0.5, 0.5, BOX)
    angle = rng.uniform(0, 2 * np.pi, (16, 1, 1))
    carbon = np.cos(angle) * ramp + np.sin(angle) * ramp[:, None] > rng.uniform(-0.1, 0.4, (16, 1, 1))
    images[:16] += 2 * carbon
    assert detect_data_sign(images).value == -1


def counts(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray:
    return rng.poisson(1.5, shape)


def hot_pixels(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray:
    return rng.standard_normal(shape) + 50 * (rng.uniform(size=shape) < 2e-4)


@pytest.mark.parametrize("noise", [white, uneven, counts, counts_through_uneven_ice, hot_pixels, masked])
def test_boxes_without_particles_are_unclear(noise) -> None:
    rng = np.random.default_rng(11)
    verdicts = [
        detect_data_sign(noise(rng, (count, 32, 32)))
        for count, runs in ((7, 100), (40, 60), (400, 4))
        for _ in range(runs)
    ]
    assert np.mean([verdict.value != 0 for verdict in verdicts]) <= 0.05
    assert np.mean([verdict.confidence for verdict in verdicts]) < 0.8


def test_confidence_is_calibrated() -> None:
    """Signals from hopeless to easy, few images and many: the confidence is never more than the truth is."""
    rng = np.random.default_rng(2)
    confidence, right = [], []
    for _ in range(300):
        signal, _ = signals(rng.choice(SHAPES), 100, box=32, off_centre=0.15, neighbours=1)
        images = signal[rng.permutation(100)[: rng.integers(7, 60)]] * 10 ** rng.uniform(-2, -0.5)
        images = images + rng.standard_normal(images.shape)
        sign = rng.choice([-1, 1])
        verdict = detect_data_sign(-sign * images)
        confidence.append(verdict.confidence)
        supported = verdict.value or (-1 if verdict.particles_brighter > 0.5 else 1)
        right.append(supported == sign)
    confidence, right = np.array(confidence), np.array(right)
    assert 60 < (confidence >= 0.95).sum() < 240
    assert right[confidence >= 0.95].mean() >= 0.95
    doubtful = (confidence >= 0.7) & (confidence < 0.95)
    assert right[doubtful].mean() >= 0.7


@pytest.mark.parametrize("recipe", [DemoRecipe(micrographs=3), DemoRecipe(micrographs=3, inverted=False, dtype="int8")])
def test_demo(tmp_path: Path, recipe: DemoRecipe) -> None:
    demo = make_demo(tmp_path, recipe)
    images = [image for stack in demo.stacks for image in read_images(stack, read_header(stack), range(20))]
    verdict = detect_data_sign(iter(images), demo.shift_px)
    assert (verdict.value, verdict.sampled) == (demo.data_sign, 60)
    assert abs(verdict.particles_brighter - recipe.inverted) < 0.05


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("empiar_10076/empiar_10076_7.mrc", 1),
        ("aspire_sample/sample.mrcs", -1),
        ("relion31/relion31.mrcs", 0),
    ],
)
def test_real_particles(corpus: Path, name: str, value: int) -> None:
    header = read_header(corpus / name)
    images = read_images(corpus / name, header, range(header.nz))
    verdict = detect_data_sign(images)
    assert (verdict.value, verdict.sampled) == (value, header.nz)
    assert detect_data_sign(-images).value == -value


def test_images_that_say_nothing_are_left_out() -> None:
    images, shifts = particles("lump", 0.1, count=40)
    images[3], images[5, 2, 2], images[7, 0, 0] = 4.0, np.nan, np.inf
    verdict = detect_data_sign(images, shifts)
    assert (verdict.value, verdict.sampled) == (-1, 37)
    shifts[9], shifts[10], shifts[11] = np.nan, np.inf, 1e6
    assert detect_data_sign(images, shifts).value == -1
    images[12, 1, 1:3] = np.inf, -np.inf
    assert detect_data_sign(images, shifts).sampled == 36
    ramp = np.zeros((1, 33, 33)) + np.arange(-16, 17)
    assert math.isfinite(detect_data_sign(ramp).confidence)
    for nothing in ([], np.zeros((5, 32, 32)), np.full((2, 32, 32), np.nan)):
        verdict = detect_data_sign(nothing)
        assert (verdict.value, verdict.particles_brighter, verdict.confidence, verdict.sampled) == (
            0,
            0.5,
            0.5,
            0,
        )
    assert detect_data_sign(images[:1]).value == 0


def test_what_was_seen_is_reported_for_none_one_and_many() -> None:
    images, shifts = particles("lump", 0.1, count=40)
    assert detect_data_sign([]).words == "no image could be looked at"
    for sign, stored in ((1, "bright"), (-1, "dark")):
        one, all_of_them = (detect_data_sign(sign * images[:n], shifts[:n]).words for n in (1, 40))
        assert one == f"the only particle is stored {stored}"
        assert all_of_them == f"40 of 40 particles are stored {stored}"


def test_which_images_were_left_out_is_reported() -> None:
    images, shifts = particles("lump", 0.1, count=12)
    images[3], images[5, 2, 2], images[7, 0, 0] = 4.0, np.nan, np.inf
    verdict = detect_data_sign(images, shifts)
    assert (verdict.blank, verdict.not_finite) == ((3,), (5, 7))
    assert np.flatnonzero(np.isnan(verdict.brighter)).tolist() == [3, 5, 7]
    assert (verdict.brighter[[0, 1, 2, 4, 6]] > 0).mean() == 1


def test_groups_of_opposite_contrast_are_found() -> None:
    images, shifts = particles("lump", 0.1, count=48)
    stacks, halves = np.arange(48) // 8, np.arange(48) // 24
    images[stacks % 3 == 1] *= -1
    brighter = detect_data_sign(images, shifts).brighter
    assert opposed(brighter, stacks) == ([1, 4], [0, 2, 3, 5])
    assert opposed(brighter, halves) == ([], [])
    assert opposed(brighter, (stacks % 3 == 1).astype(int)) == ([1], [0])
    assert opposed(brighter, np.full(48, -1)) == opposed(np.empty(0), np.empty(0, int)) == ([], [])
    brighter[8:16] *= -1  # now only one small stack is of the other kind
    assert opposed(brighter, stacks) == ([], [])


def test_two_of_25_stacks_are_found() -> None:
    """Of a small share only stacks with 16 images or more can be judged; a single one may be carbon."""
    images, shifts = particles("lump", 0.1, count=400)
    stacks = np.arange(400) % 25
    brighter = detect_data_sign(images, shifts).brighter
    for inverted, found in (({3, 17}, [3, 17]), ({3}, []), (set(), [])):
        dark, _ = opposed(np.where(np.isin(stacks, list(inverted)), -brighter, brighter), stacks)
        assert dark == found
    assert judged_groups(brighter, stacks) == 25
    few = np.arange(400) % 40
    assert opposed(np.where(np.isin(few, [3, 17]), -brighter, brighter), few) == ([], [])
    assert judged_groups(brighter, few) == 0


@pytest.mark.parametrize("groups", [2, 5, 20, 50])
def test_noise_and_weak_particles_do_not_contradict_each_other(groups: int) -> None:
    rng = np.random.default_rng(groups)
    numbers = np.arange(400) % groups
    for noise in (white, uneven, counts_through_uneven_ice, masked):
        brighter = detect_data_sign(noise(rng, (400, 32, 32))).brighter
        for _ in range(50):
            assert opposed(brighter, rng.permutation(numbers)) == ([], []), noise.__name__
    for snr in (0.003, 0.01, 0.03):
        brighter = detect_data_sign(*particles("lump", snr, count=400)).brighter
        for _ in range(50):
            assert opposed(brighter, rng.permutation(numbers)) == ([], []), snr
