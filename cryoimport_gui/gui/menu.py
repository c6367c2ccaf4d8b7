"""The wizard's menu: recent imports, settings, look, help."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from ..core.parameters import BadParameter, ImportParameters, update
from ..core.parameters import load_settings as load_parameters
from .look import apply_theme
from .session import Session
from .settings import THEMES, Settings
from .widgets.messages import show_notice

_THEME_NAMES = {"system": "As the &system", "light": "&Light", "dark": "&Dark"}


class MoreMenu(QMenu):
    """What is not part of the way through the pages.

    Signals:
        help_wanted(topic): a help text was asked for.
        relinking_wanted(): the links of a job folder are to be mended.
    """

    help_wanted = Signal(str)
    relinking_wanted = Signal()

    def __init__(self, session: Session, settings: Settings, parent: QWidget) -> None:
        super().__init__("More", parent)
        self._session, self._settings = session, settings
        self.setToolTipsVisible(True)
        self._recent = self.addMenu("&Recent imports")
        self._recent.setToolTipsVisible(True)
        self._recent.aboutToShow.connect(self._fill_recent)
        self._add(
            self,
            "&Load settings…",
            "Take the parameters of an earlier import.json; the output folder is not taken.",
            self._load,
        )
        self._add(self, "Check &again\tF5", "Look at every file on disk again.", session.check_again)
        self._add(
            self,
            "&Mend the links of a job folder…",
            "Find the stacks of an earlier import again after they have moved.",
            self.relinking_wanted,
        )
        look = self.addMenu("L&ook")
        group = QActionGroup(self)
        for theme in THEMES:
            action = QAction(_THEME_NAMES[theme], look, checkable=True, checked=theme == settings.theme)
            action.setData(theme)
            group.addAction(action)
            look.addAction(action)
        group.triggered.connect(self._set_theme)
        self.addSeparator()
        self._add(self, "&Conventions", "What data sign, pose, shift and y mean here.", self._show_conventions)

    @staticmethod
    def _add(menu: QMenu, text: str, tip: str, slot: Any) -> QAction:
        action = menu.addAction(text)
        action.setToolTip(tip)
        action.triggered.connect(slot)
        return action

    @Slot()
    def _fill_recent(self) -> None:
        self._recent.clear()
        for values in self._settings.recent:
            title = f"{Path(str(values.get('meta', ''))).name}  →  {values.get('output', '')}"
            action = self._recent.addAction(title.replace("&", "&&"))
            action.setToolTip("Open this import again, with all its parameters.")
            action.setData(values)
            action.triggered.connect(self._open_recent)
        if not self._settings.recent:
            self._recent.addAction("None yet").setEnabled(False)

    @Slot()
    def _open_recent(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self._take(action.data())

    @Slot()
    def _load(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self.parentWidget(), "Load settings", "", "Reports and settings (*.json)")
        if path:
            try:
                self._take(load_parameters(path) | {"output": self._session.parameters.output})
            except BadParameter as error:
                show_notice(self.parentWidget(), str(error))

    def _take(self, values: dict[str, Any]) -> None:
        """Replace all parameters; what this version does not know is left out, with a notice."""
        known = ImportParameters().to_json()
        try:
            new = update(ImportParameters(), {name: value for name, value in values.items() if name in known})
        except BadParameter as error:
            show_notice(self.parentWidget(), f"These settings cannot be taken: {error}.")
            return
        self._session.change(**vars(new))

    @Slot(QAction)
    def _set_theme(self, action: QAction) -> None:
        self._settings.theme = action.data()
        apply_theme(self._settings.theme)

    @Slot()
    def _show_conventions(self) -> None:
        self.help_wanted.emit("glossary")
