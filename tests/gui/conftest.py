"""Windows for tests, and the rule that nothing of them is left behind."""

from __future__ import annotations

import gc
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from typing import Any

import pytest
from PySide6.QtCore import Qt, QThread, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QWizard

from cryoimport_gui.core.file_state import files_state
from cryoimport_gui.core.parameters import ImportParameters, update
from cryoimport_gui.core.plan import planner
from cryoimport_gui.core.plan.plan import ImportPlan
from cryoimport_gui.gui.app import make_application
from cryoimport_gui.gui.pages.review import ReviewPage
from cryoimport_gui.gui.wizard import ImportWizard

WAIT_MS = 20_000


@pytest.fixture(scope="session")
def qapp_cls() -> Callable[[list[str]], QApplication]:
    return make_application


@pytest.fixture(autouse=True)
def nothing_left(qapp: QApplication) -> Iterator[None]:
    """A test that leaves a thread, a running timer or a window behind fails."""
    before = set(threading.enumerate())
    gc.collect()  # pytest held the windows of the last test until now; frozen they would stay for ever
    gc.freeze()  # what is there already, such as pandas, need not be searched after each test
    gc.disable()  # as in the program (gui/garbage.py), it runs in the GUI thread alone
    yield
    gc.enable()
    QApplication.processEvents()
    QApplication.sendPostedEvents(None, 52)  # deferred deletions
    gc.collect()
    windows = [w for w in QApplication.topLevelWidgets() if w.isVisible()]
    assert not windows, f"left open: {windows}"
    made = [o for o in gc.get_objects() if isinstance(o, (QThread, QTimer)) and _alive(o)]
    running = [o for o in made if isinstance(o, QThread) and o.isRunning()]
    assert not running, f"threads left: {running}"
    timers = [o for o in made if isinstance(o, QTimer) and o.isActive()]
    assert not timers, f"timers left: {timers}"
    left = [t for t in set(threading.enumerate()) - before if not isinstance(t, threading._DummyThread)]
    assert not left, f"threads left: {left}"


def _alive(thing: object) -> bool:
    import shiboken6

    return shiboken6.isValid(thing)


@pytest.fixture(autouse=True)
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    """Answers every question: with yes, unless a test says otherwise."""
    answers = Answers()
    monkeypatch.setattr("cryoimport_gui.gui.wizard.ask", answers.ask)
    return answers


@pytest.fixture(autouse=True)
def no_dialogs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file dialog that a test does not answer fails it, instead of waiting for a user for ever."""

    def unanswered(*_: object, **__: object) -> None:
        raise AssertionError("a file dialog has opened")

    for name in ("getOpenFileName", "getOpenFileNames", "getSaveFileName", "getExistingDirectory"):
        monkeypatch.setattr(QFileDialog, name, unanswered)


class Answers:
    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answer = True

    def ask(self, parent: object, question: str, *_: object, **__: object) -> bool:
        self.asked.append(question)
        return self.answer


def step_state(wizard: ImportWizard, step: int) -> str:
    """What the list of steps says of a page, with or without the room to show it."""
    said: str = wizard.steps.item(step).data(Qt.ItemDataRole.AccessibleTextRole)
    return said.removeprefix(f"{wizard.pages[step].title()}: ")


def press_import(wizard: ImportWizard) -> None:
    """Click Import on the page Review."""
    wizard.go_to(next(number for number, page in enumerate(wizard.pages) if isinstance(page, ReviewPage)))
    QTest.mouseClick(wizard.button(QWizard.WizardButton.NextButton), Qt.MouseButton.LeftButton)


@pytest.fixture
def open_wizard(qtbot) -> Iterator[Callable[..., ImportWizard]]:
    """Opens the wizard with some parameters, waits for its first plan, and closes it at the end."""
    opened: list[ImportWizard] = []

    def open_it(**values) -> ImportWizard:
        wizard = ImportWizard(update(ImportParameters(), values))
        opened.append(wizard)
        with qtbot.waitActive(wizard, timeout=WAIT_MS):
            wizard.show()
            wizard.activateWindow()
        qtbot.waitUntil(lambda: wizard.session.is_current, timeout=WAIT_MS)
        qtbot.waitUntil(lambda: all(page.is_built for page in wizard.pages), timeout=WAIT_MS)
        return wizard

    yield open_it
    for wizard in opened:
        wizard.close()
        wizard.deleteLater()


#: What pictures say of the same files is the same: name and key of a stage, with the states of the files → result.
_SEEN: OrderedDict[Any, Any] = OrderedDict()
_MOST_SEEN = 12
_LOOKS = ("look_at_images", "look_at_poses", "place_coordinates")


@pytest.fixture(autouse=True)
def pictures_are_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stages that look at pictures take most of a test's time; tests on the same files share what they find."""
    real = planner.Planner._stage

    def stage(self: planner.Planner, plan: ImportPlan, name: str, key: Hashable, run: Callable[[], Any]) -> Any:
        if name not in ("preview", "poses", "place"):
            return real(self, plan, name, key, run)
        files = [file.path for file in plan.stacks.files] if plan.stacks else []
        files += plan.exposures.files if plan.exposures else []
        looks = tuple(getattr(planner, look) for look in _LOOKS)  # others, if a test replaces them
        known = name, key, looks, files_state(files)

        def once() -> Any:
            if known not in _SEEN:
                _SEEN[known] = run()
                if len(_SEEN) > _MOST_SEEN:
                    _SEEN.popitem(last=False)
            _SEEN.move_to_end(known)
            return _SEEN[known]

        return real(self, plan, name, key, once)

    monkeypatch.setattr(planner.Planner, "_stage", stage)
