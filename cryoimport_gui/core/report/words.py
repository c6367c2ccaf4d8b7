"""An import in a few lines of text: for the terminal, and for `import.log`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..exposures.trims import TrimRules
from ..plan.plan import ImportPlan
from ..problems import Severity, count_of, printable
from .claims import claims_of
from .contents import carried_slots, where_from

_TALLIED = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_VALUES = {
    "pixel_size_A": "pixel size {} Å",
    "voltage_kV": "{} kV",
    "cs_mm": "Cs {} mm",
    "amplitude_contrast": "amplitude contrast {}",
}


def import_log(report: Mapping[str, Any], plan: ImportPlan) -> str:
    """The report as text."""
    import datetime

    now = datetime.datetime.now().astimezone()
    lines = [f"{report['software']['name']} {report['software']['version']}, {now:%Y-%m-%d %H:%M:%S %z}", ""]
    lines += [*summary(plan), "", "Parameters"]
    lines += [f"  {name}: {value}" for name, value in report["parameters"].items() if value not in ("", [], False)]
    lines += ["", "Stacks found by"]
    lines += [f"  {rule}: {count}" for rule, count in report["stacks_found_by"].items()]
    lines += ["", "Fields"]
    lines += [f"  {field.name}: {where_from(plan, field)}" for field in plan.fields]
    lines += ["", "Problems"]
    lines += [f"  {line}" for problem in plan.problems for line in str(problem).splitlines()]
    lines += ["", "Seconds"]
    lines += [f"  {stage}: {seconds}" for stage, seconds in report["timings_s"].items()]
    return "\n".join(printable(line) for line in lines) + "\n"


def summary(plan: ImportPlan) -> list[str]:
    """A few lines for people: what was found, what will be written, and the five claims."""
    return [*overview(plan), *map(str, claims_of(plan))]


def overview(plan: ImportPlan, with_groups: bool = True) -> list[str]:
    """What was found, and what will be written; perhaps with a line for each optics group."""
    counts, lines = plan.counts(), []
    if plan.all_particles is not None:
        lines.append(
            f"{plan.all_particles.in_words()}, {count_of(counts['optics_groups'], 'optics group')}, "
            f"poses: {plan.all_particles.poses or 'none'}"
        )
    if plan.stacks:
        rules = ", ".join(f"{rule} ({count:,})" for rule, count in plan.stacks.located.rules.items())
        box = f", box {plan.stacks.box} px" if plan.stacks.box else ""
        lines.append(f"{count_of(counts['stacks'], 'stack')}{box}; found by: {rules or 'nothing'}")
    for group in plan.groups:
        if group.particles and with_groups:
            values = ((text, getattr(group, name)) for name, text in _VALUES.items())
            text = ", ".join(f"{text.format(f'{value.value:g}')} ({value.source})" for text, value in values if value)
            lines.append(f"optics group {group.id} {group.name}: {count_of(group.particles, 'particle')}; {text}")
    if plan.matching:
        trimming = (
            f"trimming: {plan.matching.rules_source}" if plan.matching.rules != TrimRules() else "names as they are"
        )
        trimming += ", confirmed by pictures" if plan.matching.compared else ""
        lines.append(
            f"{counts['particles_matched']:,} particles matched to {counts['exposures_matched']:,} of "
            f"{counts['exposures']:,} exposures ({trimming})"
        )
    if plan.original:
        lines.append(restored_words(plan))
    if plan.left_out:
        lines.append(f"{count_of(counts['left_out'], 'row')} left out")
    tally = [(severity, sum(p.severity is severity for p in plan.problems)) for severity in Severity]
    found = ", ".join(count_of(count, _TALLIED[severity]) for severity, count in tally if count)
    lines.append(
        f"{counts['particles']:,} particles to import: {', '.join(plan.slots) or 'nothing'}; {found or 'no problems'}"
    )
    return lines


def restored_words(plan: ImportPlan) -> str:
    """How many particles are restored, by which rule, and what they keep."""
    assert plan.original is not None
    rules = ", ".join(f"{rule} ({count:,})" for rule, count in plan.original.matched.rules.items())
    kept = ", ".join(carried_slots(plan)) or "nothing else"
    particles = plan.particles
    if not plan.original.matched.rules:
        return "no particle is restored: no row is one of the originals"
    if particles is not None and particles.keeps_ctf is not None and particles.original_row is not None:
        refitted = int((~particles.keeps_ctf & (particles.original_row >= 0)).sum())
        kept += f"; CTF was refitted for {count_of(refitted, 'particle')}" if refitted else ""
    restored = count_of(plan.counts()["uids_restored"], "particle")
    return f"{restored} restored with the uid of the original, found by: {rules or 'nothing'}; kept: {kept}"
