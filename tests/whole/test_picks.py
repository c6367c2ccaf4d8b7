"""Imports of locations only: planted centres in every format of picks come back as places on the exposures."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import starfile

from cryoimport_gui.core.job.write import write_job
from cryoimport_gui.core.parameters import ImportParameters
from cryoimport_gui.core.plan.planner import Planner, plan_import
from cryoimport_gui.core.problems import Refused, Severity

from ..core.reading.pick_texts import (
    autopick,
    cbox,
    cryolo_star,
    eman_box,
    named_star,
    relion_list,
    topaz,
    write,
)
from ..support.running import Outcome, run, slots
from ..support.stars import exposure_columns, write_exposures

#: (x, y) on each of two micrographs of 200 × 100 pixels
PLANTED = {"m1": [(20.0, 10.0), (150.0, 80.0)], "m2": [(64.0, 33.0)]}
ROWS = [(name, *centre) for name, centres in PLANTED.items() for centre in centres]
CTF = {
    "ctf/df1_A": np.array([15000, 21000], "f4"),
    "ctf/df2_A": np.array([14000, 20000], "f4"),
    "ctf/df_angle_rad": np.array([0.25, -0.5], "f4"),
    "ctf/phase_shift_rad": np.array([0, 1.5], "f4"),
    "ctf/amp_contrast": np.array([0.07, 0.07], "f4"),
}


def many(folder: Path, text: Callable[[Sequence], str], ending: str) -> Path:
    """A file for each micrograph."""
    return write(folder / "picks", **{f"{name}{ending}": text(centres) for name, centres in PLANTED.items()})


def job(folder: Path) -> Path:
    """RELION's Autopick job: a list, and the files in folders of the movies."""
    write(folder / "AutoPick/job006/Movies", **{f"{n}_autopick__star": autopick(c) for n, c in PLANTED.items()})
    rows = [(f"MotionCorr/job002/Movies/{n}.mrc", f"AutoPick/job006/Movies/{n}_autopick.star") for n in PLANTED]
    return write(folder / "AutoPick/job006", autopick__star=relion_list(rows), job__star="data_job\n\n_rlnJobType 4\n")


def one(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text)
    return folder / name


FORMATS: dict[str, Callable[[Path], Path]] = {
    "Topaz": lambda f: one(f, "all.txt", topaz(ROWS)),
    "STAR": lambda f: one(f, "all.star", named_star([(f"mics/{name}.mrc", x, y) for name, x, y in ROWS])),
    "a folder of RELION's": lambda f: many(f, autopick, "_autopick__star"),
    "a folder of EMAN's": lambda f: many(f, lambda c: eman_box(c, 40), "__box"),
    "a folder of crYOLO's": lambda f: many(f, lambda c: cbox(c, 40), "__cbox"),
    "a folder of crYOLO's STARs": lambda f: many(f, cryolo_star, "__star"),
    "a wildcard": lambda f: many(f, lambda c: eman_box(c, 40), "__box") / "m*.box",
    "a job folder": job,
    "a list": lambda f: job(f) / "autopick.star",
}


def exposures(folder: Path, ctf: dict | None = None) -> Path:
    return write_exposures(folder / "CS-p/J2/exposures.cs", exposure_columns() | (ctf or {}))


def imported(folder: Path, meta: Path, *flags: str, ctf: dict | None = None) -> Outcome:
    """Micrographs that are named by the file of their picks have no ending there."""
    given = ["--exposures", exposures(folder, ctf), "--remove-leading-uid"]
    if not meta.name.endswith("all.star") and "job006" not in str(meta):
        given += ["--exposure-cut-suffix", str(len(".mrc"))]
    return run(folder, meta, "--ignore-raw-data", *given, *flags)


@pytest.mark.parametrize("case", FORMATS)
def test_places_of_every_format(tmp_path: Path, case: str) -> None:
    outcome = imported(tmp_path, FORMATS[case](tmp_path))
    assert outcome.status == 0, outcome.report["problems"]
    data = outcome.dataset
    assert slots(data.fields()) == {"location"}
    assert len(set(data["uid"])) == 3
    np.testing.assert_allclose(data["location/center_x_frac"], [20 / 200, 150 / 200, 64 / 200], rtol=1e-6)
    np.testing.assert_allclose(data["location/center_y_frac"], [10 / 100, 80 / 100, 33 / 100], rtol=1e-6)
    assert data["location/micrograph_uid"].tolist() == [11, 11, 12]
    assert [os.path.basename(path)[22:] for path in data["location/micrograph_path"]] == ["m1.mrc", "m1.mrc", "m2.mrc"]
    np.testing.assert_array_equal(data["location/micrograph_shape"], [[100, 200]] * 3)
    np.testing.assert_allclose(data["location/micrograph_psize_A"], 1.5)
    assert set(data["location/exp_group_id"]) == {7}  # the exposures'
    assert set(data["location/min_dist_A"]) == {0.0}
    counts = outcome.report["counts"]
    assert (counts["particles"], counts["exposures_matched"], counts["links"]) == (3, 2, 0)
    asked_in_vain = {"microscope-value-missing", "pose-missing", "half-sets-missing", "pixel-size-disagrees"}
    assert not asked_in_vain & set(outcome.codes)
    links = {path.name: path.readlink() for path in (outcome.output / "source").iterdir()}
    assert all(os.path.exists(target) for target in links.values())


