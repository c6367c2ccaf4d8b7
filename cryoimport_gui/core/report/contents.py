"""What an import would write, in words, before anything is written: rows, links, bytes, fields and their sources."""

from __future__ import annotations

from collections.abc import Iterator
from string import Formatter

from ..dataset.schema import Field
from ..particles import MICROSCOPE_VALUES, Particles
from ..plan.original_fields import ORIGINAL, is_carried
from ..plan.plan import ImportPlan


def will_write(plan: ImportPlan) -> list[tuple[str, str]]:
    """Pairs of name and text; a name with several texts comes once for each."""
    if plan.particles is None:
        return []
    return [*_amounts(plan), *_assumptions(plan), *_not_written(plan), *_fields(plan)]


def _amounts(plan: ImportPlan) -> Iterator[tuple[str, str]]:
    counts = plan.counts()
    yield "Particles", f"{counts['particles']:,} of {counts['rows']:,} rows"
    if plan.left_out:
        yield "Left out", f"{counts['left_out']:,} rows, listed in rejected.star"
    if plan.original:
        yield "Restored", f"{counts['uids_restored']:,} particles with the uid of their original"
    links = f"{counts['links']:,} to stacks, which are not copied" if plan.stacks else "none"
    yield "Links", "none: CryoSPARC has these images already" if plan.carries_images else links
    yield "Size", f"about {readable_bytes(plan.dataset_bytes)} for the dataset"
    if plan.matching:
        matched, exposures = counts["particles_matched"], counts["exposures_matched"]
        yield "Exposures", f"{matched:,} particles on {exposures:,} exposures"


def _assumptions(plan: ImportPlan) -> Iterator[tuple[str, str]]:
    same: dict[str, list[str]] = {}
    for field in not_settled(plan):
        same.setdefault(field.not_settled, []).append(field.name)
    for assumption, names in same.items():
        yield "Not settled", f"{', '.join(names)}: {assumption}"


def not_settled(plan: ImportPlan) -> list[Field]:
    """The fields whose value is an assumption that neither CryoSPARC's documents nor the pictures prove."""
    open_slots = {
        "alignments2D": True,
        "ctf": any(group.aberrations for group in plan.groups if group.particles),
        "location": not _y_is_seen(plan),
    }
    return [f for f in plan.fields if open_slots.get(f.slot) and f.not_settled and not is_carried(f)]


def _y_is_seen(plan: ImportPlan) -> bool:
    return plan.placing is not None and plan.placing.is_seen


def _not_written(plan: ImportPlan) -> Iterator[tuple[str, str]]:
    particles, p = plan.particles, plan.parameters
    assert particles is not None
    poses = "pose data is ignored" if p.ignore_pose_data else "the file has no angles"
    why = {
        "blob": "raw data is ignored" if particles.has_images and p.ignore_raw_data else "there are no images",
        "ctf": "the file has no defocus" if particles.has_images else "neither file nor exposures have a defocus",
        "alignments3D": "only psi is known" if plan.poses == "2D" else poses,
        "alignments2D": "" if plan.poses == "3D" else poses,
        "location": "the file has no coordinates" if plan.matching else "no source exposures are linked",
        "mscope_params": "no total dose is given",
    }
    for slot, reason in why.items():
        if slot not in plan.slots and reason:
            yield "Not written", f"{slot}: {reason}"
    if particles.columns_not_imported:
        yield "Not imported", ", ".join(particles.columns_not_imported)


def _fields(plan: ImportPlan) -> Iterator[tuple[str, str]]:
    open_fields = not_settled(plan)
    written = plan.fields
    for slot in dict.fromkeys(field.slot for field in written):
        constants: dict[str, list[str]] = {}
        for field in (field for field in written if field.slot == slot):
            name, mark = field.name.partition("/")[2], " (not settled)" if field in open_fields else ""
            if callable(field.value):
                yield slot, f"{name}  ←  {where_from(plan, field)}{mark}"
            else:
                constants.setdefault(f"{field.value:g}{mark}", []).append(name)
        for value, names in constants.items():
            yield slot, f"{', '.join(names)}  =  {value}"


