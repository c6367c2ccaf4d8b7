from __future__ import annotations

import datetime
import io
from dataclasses import fields

import numpy as np
import pytest
import yaml
from cryosparc.dataset import Dataset
from scipy.spatial.transform import Rotation

from cryoimport_gui.core.dataset.schema import SCHEMA, UNLISTED, DatasetRows, Places, Written, dataset_dtype, fields_of
from cryoimport_gui.core.dataset.writer import result_group, write_dataset
from cryoimport_gui.core.particles import OpticsGroup, Particles
from cryoimport_gui.core.problems import Refused
from cryoimport_gui.core.progress import Cancelled, Progress

SLOTS = tuple(SCHEMA)
LENGTHS = {"blob/path": 12, "ctf/type": 8, "location/micrograph_path": 5}

#: every field of every slot with its type, in the order in which it is written
FIELDS = {
    "blob": "path S, idx u4, shape u4 2, psize_A f4, sign f4, import_sig u8",
    "ctf": "type S, exp_group_id u4, accel_kv f4, cs_mm f4, amp_contrast f4, df1_A f4, df2_A f4, df_angle_rad f4,"
    " phase_shift_rad f4, scale f4, scale_const f4, shift_A f4 2, tilt_A f4 2, trefoil_A f4 2, tetra_A f4 4,"
    " anisomag f4 4, bfactor f4",
    "alignments2D": "split u4, shift f4 2, pose f4, {rest}",
    "alignments3D": "split u4, shift f4 2, pose f4 3, {rest}",
    "location": "micrograph_uid u8, exp_group_id u4, micrograph_path S, micrograph_shape u4 2,"
    " micrograph_psize_A f4, center_x_frac f4, center_y_frac f4, min_dist_A f4",
    "mscope_params": "accel_kv f4, cs_mm f4, total_dose_e_per_A2 f4, phase_plate u4, neg_stain u4, exp_group_id u4",
}
REST = (
    "psize_A f4, error f4, error_min f4, resid_pow f4, slice_pow f4, image_pow f4, cross_cor f4, alpha f4,"
    " alpha_min f4, weight f4, pose_ess f4, shift_ess f4, class_posterior f4, class u4, class_ess f4"
)


def made(n: int) -> DatasetRows:
    """Rows whose values count up, so that each can be said from the others."""
    count = np.arange(n)
    particles = Particles(
        source="x.star",
        dialect="RELION 3.1 or 4",
        stack_names=["a"],
        stack_index=np.zeros(n, np.int32),
        image_number=count + 1,
        optics_groups=[OpticsGroup(1, "one")],
        optics_index=np.zeros(n, np.int32),
        has_optics=True,
        coordinates_px=np.stack([count, 2.0 * count], axis=1),
        defocus_u_A=100.0 * count,
        psi_deg=1.0 * count,
    )
    groups = {"id": np.array([4], np.uint32)}
    names = ("pixel_size_A", "file_pixel_size_A", "voltage_kV", "cs_mm", "amplitude_contrast", "total_dose_e_per_A2")
    groups |= {name: np.array([float(i)]) for i, name in enumerate(names, 1)}
    groups["shift_scale"] = np.array([1.0])
    written = Written(
        groups=groups,
        stacks={"path": np.array([b">imported/a"]), "import_sig": np.array([2**64 - 1], np.uint64)},
        exposures={
            "uid": np.array([2**63 + 1], np.uint64),
            "path": np.array([b"m.mrc"]),
            "shape": np.array([[50, 100]], np.uint32),
            "pixel_size_A": np.array([0.5], np.float32),
        },
        data_sign=-1.0,
        box=64,
    )
    zeros = np.zeros(n, np.int64)
    places = Places(np.full(n, 0.5), *np.zeros((3, n), bool))
    return DatasetRows(particles, count.astype(np.uint64) + 1, zeros.astype(np.int32), zeros, zeros, places, written)


def stretch(rows: DatasetRows, first: int, last: int) -> DatasetRows:
    some = slice(first, last)
    arrays = (rows.uid[some], rows.group[some], rows.stack[some], rows.exposure[some])
    places = Places(*(getattr(rows.places, field.name)[some] for field in fields(Places)))
    return DatasetRows(rows.particles.stretch(first, last), *arrays, places, rows.written)


