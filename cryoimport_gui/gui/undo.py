"""The last change that a button made, which can be undone."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Protocol

from PySide6.QtCore import QObject, Signal, SignalInstance, Slot

from ..core.exposures.trims import TrimRules
from ..core.parameters import ImportParameters

_RULES = [field.name for field in dataclasses.fields(TrimRules)]


class HasParameters(Protocol):
    """A `Session`, which has an `Undo` of its own."""

    parameters: ImportParameters

    def change(self, **values: Any) -> None: ...


class Undo(QObject):
    """Buttons change parameters by `take`; typing into one of these afterwards is newer, and is not undone.

    words: what the button was called; empty: there is nothing to undo.

    Signals:
        changed(): `words` may be others.
    """

    changed = Signal()

    def __init__(self, session: HasParameters, changed: SignalInstance, parent: QObject) -> None:
        """Args: changed: the session's signal of that name."""
        super().__init__(parent)
        self.words = ""
        self._session = session
        self._before: Mapping[str, Any] = {}
        self._is_own = False
        changed.connect(self._on_changed)

    def take(self, words: str, **values: Any) -> None:
        """`Session.change` for a button.

        Raises:
            BadParameter: A value cannot be taken; nothing is changed.
        """
        before = self._session.parameters
        self.follow(**values)
        if self._session.parameters != before:
            names = {*values, *(_RULES if "suggest_trims" in values else ())}
            self._remember(words, {name: getattr(before, name) for name in names})

    def follow(self, **values: Any) -> None:
        """What the program changes as a result of the last `take`: it is undone together with it."""
        self._is_own = True
        try:
            self._session.change(**values)
        finally:
            self._is_own = False

    @Slot()
    def undo(self) -> None:
        """Go back to the values before the last `take`, if there was one."""
        before = self._before
        self._remember("", {})
        self._session.change(**before)

    def _remember(self, words: str, before: Mapping[str, Any]) -> None:
        self.words, self._before = words, before
        self.changed.emit()

    @Slot(str)
    def _on_changed(self, name: str) -> None:
        if not self._is_own and (name in self._before or (name == "meta" and self._before)):
            self._remember("", {})
