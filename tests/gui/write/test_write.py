"""The last page: what to do in CryoSPARC afterwards, and what after a refusal."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton

from cryoimport_gui.core.parameters import ImportParameters
from cryoimport_gui.core.plan.planner import plan_import
from cryoimport_gui.core.problems import problem
from cryoimport_gui.gui.pages.write import WritePage, next_steps

from ...support.stars import write_input
from ..conftest import WAIT_MS, press_import

_CTF = "Global CTF Refinement"


@pytest.mark.parametrize(
    ("options", "printed", "not_told"),
    [
        (
            {},
            ["inside the folder of the CryoSPARC project", "Import Result Group", "2D Classification"],
            [_CTF],
        ),
        ({"project": "/data/CS-x"}, ["Import Result Group"], ["must be inside"]),
        ({"ignore_pose_data": True}, ["2D Classification"], ["Reconstruction Only"]),
    ],
)
def test_the_next_steps_fit_what_was_imported(
    tmp_path: Path, options: dict, printed: list[str], not_told: list[str]
) -> None:
    plan = plan_import(ImportParameters(meta=str(write_input(tmp_path)), **options))
    text = "\n".join(next_steps(plan))
    assert all(words in text for words in printed) and not any(words in text for words in not_told)


def test_poses_are_to_be_looked_at_first_and_lost_aberrations_refined(demo_values) -> None:
    plan = plan_import(ImportParameters(meta=demo_values["meta"]))
    assert plan.poses == "3D" and "Homogeneous Reconstruction Only" in next_steps(plan)[-1]
    plan.problems = [problem("ctf-aberrations-dropped", "x")]
    assert _CTF in next_steps(plan)[-1]


def test_after_a_refusal_the_next_free_name_is_taken_and_the_import_tried_again(
    qtbot, open_wizard, demo_values, tmp_path: Path
) -> None:
    """The folder appears between the check and the import."""
    output = tmp_path / "import3"
    wizard = open_wizard(**demo_values | {"output": str(output)})
    output.mkdir()
    (output / "x").touch()
    with qtbot.waitSignal(wizard.session.import_refused, timeout=WAIT_MS):
        press_import(wizard)
    page = wizard.currentPage()
    assert isinstance(page, WritePage) and page.again.isEnabled()
    assert page.subTitle() == "Nothing was imported."
    (free,) = [b for b in page.refusal.findChildren(QPushButton) if b.text() == "Use the next free name"]
    qtbot.mouseClick(free, Qt.MouseButton.LeftButton)
    assert not page.again.isEnabled() and page.obstacle() == "Checking …", "the plan is of another folder"
    qtbot.waitUntil(page.again.isEnabled, timeout=WAIT_MS)
    qtbot.mouseClick(page.again, Qt.MouseButton.LeftButton)
    assert "Cancel leaves nothing behind" in page.subTitle()
    qtbot.waitUntil(lambda: wizard.session.job is not None, timeout=WAIT_MS)
    assert "Cancel" not in page.subTitle() and "Everything is written" in page.subTitle()
    assert wizard.session.job.folder == tmp_path / "import4"
    assert page.group_path.text() == str(tmp_path / "import4" / "imported_particles.csg")
    page.copy.click()
    assert QApplication.clipboard().text() == page.group_path.text()


@pytest.fixture
def finished(qtbot, open_wizard, demo_values, tmp_path: Path) -> WritePage:
    """An import that is done."""
    wizard = open_wizard(**demo_values | {"output": str(tmp_path / "import3")})
    press_import(wizard)
    qtbot.waitUntil(lambda: wizard.session.job is not None, timeout=WAIT_MS)
    return wizard.currentPage()


def opener(folder: Path, monkeypatch: pytest.MonkeyPatch, status: int) -> Path:
    """An `xdg-open` that notes what it is asked for, and ends with a status; returns where it notes that."""
    program, asked = folder / "bin" / "xdg-open", folder / "asked"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\nprintf %s \"$1\" > '{asked}'\nexit {status}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    return asked


def notices() -> list[QMessageBox]:
    return [w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox) and w.isVisible()]


@pytest.mark.parametrize(
    ("there_is", "button", "no", "name"),
    [
        ("an opener without a file manager", "open", "No file manager", ""),
        ("nothing", "open", "No file manager", ""),
        ("an opener without a browser", "open_report", "No browser", "import.html"),
    ],
)
def test_where_nothing_opens_a_path_it_is_said_and_can_be_copied(
    qtbot, finished: WritePage, tmp_path: Path, monkeypatch, there_is: str, button: str, no: str, name: str
) -> None:
    path = str(tmp_path / "import3" / name)
    if there_is == "nothing":
        monkeypatch.setenv("PATH", str(tmp_path))
    else:
        opener(tmp_path, monkeypatch, status=3)
    qtbot.mouseClick(getattr(finished, button), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(notices()), timeout=WAIT_MS)
    (box,) = notices()
    assert no in box.text() and box.text().endswith(path)
    (copy,) = [one for one in box.buttons() if "Copy" in one.text()]
    qtbot.mouseClick(copy, Qt.MouseButton.LeftButton)
    assert QApplication.clipboard().text() == path
    box.close()


def test_a_file_manager_opens_the_folder_without_a_word(
    qtbot, finished: WritePage, tmp_path: Path, monkeypatch
) -> None:
    asked = opener(tmp_path, monkeypatch, status=0)
    qtbot.mouseClick(finished.open, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not finished.opener.isActive(), timeout=WAIT_MS)
    assert asked.read_text() == str(tmp_path / "import3") and not notices()


def test_the_report_opens_in_the_browser(qtbot, finished: WritePage, tmp_path: Path, monkeypatch) -> None:
    asked = opener(tmp_path, monkeypatch, status=0)
    qtbot.mouseClick(finished.open_report, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not finished.report_opener.isActive(), timeout=WAIT_MS)
    report = tmp_path / "import3" / "import.html"
    assert asked.read_text() == str(report) and report.is_file() and not notices()
