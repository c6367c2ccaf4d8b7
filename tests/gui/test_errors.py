"""An exception that nobody expected, in whichever thread: shown in a box, logged, and the window lives on."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject, QThread, QTimer, Signal, Slot
from PySide6.QtWidgets import QAbstractButton, QApplication, QMessageBox, QWidget

from cryoimport_gui.core.parameters import ImportParameters, RunOptions
from cryoimport_gui.gui import app as app_module
from cryoimport_gui.gui.failures import Failures
from cryoimport_gui.gui.widgets.messages import show_failure
from cryoimport_gui.gui.wizard import ImportWizard
from cryoimport_gui.logs import log_path, set_up_logging

from .conftest import WAIT_MS, press_import


@pytest.fixture
def failures(qapp: QApplication) -> Iterator[Failures]:
    """The hooks as the program sets them; pytest's own stand aside."""
    set_up_logging()
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    taken = Failures()
    yield taken
    taken.release()
    assert (sys.excepthook, threading.excepthook, sys.unraisablehook) == hooks
    for box in boxes():
        box.close()


def boxes() -> list[QMessageBox]:
    return [w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox) and w.isVisible()]


def logged() -> str:
    return log_path().read_text(encoding="utf-8") if log_path().exists() else ""


def press(box: QMessageBox, text: str) -> None:
    (button,) = [button for button in box.buttons() if text in button.text()]
    button.click()


class Painful(QWidget):
    """Fails whenever it is drawn."""

    def paintEvent(self, event: object) -> None:
        raise ValueError("cannot be drawn")


class Worker(QObject):
    asked = Signal()

    @Slot()
    def fail(self) -> None:
        raise ArithmeticError("in a slot of a thread")


def fail_in_a_slot() -> None:
    raise KeyError("in a slot")


def test_in_a_slot(qtbot, failures: Failures) -> None:
    QTimer.singleShot(0, fail_in_a_slot)
    qtbot.waitUntil(lambda: bool(boxes()), timeout=WAIT_MS)
    (box,) = boxes()
    assert "KeyError: 'in a slot'" in box.informativeText() and str(log_path()) in box.informativeText()
    assert "fail_in_a_slot" in box.detailedText() and "fail_in_a_slot" in logged()
    press(box, "Copy details")
    assert QApplication.clipboard().text() == box.detailedText()
    assert boxes() == [box], "copying closes nothing"
    press(box, "Close")
    assert boxes() == []


def test_in_a_thread_of_python(qtbot, failures: Failures) -> None:
    thread = threading.Thread(target=fail_in_a_slot, name="some thread")
    thread.start()
    thread.join()
    assert boxes() == [], "no window is made in another thread"
    qtbot.waitUntil(lambda: bool(boxes()), timeout=WAIT_MS)
    assert "fail_in_a_slot" in boxes()[0].detailedText() and "KeyError" in logged()


def test_a_thread_that_ends_itself_is_no_error(qtbot, failures: Failures) -> None:
    thread = threading.Thread(target=sys.exit)
    thread.start()
    thread.join()
    QApplication.processEvents()
    assert boxes() == [] and logged() == ""


def test_in_a_thread_of_qt(qtbot, failures: Failures) -> None:
    thread, worker = QThread(), Worker()
    worker.moveToThread(thread)
    worker.asked.connect(worker.fail)
    thread.start()
    worker.asked.emit()
    qtbot.waitUntil(lambda: bool(boxes()), timeout=WAIT_MS)
    thread.quit()
    thread.wait()
    assert "ArithmeticError: in a slot of a thread" in boxes()[0].informativeText()
    assert "ArithmeticError" in logged()


def test_while_drawing_there_is_one_box_and_every_error_is_logged(qtbot, failures: Failures) -> None:
    widget = Painful()
    qtbot.addWidget(widget)
    widget.show()
    drawn = 0
    while drawn < 5:
        widget.update()
        qtbot.waitUntil(lambda drawn=drawn: logged().count("ValueError: cannot be drawn") > drawn, timeout=WAIT_MS)
        drawn = logged().count("ValueError: cannot be drawn")
    qtbot.waitUntil(lambda: bool(boxes()), timeout=WAIT_MS)
    assert len(boxes()) == 1
    widget.close()
    boxes()[0].close()
    show_failure(None, "another", "details")
    assert len(boxes()) == 1, "the next error is printed again"


def test_what_fails_while_it_is_thrown_away_is_only_logged(qtbot, failures: Failures) -> None:
    class Stubborn:
        def __del__(self) -> None:
            raise RuntimeError("does not go")

    Stubborn()
    QApplication.processEvents()
    assert boxes() == [] and "RuntimeError: does not go" in logged()


