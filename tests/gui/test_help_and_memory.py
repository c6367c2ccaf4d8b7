"""Help, the menu, and what the window remembers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox

from cryoimport_gui.core.demo import Demo
from cryoimport_gui.gui.drawings import DRAWINGS, drawing
from cryoimport_gui.gui.look import apply_theme, is_dark
from cryoimport_gui.gui.settings import Settings, load_settings, save_settings, settings_path
from cryoimport_gui.gui.wizard import PAGES
from cryoimport_gui.paths import resource

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
    wizard = open_wizard(**demo_values | {"output": str(tmp_path / "J3"), "data_sign": "-1"})
    with qtbot.waitSignal(wizard.session.imported, timeout=WAIT_MS):
        wizard.session.start_import()
    wizard.close()
    again = open_wizard()
    assert again.session.parameters.meta == ""
    menu = again.menu
    menu._fill_recent()
    (entry,) = menu._recent.actions()
    entry.trigger()
    qtbot.waitUntil(lambda: again.session.is_current, timeout=WAIT_MS)
    assert again.session.parameters.to_json() == wizard.session.parameters.to_json()
    assert "output-exists" in [p.code for p in again.session.plan.problems]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{not json", "cannot be read"),
        ("[1, 2]", "ignored"),
        (json.dumps({"theme": "plaid", "recent": [1], "geometry": 7}), "theme"),
        ("[" * 100_000, "cannot be read"),
        (json.dumps({"from_the_future": 1}), ""),
    ],
)
def test_broken_settings_never_keep_the_window_from_opening(qtbot, open_wizard, text: str, said: str) -> None:
    settings_path().parent.mkdir(parents=True, exist_ok=True)
    settings_path().write_text(text)
    settings, notice = load_settings()
    assert settings == Settings()
    assert said in notice and bool(said) == bool(notice)
    wizard = open_wizard()
    for box in wizard.findChildren(QMessageBox):
        box.close()
    assert wizard.isVisible()


def test_settings_come_back_as_they_were(own_home: Path) -> None:
    settings = Settings(geometry="AAA=", theme="dark", recent=[{"meta": "/x/y.star"}])
    save_settings(settings)
    assert load_settings() == (settings, "")


def test_light_and_dark_are_readable(qapp: QApplication) -> None:
    """WCAG AA: text against its background at least 4.5 : 1, in both looks."""
    roles = QPalette.ColorRole
    try:
        for theme in ("light", "dark"):
            apply_theme(theme)
            palette = qapp.palette()
            assert is_dark() == (theme == "dark")
            for text, ground in (
                (roles.WindowText, roles.Window),
                (roles.Text, roles.Base),
                (roles.ButtonText, roles.Button),
            ):
                assert contrast(palette.color(text), palette.color(ground)) >= 4.5
    finally:
        apply_theme("light")


def contrast(one: QColor, other: QColor) -> float:
    def luminance(colour: QColor) -> float:
        parts = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in colour.getRgbF()[:3]]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_neither_settings_nor_recent_imports_write_into_a_folder_that_is_there(
    qtbot, open_wizard, demo_values, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Settings do not say where to write at all; an import that is opened again is refused."""
    there = tmp_path / "there"
    there.mkdir()
    (there / "mine").write_text("mine")
    mine = tmp_path / "J7"
    wizard = open_wizard(output=str(mine))
    settings = tmp_path / "settings.json"
    settings.write_text(json.dumps({"parameters": demo_values | {"output": str(there)}}))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(settings), ""))
    wizard.menu._load()
    qtbot.waitUntil(lambda: wizard.session.is_current, timeout=WAIT_MS)
    assert wizard.session.parameters.meta == demo_values["meta"] and wizard.session.parameters.output == str(mine)
    wizard.settings.remember_import(demo_values | {"output": str(there)})
    wizard.menu._fill_recent()
    wizard.menu._recent.actions()[0].trigger()
    qtbot.waitUntil(lambda: wizard.session.is_current, timeout=WAIT_MS)
    assert "output-exists" in [p.code for p in wizard.session.plan.problems]
    with qtbot.waitSignal(wizard.session.import_refused, timeout=WAIT_MS):
        wizard.session.start_import()
    assert [path.name for path in there.iterdir()] == ["mine"]
