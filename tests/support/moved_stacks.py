"""A job folder whose stacks have moved, for the tests of mending links."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from cryoimport_gui.__main__ import main
from cryoimport_gui.core.demo import DemoRecipe, make_demo


@pytest.fixture
def moved(tmp_path: Path) -> tuple[Path, Path]:
    """A job folder, and the folder to which its stacks have moved since."""
    demo = make_demo(tmp_path / "demo", DemoRecipe(micrographs=3, particles_per_micrograph=4, box=32))
    job = tmp_path / "J3"
    assert main([str(demo.star), "--headless", "--data", str(demo.data), "--output", str(job)]) == 0
    archive = tmp_path / "archive"
    shutil.move(demo.data / "Extract", archive)
    return job, archive


def targets(job: Path) -> dict[str, str]:
    return {link.name: os.readlink(link) for link in (job / "imported").iterdir()}
