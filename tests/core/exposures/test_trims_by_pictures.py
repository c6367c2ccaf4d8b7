"""Matches that names leave in doubt, and what pictures make of them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import starfile

from cryoimport_gui.core.demo import Demo, DemoRecipe, make_demo
from cryoimport_gui.core.exposures.trims import TrimRules
from cryoimport_gui.core.plan.plan import ImportPlan
from cryoimport_gui.core.plan.planner import Planner
from cryoimport_gui.core.progress import Cancelled, Progress
from cryoimport_gui.core.report.words import overview

from ...support.mirrored_sets import rename_folder
from ...support.stars import write_exposures
from ...support.truth import parameters_of

COUNT, EACH = 14, 3
#: names of micrographs and of exposures that leave a doubt about a right rule
DOUBTFUL = "M/apo_{:04d}.mrc", "J2/motioncorrected/x_{:04d}_DW.mrc"
REFUSED = "M/grid1_{:04d}.mrc", "J2/motioncorrected/grid2_{:04d}_DW.mrc"


def made(folder: Path, seed: int = 0, **recipe: Any) -> Demo:
    values = {"micrographs": COUNT, "particles_per_micrograph": EACH, "box": 32, "snr": 1.0, "optics_groups": 1}
    return make_demo(folder, DemoRecipe(**{"seed": seed, **values, **recipe}))


def renamed(demo: Demo, micrograph: str, exposure: str) -> Demo:
    """The STAR file's names of micrographs, and the exposures' paths and files, by these patterns of a number."""
    tables = starfile.read(demo.star, always_dict=True, parse_as_string=["rlnMicrographName"])
    tables["particles"]["rlnMicrographName"] = [micrograph.format(i + 1) for i in demo.micrograph_index]
    starfile.write(tables, demo.star)
    table = np.load(demo.exposures)
    columns = {name: table[name] for name in table.dtype.names}
    columns["micrograph_blob/path"] = np.array([exposure.format(i + 1).encode() for i in range(COUNT)])
    write_exposures(demo.exposures, columns)
    for number, path in enumerate(demo.micrographs):
        path.rename(demo.project / exposure.format(number + 1))
    return demo


def planned(demo: Demo, planner: Planner | None = None, **changes: Any) -> ImportPlan:
    names = ("remove_leading_uid", *(n for n in demo.trims if n.endswith("fix")))
    nothing = dict.fromkeys(names, 0) | {"remove_leading_uid": False}
    values = {"coordinate_y": "auto", "check_poses": "off", **nothing, "suggest_trims": True, **changes}
    return (planner or Planner()).plan(parameters_of(demo, **values))


def codes(plan: ImportPlan) -> set[str]:
    return {p.code for p in plan.problems if p.code.startswith(("exposure", "micrograph"))}


def exposures_of(plan: ImportPlan) -> list[str]:
    """The file of each particle's exposure; nothing where there is none."""
    assert plan.matching is not None and plan.exposures is not None and plan.all_particles is not None
    of_rows = plan.matching.of_rows(plan.all_particles).tolist()
    return [plan.exposures.files[i] if i >= 0 else "" for i in of_rows]


def test_a_right_rule_with_a_doubt_is_confirmed(tmp_path: Path) -> None:
    plan = planned(renamed(made(tmp_path), *DOUBTFUL))
    assert plan.matching is not None and plan.matching.suggestion is not None
    assert plan.matching.compared == 12 and codes(plan) == set()
    assert plan.matching.rules_source == "suggested" and plan.counts()["particles_matched"] == COUNT * EACH
    assert plan.matching.suggestion.doubt == ""
    assert plan.matching.suggestion.trust.endswith("found in the pictures of their exposures")
    assert any("(trimming: suggested, confirmed by pictures)" in line for line in overview(plan))


@pytest.mark.parametrize("why", ["another session", "movies", "no images"])
def test_the_doubt_stays_where_pictures_do_not_drop_it(tmp_path: Path, why: str) -> None:
    demo = renamed(made(tmp_path / "a"), *DOUBTFUL)
    if why == "another session":
        other = renamed(made(tmp_path / "b", seed=1), *DOUBTFUL)
        shutil.copytree(other.project, demo.project, dirs_exist_ok=True)
    elif why == "movies":
        table = np.load(demo.exposures)
        columns = {name.replace("micrograph_blob", "movie_blob"): table[name] for name in table.dtype.names}
        write_exposures(demo.exposures, columns)
    else:
        for path in demo.stacks:
            path.unlink()
    plan = planned(demo, ignore_raw_data=why == "no images")
    assert plan.matching is not None and plan.matching.compared == 0
    assert "exposure-doubtful" in codes(plan)


