"""The line below the montage: scale, chosen particle, and pages."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy

from ...tips import explain, plain_tip
from ...widgets.picture_view import PictureView, ScaleBar
from ...widgets.wrapping import Wrapping


class PageBar(Wrapping):
    """Shows where one is, and turns pages.

    Signals:
        turned(step): to the next (+1) or previous (-1) page.
        resampled(): another random sample is wanted.
    """

    turned = Signal(int)
    resampled = Signal()

    def __init__(self, view: PictureView) -> None:
        super().__init__()
        self.scale_bar = ScaleBar(view)
        self._name = ""
        self.particle = QLabel()
        self.particle.setTextFormat(Qt.TextFormat.PlainText)
        self.particle.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.place = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self.place.setMinimumWidth(self.fontMetrics().horizontalAdvance("Page 9 of 999"))
        self.previous = _button("◀ &Previous page", "Previous page", "The previous page (Page Up in the montage).")
        self.next = _button("Ne&xt page ▶", "Next page", "The next page (Page Down in the montage).")
        self.again = _button("&Another sample", "Another sample", "Draw another random sample.")
        shown, pages = QHBoxLayout(), QHBoxLayout()
        shown.addWidget(self.scale_bar)
        shown.addSpacing(8)
        shown.addWidget(self.particle, 1)
        for widget in (self.previous, self.place, self.next, self.again):
            pages.addWidget(widget)
        self.row.addLayout(shown, 1)
        self.row.addLayout(pages)
        self.previous.clicked.connect(self._go_back)
        self.next.clicked.connect(self._go_on)
        self.again.clicked.connect(self.resampled)

    def show_page(self, page: int, pages: int, total: int, is_random: bool) -> None:
        """`page` counts from 0."""
        self.place.setText(f"Page {page + 1:,} of {pages:,}")
        self.place.setToolTip(f"{total:,} particles in all")
        self.previous.setEnabled(page > 0)
        self.next.setEnabled(page < pages - 1)
        self.again.setEnabled(is_random and pages > 1)

    def show_progress(self, share: float) -> None:
        self.place.setText(f"Reading {share:.0%}")

    def show_particle(self, name: str) -> None:
        """What the chosen tile is, shortened to fit."""
        self._name = name
        width = self.particle.width()
        self.particle.setText(self.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, width))
        self.particle.setToolTip(plain_tip(name))
        self.particle.setAccessibleName(f"The chosen particle: {name or 'none'}")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.show_particle(self._name)

    @Slot()
    def _go_back(self) -> None:
        self.turned.emit(-1)

    @Slot()
    def _go_on(self) -> None:
        self.turned.emit(1)


def _button(text: str, name: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setEnabled(False)
    button.setAccessibleName(name)
    explain(button, tip)
    return button
