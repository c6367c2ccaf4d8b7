"""The wheel, installed where there is no checkout: what is in it, the command, a demo import, the window."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import numpy as np
import pytest

from cryoimport_gui import __version__

ROOT = Path(__file__).resolve().parents[1]
_OPEN_AND_CLOSE = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from cryoimport_gui.__main__ import main
from cryoimport_gui.gui import app

make = app.make_application

def make_and_close_soon(arguments):
    made = make(arguments)
    assert not made.windowIcon().pixmap(64, 64).isNull()
    QTimer.singleShot(0, QApplication.closeAllWindows)
    return made

app.make_application = make_and_close_soon
sys.exit(main([]))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], ROOT)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of an environment that has the wheel, and the dependencies of the running one behind it."""
    environment = tmp_path_factory.mktemp("environment")
    run([sys.executable, "-m", "venv", "--without-pip", str(environment)], ROOT)
    python = environment / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check", "--quiet"]
    run([*pip, "install", "--no-index", "--no-deps", "--no-compile", str(wheel)], ROOT)
    own = next((environment / "lib").glob("python*/site-packages"))
    (own / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return environment / "bin"


def run(command: list[str], folder: Path, **environment: str) -> str:
    """Standard output of a command that must succeed; nothing of this checkout is on its way."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "XDG"))}
    home = {"HOME": str(folder)} if folder != ROOT else {}
    done = subprocess.run(command, cwd=folder, env=kept | home | environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def test_what_the_wheel_holds(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert f"cryoimport_gui-{__version__}-py3-none-any.whl" == wheel.name
    assert {"cryoimport_gui/__main__.py", "cryoimport_gui/resources/icons/cryoimport-gui.svg"} <= set(names)
    helps = {path.name for path in (ROOT / "resources" / "help").iterdir()}
    assert {f"cryoimport_gui/resources/help/{name}" for name in helps} <= set(names)
    assert {name.split("/")[0] for name in names} == {"cryoimport_gui", f"cryoimport_gui-{__version__}.dist-info"}
    metadata = zipfile.ZipFile(wheel).read(f"cryoimport_gui-{__version__}.dist-info/METADATA").decode()
    needed = [line for line in metadata.splitlines() if line.startswith("Requires-Dist:") and "extra ==" not in line]
    assert not any("starfile" in line or "scipy" in line for line in needed)


def test_the_command(installed: Path, tmp_path: Path) -> None:
    command = str(installed / "cryoimport-gui")
    assert run([command, "--version"], tmp_path).strip() == f"cryoimport-gui {__version__}"
    assert "examples:" in run([command, "--help"], tmp_path)
    where = run([str(installed / "python"), "-c", "import cryoimport_gui; print(cryoimport_gui.__file__)"], tmp_path)
    assert Path(where.strip()).is_relative_to(installed.parent)


def test_a_demo_import(installed: Path, tmp_path: Path) -> None:
    demo, job = tmp_path / "demo", tmp_path / "demo" / "CS-demo" / "J3"
    run([str(installed / "cryoimport-gui"), "--headless", "--demo", str(demo), "--output", str(job)], tmp_path)
    assert len(np.load(job / "imported_particles.cs")) == 400
    assert {"imported_particles.csg", "montage.png", "import.json"} <= set(os.listdir(job))


def test_the_window_opens_and_closes(installed: Path, tmp_path: Path) -> None:
    run([str(installed / "python"), "-c", _OPEN_AND_CLOSE], tmp_path, QT_QPA_PLATFORM="offscreen")
    assert (tmp_path / ".config" / "cryoimport-gui" / "settings.json").is_file()
