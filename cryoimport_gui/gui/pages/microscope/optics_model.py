"""The cells of the optics table: value, source, and what is wrong or odd; edits become overrides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import QAbstractTableModel, Qt, Signal
from PySide6.QtGui import QColor

from ....core.optics.microscope import impossible, needed_values, odd_values, overridden, override_of
from ....core.parameters import ImportParameters, Overrides, meaning, parameter
from ....core.particles import MICROSCOPE_VALUES, OpticsGroup, Value
from ....core.plan.plan import ImportPlan
from ....core.problems import Severity, count_of
from ....core.stacks.stacks import GroupHeaders
from ...theme import severity_colour
from ...tips import in_sentence, plain_tip
from ...widgets.table_index import ROOT, Index

_SIGNS = {Severity.ERROR: "✖ ", Severity.WARNING: "▲ "}
_HEADER = "header_A"
COLUMNS = ("id", "name", "particles", "box", "pixel_size_A", _HEADER, *list(MICROSCOPE_VALUES)[1:])
_TITLES = {
    "id": "Group",
    "name": "Name",
    "particles": "Particles",
    "box": "Box\n(px)",
    _HEADER: "Stack header's\npixel size (Å)",
}
_TIPS = {
    "id": "Number of the optics group (rlnOpticsGroup).",
    "name": "Name of the optics group (rlnOpticsGroupName).",
    "particles": "Particles of this optics group.",
    "box": "Side of the particle images in pixels, from the stack headers.",
    _HEADER: "Pixel size in the stack headers, in Å. It is compared, not imported: headers are often wrong.",
}
_NO_DOSE = "The total dose of the exposures is known. A dose is written only if you type one, here or for all groups."
_LONG_TITLE = 12
_YOU = "you"


def column_title(name: str) -> str:
    if name in _TITLES:
        return _TITLES[name]
    data = parameter(MICROSCOPE_VALUES[name]).metadata
    first, _, second = data["title"].partition(" ")
    unit = f"({data['unit']})" if data["unit"] else ""
    is_long = len(data["title"]) > _LONG_TITLE
    return f"{first}\n{second} {unit}".rstrip() if is_long or not unit else f"{data['title']}\n{unit}"


def _column_tip(name: str) -> str:
    return "\n".join(meaning(MICROSCOPE_VALUES[name])) if name in MICROSCOPE_VALUES else _TIPS[name]


@dataclass(frozen=True)
class Cell:
    """`text` and below it `source`; `words` explain, and a `severity` marks what should be checked."""

    text: str
    source: str = ""
    words: str = ""
    severity: Severity | None = None
    is_override: bool = False

    @property
    def sign(self) -> str:
        return _SIGNS.get(self.severity, "") if self.severity else ""


class OpticsModel(QAbstractTableModel):
    """Row 0 stands for all groups, the others for one group that has particles.

    Signals:
        overrides_wanted(words, values): the user did what the words say; the parameters with their new overrides.
    """

    overrides_wanted = Signal(str, object)

    def __init__(self) -> None:
        super().__init__()
        self.groups: list[OpticsGroup] = []
        self._parameters = ImportParameters()
        self._cells: list[list[Cell]] = [[Cell("–")] * len(COLUMNS)]

    def show(self, plan: ImportPlan, parameters: ImportParameters) -> None:
        """Show the groups of a plan with the overrides of `parameters`, which may be newer."""
        headers = plan.stacks.headers if plan.stacks else [None] * len(plan.given_groups)
        needed = needed_values(plan.all_particles, parameters) if plan.all_particles else frozenset()
        all_of_plan = zip(overridden(plan.given_groups, parameters), plan.given_groups, headers)
        shown = [(group, given, its_headers) for group, given, its_headers in all_of_plan if group.particles]
        same_rows = [(g.id, g.name) for g in self.groups] == [(g.id, g.name) for g, _, _ in shown]
        if not same_rows:
            self.beginResetModel()
        self.groups, self._parameters = [group for group, _, _ in shown], parameters
        of_groups = [
            _group_cells(group, given, its_headers, needed, bool(parameters.total_dose))
            for group, given, its_headers in shown
        ]
        self._cells = [_all_cells(self.groups, [given for _, given, _ in shown], of_groups, parameters), *of_groups]
        if same_rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._cells) - 1, len(COLUMNS) - 1))
        else:
            self.endResetModel()

    def cell(self, index: Index) -> Cell:
        return self._cells[index.row()][index.column()]

    @property
    def has_overrides(self) -> bool:
        return any(getattr(self._parameters, name) for name in MICROSCOPE_VALUES.values())

    def marked(self, severity: Severity) -> int:
        """How many values of groups have this mark."""
        return sum(cell.severity is severity for cells in self._cells[1:] for cell in cells)

    def reset(self, indexes: Iterable[Index]) -> None:
        """Reset some cells; an override of all groups stays for the others."""
        taken: dict[str, list[int]] = {}
        for index in indexes:
            if COLUMNS[index.column()] in MICROSCOPE_VALUES:
                taken.setdefault(MICROSCOPE_VALUES[COLUMNS[index.column()]], []).append(index.row())
        changed: dict[str, Overrides] = {}
        for name, rows in taken.items():
            overrides = dict(getattr(self._parameters, name))
            if 0 in rows:
                overrides.clear()
            else:
                keys = {None, *(key for group in self.groups for key in (group.id, group.name))}
                others = {key: value for key, value in overrides.items() if key not in keys}
                ids = {self.groups[row - 1].id for row in rows}
                kept = [(group.id, override_of(group, overrides)) for group in self.groups if group.id not in ids]
                overrides = others | {number: value for number, value in kept if value is not None}
            changed[name] = overrides
        self._want("Reset", changed)

    def reset_all(self) -> None:
        self._want("Reset", {name: {} for name in MICROSCOPE_VALUES.values()})

    def refusal(self, column: int, text: str) -> str:
        """Why a text cannot be used, in words; empty if it can. No text resets the value."""
        if not text.strip():
            return ""
        try:
            return impossible(COLUMNS[column], _number(text))
        except ValueError:
            return f"“{text.strip()}” is not a number"

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._cells)

    def columnCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        is_value = COLUMNS[index.column()] in MICROSCOPE_VALUES and self.groups
        return flags | Qt.ItemFlag.ItemIsEditable if is_value else flags

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return column_title(COLUMNS[section])
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(_column_tip(COLUMNS[section]))
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        cell = self.cell(index)
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{cell.sign}{cell.text}"
        if role == Qt.ItemDataRole.EditRole:
            return "" if index.row() == 0 else _editable(self.groups[index.row() - 1], COLUMNS[index.column()])
        if role == Qt.ItemDataRole.ForegroundRole and cell.severity:
            return QColor(severity_colour(cell.severity))
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(cell.words) or None
        if role == Qt.ItemDataRole.AccessibleDescriptionRole:
            return cell.words or None
        if role == Qt.ItemDataRole.AccessibleTextRole:
            title = column_title(COLUMNS[index.column()]).replace("\n", " ")
            of = "all groups" if index.row() == 0 else self.groups[index.row() - 1].name
            return f"{title}, {of}: {cell.text}" + (f", {cell.source}" if cell.source else "")
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        text = str(value)
        if role != Qt.ItemDataRole.EditRole or self.refusal(index.column(), text):
            return False
        if text.strip() == self.data(index, Qt.ItemDataRole.EditRole):
            return False
        if not text.strip():
            self.reset([index])
            return True
        name, number = MICROSCOPE_VALUES[COLUMNS[index.column()]], _number(text)
        if index.row() == 0:
            overrides: Overrides = {None: number}
        else:
            overrides = getattr(self._parameters, name) | {self.groups[index.row() - 1].id: number}
        self._want("Set", {name: overrides})
        return True

    def _want(self, verb: str, values: dict[str, Overrides]) -> None:
        changed = {name: value for name, value in values.items() if value != getattr(self._parameters, name)}
        if changed:
            title = parameter(next(iter(changed))).metadata["title"]
            what = in_sentence(title) if len(changed) == 1 else "microscope values"
            self.overrides_wanted.emit(f"{verb} {what}", changed)


def _number(text: str) -> float:
    return float(text.strip().replace(",", "."))


def _editable(group: OpticsGroup, name: str) -> str:
    value = getattr(group, name) if name in MICROSCOPE_VALUES else None
    return f"{value.value:.7g}" if value else ""


def _group_cells(
    group: OpticsGroup,
    given: OpticsGroup,
    headers: GroupHeaders | None,
    needed: frozenset[str],
    doses_are_written: bool,
) -> list[Cell]:
    """`given` is the group without what the user typed."""
    odd = odd_values(group, headers)
    boxes = ", ".join(map(str, headers.boxes)) if headers else ""
    cells = {
        "id": Cell(str(group.id)),
        "name": Cell(group.name, words=group.name),
        "particles": Cell(f"{group.particles:,}"),
        "box": Cell(boxes or "–"),
        _HEADER: _header_cell(group, headers),
    }
    for name in MICROSCOPE_VALUES:
        cells[name] = _value_cell(getattr(group, name), getattr(given, name), name, odd.get(name, ""), name in needed)
    if group.total_dose_e_per_A2 and not doses_are_written:
        cells["total_dose_e_per_A2"] = replace(cells["total_dose_e_per_A2"], source="exposures, unused", words=_NO_DOSE)
    return [cells[name] for name in COLUMNS]


def _value_cell(value: Value | None, given: Value | None, name: str, odd: str, needed: bool) -> Cell:
    title = column_title(name).replace("\n", " ")
    if value is None:
        words = f"{title} is not known, but needed: type it here."
        return Cell("missing", "type it here", words, Severity.ERROR) if needed else Cell("–")
    text, is_override = f"{value.value:.5g}", value.source == _YOU
    table = next((table for table in ("particle table", "optics") if value.source.startswith(table)), "")
    source = {"optics": "optics table", "": value.source}.get(table, table)
    said, severity = f"{title}: {value.value:.7g}, from {value.source}.", None
    if is_override:
        source = f"{_YOU}, was {given.value:.5g}" if given else _YOU
        before = f"{given.value:.7g}, from {given.source}" if given else "not known"
        said = f"{title}: {value.value:.7g}, set by you. Without it: {before} (Delete resets it)."
    if words := impossible(name, value.value):
        said, severity = f"{words}. {said}" if is_override else f"{words}.", Severity.ERROR
    elif odd:
        words = f"{odd[0].upper()}{odd[1:]}."
        said, severity = f"{words} {said}" if is_override else words, Severity.WARNING
    return Cell(text, source, said, severity, is_override)


def _header_cell(group: OpticsGroup, headers: GroupHeaders | None) -> Cell:
    if headers is None:
        return Cell("–", "not read")
    if headers.pixel_size_A is None:
        return Cell("–", "none given", "The stacks' headers give no pixel size.")
    other = headers.other_than(group.pixel_size_A.value) if group.pixel_size_A else {}
    if other:
        by_stacks = sorted(other, key=lambda size: len(other[size]), reverse=True)
        text = f"{by_stacks[0]:.5g}" + (", …" if len(by_stacks) > 1 else "")
        differing = sum(map(len, other.values()))
        words = "; ".join(f"{size:g} Å in {count_of(len(numbers), 'stack')}" for size, numbers in other.items())
        words = f"Headers that differ by more than 1 % from the value used: {words}. Headers are often wrong."
        return Cell(text, f"in {differing:,} of {count_of(headers.stacks, 'stack')}", words, Severity.WARNING)
    given = sum(map(len, headers.pixel_sizes_A.values()))
    source = f"in {given:,} of {count_of(headers.stacks, 'stack')}"
    return Cell(f"{headers.pixel_size_A:.5g}", source, "As in the stacks' headers.")


def _all_cells(
    groups: Sequence[OpticsGroup], given: Sequence[OpticsGroup], rows: Sequence[Sequence[Cell]], p: ImportParameters
) -> list[Cell]:
    if not groups:
        return [Cell("–")] * len(COLUMNS)
    boxes = list(dict.fromkeys(row[COLUMNS.index("box")].text for row in rows))
    cells = {
        "id": Cell("all"),
        "name": Cell("all groups"),
        "particles": Cell(f"{sum(group.particles for group in groups):,}"),
        "box": Cell(boxes[0] if len(boxes) == 1 else "differ"),
        _HEADER: Cell(""),
    }
    for name, its_parameter in MICROSCOPE_VALUES.items():
        text, before = _range(groups, name), _range(given, name)
        title = column_title(name).replace("\n", " ")
        words = f"Type a value here to set the {title[0].lower()}{title[1:]} of all groups."
        is_override = None in getattr(p, its_parameter)
        if is_override:
            words = f"{title}, set by you for all groups. Without it: {before} (Delete resets it)."
        source = "" if not is_override else f"{_YOU}, was {before}" if before != "–" else _YOU
        cells[name] = Cell(text, source, words, is_override=is_override)
    return [cells[name] for name in COLUMNS]


def _range(groups: Sequence[OpticsGroup], name: str) -> str:
    numbers = {value.value for group in groups if (value := getattr(group, name))}
    return " – ".join(f"{x:.5g}" for x in sorted({min(numbers), max(numbers)})) if numbers else "–"
