"""The import on a terminal: progress, problems, the report, Ctrl-C.  Loads no Qt."""

from __future__ import annotations

import dataclasses
import logging
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any, TextIO

from .core.job.relink import Relinking, plan_relink, relink
from .core.job.relink_report import relink_report
from .core.job.write import write_job
from .core.parameters import ImportParameters, RunOptions
from .core.plan.output import path_in_project
from .core.plan.plan import ImportPlan
from .core.plan.planner import Planner
from .core.problems import Refused, Severity, count_of, printable
from .core.progress import Cancelled, Progress
from .core.report.report import make_report, why_no_report, write_report
from .core.report.words import summary
from .logs import log_path, set_up_logging

log = logging.getLogger(__name__)

_EXIT_STATUS = {"complete": 0, "dry-run": 0, "refused": 1, "failed": 1, "cancelled": 130}
_SHOWN = {"debug": 3, "info": 3, "warning": 2, "error": 1}


def run(parameters: ImportParameters, options: RunOptions) -> int:
    """Import without a window; returns the exit status of the command."""
    set_up_logging()
    stop = Event()
    with _interrupt_sets(stop):
        if options.relink:
            return _run_relink(options, parameters.data, stop)
        return _run_import(parameters, options, stop)


def why_not_report(parameters: ImportParameters, options: RunOptions) -> str:
    """Why the report that is asked for may not be written, in words; empty if it may, or none is asked for."""
    inputs = [*parameters.meta, parameters.data, *parameters.exposures, parameters.original, options.settings]
    return why_no_report(options.report, filter(None, inputs)) if options.report else ""


def _run_import(parameters: ImportParameters, options: RunOptions, stop: Event) -> int:
    plan = ImportPlan(parameters)
    status, outputs = "failed", None
    try:
        with _TerminalProgress(stop) as progress:
            if options.demo is not None:
                parameters = with_demo(parameters, options.demo)
            plan = Planner().plan(parameters, progress)
            if plan.errors:
                status = "refused"
            elif options.dry_run:
                status = "dry-run"
            else:
                outputs = write_job(plan, progress, options).report["outputs"]
                status = "complete"
    except Cancelled:
        status = "cancelled"
    except Refused as refused:
        plan.problems.append(refused.problem)
        status = "refused"
    except Exception as error:
        _say_failed("the import", error)
    _print_outcome(plan, status, outputs, options)
    return _write_report(options.report, make_report(plan, status, outputs, options))


def _write_report(path: str, report: dict[str, Any]) -> int:
    """Write the report, if it is asked for; returns the exit status of what it reports."""
    exit_status = _EXIT_STATUS[report["status"]]
    if path:
        try:
            write_report(path, report)
        except OSError as error:
            _say(f"error: the report {path} cannot be written: {error.strerror}", sys.stderr)
            return exit_status or 1
    return exit_status


def _run_relink(options: RunOptions, data: str, stop: Event) -> int:
    plan, status = Relinking(Path(os.path.abspath(options.relink))), "failed"
    try:
        with _TerminalProgress(stop) as progress:
            plan = plan_relink(options.relink, data, progress)
            _print_relinking(plan)
            if plan.errors:
                status = "refused"
            elif options.dry_run:
                status = "dry-run"
            else:
                if plan.changes:
                    relink(plan, progress)
                status = "complete"
    except Cancelled:
        status = "cancelled"
    except Refused as refused:
        plan.problems.append(refused.problem)
        _say(str(refused.problem), sys.stderr)
        status = "refused"
    except Exception as error:
        _say_failed("the repair of links", error)
    whole = f"{count_of(len(plan.changes), 'link')} of {len(plan.links)}"
    words = {"complete": f"{whole} changed", "dry-run": f"dry run: {whole} would be changed"}
    if status in words:
        _say(words[status], sys.stdout)
    else:
        _say(f"{status}: no link was changed", sys.stderr)
    return _write_report(options.report, relink_report(plan, status, data, options))


