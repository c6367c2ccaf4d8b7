"""What the window offers for each kind of problem: changes that fix it, and the place to look at.

`REMEDIES` has an entry for every code of `core.problems.CODES`; the pages say which codes belong to them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..core.parameters import ImportParameters, update
from ..core.plan.output import free_folder
from ..core.plan.plan import ImportPlan
from ..core.plan.poses_problems import without_bad_stacks
from ..core.problems import CODES, Problem, Severity

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Fix:
    """Parameters that fix a problem: `values` gives them; empty where they cannot help."""

    label: str
    values: Callable[[ImportPlan], Values]


@dataclass(frozen=True)
class Remedy:
    """`place` is the name of the editor to go to on the page of the code; empty: none."""

    place: str = ""
    fixes: tuple[Fix, ...] = ()


def _setting(label: str, **values: Any) -> Fix:
    """Offered unless the parameters have these values already."""

    def changed(plan: ImportPlan) -> Values:
        return {} if all(getattr(plan.parameters, name) == value for name, value in values.items()) else values

    return Fix(label, changed)


def _suggested_data(plan: ImportPlan) -> Values:
    folder = plan.stacks.located.suggested_data if plan.stacks else ""
    return {"data": folder} if folder else {}


def _locations_only(plan: ImportPlan) -> Values:
    """Offered where the file says where the particles lie."""
    particles = plan.all_particles
    is_of_use = particles is not None and particles.has_places and not plan.parameters.ignore_raw_data
    return {"ignore_raw_data": True} if is_of_use else {}


def _keep_unmatched(plan: ImportPlan) -> Values:
    """Not offered for picks: without a place they say nothing."""
    particles, p = plan.all_particles, plan.parameters
    is_pick = particles is not None and not (particles.has_images or particles.poses)
    return {} if is_pick or p.on_unmatched == "keep" else {"on_unmatched": "keep"}


def _free_output(plan: ImportPlan) -> Values:
    return {"output": free_folder(plan.parameters.output)} if plan.parameters.output else {}


def _leaving_out(label: str, policy: str) -> Fix:
    """Offered where some rows would be left."""

    def changed(plan: ImportPlan) -> Values:
        p = update(plan.parameters, {policy: "leave-out"})
        return {} if p == plan.parameters or not _rows_left(plan, p) else {policy: "leave-out"}

    return Fix(label, changed)


def _rows_left(plan: ImportPlan, p: ImportParameters) -> int:
    """How many rows the policies of `p` would leave."""
    left_out = plan.doubtful.left_out(p.on_bad == "leave-out", p.on_unmatched == "leave-out")
    return len(plan.all_particles or ()) - left_out


def _numbers_from(number: str) -> Fix:
    """Offered where the poses fit the next or the previous image of their stack."""

    def changed(plan: ImportPlan) -> Values:
        is_so = plan.poses_check.image_numbers_from == number != plan.parameters.image_numbers_from
        return {"image_numbers_from": number} if is_so else {}

    return Fix(f"Count image numbers from {number}", changed)


def _without_bad_stacks(plan: ImportPlan) -> Values:
    condition = without_bad_stacks(plan, plan.poses_check)
    return {"select": (*plan.parameters.select, condition)} if condition else {}


_LEAVE_OUT = _leaving_out("Leave these rows out", "on_bad")
_SUGGEST = _setting("Find trimming rules", suggest_trims=True)
_NO_EXPOSURES = _setting("Import without exposures", exposures=())
_NO_ORIGINAL = _setting("Import them as new particles", original="")
_DETECT_SIGN = _setting("Use the detected data sign", data_sign="auto")
_NO_POSES = _setting("Import without poses", ignore_pose_data=True)
_PAIRS = "pose_pairs"
_META, _DATA, _OPTICS, _OUTPUT = (Remedy(place) for place in ("meta", "data", "optics_table", "output"))
_ALL_ROWS = _setting("Import all rows", select=())
_NOTHING = Remedy()
USE_FOLDER = "Use the folder that has them"

REMEDIES: dict[str, Remedy] = {
    "meta-not-found": _META,
    "meta-unreadable": _META,
    "meta-not-star": _META,
    "meta-no-particles": _META,
    "meta-row-width": _META,
    "meta-not-2d-stack": _META,
    "image-name-missing": Remedy("meta", (Fix("Import locations only", _locations_only),)),
    "image-name-bad": _META,
    "optics-groups-renumbered": _NOTHING,
    "selection-unknown": Remedy("meta", (_ALL_ROWS,)),
    "selection-empty": Remedy("meta", (_ALL_ROWS,)),
    "images-ctf-corrected": _NOTHING,
    "value-not-finite": _META,
    "optics-group-unknown": _META,
    "microscope-value-missing": _OPTICS,
    "microscope-value-odd": _OPTICS,
    "stack-missing": Remedy("data", (Fix(USE_FOLDER, _suggested_data),)),
    "stack-ambiguous": _DATA,
    "stack-empty": _DATA,
    "stack-not-mrc": _DATA,
    "stack-truncated": _DATA,
    "stack-longer": _NOTHING,
    "stack-changed": _DATA,
    "stack-not-square": _DATA,
    "box-mismatch": _META,
    "image-index-zero": Remedy("meta", (_setting("Count image numbers from 0", image_numbers_from="0"),)),
    "image-index-out-of-range": _DATA,
    "pixel-size-disagrees": _OPTICS,
    "pixel-sizes-differ": _OPTICS,
    "stack-rescaled": _DATA,
    "override-odd": _OPTICS,
    "stack-format-doubtful": _NOTHING,
    "image-size-disagrees": _DATA,
    "shift-odd": _META,
    "stack-elsewhere": _DATA,
    "particle-duplicate": _NOTHING,
    "symmetry-expanded": _NOTHING,
    "half-sets-mixed": _NOTHING,
    "exposures-missing": Remedy("exposures"),
    "exposures-unreadable": Remedy("exposures", (_NO_EXPOSURES,)),
    "micrograph-name-missing": Remedy("exposures", (_NO_EXPOSURES,)),
    "exposure-unmatched": Remedy(
        "remove_leading_uid",
        (
            _SUGGEST,
            Fix("Keep them without a location", _keep_unmatched),
            _leaving_out("Leave them out", "on_unmatched"),
        ),
    ),
    "exposure-ambiguous": Remedy("remove_leading_uid", (_SUGGEST,)),
    "exposure-doubtful": Remedy("remove_leading_uid"),
    "coordinates-missing": _NOTHING,
    "coordinates-outside": Remedy("coordinate_scale", (_setting("Detect the scale", coordinate_scale="auto"),)),
    "coordinates-scaled": Remedy("coordinate_scale"),
    "coordinate-scale-unclear": Remedy("coordinate_scale"),
    "exposures-mirrored": Remedy("mirror_poses", (_setting("Detect mirrored exposures", mirror_poses="auto"),)),
    "locations-elsewhere": Remedy("exposures"),
    "coordinate-y-unclear": Remedy("coordinate_y", (_setting("Detect which way y runs", coordinate_y="auto"),)),
    "micrographs-unreadable": Remedy("exposures"),
    "original-unreadable": Remedy("original", (_NO_ORIGINAL,)),
    "original-unmatched": Remedy("original", (_NO_ORIGINAL,)),
    "original-ambiguous": Remedy("original", (_NO_ORIGINAL,)),
    "ctf-missing": _NOTHING,
    "ctf-aberrations-dropped": _OPTICS,
    "pose-missing": _NOTHING,
    "pose-placeholder": Remedy("meta", (_NO_POSES,)),
    "poses-do-not-fit": Remedy(_PAIRS, (_numbers_from("0"), _numbers_from("1"), _NO_POSES)),
    "shifts-do-not-fit": Remedy(_PAIRS, (_NO_POSES,)),
    "ctf-does-not-fit": _OPTICS,
    "poses-unclear": Remedy(_PAIRS, (Fix("Leave these stacks out", _without_bad_stacks),)),
    "half-sets-missing": _NOTHING,
    "columns-not-imported": _NOTHING,
    "image-values-odd": _DATA,
    "data-sign-unclear": Remedy("data_sign"),
    "data-sign-contradicts": Remedy("data_sign", (_DETECT_SIGN,)),
    "output-exists": Remedy("output", (Fix("Use the next free name", _free_output),)),
    "output-not-writable": _OUTPUT,
    "output-no-space": _OUTPUT,
    "output-outside-project": _OUTPUT,
    "output-job-number": Remedy("output", (Fix("Use another name", _free_output),)),
    "output-inside-data": _OUTPUT,
}


def fixes_of(problem: Problem, plan: ImportPlan) -> list[tuple[str, Values]]:
    """Label and parameters of each change that fixes a problem; there is none for a note."""
    fixes = REMEDIES[problem.code].fixes
    if CODES[problem.code].acceptable and not problem.accepted:
        accepted = (*plan.parameters.accept, problem.code)
        fixes = (*fixes, Fix("Import anyway", lambda _: {"accept": accepted}))
    elif problem.accepted:
        others = tuple(code for code in plan.parameters.accept if code != problem.code)
        fixes = (*fixes, Fix("Do not import with this", lambda _: {"accept": others}))
    is_unseen = plan.stacks is None and problem.code == "stack-missing"  # no data path: the rows are not known
    if CODES[problem.code].per_row and problem.severity is Severity.ERROR and not is_unseen:
        fixes = (*fixes, _LEAVE_OUT)
    return [(fix.label, values) for fix in fixes if (values := fix.values(plan))]
