"""Names side by side: states, cuts, order, filter, export."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryoimport_gui.core.exposures.placing import Placing
from cryoimport_gui.core.exposures.trims import TrimRules, match_names
from cryoimport_gui.core.looks.match_table import Arrangement, Column, NameTable, State, build_name_table, write_csv
from cryoimport_gui.core.pictures.place_verdict import PlaceState

RULES = TrimRules(remove_leading_uid=True, exposure_cut_suffix=len("_dw.mrc"), particle_cut_suffix=len("_DW.mrc"))


def build(exposures: list[str], micrographs: list[str], rules: TrimRules = RULES) -> NameTable:
    """Micrograph number i has i + 1 particles."""
    return build_name_table(exposures, micrographs, np.arange(1, len(micrographs) + 1), rules)


def rows_of(table: NameTable, *arrangement: Arrangement) -> list[tuple[str, str, str]]:
    return [
        (table.micrograph_name(row), table.exposure_name(row), State(table.state[row]).words)
        for row in table.rows(*arrangement).tolist()
    ]


@pytest.fixture
def mixed() -> NameTable:
    """Three matches, of which one is merged from two; one without exposure, one without particles, one ambiguous."""
    exposures = ["J1/7_c_dw.mrc", "J1/8_a_dw.mrc", "J1/9_x_dw.mrc", "J1/1_same_dw.mrc", "J1/2_same_dw.mrc", "m_dw.mrc"]
    micrographs = ["M/c_DW.mrc", "M/lonely_DW.mrc", "M/same_DW.mrc", "N/a_DW.mrc", "m_DW.mrc", "m_dw.mrc"]
    return build(exposures, micrographs)


def test_every_kind_of_row_and_mismatches_first(mixed: NameTable) -> None:
    assert rows_of(mixed) == [
        ("same_DW.mrc", "", "ambiguous"),
        ("", "1_same_dw.mrc", "ambiguous"),
        ("", "2_same_dw.mrc", "ambiguous"),
        ("m_DW.mrc", "m_dw.mrc", "merged"),
        ("m_dw.mrc", "m_dw.mrc", "merged"),
        ("lonely_DW.mrc", "", "no exposure"),
        ("", "9_x_dw.mrc", "no particles"),
        ("a_DW.mrc", "8_a_dw.mrc", "match"),
        ("c_DW.mrc", "7_c_dw.mrc", "match"),
    ]
    assert mixed.trimmed == ["same", "same", "same", "m", "m", "lonely", "x", "a", "c"]
    assert mixed.particles.tolist() == [3, 0, 0, 5, 6, 2, 0, 4, 1]
    assert mixed.names_matched == 4


def test_what_pictures_say_comes_after_names_that_do_not_match(mixed: NameTable) -> None:
    placing = Placing(states={0: PlaceState.CONFIRMED, 1: PlaceState.MIRRORED, 5: PlaceState.NOT_FOUND})
    seen = mixed.with_places(placing)
    assert [row[1:] for row in rows_of(seen)] == [
        ("", "ambiguous"),
        ("1_same_dw.mrc", "ambiguous"),
        ("2_same_dw.mrc", "ambiguous"),
        ("m_dw.mrc", "merged"),
        ("m_dw.mrc", "merged"),
        ("", "no exposure"),
        ("8_a_dw.mrc", "mirrored"),
        ("9_x_dw.mrc", "no particles"),
        ("7_c_dw.mrc", "found"),
    ]
    elsewhere = seen.with_places(Placing(states={1: PlaceState.NOT_FOUND}, elsewhere={1: 40}))
    assert {row[1]: row[2] for row in rows_of(elsewhere)[-3:]} == {
        "8_a_dw.mrc": "elsewhere",
        "9_x_dw.mrc": "no particles",
        "7_c_dw.mrc": "match",
    }
    assert rows_of(elsewhere.with_places(None)) == rows_of(mixed)


def test_the_removed_uid_belongs_to_what_is_cut(mixed: NameTable) -> None:
    row = mixed.row_of(exposure=1)
    assert mixed.exposure_name(row) == "8_a_dw.mrc"
    assert mixed.exposure_cut(row) == (2, 7)
    assert mixed.micrograph_cut(row) == (0, 7)


def test_a_cut_that_is_longer_than_the_name_takes_all_of_it_and_nothing_matches() -> None:
    table = build(["a.mrc"], ["a.mrc"], TrimRules(exposure_cut_prefix=3, exposure_cut_suffix=9, particle_cut_suffix=9))
    assert rows_of(table) == [("a.mrc", "", "no exposure"), ("", "a.mrc", "no particles")]
    assert [table.exposure_cut(1), table.micrograph_cut(0)] == [(3, 2), (0, 5)]


folders = st.sampled_from(["", "d/", "./d//", "e/d/", "/"])
names = st.lists(st.builds("{}{}".format, folders, st.text("12_ab.", min_size=1, max_size=9)), min_size=0, max_size=12)
cuts = st.integers(0, 5)


@settings(max_examples=300)
@given(names, names, st.builds(TrimRules, st.booleans(), cuts, cuts, cuts, cuts))
def test_rows_say_the_same_as_the_matching_and_cuts_the_same_as_the_rules(exposures, micrographs, rules) -> None:
    table = build(exposures, micrographs, rules)
    match = match_names(exposures, micrographs, rules)
    of_micrograph = {int(m): int(e) for m, e in zip(table.micrograph, table.exposure) if m >= 0}
    assert of_micrograph == dict(enumerate(match.exposure_of.tolist()))
    assert set(range(len(exposures))) <= set(table.exposure.tolist())
    assert table.particles.sum() == sum(range(1, len(micrographs) + 1))
    ambiguous = {path for paths in match.ambiguous for path in paths}
    for row in range(len(table)):
        exposure, micrograph = table.exposure_name(row), table.micrograph_name(row)
        if exposure:
            head, tail = table.exposure_cut(row)
            assert exposure[head : len(exposure) - tail] == table.trimmed[row] == rules.exposure_name(exposure)
            is_ambiguous = table.exposures[table.exposure[row]] in ambiguous
            assert (table.state[row] == State.AMBIGUOUS) == is_ambiguous
        if micrograph:
            head, tail = table.micrograph_cut(row)
            assert micrograph[head : len(micrograph) - tail] == table.trimmed[row] == rules.particle_name(micrograph)
        if exposure and micrograph:
            merged = {name for several in match.merged for name in several}
            basename = micrograph.rpartition("/")[2]
            assert table.state[row] == (State.MERGED if basename in merged else State.MATCHED)
    keys = list(zip(table.state.tolist(), table.trimmed))
    assert keys == sorted(keys)


@pytest.mark.parametrize("column", list(Column))
@pytest.mark.parametrize("descending", [False, True])
def test_sorting_by_each_column_keeps_equals_in_order(mixed: NameTable, column: Column, descending: bool) -> None:
    order = mixed.rows(Arrangement(column, descending)).tolist()
    keys = {
        Column.STATE: mixed.state.tolist(),
        Column.MICROGRAPH: [mixed.micrograph_name(row) for row in range(len(mixed))],
        Column.EXPOSURE: [mixed.exposure_name(row) for row in range(len(mixed))],
        Column.PARTICLES: mixed.particles.tolist(),
        Column.TRIMMED: mixed.trimmed,
    }[column]
    assert [keys[row] for row in order] == sorted(keys, reverse=descending)
    assert all(a < b for a, b in zip(order, order[1:]) if keys[a] == keys[b])
    assert sorted(order) == list(range(len(mixed)))


@pytest.mark.parametrize(
    ("text", "trimmed"),
    [
        ("LONELY", ["lonely"]),
        ("9_x", ["x"]),
        ("ambig", ["same", "same", "same"]),
        ("  7_ ", ["c"]),
        ("J1/", []),
        ("", ["same", "same", "same", "m", "m", "lonely", "x", "a", "c"]),
    ],
)
def test_the_filter_looks_into_both_names_and_the_match(mixed: NameTable, text: str, trimmed: list[str]) -> None:
    assert [mixed.trimmed[row] for row in mixed.rows(Arrangement(text=text)).tolist()] == trimmed


def test_filter_and_order_together(mixed: NameTable) -> None:
    rows = mixed.rows(Arrangement(Column.PARTICLES, True, "DW"))
    assert mixed.particles[rows].tolist() == [6, 5, 4, 3, 2, 1, 0, 0, 0]


def test_rows_are_found_again_by_their_names(mixed: NameTable) -> None:
    other = build(list(mixed.exposures), list(mixed.micrographs), TrimRules())
    for row in range(len(mixed)):
        micrograph, exposure = int(mixed.micrograph[row]), int(mixed.exposure[row])
        found = other.row_of(micrograph=micrograph, exposure=exposure)
        assert other.micrograph[found] == micrograph if micrograph >= 0 else other.exposure[found] == exposure
    assert mixed.row_of(exposure=99) == mixed.row_of() == -1


def test_the_export_holds_the_rows_shown_with_whole_paths(tmp_path: Path) -> None:
    table = build(['J1/1_a,"é"_dw.mrc', "J1/2_b_dw.mrc"], ['M/a,"é"_DW.mrc', "M/c_DW.mrc"])
    write_csv(tmp_path / "names.csv", table, table.rows(Arrangement(Column.PARTICLES)))
    with open(tmp_path / "names.csv", encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [
            ["match", "micrograph", "exposure", "trimmed_name", "particles"],
            ["no particles", "", "J1/2_b_dw.mrc", "b", "0"],
            ["match", 'M/a,"é"_DW.mrc', 'J1/1_a,"é"_dw.mrc', 'a,"é"', "1"],
            ["no exposure", "M/c_DW.mrc", "", "c", "2"],
        ]


def test_folders_are_shown_as_cut_where_basenames_repeat(tmp_path: Path) -> None:
    micrographs = ["M/job2/Movies/a_DW.mrc", "M/job10/Movies/a_DW.mrc", "./M/job2//Movies/a_DW.mrc", "M/job2/b_DW.mrc"]
    table = build(["J1/7_a_dw.mrc", "J1/2_b_dw.mrc", "J1/8_b_dw.mrc", "J2/8_b_dw.mrc"], micrographs)
    names = {table.micrograph_name(row): row for row in range(len(table)) if table.micrograph[row] >= 0}
    assert set(names) == {"job2/Movies/a_DW.mrc", "job10/Movies/a_DW.mrc", "b_DW.mrc"}
    assert table.micrograph_cut(names["job10/Movies/a_DW.mrc"]) == (len("job10/Movies/"), len("_DW.mrc"))
    assert {table.exposure_name(row) for row in range(len(table))} == {
        "", "7_a_dw.mrc", "2_b_dw.mrc", "J1/8_b_dw.mrc", "J2/8_b_dw.mrc",
    }  # fmt: skip
    assert table.exposure_cut(table.row_of(exposure=3)) == (len("J2/8_"), len("_dw.mrc"))
    found = table.rows(Arrangement(Column.MICROGRAPH, text="JOB2/")).tolist()
    assert [table.micrograph_name(row) for row in found] == ["job2/Movies/a_DW.mrc"] * 2
    assert [table.exposure_name(row) for row in found] == ["7_a_dw.mrc"] * 2
    write_csv(tmp_path / "names.csv", table, np.array(found))
    assert (tmp_path / "names.csv").read_text().count("Movies/a_DW.mrc") == 2


def test_no_names_at_all() -> None:
    table = build([], [])
    assert len(table) == 0
    for column in Column:
        assert len(table.rows(Arrangement(column, True, "x"))) == 0
