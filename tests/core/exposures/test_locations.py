"""Where particles lie on their exposures: planted, and what is said where they do not belong together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import starfile

from cryoimport_gui.core.demo import Demo, DemoRecipe, make_demo
from cryoimport_gui.core.exposures.placing import Placing
from cryoimport_gui.core.parameters import ImportParameters
from cryoimport_gui.core.pictures.place_verdict import PlaceState
from cryoimport_gui.core.plan.plan import ImportPlan
from cryoimport_gui.core.plan.planner import plan_import
from cryoimport_gui.core.problems import Problem
from cryoimport_gui.core.report.claim_codes import Topic
from cryoimport_gui.core.report.claims import claims_of

from ...support.mirrored_sets import mirror_on_disk, rename_folder, rename_micrographs, with_random_phases


def plan_of(demo: Demo, **choices: object) -> ImportPlan:
    given = {"meta": str(demo.star), "data": str(demo.data), "exposures": str(demo.exposures), **choices}
    return plan_import(ImportParameters(suggest_trims=True, **given))  # type: ignore[arg-type]


def said(plan: ImportPlan, *codes: str) -> list[Problem]:
    return [p for p in plan.problems if p.code in (codes or ("coordinate-y-unclear", "micrographs-unreadable"))]


def exchange_pictures(demo: Demo) -> None:
    """Each micrograph gets the picture of the next but two."""
    pictures = [path.read_bytes() for path in demo.micrographs]
    for path, picture in zip(demo.micrographs, pictures[3:] + pictures[:3]):
        path.write_bytes(picture)


def change_coordinates(demo: Demo, factor: float = 1.0, exchange: bool = False) -> None:
    tables = starfile.read(demo.star, always_dict=True)
    particles = tables["particles"]
    x, y = particles["rlnCoordinateX"].copy(), particles["rlnCoordinateY"].copy()
    particles["rlnCoordinateX"], particles["rlnCoordinateY"] = (y, x) if exchange else (x * factor, y * factor)
    starfile.write(tables, demo.star)


def exchange_x_and_y(demo: Demo) -> None:
    change_coordinates(demo, exchange=True)


@pytest.mark.parametrize("choice", ["auto", "keep"])
@pytest.mark.parametrize("spoil", [exchange_pictures, exchange_x_and_y])
def test_particles_that_are_not_where_they_should_be(tmp_path: Path, spoil, choice: str) -> None:
    demo = make_demo(tmp_path, DemoRecipe(micrographs=10, particles_per_micrograph=10))
    spoil(demo)
    plan = plan_of(demo, coordinate_y=choice)
    assert plan.placing is not None and plan.placing.nowhere
    (problem,) = said(plan)
    assert "the particles are not at their coordinates in these exposures" in problem.message
    assert "over" in problem.message and "exposures" in problem.hint and "scale" in problem.hint
    assert problem.count == sum(group.sampled for group in plan.placing.groups) >= 12
    exchanged = [p for p in said(plan, "coordinate-scale-unclear") if "x and y are exchanged" in p.message]
    assert bool(exchanged) == (spoil is exchange_x_and_y)


@pytest.mark.parametrize("choice", ["auto", "keep", "flip"])
def test_coordinates_in_other_pixels_are_found(tmp_path: Path, choice: str) -> None:
    demo = make_demo(tmp_path, DemoRecipe(micrographs=10, particles_per_micrograph=10))
    change_coordinates(demo, factor=2.0)
    plan = plan_of(demo, coordinate_y=choice)
    assert plan.placing is not None and plan.particles is not None
    places = plan.placing.of(plan.particles)
    assert set(places.scale) == {0.5} and set(places.flip) == {choice == "flip"}
    assert {group.scale_source for group in plan.placing.groups} == {"detected"}
    assert len(said(plan)) == (choice == "flip"), "the choice contradicts the pictures"
    (scaled,) = said(plan, "coordinates-scaled")
    assert "0.5 (as the pictures show)" in scaled.message


@pytest.mark.parametrize("mirrored", [False, True])
def test_particles_that_are_there_are_not_said_to_be_elsewhere(tmp_path: Path, mirrored: bool) -> None:
    demo = make_demo(tmp_path, DemoRecipe(micrographs=4, particles_per_micrograph=10, mirrored_micrographs=mirrored))
    plan = plan_of(demo)
    assert plan.placing is not None and plan.particles is not None
    assert not plan.placing.nowhere and plan.placing.is_seen
    assert {group.found for group in plan.placing.groups} == {2}
    assert said(plan) == []
    assert len(said(plan, "exposures-mirrored")) == mirrored
    places = plan.placing.of(plan.particles)
    assert set(places.flip) == set(places.mirrored) == {mirrored}
    assert not places.mirrors_pose.any(), "the images are imported as they are"


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("count", [2, 9])
def test_exposures_of_which_some_are_mirrored_have_each_its_own_reading(
    tmp_path: Path, count: int, together: bool
) -> None:
    """10 and 45% of them, in a folder of their own or in one with the others."""
    demo = make_demo(tmp_path, DemoRecipe(micrographs=20, particles_per_micrograph=12, optics_groups=1))
    chosen = list(range(20))[:: 20 // count][:count]
    mirror_on_disk(demo, chosen)
    if not together:
        rename_folder(demo, chosen, "MotionCorr/job009/Movies")
    plan = plan_of(demo)
    assert plan.placing is not None and plan.particles is not None
    expected = np.isin(demo.micrograph_index, chosen)
    places = plan.placing.of(plan.particles)
    assert places.flip.tolist() == places.mirrored.tolist() == expected.tolist()
    lines = [(g.exposures, g.found, g.turned, g.elsewhere, g.undecided) for g in plan.placing.groups]
    if together:
        assert lines == [(20, 20 - count, count, 0, 0)]
        mirrored = [number for number, state in plan.placing.states.items() if state == "mirrored"]
        assert sorted(mirrored) == sorted(chosen) and set(plan.placing.states.values()) == {"mirrored", "confirmed"}
    else:
        assert sorted(lines) == sorted([(20 - count, 20 - count, 0, 0, 0), (count, count, 0, 0, 0)])
    assert said(plan) == [] and len(said(plan, "exposures-mirrored")) == 1


def test_an_exposure_of_others_is_named_and_can_be_accepted(tmp_path: Path) -> None:
    import mrcfile

    demo = make_demo(tmp_path, DemoRecipe(micrographs=6, particles_per_micrograph=30, snr=1.0))
    assert said(plan_of(demo), "locations-elsewhere") == []
    with mrcfile.open(demo.micrographs[4], "r+") as file:
        file.set_data(with_random_phases(file.data))
    plan = plan_of(demo)
    (problem,) = said(plan, "locations-elsewhere")
    assert problem in plan.errors and problem.count == 1 and demo.micrographs[4].name in problem.examples[0]
    assert sum(group.elsewhere for group in plan.placing.groups) == 1  # type: ignore[union-attr]
    assert plan_of(demo, accept=("locations-elsewhere",)).errors == []


@pytest.mark.parametrize(
    ("others", "said_of_them"),
    [
        ({1: 4, 4: 1}, "2 of 8 exposures are exchanged: their particles are found on each other's"),
        ({1: 4, 4: 6, 6: 1}, "3 of 8 exposures do not show the particles of their name"),
    ],
)
def test_exchanged_exposures_are_named(tmp_path: Path, others: dict[int, int], said_of_them: str) -> None:
    demo = make_demo(tmp_path, DemoRecipe(micrographs=8, particles_per_micrograph=10, optics_groups=1))
    rename_micrographs(demo, others)
    plan = plan_of(demo)
    (problem,) = said(plan, "locations-elsewhere")
    assert problem in plan.errors and problem.message.startswith(said_of_them)
    names = [path.name for path in demo.micrographs]
    lines = [line.split(" are on ") for line in problem.examples]
    pairs = {(named.rpartition("/")[2], found.rpartition("/")[2]) for named, found in lines}
    assert pairs == {(names[named], names[own]) for own, named in others.items()}
    assert [g.elsewhere for g in plan.placing.groups] == [len(others)]  # type: ignore[union-attr]


def test_exposures_that_show_nothing_of_their_particles_are_doubted_where_they_are_many() -> None:
    def placing(found: int, not_found: int) -> Placing:
        states = [PlaceState.CONFIRMED] * found + [PlaceState.NOT_FOUND] * not_found
        return Placing(states=dict(enumerate(states)))

    assert placing(6, 2).not_found == [6, 7]
    assert placing(7, 1).not_found == []
    assert len(placing(70, 5).not_found) == 5 and placing(72, 3).not_found == []


@pytest.mark.parametrize(("others", "is_said"), [(0, False), (2, True), (6, True)])
def test_exposures_without_their_particles_confirm_nothing(tmp_path: Path, others: int, is_said: bool) -> None:
    """Some pictures are of another session; in this noise the picks alone do not show it."""
    recipe = DemoRecipe(micrographs=12, particles_per_micrograph=30, box=32, snr=0.1)
    demo, session = make_demo(tmp_path / "own", recipe), make_demo(tmp_path / "other", replace(recipe, seed=7))
    for own, other in zip(demo.micrographs[:others], session.micrographs):
        own.write_bytes(other.read_bytes())
    plan = plan_of(demo)
    found = said(plan, "exposure-doubtful")
    assert [problem.count for problem in found] == [others] * is_said
    (claim,) = (claim for claim in claims_of(plan) if claim.topic is Topic.POSITIONS)
    assert claim.state == ("doubtful" if is_said else "confirmed")
    assert not is_said or f"{others} of 12 exposures do not show their particles" in claim.words


def test_micrographs_that_are_not_there_and_those_that_are_no_pictures_are_reported_apart(tmp_path: Path) -> None:
    demo = make_demo(tmp_path, DemoRecipe(micrographs=5, particles_per_micrograph=4))
    for path in demo.micrographs[:2]:
        path.unlink()
    demo.micrographs[2].write_bytes(demo.micrographs[2].read_bytes()[:-9])
    absent, broken = said(plan_of(demo), "micrographs-unreadable")
    assert "2 micrographs of the sample not found" in absent.message and absent.count == 2
    assert set(absent.examples) == {str(path) for path in demo.micrographs[:2]}
    assert "--project" in absent.hint and "MRC" not in absent.hint
    assert broken.count == 1 and "bytes long" in broken.examples[0] and "MRC" in broken.hint


def test_a_project_folder_that_is_wrong_is_what_the_hint_is_about(tmp_path: Path) -> None:
    demo = make_demo(tmp_path, DemoRecipe(micrographs=2, particles_per_micrograph=2))
    (problem,) = said(plan_of(demo, project=str(demo.data)), "micrographs-unreadable")
    assert problem.count == 2 and "--project" in problem.hint and problem.examples[0].startswith(str(demo.data))


def test_of_a_few_particles_only_the_doubt_is_reported(tmp_path: Path) -> None:
    demo = make_demo(tmp_path, DemoRecipe(micrographs=5, particles_per_micrograph=2))
    exchange_pictures(demo)
    (problem,) = said(plan_of(demo))
    assert "do not show which way y runs" in problem.message
