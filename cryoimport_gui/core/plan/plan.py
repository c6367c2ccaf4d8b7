"""The record of a finished check: everything that an import would write, and every problem."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..dataset.schema import Field, fields_of
from ..exposures.exposures import Exposures
from ..exposures.matching import Matching
from ..exposures.placing import Placing
from ..parameters import ImportParameters
from ..particles import Fault, InputFile, OpticsGroup, Particles, distinct
from ..pictures.data_sign import SignVerdict
from ..problems import Problem, Severity
from ..stacks.sample import Sample
from ..stacks.stacks import Stacks
from .original_fields import merged_fields
from .poses_verdict import PosesVerdict
from .restore import Restored


@dataclass(frozen=True)
class DataSign:
    """The data sign that is written; `source` is `detected`, `user` or `default`.

    `map_sign` is what a map from the particles says, 0 where it cannot tell.
    """

    value: int
    source: str
    verdict: SignVerdict | None = None
    map_sign: int = 0


@dataclass(frozen=True)
class Doubtful:
    """Rows that the policies are about: those that cannot be imported, those without an exposure, those with both."""

    bad: int = 0
    unmatched: int = 0
    both: int = 0

    def left_out(self, without_bad: bool, without_unmatched: bool) -> int:
        """How many rows are left out by these policies."""
        bad, unmatched = self.bad * without_bad, self.unmatched * without_unmatched
        return bad + unmatched - self.both * (without_bad and without_unmatched)


@dataclass
class ImportPlan:
    """What an import would write, and everything that was found on the way.

    `all_rows` are those of the file; `all_particles` those that the conditions choose, or all where these cannot be
    met; `particles` are those that are imported, and `left_out` says why the others are not: problem code → positions
    in `all_particles`, each under the first code that applies.
    `byte_signs` are the data signs by stacks of bytes as signed and as unsigned numbers, where there are such.
    `importable` (all particles,) are those without a fault that the policies do not leave out.
    `given_groups` are the optics groups before the user's overrides, `groups` after them.  Stages that could not run
    leave None.  `meta_states` are the files that particles were read from, and the `file_state` of each from before.
    `original` are the particles that these once were, and `carries_images` says whether they are those of the originals
    by the originals' paths, so that nothing is linked.  `dataset_bytes` is how large the dataset will be, but for its
    header.
    """

    parameters: ImportParameters
    problems: list[Problem] = field(default_factory=list)
    all_rows: Particles | None = None
    all_particles: Particles | None = None
    particles: Particles | None = None
    importable: NDArray[np.bool_] | None = None
    original: Restored | None = None
    carries_images: bool = False
    stacks: Stacks | None = None
    exposures: Exposures | None = None
    matching: Matching | None = None
    placing: Placing | None = None
    given_groups: list[OpticsGroup] = field(default_factory=list)
    groups: list[OpticsGroup] = field(default_factory=list)
    doubtful: Doubtful = field(default_factory=Doubtful)
    data_sign: DataSign | None = None
    sample: Sample | None = None
    byte_signs: tuple[int, int] | None = None
    poses_check: PosesVerdict = field(default_factory=PosesVerdict)
    left_out: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    timings_s: dict[str, float] = field(default_factory=dict)
    inputs: tuple[InputFile, ...] = ()
    faults: Sequence[Fault] = ()
    meta_states: dict[str, Hashable] = field(default_factory=dict)
    meta_key: Hashable = None
    dataset_bytes: int = 0
    _counts: dict[str, int] | None = None

    @property
    def rows_in_files(self) -> int:
        return sum(file.rows for file in self.inputs)

    @property
    def errors(self) -> list[Problem]:
        return [p for p in self.problems if p.severity is Severity.ERROR]

    @property
    def slots(self) -> tuple[str, ...]:
        """The slots of the dataset that are known, in the order in which they are written."""
        return tuple(dict.fromkeys(field.slot for field in self.fields))

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields of the dataset, in the order in which they are written; `uid` stands before them."""
        particles, own = self.particles, fields_of(self._own_slots)
        if particles is None or self.original is None:
            return own
        left_out = () if self.carries_images else ("blob",)
        return merged_fields(self.original.originals, particles, own, left_out, self._chosen_fields)

    @property
    def _own_slots(self) -> tuple[str, ...]:
        """The slots that the file of particles, the stacks and the exposures give."""
        particles = self.particles
        if particles is None:
            return ()
        known = {
            "blob": self.stacks is not None and not self.carries_images,
            "ctf": particles.defocus_u_A is not None,
            "alignments2D": self.poses == "2D",
            "alignments3D": self.poses == "3D",
            "location": bool(self.counts()["particles_matched"])
            and particles.coordinates_px is not None
            and not (self.original and self.original.originals.micrographs),
            "mscope_params": bool(self.parameters.total_dose),
        }
        return tuple(slot for slot, is_known in known.items() if is_known)

    @property
    def _chosen_fields(self) -> set[str]:
        """Fields whose value the user has given."""
        p = self.parameters
        names = {
            "blob/sign": p.data_sign != "auto",
            "blob/psize_A": p.pixel_size,
            "ctf/accel_kv": p.voltage,
            "ctf/cs_mm": p.cs,
            "ctf/amp_contrast": p.amplitude_contrast,
        }
        return {name for name, is_given in names.items() if is_given}

    @property
    def poses(self) -> str:
        particles = self.particles or self.all_particles  # if no row is left, all rows say what poses the file has
        return "" if particles is None or self.parameters.ignore_pose_data else particles.poses

    @property
    def with_unmatched(self) -> Particles:
        """The particles that are imported, and those that are left out for lack of an exposure."""
        particles = self.all_particles
        assert particles is not None
        keep = np.ones(len(particles), bool)
        for code, rows in self.left_out.items():
            keep[rows] = code == "exposure-unmatched"
        return particles.select(keep)

    @property
    def exposure_of_rows(self) -> NDArray[np.int64] | None:
        """(particles,) number of the exposure of each particle that is imported, -1: none; None without exposures."""
        return self.matching.of_rows(self.particles) if self.matching and self.particles is not None else None

    def counts(self) -> dict[str, int]:
        """The report's counts; worked out once, by the planner, as that takes a look at every row."""
        if self._counts is None:
            self._counts = self._count()
        return self._counts

    def _count(self) -> dict[str, int]:
        kept, everyone = self.particles, self.all_particles
        of_rows = self.exposure_of_rows
        stacks = len(distinct(self.stacks.of_rows(kept))) if self.stacks and kept is not None else 0
        return {
            "rows": self.rows_in_files,
            "not_selected": self.rows_in_files - (len(everyone) if everyone else 0),
            "particles": len(kept) if kept is not None else 0,
            "left_out": sum(map(len, self.left_out.values())),
            "stacks": stacks,
            "links": 0 if self.carries_images else stacks,
            "optics_groups": sum(group.particles > 0 for group in self.groups),
            "exposures": len(self.exposures) if self.exposures else 0,
            "exposures_matched": len(distinct(of_rows)) if of_rows is not None else 0,
            "particles_matched": int((of_rows >= 0).sum()) if of_rows is not None else 0,
            "uids_restored": self._uids_restored,
        }

    @property
    def _uids_restored(self) -> int:
        """How many originals come back; a symmetry copy is a particle of its own."""
        row = self.particles.original_row if self.particles is not None else None
        return 0 if row is None else len(distinct(row[row >= 0]))
