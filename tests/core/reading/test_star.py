from __future__ import annotations

import os
import threading
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
import starfile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from cryoimport_gui.core.progress import Cancelled, Progress
from cryoimport_gui.core.reading import star
from cryoimport_gui.core.reading.star import (
    ColumnKind,
    ImageNames,
    StarError,
    StarFile,
    Table,
    Text,
    read_raw_rows,
    read_star,
)

from ...support.stars import loop, mrc_bytes

WANTED = {"rlnImageName": ColumnKind.IMAGE, "rlnMicrographName": ColumnKind.TEXT, "rlnDefocusU": ColumnKind.NUMBER}
ROWS = """\
1@a.mrcs m1.mrc 15000.5
2@a.mrcs m1.mrc -0.25
12@b.mrcs m2.mrc 1.5e+04
"""
LABELS = "_rlnImageName #1\n_rlnMicrographName #2\n_rlnDefocusU #3\n"
PLAIN = f"data_particles\n\nloop_\n{LABELS}{ROWS}"


def read(folder: Path, text: str | bytes, wanted: dict[str, ColumnKind] = WANTED) -> StarFile:
    path = folder / "some.star"
    path.write_bytes(text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text)
    return read_star(path, wanted)


def only_table(folder: Path, text: str | bytes, wanted: dict[str, ColumnKind] = WANTED) -> Table:
    (table,) = read(folder, text, wanted).tables
    return table


def values(column: object) -> list:
    if isinstance(column, ImageNames):
        return [(int(n), column[i]) for i, n in enumerate(column.numbers)]
    if isinstance(column, Text):
        return [column[i] for i in range(len(column.codes))]
    assert isinstance(column, np.ndarray)
    return column.tolist()


def content(table: Table) -> dict[str, list]:
    return {label: values(column) for label, column in table.columns.items()}


def refusal(folder: Path, text: str | bytes, code: str) -> StarError:
    with pytest.raises(StarError) as caught:
        read(folder, text)
    assert caught.value.code == code
    return caught.value


SAME = {
    "rlnImageName": [(1, "a.mrcs"), (2, "a.mrcs"), (12, "b.mrcs")],
    "rlnMicrographName": ["m1.mrc", "m1.mrc", "m2.mrc"],
    "rlnDefocusU": [15000.5, -0.25, 15000.0],
}
DIALECTS = {
    "plain": PLAIN,
    "CRLF": PLAIN.replace("\n", "\r\n"),
    "tabs": PLAIN.replace("mrcs ", "mrcs\t").replace("mrc ", "mrc\t\t"),
    "blanks around": PLAIN.replace("\n", "  \n").replace("m1", "   m1").replace("\n2@", "\n  2@"),
    "no final newline": PLAIN.rstrip("\n"),
    "a line of one space behind": PLAIN + " \n",
    "no column numbers": PLAIN.replace(" #1", "").replace(" #2", "").replace(" #3", ""),
    "column numbers from 0": PLAIN.replace("#1", "#0").replace("#2", "#1").replace("#3", "#2"),
    "text behind the column numbers": PLAIN.replace("#2", "#2 [which one it is]").replace("#3", "#3 [Å]"),
    "comments everywhere": "# first\n" + PLAIN.replace("\n", "\n# said in between\n"),
    "comments and blank lines between rows": PLAIN.replace("m1.mrc 15000.5\n", "m1.mrc 15000.5\n\n# pause\n \n"),
    "comment between block and loop_": PLAIN.replace("loop_", "# version 30001\n\nloop_"),
    "comment behind a row": PLAIN.replace("-0.25\n", "-0.25 # a bad one\n"),
    "comment behind data_ and loop_": PLAIN.replace("particles\n", "particles # x\n").replace("op_", "op_ # y"),
    "quotes": PLAIN.replace("m1.mrc", "'m1.mrc'", 1).replace("2@a.mrcs", '"2@a.mrcs"', 1),
    "quotes around every value": PLAIN.replace(ROWS, "".join(f'"{v}" ' + "\n" * (i % 3 == 2)
                                       for i, v in enumerate(ROWS.split()))),
    "byte order mark": "\ufeff" + PLAIN,
    "empty table before": PLAIN.replace("data_p", "data_general\n\ndata_p"),
}  # fmt: skip


