"""What the page says below its headline."""

from __future__ import annotations

from ....core.pictures.reconstruction import FEWEST, LIMITS
from ....core.plan.plan import ImportPlan

_ROUND = (
    "A round particle looks the same from every direction, so a wrong angle cannot be seen. Pairs and map still show "
    "whether the particles are there and centred."
)
_WITHOUT_SIGNS = "All below is compared without the signs of the CTF."
_BY_EYE = (
    "Look at the pairs: where poses fit, a particle and its re-projection look alike. More particles may decide it."
)


def note(plan: ImportPlan) -> str:
    """What the verdict does not say, or what can be looked at where there is none; problems have their own hints."""
    found, p = plan.poses_check, plan.parameters
    if found.check is not None and found.check.ctf_doubt is not None:
        return _WITHOUT_SIGNS
    if found.fits_only_some:
        return LIMITS
    if found.check is not None:
        return {"fits": LIMITS, "not testable": _ROUND, "cannot tell": _BY_EYE}.get(found.check.answer, "")
    if plan.all_particles is None:
        return ""
    if not plan.all_particles.poses or p.ignore_pose_data:
        return "The particles are imported without alignments; Preview shows them."
    if p.ignore_raw_data or plan.stacks is None or not plan.stacks.box:
        return "Without images there is nothing to compare the poses with."
    if p.check_poses == "off":
        return "Set the check to Automatic to compare the poses with the images."
    return f"Preview shows the particles one by one. Poses can be checked from {FEWEST} particles on."