def test_half_of_the_exposures_of_another_session_are_not_enough(tmp_path: Path) -> None:
    demo, other = (renamed(made(tmp_path / str(seed), seed=seed), *DOUBTFUL) for seed in (0, 1))
    for number in range(1, COUNT + 1, 4):
        path = DOUBTFUL[1].format(number)
        shutil.copy(other.project / path, demo.project / path)
    plan = planned(demo)
    assert plan.matching is not None and plan.matching.compared == 0 and "exposure-doubtful" in codes(plan)


def test_rules_that_names_refuse_are_taken_where_pictures_prove_them(tmp_path: Path) -> None:
    demo = renamed(made(tmp_path / "a"), *REFUSED)
    plan = planned(demo)
    assert codes(plan) == set() and plan.matching is not None and plan.matching.suggestion is not None
    assert plan.matching.rules_source == "suggested" and plan.matching.suggestion.refused == ""
    expected = [str(demo.project / REFUSED[1].format(i + 1)) for i in demo.micrograph_index]
    assert exposures_of(plan) == expected
    other = renamed(made(tmp_path / "b", seed=1), *REFUSED)
    wrong = planned(demo, exposures=str(other.exposures), project=str(other.project))
    assert wrong.matching is not None and not (wrong.matching.of_name >= 0).any()
    assert "exposure-unmatched" in codes(wrong)


def test_rules_of_the_user_are_only_commented(tmp_path: Path) -> None:
    demo, other = (renamed(made(tmp_path / str(seed), seed=seed), *REFUSED) for seed in (0, 1))
    rules = {"exposure_cut_prefix": 6, "exposure_cut_suffix": 7, "particle_cut_prefix": 6, "particle_cut_suffix": 4}
    for of, doubts in (demo, set[str]()), (other, {"exposure-doubtful"}):
        plan = planned(
            demo, suggest_trims=False, exposures=str(of.exposures), project=str(of.project), **rules
        )  # fmt: skip
        assert plan.matching is not None and plan.matching.rules == TrimRules(**rules)
        assert plan.matching.rules_source == "user" and plan.matching.suggestion is None
        assert bool(plan.matching.compared) != bool(doubts) and codes(plan) == doubts
        assert plan.counts()["particles_matched"] == COUNT * EACH


def two_sessions(tmp_path: Path) -> tuple[Demo, Demo]:
    first, second = (made(tmp_path / str(seed), seed=seed) for seed in (0, 1))
    rename_folder(first, range(COUNT), "MotionCorr/job002/one")
    rename_folder(second, range(COUNT), "MotionCorr/job002/two")
    return first, second


def given(*demos: Demo) -> dict[str, Any]:
    return {"exposures": [str(demo.exposures) for demo in demos], "project": ""}


@pytest.mark.parametrize("suggest", [False, True])
@pytest.mark.parametrize("of", [0, 1])
def test_pictures_choose_the_session(tmp_path: Path, of: int, suggest: bool) -> None:
    demos = two_sessions(tmp_path)
    rules = {} if suggest else demos[of].trims
    plan = planned(demos[of], **given(*demos), suggest_trims=suggest, **rules)
    assert codes(plan) == set() and plan.matching is not None and plan.matching.compared == 12
    assert exposures_of(plan) == [str(demos[of].micrographs[i]) for i in demos[of].micrograph_index]


@pytest.mark.parametrize("by", ["folder", "exposure group", "nothing"])
def test_sessions_of_one_dataset_are_its_folders_or_exposure_groups(tmp_path: Path, by: str) -> None:
    demos = two_sessions(tmp_path)
    tables = [np.load(demo.exposures) for demo in demos]
    for number, (table, demo) in enumerate(zip(tables, demos)):
        table["mscope_params/exp_group_id"] = number + 1 if by == "exposure group" else 1
        folder = f"J{number + 2}/motioncorrected" if by == "folder" else "J2/motioncorrected"
        columns = {name: table[name] for name in table.dtype.names}
        columns["micrograph_blob/path"] = np.array([f"{folder}/{path.name}".encode() for path in demo.micrographs])
        for path in demo.micrographs:
            (demos[0].project / folder).mkdir(exist_ok=True, parents=True)
            path.rename(demos[0].project / folder / path.name)
        tables[number] = columns
    joined = {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}
    write_exposures(demos[0].exposures, joined)
    plan = planned(demos[1], exposures=str(demos[0].exposures), project="", suggest_trims=False, **demos[1].trims)
    if by == "nothing":
        assert "exposure-ambiguous" in codes(plan)
    else:
        assert codes(plan) == set()
        names = [Path(path).name for path in exposures_of(plan)]
        assert names == [demos[1].micrographs[i].name for i in demos[1].micrograph_index]


