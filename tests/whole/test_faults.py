"""A job folder is whole or not there: an error, a full disk or a kill at every single file operation."""

from __future__ import annotations

import builtins
import errno
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from cryoimport_gui.core.demo import DemoRecipe, make_demo
from cryoimport_gui.core.job.write import write_job
from cryoimport_gui.core.parameters import ImportParameters, update
from cryoimport_gui.core.plan.plan import ImportPlan
from cryoimport_gui.core.plan.planner import plan_import
from cryoimport_gui.core.problems import Refused
from cryoimport_gui.core.progress import Cancelled, Progress

from ..support.running import StopAfter, tree

OPERATIONS = ("mkdir", "symlink", "fsync", "rename", "replace", "open", "stat", "listdir")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory):
    return make_demo(tmp_path_factory.mktemp("source"), DemoRecipe(micrographs=3, particles_per_micrograph=4, box=32))


@pytest.fixture
def plan(source, tmp_path: Path) -> ImportPlan:
    values = {"meta": source.star, "data": source.data, "exposures": source.exposures, "output": tmp_path / "J" / "J3"}
    chosen = {name: str(path) for name, path in values.items()} | source.trims
    made = plan_import(update(ImportParameters(), chosen))
    assert not made.errors
    return made


class _FaultyFile:
    """A file opened for writing, whose writes count as operations."""

    def __init__(self, file, before: Callable[[], None]) -> None:
        self._file, self._before = file, before

    def write(self, data) -> int:
        self._before()
        return self._file.write(data)

    def __enter__(self):
        return self

    def __exit__(self, *exc: object) -> None:
        self._file.close()

    def __getattr__(self, name: str):
        return getattr(self._file, name)


@contextmanager
def fault_at(nth: int, fault: Callable[[], None]) -> Iterator[list[int]]:
    """Calls `fault` at the nth file operation; gives a list whose length is the number of operations so far."""
    done: list[int] = []
    originals = {name: getattr(os, name) for name in OPERATIONS}
    open_file = builtins.open

    def before() -> None:
        done.append(1)
        if len(done) == nth:
            fault()

    def counted(original):
        def operation(*args, **kwargs):
            before()
            return original(*args, **kwargs)

        return operation

    def opened(path, mode="r", *args, **kwargs):
        file = open_file(path, mode, *args, **kwargs)
        return _FaultyFile(file, before) if set(mode) & set("wxa+") else file

    for name, original in originals.items():
        setattr(os, name, counted(original))
    builtins.open = opened
    try:
        yield done
    finally:
        builtins.open = open_file
        for name, original in originals.items():
            setattr(os, name, original)


def operations(plan: ImportPlan) -> int:
    with fault_at(0, lambda: None) as done:
        write_job(plan)
    return len(done)


def check_whole(job: Path, plan: ImportPlan) -> None:
    assert len(np.load(job / "imported_particles.cs")) == plan.counts()["particles"]
    assert len(list((job / "imported").iterdir())) == plan.counts()["links"]
    assert all(link.exists() for link in (job / "imported").iterdir())


def with_output(plan: ImportPlan, output: Path) -> ImportPlan:
    plan.parameters = update(plan.parameters, {"output": str(output)})
    return plan


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EPERM])
def test_an_error_at_every_operation_leaves_nothing(plan: ImportPlan, source, tmp_path: Path, code: int) -> None:
    before = tree(source.star.parents[3])
    total = operations(with_output(plan, tmp_path / "count" / "J3"))
    assert total > 30

    def fail() -> None:
        raise OSError(code, os.strerror(code))

    with_output(plan, tmp_path / "J" / "J3")
    for nth in range(1, total + 1):
        try:
            with fault_at(nth, fail):
                write_job(plan)
        except Refused as refused:
            assert refused.problem.code in {
                "output-no-space",
                "output-not-writable",
                "stack-missing",
                "meta-unreadable",
            }
        if (tmp_path / "J" / "J3").exists():  # the fault came behind the rename, or was one that does not matter
            check_whole(tmp_path / "J" / "J3", plan)
            os.rename(tmp_path / "J" / "J3", tmp_path / f"done{nth}")
            (tmp_path / "J").rmdir()
        assert not (tmp_path / "J").exists(), f"something is left behind after a fault at operation {nth}"
    assert tree(source.star.parents[3]) == before
    write_job(plan)
    check_whole(tmp_path / "J" / "J3", plan)


def test_a_kill_at_every_operation_leaves_nothing_or_all_and_the_next_run_cleans_up(
    plan: ImportPlan, source, tmp_path: Path
) -> None:
    before = tree(source.star.parents[3])
    total = operations(with_output(plan, tmp_path / "count" / "J3"))
    folder = tmp_path / "J"
    with_output(plan, folder / "J3")
    for nth in range(1, total + 1):
        child = os.fork()
        if child == 0:
            with fault_at(nth, lambda: os.kill(os.getpid(), signal.SIGKILL)):
                write_job(plan)
            os._exit(0)
        os.waitpid(child, 0)
        if (folder / "J3").exists():
            check_whole(folder / "J3", plan)
        else:
            write_job(plan)
            check_whole(folder / "J3", plan)
        assert os.listdir(folder) == ["J3"], f"left over after a kill at operation {nth}"
        os.rename(folder / "J3", tmp_path / f"done{nth}")
    assert tree(source.star.parents[3]) == before


