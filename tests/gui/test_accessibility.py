"""Every control has a name, a role and an explanation, and the keyboard reaches and leaves it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface, QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QTabBar, QTabWidget, QWhatsThis, QWidget, QWizard

from cryoimport_gui.core.parameters import ImportParameters, parameter
from cryoimport_gui.gui.pages.page import Page
from cryoimport_gui.gui.pages.preview.page import PreviewPage
from cryoimport_gui.gui.pages.write import WritePage
from cryoimport_gui.gui.wizard import PAGES, ImportWizard

from .conftest import WAIT_MS, press_import
from .exposures.exposures_page import settle as settle_exposures

#: parameters that are edited in the table of the microscope, and one that is a button
_IN_A_TABLE = {"pixel_size", "voltage", "cs", "amplitude_contrast", "total_dose"}
_WITHOUT_EDITOR = {*_IN_A_TABLE, "suggest_trims", "accept"}  # the last two have a button
_NAMED_BY_ITS_LABEL = QAccessible.Role.ComboBox


@pytest.fixture
def wizard(open_wizard, demo_values, tmp_path) -> ImportWizard:
    wizard = open_wizard(**demo_values | {"output": str(tmp_path / "J3")})
    wizard.resize(1280, 800)
    return wizard


def views(qtbot, wizard: ImportWizard, number: int) -> Iterator[str]:
    """Shows a page, then each of its tabs."""
    page = wizard.pages[number]
    if isinstance(page, WritePage):
        press_import(wizard)
    wizard.go_to(number)
    assert wizard.currentPage() is page
    if isinstance(page, PreviewPage):
        qtbot.waitUntil(lambda: page.view.tiles is not None and not page.tasks.busy, timeout=WAIT_MS)
    elif isinstance(page, WritePage):
        qtbot.waitUntil(lambda: wizard.session.job is not None, timeout=WAIT_MS)
    elif hasattr(page, "search"):
        settle_exposures(qtbot, page)
    tabs = page.findChild(QTabWidget)
    for tab in range(tabs.count()) if tabs else (0,):
        if tabs:
            tabs.setCurrentIndex(tab)
        QApplication.processEvents()
        yield f"{page.TITLE} {tab}"


def controls(window: QWidget) -> list[QWidget]:
    """Everything that takes the focus by Tab, in this window, as it is shown now."""
    return [
        widget
        for widget in window.findChildren(QWidget)
        if widget.window() is window
        and widget.isVisible()
        and widget.isEnabled()
        and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and widget.focusProxy() is None
    ]


def interface(widget: QWidget) -> QAccessibleInterface:
    found = QAccessible.queryAccessibleInterface(widget)
    assert found is not None and found.isValid(), widget
    return found


def name_of(widget: QWidget) -> str:
    """As a screen reader is printed it: a combo box has its value for a name, and its label tells what it is."""
    printed = interface(widget)
    if printed.role() == _NAMED_BY_ITS_LABEL:
        labels = [label.text(QAccessible.Text.Name) for label, _ in printed.relations(QAccessible.RelationFlag.Label)]
        return labels[0] if labels else ""
    return printed.text(QAccessible.Text.Name)


def tabbed(first: QWidget, key: Qt.Key = Qt.Key.Key_Tab, most: int = 200) -> list[QWidget]:
    """What has the focus one after the other, from a control until it comes round to one again."""
    first.setFocus(Qt.FocusReason.TabFocusReason)
    seen: list[QWidget] = []
    while (now := QApplication.focusWidget()) not in seen:
        assert now is not None and len(seen) < most
        seen.append(now)
        QTest.keyClick(now, key)
    assert now is seen[0], f"Tab does not leave {now}"
    return seen


def is_explained(widget: QWidget) -> bool:
    """Whether What's this has something to say of it, asked as Qt asks."""
    place = widget.tabRect(widget.currentIndex()).center() if isinstance(widget, QTabBar) else QPoint()
    event = QHelpEvent(QEvent.Type.QueryWhatsThis, place, place)
    QApplication.sendEvent(widget, event)
    return event.isAccepted() and bool(widget.whatsThis())


