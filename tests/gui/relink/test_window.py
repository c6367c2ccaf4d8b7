"""The window that repairs stack links: what would change is shown, and nothing changes before the button."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QMessageBox, QPushButton

from cryoimport_gui.core.job.relink import Relinking
from cryoimport_gui.core.problems import refuse
from cryoimport_gui.gui.file_dialogs import FileDialogs
from cryoimport_gui.gui.relink import window as module
from cryoimport_gui.gui.relink.table import RelinkModel, RelinkTable
from cryoimport_gui.gui.relink.window import RelinkWindow

from ...support.moved_stacks import moved, targets
from ...support.running import tree
from ..conftest import WAIT_MS
from ..test_hostile import TAGS, faults_of

__all__ = ["moved"]


@pytest.fixture
def open_window(qtbot) -> Iterator[Callable[..., RelinkWindow]]:
    opened: list[RelinkWindow] = []

    def open_it(job: object = "", data: object = "") -> RelinkWindow:
        window = RelinkWindow(FileDialogs({}))
        opened.append(window)
        window.data.line.setText(str(data))
        with qtbot.waitActive(window, timeout=WAIT_MS):
            window.show_for(str(job))
        settle(qtbot, window)
        return window

    yield open_it
    for window in opened:
        window.shut_down()
        window.deleteLater()


def settle(qtbot, window: RelinkWindow) -> None:
    qtbot.waitUntil(lambda: not window.tasks.busy and not window._pause.isActive(), timeout=WAIT_MS)


def rows(table: RelinkTable) -> list[list[str]]:
    model = table.changes
    return [[model.index(r, c).data() for c in range(model.columnCount())] for r in range(model.rowCount())]


def cards(window: RelinkWindow) -> str:
    return "\n".join(label.text() for label in window.problems.findChildren(QLabel)).replace("\u200b", "")


def said(window: RelinkWindow) -> str:
    return window.reason.text().replace("\u200b", "")


def test_what_would_change_is_shown_and_the_button_repairs_it(qtbot, open_window, moved: tuple[Path, Path]) -> None:
    job, archive = moved
    before = tree(job)
    window = open_window(job, archive)
    assert tree(job) == before, "looking is the dry run"
    assert window.counts.text() == "3 links: 3 broken, 0 working."
    old = targets(job)
    shown = rows(window.table)
    assert [(name, target) for name, target, _ in shown] == sorted(old.items())
    assert all(os.path.isfile(new) and Path(new).is_relative_to(archive) for _, _, new in shown)
    assert window.repair.text() == "&Repair 3 links" and window.repair.isEnabled() and said(window) == ""
    qtbot.keyClick(window, Qt.Key.Key_R, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: said(window) != "", timeout=WAIT_MS)
    settle(qtbot, window)
    assert targets(job) == {name: new for name, _, new in shown}
    assert said(window).startswith("3 links repaired.") and "nothing to repair" in said(window)
    assert window.counts.text() == "3 links: 0 broken, 3 working." and rows(window.table) == []
    assert not window.repair.isEnabled() and not window.table.isVisible()


def test_a_folder_that_has_the_stacks_is_offered(qtbot, open_window, moved: tuple[Path, Path]) -> None:
    job, archive = moved
    window = open_window(job)
    assert not window.repair.isEnabled() and said(window) == "Choose the folder that has the stacks now."
    window.data.line.setText(str(job.parent / "demo"))
    settle(qtbot, window)
    assert "3 stacks not found" in cards(window)
    (offer,) = [b for b in window.problems.findChildren(QPushButton) if b.text().startswith("Use the folder")]
    offer.click()
    settle(qtbot, window)
    assert window.data.path == str(archive) and window.repair.isEnabled()


@pytest.mark.parametrize("fault", ["missing", "longer"])
def test_while_there_are_problems_the_button_is_off_and_the_window_says_why(
    qtbot, open_window, moved: tuple[Path, Path], fault: str
) -> None:
    job, archive = moved
    stack = next(archive.rglob("*.mrcs"))
    content = stack.read_bytes()
    if fault == "missing":
        stack.unlink()
    else:
        stack.write_bytes(content + b"more")
    window = open_window(job, archive)
    assert not window.repair.isEnabled() and "repaired together" in said(window)
    assert stack.name in cards(window) and len(rows(window.table)) == (2 if fault == "missing" else 3)
    stack.write_bytes(content)
    qtbot.keyClick(window, Qt.Key.Key_F5)
    settle(qtbot, window)
    assert window.repair.isEnabled() and not window.problems.isVisible()


def test_what_is_no_job_folder_is_done(qtbot, open_window, tmp_path: Path) -> None:
    window = open_window()
    assert said(window) == "Choose the job folder of an earlier import." and not window.repair.isEnabled()
    window.job.line.setText(str(tmp_path))
    settle(qtbot, window)
    assert "is not a job folder of this program" in cards(window)
    assert "othing to repair" in said(window) and not window.repair.isEnabled()
    window.job.line.setText("")
    settle(qtbot, window)
    assert cards(window) == "" and said(window) == "Choose the job folder of an earlier import."


def test_links_that_are_whole_leave_nothing_to_do(qtbot, open_window, moved: tuple[Path, Path]) -> None:
    job, archive = moved
    shutil.move(archive, job.parent / "demo/relion/Extract")
    window = open_window(job)
    assert window.counts.text() == "3 links: 0 broken, 3 working."
    assert "othing to repair" in said(window) and not window.repair.isEnabled()


def test_a_check_can_be_stopped(qtbot, open_window, moved: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """It looks for ever, until it is printed to stop."""
    job, archive = moved

    def endless(job, data, progress):
        progress.stage("locate")
        while True:
            progress.step(1, 2)

    window = open_window()
    monkeypatch.setattr(module, "plan_relink", endless)
    window.job.line.setText(str(job))
    qtbot.waitUntil(lambda: window.tasks.busy, timeout=WAIT_MS)
    assert window.stop.isEnabled() and not window.repair.isEnabled() and "Checking the links" in said(window)
    qtbot.keyClick(window, Qt.Key.Key_T, Qt.KeyboardModifier.AltModifier)
    settle(qtbot, window)
    assert "Stopped" in said(window) and not window.stop.isEnabled() and not window.repair.isEnabled()
    monkeypatch.undo()
    window.data.line.setText(str(archive))
    settle(qtbot, window)
    assert window.repair.isEnabled()


def test_closing_stops_a_check_and_opening_again_checks_anew(
    qtbot, open_window, moved: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    job, archive = moved
    window = open_window(job, archive)
    with monkeypatch.context() as patch:

        def endless(job, data, progress):
            while True:
                progress.step(1, 2)

        patch.setattr(module, "plan_relink", endless)
        window.check()
        window.close()
        settle(qtbot, window)
    assert not window.isVisible()
    window.show_for("/another")
    settle(qtbot, window)
    assert window.job.path == str(job) and window.repair.isEnabled()


def test_what_is_refused_while_repairing_is_shown_and_nothing_changed(
    qtbot, open_window, moved: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    job, archive = moved
    window = open_window(job, archive)
    before = tree(job)
    next(archive.rglob("*.mrcs")).unlink()
    window.repair.click()
    settle(qtbot, window)
    assert "was there when it was checked" in cards(window)
    assert said(window) == "No link was changed." and not window.repair.isEnabled()
    assert tree(job) == before


def test_an_unexpected_error_is_handed_on(
    qtbot, open_window, moved: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    job, archive = moved
    window = open_window(job, archive)
    monkeypatch.setattr(module, "relink", lambda *_: 1 / 0)
    with qtbot.waitSignal(window.failed, timeout=WAIT_MS) as failed:
        window.repair.click()
    assert failed.args[0].startswith("ZeroDivisionError") and "Traceback" in failed.args[1]
    settle(qtbot, window)
    assert "Failed" in said(window) and not window.repair.isEnabled()


def test_typing_checks_only_what_was_typed_last(
    qtbot, open_window, moved: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    job, archive = moved
    window = open_window(job)
    looked: list[str] = []
    original = module.plan_relink

    def noted(job, data, progress):
        looked.append(data)
        return original(job, data, progress)

    monkeypatch.setattr(module, "plan_relink", noted)
    window.data.line.clear()
    qtbot.keyClicks(window.data.line, str(archive))
    settle(qtbot, window)
    assert looked == [str(archive)] and window.repair.isEnabled()


def test_thousands_of_links_are_shown_as_they_come_into_view(
    qtbot, open_window, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model is asked for the cells in view alone, and no row is measured."""
    asked: list[int] = []
    original = RelinkModel.data

    def noted(self, index, role=Qt.ItemDataRole.DisplayRole):
        asked.append(index.row())
        return original(self, index, role)

    monkeypatch.setattr(RelinkModel, "data", noted)
    window = open_window()
    plan = Relinking(Path("/J"))
    plan.changes = {f"{n:021d}_s.mrcs": (f"/old/{n}.mrcs", f"/new/{n}.mrcs") for n in range(20_000)}
    plan.links = {name: old for name, (old, _) in plan.changes.items()}
    plan.broken = list(plan.links)
    window.plan = plan
    window._show()
    qtbot.waitUntil(lambda: bool(asked), timeout=WAIT_MS)
    assert max(asked) < 200 and window.repair.text() == "&Repair 20,000 links"


