"""What is declared, what is pinned and what the code imports agree."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from .test_architecture import PACKAGE, imported

REPOSITORY = PACKAGE.parent
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
DECLARED = {"runtime": PROJECT["dependencies"], **PROJECT["optional-dependencies"]}
HEADINGS = {"runtime": "the above", "test": "the tests", "lint": "the linters"}


def names(requirements: Iterable[str]) -> set[str]:
    """The packages that are required on this Python."""
    parsed = [Requirement(line) for line in requirements]
    return {canonicalize_name(one.name) for one in parsed if one.marker is None or one.marker.evaluate({"extra": ""})}


def with_needs(packages: set[str]) -> set[str]:
    """Packages with all that these need in turn, by the metadata of what is installed."""
    out: set[str] = set()
    while new := packages - out:
        out |= new
        packages = set().union(*(names(requires(name) or ()) for name in new))
    return out


def pinned(path: Path) -> dict[str, list[str]]:
    """The lines of a requirements file under each heading."""
    groups: dict[str, list[str]] = {}
    for line in path.read_text().splitlines():
        if line.startswith("# "):
            lines = groups[line[2:]] = []
        elif line:
            lines.append(line)
    return groups


PINNED = pinned(REPOSITORY / "packaging/requirements.txt")


def test_every_version_is_exact() -> None:
    lines = [line for group in PINNED.values() for line in group]
    assert len(lines) > 30
    assert not [line for line in lines if not re.fullmatch(r"[A-Za-z0-9-]+==[0-9.]+", line)]
    assert len(names(lines)) == len(lines)


@pytest.mark.parametrize("group", DECLARED)
def test_what_is_declared_is_pinned_with_all_that_it_needs(group: str) -> None:
    heading = {"test": "tests"}.get(group, group)
    direct = names(PINNED[heading])
    assert direct == names(DECLARED[group])
    earlier = list(DECLARED)[: list(DECLARED).index(group)]
    already = with_needs(set().union(*(names(DECLARED[other]) for other in earlier)))
    assert names(PINNED[f"needed by {HEADINGS[group]}"]) == with_needs(direct) - direct - already


def test_the_bundle_takes_the_same_versions() -> None:
    path = REPOSITORY / "packaging/requirements-bundle.txt"
    assert "-c requirements.txt\n" in path.read_text()
    groups = pinned(path)
    assert names(groups["runtime"]) == names(DECLARED["runtime"])
    own = groups["bundle"] + groups["needed by the bundle"]
    assert not [line for line in own if not re.fullmatch(r"[a-z-]+==[0-9.]+", line)]
    both = names(own) & names(line for group in PINNED.values() for line in group)
    assert not [line for line in own if names([line]) <= both and line not in PINNED["needed by the tests"]]


def foreign(paths: Iterable[Path]) -> Iterator[str]:
    """The packages of others that files import."""
    owners = packages_distributions()
    for path in paths:
        for module in {name.split(".")[0] for name in imported(path)} - sys.stdlib_module_names - {"cryoimport_gui"}:
            yield from (canonicalize_name(owner) for owner in owners[module])


def test_the_program_needs_what_it_imports_and_nothing_else() -> None:
    assert set(foreign(PACKAGE.rglob("*.py"))) - {"shiboken6"} == names(DECLARED["runtime"])