def test_cancel_at_every_step_leaves_nothing(plan: ImportPlan, tmp_path: Path) -> None:
    steps = 0
    while True:
        try:
            write_job(plan, StopAfter(steps))
            break
        except Cancelled:
            assert not (tmp_path / "J").exists()
        steps += 1
    assert steps > 3
    check_whole(tmp_path / "J" / "J3", plan)


def test_of_two_imports_into_one_folder_one_wins_and_the_other_is_refused(plan: ImportPlan, tmp_path: Path) -> None:
    other = plan_import(plan.parameters)

    class Meanwhile(Progress):
        """When the first import is nearly done, the second runs as a whole."""

        def report(self, done: int, total: int) -> None:
            if (done, total) == (0, 1):
                write_job(other)

    with pytest.raises(Refused) as refused:
        write_job(plan, Meanwhile())
    assert refused.value.problem.code == "output-exists"
    check_whole(tmp_path / "J" / "J3", plan)
    assert os.listdir(tmp_path / "J") == ["J3"]


def test_a_live_import_is_not_taken_for_a_leftover(plan: ImportPlan, tmp_path: Path) -> None:
    partial = tmp_path / "J" / f".J3.cryoimport-partial-elsewhere-{os.getpid()}-01234567"
    partial.mkdir(parents=True)
    write_job(plan)
    assert partial.exists(), "another machine's"


@pytest.mark.parametrize("change", ["gone", "shorter", "longer", "star"])
def test_inputs_that_change_between_check_and_write_are_noticed(tmp_path: Path, change: str) -> None:
    demo = make_demo(tmp_path / "demo", DemoRecipe(micrographs=2, particles_per_micrograph=3, box=32))
    values = {"meta": str(demo.star), "data": str(demo.data), "output": str(tmp_path / "J3")}
    made = plan_import(update(ImportParameters(), values))
    if change == "gone":
        demo.stacks[0].unlink()
    elif change == "shorter":
        os.truncate(demo.stacks[0], 2000)
    elif change == "longer":
        os.truncate(demo.stacks[0], demo.stacks[0].stat().st_size + 1)
    else:
        demo.star.write_text(demo.star.read_text() + "\n")
    with pytest.raises(Refused) as refused:
        write_job(made)
    expected = {"gone": "stack-missing", "shorter": "stack-truncated", "longer": "stack-changed"}
    expected["star"] = "meta-unreadable"
    assert refused.value.problem.code == expected[change]
    assert not (tmp_path / "J3").exists()


def test_stacks_that_appear_after_the_check_change_nothing(tmp_path: Path) -> None:
    """What was left out stays out, and a second stack of a name does not take the place of the first."""
    demo = make_demo(tmp_path / "demo", DemoRecipe(micrographs=3, particles_per_micrograph=3, box=32))
    content = demo.stacks[0].read_bytes()
    demo.stacks[0].unlink()
    values = {"meta": str(demo.star), "data": str(demo.data), "output": str(tmp_path / "J3"), "on_bad": "leave-out"}
    made = plan_import(update(ImportParameters(), values))
    assert made.counts()["left_out"] == 3 and not made.errors
    demo.stacks[0].write_bytes(content)
    rival = demo.star.parent / demo.stacks[1].relative_to(demo.data)
    rival.parent.mkdir(parents=True)
    rival.write_bytes(content)
    report = write_job(made).report
    assert report["counts"]["left_out"] == 3 and report["counts"]["links"] == 2
    check_whole(tmp_path / "J3", made)
    links = {os.readlink(link) for link in (tmp_path / "J3/imported").iterdir()}
    assert links == {str(stack) for stack in demo.stacks[1:]}


@pytest.mark.parametrize("kind", ["file", "link", "dangling link", "folder"])
def test_what_appears_at_the_output_meanwhile_is_left_as_it_is(plan: ImportPlan, tmp_path: Path, kind: str) -> None:
    output = tmp_path / "J" / "J3"

    class Meanwhile(Progress):
        def report(self, done: int, total: int) -> None:
            if (done, total) != (0, 1):
                return
            if kind == "file":
                output.write_text("mine")
            elif kind == "folder":
                output.mkdir()
                (output / "mine").write_text("mine")
            else:
                (tmp_path / "elsewhere").mkdir()
                output.symlink_to(tmp_path / ("elsewhere" if kind == "link" else "nowhere"))

    with pytest.raises(Refused) as refused:
        write_job(plan, Meanwhile())
    assert refused.value.problem.code == "output-exists"
    assert os.listdir(tmp_path / "J") == ["J3"]
    assert output.is_symlink() == ("link" in kind) and not (tmp_path / "nowhere").exists()
    if kind == "link":
        assert os.listdir(tmp_path / "elsewhere") == []
    elif kind != "dangling link":
        assert (output if kind == "file" else output / "mine").read_text() == "mine"
