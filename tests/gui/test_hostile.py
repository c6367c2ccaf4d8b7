"""Text from files is shown as it stands, never as rich text: no label, tool tip, cell, legend or box takes markup."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtGui import Qt as GuiQt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QLabel,
    QListView,
    QListWidget,
    QMessageBox,
    QTextEdit,
    QToolTip,
    QWidget,
)

from cryoimport_gui.core.problems import problem
from cryoimport_gui.gui.pages.exposures.page import ExposuresPage
from cryoimport_gui.gui.pages.preview.page import PreviewPage
from cryoimport_gui.gui.pages.write import WritePage
from cryoimport_gui.gui.tasks import Tasks
from cryoimport_gui.gui.tips import plain_tip
from cryoimport_gui.gui.widgets.messages import show_failure, show_notice
from cryoimport_gui.gui.wizard import ImportWizard

from ..support.stars import OPTICS, exposure_columns, write_exposures, write_input
from .conftest import WAIT_MS, press_import

WORD = "mailed"  # in every text of the files
TAGS = f"<b>{WORD}</b><img src=x>"
_RICH = (Qt.TextFormat.RichText, Qt.TextFormat.MarkdownText)


def is_taken_as_markup(text: str) -> bool:
    """Whether Qt would draw something else than what stands there: the tags are whole in it."""
    return WORD in text and "<b>" in text.replace("\u200b", "") and "<img" in text


def faults_of(windows: list[QWidget]) -> list[str]:
    """What shows text of the files as rich text, or leaves it to Qt's guess."""
    widgets = [widget for window in windows for widget in (window, *window.findChildren(QWidget))]
    found = []
    for widget in widgets:
        name = f"{type(widget).__name__} {widget.objectName()} in {type(widget.parent()).__name__}"
        if isinstance(widget, QLabel) and WORD in widget.text():
            if widget.textFormat() == Qt.TextFormat.AutoText:
                found.append(f"{name} guesses: {widget.text()}")
            elif widget.textFormat() in _RICH and is_taken_as_markup(widget.text()):
                found.append(f"{name} is rich: {widget.text()}")
        if isinstance(widget, QTextEdit) and is_taken_as_markup(widget.toHtml()):
            found.append(f"{name}: {widget.toHtml()}")
        tips = [widget.toolTip(), widget.statusTip(), widget.whatsThis()]
        if isinstance(widget, QAbstractItemView):
            tips += cell_tips(widget)
        found += [f"tip of {name}: {tip}" for tip in tips if is_taken_as_markup(tip)]
        if isinstance(widget, pg.PlotWidget):
            labels = [item.text for item in widget.scene().items() if isinstance(item, pg.LabelItem)]
            found += [f"label in {name}: {label}" for label in labels if is_taken_as_markup(label)]
    return found


def cell_tips(view: QAbstractItemView) -> list[str]:
    model = view.model()
    if model is None:
        return []
    roles = (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.StatusTipRole, Qt.ItemDataRole.WhatsThisRole)
    columns = 1 if isinstance(view, QListView) else model.columnCount()
    places = [(row, column) for row in range(min(model.rowCount(), 20)) for column in range(columns)]
    cells = [model.index(*place).data(role) for place in places for role in roles]
    sections = range(columns)
    heads = [model.headerData(section, Qt.Orientation.Horizontal, role) for section in sections for role in roles]
    return [str(tip) for tip in cells + heads if tip]


@pytest.fixture
def wizard(open_wizard, tmp_path: Path) -> ImportWizard:
    """Everything that can have a name is called in markup, and there are problems of several kinds."""
    name, stack = f'"{TAGS} {{}}.mrc"', f"{TAGS.replace('/', '|')}.mrcs"
    change = {
        "rlnMicrographName": [name.replace("/", "|").format(k) for k in (1, 2) for _ in range(3)],
        "rlnImageName": [f'"{i}@stacks/{stack}"' for i in (1, 2, 3, 3)] + [f'"1@{TAGS}.mrcs"', "x@y"],
        "rlnDefocusU": [15000, "nan", 16000, 16000, 17000, 17000],
        f"rln{TAGS.replace(' ', '')}": [1] * 6,
        "rlnBeamTiltX": [0.1] * 6,
    }
    optics = OPTICS | {"rlnOpticsGroupName": [f'"{TAGS}"'], "rlnSphericalAberration": [20.0]}
    star = write_input(tmp_path / f"{WORD}<b>&lt;", change, optics)
    (star.parent / "stacks/s1.mrcs").rename(star.parent / "stacks" / stack)
    columns = exposure_columns()
    first = columns["micrograph_blob/path"][0].decode()
    paths = [f"J1/{TAGS.replace('/', '|')} 1.mrc", first + TAGS]
    columns["micrograph_blob/path"] = np.array([path.encode() for path in paths])
    exposures = write_exposures(tmp_path / "P/J1/exposures.cs", columns)
    policies = {"on_bad": "leave-out", "on_unmatched": "keep"}
    return open_wizard(meta=str(star), exposures=str(exposures), output=str(tmp_path / f"{WORD}<i>J3"), **policies)


