"""How work reports its progress and is cancelled; passed into every loop that can take long."""

from __future__ import annotations

from collections.abc import Callable


class Cancelled(Exception):
    """The user asked to stop."""


class Progress:
    """Receives stages and steps; raises `Cancelled` from `step` once `cancelled()` is true.

    The base class listens to nobody.  Others override `stage` and `report`.
    """

    def __init__(self, cancelled: Callable[[], bool] = lambda: False) -> None:
        self._cancelled = cancelled

    def stage(self, name: str) -> None:
        """A new stage begins.

        It is `read`, `locate`, `headers`, `match`, `preview`, `poses`, `place`, `link` or `write`; `links`
        where a job's links are looked at.
        """

    def step(self, done: int, total: int) -> None:
        """`done` of `total` units of the current stage are finished."""
        if self._cancelled():
            raise Cancelled
        self.report(done, total)

    def report(self, done: int, total: int) -> None:
        """Show it; called by `step`."""


class Unseen(Progress):
    """Hears the cancel of another, and shows nothing: for the parts of a step."""

    def __init__(self, of: Progress) -> None:
        super().__init__(of._cancelled)


quiet = Progress()
