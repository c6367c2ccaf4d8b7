"""Columns of a CryoSPARC dataset (`.cs`) in either of its formats; no number in the file is believed.

CryoSPARC's own reader takes lengths and offsets as they come: a damaged file makes it allocate what they say, or
ends the whole process (14 of 300 damaged files did).  Here each is first compared with the length of the file.
Nothing is ever unpickled.  Compressed columns are raw LZ4 blocks (`lz4.block`): of 200,000 blocks, made, damaged or
random, `lz4` and CryoSPARC's extension refused the same ones and gave the same bytes for the others.
"""

from __future__ import annotations

import io
import json
import math
import os
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

import lz4.block
import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

_NPY, _CSDAT = b"\x93NUMPY", b"\x95CSDAT"
_OTHER_FILES = {
    b"\x1f\x8b": "a compressed file (gzip)",
    b"PK": "a ZIP file",
    b"II*\0": "a TIFF file",
    b"MM\0*": "a TIFF file",
    b"\x89HDF": "an HDF5 file",
}
_MAX_HEADER_BYTES = 1 << 16  # a thousand columns
_CHUNK_BYTES = 1 << 22
_LZ4_MAX_RATIO = 255  # https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md: one more byte, 255 more values
_CSDAT_TYPE = re.compile(r"<[iu][1248]|\|[iu]1|<f[48]|<c8|<c16|\|O")


class DatasetError(ValueError):
    """The file is no dataset, or a damaged one."""


@dataclass(frozen=True)
class Texts:
    """A column of texts, each stored once: entry i is `values[codes[i]]`."""

    values: list[str]
    codes: NDArray[np.int32]

    def as_objects(self) -> NDArray:
        out = np.empty(len(self.values), object)
        out[:] = self.values
        return out[self.codes]


DatasetColumn = NDArray | Texts


def read_dataset(path: str | os.PathLike[str]) -> dict[str, DatasetColumn]:
    """All columns of a dataset, in their order.

    Returns:
        Name → (rows, …) numbers of the type that the file has, or texts.  Columns that are neither are left out.

    Raises:
        OSError, DatasetError: See `read_columns`.
    """
    return _read(path, ("",))


def read_columns(path: str | os.PathLike[str], prefixes: Sequence[str]) -> dict[str, NDArray]:
    """Read `uid` and the columns `<prefix>/…` of a dataset.

    Returns:
        Name → (rows, …) integers or floats; texts as objects of type str.  Columns of other kinds are left out.

    Raises:
        OSError: The file cannot be opened or read.
        DatasetError: It is no dataset, or does not hold what its header says.
    """
    columns = _read(path, tuple(f"{prefix}/" for prefix in prefixes))
    return {name: column.as_objects() if isinstance(column, Texts) else column for name, column in columns.items()}


def _read(path: str | os.PathLike[str], wanted: tuple[str, ...]) -> dict[str, DatasetColumn]:
    with open(path, "rb") as file:
        magic = file.read(6)
        if magic not in (_NPY, _CSDAT):
            raise DatasetError(f"not a CryoSPARC dataset but {_what_it_is(magic + file.read(_MAX_HEADER_BYTES))}")
        columns = (_read_npy if magic == _NPY else _read_csdat)(file, os.fstat(file.fileno()).st_size, wanted)
    uid = columns.get("uid")
    if not isinstance(uid, np.ndarray) or uid.ndim != 1 or uid.dtype.kind not in "iu":
        raise DatasetError("no column `uid`")
    return columns | {"uid": uid.astype(np.uint64)}


def column_names(path: str | os.PathLike[str]) -> list[str]:
    """The names of all columns of a dataset, also of those that `read_columns` leaves out.

    Raises:
        OSError, DatasetError: See `read_columns`.
    """
    with open(path, "rb") as file:
        if file.read(6) == _NPY:
            return list(_npy_header(file)[1].names or ())
        _, _, fields = _csdat_header(file, os.fstat(file.fileno()).st_size)
        return [str(name) for name, *_ in fields]


def _what_it_is(start: bytes) -> str:
    """What a file is that begins so, in words."""
    if not start:
        return "an empty file"
    if start[208:212] == b"MAP ":
        return "an MRC file"
    if kind := next((kind for magic, kind in _OTHER_FILES.items() if start.startswith(magic)), ""):
        return kind
    try:
        text = start[: start.rfind(b"\n")].decode()
    except UnicodeDecodeError:
        return "a file of another kind"
    if "\0" in text:
        return "a file of another kind"
    if re.search(r"^data_\S*\s*$", text, re.MULTILINE):
        return "a STAR file"
    is_group = re.search(r"^results:", text, re.MULTILINE)
    return "a result group, whose name must end in .csg" if is_group else "a text file"


def _is_wanted(name: object, wanted: tuple[str, ...]) -> bool:
    return isinstance(name, str) and (name == "uid" or name.startswith(wanted))


