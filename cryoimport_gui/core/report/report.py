"""The report of an import, whatever became of it: `import.json`, and the same as text for people."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from ... import __version__
from ..atomic import write_whole
from ..exposures.locations import reported
from ..parameters import RunOptions
from ..plan.plan import ImportPlan


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
        "software": software(),
        "status": status,
        "parameters": plan.parameters.to_json() | asdict(options or RunOptions()),
        "counts": plan.counts(),
        "optics_groups": [group.to_json() for group in plan.groups if group.particles or not plan.particles],
        "data_sign": _data_sign(plan),
        "trims": _trims(plan),
        "coordinate_y": reported(plan.placing, plan.matching) if plan.placing and plan.matching else None,
        "stacks_found_by": dict(plan.stacks.located.rules) if plan.stacks else {},
        "slots": list(plan.slots),
        "problems": [problem.to_json() for problem in plan.problems],
        "outputs": dict(outputs or {"dataset": None, "result_group": None, "folder": None}),
        "timings_s": dict(plan.timings_s),
    }


def software() -> dict[str, str]:
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
    if plan.matching is None:
        return None
    return vars(plan.matching.rules) | {"source": plan.matching.rules_source}
