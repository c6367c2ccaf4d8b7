"""Files and folders are dropped: each goes where it belongs or is answered in words, and none is ever moved."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QMessageBox, QWidget

from cryoimport_gui.core.demo import Demo
from cryoimport_gui.gui.drops import Sorted, sort_out
from cryoimport_gui.gui.widgets.drop_hint import DropHint

from .conftest import WAIT_MS, press_import
from .test_steps import held_up

ACTIONS = Qt.DropAction
ALL = ACTIONS.CopyAction | ACTIONS.MoveAction | ACTIONS.LinkAction
LEFT, NO_KEYS = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def data_of(paths: Sequence[Path | str]) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl(path) if isinstance(path, str) else QUrl.fromLocalFile(str(path)) for path in paths])
    return data


class Drag:
    """What a file manager and the window system send, with a move as what the file manager would rather do."""

    def __init__(self, target: QWidget, *paths: Path | str, actions: Qt.DropAction = ALL) -> None:
        self.data, self.target, self.actions = data_of(paths), target, actions
        self.enter = QDragEnterEvent(QPoint(5, 5), actions, self.data, LEFT, NO_KEYS)
        self.enter.setDropAction(ACTIONS.MoveAction)
        QApplication.sendEvent(target, self.enter)
        self.hint = next((h for h in target.window().findChildren(DropHint) if h.isVisible()), None)

    def move(self) -> QDragMoveEvent:
        event = QDragMoveEvent(QPoint(9, 9), self.actions, self.data, LEFT, NO_KEYS)
        event.setDropAction(ACTIONS.MoveAction)
        QApplication.sendEvent(self.target, event)
        return event

    def drop(self) -> QDropEvent:
        event = QDropEvent(QPointF(9, 9), self.actions, self.data, LEFT, NO_KEYS)
        event.setDropAction(ACTIONS.MoveAction)
        QApplication.sendEvent(self.target, event)
        return event


def notices() -> list[str]:
    boxes = [w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox) and w.isVisible()]
    texts = [box.text() for box in boxes]
    for box in boxes:
        box.close()
    return texts


@pytest.fixture
def folders(demo: Demo, tmp_path: Path) -> dict[str, Path]:
    """Things that people drop."""
    made = {name: tmp_path / name for name in ("job", "iterations", "stacks", "CS-project", "J2", "J7", "empty")}
    for folder in made.values():
        folder.mkdir()
    for path in (
        made["job"] / "run_data.star",
        made["job"] / "run_it025_data.star",
        made["iterations"] / "run_it009_data.star",
        made["iterations"] / "run_ct12_it025_data.star",
        made["iterations"] / "run_it010_optimiser.star",
        made["stacks"] / "Movies" / "a.mrcs",
        made["CS-project"] / "project.json",
        made["J7"] / "J7_exposures_accepted.csg",
        made["J7"] / "J7_exposures_accepted.cs",
        made["J2"] / "exposures.cs",
        made["J2"] / "motioncorrected" / "a.mrc",
        tmp_path / "notes.txt",
    ):
        path.parent.mkdir(exist_ok=True)
        path.touch()
    return made | {"notes": tmp_path / "notes.txt"}


@pytest.mark.parametrize("on", ["window", "meta", "data"])
@pytest.mark.parametrize("actions", [ALL, ACTIONS.CopyAction, ACTIONS.LinkAction])
def test_nothing_is_ever_moved(open_wizard, demo: Demo, on: str, actions: Qt.DropAction) -> None:
    wizard = open_wizard()
    drag = Drag(wizard if on == "window" else wizard.findChild(QLineEdit, on), demo.star, actions=actions)
    for event in (drag.enter, drag.move(), drag.drop()):
        assert event.isAccepted()
        assert event.dropAction() in (ACTIONS.CopyAction, ACTIONS.LinkAction)
    assert wizard.session.parameters.meta == (str(demo.star),)


def test_what_can_only_be_moved_is_not_taken(open_wizard, demo: Demo) -> None:
    wizard = open_wizard()
    for target, path in ((wizard, demo.star), (wizard.findChild(QLineEdit, "data"), demo.data)):
        drag = Drag(target, path, actions=ACTIONS.MoveAction)
        assert not drag.enter.isAccepted() and not drag.move().isAccepted()
    assert wizard.session.parameters.meta == () and wizard.session.parameters.data == ""


@pytest.mark.parametrize(
    ("dropped", "name", "value"),
    [
        ("job", "meta", "job/run_data.star"),
        ("iterations", "meta", "iterations/run_ct12_it025_data.star"),
        ("stacks", "data", "stacks"),
        ("stacks/Movies/a.mrcs", "data", "stacks/Movies"),
        ("CS-project", "project", "CS-project"),
        ("J7", "exposures", "J7/J7_exposures_accepted.csg"),
        ("J2", "exposures", "J2/exposures.cs"),
        ("J7/J7_exposures_accepted.cs", "exposures", "J7/J7_exposures_accepted.cs"),
    ],
)
def test_everything_goes_where_it_belongs_and_the_hover_says_where(
    qtbot, open_wizard, folders, tmp_path: Path, dropped: str, name: str, value: str
) -> None:
    wizard = open_wizard()
    drag = Drag(wizard, tmp_path / dropped)
    assert drag.hint is not None and value.rsplit("/")[-1] in drag.hint.text()
    assert not getattr(wizard.session.parameters, name), "it is not dropped yet"
    assert drag.drop().isAccepted()
    path = str(tmp_path / value)
    assert getattr(wizard.session.parameters, name) in (path, (path,))
    paths = {n: getattr(wizard.session.parameters, n) for n in ("meta", "data", "exposures", "project")}
    follows = ["project"] if name == "exposures" else []  # from the folder of the job
    assert [n for n, path in paths.items() if path] == [name, *follows] and notices() == []
    qtbot.waitUntil(lambda: wizard.session.is_current, timeout=WAIT_MS)


def test_several_things_at_once(qtbot, open_wizard, demo: Demo, folders) -> None:
    wizard = open_wizard()
    Drag(wizard, demo.star, demo.exposures, folders["CS-project"]).drop()
    p = wizard.session.parameters
    assert (p.meta, p.exposures, p.project) == ((str(demo.star),), (str(demo.exposures),), str(folders["CS-project"]))
    assert notices() == []
    qtbot.waitUntil(lambda: wizard.session.is_current, timeout=WAIT_MS)


@pytest.mark.parametrize("what", ["notes", "empty", "sftp://cluster/run_data.star", "none.dat"])
def test_what_cannot_be_used_is_answered_in_words(open_wizard, folders, tmp_path: Path, what: str) -> None:
    wizard = open_wizard()
    thing = what if "//" in what else folders.get(what, tmp_path / what)
    before = wizard.session.parameters
    drag = Drag(wizard, thing)
    assert drag.enter.isAccepted(), "else nothing could be said"
    assert drag.hint is not None
    shown = drag.hint.text()
    drag.drop()
    (words,) = notices()
    assert Path(what).name.partition(".")[0] in words and words.startswith(shown[:10])
    assert wizard.session.parameters == before


def test_of_two_projects_the_second_is_refused_in_words(folders, tmp_path: Path) -> None:
    other = tmp_path / "CS-other"
    other.mkdir()
    (other / "project.json").touch()
    found = sort_out(data_of([folders["CS-project"], other]))
    assert found == Sorted(
        {"project": (str(folders["CS-project"]),)},
        [f"{other} is not taken as well: there is one CryoSPARC project only."],
    )


def test_several_star_files_are_all_taken(demo: Demo, folders) -> None:
    found = sort_out(data_of([demo.star, folders["job"], demo.star]))
    assert found == Sorted({"meta": (str(demo.star), str(folders["job"] / "run_data.star"))})
    assert found.chosen == {"meta": (str(demo.star), str(folders["job"] / "run_data.star"))}


def test_the_hint_goes_with_the_drag(open_wizard, demo: Demo) -> None:
    wizard = open_wizard()
    for target, path in ((wizard, demo.star), (wizard.findChild(QLineEdit, "data"), demo.data)):
        hint = Drag(target, path).hint
        assert hint is not None and str(path) in hint.text()
        QApplication.sendEvent(target, QDragLeaveEvent())
        assert not hint.isVisible()


def test_text_is_dropped_into_a_field_as_ever(open_wizard) -> None:
    wizard = open_wizard()
    line, data = wizard.findChild(QLineEdit, "data"), QMimeData()
    data.setText("/data/run")
    QApplication.sendEvent(line, QDragEnterEvent(QPoint(5, 5), ALL, data, LEFT, NO_KEYS))
    QApplication.sendEvent(line, QDropEvent(QPointF(5, 5), ALL, data, LEFT, NO_KEYS))
    assert wizard.session.parameters.data == "/data/run"


def test_nothing_is_taken_while_an_import_is_written(
    qtbot, open_wizard, demo: Demo, demo_values, tmp_path: Path, monkeypatch
) -> None:
    wizard = open_wizard(**demo_values | {"output": str(tmp_path / "J3")})
    with held_up(monkeypatch) as (is_reached, go_on):
        press_import(wizard)
        qtbot.waitUntil(is_reached, timeout=WAIT_MS)
        drag = Drag(wizard, demo.exposures)
        assert drag.hint is not None and "is being written" in drag.hint.text()
        assert not drag.move().isAccepted() and not drag.drop().isAccepted()
        go_on()
        qtbot.waitUntil(lambda: wizard.session.job is not None, timeout=WAIT_MS)
