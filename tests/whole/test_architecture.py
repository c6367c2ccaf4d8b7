from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cryoimport_gui import resources as paths

PACKAGE = Path(resources.__file__).parent
CORE = sorted((PACKAGE / "core").rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """The absolute names of all modules that a file imports, wherever in it."""
    package = ["cryoimport_gui", *path.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", CORE, ids=lambda path: path.stem)
def test_the_core_knows_nothing_of_windows(path: Path) -> None:
    names = set(imported(path))
    assert not {name for name in names if name.split(".")[0] in ("PySide6", "pyqtgraph", "shiboken6")}
    assert not {name for name in names if name.startswith(("cryoimport_gui.gui", "cryoimport_gui.headless"))}


def test_the_scan_sees_imports() -> None:
    names = set(imported(PACKAGE / "gui/app.py")) | set(imported(PACKAGE / "__main__.py"))
    assert any(name.startswith("PySide6") for name in names)
    assert "cryoimport_gui.core.parameters" in names and "cryoimport_gui.headless.run" in names


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
