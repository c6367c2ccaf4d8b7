"""The report of an import, whatever became of it: `import.json`, and the same as text for people."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from ... import __version__
from ..atomic import write_whole
from ..exposures.placing import Placing, reported
from ..parameters import RunOptions
from ..plan.plan import ImportPlan
from .claims import claims_of
from .contents import carried_slots

_NAME = "cryoimport-gui"


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
        "inputs": _inputs(plan),
        "parameters": plan.parameters.to_json() | asdict(options or RunOptions()),
        "counts": plan.counts(),
        "claims": [claim.to_json() for claim in claims_of(plan)],
        "optics_groups": [group.to_json() for group in plan.groups if group.particles or not plan.particles],
        "data_sign": _data_sign(plan),
        "poses": _poses(plan),
        "original": _original(plan),
        "trims": _trims(plan),
        **(reported(plan.placing) if plan.placing else dict.fromkeys(reported(Placing()))),
        "stacks_found_by": dict(plan.stacks.located.rules) if plan.stacks else {},
        "slots": list(plan.slots),
        "problems": [problem.to_json() for problem in plan.problems],
        "outputs": dict(outputs or {"dataset": None, "result_group": None, "folder": None}),
        "timings_s": dict(plan.timings_s),
    }


def software() -> dict[str, str]:
    return {"name": _NAME, "version": __version__, "numpy": np.__version__}


def report_text(report: Mapping[str, Any]) -> str:
    return json.dumps(_finite(report), indent=2, allow_nan=False) + "\n"


def _finite(value: Any) -> Any:
    """JSON has neither nan nor infinity: they become null."""
    if isinstance(value, Mapping):
        return {name: _finite(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_finite(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _inputs(plan: ImportPlan) -> list[dict[str, Any]]:
    return [{"path": os.path.abspath(file.path), "rows": file.rows} for file in plan.inputs]


def why_no_report(path: str, inputs: Iterable[str]) -> str:
    """Why a report may not be written to a path, in words; empty if it may.

    It may replace an earlier report of this program, and nothing else.
    """
    if not os.path.lexists(path):
        return ""
    for other in inputs:
        if os.path.exists(path) and os.path.exists(other) and os.path.samefile(path, other):
            return f"{path} is an input of this import"
    if os.path.isfile(path) and not _is_report(path):
        return f"{path} exists and is no report of this program"
    return ""


def _is_report(path: str) -> bool:
    try:
        if os.path.getsize(path) == 0:
            return True
        with open(path, encoding="utf-8") as file:
            content = json.load(file)
    except (OSError, ValueError, RecursionError):
        return False
    software = content.get("software") if isinstance(content, dict) else None
    return isinstance(software, dict) and software.get("name") == _NAME


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
        "stacks_judged": verdict.stacks_judged if verdict else 0,
        "map_sign": sign.map_sign or None,
    }


def _poses(plan: ImportPlan) -> dict[str, Any]:
    """Correlations are means over the images, from -1 to 1; explained shares are of their signal."""
    found = plan.poses_check
    check = found.check
    return {
        "verdict": found.verdict,
        "correlation": _rounded(check.own.mean()) if check else None,
        "shuffled_correlation": _rounded(check.dealt.mean()) if check else None,
        "no_shifts_correlation": _rounded(check.correlation_of("no-shifts")) if check else None,
        "explained": _rounded(check.explained) if check else None,
        "shuffled_explained": _rounded(check.explained_dealt) if check else None,
        "sampled": len(found.rows),
        "suspect": found.suspect or None,
        "words": found.words,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 4)


def _original(plan: ImportPlan) -> dict[str, Any] | None:
    if plan.original is None:
        return None
    return {
        "file": os.path.abspath(plan.original.originals.source),
        "matched": dict(plan.original.matched.rules),
        "carried_slots": carried_slots(plan),
    }


def _trims(plan: ImportPlan) -> dict[str, Any] | None:
    if plan.matching is None:
        return None
    return vars(plan.matching.rules) | {"source": plan.matching.rules_source}
