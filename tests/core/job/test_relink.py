"""Links are mended when stacks have moved: all, or none."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from cryoimport_gui.__main__ import main
from cryoimport_gui.core.job.relink import plan_relink, relink
from cryoimport_gui.core.problems import Refused, Severity

from ...support.moved_stacks import moved, targets
from ...support.running import tree
from ...support.stars import write_input, write_stack

__all__ = ["moved"]


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
    printed = json.loads(report.read_text())
    assert printed["status"] == "complete" and printed["changes"] == {
        name: [before[name], after[name]] for name in after
    }
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
    code = {"missing": "stack-missing", "other length": "stack-changed", "twice": "stack-ambiguous"}[fault]
    plan = plan_relink(str(job), str(archive))
    assert [p.code for p in plan.problems] == [code]
    assert main(["--relink", str(job), "--data", str(archive)]) == 1
    assert targets(job) == before


def test_a_folder_that_is_no_job_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--relink", str(tmp_path), "--data", str(tmp_path)]) == 1
    assert "is not a job folder" in capsys.readouterr().err


def test_a_report_that_cannot_be_written_is_reported_as_that(
    moved: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    job, archive = moved
    report = job / "nowhere" / "report.json"
    assert main(["--relink", str(job), "--data", str(archive), "--report", str(report)]) == 1
    printed = capsys.readouterr().err
    assert "report" in printed and "the repair of links failed" not in printed
    assert all(os.path.exists(target) for target in targets(job).values())


@pytest.mark.parametrize("ending", ["refused", "no job"])
def test_the_report_is_written_in_every_case(moved: tuple[Path, Path], ending: str) -> None:
    job, archive = moved
    if ending == "refused":
        next(archive.rglob("*.mrcs")).unlink()
    report = job.parent / "report.json"
    folder = str(job if ending == "refused" else archive)
    assert main(["--relink", folder, "--data", str(archive), "--report", str(report)]) == 1
    printed = json.loads(report.read_text())
    assert printed["status"] == "refused" and printed["parameters"]["data"] == str(archive)
    assert [p["code"] for p in printed["problems"]] == [
        "stack-missing" if ending == "refused" else "output-not-writable"
    ]


def test_a_job_folder_that_was_itself_moved_is_mended(moved: tuple[Path, Path], tmp_path: Path) -> None:
    """Here with links that someone has made relative on the way."""
    job, archive = moved
    for link in list((job / "imported").iterdir()):
        target = os.readlink(link)
        link.unlink()
        link.symlink_to(os.path.relpath(target, job / "imported"))
    elsewhere = tmp_path / "other" / "disk" / "J9"
    elsewhere.parent.mkdir(parents=True)
    shutil.move(job, elsewhere)
    plan = plan_relink(str(elsewhere), str(archive))
    assert len(plan.broken) == 3 and plan.problems == []
    relink(plan)
    assert all(
        Path(target).is_relative_to(archive) and os.path.isfile(target) for target in targets(elsewhere).values()
    )


def test_relative_links_that_lead_somewhere_are_whole_from_wherever_it_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    star = write_input(tmp_path / "in")
    assert main([str(star), "--headless", "--output", str(tmp_path / "J3")]) == 0
    for link in list((tmp_path / "J3/imported").iterdir()):
        target = os.readlink(link)
        link.unlink()
        link.symlink_to(os.path.relpath(target, link.parent))
    monkeypatch.chdir("/")
    plan = plan_relink(str(tmp_path / "J3"), str(tmp_path / "in"))
    assert len(plan.links) == 2 and plan.broken == [] and plan.changes == {} and plan.problems == []


def test_an_import_inside_a_project_keeps_every_path_of_its_dataset(tmp_path: Path) -> None:
    star, project = write_input(tmp_path / "in"), tmp_path / "P"
    project.mkdir()
    job = project / "J3"
    assert main([str(star), "--headless", "--output", str(job), "--project", str(project)]) == 0
    before = tree(job)
    shutil.move(tmp_path / "in/stacks", tmp_path / "moved")
    assert main(["--relink", str(job), "--data", str(tmp_path / "moved")]) == 0
    after = tree(job)
    assert {n: c for n, c in after.items() if "imported/" not in n} == {
        n: c for n, c in before.items() if "imported/" not in n
    }
    paths = {path.decode() for path in np.load(job / "imported_particles.cs")["blob/path"]}
    assert len(paths) == 2 and all((project / path).resolve().parent == tmp_path / "moved" for path in paths)


def test_two_stacks_of_one_name_never_become_one(tmp_path: Path) -> None:
    """The one that is left is as long as the other was; where nothing tells whose it is, it is nobody's."""
    names = [f"{i}@stacks/{folder}/s.mrcs" for folder in "ab" for i in (1, 2, 3)]
    star = write_input(tmp_path / "in", {"rlnImageName": names})
    for seed, folder in enumerate("ab"):
        write_stack(tmp_path / "in/stacks" / folder / "s.mrcs", seed=seed)
    job = tmp_path / "J3"
    assert main([str(star), "--headless", "--output", str(job)]) == 0
    shutil.move(tmp_path / "in/stacks", tmp_path / "moved")
    assert plan_relink(str(job), str(tmp_path / "moved")).problems == []
    shutil.rmtree(tmp_path / "moved/a")
    plan = plan_relink(str(job), str(tmp_path / "moved"))
    assert [p.code for p in plan.problems] == ["stack-missing"]
    assert [target for _, target in plan.changes.values()] == [str(tmp_path / "moved/b/s.mrcs")]
    shutil.move(tmp_path / "moved/b/s.mrcs", tmp_path / "moved/s.mrcs")
    plan = plan_relink(str(job), str(tmp_path / "moved"))
    assert [p.code for p in plan.problems] == ["stack-ambiguous"] and "another could be" in plan.problems[0].message
    assert not plan.changes


