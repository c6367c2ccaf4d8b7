"""Paths as people type and paste them: the line keeps their text, the value is the path that is meant."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLineEdit

from cryoimport_gui.gui.widgets.path_field import meant_path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("page, name", [(0, "meta"), (0, "data"), (4, "exposures"), (5, "output"), (5, "project")])
def test_a_home_path_typed_key_by_key_stays_as_it_is_typed(
    qtbot, open_wizard, demo_values, home: Path, page: int, name: str
) -> None:
    wizard = open_wizard(**demo_values | {"exposures": "", "output": ""})
    wizard.go_to(page)
    line = wizard.currentPage().findChild(QLineEdit, name)
    line.setFocus()
    line.selectAll()
    typed = "~/CS/J5"
    for end in range(1, len(typed) + 1):
        qtbot.keyClicks(line, typed[end - 1])
        assert line.text() == typed[:end]
        assert line.cursorPosition() == end
    assert getattr(wizard.session.parameters, name) in (str(home / "CS/J5"), (str(home / "CS/J5"),))


def test_a_key_in_the_middle_of_a_home_path_leaves_the_cursor_there(qtbot, open_wizard, home: Path) -> None:
    wizard = open_wizard()
    line = wizard.currentPage().findChild(QLineEdit, "data")
    qtbot.keyClicks(line, "~/CS/5")
    line.setCursorPosition(5)
    qtbot.keyClicks(line, "J1")
    assert (line.text(), line.cursorPosition()) == ("~/CS/J15", 7)
    assert wizard.session.parameters.data == str(home / "CS/J15")


def test_a_value_from_elsewhere_replaces_what_was_typed(qtbot, open_wizard, home: Path) -> None:
    wizard = open_wizard()
    line = wizard.currentPage().findChild(QLineEdit, "data")
    qtbot.keyClicks(line, "~/CS")
    wizard.session.change(data="/data/MotionCorr")
    assert line.text() == "/data/MotionCorr"


def test_a_pasted_address_or_quoted_path_is_taken(qtbot, open_wizard) -> None:
    wizard = open_wizard()
    line = wizard.currentPage().findChild(QLineEdit, "data")
    for pasted in ("file:///data/my%20run", '"/data/my run"', "'/data/my run'", " /data/my run\n"):
        QGuiApplication.clipboard().setText(pasted)
        line.selectAll()
        line.paste()
        assert wizard.session.parameters.data == "/data/my run"
        assert line.text() == pasted, "the line is the user's"


@pytest.mark.parametrize(
    "text, path",
    [
        ("", ""),
        ("'", "'"),
        ("~", "{home}"),
        ("'~/a'", "{home}/a"),
        ("~other/a", "~other/a"),
        ("a~/b", "a~/b"),
        ("'a", "'a"),
        ("it's", "it's"),
    ],
)
def test_what_is_meant_by_a_text(home: Path, text: str, path: str) -> None:
    assert meant_path(text) == path.format(home=home)
