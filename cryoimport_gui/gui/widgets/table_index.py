"""What every table model calls a cell's index."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex

Index = QModelIndex | QPersistentModelIndex
#: the parent of all rows of a table that is no tree
ROOT = QModelIndex()
