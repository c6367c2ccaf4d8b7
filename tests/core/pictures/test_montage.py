"""Tiles and pictures in numbers: filters, binning, centring, order, sign, contrast."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import replace

import numpy as np
import pytest

from cryoimport_gui.core.pictures.montage import (
    GAP_PX,
    auto_limits,
    columns_for,
    compose,
    own_limits,
    tile_at,
    tile_origin,
    to_grey,
)
from cryoimport_gui.core.pictures.png import write_png
from cryoimport_gui.core.pictures.scale_bar import round_length, scale_label, with_scale_bar
from cryoimport_gui.core.pictures.tiles import TileOptions, make_tiles

PLAIN = TileOptions(size_px=1024, flatten=False)
ONE_A = np.array([1.0])


def cosine(box: int, cycles: float, along: str = "x") -> np.ndarray:
    wave = np.cos(2 * np.pi * cycles * np.arange(box) / box)
    return np.broadcast_to(wave if along == "x" else wave[:, None], (box, box)).astype(np.float32)


def blob(box: int, x: float, y: float, width: float = 2.0) -> np.ndarray:
    rows, columns = np.indices((box, box))
    return np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * width**2)).astype(np.float32)


def centroid(image: np.ndarray) -> tuple[float, float]:
    """x and y."""
    rows, columns = np.indices(image.shape)
    return (image * columns).sum() / image.sum(), (image * rows).sum() / image.sum()


@pytest.mark.parametrize("box", [64, 63])
def test_without_options_tiles_are_the_images(box: int) -> None:
    images = np.random.default_rng(0).normal(size=(3, box, box)).astype(np.float32)
    tiles = make_tiles(images, np.ones(3), PLAIN)
    np.testing.assert_array_equal(tiles, images)
    assert not np.shares_memory(tiles, images)


@pytest.mark.parametrize(("box", "size"), [(64, 32), (64, 24), (63, 32), (65, 31)])
def test_binning_keeps_what_fits_and_drops_what_does_not(box: int, size: int) -> None:
    options = replace(PLAIN, size_px=size)
    images = np.stack([cosine(box, 5), cosine(box, 5, "y"), 7 + cosine(box, box // 2 - 3), cosine(box, size // 2 + 2)])
    tiles = make_tiles(images, np.ones(4), options)
    expected = np.cos(2 * np.pi * 5 * np.arange(size) / size)
    np.testing.assert_allclose(tiles[0], np.broadcast_to(expected, (size, size)), atol=1e-5)
    np.testing.assert_allclose(tiles[1], np.broadcast_to(expected[:, None], (size, size)), atol=1e-5)
    np.testing.assert_allclose(tiles[2], 7, atol=1e-4)
    np.testing.assert_allclose(tiles[3], 0, atol=1e-5)


def test_binning_of_noise_is_not_aliased() -> None:
    """White noise of variance 1 keeps the share of its power that fits, (size / box)²."""
    noise = np.random.default_rng(1).normal(size=(20, 96, 96)).astype(np.float32)
    tiles = make_tiles(noise, np.ones(20), replace(PLAIN, size_px=24))
    assert tiles.var() == pytest.approx((24 / 96) ** 2, rel=0.05)


def test_low_pass_halves_the_amplitude_at_its_wavelength_by_each_images_own_pixel_size() -> None:
    images = np.stack([cosine(64, 8), cosine(64, 8)])  # 8 pixels a wave
    options = replace(PLAIN, low_pass_A=20.0)
    tiles = make_tiles(images, np.array([2.5, 5.0]), options)
    assert tiles[0].max() == pytest.approx(0.5, abs=1e-5)
    assert tiles[1].max() == pytest.approx(0.5**0.25, abs=1e-5)


def test_a_filter_is_the_same_whether_tiles_are_binned_or_not() -> None:
    image = cosine(96, 6)[None]
    options = TileOptions(low_pass_A=25.0, high_pass_A=60.0, flatten=False)
    full, binned = (make_tiles(image, np.array([1.3]), replace(options, size_px=s)) for s in (96, 32))
    np.testing.assert_allclose(binned, full[:, ::3, ::3], atol=1e-5)


def test_high_pass_halves_the_amplitude_and_takes_the_mean_away() -> None:
    tiles = make_tiles(3 + cosine(64, 4)[None], ONE_A, replace(PLAIN, high_pass_A=16.0))
    assert tiles.mean() == pytest.approx(0, abs=1e-5)
    assert tiles.max() == pytest.approx(0.5, abs=1e-5)


def test_filters_do_nothing_where_the_pixel_size_is_not_known() -> None:
    image = np.random.default_rng(2).normal(size=(1, 32, 32)).astype(np.float32)
    options = TileOptions(size_px=32, low_pass_A=20.0, high_pass_A=100.0, flatten=False)
    np.testing.assert_allclose(make_tiles(image, np.array([np.nan]), options), image, atol=1e-5)


@pytest.mark.parametrize("size", [64, 32])
def test_flatten_takes_the_plane_of_the_background_away_and_leaves_the_particle(size: int) -> None:
    rows, columns = np.indices((64, 64)) / 64
    particle = blob(64, 32, 32, 4)
    image = (5 + 3 * columns - 2 * rows + particle).astype(np.float32)
    tile = make_tiles(image[None], ONE_A, TileOptions(size_px=64))[0]
    np.testing.assert_allclose(tile, particle, atol=1e-3)


@pytest.mark.parametrize("size", [64, 32])
def test_centre_moves_the_particle_by_its_shift(size: int) -> None:
    shift = np.array([[5.5, -3.25]])  # x, y
    image = blob(64, 32 - 5.5, 32 + 3.25)[None]
    options = replace(PLAIN, size_px=size, centre=True)
    scale = size / 64
    assert centroid(make_tiles(image, ONE_A, options, shift)[0]) == pytest.approx((32 * scale, 32 * scale), abs=0.02)
    stays = make_tiles(image, ONE_A, replace(options, centre=False), shift)[0]
    assert centroid(stays) == pytest.approx((26.5 * scale, 35.25 * scale), abs=0.02)


@pytest.mark.parametrize("psi", [0.0, 30.0, 90.0, -135.0])
@pytest.mark.parametrize("size", [64, 32])
def test_rotate_brings_every_psi_to_psi_0(psi: float, size: int) -> None:
    """A point (x, y) of the particle at psi 0 is seen at (x cos + y sin, y cos - x sin) (RELION's matrix)."""
    x, y, cos, sin = 12.0, 5.0, np.cos(np.radians(psi)), np.sin(np.radians(psi))
    seen = blob(64, 32 + x * cos + y * sin, 32 + y * cos - x * sin, 3.0)
    options = replace(PLAIN, size_px=size, rotate=True)
    tile = make_tiles(seen[None], ONE_A, options, psi_deg=np.array([psi]))[0]
    scale = size / 64
    assert centroid(tile) == pytest.approx(((32 + x) * scale, (32 + y) * scale), abs=0.1)


def test_no_images_are_no_tiles() -> None:
    assert make_tiles(np.empty((0, 32, 32), np.float32), np.empty(0), TileOptions(16, 20.0)).shape == (0, 16, 16)


def test_grey_is_stored_value_times_sign_between_the_limits() -> None:
    values = np.array([[-1.0, 0.0, 0.5, 1.0, 2.0]], np.float32)
    np.testing.assert_array_equal(to_grey(values, 1, 0.0, 1.0), [[0, 0, 127, 255, 255]])
    np.testing.assert_array_equal(to_grey(values, -1, 0.0, 1.0), [[255, 255, 128, 0, 0]])
    np.testing.assert_array_equal(to_grey(values, -1, 0.0, 1.0, invert_view=True), to_grey(values, 1, 0.0, 1.0))
    np.testing.assert_array_equal(to_grey(values, 1, 0.0, 1.0, invert_view=True), to_grey(values, -1, 0.0, 1.0))


def five_tiles() -> np.ndarray:
    """Tile i holds i everywhere but a 4 in its first pixel."""
    tiles = np.arange(5, dtype=np.float32)[:, None, None] * np.ones((1, 6, 6), np.float32)
    tiles[:, 0, 0] = 4
    return tiles


@pytest.mark.parametrize("sign", [1, -1])
def test_tiles_stand_in_rows_from_the_top_left(sign: int) -> None:
    picture = compose(five_tiles(), 3, sign, (0.0, 4.0), gap_grey=99)
    assert picture.dtype == np.uint8
    assert picture.shape == (2 * (6 + GAP_PX) + GAP_PX, 3 * (6 + GAP_PX) + GAP_PX)
    for number in range(5):
        x, y = tile_origin(number, 6, 3)
        grey = int(255 * number / 4)
        expected = np.full((6, 6), grey)
        expected[0, 0] = 255
        np.testing.assert_array_equal(picture[y : y + 6, x : x + 6], expected if sign > 0 else 255 - expected)
    gaps = np.ones(picture.shape, bool)
    for number in range(5):
        x, y = tile_origin(number, 6, 3)
        gaps[y : y + 6, x : x + 6] = False
    assert (picture[gaps] == 99).all()


def test_each_tile_can_have_limits_of_its_own_and_stay_blank() -> None:
    limits = np.array([[0, 1], [0, 2], [0, 4], [0, 6], [0, 8]], np.float32)
    picture = compose(five_tiles(), 5, 1, limits, gap_grey=7, blank=[2])
    middles = [picture[GAP_PX + 3, tile_origin(i, 6, 5)[0] + 3] for i in range(5)]
    assert middles == [0, 127, 7, 127, 127]


def test_limits_by_percentiles() -> None:
    tiles = np.stack([np.linspace(0, 100, 101), np.linspace(0, 1000, 101)]).reshape(2, 101, 1).astype(np.float32)
    np.testing.assert_allclose(own_limits(tiles), [[1, 99], [10, 990]], rtol=1e-5)
    low, high = auto_limits(tiles)
    assert 0 < low < 10
    assert 900 < high < 1000
    flat = np.full((1, 4, 4), 3.0, np.float32)
    assert auto_limits(flat) == (3.0, 4.0)
    np.testing.assert_array_equal(own_limits(flat), [[3, 4]])
    assert auto_limits(flat[:0]) == (0.0, 1.0)
    assert own_limits(flat[:0]).shape == (0, 2)


def test_without_limits_each_tile_has_its_own() -> None:
    tiles = np.random.default_rng(3).normal(size=(4, 16, 16)).astype(np.float32)
    np.testing.assert_array_equal(compose(tiles, 2, 1), compose(tiles, 2, 1, own_limits(tiles)))


@pytest.mark.parametrize(("count", "aspect", "columns"), [(100, 1.0, 10), (100, 1.5, 13), (7, 1.6, 4), (3, 10.0, 3)])
def test_columns_that_make_tiles_largest(count: int, aspect: float, columns: int) -> None:
    assert columns_for(count, aspect) == columns
    sides = [min(aspect / c, 1 / -(-count // c)) for c in range(1, count + 1)]
    assert sides[columns - 1] == max(sides)


def test_columns_of_nothing() -> None:
    assert columns_for(0) == 1


def test_tiles_are_found_by_points() -> None:
    for number in range(5):
        x, y = tile_origin(number, 6, 3)
        assert tile_at(x + 0.1, y + 0.1, 6, 3, 5) == number
        assert tile_at(x + 5.9, y + 5.9, 6, 3, 5) == number
        assert tile_at(x + 6.5, y + 3, 6, 3, 5) is None
        assert tile_at(x + 3, y - 0.5, 6, 3, 5) is None
    x, y = tile_origin(5, 6, 3)
    assert tile_at(x + 1, y + 1, 6, 3, 5) is None
    assert tile_at(-1, 3, 6, 3, 5) is None
    assert tile_at(1000, 3, 6, 3, 5) is None


def test_png_holds_the_picture() -> None:
    picture = np.random.default_rng(4).integers(0, 256, (5, 9), np.uint8)
    file = io.BytesIO()
    write_png(file, picture)
    data = file.getvalue()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    place, chunks = 8, {}
    while place < len(data):
        (length,) = struct.unpack_from(">I", data, place)
        kind, content = data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
        assert struct.unpack_from(">I", data, place + 8 + length)[0] == zlib.crc32(kind + content)
        chunks[kind] = content
        place += 12 + length
    assert struct.unpack(">IIBBBBB", chunks[b"IHDR"]) == (9, 5, 8, 0, 0, 0, 0)
    lines = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(5, 10)
    assert (lines[:, 0] == 0).all()
    np.testing.assert_array_equal(lines[:, 1:], picture)


@pytest.mark.parametrize(
    ("longest", "length"),
    [(100, 100), (199, 100), (200, 200), (499, 200), (999, 500), (0.7, 0.5), (3, 2), (0, 0), (float("nan"), 0)],
)
def test_scale_bars_are_round(longest: float, length: float) -> None:
    assert round_length(longest) == pytest.approx(length)


def test_scale_bar_is_as_long_as_it_says() -> None:
    picture = np.full((50, 600), 128, np.uint8)
    drawn = with_scale_bar(picture, 1.6)  # 0.25 × 600 × 1.6 = 240: 200 Å are 125 pixels
    np.testing.assert_array_equal(drawn[:50], picture)
    strip = drawn[50:]
    (longest,) = {max(len(run) for run in bytes(row).split(b"\xff")) for row in strip if (row[6:100] == 0).all()}
    assert longest == 125
    assert (strip[:, 150:] == 0).any(), "no label"
    assert scale_label(200.0, "Å", varies=True) == "~200 Å"
    assert (with_scale_bar(picture[:, :40], 1.6)[50:] == 255).all(), "no room for bar and label"
