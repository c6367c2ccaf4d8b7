"""The window, driven as a person would."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeySequence
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QWidget, QWizard

from cryoimport_gui.core.demo import Demo
from cryoimport_gui.core.progress import Cancelled, Progress
from cryoimport_gui.gui.pages.preview.page import PreviewPage
from cryoimport_gui.gui.pages.review import ReviewPage
from cryoimport_gui.gui.pages.write import WritePage

from .conftest import WAIT_MS, press_import


def page_number(wizard, kind: type) -> int:
    return next(i for i, page in enumerate(wizard.pages) if isinstance(page, kind))


def press(qtbot, wizard, button: QWizard.WizardButton) -> None:
    qtbot.mouseClick(wizard.button(button), Qt.MouseButton.LeftButton)


def type_path(qtbot, wizard, name: str, path: Path | str) -> None:
    line = next(edit for edit in wizard.currentPage().findChildren(QLineEdit) if edit.objectName() == name)
    line.setFocus()
    line.selectAll()
    qtbot.keyClicks(line, str(path))


def wait_current(qtbot, wizard) -> None:
    qtbot.waitUntil(lambda: wizard.session.is_current, timeout=WAIT_MS)


def test_import_of_the_demo_with_the_mouse(qtbot, open_wizard, demo: Demo, demo_values, tmp_path: Path) -> None:
    wizard = open_wizard(**demo_values | {"meta": ""})
    assert not wizard.button(QWizard.WizardButton.NextButton).isEnabled()
    assert "meta path" in wizard.currentPage().obstacle()
    type_path(qtbot, wizard, "meta", demo.star)
    wait_current(qtbot, wizard)
    while not isinstance(wizard.currentPage(), ReviewPage):
        press(qtbot, wizard, QWizard.WizardButton.NextButton)
    assert "output folder" in wizard.currentPage().obstacle()
    type_path(qtbot, wizard, "output", tmp_path / "J3")
    wait_current(qtbot, wizard)
    press(qtbot, wizard, QWizard.WizardButton.NextButton)
    qtbot.waitUntil(lambda: wizard.session.job is not None, timeout=WAIT_MS)
    assert wizard.currentPage().group_path.text() == str(tmp_path / "J3" / "imported_particles.csg")
    written = np.load(tmp_path / "J3" / "imported_particles.cs")
    assert len(written) == len(demo.rot_deg)
    np.testing.assert_allclose(written["alignments3D/shift"], demo.shift_px, atol=1e-3)
    press(qtbot, wizard, QWizard.WizardButton.FinishButton)
    assert not wizard.isVisible()


def test_import_of_the_demo_with_the_keyboard_alone(
    qtbot, open_wizard, demo: Demo, demo_values, tmp_path: Path
) -> None:
    wizard = open_wizard(**demo_values | {"meta": "", "output": str(tmp_path / "J3")})

    def alt(key: Qt.Key) -> None:
        qtbot.keyClick(QApplication.focusWidget(), key, Qt.KeyboardModifier.AltModifier)

    alt(Qt.Key.Key_M)
    qtbot.keyClicks(QApplication.focusWidget(), str(demo.star))
    wait_current(qtbot, wizard)
    for number in range(1, page_number(wizard, ReviewPage) + 1):
        alt(Qt.Key.Key_N)
        qtbot.waitUntil(lambda number=number: wizard.currentId() == number, timeout=WAIT_MS)
    alt(Qt.Key.Key_I)
    qtbot.waitUntil(lambda: wizard.session.job is not None, timeout=WAIT_MS)
    assert (tmp_path / "J3" / "imported_particles.cs").is_file()


def test_a_dropped_star_file_is_taken(qtbot, open_wizard, demo: Demo) -> None:
    wizard = open_wizard()
    drop(wizard, demo.star)
    wait_current(qtbot, wizard)
    assert wizard.session.plan.counts()["particles"] == len(demo.rot_deg)


@pytest.mark.parametrize("on", ["meta", "data", "window"])
def test_a_star_file_is_taken_wherever_it_is_dropped(qtbot, open_wizard, demo: Demo, on: str) -> None:
    """A field of text would write down its address, were it asked."""
    wizard = open_wizard()
    target = wizard if on == "window" else wizard.findChild(QLineEdit, on)
    drop(target, demo.star)
    assert wizard.session.parameters.meta == (str(demo.star),)
    assert wizard.session.parameters.data == ""


@pytest.mark.parametrize("on", ["data", "window"])
def test_a_folder_of_stacks_is_taken_as_the_data_path(qtbot, open_wizard, demo: Demo, on: str) -> None:
    wizard = open_wizard(meta=str(demo.star))
    drop(wizard if on == "window" else wizard.findChild(QLineEdit, on), demo.data)
    assert wizard.session.parameters.data == str(demo.data)
    assert wizard.session.parameters.meta == (str(demo.star),)


def drop(target: QWidget, path: Path) -> None:
    """As the window system does it: enter, then drop on whatever has agreed."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    copy, left, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(5, 5), copy, data, left, keys)
    QApplication.sendEvent(target, enter)
    if enter.isAccepted():
        QApplication.sendEvent(target, QDropEvent(QPointF(5, 5), copy, data, left, keys))


