"""Help, the menu, and what the window remembers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QMessageBox

from cryoimport_gui.core.demo import Demo
from cryoimport_gui.gui.help_drawings import DRAWINGS, drawing
from cryoimport_gui.gui.settings import Settings, load_settings_file, save_settings, settings_path
from cryoimport_gui.gui.wizard import PAGES
from cryoimport_gui.resources import resource

from .conftest import WAIT_MS


def test_every_page_has_its_help_and_f1_opens_it(qtbot, open_wizard) -> None:
    wizard = open_wizard()
    for page in PAGES:
        assert resource(f"help/{page.TITLE.lower()}.md").read_text("utf-8").startswith(f"# {page.TITLE}")
    qtbot.keyClick(wizard, Qt.Key.Key_F1)
    qtbot.waitUntil(
        lambda: wizard.findChild(type(wizard._help)) is not None and wizard._help.isVisible(), timeout=WAIT_MS
    )
    assert "Particle meta path" in wizard._help.browser.toPlainText()
    wizard._help.close()


def test_drawings_show_dark_particles_on_the_right_side() -> None:
    for name in DRAWINGS:
        image = drawing(name)
        colours = {
            image.pixelColor(x, y).name() for x in range(0, image.width(), 5) for y in range(0, image.height(), 5)
        }
        assert len(colours) > 2, f"{name} is empty"
    signs = drawing("data-sign")
    stored, shown = (QColor(signs.pixelColor(2 * x, 2 * 51)).lightness() for x in (56, 206))
    assert stored > 150 > 100 > shown


def test_finished_imports_are_remembered_and_opened_again(
    qtbot, open_wizard, demo: Demo, demo_values, tmp_path: Path
) -> None:
    wizard = open_wizard(**demo_values | {"output": str(tmp_path / "import3"), "data_sign": "-1"})
    with qtbot.waitSignal(wizard.session.imported, timeout=WAIT_MS):
        wizard.session.start_import()
    wizard.close()
    again = open_wizard()
    assert again.session.parameters.meta == ()
    menu = again.menu
    menu._fill_recent()
    (entry,) = menu._recent.actions()
    entry.trigger()
    qtbot.waitUntil(lambda: again.session.is_current, timeout=WAIT_MS)
    same = wizard.session.parameters.to_json() | {"output": str(tmp_path / "import4")}
    assert again.session.parameters.to_json() == same, "the folder that is there gives way to the next free name"
    assert not again.session.plan.errors


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{not json", "cannot be read"),
        ("[1, 2]", "ignored"),
        (json.dumps({"theme": "plaid", "recent": [1], "geometry": 7}), "theme"),
        ("[" * 100_000, "cannot be read"),
        (json.dumps({"from_the_future": 1}), "from_the_future"),
        (json.dumps({"folders": {"meta": 1}}), "folders"),
        (json.dumps({f"x{number}" * 100: 1 for number in range(9)}), "4 more"),
    ],
)
def test_broken_settings_never_keep_the_window_from_opening(qtbot, open_wizard, text: str, said: str) -> None:
    settings_path().parent.mkdir(parents=True, exist_ok=True)
    settings_path().write_text(text)
    settings, notice = load_settings_file()
    assert settings == Settings()
    assert said in notice and bool(said) == bool(notice)
    wizard = open_wizard()
    for box in wizard.findChildren(QMessageBox):
        box.close()
    assert wizard.isVisible()


def test_settings_come_back_as_they_were(own_home: Path) -> None:
    settings = Settings("AAA=", "dark", [{"meta": "/x/y.star"}], {"meta": "/x"})
    save_settings(settings)
    assert load_settings_file() == (settings, "")
