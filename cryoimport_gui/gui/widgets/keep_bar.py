"""Buttons that save the import as a command, as settings, or as a report."""

from __future__ import annotations

import os
from collections.abc import Callable

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from ...core.atomic import write_whole
from ...core.parameters import ImportParameters
from ...core.progress import Progress
from ...core.report.command import as_command, settings_text
from ...core.report.html import report_page
from ..session import Session
from ..tasks import Tasks
from ..tips import explain
from .labels import CopyButton, plain_label


class KeepBar(QWidget):
    """Three buttons, and a line with the result; files are written in a thread."""

    def __init__(self, session: Session, finished: bool) -> None:
        super().__init__()
        self._session, self._finished = session, finished
        self._saved = session.parameters
        self.copy = CopyButton("Copy as co&mmand")
        explain(self.copy, "Copy a command that makes the same import in a terminal or script.")
        self.settings, self.report = QPushButton("Save se&ttings…"), QPushButton("Save &report…")
        explain(self.settings, "Save all parameters to a file. More ▸ Load settings reads it.")
        explain(
            self.report,
            "Save a web page, to print or mail: each claim with its pictures, and all problems.",
        )
        self.words = plain_label()
        self.words.setAccessibleName("What was copied or saved")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for button in (self.copy, self.settings, self.report):
            button.setAutoDefault(False)
            layout.addWidget(button)
        layout.addWidget(self.words, 1)
        self.tasks = Tasks(self)
        self.copy.clicked.connect(self._on_copied)
        self.settings.clicked.connect(self._save_settings)
        self.report.clicked.connect(self._save_report)
        self.tasks.finished.connect(self._on_finished)
        self.tasks.failed.connect(self._on_failed)
        session.changed.connect(self.refresh)
        session.imported.connect(self.refresh)
        self.refresh()

    def shut_down(self) -> None:
        self.tasks.close()

    @property
    def _parameters(self) -> ImportParameters:
        """Those of the import that is finished, or those that are chosen now."""
        plan = self._session.imported_plan
        return plan.parameters if plan and self._finished else self._session.parameters

    @Slot()
    def refresh(self, *_: object) -> None:
        parameters = self._parameters
        self.copy.text_to_copy = as_command(parameters)
        self.words.clear()
        for button in (self.copy, self.settings, self.report):
            button.setEnabled(bool(parameters.meta))

    @Slot()
    def _on_copied(self) -> None:
        self.words.setText("The command is in the clipboard.")

    @Slot()
    def _save_settings(self) -> None:
        self._saved = self._parameters
        text = settings_text(self._saved)
        self._save("settings", "settings.json", "Settings (*.json)", lambda progress: text)

    @Slot()
    def _save_report(self) -> None:
        plan = self._session.imported_plan if self._finished else self._session.plan
        if plan is None:
            return
        status = "complete" if self._finished else "refused" if plan.errors else "dry-run"
        self._save("report", "report.html", "Web page (*.html)", lambda progress: report_page(plan, status, progress))

    def _save(self, kind: str, name: str, filters: str, make: Callable[[Progress], str]) -> None:
        p = self._parameters
        first = next(iter(p.meta), "")
        stem = os.path.splitext(os.path.basename(first))[0]
        nearby = os.path.dirname(p.output or first)
        path = self._session.dialogs.save_file(self, kind, f"Save {kind}", f"{stem}_import_{name}", filters, nearby)
        if not path:
            return
        if not os.path.splitext(path)[1]:
            path += os.path.splitext(name)[1]

        def save(progress: Progress) -> tuple[bool, str]:
            try:
                write_whole(path, make(progress))
            except OSError as error:
                return False, f"{path} cannot be written: {error.strerror}."
            return True, f"Saved as {path}."

        self.words.setText("Saving …")
        self.tasks.start(kind, save)

    @Slot(str, object)
    def _on_finished(self, kind: str, outcome: tuple[bool, str]) -> None:
        is_saved, words = outcome
        if kind == "settings" and is_saved:
            self._session.keep(self._saved)
        self.words.setText(words)

    @Slot(str, str, str)
    def _on_failed(self, kind: str, message: str, details: str) -> None:
        self.words.clear()
        self._session.failed.emit(message, details)