def test_names_are_shown_as_they_stand(qtbot, open_window, moved: tuple[Path, Path]) -> None:
    job, archive = moved
    odd = job / "imported" / f"{TAGS.replace('/', '|')}\x1b[2J"
    odd.symlink_to(f"/nowhere/{TAGS}\x1b[2J.mrcs")
    window = open_window(job, archive / TAGS.split("<img")[0])
    window.data.line.setText(str(archive))
    settle(qtbot, window)
    assert TAGS in cards(window) and "\\x1b" in cards(window)
    assert faults_of([window]) == []


def test_every_control_has_a_name_a_tip_and_a_place_in_the_row_of_keys(qtbot, open_window, moved) -> None:
    window = open_window(*moved)
    for button in (window.stop, window.repair, window.close_button, window.help, window.job.button, window.data.button):
        assert button.toolTip() and not button.autoDefault()
        assert button.focusPolicy() & Qt.FocusPolicy.TabFocus
    for widget in (window.job.line, window.data.line, window.table, window.problems, window.reason, window.counts):
        assert widget.accessibleName()
    texts = [b.text() for b in (window.stop, window.repair, window.close_button, window.help)]
    texts += [label.text() for label in window.findChildren(QLabel) if label.buddy()]
    keys = [text[text.index("&") + 1].lower() for text in texts]
    assert len(set(keys)) == len(keys) == 6


