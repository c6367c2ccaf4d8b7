"""Several files imported as one: the dataset, `particles.star`, `rejected.star`, row for row as planted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import starfile

from cryoimport_gui.__main__ import main
from cryoimport_gui.core.job import write as job
from cryoimport_gui.core.reading import formats

from ..support.running import Outcome, run
from ..support.stars import OPTICS, particle_columns, write_input, write_stack, write_star

ROWS = 24
TEXTS = ["rlnImageName", "rlnMicrographName", "rlnOpticsGroupName"]


def planted(seed: int, names: list[str], groups: list[int], **more: list) -> dict[str, list]:
    """Rows in any order, each value of which stands once; micrographs have names that need quotes."""
    rng = np.random.default_rng(seed)
    columns = particle_columns(4, ROWS // 4, names)
    columns["rlnMicrographName"] = [f'"mics {seed}/m#{i}.mrc"' for i in range(ROWS)]
    for label in ("rlnDefocusU", "rlnDefocusV", "rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi", "rlnOriginXAngst"):
        columns[label] = [f"{value:.9f}" for value in rng.uniform(1, 100, ROWS)]  # more digits than starfile writes
    columns["rlnOpticsGroup"] = rng.choice(groups, ROWS).tolist()
    order = rng.permutation(ROWS)
    return {label: [values[i] for i in order] for label, values in (columns | more).items()}


def groups(*numbered: tuple[int, str, float]) -> dict[str, list]:
    columns: dict[str, list] = {label: values * len(numbered) for label, values in OPTICS.items()}
    columns["rlnOpticsGroup"], columns["rlnOpticsGroupName"], columns["rlnVoltage"] = map(list, zip(*numbered))
    return columns


@pytest.fixture
def two(tmp_path: Path) -> tuple[list[Path], list[dict[str, list]]]:
    """Two files in folders of their own; group 1 of the second is another one, its group 7 is group 2 of the first."""
    for k in range(8):
        write_stack(tmp_path / f"stacks/s{k}.mrcs", count=ROWS // 4, seed=k)
    names = [f"stacks/s{k}.mrcs" for k in range(8)]
    tables = [planted(1, names[:4], [1, 2]), planted(2, names[4:], [1, 7])]
    optics = [groups((1, '"grid A"', 300), (2, "b", 300)), groups((7, "b", 300), (1, "c", 200))]
    places = [tmp_path / "Refine3D/job010/run_data.star", tmp_path / "Select/job011/particles.star"]
    return [write_star(path, t, o) for path, t, o in zip(places, tables, optics)], tables


def joined(tables: list[dict[str, list]], label: str) -> np.ndarray:
    return np.array([value for table in tables for value in table[label]])


def write(folder: Path, *arguments: object) -> Outcome:
    return run(folder, *arguments, "--check-poses", "off")


def test_every_value_of_every_row(tmp_path: Path, two: Any) -> None:
    paths, tables = two
    outcome = write(tmp_path, *paths)
    assert outcome.status == 0, outcome.codes
    assert outcome.report["inputs"] == [{"path": str(path), "rows": ROWS} for path in paths]
    assert outcome.report["counts"]["particles"] == 2 * ROWS and outcome.report["counts"]["stacks"] == 8
    data = outcome.dataset
    np.testing.assert_allclose(data["ctf/df1_A"], joined(tables, "rlnDefocusU").astype(float), rtol=1e-6)
    np.testing.assert_allclose(
        data["alignments3D/shift"][:, 0], joined(tables, "rlnOriginXAngst").astype(float) / 1.5, rtol=1e-6
    )
    np.testing.assert_array_equal(data["alignments3D/split"], joined(tables, "rlnRandomSubset").astype(int) - 1)
    images = joined(tables, "rlnImageName").tolist()
    stacks = [path.rpartition("_")[2] for path in data["blob/path"].tolist()]
    assert [f"{i + 1:06d}@stacks/{s}" for i, s in zip(data["blob/idx"].tolist(), stacks)] == images
    new = [{1: 1, 2: 2}[g] for g in tables[0]["rlnOpticsGroup"]] + [
        {1: 3, 7: 2}[g] for g in tables[1]["rlnOpticsGroup"]
    ]
    assert data["ctf/exp_group_id"].tolist() == new
    assert data["ctf/accel_kv"].tolist() == [200 if number == 3 else 300 for number in new]
    told = outcome.problem("optics-groups-renumbered")
    assert told["examples"] == ["particles.star: group 7 (b) became 2", "particles.star: group 1 (c) became 3"]
    assert sorted(p.name for p in (outcome.output / "source").iterdir()) == ["particles.star", "run_data.star"]


def test_the_joined_file_is_row_for_row_the_dataset(tmp_path: Path, two: Any) -> None:
    paths, tables = two
    outcome = write(tmp_path, *paths)
    path = outcome.output / "particles.star"
    theirs = starfile.read(path, parse_as_string=[*tables[0], "rlnOpticsGroupName", "rlnVoltage"])
    for label in set(tables[0]) - {"rlnOpticsGroup", "rlnMicrographName"}:
        assert theirs["particles"][label].tolist() == joined(tables, label).astype(str).tolist(), label
    assert theirs["particles"]["rlnOpticsGroup"].astype(int).tolist() == outcome.dataset["ctf/exp_group_id"].tolist()
    optics = theirs["optics"]
    numbered = zip(optics["rlnOpticsGroup"].astype(int), optics["rlnOpticsGroupName"], optics["rlnVoltage"])
    assert sorted(numbered) == [(1, "grid A", "300"), (2, "b", "300"), (3, "c", "200")]

    before, again = formats.read([*map(str, paths)]).particles, formats.read([str(path)]).particles
    for name in ("image_number", "defocus_u_A", "psi_deg", "shift_A", "coordinates_px", "random_subset"):
        np.testing.assert_array_equal(getattr(again, name), getattr(before, name), err_msg=name)
    named = ([p.micrograph_names[i] for i in p.micrograph_index] for p in (before, again))
    assert next(named) == next(named) == [name.strip('"') for name in joined(tables, "rlnMicrographName")]
    once_more = run(tmp_path, path, "--data", tmp_path, "--check-poses", "off", output=tmp_path / "again")
    for field in set(outcome.dataset.fields()) - {"uid", "blob/path"}:
        np.testing.assert_array_equal(once_more.dataset[field], outcome.dataset[field], err_msg=field)


def test_rows_left_out(tmp_path: Path, two: Any) -> None:
    paths, tables = two
    lost = [tables[0]["rlnImageName"][3], tables[1]["rlnImageName"][20]]
    for path, image in zip(paths, lost):
        path.write_text(path.read_text().replace(image, image.replace("0000", "0009")))
    outcome = write(tmp_path, *paths, "--on-bad", "leave-out", "--select", "rlnClassNumber=1,2,3")
    assert outcome.status == 0, outcome.codes
    images = [name for table in tables for name in table["rlnImageName"] if name not in lost]
    kept = starfile.read(outcome.output / "particles.star", parse_as_string=TEXTS)["particles"]
    assert kept["rlnImageName"].tolist() == images
    assert len(outcome.dataset) == len(images) == outcome.report["counts"]["particles"]
    rejected = starfile.read(outcome.output / "rejected.star")
    assert rejected["cryoimportFile"].tolist() == ["run_data.star", "particles.star"]
    assert rejected["cryoimportReason"].tolist() == ["image-index-out-of-range"] * 2
    assert rejected["rlnImageName"].tolist() == [image.replace("0000", "0009") for image in lost]
    assert rejected["rlnOpticsGroup"].tolist() == [tables[0]["rlnOpticsGroup"][3], tables[1]["rlnOpticsGroup"][20]]


def test_columns_in_another_order_and_columns_of_one_file(tmp_path: Path, two: Any) -> None:
    paths, tables = two
    text = dict(reversed(tables[1].items())) | {"rlnPhaseShift": [90.0] * ROWS, "rlnLogLikeliContribution": [1] * ROWS}
    write_star(paths[1], text, groups((7, "b", 300), (1, "c", 200)))
    outcome = write(tmp_path, *paths)
    theirs = starfile.read(outcome.output / "particles.star", parse_as_string=list(tables[0]))["particles"]
    assert set(theirs) == {*tables[0], "rlnPhaseShift"}
    assert theirs["rlnPhaseShift"].tolist() == [0.0] * ROWS + [90.0] * ROWS
    assert theirs["rlnDefocusU"].tolist() == joined(tables, "rlnDefocusU").tolist()
    np.testing.assert_allclose(outcome.dataset["ctf/phase_shift_rad"], np.radians(theirs["rlnPhaseShift"]), rtol=1e-6)


def imported_again(tmp_path: Path, outcome: Outcome) -> None:
    """The joined file says all that the dataset holds."""
    again = run(
        tmp_path, outcome.output / "particles.star", "--data", tmp_path, "--check-poses", "off", output=tmp_path / "2"
    )
    assert again.status == 0, again.codes
    for field in set(outcome.dataset.fields()) - {"uid", "blob/path"}:
        ours, theirs = again.dataset[field], outcome.dataset[field]
        if ours.dtype.kind == "f":  # shifts that were calculated have six decimals
            np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6, err_msg=field)
        else:
            np.testing.assert_array_equal(ours, theirs, err_msg=field)


def test_shifts_in_pixels_and_in_angstroms_stand_in_one_file(tmp_path: Path, two: Any) -> None:
    """A row that is left out moves none of the shifts that are calculated."""
    paths, tables = two
    px = {label: values for label, values in tables[1].items() if not label.startswith("rlnOrigin")}
    shifts = {"rlnOriginX": [0.5 * i for i in range(ROWS)], "rlnOriginY": [-1.0] * ROWS}
    px["rlnImageName"] = [name.replace("000003@stacks/s5", "000099@stacks/s5") for name in px["rlnImageName"]]
    write_star(paths[1], px | shifts, groups((7, "b", 300), (1, "c", 200)))
    outcome = write(tmp_path, *paths, "--on-bad", "leave-out")
    assert outcome.status == 0 and len(outcome.dataset) == 2 * ROWS - 1
    assert "columns-not-imported" not in outcome.codes
    theirs = starfile.read(outcome.output / "particles.star", parse_as_string=[*tables[0]])["particles"]
    assert not {*shifts} & set(theirs)
    (left_out,) = (i for i, name in enumerate(px["rlnImageName"]) if "000099" in name)
    expected = [f"{0.75 * i:.6f}" for i in range(ROWS) if i != left_out]  # 1.5 Å a pixel
    assert theirs["rlnOriginXAngst"].tolist() == tables[0]["rlnOriginXAngst"] + expected
    imported_again(tmp_path, outcome)


@pytest.mark.parametrize("unit", ["", "Angst"])
def test_a_file_without_shifts_beside_one_that_has_them(tmp_path: Path, two: Any, unit: str) -> None:
    paths, tables = two
    none = {label: values for label, values in tables[1].items() if not label.startswith("rlnOrigin")}
    some = {label: values for label, values in tables[0].items() if not label.startswith("rlnOrigin")}
    write_star(
        paths[0], some | {f"rlnOrigin{a}{unit}": [1.5] * ROWS for a in "XY"}, groups((1, "a", 300), (2, "b", 300))
    )
    write_star(paths[1], none | {f"rlnOriginX{unit}": [9.0] * ROWS}, groups((7, "b", 300), (1, "c", 200)))  # no y
    outcome = write(tmp_path, *paths)
    imported_again(tmp_path, outcome)
    assert not outcome.dataset["alignments3D/shift"][ROWS:].any()


def test_files_of_one_optics_group_each_whose_rows_do_not_name_it(tmp_path: Path, two: Any) -> None:
    paths, tables = two
    for path, table, voltage in zip(paths, tables, (300, 200)):
        rows = {label: values for label, values in table.items() if label != "rlnOpticsGroup"}
        write_star(path, rows, groups((1, "a", voltage)))
    outcome = write(tmp_path, *paths)
    assert outcome.dataset["ctf/accel_kv"].tolist() == [300] * ROWS + [200] * ROWS
    imported_again(tmp_path, outcome)


def test_aberrations_that_one_optics_table_has(tmp_path: Path, two: Any) -> None:
    paths, tables = two
    write_star(paths[1], tables[1], groups((7, "b", 300), (1, "c", 200)) | {"rlnBeamTiltX": [0.2] * 2})
    outcome = write(tmp_path, *paths)
    imported_again(tmp_path, outcome)
    optics = starfile.read(outcome.output / "particles.star")["optics"]
    tilts = sorted(zip(optics["rlnOpticsGroupName"], optics["rlnBeamTiltX"]))
    assert tilts == [("b", 0.0), ("b", 0.2), ("c", 0.2), ("grid A", 0.0)]


def test_files_that_no_single_table_can_hold(tmp_path: Path, two: Any) -> None:
    """RELION 3.0 has the microscope's values in the rows: the dataset is right, and the report says what is missing."""
    paths, tables = two
    old = {label: values for label, values in tables[1].items() if label != "rlnOpticsGroup"}
    old |= {"rlnVoltage": [300] * ROWS, "rlnSphericalAberration": [2.7] * ROWS, "rlnAmplitudeContrast": [0.1] * ROWS}
    write_star(paths[1], old | {"rlnDetectorPixelSize": [5] * ROWS, "rlnMagnification": [50000] * ROWS}, None)
    outcome = write(tmp_path, *paths)
    assert outcome.status == 0
    np.testing.assert_allclose(outcome.dataset["blob/psize_A"], [1.5] * ROWS + [1.0] * ROWS, rtol=1e-6)
    assert not (outcome.output / "particles.star").exists()
    told = outcome.problem("columns-not-imported")
    assert told["severity"] == "info" and "particles.star with the rows of all files is not written" in told["message"]
    assert "rlnVoltage" in told["message"]


