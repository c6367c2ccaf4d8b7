"""The exposures of a project that a plan found by names, in the order in which pictures put them."""

from __future__ import annotations

from collections.abc import Sequence

from ..exposures.of_project import JobExposures
from ..exposures.seen_in_project import matched_alike, seen_in_pictures
from ..optics.microscope import overridden, resolve_groups
from ..progress import Progress, quiet
from ..stacks.sample import ParticleImages
from .plan import ImportPlan
from .planner import stacks_to_compare

_IMAGE_BYTES = 64 << 20


def ranked_by_pictures(
    found: Sequence[JobExposures], plan: ImportPlan, progress: Progress = quiet
) -> list[JobExposures]:
    """See `seen_in_pictures`; of the particles that the plan chooses.

    Raises:
        Cancelled: `progress` said so.
    """
    particles, p = plan.all_particles, plan.parameters
    if particles is None or particles.micrograph_index is None or not matched_alike(found):
        return list(found)
    stacks = stacks_to_compare(particles, p.data, progress) if plan.stacks is None else plan.stacks
    images = ParticleImages(particles, stacks, cache_bytes=_IMAGE_BYTES) if stacks and stacks.box else None
    optics = overridden(resolve_groups(particles, stacks, None, None), p)
    return seen_in_pictures(found, p.project, particles, optics, images, p, progress)