@pytest.mark.parametrize("chunk", [7, 40, star.CHUNK_BYTES])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_dialects_of_one_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dialect: str, chunk: int) -> None:
    monkeypatch.setattr(star, "CHUNK_BYTES", chunk)
    table = only_table(tmp_path, DIALECTS[dialect])
    assert (table.name, table.rows) == ("particles", 3)
    assert table.labels == ["rlnImageName", "rlnMicrographName", "rlnDefocusU"]
    assert content(table) == SAME
    lines = (tmp_path / "some.star").read_text().split("\n")
    for row, name in enumerate(["1@a.mrcs", "2@a.mrcs", "12@b.mrcs"]):
        assert name in lines[table.line_of([row])[0] - 1]


OPTICS_LOOP = "data_optics\n\nloop_\n_rlnOpticsGroup #1\n_rlnVoltage #2\n1 300.0\n"
OPTICS_LIST = "data_optics\n\n_rlnOpticsGroup   1\n_rlnVoltage 300.0 # kV\n"


@pytest.mark.parametrize("optics", [OPTICS_LOOP, OPTICS_LIST, OPTICS_LOOP.replace("tics\n", "tics # of all\n")])
@pytest.mark.parametrize("end", ["", "\n", " \n", " \n\n# version 30001\n\n"])
@pytest.mark.parametrize("optics_first", [True, False])
def test_optics_and_particles(tmp_path: Path, optics: str, end: str, optics_first: bool) -> None:
    blocks = [optics, PLAIN] if optics_first else [PLAIN, optics]
    wanted = WANTED | {"rlnVoltage": ColumnKind.NUMBER, "rlnOpticsGroup": ColumnKind.NUMBER}
    tables = {t.name: t for t in read(tmp_path, end.join(blocks) + end, wanted).tables}
    assert list(tables) == (["optics", "particles"] if optics_first else ["particles", "optics"])
    assert content(tables["particles"]) == SAME
    assert content(tables["optics"]) == {"rlnOpticsGroup": [1.0], "rlnVoltage": [300.0]}
    assert tables["optics"].labels == ["rlnOpticsGroup", "rlnVoltage"]


def test_blocks_behind_the_particles_are_read_on(tmp_path: Path) -> None:
    text = PLAIN + "data_a\n\n_one 1\n_two 'x y'\n\ndata_b\nloop_\n_rlnDefocusU\n7\n8\n\ndata_c\n"
    particles, a, b = read(tmp_path, text).tables
    assert content(particles) == SAME
    assert (a.name, a.labels, a.rows) == ("a", ["one", "two"], 1)
    assert content(b) == {"rlnDefocusU": [7.0, 8.0]}


@pytest.mark.parametrize(
    ("comment", "version"),
    [("# version 50001", 50001), ("# version 30001 ", 30001), ("# RELION; version 3.0.8", 0), ("", 0)],
)
def test_version(tmp_path: Path, comment: str, version: int) -> None:
    assert read(tmp_path, f"{comment}\n{PLAIN}").version == version


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("0001", "0001"),
        ("1", "1"),
        ("1e5", "1e5"),
        ("nan", "nan"),
        ("dir#1/a#b.mrc", "dir#1/a#b.mrc"),
        ("it's.mrc", "it's.mrc"),
        ('a"b.mrc', 'a"b.mrc'),
        ("'my folder/a.mrc'", "my folder/a.mrc"),
        ('"my folder/it\'s.mrc"', "my folder/it's.mrc"),
        ("' '", " "),
        ("''", ""),
        ('""', ""),
        ("'a'b'", "'a'b'"),
        ("[1.5,-2,3e-4]", "[1.5,-2,3e-4]"),
        ("Å/粒子/ü.mrc", "Å/粒子/ü.mrc"),
        ("data_1.mrc", "data_1.mrc"),
        ("loop_", "loop_"),
        ("_dummy", "_dummy"),
        ("latin\udce9.mrc", "latin\udce9.mrc"),  # the byte e9 alone
        ("x" * 3000, "x" * 3000),
    ],
)
def test_names_are_text(tmp_path: Path, written: str, name: str) -> None:
    text = PLAIN.replace("m2.mrc", written)
    assert content(only_table(tmp_path, text)) == SAME | {"rlnMicrographName": ["m1.mrc", "m1.mrc", name]}


