"""A chunk of rows of a STAR table → its tokens, by comparisons of all bytes at once.

There is no work per row in Python, and nearly everything releases the interpreter lock, so chunks are taken apart in
threads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

#: (rows, width): one token in each row, NUL where there is none (before numbers a blank will do)
Letters = NDArray[np.uint8]
Bytes = NDArray[np.uint8]
Edges = NDArray[np.int64]

BLANK, NEWLINE = ord(" "), ord("\n")
_QUOTES = b"\"'"
_MAX_NUMBER_LETTERS, _MAX_TEXT_LETTERS = 64, 512
MARGIN = _MAX_TEXT_LETTERS  # a window that ends or starts at any token stays inside of the buffer
_MAX_FIXED_LENGTH = 4096
_CACHED_BYTES = 1 << 18


class TokenRows(Protocol):
    """The tokens of a chunk, wherever they lie."""

    @property
    def count(self) -> int: ...

    def letters(self, column: int, right: bool) -> Letters | None:
        """The tokens of a column, flush left or right; None if one is so long that this would take much memory."""

    def tokens(self, column: int) -> list[bytes]:
        """The tokens of a column, one by one."""


@dataclass
class FixedRows:
    """Rows of one length whose columns stand one below the other, as RELION writes them: nothing to look for.

    `lowest` is (length,): the smallest letter at each place of a row; a blank, if there is one.
    """

    matrix: Letters
    spans: list[tuple[int, int]]
    lowest: Letters

    @property
    def count(self) -> int:
        return len(self.matrix)

    def letters(self, column: int, right: bool) -> Letters | None:
        first, last = self.spans[column]
        if right and last - first > _MAX_NUMBER_LETTERS:
            return None
        field, has_blank = self.matrix[:, first:last], self.lowest[first:last] == BLANK
        if right and not has_blank[-1] or not has_blank.any():
            return field
        field = field * (field != BLANK)
        return flush(field, right) if has_blank[-1 if right else 0] else field

    def tokens(self, column: int) -> list[bytes]:
        first, last = self.spans[column]
        return [row.tobytes().strip() for row in self.matrix[:, first:last]]


@dataclass
class EdgedRows:
    """Tokens by their edges in a buffer with margins; `starts` and `ends` are (rows, columns)."""

    buffer: Bytes
    starts: Edges
    ends: Edges

    @property
    def count(self) -> int:
        return len(self.starts)

    def letters(self, column: int, right: bool) -> Letters | None:
        starts, ends = self.starts[:, column], self.ends[:, column]
        lengths = ends - starts
        width = max(int(lengths.max(initial=0)), 1)
        if width > (_MAX_NUMBER_LETTERS if right else _MAX_TEXT_LETTERS) or width * len(starts) > 4 * len(self.buffer):
            return None
        windows = np.lib.stride_tricks.sliding_window_view(self.buffer, width)
        places = np.arange(width)
        if right:
            return windows[ends - width] * (places >= (width - lengths)[:, None])
        return windows[starts] * (places < lengths[:, None])

    def tokens(self, column: int) -> list[bytes]:
        return [self.buffer[a:b].tobytes() for a, b in zip(self.starts[:, column], self.ends[:, column])]


@dataclass(frozen=True)
class Lines:
    """Whole lines between two places of a buffer that later holds others: fresh memory costs more than the reading.

    There are `MARGIN` letters more on both sides.  The one before the first line is blank, as is the one behind the
    last line if that has no newline.
    """

    buffer: bytearray
    first: int
    last: int

    def __len__(self) -> int:
        return self.last - self.first

    def __contains__(self, letter: bytes) -> bool:
        return self.buffer.find(letter, self.first, self.last) >= 0

    def __bytes__(self) -> bytes:
        return bytes(memoryview(self.buffer)[self.first : self.last])

    @property
    def letters(self) -> Bytes:
        return np.frombuffer(self.buffer, np.uint8, len(self), self.first)


def plain_rows(lines: Lines, width: int) -> TokenRows | None:
    """The rows of a chunk in which every line is one plain row; None where it holds anything else."""
    if width == 1 or not len(lines):  # a name alone on its line cannot be said from `data_…` by its width
        return None
    return _fixed_rows(lines, width) or _edged_rows(lines, width)


def _fixed_rows(lines: Lines, width: int) -> FixedRows | None:
    length = lines.buffer.find(b"\n", lines.first, lines.last) + 1 - lines.first
    if not 1 < length <= _MAX_FIXED_LENGTH or len(lines) % length:
        return None
    matrix = lines.letters.reshape(-1, length)
    lowest, highest = np.minimum.reduce(matrix), np.maximum.reduce(matrix)
    if highest[-1] != NEWLINE or (lowest[:-1] < BLANK).any():  # a line ends elsewhere, or there are tabs
        return None
    edges = np.flatnonzero(np.diff(highest <= BLANK, prepend=True))
    spans = [(int(a), int(b)) for a, b in zip(edges[0::2], edges[1::2])]
    if len(spans) != width or _may_be_special(matrix, [first for first, _ in spans], lines):
        return None
    # a token in each field of each row, and no more tokens than fields
    if any(lowest[first] == lowest[last - 1] == BLANK for first, last in spans):
        return None
    return FixedRows(matrix, spans, lowest) if _count_tokens(lines.letters) == width * len(matrix) else None


def _may_be_special(matrix: Letters, firsts: list[int], lines: Lines) -> bool:
    """Whether a comment or a quoted text may be among the rows; looks closer only where their signs occur."""
    if _quotes_in(lines):
        return True
    return b"#" in lines and bool((matrix[:, firsts] == ord("#")).any() or (matrix == ord("#")).any())


def _quotes_in(lines: Lines) -> list[int]:
    return [quote for quote in _QUOTES if bytes([quote]) in lines]


def _count_tokens(letters: Bytes) -> int:
    """How many tokens there are, where only blanks and newlines stand between them."""
    count, was_blank = 0, True
    for first in range(0, len(letters), _CACHED_BYTES):
        is_blank = letters[first : first + _CACHED_BYTES] <= BLANK
        count += int(np.count_nonzero(is_blank[:-1] > is_blank[1:])) + (was_blank and not is_blank[0])
        was_blank = bool(is_blank[-1])
    return count


def _edged_rows(lines: Lines, width: int) -> EdgedRows | None:
    buffer = np.frombuffer(lines.buffer, np.uint8)
    is_cut = buffer[lines.last - 1] != NEWLINE  # the end of the file, behind which a blank was put
    letters = buffer[lines.first - 1 : lines.last + is_cut]
    is_blank = (letters == BLANK) | ((letters - 9) <= 4)
    quotes = _quotes_in(lines)
    if not all(_join_quoted(letters, is_blank, quote) for quote in quotes):
        return None
    edges = np.flatnonzero(is_blank[1:] != is_blank[:-1]) + lines.first
    newlines = np.flatnonzero(letters[1:] == NEWLINE) + lines.first
    rows = len(newlines) + is_cut
    if len(edges) != 2 * width * rows:
        return None
    starts, ends = edges[0::2].reshape(rows, width), edges[1::2].reshape(rows, width)
    if (starts[1:, 0] < newlines[: rows - 1]).any() or (ends[: len(newlines), -1] > newlines).any():
        return None
    if (buffer[starts[:, :2]] == ord("#")).any():  # a comment, or one behind `data_…`
        return None
    if quotes:
        is_quoted = np.isin(buffer[starts], quotes)
        starts, ends = starts + is_quoted, ends - is_quoted
    return EdgedRows(buffer, starts, ends)


def _join_quoted(letters: Bytes, is_blank: NDArray[np.bool_], quote: int) -> bool:
    """Make one token of each text in quotes; False where quotes do not simply begin and end texts in turn."""
    is_quote = letters == quote
    if not (is_quote[1:] & is_blank[:-1]).any():
        return True  # they stand inside of names
    places = np.flatnonzero(is_quote)
    first, last = places[0::2], places[1::2]
    if len(first) > len(last) or not is_blank[first - 1].all() or not is_blank[last + 1].all():
        return False
    is_quoted = np.logical_xor.accumulate(is_quote)
    is_blank &= ~is_quoted
    return not (letters[is_quoted] == NEWLINE).any()


def edged_rows(text: bytes, edges: list[tuple[int, int]], width: int) -> EdgedRows:
    """Tokens that were found in a text, row by row."""
    places = np.array(edges, np.int64).reshape(-1, width, 2) + MARGIN
    return EdgedRows(np.frombuffer(bytes(MARGIN) + text + bytes(MARGIN), np.uint8), places[..., 0], places[..., 1])


def flush(letters: Letters, right: bool) -> Letters:
    """Push each token to the left or right edge; the NULs around it go round to the other side."""
    shift = -(letters[:, ::-1] != 0).argmax(axis=1) if right else (letters != 0).argmax(axis=1)
    width = letters.shape[1]
    return np.take_along_axis(letters, (np.arange(width) + shift[:, None]) % width, axis=1)