def test_the_menu_opens_it_on_the_last_import_and_f1_explains_it(
    qtbot, open_wizard, moved: tuple[Path, Path], tmp_path: Path
) -> None:
    job, archive = moved
    wizard = open_wizard()
    wizard.settings.remember_import({"meta": "/x.star", "output": str(job)})
    (action,) = [action for action in wizard.menu.actions() if "Repair stack links" in action.text().replace("&", "")]
    assert action.toolTip()
    action.trigger()
    window = wizard._relinking
    settle(qtbot, window)
    assert (
        window.isVisible() and window.job.path == str(job) and window.counts.text() == "3 links: 3 broken, 0 working."
    )
    qtbot.keyClick(window, Qt.Key.Key_F1)
    assert "Repair stack links" in wizard._help.browser.toPlainText()
    wizard._help.close()
    action.trigger()
    assert wizard._relinking is window


def test_an_unexpected_error_ends_in_the_box_of_the_wizard(
    qtbot, open_wizard, moved: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    wizard = open_wizard()
    monkeypatch.setattr(module, "plan_relink", lambda *_: 1 / 0)
    wizard.settings.remember_import({"meta": "/x.star", "output": str(moved[0])})
    wizard.show_relinking()
    qtbot.waitUntil(lambda: bool(wizard.findChildren(QMessageBox)), timeout=WAIT_MS)
    (box,) = wizard.findChildren(QMessageBox)
    assert "ZeroDivisionError" in box.informativeText()
    box.close()
    settle(qtbot, wizard._relinking)


def test_refusals_of_the_core_are_shown_whole(qtbot, open_window, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise refuse("stack-missing", "the particle data path /x is not a folder")

    monkeypatch.setattr(module, "plan_relink", refused)
    window = open_window("/J3", "/x")
    assert "The particle data path /x is not a folder." in cards(window) and not window.repair.isEnabled()
