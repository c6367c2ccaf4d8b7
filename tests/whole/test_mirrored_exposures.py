"""Particles that are extracted again, from mirrored exposures at the places of an import: do its poses fit them?"""

from __future__ import annotations

from pathlib import Path

import mrcfile
import numpy as np
import pytest
from cryosparc.dataset import Dataset
from numpy.typing import NDArray

from cryoimport_gui.core.demo import Demo, DemoRecipe, make_demo
from cryoimport_gui.core.pictures.ctf import electron_wavelength_A
from cryoimport_gui.core.pictures.reconstruction import (
    CtfColumns,
    PoseCheck,
    PosedParticles,
    Transforms,
    check_poses,
    halves,
)

from ..support.running import load, run
from ..support.truth import flags_of

BOX = 64


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    recipe = DemoRecipe(snr=1.0, mirrored_micrographs=True, optics_groups=1)
    return make_demo(tmp_path_factory.mktemp("mirrored"), recipe)


def imported(demo: Demo, folder: Path, *flags: str) -> Dataset:
    arguments = [flag for flag in flags_of(demo) if flag not in ("--coordinate-y", "keep")]
    outcome = run(folder, *arguments, "--ignore-raw-data", *flags)
    assert outcome.status == 0, outcome.report["problems"]
    assert outcome.report["coordinate_y"]["value"] == "flip" and outcome.report["coordinate_y"]["mirrored"]
    return load(outcome.output)


def extracted(demo: Demo, data: Dataset) -> NDArray[np.float32]:
    """(n, BOX, BOX) around the places that the dataset names, of the exposures that it names, as they lie on disk."""
    images = np.zeros((len(data), BOX, BOX), np.float32)
    for path in set(data["location/micrograph_path"].tolist()):
        picture = mrcfile.read(demo.project / str(path))
        ny, nx = picture.shape
        padded = np.pad(picture, BOX // 2, mode="edge")
        for row in np.flatnonzero(data["location/micrograph_path"] == path).tolist():
            x = round(float(data["location/center_x_frac"][row]) * nx)
            y = round(float(data["location/center_y_frac"][row]) * ny)
            images[row] = -padded[y : y + BOX, x : x + BOX]
    return images


def checked(images: NDArray[np.float32], data: Dataset) -> PoseCheck:
    """Of images with the fields of a dataset."""
    n, size_A = len(data), data["alignments3D/psize_A"].astype(float)
    transforms = Transforms(n, BOX)
    transforms.add(np.arange(n), images)
    stack = np.unique(data["location/micrograph_uid"], return_inverse=True)[1].astype(np.int64)
    posed = PosedParticles(
        pixel_size_A=float(size_A[0]),
        data_sign=-np.ones(n),
        half=halves(stack),
        stack=stack,
        image_number=np.arange(n),
        shift_px=data["alignments3D/shift"].astype(float),
        shift_pixel_size_A=size_A,
        rotation_vector=data["alignments3D/pose"].astype(float),
        ctf=CtfColumns(
            np.full(n, electron_wavelength_A(float(data["ctf/accel_kv"][0]))),
            *(
                data[f"ctf/{name}"].astype(float)
                for name in ("cs_mm", "amp_contrast", "df1_A", "df2_A", "df_angle_rad", "phase_shift_rad")
            ),
        ),
    )
    check = check_poses(posed, transforms)
    assert check is not None
    return check


def test_mirrored_metadata_fit_particles_from_mirrored_exposures(mirrored: Demo, tmp_path: Path) -> None:
    """As well as before, with the same map of the same hand; left as they are they do not."""
    places = [tmp_path / name for name in ("auto", "no")]
    for place in places:
        place.mkdir()
    auto, left = imported(mirrored, places[0]), imported(mirrored, places[1], "--mirror-poses", "no")
    np.testing.assert_array_equal(auto["location/center_y_frac"], left["location/center_y_frac"])
    images = extracted(mirrored, auto)
    # Before: the same pictures and metadata, both unmirrored.
    before = checked(np.roll(images[:, ::-1], 1, axis=1), left)
    turned, unturned = checked(images, auto), checked(images, left)
    assert (before.answer, turned.answer, unturned.answer) == ("fits", "fits", "does not fit")
    assert turned.own.mean() == pytest.approx(before.own.mean(), abs=0.02)
    assert unturned.own.mean() < 0.5 * turned.own.mean()
    same, other_hand = (
        np.corrcoef(before.map().ravel(), volume.ravel())[0, 1] for volume in (turned.map(), turned.map()[::-1])
    )
    assert same > 0.95 > other_hand
