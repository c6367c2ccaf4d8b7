"""What the particles' file does not give, and what that means for the dataset."""

from __future__ import annotations

from collections.abc import Iterator

from ..particles import Particles
from ..problems import Problem, Severity, count_of, problem
from .plan import ImportPlan


def without_images(plan: ImportPlan) -> Iterator[Problem]:
    """What a file without images cannot be imported without."""
    particles, p = plan.all_particles, plan.parameters
    assert particles is not None
    if particles.has_images:
        return
    if not p.ignore_raw_data:
        what = f"the file has no column {particles.called('image_name')}"
        if not particles.poses:
            what = f"these are picks ({particles.in_words()}), without particle images"
        hint = None if particles.has_places else "Extract the particles first, then import those."
        yield problem("image-name-missing", what, count=len(particles), hint=hint)
    if not p.exposures and (not particles.poses or p.ignore_pose_data):
        message = "the file has neither images nor poses, and without exposures its picks have no place"
        yield problem("exposures-missing", message, count=len(particles))


def absences(plan: ImportPlan, particles: Particles) -> Iterator[Problem]:
    slots = plan.slots
    if "ctf" not in slots and not particles.has_images:
        message = "neither the file nor the exposures have a defocus; no ctf fields are written"
        hint = "Run CTF estimation on the exposures in CryoSPARC before particles are extracted from them."
        yield problem("ctf-missing", message, count=len(particles), hint=hint, severity=Severity.INFO)
    elif "ctf" not in slots:
        yield problem("ctf-missing", "the file has no defocus; no ctf fields are written", count=len(particles))
    if plan.parameters.ignore_pose_data or not (particles.has_images or particles.poses):
        return
    if not particles.poses and "alignments3D" not in slots and "alignments2D" not in slots:
        column = particles.called("psi_deg")
        why = f"no {column} in the file"
        if "psi_deg" in particles.unknown:
            why = f"{column} is {particles.placeholder:g} (not known) in every row"
        yield problem("pose-missing", f"{why}; no alignments are written", count=len(particles))
    elif particles.poses and not plan.parameters.ignore_half_sets and not _keeps_half_sets(plan, particles):
        yield from _half_set_remarks(particles)


def _keeps_half_sets(plan: ImportPlan, particles: Particles) -> bool:
    """Whether the half-sets are those that the particles had in CryoSPARC."""
    column = f"alignments{particles.poses}/split"
    return bool(plan.original and particles.random_subset is None and column in plan.original.originals.columns)


def _half_set_remarks(particles: Particles) -> Iterator[Problem]:
    subset, count, column = particles.random_subset, len(particles), particles.called("random_subset")
    if subset is None:
        yield problem("half-sets-missing", f"the file has no {column}", count=count)
        return
    ignore = "Choose to ignore half-sets if CryoSPARC is to split the particles again."
    if below := int((subset < 1).sum()):
        message = f"{count_of(below, 'particle')} in no half-set ({column} below 1), written as the first"
        yield problem("half-sets-missing", message, count=below, hint=ignore)
    if above := int((subset > 2).sum()):
        message = f"{count_of(above, 'particle')} with {column} above 2, of which CryoSPARC knows nothing"
        yield problem("half-sets-missing", message, count=above, hint=ignore, severity=Severity.WARNING)
    elif count > 1 and not below and (subset == subset[0]).all():
        message = f"all particles are in half-set {subset[0]:g}"
        yield problem("half-sets-missing", message, count=count, hint=ignore)
