"""Positions without particle images: picks on real pictures, how far coordinates reach, pixel sizes, nothing."""

from __future__ import annotations

from pathlib import Path

import mrcfile
import numpy as np
import pytest
import starfile
from numpy.typing import NDArray

from cryoimport_gui.core.parameters import ImportParameters
from cryoimport_gui.core.plan.plan import ImportPlan
from cryoimport_gui.core.plan.planner import plan_import
from cryoimport_gui.core.problems import Problem

from ...support.stars import OPTICS, write_exposures, write_star

EXPOSURE_A, NY, NX = 1.0, 3000, 4000
MOVIES = {"blob": "movie_blob", "ending": ".tif"}


def planned(
    folder: Path,
    xy: NDArray[np.float64],
    exposure: NDArray[np.int64],
    optics: dict[str, float] | None = None,
    blob: str = "micrograph_blob",
    ending: str = ".mrc",
    names: str = "MotionCorr/job002/Movies/m{}",
    shape: tuple[int, int] = (NY, NX),
    size_A: float = EXPOSURE_A,
    **choices: object,
) -> ImportPlan:
    """Particles without images, with these coordinates on exposures `J1/m<k>`."""
    n, count = len(xy), int(exposure.max()) + 1
    rows = {
        "rlnImageName": [f"{i + 1:06d}@Extract/job003/Movies/all.mrcs" for i in range(n)],
        "rlnMicrographName": [f"{names.format(k)}.mrc" for k in exposure],
        "rlnCoordinateX": xy[:, 0].tolist(),
        "rlnCoordinateY": xy[:, 1].tolist(),
        "rlnAnglePsi": [30.0] * n,
        "rlnOpticsGroup": [1] * n,
    }
    sizes = {"rlnImagePixelSize": [size_A]} | {name: [value] for name, value in (optics or {}).items()}
    star = write_star(folder / "run_data.star", rows, OPTICS | sizes)
    frames = [40] if blob == "movie_blob" else []
    exposures = {
        "uid": np.arange(count, dtype="u8") + 1,
        f"{blob}/path": np.array([f"J1/m{k}{ending}".encode() for k in range(count)]),
        f"{blob}/shape": np.array([[*frames, *shape]] * count, "u4"),
        f"{blob}/psize_A": np.full(count, size_A, "f4"),
    }
    dataset = write_exposures(folder / "P/J1/exposures.cs", exposures)
    values = {"meta": str(star), "exposures": str(dataset), "ignore_raw_data": True, "suggest_trims": True, **choices}
    return plan_import(ImportParameters(**values))  # type: ignore[arg-type]


def said(plan: ImportPlan, code: str) -> list[Problem]:
    return [p for p in plan.problems if p.code == code]


def all_over(count: int, exposures: int, reach: float = 1.0, seed: int = 0) -> tuple[NDArray, NDArray]:
    """Places in pixels of the exposure, up to `reach` of its width and height; and the exposure of each."""
    rng = np.random.default_rng(seed)
    return rng.uniform(0.02, 0.98, (count, 2)) * [NX, NY] * reach, np.arange(count) % exposures


def test_how_far_coordinates_reach_tells_their_scale(tmp_path: Path) -> None:
    plan = planned(tmp_path, *all_over(60, 4))
    (group,) = plan.placing.groups  # type: ignore[union-attr]
    assert (group.scale, group.scale_source) == (1.0, "extent")
    assert not said(plan, "coordinate-scale-unclear") and not said(plan, "coordinates-scaled")


@pytest.mark.parametrize(
    ("names", "group"), [("m{}", "opticsGroup1"), ("a/b/m{}", "a/b, opticsGroup1"), ("s{0}/m{0}", "s0")]
)
def test_groups_are_folders_of_an_optics_group(tmp_path: Path, names: str, group: str) -> None:
    plan = planned(tmp_path, *all_over(60, 4), names=names)
    found = [place.name for place in plan.placing.groups]  # type: ignore[union-attr]
    assert group in found[0] and len(found) == (4 if names.startswith("s") else 1)
    assert sum(place.particles for place in plan.placing.groups) == 60  # type: ignore[union-attr]