def test_rows_whose_first_value_looks_like_a_keyword(tmp_path: Path) -> None:
    names = ["_x", "data_0001.mrc", "data_", "loop_"]
    text = "data_\nloop_\n_rlnMicrographName #1\n_rlnDefocusU #2\n"
    text += "".join(f"{name} {i}\n" for i, name in enumerate(["'_x'", *names[1:]]))
    table = only_table(tmp_path, text)
    assert content(table) == {"rlnMicrographName": names, "rlnDefocusU": [0.0, 1.0, 2.0, 3.0]}


def test_a_single_column_of_names(tmp_path: Path) -> None:
    text = "data_\nloop_\n_rlnMicrographName\na\n'data_x'\n\"loop_\"\nb\ndata_next\n"
    assert content(only_table(tmp_path, text)) == {"rlnMicrographName": ["a", "data_x", "loop_", "b"]}


@pytest.mark.parametrize(
    ("written", "number", "name"),
    [
        ("1@s.mrcs", 1, "s.mrcs"),
        ("00000001@s.mrcs", 1, "s.mrcs"),
        ("99999999@s.mrcs", 99999999, "s.mrcs"),
        ("000000@s.mrcs", 0, "s.mrcs"),
        ("12@a@b.mrcs", 12, "a@b.mrcs"),
        ("3@'odd'.mrcs", 3, "'odd'.mrcs"),
        ("4@a#b.mrcs", 4, "a#b.mrcs"),
        ("s.mrcs", -1, "s.mrcs"),
        ("@s.mrcs", -1, "@s.mrcs"),
        ("5@", -1, "5@"),
        ("x@s.mrcs", -1, "x@s.mrcs"),
        ("-1@s.mrcs", -1, "-1@s.mrcs"),
        ("1.5@s.mrcs", -1, "1.5@s.mrcs"),
        ("1e3@s.mrcs", -1, "1e3@s.mrcs"),
        ("99999999999999999999@s.mrcs", -1, "99999999999999999999@s.mrcs"),
        ("a" * 40 + "@s.mrcs", -1, "a" * 40 + "@s.mrcs"),
    ],
)
def test_image_names(tmp_path: Path, written: str, number: int, name: str) -> None:
    table = only_table(tmp_path, PLAIN.replace("12@b.mrcs", written))
    assert values(table.images("rlnImageName"))[2] == (number, name)


def test_names_stand_once(tmp_path: Path) -> None:
    names = [f"{i + 1}@s{i % 3}.mrcs m 1" for i in range(100)]
    images = only_table(tmp_path, f"data_\nloop_\n{LABELS}" + "\n".join(names)).images("rlnImageName")
    assert images is not None
    assert images.values == ["s0.mrcs", "s1.mrcs", "s2.mrcs"]
    assert images.codes.tolist() == [i % 3 for i in range(100)]


NUMBERS = """0 -0 +0 1 -1 +1.5 .5 5. -.5 0.1 0.2 0.3 1e5 1E5 1.234567e+05 -1e-300 1e400 4.35 2.675 0.000001
123456789012345 1234567890123456 12345678901234567890 0.1234567890123456789 00012 9007199254740993
9007199254740992.0 100000000000000.1 inf -inf +Infinity nan NaN 1e 1.2.3 -- . +. abc 1_000 0x10 1d5 --1 1-1
[1,2] 99999999999999.9 0.00000000000000000000000000000000000000000000001""".split()


def to_float(text: str) -> float:
    try:
        return float("nan") if "_" in text else float(text)
    except ValueError:
        return float("nan")


def assert_bits_equal(column: object, texts: list[str]) -> None:
    expected = np.array([to_float(text) for text in texts])
    assert isinstance(column, np.ndarray) and column.dtype == np.float64
    known = ~np.isnan(expected)
    np.testing.assert_array_equal(column[known].view(np.uint64), expected[known].view(np.uint64))
    assert np.isnan(column[~known]).all()