def check(window: QWidget, first: QWidget, where: str) -> None:
    everything = controls(window)
    assert len(everything) > 3, "nothing is shown"
    for widget in everything:
        assert name_of(widget).strip(), f"{where}: {widget} has no name"
        assert interface(widget).role() != QAccessible.Role.NoRole, f"{where}: {widget}"
        assert is_explained(widget), f"{where}: What's this does not explain {widget} {name_of(widget)}"
    for key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
        reached = tabbed(first, key)
        # of buttons that exclude each other Tab goes to the one that is chosen, arrows to the others
        missed = [w for w in everything if w not in reached and not _is_of_a_group(w)]
        assert not missed, f"{where}: not reached: {[(w, name_of(w)) for w in missed]}"


def _is_of_a_group(widget: QWidget) -> bool:
    group = getattr(widget, "group", None)
    return bool(callable(group) and group()) or bool(getattr(widget, "autoExclusive", bool)())


@pytest.mark.parametrize("number", range(len(PAGES)), ids=[page.TITLE for page in PAGES])
def test_every_control_of_a_page(qtbot, wizard: ImportWizard, number: int) -> None:
    for where in views(qtbot, wizard, number):
        check(wizard, _first(wizard.pages[number]), where)


def _first(page: Page) -> QWidget:
    return next(widget for widget in controls(page.window()) if page.isAncestorOf(widget))


def test_the_first_page_without_a_file_and_with_recent_imports(qtbot, open_wizard, demo_values) -> None:
    from cryoimport_gui.gui.settings import Settings, save_settings

    for recent in ([], [dict(demo_values)]):
        save_settings(Settings(recent=recent))
        wizard = open_wizard()
        check(wizard, _first(wizard.currentPage()), f"{len(recent)} recent imports")


def test_the_close_look_at_a_particle(qtbot, wizard: ImportWizard) -> None:
    for _ in views(qtbot, wizard, 2):
        page = wizard.currentPage()
    page.view.select(0)
    page.view.opened.emit(0)
    qtbot.waitUntil(lambda: page.particle.isVisible() and not page.tasks.busy, timeout=WAIT_MS)
    _activate(qtbot, page.particle)
    check(page.particle, page.particle.filtered, "particle")
    qtbot.keyClick(page.particle, Qt.Key.Key_F1)
    assert wizard._help is not None and "Preview" in wizard._help.browser.toPlainText()
    wizard._help.close()


def test_the_help_window(qtbot, wizard: ImportWizard) -> None:
    wizard.show_help("particles")
    assert wizard._help is not None
    _activate(qtbot, wizard._help)
    check_small(wizard._help, wizard._help.browser)
    wizard._help.close()


def check_small(window: QWidget, first: QWidget) -> None:
    for widget in controls(window):
        assert name_of(widget) and is_explained(widget), widget
    assert set(controls(window)) == set(tabbed(first))


def _activate(qtbot, window: QWidget) -> None:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=WAIT_MS)


def test_the_order_of_tab_is_that_of_the_eye(qtbot, wizard: ImportWizard) -> None:
    """Row by row on the first page and on Review, where everything stands in rows."""
    for number, names in (
        (0, ("meta", "project", "ignore_raw_data", "ignore_pose_data", "ignore_half_sets", "data")),
        (5, ("output", "project", "on_bad", "on_unmatched")),
    ):
        for _ in views(qtbot, wizard, number):
            reached = [w.objectName() for w in tabbed(_first(wizard.pages[number])) if w.objectName() in names]
            assert tuple(reached) == names


def test_tab_goes_through_the_buttons_of_the_wizard_from_left_to_right(qtbot, wizard: ImportWizard) -> None:
    kinds = QWizard.WizardButton
    row = [wizard.button(k) for k in (kinds.CustomButton1, kinds.BackButton, kinds.NextButton, kinds.CancelButton)]
    for number, page in enumerate(wizard.pages[:-1]):
        for _ in views(qtbot, wizard, number):
            reached = tabbed(_first(page))
            assert [w for w in reached if w in row] == [w for w in row if w.isVisible() and w.isEnabled()], page.TITLE
            fields = [place for place, w in enumerate(reached) if page.isAncestorOf(w)]
            assert fields == list(range(len(fields))), f"{page.TITLE}: first the page, then the buttons"


