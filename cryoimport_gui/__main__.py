"""The command: `cryoimport-gui`, with a window or without one."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from . import __version__
from .core.parameters import (
    BadParameter,
    ImportParameters,
    RunOptions,
    add_flags,
    load_settings,
    parameter,
    update,
)

_DESCRIPTION = """\
Import extracted cryo-EM particles (RELION STAR file and MRC stacks) into CryoSPARC's dataset format.  Everything is
checked first, and nothing is written where something is wrong.  Stacks are linked, never copied.

Without --headless the flags fill in the wizard; with it the same import runs without a window."""
_EPILOG = """\
examples:
  cryoimport-gui Refine3D/job010/run_data.star
      open the wizard with these particles
  cryoimport-gui run_data.star --headless --dry-run
      check everything, write nothing
  cryoimport-gui run_data.star --headless --project /data/CS-x --output /data/CS-x/J12 \\
      --exposures /data/CS-x/J3/J3_passthrough_exposures.csg --suggest-trims
      import, with each particle linked to its exposure
  cryoimport-gui run_data.star --headless --output J12 --pixel-size 1.06 --pixel-size 2=1.07
      another pixel size for all optics groups, and yet another for group 2
  cryoimport-gui --relink J12 --data /new/place --dry-run
      what would change if the links of a job folder were mended

files written:
  the output folder holds imported/ (links to the stacks), imported_particles.cs and .csg (what CryoSPARC reads),
  particles.star (link to META), montage.png, import.json (the report), import.log, and rejected.star if rows were
  left out.  It appears whole or not at all.
  ~/.config/cryoimport-gui/settings.json holds what the window remembers; $XDG_CONFIG_HOME moves it.
  ~/.local/state/cryoimport-gui/ holds the log of unexpected errors; $XDG_STATE_HOME moves it.

exit status:
  0 imported, or a dry run without errors; 1 refused or failed, the problems are on standard error; 2 wrong usage;
  130 cancelled"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = make_parser()
    given = vars(parser.parse_args(arguments))
    try:
        parameters, options = _collect(given)
    except BadParameter as error:
        parser.error(str(error))
    if options.headless or options.relink:
        from .headless import run

        if options.relink:
            if not parameters.data:
                parser.error("--relink needs --data")
        elif not parameters.meta and options.demo is None:
            parser.error("--headless needs META, or --demo")
        elif not parameters.output and not options.dry_run:
            parser.error("--headless needs --output, or --dry-run")
        return run(parameters, options)
    from .gui.app import run_window

    return run_window(parameters, options)


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "cryoimport-gui",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_flags(parser)
    parser.add_argument("--version", action="version", version=f"cryoimport-gui {__version__}")
    return parser


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