def carried_slots(plan: ImportPlan) -> list[str]:
    """The slots that are the originals' in every field and every row."""
    particles = plan.particles
    if particles is None or plan.original is None:
        return []
    has_ctf = particles.keeps_ctf is not None and bool(particles.keeps_ctf.all())
    whole = {f.name for f in plan.fields if f.origin == ORIGINAL or (has_ctf and f.slot == "ctf" and is_carried(f))}
    changed = {field.slot for field in plan.fields if field.name not in whole}
    return [slot for slot in plan.slots if slot not in changed]


def where_from(plan: ImportPlan, field: Field) -> str:
    """Where the values of a field come from in this import."""
    particles = plan.particles
    assert particles is not None
    if is_carried(field):
        return Formatter().vformat(field.origin, (), _Called(particles))
    if field.name == "blob/sign" and plan.data_sign:
        return f"data sign, {plan.data_sign.source}"
    if field.name == "location/center_y_frac" and plan.placing:
        y = particles.called("coordinate_y_px")
        ways = {(g.flip, g.flip and g.mirrored) for g in plan.placing.groups}
        ways |= {(flip, flip and mirrored) for flip, mirrored in plan.placing.turned.values()}
        text = {
            (False, False): f"{y} / height",
            (True, False): f"1 - {y} / height",
            (True, True): f"(height - 1 - {y}) / height",
        }
        return ", or ".join(text[way] for way in sorted(ways)) or text[False, False]
    if field.of and field.of[0] in MICROSCOPE_VALUES:
        values = [getattr(group, field.of[0]) for group in plan.groups if group.particles]
        return ", ".join(dict.fromkeys(value.source if value else "0: not known" for value in values))
    if field.of == ("random_subset",) and plan.parameters.ignore_half_sets:
        return "0: half-sets are ignored"
    if field.of and all(getattr(particles, name) is None for name in field.of):
        columns = [particles.called(name) for _, name, _, _ in Formatter().parse(field.origin) if name]
        return f"{field.missing:g}: the file has no {' or '.join(columns)}"
    return Formatter().vformat(field.origin, (), _Called(particles))


class _Called(dict[str, str]):
    """Names of values → what the file's format calls them."""

    def __init__(self, particles: Particles) -> None:
        super().__init__(particles.column_names)

    def __missing__(self, name: str) -> str:
        return name.replace("_", " ")


def readable_bytes(count: float) -> str:
    """`187 kB`, `1.2 GB`."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if count >= 10 or unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def policy_outcomes(plan: ImportPlan) -> dict[str, str]:
    """What each choice of a policy leads to, in numbers; by parameter."""
    if plan.all_particles is None:
        return {"on_bad": "", "on_unmatched": ""}
    rows, doubtful, p = len(plan.all_particles), plan.doubtful, plan.parameters
    bad_left = p.on_bad == "leave-out"
    kept = rows - doubtful.left_out(bad_left, False)
    with_exposure = rows - doubtful.left_out(bad_left, True)
    out = {"on_bad": "No bad rows.", "on_unmatched": "Every particle has its exposure."}
    if doubtful.bad:
        left = rows - doubtful.left_out(True, p.on_unmatched == "leave-out")
        out["on_bad"] = f"Stop: nothing is imported  ·  leave out: {_imported(left, rows)}"
    if plan.matching is None:
        out["on_unmatched"] = "No exposures are linked."
    elif doubtful.unmatched:
        keep = f"{kept:,} of {rows:,} rows are imported, {kept - with_exposure:,} without a location"
        leave_out = _imported(with_exposure, rows)
        out["on_unmatched"] = f"Stop: nothing is imported  ·  keep: {keep}  ·  leave out: {leave_out}"
    return out


def _imported(kept: int, rows: int) -> str:
    if not kept:
        return "no row is left"
    return f"{kept:,} of {rows:,} rows are imported, {rows - kept:,} listed in rejected.star"
