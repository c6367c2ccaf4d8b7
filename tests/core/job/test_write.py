from __future__ import annotations

import datetime
import json
import os
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import starfile
import yaml
from numpy.typing import NDArray

from cryoimport_gui.core.dataset.schema import SCHEMA
from cryoimport_gui.core.demo import Demo
from cryoimport_gui.core.job.write import Job, import_signature, random_uids, write_job
from cryoimport_gui.core.layout import link_name
from cryoimport_gui.core.parameters import ImportParameters, update
from cryoimport_gui.core.pictures.montage import columns_for, tile_origin
from cryoimport_gui.core.plan.planner import plan_import
from cryoimport_gui.core.problems import Refused
from cryoimport_gui.core.progress import Progress

from ...support.running import load, tree
from ...support.stars import particle_columns, write_input, write_stack
from ...support.truth import check_blobs, parameters_of, small_demo

FILES = {
    "imported",
    "imported_particles.cs",
    "imported_particles.csg",
    "particles.star",
    "source",
    "import.html",
    "montage.png",
    "import.json",
    "import.log",
}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """A demo data set that no test changes."""
    return small_demo(tmp_path_factory.mktemp("small"), shuffled=True)


def write(parameters: ImportParameters) -> Job:
    return write_job(plan_import(parameters))


def test_fields_and_types(small: Demo, tmp_path: Path) -> None:
    job = write(parameters_of(small, output=str(tmp_path / "J"), project="", total_dose="50"))
    table = np.load(job.folder / "imported_particles.cs")
    assert (job.folder / "imported_particles.cs").read_bytes()[:8] == b"\x93NUMPY\x01\x00"
    names = ["uid", *(field.name for slot in job.report["slots"] for field in SCHEMA[slot])]
    assert list(table.dtype.names) == names
    assert job.report["slots"] == ["blob", "ctf", "alignments3D", "location", "mscope_params"]
    for name in names:
        kind = table.dtype[name].base
        assert kind.str in ("<u8", "<u4", "<f4") or (kind.kind == "S" and name.endswith(("/path", "_path", "/type")))


