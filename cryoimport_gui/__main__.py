"""The command: `cryoimport-gui`, with a window or without one."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from .core.conditions import BadParameter
from .core.exposures.given import not_one_group
from .core.parameters import ImportParameters, RunOptions, load_settings, parameter, update
from .core.reading.inputs import given_twice
from .manual import make_parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = make_parser()
    given = vars(parser.parse_args(arguments))
    try:
        parameters, options = _collect(given)
    except BadParameter as error:
        parser.error(str(error))
    if words := given_twice(parameters.meta) or not_one_group(parameters.exposures):
        parser.error(words)
    if options.headless or options.relink:
        from .headless import run, why_not_report

        if options.relink:
            if not parameters.data:
                parser.error("--relink needs --data")
        elif not parameters.meta and options.demo is None:
            parser.error("--headless needs META, or --demo")
        elif not parameters.output and not options.dry_run:
            parser.error("--headless needs --output, or --dry-run")
        if reason := why_not_report(parameters, options):
            parser.error(f"--report: {reason}; give another file")
        return run(parameters, options)
    from .gui.app import run_window

    return run_window(parameters, options)


def _collect(given: dict[str, Any]) -> tuple[ImportParameters, RunOptions]:
    names = {entry.name for entry in fields(RunOptions)}
    options = RunOptions(**{name: value for name, value in given.items() if name in names})
    if options.log_level not in (levels := parameter("log_level").metadata["kind"].choices):
        raise BadParameter(f"--log-level takes {', '.join(levels)}, not {options.log_level!r}")
    settings = load_settings(options.settings) if options.settings else {}
    flags = {name: value for name, value in given.items() if name not in names}
    return update(ImportParameters(), settings | flags), options


if __name__ == "__main__":
    sys.exit(main())
