"""What is declared, what is pinned and what the code imports agree."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import distribution, packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from .test_architecture import PACKAGE, imported

REPOSITORY = PACKAGE.parent
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
DECLARED = {"runtime": PROJECT["dependencies"], **PROJECT["optional-dependencies"]}
HEADINGS = {"runtime": "the above", "test": "the tests", "lint": "the linters"}
THIS_PYTHON = "{}.{}".format(*sys.version_info)
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
PIN = re.compile(r"[A-Za-z0-9-]+==[0-9.]+(; python_version (<|>=) \"3\.[0-9]+\")?")
#: The oldest glibc that is served, RHEL 8's; PySide6 has no wheels for both it and Python 3.14.
GLIBC = (2, 28)
GLIBC_OF_PYSIDE_ON_3_14 = (2, 34)


def applies(requirement: Requirement, python: str = THIS_PYTHON) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": "", "python_version": python})


def names(requirements: Iterable[str]) -> set[str]:
    """The packages that are required on this Python."""
    return {canonicalize_name(one.name) for one in map(Requirement, requirements) if applies(one)}


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
    assert not [line for line in lines if not PIN.fullmatch(line)]


@pytest.mark.parametrize("python", PYTHONS)
def test_every_package_is_pinned_once_for_each_python(python: str) -> None:
    pins = [Requirement(line) for group in PINNED.values() for line in group]
    every = {canonicalize_name(pin.name) for pin in pins}
    assert sorted(canonicalize_name(pin.name) for pin in pins if applies(pin, python)) == sorted(every)


@pytest.mark.parametrize("python", PYTHONS)
def test_what_is_pinned_is_allowed(python: str) -> None:
    declared = [Requirement(line) for group in DECLARED.values() for line in group]
    allowed = {canonicalize_name(one.name): one.specifier for one in declared if applies(one, python)}
    for pin in (Requirement(line) for group in PINNED.values() for line in group):
        ((_, version),) = ((one.operator, one.version) for one in pin.specifier)
        name = canonicalize_name(pin.name)
        assert not applies(pin, python) or name not in allowed or version in allowed[name], f"{pin} on Python {python}"


def test_what_is_pinned_is_what_runs() -> None:
    pins = [Requirement(line) for group in PINNED.values() for line in group]
    running = {pin.name: distribution(pin.name).version for pin in pins if applies(pin)}
    assert not [str(pin) for pin in pins if applies(pin) and running[pin.name] not in pin.specifier]


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


def oldest_glibc(tags: Iterable[str]) -> tuple[int, int]:
    """The oldest glibc with which a wheel installs, by its tags, which are alternatives; (0, 0) if it needs none."""
    oldest = []
    for tag in tags:
        if tag.endswith("-any"):
            oldest.append((0, 0))
        elif found := re.search(r"-manylinux_([0-9]+)_([0-9]+)_", tag):
            oldest.append((int(found[1]), int(found[2])))
        elif found := re.search(r"-manylinux(1|2010|2014)_", tag):
            oldest.append({"1": (2, 5), "2010": (2, 12), "2014": (2, 17)}[found[1]])
    return min(oldest)


def tags_of(package: str) -> list[str]:
    text = distribution(package).read_text("WHEEL") or ""
    return [line.removeprefix("Tag: ") for line in text.splitlines() if line.startswith("Tag: ")]


def test_the_glibc_of_a_wheel() -> None:
    assert oldest_glibc(["cp310-abi3-manylinux_2_34_x86_64"]) == (2, 34)
    assert oldest_glibc(["cp39-abi3-manylinux_2_28_aarch64"]) == (2, 28)
    assert oldest_glibc(["cp311-cp311-manylinux_2_27_x86_64", "cp311-cp311-manylinux_2_28_x86_64"]) == (2, 27)
    assert oldest_glibc(["cp36-abi3-manylinux2010_x86_64"]) == (2, 12)
    assert oldest_glibc(["py2-none-any", "py3-none-any"]) == (0, 0)


@pytest.mark.parametrize("package", sorted(with_needs(names(DECLARED["runtime"]))))
def test_the_program_installs_on_clusters_with_an_old_glibc(package: str) -> None:
    tags = tags_of(package)
    if not any(tag.endswith("-any") or "-manylinux" in tag for tag in tags):
        pytest.skip(f"{package} was built on this machine: {tags}")
    is_qt = package in {"pyside6-essentials", "shiboken6"}
    limit = GLIBC_OF_PYSIDE_ON_3_14 if is_qt and sys.version_info >= (3, 14) else GLIBC
    assert oldest_glibc(tags) <= limit


def foreign(paths: Iterable[Path]) -> Iterator[str]:
    """The packages of others that files import."""
    owners = packages_distributions()
    for path in paths:
        for module in {name.split(".")[0] for name in imported(path)} - sys.stdlib_module_names - {"cryoimport_gui"}:
            yield from (canonicalize_name(owner) for owner in owners[module])


def test_the_program_needs_what_it_imports_and_nothing_else() -> None:
    assert set(foreign(PACKAGE.rglob("*.py"))) - {"shiboken6", "pandas"} == names(DECLARED["runtime"])