def test_what_lies_in_the_job_folder(small: Demo, tmp_path: Path) -> None:
    job = write(parameters_of(small, output=str(tmp_path / "J"), project=""))
    assert {path.name for path in job.folder.iterdir()} == FILES
    assert {path.name for path in tmp_path.iterdir()} == {"J"}
    assert (job.folder / "particles.star").read_bytes() == small.star.read_bytes()
    assert (job.folder / "source" / small.star.name).readlink() == small.star
    assert (job.folder / "montage.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    assert json.loads((job.folder / "import.json").read_text()) == job.report
    assert job.report["status"] == "complete"
    assert job.report["outputs"] == {
        "dataset": "imported_particles.cs",
        "result_group": "imported_particles.csg",
        "folder": str(tmp_path / "J"),
    }
    assert job.report["counts"] == {
        "rows": 12, "not_selected": 0, "particles": 12, "left_out": 0, "stacks": 3, "links": 3, "optics_groups": 2,
        "exposures": 3, "exposures_matched": 3, "particles_matched": 12, "uids_restored": 0,
    }  # fmt: skip
    log = (job.folder / "import.log").read_text()
    assert "12 particles" in log and str(small.star) in log and "alignments3D/pose" in log


def grey(path: Path) -> NDArray[np.uint8]:
    """The picture in a PNG of one channel without filters."""
    raw = path.read_bytes()
    width, height = (int.from_bytes(raw[at : at + 4], "big") for at in (16, 20))
    data = zlib.decompress(raw[raw.index(b"IDAT") + 4 :])
    return np.frombuffer(data, np.uint8).reshape(height, width + 1)[:, 1:]


@pytest.mark.parametrize(("sign", "darker"), [("auto", True), ("-1", True), ("+1", False)])
def test_the_montage_has_the_data_sign_applied(small: Demo, tmp_path: Path, sign: str, darker: bool) -> None:
    job = write(parameters_of(small, output=str(tmp_path / "J"), project="", exposures="", data_sign=sign))
    picture = grey(job.folder / "montage.png")
    corners = [tile_origin(i, 32, columns_for(12)) for i in range(12)]
    tiles = np.stack([picture[y : y + 32, x : x + 32] for x, y in corners]).astype(float)
    middle, border = tiles[:, 12:20, 12:20].mean(), tiles[:, :, [0, 1, 30, 31]].mean()
    assert (middle < border - 20) == darker == (middle < border + 20)


def test_result_group(small: Demo, tmp_path: Path) -> None:
    job = write(parameters_of(small, output=str(tmp_path / "J"), project="", total_dose="50"))
    content = yaml.safe_load((job.folder / "imported_particles.csg").read_text())
    assert isinstance(content.pop("created"), datetime.datetime)
    assert content.pop("group").keys() == {"description", "name", "title", "type"}
    assert content == {
        "results": {
            slot: {"metafile": ">imported_particles.cs", "num_items": 12, "type": f"particle.{slot}"}
            for slot in ("blob", "ctf", "alignments3D", "location")
        },
        "version": "v4.4.1",
    }
    group = yaml.safe_load((job.folder / "imported_particles.csg").read_text())["group"]
    assert (group["name"], group["title"], group["type"]) == ("imported_particles", "Imported particles", "particle")


def test_paths_inside_and_outside_of_a_project(small: Demo, tmp_path: Path) -> None:
    (tmp_path / "CS-p/deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "CS-p")
    for output, project, prefix in [
        ("alone/J1", "", ">imported/"),
        ("CS-p/J1", "CS-p", "J1/imported/"),
        ("CS-p/deep/J1", "CS-p", "deep/J1/imported/"),
        ("link/J2", "CS-p", "J2/imported/"),
        ("CS-p/J3", "link", "J3/imported/"),
        ("CS-p/J4", "CS-p/../CS-p/", "J4/imported/"),
    ]:
        given = f"{tmp_path}/{project}" if project else ""
        job = write(parameters_of(small, output=str(tmp_path / output), project=given, exposures=""))
        data = load(job.folder)
        assert {path[: path.rindex("/") + 1] for path in data["blob/path"]} == {prefix}
        if project:
            check_blobs(tmp_path / project / prefix[:-10], data, small, tmp_path / project)
        else:
            data["blob/path"] = [path[1:] for path in data["blob/path"]]
            check_blobs(job.folder, data, small, job.folder)


def test_a_relative_output_and_relative_inputs(small: Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    meta = os.path.relpath(small.star, tmp_path)
    job = write(parameters_of(small, meta=meta, output="J5", project="", exposures=""))
    assert job.folder == tmp_path / "J5"
    assert (job.folder / "source" / small.star.name).readlink() == small.star
    assert {link.readlink() for link in (job.folder / "imported").iterdir()} == set(small.stacks)


def test_odd_paths(tmp_path: Path) -> None:
    folder = tmp_path / 'it\'s a "place" #1 Å'
    meta = write_input(folder, {"rlnImageName": [f'"{i}@my stacks/粒子#{k}.mrcs"' for k in (1, 2) for i in (1, 2, 3)]})
    (folder / "my stacks").mkdir()
    for k in (1, 2):
        (folder / f"stacks/s{k}.mrcs").rename(folder / f"my stacks/粒子#{k}.mrcs")
    data = load(write(ImportParameters(meta=str(meta), output=str(folder / "J 1"))).folder)
    targets = [(folder / "J 1" / path[1:]).readlink() for path in data["blob/path"]]
    assert targets == [folder / f"my stacks/粒子#{k}.mrcs" for k in (1, 1, 1, 2, 2, 2)]


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    name = "caf\udce9.mrcs"
    meta = write_input(tmp_path, {"rlnImageName": [f"{i}@stacks/{name}" for i in (1, 2, 3)] * 2})
    (tmp_path / "stacks/s1.mrcs").rename(tmp_path / "stacks" / name)
    job = write(ImportParameters(meta=str(meta), output=str(tmp_path / "J")))
    (link,) = (job.folder / "imported").iterdir()
    assert link.readlink() == tmp_path / "stacks" / name
    assert {job.folder / path[1:] for path in load(job.folder)["blob/path"]} == {link}


def test_a_name_as_long_as_a_name_can_be(tmp_path: Path) -> None:
    long = "x" * 250 + ".mrcs"
    assert len(link_name(f"/data/{long}")) == 255
    assert link_name(f"/data/{long}")[22:] == long[-233:]
    assert link_name("/data/é" + "y" * 10)[22:] == "é" + "y" * 10
    assert link_name("/data/" + "粒" * 84)[22:] == "粒" * 77
    meta = write_input(tmp_path, {"rlnImageName": [f"{i}@stacks/{long}" for i in (1, 2, 3)] * 2})
    (tmp_path / "stacks/s1.mrcs").rename(tmp_path / "stacks" / long)
    job = write(ImportParameters(meta=str(meta), output=str(tmp_path / ("粒" * 85))))
    (link,) = (job.folder / "imported").iterdir()
    assert link.readlink() == tmp_path / "stacks" / long


def test_signature() -> None:
    # `printf /data/a.mrcs | sha1sum` begins with these bytes
    assert import_signature("/data/a.mrcs") == int.from_bytes(bytes.fromhex("f8b822501562552f"), "little")


def test_uids() -> None:
    uids = random_uids(100_000)
    assert uids.dtype == np.uint64 and len(np.unique(uids)) == 100_000 and uids.min() > 0
    assert uids.max() > 2**63


def test_uids_and_link_names_are_new_each_time(small: Demo, tmp_path: Path) -> None:
    first, second = (
        load(write(parameters_of(small, output=str(tmp_path / name), project="", exposures="")).folder) for name in "ab"
    )
    assert not set(first["uid"]) & set(second["uid"])
    assert not set(first["blob/path"]) & set(second["blob/path"])


def test_rejected_rows_are_whole(tmp_path: Path) -> None:
    """Comments, quotes, columns that are not imported and another table with images do not disturb it."""
    names = [f"{i}@stacks/s{k}.mrcs" for k in (1, 2) for i in (1, 2, 3)]
    names[1], names[4] = "99@stacks/s1.mrcs", "x@stacks/s2.mrcs"
    dummy = ["0001", "0002", "b", "nan", "1e5", "it's"]
    meta = write_input(tmp_path, {"rlnImageName": names, "rlnMicrographName": ["'my mic.mrc'"] * 6, "rlnDummy": dummy})
    text = meta.read_text().replace(" 0002\n", " 0002 # no such image\n")
    other = "data_other\n\nloop_\n_rlnImageName #1\n" + "7@x.mrcs\n" * 6
    meta.write_text(other + text)
    job = write(ImportParameters(meta=str(meta), output=str(tmp_path / "J"), on_bad="leave-out"))
    assert len(load(job.folder)) == 4
    tables = starfile.read(job.folder / "rejected.star", always_dict=True, parse_as_string=["rlnDummy"])
    ((name, table),) = tables.items()
    assert name == "particles"
    assert table["rlnImageName"].tolist() == [names[1], names[4]]
    assert table["rlnMicrographName"].tolist() == ["my mic.mrc"] * 2
    assert table["rlnDummy"].tolist() == ["0002", "1e5"]
    assert table["cryoimportReason"].tolist() == ["image-index-out-of-range", "image-name-bad"]
    assert list(table) == [*particle_columns(), "rlnDummy", "cryoimportReason"]
    for label in ("rlnDefocusU", "rlnAngleRot", "rlnOriginYAngst"):
        assert table[label].tolist() == [particle_columns()[label][row] for row in (1, 4)]


def rows_of(star: Path) -> list[str]:
    return starfile.read(star, always_dict=True)["particles"]["rlnImageName"].tolist()


@pytest.mark.parametrize(
    ("policy", "kept"),
    [
        ({}, range(6)),
        ({"select": ["rlnRandomSubset=2"]}, (1, 3, 5)),
        ({"select": ["rlnImageName~s2"]}, (3, 4, 5)),
    ],
)
def test_the_copied_rows_are_those_of_the_dataset(tmp_path: Path, policy: dict, kept: Sequence[int]) -> None:
    """Row for row; the optics table, comments and spaces are as they were."""
    meta = write_input(tmp_path)
    lines = meta.read_bytes().splitlines(keepends=True)
    at = [k for k, line in enumerate(lines) if b"@stacks" in line]
    lines[at[2]] = b"  " + lines[at[2]].replace(b"\n", b"   # one comment\r\n")
    meta.write_bytes(b"".join(lines) + b"\n# the end")
    job = write(update(ImportParameters(), {"meta": str(meta), "output": str(tmp_path / "J")} | policy))
    dropped = {at[row] for row in range(6) if row not in kept}
    expected = b"".join(line for k, line in enumerate(meta.read_bytes().splitlines(keepends=True)) if k not in dropped)
    assert (job.folder / "particles.star").read_bytes() == expected
    data = load(job.folder)
    names = [f"{index + 1:06d}@{path.split('_')[-1]}" for path, index in zip(data["blob/path"], data["blob/idx"])]
    assert names == [name.replace("stacks/", "") for name in rows_of(job.folder / "particles.star")]
    assert (job.report["counts"]["not_selected"], job.report["inputs"][0]["rows"]) == (6 - len(kept), 6)


def test_the_copied_rows_without_those_that_are_left_out(tmp_path: Path) -> None:
    names = [f"{i:06d}@stacks/s{k}.mrcs" for k in (1, 2) for i in (1, 99, 3)]
    meta = write_input(tmp_path, {"rlnImageName": names})
    job = write(ImportParameters(meta=str(meta), output=str(tmp_path / "J"), on_bad="leave-out"))
    assert rows_of(job.folder / "particles.star") == [names[k] for k in (0, 2, 3, 5)]
    assert len(load(job.folder)) == 4
    again = write(
        ImportParameters(meta=str(job.folder / "particles.star"), data=str(tmp_path), output=str(tmp_path / "K"))
    )
    assert len(load(again.folder)) == 4


def test_rows_are_rejected_from_the_file_that_was_read(tmp_path: Path) -> None:
    """Another file of the same name would give other rows."""
    names = [f"{i}@stacks/s{k}.mrcs" for k in (1, 2) for i in (1, 99, 3)]
    meta = write_input(tmp_path, {"rlnImageName": names})
    parameters = ImportParameters(meta=str(meta), output=str(tmp_path / "J"), on_bad="leave-out")
    for change in (meta.read_text() + "\n", "data_\n"):
        plan = plan_import(parameters)

        class Change(Progress):
            def stage(self, name: str, change: str = change) -> None:
                if name == "write":
                    meta.write_text(change)

        before = meta.read_text()
        with pytest.raises(Refused, match="changed since it was read"):
            write_job(plan, Change())
        assert set(os.listdir(tmp_path)) == {"run_data.star", "stacks"}
        meta.write_text(before)


def test_an_output_with_a_name_that_no_dataset_can_hold(small: Demo, tmp_path: Path) -> None:
    output = os.fsdecode(os.fsencode(small.project) + b"/J\xff")
    plan = plan_import(parameters_of(small, output=output))
    assert [p.code for p in plan.errors] == ["output-not-writable"] and "UTF-8" in plan.errors[0].message


class Meanwhile(Progress):
    """Does something just before the job folder is put into its place."""

    def __init__(self, act: Callable[[], object]) -> None:
        super().__init__()
        self._act = act

    def report(self, done: int, total: int) -> None:
        if (done, total) == (0, 1):
            self._act()


@pytest.mark.parametrize("appears", ["file", "folder", "link to a folder", "dead link"])
def test_what_appears_at_the_output_meanwhile_is_left_alone(small: Demo, tmp_path: Path, appears: str) -> None:
    (tmp_path / "empty").mkdir()
    output = tmp_path / "J"
    act = {
        "file": lambda: output.write_text("mine"),
        "folder": lambda: (output / "mine").mkdir(parents=True),
        "link to a folder": lambda: output.symlink_to(tmp_path / "empty"),
        "dead link": lambda: output.symlink_to("nowhere"),
    }[appears]
    plan = plan_import(parameters_of(small, output=str(output), project="", exposures=""))
    with pytest.raises(Refused) as refused:
        write_job(plan, Meanwhile(act))
    assert refused.value.problem.code == "output-exists"
    left = tree(tmp_path)
    assert set(left) == {"empty", "J"} | ({"J/mine"} if appears == "folder" else set())
    assert output.is_symlink() == ("link" in appears)


def test_a_whole_job_that_may_not_survive_a_power_cut_is_a_job(
    small: Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_import(parameters_of(small, output=str(tmp_path / "J"), project="", exposures=""))
    sync = os.fsync

    def fails(fd: int) -> None:
        if (tmp_path / "J").exists():
            raise OSError(5, "Input/output error")
        sync(fd)

    monkeypatch.setattr(os, "fsync", fails)
    assert write_job(plan).folder == tmp_path / "J"
    assert len(load(tmp_path / "J")) == 12


def test_a_plan_with_errors_is_not_written(tmp_path: Path) -> None:
    meta = write_input(tmp_path, {"rlnDefocusU": ["nan"] * 6})
    with pytest.raises(Refused) as refused:
        write(ImportParameters(meta=str(meta), output=str(tmp_path / "J")))
    assert refused.value.problem.code == "value-not-finite"
    assert not (tmp_path / "J").exists()


def test_the_report_says_what_was_linked(small: Demo, tmp_path: Path) -> None:
    job = write(parameters_of(small, output=str(tmp_path / "J"), project="", exposures=""))
    links = job.report["links"]
    assert set(links) == {link.name for link in (job.folder / "imported").iterdir()}
    for name, facts in links.items():
        content = (job.folder / "imported" / name).read_bytes()
        assert facts == {"images": 4, "box": 32, "bytes": len(content), "statistics": content[76:88].hex()}


@pytest.mark.parametrize("change", ["rewritten", "replaced", "read", "another that is not used"])
def test_a_stack_that_was_rewritten_after_the_check_is_noticed(tmp_path: Path, change: str) -> None:
    """It is as long as before in every case."""
    meta = write_input(tmp_path / "in")
    stack = tmp_path / "in/stacks/s1.mrcs"
    other = write_stack(tmp_path / "in/stacks/s3.mrcs", seed=3)
    plan = plan_import(ImportParameters(meta=str(meta), output=str(tmp_path / "J")))
    status = stack.stat()
    if change == "rewritten":
        stack.write_bytes(other.read_bytes())
        os.utime(stack, ns=(status.st_atime_ns, status.st_mtime_ns + 1))  # the clock of a file system can be coarse
    elif change == "replaced":
        os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
        os.replace(other, stack)
    elif change == "read":
        assert stack.read_bytes()
    else:
        other.write_bytes(stack.read_bytes())
    assert change == "another that is not used" or stack.stat().st_size == status.st_size
    if change in ("rewritten", "replaced"):
        with pytest.raises(Refused, match="was written to or replaced") as refused:
            write_job(plan)
        assert refused.value.problem.code == "stack-changed" and not (tmp_path / "J").exists()
        write_job(plan_import(plan.parameters))
    else:
        write_job(plan)
    assert (tmp_path / "J/imported_particles.cs").is_file()
