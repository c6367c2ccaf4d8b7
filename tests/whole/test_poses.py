"""The check of the poses through the command: planted faults are found, named, and put right by what the hint says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cryoimport_gui.core.demo import Demo, DemoRecipe, make_demo
from tests.support.planted_poses import (
    SHIFTS,
    copy_with_stacks,
    dealt_anew,
    inverted,
    negated_shifts,
    numbered_from_zero,
    rewrite,
)
from tests.support.running import Outcome, run

CODES = ("poses-do-not-fit", "shifts-do-not-fit", "poses-unclear")


def checked(demo: Demo, folder: Path, meta: Path | None = None, *flags: object, data: Path | None = None) -> Outcome:
    return run(folder, meta or demo.star, "--data", data or demo.data, "--dry-run", *flags)


def assert_fits(outcome: Outcome) -> None:
    assert outcome.status == 0 and not set(outcome.codes) & set(CODES)
    poses = outcome.report["poses"]
    assert (poses["verdict"], poses["suspect"]) == ("fit", None)


def assert_found(outcome: Outcome, code: str, suspect: str | None, *words: str) -> None:
    assert outcome.status == 1 and set(outcome.codes) & set(CODES) == {code}
    assert (outcome.report["poses"]["verdict"], outcome.report["poses"]["suspect"]) == ("do-not-fit", suspect)
    found = outcome.problem(code)
    assert found["severity"] == "error"
    assert all(word in found["hint"] for word in words), found["hint"]


def test_right_poses_fit(demo: Demo, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outcome = run(tmp_path, demo.star, "--data", demo.data)
    assert_fits(outcome)
    poses = outcome.report["poses"]
    assert poses["sampled"] == 400
    assert poses["correlation"] > 0.6 > 0.5 > poses["no_shifts_correlation"] > 0.2 > poses["shuffled_correlation"]
    assert poses["explained"] > 0.9 and poses["shuffled_explained"] < 0.1
    assert outcome.report["data_sign"]["map_sign"] == -1 == outcome.report["data_sign"]["value"]
    assert outcome.report["timings_s"]["poses"] > 0
    share, by_chance = f"{poses['explained']:.2f}", f"{poses['shuffled_explained']:.2f}"
    sentence = f"Poses fit: the re-projections explain {share} of each image's signal, {by_chance} with shuffled poses"
    assert f"{sentence} (400 particles)." in capsys.readouterr().out
    assert sentence in (outcome.output / "import.log").read_text()
    page = (outcome.output / "import.html").read_text()
    assert "Poses fit" in page and page.count("<img") == 5 and "cannot tell the hand" in page
    assert (outcome.output / "poses.png").read_bytes().startswith(b"\x89PNG")


def test_poses_dealt_anew(demo: Demo, tmp_path: Path) -> None:
    outcome = checked(demo, tmp_path, rewrite(demo.star, tmp_path / "a.star", dealt_anew))
    assert_found(outcome, "poses-do-not-fit", None, "these the stacks")
    assert outcome.problem("poses-do-not-fit")["message"].startswith("poses probably do not fit")
    assert outcome.report["data_sign"]["map_sign"] is None
    accepted = checked(demo, tmp_path, tmp_path / "a.star", "--accept", "poses-do-not-fit")
    assert accepted.status == 0 and accepted.problem("poses-do-not-fit")["accepted"]


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("--check-poses=off", "the check is switched off"),
        ("--ignore-pose-data", "pose data is ignored"),
        ("--ignore-raw-data", "raw data is ignored"),
    ],
)
def test_nothing_is_said_where_nothing_is_checked(demo: Demo, tmp_path: Path, how: str, why: str) -> None:
    star = rewrite(demo.star, tmp_path / "a.star", dealt_anew)
    outcome = run(tmp_path, star, "--data", demo.data, *how.split("="))
    assert outcome.status == 0 and not set(outcome.codes) & set(CODES)
    poses = outcome.report["poses"]
    assert (poses["verdict"], poses["words"]) == ("not-checked", f"Poses were not checked: {why}.")
    assert "poses" not in outcome.report["timings_s"]
    assert not (outcome.output / "poses.png").exists()


def test_inverse_rotations(demo: Demo, tmp_path: Path) -> None:
    star = rewrite(demo.star, tmp_path / "a.star", inverted)
    hint = "Write -rlnAnglePsi, -rlnAngleTilt, -rlnAngleRot as rlnAngleRot, rlnAngleTilt, rlnAnglePsi."
    assert_found(checked(demo, tmp_path, star), "poses-do-not-fit", "poses-inverse", hint)
    assert_fits(checked(demo, tmp_path, rewrite(star, tmp_path / "b.star", inverted)))


def test_mirrored_images(demo: Demo, tmp_path: Path) -> None:
    box = demo.recipe.box

    def upside_down(number: int, raw: bytes) -> bytes:
        images = np.frombuffer(raw[1024:], "<f4").reshape(-1, box, box)
        return raw[:1024] + images[:, ::-1].tobytes()

    data = copy_with_stacks(demo, tmp_path / "data", upside_down)
    outcome = checked(demo, tmp_path, data=data)
    assert_found(outcome, "poses-do-not-fit", "images-mirrored", "mirror the images back")


def test_negated_shifts(demo: Demo, tmp_path: Path) -> None:
    star = rewrite(demo.star, tmp_path / "a.star", negated_shifts)
    hint = "Change the sign of rlnOriginXAngst and rlnOriginYAngst."
    assert_found(checked(demo, tmp_path, star), "shifts-do-not-fit", "shifts-sign", hint)
    assert_fits(checked(demo, tmp_path, rewrite(star, tmp_path / "b.star", negated_shifts)))


def test_shifts_that_were_applied_already(demo: Demo, tmp_path: Path) -> None:
    centred = make_demo(tmp_path / "centred", DemoRecipe(max_shift_px=0))
    outcome = checked(demo, tmp_path, data=centred.data)
    assert_found(outcome, "shifts-do-not-fit", "shifts-applied", "set rlnOriginXAngst and rlnOriginYAngst to 0")

    def none(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(**dict.fromkeys(SHIFTS, 0.0))

    assert_fits(checked(demo, tmp_path, rewrite(demo.star, tmp_path / "a.star", none), data=centred.data))


@pytest.mark.parametrize("in_A", [True, False], ids=["pixels as Å", "Å as pixels"])
def test_shifts_in_the_wrong_unit(demo: Demo, tmp_path: Path, in_A: bool) -> None:
    """The remedy: the values stay, the columns get the other unit's name."""
    wrong, right = (SHIFTS, ["rlnOriginX", "rlnOriginY"]) if in_A else (["rlnOriginX", "rlnOriginY"], SHIFTS)

    def named(names: list[str]) -> Path:
        def change(rows: pd.DataFrame) -> pd.DataFrame:
            values = rows[SHIFTS].to_numpy() / (2.1 if in_A else 1.0)
            rows = rows.drop(columns=SHIFTS)
            rows[names] = values
            return rows

        return rewrite(demo.star, tmp_path / f"{names[0]}.star", change)

    hint = f"if they are {'pixels' if in_A else 'in Å'}: rename {' and '.join(wrong)} to {' and '.join(right)}."
    outcome = checked(demo, tmp_path, named(wrong))
    assert_found(outcome, "shifts-do-not-fit", "shifts-unit", hint)
    assert_fits(checked(demo, tmp_path, named(right)))