def test_the_defocus_of_the_micrograph(tmp_path: Path) -> None:
    outcome = imported(tmp_path, FORMATS["Topaz"](tmp_path), ctf=CTF)
    data = outcome.dataset
    assert slots(data.fields()) == {"location", "ctf"}
    np.testing.assert_allclose(data["ctf/df1_A"], [15000, 15000, 21000])
    np.testing.assert_allclose(data["ctf/df2_A"], [14000, 14000, 20000])
    np.testing.assert_allclose(data["ctf/df_angle_rad"], [0.25, 0.25, -0.5], rtol=1e-6)
    np.testing.assert_allclose(data["ctf/phase_shift_rad"], [0, 0, 1.5], rtol=1e-6)
    np.testing.assert_allclose(data["ctf/accel_kv"], 200)
    np.testing.assert_allclose(data["ctf/cs_mm"], 1.4)
    np.testing.assert_allclose(data["ctf/amp_contrast"], 0.07)
    assert "ctf-missing" not in outcome.codes
    assert "the exposure's ctf/df1_A" in (outcome.output / "import.log").read_text()


def test_a_defocus_that_not_all_exposures_have(tmp_path: Path) -> None:
    outcome = imported(tmp_path, FORMATS["Topaz"](tmp_path), ctf=CTF | {"ctf/df1_A": np.array([15000, 0], "f4")})
    assert outcome.status == 0 and slots(outcome.dataset.fields()) == {"location"}
    assert outcome.problem("ctf-missing")["severity"] == "info"


def test_the_files_own_defocus_comes_first(tmp_path: Path) -> None:
    head = "\ndata_\n\nloop_\n_rlnMicrographName\n_rlnCoordinateX\n_rlnCoordinateY\n_rlnDefocusU\n_rlnDefocusV\n"
    head += "_rlnDefocusAngle\n"
    rows = "".join(f"{name}.mrc {x} {y} {17000 + i} {16000 + i} {10 + i}\n" for i, (name, x, y) in enumerate(ROWS))
    outcome = imported(tmp_path, one(tmp_path, "all.star", head + rows), ctf=CTF)
    data = outcome.dataset
    np.testing.assert_allclose(data["ctf/df1_A"], [17000, 17001, 17002])
    np.testing.assert_allclose(data["ctf/df2_A"], [16000, 16001, 16002])
    np.testing.assert_allclose(data["ctf/df_angle_rad"], np.radians([10, 11, 12]), rtol=1e-6)


def test_psi_of_a_picker_is_no_pose(tmp_path: Path) -> None:
    head = "\ndata_\n\nloop_\n_rlnMicrographName\n_rlnCoordinateX\n_rlnCoordinateY\n_rlnAnglePsi\n_rlnClassNumber\n"
    rows = "".join(f"{name}.mrc {x} {y} 77 2\n" for name, x, y in ROWS)
    outcome = imported(tmp_path, one(tmp_path, "all.star", head + rows))
    assert slots(outcome.dataset.fields()) == {"location"}
    assert "rlnAnglePsi" in outcome.problem("columns-not-imported")["message"]
    both = head.replace("_rlnAnglePsi", "_rlnAnglePsi\n_rlnAngleRot\n_rlnAngleTilt").replace("_rlnClassNumber\n", "")
    (tmp_path / "b").mkdir()
    rows = "".join(f"{name}.mrc {x} {y} 77 20 30\n" for name, x, y in ROWS)
    outcome = imported(tmp_path / "b", one(tmp_path, "all.star", both + rows), "--pixel-size", "2")
    assert slots(outcome.dataset.fields()) == {"location", "alignments3D"}


