"""Files that went wrong: bytes, numbers, words and lines lost, doubled, swapped or replaced by what readers fear."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Sequence
from random import Random

#: as many bytes as the program could be made to believe in
HUGE = (-1, 0, 1, 2**15, 2**16, 2**24, 2**31 - 1, 2**31, 2**32 - 1, 2**48, 2**63 - 1, 2**64 - 1)
WORDS = (
    *(str(number).encode() for number in HUGE),
    *b"99999999999999999999999999 1e400 -1e400 1e-400 nan inf -0 0x1 1_0 1e 00000000001".split(),
    *b"data_ data_particles data_optics loop_ _ _rlnImageName _rlnMicrographName _rlnOpticsGroup # #1 @ 0@ @@".split(),
    *b"' \" '' \"\" 'a b' \"a'b\" [1,2] [ ] { } : - > & * !!python/object:os.system <<: null true".split(),
    *(b"", b"\n", b"\r\n", b"\r", b"\t", b" ", b"\x0b", b"\x0c", b"\x1b[2J", b"\xff\xfe", b"\xc3\x28", "é粒".encode()),
    *(b"../../../etc/passwd", b"/dev/zero", b"1@/dev/stdin", b"x" * 300, b"[" * 300, b"<b>x</b>", b"\xe2\x80\xa8"),
)
_TOKEN, _NUMBER = re.compile(rb"\S+"), re.compile(rb"\d+")

Damage = Callable[[Random, bytes, Sequence[bytes]], bytes]


def damaged(rng: Random, seeds: Sequence[bytes]) -> bytes:
    """One of the files, with one to eight things wrong with it."""
    data = rng.choice(seeds)
    for _ in range(1 + int(min(rng.expovariate(0.7), 7))):
        data = rng.choice(DAMAGES)(rng, data, seeds)
    return data


def _stretch(rng: Random, data: bytes) -> tuple[int, int]:
    start = rng.randrange(len(data) + 1)
    return start, min(len(data), start + int(min(rng.expovariate(1 / 20), 1000)))


def flip_bits(rng: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    out = bytearray(data)
    for _ in range(rng.randint(1, 4) if out else 0):
        out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
    return bytes(out)


def replace_bytes(rng: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    start, end = _stretch(rng, data)
    return data[:start] + rng.randbytes(end - start) + data[end:]


def cut_out(rng: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    start, end = _stretch(rng, data)
    return data[:start] + data[end:]


def say_twice(rng: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    start, end = _stretch(rng, data)
    return data[:end] + data[start:end] * rng.choice((1, 1, 2, 50)) + data[end:]


def cut_short(rng: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def splice(rng: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    other = rng.choice(seeds)
    return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]


def insert_word(rng: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    start = rng.randrange(len(data) + 1)
    return data[:start] + rng.choice(WORDS) + data[start:]


def replace_word(rng: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    return _replace_one(rng, data, _TOKEN)


def replace_number(rng: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    return _replace_one(rng, data, _NUMBER)


def _replace_one(rng: Random, data: bytes, pattern: re.Pattern[bytes]) -> bytes:
    found = list(pattern.finditer(data[:20_000]))
    if not found:
        return data
    start, end = rng.choice(found).span()
    other = rng.choice(found)[0] if rng.random() < 0.3 else rng.choice(WORDS)
    return data[:start] + other + data[end:]


def replace_header_number(rng: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    size, kind = rng.choice(((4, "I"), (8, "Q"), (2, "H"), (4, "f")))
    if len(data) < 16:
        return data
    start = rng.randrange(0, min(len(data), 1024) - size + 1, 1 if rng.random() < 0.2 else 2)
    order = rng.choice("<>")
    if kind == "f":
        new = struct.pack(order + kind, rng.choice((0.0, -1.0, 1e38, float("nan"), float("inf"), 1e-40)))
    else:
        new = struct.pack(order + kind, rng.choice(HUGE) & (256**size - 1))
    return data[:start] + new + data[start + size :]


def change_lines(rng: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    """A line lost, doubled, moved, or swapped with another."""
    lines = data.split(b"\n")
    i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
    what = rng.randrange(4)
    if what == 0:
        del lines[i]
    elif what == 1:
        lines.insert(i, lines[j])
    elif what == 2:
        lines.insert(j, lines.pop(i))
    else:
        lines[i], lines[j] = lines[j], lines[i]
    return b"\n".join(lines)


DAMAGES: tuple[Damage, ...] = (
    flip_bits,
    replace_bytes,
    cut_out,
    say_twice,
    cut_short,
    splice,
    insert_word,
    replace_word,
    replace_number,
    replace_header_number,
    change_lines,
)
