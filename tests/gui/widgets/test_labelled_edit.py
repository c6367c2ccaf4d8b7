"""What the user set is bold and has a button that resets it, which itself can be undone: by clicks."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from cryoimport_gui.gui.widgets.labelled_edit import LabelledEdit
from cryoimport_gui.gui.wizard import ImportWizard

from ...support.stars import write_input
from ..conftest import WAIT_MS

_LEFT = Qt.MouseButton.LeftButton


def fields(page: QWidget) -> dict[str, LabelledEdit]:
    """By the parameter, or the name of the control."""
    return {e.editor.objectName() or e.editor.accessibleName(): e for e in page.findChildren(LabelledEdit)}


def wait_current(qtbot, wizard: ImportWizard) -> None:
    qtbot.waitUntil(lambda: wizard.session.is_current, timeout=WAIT_MS)


@pytest.mark.parametrize(
    ("name", "shown", "value", "usual"),
    [
        ("ignore_pose_data", "ignore_pose_data", True, False),
        ("data", "data", "/nowhere", ""),
        ("image_numbers_from", "image_numbers_from", "0", "1"),
        ("select", "Which particles", ("rlnClassNumber=1",), ()),
    ],
)
def test_what_the_user_set_has_a_reset(
    qtbot, open_wizard, tmp_path: Path, name: str, shown: str, value: object, usual: object
) -> None:
    wizard = open_wizard(meta=str(write_input(tmp_path)))
    session = wizard.session
    field = fields(wizard.currentPage())[shown]
    assert not field.reset.isVisible() and not field.undo.isVisible() and not field.label.font().bold()
    session.change(**{name: value})
    assert field.reset.isVisible() and field.label.font().bold()
    wait_current(qtbot, wizard)
    qtbot.mouseClick(field.reset, _LEFT)
    assert getattr(session.parameters, name) == usual
    assert not field.reset.isVisible() and not field.label.font().bold()
    qtbot.mouseClick(field.undo, _LEFT)
    assert getattr(session.parameters, name) == value and not field.undo.isVisible()
    wait_current(qtbot, wizard)


def test_a_switch_that_is_clicked_is_marked(qtbot, open_wizard, tmp_path: Path) -> None:
    wizard = open_wizard(meta=str(write_input(tmp_path)))
    field = fields(wizard.currentPage())["ignore_half_sets"]
    qtbot.mouseClick(field.editor, _LEFT, pos=field.editor.rect().center() - field.editor.rect().topLeft())
    assert wizard.session.parameters.ignore_half_sets and field.editor.font().bold()
    qtbot.mouseClick(field.reset, _LEFT)
    assert not wizard.session.parameters.ignore_half_sets and not field.editor.isChecked()
    wait_current(qtbot, wizard)
