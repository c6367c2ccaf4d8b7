"""The wizard's menu: recent imports, settings, appearance, help."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QWhatsThis, QWidget

from ..core.conditions import BadParameter
from ..core.parameters import load_settings as load_parameters
from .recent import REOPEN_TIP, reopen, title_of
from .session import Session
from .settings import THEMES
from .theme import apply_theme
from .tips import window_words
from .widgets.messages import show_notice

_THEME_NAMES = {"system": "As the &system", "light": "&Light", "dark": "&Dark"}


class MoreMenu(QMenu):
    """Everything outside the pages.

    Signals:
        help_wanted(topic): a help page is wanted.
        relinking_wanted(): the stack links of a job folder are to be repaired.
    """

    help_wanted = Signal(str)
    relinking_wanted = Signal()

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__("More", parent)
        self._session, self._settings = session, session.settings
        self.setToolTipsVisible(True)
        undo = session.undo
        self.undo = self._add(self, "", "Go back to the values before this step.", undo.undo)
        self.redo = self._add(self, "", "Do the step again that was undone last.", undo.redo)
        self.undo.setShortcuts(QKeySequence.StandardKey.Undo)
        self.redo.setShortcuts([QKeySequence("Ctrl+Shift+Z"), QKeySequence("Ctrl+Y")])
        undo.changed.connect(self._name_steps)
        self._name_steps()
        self.addSeparator()
        self._recent = self.addMenu("&Recent imports")
        self._recent.setToolTipsVisible(True)
        self._recent.aboutToShow.connect(self._fill_recent)
        self._load_action = self._add(
            self,
            "&Load settings…",
            "Use the parameters of an earlier import.json, except its output folder.",
            self._load,
        )
        self._add(self, "Check &again\tF5", "Read every file on disk again.", session.check_again)
        self._add(
            self,
            "Repair &stack links…",
            "Find the stacks of an earlier import after they have moved.",
            self.relinking_wanted,
        )
        appearance = self.addMenu("A&ppearance")
        group = QActionGroup(self)
        for theme in THEMES:
            action = QAction(_THEME_NAMES[theme], appearance, checkable=True, checked=theme == self._settings.theme)
            action.setData(theme)
            group.addAction(action)
            appearance.addAction(action)
        group.triggered.connect(self._set_theme)
        self.addSeparator()
        self._add(self, "&Conventions", "What data sign, pose, shift and y mean.", self._show_conventions)
        self._add(
            self,
            "&What is this?\tShift+F1",
            "Click a control to see what it is for. Shift+F1 explains the control that has the focus.",
            QWhatsThis.enterWhatsThisMode,
        )
        session.writing.connect(self._on_writing)

    @staticmethod
    def _add(menu: QMenu, text: str, tip: str, slot: Any) -> QAction:
        action = menu.addAction(text)
        action.setToolTip(tip)
        action.triggered.connect(slot)
        return action

    @Slot()
    def _name_steps(self) -> None:
        for action, verb, words in (
            (self.undo, "Undo", self._session.undo.words),
            (self.redo, "Redo", self._session.undo.redo_words),
        ):
            action.setText(f"{verb} “{words}”".replace("&", "&&") if words else verb)
            action.setEnabled(bool(words) and not self._session.is_writing)

    @Slot()
    def _fill_recent(self) -> None:
        self._recent.clear()
        for values in self._settings.recent:
            action = self._recent.addAction(title_of(values).replace("&", "&&"))
            action.setToolTip(REOPEN_TIP)
            action.setData(values)
            action.triggered.connect(self._open_recent)
        if not self._settings.recent:
            self._recent.addAction("None yet").setEnabled(False)

    @Slot()
    def _open_recent(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            reopen(self._session, action.data(), self.parentWidget())

    @Slot()
    def _load(self) -> None:
        path = self._session.dialogs.open_file(
            self.parentWidget(), "settings", "Load settings", "Reports and settings (*.json)"
        )
        if path:
            try:
                reopen(self._session, load_parameters(path), self.parentWidget())
            except BadParameter as error:
                show_notice(self.parentWidget(), window_words(str(error)))

    @Slot(bool)
    def _on_writing(self, writing: bool) -> None:
        for action in (self._recent.menuAction(), self._load_action):
            action.setEnabled(not writing)
        self._name_steps()

    @Slot(QAction)
    def _set_theme(self, action: QAction) -> None:
        self._settings.theme = action.data()
        apply_theme(self._settings.theme)

    @Slot()
    def _show_conventions(self) -> None:
        self.help_wanted.emit("glossary")
