"""Links are mended when stacks have moved: all, or none."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from cryoimport_gui.__main__ import main
from cryoimport_gui.core import relink as module
from cryoimport_gui.core.demo import DemoRecipe, make_demo
from cryoimport_gui.core.problems import Refused
from cryoimport_gui.core.relink import plan_relink, relink


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


def first_images(job: Path) -> list[bytes]:
    return [link.read_bytes()[:2048] for link in sorted((job / "imported").iterdir())]


def test_moved_stacks_are_found_and_linked(moved: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    job, archive = moved
    before = targets(job)
    assert not any(os.path.exists(target) for target in before.values())
    assert main(["--relink", str(job), "--data", str(archive), "--dry-run"]) == 0
    assert targets(job) == before
    assert "3 links of 3 would be changed" in capsys.readouterr().out
    report = job.parent / "report.json"
    assert main(["--relink", str(job), "--data", str(archive), "--report", str(report)]) == 0
    after = targets(job)
    told = json.loads(report.read_text())
    assert told["status"] == "complete" and told["changes"] == {name: [before[name], after[name]] for name in after}
    assert after.keys() == before.keys()
    assert all(Path(after[n]).name == Path(before[n]).name and Path(after[n]).is_relative_to(archive) for n in after)
    assert len(first_images(job)) == 3
    assert sorted(os.listdir(job)) == sorted({"imported"} | {n for n in os.listdir(job) if not n.startswith(".")})
    assert len(np.load(job / "imported_particles.cs")) == 12


def test_links_that_are_whole_are_left_alone(moved: tuple[Path, Path]) -> None:
    job, archive = moved
    assert main(["--relink", str(job), "--data", str(archive)]) == 0
    before = targets(job)
    plan = plan_relink(str(job), str(archive))
    assert plan.changes == {} and plan.problems == []
    assert targets(job) == before


@pytest.mark.parametrize("fault", ["missing", "other length", "twice"])
def test_one_stack_that_is_not_right_changes_nothing(moved: tuple[Path, Path], fault: str) -> None:
    job, archive = moved
    before = targets(job)
    stack = next(archive.rglob("*.mrcs"))
    if fault == "missing":
        stack.unlink()
    elif fault == "other length":
        stack.write_bytes(stack.read_bytes() + b"more")
    else:
        copy = archive / "copy" / stack.relative_to(archive)
        copy.parent.mkdir(parents=True)
        shutil.copy(stack, copy)
    code = {"missing": "stack-missing", "other length": "stack-not-mrc", "twice": "stack-ambiguous"}[fault]
    plan = plan_relink(str(job), str(archive))
    assert [p.code for p in plan.problems] == [code]
    assert main(["--relink", str(job), "--data", str(archive)]) == 1
    assert targets(job) == before


@pytest.mark.parametrize(
    ("operation", "nth"),
    [("mkdir", 1), ("symlink", 1), ("symlink", 3), ("fsync", 1), ("fsync", 2), ("rename", 1), ("rename", 2)],
)
def test_an_error_at_any_step_changes_nothing(
    moved: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, operation: str, nth: int
) -> None:
    job, archive = moved
    before = targets(job)
    plan = plan_relink(str(job), str(archive))
    original, calls = getattr(os, operation), []

    def failing(*args, **kwargs):
        calls.append(args)
        if len(calls) == nth:
            raise OSError(28, "No space left on device")
        return original(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(module, "_EXCHANGE", 1 << 20)  # no such flag: the way in two steps
        patch.setattr(os, operation, failing)
        with pytest.raises(Refused):
            relink(plan)
    whole = targets(job)
    assert whole in (before, {name: new for name, (_, new) in plan.changes.items()})
    assert not [name for name in os.listdir(job) if name.startswith(".")]
    assert main(["--relink", str(job), "--data", str(archive)]) == 0
    assert all(os.path.exists(target) for target in targets(job).values())


def test_a_run_killed_between_the_two_renames_is_mended_by_the_next(moved: tuple[Path, Path]) -> None:
    job, archive = moved
    os.rename(job / "imported", job / ".imported.old")
    (job / ".imported.new").mkdir()
    assert main(["--relink", str(job), "--data", str(archive)]) == 0
    assert all(os.path.exists(target) for target in targets(job).values())


def test_a_folder_that_is_no_job_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--relink", str(tmp_path), "--data", str(tmp_path)]) == 1
    assert "is not a job folder" in capsys.readouterr().err


def test_a_dry_run_leaves_even_the_remains_of_a_killed_run(moved: tuple[Path, Path]) -> None:
    job, archive = moved
    os.rename(job / "imported", job / ".imported.old")
    assert main(["--relink", str(job), "--data", str(archive), "--dry-run"]) == 0
    assert (job / ".imported.old").is_dir() and not (job / "imported").exists()


def test_a_report_that_cannot_be_written_is_told_as_that(
    moved: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    job, archive = moved
    report = job / "nowhere" / "report.json"
    assert main(["--relink", str(job), "--data", str(archive), "--report", str(report)]) == 1
    told = capsys.readouterr().err
    assert "report" in told and "mending the links failed" not in told
    assert all(os.path.exists(target) for target in targets(job).values())


def test_a_folder_with_more_than_links_is_left_alone(moved: tuple[Path, Path]) -> None:
    """It would be replaced as a whole, and what someone has put there would be lost."""
    job, archive = moved
    mine = job / "imported" / "notes.txt"
    mine.write_text("do not lose this")
    with pytest.raises(Refused) as refused:
        plan_relink(str(job), str(archive))
    assert refused.value.problem.code == "output-not-writable"
    assert refused.value.problem.examples == ("notes.txt",)
    assert mine.read_text() == "do not lose this"


def test_links_that_stand_elsewhere_are_not_followed(moved: tuple[Path, Path], tmp_path: Path) -> None:
    job, archive = moved
    elsewhere = tmp_path / "elsewhere"
    (job / "imported").rename(elsewhere)
    (job / "imported").symlink_to(elsewhere)
    before = {link.name: os.readlink(link) for link in elsewhere.iterdir()}
    with pytest.raises(Refused, match="is a link itself"):
        plan_relink(str(job), str(archive))
    assert {link.name: os.readlink(link) for link in elsewhere.iterdir()} == before


def test_a_job_folder_that_was_moved_itself(moved: tuple[Path, Path], tmp_path: Path) -> None:
    job, archive = moved
    moved_job = tmp_path / "CS-other" / "J12"
    moved_job.parent.mkdir()
    shutil.move(job, moved_job)
    plan = plan_relink(str(moved_job), str(archive))
    assert (plan.problems, plan.broken, len(plan.changes)) == ([], 3, 3)
    relink(plan)
    assert len(first_images(moved_job)) == 3
