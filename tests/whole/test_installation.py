"""The wheel: what is in it, and that the program works from it alone.  Needs no network."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from email.message import Message
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

import pytest

from cryoimport_gui import __version__

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGING = REPOSITORY / "packaging"
DIST_INFO = f"cryoimport_gui-{__version__}.dist-info"
SHARE = f"cryoimport_gui-{__version__}.data/data/share"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder]
    subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True)
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment with the program from the wheel; what it depends on comes from the running environment."""
    folder = tmp_path_factory.mktemp("environment")
    python = folder / "bin/python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    install = ["install", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-index", wheel]
    subprocess.run([sys.executable, "-m", "pip", "--python", python, *install], check=True)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return folder


@pytest.fixture(scope="module")
def files(wheel: Path) -> dict[str, bytes]:
    with ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_wheel_holds_the_program_and_its_resources(files: dict[str, bytes]) -> None:
    code = [REPOSITORY / "cryoimport_gui", *[REPOSITORY / "resources" / name for name in ("help", "icons")]]
    kept = {path for folder in code for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    wanted = {str(path.relative_to(REPOSITORY)): path.read_bytes() for path in kept}
    wanted = {name if name.startswith("cry") else f"cryoimport_gui/{name}": text for name, text in wanted.items()}
    assert {name: text for name, text in files.items() if name.startswith("cryoimport_gui/")} == wanted
    assert len(wanted) > 100


def test_the_wheel_holds_what_a_desktop_needs_and_nothing_else(files: dict[str, bytes]) -> None:
    shared = {name.removeprefix(SHARE): text for name, text in files.items() if name.startswith(SHARE)}
    assert shared["/man/man1/cryoimport-gui.1"] == (PACKAGING / "cryoimport-gui.1").read_bytes()
    assert shared["/applications/cryoimport-gui.desktop"] == (PACKAGING / "cryoimport-gui.desktop").read_bytes()
    assert {"/metainfo/cryoimport-gui.metainfo.xml", "/mime/packages/cryoimport-gui.xml"} <= shared.keys()
    assert {f"/icons/hicolor/{size}/apps" for size in ("scalable", "16x16", "48x48", "512x512")} <= {
        name.rpartition("/")[0] for name in shared
    }
    own = {f"{DIST_INFO}/{name}" for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE")}
    rest = {name for name in files if not name.startswith(("cryoimport_gui/", SHARE))}
    assert rest == own


def test_the_wheel_says_what_it_is(files: dict[str, bytes]) -> None:
    about: Message = Parser().parsestr(files[f"{DIST_INFO}/METADATA"].decode())
    assert (about["Name"], about["Version"], about["License-Expression"]) == (
        "cryoimport-gui",
        __version__,
        "BSD-3-Clause",
    )
    assert about["Requires-Python"] == ">=3.11"
    assert about.get_payload().strip() == (REPOSITORY / "README.md").read_text().strip()
    needed = [line for line in about.get_all("Requires-Dist") or [] if "extra ==" not in line]
    assert any(line.startswith("pyside6-essentials") for line in needed)
    assert not [line for line in needed if line.startswith(("cryosparc", "pandas", "pytest", "hatchling"))]
    assert files[f"{DIST_INFO}/entry_points.txt"].split() == [
        *(b"[console_scripts]", b"cryoimport-gui", b"=", b"cryoimport_gui.__main__:main")
    ]


def test_the_program_works_where_it_is_installed(environment: Path) -> None:
    where = "import cryoimport_gui, cryoimport_gui.resources as p; print(p.__file__, p.resource('help/preview.md'))"
    python = [environment / "bin/python", "-I", "-c", where]
    shown = subprocess.run(python, capture_output=True, text=True, check=True).stdout.split()
    assert len(shown) == 2 and all(Path(path).is_relative_to(environment) for path in shown)
    done = smoke_test(environment / "bin/cryoimport-gui")
    assert done.returncode == 0, done.stdout + done.stderr


#: programs that fail, each a little later, and what is said of it
BROKEN = {
    "exit 0": "--version shows no version",
    'echo "cryoimport-gui 1 exit status"; [ $# -eq 1 ]': "the import of the demo data failed",
    'echo "cryoimport-gui 1 exit status"': "the import wrote no imported_particles.cs",
    '[ "$1" = --demo ] && { echo Traceback; exit 1; } || exec "$PROGRAM" "$@"': "the window was not opened",
}


@pytest.mark.parametrize("script", BROKEN)
def test_the_smoke_test_can_fail(environment: Path, tmp_path: Path, script: str) -> None:
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\nPROGRAM={environment / 'bin/cryoimport-gui'}\n{script}\n")
    program.chmod(0o755)
    done = smoke_test(program)
    assert done.returncode == 1 and BROKEN[script] in done.stderr


def smoke_test(command: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["sh", PACKAGING / "smoke.sh", command], capture_output=True, text=True)
