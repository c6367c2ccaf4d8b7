"""Which particles are imported: conditions in one line, how many rows they leave, and a window to choose them in."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ....core.conditions import BadParameter, parse_condition
from ....core.plan.choices import Choice, choices
from ....core.problems import count_of
from ...session import Session
from ...tips import explain, window_words
from .conditions_edit import ConditionsEdit

_OPERATORS = {"=": "is one of", "!=": "is none of", "<": "<", "<=": "≤", ">": ">", ">=": "≥", "~": "contains"}
_CHOSEN = "Choose particles"
_EXPLAINED = "Choose classes, half-sets, optics groups, or compare any column of the file with a value."


def rows_chosen(session: Session) -> str:
    """How many rows of the file the conditions leave, in words."""
    plan = session.plan
    if not session.is_current or plan.all_particles is None:
        return ""
    counts = plan.counts()
    is_refused = any(found.code.startswith("selection-") for found in plan.errors)
    chosen = 0 if is_refused else counts["rows"] - counts["not_selected"]
    return f"{chosen:,} of {count_of(counts['rows'], 'row')}"


class WhichParticles(QWidget):
    """The line of conditions with what they leave; a button opens the window that helps to write them."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.line = ConditionsEdit(session)
        self.count = QLabel()
        self.count.setAccessibleName("Rows chosen")
        self.choose = QPushButton("&Choose …")
        explain(self.choose, _EXPLAINED)
        self.choose.clicked.connect(self._open)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.line, 1)
        layout.addWidget(self.count)
        layout.addWidget(self.choose)
        self.setFocusProxy(self.line)
        self.setAccessibleName(self.line.accessibleName())
        self.setToolTip(self.line.toolTip())
        session.planned.connect(self._show)
        self._show()

    @Slot()
    def _show(self) -> None:
        self.count.setText(rows_chosen(self._session) if self._session.parameters.select else "")
        self.choose.setEnabled(self._session.plan.all_rows is not None)

    @Slot()
    def _open(self) -> None:
        self.window_to_choose = ChooseParticles(self._session, self)
        self.window_to_choose.open()