def write(rows: DatasetRows, slots: tuple[str, ...] = SLOTS, progress: Progress | None = None) -> io.BytesIO:
    file = io.BytesIO()
    write_dataset(
        file, len(rows.uid), fields_of(slots), LENGTHS, lambda a, b: stretch(rows, a, b), progress or Progress()
    )
    file.seek(0)
    return file


def test_the_schema_is_the_published_one() -> None:
    for slot, text in FIELDS.items():
        expected = [entry.split() for entry in text.format(rest=REST).split(", ")]
        found = [(field.name, field.dtype, *field.shape) for field in SCHEMA[slot]]
        assert found == [(f"{slot}/{name}", dtype, *map(int, shape)) for name, dtype, *shape in expected]
    assert set(SCHEMA) == set(FIELDS)
    assert all(field.origin for fields in SCHEMA.values() for field in fields)


def test_types_of_a_row() -> None:
    dtype = dataset_dtype(fields_of(("blob", "ctf")), LENGTHS)
    assert dtype.names is not None and dtype.names[:3] == ("uid", "blob/path", "blob/idx")
    assert (dtype["uid"].str, dtype["blob/path"].str, dtype["blob/shape"].shape) == ("<u8", "|S12", (2,))
    assert dtype.itemsize == 8 + (12 + 4 + 8 + 4 + 4 + 8) + (8 + 4 + 10 * 4 + 3 * 8 + 2 * 16)
    assert not dtype.hasobject


def test_no_number_is_written_that_is_none() -> None:
    rows = made(10)
    assert rows.particles.defocus_u_A is not None
    rows.particles.defocus_u_A[7] = np.nan
    with pytest.raises(Refused, match="ctf/df1_A"):
        write(rows)


@pytest.mark.parametrize("n", [0, 1, 10, 25])
@pytest.mark.parametrize("slots", [SLOTS, ("blob",), ("ctf", "location"), ()])
def test_whatever_the_stretches_the_file_is_the_same(
    monkeypatch: pytest.MonkeyPatch, n: int, slots: tuple[str, ...]
) -> None:
    rows = made(n)
    whole = write(rows, slots).read()
    monkeypatch.setattr("cryoimport_gui.core.dataset.writer.CHUNK_ROWS", 10)
    assert write(rows, slots).read() == whole
    assert whole.startswith(b"\x93NUMPY\x01\x00")
    table = np.load(io.BytesIO(whole))
    assert len(table) == n
    assert {name.split("/")[0] for name in table.dtype.names} == {"uid", *slots}
    assert len(Dataset.load(io.BytesIO(whole))) == n


def test_values() -> None:
    table = np.load(write(made(4)))
    assert table["uid"].tolist() == [1, 2, 3, 4]
    assert table["blob/idx"].tolist() == [0, 1, 2, 3]
    assert set(table["blob/path"]) == {b">imported/a"} and set(table["blob/import_sig"]) == {2**64 - 1}
    assert table["blob/shape"].tolist() == [[64, 64]] * 4 and set(table["blob/sign"]) == {-1}
    assert table["ctf/df1_A"].tolist() == [0, 100, 200, 300]
    assert set(table["ctf/type"]) == {b"imported"} and set(table["ctf/exp_group_id"]) == {4}
    assert (table["ctf/accel_kv"][0], table["ctf/cs_mm"][0], table["ctf/amp_contrast"][0]) == (3, 4, 5)
    assert table["location/micrograph_uid"][0] == 2**63 + 1
    assert table["location/center_x_frac"].tolist() == pytest.approx([0, 0.005, 0.01, 0.015])
    assert table["location/center_y_frac"].tolist() == pytest.approx([0, 0.02, 0.04, 0.06])
    assert table["mscope_params/total_dose_e_per_A2"][0] == 6
    assert table["alignments2D/pose"].tolist() == pytest.approx(np.radians(np.arange(4)).tolist())
    assert table["alignments3D/pose"].tolist() == [pytest.approx([0, 0, angle]) for angle in np.radians(np.arange(4))]
    assert set(table["alignments3D/split"]) == {0} and set(table["alignments3D/class"]) == {0}


