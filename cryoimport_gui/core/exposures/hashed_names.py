"""A list of names whose parts are compared as numbers, all names at once."""

from __future__ import annotations

from copy import copy
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

_BASE = 0x9E3779B97F4A7C15  # odd, so that powers of it can be divided by modulo 2^64
_INVERSE = pow(_BASE, -1, 1 << 64)


class HashedNames:
    """Names that are not empty, and the polynomial hash (modulo 2^64) of any part of them.

    lengths: (names,) in characters.
    codes: (longest, names) of their characters, 0 behind the end of a name.

    Equal parts have equal hashes, in this list and in others.  That two different ones have, is so unlikely that
    whoever counts on it in earnest need only compare the names of what is found in the end.
    """

    def __init__(self, names: list[str]) -> None:
        self.names = names
        self.lengths = np.array([len(name) for name in names])
        codes = np.array(names).view(np.uint32).reshape(len(names), -1)
        self.codes = np.ascontiguousarray(codes.T.astype(np.min_scalar_type(codes.max())))
        longest = len(self.codes)
        self._sums = np.zeros((longest + 1, len(names)), np.uint64)
        for k, power in enumerate(_powers(_BASE, longest)):  # row by row: fresh memory is what costs most here
            np.add(self._sums[k], self.codes[k] * power, out=self._sums[k + 1])
        self._undo = _powers(_INVERSE, longest + 1)

    def without_front(self, count: int) -> HashedNames:
        """Names without their first characters, from which something must be left; no work is done again."""
        made = copy(self)
        made.names = [name[count:] for name in self.names]
        made.lengths, made.codes = self.lengths - count, self.codes[count:]
        made._sums, made._undo = self._sums[count:], self._undo[count:]
        made.back_limits = self.back_limits[count:]
        return made

    def cut(self, front: int, back: int) -> NDArray[np.uint64]:
        """(names,) of what is left of each name if so many characters are cut off; all must be as long as that."""
        ends = self._sums[self.lengths - back, np.arange(len(self.names))]
        return (ends - self._sums[front]) * self._undo[front]

    def windows(self, length: int) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64]]:
        """All parts of so many characters: their hashes, the names they are from, and where they start."""
        starts = max(0, len(self._sums) - length)
        fits = np.arange(starts)[:, np.newaxis] + length <= self.lengths
        hashes = (self._sums[length:] - self._sums[:starts]) * self._undo[:starts, np.newaxis]
        start, name = np.nonzero(fits)
        return hashes[fits], name, start

    def splits_front(self, count: int, some: NDArray[np.int64]) -> NDArray[np.bool_]:
        """(some,) whether so many characters off the front leave a part of a number, or of a word, behind."""
        if not count:
            return np.zeros(len(some), np.bool_)
        return _go_on(self.codes[count - 1][some], self.codes[count][some])

    def splits_back(self, count: int, some: NDArray[np.int64]) -> NDArray[np.bool_]:
        """The same of characters off the end."""
        if not count:
            return np.zeros(len(some), np.bool_)
        cuts = self.lengths[some] - count
        return _go_on(self.codes[cuts - 1, some], self.codes[cuts, some])

    @cached_property
    def back_limits(self) -> NDArray[np.int64]:
        """How many characters can go from the end so that all names stay different and none becomes empty.

        Returns:
            (length of the shortest name,), by the number cut from the front; negative where there is none.
        """
        shortest = int(self.lengths.min())
        limits = shortest - 1 - np.arange(shortest)
        for length in np.unique(self.lengths).tolist():
            codes = self.codes[:length, self.lengths == length]
            # Names in sorted order by what follows the cut; each and the next one agree up to `agree`.
            varies = (codes != codes[:, :1]).any(axis=1)
            order = np.arange(codes.shape[1])
            agree = np.full(len(order), length)
            agree[-1] = 0
            for front in reversed(range(length)):
                if varies[front]:
                    column = codes[front, order]
                    step = np.argsort(column, kind="stable")
                    order, column = order[step], column[step]
                    agree = np.minimum.reduceat(agree, step)
                    agree[:-1][column[1:] != column[:-1]] = front
                    agree[-1] = 0
                if front < shortest:
                    limits[front] = min(limits[front], length - 1 - agree.max())
        return limits


def _kind(character: str) -> int:
    return 1 if character.isdecimal() else 2 if character.isalpha() else 0


_KINDS = np.array([_kind(chr(code)) for code in range(256)], np.uint8)


def _kinds(codes: NDArray) -> NDArray[np.uint8]:
    """1: digits, 2: letters, 0: anything else."""
    if codes.dtype == np.uint8:
        return _KINDS[codes]
    known, which = np.unique(codes, return_inverse=True)
    return np.array([_kind(chr(code)) for code in known.tolist()], np.uint8)[which]


def _go_on(before: NDArray, after: NDArray) -> NDArray[np.bool_]:
    """Whether characters and those behind them are of one number, or of one word."""
    kinds = _kinds(before)
    return (kinds > 0) & (kinds == _kinds(after))


def _powers(base: int, count: int) -> NDArray[np.uint64]:
    """(count,) from the power of 0, modulo 2^64."""
    powers = np.full(max(1, count), base, np.uint64)
    powers[0] = 1
    return np.cumprod(powers)[:count]
