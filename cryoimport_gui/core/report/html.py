"""The report as one page to read, to print and to mail: self-contained, without scripts.

First the state, then the evidence: each claim with its pictures.  Then the rest: problems, what was found, parameters,
and the command that repeats the import.  Lists without an end are folded, so that paper has two pages of it.
"""

from __future__ import annotations

import dataclasses
import datetime
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..looks.tiles import Tiles
from ..parameters import ImportParameters, RunOptions, parameter
from ..plan.plan import ImportPlan
from ..problems import CODES, SIGNS, Problem, Severity, count_of, sentence
from ..progress import Progress, quiet
from .claim_codes import Topic
from .claims import Claim, ClaimState, claims_of
from .command import as_command
from .contents import will_write
from .evidence import MOST_GROUPS, evidence_of, more_groups
from .markup import html_list, html_table, html_text
from .report import make_report
from .words import overview

_CLASS_OF_STATE = dict(zip(ClaimState, ("good", "info", "warning", "error")))
#: What became of the import → sign, class and words.
_OUTCOMES = {
    "complete": ("✓", "good", "Imported"),
    "dry-run": ("●", "info", "Checked, not imported"),
    "refused": ("✖", "error", "Not imported"),
}
_OPEN_PROBLEMS, _PRINTED_TITLES, _PRINTED_EXAMPLES = 4, 10, 2
_MOST_VALUES = 3
_LONG_COMMAND = 2500  # letters
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
#: Those of them that are left out where no group has any.
_IF_ANY = ("mirrored", "elsewhere", "not_decided")
_STYLE = """
:root{--ink:#1b1f24;--soft:#5a636e;--line:#c9ced6;--paper:#fff;--accent:#1a5fb4;
--error:#b3261e;--warning:#8a5300;--good:#1b6e3c;color-scheme:light}
@media screen and (prefers-color-scheme:dark){:root{--ink:#e6e8eb;--soft:#a2abb6;--line:#454c56;--paper:#16191d;
--accent:#82b1ff;--error:#ff8a80;--warning:#ffc46b;--good:#7fd39b;color-scheme:dark}}
*{box-sizing:border-box}
body{font:15px/1.4 system-ui,sans-serif;max-width:62em;margin:1.5em auto;padding:0 1em;
color:var(--ink);background:var(--paper);overflow-wrap:anywhere}
h1{font-size:1.6em;line-height:1.2;margin:0}h2,h3{font-size:1em;margin:0}p{margin:.2em 0}
ul{margin:.2em 0;padding-left:1.2em}
figcaption,table,ul,.folded,.scale,.soft,.message,pre,p>code,h3 code{font-size:.87em}
.folded *,summary code{font-size:1em}code{font-weight:400}
.soft,figcaption,.claim ul,.claim>p,th{color:var(--soft)}
.error{color:var(--error)}.warning{color:var(--warning)}.info{color:var(--accent)}.good{color:var(--good)}
section{border-top:1px solid var(--line);margin-top:.8em;padding-top:.5em}
.claim{display:flex;flex-wrap:wrap;gap:.5em 2%}.claim>*{flex:none;width:var(--w,100%)}
.claim ul{list-style:none;padding:0;margin:0}figure,.table{margin:0}
img,svg{display:block;width:100%;height:auto}svg{max-width:27em}figcaption{line-height:1.25;margin-top:.15em}
.beside{display:grid;grid-template-columns:var(--p) 1fr;gap:2%}
.scale{display:flex;align-items:center;gap:.5em;line-height:1.2;margin:.1em 0 0}.scale i{border-top:2px solid}
.rows{display:grid;grid-template-columns:5em 1fr;gap:.3em}.rows>div:first-child{display:flex;flex-direction:column;
aspect-ratio:auto}.rows span{flex:1;display:flex;align-items:center;font-size:.87em;line-height:1.1;color:var(--soft)}
.rows:has(.scale)>div:first-child{padding-bottom:1.1em}
table{border-collapse:collapse}td,th{padding:.05em 1.2em .05em 0;text-align:left;vertical-align:top;
font-variant-numeric:tabular-nums}th{font-weight:500}th small{display:block;font-size:1em;font-weight:400}
th{overflow-wrap:normal}th[scope=row]{overflow-wrap:anywhere;min-width:11em}td:nth-child(2){min-width:9.5em}
.table{overflow-x:auto}
pre{white-space:pre-wrap;margin:.2em 0}.problem{margin-top:.3em}.printed{display:none}summary{cursor:pointer}
@media screen and (max-width:44em){.claim>*{width:100%}.beside{display:block}td{overflow-wrap:break-word}}
@page{margin:10mm 12mm}
@media print{
body{font-size:8.5pt;line-height:1.25;max-width:none;margin:0;padding:0}
section{margin-top:1.2mm;padding-top:1mm}.claim{gap:1mm 2%}.claim,.problem,figure,tr{break-inside:avoid}
h2,p:has(+pre){break-after:avoid}.folded{columns:2;column-gap:2%}.folded .problem{margin:0}.folded code{display:none}
summary{list-style:none}
.message{display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:4;overflow:hidden}
.screen{display:none}.printed{display:block}li.printed{display:list-item}
}
"""


