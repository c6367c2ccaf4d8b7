"""Do the poses of an import fit its images?  A sample is judged with the fields as they will be written.

`look_at_poses` chooses the particles, reads their images and asks `pictures.reconstruction`; `poses_problems` says
the verdict, and what would put it right, in words.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..dataset.poses import rotation_vectors
from ..particles import OpticsGroup, Particles, Rows
from ..pictures.ctf import electron_wavelength_A
from ..pictures.reconstruction import (
    FEWEST,
    SMALLEST_BOX,
    CtfColumns,
    CtfDoubt,
    PosedParticles,
    Transforms,
    check_poses,
    halves,
)
from ..problems import Problem, Severity, count_of, problem
from ..progress import Progress, Unseen, quiet
from ..stacks.sample import ParticleImages
from ..stacks.stacks import Stacks
from .plan import ImportPlan
from .poses_verdict import PosesVerdict

POSES_SAMPLE = 500
#: what "More particles" goes up to
MOST_PARTICLES = 4000
#: consecutive images that are taken from a stack: enough to judge it, and to see images that are off by one
_RUN = 20
_BATCH_BYTES = 32 << 20
#: so many sorts of particles that cannot stand in one map are judged, those of most particles
_MOST_KINDS = 4
#: pixel sizes that differ by less can stand in one map: at its edge by an eighth of a pixel
_SAME_SIZE = 0.01
_WORST_FIRST = {"does not fit": 0, "fits in part": 1}
#: stacks whose rows a hint can name
_FEW_STACKS = 3


def why_not_checked(plan: ImportPlan) -> str:
    """Why the poses of a plan are not compared with its images, in words; empty if they are."""
    p = plan.parameters
    if p.check_poses == "off":
        return "the check is switched off"
    if p.ignore_raw_data or p.ignore_pose_data:
        return f"{'raw' if p.ignore_raw_data else 'pose'} data is ignored"
    if not plan.poses:
        return "there are no poses"
    if plan.stacks is None or not plan.stacks.box or plan.importable is None or not plan.importable.any():
        return "there are no images"
    if plan.stacks.box < SMALLEST_BOX:
        return f"images of {plan.stacks.box} pixels are too small"
    return ""


def what_is_written(plan: ImportPlan) -> Hashable:
    """What changes when the fields of the same rows are written otherwise."""
    names = "pixel_size_A", "voltage_kV", "cs_mm", "amplitude_contrast"
    values = [[getattr(group, name) for name in names] for group in plan.groups]
    numbers = tuple(tuple(value.value if value else None for value in of_group) for of_group in values)
    return numbers, tuple((g.file_pixel_size_A, getattr(g, "ctf_corrected", "")) for g in plan.groups)


def look_at_poses(
    plan: ImportPlan, count: int = POSES_SAMPLE, progress: Progress = quiet, seed: int = 0
) -> PosesVerdict:
    """Judge a sample of the particles that are imported; images that the plan holds are not read again.

    Args:
        seed: Of the sample; another one chooses other particles.

    Raises:
        Cancelled: `progress` said so.
    """
    if why_not := why_not_checked(plan):
        return PosesVerdict(None, why_not)
    particles, importable = plan.all_particles, plan.importable
    assert particles is not None and importable is not None
    candidates = np.flatnonzero(importable)
    kinds = _kinds(particles, plan.groups, np.bincount(particles.optics_index[candidates], minlength=len(plan.groups)))
    found = [
        _judge(plan, kind, candidates[np.isin(particles.optics_index[candidates], kind.groups)], count, progress, seed)
        for kind in kinds[:_MOST_KINDS]
    ]
    return _of_all(kinds, found, len(candidates)) if found else PosesVerdict(None, _too_few(0))


def _judge(plan: ImportPlan, kind: _Kind, candidates: Rows, count: int, progress: Progress, seed: int) -> PosesVerdict:
    """Judge a sample of particles that can stand in one map."""
    particles, stacks = plan.all_particles, plan.stacks
    assert particles is not None and stacks is not None
    rows = choose_runs(particles, stacks, candidates, count, seed)
    if len(rows) < FEWEST:
        return PosesVerdict(None, _too_few(len(rows)))
    progress.stage("poses")
    known = plan.sample
    images = ParticleImages(particles, stacks, known, cache_bytes=known.images.nbytes if known else 0)
    transforms = Transforms(len(rows), stacks.box)
    at_once = max(1, _BATCH_BYTES // (4 * stacks.box**2))
    for first in range(0, len(rows), at_once):
        progress.step(first, len(rows))
        sample = images.read(rows[first : first + at_once], Unseen(progress))
        transforms.add(first + np.flatnonzero(sample.good), sample.images[sample.good])
    posed = as_written(particles, stacks, plan.groups, rows, plan.poses == "3D", kind.with_ctf)
    check = check_poses(posed, transforms, Unseen(progress))
    progress.step(len(rows), len(rows))
    if check is None or len(check.rows) < FEWEST:
        why_not = _too_few(len(rows)) if check is None else f"too few images can be used, {len(check.rows)}"
        return PosesVerdict(None, why_not)
    return PosesVerdict(check, "", rows[check.rows])


def reprojection(plan: ImportPlan, row: int) -> NDArray[np.float32] | None:
    """(side, side): what the map of the check looks like from the pose of a particle, CTF included.

    Low-passed and centred, dark on light for a data sign of +1.  None where there is no 3D map, or where the particle
    has another box in Å or an unknown pose.

    Args:
        row: of `ImportPlan.all_particles`.
    """
    found, particles, stacks = plan.poses_check, plan.all_particles, plan.stacks
    check = found.check
    if check is None or not check.is_3d or particles is None or stacks is None:
        return None
    if len(judged := np.flatnonzero(found.rows == row)):
        return check.pairs(judged)[1][0]
    group = plan.groups[particles.optics_index[row]]
    with_ctf = has_ctf(particles, group)
    posed = as_written(particles, stacks, plan.groups, np.array([row]), True, with_ctf)
    is_alike = abs(posed.pixel_size_A * stacks.box / check.box_A - 1) < _SAME_SIZE
    return check.projected(posed)[0] if is_alike and posed.is_known.all() else None


def _too_few(rows: int) -> str:
    return f"too few particles to tell, {rows} of at least {FEWEST}"


def _of_all(kinds: Sequence[_Kind], found: Sequence[PosesVerdict], particles: int) -> PosesVerdict:
    """One verdict: that of the particles whose poses fit worst, else of most of them, and what holds for the others."""
    answers = [verdict.check.answer if verdict.check else "" for verdict in found]
    first = min(range(len(found)), key=lambda i: (_WORST_FIRST.get(answers[i], len(_WORST_FIRST)), i))
    chosen = found[first]
    if len(kinds) == 1 or chosen.check is None:
        return chosen
    rest = [(kind, answers[i] if i < len(found) else "") for i, kind in enumerate(kinds) if i != first]
    fitting = [kind for kind, answer in rest if answer == "fits"]
    failing = [kind for kind, answer in rest if answer in _WORST_FIRST]
    unsure = [kind for kind, answer in rest if answer != "fits" and answer not in _WORST_FIRST]
    is_good = chosen.check.answer == "fits"
    said = [
        f"those of {_listed(its)} {verb}"
        for its, verb in (
            (fitting, "fit too" if is_good else "fit"),
            (failing, "do not fit either, or only in part"),
            (unsure, "cannot be judged"),
        )
        if its
    ]
    share = sum(kind.particles for kind in unsure) / particles
    return replace(chosen, about=f"particles of {kinds[first]}", others=", ".join(said), unsure=share)


def _listed(kinds: Sequence[_Kind]) -> str:
    more = len(kinds) - _MOST_KINDS
    named = ", ".join(f"{kind} ({kind.particles:,})" for kind in kinds[:_MOST_KINDS])
    return f"{named} and {more} more" if more > 0 else named


def choose_runs(particles: Particles, stacks: Stacks, candidates: Rows, count: int, seed: int = 0) -> Rows:
    """Rows of a seeded sample, each image once: runs of up to 20 neighbours from as many stacks as that takes.

    Returns:
        (count or fewer,) by stack and image number.
    """
    rng = np.random.default_rng(seed)
    of_stack = stacks.of_name[particles.stack_index[candidates]]
    candidates, of_stack = candidates[of_stack >= 0], of_stack[of_stack >= 0]
    sizes = np.bincount(of_stack, minlength=len(stacks.files))
    order = rng.permutation(np.flatnonzero(sizes))
    wanted = 1 + int(np.searchsorted(np.minimum(sizes[order], _RUN).cumsum(), count))
    while True:
        is_chosen = np.zeros(len(sizes), bool)
        is_chosen[order[:wanted]] = True
        rows = _once_each(particles, candidates[is_chosen[of_stack]], stacks)
        if len(rows) >= count or wanted >= len(order):
            break
        wanted *= 2  # there are copies of images
    return rows[_runs(stacks.of_name[particles.stack_index[rows]], count, rng)]


def _once_each(particles: Particles, rows: Rows, stacks: Stacks) -> Rows:
    """The first row of each image, by stack and image number."""
    of_stack, number = stacks.of_name[particles.stack_index[rows]], particles.image_number[rows]
    order = np.lexsort((number, of_stack))
    of_stack, number = of_stack[order], number[order]
    is_first = np.ones(len(rows), bool)
    is_first[1:] = (np.diff(of_stack) != 0) | (np.diff(number) != 0)
    return rows[order[is_first]]


def _runs(of_stack: NDArray[np.int64], count: int, rng: np.random.Generator) -> Rows:
    """Positions of whole runs, a random one of each stack before a second of any; the last one may be cut.

    What is left at the end of a stack comes after its full runs.

    Args:
        of_stack: (n,) ascending.
    """
    starts = np.flatnonzero(np.diff(of_stack, prepend=-1))
    sizes = np.diff(starts, append=len(of_stack))
    runs = -(-sizes // _RUN)
    first_run = runs.cumsum() - runs
    run = np.repeat(first_run, sizes) + (np.arange(len(of_stack)) - np.repeat(starts, sizes)) // _RUN
    is_short = np.bincount(run, minlength=int(runs.sum())) < _RUN
    stack_of_run = np.repeat(np.arange(len(sizes)), runs)
    drawn = np.lexsort((rng.random(len(stack_of_run)), is_short, stack_of_run))
    turn = np.empty(len(drawn), np.int64)
    turn[drawn] = np.arange(len(drawn)) - np.repeat(first_run, runs)
    order = np.lexsort((rng.random(len(turn)), turn))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return np.sort(np.argsort(rank[run], kind="stable")[:count])


@dataclass
class _Kind:
    """Particles that can stand in one map: of about one pixel size, and with a CTF that is of use, or none."""

    size_A: float
    with_ctf: bool
    particles: int = 0
    groups: list[int] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.size_A:.4g} Å{'' if self.with_ctf else ' without CTF'}"


def _kinds(particles: Particles, groups: Sequence[OpticsGroup], counts: NDArray[np.int64]) -> list[_Kind]:
    """Those of most particles first."""
    kinds: list[_Kind] = []
    for i in np.argsort(-counts, kind="stable").tolist():
        size = groups[i].pixel_size_A
        if not counts[i] or size is None:
            continue
        with_ctf = has_ctf(particles, groups[i])
        alike = (k for k in kinds if k.with_ctf == with_ctf and abs(size.value - k.size_A) <= _SAME_SIZE * k.size_A)
        kind = next(alike, None)
        if kind is None:
            kinds.append(kind := _Kind(size.value, with_ctf))
        kind.particles += int(counts[i])
        kind.groups.append(i)
    return sorted(kinds, key=lambda kind: -kind.particles)


def has_ctf(particles: Particles, group: OpticsGroup) -> bool:
    """Whether images of a group are to be compared through their CTF."""
    known = group.voltage_kV and group.cs_mm and group.amplitude_contrast
    return bool(particles.defocus_u_A is not None and known and not getattr(group, "ctf_corrected", ""))


def as_written(
    particles: Particles, stacks: Stacks, groups: Sequence[OpticsGroup], rows: Rows, is_3d: bool, with_ctf: bool
) -> PosedParticles:
    """The fields of some rows of one pixel size as the import writes them, but for a data sign of +1."""
    n, group_of = len(rows), particles.optics_index[rows]

    def column(name: str, missing: float = 0.0) -> NDArray[np.float64]:
        values = getattr(particles, name)
        return np.full(n, missing) if values is None else values[rows].astype(np.float64)

    def of_group(name: str) -> NDArray[np.float64]:
        values = [getattr(group, name) for group in groups]
        return np.array([value.value if value else np.nan for value in values])[group_of]

    of_file = stacks.of_name[particles.stack_index[rows]]
    of_file_A = np.array([group.file_pixel_size_A or 1.0 for group in groups])
    shift_px = particles.shifts(of_file_A, np.array([group.shift_scale for group in groups]), rows)
    size, micrographs = of_group("pixel_size_A"), particles.micrograph_index
    ctf = None
    if with_ctf:
        wavelengths = [electron_wavelength_A(g.voltage_kV.value) if g.voltage_kV else np.nan for g in groups]
        u_A = column("defocus_u_A")
        ctf = CtfColumns(
            wavelength_A=np.array(wavelengths)[group_of],
            cs_mm=of_group("cs_mm"),
            amplitude_contrast=of_group("amplitude_contrast"),
            defocus_u_A=u_A,
            defocus_v_A=u_A if particles.defocus_v_A is None else column("defocus_v_A"),
            defocus_angle_rad=np.radians(column("defocus_angle_deg")),
            phase_shift_rad=np.radians(column("phase_shift_deg")),
        )
    poses: dict[str, Any] = {}
    if is_3d:
        angles = column("rot_deg"), column("tilt_deg"), column("psi_deg")
        poses["rotation_vector"] = rotation_vectors(*angles)
    else:
        poses["psi_rad"] = np.radians(column("psi_deg"))
        poses["class_number"] = column("class_number", 1.0).astype(np.int64)
    return PosedParticles(
        pixel_size_A=float(size[0]),
        data_sign=np.ones(n),
        half=halves(of_file if micrographs is None else micrographs[rows].astype(np.int64)),
        stack=of_file,
        image_number=particles.image_number[rows],
        shift_px=np.zeros((n, 2)) if shift_px is None else shift_px,
        shift_pixel_size_A=size,
        file_pixel_size_A=of_file_A[group_of],
        ctf=ctf,
        **poses,
    )


def poses_problems(plan: ImportPlan, found: PosesVerdict) -> Iterator[Problem]:
    """Nothing where poses fit, were not compared, or cannot be tested at all (a ball)."""
    check = found.check
    if check is None:
        return
    if check.ctf_doubt is not None:
        yield _ctf_problem(check.ctf_doubt, len(check.rows))
        if check.answer != "does not fit" and not check.ctf_doubt.are_corrected:
            return  # with a wrong CTF nothing finer can be said
    if not (check.code or found.fits_only_some):
        return
    words, hint, severity = found.words.rstrip("."), None, None
    examples: list[str] = []
    if check.suspect is not None:
        hint = _remedy(plan, check.suspect.name, found.image_numbers_from)
    elif bad := found.bad_stacks:
        assert plan.stacks is not None
        agreement = dict(zip(check.stacks.number.tolist(), check.stacks.agreement.tolist()))
        examples = [f"{plan.stacks.files[i].path}: {max(0.0, agreement[i]):.0%} of what is usual" for i in bad]
        hint = _bad_stacks_hint(plan, found)
        severity = Severity.WARNING
    elif found.fits_only_some:
        hint = "Import the others by themselves, where there are enough of them to tell."
    yield problem(
        check.code or "poses-unclear",
        words[0].lower() + words[1:],
        count=len(found.bad_stacks) or len(check.rows),
        examples=examples,
        hint=hint,
        severity=severity,
    )


def _ctf_problem(doubt: CtfDoubt, particles: int) -> Problem:
    better = f"without the signs of the CTF, re-projections correlate by {doubt.other:.2f} instead of {doubt.own:.2f}"
    of = count_of(particles, "particle")
    if doubt.are_corrected:
        message = f"the images are CTF-corrected already, though the file does not say so; {better} ({of})"
        return problem("images-ctf-corrected", message, count=particles)
    message = f"the CTF does not fit the images: the pixel size, the defocus or the voltage is wrong; {better} ({of})"
    return problem("ctf-does-not-fit", message, count=particles)


def _bad_stacks_hint(plan: ImportPlan, found: PosesVerdict) -> str:
    """What to do about stacks whose images are not those of their rows."""
    stacks, check = plan.stacks, found.check
    assert stacks is not None and check is not None
    seen, total = len(check.stacks.number), len(stacks.files)
    hint = (
        "The images of these stacks are probably not those of their rows: are they of another extraction, or copied "
        "in part?"
    )
    if seen < total:
        hint += f" Only {count_of(seen, 'stack')} of {total:,} were looked at."
    condition = without_bad_stacks(plan, found)
    return f'{hint} Give the folder of the right ones, or leave them out: --select "{condition}"' if condition else hint


def without_bad_stacks(plan: ImportPlan, found: PosesVerdict) -> str:
    """The condition that leaves out the micrographs of bad stacks; empty if there are none, or if none can say it."""
    bad, particles, stacks = found.bad_stacks, plan.all_particles, plan.stacks
    if not bad or particles is None or stacks is None or particles.micrograph_index is None or len(bad) > _FEW_STACKS:
        return ""
    rows = found.rows[np.isin(stacks.of_name[particles.stack_index[found.rows]], bad)]
    names = [particles.micrograph_names[i] for i in np.unique(particles.micrograph_index[rows])]
    if any("," in name for name in names):
        return ""
    return f"{particles.called('micrograph_name')}!={','.join(names)}"


def _remedy(plan: ImportPlan, name: str, numbers_from: str) -> str:
    """What puts it right where another reading of the poses fits.

    Args:
        numbers_from: See `PosesVerdict.image_numbers_from`.
    """
    particles = plan.all_particles
    assert particles is not None
    in_A = particles.shift_A is not None
    kind = "A" if in_A else "px"
    columns = particles.called(f"shift_x_{kind}", f"shift_y_{kind}")
    others = particles.called(*(f"shift_{axis}_{'px' if in_A else 'A'}" for axis in "xy"))
    rot, tilt, psi = (particles.called(f"{angle}_deg") for angle in ("rot", "tilt", "psi"))
    sources = {
        "no-shifts": f"They were probably applied when the particles were extracted again: set {columns} to 0.",
        "negated-shifts": f"Change the sign of {columns}.",
        "shifts-times-pixel-size": f"These shifts fit if they are pixels: rename {columns} to {others}."
        if in_A
        else f"These shifts fit if they are multiplied by the pixel size: correct {columns}.",
        "shifts-over-pixel-size": f"These shifts fit if they are divided by the pixel size: correct {columns}."
        if in_A
        else f"These shifts fit if they are in Å: rename {columns} to {others}.",
        "inverse-rotations": f"Write -{psi}, -{tilt}, -{rot} as {rot}, {tilt}, {psi}."
        if plan.poses == "3D"
        else f"Change the sign of {psi}.",
        "mirrored": "The stacks are probably stored upside down: mirror the images back, as turning the poses would "
        "give the other hand.",
    }
    if name in sources:
        return sources[name]
    other = "next image" if name == "next-image" else "image before"
    if plan.parameters.image_numbers_from == numbers_from:
        return f"Each pose fits the {other} of its stack: correct the image names."
    return (
        f"Each pose fits the {other} of its stack: do image numbers start at {numbers_from}? "
        f"Give --image-numbers-from {numbers_from}."
    )
