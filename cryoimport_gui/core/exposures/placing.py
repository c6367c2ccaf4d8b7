"""The record of how coordinates become places: for each group, and for single exposures that differ from theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..arrays import Integers, Reals
from ..dataset.schema import Places
from ..particles import Particles
from ..pictures.place_verdict import PlaceState, too_many_not_found
from ..problems import count_of
from .place_groups import PlaceGroups


@dataclass(frozen=True)
class GroupPlace:
    """How the coordinates of one group are read, and why.

    scale, scale_source: the source is `detected`, `extent`, `file`, `user` or `default`; scale_doubt: why it is not
        sure, in words.
    flip, y_source: the source is `detected`, `user`, `others` (of the other groups, which agree) or `default`.
    by: what the pictures show of it: by `images`, by `picks`, or nothing.
    seen_flip: what the pictures say, whatever the user chose; None: nothing.
    mirrored: the exposures are mirror images, top to bottom, of what the particles were cut from.
    of_movies: its exposures are movies, which cannot be compared.
    sampled: particles that were compared.  found, turned, elsewhere, undecided: exposures, as in `GroupSummary`.
    correlation: median of the particles at the group's reading, keep_correlation and flip_correlation at both.
    """

    name: str
    particles: int
    exposures: int
    of_movies: bool
    scale: float
    scale_source: str
    scale_doubt: str
    flip: bool
    y_source: str
    mirrored: bool = False
    by: str = ""
    seen_flip: bool | None = None
    sampled: int = 0
    found: int = 0
    turned: int = 0
    elsewhere: int = 0
    undecided: int = 0
    correlation: float = np.nan
    keep_correlation: float = np.nan
    flip_correlation: float = np.nan

    def to_json(self) -> dict[str, Any]:
        """A line of the report's `locations`."""
        return {
            "group": self.name,
            "particles": self.particles,
            "exposures": self.exposures,
            "sampled": self.sampled,
            "found": self.found,
            "mirrored": self.turned,
            "elsewhere": self.elsewhere,
            "not_decided": self.undecided,
            "y": "flip" if self.flip else "keep",
            "y_source": self.y_source,
            "scale": round(self.scale, 6),
            "scale_source": self.scale_source,
            "correlation": _rounded(self.correlation),
        }


@dataclass
class Placing:
    """How coordinates become places on the exposures.

    turned: (exposure, group) → (flip, mirrored) of exposures that the pictures show to be unlike their group.
    mirror_poses: of which rows the metadata are turned: `none`, `mirrored` or `all` that have an exposure.
    nowhere: the particle images were compared, and found nowhere.
    elsewhere: exposures that are not the particles' own, each with how many picks it has.
    exchanged: exposures that are not the particles' own → the exposure on which their particles were found instead.
    states: exposures whose particles were compared → what the images show; of several groups what is most doubtful.
    micrographs_of_picks: how many were looked at for what lies at the picks.
    unreadable: micrographs that could not be compared → why.
    """

    groups: tuple[GroupPlace, ...] = ()
    table: PlaceGroups | None = None
    exposure_of_name: Integers = field(default_factory=lambda: np.empty(0, np.int64))
    turned: dict[tuple[int, int], tuple[bool, bool]] = field(default_factory=dict)
    mirror_poses: str = "none"
    nowhere: bool = False
    elsewhere: dict[int, int] = field(default_factory=dict)
    exchanged: dict[int, int] = field(default_factory=dict)
    states: dict[int, PlaceState] = field(default_factory=dict)
    micrographs_of_picks: int = 0
    unreadable: dict[str, str] = field(default_factory=dict)

    def of(self, particles: Particles) -> Places:
        """For each row; as they are, where there is no exposure."""
        if self.table is None or not self.groups or particles.micrograph_index is None:
            return Places.as_they_are(len(particles))
        group = self.table.of_rows(particles)
        exposure = self.exposure_of_name[particles.micrograph_index]
        placed = (exposure >= 0) & (group >= 0)
        scale = np.where(placed, self._of_groups("scale")[group], 1.0)
        flip, mirrored = (placed & self._of_groups(name).astype(bool)[group] for name in ("flip", "mirrored"))
        if self.turned:
            codes = np.array([number * len(self.groups) + its for number, its in self.turned])
            ways, order = np.array(list(self.turned.values())), np.argsort(codes)
            code = exposure * len(self.groups) + group
            at = order[np.minimum(np.searchsorted(codes, code, sorter=order), len(codes) - 1)]
            is_turned = placed & (codes[at] == code)
            flip, mirrored = (np.where(is_turned, way[at], whole) for way, whole in zip(ways.T, (flip, mirrored)))
        mirrors = {"none": placed & False, "mirrored": mirrored, "all": placed}[self.mirror_poses]
        return Places(scale, flip, mirrored, mirrors)

    def _of_groups(self, name: str) -> Reals:
        return np.array([getattr(group, name) for group in self.groups], float)

    @property
    def most(self) -> GroupPlace | None:
        """The group of most particles."""
        return max(self.groups, key=lambda group: group.particles, default=None)

    @property
    def is_mixed(self) -> bool:
        return bool(self.turned) or len({(group.flip, group.scale) for group in self.groups}) > 1

    @property
    def not_found(self) -> list[int]:
        """Exposures that do not show their particles although others do; nothing else is known of them.

        Empty where they are so few that chance would do.
        """
        known = {*self.elsewhere, *self.exchanged}
        absent = [number for number, state in self.states.items() if state is PlaceState.NOT_FOUND]
        absent = [number for number in absent if number not in known]
        return absent if too_many_not_found(len(absent), len(self.states)) else []

    @property
    def is_seen(self) -> bool:
        """Whether the pictures say which way y counts, everywhere."""
        return bool(self.groups) and all(group.seen_flip is not None for group in self.groups)

    @property
    def is_mirrored(self) -> bool:
        """Whether any exposure is a mirror image."""
        return any(group.mirrored for group in self.groups) or any(mirrored for _, mirrored in self.turned.values())

    def any_where(self, **values: object) -> Sequence[GroupPlace]:
        """The groups with these values."""
        return [group for group in self.groups if all(getattr(group, name) == v for name, v in values.items())]


