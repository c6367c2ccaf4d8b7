"""Which rows of a file are imported: those that fit every condition, and are not switched off in the file."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..conditions import OPTICS_GROUP, Condition, parse_condition
from ..particles import OpticsGroup
from ..problems import count_of, refuse
from ..reading.reading import Reading, TextColumn

_COMPARISONS: dict[str, Callable[[Any, float], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def extra_columns(conditions: Sequence[str]) -> dict[str, bool]:
    """The columns that conditions name → whether their values are compared as numbers."""
    parsed = [parse_condition(text) for text in conditions]
    columns = {one.column for one in parsed} - {OPTICS_GROUP}
    return {name: all(c.numbers is not None for c in parsed if c.column == name) for name in sorted(columns)}


def selected_rows(reading: Reading, conditions: Sequence[str]) -> NDArray[np.bool_]:
    """(N,) whether a row is imported.

    Raises:
        Refused: A condition names a column that the file does not have, or no row is left.
    """
    count = len(reading.particles)
    chosen = np.ones(count, bool) if reading.enabled is None else reading.enabled.copy()
    if reading.enabled is not None and not chosen.any():
        raise refuse(
            "selection-empty",
            "every row of the file is switched off",
            hint="Switch some rows on again in the program that wrote the file.",
        )
    for text in conditions:
        chosen &= _holds(reading, parse_condition(text))
        if not chosen.any():
            off = 0 if reading.enabled is None else int((~reading.enabled).sum())
            besides = f" ({count_of(off, 'row')} of them switched off in the file)" if off else ""
            raise refuse(
                "selection-empty", f"none of {count_of(count, 'row')}{besides} is left by the condition {text}"
            )
    return chosen


def _holds(reading: Reading, condition: Condition) -> NDArray[np.bool_]:
    if condition.column == OPTICS_GROUP:
        groups = reading.particles.optics_groups
        holds = [_group_holds(group, condition) for group in groups]
        return np.array(holds, bool)[reading.particles.optics_index]
    column = reading.columns.get(condition.column)
    if column is None:
        raise refuse("selection-unknown", f"the file has no column {condition.column}")
    if isinstance(column, TextColumn):
        return np.array([_text_holds(text, condition) for text in column.values], bool)[column.codes]
    return _number_holds(column, condition)


def _group_holds(group: OpticsGroup, condition: Condition) -> bool:
    """A group is named by its number or by its name, so in one list by either."""
    if condition.operator == "~":
        return condition.values[0] in group.name
    if condition.operator in _COMPARISONS:
        return bool(_number_holds(np.array([float(group.id)]), condition)[0])
    is_listed = group.name in condition.values or float(group.id) in map(_number, condition.values)
    return is_listed != (condition.operator == "!=")


def _number_holds(column: NDArray[np.float64], condition: Condition) -> NDArray[np.bool_]:
    if condition.operator in _COMPARISONS:
        return _COMPARISONS[condition.operator](column, _number(condition.values[0]))
    if condition.numbers is not None:
        found = np.isin(column, condition.numbers)
        return ~found if condition.operator == "!=" else found
    values, codes = np.unique(column, return_inverse=True)
    return np.array([_text_holds(f"{number:g}", condition) for number in values], bool)[codes]


def _text_holds(text: str, condition: Condition) -> bool:
    if condition.operator == "~":
        return condition.values[0] in text
    if condition.operator in _COMPARISONS:
        return bool(_COMPARISONS[condition.operator](_number(text), _number(condition.values[0])))
    return (text in condition.values) != (condition.operator == "!=")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