def test_ctrl_c_closes_the_window_without_a_word(qtbot, failures: Failures, monkeypatch: pytest.MonkeyPatch) -> None:
    quits: list[int] = []
    monkeypatch.setattr(QApplication, "quit", lambda *_: quits.append(1))
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    QApplication.processEvents()
    assert quits == [1] and boxes() == [] and logged() == ""


@pytest.mark.parametrize("stage", ["plan", "import", "preview"])
def test_a_task_that_fails_is_shown_and_the_window_lives_on(
    qtbot, failures: Failures, open_wizard, demo_values, tmp_path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    wizard = open_wizard(**demo_values | {"output": str(tmp_path / "J3")})
    places = {
        "plan": "cryoimport_gui.core.plan.planner.resolve_groups",
        "import": "cryoimport_gui.core.job.write.random_uids",
        "preview": "cryoimport_gui.gui.pages.preview.making.page_tiles",
    }
    with monkeypatch.context() as patch:
        patch.setattr(places[stage], lambda *_, **__: 1 / 0)
        if stage == "plan":
            wizard.session.change(ignore_half_sets=True)
        else:
            go_to(qtbot, wizard, "Preview" if stage == "preview" else "Import")
        qtbot.waitUntil(lambda: bool(boxes()), timeout=WAIT_MS)
    (box,) = boxes()
    assert "ZeroDivisionError" in box.informativeText() and "Traceback" in box.detailedText()
    assert "ZeroDivisionError" in logged()
    assert not (tmp_path / "J3").exists() and box.parent() is wizard
    press(box, "Close")
    if stage == "plan":
        wizard.session.change(ignore_half_sets=False)
        qtbot.waitUntil(lambda: wizard.session.is_current, timeout=WAIT_MS)
    if stage == "import":
        click(wizard, "Try again")
    else:
        go_to(qtbot, wizard, "Import")
    qtbot.waitUntil(lambda: wizard.session.job is not None, timeout=WAIT_MS)
    assert (tmp_path / "J3" / "imported_particles.cs").is_file()
    assert wizard.isVisible()


def go_to(qtbot, wizard: ImportWizard, title: str) -> None:
    number = next(i for i, page in enumerate(wizard.pages) if page.title() == title)
    press_import(wizard) if title == "Import" else wizard.go_to(number)
    assert wizard.currentId() == number, wizard.currentPage().obstacle()


def click(wizard: ImportWizard, text: str) -> None:
    buttons = wizard.currentPage().findChildren(QAbstractButton)
    (button,) = [button for button in buttons if text in button.text().replace("&", "") and button.isVisible()]
    button.click()


def test_a_window_that_cannot_be_opened_is_shown_on_the_terminal(
    qtbot, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hook = sys.excepthook

    def broken(*_: object) -> None:
        raise RuntimeError("no window \x1b[2J")

    monkeypatch.setattr(app_module, "make_application", lambda arguments: QApplication.instance())
    monkeypatch.setattr(app_module, "ImportWizard", broken)
    assert app_module.run_window(ImportParameters(), RunOptions()) == 1
    shown = capsys.readouterr().err
    assert shown.startswith("error: the window could not be opened: RuntimeError: no window \\x1b[2J")
    assert str(log_path()) in shown and "Traceback" not in shown
    assert "RuntimeError" in logged() and sys.excepthook is hook


def test_the_program_takes_over_the_hooks_and_gives_them_back(qtbot, monkeypatch: pytest.MonkeyPatch) -> None:
    hook, seen = sys.excepthook, []

    class Quick:
        """Instead of the application: fails once in a slot, and ends."""

        @staticmethod
        def exec() -> int:
            QTimer.singleShot(0, fail_in_a_slot)
            qtbot.waitUntil(lambda: bool(boxes()), timeout=WAIT_MS)
            seen.append(boxes()[0].informativeText())
            boxes()[0].close()
            next(w for w in QApplication.topLevelWidgets() if isinstance(w, ImportWizard) and w.isVisible()).close()
            return 0

    monkeypatch.setattr(app_module, "make_application", lambda arguments: Quick)
    monkeypatch.setattr(app_module.sys, "setswitchinterval", lambda seconds: None)
    monkeypatch.setattr(app_module.signal, "signal", lambda *_: None)
    assert app_module.run_window(ImportParameters(), RunOptions()) == 0
    assert "KeyError" in seen[0] and sys.excepthook is hook
