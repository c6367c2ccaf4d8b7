"""What is said of particles and micrographs that do not belong together."""

from __future__ import annotations

from pathlib import Path

import pytest
import starfile

from cryoimport_gui.core.demo import Demo, DemoRecipe, make_demo
from cryoimport_gui.core.parameters import ImportParameters
from cryoimport_gui.core.plan.plan import ImportPlan
from cryoimport_gui.core.plan.planner import plan_import
from cryoimport_gui.core.problems import Problem


def plan_of(demo: Demo, **choices: str) -> ImportPlan:
    given = {"meta": str(demo.star), "data": str(demo.data), "exposures": str(demo.exposures), **choices}
    return plan_import(ImportParameters(suggest_trims=True, **given))  # type: ignore[arg-type]


def said(plan: ImportPlan) -> list[Problem]:
    return [p for p in plan.problems if p.code in ("coordinate-y-unclear", "micrographs-unreadable")]


def exchange_pictures(demo: Demo) -> None:
    """Each micrograph gets the picture of the next but two."""
    pictures = [path.read_bytes() for path in demo.micrographs]
    for path, picture in zip(demo.micrographs, pictures[3:] + pictures[:3]):
        path.write_bytes(picture)


def exchange_x_and_y(demo: Demo) -> None:
    tables = starfile.read(demo.star, always_dict=True)
    particles = tables["particles"]
    x, y = particles["rlnCoordinateX"].copy(), particles["rlnCoordinateY"].copy()
    particles["rlnCoordinateX"], particles["rlnCoordinateY"] = y, x
    starfile.write(tables, demo.star)


def double(demo: Demo) -> None:
    tables = starfile.read(demo.star, always_dict=True)
    tables["particles"][["rlnCoordinateX", "rlnCoordinateY"]] *= 2
    starfile.write(tables, demo.star)


@pytest.mark.parametrize("choice", ["auto", "keep", "flip"])
@pytest.mark.parametrize("spoil", [exchange_pictures, exchange_x_and_y, double])
def test_particles_that_are_not_where_they_should_be(tmp_path: Path, spoil, choice: str) -> None:
    demo = make_demo(tmp_path, DemoRecipe(micrographs=10, particles_per_micrograph=10))
    spoil(demo)
    plan = plan_of(demo, coordinate_y=choice)
    assert plan.placing is not None and plan.placing.verdict is not None
    assert plan.placing.verdict.value == "unclear" and plan.placing.verdict.is_elsewhere
    (problem,) = said(plan)
    assert "the particles are not at their coordinates in these exposures" in problem.message
    assert ("y is kept" in problem.message) == (choice == "auto")
    assert "over" in problem.message and "exposures" in problem.hint and "scale" in problem.hint
    assert problem.count == plan.placing.verdict.sampled >= 12


@pytest.mark.parametrize("mirrored", [False, True])
def test_particles_that_are_there_are_not_said_to_be_elsewhere(tmp_path: Path, mirrored: bool) -> None:
    demo = make_demo(tmp_path, DemoRecipe(micrographs=4, particles_per_micrograph=10, mirrored_micrographs=mirrored))
    plan = plan_of(demo)
    assert plan.placing is not None and plan.placing.verdict is not None
    assert plan.placing.verdict.lead > 10 and not plan.placing.verdict.is_elsewhere
    assert said(plan) == []


def test_micrographs_that_are_not_there_and_those_that_are_no_pictures_are_reported_apart(tmp_path: Path) -> None:
    demo = make_demo(tmp_path, DemoRecipe(micrographs=5, particles_per_micrograph=4))
    for path in demo.micrographs[:2]:
        path.unlink()
    demo.micrographs[2].write_bytes(demo.micrographs[2].read_bytes()[:-9])
    absent, broken = said(plan_of(demo))
    assert "2 micrographs of the sample not found" in absent.message and absent.count == 2
    assert set(absent.examples) == {str(path) for path in demo.micrographs[:2]}
    assert "--project" in absent.hint and "MRC" not in absent.hint
    assert broken.count == 1 and "bytes long" in broken.examples[0] and "MRC" in broken.hint


def test_a_project_folder_that_is_wrong_is_what_the_hint_is_about(tmp_path: Path) -> None:
    demo = make_demo(tmp_path, DemoRecipe(micrographs=2, particles_per_micrograph=2))
    (problem,) = (p for p in said(plan_of(demo, project=str(demo.data))) if p.code == "micrographs-unreadable")
    assert problem.count == 2 and "--project" in problem.hint and problem.examples[0].startswith(str(demo.data))


def test_of_a_few_particles_only_the_doubt_is_reported(tmp_path: Path) -> None:
    demo = make_demo(tmp_path, DemoRecipe(micrographs=5, particles_per_micrograph=2))
    exchange_pictures(demo)
    (problem,) = said(plan_of(demo))
    assert "do not tell which way y runs" in problem.message
