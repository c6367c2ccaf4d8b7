"""The manual of the command, once: `--help`, and the man page that packaging/man_page.py makes."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from . import __version__
from .core import layout
from .core.parameters import SWITCH, ImportParameters, RunOptions, flag, meaning, parameter

SUMMARY = "import particles from RELION into CryoSPARC"

USAGE = (
    "cryoimport-gui [META ...] [FLAGS]",
    "cryoimport-gui META ... --headless --output JOB [FLAGS]",
    "cryoimport-gui --relink JOB --data DIR [--dry-run]",
)

DESCRIPTION = """\
Imports extracted cryo-EM particles (a RELION STAR file and its MRC stacks)
into CryoSPARC's dataset format. Everything is checked first; stacks are linked,
never copied; the job folder appears whole or not at all. Without --headless
a wizard opens, and the flags fill it in."""

#: the parameter that a topic starts with → the topic; it goes on to where the next one starts
_TOPICS = {
    "meta": "files",
    "ignore_raw_data": "what is left out",
    "pixel_size": "microscope values (may be repeated)",
    "select": "which particles",
    "data_sign": "data sign",
    "check_poses": "poses",
    "remove_leading_uid": "exposures and trimming",
    "coordinate_y": "coordinates",
    "on_bad": "policies",
    "relink": "running",
}

EXAMPLES = {
    "Open the wizard on a STAR file": "cryoimport-gui Refine3D/job010/run_data.star",
    "Check everything and write nothing": "cryoimport-gui run_data.star --headless --dry-run",
    "Import, linked to the exposures of job J3 with rules that are found": "cryoimport-gui run_data.star --headless "
    "--output CS-p/imports/run_data --project CS-p --exposures CS-p/J3/exposures.csg --suggest-trims",
    "Another pixel size for optics group 2, another amplitude contrast for all": "cryoimport-gui run_data.star "
    "--pixel-size 2=1.06 --amplitude-contrast 0.07",
    "The stacks have moved: repair the links of a job, all or none": "cryoimport-gui --relink CS-p/imports/run_data "
    "--data /new/place",
    "Try it without data": "cryoimport-gui --demo",
}

FILES = {
    layout.RESULT_GROUP: "Result group: what CryoSPARC's Import Result Group takes.",
    layout.DATASET: "The dataset.",
    layout.LINKS: "Links to the stacks.",
    layout.PARTICLES: "The imported rows as they are in their file, row for row with the dataset.",
    layout.SOURCE: "Link to the file of particles.",
    layout.REJECTED: "Rows that were left out, each with the reason.",
    layout.REPORT: "Parameters, counts, every problem, timings; --settings reads it.",
    layout.REPORT_PAGE: "The same as a page with pictures.",
    layout.LOG: "The same as text.",
    layout.MONTAGE: "Picture of a sample of the particles.",
    layout.POSES: "Picture of what the check of the poses has seen.",
}

EXIT_STATUS = {
    0: "imported, or a dry run without errors",
    1: "refused or failed; the problems are on standard error",
    2: "wrong usage",
    130: "cancelled (Ctrl-C); nothing was written",
}

ENVIRONMENT = {
    "DISPLAY, WAYLAND_DISPLAY": "Where the window opens. --headless needs neither.",
    "XDG_CONFIG_HOME": "Folder of cryoimport-gui/settings.json: what the window remembers. Default: ~/.config.",
    "XDG_STATE_HOME": "Folder of cryoimport-gui/cryoimport-gui.log: unexpected errors. Default: ~/.local/state.",
    "TMPDIR": "Where --demo makes its folder if none is given. Default: /tmp.",
}


def topics() -> Iterator[tuple[str, list[str]]]:
    """Every topic with the names of its parameters."""
    names = [entry.name for cls in (ImportParameters, RunOptions) for entry in fields(cls)]
    starts = [*map(names.index, _TOPICS), len(names)]
    for topic, start, end in zip(_TOPICS.values(), starts, starts[1:]):
        yield topic, names[start:end]


def make_parser() -> argparse.ArgumentParser:
    """The parser of the command's arguments; values that are not given stay out of the result."""
    parser = argparse.ArgumentParser(
        "cryoimport-gui",
        usage="\n       ".join(USAGE),
        description=DESCRIPTION,
        epilog=_epilog(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        add_help=False,
    )
    group: Any = parser
    for topic, names in topics():
        group = parser.add_argument_group(topic)
        for name in names:
            _add_flag(group, name)
    group.add_argument("--version", action="version", version=f"cryoimport-gui {__version__}", help="Show the version.")
    group.add_argument("-h", "--help", action="help", help="Show this.")
    return parser


def _add_flag(group: argparse._ArgumentGroup, name: str) -> None:
    kind = parameter(name).metadata["kind"]
    common: dict[str, Any] = {"help": " ".join(meaning(name)).replace("%", "%%"), "default": argparse.SUPPRESS}
    if name == "meta":
        group.add_argument("meta", nargs="*", metavar="META", **common)
    elif kind is SWITCH:
        group.add_argument(flag(name), action="store_true", **common)
    elif name == "demo":
        group.add_argument("--demo", nargs="?", const="", metavar="DIR", **common)
    elif isinstance(getattr(ImportParameters(), name, None), dict | tuple):
        group.add_argument(flag(name), action="append", metavar=kind.metavar, **common)
    else:
        group.add_argument(flag(name), metavar=kind.metavar, **common)


def _epilog() -> str:
    examples = [line for what, command in EXAMPLES.items() for line in (f"  {what}:", f"    {command}")]
    return "\n".join(
        [
            *("examples:", *examples, ""),
            *("files in the job folder:", *_table(FILES), ""),
            *("exit status:", *_table(EXIT_STATUS), ""),
            *("environment:", *_table(ENVIRONMENT)),
        ]
    )


def _table(entries: Mapping[Any, str]) -> Iterator[str]:
    width = max(len(str(name)) for name in entries)
    return (f"  {name!s:{width}}  {text}" for name, text in entries.items())