def test_each_row_has_its_own_place_and_mirror() -> None:
    """y kept, counted from the other end of the same picture, and on the mirrored picture with its metadata."""
    rows = made(4)
    rows.particles.defocus_angle_deg = 10.0 * np.arange(4)
    flags = ([0, 1, 1, 0], [0, 0, 1, 1], [0, 0, 1, 0])
    rows.places = Places(np.array([1, 1, 0.5, 1]), *np.array(flags, bool))
    table = np.load(write(rows))
    assert table["location/center_x_frac"].tolist() == pytest.approx([0, 0.01, 0.01, 0.03])
    assert table["location/center_y_frac"].tolist() == pytest.approx([0, 1 - 2 / 50, (50 - 1 - 2) / 50, 6 / 50])
    sign = np.array([1, 1, -1, 1])
    for name, degrees in (("ctf/df_angle_rad", 10), ("alignments2D/pose", 1)):
        np.testing.assert_allclose(table[name], sign * np.radians(degrees * np.arange(4)), atol=1e-7)
    turned = Rotation.from_rotvec(table["alignments3D/pose"].astype(float)).as_matrix()
    as_is = Rotation.from_rotvec([[0, 0, angle] for angle in np.radians(np.arange(4))]).as_matrix()
    np.testing.assert_allclose(turned[[0, 1, 3]], as_is[[0, 1, 3]], atol=1e-6)
    np.testing.assert_allclose(turned[2], as_is[2] @ np.diag([1, -1, -1]), atol=1e-6)


def test_rows_without_an_exposure() -> None:
    rows = made(3)
    rows.exposure = np.array([0, -1, 0])
    table = np.load(write(rows))
    assert table["location/micrograph_uid"].tolist() == [2**63 + 1, 0, 2**63 + 1]
    assert table["location/micrograph_path"].tolist() == [b"m.mrc", b"", b"m.mrc"]
    assert table["location/micrograph_shape"].tolist() == [[50, 100], [0, 0], [50, 100]]
    assert table["location/center_x_frac"].tolist() == pytest.approx([0, 0, 0.01])


@pytest.mark.parametrize("has_optics", [True, False])
@pytest.mark.parametrize("group_of_exposure", [True, False])
def test_the_exposure_group(has_optics: bool, group_of_exposure: bool) -> None:
    rows = made(2)
    rows.particles.has_optics = has_optics
    rows.exposure = np.array([0, -1])
    if group_of_exposure:
        rows.written.exposures["exp_group_id"] = np.array([9], np.uint32)
    expected = [4, 4] if has_optics else [9, 1] if group_of_exposure else [1, 1]
    assert np.load(write(rows))["ctf/exp_group_id"].tolist() == expected


def test_progress_and_cancelling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cryoimport_gui.core.dataset.writer.CHUNK_ROWS", 10)
    seen: list[tuple[int, int]] = []

    class Watch(Progress):
        def report(self, done: int, total: int) -> None:
            seen.append((done, total))

    write(made(25), progress=Watch())
    assert seen == [(0, 25), (10, 25), (20, 25), (25, 25)]
    with pytest.raises(Cancelled):
        write(made(25), progress=Progress(lambda: True))


def test_result_group() -> None:
    text = result_group("imported_particles.cs", 456024, ("blob", "ctf", "mscope_params"), "it's: a “test” # Å")
    content = yaml.safe_load(text)
    assert isinstance(content["created"], datetime.datetime)
    assert content["group"] == {
        "description": "it's: a “test” # Å",
        "name": "imported_particles",
        "title": "Imported particles",
        "type": "particle",
    }
    assert content["results"] == {
        slot: {"metafile": ">imported_particles.cs", "num_items": 456024, "type": f"particle.{slot}"}
        for slot in ("blob", "ctf")
    }
    assert content["version"] == "v4.4.1"
    assert UNLISTED == ("mscope_params",)
    assert list(content) == ["created", "group", "results", "version"]


@pytest.mark.parametrize("slot", ["alignments2D", "alignments3D"])
def test_what_an_import_cannot_know_of_a_pose_is_0_and_its_weights_are_1(slot: str) -> None:
    """As in a real import: EMPIAR-11377 has alpha_min and class_ess 0."""
    constants = {field.name.split("/")[1]: field.value for field in SCHEMA[slot] if not callable(field.value)}
    assert (constants["alpha_min"], constants["class_ess"]) == (0, 0)
    assert {name for name, value in constants.items() if value == 1} == {"alpha", "weight", "class_posterior"}
