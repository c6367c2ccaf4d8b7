"""Boxes for what nobody expected."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMessageBox, QWidget

from ...logs import log_path


def show_notice(parent: QWidget | None, text: str) -> None:
    """Tell of something that the user did or gave, and that cannot be done or taken."""
    box = QMessageBox(QMessageBox.Icon.Warning, "Please note", text, QMessageBox.StandardButton.Close, parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.open()


def show_failure(parent: QWidget | None, message: str, details: str) -> None:
    """Tell of an unexpected error, without stopping anything else; its details can be copied."""
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIcon(QMessageBox.Icon.Critical)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setWindowTitle("Something went wrong")
    box.setText("This is an error in the program. Nothing was written, and the window goes on working.")
    box.setInformativeText(f"{message}\n\nDetails are in {log_path()}")
    box.setDetailedText(details)
    copy = box.addButton("&Copy details", QMessageBox.ButtonRole.ActionRole)
    copy.clicked.disconnect()
    copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(details))
    box.addButton(QMessageBox.StandardButton.Close)
    box.open()