def report_page(plan: ImportPlan, status: str, progress: Progress = quiet, tiles: Tiles | None = None) -> str:
    """Everything that is known of an import as HTML; whatever comes from files is escaped.

    Args:
        tiles: The first page of particles, if it is there already.

    Raises:
        Cancelled: `progress` said so.
    """
    report, claims = make_report(plan, status), claims_of(plan)
    sign, kind, title = _title(plan, status)
    parts = [
        '<!DOCTYPE html><html lang=en><head><meta charset=utf-8><meta name=viewport content="width=device-width">',
        f"<title>{html_text(title)}</title><style>{_STYLE}</style></head><body><main>",
        f"<h1><span class={kind} aria-hidden=true>{sign}</span> {html_text(title)}</h1>",
        f"<p>{_tally(plan, claims)}</p>",
        f"<p class=soft>{html_text(_when(report))}</p>",
        *(_claim(plan, claim, report, tiles, progress) for claim in claims),
        "<section><h2>Problems</h2>",
        *_problems(plan.problems),
        "</section><section><h2>What was found</h2>",
        html_list(overview(plan, with_groups=False)),
        "</section><section><h2>Parameters</h2>",
        *_parameters(report["parameters"]),
        _command(as_command(plan.parameters)),
        "</section>",
        *_written(plan),
        "</main></body></html>",
    ]
    return "\n".join(parts)


def _title(plan: ImportPlan, status: str) -> tuple[str, str, str]:
    """Sign, class and words of what became of which import."""
    sign, kind, words = _OUTCOMES.get(status, ("●", "info", status.capitalize()))
    names = [os.path.basename(file.path) for file in plan.inputs] or list(map(os.path.basename, plan.parameters.meta))
    of_what = f"{names[0]}{f' and {len(names) - 1} more' if len(names) > 1 else ''}" if names else "no file"
    count = plan.counts()["particles"]
    particles = f"{count_of(count, 'particle')} of " if count else ""
    return sign, kind, f"{words}: {particles}{of_what}"


def _tally(plan: ImportPlan, claims: Iterable[Claim]) -> str:
    """How many claims have which state, and how many problems are how severe."""
    states = Counter(claim.state for claim in claims)
    found = Counter(problem.severity for problem in plan.problems)
    parts = [_marked(_CLASS_OF_STATE[s], s.sign, f"{states[s]} {s.value}") for s in ClaimState if states[s]]
    problems = [
        _marked(severity.value, SIGNS[severity][0], count_of(found[severity], SIGNS[severity][2:].lower()))
        for severity in Severity
        if found[severity]
    ]
    return f"Claims: {' '.join(parts)}. Problems: {' '.join(problems) or 'none'}."


def _marked(kind: str, sign: str, words: str) -> str:
    return f"<b class={kind}>{sign} {html_text(words)}</b>"


def _when(report: Mapping[str, Any]) -> str:
    now = datetime.datetime.now().astimezone()
    return f"{report['software']['name']} {report['software']['version']}, {now:%Y-%m-%d %H:%M %z}"


def _claim(plan: ImportPlan, claim: Claim, report: Mapping[str, Any], tiles: Tiles | None, progress: Progress) -> str:
    state = claim.state.value
    sign = f'<b class={_CLASS_OF_STATE[claim.state]} role=img aria-label="{state}" title="{state}">'
    return "\n".join(
        (
            f"<section class=claim><h2>{sign}{claim.state.sign}</b> {html_text(claim.words)}</h2>",
            evidence_of(plan, claim.topic, tiles, progress),
            *(_exposures(report) if claim.topic is Topic.POSITIONS else ()),
            "</section>",
        )
    )


