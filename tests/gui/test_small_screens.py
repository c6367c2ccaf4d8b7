"""Screens of 1920 × 1080 and 1280 × 800 at twice the size: 960 × 540 and 640 × 400 pixels, less a window's frame."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtWidgets import QPushButton, QScrollArea, QWidget, QWizard

from cryoimport_gui.gui.pages.write import WritePage
from cryoimport_gui.gui.wizard import ImportWizard

from ..support.stars import write_exposures, write_input
from .conftest import WAIT_MS, press_import

WIDTH, HEIGHT = 960, 500
SMALLEST = 640, 372


def content_of(page: QWidget) -> QScrollArea:
    return next(area for area in page.findChildren(QScrollArea) if area.parentWidget() is page)


def settle(qtbot, wizard: ImportWizard) -> None:
    """Wait until the page has everything to show, which may ask for more room."""
    page = wizard.currentPage()
    tasks = [getattr(page, name) for name in ("tasks", "names", "search", "checks") if hasattr(page, name)]
    qtbot.waitUntil(lambda: wizard.session.is_current and not any(t.busy for t in tasks), timeout=WAIT_MS)


def rect_in(wizard: ImportWizard, widget: QWidget) -> QRect:
    return QRect(widget.mapTo(wizard, widget.rect().topLeft()), widget.size())


def test_every_page_is_usable_on_a_small_screen(qtbot, open_wizard, demo_values, tmp_path: Path) -> None:
    wizard = open_wizard(**demo_values | {"output": str(tmp_path / "J3")})
    for number, page in enumerate(wizard.pages):
        press_import(wizard) if isinstance(page, WritePage) else wizard.go_to(number)
        settle(qtbot, wizard)
        qtbot.waitUntil(lambda: not wizard.session.is_writing, timeout=WAIT_MS)
        for width, height in ((WIDTH, HEIGHT), SMALLEST):
            wizard.resize(width, height)
            assert (wizard.width(), wizard.height()) == (width, height), page.TITLE
            hint = page.minimumSizeHint()
            assert hint.width() < width and hint.height() < height, page.TITLE
            for kind in (QWizard.WizardButton.NextButton, QWizard.WizardButton.CancelButton):
                button = wizard.button(kind)
                assert not button.isVisible() or wizard.rect().contains(rect_in(wizard, button)), page.TITLE
            area = content_of(page)
            qtbot.waitUntil(lambda area=area: area.horizontalScrollBar().maximum() == 0, timeout=WAIT_MS)


def test_the_step_list_folds_to_icons_in_a_narrow_window(qtbot, open_wizard, demo_values) -> None:
    wizard = open_wizard(**demo_values)
    wizard.resize(1200, 740)
    steps, text = wizard.steps, Qt.ItemDataRole.AccessibleTextRole
    wizard.go_to(2)
    settle(qtbot, wizard)
    wide, said = steps.width(), [steps.item(i).data(text) for i in range(steps.count())]
    assert steps.item(2).text().startswith("3  Preview\n")
    room = wizard.currentPage().width()
    wizard.resize(1000, 740)
    qtbot.waitUntil(lambda: steps.width() < wide / 2, timeout=WAIT_MS)
    assert [steps.item(i).text() for i in range(steps.count())] == ["1", "2", "3", "4", "5", "6", "7"]
    assert not steps.item(0).icon().isNull() and steps.item(2).toolTip() == "3  Preview: confirmed"
    assert [steps.item(i).data(text) for i in range(steps.count())] == said
    qtbot.waitUntil(lambda: wizard.currentPage().width() > room - 200 + wide / 2, timeout=WAIT_MS)
    qtbot.mouseClick(steps.viewport(), Qt.MouseButton.LeftButton, pos=steps.visualItemRect(steps.item(1)).center())
    assert wizard.currentId() == 1
    wizard.resize(1200, 740)
    qtbot.waitUntil(lambda: steps.width() == wide, timeout=WAIT_MS)
    assert steps.item(2).text().startswith("3  Preview\n") and not steps.item(2).toolTip()


def test_a_low_window_has_no_room_to_explain_its_title(qtbot, open_wizard) -> None:
    wizard = open_wizard()
    title = wizard.pages[0]
    wizard.resize(960, 500)
    qtbot.waitUntil(lambda: title.height() > 300, timeout=WAIT_MS)
    assert not wizard.testOption(QWizard.WizardOption.IgnoreSubTitles)
    wizard.resize(*SMALLEST)
    qtbot.waitUntil(lambda: title.height() > 250, timeout=WAIT_MS)
    wizard.resize(1200, 740)
    assert not wizard.testOption(QWizard.WizardOption.IgnoreSubTitles)


def test_nothing_scrolls_where_there_is_room(qtbot, open_wizard, demo_values, tmp_path: Path) -> None:
    wizard = open_wizard(**demo_values | {"output": str(tmp_path / "J3")})
    wizard.resize(1280, 800)
    for number, page in enumerate(wizard.pages):
        press_import(wizard) if isinstance(page, WritePage) else wizard.go_to(number)
        settle(qtbot, wizard)
        bars = content_of(page).horizontalScrollBar(), content_of(page).verticalScrollBar()
        assert [bar.maximum() for bar in bars] == [0, 0], page.TITLE
    qtbot.waitUntil(lambda: not wizard.session.is_writing, timeout=WAIT_MS)


def test_what_is_gone_to_is_scrolled_into_view(qtbot, open_wizard, demo_values) -> None:
    wizard = open_wizard(**demo_values)
    wizard.resize(WIDTH, HEIGHT)
    wizard.go_to(4)
    settle(qtbot, wizard)
    bar = content_of(wizard.currentPage()).verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0, timeout=WAIT_MS)
    bar.setValue(bar.maximum())
    wizard.show_place("coordinate-y-unclear")
    editor, viewport = wizard.focusWidget(), content_of(wizard.currentPage()).viewport()
    assert editor.objectName() == "coordinate_y"
    assert viewport.rect().contains(QRect(editor.mapTo(viewport, editor.rect().topLeft()), editor.size()))


def test_what_is_below_the_table_does_not_lie_upon_it(qtbot, open_wizard, demo_values) -> None:
    wizard = open_wizard(**demo_values)
    for width, height in (SMALLEST, (WIDTH, HEIGHT), (1280, 800)):
        wizard.resize(width, height)
        wizard.go_to(1)
        settle(qtbot, wizard)
        table = wizard.currentPage().table
        bar = table.view.horizontalScrollBar()
        qtbot.waitUntil(lambda bar=bar, width=width: (bar.maximum() > 0) == (width < WIDTH), timeout=WAIT_MS)

        def lie_apart(table=table) -> bool:
            lowest = rect_in(wizard, table.view).bottom()
            return all(rect_in(wizard, w).top() > lowest for w in (table.words, table.reset, table.reset_all))

        qtbot.waitUntil(lie_apart, timeout=WAIT_MS)
        rows = table.model.rowCount() * table.view.verticalHeader().defaultSectionSize()
        qtbot.waitUntil(lambda table=table, rows=rows: table.view.viewport().height() >= rows, timeout=WAIT_MS)


def cut_off(problems: QScrollArea, buttons: Iterable[QPushButton]) -> list[str]:
    """Buttons that reach out of the list, or are narrower than their text."""
    room = problems.viewport().width()
    return [
        button.text()
        for button in buttons
        if button.isVisible()
        and (
            button.mapTo(problems.viewport(), button.rect().topRight()).x() >= room
            or button.width() < button.sizeHint().width()
        )
    ]


def test_the_buttons_of_a_problem_have_room(qtbot, open_wizard, tmp_path: Path) -> None:
    names = ["1@stacks/s1.mrcs", "9@stacks/s1.mrcs"] + [f"{k}@stacks/s2.mrcs" for k in (1, 2, 3, 1)]
    meta = write_input(tmp_path, {"rlnImageName": names})
    exposures = write_exposures(tmp_path / "P/J1/exposures.cs")
    wizard = open_wizard(meta=str(meta), exposures=str(exposures), output=str(tmp_path / "J1"))
    wizard.go_to(5)
    problems = wizard.currentPage().problem_list
    cards = [line.card for line in problems.lines]
    buttons = {button.text(): button for card in cards for button in card.findChildren(QPushButton)}
    at_lines = [line.stops[1] for line in problems.lines if isinstance(line.stops[1], QPushButton)]
    find, keep = buttons["Find trimming rules"], buttons["Keep them without a location"]
    for width, height, stand_in_a_row in ((500, HEIGHT, False), (WIDTH, HEIGHT, True)):
        wizard.resize(width, height)
        qtbot.waitUntil(lambda is_so=stand_in_a_row: (find.y() == keep.y()) == is_so, timeout=WAIT_MS)
        qtbot.waitUntil(lambda: cut_off(problems, [*buttons.values(), *at_lines]) == [], timeout=WAIT_MS)


def test_no_window_opens_larger_than_the_screen(qtbot, open_wizard) -> None:
    wizard = open_wizard()
    wizard.show_relinking()
    wizard.show_help("preview")
    wizard.pages[2].build_once()
    room = wizard.screen().availableSize()
    assert room.width() < 1180, "the screen of the tests is small"
    for window in (wizard, wizard._relinking, wizard._help, wizard.pages[2].particle):
        assert window.width() <= room.width() and window.height() < room.height(), window
    wizard._help.close()
    wizard._relinking.close()


def test_nothing_but_the_window_itself_is_ever_a_window(qtbot, open_wizard, demo_values: dict, qapp) -> None:
    """A widget that is shown before it has a parent flashes up as a window of its own."""
    shown: set[str] = set()

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
                shown.add(type(watched).__name__)
            return False

    watch = Watch()
    qapp.installEventFilter(watch)
    for values in (demo_values, {}, demo_values | {"exposures": ""}):
        wizard = open_wizard(**values)
        for number, page in enumerate(wizard.pages):
            page.build_once()
            wizard.go_to(number)
    qapp.removeEventFilter(watch)
    assert shown == {"ImportWizard"}
