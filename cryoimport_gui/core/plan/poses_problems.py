"""What the check of the poses says as problems, and what would put it right, in words."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..pictures.reconstruction import (
    CtfDoubt,
)
from ..problems import Problem, Severity, count_of, problem
from .plan import ImportPlan
from .poses_verdict import PosesVerdict

#: stacks whose rows a hint can name
_FEW_STACKS = 3


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