@pytest.mark.parametrize("case", ["Topaz", "a folder of EMAN's", "a job folder"])
def test_rules_for_their_names_are_found(tmp_path: Path, case: str) -> None:
    flags = ["--ignore-raw-data", "--exposures", exposures(tmp_path), "--suggest-trims"]
    outcome = run(tmp_path, FORMATS[case](tmp_path), *flags)
    assert outcome.status == 0, outcome.report["problems"]
    assert outcome.dataset["location/micrograph_uid"].tolist() == [11, 11, 12]


def test_curated_picks_of_real_micrographs(corpus: Path, tmp_path: Path) -> None:
    """EMPIAR-10017, in pixels of pictures of 4096 × 4096."""
    meta = corpus / "micrographs/cryosegnet_empiar10017_picks.star"
    picks = starfile.read(meta)
    names = list(dict.fromkeys(picks["rlnMicrographName"]))
    columns = exposure_columns(len(names)) | {
        "micrograph_blob/path": np.array([f"J1/imported/{i:021d}_{name}".encode() for i, name in enumerate(names)]),
        "micrograph_blob/shape": np.full((len(names), 2), 4096, "u4"),
    }
    given = write_exposures(tmp_path / "CS-p/J2/exposures.cs", columns)
    outcome = run(tmp_path, meta, "--ignore-raw-data", "--exposures", given, "--remove-leading-uid")
    assert outcome.status == 0, outcome.report["problems"]
    data = outcome.dataset
    assert [os.path.basename(path)[22:] for path in data["location/micrograph_path"]] == list(
        picks["rlnMicrographName"]
    )
    for axis, label in (("x", "rlnCoordinateX"), ("y", "rlnCoordinateY")):
        np.testing.assert_allclose(data[f"location/center_{axis}_frac"], picks[label] / 4096, rtol=1e-6)


# what is refused


def test_picks_need_exposures_and_no_raw_data(tmp_path: Path) -> None:
    meta = FORMATS["Topaz"](tmp_path)
    outcome = run(tmp_path, meta)
    assert outcome.status == 1 and {"image-name-missing", "exposures-missing"} <= set(outcome.codes)
    found = outcome.problem("image-name-missing")
    assert found["message"] == "these are picks (Topaz, 2 micrographs, 3 picks), without particle images"
    assert "ignore raw data" in found["hint"] and found["count"] == 3
    outcome = run(tmp_path, meta, "--ignore-raw-data")
    assert (outcome.status, outcome.report["counts"]["particles"]) == (1, 3)
    assert "exposures-missing" in outcome.codes and "image-name-missing" not in outcome.codes
    assert not outcome.output.exists()


