"""Driving the page of the exposures."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QSpinBox

from cryoimport_gui.core.demo import Demo, DemoRecipe
from cryoimport_gui.core.looks.match_table import State
from cryoimport_gui.gui.pages.exposures.page import ExposuresPage
from cryoimport_gui.gui.wizard import ImportWizard

from ..conftest import WAIT_MS

RECIPE = DemoRecipe(micrographs=5, particles_per_micrograph=8)


def values(demo: Demo, **others: object) -> dict[str, object]:
    """Parameters that import a demo whole, with some others."""
    paths = {"meta": demo.star, "data": demo.data, "exposures": demo.exposures}
    return {name: str(path) for name, path in paths.items()} | demo.trims | others


def untrimmed(demo: Demo) -> dict[str, object]:
    return values(demo, **{name: type(value)() for name, value in demo.trims.items()})


def open_page(qtbot, open_wizard: Callable[..., ImportWizard], chosen: dict[str, object]) -> ExposuresPage:
    """Open the wizard at the page, and wait until it shows everything."""
    wizard = open_wizard(**chosen)
    wizard.resize(1280, 800)
    wizard.go_to(next(i for i, page in enumerate(wizard.pages) if isinstance(page, ExposuresPage)))
    page = wizard.currentPage()
    assert isinstance(page, ExposuresPage)
    settle(qtbot, page)
    return page


def settle(qtbot, page: ExposuresPage) -> None:
    """Wait for the plan and for everything that the page does in threads of its own."""

    def is_settled() -> bool:
        busy = (tasks.busy for tasks in (page.names, page.search, page.view.tasks))
        return page.session.is_current and not any(busy)

    qtbot.waitUntil(is_settled, timeout=WAIT_MS)


def states(page: ExposuresPage) -> list[str]:
    """The state of each row shown, in words."""
    table, rows = page.table.model.table, page.table.model.rows
    return [] if table is None else [State(state).words for state in table.state[rows]]


def editor(page: ExposuresPage, name: str) -> QSpinBox:
    return page.findChild(QSpinBox, name)


def click_circle(qtbot, page: ExposuresPage, number: int) -> None:
    picture = page.view.picture
    place = picture.circles.points()[number].pos()
    pixel: QPoint = picture.mapFromScene(picture.box.mapViewToScene(QPointF(place)))
    assert picture.viewport().rect().contains(pixel)
    qtbot.mouseClick(picture.viewport(), Qt.MouseButton.LeftButton, pos=pixel)
