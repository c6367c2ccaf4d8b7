"""Optics groups of a RELION STAR file: from the optics table, and from columns that the particles have of their own."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..particles import OpticsGroup, Value
from ..problems import refuse
from .star import ColumnKind, StarFile, Table

_IMAGE_SIZE = "rlnImageSize"
_MOVIE_PIXEL_SIZE = "rlnMicrographOriginalPixelSize"
_PIXEL_SIZES = ["rlnImagePixelSize", "rlnMicrographPixelSize", _MOVIE_PIXEL_SIZE]
#: pixel sizes of something else, which particles have only if they were not binned
_OF_OTHERS = {"rlnMicrographPixelSize": "micrographs", _MOVIE_PIXEL_SIZE: "movies"}
_OLD_PIXEL_SIZE = ["rlnDetectorPixelSize", "rlnMagnification"]
_LENS = {
    "voltage_kV": "rlnVoltage",
    "cs_mm": "rlnSphericalAberration",
    "amplitude_contrast": "rlnAmplitudeContrast",
}
COLUMN_NAMES = {"pixel_size_A": "rlnImagePixelSize", "image_size_px": _IMAGE_SIZE} | _LENS
#: what CryoSPARC keeps in another form, with unproven signs: not taken over
_TILT = ["rlnBeamTiltX", "rlnBeamTiltY"]
_MAGNIFICATION = ["rlnMagMat00", "rlnMagMat01", "rlnMagMat10", "rlnMagMat11"]
_ZERNIKE = ["rlnOddZernike", "rlnEvenZernike"]
_IDENTITY = {"rlnMagMat00": 1.0, "rlnMagMat11": 1.0}
#: what `OpticsGroup.aberrations` calls them
_ABERRATIONS = {
    **{"rlnBeamTiltX": "beam_tilt_x_mrad", "rlnBeamTiltY": "beam_tilt_y_mrad"},
    **{"rlnOddZernike": "odd_zernike", "rlnEvenZernike": "even_zernike"},
    **{label: f"magnification_{label[-2:]}" for label in _MAGNIFICATION},
}
_CTF_CORRECTED = {"rlnCtfDataAreCtfPremultiplied": "premultiplied", "rlnCtfDataArePhaseFlipped": "phase-flipped"}
#: written for a group as a whole: where they differ from row to row, they make groups of their own
_SPLITTING = [*_PIXEL_SIZES, *_OLD_PIXEL_SIZE, *_LENS.values(), *_CTF_CORRECTED]
_GROUP_NUMBERS = [*_SPLITTING, *_TILT, *_MAGNIFICATION]
#: how many groups can come from values of single rows; more are no groups
_MOST_SPLIT = 1_000
_MOST_GROUPS = 10_000

#: the columns to read, in both tables
WANTED = dict.fromkeys([*_GROUP_NUMBERS, "rlnOpticsGroup", _IMAGE_SIZE], ColumnKind.NUMBER) | dict.fromkeys(
    ["rlnOpticsGroupName", *_ZERNIKE], ColumnKind.TEXT
)


def optics_table(star: StarFile) -> Table | None:
    """The optics table; every group stands in it once, or with the same values.

    Raises:
        Refused: It contradicts itself, or there are several.
    """
    found = [table for table in star.tables if table.name == "optics"]
    if len(found) > 1:
        raise refuse("meta-unreadable", f"{len(found)} tables are called data_optics")
    optics = found[0] if found else None
    ids = optics.number("rlnOpticsGroup") if optics else None
    if optics and ids is not None:
        if len(odd := ids[ids != np.floor(ids)]):
            raise refuse("meta-unreadable", f"the optics table has a group {odd[0]:g}: groups are whole numbers")
        values = np.array([ids, *_numbers_of(optics).values()])
        _, first, again = np.unique(ids, return_index=True, return_inverse=True)
        differ = ~np.isclose(values, values[:, first[again]], rtol=0, atol=0, equal_nan=True).all(axis=0)
        if differ.any():
            number = ids[np.flatnonzero(differ)[0]]
            message = f"the optics table lists group {number:g} more than once, with different values"
            raise refuse("meta-unreadable", message, hint="Correct the optics table: one row for each group.")
    return optics


def entry_of_rows(table: Table, optics: Table) -> NDArray[np.int64]:
    """(rows,) which row of the optics table each row of the particle table belongs to; -1: none.

    Where the particles name no group, the only one is theirs.
    """
    number, known = table.number("rlnOpticsGroup"), optics.number("rlnOpticsGroup")
    if number is None or known is None or not len(known):
        is_known = known is not None and len(known) == 1 and np.isfinite(known[0])
        return np.full(table.rows, 0 if is_known and number is None else -1)
    order = np.argsort(known, kind="stable")
    at = order[np.minimum(np.searchsorted(known[order], number), len(known) - 1)]
    return np.where(known[at] == number, at, -1)


@dataclass(frozen=True)
class RowAberrations:
    """Aberrations that differ inside of a group: names as in `OpticsGroup.aberrations`, values (rows, names)."""

    names: tuple[str, ...] = ()
    values: NDArray[np.float64] | None = None


@dataclass
class OpticsReader:
    """The optics groups of the rows of a particle table.

    `groups` sets the rest: `row_aberrations`, and `too_many`, the columns of the particle table that say something else
    in so many rows that no groups can be made of them → how many different values they hold.
    """

    table: Table
    optics: Table | None
    row_aberrations: RowAberrations = field(default_factory=RowAberrations)
    too_many: dict[str, int] = field(default_factory=dict)

    @cached_property
    def _of_rows(self) -> dict[str, NDArray[np.float64]]:
        """Numbers of the particle table that can say something of an optics group."""
        return _numbers_of(self.table)

    @cached_property
    def _of_groups(self) -> dict[str, NDArray[np.float64]]:
        return _numbers_of(self.optics) if self.optics else {}

    @property
    def listed(self) -> tuple[int, ...]:
        """The numbers of the groups in the optics table."""
        known = self.optics.number("rlnOpticsGroup") if self.optics else None
        return tuple(int(number) for number in known if np.isfinite(number)) if known is not None else ()

    @property
    def listed_names(self) -> tuple[str, ...]:
        names = self.optics.text("rlnOpticsGroupName") if self.optics else None
        return tuple(names.values) if names else tuple(f"opticsGroup{number}" for number in self.listed)

    @property
    def judged_columns(self) -> list[str]:
        """Columns of numbers from which something is written."""
        sizes = [label for label in _PIXEL_SIZES if label in self._of_rows or label in self._of_groups]
        return [*(sizes or _OLD_PIXEL_SIZE), *_LENS.values()]

    def groups(self) -> tuple[list[OpticsGroup], NDArray[np.int32], NDArray[np.int64]]:
        """Groups, the group of each row, and the rows whose group the optics table lacks.

        Raises:
            Refused: There are so many that they cannot be optics groups.
        """
        rows = self.table.rows
        number = self.table.number("rlnOpticsGroup")
        known = self.optics.number("rlnOpticsGroup") if self.optics else None
        if number is None:
            number = np.full(
                rows, known[0] if known is not None and len(known) == 1 else np.nan if self.optics else 1.0
            )
        unknown = ~np.isfinite(number) | (number != np.floor(number)) | (number < 0) | (number >= 2**32)
        entry = entry_of_rows(self.table, self.optics) if self.optics else None
        if entry is not None:
            unknown |= entry < 0
        index, first = _distinct([np.where(unknown, -1.0, number)], rows)
        if len(first) > _MOST_GROUPS:
            message = f"rlnOpticsGroup holds {len(first):,} different numbers: these cannot be optics groups"
            raise refuse("meta-unreadable", message, hint="Correct the column rlnOpticsGroup.")
        index, first = self._split(index, first)
        of_terms = self._strongest(index, first)
        groups = []
        for at, row in enumerate(first.tolist()):
            if unknown[row]:
                groups.append(OpticsGroup(0, "unknown", is_listed=False))
            else:
                rows_of = {term: int(strongest[at]) for term, strongest in of_terms.items()}
                groups.append(self._group(int(number[row]), None if entry is None else int(entry[row]), row, rows_of))
        if "rlnOpticsGroup" not in self.table.labels and not self.optics:
            for i, group in enumerate(groups, 1):
                group.id, group.name = i, f"group {i}"
        for group, count in zip(groups, np.bincount(index, minlength=len(groups))):
            group.particles = int(count)
        return groups, index, np.flatnonzero(unknown)

    def _split(self, index: NDArray[np.int32], first: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Rows of a group that have other microscope values are a group of their own."""
        most = len(first) + _MOST_SPLIT
        for label in _SPLITTING:
            column = self._of_rows.get(label)
            if column is None or not (column != column[0]).any():
                continue
            finer = _distinct([index.astype(np.float64), column], len(index))
            if len(finer[1]) > most:
                self.too_many[label] = len(np.unique(column))
            else:
                index, first = finer
        return index, first

    def _strongest(self, index: NDArray[np.int32], first: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
        """For each term that differs inside of a group, the row of each group where it is strongest.

        Sets `row_aberrations`.
        """
        names: list[str] = []
        columns: list[NDArray[np.float64]] = []
        out: dict[str, NDArray[np.int64]] = {}

        def add(term: str, found: dict[str, NDArray[np.float64]]) -> None:
            squares = sum(((c - _IDENTITY.get(label, 0.0)) ** 2 for label, c in found.items()), np.zeros(len(index)))
            by_strength = np.lexsort((squares, index))
            out[term] = by_strength[np.cumsum(np.bincount(index, minlength=len(first))) - 1]
            names.extend(_ABERRATIONS[label] for label in found)
            columns.extend(found.values())

        for labels in (_TILT, _MAGNIFICATION):
            found = {label: _known(self._of_rows[label], label) for label in labels if label in self._of_rows}
            if any((column != column[first][index]).any() for column in found.values()):
                add(labels[0], found)
        for label in _ZERNIKE:
            text = self.table.text(label)
            if text and (text.codes != text.codes[first][index]).any():
                largest = np.array([max(_coefficients(t), key=abs, default=0.0) for t in text.values])
                add(label, {label: largest[text.codes]})
        if columns:
            self.row_aberrations = RowAberrations(tuple(names), np.stack(columns, axis=1))
        return out

    def _group(self, number: int, entry: int | None, row: int, strongest: Mapping[str, int]) -> OpticsGroup:
        """The group that has a row of the particle table.

        Args:
            entry: Its row of the optics table.
            strongest: Term → the row to take it from, where that is not `row`.
        """
        names = self.optics.text("rlnOpticsGroupName") if self.optics else None

        def value(label: str, row: int = row) -> Value | None:
            if label in self.too_many:
                return None
            if (column := self._of_rows.get(label)) is not None:
                return Value(float(column[row]), f"particle table {label}")
            if entry is not None and (column := self._of_groups.get(label)) is not None:
                given = float(column[entry])
                return Value(given, f"optics {label}") if math.isfinite(given) else None
            return None

        group = OpticsGroup(number, names[entry] if names and entry is not None else f"opticsGroup{number}")
        for name, label in _LENS.items():
            setattr(group, name, value(label))
            if label in self.too_many:
                group.unusable[name] = self._too_many(label)
        image_size = self.optics.number(_IMAGE_SIZE) if self.optics else None
        group.image_size_px = float(image_size[entry]) if image_size is not None and entry is not None else None
        self._set_pixel_sizes(group, value)
        done = (how for label, how in _CTF_CORRECTED.items() if (v := value(label)) and v.value == 1)
        group.ctf_corrected = next(done, "")
        group.aberrations = self._aberrations(entry, row, strongest, value)
        return group

    def _set_pixel_sizes(self, group: OpticsGroup, value: Callable[[str], Value | None]) -> None:
        given = [v for label in _PIXEL_SIZES if (v := value(label))]
        sizes = [v for v in given if v.value > 0]
        if sizes and (label := sizes[0].source.rpartition(" ")[2]) in _OF_OTHERS:
            sizes[0] = replace(sizes[0], caveat=f"{label}, which is that of the {_OF_OTHERS[label]}")
        detector, magnification = (value(label) for label in _OLD_PIXEL_SIZE)
        if detector and magnification and magnification.value > 0 and detector.value > 0:
            size = detector.value * 1e4 / magnification.value
            sizes.append(Value(size, f"{detector.source} / rlnMagnification"))
        needed = next(([label] for label in _PIXEL_SIZES if label in self.too_many or value(label)), _OLD_PIXEL_SIZE)
        if too_many := [label for label in needed if label in self.too_many]:
            sizes.clear()
            group.unusable["pixel_size_A"] = self._too_many(too_many[0])
        elif not sizes:
            given += [v for v in (detector, magnification) if v]
            if zero := next((v for v in given if v.value <= 0), None):
                group.unusable["pixel_size_A"] = f"{zero.source.rpartition(' ')[2]} is {zero.value:g}"
        group.pixel_size_A = sizes[0] if sizes else None
        group.file_pixel_size_A = sizes[0].value if sizes else None
        group.picked_pixel_size_A, group.movie_pixel_size_A = (
            v if (v := value(label)) and v.value > 0 else None for label in _PIXEL_SIZES[1:]
        )

    def _too_many(self, label: str) -> str:
        return f"{label} holds {self.too_many[label]:,} different values, too many for groups of particles"

    @cached_property
    def _has_aberrations(self) -> bool:
        labels = {*self.table.labels, *(self.optics.labels if self.optics else ())}
        return not labels.isdisjoint((*_TILT, *_MAGNIFICATION, *_ZERNIKE))

    def _aberrations(
        self, entry: int | None, row: int, strongest: Mapping[str, int], value: Callable[[str, int], Value | None]
    ) -> dict[str, tuple[float, ...]]:
        found: dict[str, tuple[float, ...]] = {}
        if not self._has_aberrations:
            return found
        for labels in (_TILT, _MAGNIFICATION):
            at = strongest.get(labels[0], row)
            numbers = {label: v.value for label in labels if (v := value(label, at))}
            if any(number != _IDENTITY.get(label, 0.0) for label, number in numbers.items()):
                found |= {_ABERRATIONS[label]: (number,) for label, number in numbers.items()}
        for label in _ZERNIKE:
            for table, line in ((self.table, strongest.get(label, row)), (self.optics, entry)):
                text = table.text(label) if table and line is not None else None
                name = _ABERRATIONS[label]
                if text and name not in found and any(coefficients := _coefficients(text[line])):  # type: ignore[index]
                    found[name] = coefficients
        return found


def _known(column: NDArray[np.float64], label: str) -> NDArray[np.float64]:
    """What is no number is no aberration."""
    return np.where(np.isfinite(column), column, _IDENTITY.get(label, 0.0))


def _numbers_of(table: Table) -> dict[str, NDArray[np.float64]]:
    """Its columns of numbers among those of an optics group."""
    return {label: column for label in _GROUP_NUMBERS if (column := table.number(label)) is not None}


def _distinct(keys: list[NDArray[np.float64]], rows: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Number the distinct combinations in order of appearance: the number of each row, and the first row of each."""
    index = np.zeros(rows, np.int64)
    differing = [key for key in keys if (key != key[0]).any()]
    if not differing:
        return index.astype(np.int32), np.zeros(1, np.int64)
    for key in differing:
        _, codes = np.unique(key, return_inverse=True)
        _, index = np.unique(index * (codes.max() + 1) + codes, return_inverse=True)
    _, first = np.unique(index, return_index=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return rank[index].astype(np.int32), first[order]


def _coefficients(text: str) -> tuple[float, ...]:
    """`[a,b,c]` → numbers; none where it is no such list."""
    try:
        return tuple(float(part) for part in text.strip("[]").split(",") if part.strip())
    except ValueError:
        return ()
