from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from cryoimport_gui import __version__, headless
from cryoimport_gui.__main__ import main
from cryoimport_gui.core.demo import Demo
from cryoimport_gui.core.parameters import ImportParameters, RunOptions
from cryoimport_gui.logs import log_path

from ..support.running import check_report, load, run, tree
from ..support.stars import OPTICS, write_input
from ..support.truth import check_alignments, check_all, check_ctf, flags_of, small_demo

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return small_demo(tmp_path_factory.mktemp("demo"))


def subprocess_of(*arguments: str, **options: Any) -> subprocess.Popen:
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "PYTHONPATH": str(REPOSITORY)}
    environment |= options.pop("env", {})
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([sys.executable, *arguments], env=environment, text=True, **(pipes | options))


def test_an_import(tmp_path: Path, demo: Demo, capsys: pytest.CaptureFixture[str]) -> None:
    outcome = run(tmp_path, *flags_of(demo))
    assert (outcome.status, outcome.report["status"]) == (0, "complete")
    data = outcome.dataset
    data["blob/path"] = [path[1:] for path in data["blob/path"]]
    check_all(outcome.output, data, demo, outcome.output)
    printed = capsys.readouterr()
    assert f"imported: {outcome.output}\n" in printed.out
    assert f"Import Result Group with {outcome.output}/imported_particles.csg" in printed.out
    assert "12 particles" in printed.out and "\x1b" not in printed.out + printed.err
    assert "Data sign −1: " in printed.out
    assert outcome.report["data_sign"]["value"] == -1


def test_a_dry_run_writes_nothing(tmp_path: Path, demo: Demo, capsys: pytest.CaptureFixture[str]) -> None:
    before = tree(demo.star.parents[3])
    for output in ([], ["--output", str(tmp_path / "out")]):
        arguments = ["--headless", "--dry-run", "--report", str(tmp_path / "report.json"), *output]
        assert main([*flags_of(demo), *arguments]) == 0
        report = json.loads((tmp_path / "report.json").read_text())
        assert report["status"] == "dry-run"
        assert report["outputs"] == {"dataset": None, "result_group": None, "folder": None}
        assert report["counts"]["particles_matched"] == 12
        assert report["slots"] == ["blob", "ctf", "alignments3D", "location"]
        assert os.listdir(tmp_path) == ["report.json"]
        assert "nothing was written" in capsys.readouterr().out
    assert tree(demo.star.parents[3]) == before


def test_a_dry_run_with_errors(tmp_path: Path) -> None:
    meta = write_input(tmp_path, {"rlnDefocusU": ["nan"] * 6})
    outcome = run(tmp_path, meta, "--dry-run")
    assert (outcome.status, outcome.report["status"]) == (1, "refused")
    assert not outcome.output.exists()


def test_sources_are_left_as_they_are(tmp_path: Path, demo: Demo) -> None:
    before = tree(demo.star.parents[3])
    assert run(tmp_path, *flags_of(demo)).status == 0
    assert tree(demo.star.parents[3]) == before


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    for flag in ("--help", "--version"):
        with pytest.raises(SystemExit) as left:
            main([flag])
        assert left.value.code == 0
    printed = capsys.readouterr().out
    assert printed.endswith(f"cryoimport-gui {__version__}\n")
    for name in (f.name for cls in (ImportParameters, RunOptions) for f in fields(cls)):
        assert name == "meta" or "--" + name.replace("_", "-") in printed
    assert "exit status:\n  0 " in printed


def test_the_demo_in_a_folder(tmp_path: Path) -> None:
    outcome = run(tmp_path, "--demo", tmp_path / "d", output=tmp_path / "d/CS-demo/imports/demo")
    assert outcome.status == 0
    data = outcome.dataset
    assert len(data) == 400 == outcome.report["counts"]["particles_matched"]
    assert all(path.startswith("imports/demo/imported/") for path in data["blob/path"])
    assert outcome.report["data_sign"]["value"] == -1
    assert not [p for p in outcome.report["problems"] if p["severity"] != "info"]


def test_the_demo_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    outcome = run(tmp_path, "--demo", "--dry-run")
    assert (outcome.status, outcome.report["counts"]["particles_matched"]) == (0, 400)
    meta = Path(outcome.report["parameters"]["meta"][0])
    assert meta.is_file() and meta.is_relative_to(tmp_path)


def test_flags_win_over_the_demo(tmp_path: Path) -> None:
    outcome = run(tmp_path, "--demo", tmp_path / "d", "--ignore-pose-data", "--particle-cut-prefix", "1", "--dry-run")
    assert outcome.status == 1
    assert outcome.problem("exposure-unmatched")["count"] == 20
    assert "alignments3D" not in outcome.report["slots"]


@pytest.mark.parametrize(("level", "shown"), [("debug", 3), ("info", 3), ("warning", 2), ("error", 1)])
def test_log_levels(tmp_path: Path, capsys: pytest.CaptureFixture[str], level: str, shown: int) -> None:
    meta = write_input(tmp_path, {"rlnDefocusU": ["nan"] + [1e4] * 5, "rlnNew": [0] * 6})
    assert run(tmp_path, meta, "--log-level", level).status == 1
    printed = capsys.readouterr()
    for severity, position in (("error:", 1), ("warning:", 2), ("info:", 3)):
        assert (severity in printed.err) == (shown >= position)
    assert ("6 particles" in printed.out) == (shown == 3)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("where", ["Planner", "write_job"])
