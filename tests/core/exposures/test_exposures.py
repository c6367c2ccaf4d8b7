from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cryosparc.dataset import CSDAT_FORMAT, NUMPY_FORMAT, Dataset

from cryoimport_gui.core.exposures.exposures import Exposures, load_exposures
from cryoimport_gui.core.parameters import ImportParameters
from cryoimport_gui.core.plan.planner import plan_import
from cryoimport_gui.core.problems import Refused

from ...support.stars import exposure_columns, mrc_bytes, write_exposures, write_input


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "CS-test/J2").mkdir(parents=True)
    return tmp_path / "CS-test"


def refusal(path: Path) -> str:
    with pytest.raises(Refused) as refused:
        load_exposures(str(path))
    assert refused.value.problem.code == "exposures-unreadable"
    return str(refused.value)


def check(exposures: Exposures, root: Path) -> None:
    """Everything that `exposure_columns()` plants, with paths below `root`."""
    names = [f"J1/imported/{k:021d}_m{k}.mrc" for k in (1, 2)]
    assert len(exposures) == 2
    assert exposures.uid.tolist() == [11, 12] and exposures.uid.dtype == np.uint64
    assert exposures.paths == names
    assert exposures.files == [str(root / name) for name in names]
    assert exposures.shape.tolist() == [[100, 200]] * 2
    assert exposures.pixel_size_A.tolist() == [1.5, 1.5]
    assert exposures.exp_group_id is not None and exposures.exp_group_id.tolist() == [7, 7]
    assert {name: values.tolist() for name, values in exposures.microscope.items()} == {
        "voltage_kV": [200, 200],
        "cs_mm": [np.float32(1.4)] * 2,
        "total_dose_e_per_A2": [42, 42],
        "phase_plate": [1, 1],
        "neg_stain": [0, 0],
    }


@pytest.mark.parametrize("file_format", [NUMPY_FORMAT, CSDAT_FORMAT])
@pytest.mark.parametrize("blob", ["micrograph_blob", "micrograph_blob_non_dw", "movie_blob"])
def test_both_formats_and_all_blobs(project: Path, file_format: int, blob: str) -> None:
    path = project / "J2/exposures.cs"
    Dataset.load(write_exposures(path, exposure_columns(blob=blob))).save(path, format=file_format)
    exposures = load_exposures(str(path))
    check(exposures, project)
    assert exposures.are_movies == (blob == "movie_blob")


def test_micrographs_win_over_movies(project: Path) -> None:
    columns = exposure_columns(blob="movie_blob") | exposure_columns()
    columns["movie_blob/path"] = np.array([b"other/a.tif", b"other/b.tif"])
    columns["movie_blob/psize_A"] = np.full(2, 0.75, "f4")
    exposures = load_exposures(str(write_exposures(project / "J2/exposures.cs", columns)))
    check(exposures, project)
    assert not exposures.are_movies


def test_what_the_dataset_does_not_say(project: Path) -> None:
    columns = {n: c for n, c in exposure_columns().items() if not n.startswith("mscope_params")}
    exposures = load_exposures(str(write_exposures(project / "J2/exposures.cs", columns)))
    assert exposures.exp_group_id is None and exposures.microscope == {}


def test_values_of_ctf_estimation(project: Path) -> None:
    columns = {n: c for n, c in exposure_columns().items() if not n.startswith("mscope_params")}
    columns |= {
        "ctf/exp_group_id": np.array([3, 4], "u4"),
        "ctf/accel_kv": np.full(2, 300, "f4"),
        "ctf/cs_mm": np.full(2, 2.7, "f4"),
        "ctf/amp_contrast": np.full(2, 0.1, "f4"),
    }
    exposures = load_exposures(str(write_exposures(project / "J2/exposures.cs", columns)))
    assert exposures.exp_group_id is not None and exposures.exp_group_id.tolist() == [3, 4]
    assert {name: float(values[0]) for name, values in exposures.microscope.items()} == pytest.approx(
        {"voltage_kV": 300, "cs_mm": 2.7, "amplitude_contrast": 0.1}
    )


def csg(**metafiles: str) -> str:
    results = "".join(f"  {slot}:\n    metafile: '{name}'\n    num_items: 2\n" for slot, name in metafiles.items())
    return f"group:\n  type: exposure\nresults:\n{results}version: v4.4.1\n"


def test_a_result_group_with_a_dataset_beside_it(project: Path) -> None:
    write_exposures(project / "J2/exposures.cs")
    path = project / "J2/exposures.csg"
    path.write_text(csg(micrograph_blob=">exposures.cs", mscope_params=">exposures.cs"))
    check(load_exposures(str(path)), project)


