"""The rooms of the program stand in one order, and imports go one way."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cryoimport_gui import resources

PACKAGE = Path(resources.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))

#: A room imports only itself and rooms to its left; rooms that stand together do not import each other.
ORDER = (
    ("ground",),
    ("reading", "stacks", "dataset"),
    ("pictures",),
    ("exposures",),
    ("optics",),
    ("plan",),
    ("looks", "demo"),
    ("report",),
    ("job",),
    ("headless", "manual"),
    ("gui",),
)
RANK = {room: rank for rank, rooms in enumerate(ORDER) for room in rooms}
#: What stands outside of the rooms → the rooms that may import it.  Only `__main__` imports rooms itself.
OUTSIDE = {
    "__init__": {"report", "manual", "gui"},
    "__main__": set[str](),
    "logs": {"headless", "gui"},
    "resources": {"gui"},
}
STARTS = {"ground", "reading", "exposures", "headless", "manual", "gui"}


def imported(path: Path) -> Iterator[str]:
    """The absolute names of all modules that a file imports, wherever in it."""
    package = ["cryoimport_gui", *path.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = PACKAGE.parent.joinpath(*module.split("."), alias.name)
                is_module = inner.is_dir() or inner.with_suffix(".py").is_file()
                yield f"{module}.{alias.name}" if is_module else module


def room_of(module: str) -> str:
    """The room of a module of ours, by its absolute name; files directly in `core` are the ground."""
    parts = module.split(".")[1:] or ["__init__"]
    if parts[0] == "core":
        return parts[1] if len(parts) > 1 and (PACKAGE / "core" / parts[1]).is_dir() else "ground"
    return parts[0]


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def arrows(path: Path) -> set[tuple[str, str]]:
    """(room, room that it imports) for a file, without those inside of a room."""
    here = room_of(name_of(path))
    there = {room_of(name) for name in imported(path) if name.split(".")[0] == "cryoimport_gui"}
    return {(here, room) for room in there if room != here}


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_imports_go_to_the_left(path: Path) -> None:
    for here, there in arrows(path):
        if here in OUTSIDE:
            allowed = here == "__main__" and there in STARTS
        elif there in OUTSIDE:
            allowed = here in OUTSIDE[there]
        else:
            allowed = RANK[there] < RANK[here]
        assert allowed, f"{name_of(path)} ({here}) imports from {there}"


def test_every_room_has_its_place_and_says_what_it_is_for() -> None:
    rooms = {room_of(name_of(path)) for path in FILES} - set(OUTSIDE)
    assert rooms == set(RANK)
    for room in rooms - {"ground", "headless", "manual", "gui"}:
        assert len(ast.get_docstring(ast.parse((PACKAGE / "core" / room / "__init__.py").read_text())) or "") > 80


def test_the_readme_shows_the_order() -> None:
    line = " < ".join(" | ".join(rooms) for rooms in ORDER)
    assert f"\n{line}\n" in (PACKAGE.parent / "README.md").read_text()


def test_modules_import_each_other_without_a_circle() -> None:
    known = {name_of(path) for path in FILES}
    graph = {name_of(path): {name for name in imported(path) if name in known} for path in FILES}
    done: set[str] = set()

    def follow(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " → ".join([*way, name])
        if name not in done:
            for other in graph[name] - {name}:
                follow(other, (*way, name))
            done.add(name)

    for name in graph:
        follow(name, ())


@pytest.mark.parametrize("path", [path for path in FILES if "core" in path.parts], ids=name_of)
def test_the_core_knows_nothing_of_qt(path: Path) -> None:
    assert not {name.split(".")[0] for name in imported(path)} & {"PySide6", "pyqtgraph", "shiboken6"}


def test_the_scan_sees_imports() -> None:
    names = set(imported(PACKAGE / "gui/app.py")) | set(imported(PACKAGE / "__main__.py"))
    assert any(name.startswith("PySide6") for name in names)
    assert {"cryoimport_gui.core.parameters", "cryoimport_gui.headless"} <= names
    assert ("job", "plan") in arrows(PACKAGE / "core/job/write.py")


def test_no_two_modules_define_one_public_name() -> None:
    """A name means one thing; what every module has of its own kind (a logger, a type variable) is no name."""
    where: dict[str, list[str]] = {}
    for path in FILES:
        for node in ast.parse(path.read_text()).body:
            named: list[str] = []
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                named = [node.name]
            elif isinstance(node, ast.Assign):
                named = [target.id for target in node.targets if isinstance(target, ast.Name)]
            for name in named:
                where.setdefault(name, []).append(name_of(path))
    exempt = {"T", "log", "__all__"}
    twice = {n: places for n, places in where.items() if len(places) > 1 and not n.startswith("_") and n not in exempt}
    assert not twice


HEADLESS = """
import sys
from cryoimport_gui.__main__ import main
status = main(sys.argv[1:])
loaded = {name.split(".")[0] for name in sys.modules}
assert {"numpy", "cryoimport_gui"} <= loaded
print(status, *sorted(loaded & {"PySide6", "shiboken6", "pyqtgraph", "pandas", "starfile", "scipy", "matplotlib"}))
"""


def test_without_a_window_neither_qt_nor_pandas_is_loaded(tmp_path: Path) -> None:
    arguments = ["--headless", "--demo", str(tmp_path / "demo"), "--output", str(tmp_path / "demo/CS-demo/J3")]
    command = [sys.executable, "-c", HEADLESS, *arguments]
    done = subprocess.run(command, cwd=PACKAGE.parent, capture_output=True, text=True, timeout=100)
    assert done.stdout.splitlines()[-1:] == ["0"], done.stderr
    assert (tmp_path / "demo/CS-demo/J3/montage.png").exists()


def test_resources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "help").mkdir()
    (tmp_path / "help/page.html").touch()
    monkeypatch.setattr(resources, "_RESOURCES", tmp_path)
    assert resources.resource("help/page.html") == tmp_path / "help/page.html"
    for name in ("help", "help/nothing.html"):
        with pytest.raises(FileNotFoundError, match=name):
            resources.resource(name)
