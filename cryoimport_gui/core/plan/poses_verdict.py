"""The record of the pose check of an import."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..pictures.reconstruction import PoseCheck

PosesAnswer = Literal["fit", "do-not-fit", "unclear", "not-checked"]
_VERDICTS: dict[str, PosesAnswer] = {"fits": "fit", "does not fit": "do-not-fit"}
#: so many particles that were not judged do not put in doubt what holds for all others
_FEW = 0.05
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

    Particles of other pixel sizes, and images that are CTF-corrected beside others that are not, cannot stand in one
    map: they are judged each by themselves, and this is about those that fit worst, else about most of them.

    check: None where nothing was compared; `why_not` then says why, in words.
    rows: (n,) rows of `ImportPlan.all_particles` that were judged, in the order of `PoseCheck.own`.
    about: which particles these are, in words, where others are not among them; `others` says what is known of those.
    unsure: the part of all particles, 0 to 1, among `others` whose poses are not known to fit.
    """

    check: PoseCheck | None = None
    why_not: str = "the import stopped before"
    rows: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    about: str = ""
    others: str = ""
    unsure: float = 0.0

    @property
    def verdict(self) -> PosesAnswer:
        if self.check is None:
            return "not-checked"
        return "unclear" if self.fits_only_some else _VERDICTS.get(self.check.answer, "unclear")

    @property
    def fits_only_some(self) -> bool:
        """Whether poses fit, but of too many of the other particles that is not known."""
        return self.check is not None and self.check.answer == "fits" and self.unsure > _FEW

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
        if self.check is None:
            return f"Poses were not checked: {self.why_not}."
        more = [f"this is about {self.about}"] * bool(self.about) + [self.others] * bool(self.others)
        return f"{'; '.join([self.check.words.removesuffix('.'), *more])}."
