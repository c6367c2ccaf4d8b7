"""Micrographs made small for the eye."""

from __future__ import annotations

from pathlib import Path

import mrcfile
import numpy as np
import pytest

from cryoimport_gui.core.pictures import micrograph as micrograph_picture
from cryoimport_gui.core.pictures.micrograph import LARGEST_PX, micrograph_header, read_picture, why_not
from cryoimport_gui.core.progress import Cancelled, Progress
from cryoimport_gui.core.stacks.mrc import read_image_rows

NY, NX = 1100, 1531
PLACES = [(100, 200), (700, 1300), (1050, 40)]
_DTYPES = {0: "int8", 1: "int16", 2: "float32", 6: "uint16", 12: "float16"}


def planted(mode: int = 2) -> np.ndarray:
    """A slope across the picture, noise, and dark discs of 20 pixels radius at `PLACES`."""
    rng = np.random.default_rng(5)
    y, x = np.mgrid[:NY, :NX]
    image = 60 + 30 * x / NX + 4 * rng.standard_normal((NY, NX))
    for row, column in PLACES:
        image[np.hypot(y - row, x - column) < 20] -= 20
    return np.rint(image).astype(_DTYPES[mode])


def write(path: Path, image: np.ndarray) -> Path:
    with mrcfile.new(path, image, overwrite=True) as file:
        file.voxel_size = 1.0
    return path


@pytest.mark.parametrize("mode", _DTYPES)
def test_dark_discs_are_where_they_were_planted_in_every_mode(tmp_path: Path, mode: int) -> None:
    path = write(tmp_path / "a.mrc", planted(mode))
    with mrcfile.open(path, header_only=True) as file:
        assert file.header.mode == mode
    picture = read_picture(path, (NY, NX), 1.0)
    assert picture.factor == 2
    assert picture.grey.shape == (550, 765)
    assert picture.shape == (NY, NX)
    for row, column in PLACES:
        inside = picture.grey[row // 2 - 4 : row // 2 + 5, column // 2 - 4 : column // 2 + 5]
        assert inside.max() < np.median(picture.grey) - 60


def test_slopes_are_taken_out(tmp_path: Path) -> None:
    grey = read_picture(write(tmp_path / "a.mrc", planted()), (NY, NX), 1.0).grey
    left, right = np.median(grey[:, :250]), np.median(grey[:, -250:])
    assert abs(left - right) < 15  # of the 30 counts, against discs of 20 that span most of 255


def test_smoothing_takes_out_what_is_finer_than_its_spacing(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mrc", np.random.default_rng(1).standard_normal((256, 256)).astype("f4"))
    rough = read_picture(path, (256, 256), 1.0, low_pass_A=0).grey.astype(float)
    smooth = read_picture(path, (256, 256), 1.0, low_pass_A=16).grey.astype(float)
    unknown = read_picture(path, (256, 256), 0.0).grey

    def fine(grey: np.ndarray) -> float:
        """The part of the variance between neighbours."""
        return float(np.diff(grey, axis=1).var() / (2 * grey.var()))

    assert fine(rough) > 0.9
    assert fine(smooth) < 0.1
    np.testing.assert_array_equal(unknown, rough)


def test_it_is_read_in_stretches_that_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.mrc", planted())
    whole = read_picture(path, (NY, NX), 1.0)
    read: list[int] = []

    def counting(path: Path, header: object, first: int, last: int) -> np.ndarray:
        read.append(last - first)
        return read_image_rows(path, header, first, last)

    monkeypatch.setattr(micrograph_picture, "_STRETCH_BYTES", 100_000)
    monkeypatch.setattr(micrograph_picture, "read_image_rows", counting)
    np.testing.assert_array_equal(read_picture(path, (NY, NX), 1.0).grey, whole.grey)
    assert max(read) * NX * 4 <= 100_000
    assert sum(read) == NY

    asked = iter([False, False, True])
    with pytest.raises(Cancelled):
        read_picture(path, (NY, NX), 1.0, progress=Progress(lambda: next(asked)))


def test_values_that_are_not_finite_do_not_spoil_the_picture(tmp_path: Path) -> None:
    clean = read_picture(write(tmp_path / "a.mrc", planted()), (NY, NX), 1.0).grey
    values = np.memmap(tmp_path / "a.mrc", "f4", "r+", 1024, (NY, NX))
    values[::31, ::29] = np.nan
    values[5, 5] = np.inf
    values.flush()
    grey = read_picture(tmp_path / "a.mrc", (NY, NX), 1.0).grey
    assert np.corrcoef(grey.ravel(), clean.ravel())[0, 1] > 0.99
    values[:] = np.nan
    values.flush()
    assert len(np.unique(read_picture(tmp_path / "a.mrc", (NY, NX), 1.0).grey)) == 1


def test_a_picture_without_contrast_and_a_small_one(tmp_path: Path) -> None:
    flat = read_picture(write(tmp_path / "a.mrc", np.full((40, 7), 3, "f4")), (40, 7), 1.0)
    assert flat.grey.shape == (40, 7)
    assert flat.factor == 1


@pytest.mark.parametrize(("shape", "factor"), [((1, LARGEST_PX), 1), ((1, LARGEST_PX + 1), 2), ((3, 3000), 3)])
def test_the_longer_side_sets_the_binning(tmp_path: Path, shape: tuple[int, int], factor: int) -> None:
    shape = (shape[0] * factor, shape[1])
    picture = read_picture(write(tmp_path / "a.mrc", np.zeros(shape, "i2")), shape, 1.0)
    assert picture.factor == factor
    assert picture.grey.shape == (shape[0] // factor, shape[1] // factor)


def test_why_there_is_no_picture(tmp_path: Path) -> None:
    good = write(tmp_path / "a.mrc", np.zeros((20, 30), "f4"))
    movie = write(tmp_path / "movie.mrc", np.zeros((5, 20, 30), "f4"))
    cut = tmp_path / "cut.mrc"
    cut.write_bytes(good.read_bytes()[:-4])
    (tmp_path / "text.mrc").write_text("not a picture" * 200)
    assert micrograph_header(good, (20, 30)).nx == 30
    for path, words in (
        (movie, "movie of 5 frames"),
        (tmp_path / "x.tif", "TIFF"),
        (tmp_path / "x.EER", "EER"),
        (
            tmp_path / "gone.mrc",
            "No such file or directory (paths of exposures are relative to the CryoSPARC project folder)",
        ),
        (cut, "not a usable MRC file"),
        (tmp_path / "text.mrc", "not a usable MRC file"),
    ):
        with pytest.raises((OSError, ValueError)) as caught:
            read_picture(path, (20, 30), 1.0)
        assert words in why_not(caught.value)
    with pytest.raises(ValueError, match="30 × 20 pixels, but its dataset says 20 × 30"):
        read_picture(good, (30, 20), 1.0)
