"""`--help` and the man page tell what is true."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from cryoimport_gui.__main__ import _collect
from cryoimport_gui.core.parameters import ImportParameters, RunOptions, meaning
from cryoimport_gui.core.problems import CODES
from cryoimport_gui.manual import EXAMPLES, EXIT_STATUS, FILES, make_parser, topics

from ..support.running import run
from ..support.stars import particle_columns, write_stack, write_star

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = REPOSITORY / "packaging/cryoimport-gui.1"


def test_every_parameter_has_its_topic() -> None:
    printed = dict(topics())
    assert [name for names in printed.values() for name in names] == [
        entry.name for cls in (ImportParameters, RunOptions) for entry in fields(cls)
    ]
    assert printed["data sign"] == ["data_sign"] and printed["policies"] == ["on_bad", "on_unmatched", "accept"]
    assert printed["running"] == [entry.name for entry in fields(RunOptions)]


@pytest.mark.parametrize("command", EXAMPLES.values())
def test_the_examples_can_be_typed(command: str) -> None:
    name, *arguments = shlex.split(command)
    assert name == "cryoimport-gui"
    parameters, options = _collect(vars(make_parser().parse_args(arguments)))
    assert (parameters, options) != (ImportParameters(), RunOptions())
    assert not options.headless or parameters.output or options.dry_run


def test_the_files_of_a_job_are_those_that_are_reported(tmp_path: Path) -> None:
    columns = particle_columns(2, 20) | {"rlnDefocusU": ["nan"] + [1e4] * 39}
    for k in (1, 2):
        write_stack(tmp_path / f"stacks/s{k}.mrcs", count=20, seed=k)
    outcome = run(tmp_path, write_star(tmp_path / "run_data.star", columns), "--on-bad", "leave-out")
    assert outcome.status == 0
    assert sorted(os.listdir(outcome.output)) == sorted(FILES)


def test_the_man_page_is_of_today() -> None:
    command = [sys.executable, REPOSITORY / "packaging/man_page.py"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    made = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    assert PAGE.read_text() == made, (
        "make it again: PYTHONPATH=. python packaging/man_page.py >packaging/cryoimport-gui.1"
    )


def rendered(*command: str) -> str:
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run([*command, str(PAGE)], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return re.sub(r"\s+", " ", re.sub(r"\x1b\[[0-9;]*m|.\x08|‐\n\s*", "", done.stdout))


def test_the_man_page_is_rendered_whole() -> None:
    """Texts without hyphens are looked for: where lines are broken at one, it cannot be said from the text's own."""
    printed = rendered("groff", "-man", "-Tutf8", "-Kutf8", "-ww", "-rHY=0", "-rLL=200n")
    plain = [*(EXIT_STATUS.values()), *FILES.values(), *(kind.title for kind in CODES.values())]
    plain += [sentence for _, names in topics() for name in names for sentence in meaning(name)]
    plain = [text for text in plain if not set(text) & set("-`'")]
    assert len(plain) > 80
    assert not [text for text in plain if text not in printed]


def test_the_man_page_has_no_faults() -> None:
    assert rendered("mandoc", "-Tlint") == ""
