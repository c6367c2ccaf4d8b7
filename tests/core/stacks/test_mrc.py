from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import mrcfile
import numpy as np
import pytest

from cryoimport_gui.core.stacks.mrc import (
    MrcError,
    MrcHeader,
    parse_headers,
    read_header,
    read_headers,
    read_image_rows,
    read_images,
)

from ...support.stars import MODES, made_images, mrc_bytes, write_stack


def write(folder: Path, raw: bytes) -> Path:
    path = folder / "stack.mrcs"
    path.write_bytes(raw)
    return path


def refusal(folder: Path, raw: bytes, code: str) -> str:
    with pytest.raises(MrcError) as caught:
        read_header(write(folder, raw))
    assert caught.value.code == code
    return str(caught.value)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("extended", "ispg"), [(0, 0), (0, 1), (640, 0), (13, 1)])
def test_images_are_those_of_mrcfile(tmp_path: Path, mode: int, order: str, extended: int, ispg: int) -> None:
    path = write_stack(
        tmp_path / "s.mrcs", 5, 9, mode=mode, order=order, extended=extended, ispg=ispg, pixel_size_A=1.25
    )
    header = read_header(path)
    assert (header.nx, header.ny, header.nz, header.mode) == (9, 9, 5, mode)
    assert header.byte_order == order
    assert header.pixel_size_A == pytest.approx(1.25)
    assert header.file_bytes == header.expected_bytes == path.stat().st_size
    with mrcfile.open(path) as mrc:
        theirs = mrc.data.copy()
    picked = [4, 0, 2, 2]
    ours = read_images(path, header, picked)
    assert ours.dtype == np.float32
    np.testing.assert_array_equal(ours, theirs[picked].astype(np.float32))
    np.testing.assert_array_equal(ours, made_images(5, 9, mode=mode)[picked].astype(np.float32))


@pytest.mark.parametrize("dtype", ["int8", "int16", "float32", "uint16", "float16"])
def test_what_mrcfile_writes(tmp_path: Path, dtype: str) -> None:
    data = (np.random.default_rng(1).random((3, 12, 12)) * 100).astype(dtype)
    with mrcfile.new(tmp_path / "s.mrcs", data) as mrc:
        mrc.set_image_stack()
        mrc.voxel_size = 2.1
        mrc.set_extended_header(np.zeros(64, "u1"))
    header = read_header(tmp_path / "s.mrcs")
    assert header.pixel_size_A == pytest.approx(2.1)
    np.testing.assert_array_equal(read_images(tmp_path / "s.mrcs", header, [0, 1, 2]), data.astype("f4"))


@pytest.mark.parametrize("shape", [(1, 8, 8), (4, 7, 7), (2, 6, 10)])
def test_shapes(tmp_path: Path, shape: tuple[int, int, int]) -> None:
    data = np.arange(np.prod(shape), dtype="f4").reshape(shape)
    path = write(tmp_path, mrc_bytes(data))
    header = read_header(path)
    assert (header.nz, header.ny, header.nx) == shape
    np.testing.assert_array_equal(read_images(path, header, range(shape[0])), data)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("magic", "stamp"),
    [
        (b"MAP ", None),
        (b"MAP\0", None),
        (b"\0\0\0\0", None),
        (b"MAP ", b"\0\0\0\0"),
        (b"\0\0\0\0", b"\0\0\0\0"),
        (b"MAP ", b"\x44\x41\0\0"),
        (b"MAP ", b"\x11\x11\0\0"),
        (b"MAP ", b"\x44\x44\0\0"),
    ],
)
def test_magic_word_and_machine_stamp_may_be_missing_or_wrong(
    tmp_path: Path, order: str, magic: bytes, stamp: bytes | None
) -> None:
    data = made_images(3, 6)
    path = write(tmp_path, mrc_bytes(data, order=order, magic=magic, stamp=stamp))
    header = read_header(path)
    assert (header.byte_order, header.nx, header.nz) == (order, 6, 3)
    np.testing.assert_array_equal(read_images(path, header, [1]), data[1:2])


@pytest.mark.parametrize("pixel_size_A", [0.0, -1.0, float("nan"), float("inf")])
def test_no_pixel_size(tmp_path: Path, pixel_size_A: float) -> None:
    assert read_header(write(tmp_path, mrc_bytes(made_images(1, 4), pixel_size_A=pixel_size_A))).pixel_size_A == 0


def test_no_sampling_gives_no_pixel_size() -> None:
    raw = bytearray(mrc_bytes(made_images(1, 4)))
    raw[28:40] = bytes(12)
    (header,) = parse_headers([bytes(raw[:1024])], [len(raw)])
    assert isinstance(header, MrcHeader)
    assert header.pixel_size_A == 0


WHOLE = mrc_bytes(made_images(3, 8))
NO_MAGIC = mrc_bytes(made_images(3, 8), magic=b"\0\0\0\0")


