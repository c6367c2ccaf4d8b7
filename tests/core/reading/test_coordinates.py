"""Files of coordinates: planted centres come back from every format, and faults are named by file and line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cryoimport_gui.core.problems import Refused, Severity
from cryoimport_gui.core.progress import Cancelled
from cryoimport_gui.core.reading.coordinates import Picks, read_coordinates, read_picks, recognises, to_particles

from ...support.running import StopAfter
from .pick_texts import Centres, autopick, cbox, cryolo_star, eman_box, named_star, relion_list, topaz, write

CENTRES: Centres = [(512.0, 300.0), (1024.0, 77.0), (100.0, 3000.0)]
OTHERS: Centres = [(8.0, 9.0)]


def picks_of(*paths: Path | str) -> Picks:
    return read_picks([str(path) for path in paths])[0]


def refusal(*paths: Path | str) -> str:
    with pytest.raises(Refused) as caught:
        read_coordinates([str(path) for path in paths])
    return f"{caught.value.problem.code}: {caught.value.problem.message}"


def centres(picks: Picks) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in zip(picks.x_px, picks.y_px)]


ONE_A_FILE: dict[str, tuple[Callable[[Centres], str], str, str]] = {
    "RELION": (autopick, "m1_autopick.star", "STAR of one micrograph each"),
    "EMAN2": (eman_box, "m1.box", "EMAN .box"),
    "crYOLO cbox": (cbox, "m1.cbox", "crYOLO .cbox"),
    "crYOLO star": (cryolo_star, "m1.star", "STAR of one micrograph each"),
    "crYOLO box of size 0": (lambda c: "".join(f"{x}\t{y}\t0\t0\n" for x, y in c), "m1.box", "EMAN .box"),
    "crYOLO cbox before 1.8": (
        lambda c: "".join(f"{x - 50}\t{y - 60}\t100\t120\t0.4\t90\t91\n" for x, y in c),
        "m1.cbox",
        "crYOLO .cbox (before 1.8)",
    ),
}


@pytest.mark.parametrize("case", ONE_A_FILE)
def test_centres_of_one_micrograph(tmp_path: Path, case: str) -> None:
    text, name, kind = ONE_A_FILE[case]
    (tmp_path / name).write_text(text(CENTRES))
    picks = picks_of(tmp_path / name)
    assert centres(picks) == CENTRES
    assert picks.micrographs == ["m1"]
    assert to_particles(picks).in_words() == f"{kind}, 1 micrograph, 3 picks"
    assert recognises((tmp_path / name).read_bytes())


@pytest.mark.parametrize("case", ONE_A_FILE)
def test_the_content_decides_not_the_name(tmp_path: Path, case: str) -> None:
    text, _, kind = ONE_A_FILE[case]
    (tmp_path / "m1.dat").write_text(text(CENTRES))
    assert picks_of(tmp_path / "m1.dat").format == kind


@pytest.mark.parametrize(("text", "kind"), [(topaz, "Topaz"), (named_star, "STAR")])
def test_files_that_name_their_micrographs(tmp_path: Path, text: Callable[..., str], kind: str) -> None:
    write(tmp_path, all__txt=text([("b", 10, 20), ("0001", 30, 40), ("b", 50, 60)]))
    picks = picks_of(tmp_path / "all.txt")
    assert to_particles(picks).in_words() == f"{kind}, 2 micrographs, 3 picks"
    assert [picks.micrographs[i] for i in picks.micrograph_of_row] == ["b", "0001", "b"]
    assert centres(picks) == [(10, 20), (30, 40), (50, 60)]


def test_eman_boxes_of_odd_size(tmp_path: Path) -> None:
    write(tmp_path, m__box="10\t20\t101\t101\n")
    assert centres(picks_of(tmp_path / "m.box")) == [(60.5, 70.5)]


@pytest.mark.parametrize("given", ["folder", "wildcard", "several"])
def test_many_files(tmp_path: Path, given: str) -> None:
    write(tmp_path, m1_autopick__star=autopick(CENTRES), m2_autopick__star=autopick(OTHERS), run__out="done\n")
    paths = {
        "folder": [tmp_path],
        "wildcard": [tmp_path / "*_autopick.star"],
        "several": [tmp_path / "m1_autopick.star", tmp_path / "m2_autopick.star", tmp_path / "m1_autopick.star"],
    }[given]
    reading = read_coordinates([str(path) for path in paths])
    particles = reading.particles
    assert particles.micrograph_names == ["m1", "m2"]
    assert particles.micrograph_index is not None and particles.coordinates_px is not None
    assert particles.micrograph_index.tolist() == [0, 0, 0, 1]
    assert particles.coordinates_px.tolist() == [list(centre) for centre in [*CENTRES, *OTHERS]]
    assert not reading.faults
    assert not reading.remarks
    assert particles.columns_not_imported == ["rlnAutopickFigureOfMerit", "rlnClassNumber", "rlnAnglePsi"]


def test_rows_are_named_by_file_and_line(tmp_path: Path) -> None:
    first = autopick(CENTRES).replace("1024.000000", "         nan").replace("\n  100.0", "\n# moved\n\n  100.0")
    write(tmp_path, m1_autopick__star=first, m2_autopick__star=autopick(OTHERS).replace("9.000000", "     inf"))
    reading = read_coordinates(str(tmp_path))
    lines = first.split("\n")
    (x, y) = reading.faults
    assert (x.rows.tolist(), y.rows.tolist()) == ([1], [3])
    at = next(number for number, line in enumerate(lines, 1) if "nan" in line)
    assert x.problem.examples[0].startswith(f"line {at}: {tmp_path}/m1_autopick.star")
    third = next(number for number, line in enumerate(lines, 1) if "100.0" in line)
    assert reading.particles.describe(2).startswith(f"line {third}: ")
    assert "m2_autopick.star" in y.problem.examples[0]


@pytest.mark.parametrize("text", ["abc", "1_0", "<NA>"])
def test_what_is_no_number_is_a_fault(tmp_path: Path, text: str) -> None:
    write(tmp_path, m__star=cryolo_star(CENTRES).replace("77.0", text))
    (fault,) = read_coordinates(str(tmp_path / "m.star")).faults
    assert (fault.problem.code, fault.rows.tolist(), fault.column) == ("value-not-finite", [1], "rlnCoordinateY")


@pytest.mark.parametrize(
    ("text", "line", "have"),
    [
        (autopick(CENTRES).replace(" 1024.000000", ""), 13, "4 values, but the table has 5 columns"),
        (eman_box(CENTRES).replace("924\t", "924\t1\t"), 2, "5 values, but the table has 4 columns"),
        (topaz([("a", 1, 2), ("a", 3, 4)]).replace("\t4\t", "\t"), 3, "3 values, but the table has 4 columns"),
    ],
)
def test_rows_of_the_wrong_width(tmp_path: Path, text: str, line: int, have: str) -> None:
    write(tmp_path, m__txt=text)
    assert refusal(tmp_path / "m.txt") == f"meta-row-width: m.txt, line {line}: {have}"


def test_comments_quotes_and_ends_of_lines(tmp_path: Path) -> None:
    rows = '"a b.mrc" 1 2 # good\r\n\r\n# no row\n c#1.mrc\t3 4\n'
    write(tmp_path, m__star="data_\nloop_\n_rlnMicrographName\n_rlnCoordinateX\n_rlnCoordinateY #3 px\n" + rows)
    picks = picks_of(tmp_path / "m.star")
    assert picks.micrographs == ["a b.mrc", "c#1.mrc"]
    assert centres(picks) == [(1, 2), (3, 4)] and picks.line_of_row.tolist() == [6, 9]


# RELION's lists


def relion_project(folder: Path) -> tuple[Path, Path]:
    """A project with an AutoPick job; returns the list and the folder of its files."""
    job = folder / "AutoPick/job007"
    inside = write(job / "mics", m1_autopick__star=autopick(CENTRES), m2_autopick__star=autopick(OTHERS))
    rows = [(f"MotionCorr/job002/mics/m{i}.mrc", f"AutoPick/job007/mics/m{i}_autopick.star") for i in (1, 2)]
    return write(job, autopick__star=relion_list(rows)) / "autopick.star", inside


def test_a_list_names_the_micrographs(tmp_path: Path) -> None:
    star, _ = relion_project(tmp_path)
    for given in (star, star.parent):
        picks = picks_of(given)
        assert picks.micrographs == ["MotionCorr/job002/mics/m1.mrc", "MotionCorr/job002/mics/m2.mrc"]
        assert centres(picks) == [*CENTRES, *OTHERS]
    assert recognises(star.read_bytes())


def test_a_list_that_was_moved_finds_the_files_beside_it(tmp_path: Path) -> None:
    star, inside = relion_project(tmp_path / "here")
    moved = star.rename(inside / "autopick.star")
    inside.rename(tmp_path / "there")
    assert centres(picks_of(tmp_path / "there" / moved.name)) == [*CENTRES, *OTHERS]


def test_a_listed_file_that_is_missing(tmp_path: Path) -> None:
    star, inside = relion_project(tmp_path)
    (inside / "m2_autopick.star").unlink()
    picks, remarks = read_picks(str(star))
    assert centres(picks) == CENTRES
    (missing,) = (remark for remark in remarks if remark.severity is Severity.WARNING)
    assert missing.code == "meta-not-found"
    assert missing.message == "1 file of picks that autopick.star lists cannot be found"
    assert missing.examples == ("line 10: AutoPick/job007/mics/m2_autopick.star",)
    (inside / "m1_autopick.star").unlink()
    assert refusal(star) == "meta-not-found: 2 files of picks that autopick.star lists cannot be found"


def test_a_list_can_name_box_files(tmp_path: Path) -> None:
    """RELION, rlnMicrographCoordinates: "in .star, .box or .txt format"."""
    write(tmp_path, m1__box=eman_box(CENTRES), list__star=relion_list([("mics/m1.mrc", "m1.box")]))
    picks = picks_of(tmp_path / "list.star")
    assert (picks.format, picks.micrographs, centres(picks)) == ("EMAN .box", ["mics/m1.mrc"], CENTRES)


# folders


def test_formats_are_not_mixed(tmp_path: Path) -> None:
    write(tmp_path, a__box=eman_box(CENTRES), b__cbox=cbox(CENTRES))
    assert refusal(tmp_path) == "meta-unreadable: the files are of 2 formats: EMAN .box, crYOLO .cbox"


def test_one_micrograph_in_two_files(tmp_path: Path) -> None:
    a, b = (write(tmp_path / name, m1__box=eman_box(CENTRES)) / "m1.box" for name in "ab")
    assert refusal(a, b) == f"meta-unreadable: two files hold the picks of micrograph m1: {a} and {b}"
    other = a.rename(tmp_path / "a/m2.box")
    assert len(picks_of(other, b)) == 6


def test_a_folder_without_picks(tmp_path: Path) -> None:
    assert refusal(tmp_path) == f"meta-no-particles: {tmp_path}: there are no files of picks in it"
    write(tmp_path, run__out="done\n", job__star="data_job\n\n_rlnJobTypeLabel relion.autopick.log\n")
    assert refusal(tmp_path) == f"meta-no-particles: {tmp_path}: no picks in its 2 files"


def test_a_wildcard_that_matches_nothing(tmp_path: Path) -> None:
    assert refusal(tmp_path / "*.box") == f"meta-not-found: no file matches {tmp_path}/*.box"


def test_binary_files_named_box(tmp_path: Path) -> None:
    write(
        tmp_path, a__box=eman_box(CENTRES), b__box=b"\x01\x00\x02\x00" * 100, c__box=bytes(208) + b"MAP " + bytes(900)
    )
    picks, remarks = read_picks(str(tmp_path))
    assert centres(picks) == CENTRES
    (odd,) = remarks
    assert (odd.code, odd.severity, odd.examples) == ("meta-unreadable", Severity.WARNING, ("b.box", "c.box"))
    assert refusal(tmp_path / "b.box").endswith("b.box is binary, not a text file of coordinates")
    assert refusal(tmp_path / "c.box").endswith("c.box is an MRC image, not a text file of coordinates")


def test_micrographs_without_picks(tmp_path: Path) -> None:
    write(tmp_path, a__box=eman_box(CENTRES), b__box="")
    picks, (empty,) = read_picks(str(tmp_path))
    assert len(picks) == 3 and (empty.severity, empty.examples) == (Severity.INFO, ("b.box",))
    stars = write(tmp_path / "stars", a__star=autopick(CENTRES), b__star=autopick([]), c__star="data_\n\nloop_ \n \n")
    picks, remarks = read_picks(str(stars))
    assert len(picks) == 3 and remarks[0].examples == ("b.star", "c.star")


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({"a__box": ""}, "a.box is empty: it holds no picks"),
        ({"a__star": autopick([])}, "a.star: no rows, so no picks"),
        ({"a__box": "", "b__box": "\n"}, "all 2 files, such as a.box, are empty: they hold no picks"),
    ],
)
def test_nothing_but_empty_files(tmp_path: Path, texts: dict[str, str], message: str) -> None:
    folder = write(tmp_path, **texts)
    given = folder if len(texts) > 1 else next(folder.iterdir())
    assert refusal(given) == f"meta-no-particles: {message}"


def test_other_files_are_refused_in_words(tmp_path: Path) -> None:
    images = "data_\nloop_\n_rlnImageName\n_rlnCoordinateX\n_rlnCoordinateY\n1@a.mrcs 1 2\n"
    write(
        tmp_path, images__star=images, text__txt="Dear all,\n", mics__star="data_\nloop_\n_rlnMicrographName\na.mrc\n"
    )
    assert "it has images (rlnImageName)" in refusal(tmp_path / "images.star")
    assert refusal(tmp_path / "text.txt") == "meta-unreadable: text.txt is no file of picks that can be read"
    assert refusal(tmp_path / "mics.star") == "meta-unreadable: mics.star is no file of picks that can be read"
    assert not any(recognises(path.read_bytes()) for path in tmp_path.iterdir())
    assert refusal(tmp_path / "none.box") == f"meta-not-found: there is no file {tmp_path}/none.box"


# what is not on micrographs, or not a particle


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (cbox(CENTRES, z="12.0"), "the boxes have a CoordinateZ: they were picked in a tomogram"),
        (topaz([("a", 1, 2)]).replace("score", "z_coord"), "the coordinates have a z_coord: they were picked in a"),
        (
            cryolo_star(CENTRES).replace("_rlnCoordinateY", "_rlnCoordinateZ"),
            "the coordinates are three-dimensional (tomography)",
        ),
        (
            "data_particles\nloop_\n_rlnTomoName\n_rlnCenteredCoordinateXAngst\nt1 1.5\n",
            "the coordinates are three-dimensional (tomography)",
        ),
    ],
)
def test_tomography_is_refused(tmp_path: Path, text: str, why: str) -> None:
    write(tmp_path, m__txt=text)
    assert why in refusal(tmp_path / "m.txt") and refusal(tmp_path / "m.txt").startswith("meta-not-2d-stack")


def test_ends_of_helices_are_no_particles(tmp_path: Path) -> None:
    """EMAN2, `e2helixboxer --helix-coords`; a fifth column of confidences is none of that."""
    write(tmp_path, h__box="10\t20\t40\t40\t-1\n90\t95\t40\t40\t-2\n", m__box="10\t20\t40\t40\t0.3\n")
    assert "h.box holds the two ends of helices" in refusal(tmp_path / "h.box")
    assert centres(picks_of(tmp_path / "m.box")) == [(30, 40)]


def test_cbox_files_hold_every_detection(tmp_path: Path) -> None:
    write(tmp_path, m__cbox=cbox(CENTRES), m__star=cryolo_star(CENTRES))
    reading = read_coordinates(str(tmp_path / "m.cbox"), columns={"Confidence": True})
    assert [remark.severity for remark in reading.remarks] == [Severity.WARNING]
    np.testing.assert_array_equal(reading.columns["Confidence"], [0.41] * 3)
    assert not read_coordinates(str(tmp_path / "m.star")).remarks


# CTF


OPTICS = """
data_optics

