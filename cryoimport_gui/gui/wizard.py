"""The wizard: a step list on the left, pages in their order, drop a STAR file anywhere."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget, QWizard

from ..core.parameters import ImportParameters
from .pages.page import Page
from .pages.particles import ParticlesPage
from .pages.preview import PreviewPage
from .pages.review import ReviewPage
from .pages.write import WritePage
from .session import Session
from .widgets.messages import show_failure
from .widgets.steps import StepList

PAGES: tuple[type[Page], ...] = (ParticlesPage, PreviewPage, ReviewPage, WritePage)
_STAR_SUFFIX = ".star"


class ImportWizard(QWizard):
    """Holds the session and the pages; closing it stops whatever runs."""

    def __init__(self, parameters: ImportParameters, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Import particles into CryoSPARC")
        self.setWizardStyle(QWizard.WizardStyle.ModernStyle)
        self.setOption(QWizard.WizardOption.IndependentPages)
        self.setOption(QWizard.WizardOption.NoBackButtonOnStartPage)
        self.setOption(QWizard.WizardOption.NoCancelButtonOnLastPage)
        self.setButtonText(QWizard.WizardButton.FinishButton, "&Close")
        self.setButtonText(QWizard.WizardButton.CancelButton, "&Quit")
        self.setAcceptDrops(True)
        self.setSizeGripEnabled(True)
        self.session = Session(parameters, self)
        self.session.failed.connect(self._on_failed)
        self.pages = [page(self.session) for page in PAGES]
        for page in self.pages:
            self.addPage(page)
        self.steps = StepList(self.session, self.pages)
        self.steps.chosen.connect(self.go_to)
        self.setSideWidget(self.steps)
        self.currentIdChanged.connect(self.steps.set_current)
        self.currentIdChanged.connect(self._guard_back)
        self.session.writing.connect(self._guard_back)
        QShortcut(QKeySequence(Qt.Key.Key_F5), self, self.session.check_again)
        self.resize(1200, 740)
        self.session.make_plan()

    @Slot(int)
    def go_to(self, number: int) -> None:
        """Show a page that was visited before, or the next one; not while the import is being written."""
        if self.session.is_writing:
            return
        while self.currentId() > number:
            self.back()
            if self.currentId() < 0:
                return
        while self.currentId() < number and self.pages[self.currentId()].isComplete():
            before = self.currentId()
            self.next()
            if self.currentId() == before:
                return

    def done(self, result: int) -> None:
        self.session.close()
        for page in self.pages:
            page.shut_down()
        super().done(result)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.done(QWizard.DialogCode.Rejected)
        event.accept()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _dropped_star(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        if path := _dropped_star(event):
            event.acceptProposedAction()
            self.session.change(meta=path)
            self.go_to(0)

    @Slot()
    def _guard_back(self, *_: object) -> None:
        """No way back while the import is being written: it is cancelled, or it ends."""
        if self.session.is_writing:
            self.button(QWizard.WizardButton.BackButton).setEnabled(False)
        elif self.currentId() > 0:
            self.button(QWizard.WizardButton.BackButton).setEnabled(True)

    @Slot(str, str)
    def _on_failed(self, message: str, details: str) -> None:
        show_failure(self, message, details)


def _dropped_star(event: QDropEvent) -> str:
    paths = [url.toLocalFile() for url in event.mimeData().urls()]
    return next((path for path in paths if path.endswith(_STAR_SUFFIX)), "")
