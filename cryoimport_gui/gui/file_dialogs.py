"""Dialogs for files and folders; each opens where the user chose last, for its kind of path."""

from __future__ import annotations

import os

from PySide6.QtWidgets import QFileDialog, QWidget


class FileDialogs:
    """`folders` holds the last folder of each kind of path; it is changed here and kept by the settings.

    Every dialog starts at `start` where that is given (the text of a field), else in the last folder of its kind,
    else `nearby`.  They return the chosen path, or nothing.
    """

    def __init__(self, folders: dict[str, str]) -> None:
        self._folders = folders

    def open_file(
        self, parent: QWidget | None, kind: str, title: str, filters: str, start: str = "", nearby: str = ""
    ) -> str:
        path, _ = QFileDialog.getOpenFileName(parent, title, start or self._last(kind, nearby), filters)
        return self._remembered(kind, path)

    def open_files(
        self, parent: QWidget | None, kind: str, title: str, filters: str, start: str = "", nearby: str = ""
    ) -> tuple[str, ...]:
        """One or several."""
        paths, _ = QFileDialog.getOpenFileNames(parent, title, start or self._last(kind, nearby), filters)
        self._remembered(kind, next(iter(paths), ""))
        return tuple(paths)

    def open_folder(self, parent: QWidget | None, kind: str, title: str, start: str = "", nearby: str = "") -> str:
        path = QFileDialog.getExistingDirectory(parent, title, start or self._last(kind, nearby))
        return self._remembered(kind, path)

    def new_folder(self, parent: QWidget | None, kind: str, title: str, start: str = "", nearby: str = "") -> str:
        """A folder that may not exist yet."""
        start = start or self._last(kind, nearby)
        path, _ = QFileDialog.getSaveFileName(parent, title, start, options=QFileDialog.Option.ShowDirsOnly)
        return self._remembered(kind, path)

    def save_file(
        self, parent: QWidget | None, kind: str, title: str, name: str, filters: str, nearby: str = ""
    ) -> str:
        """`name` is what the file would be called."""
        start = os.path.join(self._last(kind, nearby), name)
        path, _ = QFileDialog.getSaveFileName(parent, title, start, filters)
        return self._remembered(kind, path)

    def _last(self, kind: str, nearby: str) -> str:
        folder = self._folders.get(kind, "")
        return folder if os.path.isdir(folder) else nearby

    def _remembered(self, kind: str, path: str) -> str:
        if path:
            self._folders[kind] = os.path.dirname(os.path.abspath(path))
        return path