loop_
_rlnOpticsGroup
_rlnOpticsGroupName
_rlnMicrographPixelSize
_rlnVoltage
_rlnSphericalAberration
_rlnAmplitudeContrast
2 two 0.9 300 2.7 0.1

"""
PARTICLES = """data_particles

loop_
_rlnMicrographName
_rlnCoordinateX
_rlnCoordinateY
_rlnOpticsGroup
_rlnDefocusU
_rlnDefocusV
_rlnDefocusAngle
a.mrc 10 20 2 12000 11000 33
b.mrc 30 40 {group} 14000 13000 34
"""


def test_ctf_and_optics_of_a_star_file(tmp_path: Path) -> None:
    write(tmp_path, p__star=OPTICS + PARTICLES.format(group=2))
    reading = read_coordinates(str(tmp_path / "p.star"))
    particles = reading.particles
    assert not reading.faults and particles.has_optics
    (group,) = particles.optics_groups
    assert (group.id, group.name, group.particles) == (2, "two", 2)
    assert [value and value.value for value in (group.voltage_kV, group.cs_mm, group.picked_pixel_size_A)] == [
        300,
        2.7,
        0.9,
    ]
    assert particles.defocus_u_A is not None and particles.defocus_u_A.tolist() == [12000, 14000]
    assert particles.defocus_angle_deg is not None and particles.defocus_angle_deg.tolist() == [33, 34]
    assert particles.phase_shift_deg is None


def test_an_optics_group_that_is_not_listed(tmp_path: Path) -> None:
    write(tmp_path, p__star=OPTICS + PARTICLES.format(group=3))
    (fault,) = read_coordinates(str(tmp_path / "p.star")).faults
    assert (fault.problem.code, fault.rows.tolist()) == ("optics-group-unknown", [1])


def test_ctf_that_only_some_files_have_is_left(tmp_path: Path) -> None:
    write(tmp_path, p__star=OPTICS + PARTICLES.format(group=2), q__star=named_star([("c.mrc", 1, 2)]))
    reading = read_coordinates(str(tmp_path))
    assert reading.particles.defocus_u_A is None
    assert "rlnDefocusU" in reading.particles.columns_not_imported
    assert [group.particles for group in reading.particles.optics_groups] == [2, 1]


def test_columns_that_are_asked_for(tmp_path: Path) -> None:
    write(tmp_path, a__star=autopick(CENTRES), b__star=autopick(OTHERS))
    columns = read_coordinates(
        str(tmp_path), columns={"rlnAutopickFigureOfMerit": True, "rlnClassNumber": False, "no": True}
    ).columns
    np.testing.assert_array_equal(columns["rlnAutopickFigureOfMerit"], [0.5] * 4)
    text = columns["rlnClassNumber"]
    assert not isinstance(text, np.ndarray) and [text.values[code] for code in text.codes] == ["1"] * 4
    assert "no" not in columns


def test_reading_can_be_cancelled(tmp_path: Path) -> None:
    for number in range(40):
        write(tmp_path, **{f"m{number}__box": eman_box(CENTRES)})
    with pytest.raises(Cancelled):
        read_coordinates(str(tmp_path), StopAfter(1))
    assert len(read_coordinates(str(tmp_path)).particles) == 120


def test_large_files_are_read_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(f"m{number // 7}", number, 2 * number) for number in range(50)]
    write(tmp_path, all__txt=topaz(rows))
    whole = picks_of(tmp_path / "all.txt")
    monkeypatch.setattr("cryoimport_gui.core.reading.pick_text._CHUNK_LINES", 8)
    parts = picks_of(tmp_path / "all.txt")
    assert whole.micrographs == parts.micrographs == [f"m{number}" for number in range(8)]
    np.testing.assert_array_equal(parts.micrograph_of_row, whole.micrograph_of_row)
    np.testing.assert_array_equal(parts.y_px, [2 * number for number in range(50)])
    np.testing.assert_array_equal(parts.line_of_row, np.arange(50) + 2)


# real files


def test_real_files(corpus: Path) -> None:
    folder = corpus / "micrographs"
    relion = picks_of(folder / "inCoords_relion_Ucsf_stack_1142_DW_autopick.star")
    assert to_particles(relion).in_words() == "STAR of one micrograph each, 1 micrograph, 45 picks"
    assert relion.micrographs == ["inCoords_relion_Ucsf_stack_1142_DW"]
    assert centres(relion)[0] == (839.125024, 19.979167)
    curated = picks_of(folder / "cryosegnet_empiar10017_picks.star")
    assert len(curated) == 629 and curated.micrographs[0] == "Falcon_2012_06_12-14_33_35_0.mrc"
    assert to_particles(curated).line_of(np.array([0])).tolist() == [8]