@pytest.mark.parametrize(("flags", "size_A"), [((), 1.5), (("--pixel-size", "1.45"), 1.45)])
def test_shifts_in_pixels_of_a_file_without_a_pixel_size(tmp_path: Path, flags: tuple[str, ...], size_A: float) -> None:
    """They stay as they are, whatever the pixel size turns out to be; the other file's are divided by its own."""
    write_input(tmp_path)
    in_pixels = particle_columns() | {"rlnOriginX": [2.0] * 6, "rlnOriginY": [-1.0] * 6, "rlnVoltage": [300] * 6}
    in_pixels |= {"rlnSphericalAberration": [2.7] * 6, "rlnAmplitudeContrast": [0.1] * 6, "rlnAnglePsi": [3.0] * 6}
    left = ("rlnOriginXAngst", "rlnOriginYAngst", "rlnOpticsGroup")
    write_star(tmp_path / "old.star", {k: v for k, v in in_pixels.items() if k not in left}, None)
    outcome = write(tmp_path, tmp_path / "run_data.star", tmp_path / "old.star", *flags)
    assert outcome.status == 0, outcome.codes
    shift = outcome.dataset["alignments3D/shift"]
    np.testing.assert_array_equal(shift[6:], [[2.0, -1.0]] * 6)
    np.testing.assert_allclose(shift[:6, 0], 0.3 * np.arange(6) / 1.5, rtol=1e-6)
    np.testing.assert_allclose(outcome.dataset["alignments3D/psize_A"], size_A, rtol=1e-6)


