"""The record of the pose check of an import."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..pictures.reconstruction import PoseCheck

PosesAnswer = Literal["fit", "do-not-fit", "unclear", "not-checked"]
_VERDICTS: dict[str, PosesAnswer] = {"fits": "fit", "does not fit": "do-not-fit"}
#: a better reading of the poses → what is wrong, as a key
_SUSPECTS = {
    "no-shifts": "shifts-applied",
    "negated-shifts": "shifts-sign",
    "shifts-times-pixel-size": "shifts-unit",
    "shifts-over-pixel-size": "shifts-unit",
    "inverse-rotations": "poses-inverse",
    "mirrored": "images-mirrored",
    "next-image": "images-off-by-one",
    "previous-image": "images-off-by-one",
}


@dataclass(frozen=True)
class PosesVerdict:
    """What the sampled images say about their poses, for a data sign of +1: see `PoseCheck`.

    Images and maps of `check` are those of the stored values; times the data sign they are as CryoSPARC will see them.

    check: None where nothing was compared; `why_not` then says why, in words.
    rows: (n,) rows of `ImportPlan.all_particles` that were judged, in the order of `PoseCheck.own`.
    """

    check: PoseCheck | None = None
    why_not: str = "the import stopped before"
    rows: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))

    @property
    def verdict(self) -> PosesAnswer:
        return _VERDICTS.get(self.check.answer, "unclear") if self.check else "not-checked"

    @property
    def suspect(self) -> str:
        """A key for what is wrong; empty where nothing is, or nothing is known."""
        if self.check is None:
            return ""
        if self.check.suspect is not None:
            return _SUSPECTS[self.check.suspect.name]
        return "some-stacks" if self.bad_stacks else ""

    @property
    def image_numbers_from(self) -> str:
        """Where image numbers would have to count from, "0" or "1", for the poses to fit; else empty."""
        name = self.check.suspect.name if self.check and self.check.suspect else ""
        return {"next-image": "0", "previous-image": "1"}.get(name, "")

    @property
    def bad_stacks(self) -> list[int]:
        """Numbers of the stack files whose images are probably not those of their rows, worst first."""
        if self.check is None or self.check.answer != "fits in part":
            return []
        stacks = self.check.stacks
        worst = np.argsort(stacks.agreement, kind="stable")
        return [int(stacks.number[i]) for i in worst if stacks.is_bad[i]]

    @property
    def data_sign(self) -> int:
        """The data sign by the map, 1 or -1; 0 where it cannot tell."""
        return self.check.map_sign if self.check else 0

    @property
    def words(self) -> str:
        """One sentence."""
        return self.check.words if self.check else f"Poses were not checked: {self.why_not}."
