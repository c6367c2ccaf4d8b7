"""Which rows of a file are imported: those that fit every condition, and are not switched off in the file."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..conditions import OPTICS_GROUP, Condition, parse_condition
from ..particles import Particles
from ..problems import refuse
from ..reading.reading import FileColumn, Reading, TextColumn

_COMPARISONS: dict[str, Callable[[Any, float], NDArray[np.bool_]]] = {
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
        raise refuse("selection-empty", "every row of the file is switched off", hint="Switch rows on again.")
    for text in conditions:
        chosen &= _holds(reading, parse_condition(text))
        if not chosen.any():
            raise refuse("selection-empty", f"none of {count:,} rows is left by the condition {text}")
    return chosen


def _holds(reading: Reading, condition: Condition) -> NDArray[np.bool_]:
    if condition.column == OPTICS_GROUP:
        return _in_groups(reading.particles, condition)
    column = reading.columns.get(condition.column)
    if column is None:
        raise refuse("selection-unknown", f"the file has no column {condition.column}")
    return _compare(column, condition)


def _in_groups(particles: Particles, condition: Condition) -> NDArray[np.bool_]:
    """A group is meant by its number or by its name."""
    groups = particles.optics_groups
    if condition.operator in _COMPARISONS:
        holds = _compare(np.array([float(group.id) for group in groups]), condition)
    elif condition.operator == "~":
        holds = np.array([condition.values[0] in group.name for group in groups])
    else:
        named = np.array([not {str(group.id), group.name}.isdisjoint(condition.values) for group in groups])
        holds = ~named if condition.operator == "!=" else named
    return holds[particles.optics_index]


def _compare(column: FileColumn, condition: Condition) -> NDArray[np.bool_]:
    if isinstance(column, TextColumn):
        return np.array([_text_holds(text, condition) for text in column.values], bool)[column.codes]
    if condition.operator in _COMPARISONS:
        (limit,) = condition.numbers or (np.nan,)
        return _COMPARISONS[condition.operator](column, limit)
    if condition.numbers is not None:
        found = np.isin(column, condition.numbers)
        return ~found if condition.operator == "!=" else found
    return np.array([_text_holds(f"{number:g}", condition) for number in column], bool)


def _text_holds(text: str, condition: Condition) -> bool:
    if condition.operator == "~":
        return condition.values[0] in text
    if condition.operator in _COMPARISONS:
        return False
    return (text in condition.values) != (condition.operator == "!=")
