"""The list of steps on the left: the current page, and the state of each."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QListWidget, QListWidgetItem

from ..core.problems import Severity
from .pages.page import Page
from .session import Session
from .theme import good_colour, severity_colour
from .tips import explain


class StepList(QListWidget):
    """One line a page: its title, and ✓ or the number of errors or warnings that belong to it.

    Signals:
        chosen(number): a step that can be shown was clicked, or chosen by Enter.
    """

    chosen = Signal(int)

    def __init__(self, session: Session, pages: Sequence[Page]) -> None:
        super().__init__()
        self._session, self._pages, self._current, self._reached = session, pages, 0, 0
        self.setAccessibleName("Steps")
        explain(
            self, "The steps of the import. Click one that you have visited to go there, or choose it and press Enter."
        )
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFixedWidth(self.fontMetrics().horizontalAdvance("9  Microscope  ✓ ▲ 99 ✖ 99") + 24)
        for _ in pages:
            self.addItem(QListWidgetItem())
        self.itemClicked.connect(self._on_chosen)
        self.itemActivated.connect(self._on_chosen)
        for signal in (session.planned, session.planning, session.writing, session.imported):
            signal.connect(self.refresh)
        self.refresh()

    @Slot(int)
    def set_current(self, number: int) -> None:
        if number >= 0:
            self._current = number
            self._reached = max(self._reached, number)
            self.setCurrentRow(number)
            self.refresh()

    @Slot()
    def refresh(self, *_: object) -> None:
        for number, page in enumerate(self._pages):
            item = self.item(number)
            mark, colour, words = self._state(page, number)
            item.setText(f"{number + 1}  {page.title()}\n     {mark}")
            item.setSizeHint(QSize(0, 2 * self.fontMetrics().height() + 14))
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{page.title()}: {words}")
            font = item.font()
            font.setBold(number == self._current)
            item.setFont(font)
            reachable = self._can_go(number)
            item.setFlags(
                Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable if reachable else Qt.ItemFlag.NoItemFlags
            )
            if colour and reachable:
                item.setForeground(QColor(colour))
            else:
                item.setData(Qt.ItemDataRole.ForegroundRole, None)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        self.setCurrentRow(self._current)  # wherever the mouse was released: the highlight is the current page

    def keyPressEvent(self, event: QKeyEvent) -> None:
        super().keyPressEvent(event)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.accept()  # not for the button Next as well

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.setCurrentRow(self._current)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.refresh()

    def _can_go(self, number: int) -> bool:
        is_here, visited = number == self._current, number <= self._reached and self._pages[number].can_be_visited()
        return is_here or (visited and not self._session.is_writing)

    def _state(self, page: Page, number: int) -> tuple[str, str, str]:
        if number > self._reached:
            return "", "", "not visited yet"
        if self._session.plan.all_particles is None and not self._session.plan.problems:
            return "", "", "nothing chosen yet"
        severities = [p.severity for p in page.problems()]
        for severity, sign in ((Severity.ERROR, "✖"), (Severity.WARNING, "▲")):
            if count := severities.count(severity):
                words = f"{count} {severity.value}{'' if count == 1 else 's'}"
                return f"{sign} {words}", severity_colour(severity), words
        return ("✓", good_colour(), "fine") if page.is_done() else ("", "", "")

    @Slot(QListWidgetItem)
    def _on_chosen(self, item: QListWidgetItem) -> None:
        number = self.row(item)
        if number != self._current and self._can_go(number):
            self.chosen.emit(number)
        self.setCurrentRow(self._current)