def test_a_stack_of_another_extraction_is_not_taken(moved: tuple[Path, Path]) -> None:
    """It has as many images of as many pixels, but others, as its header tells."""
    job, archive = moved
    stack = next(archive.rglob("*.mrcs"))
    raw = bytearray(stack.read_bytes())
    raw[76:88] = np.array([-3, 4, 0.5], "<f4").tobytes()
    stack.write_bytes(raw)
    (found,) = plan_relink(str(job), str(archive)).errors
    assert found.code == "stack-changed" and str(stack) in found.examples[0]
    known = json.loads((job / "import.json").read_text())
    for facts in known["links"].values():
        del facts["statistics"]  # as older imports wrote it
    (job / "import.json").write_text(json.dumps(known))
    assert plan_relink(str(job), str(archive)).errors == []


def test_files_in_the_place_of_links_stay(moved: tuple[Path, Path]) -> None:
    job, archive = moved
    link = next((job / "imported").iterdir())
    stack = next(archive.rglob(Path(os.readlink(link)).name))
    link.unlink()
    shutil.move(stack, link)
    content = link.read_bytes()
    plan = plan_relink(str(job), str(archive))
    assert len(plan.changes) == 2 and plan.problems == []
    relink(plan)
    assert not link.is_symlink() and link.read_bytes() == content
    assert len(list((job / "imported").iterdir())) == 3 and not [n for n in os.listdir(job) if n.startswith(".")]


def test_what_relinking_cannot_mend_is_warned_of(moved: tuple[Path, Path]) -> None:
    job, archive = moved
    relink(plan_relink(str(job), str(archive)))
    first, second, _ = sorted((job / "imported").iterdir())
    first.unlink()
    Path(os.readlink(second)).write_bytes(b"something else")
    plan = plan_relink(str(job), str(archive))
    assert [(p.code, p.severity, p.examples) for p in plan.problems] == [
        ("stack-changed", Severity.WARNING, (second.name,)),
        ("stack-missing", Severity.WARNING, (first.name,)),
    ]
    assert main(["--relink", str(job), "--data", str(archive)]) == 0


def test_a_data_path_that_finds_the_stacks_is_proposed(moved: tuple[Path, Path], tmp_path: Path) -> None:
    job, archive = moved
    (tmp_path / "wrong").mkdir()
    plan = plan_relink(str(job), str(tmp_path / "wrong"))
    assert [p.code for p in plan.problems] == ["stack-missing"]
    assert Path(plan.suggested_data).is_relative_to(tmp_path)
    assert plan_relink(str(job), plan.suggested_data).problems == []


def test_a_stack_that_is_replaced_after_the_check_is_not_linked(moved: tuple[Path, Path]) -> None:
    job, archive = moved
    before = targets(job)
    plan = plan_relink(str(job), str(archive))
    stack = next(archive.rglob("*.mrcs"))
    other = stack.with_suffix(".new")
    other.write_bytes(stack.read_bytes())
    os.replace(other, stack)
    with pytest.raises(Refused, match="has changed since it was checked"):
        relink(plan)
    assert targets(job) == before
    relink(plan_relink(str(job), str(archive)))
    assert all(os.path.exists(target) for target in targets(job).values())