def test_numbers_are_those_of_python(tmp_path: Path) -> None:
    rows = "".join(f"{text} {i}\n" for i, text in enumerate(NUMBERS))
    together = only_table(tmp_path, f"data_\nloop_\n_rlnDefocusU\n_rlnDefocusV\n{rows}")
    assert_bits_equal(together.number("rlnDefocusU"), NUMBERS)
    for text in NUMBERS:  # and each on its own: other texts of the chunk decide how wide it is read
        single = only_table(tmp_path, f"data_\nloop_\n_rlnDefocusU\n_rlnDefocusV\n{text} 1\n")
        assert_bits_equal(single.number("rlnDefocusU"), [text])


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("", "meta-not-star", "empty"),
        ("\n\n# nothing\n", "meta-not-star", "no `data_` line"),
        ("1 2 3\n", "meta-not-star", "line 1: no `data_` line"),
        ("loop_\n_a\n1\n", "meta-not-star", "line 1"),
        ("data_\nhello\n", "meta-not-star", "line 2: `hello` stands outside of any table"),
        ("data_\nloop_\ndata_x\n", "meta-not-star", "`loop_` without column names"),
        ("data_\nloop_\n_a\n_b\n_a\n1 2 3\n", "meta-unreadable", "line 5: column _a is declared twice"),
        ("data_\n_a\n", "meta-row-width", "line 2: `_a` has no value"),
        (PLAIN.replace("m1.mrc -0.25", "m1.mrc"), "meta-row-width", "line 8: 2 values, but the table has 3"),
        (PLAIN.replace("-0.25", "-0.25 7"), "meta-row-width", "line 8: 4 values, but the table has 3"),
        (PLAIN.replace("-0.25\n", "-0.25 7\n3 "), "meta-row-width", "line 8"),
        (PLAIN + "one\n", "meta-row-width", "line 10: 1 values"),
        (PLAIN.replace("m2", "a\0b"), "meta-not-star", "binary"),
        (b"\x93NUMPY\x01\x00" + bytes(200), "meta-not-star", "CryoSPARC dataset"),
        (b"\x95CSDAT" + bytes(200), "meta-not-star", "CryoSPARC dataset"),
        (mrc_bytes(np.zeros((1, 8, 8))), "meta-not-star", "MRC image"),
        (b"\x7fELF\x02\x01", "meta-not-star", "binary"),
    ],
)
def test_refusals(tmp_path: Path, text: str | bytes, code: str, words: str) -> None:
    assert words in str(refusal(tmp_path, text, code))


def test_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(StarError, match="there is no file") as caught:
        read_star(tmp_path / "nowhere.star", WANTED)
    assert caught.value.code == "meta-not-found"
    (tmp_path / "file").write_text(PLAIN)
    with pytest.raises(StarError, match="there is no file") as caught:
        read_star(tmp_path / "file" / "below.star", WANTED)
    assert caught.value.code == "meta-not-found"
    with pytest.raises(StarError, match="not a regular file") as caught:
        read_star(tmp_path, WANTED)
    assert caught.value.code == "meta-unreadable"
    with pytest.raises(StarError, match="cannot be read") as caught:
        read_star("a\0b", WANTED)
    assert caught.value.code == "meta-unreadable"


def test_a_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.star")
    caught: list[StarError] = []

    def try_it() -> None:
        try:
            read_star(tmp_path / "pipe.star", WANTED)
        except StarError as error:
            caught.append(error)

    thread = threading.Thread(target=try_it, daemon=True)
    thread.start()
    thread.join(30)
    assert [error.code for error in caught] == ["meta-unreadable"]


def test_no_right_to_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(star.os, "open", denied)
    assert "Permission denied" in str(refusal(tmp_path, PLAIN, "meta-unreadable"))


def test_read_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(star.os, "pread", broken)
    assert "Input/output error" in str(refusal(tmp_path, PLAIN, "meta-unreadable"))


def test_a_nul_byte_far_inside(tmp_path: Path) -> None:
    text = f"data_\nloop_\n{LABELS}" + "1@a.mrcs m 1.0\n" * 200
    assert "NUL" in str(refusal(tmp_path, text[:-5] + "\0" + text[-4:], "meta-unreadable"))