def reported(placing: Placing) -> dict[str, Any]:
    """The report's `coordinate_y`, `coordinate_scale` and `locations`; the first two of the group of most particles."""
    most = placing.most
    y = {
        "value": "flip" if most and most.flip else "keep",
        "source": most.y_source if most and most.y_source != "others" else "default",
        "keep_correlation": _rounded(most.keep_correlation) if most else None,
        "flip_correlation": _rounded(most.flip_correlation) if most else None,
        "sampled": sum(group.sampled for group in placing.groups),
        "mirrored": placing.is_mirrored,
        "mirrored_poses": placing.mirror_poses != "none" and (placing.mirror_poses == "all" or placing.is_mirrored),
    }
    scale = {"value": round(most.scale, 6), "source": most.scale_source} if most else None
    return {
        "coordinate_y": y,
        "coordinate_scale": scale,
        "locations": [group.to_json() for group in placing.groups],
    }


def place_words(placing: Placing) -> str:
    """Which way y counts, at which scale, and why, in one line."""
    most = placing.most
    if most is None:
        return ""
    way = "flipped" if most.flip else "kept"
    if placing.is_mixed:
        parts = [f"{g.name}: y {'flipped' if g.flip else 'kept'}, scale {g.scale:.4g}" for g in placing.groups[:3]]
        parts += [f"{len(placing.groups) - 3} more groups"] * (len(placing.groups) > 3)
        parts += [f"{len(placing.turned)} exposures the other way"] * bool(placing.turned)
        text = f"positions are read in several ways ({'; '.join(parts)})"
    else:
        text = f"y is {way}{', as you chose' if most.y_source == 'user' else ''}"
        text += f", scale {most.scale:.4g}" if most.scale != 1 else ""
    return f"{text}: {place_reasons(placing)}"


def place_reasons(placing: Placing) -> str:
    """Why y and the scale are what they are, in one line."""
    sampled = sum(group.sampled for group in placing.groups)
    seen = [group for group in placing.groups if group.by]
    if any(group.by == "images" for group in seen) or (sampled and not seen and _is_compared(placing)):
        why = correlations(placing)
        return why if seen else f"the images do not show it clearly: {why}"
    if seen:
        return "as the coordinates lie on the exposures, without particle images"
    if placing.micrographs_of_picks:
        return f"what lies at the coordinates on {count_of(placing.micrographs_of_picks, 'exposure')} does not show it"
    return "no pictures show it"


def correlations(placing: Placing) -> str:
    """How well particle images agree with their places at both ways of y."""
    best = max(placing.groups, key=lambda group: group.sampled)
    sampled = count_of(sum(group.sampled for group in placing.groups), "particle")
    return f"correlation {best.keep_correlation:.2f} kept, {best.flip_correlation:.2f} flipped, over {sampled}"


def _is_compared(placing: Placing) -> bool:
    return placing.most is not None and not np.isnan(placing.most.keep_correlation)


def _rounded(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 4)
