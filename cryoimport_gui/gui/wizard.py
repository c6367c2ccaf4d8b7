"""The wizard: a step list on the left, pages in their order, drop a STAR file anywhere."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, Qt, QTimer, Slot
from PySide6.QtGui import QCloseEvent, QGuiApplication, QKeyEvent, QKeySequence, QPaintEvent, QResizeEvent, QShortcut
from PySide6.QtWidgets import QPushButton, QWidget, QWizard

from ..core.job.write import Job
from ..core.parameters import ImportParameters, parameter
from .drop_target import DropTarget
from .drops import Sorted
from .help import HelpWindow
from .menu import MoreMenu
from .pages.exposures.page import ExposuresPage
from .pages.microscope.page import MicroscopePage
from .pages.page import Page
from .pages.particles.page import ParticlesPage
from .pages.poses.page import PosesPage
from .pages.preview.page import PreviewPage
from .pages.review import ReviewPage
from .pages.write import WritePage
from .proposals import Proposals
from .relink.window import RelinkWindow
from .remedies import REMEDIES
from .session import Session
from .settings import load_settings_file, save_settings
from .steps import StepList
from .theme import apply_theme
from .tips import explain
from .widgets.messages import ask, show_failure, show_notice
from .window_size import open_at

PAGES: tuple[type[Page], ...] = (
    ParticlesPage,
    MicroscopePage,
    PreviewPage,
    PosesPage,
    ExposuresPage,
    ReviewPage,
    WritePage,
)
_MOST_NAMED = 4
_NARROW_PX, _LOW_PX = 1100, 480  # below, pages get the room of the step list, and of what the title explains
_STILL_WRITING = "The import is being written. Quitting cancels it and leaves nothing behind."
_NOT_KEPT = "These choices are neither imported nor saved, and are lost when the window closes:"


class ImportWizard(QWizard):
    """Holds the session and the pages; closing it stops everything."""

    def __init__(self, parameters: ImportParameters, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Import particles into CryoSPARC")
        self.setWizardStyle(QWizard.WizardStyle.ModernStyle)
        self.setOption(QWizard.WizardOption.IndependentPages)
        self.setOption(QWizard.WizardOption.NoBackButtonOnStartPage)
        self.setOption(QWizard.WizardOption.NoCancelButtonOnLastPage)
        self.setButtonText(QWizard.WizardButton.FinishButton, "&Close")
        self.setButtonText(QWizard.WizardButton.CancelButton, "&Quit")
        self.setSizeGripEnabled(True)
        self.settings, ignored = load_settings_file()
        apply_theme(self.settings.theme)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow_system)
        self.session = Session(parameters, self, self.settings)
        self.session.may_keep = self._may_keep
        DropTarget(self, self.session).dropped.connect(self._on_dropped)
        self.proposals = Proposals(self.session)
        self.session.failed.connect(self._on_failed)
        self.session.imported.connect(self._on_imported)
        self.pages = [page(self.session) for page in PAGES]
        for page in self.pages:
            page.home_of = self.home_of
            page.wanted.connect(self.show_place)
            page.evidence_wanted.connect(self.show_evidence)
            if isinstance(page, PreviewPage):
                page.micrograph_wanted.connect(self._show_in_micrograph)
            elif isinstance(page, WritePage):
                page.new_wanted.connect(self._start_new)
            elif isinstance(page, PosesPage):
                page.particle_wanted.connect(self._show_large)
            self.addPage(page)
            page.completeChanged.connect(self._guard_back)  # after the wizard has handled it
        self.steps = StepList(self.session, self.pages)
        self.steps.chosen.connect(self.go_to)
        self.setSideWidget(self.steps)
        self.currentIdChanged.connect(self.steps.set_current)
        self.currentIdChanged.connect(self._guard_back)
        self.currentIdChanged.connect(self._propose)
        self.button(QWizard.WizardButton.NextButton).clicked.connect(self._on_next)  # after the wizard itself
        QShortcut(QKeySequence(Qt.Key.Key_F5), self, self.session.check_again)
        self._add_menu()
        self._explain_buttons()
        self._help: HelpWindow | None = None
        self.setOption(QWizard.WizardOption.HaveHelpButton)
        self.setButtonText(QWizard.WizardButton.HelpButton, "Help")
        self.helpRequested.connect(self._show_page_help)
        self.currentIdChanged.connect(self._order_tabs)
        help_key = QShortcut(QKeySequence(Qt.Key.Key_F1), self, self._show_page_help)
        help_key.setContext(Qt.ShortcutContext.ApplicationShortcut)  # one particle has its own window
        QShortcut(QKeySequence("Ctrl+Q"), self, self.reject)
        self._idle = QTimer(self, interval=0)
        self._idle.timeout.connect(self._build_next)
        self._is_painted = False
        open_at(self, 1200, 740)
        self.restoreGeometry(QByteArray.fromBase64(self.settings.geometry.encode()))
        if ignored:
            show_notice(self, ignored)
        self.session.make_plan()

    @Slot()
    def _build_next(self) -> None:
        """Build the pages one by one while the program is idle; the first one is built before the window is shown."""
        page = next((page for page in self.pages if not page.is_built), None)
        if page is not None:
            page.build_once()
        else:
            self._idle.stop()

    def _add_menu(self) -> None:
        self.menu = MoreMenu(self.session, self)
        self.addActions([self.menu.undo, self.menu.redo])  # their keys work while the menu is closed
        self.menu.help_wanted.connect(self.show_help)
        self.menu.relinking_wanted.connect(self.show_relinking)
        self._relinking: RelinkWindow | None = None
        self.setOption(QWizard.WizardOption.HaveCustomButton1)
        self.setButtonText(QWizard.WizardButton.CustomButton1, "More")
        more = self.button(QWizard.WizardButton.CustomButton1)
        assert isinstance(more, QPushButton)
        more.setMenu(self.menu)
        explain(more, "Recent imports, settings, appearance, conventions (F10).")
        QShortcut(QKeySequence(Qt.Key.Key_F10), self, more.showMenu)

    @Slot()
    def _order_tabs(self, *_: object) -> None:
        """After the fields of a page come the buttons, from left to right; Qt reorders them with each page."""
        kinds = QWizard.WizardButton
        row = (kinds.CustomButton1, kinds.BackButton, kinds.NextButton, kinds.FinishButton, kinds.CancelButton)
        order = [*(self.button(kind) for kind in row), self.steps, self.button(kinds.HelpButton)]
        for before, after in zip(order, order[1:]):
            self.setTabOrder(before, after)

    def _explain_buttons(self) -> None:
        kinds = QWizard.WizardButton
        for kind, text in (
            (kinds.BackButton, "The previous page. Nothing that you typed is lost."),
            (
                kinds.NextButton,
                "The next page. Greyed out: the line above says why. On Review: import.",
            ),
            (kinds.CancelButton, "Close the window (Ctrl+Q)."),
            (kinds.FinishButton, "Close the window (Ctrl+Q)."),
            (kinds.HelpButton, "Explains this page (F1)."),
        ):
            explain(self.button(kind), text)

    @Slot()
    def _follow_system(self) -> None:
        if self.settings.theme == "system":
            apply_theme("system")

    @Slot()
    def _show_page_help(self) -> None:
        is_relinking = self._relinking is not None and self._relinking.isActiveWindow()
        self.show_help("relink" if is_relinking else self.pages[max(self.currentId(), 0)].TITLE.lower())

    @Slot(str)
    def show_help(self, topic: str) -> None:
        """Show a help text beside the wizard."""
        if self._help is None:
            self._help = HelpWindow(self)
        self._help.show_topic(topic)

    @Slot()
    def show_relinking(self) -> None:
        """Open the window that repairs stack links, with the job folder of the last import."""
        if self._relinking is None:
            self._relinking = RelinkWindow(self.session.dialogs, self)
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
        """Show a page; not while the import is being written.  Starts nothing: that is for the button Import."""
        if self.session.is_writing or not self.pages[number].can_be_visited():
            return
        while self.currentId() > number:
            self.back()
        while self.currentId() < number:
            self.next()

    def home_of(self, code: str) -> Page:
        """The page that a kind of problem belongs to."""
        return next(page for page in self.pages if page.CODES and code.startswith(page.CODES))

    @Slot(str)
    def show_place(self, code: str) -> None:
        """Go to where a kind of problem can be fixed."""
        page = self.home_of(code)
        self.go_to(self.pages.index(page))
        if self.currentPage() is page:
            page.show_editor(REMEDIES[code].place)

    @Slot(str)
    def show_evidence(self, code: str) -> None:
        """Go to the page of a kind of problem."""
        self.go_to(self.pages.index(self.home_of(code)))

    @Slot(int)
    def _show_in_micrograph(self, row: int) -> None:
        page = next(page for page in self.pages if isinstance(page, ExposuresPage))
        self.go_to(self.pages.index(page))
        page.show_particle(row)

    @Slot(int)
    def _show_large(self, row: int) -> None:
        """Open the window of one particle, over the page that is shown."""
        page = next(page for page in self.pages if isinstance(page, PreviewPage))
        page.build_once()
        page.catch_up()
        page.show_particle(row)

    def done(self, result: int) -> None:
        if self._may_leave():
            self.leave(result)

    def _may_keep(self, question: str) -> bool:
        """Whether what was chosen for one STAR file holds for the next."""
        return ask(self, question, "&Keep", "&Start afresh")

    def _may_leave(self) -> bool:
        """Asks if something would be lost."""
        if self.session.is_writing:
            return ask(self, _STILL_WRITING, "Cancel and &quit", "&Continue importing", until=self.session.writing)
        if lost := self.session.unsaved():
            titles = ", ".join(parameter(name).metadata["title"] for name in lost[:_MOST_NAMED])
            titles += " …" if len(lost) > _MOST_NAMED else ""
            return ask(self, f"{_NOT_KEPT}\n\n{titles}", "&Quit without them", "&Stay")
        return True

    def leave(self, result: int = QWizard.DialogCode.Rejected) -> None:
        """Close without asking; everything is stopped."""
        self.settings.geometry = bytes(self.saveGeometry().toBase64().data()).decode()
        save_settings(self.settings)
        self._idle.stop()
        self.proposals.close()
        self.session.close()
        if self._relinking is not None:
            self._relinking.shut_down()
        for page in self.pages:
            page.close_once()
        super().done(result)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.steps.fold(event.size().width() < _NARROW_PX)
        self.setOption(QWizard.WizardOption.IgnoreSubTitles, event.size().height() < _LOW_PX)
        for inside in (self.steps, *self.pages):
            if around := inside.parentWidget():
                around.setAutoFillBackground(False)  # Qt would give it that of fields, which then do not show

    def closeEvent(self, event: QCloseEvent) -> None:
        self.done(QWizard.DialogCode.Rejected)
        event.setAccepted(not self.isVisible())

    def paintEvent(self, event: QPaintEvent) -> None:
        """The other pages are built only now: before it is exposed a window is idle too, and would be seen later."""
        super().paintEvent(event)
        if not self._is_painted:
            self._is_painted = True
            self._idle.start()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc would close the window like any dialog; it is too easily pressed in a field."""
        if event.key() == Qt.Key.Key_Escape:
            event.ignore()
        else:
            super().keyPressEvent(event)

    @Slot(object)
    def _on_dropped(self, dropped: Sorted) -> None:
        self.session.change(**dropped.chosen)
        if "meta" in dropped.values:
            self.go_to(0)
        if dropped.refusals:
            show_notice(self, "\n".join(dropped.refusals))

    @Slot()
    def _on_next(self) -> None:
        """The button, which says Import on Review, has led to the last page."""
        page = self.currentPage()
        if isinstance(page, WritePage):
            page.begin()

    @Slot()
    def _start_new(self) -> None:
        self.session.start_new()
        self.go_to(0)

    @Slot(int)
    def _propose(self, number: int) -> None:
        """A folder for the output, as soon as the user comes to where it is chosen."""
        if isinstance(self.page(number), ReviewPage):
            self.proposals.propose_output()

    @Slot()
    def _guard_back(self, *_: object) -> None:
        """No way back while the import is being written: cancel it, or wait."""
        if self.session.is_writing:
            self.button(QWizard.WizardButton.BackButton).setEnabled(False)
        elif self.currentId() > 0:
            self.button(QWizard.WizardButton.BackButton).setEnabled(True)

    @Slot(str, str)
    def _on_failed(self, message: str, details: str) -> None:
        show_failure(self, message, details)