def test_movies_that_were_binned_before_particles_were_picked(tmp_path: Path) -> None:
    """The movie's own pixel size, which the file gives, is not that of the picture that was picked on."""
    xy, exposure = all_over(60, 4)
    plan = planned(tmp_path, xy / 2, exposure, {"rlnMicrographOriginalPixelSize": 1.0}, **MOVIES)
    assert plan.placing is not None and plan.particles is not None
    places = plan.placing.of(plan.particles)
    assert set(places.scale) == {2.0} and not places.flip.any()
    (scaled,) = said(plan, "coordinates-scaled")
    assert "2 (as far as they reach)" in scaled.message and "--coordinate-scale" in scaled.hint
    (unclear,) = said(plan, "coordinate-y-unclear")
    assert "flipped is likelier" in unclear.message and "TIFF" in unclear.message and "it is kept" in unclear.message
    assert "Patch Motion" in unclear.hint
    assert not places.mirrors_pose.any()


@pytest.mark.parametrize(("particles", "scale"), [(60, 2.0), (4, 1.0)])
def test_particles_in_one_quarter_of_all_exposures(tmp_path: Path, particles: int, scale: float) -> None:
    """What no extent can see: so a scale other than 1 is always said; and few particles tell nothing."""
    plan = planned(tmp_path, *all_over(particles, 4, reach=0.5))
    (group,) = plan.placing.groups  # type: ignore[union-attr]
    assert group.scale == scale
    assert len(said(plan, "coordinates-scaled")) == (scale != 1)
    unclear = said(plan, "coordinate-scale-unclear")
    assert len(unclear) == (scale == 1)
    assert all("2 is likelier than 1" in problem.message for problem in unclear)


def test_pixel_sizes_of_the_file_come_after_the_extent(tmp_path: Path) -> None:
    """They settle what the extent leaves open; where both speak and differ, that is said."""
    sizes = {"rlnMicrographPixelSize": 2.0}
    (group,) = planned(tmp_path / "a", *all_over(4, 2, 0.5), sizes).placing.groups  # type: ignore[union-attr]
    assert (group.scale, group.scale_source, group.scale_doubt) == (2.0, "file", "")
    differing = planned(tmp_path / "b", *all_over(60, 4), sizes)
    (group,) = differing.placing.groups  # type: ignore[union-attr]
    assert (group.scale, group.scale_source) == (1.0, "extent")
    (unclear,) = said(differing, "coordinate-scale-unclear")
    assert "the pixel sizes of the file say 2" in unclear.message


def test_a_calibration_of_the_pixel_size_moves_no_particle(tmp_path: Path) -> None:
    plan = planned(tmp_path, *all_over(400, 20, 0.96), {"rlnMicrographPixelSize": 1.04, "rlnImagePixelSize": 1.04})
    (group,) = plan.placing.groups  # type: ignore[union-attr]
    assert group.scale == 1.0 and not said(plan, "coordinates-scaled")


@pytest.mark.parametrize("few", [False, True])
def test_x_and_y_exchanged_are_named(tmp_path: Path, few: bool) -> None:
    xy, exposure = all_over(4 if few else 60, 4)
    plan = planned(tmp_path, xy[:, ::-1], exposure)
    (unclear,) = said(plan, "coordinate-scale-unclear")
    assert ("x and y are exchanged" in unclear.message) == (not few)
    assert {group.scale for group in plan.placing.groups} == {1.0}  # type: ignore[union-attr]


def test_the_scale_of_the_user_is_taken_as_it_is(tmp_path: Path) -> None:
    plan = planned(tmp_path, *all_over(60, 4), coordinate_scale="0.7", coordinate_y="keep")
    (group,) = plan.placing.groups  # type: ignore[union-attr]
    assert (group.scale, group.scale_source, group.y_source) == (0.7, "user", "user")
    assert not any(p.code.startswith("coordinate") for p in plan.problems)


