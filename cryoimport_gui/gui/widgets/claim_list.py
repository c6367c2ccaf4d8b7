"""The five claims, one under the other, with small pictures; each leads to the page that shows its evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from ...core.looks.poses import Grey
from ...core.report.claim_codes import Topic
from ...core.report.claims import Claim
from ...core.report.thumbnails import CAPTIONS
from ..theme import make_quiet
from ..tips import explain
from .labels import breakable, plain_label
from .state_icon import StateIcon
from .thumbnail import Thumbnail

_ICON_PX = 18


class ClaimList(QWidget):
    """Shows claims.

    Signals:
        chosen(code): a claim was clicked; a problem code of the page with its evidence.
    """

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.rows = [_Row() for _ in Topic]
        self.set_pictured(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for row in self.rows:
            layout.addWidget(row)
            row.clicked.connect(partial(self._choose, row))

    def show_claims(self, claims: Sequence[Claim], pages: Sequence[str]) -> None:
        """`pages` are the titles of the pages with the evidence."""
        for row, claim, page in zip(self.rows, claims, pages, strict=True):
            row.show_claim(claim, page)

    def show_pictures(self, pictures: Mapping[Topic, Sequence[Grey]]) -> None:
        for topic, row in zip(Topic, self.rows, strict=True):
            row.thumbnail.show_pictures(pictures.get(topic, ()))

    def set_pictured(self, is_pictured: bool) -> None:
        """Whether there is room for pictures."""
        for row in self.rows:
            row.thumbnail.setVisible(is_pictured)

    def _choose(self, row: _Row, checked: bool = False) -> None:
        if row.claim is not None:
            self.chosen.emit(row.claim.evidence)


class _Row(QAbstractButton):
    """A button as wide as the list, whose sentence wraps."""

    def __init__(self) -> None:
        super().__init__()
        self.claim: Claim | None = None
        self.mark, self.words, self.page = StateIcon(_ICON_PX), plain_label(), QLabel()
        self.thumbnail = Thumbnail()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(4, 3, 6, 3)
        layout.setSpacing(8)
        layout.addWidget(self.mark)
        layout.addWidget(self.thumbnail)
        layout.addWidget(self.words, 1)
        layout.addWidget(self.page)
        self.page.setMinimumHeight(_ICON_PX)
        make_quiet(self.page)
        for label in (self.words, self.page):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def show_claim(self, claim: Claim, page: str) -> None:
        self.claim = claim
        self.mark.set_state(claim.state)
        self.words.setText(breakable(claim.words))
        self.page.setText(f"{page} ›")
        self.setAccessibleName(f"{claim.state.value.capitalize()}: {claim.words}")
        explain(self, f"{CAPTIONS[claim.topic]}\nA click goes to {page}, which shows the evidence.")
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        layout = self.layout()
        assert layout is not None
        return layout.sizeHint()

    def minimumSizeHint(self) -> QSize:
        layout = self.layout()
        assert layout is not None
        return layout.minimumSize()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not (self.underMouse() or self.hasFocus() or self.isDown()):
            return
        painter = QPainter(self)
        palette = self.palette()
        painter.setPen(palette.color(QPalette.ColorRole.Accent if self.hasFocus() else QPalette.ColorRole.Mid))
        painter.setBrush(palette.color(QPalette.ColorRole.AlternateBase))
        painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), 4, 4)

    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Enter, QEvent.Type.Leave):
            self.update()
        return super().event(event)
