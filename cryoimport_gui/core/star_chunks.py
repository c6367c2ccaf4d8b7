"""A chunk of rows of a STAR table → typed columns, by NumPy alone.

Token edges come from comparisons of all bytes at once, numbers from a product of digits and powers of ten (exact
below 2**53, then one correctly rounded division, which is what `float()` gives).  There is no work per row in
Python, and nearly everything releases the interpreter lock, so chunks are taken apart in threads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

#: (rows, width): one token in each row, NUL where there is none (before numbers a blank will do)
Letters = NDArray[np.uint8]
Bytes = NDArray[np.uint8]
Edges = NDArray[np.int64]

_MAX_NUMBER_WIDTH, _MAX_NUMBER_LETTERS = 32, 64
_MAX_TEXT_WIDTH = 512
_MAX_IMAGE_DIGITS = 10
PAD = b" " * _MAX_TEXT_WIDTH  # a window that ends or starts at any token stays inside of a padded chunk
_MAX_FIXED_WIDTH = 4096
_OTHER_BLANKS = (b"\t", b"\r", b"\v", b"\f")
_EXACT_DIGITS = 15
_POWERS_OF_TEN = np.array([float(10**n) for n in range(_MAX_NUMBER_WIDTH)])


class Kind(Enum):
    """How a column is read."""

    NUMBER = "number"  # float64; nan where the text is no number
    TEXT = "text"  # dictionary-encoded
    IMAGE = "image"  # "N@name": N, and the name dictionary-encoded


#: the values of one column of one chunk: numbers; or distinct texts and codes; or those and image numbers
Values = tuple
Columns = dict[int, Values]


class Rows(Protocol):
    """The tokens of a chunk, wherever they lie."""

    @property
    def count(self) -> int: ...

    def letters(self, column: int, right: bool) -> Letters | None:
        """The tokens of a column, flush left or right; None if one is so long that this would take much memory."""

    def tokens(self, column: int) -> list[bytes]:
        """The tokens of a column, one by one."""


@dataclass
class FixedRows:
    """Rows of one length whose columns stand one below the other, as RELION writes them: nothing to look for."""

    matrix: Letters
    spans: list[tuple[int, int]]

    @property
    def count(self) -> int:
        return len(self.matrix)

    def letters(self, column: int, right: bool) -> Letters | None:
        first, last = self.spans[column]
        if right and last - first > _MAX_NUMBER_LETTERS:
            return None
        if right and (self.matrix[:, last - 1] != 32).all():
            return self.matrix[:, first:last]  # numbers may have blanks before them
        field = self._field(column)
        return field if field[:, -1 if right else 0].all() else _flush(field, right)

    def tokens(self, column: int) -> list[bytes]:
        return [row.tobytes().strip(b"\0") for row in self._field(column)]

    def _field(self, column: int) -> Letters:
        first, last = self.spans[column]
        field = self.matrix[:, first:last]
        return field * (field != 32)


@dataclass
class EdgedRows:
    """Tokens by their edges in a padded chunk; `starts` and `ends` are (rows, columns)."""

    chunk: Bytes
    starts: Edges
    ends: Edges

    @property
    def count(self) -> int:
        return len(self.starts)

    def letters(self, column: int, right: bool) -> Letters | None:
        starts, ends = self.starts[:, column], self.ends[:, column]
        lengths = ends - starts
        width = max(int(lengths.max(initial=0)), 1)
        if width > (_MAX_NUMBER_LETTERS if right else _MAX_TEXT_WIDTH) or width * len(starts) > 4 * len(self.chunk):
            return None
        windows = np.lib.stride_tricks.sliding_window_view(self.chunk, width)
        places = np.arange(width)
        if right:
            return windows[ends - width] * (places >= (width - lengths)[:, None])
        return windows[starts] * (places < lengths[:, None])

    def tokens(self, column: int) -> list[bytes]:
        return [self.chunk[a:b].tobytes() for a, b in zip(self.starts[:, column], self.ends[:, column])]


def plain_rows(chunk: bytes, width: int) -> Rows | None:
    """The rows of a chunk in which every line is one plain row; None where it holds anything else."""
    if width == 1:  # a name alone on its line cannot be told from `data_…` by its width
        return None
    return _fixed_rows(chunk, width) or _edged_rows(chunk, width)


def _fixed_rows(chunk: bytes, width: int) -> FixedRows | None:
    length = chunk.find(b"\n") + 1
    if not 1 < length <= _MAX_FIXED_WIDTH or len(chunk) % length:
        return None
    matrix = np.frombuffer(chunk, np.uint8).reshape(-1, length)
    if chunk.count(b"\n") != len(matrix) or (matrix[:, -1] != 10).any() or any(b in chunk for b in _OTHER_BLANKS):
        return None
    blank = matrix[:, :-1] == 32
    edges = np.flatnonzero(np.diff(blank.all(axis=0), prepend=True, append=True))
    spans = [(int(a), int(b)) for a, b in zip(edges[0::2], edges[1::2])]
    if len(spans) != width or _may_be_special(matrix, [first for first, _ in spans], chunk):
        return None
    # a token in each field of each row, and no more tokens than fields
    somewhere_blank = blank.any(axis=0)
    if any(somewhere_blank[first] and somewhere_blank[last - 1] for first, last in spans):
        return None
    tokens = np.count_nonzero(blank[:, :-1] > blank[:, 1:]) + np.count_nonzero(~blank[:, 0])
    return FixedRows(matrix, spans) if tokens == width * len(matrix) else None


def _may_be_special(matrix: Letters, firsts: list[int], chunk: bytes) -> bool:
    """Whether a comment or a quoted text may be among the rows; looks closer only where their signs occur."""
    if b'"' in chunk or b"'" in chunk:
        return True
    return b"#" in chunk and bool((matrix[:, firsts] == ord("#")).any() or (matrix == ord("#")).any())


def _edged_rows(chunk: bytes, width: int) -> EdgedRows | None:
    buffer = padded(chunk)
    blank = (buffer == 32) | ((buffer - 9) <= 4)
    edges = np.flatnonzero(blank[1:] != blank[:-1]) + 1
    newlines = np.flatnonzero(buffer == 10)
    rows = len(newlines) + (not chunk.endswith(b"\n"))
    if len(edges) != 2 * width * rows:
        return None
    starts, ends = edges[0::2].reshape(rows, width), edges[1::2].reshape(rows, width)
    if (starts[1:, 0] < newlines[: rows - 1]).any() or (ends[: len(newlines), -1] > newlines).any():
        return None
    if (buffer[starts[:, :2]] == ord("#")).any():  # a comment, or one behind `data_…`
        return None
    for quote in (b'"', b"'"):
        if quote in chunk and (buffer[starts] == ord(quote)).any():
            return None
    return EdgedRows(buffer, starts, ends)


def padded(chunk: bytes) -> Bytes:
    """A chunk with room for windows on both sides; edges count from the start of the padding."""
    return np.frombuffer(PAD + chunk + PAD, np.uint8)


def parse_columns(rows: Rows, kinds: Mapping[int, Kind]) -> Columns:
    """The values of the columns that are asked for, by their number."""
    return {column: _parse(rows, column, kind) for column, kind in kinds.items()}


def _parse(rows: Rows, column: int, kind: Kind) -> Values:
    letters = rows.letters(column, right=kind is Kind.NUMBER)
    if kind is Kind.NUMBER:
        return (np.array([_to_float(t) for t in rows.tokens(column)]) if letters is None else numbers(letters),)
    if kind is Kind.TEXT:
        return _encode(rows.tokens(column)) if letters is None else _encode_letters(letters)
    if letters is not None:
        image_numbers, names = _split_images(letters)
        return (*_encode_letters(names), image_numbers)
    pairs = [_split_image(token) for token in rows.tokens(column)]
    return (*_encode([name for _, name in pairs]), np.array([number for number, _ in pairs], np.int64))


def numbers(letters: Letters) -> NDArray[np.float64]:
    """Decimal texts, flush right → float64, as `float()` reads them; nan where it would not."""
    columns = np.ascontiguousarray(letters.T)
    if len(letters) > 1 and (columns[:, -1] == columns[:, 0]).all() and (columns == columns[:, :1]).all():
        return np.full(len(letters), numbers(letters[:1])[0])
    values = _fixed_point(columns)
    return _any_numbers(letters, columns) if values is None else values


def _fixed_point(columns: Letters) -> NDArray[np.float64] | None:
    """Numbers with the point in one column, as `%12.6f` writes them; None if some are not like that."""
    width, point = len(columns), columns[:, :1].tobytes().find(b".")
    if point < 1 or width > _EXACT_DIGITS + 1 or (columns[point] != ord(".")).any():
        return None
    digits = columns - 48
    left, is_digit = columns[:point], digits[:point] <= 9
    if not is_digit[-1].all() or (digits[point + 1 :] > 9).any():
        return None
    is_minus = left == ord("-")
    misplaced = (is_digit | is_minus)[:-1] & ~is_digit[1:]  # something other than a digit behind a digit or a minus
    if misplaced.any() or not (is_digit | is_minus | (left <= 32)).all():
        return None
    digits[:point] *= is_digit
    digits[point] = 0
    powers = np.arange(width)[::-1].copy()
    powers[:point] -= 1  # the point takes a column that is no place
    out: NDArray[np.float64] = _POWERS_OF_TEN[powers] @ digits / _POWERS_OF_TEN[width - 1 - point]
    return np.negative(out, out=out, where=is_minus.any(axis=0))


def _any_numbers(letters: Letters, columns: Letters) -> NDArray[np.float64]:
    """The same for numbers of every form, those that only `float()` can read one by one."""
    width = len(columns)
    inside = columns > 32
    digits = columns - 48
    is_digit = digits <= 9
    digits *= is_digit
    is_point, is_minus = columns == ord("."), columns == ord("-")
    odd = (inside & ~(is_digit | is_point | is_minus)).any(axis=0)
    odd |= (inside[:-1] & (~inside[1:] | is_minus[1:])).any(axis=0)  # a blank or a minus behind something
    n_points = is_point.sum(axis=0, dtype=np.uint8)
    odd |= (n_points > 1) | ~is_digit.any(axis=0) | (width > _MAX_NUMBER_WIDTH)
    if width > _EXACT_DIGITS:
        odd |= is_digit.sum(axis=0, dtype=np.uint8) > _EXACT_DIGITS
    out = np.empty(len(letters))
    for point in (*np.flatnonzero(is_point.any(axis=1)), None):  # nearly always one: `%12.6f`
        some = ~odd & (n_points == 0 if point is None else is_point[point])
        if some.any():
            rows = slice(None) if some.all() else some
            powers = np.arange(width)[::-1].copy()
            powers[:point] -= point is not None  # the point takes a column that is no place
            places = 0 if point is None else width - 1 - point
            out[rows] = _POWERS_OF_TEN[powers] @ digits[:, rows] / _POWERS_OF_TEN[places]
    np.negative(out, out=out, where=is_minus.any(axis=0) & ~odd)
    for row in np.flatnonzero(odd):
        out[row] = _to_float(letters[row].tobytes().strip(b"\0 "))
    return out


def _to_float(text: bytes) -> float:
    try:
        return float("nan") if b"_" in text else float(text)
    except ValueError:
        return float("nan")


def _split_images(letters: Letters) -> tuple[NDArray[np.int64], Letters]:
    """`N@name`, flush left → N and the names; -1 and the whole text where it is no such thing."""
    at = (letters == ord("@")).argmax(axis=1)
    head = min(max(int(at.max(initial=0)), 1), _MAX_IMAGE_DIGITS)
    before = np.arange(head) < at[:, None]
    digits = ((letters[:, :head] - 48) <= 9) | ~before
    has_name = letters[np.arange(len(letters)), np.minimum(at + 1, letters.shape[1] - 1)] != 0
    good = (at > 0) & (at <= _MAX_IMAGE_DIGITS) & (at + 1 < letters.shape[1]) & has_name & digits.all(axis=1)
    heads = _flush(letters[:, :head] * before, right=True)
    image_numbers = np.full(len(letters), -1)
    image_numbers[good] = numbers(heads[good])
    skip = np.where(good, at + 1, 0)
    if len(skip) and (skip == skip[0]).all():
        return image_numbers, letters[:, skip[0] :]
    places = np.arange(letters.shape[1]) + skip[:, None]
    names = np.take_along_axis(letters, np.minimum(places, letters.shape[1] - 1), axis=1)
    return image_numbers, names * (places < letters.shape[1])


def _split_image(token: bytes) -> tuple[int, bytes]:
    number, at, name = token.partition(b"@")
    return (int(number), name) if at and name and number.isdigit() and len(number) <= _MAX_IMAGE_DIGITS else (-1, token)


def _flush(letters: Letters, right: bool) -> Letters:
    """Push each token to the left or right edge; the NULs around it go round to the other side."""
    shift = -(letters[:, ::-1] != 0).argmax(axis=1) if right else (letters != 0).argmax(axis=1)
    width = letters.shape[1]
    return np.take_along_axis(letters, (np.arange(width) + shift[:, None]) % width, axis=1)


def _encode_letters(letters: Letters) -> Values:
    """Distinct texts and codes; only where a text differs from the one above is anything done in Python."""
    column = np.ascontiguousarray(letters).view(f"S{letters.shape[1]}")[:, 0]
    heads = np.flatnonzero(np.concatenate(([True], column[1:] != column[:-1])))[: len(column)]
    texts, codes = _encode(column[heads].tolist())
    return texts, np.repeat(codes, np.diff(heads, append=len(column)))


def _encode(tokens: list[bytes]) -> Values:
    known: dict[bytes, int] = {}
    codes = np.array([known.setdefault(token, len(known)) for token in tokens], np.int32)
    return list(known), codes


class Gathered:
    """The values of one column, gathered chunk by chunk."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self._codes: dict[bytes, int] = {}
        self._parts: list[Values] = []

    def add(self, values: Values) -> None:
        if self.kind is not Kind.NUMBER:
            texts, codes, *rest = values
            known = self._codes
            here = np.array([known.setdefault(text, len(known)) for text in texts], np.int32)
            values = (here[codes] if len(here) else codes, *rest)
        self._parts.append(values)

    def texts(self) -> list[bytes]:
        """The distinct texts, in the order of their codes."""
        return list(self._codes)

    def arrays(self) -> Iterator[NDArray]:
        """Whole arrays: numbers; codes; or codes and image numbers."""
        types = {Kind.NUMBER: (np.float64,), Kind.TEXT: (np.int32,), Kind.IMAGE: (np.int32, np.int64)}[self.kind]
        parts, self._parts = list(zip(*self._parts)), []
        for i, dtype in enumerate(types):
            yield np.concatenate(parts[i]) if parts else np.empty(0, dtype)
