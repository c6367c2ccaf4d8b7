"""The list of steps on the left: the current page, and the state of each."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize, Qt, Signal, Slot
from PySide6.QtGui import QFocusEvent, QIcon, QKeyEvent, QMouseEvent, QPixmap
from PySide6.QtWidgets import QListWidget, QListWidgetItem

from ..core.problems import Severity, count_of
from ..core.report.claim_codes import claim_of
from ..core.report.claims import ClaimState
from .pages.page import Page
from .session import Session
from .tips import explain, plain_tip
from .widgets.state_icon import state_icon

_ICON_PX = 18
_STATES = {Severity.ERROR: ClaimState.CONTRADICTED, Severity.WARNING: ClaimState.DOUBTFUL}
_ORDER = list(ClaimState)


class StepList(QListWidget):
    """One line a page: its title, and the state of its claim, or how many errors or warnings belong to it.

    Folded, it shows the icon of the state and the number of the page; a tool tip says the rest.

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
        self.setIconSize(QSize(_ICON_PX, _ICON_PX))
        nothing = QPixmap(_ICON_PX, _ICON_PX)  # so that titles stand in one line
        nothing.fill(Qt.GlobalColor.transparent)
        self._no_icon = QIcon(nothing)
        self._is_folded = False
        for _ in pages:
            self.addItem(QListWidgetItem())
        self.itemClicked.connect(self._on_chosen)
        self.itemActivated.connect(self._on_chosen)
        for signal in (session.planned, session.planning, session.writing, session.imported):
            signal.connect(self.refresh)
        self.fold(False)

    def fold(self, is_folded: bool) -> None:
        """Take as little room as possible, or what the titles and states need."""
        self._is_folded = is_folded
        widest = "0" if is_folded else "     not checked yet"
        self.setFixedWidth(self.fontMetrics().horizontalAdvance(widest) + _ICON_PX + (26 if is_folded else 30))
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
            state, words = self._state(page, number)
            item.setIcon(state_icon(state) if state else self._no_icon)
            said = f"{page.title()}: {words or 'nothing is known yet'}"
            item.setText(f"{number + 1}" if self._is_folded else f"{number + 1}  {page.title()}\n     {words}")
            item.setToolTip(plain_tip(f"{number + 1}  {said}") if self._is_folded else "")
            item.setSizeHint(QSize(0, (1 if self._is_folded else 2) * self.fontMetrics().height() + 14))
            item.setData(Qt.ItemDataRole.AccessibleTextRole, said)
            font = item.font()
            font.setBold(number == self._current)
            item.setFont(font)
            reachable = self._can_go(number)
            item.setFlags(
                Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable if reachable else Qt.ItemFlag.NoItemFlags
            )

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

    def _state(self, page: Page, number: int) -> tuple[ClaimState | None, str]:
        """That of the page's claims, unless errors stand against it that are about no claim; and in words."""
        plan = self._session.plan
        if plan.all_particles is None and not plan.problems:
            return None, ""
        claims = page.claims()
        apart = [p for p in page.problems() if not any(claim_of(p.code) is claim.topic for claim in claims)]
        if not claims and number > self._reached:
            return None, ""
        for severity, state in _STATES.items():
            count = sum(p.severity is severity for p in apart)
            if count and (severity is Severity.ERROR or not claims):
                return state, count_of(count, severity.value)
        if claims:
            worst = max(claims, key=lambda claim: _ORDER.index(claim.state))
            return worst.state, worst.brief or worst.state.value
        return (ClaimState.CONFIRMED, page.DONE) if page.is_done() else (None, "")

    @Slot(QListWidgetItem)
    def _on_chosen(self, item: QListWidgetItem) -> None:
        number = self.row(item)
        if number != self._current and self._can_go(number):
            self.chosen.emit(number)
        self.setCurrentRow(self._current)
