"""The wizard: a step list on the left, pages in their order, drop a STAR file anywhere."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, Qt, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QPushButton, QWidget, QWizard

from ..core.job import Job
from ..core.parameters import ImportParameters
from .help import HelpWindow
from .look import apply_theme
from .menu import MoreMenu
from .pages.exposures import ExposuresPage
from .pages.microscope import MicroscopePage
from .pages.page import Page
from .pages.particles import ParticlesPage
from .pages.preview import PreviewPage
from .pages.review import ReviewPage
from .pages.write import WritePage
from .relink_window import RelinkWindow
from .remedies import REMEDIES
from .session import Session
from .settings import load_settings, save_settings
from .widgets.messages import show_failure, show_notice
from .widgets.steps import StepList

PAGES: tuple[type[Page], ...] = (ParticlesPage, MicroscopePage, PreviewPage, ExposuresPage, ReviewPage, WritePage)
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
        self.settings, ignored = load_settings()
        apply_theme(self.settings.theme)
        self.session = Session(parameters, self)
        self.session.failed.connect(self._on_failed)
        self.session.imported.connect(self._on_imported)
        self.pages = [page(self.session) for page in PAGES]
        for page in self.pages:
            page.home_of = self.home_of
            page.wanted.connect(self.show_place)
            self.addPage(page)
        self.steps = StepList(self.session, self.pages)
        self.steps.chosen.connect(self.go_to)
        self.setSideWidget(self.steps)
        self.currentIdChanged.connect(self.steps.set_current)
        self.currentIdChanged.connect(self._guard_back)
        self.currentIdChanged.connect(self._enter)
        self.session.writing.connect(self._guard_back)
        QShortcut(QKeySequence(Qt.Key.Key_F5), self, self.session.check_again)
        self._add_menu()
        self._help: HelpWindow | None = None
        self.setOption(QWizard.WizardOption.HaveHelpButton)
        self.setButtonText(QWizard.WizardButton.HelpButton, "Help")
        self.helpRequested.connect(self._show_page_help)
        QShortcut(QKeySequence(Qt.Key.Key_F1), self, self._show_page_help)
        self.resize(1200, 740)
        self.restoreGeometry(QByteArray.fromBase64(self.settings.geometry.encode()))
        if ignored:
            show_notice(self, ignored)
        self.session.make_plan()

    def _add_menu(self) -> None:
        self.menu = MoreMenu(self.session, self.settings, self)
        self.menu.help_wanted.connect(self.show_help)
        self.menu.relinking_wanted.connect(self.show_relinking)
        self._relinking: RelinkWindow | None = None
        self.setOption(QWizard.WizardOption.HaveCustomButton1)
        self.setButtonText(QWizard.WizardButton.CustomButton1, "More")
        more = self.button(QWizard.WizardButton.CustomButton1)
        assert isinstance(more, QPushButton)
        more.setMenu(self.menu)
        more.setToolTip("Recent imports, settings, look, conventions (F10).")
        QShortcut(QKeySequence(Qt.Key.Key_F10), self, more.showMenu)

    @Slot()
    def _show_page_help(self) -> None:
        self.show_help(self.pages[max(self.currentId(), 0)].TITLE.lower())

    @Slot(str)
    def show_help(self, topic: str) -> None:
        """Show a help text beside the wizard."""
        if self._help is None:
            self._help = HelpWindow(self)
        self._help.show_topic(topic)

    @Slot()
    def show_relinking(self) -> None:
        """Open the window that mends links, with the job folder of the last import."""
        if self._relinking is None:
            self._relinking = RelinkWindow(self)
            self._relinking.help_wanted.connect(self.show_help)
            self._relinking.failed.connect(self._on_failed)
        self._relinking.show_for(self._last_job())

    def _last_job(self) -> str:
        if self.session.job:
            return str(self.session.job.folder)
        recent = self.settings.recent[0] if self.settings.recent else {}
        output = recent.get("output")
        return output if isinstance(output, str) else ""

    @Slot(object)
    def _on_imported(self, job: Job) -> None:
        self.settings.remember_import(self.session.plan.parameters.to_json())
        save_settings(self.settings)

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

    def home_of(self, code: str) -> Page:
        """The page that a kind of problem belongs to."""
        return next(page for page in self.pages if page.CODES and code.startswith(page.CODES))

    @Slot(str)
    def show_place(self, code: str) -> None:
        """Go to where a kind of problem can be mended."""
        page = self.home_of(code)
        self.go_to(self.pages.index(page))
        editor = page.findChild(QWidget, REMEDIES[code].place)
        if editor and self.currentPage() is page:
            editor.setFocus()

    def done(self, result: int) -> None:
        self.settings.geometry = bytes(self.saveGeometry().toBase64().data()).decode()
        save_settings(self.settings)
        self.session.close()
        if self._relinking is not None:
            self._relinking.shut_down()
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

    @Slot(int)
    def _enter(self, number: int) -> None:
        """Pages are independent of each other: the wizard itself would let the last one begin only once."""
        page = self.pages[number] if number >= 0 else None
        if isinstance(page, WritePage):
            page.enter()

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
