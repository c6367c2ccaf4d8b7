"""The compressed format: every column as CryoSPARC's own library reads it, and refused where that refuses it."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from random import Random

import numpy as np
import pytest
from cryosparc.dataset import CSDAT_FORMAT, Dataset
from cryosparc.dataset.core import Stream
from numpy.typing import NDArray

from cryoimport_gui.core.dataset.cs_reader import DatasetError, column_names, read_columns

DTYPES = ("<f4", "<f8", "<i1", "<i2", "<i4", "<i8", "<u1", "<u2", "<u4", "<u8")
SHAPES: tuple[tuple[int, ...], ...] = ((), (2,), (3, 2))


def made_columns(rng: np.random.Generator, rows: int) -> dict[str, NDArray]:
    """One column for each type and shape, some that pack well and some that do not pack at all."""
    columns: dict[str, NDArray] = {}
    for dtype in DTYPES:
        for shape in SHAPES:
            full = (rows, *shape)
            noise = rng.bytes(int(np.prod(full)) * np.dtype(dtype).itemsize)
            flat = np.full(full, rng.integers(0, 100), dtype)
            regular = np.arange(flat.size).reshape(full).astype(dtype)
            kinds = (np.frombuffer(noise, dtype).reshape(full), flat, regular)
            columns[f"ctf/{dtype[1:]}_{len(shape)}"] = np.nan_to_num(kinds[rng.integers(3)])
    names = [f"J1/motioncorrected/{'µ' * (i % 3)}{i // 4:04d}.mrc" for i in range(rows)]
    return columns | {"ctf/path": np.array(names, object)}


@pytest.mark.parametrize("rows", [0, 1, 2, 100, 3000])
@pytest.mark.parametrize("seed", range(4))
def test_columns_are_those_of_cryosparcs_own_reader(tmp_path: Path, rows: int, seed: int) -> None:
    path = tmp_path / "made.cs"
    made = made_columns(np.random.default_rng(seed), rows)
    dataset = Dataset({"uid": np.arange(rows, dtype="u8"), **made})
    dataset.save(path, format=CSDAT_FORMAT)
    theirs, ours = Dataset.load(path), read_columns(path, ["ctf"])
    assert set(ours) == set(theirs.fields()) == {"uid", *made} == set(column_names(path))
    for name, values in made.items():
        np.testing.assert_array_equal(ours[name], values)
        np.testing.assert_array_equal(ours[name], np.array(theirs[name]))
        assert ours[name].dtype == theirs[name].dtype and ours[name].shape == values.shape


def one_packed_column(path: Path, rows: int, block: bytes) -> Path:
    """A file of `rows` rows with a plain `uid` and the packed column `ctf/x` of bytes."""
    header = {"length": rows, "dtype": [["uid", "<u8"], ["ctf/x", "|u1"]], "compressed_fields": ["ctf/x"]}
    columns = [np.arange(rows, dtype="<u8").tobytes(), block]
    parts = [b"\x95CSDAT", *(struct.pack("<I", len(part)) + part for part in (json.dumps(header).encode(), *columns))]
    path.write_bytes(b"".join(parts))
    return path


def damaged_block(rng: Random, block: bytes) -> bytes:
    out = bytearray(block)
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(out) + 1)
        match rng.randrange(4):
            case 0:
                del out[at:]
            case 1:
                out[at : at + 1] = rng.randbytes(1)
            case 2:
                out[at:at] = b"\xff" * rng.randint(1, 6)
            case _:
                out += rng.randbytes(rng.randint(1, 8))
    return bytes(out)


def cryosparcs(block: bytes, need: int) -> bytes | None:
    """What CryoSPARC's library makes of a block; None where it refuses it, or it gives another number of bytes."""
    column = np.empty(need, np.uint8)
    try:
        return column.tobytes() if len(Stream().decompress_numpy(block, column)) == need else None
    except ValueError:
        return None


def test_damaged_blocks_are_refused_where_cryosparcs_own_reader_refuses_them(tmp_path: Path) -> None:
    rng, stream = Random(1), Stream()
    counts = {True: 0, False: 0}
    for number in range(600):
        rows = rng.randint(1, 400)
        values = np.frombuffer(rng.randbytes(rows), np.uint8) % (2, 4, 255)[number % 3]
        block = bytes(stream.compress_numpy(values))
        if number % 6:
            block = damaged_block(rng, block)
        theirs = cryosparcs(block, rows)
        counts[theirs is None] += 1
        path = one_packed_column(tmp_path / "damaged.cs", rows, block)
        if theirs is None:
            with pytest.raises(DatasetError):
                read_columns(path, ["ctf"])
        else:
            assert read_columns(path, ["ctf"])["ctf/x"].tobytes() == theirs
    assert min(counts.values()) > 100
