"""The window that mends the links of a job folder."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QPushButton

from cryoimport_gui.__main__ import main
from cryoimport_gui.core.demo import DemoRecipe, make_demo
from cryoimport_gui.gui.file_dialogs import FileDialogs
from cryoimport_gui.gui.relink_window import RelinkWindow

from .conftest import WAIT_MS


@pytest.fixture
def moved(tmp_path: Path) -> tuple[Path, Path]:
    """A job folder, and the folder to which its stacks have moved since."""
    demo = make_demo(tmp_path / "demo", DemoRecipe(micrographs=3, particles_per_micrograph=4, box=32))
    job = tmp_path / "J3"
    assert main([str(demo.star), "--headless", "--data", str(demo.data), "--output", str(job)]) == 0
    archive = tmp_path / "archive"
    shutil.move(demo.data / "Extract", archive)
    return job, archive


@pytest.fixture
def window(qtbot) -> Iterator[RelinkWindow]:
    window = RelinkWindow(FileDialogs({}))
    window.show()
    qtbot.waitExposed(window)
    yield window
    window.close()


def targets(job: Path) -> dict[str, str]:
    return {link.name: os.readlink(link) for link in (job / "imported").iterdir()}


def type_path(qtbot, window: RelinkWindow, name: str, path: Path) -> None:
    line = window.findChild(QLineEdit, name)
    line.clear()
    qtbot.keyClicks(line, str(path))


def wait_words(qtbot, window: RelinkWindow, words: str) -> None:
    qtbot.waitUntil(lambda: words in window.state.text(), timeout=WAIT_MS)


def test_links_are_mended_with_the_keyboard(qtbot, window: RelinkWindow, moved: tuple[Path, Path]) -> None:
    job, archive = moved
    before = targets(job)
    assert not window.mend.isEnabled()
    type_path(qtbot, window, "relink", job)
    type_path(qtbot, window, "data", archive)
    wait_words(qtbot, window, "3 of 3 links lead nowhere, all of them found.")
    model = window.table.model()
    shown = [[model.index(row, column).data() for column in range(3)] for row in range(model.rowCount())]
    assert {name: old for name, old, _ in shown} == before
    assert all(Path(new).is_relative_to(archive) and os.path.exists(new) for _, _, new in shown)
    assert targets(job) == before  # what is shown is a dry run
    qtbot.keyClick(window, Qt.Key.Key_M, Qt.KeyboardModifier.AltModifier)
    wait_words(qtbot, window, "3 links mended.")
    assert targets(job) == {name: new for name, _, new in shown}
    assert not window.mend.isEnabled()


def test_a_folder_that_has_the_stacks_is_offered(qtbot, window: RelinkWindow, moved: tuple[Path, Path]) -> None:
    job, archive = moved
    nearby = Path(os.readlink(job / "particles.star")).parent / "moved"
    shutil.move(archive, nearby)
    type_path(qtbot, window, "relink", job)
    wait_words(qtbot, window, "3 of 3 links lead nowhere, 0 of them found.")
    assert not window.mend.isEnabled()
    (offer,) = (b for b in window.problem_list.findChildren(QPushButton) if b.text().startswith("Use the folder"))
    qtbot.mouseClick(offer, Qt.MouseButton.LeftButton)
    wait_words(qtbot, window, "all of them found.")
    assert window.mend.isEnabled()


def test_another_stack_of_the_same_name_is_refused(qtbot, window: RelinkWindow, moved: tuple[Path, Path]) -> None:
    job, archive = moved
    stack = next(path for path in archive.rglob("*.mrcs"))
    stack.write_bytes(stack.read_bytes() + bytes(4))
    before = targets(job)
    type_path(qtbot, window, "relink", job)
    type_path(qtbot, window, "data", archive)
    wait_words(qtbot, window, "Nothing can be changed before the problems below are solved.")
    assert not window.mend.isEnabled()
    window.session.mend()  # should a click come through all the same
    qtbot.waitUntil(lambda: "cannot be mended" in window.state.text(), timeout=WAIT_MS)
    assert targets(job) == before


def test_a_folder_that_is_no_job_is_said(qtbot, window: RelinkWindow, tmp_path: Path) -> None:
    type_path(qtbot, window, "relink", tmp_path)
    wait_words(qtbot, window, "These links cannot be mended.")
    assert not window.mend.isEnabled()


def test_the_last_import_is_proposed(qtbot, open_wizard, moved: tuple[Path, Path]) -> None:
    job, _ = moved
    wizard = open_wizard()

    class Imported:
        folder = job

    wizard.session.job = Imported()
    wizard.menu.relink_wanted.emit()
    (window,) = wizard.findChildren(RelinkWindow)
    assert window.findChild(QLineEdit, "relink").text() == str(job)
    wait_words(qtbot, window, "3 of 3 links lead nowhere")
    window.close()