#: a row is damaged: file, what is replaced by what → code, and what names the place
FAULTS: dict[str, tuple[str, str, str, str, str]] = {
    "Topaz": ("all.txt", "\t80\t", "\tx\t", "value-not-finite", "line 3: {path} (y_coord)"),
    "STAR": ("all.star", "\t80\n", "\tinf\n", "value-not-finite", "line 9: mics/m1.mrc (rlnCoordinateY)"),
    "a folder of RELION's": (
        "picks/m1_autopick.star",
        "80.000000",
        "<NA>",
        "value-not-finite",
        "line 13: {path} (rlnCoordinateY)",
    ),
    "a folder of EMAN's": ("picks/m1.box", "\t60\t", "\tnan\t", "value-not-finite", "line 2: {path} (column 2)"),
    "a folder of crYOLO's": ("picks/m1.cbox", " 60.0 ", " - ", "value-not-finite", "line 20: {path} (CoordinateY)"),
    "a folder of crYOLO's STARs": (
        "picks/m1.star",
        " 80.0",
        " 8_0",
        "value-not-finite",
        "line 7: {path} (rlnCoordinateY)",
    ),
    "a list": (
        "AutoPick/job006/Movies/m1_autopick.star",
        "80.000000",
        "-",
        "value-not-finite",
        "line 13: {path} (rlnCoordinateY)",
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_bad_row_of_every_format(tmp_path: Path, case: str) -> None:
    meta = FORMATS[case](tmp_path)
    name, old, new, code, where = FAULTS[case]
    path = tmp_path / name
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
    outcome = imported(tmp_path, meta)
    found = outcome.problem(code)
    assert outcome.status == 1 and found["examples"] == [where.format(path=path)]
    assert not outcome.output.exists()
    outcome = imported(tmp_path, meta, "--on-bad", "leave-out")
    assert outcome.status == 0 and outcome.report["counts"]["left_out"] == 1
    np.testing.assert_allclose(outcome.dataset["location/center_x_frac"], [20 / 200, 64 / 200], rtol=1e-6)
    rejected = (outcome.output / "rejected.star").read_text().splitlines()[-1]
    line = where.partition(":")[0].removeprefix("line ")
    assert rejected.endswith(f" {code}") and (case == "STAR" or rejected.startswith(f'"{path}" {line} '))


def test_a_short_row_names_file_and_line(tmp_path: Path) -> None:
    folder = many(tmp_path, lambda c: eman_box(c, 40), "__box")
    (folder / "m2.box").write_text("44\t13\t40\t40\n44\t13\t40\n")
    outcome = imported(tmp_path, folder)
    found = outcome.problem("meta-row-width")
    assert outcome.status == 1 and found["message"] == "m2.box, line 2: 3 values, but the table has 4 columns"


def test_a_pick_without_an_exposure(tmp_path: Path) -> None:
    meta = one(tmp_path, "all.txt", topaz([*ROWS, ("new", 5, 5)]))
    outcome = imported(tmp_path, meta, ctf=CTF)
    assert outcome.status == 1 and outcome.problem("exposure-unmatched")["severity"] == "error"
    outcome = imported(tmp_path, meta, "--on-unmatched", "keep", ctf=CTF)
    found = outcome.problem("exposure-unmatched")
    assert outcome.status == 1 and "a pick without a place says nothing" in found["message"]
    assert "leave-out" in found["hint"] and "keep" not in found["hint"]
    outcome = imported(tmp_path, meta, "--on-unmatched", "leave-out", ctf=CTF)
    assert outcome.status == 0 and len(outcome.dataset) == 3
    np.testing.assert_allclose(outcome.dataset["ctf/df1_A"], [15000, 15000, 21000])


# which path means picks


@pytest.mark.parametrize("result", ["run_data.star", "particles.star", "run_it025_data.star"])
def test_a_job_folder_with_particles_is_no_folder_of_picks(tmp_path: Path, result: str) -> None:
    folder = many(tmp_path, autopick, "_autopick__star")
    one(folder, result, "data_particles\nloop_\n_rlnImageName\n1@a.mrcs\n")
    assert imported(tmp_path, folder).report["inputs"] == [{"path": str(folder / result), "rows": 1}]
    (folder / result).unlink()
    assert imported(tmp_path, folder).report["counts"]["particles"] == 3


# files that change


def planned(folder: Path, meta: Path) -> ImportParameters:
    return ImportParameters(
        meta=str(meta),
        exposures=str(exposures(folder)),
        output=str(folder / "out"),
        ignore_raw_data=True,
        remove_leading_uid=True,
        exposure_cut_suffix=0 if "job006" in str(meta) else len(".mrc"),
    )


@pytest.mark.parametrize("case", ["a folder of EMAN's", "a wildcard", "a job folder", "a list"])
def test_one_of_many_files_changes(tmp_path: Path, case: str) -> None:
    parameters = planned(tmp_path, FORMATS[case](tmp_path))
    planner = Planner()
    plan = planner.plan(parameters)
    assert not plan.errors and len(plan.particles or ()) == 3
    path = next(path for path in (tmp_path).rglob("m2*") if path.suffix in (".box", ".star"))
    text = path.read_text()
    path.write_text(text.rstrip() + "\n" + text.rstrip().splitlines()[-1] + "\n")
    with pytest.raises(Refused, match=f"{path.name} has changed since it was read"):
        write_job(plan)
    assert not (tmp_path / "out").exists()
    assert len(planner.plan(parameters).particles or ()) == 4


@pytest.mark.parametrize("case", ["a folder of EMAN's", "a wildcard"])
def test_another_file_comes(tmp_path: Path, case: str) -> None:
    parameters = planned(tmp_path, FORMATS[case](tmp_path))
    planner = Planner()
    plan = planner.plan(parameters)
    write(tmp_path / "picks", m3__box=eman_box([(50, 50)], 40))
    with pytest.raises(Refused, match="has changed"):
        write_job(plan)
    assert len(planner.plan(parameters).all_particles or ()) == 4


def test_an_unreadable_file_among_many_is_named(tmp_path: Path) -> None:
    folder = many(tmp_path, lambda c: eman_box(c, 40), "__box")
    write(folder, m3__box="not a number\n", m4__box="")
    found = {p.code: p for p in plan_import(planned(tmp_path, folder)).problems}
    assert (found["meta-unreadable"].severity, found["meta-unreadable"].examples) == (Severity.WARNING, ("m3.box",))
    assert (found["meta-no-particles"].severity, found["meta-no-particles"].examples) == (Severity.INFO, ("m4.box",))