def test_a_file_that_changes_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "some.star"
    path.write_text(PLAIN)

    class Grows(Progress):
        def report(self, done: int, total: int) -> None:
            path.write_text(PLAIN + "13@b.mrcs m2.mrc 1\n")

    with pytest.raises(StarError, match="changed while it was read") as caught:
        read_star(path, WANTED, Grows())
    assert caught.value.code == "meta-unreadable"


@pytest.mark.parametrize("rows", ["", "\n", " \n\n"])
@pytest.mark.parametrize("behind", ["", "data_optics\n_rlnVoltage 300\n"])
def test_no_rows(tmp_path: Path, rows: str, behind: str) -> None:
    table = read(tmp_path, f"data_particles\nloop_\n{LABELS}{rows}{behind}").tables[0]
    assert (table.rows, table.labels) == (0, ["rlnImageName", "rlnMicrographName", "rlnDefocusU"])
    assert content(table) == {"rlnImageName": [], "rlnMicrographName": [], "rlnDefocusU": []}


@pytest.mark.parametrize("bad_row", [0, 1, 57, 199])
@pytest.mark.parametrize("chunk", [100, 1000, star.CHUNK_BYTES])
def test_line_of_a_bad_row_in_any_chunk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bad_row: int, chunk: int
) -> None:
    monkeypatch.setattr(star, "CHUNK_BYTES", chunk)
    rows = [f"{i + 1}@a.mrcs m.mrc {i}.5" for i in range(200)]
    for width, row in {2: f"{bad_row + 1}@a.mrcs m.mrc", 4: rows[bad_row] + " 7"}.items():
        text = f"data_\nloop_\n{LABELS}" + "\n".join([*rows[:bad_row], row, *rows[bad_row + 1 :]])
        error = refusal(tmp_path, text, "meta-row-width")
        assert error.line == 6 + bad_row
        assert f"{width} values" in str(error)


def test_lines_of_rows_between_comments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(star, "CHUNK_BYTES", 150)
    lines = ["data_", "loop_", *LABELS.splitlines()]
    planted = []
    for i in range(100):
        lines += ["# a comment", "", " "][: i % 7 == 3] + ["", ""][: i % 11]
        lines.append(f"{i + 1}@a.mrcs m.mrc {i}")
        planted.append(len(lines))
    table = only_table(tmp_path, "\n".join(lines) + "\n")
    assert table.line_of(np.arange(100)).tolist() == planted
    picked = [3, 50, 99]
    rows = read_raw_rows(tmp_path / "some.star", [planted[i] for i in picked], 3)
    assert rows == [f"{i + 1}@a.mrcs m.mrc {i}".encode() for i in picked]


def test_progress_and_cancelling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(star, "CHUNK_BYTES", 100)
    path = tmp_path / "some.star"
    path.write_text(f"data_\nloop_\n{LABELS}" + "1@a.mrcs m.mrc 1\n" * 100)
    seen: list[tuple[int, int]] = []

    class Watch(Progress):
        def report(self, done: int, total: int) -> None:
            seen.append((done, total))

    read_star(path, WANTED, Watch())
    assert len(seen) > 10 and sorted(seen) == seen
    assert {total for _, total in seen} == {path.stat().st_size} == {seen[-1][0]}
    steps = iter(range(5))
    with pytest.raises(Cancelled):
        read_star(path, WANTED, Progress(lambda: next(steps, None) is None))


def agree_with_starfile(path: Path) -> None:
    """Labels and numbers of rows are the same, and so is every value that `starfile` gives as a number."""
    theirs = starfile.read(path, always_dict=True)
    labels = {label for table in theirs.values() for label in table}
    as_text = read_star(path, dict.fromkeys(labels, ColumnKind.TEXT)).tables
    as_numbers = read_star(path, dict.fromkeys(labels, ColumnKind.NUMBER)).tables
    assert [t.name for t in as_text] == list(theirs)
    for texts, numbers, table in zip(as_text, as_numbers, theirs.values(), strict=True):
        assert texts.labels == list(table)
        for label in texts.labels:
            column = [table[label]] if isinstance(table, dict) else table[label].tolist()
            assert texts.rows == len(column)
            if column and isinstance(column[0], (int, float)):
                assert values(numbers.number(label)) == column
            else:
                assert values(texts.text(label)) == [str(value) for value in column]


