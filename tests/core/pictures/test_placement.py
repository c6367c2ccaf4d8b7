"""Which way is y, and which scale: planted in made-up micrographs with noise, and found again."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import mrcfile
import numpy as np
import pytest

from cryoimport_gui.core.demo import Demo, DemoRecipe, make_demo
from cryoimport_gui.core.pictures import placement
from cryoimport_gui.core.pictures.correlation import resampling, upside_down
from cryoimport_gui.core.pictures.placement import PlacementSample, compare_one
from cryoimport_gui.core.progress import Cancelled, Progress
from cryoimport_gui.core.stacks.mrc import read_header, read_images

from ...support.placed import judge_placement

SHAPE = (400, 460)
PIXEL_A = 1.5
#: columns and rows of a lattice of particles that do not touch
LATTICE = (5, 4)


def particle(rng: np.random.Generator, box: int, variance: float) -> np.ndarray:
    y, x = np.mgrid[:box, :box] - box // 2
    out = np.zeros((box, box))
    for cy, cx, width in zip(*rng.normal(0, 0.13 * box, (2, 12)), rng.uniform(0.03, 0.06, 12) * box):
        out += np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / 2 / width**2)
    out -= out.mean()
    return out * math.sqrt(variance) / out.std()


def noise(rng: np.random.Generator) -> np.ndarray:
    """Of variance 1, stronger at low frequencies, as that of micrographs is."""
    radius = np.hypot(np.fft.fftfreq(SHAPE[0])[:, None], np.fft.rfftfreq(SHAPE[1]))
    out = np.fft.irfft2(np.fft.rfft2(rng.standard_normal(SHAPE)) * (1 + 4 / (1 + radius / 0.02)), s=SHAPE)
    return out / out.std()


def binned_by(factor: int, image: np.ndarray) -> np.ndarray:
    """Cropped in Fourier space, the first pixel staying the first."""
    size = len(image) // factor
    keep = np.fft.ifftshift(np.arange(size) - size // 2) % len(image)
    return np.fft.ifft2(np.fft.fft2(image)[np.ix_(keep, keep)]).real / factor**2


def planted(
    folder: Path,
    seed: int = 0,
    snr: float = 0.3,
    mirrored: bool = False,
    scale: float = 1.0,
    binned: int = 1,
    shared: float = 1.0,
    box: int = 64,
    dtype: str = "f4",
    gain: float = 1.0,
) -> list[PlacementSample]:
    """60 particles of three micrographs.

    shared: the part of the noise's variance that is the same in the micrograph on disk as in the one picked on.
    """
    rng = np.random.default_rng(seed)
    samples = []
    for number in range(3):
        columns, rows = np.meshgrid(*(np.arange(count) for count in LATTICE))
        cell = np.array(SHAPE[::-1]) / LATTICE
        middle = (np.stack([columns.ravel(), rows.ravel()], axis=1) + 0.5) * cell
        centres = np.rint(middle + rng.uniform(-0.5, 0.5, middle.shape) * (cell - box)).astype(int)
        signal = np.zeros(SHAPE)
        for x, y in centres:
            signal[y - box // 2 : y + box // 2, x - box // 2 : x + box // 2] = particle(rng, box, snr)
        common = noise(rng)
        picked = common - signal
        exposure = math.sqrt(shared) * common + math.sqrt(1 - shared) * noise(rng) - signal
        path = str(folder / f"mic_{seed}_{number}.mrc")
        stored = (exposure[::-1] if mirrored else exposure) * gain
        stored = np.rint(stored - stored.min() * (dtype == "u2")) if dtype in ("i1", "i2", "u2") else stored
        mrcfile.write(path, stored.astype(dtype), overwrite=True)
        for x, y in centres:
            image = picked[y - box // 2 : y + box // 2, x - box // 2 : x + box // 2]
            image = binned_by(binned, image) if binned > 1 else image
            place = x / scale, y / scale
            samples.append(PlacementSample(-image.astype("f4"), PIXEL_A * binned, path, PIXEL_A, SHAPE, *place))
    return samples


@pytest.mark.parametrize("snr", [0.3, 0.05])
@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize(
    ("binned", "scale", "scales"), [(1, 1, (1.0,)), (2, 1, (1.0,)), (1, 0.5, (1.0, 0.5)), (2, 2, (1.0, 2.0))]
)
def test_y_and_scale_are_found(tmp_path, snr, mirrored, binned, scale, scales):
    samples = planted(tmp_path, snr=snr, mirrored=mirrored, binned=binned, scale=scale)
    found = judge_placement(samples, scales)
    right, wrong = found.keep_correlation, found.flip_correlation
    if mirrored:
        right, wrong = wrong, right
    assert found.value == ("flip" if mirrored else "keep")
    assert (found.scale, found.mirrored, found.sampled, found.unreadable) == (scale, mirrored, 60, [])
    assert right > 0.95 and wrong < 0.25


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(("shared", "least", "most"), [(0.2, 0.3, 0.6), (0.03, 0.12, 0.3)])
def test_another_motion_correction_of_the_same_movie(tmp_path, seed, shared, least, most):
    samples = planted(tmp_path, seed, snr=0.05, mirrored=True, shared=shared)
    found = judge_placement(samples)
    assert found.value == "flip"
    assert least < found.flip_correlation < most
    assert found.keep_correlation < 0.12


def test_the_sign_of_the_particles_does_not_matter(tmp_path):
    samples = planted(tmp_path, mirrored=True)
    other = [replace(sample, image=-3 * sample.image + 7) for sample in samples]
    one, two = judge_placement(samples), judge_placement(other)
    assert one.value == two.value == "flip"
    assert two.flip_correlation == pytest.approx(one.flip_correlation, abs=1e-4)


def test_coordinates_that_count_from_the_other_end_of_the_same_picture(tmp_path):
    samples = [replace(s, y_px=SHAPE[0] - s.y_px) for s in planted(tmp_path, snr=0.05)]
    found = judge_placement(samples)
    assert (found.value, found.mirrored) == ("flip", False)
    assert found.flip_correlation > 0.9


def test_particle_images_that_are_mirrored_themselves(tmp_path):
    samples = [replace(s, image=s.image[::-1]) for s in planted(tmp_path, snr=0.05)]
    found = judge_placement(samples)
    assert (found.value, found.mirrored) == ("keep", True)
    assert found.keep_correlation > 0.9


def test_a_pixel_size_that_is_two_percent_off_and_coordinates_two_pixels_off(tmp_path):
    rng = np.random.default_rng(1)
    samples = [
        replace(s, pixel_size_A=s.pixel_size_A * 1.02, x_px=s.x_px + dx, y_px=s.y_px + dy)
        for s, (dx, dy) in zip(planted(tmp_path, snr=0.05, mirrored=True), rng.uniform(-2, 2, (60, 2)))
    ]
    found = judge_placement(samples)
    assert found.value == "flip"
    assert found.flip_correlation > 0.6


@pytest.mark.parametrize("seed", range(3))
def test_images_of_noise_are_unclear(tmp_path, seed):
    rng = np.random.default_rng(seed)
    samples = [replace(s, image=rng.standard_normal(s.image.shape)) for s in planted(tmp_path, seed)]
    found = judge_placement(samples, (1.0, 0.5, 2.0))
    assert (found.value, found.scale) == ("unclear", 1.0)
    assert found.keep_correlation == pytest.approx(found.flip_correlation, abs=0.03)


@pytest.mark.parametrize("seed", range(3))
def test_particles_of_other_places_are_unclear_but_for_a_few(tmp_path, seed):
    samples = planted(tmp_path, seed)
    order = np.roll(np.arange(60), 1)
    order[:2] = 0, 1
    found = judge_placement([replace(s, image=samples[i].image) for s, i in zip(samples, order)])
    assert found.value == "unclear"


def test_a_third_of_the_particles_is_enough(tmp_path):
    samples = planted(tmp_path, snr=0.05, mirrored=True)
    rng = np.random.default_rng(0)
    for i in range(60):
        if i % 3:
            samples[i] = replace(samples[i], image=rng.standard_normal(samples[i].image.shape))
    assert judge_placement(samples).value == "flip"


@pytest.mark.parametrize(("dtype", "gain"), [("i1", 20), ("i2", 100), ("f4", 0.01), ("u2", 100), ("f2", 1)])
def test_data_modes(tmp_path, dtype, gain):
    samples = planted(tmp_path, mirrored=True, dtype=dtype, gain=gain)
    found = judge_placement(samples)
    assert found.value == "flip"
    assert found.flip_correlation > 0.95


def test_hot_and_broken_pixels(tmp_path):
    samples = planted(tmp_path, snr=0.05)
    for number, sample in enumerate(samples):
        x, y = int(sample.x_px), int(sample.y_px)
        with mrcfile.open(sample.micrograph, "r+") as file:
            file.data[y + 5, x - 9] = 1e6
            if number == 7:
                file.data[y, x] = np.nan
    samples[8].image[3, 3] = np.nan
    found = judge_placement(samples)
    assert (found.value, found.sampled) == ("keep", 60)
    assert found.keep_correlation > 0.8


def test_other_boxes_in_one_sample(tmp_path):
    small = [replace(s, micrograph_shape=SHAPE) for s in planted(tmp_path, seed=1, box=48, mirrored=True)]
    found = judge_placement([*planted(tmp_path, mirrored=True), *small])
    assert (found.value, found.sampled) == ("flip", 120)
    assert found.flip_correlation > 0.95


def test_patches_beyond_the_edge_are_padded_or_left_out(tmp_path):
    samples = planted(tmp_path, mirrored=True)
    beyond = [replace(s, x_px=x) for s, x in zip(samples[:4], (20.0, SHAPE[1] - 20.0, -50.0, math.nan))]
    found = judge_placement([*samples[4:], *beyond])
    assert (found.value, found.sampled) == ("flip", 56)
    near = [replace(samples[0], x_px=x) for x in (26.0, SHAPE[1] - 27.0)]
    assert judge_placement([*samples[4:], *near]).sampled == 58


def test_nothing_is_judged_by_less_than_four_particles(tmp_path):
    samples = planted(tmp_path)[::13]
    assert judge_placement(samples[:4]).value == "keep"
    found = judge_placement(samples[:3])
    assert (found.value, found.sampled) == ("unclear", 3)
    assert math.isnan(found.keep_correlation) and math.isnan(found.flip_correlation)


def test_micrographs_that_cannot_be_compared_are_reported_once_and_why(tmp_path):
    samples = planted(tmp_path)
    good = samples[0].micrograph

    def copy(name: str, change: Callable[[mrcfile.mrcfile.MrcFile], None]) -> str:
        path = tmp_path / name
        path.write_bytes(Path(good).read_bytes())
        with mrcfile.open(path, "r+") as file:
            change(file)
        return str(path)

    movie = copy("movie.mrc", lambda file: file.set_data(np.zeros((4, *SHAPE), "f4")))
    small = copy("small.mrc", lambda file: file.set_data(np.zeros((200, 230), "f4")))
    short = tmp_path / "short.mrc"
    short.write_bytes(Path(good).read_bytes()[:-1000])
    text = tmp_path / "text.mrc"
    text.write_text("not a micrograph")
    reasons = {
        str(tmp_path / "absent.mrc"): "No such file",
        str(tmp_path / "movie.TIF"): "TIFF",
        str(tmp_path / "movie.eer"): "EER",
        movie: "a movie of 4 frames",
        small: "230 × 200 pixels, but its dataset says 460 × 400",
        str(short): "bytes long",
        str(text): "shorter than an MRC header",
    }
    bad = [replace(samples[i % 20], micrograph=path) for i, path in enumerate([*reasons, *reasons])]
    found = judge_placement([*bad, *samples])
    assert (found.value, found.sampled) == ("keep", 60)
    assert len(found.unreadable) == len(reasons)
    for line, (path, reason) in zip(found.unreadable, reasons.items()):
        assert line.startswith(f"{path}: ") and reason in line

    nothing = judge_placement(bad, (0.5, 1.0))
    assert (nothing.value, nothing.sampled, nothing.scale) == ("unclear", 0, 0.5)
    assert math.isnan(nothing.keep_correlation)
    assert judge_placement([]).value == "unclear"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"micrograph_pixel_size_A": 0.0}, "pixel size"),
        ({"pixel_size_A": math.nan}, "pixel size"),
        ({"pixel_size_A": 0.1}, "too few"),
        ({"image": np.zeros((8, 8), "f4")}, "too few"),
    ],
)
def test_particles_that_cannot_be_compared(tmp_path, change, reason):
    sample = replace(planted(tmp_path)[0], **change)
    found = judge_placement([sample] * 5)
    assert (found.value, found.sampled) == ("unclear", 0)
    assert len(found.unreadable) == 1 and reason in found.unreadable[0]


def test_a_micrograph_that_cannot_be_read_half_way_is_reported(tmp_path, monkeypatch):
    samples = planted(tmp_path)
    read_rows = placement.read_image_rows

    def fail(path, header, first, last):
        if path == samples[0].micrograph:
            raise OSError("stale file handle")
        return read_rows(path, header, first, last)

    monkeypatch.setattr(placement, "read_image_rows", fail)
    found = judge_placement(samples)
    assert (found.value, found.sampled) == ("keep", 40)
    assert found.unreadable == [f"{samples[0].micrograph}: stale file handle"]


def test_only_the_rows_of_the_patches_are_read(tmp_path, monkeypatch):
    samples = planted(tmp_path, box=48)
    rows: list[int] = []
    read_rows = placement.read_image_rows

    def watch(path, header, first, last):
        rows.append(last - first)
        return read_rows(path, header, first, last)

    monkeypatch.setattr(placement, "read_image_rows", watch)
    judge_placement(samples)
    assert len(rows) == 120
    assert max(rows) <= 48 + 10


def test_it_can_be_stopped(tmp_path):
    with pytest.raises(Cancelled):
        judge_placement(planted(tmp_path), progress=Progress(lambda: True))


@pytest.mark.parametrize("mirrored", [False, True])
def test_the_pictures_of_one_particle(tmp_path, mirrored):
    sample = planted(tmp_path, snr=0.05, mirrored=mirrored, binned=2)[23]
    pair = compare_one(sample)
    assert pair.keep is not None and pair.flip is not None
    right, wrong = (pair.flip, pair.keep) if mirrored else (pair.keep, pair.flip)
    assert pair.pixel_size_A == 2 * PIXEL_A
    assert pair.particle.shape == right.shape == wrong.shape == sample.image.shape
    for picture in (pair.particle, right, wrong):
        assert abs(picture.mean()) < 1e-3 and picture.std() == pytest.approx(1, abs=1e-3)
    # The particle is stored light on dark, the micrograph dark on light.
    assert np.corrcoef(pair.particle.ravel(), right.ravel())[0, 1] < -0.9
    assert abs(np.corrcoef(pair.particle.ravel(), wrong.ravel())[0, 1]) < 0.4
    correlations = pair.flip_correlation, pair.keep_correlation
    assert correlations[not mirrored] > 0.9 and correlations[mirrored] < 0.5


def test_the_picture_of_a_place_outside_of_the_micrograph_is_missing(tmp_path):
    sample = planted(tmp_path)[0]
    pair = compare_one(sample, scale=10)
    assert pair.keep is None and pair.flip is None
    assert math.isnan(pair.keep_correlation) and math.isnan(pair.flip_correlation)
    with pytest.raises(ValueError, match="EER"):
        compare_one(replace(sample, micrograph="movie.eer"))
    with pytest.raises(OSError, match="absent"):
        compare_one(replace(sample, micrograph="absent.mrc"))


def test_resampling_at_the_pixels_themselves_changes_nothing():
    matrix = resampling(10, 5, 1, 4)
    assert np.allclose(matrix, np.eye(10)[3:7], atol=1e-6)
    assert np.allclose(resampling(10, 1, 1, 6)[:3], np.eye(10)[[0, 0, 0]], atol=1e-6)


def test_resampling_keeps_waves_that_fit_the_new_grid():
    x, at = np.arange(200), 20.3 + (np.arange(60) - 30) * 2.5 + 75
    seen = resampling(200, 95.3, 2.5, 60) @ np.cos(2 * np.pi * x / 12)
    assert np.allclose(seen[5:-5], np.cos(2 * np.pi * at[5:-5] / 12), atol=0.02)


@pytest.mark.parametrize("side", [6, 7])
def test_upside_down_keeps_the_middle_row(side):
    picture = np.arange(side * side, dtype="f4").reshape(side, side)
    turned = upside_down(picture[None])[0]
    assert np.array_equal(turned[side // 2], picture[side // 2])
    assert np.array_equal(turned[side // 2 + 1], picture[side // 2 - 1])


def demo_samples(demo: Demo, each: int) -> list[PlacementSample]:
    rows = [row for m in range(len(demo.micrographs)) for row in np.flatnonzero(demo.micrograph_index == m)[:each]]
    samples = []
    for row in rows:
        stack = demo.stacks[demo.stack_index[row]]
        image = read_images(stack, read_header(stack), [demo.image_index[row]])[0]
        micrograph, pixel_size_A = demo.micrograph_index[row], demo.pixel_size_A[demo.optics_group[row] - 1]
        samples.append(
            PlacementSample(
                image,
                pixel_size_A,
                str(demo.micrographs[micrograph]),
                pixel_size_A / demo.recipe.binned,
                tuple(demo.exposure_shapes[micrograph]),
                *demo.coordinates[row],
            )
        )
    return samples


def test_the_demo_keeps_y(demo):
    found = judge_placement(demo_samples(demo, 3))
    assert (found.value, found.sampled) == ("keep", 60)
    assert found.keep_correlation > 0.95 and found.flip_correlation < 0.2


def test_a_demo_with_mirrored_binned_super_resolution_micrographs(tmp_path):
    recipe = DemoRecipe(
        micrographs=3,
        particles_per_micrograph=20,
        box=32,
        snr=0.05,
        binned=2,
        mirrored_micrographs=True,
        coordinate_scale=2.0,
    )
    found = judge_placement(demo_samples(make_demo(tmp_path, recipe), 20), (1.0, 0.5))
    assert (found.value, found.scale, found.mirrored) == ("flip", 0.5, True)
    assert found.flip_correlation > 0.9


@pytest.mark.parametrize("seed", range(3))
def test_weak_likeness_is_not_taken_for_another_place(tmp_path, seed):
    samples = planted(tmp_path, seed, snr=0.05, shared=0.2)
    for some in samples, samples[::3], samples[::5]:
        found = judge_placement(some)
        assert found.lead > 3.5 and not found.are_nowhere
    order = np.roll(np.arange(60), 7)
    wrong = judge_placement([replace(s, image=samples[i].image) for s, i in zip(samples, order)])
    assert wrong.lead < 3.5 and wrong.are_nowhere
