"""Two processes at one folder, and a kill in the middle of many stacks: one whole job folder, or none."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from cryoimport_gui.core import parallel
from cryoimport_gui.core.job.write import write_job
from cryoimport_gui.core.parameters import ImportParameters, update
from cryoimport_gui.core.plan.plan import ImportPlan
from cryoimport_gui.core.plan.planner import plan_import
from cryoimport_gui.core.problems import Refused
from cryoimport_gui.core.progress import Progress

from ..support.running import tree
from ..support.stars import particle_columns, write_input, write_stack
from .test_faults import check_whole, with_output

STACKS = 120


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> ImportPlan:
    """A plan with more stacks than the first batch, after which threads take over."""
    folder = tmp_path_factory.mktemp("many")
    star = write_input(folder, particle_columns(STACKS, 1))
    for k in range(STACKS):
        write_stack(folder / f"stacks/s{k + 1}.mrcs", 1, seed=k)
    plan = plan_import(update(ImportParameters(), {"meta": str(star), "output": str(folder / "J0")}))
    assert not plan.errors and plan.counts()["links"] == STACKS
    return plan


def in_a_child(plan: ImportPlan, progress: Progress) -> int:
    """Process number of a child that imports; it ends with 0, 1 if that is refused, 2 if anything else happens."""
    child = os.fork()
    if child == 0:
        os._exit(outcome(plan, progress))
    return child


def outcome(plan: ImportPlan, progress: Progress) -> int:
    try:
        write_job(plan, progress)
    except Refused as refused:
        return 1 if refused.problem.code == "output-exists" else 2
    except BaseException:
        return 2
    return 0


def test_of_two_processes_one_wins_and_the_other_is_refused(many: ImportPlan, tmp_path: Path) -> None:
    """Each stops before its last step until the other is there too: they rename at the same moment."""

    class Meet(Progress):
        def __init__(self, mine: int, other: int) -> None:
            super().__init__()
            self._mine, self._other = mine, other

        def report(self, done: int, total: int) -> None:
            if (done, total) == (0, 1):
                os.write(self._mine, b"x")
                os.read(self._other, 1)

    for number in range(8):
        plan = with_output(many, tmp_path / f"{number}" / "J3")
        (my_end, its_start), (its_end, my_start) = os.pipe(), os.pipe()
        child = in_a_child(plan, Meet(its_start, its_end))
        mine = outcome(plan, Meet(my_start, my_end))
        other = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert sorted((mine, other)) == [0, 1]
        check_whole(tmp_path / f"{number}" / "J3", plan)
        assert os.listdir(tmp_path / f"{number}") == ["J3"]
        for end in (my_end, its_start, its_end, my_start):
            os.close(end)


@pytest.mark.parametrize("threads", [False, True])
def test_a_kill_among_many_stacks_leaves_nothing_that_the_next_run_does_not_clean_up(
    many: ImportPlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threads: bool
) -> None:
    monkeypatch.setattr(parallel, "_SLOW_S", -1.0 if threads else 1e9)
    monkeypatch.setattr(parallel, "_MAX_BATCH", 8)

    class Kill(Progress):
        def __init__(self, after: int) -> None:
            super().__init__()
            self.left = after

        def report(self, done: int, total: int) -> None:
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    source = Path(many.parameters.meta[0]).parent
    before = tree(source)
    left = 0
    for after in range(1, 30, 4):
        plan = with_output(many, tmp_path / f"{after}" / "J3")
        _, status = os.waitpid(in_a_child(plan, Kill(after)), 0)
        hidden = os.listdir(tmp_path / f"{after}")
        if os.WIFSIGNALED(status):
            assert len(hidden) == 1 and hidden[0].startswith(".J3.cryoimport-partial-")
            left += 1
        if "J3" not in hidden:
            write_job(plan)
        check_whole(tmp_path / f"{after}" / "J3", plan)
        assert os.listdir(tmp_path / f"{after}") == ["J3"]
    assert left >= 4 and tree(source) == before
