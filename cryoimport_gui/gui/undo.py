"""The steps that buttons made, which can be undone one after the other, and done again.

`QUndoStack` keeps its steps in one order and loses none: here typing over what a button set makes that step void, and
a step may be undone beside what it changed although others followed that have nothing to do with it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Protocol

from PySide6.QtCore import QObject, Signal, SignalInstance, Slot

from ..core.parameters import ImportParameters


class HasParameters(Protocol):
    """A `Session`, which has an `Undo` of its own."""

    parameters: ImportParameters

    def change(self, **values: Any) -> None: ...


@dataclass(frozen=True, eq=False)
class Step:
    """What a button was called, and the values of the same parameters before it and after."""

    words: str
    before: dict[str, Any]
    after: dict[str, Any]

    def touches(self, names: Collection[str]) -> bool:
        return not self.before.keys().isdisjoint(names)


class Undo(QObject):
    """Buttons change parameters by `take`; typing into one of these afterwards is newer, and is not undone.

    Another STAR file starts with no steps.

    Signals:
        changed(): other steps can be undone or done again.
    """

    changed = Signal()

    def __init__(self, session: HasParameters, changed: SignalInstance, parent: QObject) -> None:
        """Args: changed: the session's signal of that name."""
        super().__init__(parent)
        self._session = session
        self._done: list[Step] = []
        self._undone: list[Step] = []
        self._is_own = False
        changed.connect(self._on_changed)

    @property
    def words(self) -> str:
        """What the last button was called; empty: there is nothing to undo."""
        return self._done[-1].words if self._done else ""

    @property
    def redo_words(self) -> str:
        return self._undone[-1].words if self._undone else ""

    def last_of(self, names: Collection[str] = ()) -> Step | None:
        """The last step that changed one of these parameters (none: any), unless a later one builds on it."""
        number = next((i for i in reversed(range(len(self._done))) if not names or self._done[i].touches(names)), None)
        if number is None or any(step.touches(self._done[number].before) for step in self._done[number + 1 :]):
            return None
        return self._done[number]

    def take(self, words: str, **values: Any) -> None:
        """`Session.change` for a button.

        Raises:
            BadParameter: A value cannot be taken; nothing is changed.
        """
        before = self._session.parameters
        self._change(values)
        if step := _step(words, before, self._session.parameters):
            self._done.append(step)
            self._undone.clear()
            self.changed.emit()

    def follow(self, cause: str, **values: Any) -> None:
        """What the program changes as a result of the last step that set the parameter `cause`: one step with it."""
        before = self._session.parameters
        self._change(values)
        number = next((i for i in reversed(range(len(self._done))) if self._done[i].touches({cause})), None)
        if number is None:
            return
        step, result = self._done[number], _step("", before, self._session.parameters)
        if result is not None:
            self._done[number] = Step(step.words, result.before | step.before, step.after | result.after)
            self.changed.emit()

    @Slot()
    def undo(self) -> None:
        """Go back to the values before the last step, if there was one."""
        if self._done:
            self.undo_step(self._done[-1])

    def undo_step(self, step: Step) -> None:
        """Go back to the values before a step of `last_of`."""
        self._done.remove(step)
        self._undone.append(step)
        self._change(step.before)
        self.changed.emit()

    @Slot()
    def redo(self) -> None:
        """Do the step again that was undone last, if no other was done since."""
        if self._undone:
            step = self._undone.pop()
            self._done.append(step)
            self._change(step.after)
            self.changed.emit()

    def clear(self) -> None:
        self._done.clear()
        self._undone.clear()
        self.changed.emit()

    def _change(self, values: dict[str, Any]) -> None:
        self._is_own = True
        try:
            self._session.change(**values)
        finally:
            self._is_own = False

    @Slot(str)
    def _on_changed(self, name: str) -> None:
        """Typing makes the steps void that changed the same parameter."""
        if not self._is_own and (name == "meta" or any(s.touches({name}) for s in self._done + self._undone)):
            for steps in (self._done, self._undone):
                steps[:] = [step for step in steps if name != "meta" and not step.touches({name})]
            self.changed.emit()


def _step(words: str, before: ImportParameters, after: ImportParameters) -> Step | None:
    """Nothing if nothing has changed."""
    names = [f.name for f in dataclasses.fields(after) if getattr(before, f.name) != getattr(after, f.name)]
    if not names:
        return None
    return Step(words, {name: getattr(before, name) for name in names}, {name: getattr(after, name) for name in names})
