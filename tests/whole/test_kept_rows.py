"""Only rows that are imported count: what is wrong with others is no problem of the import."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cryoimport_gui.core.plan import planner
from cryoimport_gui.core.problems import problem

from ..support.running import run
from ..support.stars import OPTICS, exposure_columns, particle_columns, write_exposures, write_input, write_stack


def of_rows(label: str, *values: object) -> dict[str, list]:
    """A column with other values in the last rows."""
    column = particle_columns()[label]
    return {label: [*column[: -len(values)], *values]}


NAMES = {"rlnMicrographName": ["M/mic1.mrc"] * 3 + ["M/mic2.mrc"] * 3}


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        (of_rows("rlnOriginXAngst", 900.0), "shift-odd"),
        (of_rows("rlnDefocusU", 3.0), "microscope-value-odd"),
        (of_rows("rlnDefocusU", "nan"), "value-not-finite"),
        (of_rows("rlnImageName", "x@stacks/s2.mrcs"), "image-name-bad"),
        (of_rows("rlnImageName", "0@stacks/s2.mrcs"), "image-index-zero"),
        (of_rows("rlnImageName", "9@stacks/s2.mrcs"), "image-index-out-of-range"),
        (of_rows("rlnImageName", "2@stacks/s2.mrcs"), "particle-duplicate"),
        (of_rows("rlnImageName", "1@gone.mrcs"), "stack-missing"),
        (of_rows("rlnRandomSubset", 3), "half-sets-missing"),
    ],
)
def test_what_is_wrong_with_rows_that_are_not_selected(tmp_path: Path, columns: dict[str, list], code: str) -> None:
    meta = write_input(tmp_path, NAMES | columns)
    assert code in run(tmp_path, meta).codes
    outcome = run(tmp_path, meta, "--select", "rlnMicrographName~mic1", output=tmp_path / "selected")
    assert outcome.status == 0 and code not in outcome.codes
    assert outcome.report["counts"]["not_selected"] == 3 and outcome.report["counts"]["particles"] == 3
    assert not (outcome.output / "rejected.star").exists()


def test_stacks_and_exposures_of_rows_that_are_left_out(tmp_path: Path) -> None:
    """The second stack is too long and of another pixel size; its micrograph lies elsewhere, its places outside."""
    broken = {"rlnAngleTilt": [0.0, 10.0, 20.0, "nan", "nan", "nan"], "rlnCoordinateX": [10.0] * 3 + [9e6] * 3}
    meta = write_input(tmp_path, NAMES | broken)
    write_stack(tmp_path / "stacks/s2.mrcs", pixel_size_A=9.0)
    with (tmp_path / "stacks/s2.mrcs").open("ab") as file:
        file.write(b"12345")
    table = exposure_columns() | {"micrograph_blob/path": np.array([b"J1/mic1.mrc", b"J1/mic2.mrc"])}
    exposures = write_exposures(tmp_path / "P/J1/exposures.cs", table)
    arguments = [meta, "--exposures", exposures, "--on-bad", "leave-out"]
    outcome = run(tmp_path, *arguments)
    assert outcome.status == 0
    assert not {"stack-longer", "pixel-size-disagrees", "coordinates-outside", "shift-odd"} & set(outcome.codes)
    counts = outcome.report["counts"]
    assert (counts["particles"], counts["left_out"], counts["stacks"], counts["links"]) == (3, 3, 1, 1)
    assert (counts["exposures_matched"], counts["particles_matched"]) == (1, 3)


def test_shifts_are_no_matter_where_poses_are_ignored(tmp_path: Path) -> None:
    meta = write_input(tmp_path, of_rows("rlnOriginXAngst", 900.0))
    assert "shift-odd" in run(tmp_path, meta).codes
    assert "shift-odd" not in run(tmp_path, meta, "--ignore-pose-data", output=tmp_path / "without").codes
    meta = write_input(tmp_path / "nan", of_rows("rlnOriginXAngst", "nan"))
    assert run(tmp_path / "nan", meta).status == 1
    assert run(tmp_path / "nan", meta, "--ignore-pose-data").status == 0


def test_micrographs_of_rows_that_are_left_out_match_nothing_and_need_not(tmp_path: Path) -> None:
    broken = {"rlnAngleTilt": [0.0, 10.0, 20.0, "nan", "nan", "nan"]}
    meta = write_input(tmp_path, NAMES | broken)
    table = exposure_columns() | {"micrograph_blob/path": np.array([b"J1/mic1.mrc", b"J1/other.mrc"])}
    exposures = write_exposures(tmp_path / "P/J1/exposures.cs", table)
    assert "exposure-unmatched" in run(tmp_path, meta, "--exposures", exposures, "--ignore-pose-data").codes
    outcome = run(tmp_path, meta, "--exposures", exposures, "--on-bad", "leave-out", output=tmp_path / "left")
    assert outcome.status == 0 and "exposure-unmatched" not in outcome.codes


def test_an_acceptable_error_is_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = problem("images-ctf-corrected", "the images are premultiplied")
    monkeypatch.setattr(planner, "absences", lambda *_: [found])
    meta = write_input(tmp_path)
    refused = run(tmp_path, meta)
    assert refused.status == 1 and not refused.output.exists()
    assert refused.problem("images-ctf-corrected")["accepted"] is False
    assert "(--accept images-ctf-corrected)" in capsys.readouterr().err
    outcome = run(tmp_path, meta, "--accept", "images-ctf-corrected")
    accepted = outcome.problem("images-ctf-corrected")
    assert (outcome.status, accepted["severity"], accepted["accepted"]) == (0, "warning", True)
    assert outcome.report["parameters"]["accept"] == ["images-ctf-corrected"]
    assert "warning, accepted: the images are premultiplied" in (outcome.output / "import.log").read_text()


def test_odd_shifts_where_only_the_headers_give_the_pixel_size(tmp_path: Path) -> None:
    optics = {label: column for label, column in OPTICS.items() if label != "rlnImagePixelSize"}
    outcome = run(tmp_path, write_input(tmp_path, {"rlnOriginXAngst": [0, 0, 0, -9, 0, 0]}, optics))
    assert outcome.status == 0 and outcome.problem("shift-odd")["examples"][0].endswith(": 6 pixels")


@pytest.mark.parametrize("code", ["stack-missing", "shift-odd", "nonsense"])
def test_other_codes_cannot_be_accepted(tmp_path: Path, code: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        run(tmp_path, write_input(tmp_path), "--accept", code)
    assert stopped.value.code == 2
    assert "images-ctf-corrected" in capsys.readouterr().err


def test_image_numbers_that_start_at_0(tmp_path: Path) -> None:
    """The same pixels as those of the file that counts from 1."""
    zero = [f"{i}@stacks/s{k}.mrcs" for k in (1, 2) for i in range(3)]
    meta = write_input(tmp_path, {"rlnImageName": zero})
    for more in ([], ["--on-bad", "leave-out"]):
        outcome = run(tmp_path, meta, *more)
        assert (outcome.status, outcome.problem("image-index-zero")["severity"]) == (1, "error")
        assert "--image-numbers-from 0" in outcome.problem("image-index-zero")["hint"]
    outcome = run(tmp_path, meta, "--image-numbers-from", "0")
    assert outcome.status == 0 and outcome.dataset["blob/idx"].tolist() == [0, 1, 2] * 2
    one = run(tmp_path / "one", write_input(tmp_path / "one"))
    assert one.dataset["blob/idx"].tolist() == [0, 1, 2] * 2 and "image-index-zero" not in one.codes
    meta = write_input(tmp_path, {"rlnImageName": ["3@stacks/s1.mrcs", *zero[1:]]})
    beyond = run(tmp_path, meta, "--image-numbers-from", "0", "--dry-run", output=tmp_path / "beyond")
    assert beyond.problem("image-index-out-of-range")["examples"][0].endswith("000003@stacks/s1.mrcs")


def test_groups_by_number_and_by_name(tmp_path: Path) -> None:
    optics = {label: values * 2 for label, values in OPTICS.items()}
    optics |= {"rlnOpticsGroup": [1, 4], "rlnOpticsGroupName": ["first", "second"]}
    meta = write_input(tmp_path, {"rlnOpticsGroup": [1, 4, 1, 4, 4, 4]}, optics)
    for condition, count in {"4": 4, "second": 4, "first,4": 6, "1": 2}.items():
        report = run(tmp_path, meta, "--select", f"optics-group={condition}", "--dry-run").report
        assert report["counts"]["particles"] == count
    report = run(tmp_path, meta, "--select", "optics-group!=second", "--dry-run").report
    assert report["counts"]["particles"] == 2 and report["parameters"]["select"] == ["optics-group!=second"]
