"""All message boxes: questions, notices, and unexpected errors."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, SignalInstance
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMessageBox, QWidget

from ...logs import log_path

_boxes: set[QMessageBox] = set()  # a box without a parent lives only while something refers to it


def ask(parent: QWidget, question: str, yes: str, no: str, until: SignalInstance | None = None) -> bool:
    """Whether the user agrees.

    `no` is what is safe: Enter, Esc, and the signal `until`, after which the question is pointless, all mean it.
    """
    box = QMessageBox(QMessageBox.Icon.Question, "Please decide", question, parent=parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    agree = box.addButton(yes, QMessageBox.ButtonRole.AcceptRole)
    safe = box.addButton(no, QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(safe)
    box.setEscapeButton(safe)
    if until is not None:
        until.connect(box.reject)
    box.exec()
    agreed = box.clickedButton() is agree
    box.deleteLater()
    return agreed


def show_notice(parent: QWidget | None, text: str, copy: str = "") -> None:
    """Say that something cannot be done or used; `copy` is a text that can be copied."""
    box = QMessageBox(QMessageBox.Icon.Warning, "Please note", text, QMessageBox.StandardButton.Close, parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setTextFormat(Qt.TextFormat.PlainText)
    if copy:
        _add_copy(box, "&Copy", copy)
    _open(box)


def show_failure(parent: QWidget | None, message: str, details: str) -> None:
    """Show an unexpected error; nothing else stops, and its details can be copied.

    One at a time: an error in drawing repeats.  All of them are in the log.
    """
    if any(box.isVisible() and box.detailedText() for box in _boxes):
        return
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIcon(QMessageBox.Icon.Critical)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setWindowTitle("Something went wrong")
    box.setText("This is an error in the program, not in your data. The window keeps working.")
    box.setInformativeText(f"{message}\n\nDetails are in {log_path()}")
    box.setDetailedText(details)
    _add_copy(box, "&Copy details", details)
    box.addButton(QMessageBox.StandardButton.Close)
    _open(box)


def _add_copy(box: QMessageBox, label: str, text: str) -> None:
    """A button that copies, and leaves the box open."""
    button = box.addButton(label, QMessageBox.ButtonRole.ActionRole)
    button.clicked.disconnect()
    button.clicked.connect(lambda: QGuiApplication.clipboard().setText(text))


def _open(box: QMessageBox) -> None:
    _boxes.add(box)
    box.destroyed.connect(partial(_forget, box))
    box.open()


def _forget(box: QMessageBox, *_: object) -> None:
    _boxes.discard(box)