@pytest.mark.parametrize(
    ("raw", "code", "words"),
    [
        (b"", "stack-empty", "the file is empty"),
        (mrc_bytes(made_images(0, 8)), "stack-empty", "no images"),
        (WHOLE[:1000], "stack-not-mrc", "only 1000 bytes"),
        (WHOLE[:-1], "stack-truncated", f"{len(WHOLE) - 1} bytes long, but the header says {len(WHOLE)}"),
        (WHOLE[:1024], "stack-truncated", "1024 bytes long"),
        (NO_MAGIC[:-1], "stack-not-mrc", "no MRC magic word"),
        (mrc_bytes(made_images(1, 8), mode=3), "stack-not-mrc", "complex int16"),
        (mrc_bytes(made_images(1, 8), mode=4), "stack-not-mrc", "mode 4 (complex float32)"),
        (mrc_bytes(made_images(1, 8), mode=16), "stack-not-mrc", "RGB"),
        (mrc_bytes(made_images(1, 8), mode=101), "stack-not-mrc", "4-bit"),
        (mrc_bytes(made_images(1, 8), mode=77), "stack-not-mrc", "not an MRC header"),
        (mrc_bytes(made_images(1, 8), nx=0), "stack-not-mrc", "not an MRC header"),
        (mrc_bytes(made_images(1, 8), ny=-8), "stack-not-mrc", "not an MRC header"),
        (mrc_bytes(made_images(1, 8), nz=-1), "stack-not-mrc", "not an MRC header"),
        (bytes(5000), "stack-not-mrc", "not an MRC header"),
        (b"data_particles\n\nloop_\n" * 100, "stack-not-mrc", "not an MRC header"),
        (b"\xff" * 2000, "stack-not-mrc", "not an MRC header"),
    ],
)  # fmt: skip
def test_refusals(tmp_path: Path, raw: bytes, code: str, words: str) -> None:
    assert words in refusal(tmp_path, raw, code)


def test_a_longer_file_is_taken_and_its_length_known(tmp_path: Path) -> None:
    header = read_header(write(tmp_path, WHOLE + b"more"))
    assert header.file_bytes - header.expected_bytes == 4


def test_random_bytes_never_raise_anything_else() -> None:
    rng = np.random.default_rng(5)
    plausible = np.frombuffer(WHOLE[:1024], "u1")
    raws = []
    for trial in range(300):
        raw = rng.integers(0, 256, 1024, "u1") if trial % 3 == 0 else plausible.copy()
        at = rng.integers(0, 256, rng.integers(0, 8))
        raw[at] = rng.integers(0, 256, len(at))
        raws.append(raw.tobytes())
    sizes = rng.integers(0, 1 << 40, len(raws)).tolist()
    found = parse_headers(raws, sizes)
    assert [type(its) for its in found].count(MrcHeader) > 50
    for its, alone in zip(found, (parse_headers([raw], [size])[0] for raw, size in zip(raws, sizes))):
        assert str(its) == str(alone)
        if isinstance(its, MrcError):
            assert its.code in ("stack-empty", "stack-not-mrc", "stack-truncated")
        else:
            assert its.expected_bytes <= its.file_bytes


def test_files_of_all_kinds_at_once(tmp_path: Path) -> None:
    files = [
        write_stack(tmp_path / "little.mrcs", 3, 6),
        write_stack(tmp_path / "big.mrcs", 4, 7, order=">"),
        write_stack(tmp_path / "none.mrcs", 0, 6),
        write_stack(tmp_path / "other.mrcs", 5, 8, mode=1),
    ]
    missing = (str(tmp_path / "gone.mrcs"), 4000)
    found = read_headers([(str(path), path.stat().st_size) for path in files] + [missing, (str(tmp_path), -1)])
    printed = [(its.nz, its.nx, its.byte_order) if isinstance(its, MrcHeader) else type(its) for its in found]
    assert printed == [(3, 6, "<"), (4, 7, ">"), MrcError, (5, 8, "<"), FileNotFoundError, MrcError]


def test_what_is_no_regular_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mrcs")
    for path in (tmp_path, tmp_path / "pipe.mrcs"):
        with pytest.raises(MrcError, match="not a regular file") as caught:
            read_header(path)
        assert caught.value.code == "stack-not-mrc"
    with pytest.raises(FileNotFoundError):
        read_header(tmp_path / "nowhere.mrcs")


def test_a_stack_that_became_shorter(tmp_path: Path) -> None:
    path = write(tmp_path, WHOLE)
    header = read_header(path)
    path.write_bytes(WHOLE[:-10])
    read_images(path, header, [0, 1])
    with pytest.raises(OSError, match="ended after"):
        read_images(path, header, [2])


@pytest.mark.parametrize("dtype", ["int16", "float32", "float16"])
def test_rows_of_a_micrograph(tmp_path: Path, dtype: str) -> None:
    data: Any = (np.random.default_rng(2).random((40, 60)) * 50).astype(dtype)
    with mrcfile.new(tmp_path / "m.mrc", data):
        pass
    header: MrcHeader = read_header(tmp_path / "m.mrc")
    assert (header.nx, header.ny, header.nz) == (60, 40, 1)
    for first, last in ((0, 40), (7, 9), (39, 40), (5, 5)):
        rows = read_image_rows(tmp_path / "m.mrc", header, first, last)
        assert rows.dtype == np.float32
        np.testing.assert_array_equal(rows, data[first:last].astype("f4"))