def _problems(problems: list[Problem]) -> Iterator[str]:
    """The first whole, the others folded to their titles."""
    if not problems:
        yield "<p>None.</p>"
    for problem in problems[:_OPEN_PROBLEMS]:
        title, details = _problem(problem)
        yield f"<div class=problem><h3>{title}</h3>{details}</div>"
    if folded := problems[_OPEN_PROBLEMS:]:
        yield "<div class=folded>"
        for number, problem in enumerate(folded):
            title, details = _problem(problem)
            kind = "problem" if number < _PRINTED_TITLES else '"problem screen"'
            yield f"<details class={kind}><summary>{title}</summary><div>{details}</div></details>"
        if (more := len(folded) - _PRINTED_TITLES) > 0:
            yield f"<p class=printed>and {more} more</p>"
        yield "</div>"


def _problem(problem: Problem) -> tuple[str, str]:
    """Its title and its details."""
    count = f" ({problem.count:,})" if problem.count > 1 else ""
    accepted = ", accepted" if problem.accepted else ""
    title = f"{SIGNS[problem.severity]}{accepted}: {CODES[problem.code].title}"
    examples = [f"<li><code>{html_text(example)}</code></li>" for example in problem.examples]
    if more := examples[_PRINTED_EXAMPLES:]:
        examples[_PRINTED_EXAMPLES:] = [example.replace("<li>", "<li class=screen>", 1) for example in more]
        examples.append(f"<li class=printed>and {len(more)} more</li>")
    return (
        f"<span class={problem.severity.value}>{html_text(title)}</span>{count} "
        f"<code class=soft>{html_text(problem.code)}</code>",
        f"<p class=message>{html_text(sentence(problem.message))}</p><p class=message>→ {html_text(problem.hint)}</p>"
        + (f"<ul>{''.join(examples)}</ul>" if examples else ""),
    )


def _exposures(report: Mapping[str, Any]) -> Iterator[str]:
    trims = report["trims"]
    if trims is None:
        return
    y = report["coordinate_y"] or {}
    cuts = [(_title_of(name), _value(value)) for name, value in trims.items() if name != "source" and value]
    # those that were chosen stand among the parameters
    if cuts and trims["source"] != "user":
        yield html_table([*cuts, ("Cuts from", trims["source"])], is_named=True)
    if y.get("mirrored_poses"):
        yield "<p>Poses of mirrored exposures are mirrored.</p>"
    lines = sorted(report["locations"] or [], key=lambda line: -line["particles"])
    if lines:
        columns = [name for name in _LOCATIONS if name not in _IF_ANY or any(line[name] for line in lines)]
        of_groups = ([_value(line[name]) for name in columns] for line in lines[:MOST_GROUPS])
        yield html_table(of_groups, [_LOCATIONS[name] for name in columns], is_named=True)
        yield more_groups(len(lines))


def _parameters(parameters: Mapping[str, Any]) -> Iterator[str]:
    """Those that are not at their default, and the others in a line."""
    defaults = ImportParameters().to_json() | dataclasses.asdict(RunOptions())
    given = {name: value for name, value in parameters.items() if value not in ("", [], {}, None)}
    chosen = {name: value for name, value in given.items() if value != defaults[name]}
    usual = {name: value for name, value in given.items() if name not in chosen and value is not False}
    yield html_table(((_title_of(name), _with_unit(name, value)) for name, value in chosen.items()), is_named=True)
    words = ", ".join(f"{_title_of(name)} {_value(value)}" for name, value in usual.items())
    yield f"<p class=soft>At their default: {html_text(words)}.</p>"


def _with_unit(name: str, value: Any) -> str:
    unit = parameter(name).metadata["unit"]
    return f"{_value(value)} {unit}" if unit and not isinstance(value, (bool, str)) else _value(value)


def _command(command: str) -> str:
    text = f"<pre>{html_text(command)}</pre>"
    if len(command) <= _LONG_COMMAND:
        return f"<p>The same import as a command:</p>{text}"
    return f"<details><summary>The same import as a command, of {len(command):,} letters</summary>{text}</details>"


def _written(plan: ImportPlan) -> Iterator[str]:
    if rows := will_write(plan):
        table = html_table(rows, is_named=True)
        yield f"<section class=screen><details><summary>What is written</summary>{table}</details></section>"


def _title_of(parameter_name: str) -> str:
    title: str = parameter(parameter_name).metadata["title"]
    return title


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        more = len(value) - _MOST_VALUES
        return ", ".join(map(str, value[:_MOST_VALUES])) + (f" and {more:,} more" if more > 0 else "")
    return "–" if value is None else str(value)
