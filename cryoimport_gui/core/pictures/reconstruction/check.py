"""The pose check: transforms and fields in, a verdict and the pictures behind it out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from ...arrays import Reals
from ...progress import Progress, quiet
from .half_maps import HalfMaps, Slices, real_space
from .hypotheses import Hypothesis, alternatives, as_imported
from .sample import Counts, PosedParticles, centred, rotation_matrices
from .score import DEALS, Fit, deal, fit, t_of_ctf, t_of_shifts, whitened
from .signal import explained, half_map_correlation, map_contrast, shell_correlation, signal
from .transforms import Floats, HalfPlane, Transforms
from .verdict import (
    BETTER_Z,
    FEWEST,
    Alternative,
    Answer,
    CtfDoubt,
    StackVerdicts,
    doubt_ctf,
    judge,
    judge_stacks,
    map_sign,
    usable_share,
)

#: what the verdict does not say, for wherever it is shown
LIMITS = (
    "This checks that angles, shifts and CTF belong to the images. It does not prove the structure, "
    "as the poses were refined on them, and it cannot tell the hand."
)
#: images of a class in each half, for its average to be compared
_FEWEST_PER_CLASS = 3


@dataclass(frozen=True)
class PoseCheck:
    """What the sampled images say about their poses.

    It is about the bookkeeping: do these poses, shifts and CTFs belong to these images?  It proves no structure,
    for the poses were refined on the same noise, and it cannot see the hand.

    rows: (n,) positions in the sample of the particles that were judged.
    own: (n,) correlation of each image with its re-projection; dealt: (deals, n) with shuffled poses.
    t, t_shifts, t_ctf: deviations of the mean correlation from that of dealt poses, shifts, CTFs; `t` is None
        where dealing poses changes nothing (a ball).
    explained, explained_dealt: share of the images' signal that the re-projections explain, 0 to 1; None where
        the signal is too weak to be measured.
    share: `explained` in parts of what such maps could explain; about 1 for right poses.
    structure: power of the images in the middle that is not round, over that of the rim, minus 1.
    map_sign: 1 if the map says that the data sign is right, -1 if it says the other, 0 if it cannot tell.
    ctf_doubt: what is wrong with the CTF, as far as its signs show; all else is then judged without them.
    shell_correlation: (radius,) of the half maps, at 1, 2, ... cycles per box.  Dealt poses reach high values too.
    pixel_size_A: of maps and small images.
    """

    answer: Answer
    suspect: Alternative | None
    rows: Counts
    own: Reals
    dealt: Reals
    t: float | None
    t_shifts: float
    t_ctf: float
    explained: float | None
    explained_dealt: float | None
    share: float | None
    structure: float
    alternatives: tuple[Alternative, ...]
    stacks: StackVerdicts
    map_sign: int
    shell_correlation: Reals
    pixel_size_A: float
    is_3d: bool
    ctf_doubt: CtfDoubt | None
    _fit: Fit = field(repr=False)
    _plane: HalfPlane = field(repr=False)

    @property
    def box_A(self) -> float:
        return self.pixel_size_A * self._plane.side

    @property
    def code(self) -> str:
        """Of the problem to report; nothing where poses fit or were not testable."""
        if self.answer == "does not fit":
            is_shifts = self.suspect is not None and self.suspect.kind == "shifts"
            return "shifts-do-not-fit" if is_shifts else "poses-do-not-fit"
        return "poses-unclear" if self.answer in ("fits in part", "cannot tell") else ""

    @property
    def words(self) -> str:
        """The verdict as one sentence."""
        n, what = f"{len(self.rows):,} particles", "Poses" if self.is_3d else "In-plane angles"
        if self.explained is not None and self.explained_dealt is not None:
            share, by_chance = f"{min(1.0, self.explained):.2f}", f"{self.explained_dealt:.2f}"
            match = f"the re-projections explain {share} of each image's signal, {by_chance} with shuffled poses ({n})"
        else:
            own, by_chance = f"{self.own.mean():.3f}", f"{self.dealt.mean():.3f}"
            match = f"images correlate with their re-projections by {own}, {by_chance} with shuffled poses ({n})"
        if self.suspect is not None:
            what = "Shifts" if self.suspect.kind == "shifts" else what
            better = f"a mean correlation of {self.suspect.other:.2f} instead of {self.suspect.own:.2f}"
            return f"{what} do not fit; {self.suspect.words} would: {better} ({n})."
        if self.answer == "fits in part" and self.stacks.is_bad.any():
            bad, looked_at = self.stacks.is_bad.sum(), len(self.stacks.number)
            return f"{what} fit, but not in {bad} of {looked_at} stacks: {match}."
        if self.answer == "cannot tell" and len(self.rows) < FEWEST:
            return f"Too few particles to tell whether the poses fit: {len(self.rows)} of at least {FEWEST}."
        return {
            "fits": f"{what} fit: {match}.",
            "fits in part": f"{what} fit only in part: {match}.",
            "does not fit": f"{what} probably do not fit, though the particles show structure: {match}.",
            "cannot tell": f"Cannot tell whether the poses fit: {match}.",
            "not testable": f"Poses cannot be tested, re-projections with shuffled poses match as well: {match}.",
        }[self.answer]

    def correlation_of(self, name: str) -> float | None:
        """The mean correlation with another reading of the poses; None where there is no such reading."""
        return next((other.other for other in self.alternatives if other.name == name), None)

    def pairs(self, particles: Counts) -> tuple[Floats, Floats]:
        """Low-passed and centred images with the data sign applied, and their re-projections, CTF included.

        Args:
            particles: (m,) positions in `rows`.

        Returns:
            Two arrays (m, side, side), dark particles on light where the data sign is right.
        """
        seen = self._fit.ctf[particles] * self._fit.seen[particles]
        return -self._plane.images(self._fit.data[particles]), -self._plane.images(seen)

    def projected(self, particles: PosedParticles) -> Floats:
        """Re-projections of the 3D map at the poses of particles that are not among `rows`, CTF included.

        Args:
            particles: of the box that was judged, in Å; 3D poses.  Half 0 sees the map of half 1, and the reverse.

        Returns:
            (n, side, side), dark particles on light where the data sign is right, as in `pairs`.
        """
        assert self.is_3d and particles.rotation_vector is not None
        rotation, one_class = rotation_matrices(particles.rotation_vector), np.zeros(len(particles.half), np.int64)
        seen = Slices(self._plane, rotation, particles.half, one_class).read(self._fit.maps.halves)
        if particles.ctf is not None:
            seen *= particles.ctf.values(self._plane, self.box_A)
        return -self._plane.images(seen)

    def map(self) -> Floats:
        """(side, side, side), z y x: of both halves, density positive; in 2D (classes, side, side), as imported."""
        maps = real_space(self._fit.maps.whole, self._fit.maps.whole.ndim - 1)
        return maps[0] if self.is_3d else maps

    def dealt_map(self) -> Floats:
        """The same with the poses shuffled inside each half (and class)."""
        order = deal(self._fit.group, np.random.default_rng(0))
        maps = HalfMaps(self._fit.slices, self._fit.data[order], self._fit.ctf[order]).whole
        real = real_space(maps, maps.ndim - 1)
        return real[0] if self.is_3d else real


def check_poses(particles: PosedParticles, transforms: Transforms, progress: Progress = quiet) -> PoseCheck | None:
    """Judge 3D poses, or 2D ones where there are no others.

    Returns:
        None if there is nothing to judge: no usable images, or none in one of the halves.

    Raises:
        Cancelled
    """
    plane, box = transforms.plane, transforms.box
    rows = _usable_rows(particles, transforms)
    if len(np.unique(particles.half[rows])) < 2:
        return None
    protein = -particles.data_sign[rows, None].astype(np.float32)
    every = np.zeros_like(transforms.values)
    every[rows], u = whitened(protein * transforms.values[rows], plane)
    ctf = np.ones(every.shape, np.float32)
    if particles.ctf is not None:
        ctf = particles.ctf.values(plane, particles.pixel_size_A * box)
        ctf = ctf if particles.ctf_has_signs else np.abs(ctf)
    number = np.zeros(len(every), np.int64)
    if particles.class_number is not None and particles.rotation_vector is None:
        number = np.unique(particles.class_number, return_inverse=True)[1]
    group = 2 * number + particles.half

    def slices_of(case: Hypothesis) -> Slices:
        return Slices(plane, case.rotation, particles.half[case.rows], number[case.rows])

    def fit_of(case: Hypothesis, slices: Slices, weight: Reals | None = None, deals: int = DEALS) -> Fit:
        data = centred(every[case.images], case.shift_boxes, plane)
        return fit(data, ctf[case.rows], u, group[case.rows], slices, progress, weight, deals)

    imported = as_imported(particles, box, rows)
    own = fit_of(imported, slices_of(imported))
    if particles.ctf is not None and particles.ctf_has_signs and (ctf[rows] < 0).any():
        other = fit(own.data, np.abs(own.ctf), u, own.group, own.slices, progress)
        if doubt := doubt_ctf(own.own, other.own, other.t, t_of_ctf(other, progress)):
            again = check_poses(replace(particles, ctf_has_signs=False), transforms, progress)
            return None if again is None else replace(again, ctf_doubt=doubt)
    distinct = centred(every[rows] - every[rows].mean(axis=0), imported.shift_boxes, plane)
    found = signal(own, distinct, plane, progress)

    def explained_by(fit: Fit) -> float | None:
        return explained(fit.covariance, fit.power, found) if found.is_seen else None

    others = []
    cases = list(alternatives(imported, particles))
    for i, case in enumerate(cases):
        progress.step(i, len(cases))
        same_poses = case.rotation is imported.rotation
        slices = own.slices if same_poses else slices_of(case)
        weight = own.maps.weight if same_poses else None
        other = fit_of(case, slices, weight, deals=0)
        before = own.own[np.searchsorted(rows, case.rows)]
        gain = other.own - before
        better_z = float(gain.mean() / max(gain.std(ddof=1), 1e-9) * np.sqrt(len(gain) / 2))
        means = float(before.mean()), float(other.own.mean())
        t = fit_of(case, slices, weight).t if better_z > BETTER_Z else None
        others.append(Alternative(case.name, case.words, case.kind, t, better_z, *means, explained_by(other)))

    share = explained(own.covariance, own.power, found) / max(half_map_correlation(own, plane), 1e-6)
    usable = usable_share(share, found.is_seen)
    stacks = judge_stacks(own.own, own.dealt, particles.stack[rows])
    is_3d = particles.rotation_vector is not None
    dealt = explained(own.dealt_covariance, own.dealt_power, found) if found.is_seen else None
    answer, suspect = judge(own.t, len(rows), usable, dealt, found.structure, others, stacks, is_3d)
    return PoseCheck(
        answer=answer,
        suspect=suspect,
        rows=rows,
        own=own.own,
        dealt=own.dealt,
        t=own.t,
        t_shifts=t_of_shifts(own, every[rows], imported.shift_boxes, plane, progress),
        t_ctf=t_of_ctf(own, progress),
        explained=explained_by(own),
        explained_dealt=dealt,
        share=usable,
        structure=found.structure,
        alternatives=tuple(others),
        stacks=stacks,
        map_sign=map_sign(own.t, map_contrast(own, plane)) if is_3d else 0,
        shell_correlation=shell_correlation(own, plane),
        pixel_size_A=particles.pixel_size_A * box / plane.side,
        is_3d=is_3d,
        ctf_doubt=None,
        _fit=own,
        _plane=plane,
    )


def _usable_rows(particles: PosedParticles, transforms: Transforms) -> Counts:
    """One row for each image that was read and whose fields are all known; copies fake a fit.

    In 2D, of classes that have images in both halves.
    """
    keys = np.stack([particles.stack, particles.image_number], axis=1)
    usable = np.zeros(len(keys), bool)
    readable = np.flatnonzero(transforms.usable & particles.is_known)
    usable[readable[np.unique(keys[readable], axis=0, return_index=True)[1]]] = True
    if particles.rotation_vector is None and particles.class_number is not None:
        classes, number = np.unique(particles.class_number, return_inverse=True)
        counts = np.bincount(2 * number[usable] + particles.half[usable], minlength=2 * len(classes)).reshape(-1, 2)
        usable &= (counts.min(axis=1) >= _FEWEST_PER_CLASS)[number]
    return np.flatnonzero(usable)


def central_slices(volume: Floats) -> Floats:
    """(3, side, side): through the middle, across z, y and x."""
    middle = len(volume) // 2
    return np.stack([volume[middle], volume[:, middle], volume[:, :, middle]])


def projections(volume: Floats) -> Floats:
    """(3, side, side): sums along z, y and x."""
    return np.stack([volume.sum(axis=axis) for axis in range(3)])
