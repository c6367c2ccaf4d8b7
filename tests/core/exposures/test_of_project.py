"""The exposures of a CryoSPARC project, with what matches planted."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from cryoimport_gui.core.demo import Demo, make_demo
from cryoimport_gui.core.exposures.of_project import exposures_of_project
from cryoimport_gui.core.particles import Particles
from cryoimport_gui.core.progress import Cancelled, Progress
from cryoimport_gui.core.reading.relion import read_particles

GROUP = """\
group:
  type: exposure
results:
  {slot}: {{metafile: '>{name}', num_items: 1, type: 'exposure.{slot}'}}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> tuple[Demo, Particles]:
    """J2 has the exposures, J5 half of them as a group, J12 others, J3 particles, J4 a damaged file."""
    demo = make_demo(tmp_path_factory.mktemp("demo"))
    root = demo.project
    table = np.load(demo.exposures)
    for job in ("J3", "J4", "J5", "J12", "notes"):
        (root / job).mkdir()
    (root / "J2/job.json").write_text(json.dumps({"job_type": "patch_ctf_estimation_multi", "title": "Good ones"}))
    (root / "J12/job.json").write_text("{")
    with (root / "J3/particles.cs").open("wb") as file:
        np.save(file, np.zeros(2, [("uid", "u8"), ("blob/path", "S4"), ("micrograph_blob/path", "S4")]))
    (root / "J4/exposures.cs").write_bytes(demo.exposures.read_bytes()[:300])
    (root / "J4/exposures.csg").write_text("results: 7")
    with (root / "J5/J5_exposures.cs").open("wb") as file:
        np.save(file, table[::2])
    for name in ("J5_exposures.csg", "J5_exposures_incomplete.csg", "a_rejected.csg"):
        (root / "J5" / name).write_text(GROUP.format(slot="micrograph_blob", name="J5_exposures.cs"))
    table["micrograph_blob/path"] = [f"J12/{n:x}/other{n * 7919}.mrc".encode() for n in range(len(table))]
    with (root / "J12/exposures.cs").open("wb") as file:
        np.save(file, table)
    os.utime(demo.exposures, (0, 86_400 * 365))
    return demo, read_particles(str(demo.star)).particles


def test_those_that_match_come_first(project: tuple[Demo, Particles]) -> None:
    demo, particles = project
    found = exposures_of_project(str(demo.project), particles)
    count = len(demo.micrographs)
    assert [(one.job, one.matched, one.total) for one in found] == [
        ("J2", count, count),
        *[("J5", count // 2, count)] * 3,
        ("J12", 0, count),
    ]
    best = found[0]
    assert (best.path, best.job_type, best.title) == (str(demo.exposures), "patch_ctf_estimation_multi", "Good ones")
    assert (best.exposures, best.are_movies, best.day) == (count, False, "1971-01-01")
    assert found[-1].job_type == "" == found[-1].title


def test_what_a_job_set_aside_comes_last(project: tuple[Demo, Particles]) -> None:
    found = exposures_of_project(str(project[0].project), project[1])
    names = [Path(one.path).name for one in found if one.job == "J5"]
    assert names == ["J5_exposures.csg", "J5_exposures_incomplete.csg", "a_rejected.csg"]


def test_without_particles_the_newest_job_comes_first(project: tuple[Demo, Particles]) -> None:
    found = exposures_of_project(str(project[0].project), None)
    assert [one.job for one in found] == ["J12", "J5", "J5", "J5", "J2"]


def test_no_project(tmp_path: Path) -> None:
    assert exposures_of_project(str(tmp_path / "none"), None) == []


def test_it_can_be_cancelled(project: tuple[Demo, Particles]) -> None:
    with pytest.raises(Cancelled):
        exposures_of_project(str(project[0].project), None, Progress(lambda: True))
