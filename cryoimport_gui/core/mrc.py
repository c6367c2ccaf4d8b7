"""MRC files by position: the 1024-byte header, single images, rectangles of a micrograph.

Nothing is mapped and no stack is ever loaded whole: on a parallel file system one positioned read costs
one round trip, a page fault on a mapped stack costs many.  Layout after the MRC2014 convention
(Cheng et al., J. Struct. Biol. 192, 2015).
"""

from __future__ import annotations

import math
import os
import stat
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

HEADER_BYTES = 1024
#: data mode → NumPy type without byte order; the modes that can hold a particle image
IMAGE_MODES = {0: "i1", 1: "i2", 2: "f4", 6: "u2", 12: "f2"}
_VALUE_BYTES = {mode: int(kind[1]) for mode, kind in IMAGE_MODES.items()}
_OTHER_MODES = {3: "complex int16", 4: "complex float32", 16: "RGB", 101: "4-bit"}
#: nx, ny, nz, mode; mx, my, mz; cell length along x; bytes of the extended header
_FIELDS = {order: struct.Struct(order + "4i 12x 3i f 48x i") for order in "<>"}
_MAX_SIDE = 1 << 16
_MAX_IMAGES = 1 << 31
_RUN_BYTES = 16 << 20


class MrcError(ValueError):
    """A file is not a usable MRC file; `code` is the problem code that says in which way."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class MrcHeader(NamedTuple):
    """What an MRC header says, and how long the file really is.

    `pixel_size_A` is 0 where the header gives none.
    """

    nx: int
    ny: int
    nz: int
    mode: int
    byte_order: str
    data_offset: int
    pixel_size_A: float
    file_bytes: int

    @property
    def dtype(self) -> np.dtype:
        return np.dtype(self.byte_order + IMAGE_MODES[self.mode])

    @property
    def image_bytes(self) -> int:
        return self.nx * self.ny * _VALUE_BYTES[self.mode]

    @property
    def expected_bytes(self) -> int:
        return self.data_offset + self.nz * self.image_bytes


def parse_header(raw: bytes, file_bytes: int) -> MrcHeader:
    """Read a header from the first 1024 bytes of a file that is `file_bytes` long.

    The magic word is often missing and the machine stamp is sometimes wrong or zero, so both byte orders
    are tried, the stamp's own first.  A file without the magic word must at least be as long as its header says.

    Raises:
        MrcError: `stack-empty`, `stack-not-mrc` or `stack-truncated`.
    """
    if file_bytes == 0:
        raise MrcError("stack-empty", "the file is empty")
    if len(raw) < HEADER_BYTES:
        raise MrcError("stack-not-mrc", f"the file is only {file_bytes} bytes long, shorter than an MRC header")
    has_magic = raw[208:211] == b"MAP"
    orders = "><" if raw[212:214] == b"\x11\x11" else "<>"
    header = _decode(raw, orders[0], file_bytes) or _decode(raw, orders[1], file_bytes)
    if header is None:
        raise MrcError("stack-not-mrc", "the first 1024 bytes are not an MRC header")
    if header.mode not in IMAGE_MODES:
        raise MrcError("stack-not-mrc", f"data mode {header.mode} ({_OTHER_MODES[header.mode]}) cannot hold particles")
    if header.nz == 0:
        raise MrcError("stack-empty", "the header says that there are no images")
    if file_bytes < header.expected_bytes:
        if not has_magic:
            raise MrcError(
                "stack-not-mrc", "no MRC magic word, and shorter than such a header says: cut short, or no MRC file"
            )
        raise MrcError("stack-truncated", f"{file_bytes} bytes long, but the header says {header.expected_bytes}")
    return header


def _decode(raw: bytes, order: str, file_bytes: int) -> MrcHeader | None:
    nx, ny, nz, mode, mx, _, _, cell_x, extended = _FIELDS[order].unpack_from(raw)
    known = mode in IMAGE_MODES or mode in _OTHER_MODES
    plausible = 0 < nx <= _MAX_SIDE and 0 < ny <= _MAX_SIDE and 0 <= nz <= _MAX_IMAGES and extended >= 0
    if not (known and plausible):
        return None
    pixel = cell_x / mx if mx > 0 else 0.0
    if not (math.isfinite(pixel) and pixel > 0):
        pixel = 0.0
    return MrcHeader(nx, ny, nz, mode, order, HEADER_BYTES + extended, pixel, file_bytes)


def read_header(path: str | Path) -> MrcHeader:
    """Read and check the header of one file; devices are not even opened.

    Raises:
        OSError: The file cannot be opened or read.
        MrcError: See `parse_header`; also for what is not a regular file.
    """
    status = os.stat(path)
    if not stat.S_ISREG(status.st_mode):
        raise MrcError("stack-not-mrc", "not a regular file")
    fd = _open(path)
    try:
        raw = os.pread(fd, HEADER_BYTES, 0)
    finally:
        os.close(fd)
    return parse_header(raw, status.st_size)


def read_images(path: str | Path, header: MrcHeader, indices: Sequence[int]) -> NDArray[np.float32]:
    """Read images by their 0-based indices; those that follow each other on disk in one read.

    Returns:
        float32, (len(indices), ny, nx), values as stored.

    Raises:
        OSError: The file cannot be read, or has become shorter than its header said.
    """
    out = np.empty((len(indices), header.ny, header.nx), np.float32)
    fd = _open(path)
    try:
        runs = [
            (first, last, header.data_offset + int(indices[first]) * header.image_bytes)
            for first, last in _runs(indices, max(1, _RUN_BYTES // header.image_bytes))
        ]
        for first, last, offset in runs:  # the system then fetches all at once, not one after the other
            os.posix_fadvise(fd, offset, (last - first) * header.image_bytes, os.POSIX_FADV_WILLNEED)
        for first, last, offset in runs:
            raw = _pread(fd, (last - first) * header.image_bytes, offset, path)
            out[first:last] = np.frombuffer(raw, header.dtype).reshape(-1, header.ny, header.nx)
    finally:
        os.close(fd)
    return out


def _runs(indices: Sequence[int], longest: int) -> Iterator[tuple[int, int]]:
    """Stretches (first, last exclusive) in which each index is one more than the one before."""
    first = 0
    for i in range(1, len(indices) + 1):
        if i == len(indices) or i - first == longest or indices[i] != indices[i - 1] + 1:
            yield first, i
            first = i


def read_rows(path: str | Path, header: MrcHeader, first: int, last: int) -> NDArray[np.float32]:
    """Read rows `first` to `last` (exclusive) of a micrograph's first image, in one read.

    Returns:
        float32, (last - first, nx), values as stored.
    """
    row_bytes = header.nx * header.dtype.itemsize
    fd = _open(path)
    try:
        raw = _pread(fd, (last - first) * row_bytes, header.data_offset + first * row_bytes, path)
    finally:
        os.close(fd)
    return np.frombuffer(raw, header.dtype).reshape(last - first, header.nx).astype(np.float32)


def _open(path: str | Path) -> int:
    """Opens without waiting for anyone at the other end, should it be a pipe."""
    return os.open(path, os.O_RDONLY | os.O_NONBLOCK)


def _pread(fd: int, size: int, offset: int, path: str | Path) -> bytes:
    raw = os.pread(fd, size, offset)
    if len(raw) != size:
        raise OSError(f"{path}: ended after {len(raw)} of {size} bytes at {offset}")
    return raw