def test_interrupted(
    tmp_path: Path, demo: Demo, monkeypatch: pytest.MonkeyPatch, number: signal.Signals, where: str
) -> None:
    """The signal comes before the step begins; what it would have written is not there."""
    original = getattr(headless, where)

    def interrupted(*arguments: Any) -> Any:
        os.kill(os.getpid(), number)
        return original(*arguments)

    monkeypatch.setattr(headless, where, interrupted)
    handlers = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]
    outcome = run(tmp_path, *flags_of(demo))
    assert (outcome.status, outcome.report["status"]) == (130, "cancelled")
    check_report(outcome.report)
    assert os.listdir(tmp_path) == ["report.json"]
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)] == handlers


WAITS = """
import sys
from cryoimport_gui import headless
from cryoimport_gui.__main__ import main
original = headless.write_job
def waiting(*arguments):
    print("ready", flush=True)
    sys.stdin.readline()
    return original(*arguments)
headless.write_job = waiting
sys.exit(main(sys.argv[1:]))
"""


def test_ctrl_c(tmp_path: Path, demo: Demo) -> None:
    out = tmp_path / "out"
    child = subprocess_of("-c", WAITS, *flags_of(demo), "--headless", "--output", str(out), stdin=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    child.send_signal(signal.SIGINT)
    _, printed = child.communicate("\n", timeout=60)
    assert child.returncode == 130
    assert "cancelled: nothing was written" in printed and "Traceback" not in printed
    assert os.listdir(tmp_path) == []


def test_what_nobody_expected(
    tmp_path: Path, demo: Demo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("out of cheese")

    monkeypatch.setattr(headless, "write_job", broken)
    outcome = run(tmp_path, demo.star)
    assert (outcome.status, outcome.report["status"]) == (1, "failed")
    check_report(outcome.report)
    printed = capsys.readouterr().err
    assert "out of cheese" in printed and str(log_path()) in printed and "Traceback" not in printed
    log = log_path().read_text()
    assert "Traceback" in log and "RuntimeError: out of cheese" in log


def test_a_log_that_cannot_be_written(tmp_path: Path, demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    assert run(tmp_path, demo.star, "--dry-run").status == 0


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def test_a_progress_bar_on_a_terminal(tmp_path: Path, demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(headless, "monotonic", iter(range(10**6)).__next__)
    assert run(tmp_path, *flags_of(demo)).status == 0
    drawn = terminal.getvalue()
    for stage in ("read", "locate", "headers", "match", "preview", "link", "write"):
        assert f"\r\x1b[K{stage}" in drawn
    assert "100%" in drawn
    bar = drawn[: drawn.index("info:")]
    assert bar.endswith("\r\x1b[K") and "\n" not in bar


def test_names_that_a_terminal_cannot_show(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    optics = OPTICS | {"rlnOpticsGroupName": ["gr\x1b[2Jup\udce9"]}
    meta = write_input(tmp_path, None, optics)
    meta.write_bytes(b"#" * 2000 + b"\n" + meta.read_bytes())
    assert run(tmp_path, meta).status == 0
    printed = capsys.readouterr()
    assert "\\udce9" in printed.out and "\x1b" not in printed.out + printed.err


def test_an_ascii_terminal(tmp_path: Path) -> None:
    meta = write_input(tmp_path / "Å粒", None, OPTICS | {"rlnOpticsGroupName": ["粒"]})
    arguments = ["-m", "cryoimport_gui", str(meta), "--headless", "--output", str(tmp_path / "粒")]
    environment = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii:strict"}
    child = subprocess_of(*arguments, env=environment)
    out, printed = child.communicate(timeout=60)
    assert child.returncode == 0, printed
    assert "Traceback" not in printed
    assert "\\u7c92" in out
    assert len(load(tmp_path / "粒")) == 6


def test_a_reader_that_goes_away(tmp_path: Path, demo: Demo) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    arguments = ["-m", "cryoimport_gui", str(demo.star), "--headless", "--output", str(tmp_path / "out")]
    child = subprocess_of(*arguments, stdout=writing)
    os.close(writing)
    _, printed = child.communicate(timeout=60)
    assert child.returncode == 0
    assert "Traceback" not in printed and "BrokenPipe" not in printed
    assert len(load(tmp_path / "out")) == 12


def test_relative_paths_count_from_where_the_command_runs(
    tmp_path: Path, demo: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(demo.data)
    inputs = [os.path.relpath(demo.star), "--data", ".", "--exposures", "../CS-demo/J2/exposures.cs"]
    outcome = run(tmp_path, *inputs, *flags_of(demo)[5:])
    assert outcome.status == 0
    check_ctf(outcome.dataset, demo)
    check_alignments(outcome.dataset, demo)
    for link in (outcome.output / "imported").iterdir():
        assert link.readlink().is_absolute() and link.exists()


def test_the_demo_can_be_imported_anywhere(tmp_path: Path) -> None:
    assert main(["--headless", "--demo", str(tmp_path / "demo"), "--output", str(tmp_path / "elsewhere")]) == 0
    assert (tmp_path / "elsewhere" / "imported_particles.csg").is_file()
    assert main(["--headless", "--demo", str(tmp_path / "two"), "--output", str(tmp_path / "two/CS-demo/J4")]) == 0
    report = json.loads((tmp_path / "two/CS-demo/J4/import.json").read_text())
    assert report["parameters"]["project"] == str(tmp_path / "two/CS-demo")