def test_images_off_by_one(demo: Demo, tmp_path: Path) -> None:
    star = rewrite(demo.star, tmp_path / "a.star", numbered_from_zero)
    outcome = checked(demo, tmp_path, star)
    assert_found(outcome, "poses-do-not-fit", "images-off-by-one", "Give --image-numbers-from 0.")
    assert_fits(checked(demo, tmp_path, star, "--image-numbers-from", "0"))


def test_images_counted_from_zero_by_mistake(demo: Demo, tmp_path: Path) -> None:
    def not_the_last(rows: pd.DataFrame) -> pd.DataFrame:
        return rows[~rows["rlnImageName"].str.startswith("000020@")]

    star = rewrite(demo.star, tmp_path / "a.star", not_the_last)
    outcome = checked(demo, tmp_path, star, "--image-numbers-from", "0")
    assert_found(outcome, "poses-do-not-fit", "images-off-by-one", "Give --image-numbers-from 1.")
    assert_fits(checked(demo, tmp_path, star))


def test_one_stack_of_other_images(demo: Demo, tmp_path: Path) -> None:
    contents = [stack.read_bytes() for stack in demo.stacks]
    data = copy_with_stacks(demo, tmp_path / "data", lambda number, raw: contents[7] if number == 3 else raw)
    outcome = checked(demo, tmp_path, data=data)
    assert outcome.status == 0
    poses = outcome.report["poses"]
    assert (poses["verdict"], poses["suspect"]) == ("unclear", "some-stacks")
    found = outcome.problem("poses-unclear")
    assert (found["severity"], found["count"]) == ("warning", 1)
    assert "not in 1 of 20 stacks" in found["message"]
    assert demo.stacks[3].name in found["examples"][0] and len(found["examples"]) == 1
    condition = f"rlnMicrographName!={demo.micrograph_names[3]}"
    assert f'--select "{condition}"' in found["hint"]
    without = checked(demo, tmp_path, None, "--select", condition, data=data)
    assert_fits(without)
    assert without.report["counts"]["particles"] == 380


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("aspire_sample/sample_particles_relion31.star", "too few particles to tell, 17 of at least 25"),
        ("relion31/relion31.star", "too few particles to tell, 5 of at least 25"),
    ],
)
def test_too_few_particles_say_so_and_no_more(corpus: Path, tmp_path: Path, name: str, words: str) -> None:
    outcome = run(tmp_path, corpus / name, "--dry-run")
    assert outcome.status == 0 and not set(outcome.codes) & set(CODES)
    assert outcome.report["poses"]["verdict"] == "not-checked"
    assert outcome.report["poses"]["words"] == f"Poses were not checked: {words}."


def test_a_set_without_poses(corpus: Path, tmp_path: Path) -> None:
    outcome = run(tmp_path, corpus / "empiar_10076/empiar_10076_7.star", "--dry-run")
    assert outcome.status == 0 and not set(outcome.codes) & set(CODES)
    assert outcome.report["poses"]["words"] == "Poses were not checked: there are no poses."