@pytest.mark.parametrize(("mirror", "mirrors"), [("auto", False), ("yes", True)])
def test_a_flip_of_the_user_without_pictures_mirrors_poses_only_if_told_to(
    tmp_path: Path, mirror: str, mirrors: bool
) -> None:
    xy, exposure = all_over(60, 4)
    plan = planned(tmp_path, xy, exposure, coordinate_y="flip", mirror_poses=mirror, **MOVIES)
    assert plan.placing is not None and plan.particles is not None
    places = plan.placing.of(plan.particles)
    assert places.flip.all() and set(places.mirrors_pose) == {mirrors}
    expected = (NY - 1 - xy[:, 1]) / NY if mirrors else 1 - xy[:, 1] / NY
    np.testing.assert_allclose(places.y_frac(xy[:, 1], np.full(60, NY)), expected)
    (problem,) = said(plan, "exposures-mirrored")
    assert ("no picture shows" if mirrors else "is not known") in problem.message


def test_names_that_came_through_csparc2star(tmp_path: Path) -> None:
    names = "J128/motioncorrected/000001281467243737059_m{}"
    plan = planned(tmp_path, *all_over(60, 4), names=names, **MOVIES)
    (unclear,) = said(plan, "coordinate-y-unclear")
    assert "flipped is likelier: csparc2star" in unclear.message


@pytest.fixture(scope="module")
def picked(corpus: Path) -> tuple[NDArray[np.float32], float, NDArray[np.float64]]:
    """A real picture, its pixel size, and curated picks on it, x and y."""
    path = corpus / "micrographs/empiar10017_Falcon_2012_06_12-14_33_35_0_denoised_bin4.mrc"
    with mrcfile.open(path, permissive=True) as file:
        picture, size_A = np.array(file.data, np.float32), float(file.voxel_size.x)
    table = starfile.read(corpus / "micrographs/cryosegnet_empiar10017_picks.star")
    xy = np.stack([table[f"rlnCoordinate{axis}"].to_numpy(float) / 4 - 24 for axis in "XY"], axis=1)
    return picture, size_A, xy[((xy > 0) & (xy < len(picture))).all(axis=1)]


@pytest.mark.parametrize("names", ["MotionCorr/job002/Movies/m{}", "J128/motioncorrected/000001281467243737059_m{}"])
@pytest.mark.parametrize("mirrored", [False, True])
def test_picks_on_a_real_picture_under_ignore_raw_data(
    tmp_path: Path, picked: tuple[NDArray, float, NDArray], mirrored: bool, names: str
) -> None:
    """y is found; of a name of csparc2star it counts from the other end of the same picture, and poses stay."""
    picture, size_A, xy = picked
    (tmp_path / "P/J1").mkdir(parents=True)
    mrcfile.write(tmp_path / "P/J1/m0.mrc", picture[::-1] if mirrored else picture)
    zeros = np.zeros(len(xy), np.int64)
    plan = planned(tmp_path, xy, zeros, names=names, shape=picture.shape, size_A=size_A)
    assert plan.placing is not None and plan.particles is not None and plan.stacks is None
    (group,) = plan.placing.groups
    assert (group.by, group.y_source, group.flip) == ("picks", "detected", mirrored)
    assert not said(plan, "coordinate-y-unclear") and not said(plan, "coordinate-scale-unclear")
    places, ny = plan.placing.of(plan.particles), len(picture)
    is_mirror = mirrored and names.startswith("MotionCorr")
    expected = xy[:, 1] / ny if not mirrored else (ny - is_mirror - xy[:, 1]) / ny
    np.testing.assert_allclose(places.y_frac(xy[:, 1], np.full(len(xy), ny)), expected)
    assert set(places.mirrors_pose) == {is_mirror}
    assert [("cannot prove it" in p.message) for p in said(plan, "exposures-mirrored")] == [True] * is_mirror
