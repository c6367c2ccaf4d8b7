"""Places on exposures of several datasets: each is read by itself, and movies do not hide pictures of another."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cryoimport_gui.core.demo import Demo, DemoRecipe, make_demo
from cryoimport_gui.core.exposures.exposures import load_joined_exposures
from cryoimport_gui.core.plan.plan import ImportPlan
from cryoimport_gui.core.plan.planner import plan_import

from ...support.mirrored_sets import mirror_on_disk
from ...support.stars import exposure_columns, write_exposures
from ...support.truth import parameters_of

FIRST = 6


@pytest.fixture
def demo(tmp_path: Path) -> Demo:
    recipe = DemoRecipe(micrographs=12, particles_per_micrograph=6, box=32, snr=1.0, optics_groups=1)
    return make_demo(tmp_path / "demo", recipe)


def in_two(demo: Demo, later_blob: str = "micrograph_blob") -> list[str]:
    """The demo's exposures in two datasets, the first ones in the first."""
    table = np.load(demo.exposures)
    files = []
    for number, some in enumerate((table[:FIRST], table[FIRST:])):
        columns = {name: some[name] for name in some.dtype.names}
        if number:
            columns = {name.replace("micrograph_blob", later_blob): column for name, column in columns.items()}
        files.append(str(write_exposures(demo.project / f"J{number + 5}/exposures.cs", columns)))
    return files


def planned(demo: Demo, files: list[str]) -> ImportPlan:
    plan = plan_import(parameters_of(demo, exposures=files, coordinate_y="auto", check_poses="off"))
    assert plan.errors == [] and plan.placing is not None
    return plan


def test_each_dataset_is_a_group(demo: Demo) -> None:
    mirror_on_disk(demo, range(FIRST, 12))
    files = in_two(demo)
    plan = planned(demo, files)
    assert plan.placing is not None and plan.particles is not None
    assert [(g.name.split(", ")[-1], g.flip, g.by, g.particles) for g in plan.placing.groups] == [
        ("J5/exposures.cs", False, "images", 36),
        ("J6/exposures.cs", True, "images", 36),
    ]
    np.testing.assert_array_equal(plan.placing.of(plan.particles).flip, demo.micrograph_index >= FIRST)


def test_micrographs_are_compared_though_others_are_movies(demo: Demo) -> None:
    plan = planned(demo, in_two(demo, "movie_blob"))
    assert plan.placing is not None
    micrographs, movies = plan.placing.groups
    assert (micrographs.of_movies, micrographs.by, micrographs.found, micrographs.y_source) == (
        False, "images", FIRST, "detected",
    )  # fmt: skip
    assert (movies.of_movies, movies.by, movies.sampled, movies.y_source) == (True, "", 0, "default")
    (unreadable,) = [p for p in plan.problems if p.code == "micrographs-unreadable"]
    assert unreadable.count == 6 and unreadable.message.startswith("6 of 12 exposures are movies")
    (unclear,) = [p for p in plan.problems if p.code == "coordinate-y-unclear"]
    assert "in 1 of 2 groups" in unclear.message and unclear.count == 36


def test_an_exposure_that_one_file_has_as_a_micrograph_is_no_movie(tmp_path: Path) -> None:
    movies = write_exposures(tmp_path / "CS/J1/exposures.cs", exposure_columns(3, blob="movie_blob"))
    columns = {name: column[1:] for name, column in exposure_columns(3).items()}
    micrographs = write_exposures(tmp_path / "CS/J4/exposures.cs", columns)
    joined = load_joined_exposures([str(movies), str(micrographs)])
    assert joined.uid.tolist() == [11, 12, 13]
    assert joined.is_movie.tolist() == [True, False, False] and joined.dataset.tolist() == [0, 1, 1]
    assert not joined.are_movies and joined.datasets == (str(movies), str(micrographs))