def test_agreement_with_starfile_on_made_tables(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    columns = {
        "rlnImageName": [f"{i:06d}@Extract/job1/s{i % 7}.mrcs" for i in range(1, 201)],
        "rlnDefocusU": [f"{v:12.6f}" for v in rng.uniform(-2e4, 2e4, 200)],
        "rlnLogLikeliContribution": [f"{v:.6e}" for v in rng.normal(0, 1e5, 200)],
        "rlnClassNumber": rng.integers(1, 9, 200).tolist(),
    }
    path = tmp_path / "made.star"
    path.write_text(loop("particles", columns) + "data_optics\n\n_rlnVoltage 300.5\n_rlnName 'a b'\n")
    agree_with_starfile(path)


@pytest.mark.parametrize(
    "name",
    [
        "star_syntax/rln3.1_data_style.star",
        "star_syntax/empty_loop.star",
        "star_syntax/two_basic_blocks.star",
        "empiar_10076/empiar_10076_7.star",
        "relion31/relion31.star",
        "aspire_sample/sample_particles_relion31.star",
    ],
)
def test_agreement_with_starfile_on_real_files(corpus: Path, name: str) -> None:
    agree_with_starfile(corpus / name)


def test_quoting_in_real_files(corpus: Path) -> None:
    def texts(name: str) -> dict[str, list]:
        path = corpus / "star_syntax" / name
        labels = dict.fromkeys((t := read_star(path, {}).tables[0]).labels, ColumnKind.TEXT)
        assert t.columns == {}
        return content(read_star(path, labels).tables[0])

    assert texts("basic_single_quote.star") == {
        "no_quote_string": ["noquote"],
        "quote_string": ["quote string"],
        "whitespace_string": [" "],
        "empty_string": [""],
    }
    double = texts("loop_double_quote.star")
    assert double["quote_string"] == ["quote string"] * 2
    assert double["whitespace_string"] == [" "] * 2
    assert double["empty_string"] == ["", ""]
    assert double["empty_string_and_normal_string"] == ["", "test"]


NAME = st.text(st.sampled_from("aB01_-./#@'\"Åü粒 \t"), min_size=1, max_size=12).filter(
    lambda text: not ("'" in text and '"' in text)
)
NUMBER = st.one_of(
    st.floats(allow_nan=False).map(repr),
    st.floats(-1e6, 1e6).map(lambda v: f"{v:12.6f}".strip()),
    st.floats(-1e9, 1e9).map(lambda v: f"{v:.6e}"),
    st.integers(-(10**20), 10**20).map(str),
    st.from_regex(r"[+-]?[0-9]{0,17}\.?[0-9]{1,17}", fullmatch=True),
    st.sampled_from(NUMBERS),
)


def written(draw: DrawFn, text: str, first: bool) -> str:
    must = any(c in text for c in " \t") or text[0] in "'\"" or (first and text.startswith(("#", "_")))
    if not must and not draw(st.booleans()):
        return text
    return f"'{text}'" if '"' in text else f'"{text}"'


@st.composite
def tables(draw: DrawFn) -> tuple[bytes, list[list[str]], list[list[str]]]:
    """A table of name columns and number columns, written in some dialect."""
    n_names, n_numbers = draw(st.integers(0, 3)), draw(st.integers(1, 3))
    rows = draw(st.integers(0, 12))
    names = [draw(st.lists(NAME, min_size=rows, max_size=rows)) for _ in range(n_names)]
    numbers = [draw(st.lists(NUMBER, min_size=rows, max_size=rows)) for _ in range(n_numbers)]
    newline = draw(st.sampled_from(["\n", "\r\n", " \n", "\t\r\n"]))
    gap = st.sampled_from([" ", "\t", "   ", " \t "])
    noise = st.sampled_from(["", "", "", "# comment", ' # it\'s "odd" ', " ", "\t"])
    ending = st.sampled_from(["", " #{}", "\t#{} text", " # {}"])

    lines = ["", "data_particles", draw(noise), "loop_"]
    labels = [f"name{i}" for i in range(n_names)] + [f"number{i}" for i in range(n_numbers)]
    for number, label in enumerate(labels, draw(st.integers(0, 1))):
        lines += [f"_{label}{draw(ending).format(number)}", draw(noise)]
    written_rows = []
    for row in range(rows):
        cells = [written(draw, column[row], i == 0) for i, column in enumerate(names)]
        cells += [column[row] for column in numbers]
        if not names and cells[0].startswith("_"):
            cells[0] = f"'{cells[0]}'"
        written_rows.append(cells)
    if draw(st.booleans()):  # columns below one another, as RELION writes them
        to_the_right = draw(st.booleans())
        widths = [max(map(len, column)) for column in zip(*written_rows)]
        for cells in written_rows:
            lines.append(" ".join(c.rjust(w) if to_the_right else c.ljust(w) for c, w in zip(cells, widths)))
    else:
        between = draw(st.booleans())
        for cells in written_rows:
            line = cells[0] + "".join(draw(gap) + cell for cell in cells[1:])
            lines += [draw(st.sampled_from(["", " ", "\t"])) + line, *([draw(noise)] if between else [])]
    text = newline.join(lines)
    text += draw(st.sampled_from(["", newline, newline * 2 + " " + newline]))
    if draw(st.booleans()):
        text += f"{newline}data_behind{newline}loop_{newline}_number0{newline}77{newline}"
    return text.encode(), names, numbers


@settings(deadline=None, max_examples=150, database=None, derandomize=True)
@given(table=tables(), chunk=st.sampled_from([1, 9, 64, 200, star.CHUNK_BYTES]), slowly=st.booleans())
def test_any_table_reads_back(
    tmp_path_factory: pytest.TempPathFactory,
    table: tuple[bytes, list[list[str]], list[list[str]]],
    chunk: int,
    slowly: bool,
) -> None:
    text, names, numbers = table
    path = tmp_path_factory.getbasetemp() / "any.star"
    path.write_bytes(text)
    wanted = {f"name{i}": ColumnKind.TEXT for i in range(3)} | {f"number{i}": ColumnKind.NUMBER for i in range(3)}
    rows = (lambda *_: None) if slowly else star.plain_rows
    with patch.object(star, "CHUNK_BYTES", chunk), patch.object(star, "plain_rows", rows):
        found = read_star(path, wanted)
    first = found.tables[0]
    assert (first.name, first.rows) == ("particles", len(numbers[0]))
    for i, column in enumerate(names):
        assert values(first.text(f"name{i}")) == column
    for i, column in enumerate(numbers):
        assert_bits_equal(first.number(f"number{i}"), column)
    if b"data_behind" in text:
        assert content(found.tables[1]) == {"number0": [77.0]}


@pytest.mark.parametrize("front", ["", "  "])
@pytest.mark.parametrize("end", ["", " \n", "\n\n"])
@pytest.mark.parametrize("names", ["of one length", "of several lengths", "with blanks, in quotes"])
def test_plain_rows_are_never_walked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, front: str, end: str, names: str
) -> None:
    """Line by line takes twenty times as long; wherever a chunk begins and ends, only blank lines are left to that."""
    walk, walked = star._walk, []

    def watched(chunk: bytes, *rest: object) -> object:
        walked.append(chunk)
        return walk(chunk, *rest)

    monkeypatch.setattr(star, "_walk", watched)
    monkeypatch.setattr(star, "CHUNK_BYTES", 1000)
    number = (lambda i: 1000 + i) if names == "of one length" else (lambda i: i)
    micrograph = "'my \"m\" {}.mrc'" if names == "with blanks, in quotes" else "m{}.mrc"
    rows = [f"{front}{i % 9 + 1}@s{number(i)}.mrcs {micrograph.format(number(i))} {i}.5\n" for i in range(400)]
    table = only_table(tmp_path, f"data_particles\n\nloop_\n{LABELS}{''.join(rows)}{end}")
    assert table.columns["rlnDefocusU"].tolist() == [i + 0.5 for i in range(400)]
    assert values(table.text("rlnMicrographName")) == [micrograph.format(number(i)).strip("'") for i in range(400)]
    assert not b"".join(walked).strip()
