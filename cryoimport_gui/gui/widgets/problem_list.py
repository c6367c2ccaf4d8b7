"""Problems for people: what was found, where, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from ...core.problems import CODES, Problem, Severity
from ..look import severity_colour

#: a sign and a word, so that colour alone carries no meaning
SIGNS = {Severity.ERROR: "✖ Error", Severity.WARNING: "▲ Warning", Severity.INFO: "● Note"}


class ProblemList(QScrollArea):
    """A column of problems, the worst first."""

    def __init__(self, nothing: str = "No problems found.") -> None:
        super().__init__()
        self._nothing = nothing
        self._shown: tuple[Problem, ...] | None = None
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName("Problems")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.show_problems(())

    def set_nothing(self, text: str) -> None:
        """What stands there when there are no problems."""
        if text != self._nothing:
            self._nothing, self._shown = text, None

    def show_problems(self, problems: Sequence[Problem]) -> None:
        if self._shown == tuple(problems):
            return
        self._shown = tuple(problems)
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(0, 0, 6, 0)
        layout.setSpacing(8)
        for problem in problems:
            layout.addWidget(_Card(problem))
        if not problems:
            layout.addWidget(plain_label(self._nothing))
        layout.addStretch(1)
        self.setWidget(content)


class _Card(QFrame):
    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAccessibleName(f"{problem.severity.value}: {problem.message}")
        layout = QGridLayout(self)
        layout.setColumnStretch(1, 1)
        layout.setVerticalSpacing(3)
        badge = plain_label(SIGNS[problem.severity])
        badge.setStyleSheet(f"color: {severity_colour(problem.severity)}; font-weight: bold")
        badge.setMinimumWidth(badge.fontMetrics().horizontalAdvance("▲ Warning  ") + 12)
        title = plain_label(CODES[problem.code].title)
        title.setStyleSheet("font-weight: bold")
        layout.addWidget(badge, 0, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(title, 0, 1)
        layout.addWidget(plain_label(problem.message[:1].upper() + problem.message[1:] + "."), 1, 1)
        if problem.examples:
            examples = plain_label("\n".join(problem.examples))
            examples.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
            layout.addWidget(examples, 2, 1)
        layout.addWidget(plain_label(f"→ {problem.hint}"), 3, 1)
        copy = CopyButton("Copy", str(problem))
        copy.setAccessibleName(f"Copy: {problem.message}")
        copy.setToolTip("Copy this message, with its examples, to the clipboard.")
        layout.addWidget(copy, 0, 2, 2, 1, Qt.AlignmentFlag.AlignTop)


class CopyButton(QPushButton):
    """Copies a text to the clipboard."""

    def __init__(self, label: str, text: str = "") -> None:
        super().__init__(label)
        self.text_to_copy = text
        self.clicked.connect(self._copy)

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text_to_copy)


def plain_label(text: str = "") -> QLabel:
    """A label that wraps, also inside long paths, and takes its text as it stands: text from files is never markup."""
    label = QLabel(breakable(text))
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setMinimumWidth(60)
    return label


def breakable(text: str) -> str:
    """Text in which long paths can be broken behind a `/` or `_` (by zero-width spaces)."""
    return text.replace("/", "/\u200b").replace("_", "_\u200b")
