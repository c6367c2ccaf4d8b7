"""Parameters from an earlier import, and those that cannot be taken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cryoimport_gui.__main__ import main
from cryoimport_gui.core.demo import Demo

from ..support.running import run
from ..support.truth import flags_of, small_demo


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return small_demo(tmp_path_factory.mktemp("demo"))


def usage_error(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2
    printed = capsys.readouterr().err
    assert printed.startswith("usage: cryoimport-gui") and "Traceback" not in printed
    return printed.splitlines()[-1]


def test_settings_of_an_earlier_import(tmp_path: Path, demo: Demo, capsys: pytest.CaptureFixture[str]) -> None:
    choices = [
        "--pixel-size",
        "1=2.0",
        "--voltage",
        "120",
        "--voltage",
        "2=100",
        "--data-sign=+1",
        "--ignore-half-sets",
    ]
    first = run(tmp_path, *flags_of(demo), *choices, "--total-dose", "30")
    settings = ["--settings", str(first.output / "import.json")]
    again = run(tmp_path, *settings, output=tmp_path / "again")
    assert again.status == 0
    own = {"output", "report", "settings"}
    assert {n: v for n, v in again.report["parameters"].items() if n not in own} == {
        n: v for n, v in first.report["parameters"].items() if n not in own
    }
    one, other = first.dataset, again.dataset
    assert one.fields() == other.fields()
    for field in set(one.fields()) - {"uid", "blob/path"}:
        np.testing.assert_array_equal(one[field], other[field])
    changed = run(tmp_path, *settings, "--data-sign=-1", "--voltage", "2=90", output=tmp_path / "changed")
    assert set(changed.dataset["blob/sign"]) == {-1}
    assert changed.report["parameters"]["voltage"] == ["2=90.0"]
    (tmp_path / "report.json").rename(tmp_path / "settings.json")
    from_report = run(tmp_path, "--settings", tmp_path / "settings.json", output=tmp_path / "third")
    assert from_report.status == 0
    assert "--output" in usage_error(capsys, "--headless", *settings)


NO_SETTINGS = ["", "[]", "5", "null", "{", "[" * 9000, '{"parameters": 5}', '{"parameters": null}']
BAD_VALUES = [
    '"voltage": "x"',
    '"voltage": null',
    '"voltage": true',
    '"voltage": {"1": "x"}',
    '"voltage": {"": 200}',
    '"voltage": [null]',
    '"voltage": [[1]]',
    '"pixel_size": ["1=NaN"]',
    '"cs": NaN',
    '"meta": 5',
    '"meta": "a\\u0000b"',
    '"data_sign": "2"',
    '"exposure_cut_prefix": -1',
    '"exposure_cut_prefix": 1.5',
    '"exposure_cut_prefix": null',
    '"ignore_raw_data": "yes"',
    '"coordinate_scale": []',
]


BROKEN_SETTINGS = NO_SETTINGS + [f'{{"parameters": {{{value}}}}}' for value in BAD_VALUES]


@pytest.mark.parametrize("text", BROKEN_SETTINGS, ids=range(len(BROKEN_SETTINGS)))
def test_broken_settings(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    (tmp_path / "settings.json").write_text(text)
    usage_error(capsys, "x.star", "--headless", "--dry-run", "--settings", str(tmp_path / "settings.json"))


def test_settings_that_are_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "latin.json").write_bytes(b'{"meta": "\xe9"}')
    for name in ("nowhere.json", "latin.json", "."):
        usage_error(capsys, "x.star", "--headless", "--dry-run", "--settings", str(tmp_path / name))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--headless"], "META"),
        (["--headless", "--output", "o"], "META"),
        (["--headless", "x.star"], "--output"),
        (["--headless", "x.star", "./x.star", "--dry-run"], "given twice"),
        (["--headless", "x.star", "--dry-run", "--nonsense"], "--nonsense"),
        (["--headless", "x.star", "--dry"], "--dry"),
        (["--headless", "x.star", "--dry-run", "--data-sign", "2"], "--data-sign"),
        (["--headless", "x.star", "--dry-run", "--coordinate-y", "up"], "--coordinate-y"),
        (["--headless", "x.star", "--dry-run", "--coordinate-scale", "0"], "--coordinate-scale"),
        (["--headless", "x.star", "--dry-run", "--coordinate-scale", "nan"], "--coordinate-scale"),
        (["--headless", "x.star", "--dry-run", "--on-bad", "ignore"], "--on-bad"),
        (["--headless", "x.star", "--dry-run", "--on-unmatched", ""], "--on-unmatched"),
        (["--headless", "x.star", "--dry-run", "--exposure-cut-prefix", "-1"], "--exposure-cut-prefix"),
        (["--headless", "x.star", "--dry-run", "--particle-cut-suffix", "two"], "--particle-cut-suffix"),
        (["--headless", "x.star", "--dry-run", "--pixel-size", "-1"], "--pixel-size"),
        (["--headless", "x.star", "--dry-run", "--pixel-size", "=1"], "--pixel-size"),
        (["--headless", "x.star", "--dry-run", "--pixel-size", "1="], "--pixel-size"),
        (["--headless", "x.star", "--dry-run", "--voltage", "inf"], "--voltage"),
        (["--headless", "x.star", "--dry-run", "--cs", "nan"], "--cs"),
        (["--headless", "x.star", "--dry-run", "--amplitude-contrast", "1.5"], "--amplitude-contrast"),
        (["--headless", "x.star", "--dry-run", "--total-dose", "1=2="], "--total-dose"),
        (["--headless", "x.star", "--dry-run", "--log-level", "loud"], "--log-level"),
        (["--relink", "J3"], "--data"),
    ],
)
def test_wrong_usage(capsys: pytest.CaptureFixture[str], arguments: list[str], words: str) -> None:
    assert words in usage_error(capsys, *arguments)