def test_tab_comes_to_a_problem_where_it_stands(qtbot, open_wizard, demo_values, tmp_path) -> None:
    wizard = open_wizard(**demo_values | {"output": str(tmp_path / "J3"), "on_bad": "stop"})
    for _ in views(qtbot, wizard, 5):
        page = wizard.currentPage()
    wizard.session.change(output=str(tmp_path))
    (tmp_path / "something").touch()
    wizard.session.check_again()
    qtbot.waitUntil(lambda: wizard.session.is_current, timeout=WAIT_MS)
    reached = [w.text() for w in tabbed(_first(page)) if isinstance(w, QPushButton)]
    first = reached.index("Copy")
    assert reached[first : first + 3] == ["Copy", "Use the next free name", "Go to the field"]
    assert reached.index("Copy as co&mmand") > max(i for i, text in enumerate(reached) if text == "Copy")


@pytest.mark.parametrize("name", [f.name for f in dataclasses.fields(ImportParameters)])
def test_every_editor_shows_meaning_unit_and_default(wizard: ImportWizard, name: str) -> None:
    if name in _WITHOUT_EDITOR:
        return
    editors = [w for w in wizard.findChildren(QWidget, name) if not isinstance(w, QLabel)]
    assert editors, f"{name} has no editor"
    entry = parameter(name)
    for editor in editors:
        for said in (editor.toolTip(), editor.whatsThis()):
            plain = said.replace("&lt;", "<").replace("&gt;", ">")
            assert entry.metadata["help"] in plain
            assert entry.metadata["unit"] in plain
            if isinstance(entry.default, bool):
                assert "Default: off." in plain
            elif entry.default not in ("", (), dataclasses.MISSING):
                assert f"Default: {entry.default}." in plain
            assert "--" not in plain, "flags are for the terminal"
        assert editor.accessibleName() == entry.metadata["title"]


def test_every_column_of_the_microscope_shows_its_parameter(wizard: ImportWizard) -> None:
    model = wizard.pages[1].table.model
    tips = [
        str(model.headerData(column, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole) or "")
        for column in range(model.columnCount())
    ]
    for name in _IN_A_TABLE:
        assert any(parameter(name).metadata["help"] in tip and "--" not in tip for tip in tips)


def test_shift_f1_explains_the_control_in_use(qtbot, wizard: ImportWizard) -> None:
    editor = wizard.currentPage().findChild(QWidget, "ignore_pose_data")
    editor.setFocus()
    qtbot.keyClick(editor, Qt.Key.Key_F1, Qt.KeyboardModifier.ShiftModifier)
    shown = [w for w in QApplication.topLevelWidgets() if w.metaObject().className() == "QWhatsThat" and w.isVisible()]
    QWhatsThis.hideText()
    assert shown and wizard._help is None
    QApplication.sendPostedEvents(None, 52)


def test_what_is_this_is_in_the_menu(wizard: ImportWizard) -> None:
    (action,) = [a for a in wizard.menu.actions() if "What is this" in a.text()]
    action.trigger()
    assert QWhatsThis.inWhatsThisMode()
    QWhatsThis.leaveWhatsThisMode()


def test_f1_on_every_page_opens_its_own_help(qtbot, wizard: ImportWizard) -> None:
    for number, page in enumerate(wizard.pages[:-1]):
        wizard.go_to(number)
        _activate(qtbot, wizard)
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_F1)
        assert wizard._help is not None
        assert wizard._help.browser.toPlainText().startswith(page.TITLE)
    wizard._help.close()


def test_buttons_of_the_wizard_are_explained(wizard: ImportWizard) -> None:
    kinds = QWizard.WizardButton
    for kind in (kinds.BackButton, kinds.NextButton, kinds.CancelButton, kinds.FinishButton, kinds.HelpButton):
        assert wizard.button(kind).toolTip() and wizard.button(kind).whatsThis()
