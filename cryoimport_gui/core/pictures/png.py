"""Grey pictures as PNG files."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray


def write_png(target: str | Path | BinaryIO, picture: NDArray[np.uint8]) -> None:
    """Write a grey picture as PNG (8 bits, one channel)."""
    height, width = picture.shape

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    lines = np.concatenate([np.zeros((height, 1), np.uint8), picture], axis=1)  # filter type 0 before each line
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    png = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(lines.tobytes(), 6)) + chunk(b"IEND", b"")
    if isinstance(target, str | Path):
        Path(target).write_bytes(png)
    else:
        target.write(png)