def test_wildcards_and_job_folders(tmp_path: Path, two: Any) -> None:
    paths, tables = two
    by_folder = write(tmp_path, *(path.parent for path in paths))
    assert [entry["path"] for entry in by_folder.report["inputs"]] == [str(path) for path in paths]
    assert by_folder.report["parameters"]["meta"] == [str(path.parent) for path in paths]
    by_wildcard = run(tmp_path, tmp_path / "*/job01?/*.star", "--check-poses", "off", output=tmp_path / "w")
    assert by_wildcard.report["inputs"] == by_folder.report["inputs"]
    np.testing.assert_array_equal(by_wildcard.dataset["ctf/df1_A"], by_folder.dataset["ctf/df1_A"])


def test_a_file_twice_is_wrong_usage(tmp_path: Path, two: Any, capsys: pytest.CaptureFixture[str]) -> None:
    paths, _ = two
    with pytest.raises(SystemExit) as stopped:
        main([str(paths[0]), str(paths[0].parent), "--headless", "--dry-run"])
    assert stopped.value.code == 2 and "is given twice" in capsys.readouterr().err


def test_a_wildcard_that_fits_nothing(tmp_path: Path) -> None:
    outcome = run(tmp_path, tmp_path / "no*.star")
    assert (outcome.status, outcome.codes) == (1, ["meta-not-found"]) and not outcome.output.exists()
    assert outcome.problem("meta-not-found")["message"] == f"no file fits the wildcard {tmp_path}/no*.star"


def test_a_file_that_changes_while_it_is_imported(tmp_path: Path, two: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where only the second one does."""
    paths, _ = two
    before = job._Writer._dataset

    def change(self: Any, links: list[str]) -> None:
        before(self, links)
        paths[1].write_text(paths[1].read_text() + "\n")

    monkeypatch.setattr(job._Writer, "_dataset", change)
    outcome = write(tmp_path, *paths)
    assert (outcome.status, outcome.codes.count("meta-unreadable")) == (1, 1)
    assert not outcome.output.exists()