def test_the_demo_data_are_made_and_taken_with_one_click(qtbot, open_wizard, tmp_path: Path, monkeypatch) -> None:
    """In a temporary folder and another thread; what was chosen before stays, and nothing is asked at the end."""
    import threading

    from cryoimport_gui import headless

    makers = []
    original = headless.tempfile.mkdtemp

    def mkdtemp(prefix: str) -> str:
        makers.append(threading.get_ident())
        return original(prefix=prefix, dir=tmp_path)

    monkeypatch.setattr(headless.tempfile, "mkdtemp", mkdtemp)
    wizard = open_wizard(ignore_half_sets=True)
    page = wizard.currentPage()
    qtbot.mouseClick(page.start.try_demo, Qt.MouseButton.LeftButton)
    assert not page.start.try_demo.isEnabled(), "once is enough"
    qtbot.waitUntil(lambda: bool(wizard.session.parameters.meta), timeout=WAIT_MS)
    wait_current(qtbot, wizard)
    assert makers and makers[0] != threading.get_ident()
    (folder,) = tmp_path.iterdir()
    parameters = wizard.session.parameters
    assert Path(parameters.meta[0]).is_relative_to(folder) and Path(parameters.project).is_relative_to(folder)
    assert parameters.ignore_half_sets
    assert not wizard.session.plan.errors and wizard.session.plan.matching is not None
    assert not page.start.try_demo.isVisible()
    assert wizard.session.unsaved() == []


def test_demo_data_do_not_replace_what_was_chosen_meanwhile(qtbot, open_wizard, demo: Demo, monkeypatch) -> None:
    wizard = open_wizard()
    page = wizard.currentPage()
    monkeypatch.setattr("cryoimport_gui.gui.pages.particles.start.with_demo", lambda parameters, folder: parameters)
    with qtbot.waitSignal(page.tasks.finished, timeout=WAIT_MS):
        qtbot.mouseClick(page.start.try_demo, Qt.MouseButton.LeftButton)
        wizard.session.change(meta=str(demo.star))
    assert wizard.session.parameters.meta == (str(demo.star),)
    wait_current(qtbot, wizard)


def test_of_a_file_that_cannot_be_read_it_is_said_that_nothing_is_known(qtbot, open_wizard, tmp_path: Path) -> None:
    wizard = open_wizard(meta=str(tmp_path / "none.star"))
    words = [label.text() for label in wizard.currentPage().facts.widget().findChildren(QLabel)]
    assert words == ["Nothing", "could be read from it."]


def test_missing_stacks_are_said_and_a_folder_that_finds_them_is_taken_with_one_click(
    qtbot, open_wizard, demo: Demo, tmp_path: Path
) -> None:
    lonely = tmp_path / "a" / "b" / "run_data.star"
    lonely.parent.mkdir(parents=True)
    lonely.write_bytes(demo.star.read_bytes())
    (tmp_path / "a" / "stacks").symlink_to(demo.data)
    wizard = open_wizard(meta=str(lonely))
    page = wizard.currentPage()
    assert [p.code for p in page.problems() if p.code == "stack-missing"]
    assert page.take_data.isVisible()
    qtbot.mouseClick(page.take_data, Qt.MouseButton.LeftButton)
    wait_current(qtbot, wizard)
    assert not [p for p in page.problems() if p.code == "stack-missing"]
    assert wizard.session.plan.counts()["stacks"] == len(demo.stacks)


def test_a_change_of_the_sign_is_shown_at_once_and_contradicted_soon(qtbot, open_wizard, demo_values) -> None:
    wizard = open_wizard(**demo_values)
    wizard.go_to(page_number(wizard, PreviewPage))
    wizard.session.change(data_sign="+1")
    wait_current(qtbot, wizard)
    assert [p.code for p in wizard.currentPage().problems()] == ["data-sign-contradicts"]
    assert wizard.session.plan.data_sign.value == 1


