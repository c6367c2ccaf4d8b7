"""The report as one page to read, to keep and to mail: self-contained, without scripts."""

from __future__ import annotations

import base64
import datetime
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..looks.poses import poses_look, poses_sheet, sheet_captions, stack_words
from ..looks.tiles import montage_of
from ..optics.aberrations import losses
from ..particles import MICROSCOPE_VALUES
from ..pictures.png import write_png
from ..plan.plan import ImportPlan
from ..problems import CODES, printable
from ..progress import Progress, quiet
from .claims import ClaimState, claims_of
from .command import as_command
from .contents import will_write
from .report import make_report
from .words import overview

_WORST_STACKS = 5
_CLASS_OF_STATE = dict(zip(ClaimState, ("good", "info", "warning", "error")))
_STYLE = """
body{font:15px/1.45 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#1b1f24;background:#fff}
h1{font-size:1.5em}h2{font-size:1.15em;margin-top:1.8em;border-bottom:1px solid #ccc}
table{border-collapse:collapse}td,th{padding:.2em .8em .2em 0;text-align:left;vertical-align:top}
img{max-width:100%}code{font-size:.92em;overflow-wrap:anywhere}pre{white-space:pre-wrap;overflow-wrap:anywhere}
.error{color:#b3261e}.warning{color:#8a5300}.info{color:#1a5fb4}.good{color:#1b6e3c}li{margin:.2em 0}
.claims{list-style:none;padding:0;font-size:1.1em}.claims b{display:inline-block;width:1.3em}
"""


def report_page(
    plan: ImportPlan, status: str, progress: Progress = quiet, picture: NDArray[np.uint8] | None = None
) -> str:
    """Everything that is known of an import as HTML; whatever comes from files is escaped.

    Args:
        picture: The montage, if it is there already.

    Raises:
        Cancelled: `progress` said so.
    """
    report = make_report(plan, status)
    now = datetime.datetime.now().astimezone()
    parts = [
        "<!DOCTYPE html><html lang=en><meta charset=utf-8><title>Particle import</title>",
        f"<style>{_STYLE}</style><h1>Particle import: {_text(status)}</h1>",
        f"<p>{_text(report['software']['name'])} {_text(report['software']['version'])}, {now:%Y-%m-%d %H:%M %z}</p>",
        *_claims(plan),
        _list(overview(plan)),
        "<h2>Problems</h2>",
        *(_problem(problem) for problem in report["problems"]),
        "" if report["problems"] else "<p>None.</p>",
        "<h2>Particles</h2>",
        _montage(plan, montage_of(plan, progress) if picture is None else picture),
        "<h2>Poses</h2>",
        *_poses(plan),
        "<h2>Optics groups</h2>",
        _optics(report["optics_groups"]),
        *_aberrations(plan),
        "<h2>Exposures</h2>",
        _exposures(report),
        "<h2>What is written</h2>",
        _table(will_write(plan)),
        "<h2>Parameters</h2>",
        _table([(name, value) for name, value in report["parameters"].items() if value not in ("", [], False)]),
        f"<p>The same import as a command:</p><pre>{_text(as_command(plan.parameters))}</pre>",
        "</html>",
    ]
    return "\n".join(parts)


def _text(value: Any) -> str:
    return escape(printable(str(value)))


def _list(lines: Iterable[str], tag: str = "ul") -> str:
    return f"<{tag}>" + "".join(f"<li>{_text(line)}</li>" for line in lines) + f"</{tag}>"


def _table(rows: Iterable[Iterable[Any]], head: Iterable[str] = ()) -> str:
    heading = "".join(f"<th>{_text(name)}</th>" for name in head)
    body = "".join("<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table>{f'<tr>{heading}</tr>' if heading else ''}{body}</table>"


def _problem(problem: Mapping[str, Any]) -> str:
    examples = "".join(f"<li><code>{_text(example)}</code></li>" for example in problem["examples"])
    severity, title = problem["severity"], CODES[problem["code"]].title
    return (
        f"<p><b class={severity}>{severity.capitalize()}: {_text(title)}</b> ({problem['count']:,}) "
        f"<code>{_text(problem['code'])}</code><br>{_text(problem['message'])}.<br>→ {_text(problem['hint'])}</p>"
        + (f"<ul>{examples}</ul>" if examples else "")
    )


def _claims(plan: ImportPlan) -> Iterator[str]:
    yield "<ul class=claims>"
    for claim in claims_of(plan):
        yield f"<li><b class={_CLASS_OF_STATE[claim.state]}>{claim.state.sign}</b> {_text(claim.words)}</li>"
    yield "</ul>"


def _montage(plan: ImportPlan, picture: NDArray[np.uint8] | None) -> str:
    if picture is None or plan.data_sign is None:
        return "<p>No images.</p>"
    return (
        f"<p>A random sample, stored value × data sign ({plan.data_sign.value:+d}): particles must be dark.</p>"
        + _picture(picture, "montage of particles")
    )


def _picture(picture: NDArray[np.uint8], alt: str) -> str:
    png = BytesIO()
    write_png(png, picture)
    data = base64.b64encode(png.getvalue()).decode()
    return f'<img alt="{alt}" src="data:image/png;base64,{data}">'


def _poses(plan: ImportPlan) -> Iterator[str]:
    look, sheet = poses_look(plan), poses_sheet(plan)
    if look is None or sheet is None:
        yield "<p>Nothing was compared.</p>"
        return
    yield f"<p>{_text(look.limits)}</p>"
    yield _picture(sheet, "what the check of the poses has seen")
    yield "<p>From the top:</p>" + _list(sheet_captions(look), "ol")
    if any(stack.is_bad for stack in look.stacks):
        yield "<p>Worst stacks:</p>" + _list(stack_words(stack) for stack in look.stacks[:_WORST_STACKS])


def _optics(groups: Iterable[Mapping[str, Any]]) -> str:
    def cell(value: Mapping[str, Any] | None) -> str:
        return f"{value['value']:g} ({value['source']})" if value else "–"

    rows = [(g["id"], g["name"], f"{g['particles']:,}", *(cell(g[name]) for name in MICROSCOPE_VALUES)) for g in groups]
    return _table(rows, ("group", "name", "particles", *MICROSCOPE_VALUES))


def _aberrations(plan: ImportPlan) -> Iterator[str]:
    groups = [group for group in plan.groups if group.particles and group.aberrations]
    if not groups:
        return
    yield "<h2>Aberrations that are not imported</h2><p>Phase errors by their loss, largest over all directions:</p>"
    box = plan.stacks.box if plan.stacks else 0
    rows = []
    for group in groups:
        values = "; ".join(f"{name} {' '.join(f'{x:g}' for x in v)}" for name, v in group.aberrations.items())
        rows.append((group.id, group.name, values, "; ".join(map(str, losses(group, box)))))
    yield _table(rows, ("group", "name", "values in the file", "phase error"))


def _exposures(report: Mapping[str, Any]) -> str:
    if report["trims"] is None:
        return "<p>No source exposures were given.</p>"
    counts = report["counts"]
    rows = [
        ("particles with an exposure", f"{counts['particles_matched']:,} of {counts['particles']:,}"),
        ("exposures with particles", f"{counts['exposures_matched']:,} of {counts['exposures']:,}"),
        *report["trims"].items(),
        *((f"coordinate y: {name}", value) for name, value in (report["coordinate_y"] or {}).items()),
        *((f"coordinate scale: {name}", value) for name, value in (report["coordinate_scale"] or {}).items()),
    ]
    lines = report["locations"] or []
    return _table(rows) + (_table([line.values() for line in lines], lines[0]) if lines else "")