def test_slots_in_several_datasets_are_joined_by_uid(project: Path) -> None:
    columns = exposure_columns()
    blobs = {n: c for n, c in columns.items() if not n.startswith("mscope")}
    scopes = {n: c[::-1] for n, c in columns.items() if n == "uid" or n.startswith("mscope")}
    scopes["mscope_params/exp_group_id"] = np.array([2, 1], "u4")
    more = {n: np.concatenate([c, c[:1]]) for n, c in scopes.items()}
    more["uid"][-1] = 99
    write_exposures(project / "J2/blobs.cs", blobs)
    write_exposures(project / "J3/scopes.cs", more)
    path = project / "J2/exposures.csg"
    path.write_text(csg(micrograph_blob=">blobs.cs", mscope_params="J3/scopes.cs", unknown_slot="J9/nowhere.cs"))
    exposures = load_exposures(str(path))
    assert exposures.uid.tolist() == [11, 12]
    assert exposures.exp_group_id is not None and exposures.exp_group_id.tolist() == [1, 2]
    assert exposures.paths[0].endswith("m1.mrc")


def test_paths_count_from_the_project_or_from_beside_the_dataset(project: Path, tmp_path: Path) -> None:
    path = write_exposures(project / "J2/exposures.cs")
    check(load_exposures(str(path), str(tmp_path / "other")), tmp_path / "other")
    columns = exposure_columns()
    columns["micrograph_blob/path"] = np.array([b">imported/a.mrc", b"/data/b.mrc"])
    exposures = load_exposures(str(write_exposures(path, columns)))
    assert exposures.files == [str(project / "J2/imported/a.mrc"), "/data/b.mrc"]
    assert exposures.paths == [">imported/a.mrc", "/data/b.mrc"]


def test_non_ascii_paths(project: Path) -> None:
    columns = exposure_columns()
    columns["micrograph_blob/path"] = np.array(["J1/粒子 1.mrc".encode(), b"J1/it's#2.mrc"])
    exposures = load_exposures(str(write_exposures(project / "J2/exposures.cs", columns)))
    assert exposures.paths == ["J1/粒子 1.mrc", "J1/it's#2.mrc"]


GOOD = exposure_columns()


@pytest.mark.parametrize(
    "columns",
    [
        {n: c for n, c in GOOD.items() if not n.startswith("micrograph_blob")},
        {n: c for n, c in GOOD.items() if n != "micrograph_blob/shape"},
        {n: c for n, c in GOOD.items() if n != "micrograph_blob/psize_A"},
        GOOD | {"micrograph_blob/shape": np.full(2, 100, "u4")},
        GOOD | {"micrograph_blob/shape": np.full((2, 4), 100, "u4")},
        GOOD | {"micrograph_blob/path": np.array([b"J1/\xff\xfe.mrc", b"J1/b.mrc"])},
        GOOD | {"micrograph_blob/psize_A": np.array([b"a", b"b"])},
    ],
)
def test_datasets_that_are_not_exposures(project: Path, columns: dict) -> None:
    assert "exposures.cs" in refusal(write_exposures(project / "J2/exposures.cs", columns))


@pytest.mark.parametrize("cut", [0, 3, 6, 9, 60, 200, 900])
@pytest.mark.parametrize("file_format", [NUMPY_FORMAT, CSDAT_FORMAT])
def test_a_dataset_that_was_cut_short(project: Path, cut: int, file_format: int) -> None:
    path = project / "J2/exposures.cs"
    Dataset.load(write_exposures(path, exposure_columns(50))).save(path, format=file_format)
    path.write_bytes(path.read_bytes()[:cut])
    refusal(path)


@pytest.mark.parametrize(
    "content", [b"data_\nloop_\n_rlnMicrographName\na.mrc\n", bytes(3000), b"\x93NUMPY" + bytes(100), b"\xff" * 500]
)
@pytest.mark.parametrize("suffix", [".cs", ".csg"])
def test_what_is_no_dataset(project: Path, content: bytes, suffix: str) -> None:
    path = project / f"J2/exposures{suffix}"
    path.write_bytes(content)
    refusal(path)


def test_a_plain_array_and_pickled_objects_are_refused(project: Path) -> None:
    path = project / "J2/exposures.cs"
    for array in (np.arange(5), np.array([{"a": 1}, None], dtype=object), np.float32(3)):
        with path.open("wb") as file:
            np.save(file, array)
        refusal(path)


