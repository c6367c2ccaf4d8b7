"""Conditions on the rows of a file of particles: `rlnClassNumber=1,3`."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: what stands for the optics group, by number or by name, whatever the file's format calls it
OPTICS_GROUP = "optics-group"

_CONDITION = re.compile(r"\s*_?([^\s=!<>~]+)\s*(!=|<=|>=|=|<|>|~)(.*)", re.DOTALL)
_ORDERS = ("<", "<=", ">", ">=")


class BadParameter(ValueError):
    """A value that cannot be taken; the message names the parameter."""


@dataclass(frozen=True)
class Condition:
    """`column operator value`; `=` and `!=` take a list of values, `~` asks for a text that is contained."""

    column: str
    operator: str
    values: tuple[str, ...]

    @property
    def numbers(self) -> tuple[float, ...] | None:
        """The values as numbers, if all are; a text that is searched for is none."""
        try:
            return None if self.operator == "~" else tuple(float(value) for value in self.values)
        except ValueError:
            return None


def parse_condition(text: str) -> Condition:
    """Take a condition apart.

    Raises:
        BadParameter: It cannot be understood.
    """
    match = _CONDITION.fullmatch(text)
    if match is None or not match[3].strip():
        raise BadParameter(f"--select takes a condition such as rlnClassNumber=1,3, not {text!r}")
    column, operator, rest = match.groups()
    values = rest.split(",") if operator in ("=", "!=") else [rest]
    condition = Condition(column, operator, tuple(value.strip() for value in values))
    if operator in _ORDERS and condition.numbers is None:
        raise BadParameter(f"--select {text}: {operator} compares with a number, not {rest.strip()!r}")
    return condition