def is_idle(wizard: ImportWizard) -> bool:
    return wizard.session.is_current and not any(tasks.busy for tasks in wizard.findChildren(Tasks))


def pages_shown(qtbot, wizard: ImportWizard) -> list[str]:
    """Walk to the end; what is wrong on any page."""
    found = []
    for number, page in enumerate(wizard.pages):
        press_import(wizard) if isinstance(page, WritePage) else wizard.go_to(number)
        assert wizard.currentPage() is page, page.obstacle()
        qtbot.waitUntil(lambda: is_idle(wizard), timeout=WAIT_MS)
        found += faults_of([w for w in QApplication.topLevelWidgets() if w.isVisible()])
    return found


def test_no_page_takes_text_from_files_for_markup(qtbot, wizard: ImportWizard) -> None:
    assert pages_shown(qtbot, wizard) == []
    assert wizard.session.job is not None
    texts = [label.text() for page in wizard.pages for label in page.findChildren(QLabel)]
    assert sum(WORD in text for text in texts) > 5, "the names are there"


def test_pictures_and_tables_show_names_as_they_are(qtbot, wizard: ImportWizard) -> None:
    preview = next(page for page in wizard.pages if isinstance(page, PreviewPage))
    wizard.go_to(wizard.pages.index(preview))
    qtbot.waitUntil(lambda: preview.view.tiles is not None and is_idle(wizard), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: not preview.view._settled.isActive(), timeout=WAIT_MS)
    preview.view.select(0)
    seen = []
    for at in (QPoint(x, y) for x in range(20, preview.view.width(), 60) for y in range(20, preview.view.height(), 60)):
        event = QHelpEvent(QEvent.Type.ToolTip, at, preview.view.viewport().mapToGlobal(at))
        QApplication.sendEvent(preview.view.viewport(), event)
        seen.append(QToolTip.text())
    assert any(WORD in text for text in seen)
    assert not any(is_taken_as_markup(text) for text in seen)
    QToolTip.hideText()
    preview.view.opened.emit(0)
    qtbot.waitUntil(lambda: is_idle(wizard), timeout=WAIT_MS)
    shown = [w for w in QApplication.topLevelWidgets() if w.isVisible()]
    assert faults_of(shown) == []
    for window in shown:
        if window is not wizard:
            window.close()
    exposures = next(page for page in wizard.pages if isinstance(page, ExposuresPage))
    wizard.go_to(wizard.pages.index(exposures))
    qtbot.waitUntil(lambda: is_idle(wizard) and exposures.table.model.rowCount() > 0, timeout=WAIT_MS)
    for row in range(exposures.table.model.rowCount()):
        exposures.table.view.setCurrentIndex(exposures.table.model.index(row, 0))
        qtbot.waitUntil(lambda: is_idle(wizard), timeout=WAIT_MS)
        assert faults_of([wizard]) == []
    assert WORD in exposures.table.details.text() and "&lt;img" in exposures.table.details.text().replace("\u200b", "")


@pytest.mark.parametrize("show", [show_notice, lambda parent, text: show_failure(parent, text, text)])
def test_boxes_take_no_markup(qtbot, qapp: QApplication, show) -> None:
    show(None, TAGS)
    (box,) = [w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox) and w.isVisible()]
    assert box.textFormat() == Qt.TextFormat.PlainText
    assert faults_of([box]) == []
    assert any(TAGS in label.text() for label in box.findChildren(QLabel))
    box.close()


def test_the_list_of_steps_and_menus_are_plain(qtbot, wizard: ImportWizard) -> None:
    wizard.settings.remember_import({"meta": f"/a/{TAGS}", "output": TAGS})
    wizard.menu._fill_recent()
    for menu in (wizard.menu, wizard.menu._recent):
        assert not [action.toolTip() for action in menu.actions() if is_taken_as_markup(action.toolTip())]
    assert all(not is_taken_as_markup(view.item(i).toolTip()) for view in wizard.findChildren(QListWidget)
               for i in range(view.count()))  # fmt: skip


@pytest.mark.parametrize("text", [TAGS, "<?xml?>", "a\n<b>b</b>", "&lt;b&gt;", " <br> ", "<p", "a < b & c"])
def test_tool_tips_show_what_stands_there(qtbot, qapp: QApplication, text: str) -> None:
    label = QLabel(plain_tip(text))
    qtbot.addWidget(label)
    shown = label.text()
    if GuiQt.mightBeRichText(shown):
        document = pg.QtGui.QTextDocument()
        document.setHtml(shown)
        shown = document.toPlainText()
    assert shown.split() == text.split()
    assert plain_tip("nothing special\nin it") == "nothing special\nin it"


def test_messages_of_problems_are_printable() -> None:
    long = problem("meta-not-star", "\x1b[2J" + "x" * 1_000_000, examples=["\u202e" + "y" * 10**6], hint="\x07a\nb")
    assert str(long).isprintable() or "\n" in str(long)
    assert len(str(long)) < 20_000
    assert all(c.isprintable() or c == "\n" for c in str(long)) and "\\x07a\\nb" in long.hint
