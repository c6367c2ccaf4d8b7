"""What survives the window: folders, recent imports, settings; and when closing it asks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox, QWizard

from cryoimport_gui.gui.file_dialogs import FileDialogs
from cryoimport_gui.gui.settings import Settings, load_settings_file, save_settings
from cryoimport_gui.gui.widgets import messages
from cryoimport_gui.gui.widgets.editors import PathEdit

from .conftest import WAIT_MS, Answers, press_import


@pytest.fixture
def started_in(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """File dialogs that choose the path under `choose`, and say under `in` where they would have opened."""
    printed = {"choose": "", "in": ""}

    def choose(parent, title, start, *_, **__):
        printed["in"] = start
        return printed["choose"], ""

    monkeypatch.setattr(QFileDialog, "getOpenFileName", choose)
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *args, **named: ([choose(*args, **named)[0]], ""))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *args, **named: choose(*args, **named)[0])
    return printed


def test_dialogs_open_where_that_kind_of_path_was_chosen_last(qapp, started_in, tmp_path: Path) -> None:
    stars, jobs = tmp_path / "stars", tmp_path / "jobs"
    stars.mkdir(), jobs.mkdir()
    folders: dict[str, str] = {}
    dialogs = FileDialogs(folders)
    started_in["choose"] = str(stars / "a.star")
    assert dialogs.open_file(None, "meta", "", "", nearby="/near") == str(stars / "a.star")
    assert started_in["in"] == "/near", "nothing was chosen before"
    started_in["choose"] = str(jobs / "J1")
    dialogs.new_folder(None, "output", "")
    assert folders == {"meta": str(stars), "output": str(jobs)}
    started_in["choose"] = ""
    assert dialogs.open_file(None, "meta", "", "", nearby="/near") == ""
    assert started_in["in"] == str(stars)
    dialogs.open_folder(None, "output", "", start="/typed")
    assert started_in["in"] == "/typed", "what stands in the field wins"
    dialogs.save_file(None, "output", "", "r.html", "")
    assert started_in["in"] == str(jobs / "r.html")
    jobs.rmdir()
    dialogs.new_folder(None, "output", "", nearby="/near")
    assert started_in["in"] == "/near", "the last folder is gone"


def test_last_folders_are_known_to_the_next_window(qtbot, open_wizard, started_in, tmp_path: Path) -> None:
    first = open_wizard()
    started_in["choose"] = str(tmp_path / "some.star")
    qtbot.mouseClick(first.currentPage().findChild(PathEdit, "meta").button, Qt.MouseButton.LeftButton)
    assert first.session.parameters.meta == (str(tmp_path / "some.star"),)
    first.close()
    again = open_wizard()
    qtbot.mouseClick(again.currentPage().findChild(PathEdit, "meta").button, Qt.MouseButton.LeftButton)
    assert started_in["in"] == str(tmp_path)


def test_one_click_on_the_first_page_opens_a_recent_import_again(
    qtbot, open_wizard, demo_values, tmp_path: Path
) -> None:
    (tmp_path / "import3").mkdir()
    values = demo_values | {"output": str(tmp_path / "import3"), "voltage": ["200.0", "1=120.0"]}
    save_settings(Settings(recent=[{"meta": "/other.star"}, values]))
    wizard = open_wizard()
    recent = wizard.currentPage().start.recent
    assert recent.isVisible() and not wizard.currentPage().facts.isVisible()
    place = recent.visualItemRect(recent.item(1)).center()
    qtbot.mouseClick(recent.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.waitUntil(lambda: wizard.session.is_current, timeout=WAIT_MS)
    assert wizard.session.parameters.voltage == {None: 200.0, 1: 120.0}
    assert wizard.session.parameters.output == str(tmp_path / "import4"), "import3 is there"
    assert wizard.currentPage().facts.isVisible()


def test_a_recent_import_is_opened_by_the_keyboard(qtbot, open_wizard, demo_values) -> None:
    save_settings(Settings(recent=[dict(demo_values)]))
    wizard = open_wizard()
    for _ in range(20):
        if QApplication.focusWidget() is wizard.currentPage().start.recent:
            break
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Down)
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    assert wizard.session.parameters.meta == (demo_values["meta"],)
    assert wizard.currentId() == 0, "Enter chose the import, not the next page"


def test_recent_imports_of_another_version(qtbot, open_wizard) -> None:
    """What is not known is ignored and said; what cannot be used changes nothing and is said."""
    save_settings(Settings(recent=[{"meta": "", "tilt_series": 1}, {"meta": "/x.star", "voltage": "fast"}]))
    wizard = open_wizard()
    for row, said in ((0, "tilt_series"), (1, "“Accelerating voltage”")):
        wizard.currentPage().start.recent.itemClicked.emit(wizard.currentPage().start.recent.item(row))
        (box,) = [box for box in wizard.findChildren(QMessageBox) if box.isVisible()]
        assert said in box.text()
        box.close()
        QApplication.sendPostedEvents(None, 52)
    assert wizard.session.parameters.meta == ()


@pytest.mark.parametrize("there", ["full", "empty", "nothing"])
def test_loaded_settings_never_decide_where_to_write(
    qtbot, open_wizard, started_in, tmp_path: Path, there: str
) -> None:
    """Neither the folder in the file is taken, nor is one kept that is in use."""
    chosen = tmp_path / "import3"
    if there != "nothing":
        chosen.mkdir()
    if there == "full":
        (chosen / "x").touch()
    settings = tmp_path / "import.json"
    settings.write_text(json.dumps({"parameters": {"output": "/else/where", "data_sign": "+1"}}))
    wizard = open_wizard(output=str(chosen))
    started_in["choose"] = str(settings)
    wizard.menu._load_action.trigger()
    assert wizard.session.parameters.data_sign == "+1"
    assert wizard.session.parameters.output == str(chosen if there == "nothing" else tmp_path / "import4")


def test_an_untouched_window_and_paths_alone_close_without_a_question(
    qtbot, open_wizard, demo_values, answers: Answers
) -> None:
    wizard = open_wizard(**demo_values, data_sign="-1")
    wizard.session.change(output="/somewhere/import3", data="")
    wizard.close()
    assert answers.asked == [] and not wizard.isVisible()


def test_rules_that_the_program_found_are_no_work_of_the_user(
    qtbot, open_wizard, demo_values, answers: Answers
) -> None:
    wizard = open_wizard(**{name: demo_values[name] for name in ("meta", "data", "exposures")}, suggest_trims=True)
    qtbot.waitUntil(
        lambda: wizard.session.is_current and wizard.session.parameters.exposure_cut_suffix > 0, timeout=WAIT_MS
    )
    wizard.close()
    assert answers.asked == []


def test_choices_that_are_neither_imported_nor_saved_are_asked_for(
    qtbot, open_wizard, demo_values, answers: Answers, started_in, tmp_path: Path
) -> None:
    wizard = open_wizard(**demo_values)
    wizard.session.change(total_dose={None: 50.0}, on_bad="leave-out")
    answers.answer = False
    qtbot.mouseClick(wizard.button(QWizard.WizardButton.CancelButton), Qt.MouseButton.LeftButton)
    wizard.close()
    assert wizard.isVisible() and len(answers.asked) == 2
    assert "Total dose" in answers.asked[0] and "Bad rows" in answers.asked[0]
    keep = wizard.pages[5].keep
    started_in["choose"] = str(tmp_path / "mine.json")
    keep.settings.click()
    qtbot.waitUntil(lambda: "Saved" in keep.words.text(), timeout=WAIT_MS)
    wizard.close()
    assert not wizard.isVisible() and len(answers.asked) == 2


def test_escape_closes_nothing(qtbot, open_wizard, demo_values, answers: Answers) -> None:
    wizard = open_wizard(**demo_values)
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Escape)
    assert wizard.isVisible() and answers.asked == []


def test_closing_while_the_import_is_written_says_what_happens(
    qtbot, open_wizard, demo_values, answers: Answers, tmp_path: Path, monkeypatch
) -> None:
    """The worker stands in the middle of its links while the window is closed."""
    import threading

    import cryoimport_gui.core.job.write as job

    wizard = open_wizard(**demo_values | {"output": str(tmp_path / "import3")})
    reached, go_on = threading.Event(), threading.Event()
    original = job.os.symlink

    def slow_link(*args, **kwargs) -> None:
        reached.set()
        go_on.wait(10)
        original(*args, **kwargs)

    monkeypatch.setattr(job.os, "symlink", slow_link)
    press_import(wizard)
    qtbot.waitUntil(reached.is_set, timeout=WAIT_MS)
    answers.answer = False
    wizard.close()
    assert wizard.isVisible() and wizard.session.is_writing
    assert "leaves nothing behind" in answers.asked[0]
    assert not wizard.menu._load_action.isEnabled()
    answers.answer = True
    threading.Timer(0.2, go_on.set).start()
    wizard.close()
    assert list(tmp_path.iterdir()) == []


def test_a_question_means_no_by_enter_and_escape_and_when_it_has_lost_its_point(qtbot, open_wizard) -> None:
    wizard = open_wizard()

    def answer(how) -> bool:
        def when_asked() -> None:
            if QApplication.focusWidget() and (box := QApplication.activeModalWidget()):
                how(box)
            else:
                QTimer.singleShot(10, when_asked)

        QTimer.singleShot(10, when_asked)
        return messages.ask(wizard, "Quit?", "&Yes", "&No", until=wizard.session.writing)

    assert not answer(lambda box: QTest.keyClick(box, Qt.Key.Key_Return))
    assert not answer(lambda box: QTest.keyClick(box, Qt.Key.Key_Escape))
    assert not answer(lambda box: wizard.session.writing.emit(False))
    assert answer(lambda box: QTest.keyClick(box, Qt.Key.Key_Y, Qt.KeyboardModifier.AltModifier))


def test_folders_with_odd_values_are_ignored(own_home: Path) -> None:
    save_settings(Settings(folders={"meta": "/a"}))
    assert load_settings_file()[0].folders == {"meta": "/a"}