def test_pictures_choose_the_session_of_each_folder(tmp_path: Path) -> None:
    demos = two_sessions(tmp_path)
    stars = [str(demo.star) for demo in demos]
    plan = planned(demos[0], **given(*demos), meta=stars, suggest_trims=False, **demos[0].trims)
    assert codes(plan) == set() and plan.matching is not None and plan.matching.compared == 24
    assert exposures_of(plan) == [str(demo.micrographs[i]) for demo in demos for i in demo.micrograph_index]
    assert plan.placing is not None
    assert [(group.by, group.exposures) for group in plan.placing.groups] == [("images", COUNT)] * 2


def test_a_name_that_the_session_lacks_is_not_taken_from_another(tmp_path: Path) -> None:
    demos = two_sessions(tmp_path)
    table = np.load(demos[0].exposures)
    write_exposures(demos[0].exposures, {name: table[name][:-1] for name in table.dtype.names})
    rules = demos[0].trims
    plan = planned(demos[0], **given(*demos), suggest_trims=False, on_unmatched="leave-out", **rules)
    expected = [str(demos[0].micrographs[i]) if i < COUNT - 1 else "" for i in demos[0].micrograph_index]
    assert exposures_of(plan) == expected
    (unmatched,) = [p for p in plan.problems if p.code == "exposure-unmatched"]
    assert unmatched.count == 1


def test_sessions_stay_ambiguous_where_pictures_show_none_or_both(tmp_path: Path) -> None:
    demos = two_sessions(tmp_path)
    third = made(tmp_path / "2", seed=2)
    plan = planned(third, **given(*demos), suggest_trims=False, **third.trims)
    (ambiguous,) = [p for p in plan.problems if p.code == "exposure-ambiguous"]
    assert ambiguous.count == COUNT and "session" in ambiguous.hint
    for here, there in zip(demos[0].micrographs, demos[1].micrographs):
        shutil.copy(here, there)
    both = planned(demos[0], **given(*demos), suggest_trims=False, **demos[0].trims)
    assert "exposure-ambiguous" in codes(both) and exposures_of(both) == [""] * COUNT * EACH


def test_particles_that_are_mirrored_or_scaled_are_recognised(tmp_path: Path) -> None:
    for number, recipe in enumerate([{"mirrored_micrographs": True}, {"coordinate_scale": 2.0}]):
        plan = planned(renamed(made(tmp_path / str(number), **recipe), *DOUBTFUL))
        assert plan.matching is not None and plan.matching.compared == 12
        assert "exposure-doubtful" not in codes(plan)


class Stop(Progress):
    """Cancels once images are compared for the names."""

    def __init__(self, after: int) -> None:
        super().__init__(lambda: self.left < 0)
        self.left, self.is_matching = after, False

    def stage(self, name: str) -> None:
        self.is_matching = name == "match"

    def step(self, done: int, total: int) -> None:
        self.left -= self.is_matching
        super().step(done, total)


@pytest.mark.parametrize("after", [0, 3, 8])
def test_comparing_can_be_cancelled(tmp_path: Path, after: int) -> None:
    demo, planner = renamed(made(tmp_path), *DOUBTFUL), Planner()
    values = {"coordinate_y": "auto", "suggest_trims": True, **dict.fromkeys(demo.trims, 0)}
    parameters = parameters_of(demo, **values | {"remove_leading_uid": False})
    with pytest.raises(Cancelled):
        planner.plan(parameters, Stop(after))
    plan = planner.plan(parameters)
    assert plan.matching is not None and plan.matching.compared == 12


def test_the_comparison_is_kept_and_made_again_when_it_may_change(tmp_path: Path) -> None:
    demo, planner = renamed(made(tmp_path), *DOUBTFUL), Planner()
    first = planned(demo, planner)
    assert planned(demo, planner, data_sign="+1").matching is first.matching
    assert planned(demo, planner, coordinate_scale="3").matching is not first.matching
