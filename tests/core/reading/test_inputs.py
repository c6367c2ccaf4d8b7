"""What META stands for: files, wildcards, folders of jobs."""

from __future__ import annotations

from pathlib import Path

import pytest

from cryoimport_gui.core.parameters import ImportParameters, update
from cryoimport_gui.core.problems import Refused
from cryoimport_gui.core.reading.inputs import given_twice, input_files


def touch(folder: Path, *names: str) -> list[str]:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()
    return [str(folder / name) for name in names]


def test_files_stand_for_themselves_in_their_order(tmp_path: Path) -> None:
    b, a = touch(tmp_path, "b.star", "a.star")
    assert input_files([b, a, "nowhere.star"]) == [b, a, "nowhere.star"]


def test_a_wildcard_in_natural_order(tmp_path: Path) -> None:
    touch(tmp_path, "run_it10_data.star", "run_it9_data.star", "Run_it2_data.star", "model.txt")
    found = input_files([str(tmp_path / "run_it*_data.star")])
    assert [Path(path).name for path in found] == ["run_it9_data.star", "run_it10_data.star"]


def test_a_file_whose_name_is_a_wildcard(tmp_path: Path) -> None:
    own, _ = touch(tmp_path, "a[1].star", "a1.star")
    assert input_files([own]) == [own]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["run_it025_data.star", "run_data.star", "particles.star"], "run_data.star"),
        (["run_it025_data.star", "particles.star"], "particles.star"),
        (["run_it009_data.star", "run_ct10_it010_data.star", "run_it010_model.star"], "run_ct10_it010_data.star"),
        (["notes.txt"], ""),
        (["mine.star", "job.star", "s1.mrcs"], "mine.star"),
        (["mine.star", "another.star"], ""),
        (["mine.star", "m1.box"], ""),
    ],
)
def test_a_job_folder(tmp_path: Path, names: list[str], expected: str) -> None:
    touch(tmp_path / "job010", *names)
    assert input_files([str(tmp_path / "job010")]) == [str(tmp_path / "job010" / expected).rstrip("/")]


def test_a_wildcard_that_fits_nothing(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        input_files([str(tmp_path / "*.star")])
    assert refused.value.problem.code == "meta-not-found"
    assert refused.value.problem.message == f"no file fits the wildcard {tmp_path}/*.star"


def test_a_file_twice_by_whatever_path(tmp_path: Path) -> None:
    (file,) = touch(tmp_path / "job", "run_data.star")
    (tmp_path / "link.star").symlink_to(file)
    for other in (file, str(tmp_path / "job"), str(tmp_path / "link.star"), str(tmp_path / "job/*.star")):
        assert "is given twice" in given_twice([file, other])
        with pytest.raises(Refused, match="twice"):
            input_files([file, other])
    assert given_twice([file, str(tmp_path / "other.star")]) == ""


def test_settings_of_older_versions_hold_one_path(tmp_path: Path) -> None:
    old = update(ImportParameters(), {"meta": "/a b.star", "exposures": ""})
    assert (old.meta, old.exposures) == (("/a b.star",), ())
    assert update(ImportParameters(), {"meta": ""}).meta == ()
