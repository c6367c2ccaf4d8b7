"""The five claims: their states, and sentences that name the planted fault."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import starfile

from cryoimport_gui.__main__ import _collect
from cryoimport_gui.core.demo import Demo, DemoRecipe, make_demo
from cryoimport_gui.core.parameters import ImportParameters, update
from cryoimport_gui.core.plan.plan import ImportPlan
from cryoimport_gui.core.plan.planner import plan_import
from cryoimport_gui.core.problems import CODES
from cryoimport_gui.core.report.claim_codes import CODES_OF_CLAIMS, Topic
from cryoimport_gui.core.report.claims import Claim, ClaimState, claims_of, readiness
from cryoimport_gui.manual import make_parser

from ...support import planted_poses
from ...support.problem_cases import CASES, Case
from ...support.running import run
from ...support.stars import OPTICS, write_input, write_stack
from ...support.truth import parameters_of, small_demo


def by_topic(plan: ImportPlan) -> dict[Topic, Claim]:
    claims = claims_of(plan)
    assert [claim.topic for claim in claims] == list(Topic)
    return {claim.topic: claim for claim in claims}


def planned(**values: object) -> dict[Topic, Claim]:
    given = {name: str(value) if isinstance(value, Path) else value for name, value in values.items()}
    return by_topic(plan_import(update(ImportParameters(), given)))


def check(claim: Claim, sign: str, *words: str) -> None:
    assert claim.state.sign == sign, claim
    assert all(word in claim.words for word in words), claim


def test_each_code_belongs_to_one_claim_or_is_said_to_belong_to_none() -> None:
    listed = [code for codes in CODES_OF_CLAIMS.values() for code in codes]
    assert len(listed) == len(set(listed))
    assert set(listed) == set(CODES)


def test_all_claims_of_the_demo_are_confirmed(demo_values: dict) -> None:
    claims = planned(**demo_values | {"project": ""})
    check(claims[Topic.IMAGES], "✓", "all 400 found, in 20 stacks with a box of 64 pixels")
    check(claims[Topic.MICROSCOPE], "✓", "2.1 Å, 200 and 300 kV, Cs 2.7 mm, amplitude contrast 0.1; 20 of 20 stack")
    check(claims[Topic.DATA_SIGN], "✓")
    assert claims[Topic.DATA_SIGN].words == "Data sign −1: 400 of 400 particles are stored bright."
    check(claims[Topic.POSES], "✓", "Poses fit: the re-projections explain", "(400 particles)")
    check(claims[Topic.POSITIONS], "✓", "found on 20 of 20 exposures", "y is kept", "over 80 particles")


def test_readiness_counts_the_claims_and_has_the_worst_state(demo: Demo, tmp_path: Path) -> None:
    plan = plan_import(parameters_of(demo))
    assert readiness(plan) == (ClaimState.CONFIRMED, "Ready: 5 of 5 claims confirmed.")
    assert plan.data_sign is not None
    chosen = replace(plan, data_sign=replace(plan.data_sign, value=-plan.data_sign.value, source="user"))
    assert readiness(chosen) == (ClaimState.CONTRADICTED, "Ready: 4 of 5 claims confirmed, 1 contradicted.")
    without = plan_import(replace(plan.parameters, exposures=(), project="", ignore_pose_data=True))
    assert readiness(without) == (ClaimState.GIVEN, "Ready: 3 of 5 claims confirmed, 2 as given.")
    assert readiness(ImportPlan(ImportParameters())) == (
        ClaimState.GIVEN,
        "Not ready: nothing has been read yet.",
    )
    missing = plan_import(ImportParameters(meta=(str(tmp_path / "no.star"),)))
    assert readiness(missing) == (ClaimState.CONTRADICTED, "Not ready: 1 error stops the import.")


def test_nothing_has_been_chosen_yet() -> None:
    for claim in claims_of(ImportPlan(ImportParameters())):
        check(claim, "●", "not checked yet")


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    claims = planned(meta=tmp_path / "nowhere.star")
    check(claims.pop(Topic.IMAGES), "✖", "nowhere.star")
    for claim in claims.values():
        check(claim, "●", "not checked yet")


def test_what_is_not_imported_is_called_so(tmp_path: Path) -> None:
    meta = write_input(tmp_path)
    claims = planned(meta=meta, ignore_raw_data=True, ignore_pose_data=True)
    for topic in (Topic.IMAGES, Topic.DATA_SIGN):
        check(claims[topic], "●", "not imported, because raw data is ignored")
    check(claims[Topic.POSES], "●", "not imported, because pose data is ignored")
    check(claims[Topic.POSITIONS], "●", "not imported, because no exposures are given")
    check(claims[Topic.MICROSCOPE], "●", "300 kV", "no stack headers")


def test_without_poses_and_without_coordinates(tmp_path: Path) -> None:
    demo = small_demo(tmp_path)
    tables = starfile.read(demo.star, always_dict=True)
    tables["particles"] = tables["particles"].drop(columns=["rlnAnglePsi", "rlnCoordinateX", "rlnCoordinateY"])
    starfile.write(tables, demo.star, overwrite=True)
    claims = by_topic(plan_import(parameters_of(demo)))
    check(claims[Topic.POSES], "●", "not imported, because the file has none")
    check(claims[Topic.POSITIONS], "●", "not imported, because the file has no coordinates")


def test_values_of_the_user_are_called_so(tmp_path: Path) -> None:
    claims = planned(meta=write_input(tmp_path), voltage=["200"])
    check(claims[Topic.MICROSCOPE], "✓", "200 kV", "in part as you set them", "2 of 2 stack headers agree")


def test_a_pixel_size_from_the_headers_is_not_confirmed_by_them(tmp_path: Path) -> None:
    optics = {name: column for name, column in OPTICS.items() if name != "rlnImagePixelSize"}
    claims = planned(meta=write_input(tmp_path, {"rlnOriginXAngst": None, "rlnOriginYAngst": None}, optics))
    check(claims[Topic.MICROSCOPE], "●", "1.5 Å", "the pixel size is that of the stack headers")


def test_headers_of_one_optics_group_say_nothing_of_another(tmp_path: Path) -> None:
    two = {name: column * 2 for name, column in OPTICS.items()} | {"rlnOpticsGroup": [1, 2]}
    meta = write_input(tmp_path, {"rlnOpticsGroup": [1, 1, 1, 2, 2, 2]}, two)
    check(planned(meta=meta)[Topic.MICROSCOPE], "✓", "2 of 2 stack headers agree")
    write_stack(tmp_path / "stacks/s2.mrcs", seed=2, pixel_size_A=0.0)
    check(planned(meta=meta)[Topic.MICROSCOPE], "●", "1 of 1 stack header agrees", "but of 1 optics group there is")


def test_rows_that_are_left_out_are_counted(tmp_path: Path) -> None:
    meta = write_input(tmp_path)
    (tmp_path / "stacks/s1.mrcs").unlink()
    check(planned(meta=meta)[Topic.IMAGES], "✖", "1 of 2 stacks not found.")
    check(planned(meta=meta, on_bad="leave-out")[Topic.IMAGES], "▲", "1 of 2 stacks not found; 3 rows left out.")


def test_what_was_accepted_is_still_contradicted(tmp_path: Path) -> None:
    meta = write_input(tmp_path, None, OPTICS | {"rlnCtfDataAreCtfPremultiplied": [1]})
    claims = planned(meta=meta, accept=["images-ctf-corrected"])
    check(claims[Topic.IMAGES], "✖", "multiplied with the CTF", "you accepted this")


#: code of a planted fault → the claim's sign, and words that name the fault
FAULTS: dict[str, tuple[Topic, str, tuple[str, ...]]] = {
    "data-sign-contradicts": (Topic.DATA_SIGN, "✖", ("Data sign +1", "11 of 12", "which means −1")),
    "data-sign-unclear": (Topic.DATA_SIGN, "▲", ("Data sign −1", "6 images are too few to be sure", "5 of 6")),
    "stack-missing": (Topic.IMAGES, "✖", ("1 of 2 stacks not found",)),
    "pixel-size-disagrees": (Topic.MICROSCOPE, "▲", ("2 Å", "2 of 2 stack headers give 1.5 Å")),
    "images-ctf-corrected": (Topic.IMAGES, "✖", ("6 particles", "multiplied with the CTF already")),
    "image-index-zero": (Topic.IMAGES, "✖", ("image number 0", "counted from 0")),
    "poses-do-not-fit": (Topic.POSES, "✖", ("probably do not fit", "(160 particles)")),
    "shifts-do-not-fit": (Topic.POSES, "✖", ("Shifts do not fit", "opposite sign")),
    "pose-placeholder": (Topic.POSES, "✖", ("1 row", "-999")),
    "exposure-unmatched": (Topic.POSITIONS, "✖", ("1 of 2 micrographs",)),
    "coordinates-outside": (Topic.POSITIONS, "▲", ("2 particles outside",)),
    "coordinates-missing": (Topic.POSITIONS, "●", ("not imported", "no coordinates")),
}


@pytest.mark.parametrize("code", FAULTS)
def test_a_planted_fault_is_named_by_its_claim(tmp_path: Path, code: str) -> None:
    case = next(case for case in CASES if case.code == code)
    topic, sign, words = FAULTS[code]
    check(by_topic(plan_of(case, tmp_path))[topic], sign, *words)


def plan_of(case: Case, folder: Path) -> ImportPlan:
    parameters, _ = _collect(vars(make_parser().parse_args(case.make(folder))))
    return plan_import(parameters)


@pytest.mark.parametrize("case", [c for c in CASES if not c.code.startswith(("output-", "poses-", "shifts-"))])
def test_sentences_are_whole_and_know_no_flags(tmp_path: Path, case: Case) -> None:
    for claim in claims_of(plan_of(case, tmp_path)):
        assert claim.words.endswith(".") and claim.words[0].isupper() and "\n" not in claim.words
        assert ".." not in claim.words.replace(str(tmp_path), "") and "--" not in claim.words


def numbers_off_by_one(demo: Demo, folder: Path) -> dict:
    return {"meta": planted_poses.rewrite(demo.star, folder / "a.star", planted_poses.numbered_from_zero)}


def poses_of_another_file(demo: Demo, folder: Path) -> dict:
    return {"meta": planted_poses.rewrite(demo.star, folder / "a.star", planted_poses.dealt_anew)}


def y_mirrored(demo: Demo, folder: Path) -> dict:
    def mirror(rows: pd.DataFrame) -> None:
        rows["rlnCoordinateY"] = demo.exposure_shapes[0, 0] - rows["rlnCoordinateY"]

    return {"meta": planted_poses.rewrite(demo.star, folder / "a.star", mirror), "coordinate_y": "keep"}


@pytest.mark.parametrize(
    ("spoil", "topic", "words", "signs"),
    [
        (numbers_off_by_one, Topic.POSES, ("do not fit", "next image"), "✓✓✓✖▲"),
        (poses_of_another_file, Topic.POSES, ("do not fit", "0.0"), "✓✓✓✖✓"),
        (
            y_mirrored,
            Topic.POSITIONS,
            ("the exposures show the particles with y flipped", "y is kept, as you chose"),
            "✓✓✓✓✖",
        ),
    ],
)
def test_what_pictures_show_of_the_demo(
    demo: Demo,
    demo_values: dict,
    tmp_path: Path,
    spoil: Callable[[Demo, Path], dict],
    topic: Topic,
    words: tuple,
    signs: str,
) -> None:
    claims = planned(**demo_values | spoil(demo, tmp_path))
    check(claims[topic], "✖", *words)
    assert "".join(claim.state.sign for claim in claims.values()) == signs


def test_particles_of_other_exposures_are_doubtful_and_movies_cannot_tell(tmp_path: Path) -> None:
    demo = make_demo(tmp_path, DemoRecipe(micrographs=10, particles_per_micrograph=10))
    pictures = [path.read_bytes() for path in demo.micrographs]
    for path, picture in zip(demo.micrographs, pictures[3:] + pictures[:3]):
        path.write_bytes(picture)
    claim = by_topic(plan_import(parameters_of(demo)))[Topic.POSITIONS]
    check(claim, "▲", "not found at their places", "correlation 0.")
    for path in demo.micrographs:
        path.unlink()
    claim = by_topic(plan_import(parameters_of(demo)))[Topic.POSITIONS]
    check(claim, "●", "y is kept, as you chose: no pictures show it; no micrograph could be compared")


def test_the_same_sentences_stand_everywhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    demo = small_demo(tmp_path / "demo")
    outcome = run(tmp_path, demo.star, "--data", demo.data, "--data-sign", "+1")
    assert outcome.status == 0
    values = {"meta": str(demo.star), "data": str(demo.data), "data_sign": "+1"}
    claims = claims_of(plan_import(update(ImportParameters(), values)))
    lines = [str(claim) for claim in claims]
    printed = capsys.readouterr().out.splitlines()
    first = printed.index(lines[0])
    assert printed[first : first + 5] == lines and printed[first + 5].startswith("imported: ")
    assert "\n".join(lines) in (outcome.output / "import.log").read_text()
    assert outcome.report["claims"] == json.loads((outcome.output / "import.json").read_text())["claims"]
    assert outcome.report["claims"] == [claim.to_json() for claim in claims]
    page = unescape((outcome.output / "import.html").read_text())
    places = [page.index(claim.words) for claim in claims]
    assert places == sorted(places) and places[-1] < page.index("<h2>Problems")
    assert all(page.count(claim.words) == 1 for claim in claims), "a fact is stated once"


def test_claims_look_at_no_image(demo_values: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_import(update(ImportParameters(), demo_values))
    before = list(map(str, claims_of(plan)))

    def no_file(*_: object, **__: object) -> None:
        raise AssertionError("a file is opened")

    for name in ("open", "memmap", "fromfile"):
        monkeypatch.setattr(np, name, no_file, raising=False)
    monkeypatch.setattr("builtins.open", no_file)
    assert list(map(str, claims_of(plan))) == before
