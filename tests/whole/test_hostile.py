"""STAR files come by mail: whatever names stand in them, they only ever name files to read and to link."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
import yaml

from cryoimport_gui.__main__ import main
from cryoimport_gui.core.exposures.trims import TrimRules
from cryoimport_gui.core.job import write as job_module
from cryoimport_gui.core.job.write import write_job
from cryoimport_gui.core.layout import link_name
from cryoimport_gui.core.looks.match_table import build_name_table, write_csv
from cryoimport_gui.core.parameters import ImportParameters, update
from cryoimport_gui.core.plan.planner import plan_import
from cryoimport_gui.core.problems import Refused, printable
from cryoimport_gui.core.progress import Progress
from cryoimport_gui.core.reading.star import ColumnKind, StarError, read_star
from cryoimport_gui.core.report.html import report_page

from ..support.running import Outcome, run, tree
from ..support.stars import OPTICS, exposure_columns, write_exposures, write_input, write_stack

MARKUP = "<b>bold</b><img src=x>"
#: file names that a file system takes and a program may stumble over
NAMES = {
    "leading >": ">s.mrcs",
    "leading -": "-rf.mrcs",
    "leading ~": "~root.mrcs",
    "leading .": ".s.mrcs",
    "escape": "\x1b[2J\x1b]0;title\x07s.mrcs",
    "c1 control": "a\x9bs.mrcs",
    "newline as text": "a\\ns.mrcs",
    "not utf-8": "gel\udce9\udcffst.mrcs",
    "only not utf-8": "\udce9.mrcs",
    "markup": "<b>bold<b><img src=x>.mrcs",
    "right to left": "a\u202esrcm.mrcs",
    "line separator": "a\u2028b.mrcs",
    "longest": "x" * 250 + ".mrcs",
    "longest of many bytes": "é" * 125 + ".mrcs",
    "yaml": "{a: !!python|name:os}, *x.mrcs",
    "shell": "$(touch x);`x`|&.mrcs",
    "data_": "data_x.mrcs",
    "at": "1@2@3.mrcs",
    "percent": "%s%n{0}.mrcs",
    "spaces": "a  b\tc.mrcs",
    "emoji": "🔬.mrcs",
}


def quoted(name: str) -> str:
    return f'"{name}"' if re.search(r"\s", name) else name


def write_named(folder: Path, name: str) -> Path:
    """Two stacks, one of them with this name."""
    star = write_input(
        folder, {"rlnImageName": [quoted(f"{i}@stacks/{name}") for i in (1, 2, 3)] + ["1@stacks/s2.mrcs"] * 3}
    )
    os.rename(folder / "stacks/s1.mrcs", folder / "stacks" / name)
    return with_room(star)


def with_room(star: Path) -> Path:
    """Control characters at the beginning make a file binary, and it is refused: let them come later."""
    star.write_bytes(b"# a long comment" * 100 + b"\n" + star.read_bytes())
    return star


def check_inside(outcome: Outcome, before: dict, root: Path) -> None:
    """Nothing but the job folder and the report is new, and each link leads to a stack."""
    after = tree(root)
    new = {name for name in after if name not in before} - {"report.json"}
    out = str(outcome.output.relative_to(root))
    assert all(name == out or name.startswith(out + "/") for name in new)
    assert {name: after[name] for name in before} == before
    links = list((outcome.output / "imported").iterdir())
    for link in links:
        name = os.fsencode(link.name)
        assert link.is_symlink() and link.read_bytes()[208:211] == b"MAP"
        assert re.match(rb"\d{21}_", name) and len(name) <= 255
        assert printable(link.name) == link.name, "no control characters"
        name.decode()
    paths = {path.decode() for path in np.load(outcome.output / "imported_particles.cs")["blob/path"]}
    assert paths == {f">imported/{link.name}" for link in links}


def without_controls(text: str) -> bool:
    return text.replace("\n", "") == printable(text.replace("\n", ""))


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_odd_stack_names_are_linked_and_nothing_else_happens(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    star = write_named(tmp_path, name)
    before = tree(tmp_path)
    outcome = run(tmp_path, star)
    assert outcome.status == 0
    assert outcome.report["counts"]["links"] == 2
    check_inside(outcome, before, tmp_path)
    shown = capsys.readouterr()
    assert without_controls(shown.out) and without_controls(shown.err)
    assert without_controls((outcome.output / "import.log").read_text())


@pytest.mark.parametrize(
    "name",
    [
        *("../outside.mrcs", "../../../../../../etc/passwd", "/etc/passwd", "stacks/../../x/../outside.mrcs"),
        *("/dev/zero", "/dev/stdin", "/dev/null", "/proc/self/mem", "/dev/random", "pipe.mrcs"),
        *("/", ".", "..", "stacks", "stacks/", "~/x.mrcs", "x" * 300 + ".mrcs", "a/" * 3000 + "x.mrcs", MARKUP),
        *(">imported/x.mrcs", "data_x", "loop_", "file:///etc/passwd", "%2e%2e/x", "\\\\host\\x.mrcs", "C:\\x.mrcs"),
        *("stacks/text.mrcs", "stacks/dangling.mrcs"),
    ],
)  # fmt: skip
def test_what_is_no_stack_is_never_linked(tmp_path: Path, name: str) -> None:
    """Devices and pipes are not even read; the rest of the rows can still be imported."""
    home = tmp_path / "home"
    star = write_input(home, {"rlnImageName": [quoted(f"{i}@{name}") for i in (1, 2, 3)] + ["1@stacks/s2.mrcs"] * 3})
    os.mkfifo(home / "pipe.mrcs")
    (home / "stacks/text.mrcs").write_text("no image" * 1000)
    (home / "stacks/dangling.mrcs").symlink_to("nowhere")
    before = tree_of_files(tmp_path)
    refused = run(tmp_path, star)
    assert refused.status == 1 and not refused.output.exists()
    (code,) = {code for code in refused.codes if code.startswith(("stack", "image"))}
    assert code in ("stack-missing", "stack-not-mrc")
    outcome = run(tmp_path, star, "--on-bad", "leave-out")
    assert (outcome.status, outcome.report["counts"]["links"], outcome.report["counts"]["left_out"]) == (0, 1, 3)
    (link,) = (outcome.output / "imported").iterdir()
    assert link.resolve() == home / "stacks/s2.mrcs"
    new = set(tree_of_files(tmp_path)) - set(before)
    assert all(path.is_relative_to(outcome.output) for path in new - {tmp_path / "report.json"})
    assert read_star(outcome.output / "rejected.star", {}).tables[0].rows == 3


def tree_of_files(folder: Path) -> set[Path]:
    return {Path(here) / name for here, _, names in os.walk(folder) for name in names}


def test_a_stack_outside_is_linked_but_never_written_to(tmp_path: Path) -> None:
    write_stack(tmp_path / "outside.mrcs")
    star = write_input(tmp_path / "in/here", {"rlnImageName": [f"{i}@../../outside.mrcs" for i in (1, 2, 3)] * 2})
    before = tree(tmp_path)
    outcome = run(tmp_path, star)
    assert outcome.status == 0
    check_inside(outcome, before, tmp_path)
    (link,) = (outcome.output / "imported").iterdir()
    assert os.readlink(link) == str(tmp_path / "outside.mrcs")


def test_a_device_that_takes_the_place_of_a_stack_is_noticed(tmp_path: Path) -> None:
    star = write_input(tmp_path)
    plan = plan_import(update(ImportParameters(), {"meta": str(star), "output": str(tmp_path / "J3")}))
    assert not plan.errors
    (tmp_path / "stacks/s1.mrcs").unlink()
    (tmp_path / "stacks/s1.mrcs").symlink_to("/dev/zero")
    with pytest.raises(Refused) as refused:
        write_job(plan)
    assert refused.value.problem.code == "stack-truncated"
    assert not (tmp_path / "J3").exists()


@pytest.mark.parametrize(
    "meta",
    ["new\nline: x.star", "a: b # c.star", "'quote\".star", ">x.star", "\x1b[2J.star", "gel\udce9st.star", "*&!|.star",
     "- x.star", "{a}.star", "\u2028\x85.star", "é" * 120 + ".star", MARKUP.replace("/", "") + ".star", "%.star"],
)  # fmt: skip
def test_the_result_group_is_safe_yaml_whatever_the_star_file_is_called(tmp_path: Path, meta: str) -> None:
    star = write_input(tmp_path).rename(tmp_path / meta)
    outcome = run(tmp_path, star)
    assert outcome.status == 0
    text = (outcome.output / "imported_particles.csg").read_text("utf-8")
    content = yaml.safe_load(text)
    assert set(content) == {"created", "group", "results", "version"}
    assert content["group"]["name"] == "imported_particles" and content["group"]["type"] == "particle"
    assert {entry["metafile"] for entry in content["results"].values()} == {">imported_particles.cs"}
    seen = "".join(c for c in meta.replace("\udce9", "?") if c.isascii() and c.isprintable())
    assert seen in "".join(c for c in content["group"]["description"] if c.isascii() and c.isprintable())
    assert all(token.tag is None for token in yaml.parse(text) if hasattr(token, "tag"))
    json.loads((outcome.output / "import.json").read_text("utf-8"))
    assert os.readlink(outcome.output / "source" / star.name) == str(star)


def test_link_names() -> None:
    for name in (*NAMES.values(), "x" * 5000, "\x00\x01\n/x", "", "\udcff" * 300, "粒" * 200):
        made = link_name(f"/somewhere/{name}")
        assert len(os.fsencode(made)) <= 255 and "/" not in made and "\0" not in made
        assert re.fullmatch(r"\d{21}_.*", made) and made.encode().decode() == made
    assert link_name("/a/18jam15b_0345 ali_DW.mrcs")[21:] == "_18jam15b_0345 ali_DW.mrcs"
    assert link_name("/a/" + "é" * 200 + ".mrcs").endswith("é" * 100 + ".mrcs")


HOSTILE = {
    "rlnMicrographName": [quoted(f"mics/{MARKUP.replace('/', '')} \x1b[2J{k}.mrc") for k in (1, 2) for _ in range(3)],
    "rlnGroupName<b>\x1b[31m": ["'=cmd|x'"] * 6,
}
OPTICS_NAMED = OPTICS | {"rlnOpticsGroupName": [quoted(f"{MARKUP} \x1b]0;x\x07 \udce9\u202e")]}


def hostile_input(folder: Path) -> tuple[Path, Path]:
    """Markup and control characters in every text that a STAR file and exposures have."""
    star = with_room(write_input(folder, HOSTILE, OPTICS_NAMED))
    columns = exposure_columns()
    columns["micrograph_blob/path"] = np.array([f"J1/{MARKUP} {k}.mrc\x1b[2J".encode() for k in (1, 2)])
    return star, write_exposures(folder / "P/J1/exposures.cs", columns)


@pytest.mark.parametrize("fault", [None, "nan", "stack"])
def test_terminal_log_and_report_show_no_control_characters(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], fault: str | None
) -> None:
    star, exposures = hostile_input(tmp_path)
    if fault == "nan":
        star.write_bytes(star.read_bytes().replace(b"15000.0", b"nan"))
    elif fault == "stack":
        (tmp_path / "stacks/s1.mrcs").unlink()
    flags = ["--exposures", exposures, "--suggest-trims", "--on-unmatched", "keep", "--on-bad", "leave-out"]
    outcome = run(tmp_path, star, *flags)
    assert outcome.status == 0
    shown = capsys.readouterr()
    assert MARKUP in shown.out
    assert without_controls(shown.out) and without_controls(shown.err)
    assert without_controls((outcome.output / "import.log").read_text())
    page = report_page(
        plan_import(update(ImportParameters(), {"meta": str(star), "exposures": str(exposures)})), "refused"
    )
    assert "<b>bold" not in page and "<img src=x" not in page and "&lt;b&gt;bold" in page
    assert without_controls(page)
    page.encode()


def test_a_job_folder_with_hostile_links_shows_no_control_characters(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    star = write_named(tmp_path, "a\x1b[2J.mrcs")
    job = run(tmp_path, star).output
    shutil.move(tmp_path / "stacks", tmp_path / "moved\x1b[31m")
    (job / "imported/\x1b[2J").symlink_to("/nowhere\x1b[2J")
    assert main(["--relink", str(job), "--data", str(tmp_path / "moved\x1b[31m"), "--dry-run"]) == 1
    shown = capsys.readouterr()
    assert shown.err and without_controls(shown.out) and without_controls(shown.err)


def test_exported_names_are_valid_text(tmp_path: Path) -> None:
    star = write_input(tmp_path, {"rlnMicrographName": ["gel\udce9st.mrc"] * 6})
    exposures = write_exposures(tmp_path / "P/J1/exposures.cs")
    plan = plan_import(update(ImportParameters(), {"meta": str(star), "exposures": str(exposures)}))
    assert plan.all_particles and plan.exposures and plan.matching
    counts = np.bincount(plan.all_particles.micrograph_index)
    names, paths = plan.all_particles.micrograph_names, plan.exposures.paths
    table = build_name_table(paths, names, counts, plan.matching.rules)
    write_csv(tmp_path / "names.csv", table, np.arange(len(table)))
    assert "gel\\udce9st" in (tmp_path / "names.csv").read_text("utf-8")


FORMULAS = ["=cmd|'/C_calc'!A0", "+1+cmd|x", "-2+3", "@SUM(A1)", " =1", "  @x"]
CONTROLS = {"\t=1": "\\t=1", "\r=1": "\\r=1", "a\r\n=1": "a\\r\\n=1"}
HONEST = ["18jam15b_0345-a_ali.mrc", "a=b+c@d-e.mrc", "粒.mrc", "'quoted'.mrc", "_-x.mrc", "a,b;c.mrc", ">s.mrc"]


def test_no_exported_name_is_a_formula_and_honest_ones_are_as_they_were(tmp_path: Path) -> None:
    names = [*FORMULAS, *CONTROLS, *HONEST]
    table = build_name_table(names[::-1], names, np.ones(len(names), np.int64), TrimRules())
    write_csv(tmp_path / "names.csv", table, np.arange(len(table)))
    with open(tmp_path / "names.csv", newline="", encoding="utf-8") as file:
        head, *rows = csv.reader(file)
    assert len(rows) == len(names)
    expected = sorted([*(f"'{name}" for name in FORMULAS), *CONTROLS.values(), *HONEST])
    for column in ("micrograph", "exposure"):
        assert sorted(row[head.index(column)] for row in rows) == expected
    assert not [cell for row in rows for cell in row if cell.lstrip().startswith(("=", "+", "-", "@"))]


def test_a_result_group_longer_than_any_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    """Slots that count make it long; the same with fewer of them is read."""
    star = write_input(tmp_path)
    write_exposures(tmp_path / "exposures.cs")
    group = tmp_path / "group.csg"
    for slots, codes in ((300, []), (30_000, ["exposures-unreadable"])):
        more = "".join(f"  s{number}: {{metafile: x}}\n" for number in range(slots))
        group.write_text("results:\n  micrograph_blob: {metafile: '>exposures.cs'}\n" + more)
        outcome = run(tmp_path, star, "--exposures", group, "--dry-run")
        assert [code for code in outcome.codes if code == "exposures-unreadable"] == codes
    assert "longer than" in outcome.problem("exposures-unreadable")["message"]


def test_settings_never_say_where_to_write(tmp_path: Path) -> None:
    star = write_input(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    values = {name: str(elsewhere / name) for name in ("output", "report", "demo", "relink", "settings")}
    values |= {"meta": str(star), "headless": True, "dry_run": False}
    for content in (values, {"parameters": values, **values}):
        settings = tmp_path / "settings.json"
        settings.write_text(json.dumps(content))
        with pytest.raises(SystemExit) as wrong:
            main(["--settings", str(settings), "--headless"])
        assert wrong.value.code == 2
        outcome = run(tmp_path, "--settings", settings)
        assert outcome.status == 0 and outcome.report["outputs"]["folder"] == str(tmp_path / "out")
        shutil.rmtree(tmp_path / "out")
        assert not elsewhere.exists()


@pytest.mark.parametrize("settings", ["/dev/zero", "pipe.json", "."])
def test_settings_that_are_no_file_are_refused_at_once(tmp_path: Path, settings: str) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(SystemExit) as wrong:
        main(["--settings", str(tmp_path / settings), "--headless", "--dry-run"])
    assert wrong.value.code == 2


@pytest.mark.parametrize("name", ["/dev/zero", "pipe.cs", "pipe.csg", "group.csg"])
def test_exposures_that_are_no_file_are_refused_at_once(tmp_path: Path, name: str) -> None:
    star = write_input(tmp_path)
    for pipe in ("pipe.cs", "pipe.csg"):
        os.mkfifo(tmp_path / pipe)
    (tmp_path / "group.csg").write_text("results: {micrograph_blob: {metafile: '>pipe.cs'}}\n")
    assert "exposures-unreadable" in run(tmp_path, star, "--exposures", tmp_path / name).codes


@pytest.mark.parametrize("change", ["grows", "shrinks", "is rewritten"], ids=lambda change: change.replace(" ", "-"))
def test_a_star_file_that_changes_while_it_is_read_is_noticed(tmp_path: Path, change: str) -> None:
    """It changes while the first rows are read; a file of the same length has another time."""
    path = write_input(tmp_path)
    os.utime(path, (1, 1))
    content = path.read_bytes()
    new = {"grows": content + b"\n", "shrinks": content[:-1], "is rewritten": content.replace(b"15000.0", b"16000.0")}

    class Meanwhile(Progress):
        def report(self, done: int, total: int) -> None:
            if path.read_bytes() == content:
                path.write_bytes(new[change])

    with pytest.raises(StarError, match="changed while it was read") as caught:
        read_star(path, {"rlnImageName": ColumnKind.IMAGE}, Meanwhile())
    assert caught.value.code == "meta-unreadable"
    assert read_star(path, {"rlnImageName": ColumnKind.IMAGE}).tables[1].rows == 6


@pytest.mark.parametrize("code", ["EPERM", "ENOTSUP", "ENOSYS"])
def test_a_file_system_without_links_is_said_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    import errno

    star = write_input(tmp_path)
    number = getattr(errno, code)

    def no_links(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(job_module.os, "symlink", no_links)
        outcome = run(tmp_path, star)
    assert outcome.status == 1 and not outcome.output.exists()
    found = outcome.problem("output-not-writable")
    assert "cannot hold symbolic links" in found["message"] and "another file system" in found["hint"]
    assert run(tmp_path, star).status == 0


def test_reading_never_waits_for_the_other_end_of_a_pipe(tmp_path: Path) -> None:
    """All of the above would hang, and not fail, if a pipe were waited for: here it is distinguished."""
    star = write_input(tmp_path, {"rlnImageName": [f"{i}@pipe.mrcs" for i in range(1, 7)]})
    os.mkfifo(tmp_path / "pipe.mrcs")
    done = threading.Event()

    def import_it() -> None:
        plan_import(update(ImportParameters(), {"meta": str(star)}))
        done.set()

    thread = threading.Thread(target=import_it, daemon=True)
    thread.start()
    assert done.wait(20)
    thread.join()
