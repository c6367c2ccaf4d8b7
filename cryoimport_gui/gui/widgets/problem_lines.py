"""Problems, one line each; a line opens to all that is known of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial

from ...core.problems import Problem, Severity
from .problem_card import Offer
from .problem_line import ProblemLine
from .problem_list import ProblemList


class ProblemLines(ProblemList):
    """As high as its lines, up to `closed` of them, and with an open one up to `open_px`; hidden without problems.

    Those of the severities `opens` are open at first.  A line stays as the user left it when there is a new plan.
    """

    _SPACING_PX = 2

    def __init__(
        self,
        offers: Callable[[Problem], Sequence[Offer]],
        closed: int = 3,
        open_px: int = 240,
        opens: Collection[Severity] = (Severity.ERROR,),
    ) -> None:
        self._closed, self._open_px, self._opens = closed, open_px, opens
        self._is_open: dict[str, bool] = {}  # code → as the user left it
        super().__init__("", offers)
        self.setWhatsThis("What was found, the worst first. Click a line to see what to do about it.")

    @property
    def lines(self) -> list[ProblemLine]:
        return [entry for entry in self.entries if isinstance(entry, ProblemLine)]

    def show_problems(self, problems: Sequence[Problem]) -> None:
        super().show_problems(problems)
        if self.isHidden() == bool(problems):
            self.setVisible(bool(problems))

    def _entry(self, problem: Problem, offers: Sequence[Offer]) -> ProblemLine:
        is_open = problem.severity in self._opens
        line = ProblemLine(problem, offers, self._is_open.get(problem.code, is_open))
        line.fold.toggled.connect(partial(self._keep_open, problem.code))
        return line

    def _keep_open(self, code: str, is_open: bool) -> None:
        self._is_open[code] = is_open
        self._fit_height()

    def _fit_height(self, *_: object) -> None:
        """The height of the lines, or of as much of the open ones as there is room for."""
        if not self.lines:
            return
        closed = sum(line.closed_height + self._SPACING_PX for line in self.lines[: self._closed])
        opened = sum(line.height_for(self.viewport().width()) + self._SPACING_PX for line in self.lines)
        self.setFixedHeight(max(closed, min(opened, self._open_px)))
