"""The report of an import, whatever became of it: `import.json`, and the same as text for people."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from ... import __version__
from ..dataset.schema import SCHEMA
from ..exposures.locations import reported
from ..exposures.trims import TrimRules
from ..job.relink import Relinking
from ..parameters import RunOptions
from ..plan.planner import ImportPlan
from ..problems import Severity, count_of, printable
from .contents import where_from


def make_report(
    plan: ImportPlan,
    status: str,
    outputs: Mapping[str, str | None] | None = None,
    options: RunOptions | None = None,
) -> dict[str, Any]:
    """Everything that is known of an import, ready for JSON.

    Args:
        outputs: Names of what was written.
        options: How the command was run; stands among the parameters.
    """
    return {
        "software": _software(),
        "status": status,
        "parameters": plan.parameters.to_json() | asdict(options or RunOptions()),
        "counts": plan.counts(),
        "optics_groups": [group.to_json() for group in plan.groups if group.particles or not plan.particles],
        "data_sign": _data_sign(plan),
        "trims": _trims(plan),
        "coordinate_y": reported(plan.placing, plan.linking) if plan.placing and plan.linking else None,
        "stacks_found_by": dict(plan.stacks.located.rules) if plan.stacks else {},
        "slots": list(plan.slots),
        "problems": [problem.to_json() for problem in plan.problems],
        "outputs": dict(outputs or {"dataset": None, "result_group": None, "folder": None}),
        "timings_s": dict(plan.timings_s),
    }


def relink_report(plan: Relinking, status: str, data: str, options: RunOptions) -> dict[str, Any]:
    """What became of mending links: link name → old and new target."""
    return {
        "software": _software(),
        "status": status,
        "parameters": {"data": data} | asdict(options),
        "counts": {"links": len(plan.links), "broken": len(plan.broken), "changes": len(plan.changes)},
        "changes": {name: list(targets) for name, targets in plan.changes.items()},
        "problems": [problem.to_json() for problem in plan.problems],
    }


def _software() -> dict[str, str]:
    return {"name": "cryoimport-gui", "version": __version__, "numpy": np.__version__}


def report_text(report: Mapping[str, Any]) -> str:
    return json.dumps(_finite(report), indent=2, allow_nan=False) + "\n"


def _finite(value: Any) -> Any:
    """JSON has neither nan nor infinity: they become null."""
    if isinstance(value, Mapping):
        return {name: _finite(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_finite(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def write_report(path: str, report: Mapping[str, Any]) -> None:
    """Write the report to a file of its own, whole or not at all."""
    write_whole(path, report_text(report))


def write_whole(path: str, text: str) -> None:
    """Write a text file that is there whole or not at all; through a link, and straight into a pipe or a device.

    Raises:
        OSError: As the file system gives it; what stood there is left as it was.
    """
    path = os.path.realpath(path)
    if os.path.exists(path) and not os.path.isfile(path):
        with open(path, "w", encoding="utf-8") as pipe:
            pipe.write(text)
        return
    partial = f"{path}.partial-{os.getpid()}"
    try:
        with open(partial, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(partial, path)
    except BaseException:
        if os.path.exists(partial):
            os.unlink(partial)
        raise


def _data_sign(plan: ImportPlan) -> dict[str, Any] | None:
    sign = plan.data_sign
    if sign is None:
        return None
    verdict = sign.verdict
    return {
        "value": sign.value,
        "source": sign.source,
        "particles_brighter": round(verdict.particles_brighter, 4) if verdict else None,
        "sampled": verdict.sampled if verdict else 0,
        "confidence": round(verdict.confidence, 4) if verdict else None,
    }


def _trims(plan: ImportPlan) -> dict[str, Any] | None:
    if plan.linking is None:
        return None
    return vars(plan.linking.rules) | {"source": plan.linking.rules_source}


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
    lines += [f"  {field.name}: {where_from(plan, field)}" for slot in plan.slots for field in SCHEMA[slot]]
    lines += ["", "Problems"]
    lines += [f"  {line}" for problem in plan.problems for line in str(problem).splitlines()]
    lines += ["", "Seconds"]
    lines += [f"  {stage}: {seconds}" for stage, seconds in report["timings_s"].items()]
    return "\n".join(printable(line) for line in lines) + "\n"


def summary(plan: ImportPlan) -> list[str]:
    """A few lines for people: what was found and what will be written."""
    counts, lines = plan.counts(), []
    if plan.all_particles is not None:
        lines.append(
            f"{plan.all_particles.dialect}: {count_of(counts['rows'], 'particle')}, "
            f"{count_of(counts['optics_groups'], 'optics group')}, "
            f"poses: {plan.all_particles.poses or 'none'}"
        )
    if plan.stacks:
        rules = ", ".join(f"{rule} ({count:,})" for rule, count in plan.stacks.located.rules.items())
        box = f", box {plan.stacks.box} px" if plan.stacks.box else ""
        lines.append(f"{count_of(counts['stacks'], 'stack')}{box}; found by: {rules or 'nothing'}")
    for group in plan.groups:
        if group.particles:
            values = (
                (name, getattr(group, name)) for name in ("pixel_size_A", "voltage_kV", "cs_mm", "amplitude_contrast")
            )
            text = ", ".join(f"{name} {value.value:g} ({value.source})" for name, value in values if value)
            lines.append(f"optics group {group.id} {group.name}: {count_of(group.particles, 'particle')}; {text}")
    if sign := plan.data_sign:
        evidence = ""
        if verdict := sign.verdict:
            evidence = f"; {verdict.words}, confidence {verdict.confidence:.1%}"
        lines.append(f"data sign {sign.value:+d} ({sign.source}{evidence})")
    if plan.linking:
        trimming = (
            f"trimming: {plan.linking.rules_source}" if plan.linking.rules != TrimRules() else "names as they are"
        )
        lines.append(
            f"{counts['particles_matched']:,} particles linked to {counts['exposures_matched']:,} of "
            f"{counts['exposures']:,} exposures ({trimming})"
        )
    if plan.placing and (compared := plan.placing.verdict) and compared.sampled:
        reading = "flipped" if plan.placing.flip_y else "kept"
        evidence = f"{compared.keep_correlation:.2f} kept, {compared.flip_correlation:.2f} flipped"
        lines.append(
            f"y is {reading} ({plan.placing.source}; correlation with the micrographs {evidence}, "
            f"over {compared.sampled} particles)"
        )
    if plan.left_out:
        lines.append(f"{count_of(counts['left_out'], 'row')} left out")
    tally = [(severity, sum(p.severity is severity for p in plan.problems)) for severity in Severity]
    found = ", ".join(f"{count} {severity.value}{'s' * (count > 1)}" for severity, count in tally if count)
    lines.append(
        f"{counts['particles']:,} particles to import: {', '.join(plan.slots) or 'nothing'}; {found or 'no problems'}"
    )
    return lines
