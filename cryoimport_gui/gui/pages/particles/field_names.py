"""Which columns of the file become which fields, and where values were found."""

from __future__ import annotations

from ....core.parameters import ImportParameters
from ....core.particles import Particles
from ....core.plan.plan import ImportPlan
from ....core.problems import count_of

_MOST_SIZES = 3


def field_names(plan: ImportPlan) -> list[tuple[str, str]]:
    """Pairs of name and value."""
    particles = plan.all_particles
    if particles is None:
        return []
    rules = plan.stacks.located.rules if plan.stacks else {}
    facts = [("Stacks found", f"{rule} ({count:,})") for rule, count in rules.items()]
    sizes = dict.fromkeys(
        f"{g.pixel_size_A.value:.4g} Å ({g.pixel_size_A.source})" for g in plan.groups if g.pixel_size_A
    )
    facts += [("Pixel size", size) for size in list(sizes)[:_MOST_SIZES]]
    if particles.defocus_u_A is not None:
        facts.append(("Defocus", f"{particles.called('defocus_u_A')} → ctf"))
    if particles.has_images or particles.poses:
        facts += list(_alignments(particles, plan.parameters).items())
    if aberrations := sorted({label for group in particles.optics_groups for label in group.aberrations}):
        facts.append(("Aberrations", ", ".join(aberrations)))
    if columns := particles.columns_not_imported:
        facts.append(("Not imported", f"{count_of(len(columns), 'column')}: {', '.join(columns)}"))
    return facts


def _alignments(particles: Particles, p: ImportParameters) -> dict[str, str]:
    """Poses, shifts, half-sets and classes of the file, and how they are imported."""
    why_not = "pose data is ignored" if p.ignore_pose_data else "" if particles.poses else "there are no angles"

    def said(is_there: bool, written: str) -> str:
        return "none" if not is_there else f"not written: {why_not}" if why_not else written

    kinds = {"3D": "3D angles → alignments3D", "2D": "psi, without rot and tilt → alignments2D", "": ""}
    subset, number = particles.called("random_subset"), particles.called("class_number")
    half_sets = "ignored: CryoSPARC splits again" if p.ignore_half_sets else f"{subset} → split"
    unit = "px" if particles.shift_A is None else "A"
    shift = particles.called(f"shift_x_{unit}", f"shift_y_{unit}")
    return {
        "Poses": said(bool(particles.poses), kinds[particles.poses]),
        "Shifts": said(particles.shift_A is not None or particles.shift_px is not None, f"{shift} → shift"),
        "Half-sets": said(particles.random_subset is not None, half_sets),
        "Classes": said(particles.class_number is not None, f"{number} → class"),
    }
