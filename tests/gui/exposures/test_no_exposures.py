"""The page of the exposures while there are none: the names that would be matched, and what can be dropped."""

from __future__ import annotations

from pathlib import Path

import pytest

from cryoimport_gui.core.demo import Demo, DemoRecipe, make_demo

from ...support.stars import particle_columns, write_star
from .exposures_page import open_page, settle

RECIPE = DemoRecipe(micrographs=3, particles_per_micrograph=2, box=32)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return make_demo(tmp_path_factory.mktemp("demo"), RECIPE)


def test_the_names_of_the_file_are_listed(qtbot, open_wizard, demo: Demo) -> None:
    page = open_page(qtbot, open_wizard, {"meta": str(demo.star)})
    without = page.without
    texts = without.names.texts
    shown = [[texts.index(row, column).data() for column in range(3)] for row in range(texts.rowCount())]
    expected = [name.rpartition("/") for name in demo.micrograph_names]
    assert sorted(shown) == sorted([name, "2", f"{folder}/"] for folder, _, name in expected)
    assert without.counts.text().startswith("3 micrographs of this file")
    assert not without.found.isVisible() and "CS-…" in without.where.words.text().replace("\u200b", "")
    # Nothing is left empty: the names have the room that nothing else needs.
    assert without.names.height() > page.height() / 2


def test_a_file_without_names_says_so(qtbot, open_wizard, tmp_path: Path) -> None:
    columns = particle_columns(1, 3, ["stacks/s1.mrcs"])
    star = write_star(tmp_path / "a.star", {k: v for k, v in columns.items() if k != "rlnMicrographName"})
    page = open_page(qtbot, open_wizard, {"meta": str(star)})
    assert not page.without.names.isVisible() and "does not name its micrographs" in page.without.counts.text()


def test_another_file_has_its_own_names(qtbot, open_wizard, demo: Demo, tmp_path: Path) -> None:
    page = open_page(qtbot, open_wizard, {"meta": str(demo.star)})
    page.session.change(meta=str(write_star(tmp_path / "a.star", particle_columns(1, 3, ["stacks/s1.mrcs"]))))
    settle(qtbot, page)
    assert page.without.names.texts.rowCount() == 1
    page.session.change(meta="")
    settle(qtbot, page)
    assert not page.without.names.isVisible() and not page.without.counts.isVisible()