def _print_relinking(plan: Relinking) -> None:
    for name, (old, new) in plan.changes.items():
        _say(printable(f"{name}: {old} → {new}"), sys.stdout)
    for found in plan.problems:
        _say(str(found), sys.stderr)


def _say_failed(what: str, error: Exception) -> None:
    log.error("%s failed", what, exc_info=error)
    _say(f"error: {what} failed: {printable(str(error))} (details: {log_path()})", sys.stderr)


def with_demo(parameters: ImportParameters, folder: str) -> ImportParameters:
    """Make the demo data, in `folder` or in a new one, and use it for every path and rule that was not given."""
    from .core.demo import make_demo

    demo = make_demo(Path(folder) if folder else Path(tempfile.mkdtemp(prefix="cryoimport-demo-")))
    chosen: dict[str, Any] = {"meta": (str(demo.star),), "data": str(demo.data), "exposures": (str(demo.exposures),)}
    if not parameters.output or path_in_project(parameters.output, str(demo.project)):
        chosen["project"] = str(demo.project)
    values = chosen | demo.trims
    unset = {name: value for name, value in values.items() if not getattr(parameters, name)}
    return dataclasses.replace(parameters, **unset)


def _print_outcome(plan: ImportPlan, status: str, outputs: dict[str, str] | None, options: RunOptions) -> None:
    severities = list(Severity)[: _SHOWN[options.log_level]]
    if options.log_level in ("debug", "info") and plan.all_particles is not None:
        for line in summary(plan):
            _say(printable(line), sys.stdout)
    for problem in plan.problems:
        if problem.severity in severities:
            _say(str(problem), sys.stderr)
    words = {
        "dry-run": "dry run: nothing was written",
        "refused": "refused: nothing was written",
        "cancelled": "cancelled: nothing was written",
        "failed": "failed: nothing was written",
    }
    if outputs:
        result_group = Path(outputs["folder"]) / outputs["result_group"]
        _say(f"imported: {outputs['folder']}", sys.stdout)
        where = "" if plan.parameters.project else " (it has to lie inside the CryoSPARC project)"
        _say(f"next, in CryoSPARC: Import Result Group with {result_group}{where}", sys.stdout)
    else:
        _say(words[status], sys.stdout if status == "dry-run" else sys.stderr)


def _say(text: str, stream: TextIO) -> None:
    """Print, whatever the terminal's encoding; a reader that has gone away (`| head`) does not stop an import."""
    encoding = stream.encoding or "utf-8"
    try:
        print(text.encode(encoding, "backslashreplace").decode(encoding), file=stream, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


@contextmanager
def _interrupt_sets(stop: Event) -> Iterator[None]:
    """Ctrl-C and a polite kill ask the import to stop at the next step, instead of breaking it off anywhere."""
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _TerminalProgress(Progress):
    """One line that is drawn over and over; nothing where standard error is no terminal."""

    _EVERY_S = 0.1
    _BAR = 30

    def __init__(self, stop: Event) -> None:
        super().__init__(stop.is_set)
        self._stream: TextIO | None = sys.stderr if sys.stderr.isatty() else None
        self._stage = ""
        self._drawn = 0.0

    def __enter__(self) -> _TerminalProgress:
        return self

    def __exit__(self, *exc: object) -> None:
        if self._stream:
            self._stream.write("\r\x1b[K")

    def stage(self, name: str) -> None:
        self._stage = name
        self.step(0, 0)

    def report(self, done: int, total: int) -> None:
        if self._stream is None or (monotonic() - self._drawn < self._EVERY_S and done < total):
            return
        self._drawn = monotonic()
        share = done / total if total else 0.0
        bar = "█" * round(share * self._BAR)
        self._stream.write(f"\r\x1b[K{self._stage:8} {bar:<{self._BAR}} {share:4.0%}")
        self._stream.flush()
