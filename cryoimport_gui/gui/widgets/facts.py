"""Pairs of name and value, one under the other."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QFrame, QScrollArea, QWidget

from ..theme import make_quiet
from .labels import plain_label

_WIDEST_NAME_PX = 160  # a longer one, such as those of many optics groups, wraps


class Facts(QScrollArea):
    """A short table that is read, not edited."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName(name)
        self.setWhatsThis(f"{name}. Arrow keys scroll.")
        self.viewport().setAutoFillBackground(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._shown: list[tuple[str, str]] | None = None

    def show_facts(self, facts: Sequence[tuple[str, str]]) -> None:
        if self._shown == list(facts):
            return
        self._shown = list(facts)
        content = QWidget()
        form = QFormLayout(content)
        form.setContentsMargins(0, 0, 6, 0)
        widest = max((self.fontMetrics().horizontalAdvance(name) for name, _ in facts), default=0)
        before = ""
        for name, value in facts:
            label = plain_label("" if name == before else name)
            label.setFixedWidth(min(widest + 2, _WIDEST_NAME_PX))
            label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
            make_quiet(label)
            text = plain_label(value)
            text.setAccessibleName(f"{name}: {value}")
            form.addRow(label, text)
            before = name
        self.setWidget(content)
        content.setAutoFillBackground(False)  # the box around it has its own shade
