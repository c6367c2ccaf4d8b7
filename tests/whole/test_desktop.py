"""The entry of the menu, the file type and the metainfo are as the desktop takes them, and come and go whole."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from cryoimport_gui import __version__

PACKAGING = Path(__file__).resolve().parents[2] / "packaging"
NAME = "cryoimport-gui"


def desktop(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["sh", PACKAGING / "install-desktop.sh", *arguments]
    environment = {"PATH": os.environ["PATH"], "HOME": str(home)}
    return subprocess.run(command, env=environment, cwd=home, capture_output=True, text=True)


def own_files(home: Path) -> set[str]:
    """What bears the program's name or tells of it, below ~/.local/share."""
    share = home / ".local/share"
    files = [path for path in share.rglob("*") if path.is_file()]
    return {
        str(path.relative_to(share)) for path in files if NAME in path.name or b"x-relion-star" in path.read_bytes()
    }


def program(folder: Path) -> Path:
    folder.mkdir()
    path = folder / "my program"
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("desktop-file-validate", [f"{NAME}.desktop"]),
        ("appstreamcli", ["validate", "--no-net", f"{NAME}.metainfo.xml"]),
        ("xmllint", ["--noout", f"{NAME}.metainfo.xml", f"{NAME}.xml"]),
    ],
)
def test_validators_find_nothing(command: str, arguments: list[str]) -> None:
    if not shutil.which(command):
        pytest.skip(f"{command} is not installed")
    done = subprocess.run([command, *arguments], cwd=PACKAGING, capture_output=True, text=True)
    printed = done.stdout + done.stderr
    assert done.returncode == 0 and not re.search("warning|error|hint", printed), printed


def test_the_release_is_this_version() -> None:
    root = ElementTree.parse(PACKAGING / f"{NAME}.metainfo.xml").getroot()
    assert [release.get("version") for release in root.iter("release")][0] == __version__
    assert root.findtext("launchable") == f"{NAME}.desktop"
    types = ElementTree.parse(PACKAGING / f"{NAME}.xml").getroot()
    assert root.findtext("provides/mediatype") == types[0].get("type")
    assert f"MimeType={types[0].get('type')};" in (PACKAGING / f"{NAME}.desktop").read_text()


def test_the_program_comes_into_the_menus_and_goes_again(tmp_path: Path) -> None:
    command = program(tmp_path / "a b")
    done = desktop(tmp_path, os.path.relpath(command, tmp_path))
    assert done.returncode == 0, done.stderr
    files = own_files(tmp_path)
    sizes = {name.split("/")[2] for name in files if name.startswith("icons/")}
    assert sizes == {"scalable"} | {f"{s}x{s}" for s in (16, 22, 24, 32, 48, 64, 128, 256, 512)}
    assert {f"applications/{NAME}.desktop", f"man/man1/{NAME}.1", f"mime/packages/{NAME}.xml"} <= files
    entry = (tmp_path / f".local/share/applications/{NAME}.desktop").read_text()
    (line,) = [line for line in entry.splitlines() if line.startswith("Exec=")]
    assert shlex.split(line.removeprefix("Exec=")) == [str(command), "%f"]
    assert entry.count("\n") == (PACKAGING / f"{NAME}.desktop").read_text().count("\n")
    if shutil.which("update-mime-database"):
        assert "application/x-relion-star:*.star" in (tmp_path / ".local/share/mime/globs2").read_text()

    assert desktop(tmp_path, "--remove").returncode == 0
    assert own_files(tmp_path) == set()


def test_what_cannot_be_done_is_reported(tmp_path: Path) -> None:
    assert "nothing is installed" in desktop(tmp_path, "--remove").stderr
    assert "is not a command" in desktop(tmp_path, "./nothing").stderr
    assert "a menu cannot start" in desktop(tmp_path, str(program(tmp_path / "50%"))).stderr
    assert own_files(tmp_path) == set()
