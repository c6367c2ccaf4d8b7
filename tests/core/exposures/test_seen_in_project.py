"""Exposures of several jobs with equal names: what pictures say of them."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from cryoimport_gui.core.demo import Demo, DemoRecipe, make_demo
from cryoimport_gui.core.exposures.of_project import JobExposures, Seen, exposures_of_project
from cryoimport_gui.core.exposures.seen_in_project import matched_alike
from cryoimport_gui.core.plan.plan import ImportPlan
from cryoimport_gui.core.plan.planner import plan_import
from cryoimport_gui.core.plan.project_exposures import ranked_by_pictures
from cryoimport_gui.core.progress import Cancelled, Progress

from ...support.project_jobs import add_job, binned, pictures_of
from ...support.truth import parameters_of

RECIPE = {"micrographs": 5, "particles_per_micrograph": 8}


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Demo, list[NDArray[np.float32]]]:
    """A data set, and the pictures of another session."""
    folder = tmp_path_factory.mktemp("sessions")
    demo, other = (make_demo(folder / str(seed), DemoRecipe(seed=seed, **RECIPE)) for seed in (0, 1))
    return demo, pictures_of(other)


@pytest.fixture(scope="module")
def plan(sessions) -> ImportPlan:
    return plan_import(parameters_of(sessions[0], exposures="", project=str(sessions[0].project), check_poses="off"))


@pytest.fixture
def jobs(sessions):
    """Adds jobs to the project; they are gone after the test."""
    demo, made = sessions[0], []

    def add(**pictures) -> None:
        for job, some in pictures.items():
            made.append(add_job(demo, job, some).parent)

    yield add
    for folder in made:
        shutil.rmtree(folder)


def ranked(plan: ImportPlan, progress: Progress | None = None) -> list[JobExposures]:
    found = exposures_of_project(plan.parameters.project, plan.all_particles)
    return ranked_by_pictures(found, plan, progress or Progress())


def told(found: list[JobExposures]) -> list[tuple[str, str]]:
    return [(one.job, one.seen.words if one.seen else "") for one in found]


HERE, AWAY = "particles found in 5 of 5 micrographs", "particles are not there"


@pytest.mark.parametrize("other", ["J1", "J9"])
def test_the_session_of_the_particles_comes_first(sessions, plan: ImportPlan, jobs, other: str) -> None:
    jobs(**{other: sessions[1]})
    found = exposures_of_project(plan.parameters.project, plan.all_particles)
    assert {one.matched for one in found} == {5}
    assert [one.job for one in found] == sorted(["J2", other], reverse=True)
    assert told(ranked_by_pictures(found, plan)) == [("J2", HERE), (other, AWAY)]


def test_mirrored_pictures_come_after_right_ones_and_binned_ones_are_as_good(sessions, plan: ImportPlan, jobs) -> None:
    own = pictures_of(sessions[0])
    jobs(J6=[picture[::-1] for picture in own], J1=list(map(binned, own)), J7=sessions[1])
    assert told(ranked(plan)) == [("J2", HERE), ("J1", HERE), ("J6", f"{HERE}, mirrored"), ("J7", AWAY)]


def test_a_part_of_another_session_comes_after_the_whole(sessions, plan: ImportPlan, jobs) -> None:
    mixed = [other if n < 2 else own for n, (own, other) in enumerate(zip(pictures_of(sessions[0]), sessions[1]))]
    jobs(J8=mixed, J9=sessions[1])
    assert told(ranked(plan)) == [("J2", HERE), ("J8", "particles found in 3 of 5 micrographs"), ("J9", AWAY)]


def test_without_particle_images_the_picks_decide(sessions, plan: ImportPlan, jobs) -> None:
    jobs(J9=sessions[1])
    picks = plan_import(parameters_of(sessions[0], exposures="", project=str(sessions[0].project), data="/nowhere"))
    assert picks.stacks is None or not picks.stacks.box
    assert told(ranked(picks)) == [("J2", "picks lie on particles"), ("J9", AWAY)]


def test_without_pictures_names_decide_and_it_is_said(sessions, plan: ImportPlan, jobs, tmp_path: Path) -> None:
    jobs(J1=None, J9=None)
    sessions[0].project.joinpath("J2/motioncorrected").rename(tmp_path / "away")
    try:
        assert told(ranked(plan)) == [(job, "no pictures to compare") for job in ("J9", "J2", "J1")]
    finally:
        (tmp_path / "away").rename(sessions[0].project / "J2/motioncorrected")


def test_what_cannot_be_seen_is_no_reason_to_prefer_one(sessions, plan: ImportPlan, jobs) -> None:
    """Two other sessions: no picture shows the particles, so that neither can be said to be the wrong one."""
    jobs(J8=sessions[1], J9=sessions[1][::-1])
    found = exposures_of_project(plan.parameters.project, plan.all_particles)
    others = ranked_by_pictures([one for one in found if one.job != "J2"], plan)
    assert [(one.job, one.seen.state) for one in others if one.seen] == [("J9", Seen.UNCLEAR), ("J8", Seen.UNCLEAR)]
    jobs(J1=None)
    assert told(ranked(plan))[:2] == [("J2", HERE), ("J1", "no pictures to compare")]


def test_later_jobs_with_the_same_pictures_are_not_looked_at(sessions, plan: ImportPlan) -> None:
    demo = sessions[0]
    for job in ("J4", "J5"):
        (demo.project / job).mkdir()
        shutil.copy(demo.exposures, demo.project / job)
    try:
        assert told(ranked(plan)) == [("J5", ""), ("J4", ""), ("J2", "")]
    finally:
        for job in ("J4", "J5"):
            shutil.rmtree(demo.project / job)


def job(name: str, matched: int, are_movies: bool = False) -> JobExposures:
    return JobExposures(name, name, "", "", "", 100, are_movies, matched, 100)


def test_which_datasets_names_cannot_tell_apart() -> None:
    whole, nearly, few, movies = job("J1", 100), job("J2", 91), job("J3", 80), job("J4", 100, True)
    assert matched_alike([whole, nearly, few, movies]) == [whole, nearly]
    assert matched_alike([whole, few]) == matched_alike([whole, movies]) == matched_alike([]) == []
    assert matched_alike([job("J1", 0), job("J2", 0)]) == []
    assert matched_alike([movies, job("J5", 99, True)]) == [movies, job("J5", 99, True)]


class Stop(Progress):
    """Cancels after so many steps."""

    def __init__(self, after: int) -> None:
        super().__init__(lambda: self.left < 0)
        self.left = after

    def step(self, done: int, total: int) -> None:
        self.left -= 1
        super().step(done, total)


@pytest.mark.parametrize("after", [0, 3, 12, 30])
def test_it_can_be_cancelled(sessions, plan: ImportPlan, jobs, after: int) -> None:
    jobs(J9=sessions[1])
    found = exposures_of_project(plan.parameters.project, plan.all_particles)
    with pytest.raises(Cancelled):
        ranked_by_pictures(found, plan, Stop(after))
