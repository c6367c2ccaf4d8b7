"""The tokens of a chunk of rows → typed columns.

Numbers come from a product of digits and powers of ten (exact below 2**53, then one correctly rounded division, which
is what `float()` gives), texts are dictionary-encoded.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from .star_tokens import Letters, TokenRows, flush

_MAX_NUMBER_WIDTH = 32
_MAX_IMAGE_DIGITS = 10
_EXACT_DIGITS = 15
_MOST_AHEAD = 64
_POWERS_OF_TEN = np.array([float(10**n) for n in range(_MAX_NUMBER_WIDTH)])


class ColumnKind(Enum):
    """How a column is read."""

    NUMBER = "number"  # float64; nan where the text is no number
    TEXT = "text"  # dictionary-encoded
    IMAGE = "image"  # "N@name": N, and the name dictionary-encoded


#: the values of one column of one chunk: numbers; or distinct texts and codes; or those and image numbers
ColumnValues = tuple
Columns = dict[int, ColumnValues]
_TYPES: dict[ColumnKind, list[type]] = {
    ColumnKind.NUMBER: [np.float64],
    ColumnKind.TEXT: [np.int32],
    ColumnKind.IMAGE: [np.int32, np.int64],
}


def parse_columns(rows: TokenRows, kinds: Mapping[int, ColumnKind]) -> Columns:
    """The values of the columns that are asked for, by their number."""
    return {column: _parse(rows, column, kind) for column, kind in kinds.items()}


def _parse(rows: TokenRows, column: int, kind: ColumnKind) -> ColumnValues:
    letters = rows.letters(column, right=kind is ColumnKind.NUMBER)
    if kind is ColumnKind.NUMBER:
        return (np.array([_to_float(t) for t in rows.tokens(column)]) if letters is None else numbers(letters),)
    if kind is ColumnKind.TEXT:
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
    at = letters[:1].tobytes().find(b"@")
    if 0 < at <= _MAX_IMAGE_DIGITS and at + 1 < letters.shape[1]:  # `%06d@`, as RELION writes it
        digits, names = letters[:, :at], letters[:, at + 1 :]
        if (letters[:, at] == ord("@")).all() and (digits - 48 <= 9).all() and names[:, 0].all():
            return numbers(digits).astype(np.int64), names
    return _split_any_images(letters)


def _split_any_images(letters: Letters) -> tuple[NDArray[np.int64], Letters]:
    at = (letters == ord("@")).argmax(axis=1)
    head = min(max(int(at.max(initial=0)), 1), _MAX_IMAGE_DIGITS)
    before = np.arange(head) < at[:, None]
    digits = ((letters[:, :head] - 48) <= 9) | ~before
    has_name = letters[np.arange(len(letters)), np.minimum(at + 1, letters.shape[1] - 1)] != 0
    good = (at > 0) & (at <= _MAX_IMAGE_DIGITS) & (at + 1 < letters.shape[1]) & has_name & digits.all(axis=1)
    heads = flush(letters[:, :head] * before, right=True)
    image_numbers = np.full(len(letters), -1)
    image_numbers[good] = numbers(heads[good])
    places = np.arange(letters.shape[1]) + np.where(good, at + 1, 0)[:, None]
    names = np.take_along_axis(letters, np.minimum(places, letters.shape[1] - 1), axis=1)
    return image_numbers, names * (places < letters.shape[1])


def _split_image(token: bytes) -> tuple[int, bytes]:
    number, at, name = token.partition(b"@")
    return (int(number), name) if at and name and number.isdigit() and len(number) <= _MAX_IMAGE_DIGITS else (-1, token)


def _encode_letters(letters: Letters) -> ColumnValues:
    """Distinct texts and codes; only where a text differs from the one above is anything done in Python."""
    differs = (letters[1:] != letters[:-1]).any(axis=1)
    heads = np.flatnonzero(np.concatenate(([True], differs)))[: len(letters)]
    texts, codes = _encode(letters[heads].view(f"S{letters.shape[1]}")[:, 0].tolist())
    return texts, np.repeat(codes, np.diff(heads, append=len(letters)))


def _encode(tokens: list[bytes]) -> ColumnValues:
    known: dict[bytes, int] = {}
    codes = np.array([known.setdefault(token, len(known)) for token in tokens], np.int32)
    return list(known), codes


class Gathered:
    """The values of one column, gathered chunk by chunk."""

    def __init__(self, kind: ColumnKind) -> None:
        self.kind = kind
        self._codes: dict[bytes, int] = {}
        self._count = 0
        self._arrays: list[NDArray] = [np.empty(0, dtype) for dtype in _TYPES[kind]]

    def add(self, values: ColumnValues, expected: int = 0) -> None:
        """Add the values of a chunk; `expected` is how many there will probably be in the end."""
        if self.kind is not ColumnKind.NUMBER:
            texts, codes, *rest = values
            known = self._codes
            here = np.array([known.setdefault(text, len(known)) for text in texts], np.int32)
            values = (here[codes] if len(here) else codes, *rest)
        first, self._count = self._count, self._count + len(values[0])
        for i, new in enumerate(values):
            array = self._arrays[i]
            if self._count > len(array):
                room = max(2 * self._count, min(expected, _MOST_AHEAD * self._count))
                self._arrays[i] = np.empty(room, array.dtype)  # what is never written to takes no memory
                self._arrays[i][:first] = array[:first]
            self._arrays[i][first : self._count] = new

    def texts(self) -> list[bytes]:
        """The distinct texts, in the order of their codes."""
        return list(self._codes)

    def arrays(self) -> list[NDArray]:
        """Numbers; codes; or codes and image numbers."""
        return [array[: self._count] for array in self._arrays]
