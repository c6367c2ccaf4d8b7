"""`--report` replaces an earlier report, and nothing else."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from cryoimport_gui.__main__ import main

from ..support.running import tree
from ..support.stars import write_exposures, write_input


def report(meta: Path, path: Path, *more: str) -> int:
    return main([str(meta), "--headless", "--dry-run", "--report", str(path), *more])


def test_no_input_is_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    meta = write_input(tmp_path)
    exposures = write_exposures(tmp_path / "P/J1/exposures.cs")
    (tmp_path / "link.json").symlink_to(meta)
    os.link(meta, tmp_path / "hard.json")
    (tmp_path / "settings.json").write_text(json.dumps({"software": {"name": "cryoimport-gui"}, "parameters": {}}))
    before = tree(tmp_path)
    more = ["--exposures", str(exposures), "--settings", str(tmp_path / "settings.json")]
    for name in ("run_data.star", "P/J1/exposures.cs", "link.json", "hard.json", "settings.json", "stacks/s1.mrcs"):
        with pytest.raises(SystemExit) as stopped:
            report(meta, tmp_path / name, *more)
        assert stopped.value.code == 2
        assert f"--report: {tmp_path / name}" in capsys.readouterr().err
    assert tree(tmp_path) == before


@pytest.mark.parametrize("content", ["notes", "{", "[]", "{}", '{"software": "x"}', '{"software": {"name": "other"}}'])
def test_no_other_file_is_replaced(tmp_path: Path, content: str) -> None:
    meta = write_input(tmp_path)
    (tmp_path / "r.json").write_text(content)
    with pytest.raises(SystemExit):
        report(meta, tmp_path / "r.json")
    assert (tmp_path / "r.json").read_text() == content


def test_a_report_and_an_empty_file_are_replaced(tmp_path: Path) -> None:
    meta = write_input(tmp_path)
    path = tmp_path / "r.json"
    path.touch()
    for _ in range(2):
        assert report(meta, path) == 0
        assert json.loads(path.read_text())["status"] == "dry-run"
    assert sorted(os.listdir(tmp_path)) == ["r.json", "run_data.star", "stacks"]


def test_the_file_on_the_way_cannot_be_guessed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    meta = write_input(tmp_path)
    names: list[str] = []
    replace = os.replace

    def watched(source: str, target: str) -> None:
        names.append(os.path.basename(source))
        replace(source, target)

    monkeypatch.setattr(os, "replace", watched)
    for _ in range(2):
        report(meta, tmp_path / "r.json")
    assert len(set(names)) == 2 and all(name.startswith(".r.json.cryoimport-partial-") for name in names)