class ChooseParticles(QDialog):
    """Values to check, and comparisons to add; each change is taken at once, and the count follows."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self.setWindowTitle("Which particles")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        layout = QVBoxLayout(self)
        rows = session.plan.all_rows
        assert rows is not None
        self._choices = choices(rows)
        lists = QHBoxLayout()
        self.lists = {choice.column: _list_of(choice) for choice in self._choices}
        for choice in self._choices:
            lists.addWidget(_box(choice.title, self.lists[choice.column]))
            self.lists[choice.column].itemChanged.connect(self._take)
        layout.addLayout(lists, 1)
        columns = sorted({*rows.column_names.values(), *rows.columns_not_imported})
        layout.addWidget(self._comparison([name for name in columns if " " not in name]))
        self.others = QListWidget()
        self.others.setAccessibleName("Other conditions")
        self.remove = QPushButton("&Remove")
        explain(self.remove, "Remove the condition that is marked in the list.")
        self.remove.clicked.connect(self._remove)
        below = QHBoxLayout()
        below.addWidget(self.others, 1)
        below.addWidget(self.remove, 0, Qt.AlignmentFlag.AlignTop)
        self._others_box = _box("Other conditions; every one must hold", _widget(below))
        layout.addWidget(self._others_box)
        self.count = QLabel()
        self.count.setAccessibleName("Rows chosen")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        foot = QHBoxLayout()
        foot.addWidget(self.count, 1)
        foot.addWidget(buttons)
        layout.addLayout(foot)
        session.planned.connect(self._count)
        session.planning.connect(self._count)
        self.resize(720, 440)
        self._show()

    def _comparison(self, columns: list[str]) -> QGroupBox:
        self.column, self.operator, self.value = QComboBox(), QComboBox(), QLineEdit()
        self.column.setEditable(True)
        self.column.addItems(columns)
        self.column.setCurrentText("")
        self.column.setMinimumContentsLength(24)
        for sign, words in _OPERATORS.items():
            self.operator.addItem(words, sign)
        self.value.setPlaceholderText("a value, or several with commas")
        self.add = QPushButton("&Add")
        self.add.setObjectName("add_condition")
        # Return in the value adds it, and does not close the window.
        self.add.setDefault(True)
        self.add.clicked.connect(self._add)
        self.wrong = QLabel()
        self.wrong.setWordWrap(True)
        self.wrong.hide()
        self.column.setAccessibleName("Column")
        self.operator.setAccessibleName("Comparison")
        self.value.setAccessibleName("Value")
        explain(self.column, "A column of the file, by its name.")
        explain(self.operator, "How the column is compared. Numbers compare as numbers, else as text.")
        explain(self.value, "What the column is compared with.")
        explain(self.add, "Add this condition.")
        grid = QGridLayout()
        for place, widget in enumerate((self.column, self.operator, self.value, self.add)):
            grid.addWidget(widget, 0, place)
        grid.setColumnStretch(2, 1)
        grid.addWidget(self.wrong, 1, 0, 1, 4)
        return _box("Compare a column", _widget(grid))

    def _show(self) -> None:
        """The conditions as they are, in the lists that can show them, else as text."""
        shown: dict[str, tuple[str, ...]] = {}
        self.others.clear()
        for text in self._session.parameters.select:
            condition = parse_condition(text)
            rows = next((c.rows for c in self._choices if c.column == condition.column), {})
            if condition.operator == "=" and condition.column not in shown and set(condition.values) <= set(rows):
                shown[condition.column] = condition.values
            else:
                self.others.addItem(text)
        self._others_box.setVisible(self.others.count() > 0)
        for column, widget in self.lists.items():
            widget.blockSignals(True)
            for item in _items(widget):
                on = item.data(Qt.ItemDataRole.UserRole) in shown.get(column, ())
                item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
            widget.blockSignals(False)
        self._count()

    @Slot()
    def _count(self) -> None:
        self.count.setText(rows_chosen(self._session) or "Counting …")

    def _texts(self) -> list[str]:
        return [self.others.item(i).text() for i in range(self.others.count())]

    @Slot()
    def _take(self) -> None:
        conditions = []
        for column, widget in self.lists.items():
            on = [i.data(Qt.ItemDataRole.UserRole) for i in _items(widget) if i.checkState() == Qt.CheckState.Checked]
            if on:
                conditions.append(f"{column}={','.join(on)}")
        self._session.undo.take(_CHOSEN, select=tuple(conditions + self._texts()))
        self._count()

    @Slot()
    def _add(self) -> None:
        condition = f"{self.column.currentText().strip()}{self.operator.currentData()}{self.value.text().strip()}"
        try:
            self._session.undo.take(_CHOSEN, select=(*self._session.parameters.select, condition))
        except BadParameter as error:
            self.wrong.setText(window_words(str(error)) + ".")
            self.wrong.show()
            return
        self.wrong.hide()
        self.value.clear()
        self._show()

    @Slot()
    def _remove(self) -> None:
        self.others.takeItem(self.others.currentRow())
        self._take()
        self._show()


def _list_of(choice: Choice) -> QListWidget:
    widget = QListWidget()
    widget.setAccessibleName(choice.title)
    explain(widget, f"{choice.title}: check the ones to import. None checked: all.")
    for value, rows in choice.rows.items():
        item = QListWidgetItem(f"{choice.labels.get(value, value)}   ({rows:,})", widget)
        item.setData(Qt.ItemDataRole.UserRole, value)
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
        item.setCheckState(Qt.CheckState.Unchecked)
    return widget


def _items(widget: QListWidget) -> list[QListWidgetItem]:
    return [widget.item(i) for i in range(widget.count())]


def _widget(layout: QHBoxLayout | QGridLayout) -> QWidget:
    widget = QWidget()
    layout.setContentsMargins(0, 0, 0, 0)
    widget.setLayout(layout)
    return widget


def _box(title: str, content: QWidget) -> QGroupBox:
    box = QGroupBox(title)
    QVBoxLayout(box).addWidget(content)
    return box
