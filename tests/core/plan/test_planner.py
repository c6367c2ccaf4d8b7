from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import mrcfile
import numpy as np
import pytest
from numpy.typing import NDArray

from cryoimport_gui.core.demo import Demo, DemoRecipe, make_demo
from cryoimport_gui.core.parameters import ImportParameters, update
from cryoimport_gui.core.plan.plan import ImportPlan
from cryoimport_gui.core.plan.planner import Planner, plan_import
from cryoimport_gui.core.problems import count_of
from cryoimport_gui.core.progress import Cancelled, Progress
from cryoimport_gui.core.stacks.mrc import read_images

from ...support.running import tree
from ...support.stars import OPTICS, write_exposures, write_input
from ...support.truth import parameters_of, small_demo


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return small_demo(tmp_path_factory.mktemp("demo"))


class Stages(Progress):
    """Notes the stages that begin."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def stage(self, name: str) -> None:
        self.names.append(name)


def stages(planner: Planner, demo: Demo, **changes: object) -> set[str]:
    watch = Stages()
    assert planner.plan(parameters_of(demo, **changes), watch).errors == []
    return set(watch.names)


def test_everything_is_checked_and_nothing_written(demo: Demo) -> None:
    before = tree(demo.star.parents[3])
    plan = plan_import(parameters_of(demo))
    assert tree(demo.star.parents[3]) == before
    assert plan.errors == []
    assert plan.slots == ("blob", "ctf", "alignments3D", "location")
    assert plan.particles is not None and len(plan.particles) == 12
    assert [(g.id, g.particles) for g in plan.groups] == [(1, 8), (2, 4)]
    assert plan.stacks is not None and plan.stacks.box == 32
    assert plan.counts() == {
        "rows": 12, "not_selected": 0, "particles": 12, "left_out": 0, "stacks": 3, "links": 3, "optics_groups": 2,
        "exposures": 3, "exposures_matched": 3, "particles_matched": 12, "uids_restored": 0,
    }  # fmt: skip


def test_only_what_a_change_touches_is_done_again(demo: Demo) -> None:
    planner = Planner()
    assert {"read", "locate", "headers", "match", "preview"} <= stages(planner, demo)
    slow = {"read", "locate", "headers", "preview"}
    assert not slow & stages(planner, demo)
    assert not slow & stages(planner, demo, data_sign="+1", output=str(demo.project / "J9"), voltage="200")
    assert not slow & stages(planner, demo, coordinate_scale="0.9", on_unmatched="keep")
    assert stages(planner, demo, data=str(demo.data)) & slow == {"locate", "headers", "preview"}


def test_a_stage_that_is_kept_gives_the_same(demo: Demo) -> None:
    planner = Planner()
    changes: list[dict] = [{}, {"pixel_size": "1.0"}, {"on_unmatched": "keep"}, {"data_sign": "+1"}, {}]
    for change in changes:
        fresh, kept = plan_import(parameters_of(demo, **change)), planner.plan(parameters_of(demo, **change))
        for name in ("problems", "groups", "data_sign", "slots"):
            assert getattr(fresh, name) == getattr(kept, name), name
        assert {**fresh.left_out} == {**kept.left_out} == {}
        assert fresh.counts() == kept.counts()
        assert set(fresh.timings_s) == set(kept.timings_s)


def test_a_file_that_changes_is_read_again(tmp_path: Path) -> None:
    meta = write_input(tmp_path)
    planner, parameters = Planner(), update(parameters_of(small_demo(tmp_path / "d")), {"meta": str(meta)})
    parameters = replace(parameters, exposures="", output="")
    assert len(planner.plan(parameters).particles or ()) == 6
    meta.write_text("\n".join(meta.read_text().splitlines()[:-2]) + "\n")
    assert len(planner.plan(parameters).particles or ()) == 5
    meta.unlink()
    assert [p.code for p in planner.plan(parameters).errors] == ["meta-not-found"]


def test_exposures_that_change_are_read_again(tmp_path: Path) -> None:
    meta, exposures = write_input(tmp_path), write_exposures(tmp_path / "J1/e.cs")
    parameters = update(
        parameters_of(small_demo(tmp_path / "d")),
        {"meta": str(meta), "exposures": str(exposures), "project": "", "output": "", "remove_leading_uid": True,
         "exposure_cut_suffix": 0, "particle_cut_prefix": 0, "particle_cut_suffix": 0},
    )  # fmt: skip
    planner = Planner()
    assert planner.plan(parameters).counts()["particles_matched"] == 6
    table = np.load(exposures)
    with exposures.open("wb") as file:
        np.save(file, table[:1])
    assert planner.plan(parameters).counts()["particles_matched"] == 3


def test_exposures_behind_a_result_group_that_change_are_placed_again(tmp_path: Path) -> None:
    meta = write_input(tmp_path, optics=OPTICS | {"rlnMicrographPixelSize": [1.5]})
    exposures = write_exposures(tmp_path / "J1/e.cs")
    group = tmp_path / "J1/e.csg"
    group.write_text("results:\n  micrograph_blob:\n    metafile: '>e.cs'\n")
    parameters = ImportParameters(meta=str(meta), exposures=str(group), remove_leading_uid=True)
    planner = Planner()

    def scales() -> list[float]:
        plan = planner.plan(parameters)
        assert plan.placing is not None and plan.particles is not None and plan.counts()["particles_matched"] == 6
        return plan.placing.of(plan.particles).scale.tolist()

    assert scales() == [1.0] * 6
    table = np.load(exposures)
    table["micrograph_blob/psize_A"] *= 2
    with exposures.open("wb") as file:
        np.save(file, table)
    assert scales() == [0.5] * 6


def cancelled_at(steps: int) -> Progress:
    countdown = iter(range(steps))
    return Progress(lambda: next(countdown, None) is None)


def all_cancels(demo: Demo, planner: Planner) -> Iterator[ImportPlan]:
    """Cancel at the first step, the second, …; gives the plan that is made in the end."""
    for steps in range(1000):
        try:
            yield planner.plan(parameters_of(demo), cancelled_at(steps))
            return
        except Cancelled:
            continue


def test_cancelled_at_every_step(demo: Demo) -> None:
    before = tree(demo.star.parents[3])
    (plan,) = all_cancels(demo, Planner())
    assert plan.errors == [] and plan.counts()["particles_matched"] == 12
    assert tree(demo.star.parents[3]) == before


@pytest.mark.parametrize(
    ("inverted", "choice", "value", "source", "code"),
    [
        (True, "auto", -1, "detected", None),
        (False, "auto", 1, "detected", None),
        (True, "-1", -1, "user", None),
        (True, "+1", 1, "user", "data-sign-contradicts"),
        (False, "-1", -1, "user", "data-sign-contradicts"),
    ],
)
def test_data_sign(tmp_path: Path, inverted: bool, choice: str, value: int, source: str, code: str | None) -> None:
    demo = small_demo(tmp_path, inverted=inverted)
    plan = plan_import(parameters_of(demo, data_sign=choice))
    assert plan.data_sign is not None and plan.data_sign.verdict is not None
    assert (plan.data_sign.value, plan.data_sign.source) == (value, source)
    assert plan.data_sign.verdict.value == demo.data_sign
    found = [p.code for p in plan.problems if p.code.startswith("data-sign")]
    assert found == ([code] if code else [])


def test_images_without_a_picture_are_reported(tmp_path: Path) -> None:
    demo = make_demo(tmp_path, DemoRecipe(micrographs=5, particles_per_micrograph=8, box=32))
    with mrcfile.open(demo.stacks[1], "r+") as stack:
        stack.data[2, 5, 5] = np.nan
    with mrcfile.open(demo.stacks[2], "r+") as stack:
        stack.data[:] = 0
    for kept_bytes in (1 << 20, 0):  # all images at once, and in parts
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("cryoimport_gui.core.plan.data_sign._KEPT_BYTES", kept_bytes)
            patch.setattr("cryoimport_gui.core.plan.data_sign._MIN_KEPT", 5)
            plan = plan_import(parameters_of(demo))
        infinite, blank = (p for p in plan.problems if p.code == "image-values-odd")
        assert infinite.message == "1 of 40 sampled images holds values that are not finite (NaN or infinite)"
        assert infinite.count == 1 and demo.stacks[1].name in infinite.examples[0]
        assert "000003@" in infinite.examples[0]
        assert blank.message == "8 of 40 sampled images are blank (all one value)"
        assert blank.count == 8 and all(demo.stacks[2].name in example for example in blank.examples)
        assert plan.data_sign is not None and plan.data_sign.value == demo.data_sign
        assert plan.data_sign.verdict is not None and plan.data_sign.verdict.sampled == 31


def test_images_that_cannot_be_read_are_not_called_blank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    demo = make_demo(tmp_path, DemoRecipe(micrographs=3, particles_per_micrograph=8, box=32))

    def fail(path: str, *args: Any) -> NDArray:
        if path == str(demo.stacks[1]):
            raise OSError("stale file handle")
        return read_images(path, *args)

    monkeypatch.setattr("cryoimport_gui.core.stacks.sample.read_images", fail)
    plan = plan_import(parameters_of(demo))
    assert plan.data_sign is not None and plan.data_sign.verdict is not None
    assert plan.data_sign.verdict.sampled == 16
    assert not [p for p in plan.problems if p.code == "image-values-odd"]


@pytest.mark.parametrize("choice", ["auto", "-1"])
@pytest.mark.parametrize("groups", [1, 2])
def test_stacks_of_opposite_contrast_are_reported(tmp_path: Path, choice: str, groups: int) -> None:
    recipe = DemoRecipe(micrographs=5, particles_per_micrograph=8, box=32, optics_groups=groups)
    demo = make_demo(tmp_path, recipe)
    is_of_first = [int(demo.optics_group[demo.stack_index == k][0]) == 1 for k in range(5)]
    others = [k for k in range(5) if (is_of_first[k] if groups == 2 else k % 2 == 0)]
    for k in others:
        with mrcfile.open(demo.stacks[k], "r+") as stack:
            stack.data[:] *= -1
    plan = plan_import(parameters_of(demo, data_sign=choice))
    (found,) = (p for p in plan.problems if p.code.startswith("data-sign"))
    assert found.code == ("data-sign-unclear" if choice == "auto" else "data-sign-contradicts")
    kind = "optics group" if groups == 2 else "stack"
    counts = (1, 1) if groups == 2 else (len(others), 5 - len(others))
    printed = f"images of {count_of(counts[0], kind)} are stored dark on light, of {counts[1]} light on dark"
    assert found.message.startswith(f"{printed}: they cannot share one data sign") and "-1" in found.message
    assert {example.partition(":")[0] for example in found.examples} == {"dark on light", "light on dark"}
    assert "separately" in found.hint
    if groups == 1:
        assert demo.stacks[others[0]].name in found.examples[0] and "of 8 images)" in found.examples[0]


def test_two_stacks_of_25_are_stored_the_other_way_round(tmp_path: Path) -> None:
    demo = make_demo(tmp_path, DemoRecipe(micrographs=25, particles_per_micrograph=16, box=32))
    for k in (4, 21):
        with mrcfile.open(demo.stacks[k], "r+") as stack:
            stack.data[:] *= -1
    plan = plan_import(parameters_of(demo))
    (found,) = (p for p in plan.problems if p.code.startswith("data-sign"))
    assert found.message.startswith("images of 2 stacks are stored dark on light, of 23 light on dark")
    assert any(demo.stacks[4].name in example for example in found.examples)
    verdict = plan.data_sign.verdict if plan.data_sign else None
    assert verdict is not None and (verdict.stacks, verdict.stacks_judged) == (25, 25)


def test_pictures_that_tell_nothing(tmp_path: Path) -> None:
    parameters = parameters_of(small_demo(tmp_path / "d"), meta=str(write_input(tmp_path)), exposures="", output="")
    plan = plan_import(replace(parameters, project=""))
    assert plan.data_sign is not None
    assert (plan.data_sign.value, plan.data_sign.source) == (-1, "default")
    assert [p.code for p in plan.problems if p.code.startswith("data-sign")] == ["data-sign-unclear"]
    plan = plan_import(replace(parameters, project="", data_sign="+1"))
    assert plan.data_sign is not None and (plan.data_sign.value, plan.data_sign.source) == (1, "user")
    assert not [p.code for p in plan.problems if p.code.startswith("data-sign")]


def test_bad_rows_and_unmatched_rows_are_left_out_together(tmp_path: Path) -> None:
    demo = small_demo(tmp_path)
    table = np.load(demo.exposures)
    with demo.exposures.open("wb") as file:
        np.save(file, table[[0, 2]])
    text = demo.star.read_text()
    demo.star.write_text(text.replace("000001@", "000099@", 2))  # one of the first micrograph, one of the second
    plan = plan_import(parameters_of(demo, on_bad="leave-out", on_unmatched="leave-out"))
    assert plan.errors == []
    unmatched = np.flatnonzero(demo.micrograph_index == 1).tolist()
    bad = np.flatnonzero(demo.image_index == 0)[:2].tolist()
    left_out = {code: rows.tolist() for code, rows in plan.left_out.items()}
    assert left_out == {
        "image-index-out-of-range": bad,
        "exposure-unmatched": [row for row in unmatched if row not in bad],
    }
    assert plan.particles is not None and len(plan.particles) == 12 - 5
    assert plan.counts()["left_out"] == 5
    assert [g.particles for g in plan.groups] == [7, 0]


def test_what_cannot_be_read_leaves_the_rest_of_the_plan(tmp_path: Path) -> None:
    demo = small_demo(tmp_path)
    plan = plan_import(parameters_of(demo, exposures=str(tmp_path / "no.cs"), data=str(tmp_path / "no")))
    assert sorted(p.code for p in plan.errors) == ["exposures-unreadable", "stack-missing"]
    assert plan.particles is not None and len(plan.particles) == 12
    assert (plan.stacks, plan.exposures, plan.matching, plan.data_sign) == (None, None, None, None)


@pytest.mark.parametrize(
    ("column", "switch"),
    [
        ("rlnAngleTilt", "ignore_pose_data"),
        ("rlnOriginXAngst", "ignore_pose_data"),
        ("rlnRandomSubset", "ignore_half_sets"),
    ],
)
def test_what_is_not_imported_need_not_be_finite(tmp_path: Path, demo: Demo, column: str, switch: str) -> None:
    lines = demo.star.read_text().splitlines(keepends=True)
    place = next(int(line.split("#")[1]) - 1 for line in lines if line.startswith(f"_{column} "))
    last = max(i for i, line in enumerate(lines) if "@" in line)
    values = lines[last].split()
    values[place] = "nan"
    lines[last] = " ".join(values) + "\n"
    star = tmp_path / "run_data.star"
    star.write_text("".join(lines))
    parameters = update(ImportParameters(), {"meta": str(star), "data": str(demo.data)})
    assert [p.code for p in plan_import(parameters).errors] == ["value-not-finite"]
    assert plan_import(update(parameters, {switch: True})).errors == []


def test_large_images_are_looked_at_in_parts_with_the_same_verdict(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = plan_import(parameters_of(demo))
    monkeypatch.setattr("cryoimport_gui.core.plan.data_sign._KEPT_BYTES", 0)
    monkeypatch.setattr("cryoimport_gui.core.plan.data_sign._MIN_KEPT", 5)
    parted = plan_import(parameters_of(demo))
    assert whole.sample is not None and parted.sample is not None
    assert len(parted.sample.rows) <= 5 < len(whole.sample.rows)
    assert parted.data_sign is not None and whole.data_sign is not None
    assert parted.data_sign.verdict is not None and whole.data_sign.verdict is not None
    assert parted.data_sign.verdict.sampled == whole.data_sign.verdict.sampled == len(whole.sample.rows)
    assert parted.data_sign.value == whole.data_sign.value == demo.data_sign


def test_exposures_without_a_match_give_no_location(tmp_path: Path, demo: Demo) -> None:
    values = {"meta": str(demo.star), "data": str(demo.data), "exposures": str(demo.exposures), "on_unmatched": "keep"}
    plan = plan_import(update(ImportParameters(), values))
    assert "exposure-unmatched" in [p.code for p in plan.problems]
    assert plan.counts()["particles_matched"] == 0 and "location" not in plan.slots
    matched = plan_import(update(ImportParameters(), values | demo.trims))
    assert "location" in matched.slots


def test_a_dose_needs_all_groups_and_what_is_written_with_it(tmp_path: Path, demo: Demo) -> None:
    values = {"meta": str(demo.star), "data": str(demo.data)}
    one = plan_import(update(ImportParameters(), values | {"total_dose": ["1=50"]}))
    assert [p.code for p in one.errors] == ["microscope-value-missing"]
    both = plan_import(update(ImportParameters(), values | {"total_dose": ["50"]}))
    assert both.errors == [] and "mscope_params" in both.slots


def test_coordinates_matter_only_with_exposures(tmp_path: Path, demo: Demo) -> None:
    star = tmp_path / "run_data.star"
    text = demo.star.read_text()
    first = next(line for line in text.splitlines() if "@" in line)
    star.write_text(text.replace(first, first.replace(first.split()[0], "nan", 1)))
    values = {"meta": str(star), "data": str(demo.data)}
    assert plan_import(update(ImportParameters(), values)).errors == []
    linked = plan_import(update(ImportParameters(), values | {"exposures": str(demo.exposures)} | demo.trims))
    assert [p.code for p in linked.errors] == ["value-not-finite"]