@pytest.mark.parametrize("stage", ["link", "write", "preview"])
def test_cancel_leaves_nothing_and_the_same_import_then_works(
    qtbot, open_wizard, demo_values, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    """Cancel arrives when a stage begins, as if it had been clicked at that moment."""
    wizard = open_wizard(**demo_values | {"output": str(tmp_path / "J3")})
    original = Progress.stage

    def cancel_here(progress: Progress, name: str) -> None:
        if name == stage:
            raise Cancelled
        original(progress, name)

    with monkeypatch.context() as patch:
        patch.setattr("cryoimport_gui.gui.tasks._SignalProgress.stage", cancel_here)
        with qtbot.waitSignal(wizard.session.import_cancelled, timeout=WAIT_MS):
            press_import(wizard)
    assert list(tmp_path.iterdir()) == []
    assert "cancelled" in wizard.currentPage().reason.text()
    assert QApplication.focusWidget() is wizard.currentPage().again
    assert wizard.button(QWizard.WizardButton.BackButton).isEnabled()
    qtbot.mouseClick(wizard.currentPage().again, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: wizard.session.job is not None, timeout=WAIT_MS)
    assert [path.name for path in tmp_path.iterdir()] == ["J3"]


def test_the_cancel_button_stops_an_import(qtbot, open_wizard, demo_values, tmp_path: Path, monkeypatch) -> None:
    """The button is clicked while the worker stands in the middle of its links."""
    import threading

    wizard = open_wizard(**demo_values | {"output": str(tmp_path / "J3")})
    page = wizard.pages[page_number(wizard, WritePage)]
    reached, go_on = threading.Event(), threading.Event()
    import cryoimport_gui.core.job.write as job

    original = job.os.symlink

    def slow_link(*args, **kwargs) -> None:
        reached.set()
        go_on.wait(10)
        original(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(job.os, "symlink", slow_link)
        press_import(wizard)
        qtbot.waitUntil(reached.is_set, timeout=WAIT_MS)
        assert not wizard.button(QWizard.WizardButton.BackButton).isEnabled()
        with qtbot.waitSignal(wizard.session.import_cancelled, timeout=WAIT_MS):
            qtbot.mouseClick(page.cancel, Qt.MouseButton.LeftButton)
            go_on.set()
    assert list(tmp_path.iterdir()) == []


def test_an_unexpected_error_is_shown_and_the_window_lives_on(qtbot, open_wizard, demo_values, monkeypatch) -> None:
    wizard = open_wizard(**demo_values)
    with monkeypatch.context() as patch:
        patch.setattr("cryoimport_gui.core.plan.planner.resolve_groups", lambda *_: 1 / 0)
        with qtbot.waitSignal(wizard.session.failed, timeout=WAIT_MS):
            wizard.session.change(ignore_half_sets=True)
    box = QApplication.activeModalWidget()
    assert "ZeroDivisionError" in box.informativeText()
    box.close()
    wizard.session.change(ignore_half_sets=False)
    wait_current(qtbot, wizard)
    assert wizard.session.plan.counts()["particles"]


def test_going_back_loses_nothing(qtbot, open_wizard, demo_values, tmp_path: Path) -> None:
    wizard = open_wizard(**demo_values)
    wizard.go_to(page_number(wizard, ReviewPage))
    type_path(qtbot, wizard, "output", tmp_path / "J9")
    wizard.go_to(0)
    qtbot.mouseClick(
        wizard.steps.viewport(),
        Qt.MouseButton.LeftButton,
        pos=_centre_of(wizard, page_number(wizard, ReviewPage)),
    )
    assert isinstance(wizard.currentPage(), ReviewPage)
    assert wizard.session.parameters.output == str(tmp_path / "J9")


def _centre_of(wizard, step: int) -> QPoint:
    return wizard.steps.visualItemRect(wizard.steps.item(step)).center()


def test_no_two_things_on_a_page_share_a_mnemonic(qtbot, open_wizard, demo_values, tmp_path: Path) -> None:
    """Alt and a letter that stands for two things chooses neither."""
    wizard = open_wizard(**demo_values | {"output": str(tmp_path / "J3"), "project": ""})
    for number, page in enumerate(wizard.pages):
        wizard.go_to(number)
        if isinstance(page, WritePage):
            press_import(wizard)
            qtbot.waitUntil(lambda: wizard.session.job is not None, timeout=WAIT_MS)
        texts = [w.text() for w in wizard.findChildren(QAbstractButton) if w.isVisible() and not w.window().isModal()]
        texts += [w.text() for w in wizard.findChildren(QLabel) if w.isVisible() and w.buddy()]
        letters = [QKeySequence.mnemonic(text).toString() for text in texts]
        shared = {letter: [t for t, one in zip(texts, letters) if one == letter] for letter in letters if letter}
        assert not {letter: same for letter, same in shared.items() if len(same) > 1}, page.TITLE


def test_one_window_imports_again_what_has_changed_and_only_that(
    qtbot, open_wizard, demo_values, tmp_path: Path
) -> None:
    wizard = open_wizard(**demo_values | {"output": str(tmp_path / "J3")})
    review, write = page_number(wizard, ReviewPage), page_number(wizard, WritePage)
    for name in ("J3", "J4"):
        wizard.go_to(review)
        wizard.session.change(output=str(tmp_path / name))
        wait_current(qtbot, wizard)
        press(qtbot, wizard, QWizard.WizardButton.NextButton)
        qtbot.waitUntil(lambda: wizard.session.job is not None, timeout=WAIT_MS)
        assert wizard.session.job.folder == tmp_path / name
        assert wizard.currentPage().group_path.text() == str(tmp_path / name / "imported_particles.csg")
    job = wizard.session.job
    wizard.go_to(0)
    wizard.go_to(write)
    assert wizard.session.job is job and not wizard.session.is_writing, "looking back imports nothing"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["J3", "J4"]