def _read_npy(file: BinaryIO, size: int, wanted: tuple[str, ...]) -> dict[str, DatasetColumn]:
    """One structured array, in stretches, so that columns which nobody wants never fill the memory."""
    count, dtype, offset = _npy_header(file)
    if count * dtype.itemsize > size - offset:
        raise DatasetError(f"{size} bytes long, too short for the {count} rows in its header")
    names = [n for n in dtype.names or () if _is_wanted(n, wanted) and dtype[n].base.kind in "biufcSU"]
    known: dict[str, dict[bytes | str, int]] = {name: {} for name in names if dtype[name].base.kind in "SU"}
    none = np.empty(0, dtype)
    parts: dict[str, list[NDArray]] = {n: [_codes(none[n], {}) if n in known else none[n]] for n in names}
    stretch = max(1, _CHUNK_BYTES // max(dtype.itemsize, 1))
    file.seek(offset)
    for first in range(0, count if names else 0, stretch):
        table = np.fromfile(file, dtype, min(stretch, count - first))
        for name in names:
            parts[name].append(_codes(table[name], known[name]) if name in known else table[name].copy())
    columns = {name: np.concatenate(parts.pop(name)) for name in names}
    if any(len(column) != count for column in columns.values()):
        raise DatasetError("it became shorter while it was read")
    return {n: Texts(list(map(_text, known[n])), column) if n in known else column for n, column in columns.items()}


def _codes(column: NDArray, known: dict[bytes | str, int]) -> NDArray[np.int32]:
    """The number of each text; those that are new are added to `known`.  Rows of one stack mostly stand together."""
    flat = column.ravel()
    starts = np.ones(len(flat), bool)
    starts[1:] = flat[1:] != flat[:-1]
    texts = flat[starts].tolist()
    for text in dict.fromkeys(texts):
        known.setdefault(text, len(known))
    numbers = np.fromiter(map(known.__getitem__, texts), np.int32, len(texts))
    return numbers[np.cumsum(starts, dtype=np.int64) - 1].reshape(column.shape)


def _npy_header(file: BinaryIO) -> tuple[int, np.dtype, int]:
    """Rows, the type of one row, and where the first row starts."""
    file.seek(0)
    start = io.BytesIO(file.read(_MAX_HEADER_BYTES))
    try:
        version = npy.read_magic(start)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a header that Python 2 wrote
            shape, _, dtype = read(start, max_header_size=_MAX_HEADER_BYTES)
    except Exception as error:  # the text is parsed as Python, which can fail in any way
        raise DatasetError(f"the header cannot be read: {type(error).__name__}") from None
    if len(shape) != 1 or shape[0] < 0 or dtype.names is None or dtype.hasobject or not dtype.itemsize:
        raise DatasetError("the array in it is no table of plain columns")
    return shape[0], dtype, start.tell()


def _text(value: bytes | str) -> str:
    try:
        text = value.decode() if isinstance(value, bytes) else value
        text.encode()
    except UnicodeError:
        raise DatasetError(f"a text that is not UTF-8: {value!r:.100}") from None
    if "\0" in text:
        raise DatasetError(f"a NUL byte in a text: {text!r:.100}")
    return text


def _read_csdat(file: BinaryIO, size: int, wanted: tuple[str, ...]) -> dict[str, DatasetColumn]:
    """A JSON header, the columns one after the other, and the texts that text columns point into."""
    rows, packed, fields = _csdat_header(file, size)
    columns: dict[str, NDArray] = {}
    pointers: list[str] = []
    for name, kind, *shape in fields:
        stored = _length(file, size) if rows else 0
        if _is_wanted(name, wanted) and isinstance(kind, str) and _CSDAT_TYPE.fullmatch(kind):
            dtype = np.dtype("<u8" if kind == "|O" or name == "uid" else kind)
            columns[name] = _column(file.read(stored), rows, dtype, shape[0] if shape else [], name in packed)
            pointers += [name] if kind == "|O" and name != "uid" else []
        else:
            file.seek(stored, os.SEEK_CUR)
    heap = file.read()
    return {n: _pointed_at(column, heap) if n in pointers else column for n, column in columns.items()}


def _csdat_header(file: BinaryIO, size: int) -> tuple[int, set[str], list[tuple]]:
    """Rows, the names of compressed columns, and name, type and perhaps shape of each column."""
    header_bytes = _length(file, size)
    if header_bytes > _MAX_HEADER_BYTES:
        raise DatasetError(f"a header of {header_bytes} bytes")
    try:
        header = json.loads(file.read(header_bytes))
        rows, packed = header["length"], set(header["compressed_fields"])
        fields = [(name, kind, *shape) for name, kind, *shape in header["dtype"]]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise DatasetError(f"the header cannot be read: {type(error).__name__}") from None
    if not isinstance(rows, int) or rows < 0:
        raise DatasetError("the header gives no number of rows")
    return rows, packed, fields


def _length(file: BinaryIO, size: int) -> int:
    """The length of what follows; the file must be long enough for it."""
    length = int.from_bytes(file.read(4), "little")
    if length > size - file.tell():
        raise DatasetError(f"{size} bytes long, too short for what it says that it holds")
    return length


def _column(stored: bytes, rows: int, dtype: np.dtype, shape: object, packed: bool) -> NDArray:
    if not isinstance(shape, list) or not all(isinstance(side, int) and 0 < side < 1 << 16 for side in shape):
        raise DatasetError("a column of an impossible shape")
    need = rows * math.prod(shape) * dtype.itemsize
    if need >= 1 << 31 or (need > len(stored) * _LZ4_MAX_RATIO if packed else need != len(stored)):
        raise DatasetError(f"a column in {len(stored)} bytes that does not fit {rows} rows")
    if not packed or not need:
        return np.frombuffer(stored, dtype).reshape(rows, *shape)
    try:
        unpacked = lz4.block.decompress(stored, uncompressed_size=need)
    except lz4.block.LZ4BlockError:
        unpacked = b""
    if len(unpacked) != need:
        raise DatasetError("a column that cannot be decompressed")
    return np.frombuffer(unpacked, dtype).reshape(rows, *shape)


def _pointed_at(places: NDArray, heap: bytes) -> Texts:
    """The texts at some places of the heap, each behind the NUL that ends the one before."""
    starts, of_row = np.unique(places, return_inverse=True)
    texts = []
    for start in starts.tolist():
        end = heap.find(b"\0", start)
        if end < 0 or (start and heap[start - 1]):
            raise DatasetError("a text outside of the file")
        texts.append(_text(heap[start:end]))
    return Texts(texts, of_row.reshape(places.shape).astype(np.int32))
