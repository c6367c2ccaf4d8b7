"""Damaged and hostile files give the refusals that are specified: no other exception, no hang, no large allocation.

`python -m tests.fuzz` tries many more of the same kind.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import signal
import struct
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import numpy as np
import pytest
from cryosparc.dataset import CSDAT_FORMAT, Dataset
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.lib import format as npy

from cryoimport_gui.core.dataset.cs_reader import DatasetError, read_columns

from ..fuzz.targets import TARGETS, Target, corpus_files
from ..fuzz.whole import ALL_TARGETS
from ..support.damage import DAMAGES, damaged
from ..support.stars import exposure_columns, loop, mrc_bytes, particle_columns, write_exposures

_ROOM_BYTES = 48 << 20
_LONGEST_S = 20
EXAMPLES = {"star": 120, "picks": 200, "mrc": 300, "exposures": 300, "settings": 300, "agree": 60, "import": 60}


class TooLong(BaseException):
    """Nobody catches it by mistake."""


@pytest.fixture(scope="module")
def targets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Target]:
    return {name: target(tmp_path_factory.mktemp(name)) for name, target in ALL_TARGETS.items()}


@pytest.fixture(autouse=True)
def no_hang() -> Iterator[None]:
    def too_long(*_: object) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, too_long)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def read(target: Target, data: bytes) -> str:
    signal.alarm(_LONGEST_S)
    code = target.read(data)
    signal.alarm(0)
    return code


@pytest.mark.parametrize("name", EXAMPLES)
def test_damaged_files_are_read_or_refused(targets: dict[str, Target], name: str) -> None:
    target, codes = targets[name], set()

    @settings(
        max_examples=EXAMPLES[name],
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.randoms(use_true_random=False))
    def try_one(rng: Random) -> None:
        codes.add(read(target, target.make(rng)))

    try_one()
    assert "ok" in codes
    assert name == "agree" or len(codes) > 1


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_every_damage_damages(damage: Callable) -> None:
    seeds = [loop("particles", particle_columns()).encode(), mrc_bytes(np.zeros((2, 8, 8)))]
    changed = [damage(Random(i), seed, seeds) != seed for i in range(20) for seed in seeds]
    assert sum(changed) >= 20
    for seed in (b"", b"\n", b"x"):
        damage(Random(1), seed, [seed])
    assert damaged(Random(3), seeds) == damaged(Random(3), seeds)


def npy_file(descr: object, shape: tuple[int, ...], data: bytes = b"") -> bytes:
    file = io.BytesIO()
    npy.write_array_header_1_0(file, {"descr": descr, "fortran_order": False, "shape": shape})
    return file.getvalue() + data


def npy_text(header: str) -> bytes:
    return b"\x93NUMPY\x02\x00" + struct.pack("<I", len(header)) + header.encode() + bytes(64)


def csdat_file(length: object, dtype: object, data: bytes = b"", packed: object = ()) -> bytes:
    header = {"length": length, "dtype": dtype, "compression": "lz4", "compressed_fields": packed}
    text = json.dumps(header).encode()
    return b"\x95CSDAT" + struct.pack("<I", len(text)) + text + data


def column(data: bytes) -> bytes:
    return struct.pack("<I", len(data)) + data


UID, PATH = ["uid", "<u8"], ["micrograph_blob/path", "|O"]
UIDS = column(np.arange(2, dtype="<u8").tobytes())
NEST = 100_000
HEAD = b"data_particles\nloop_\n_rlnImageName #1\n_rlnDefocusU #2\n"
MANY_ALIASES = "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 40))
MANY_MERGES = "a0: &a0 {x: 1}\n" + "".join(
    f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 9)}]}}\n" for i in range(1, 40)
)
CSG = "results: {{micrograph_blob: {{metafile: {}}}}}\n"

BOMBS: dict[str, list[bytes]] = {
    "mrc": [
        mrc_bytes(np.zeros((1, 8, 8)), nz=2**31 - 1),
        mrc_bytes(np.zeros((1, 8, 8)), nx=65536, ny=65536),
        mrc_bytes(np.zeros((1, 8, 8)), nx=2**31 - 1, ny=2**31 - 1, nz=2**31 - 1),
        mrc_bytes(np.zeros((1, 8, 8)))[:92] + struct.pack("<i", 2**31 - 1) + mrc_bytes(np.zeros((1, 8, 8)))[96:],
    ],
    "exposures": [
        npy_file([("uid", "<u8")], (10**12,)),
        npy_file([("uid", "<u8")], (2**63,)),
        npy_file([("uid", "<u8")], (-1,)),
        npy_file([("uid", "<u8"), ("ctf/x", "<f4", (10**9,))], (1,)),
        npy_file([("uid", "<u8"), ("ctf/x", "<f4", (0,))], (10**12,)),
        npy_file([("uid", "S0")], (10**12,)),
        npy_file("<u8", (10**12,)),
        b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + bytes(100),
        npy_text("{'descr': " + "[" * NEST),
        npy_text("{'descr': " + "[" * 20_000),
        npy_text("{'descr': " + "(" * 150 + ")" * 150 + "}"),
        npy_text("{'shape': (" + "1+" * 30_000 + "1,)}"),
        npy_text("{'shape': (" + "-" * 60_000 + "1,)}"),
        npy_text("{'shape': (" + "9" * 60_000 + ",)}"),
        b"\x95CSDAT\xff\xff\xff\xff{}",
        csdat_file(10**12, [UID], UIDS),
        csdat_file(-1, [UID], UIDS),
        csdat_file(2.5, [UID], UIDS),
        csdat_file(2, [UID], b"\xff\xff\xff\xff"),
        csdat_file(10**9, [UID], UIDS, packed=["uid"]),
        csdat_file(2, [UID, ["ctf/x", "<f4", [65535, 65535, 65535]]], UIDS + column(b"x"), packed=["ctf/x"]),
        csdat_file(2, [UID, ["ctf/x", "<f4", [10**30]]], UIDS + column(b"x"), packed=["ctf/x"]),
        csdat_file(2, [UID, ["ctf/x", "<f4"]], UIDS + column(b"\xff" * 40), packed=["ctf/x"]),
        csdat_file(2, [UID, ["ctf/x", "O" * 1000]], UIDS + column(b"x")),
        csdat_file(2, [UID, PATH], UIDS + column(np.array([0, 2**63], "<u8").tobytes()) + b"\0a\0"),
        csdat_file(2, [UID, PATH], UIDS + column(np.array([0, 2], "<u8").tobytes()) + b"\0abc\0"),
        csdat_file(2, [UID, PATH], UIDS + column(np.array([0, 1], "<u8").tobytes()) + b"\0endless"),
        csdat_file(2, [UID, PATH], UIDS + column(np.array([0, 1], "<u8").tobytes()) + b"\0\xff\xfe\0"),
        csdat_file(2, [[UID, UID], 5, "x"], UIDS),
        b"\x95CSDAT" + struct.pack("<I", NEST) + b"[" * NEST,
        (MANY_ALIASES + CSG.format("*a39")).encode(),
        (MANY_MERGES + CSG.format("*a39")).encode(),
        CSG.format("[" * 1000).encode(),
        CSG.format("!!python/object/apply:os.system [exit]").encode(),
        CSG.format("2024-99-99").encode(),
        b"results: &a {x: *a}",
        b"&a [*a]",
        b"a: 1\n" * 100_000,
    ],
    "settings": [
        b"[" * NEST,
        b'{"a": ' * NEST,
        b'{"pixel_size": ' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"pixel_size": {"1": ' + b"[" * 900 + b"]" * 900 + b"}}",
        b'{"coordinate_scale": ' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"voltage": ' + b"9" * NEST + b"}",
        b'{"voltage": "' + b"9" * NEST + b'"}',
        b'{"voltage": "' + b"9" * 5000 + b'=300"}',
        b'{"voltage": "99999999999999=300"}',
        b'{"voltage": null}',
        b'{"voltage": [null, {}]}',
        b'{"exposure_cut_prefix": 1e400}',
        b'{"meta": "\\ud800"}',
        b'{"meta": "a\\u0000b"}',
        b'{"meta": "' + b"x" * NEST + b'", "data_sign": "' + b"y" * NEST + b'"}',
        b"\xff\xfe{}",
    ],
    "star": [
        HEAD + b"1@a.mrcs " * 200_000 + b"\n",
        HEAD + b"1@a.mrcs " + b"1" * 3_000_000 + b"\n",
        HEAD + b"'1@a' \"1\"\n" * 5_000 + b"'" * 5_000,
        HEAD + b"' " * 20_000 + b"\n",
        b"data_particles\nloop_\n" + b"".join(b"_a%d\n" % i for i in range(100_000)),
        b"data_particles\n" + b"".join(b"_a%d 1\n" % i for i in range(100_000)),
        b"data_x\nloop_\n_a\n1\n" * 400,
        b"data_x\n_rlnVoltage 300\n" * 400,
        b"data_x\n" * 4_000 + b"\n" * 4_000,
        HEAD + b"1@a 1\n" * 5_000 + b"1@" + b"b" * 500 + b" " + b"1" * 60 + b"\n",
    ],
}  # fmt: skip


@pytest.mark.parametrize(("name", "number"), [(name, i) for name, bombs in BOMBS.items() for i in range(len(bombs))])
def test_what_a_header_promises_is_not_believed(targets: dict[str, Target], name: str, number: int) -> None:
    """Python and NumPy allocate no more than some times the file, whatever numbers stand in it."""
    data = BOMBS[name][number]
    tracemalloc.start()
    try:
        code = read(targets[name], data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < _ROOM_BYTES + 20 * len(data)
    assert code != "ok" or data == BOMBS["star"][-1]  # long names and numbers are no fault


@pytest.mark.parametrize("file_format", ["npy", "csdat"])
def test_columns_are_those_of_cryosparcs_own_reader(tmp_path: Path, file_format: str) -> None:
    made = write_exposures(tmp_path / "many.cs", exposure_columns(60_000)).read_bytes()
    assert len(made) > 4 << 20, "read in more than one stretch"
    for number, data in enumerate([*corpus_files(".cs"), made]):
        path = tmp_path / f"{number}.cs"
        path.write_bytes(data)
        theirs = Dataset.load(path)
        if file_format == "csdat":
            theirs.save(path, format=CSDAT_FORMAT)
        ours = read_columns(path, theirs.prefixes())
        assert set(ours) == set(theirs.fields())
        for name, values in ours.items():
            np.testing.assert_array_equal(values, np.array(theirs[name]))
            assert values.dtype == theirs[name].dtype


class Payload:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.path),)


def test_nothing_is_ever_unpickled(tmp_path: Path) -> None:
    proof = tmp_path / "unpickled"
    plain = pickle.dumps(np.array([Payload(proof)], object))
    with (tmp_path / "object.cs").open("wb") as file:
        np.save(file, np.array([Payload(proof)], object), allow_pickle=True)
    (tmp_path / "field.cs").write_bytes(npy_file([("uid", "<u8"), PATH], (1,), bytes(8) + plain))
    (tmp_path / "plain.cs").write_bytes(plain)
    for name in ("object", "field", "plain"):
        with pytest.raises(DatasetError):
            read_columns(tmp_path / f"{name}.cs", ["micrograph_blob"])
    assert not proof.exists()
    pickle.loads(plain)
    assert proof.exists(), "the payload would have worked"


def test_exposure_columns_of_other_kinds_are_refused(targets: dict[str, Target], tmp_path: Path) -> None:
    good = exposure_columns()
    for name, values in {
        "micrograph_blob/path": np.array([b"a\0b", b"c"]),
        "micrograph_blob/shape": np.full((2, 2), 100.5),
        "micrograph_blob/psize_A": np.full(2, 1, "u4"),
        "mscope_params/accel_kv": np.full((2, 2), 300, "f4"),
        "mscope_params/exp_group_id": np.full(2, np.nan),
        "uid": np.full(2, 7, "u8"),
    }.items():
        data = write_exposures(tmp_path / "bad.cs", good | {name: values}).read_bytes()
        assert targets["exposures"].read(data) == "exposures-unreadable"
    odd = np.array([np.inf, -1.0])
    data = write_exposures(tmp_path / "odd.cs", good | {"micrograph_blob/psize_A": odd}).read_bytes()
    assert targets["exposures"].read(data) == "ok"


def test_all_targets_are_fuzzed() -> None:
    assert set(EXAMPLES) == set(ALL_TARGETS) and set(BOMBS) == set(TARGETS) - {"picks"}  # their text promises nothing
