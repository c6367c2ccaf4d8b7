"""The type of a cell's index, in every table model."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex

Index = QModelIndex | QPersistentModelIndex
#: the parent of all rows of a table
ROOT = QModelIndex()
