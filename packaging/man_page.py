"""Prints the man page: PYTHONPATH=. python packaging/man_page.py >packaging/cryoimport-gui.1"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cryoimport_gui import __version__
from cryoimport_gui.core.parameters import flag, meaning, parameter
from cryoimport_gui.core.problems import CODES
from cryoimport_gui.manual import DESCRIPTION, ENVIRONMENT, EXAMPLES, EXIT_STATUS, FILES, SUMMARY, USAGE, topics

METAINFO = Path(__file__).parent / "cryoimport-gui.metainfo.xml"


def page() -> Iterator[str]:
    (date,) = re.findall(f'<release version="{re.escape(__version__)}" date="(.*?)"', METAINFO.read_text())
    yield f'.TH CRYOIMPORT\\-GUI 1 {date} "cryoimport\\-gui {__version__}"'
    yield from (".SH NAME", roff(f"cryoimport-gui - {SUMMARY}"))
    yield ".SH SYNOPSIS"
    yield "\n.br\n".join(map(roff, USAGE))
    yield from (".SH DESCRIPTION", roff(DESCRIPTION))
    yield ".SH OPTIONS"
    for topic, names in topics():
        yield f".SS {roff(topic[0].upper() + topic[1:])}"
        yield from table({_usage(name): " ".join(meaning(name)) for name in names})
    yield from table({"--version": "Tell the version.", "-h, --help": "Tell all flags."})
    yield ".SH EXAMPLES"
    for number, (what, command) in enumerate(EXAMPLES.items()):
        command = roff(command).replace("\n", " \\e\n  ")  # goes on in the next line, as in a shell
        yield from ((".PP",) if number else ())
        yield from (roff(f"{what}:"), ".PP", ".RS 4", ".nf", command, ".fi", ".RE")
    yield from (".SH FILES", "In the job folder:", *table(FILES))
    yield from (".SH EXIT STATUS", *table(EXIT_STATUS))
    yield from (".SH ENVIRONMENT", *table(ENVIRONMENT))
    yield ".SH PROBLEMS"
    yield roff("What can be found, by the code that stands in the report.")
    yield roff("Rows with errors of a kind that lies in single rows can be left out: --on-bad leave-out.")
    for code, kind in CODES.items():
        rows = ", in single rows" if kind.per_row else ""
        yield from table({code: f"{kind.title} ({kind.severity}{rows}). {kind.hint}"})


def table(entries: Mapping[Any, str]) -> Iterator[str]:
    for name, text in entries.items():
        yield from (".TP", f"\\fB{roff(str(name))}\\fR", roff(text))


def roff(text: str) -> str:
    """Text in which nothing is taken for a macro or an escape, in short lines."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "\\(ga")
    return "\n".join("\\&" + line if line[0] in ".'" else line for line in textwrap.wrap(text, 66))


def _usage(name: str) -> str:
    metavar = parameter(name).metadata["kind"].metavar
    return "META" if name == "meta" else " ".join(filter(None, [flag(name), metavar]))


if __name__ == "__main__":
    print("\n".join(page()))
