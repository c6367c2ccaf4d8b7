"""What the Particles page says that a file holds."""

from __future__ import annotations

from ....core.parameters import ImportParameters
from ....core.particles import Particles
from ....core.plan.plan import ImportPlan
from ....core.problems import Severity, count_of


def file_facts(plan: ImportPlan) -> list[tuple[str, str]]:
    """What is known of the particles, as pairs of name and value."""
    particles = plan.all_particles
    if particles is None:
        return []
    counts = plan.counts()
    if not particles.has_images:
        return _facts_of_picks(plan, particles)
    files = [("Files", f"{len(plan.inputs):,}, joined")] if len(plan.inputs) > 1 else []
    facts = [*files, ("Written by", particles.dialect), ("Particles", f"{len(particles):,}")]
    if plan.stacks:
        missing = sum(not found.path for found in plan.stacks.located.found)
        total = len(plan.stacks.files) + missing  # several names can lead to one file
        facts.append(("Stacks", f"{total:,}" + (f", {missing:,} not found" if missing else ", all found")))
        facts += [("Found by", f"{rule} ({count:,})") for rule, count in plan.stacks.located.rules.items()]
        if plan.stacks.box:
            facts.append(("Box", f"{plan.stacks.box} × {plan.stacks.box} pixels"))
    facts.append(("Optics groups", f"{counts['optics_groups']:,}"))
    sizes = dict.fromkeys(
        f"{g.pixel_size_A.value:.4g} Å ({g.pixel_size_A.source})" for g in plan.groups if g.pixel_size_A
    )
    facts += [("Pixel size", size) for size in list(sizes)[:3]]
    holds = {
        "CTF": "defocus of each particle" if particles.defocus_u_A is not None else "none",
        **_alignments(particles, plan.parameters),
        "Coordinates": "yes" if particles.coordinates_px is not None else "none",
        "Micrographs": f"{len(particles.micrograph_names):,}"
        if particles.micrograph_index is not None
        else "not named",
    }
    facts += list(holds.items())
    aberrations = sorted({label for group in particles.optics_groups for label in group.aberrations})
    if aberrations:
        facts.append(("Aberrations", ", ".join(aberrations) + " (not imported)"))
    return facts + _not_imported(plan)


def _facts_of_picks(plan: ImportPlan, particles: Particles) -> list[tuple[str, str]]:
    facts = [("What was understood", particles.in_words()), ("Images", "none: only where the particles lie")]
    facts.append(
        ("CTF", f"defocus: {particles.called('defocus_u_A')}" if particles.defocus_u_A is not None else "none")
    )
    if particles.poses:
        facts += list(_alignments(particles, plan.parameters).items())
    return facts + _not_imported(plan)


def _not_imported(plan: ImportPlan) -> list[tuple[str, str]]:
    found = [p for p in plan.problems if p.code == "columns-not-imported" and p.severity is Severity.INFO]
    return [("Not imported", count_of(p.count, "column")) for p in found]


def _alignments(particles: Particles, p: ImportParameters) -> dict[str, str]:
    """Poses, shifts, half-sets and classes of the file, and how they are imported."""
    why_not = "Ignore pose data is on" if p.ignore_pose_data else "" if particles.poses else "there are no angles"

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