@pytest.mark.parametrize(
    "text",
    ["", "results:\n", "results: 5\n", "a: [1,\n", "results: {}\n", "results: {micrograph_blob: 3}\n",
     "results: {micrograph_blob: {num_items: 3}}\n", csg(micrograph_blob=">nowhere.cs"),
     csg(micrograph_blob="J7/nowhere.cs"), csg(micrograph_blob="../../J7")],
)  # fmt: skip
def test_bad_result_groups(project: Path, text: str) -> None:
    path = project / "J2/exposures.csg"
    path.write_text(text)
    refusal(path)


def test_what_is_no_file(project: Path) -> None:
    for name in ("J2", "J2/nowhere.cs", "J2/nowhere.csg"):
        refusal(project / name)


def test_a_dataset_without_rows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "exposures.cs"
    fields = [
        ("uid", "u8"),
        ("micrograph_blob/path", "S10"),
        ("micrograph_blob/shape", "u4", (2,)),
        ("micrograph_blob/psize_A", "f4"),
    ]
    with open(path, "wb") as file:
        np.save(file, np.zeros(0, fields))
    with pytest.raises(Refused) as refused:
        load_exposures(str(path))
    assert refused.value.problem.code == "exposures-unreadable" and "no exposures" in refused.value.problem.message


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"\n# version 30001\n\ndata_optics\n\nloop_\n_rlnOpticsGroup #1\n1\n", "a STAR file"),
        (b"data_\r\nloop_\r\n_rlnMicrographName\r\na.mrc\r\n", "a STAR file"),
        (b"created: 2024\nresults:\n  x: {}\n", "a result group, whose name must end in .csg"),
        ("größe,name\n1,a\n".encode(), "a text file"),
        (b"", "an empty file"),
        (mrc_bytes(np.zeros((1, 8, 8), "f4")), "an MRC file"),
        (b"\x1f\x8b\x08\0\0\0\0\0", "a compressed file (gzip)"),
        (bytes(range(256)), "a file of another kind"),
        (b"a\0b\n", "a file of another kind"),
    ],
)
def test_what_a_file_is_instead_is_reported_in_words(project: Path, content: bytes, what: str) -> None:
    path = project / "J2/exposures.cs"
    path.write_bytes(content)
    assert refusal(path) == f"{path}: not a CryoSPARC dataset but {what}"


@pytest.mark.parametrize("file_format", [NUMPY_FORMAT, CSDAT_FORMAT])
def test_particles_given_as_exposures_are_called_so(project: Path, file_format: int) -> None:
    columns = {
        "uid": np.array([1, 2], "u8"),
        "blob/path": np.array([b"a.mrcs", b"b.mrcs"]),
        "ctf/accel_kv": np.ones(2, "f4"),
        "alignments3D/pose": np.zeros((2, 3), "f4"),
        "location/micrograph_uid": np.array([1, 2], "u8"),
    }
    path = write_exposures(project / "J2/particles.cs", columns)
    Dataset.load(path).save(path, format=file_format)
    printed = "holds neither micrographs nor movies but particles (it has alignments3D, blob, ctf, location)"
    assert refusal(path) == f"{path} {printed}"
    group = project / "J2/particles.csg"
    group.write_text("results:\n  ctf: {metafile: '>particles.cs'}\n  blob: {metafile: '>particles.cs'}\n")
    assert refusal(group) == f"{group} {printed}"


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("micrograph_blob/shape", [0, 0], "0 × 0 pixels"),
        ("micrograph_blob/shape", [100, 0], "0 × 100 pixels"),
        ("micrograph_blob/psize_A", 1e-30, "1e-30 Å"),
        ("micrograph_blob/psize_A", 1e6, "1e+06 Å"),
        ("micrograph_blob/psize_A", 0.0, ""),  # not known, which is no harm
        ("micrograph_blob/psize_A", 0.4, ""),
    ],
)
@pytest.mark.parametrize("which", [0, 2])
def test_exposures_that_are_no_pictures(
    project: Path, tmp_path: Path, field: str, value: Any, words: str, which: int
) -> None:
    """Particles lie on the first two of three exposures; what the third is does not matter."""
    columns = exposure_columns(3)
    columns[field][which] = value
    exposures = write_exposures(project / "J2/exposures.cs", columns)
    meta = write_input(tmp_path / "in")
    plan = plan_import(ImportParameters(meta=str(meta), exposures=str(exposures), remove_leading_uid=True))
    found = [problem for problem in plan.errors if problem.code == "exposures-unreadable"]
    assert len(found) == (bool(words) and which == 0) and len(plan.errors) == len(found)
    assert all(words in problem.examples[0] and "m1.mrc" in problem.examples[0] for problem in found)
