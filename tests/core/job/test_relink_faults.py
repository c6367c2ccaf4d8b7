"""Whatever happens while links are mended: all are the old ones, or all the new ones; nothing else is touched."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import stat
from pathlib import Path

import pytest

from cryoimport_gui.__main__ import main
from cryoimport_gui.core import atomic as module
from cryoimport_gui.core import parallel
from cryoimport_gui.core.job.relink import Relinking, plan_relink, relink
from cryoimport_gui.core.problems import Refused
from cryoimport_gui.core.progress import Cancelled

from ...support.moved_stacks import moved, targets
from ...support.running import StopAfter, tree
from ...whole.test_faults import fault_at

__all__ = ["moved"]

WAYS = {"in one step": module._EXCHANGE, "in two steps": 1 << 20}  # no such flag: as on file systems without it


@pytest.fixture(params=WAYS.values(), ids=list(WAYS))
def plan(request, moved: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> Relinking:
    monkeypatch.setattr(module, "_EXCHANGE", request.param)
    job, archive = moved
    return plan_relink(str(job), str(archive))


def again(plan: Relinking) -> Relinking:
    """The same job folder with the old links, made anew."""
    job = plan.job
    for name in ["imported", *hidden(plan)]:
        shutil.rmtree(job / name)
    (job / "imported").mkdir()
    for name, target in plan.links.items():
        (job / "imported" / name).symlink_to(target)
    return plan


def new_links(plan: Relinking) -> dict[str, str]:
    return {name: new for name, (_, new) in plan.changes.items()}


def hidden(plan: Relinking) -> list[str]:
    return [name for name in os.listdir(plan.job) if name.startswith(".")]


def test_an_error_at_every_operation_leaves_old_links_or_new_ones(plan: Relinking, tmp_path: Path) -> None:
    with fault_at(0, lambda: None) as done:
        relink(plan)
    assert targets(plan.job) == new_links(plan) and len(done) > 10
    before = tree(tmp_path / "archive")

    def fail() -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    refused = 0
    for nth in range(1, len(done) + 1):
        again(plan)
        try:
            with fault_at(nth, fail):
                relink(plan)
            assert targets(plan.job) == new_links(plan), f"fault at operation {nth}"
        except Refused:
            refused += 1
            assert targets(plan.job) == plan.links, f"refused at operation {nth}, and yet changed"
            assert hidden(plan) == []
    assert refused > 8 and tree(tmp_path / "archive") == before


def test_a_kill_at_every_operation_is_mended_by_the_next_run(plan: Relinking, tmp_path: Path) -> None:
    with fault_at(0, lambda: None) as done:
        relink(plan)
    for nth in range(1, len(done) + 1):
        again(plan)
        child = os.fork()
        if child == 0:
            with fault_at(nth, lambda: os.kill(os.getpid(), signal.SIGKILL)):
                relink(plan)
            os._exit(0)
        os.waitpid(child, 0)
        if (plan.job / "imported").is_dir():
            assert targets(plan.job) in (plan.links, new_links(plan)), f"kill at operation {nth}"
        left = tree(plan.job)
        found = plan_relink(str(plan.job), str(tmp_path / "archive"))
        assert tree(plan.job) == left, "looking changes nothing"
        assert found.links in (plan.links, new_links(plan)) and not found.errors
        if found.changes:
            relink(found)
            assert hidden(plan) == []
        assert targets(plan.job) == new_links(plan)


def test_cancel_at_every_step_changes_nothing(plan: Relinking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "_MAX_BATCH", 1)
    for after in range(len(plan.links) + 1):
        with pytest.raises(Cancelled):
            relink(plan, StopAfter(after))
        assert targets(plan.job) == plan.links and hidden(plan) == []
    relink(plan, StopAfter(len(plan.links) + 1))
    assert targets(plan.job) == new_links(plan)


def test_of_two_at_once_each_leaves_whole_links(plan: Relinking) -> None:
    """Processes that start together, again and again; one may be refused, but not both."""
    for _ in range(20):
        again(plan)
        start, ready = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(ready)
            os.read(start, 1)
            os._exit(_status_of(plan))
        os.close(start)
        os.close(ready)  # both go
        mine = _status_of(plan)
        other = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert {mine, other} <= {0, 1} and 0 in (mine, other)
        assert targets(plan.job) == new_links(plan)


def _status_of(plan: Relinking) -> int:
    try:
        relink(plan)
    except Refused:
        return 1
    except BaseException:
        return 2
    return 0


@pytest.mark.parametrize("change", ["gone", "shorter", "longer", "other links"])
def test_what_changes_between_check_and_mending_is_noticed(moved: tuple[Path, Path], change: str) -> None:
    job, archive = moved
    plan = plan_relink(str(job), str(archive))
    stack = Path(new_links(plan).popitem()[1])
    if change == "gone":
        stack.unlink()
    elif change == "other links":
        (job / "imported" / "one more").symlink_to("/nowhere")
    else:
        os.truncate(stack, stack.stat().st_size + (1 if change == "longer" else -1))
    before = tree(job)
    with pytest.raises(Refused) as refused:
        relink(plan)
    assert "changed" in refused.value.problem.message and tree(job) == before


def test_a_dry_run_changes_nothing_even_after_a_kill(moved: tuple[Path, Path]) -> None:
    job, archive = moved
    os.rename(job / "imported", job / ".imported.old")
    before = tree(job)
    assert main(["--relink", str(job), "--data", str(archive), "--dry-run"]) == 0
    assert tree(job) == before


def test_a_folder_without_the_right_to_write_is_reported_when_it_is_checked(
    moved: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    job, archive = moved
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write everywhere
    plan = plan_relink(str(job), str(archive))
    assert [p.code for p in plan.problems] == ["output-not-writable"] and str(job) in plan.problems[0].message


def test_the_new_folder_has_the_rights_of_the_old_one(plan: Relinking) -> None:
    (plan.job / "imported").chmod(0o2770)
    relink(plan)
    assert stat.S_IMODE((plan.job / "imported").stat().st_mode) == 0o2770


@pytest.mark.parametrize("name", ["imported", ".imported.old"])
def test_a_folder_of_links_that_is_itself_a_link_is_refused(
    moved: tuple[Path, Path], tmp_path: Path, name: str
) -> None:
    job, archive = moved
    shutil.move(job / "imported", tmp_path / "elsewhere")
    (job / name).symlink_to(tmp_path / "elsewhere")
    before = tree(tmp_path)
    assert main(["--relink", str(job), "--data", str(archive)]) == 1
    assert tree(tmp_path) == before


def test_a_folder_among_the_links_is_refused(moved: tuple[Path, Path]) -> None:
    job, archive = moved
    (job / "imported" / "mine").mkdir()
    (job / "imported" / "mine" / "notes.txt").write_text("kept")
    assert main(["--relink", str(job), "--data", str(archive)]) == 1
    assert (job / "imported" / "mine" / "notes.txt").read_text() == "kept"


HOSTILE = {
    "no JSON": "{",
    "deep": "[" * 100_000,
    "a list": "[]",
    "links are a list": '{"links": []}',
    "huge number": '{"links": ' + "9" * 10_000 + "}",
    "empty": "",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=list(HOSTILE))
def test_an_import_json_that_is_none_is_refused(moved: tuple[Path, Path], text: str) -> None:
    job, archive = moved
    (job / "import.json").write_text(text)
    with pytest.raises(Refused, match="not a job folder"):
        plan_relink(str(job), str(archive))


@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_an_import_json_that_is_no_file_is_refused_at_once(moved: tuple[Path, Path], kind: str) -> None:
    job, archive = moved
    (job / "import.json").unlink()
    if kind == "pipe":
        os.mkfifo(job / "import.json")
    elif kind == "device":
        (job / "import.json").symlink_to("/dev/zero")
    else:
        (job / "import.json").mkdir()
    with pytest.raises(Refused, match="not a job folder"):
        plan_relink(str(job), str(archive))


def test_what_import_json_says_names_no_file(moved: tuple[Path, Path], tmp_path: Path) -> None:
    """Its names are only looked up: those that are no links of the job are printed, and lead nowhere."""
    job, archive = moved
    content = json.loads((job / "import.json").read_text())
    odd = {"../../outside": {"bytes": 1}, "/etc/passwd": {}, "a\0b": None, "\x1b[2J": 7, "": []}
    (job / "import.json").write_text(json.dumps(content | {"links": content["links"] | odd}))
    before = tree(tmp_path)
    plan = plan_relink(str(job), str(archive))
    assert tree(tmp_path) == before
    assert [p.count for p in plan.problems] == [5] and not plan.errors
    relink(plan)
    assert {n: c for n, c in tree(tmp_path).items() if not n.startswith("J3/imported")} == {
        n: c for n, c in before.items() if not n.startswith("J3/imported")
    }


@pytest.mark.parametrize("said", [None, 7, [], {}, {"images": True, "box": [], "bytes": "x"}, {"bytes": 10**400}])
def test_a_stack_that_import_json_does_not_describe_is_never_linked(moved: tuple[Path, Path], said: object) -> None:
    job, archive = moved
    content = json.loads((job / "import.json").read_text())
    name = next(iter(content["links"]))
    content["links"][name] = said
    (job / "import.json").write_text(json.dumps(content))
    plan = plan_relink(str(job), str(archive))
    assert [p.code for p in plan.errors] == ["stack-changed"]
    with pytest.raises(Refused):
        relink(plan)
    assert targets(job) == plan.links
