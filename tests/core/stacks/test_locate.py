from __future__ import annotations

import os
from pathlib import Path

import pytest

from cryoimport_gui.core.problems import Refused
from cryoimport_gui.core.progress import Cancelled, Progress
from cryoimport_gui.core.stacks.found import Found, Located, Wanted
from cryoimport_gui.core.stacks.locate import locate_stacks


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder in which the STAR file is `relion/Refine3D/job010/run_data.star`."""
    (tmp_path / "relion/Refine3D/job010").mkdir(parents=True)
    return tmp_path


def touch(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(str(path).encode())
    return str(path)


def locate(project: Path, *names: str, data: str | Path = "") -> Located:
    beside = str(project / "relion/Refine3D/job010")
    return locate_stacks([Wanted(name, beside) for name in names], str(data))


def found(project: Path, name: str, data: str | Path = "") -> Found:
    (one,) = locate(project, name, data=data).found
    return one


@pytest.mark.parametrize(
    ("lies", "name", "data", "rule"),
    [
        ("data/Extract/s.mrcs", "Extract/s.mrcs", "data", "relative to the data path"),
        ("data/abs/s.mrcs", "/abs/s.mrcs", "data", "relative to the data path"),
        ("relion/Refine3D/job010/s.mrcs", "s.mrcs", "", "relative to the folder of the STAR file"),
        ("relion/Refine3D/job010/x/s.mrcs", "./x//s.mrcs", "", "relative to the folder of the STAR file"),
        ("relion/Extract/s.mrcs", "../../Extract/s.mrcs", "", "relative to the folder of the STAR file"),
        ("relion/Extract/s.mrcs", "Extract/s.mrcs", "", "relative to a folder above the STAR file"),
        ("relion/Extract/s.mrcs", "Extract/s.mrcs", "data", "relative to a folder above the STAR file"),
        ("data/deep/job5/s.mrcs", "Extract/job5/s.mrcs", "data", "end of the path, under the data path"),
        ("data/deep/s.mrcs", "/gone/Extract/s.mrcs", "data", "end of the path, under the data path"),
        ("relion/Extract/s.mrc", "Extract/s.mrcs", "", "relative to a folder above the STAR file, as .mrc"),
        ("relion/Extract/s.mrcs", "Extract/s.mrc", "", "relative to a folder above the STAR file, as .mrcs"),
        ("data/x/y/s.mrc", "Extract/s.mrcs", "data", "end of the path, under the data path, as .mrc"),
        ("data/it's #1/Å.mrcs", "it's #1/Å.mrcs", "data", "relative to the data path"),
    ],
)
def test_rules(project: Path, lies: str, name: str, data: str, rule: str) -> None:
    (project / "data").mkdir()
    path = touch(project / lies)
    assert found(project, name, project / data if data else "") == Found(path, os.path.getsize(path), rule)


def test_an_absolute_name_stands_as_it_is(project: Path) -> None:
    path = touch(project / "elsewhere/s.mrcs")
    assert found(project, path) == Found(path, os.path.getsize(path), "absolute name")
    assert found(project, path.replace("elsewhere", "elsewhere/../elsewhere")) == Found(
        path, os.path.getsize(path), "absolute name"
    )


def test_rules_in_their_order(project: Path) -> None:
    places = [
        "data/Extract/s.mrcs",
        "relion/Refine3D/job010/Extract/s.mrcs",
        "relion/Extract/s.mrcs",
        "data/old/Extract/s.mrcs",
        "data/Extract/s.mrc",
    ]
    paths = [touch(project / place) for place in places]
    for path in paths:
        assert found(project, "Extract/s.mrcs", project / "data").path == path
        os.unlink(path)
    assert found(project, "Extract/s.mrcs", project / "data") == Found()


def test_the_longest_tail_wins(project: Path) -> None:
    touch(project / "data/other/job6/s.mrcs")
    longest = touch(project / "data/moved/job5/s.mrcs")
    touch(project / "data/s.mrcs")
    assert found(project, "Extract/job5/s.mrcs", project / "data").path == longest


def test_two_candidates_are_never_a_guess(project: Path) -> None:
    paths = [touch(project / f"data/{folder}/s.mrcs") for folder in "ab"]
    ambiguous = found(project, "Extract/s.mrcs", project / "data")
    assert (ambiguous.path, sorted(ambiguous.candidates)) == ("", paths)
    above = [touch(project / place) for place in ("relion/Extract/s.mrcs", "Extract/s.mrcs")]
    assert sorted(found(project, "Extract/s.mrcs").candidates) == sorted(above)


@pytest.mark.parametrize("link", [os.link, os.symlink])
def test_two_names_of_one_file_are_no_ambiguity(project: Path, link: object) -> None:
    first = touch(project / "data/a/s.mrcs")
    (project / "data/b").mkdir()
    link(first, project / "data/b/s.mrcs")  # type: ignore[operator]
    assert found(project, "Extract/s.mrcs", project / "data").path in (first, str(project / "data/b/s.mrcs"))


def test_folders_and_dead_links_are_no_stacks(project: Path) -> None:
    (project / "relion/s.mrcs").mkdir()
    (project / "relion/Refine3D/s.mrcs").symlink_to("nowhere")
    assert found(project, "s.mrcs") == Found()
    path = touch(project / "s.mrcs")
    assert found(project, "s.mrcs").path == path


def test_a_circle_of_links_ends(project: Path) -> None:
    path = touch(project / "data/a/b/s.mrcs")
    (project / "data/a/b/again").symlink_to(project / "data")
    assert found(project, "Extract/s.mrcs", project / "data").path == path


def test_a_missing_stack_is_not_replaced_by_that_of_another_job(project: Path) -> None:
    other = touch(project / "data/Extract/job020/s.mrcs")
    names = ["Extract/job010/s.mrcs", "Extract/job020/s.mrcs"]
    located = locate(project, *names, data=project / "data")
    assert [its.path for its in located.found] == ["", other] and located.found[0].is_missing


def test_one_file_for_two_stacks_of_one_name_is_nobodys(project: Path) -> None:
    path = touch(project / "data/flat/s.mrcs")
    names = ["gridA/s.mrcs", "gridB/s.mrcs", "flat/s.mrcs"]
    located = locate(project, *names[:2], data=project / "data")
    assert [its.rivals for its in located.found] == [("gridB/s.mrcs",), ("gridA/s.mrcs",)]
    assert not any(its.path or its.is_missing for its in located.found)
    located = locate(project, *names, data=project / "data")
    assert [its.path for its in located.found] == ["", "", path]
    located = locate(project, "gone/flat/s.mrcs", "./flat//s.mrcs", data=project / "data")
    assert [its.path for its in located.found] == [path, path]  # one name, written in two ways


@pytest.mark.parametrize("alias", ["aaa", "zzz"])
def test_the_alias_of_a_job_changes_nothing(project: Path, alias: str) -> None:
    paths = [touch(project / f"data/{name}/Extract/job012/s.mrcs") for name in ("projA", "projB")]
    (project / f"data/projA/Extract/{alias}").symlink_to(project / "data/projA/Extract/job012")
    assert sorted(found(project, "Extract/job012/s.mrcs", project / "data").candidates) == paths
    assert found(project, "projA/Extract/job012/s.mrcs", project / "data").path == paths[0]


@pytest.mark.parametrize("data", ["data", "data/x/proj", "data/x/proj/Extract"])
def test_a_name_by_the_alias_of_a_job_is_found_beside_that_by_its_number(project: Path, data: str) -> None:
    touch(project / "data/x/proj/Extract/job005/Movies/s.mrcs")
    (project / "data/x/proj/Extract/mine").symlink_to("job005")
    names = ["Extract/job005/Movies/s.mrcs", "Extract/mine/Movies/s.mrcs"]
    one, other = locate(project, *names, data=project / data).found
    assert one.path and other.path and one.file == other.file
    assert locate(project, "Extract/other/s.mrcs", data=project / data).found[0].path == one.path  # by name alone
    located = locate(project, names[0], "Extract/other/s.mrcs", data=project / data).found
    assert located[0].path == one.path and located[1].is_missing


def test_a_link_that_leads_nowhere_hides_nothing_beside_it(project: Path) -> None:
    for number in range(8):
        touch(project / f"data/m{number}/s{number}.mrcs")
        (project / f"data/loop{number}").symlink_to(f"loop{number}")
    names = [f"gone/s{number}.mrcs" for number in range(8)]
    assert all(its.path for its in locate(project, *names, data=project / "data").found)
    assert locate(project, *names).suggested_finds == 0  # the data folder is not near


def test_a_proposed_data_path_counts_files_and_not_names(project: Path) -> None:
    touch(project / "relion/new/m1/s.mrcs")
    located = locate(project, *(f"Extract/m{number}/s.mrcs" for number in range(20)))
    assert located.suggested_finds == 1


def test_hidden_folders_are_not_searched(project: Path) -> None:
    touch(project / "data/.snapshot/s.mrcs")
    path = touch(project / "data/now/s.mrcs")
    assert found(project, "Extract/s.mrcs", project / "data").path == path


def test_which_rules_found_how_many(project: Path) -> None:
    for place in ("relion/a.mrcs", "relion/b.mrcs", "relion/Refine3D/job010/c.mrcs"):
        touch(project / place)
    located = locate(project, "a.mrcs", "b.mrcs", "c.mrcs", "d.mrcs")
    assert located.rules == {
        "relative to a folder above the STAR file": 2,
        "relative to the folder of the STAR file": 1,
    }
    assert [bool(one.path) for one in located.found] == [True, True, True, False]


def test_many_names_keep_their_order(project: Path) -> None:
    names = [f"Extract/s{i}.mrcs" for i in range(300)]
    paths = [touch(project / "relion" / name) for name in names]
    assert [one.path for one in locate(project, *names).found] == paths


def test_what_was_tried(project: Path) -> None:
    (project / "data").mkdir()
    located = locate(project, "Extract/s.mrcs", data=project / "data")
    assert located.tried[:3] == [
        f"{project}/data/Extract/s.mrcs",
        f"{project}/relion/Refine3D/job010/Extract/s.mrcs",
        f"{project}/relion/Refine3D/Extract/s.mrcs",
    ]
    assert located.tried[-1] == f"{project}/data/…/s.mrcs"
    assert locate(project, "/gone/s.mrcs").tried == ["/gone/s.mrcs"]


def test_what_stands_in_the_way_is_reported(project: Path) -> None:
    (project / "relion/s.mrcs").symlink_to("/scratch/gone/s.mrcs")
    tried = locate(project, "s.mrcs").tried
    assert f"{project}/relion/s.mrcs (a link to /scratch/gone/s.mrcs, which is not there)" in tried


@pytest.mark.parametrize(("name", "lies"), [("s.MRCS", "s.mrcs"), ("s.MRC", "s.mrcs"), ("s.Mrcs", "s.mrc")])
def test_the_case_of_an_extension(project: Path, name: str, lies: str) -> None:
    path = touch(project / "relion" / lies)
    assert found(project, name).path == path


@pytest.mark.parametrize("name", ["Extract/job5/s{}.mrcs", "/scratch/Extract/job5/s{}.mrcs"])
def test_a_data_path_is_proposed(project: Path, name: str) -> None:
    for i in range(3):
        touch(project / f"relion/moved/Extract/job5/s{i}.mrcs")
    located = locate(project, *(name.format(i) for i in range(4)))
    assert (located.suggested_data, located.suggested_finds) == (str(project / "relion/moved"), 3)
    again = locate(project, *(name.format(i) for i in range(4)), data=located.suggested_data)
    assert [bool(one.path) for one in again.found] == [True, True, True, False]


def test_a_data_path_is_proposed_from_beside_the_one_that_was_given(project: Path) -> None:
    (project / "store/wrong").mkdir(parents=True)
    touch(project / "store/right/Extract/s.mrcs")
    located = locate(project, "Extract/s.mrcs", data=project / "store/wrong")
    assert located.suggested_data == str(project / "store/right")


def test_no_proposal_where_there_is_nothing(project: Path) -> None:
    assert locate(project, "Extract/s.mrcs").suggested_data == ""


def test_a_data_path_that_is_no_folder(project: Path) -> None:
    touch(project / "file")
    for data in ("nowhere", "file"):
        with pytest.raises(Refused, match="is not a folder") as refused:
            locate(project, "s.mrcs", data=project / data)
        assert refused.value.problem.code == "stack-missing"


def test_cancelling_inside_the_walk(project: Path) -> None:
    touch(project / "data/a/s.mrcs")
    with pytest.raises(Cancelled):
        locate_stacks([Wanted("Extract/s.mrcs", "/")], str(project / "data"), Progress(lambda: True))


def test_a_single_stack_as_data_path(project: Path) -> None:
    stack = touch(project / "elsewhere/s.mrcs")
    its = found(project, "Extract/job005/Movies/s.mrcs", stack)
    assert (its.path, its.rule) == (stack, "given as the data path")


def test_a_wildcard_of_stacks_as_data_path(project: Path) -> None:
    stacks = [touch(project / f"elsewhere/{k}/s{k}.mrcs") for k in range(3)]
    located = locate(project, *(f"Extract/job005/s{k}.mrcs" for k in range(3)), data=project / "elsewhere/*/*.mrcs")
    assert [its.path for its in located.found] == stacks
    assert located.rules == {"given as the data path": 3}


def test_two_given_stacks_of_one_name_are_ambiguous(project: Path) -> None:
    both = sorted(touch(project / f"elsewhere/{k}/s.mrcs") for k in range(2))
    its = found(project, "Extract/job005/s.mrcs", project / "elsewhere/*/*.mrcs")
    assert its.path == "" and sorted(its.candidates) == both


def test_one_given_stack_is_never_the_stack_of_two_names(project: Path) -> None:
    stack = touch(project / "elsewhere/s.mrcs")
    located = locate(project, "Extract/job005/s.mrcs", "Extract/job006/s.mrcs", data=stack)
    assert [its.path for its in located.found] == ["", ""] and all(its.rivals for its in located.found)


def test_a_wildcard_without_stacks(project: Path) -> None:
    touch(project / "elsewhere/s.txt")
    with pytest.raises(Refused, match="is not a folder, and no stack"):
        locate(project, "Extract/s.mrcs", data=project / "elsewhere/*")
