from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from cryoimport_gui.__main__ import main
from cryoimport_gui.core.atomic import write_whole
from cryoimport_gui.core.demo import Demo

from ...support.running import check_report, load, run
from ...support.stars import write_input
from ...support.truth import flags_of, small_demo


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return small_demo(tmp_path_factory.mktemp("demo"))


@pytest.mark.parametrize(
    ("source", "value", "flag"), [("detected", -1, "auto"), ("user", -1, "-1"), ("user", 1, "+1"), ("user", 1, "1")]
)
def test_the_data_sign(tmp_path: Path, demo: Demo, source: str, value: int, flag: str) -> None:
    outcome = run(tmp_path, demo.star, f"--data-sign={flag}")
    assert (outcome.report["data_sign"]["source"], outcome.report["data_sign"]["value"]) == (source, value)
    assert set(outcome.dataset["blob/sign"]) == {value}
    assert ("data-sign-contradicts" in outcome.codes) == (value == 1)


def test_the_report_of_an_import(tmp_path: Path, demo: Demo) -> None:
    outcome = run(tmp_path, *flags_of(demo), "--voltage", "2=120", "--project", tmp_path)
    check_report(outcome.report)
    written = json.loads((outcome.output / "import.json").read_text())
    check_report(written | {"parameters": outcome.report["parameters"]})
    assert {name: written[name] for name in ("counts", "optics_groups", "problems", "outputs")} == {
        name: outcome.report[name] for name in ("counts", "optics_groups", "problems", "outputs")
    }
    assert outcome.report["counts"] == {
        "rows": 12, "not_selected": 0, "particles": 12, "left_out": 0, "stacks": 3, "links": 3, "optics_groups": 2,
        "exposures": 3, "exposures_matched": 3, "particles_matched": 12, "uids_restored": 0,
    }  # fmt: skip
    groups = {group["id"]: group for group in outcome.report["optics_groups"]}
    assert (groups[1]["particles"], groups[2]["particles"]) == (8, 4)
    assert groups[1]["voltage_kV"] == {"value": 300, "source": "optics rlnVoltage"}
    assert groups[2]["voltage_kV"] == {"value": 120, "source": "you"}
    assert outcome.report["trims"] == demo.trims | {"source": "user"}
    assert outcome.report["coordinate_y"]["value"] == "keep" and outcome.report["coordinate_y"]["source"] == "user"
    assert outcome.report["outputs"] == {
        "dataset": "imported_particles.cs",
        "result_group": "imported_particles.csg",
        "folder": str(outcome.output),
    }
    given = outcome.report["parameters"]
    assert (given["meta"], given["headless"], given["voltage"]) == ([str(demo.star)], True, ["2=120.0"])


def strict_json(text: str) -> dict:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.mark.parametrize(
    "change",
    [
        {"rlnVoltage": ["nan"] + [300] * 5},
        {"rlnImagePixelSize": ["inf"] * 6},
        {"rlnImageName": [f"{i}@b\udce9d.mrcs" for i in range(1, 7)]},
        {"rlnOpticsGroup": [99] * 6},
        {"rlnImageName": ["a"] * 6},
    ],
)
def test_a_report_of_a_refusal_is_a_report_too(tmp_path: Path, change: dict) -> None:
    outcome = run(tmp_path, write_input(tmp_path, change))
    assert (outcome.status, outcome.report["status"]) == (1, "refused")
    check_report(strict_json((tmp_path / "report.json").read_text()))
    outcome = run(tmp_path, tmp_path / "nowhere.star")
    assert (outcome.status, outcome.codes) == (1, ["meta-not-found"])
    check_report(strict_json((tmp_path / "report.json").read_text()))


def test_a_report_that_cannot_be_written(tmp_path: Path, demo: Demo, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    report = tmp_path / "nowhere/report.json"
    assert main([str(demo.star), "--headless", "--output", str(out), "--report", str(report)]) == 1
    assert str(report) in capsys.readouterr().err
    assert len(load(out)) == 12
    (tmp_path / "folder").mkdir()
    assert main([str(demo.star), "--headless", "--dry-run", "--report", str(tmp_path / "folder")]) == 1
    assert sorted(os.listdir(tmp_path)) == ["folder", "out"]


def test_a_report_through_a_link_and_into_a_pipe(tmp_path: Path, demo: Demo) -> None:
    (tmp_path / "link.json").symlink_to(tmp_path / "there.json")
    assert main([*flags_of(demo), "--headless", "--dry-run", "--report", str(tmp_path / "link.json")]) == 0
    assert (tmp_path / "link.json").is_symlink()
    assert json.loads((tmp_path / "there.json").read_text())["status"] == "dry-run"
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_whole(str(tmp_path / "pipe"), "printed")
        assert os.read(reader, 100) == b"printed"
    finally:
        os.close(reader)
    assert sorted(os.listdir(tmp_path)) == ["link.json", "pipe", "there.json"]
