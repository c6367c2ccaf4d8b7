"""The table of optics groups: what the microscope was, where each value comes from, and overrides typed over them."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QObject, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QContextMenuEvent, QFont, QKeyEvent, QPainter, QPalette, QValidator
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QMenu,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from ....core.parameters import ImportParameters
from ....core.particles import MICROSCOPE_VALUES
from ....core.plan.plan import ImportPlan
from ....core.problems import Severity, count_of
from ...fields import FieldGuard
from ...theme import emphasize, quiet_colour, severity_colour
from ...tips import explain
from ...undo import Undo
from ...widgets.labels import plain_label
from ...widgets.undo_button import UndoButton
from .optics_model import COLUMNS, Index, OpticsModel

_WIDTHS = {
    "id": 46,
    "particles": 72,
    "box": 52,
    "pixel_size_A": 104,
    "header_A": 112,
    "amplitude_contrast": 92,
    "total_dose_e_per_A2": 104,
}
_VALUE_WIDTH = 106
_MARK_PX = 3  # at the left of what the user set
_MOST_ROWS = 6
_EDIT_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_RESET_KEYS = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)


class _PossibleValue(QValidator):
    """Accepts possible values; says why others are refused."""

    def __init__(self, model: OpticsModel, column: int, delegate: _CellDelegate, parent: QObject) -> None:
        super().__init__(parent)
        self._model, self._column, self._delegate = model, column, delegate

    def validate(self, text: str, position: int) -> QValidator.State:
        words = self._model.refusal(self._column, text)
        self._delegate.refused.emit(words)
        return QValidator.State.Intermediate if words else QValidator.State.Acceptable


class _CellDelegate(QStyledItemDelegate):
    """Draws the value and, smaller and quieter, its source below; what the user set stands out.

    Signals:
        refused(words): why the typed value cannot be used; empty if it can.
    """

    refused = Signal(str)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.model()
        assert isinstance(model, OpticsModel)
        cell = model.cell(index)
        self.initStyleOption(option, index)
        style = QApplication.style()
        room = style.subElementRect(QStyle.SubElement.SE_ItemViewItemText, option, option.widget).adjusted(3, 0, -2, 0)
        text, option.text = option.text, ""
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, option, painter, option.widget)
        is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
        role = QPalette.ColorRole.HighlightedText if is_selected else QPalette.ColorRole.Text
        painter.save()
        if cell.is_override:
            mark = QRect(option.rect.topLeft(), QSize(_MARK_PX, option.rect.height()))
            painter.fillRect(mark, option.palette.color(QPalette.ColorRole.Link))
            if not is_selected and not cell.severity:
                role = QPalette.ColorRole.Link
        painter.setPen(option.palette.color(role))
        painter.setFont(_font(option.font, bold=index.row() == 0 or cell.is_override))
        upper = QRect(room.left(), room.top(), room.width(), room.height() // (2 if cell.source else 1))
        _draw(painter, upper, text, Qt.AlignmentFlag.AlignBottom if cell.source else Qt.AlignmentFlag.AlignVCenter)
        if cell.source:
            if not is_selected:
                quiet = option.palette.color(role).name() if cell.is_override else quiet_colour()
                painter.setPen(severity_colour(cell.severity) if cell.severity else quiet)
            painter.setFont(_font(option.font, smaller=True))
            _draw(painter, upper.translated(0, room.height() // 2), cell.source, Qt.AlignmentFlag.AlignTop)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(60, row_height(option.fontMetrics.height()))

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        editor = QLineEdit(parent)
        model = index.model()
        assert isinstance(model, OpticsModel)
        editor.setAccessibleName(str(model.data(index, Qt.ItemDataRole.AccessibleTextRole)))
        editor.setValidator(_PossibleValue(model, index.column(), self, editor))
        FieldGuard(editor)
        return editor

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        if isinstance(editor, QLineEdit) and not editor.isModified():  # a new plan must not undo typing
            super().setEditorData(editor, index)


def row_height(font_height: int) -> int:
    return 2 * font_height + 6


def _font(font: QFont, bold: bool = False, smaller: bool = False) -> QFont:
    out = QFont(font)
    out.setBold(bold)
    if smaller:
        out.setPointSizeF(out.pointSizeF() * 0.85)
    return out


def _draw(painter: QPainter, room: QRect, text: str, alignment: Qt.AlignmentFlag) -> None:
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room.width())
    painter.drawText(room, Qt.AlignmentFlag.AlignLeft | alignment, shown)


class _View(QTableView):
    """Enter edits, Delete or the context menu resets; Tab goes on to the next value, or out of the table."""

    reset_wanted = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        editing = self.state() == QAbstractItemView.State.EditingState
        if not editing and event.key() in _RESET_KEYS:
            self.reset_wanted.emit()
        elif not editing and event.key() in _EDIT_KEYS:
            self.edit(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        model = self.model()
        assert isinstance(model, OpticsModel)
        reset = menu.addAction("&Reset")
        reset.setEnabled(any(model.cell(index).is_override for index in self.selectedIndexes()))
        reset.triggered.connect(self.reset_wanted)
        menu.addAction("Reset &all", model.reset_all).setEnabled(model.has_overrides)
        menu.popup(event.globalPos())

    def moveCursor(self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        step = {
            QAbstractItemView.CursorAction.MoveNext: 1,
            QAbstractItemView.CursorAction.MovePrevious: -1,
        }.get(action)
        if step is None:
            return super().moveCursor(action, modifiers)
        columns, at = len(COLUMNS), self.currentIndex()
        number = at.row() * columns + at.column() + step
        while 0 <= number < self.model().rowCount() * columns:
            index = self.model().index(number // columns, number % columns)
            if index.flags() & Qt.ItemFlag.ItemIsEditable:
                return index
            number += step
        return QModelIndex()


class OpticsTable(QWidget):
    """The table, one line that explains, and the buttons that reset overrides.

    Signals:
        overrides_wanted(words, values): what the user did, and the parameters with their new overrides.
        current_changed(position among the groups shown, -1: all).
    """

    overrides_wanted = Signal(str, object)
    current_changed = Signal(int)

    def __init__(self, undo: Undo) -> None:
        super().__init__()
        self.setObjectName("optics_table")
        self.model, self.view, self._delegate = OpticsModel(), _View(), _CellDelegate()
        self._refusal = ""
        self._set_up_view()
        self.words = plain_label()
        self.words.setAccessibleName("About the value")
        self.reset = QPushButton("&Reset")
        explain(self.reset, "Reset the selected values to those of the file (Delete).")
        self.reset_all = QPushButton("Reset &all")
        explain(self.reset_all, "Reset all values to those of the file.")
        foot = QHBoxLayout()
        foot.addWidget(self.words, 1)
        undo_last = UndoButton(undo, self, *MICROSCOPE_VALUES.values())
        foot.addWidget(undo_last, 0, Qt.AlignmentFlag.AlignTop)
        foot.addWidget(self.reset, 0, Qt.AlignmentFlag.AlignTop)
        foot.addWidget(self.reset_all, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view)
        layout.addLayout(foot)
        self.setFocusProxy(self.view)
        self.model.overrides_wanted.connect(self.overrides_wanted)
        self.view.reset_wanted.connect(self._reset_selected)
        self.reset.clicked.connect(self._reset_selected)
        self.reset_all.clicked.connect(self.model.reset_all)
        self._delegate.refused.connect(self._on_refused)
        self.view.horizontalScrollBar().rangeChanged.connect(self._fit_height)
        self.view.selectionModel().currentChanged.connect(self._on_current)
        self.view.selectionModel().selectionChanged.connect(self._on_selection)

    def _set_up_view(self) -> None:
        view = self.view
        view.setModel(self.model)
        view.setItemDelegate(self._delegate)
        view.setAccessibleName("Optics groups")
        view.setWhatsThis(
            "Each value with its source. Arrows move; typing or Enter replaces a value, in the first row for all "
            "groups; Delete resets it; Tab leaves the table."
        )
        view.setTabKeyNavigation(False)
        view.setWordWrap(False)
        trigger = QAbstractItemView.EditTrigger
        view.setEditTriggers(trigger.AnyKeyPressed | trigger.EditKeyPressed | trigger.DoubleClicked)
        height = row_height(view.fontMetrics().height())
        view.verticalHeader().setDefaultSectionSize(height)
        view.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        view.verticalHeader().hide()
        header = view.horizontalHeader()
        header.setHighlightSections(False)
        for column, name in enumerate(COLUMNS):
            view.setColumnWidth(column, _WIDTHS.get(name, _VALUE_WIDTH))
        header.setMinimumSectionSize(_WIDTHS["id"])
        header.setSectionResizeMode(COLUMNS.index("name"), QHeaderView.ResizeMode.Stretch)

    def show_groups(self, plan: ImportPlan, parameters: ImportParameters) -> None:
        """Show the groups of a plan with the overrides of `parameters`, which may be newer."""
        self.model.show(plan, parameters)
        self._fit_height()
        view = self.view
        if not view.currentIndex().isValid():
            view.setCurrentIndex(self.model.index(0, COLUMNS.index("pixel_size_A")))
        self.reset_all.setEnabled(self.model.has_overrides)
        self._on_selection()

    @Slot()
    def _fit_height(self, *_: object) -> None:
        """As high as its rows and the scroll bar of a narrow window."""
        view, bar = self.view, self.view.horizontalScrollBar()
        rows = min(self.model.rowCount(), _MOST_ROWS) * view.verticalHeader().defaultSectionSize()
        below = bar.sizeHint().height() if bar.maximum() > 0 else 0
        view.setFixedHeight(view.horizontalHeader().sizeHint().height() + rows + below + 4)

    @Slot()
    def _reset_selected(self) -> None:
        self.model.reset(self.view.selectedIndexes())

    @Slot(str)
    def _on_refused(self, words: str) -> None:
        self._refusal = words
        self._explain()

    @Slot(QModelIndex, QModelIndex)
    def _on_current(self, current: QModelIndex, previous: QModelIndex) -> None:
        self._refusal = ""
        self._explain()
        self.current_changed.emit(current.row() - 1)

    @Slot()
    def _on_selection(self, *_: object) -> None:
        self.reset.setEnabled(any(self.model.cell(index).is_override for index in self.view.selectedIndexes()))
        self._explain()

    def _explain(self) -> None:
        """Why a value is refused, else about the current value, and how many values should be checked."""
        index = self.view.currentIndex()
        cell = self.model.cell(index) if index.isValid() else None
        odd, severity = self.model.marked(Severity.WARNING), cell.severity if cell else None
        text = cell.words if cell else ""
        if self._refusal:
            text, severity = f"✖ {self._refusal}. The value stays as it was.", Severity.ERROR
        elif severity and cell:
            text = cell.sign + text
        elif odd:
            text += f"   ▲ {count_of(odd, 'value')} should be checked; select one to see why."
        self.words.setText(text)
        emphasize(self.words, severity_colour(severity) if severity else "", bold=False)
