"""The report as one page to read, to print and to mail: self-contained, without scripts.

The first part is the evidence: each claim with its pictures, on one A4 page.  The next page has the rest: problems,
 exposures, parameters, and the command that repeats the import.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterator, Mapping
from typing import Any

from ..looks.tiles import Tiles
from ..parameters import parameter
from ..plan.plan import ImportPlan
from ..problems import CODES
from ..progress import Progress, quiet
from .claims import ClaimState, claims_of
from .command import as_command
from .contents import will_write
from .evidence import MOST_GROUPS, evidence_of, more_groups
from .markup import html_list, html_table, html_text
from .report import make_report
from .words import overview

_CLASS_OF_STATE = dict(zip(ClaimState, ("good", "info", "warning", "error")))
#: Columns of the report's `locations` → their titles.
_LOCATIONS = {
    "group": "Group",
    "particles": "Particles",
    "exposures": "Exposures",
    "found": "Found on",
    "mirrored": "Mirrored",
    "elsewhere": "Elsewhere",
    "not_decided": "Not decided",
    "y": "y",
    "y_source": "y from",
    "scale": "Scale",
    "scale_source": "Scale from",
    "correlation": "Correlation",
}
_STYLE = """
body{font:15px/1.4 system-ui,sans-serif;max-width:62em;margin:2em auto;padding:0 1em;color:#1b1f24;background:#fff}
h1{font-size:1.5em;margin:.2em 0}h2{font-size:1.15em;margin:1.4em 0 .3em;border-bottom:1px solid #ccc}p{margin:.3em 0}
table{border-collapse:collapse;font-size:.9em;margin:.3em 0}
td,th{padding:.1em .8em .1em 0;text-align:left;vertical-align:top;overflow-wrap:anywhere}
th{white-space:nowrap}ul{margin:.3em 0;padding-left:1.3em}li{margin:.1em 0}
code{font-size:.92em;overflow-wrap:anywhere}pre{white-space:pre-wrap;overflow-wrap:anywhere;font-size:.9em}
.error{color:#b3261e}.warning{color:#8a5300}.info{color:#1a5fb4}.good{color:#1b6e3c}
.claim{margin:.9em 0;border-top:1px solid #ddd;padding-top:.4em}.claim>p{font-size:1.1em}
.claim>p b{display:inline-block;width:1.3em}.claim ul{list-style:none;padding:0;font-size:.85em;color:#4a525c}
figure{display:inline-block;vertical-align:top;box-sizing:border-box;margin:.3em 0;padding-right:.8em}
figcaption{font-size:.8em;line-height:1.25;color:#4a525c}img,svg{display:block;width:100%}summary{cursor:pointer}
@page{size:A4;margin:10mm 12mm}
@media print{
body{font-size:8.5pt;line-height:1.25;max-width:none;margin:0;padding:0}
.claim{margin:1.2mm 0;padding-top:.8mm;break-inside:avoid}.claim>p{font-size:1em}.rest{break-before:page}
h2{break-after:avoid;margin-top:1em}figure,.problem,tr{break-inside:avoid}.rest li:nth-child(n+4),.screen{display:none}
}
"""


def report_page(plan: ImportPlan, status: str, progress: Progress = quiet, tiles: Tiles | None = None) -> str:
    """Everything that is known of an import as HTML; whatever comes from files is escaped.

    Args:
        tiles: The first page of particles, if it is there already.

    Raises:
        Cancelled: `progress` said so.
    """
    report = make_report(plan, status)
    now = datetime.datetime.now().astimezone()
    software = f"{report['software']['name']} {report['software']['version']}"
    parts = [
        "<!DOCTYPE html><html lang=en><meta charset=utf-8><title>Particle import</title>",
        f"<style>{_STYLE}</style><h1>Particle import: {html_text(status)}</h1>",
        f"<p>{html_text(_of_what(plan))}{html_text(software)}, {now:%Y-%m-%d %H:%M %z}</p>",
        *_claims(plan, tiles, progress),
        "<div class=rest><h2>Overview</h2>",
        html_list(overview(plan, with_groups=False)),
        "<h2>Problems</h2>",
        *(_problem(problem) for problem in report["problems"]),
        "" if report["problems"] else "<p>None.</p>",
        "<h2>Exposures</h2>",
        *_exposures(report),
        "<h2>Parameters</h2>",
        _parameters(report["parameters"]),
        f"<p>The same import as a command:</p><pre>{html_text(as_command(plan.parameters))}</pre>",
        "<details class=screen><summary>What is written</summary>",
        html_table(will_write(plan)),
        "</details></div></html>",
    ]
    return "\n".join(parts)


def _of_what(plan: ImportPlan) -> str:
    """The files, by name."""
    names = [os.path.basename(file.path) for file in plan.inputs]
    return f"{names[0]}{f' and {len(names) - 1} more' if len(names) > 1 else ''}. " if names else ""


def _problem(problem: Mapping[str, Any]) -> str:
    examples = "".join(f"<li><code>{html_text(example)}</code></li>" for example in problem["examples"])
    severity, title = problem["severity"], CODES[problem["code"]].title
    return (
        f"<div class=problem><p><b class={severity}>{severity.capitalize()}: {html_text(title)}</b> "
        f"({problem['count']:,}) "
        f"<code>{html_text(problem['code'])}</code><br>{html_text(problem['message'])}.<br>"
        f"→ {html_text(problem['hint'])}</p>" + (f"<ul>{examples}</ul>" if examples else "") + "</div>"
    )


def _claims(plan: ImportPlan, tiles: Tiles | None, progress: Progress) -> Iterator[str]:
    for claim in claims_of(plan):
        state = f'<b class={_CLASS_OF_STATE[claim.state]} title="{claim.state.value}">{claim.state.sign}</b>'
        yield f"<section class=claim><p>{state} {html_text(claim.words)}</p>"
        yield evidence_of(plan, claim.topic, tiles, progress)
        yield "</section>"


def _exposures(report: Mapping[str, Any]) -> Iterator[str]:
    trims = report["trims"]
    if trims is None:
        yield "<p>No source exposures were given.</p>"
        return
    counts, y = report["counts"], report["coordinate_y"] or {}
    cuts = [(_title(name), _value(value)) for name, value in trims.items() if name != "source" and value]
    rows = [
        ("Particles with an exposure", f"{counts['particles_matched']:,} of {counts['particles']:,}"),
        ("Exposures with particles", f"{counts['exposures_matched']:,} of {counts['exposures']:,}"),
        *cuts,
        *([("Cuts from", trims["source"])] if cuts else []),
        *([("Poses of mirrored exposures", "mirrored")] if y.get("mirrored_poses") else []),
    ]
    yield html_table(rows)
    lines = sorted(report["locations"] or [], key=lambda line: -line["particles"])
    if lines:
        of_groups = ([_value(line[name]) for name in _LOCATIONS] for line in lines[:MOST_GROUPS])
        yield html_table(of_groups, _LOCATIONS.values())
        yield more_groups(len(lines))


def _parameters(parameters: Mapping[str, Any]) -> str:
    given = {name: value for name, value in parameters.items() if value not in ("", [], {}, False, None)}
    return html_table((_title(name), _value(value)) for name, value in given.items())


def _title(parameter_name: str) -> str:
    title: str = parameter(parameter_name).metadata["title"]
    return title


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "–" if value is None else ", ".join(map(str, value)) if isinstance(value, list) else str(value)
