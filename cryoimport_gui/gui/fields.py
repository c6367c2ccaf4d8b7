"""Fields change only on purpose: the wheel, arrow keys and Alt with a letter are held back."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QLineEdit, QWidget

_KINDS = (QComboBox, QAbstractSpinBox, QLineEdit)
_REASONS = Qt.FocusReason
_CHOSEN = (
    _REASONS.MouseFocusReason,
    _REASONS.TabFocusReason,
    _REASONS.BacktabFocusReason,
    _REASONS.ShortcutFocusReason,
)
#: the focus comes back to where it was
_BACK_AGAIN = (_REASONS.ActiveWindowFocusReason, _REASONS.PopupFocusReason, _REASONS.MenuBarFocusReason)
_KEYS = Qt.Key
_STEPS = (_KEYS.Key_Up, _KEYS.Key_Down, _KEYS.Key_PageUp, _KEYS.Key_PageDown, _KEYS.Key_Home, _KEYS.Key_End)


class FieldGuard(QObject):
    """Watches the combo boxes, number fields and lines of text of a window, or one field alone.

    The wheel and arrow keys reach a combo box or number field only if it has the focus and was clicked, tabbed into or
    chosen by its mnemonic; else the widget around it gets them.  A printable key with Alt is a mnemonic: where its
    button is disabled nothing handles it, and it must not be typed into a field.  Ctrl+Z and Ctrl+Shift+Z are the
    window's where a field has nothing to undo or redo.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._chosen: QWidget | None = None
        for field in (window, *window.findChildren(QWidget)):
            if isinstance(field, _KINDS):
                field.installEventFilter(self)
                if field.focusPolicy() == Qt.FocusPolicy.WheelFocus:
                    field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if not isinstance(watched, QWidget):
            return False
        around = watched.parentWidget()
        field = around if isinstance(around, QAbstractSpinBox) else watched  # a number field has a line of text in it
        if kind == QEvent.Type.FocusIn and isinstance(event, QFocusEvent):
            if event.reason() not in _BACK_AGAIN:
                self._chosen = field if event.reason() in _CHOSEN else None
        elif kind == QEvent.Type.MouseButtonPress:
            self._chosen = field
        elif kind == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if isinstance(watched, QLineEdit) and _is_idle(watched, event):
                event.ignore()
                return True  # the field has nothing to undo: the window may have
        elif kind == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if _is_mnemonic(event):
                return True
            if event.key() in _STEPS and not isinstance(field, QLineEdit):
                return self._pass_on(field, event)
        elif kind == QEvent.Type.Wheel and not isinstance(field, QLineEdit):
            return self._pass_on(field, event)
        return False

    def _pass_on(self, field: QWidget, event: QEvent) -> bool:
        if field is self._chosen and field.hasFocus():
            return False
        event.ignore()  # to the parent, which may scroll
        return True


def _is_idle(line: QLineEdit, event: QKeyEvent) -> bool:
    """Whether a key would undo or redo what was typed, and there is nothing."""
    keys = QKeySequence.StandardKey
    nothing = (keys.Undo, not line.isUndoAvailable()), (keys.Redo, not line.isRedoAvailable())
    return any(is_so and event.matches(key) for key, is_so in nothing)


def _is_mnemonic(event: QKeyEvent) -> bool:
    modifiers = event.modifiers()
    with_alt = modifiers & Qt.KeyboardModifier.AltModifier and not modifiers & Qt.KeyboardModifier.ControlModifier
    return bool(with_alt) and event.text().isprintable() and event.text() != ""
