"""The output folder that is proposed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from cryoimport_gui.core.plan.output import free_folder, proposed_output

DAY = date(2026, 3, 1)


def test_the_output_is_proposed_inside_of_the_project(tmp_path: Path) -> None:
    project = str(tmp_path)
    first = proposed_output(project, "/data/Refine3D/job010/run_data.star", DAY)
    assert first == f"{project}/imports/run_data_2026-03-01"
    Path(first).mkdir(parents=True)
    second = proposed_output(project, "/data/run_data.star", DAY)
    assert second == f"{first}_2"
    Path(second).mkdir()
    assert proposed_output(project, "/data/run_data.star", DAY) == free_folder(second) == f"{first}_3"
    assert proposed_output(project, "/data/my particles (1).star", DAY).endswith("/my_particles_1__2026-03-01")


@pytest.mark.parametrize(
    ("taken", "free"),
    [("import", "import2"), ("import9", "import10"), ("J7", "J7_2"), ("a_2026-02-28", "a_2026-02-28_2")],
)
def test_the_next_free_name(tmp_path: Path, taken: str, free: str) -> None:
    assert free_folder(f"{tmp_path}/{taken}/") == f"{tmp_path}/{free}"
