"""The report of a repair of links."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ..parameters import RunOptions
from ..report.report import software
from .relink import Relinking


def relink_report(plan: Relinking, status: str, data: str, options: RunOptions) -> dict[str, Any]:
    """What became of repairing links: link name → old and new target."""
    return {
        "software": software(),
        "status": status,
        "parameters": {"data": data} | asdict(options),
        "counts": {"links": len(plan.links), "broken": len(plan.broken), "changes": len(plan.changes)},
        "changes": {name: list(targets) for name, targets in plan.changes.items()},
        "problems": [problem.to_json() for problem in plan.problems],
    }
