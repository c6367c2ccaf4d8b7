"""What the first page shows of a file: facts, drawings, a strip; folds; stacks that are missing."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QWidget

from cryoimport_gui.core.demo import Demo
from cryoimport_gui.gui.widgets.fold import Fold
from cryoimport_gui.gui.wizard import ImportWizard

from ...core.reading.pick_texts import topaz, write
from ...support.stars import write_input
from ..conftest import WAIT_MS

LEFT = Qt.MouseButton.LeftButton


def settle(qtbot, wizard: ImportWizard) -> QWidget:
    page = wizard.currentPage()
    qtbot.waitUntil(lambda: wizard.session.is_current and not page.tasks.busy, timeout=WAIT_MS)
    return page


def shown(facts: QWidget) -> dict[str, str]:
    words = [label.text().replace("\u200b", "") for label in facts.widget().findChildren(QLabel)]
    return dict(zip(words[::2], words[1::2]))


def visible_texts(widget: QWidget) -> list[str]:
    return [label.text().replace("\u200b", "") for label in widget.findChildren(QLabel) if label.isVisible()]


def grey_sum(widget: QWidget) -> int:
    """Of the darkness of what is drawn."""
    image = widget.grab().toImage()
    return sum(
        255 - image.pixelColor(x, y).lightness()
        for x in range(0, image.width(), 3)
        for y in range(0, image.height(), 3)
    )


def test_the_file_is_described_and_drawn(qtbot, open_wizard, demo: Demo) -> None:
    wizard = open_wizard(meta=str(demo.star), data=str(demo.data))
    page = settle(qtbot, wizard)
    facts = shown(page.facts)
    particles = wizard.session.plan.all_particles
    halves = [int((particles.random_subset == half).sum()) for half in (1, 2)]
    assert facts["Half-sets"] == f"{halves[0]} / {halves[1]}" and facts["Poses"].startswith("3D, ")
    assert facts["Micrographs"].startswith(f"{len(particles.micrograph_names)}, ")
    holdings = page.holdings
    assert holdings.views.isVisible() and holdings.strip.isVisible()
    assert holdings.views.accessibleName().startswith("Viewing directions: ")
    assert holdings.strip.accessibleName() == "Pictures of 12 particles"
    drawn = grey_sum(holdings.strip)
    holdings.strip.show_tiles(None)
    holdings.strip.show()
    assert drawn > 2 * grey_sum(holdings.strip), "particles are drawn"


def test_field_names_are_folded_and_columns_without_a_place_are_no_problem_here(qtbot, open_wizard, demo: Demo) -> None:
    page = settle(qtbot, open_wizard(meta=str(demo.star), data=str(demo.data)))
    view = page.holdings
    assert view.fold.isVisible() and not view.field_names.isVisible()
    qtbot.mouseClick(view.fold, LEFT)
    assert view.field_names.isVisible()
    assert shown(view.field_names)["Half-sets"] == "rlnRandomSubset → split"
    assert [p.code for p in page.problems()] == ["columns-not-imported"]
    assert not page.problem_list.isVisible()


def test_a_warning_is_one_line_that_opens(qtbot, open_wizard, tmp_path: Path) -> None:
    names = [f"{k}@stacks/s1.mrcs" for k in (1, 2, 3, 3)] + [f"{k}@stacks/s2.mrcs" for k in (1, 2)]
    page = settle(qtbot, open_wizard(meta=str(write_input(tmp_path, {"rlnImageName": names}))))
    folds = page.problem_list.findChildren(Fold)
    (fold,) = (fold for fold in folds if fold.text() == "▲ Warning: Images listed more than once")
    folded = page.problem_list.height()
    assert len(folds) * fold.height() <= folded and not fold.visibleRegion().isEmpty()
    assert not any("000003@stacks/s1.mrcs" in text for text in visible_texts(page.problem_list))
    qtbot.mouseClick(fold, LEFT)
    assert page.problem_list.height() > folded
    assert any("000003@stacks/s1.mrcs" in text for text in visible_texts(page.problem_list))


def test_rare_options_are_folded_and_open_once_for_each_reason(qtbot, open_wizard, tmp_path: Path) -> None:
    wizard = open_wizard(meta=str(write_input(tmp_path)))
    page = settle(qtbot, wizard)
    more, data = page.more, page.findChild(QLineEdit, "data")
    assert not more.fold.isChecked() and not data.isVisible()
    qtbot.mouseClick(more.fold, LEFT)
    assert data.isVisible()
    qtbot.mouseClick(more.fold, LEFT)
    assert not data.isVisible()
    wizard.session.change(data=str(tmp_path))
    assert data.isVisible(), "a value is set"
    qtbot.mouseClick(more.fold, LEFT)
    settle(qtbot, wizard)
    assert not data.isVisible(), "what was closed stays closed"
    page.show_editor("data")
    assert data.isVisible() and data.hasFocus()


def test_the_project_is_given_on_the_first_page(qtbot, open_wizard, demo: Demo) -> None:
    wizard = open_wizard(meta=str(demo.star), data=str(demo.data))
    page = settle(qtbot, wizard)
    line = page.findChild(QLineEdit, "project")
    qtbot.mouseClick(line, LEFT)
    line.setText("")
    QTest.keyClicks(line, str(demo.project))
    qtbot.waitUntil(lambda: bool(wizard.session.parameters.output), timeout=WAIT_MS)
    assert wizard.session.parameters.project == str(demo.project)
    assert Path(wizard.session.parameters.output).parent == demo.project / "imports"


def test_missing_stacks_are_counted_named_and_found_by_a_click(qtbot, open_wizard, tmp_path: Path) -> None:
    star = write_input(tmp_path / "job")
    elsewhere = tmp_path / "disk" / "stacks"
    elsewhere.mkdir(parents=True)
    (tmp_path / "job/stacks/s2.mrcs").rename(elsewhere / "s2.mrcs")
    wizard = open_wizard(meta=str(star))
    page = settle(qtbot, wizard)
    assert visible_texts(page.missing) == ["✖ Error", "1 of 2 stacks missing (3 particles)", "stacks/s2.mrcs"]
    assert page.more.fold.isChecked(), "the data path is needed now"
    assert not page.missing.places.isVisible()
    qtbot.mouseClick(page.missing.fold, LEFT)
    assert str(tmp_path / "job/stacks/s2.mrcs") in page.missing.places.text().replace("\u200b", "")

    assert "Leave these rows out" in [b.text() for b in page.missing.findChildren(QPushButton) if b.isVisible()]
    assert page.take_data.toolTip().startswith(str(tmp_path / "disk"))
    qtbot.mouseClick(page.take_data, LEFT)
    settle(qtbot, wizard)
    assert wizard.session.parameters.data == str(tmp_path / "disk")
    assert not page.missing.isVisible() and wizard.session.plan.errors == []


def test_picks_show_their_spread_over_micrographs_and_no_views(qtbot, open_wizard, tmp_path: Path) -> None:
    texts = {f"m{k}__txt": topaz([(f"m{k}", 5.0 * i, 7.0) for i in range(k)]) for k in (1, 2, 5)}
    wizard = open_wizard(meta=str(write(tmp_path / "picks", **texts)), ignore_raw_data=True)
    view = settle(qtbot, wizard).holdings
    assert shown(view.facts)["Micrographs"] == "3, 1 to 5 picks each, median 2"
    assert view.per_micrograph.isVisible() and not view.views.isVisible() and not view.strip.isVisible()


def test_nothing_of_the_file_before_is_left(qtbot, open_wizard, demo: Demo, tmp_path: Path) -> None:
    wizard = open_wizard(meta=str(demo.star), data=str(demo.data))
    view = settle(qtbot, wizard).holdings
    wizard.session.change(meta=str(tmp_path / "none.star"), data="")
    settle(qtbot, wizard)
    assert shown(view.facts) == {"Nothing": "could be read from it."}
    assert not any(widget.isVisible() for widget in (view.per_micrograph, view.views, view.strip, view.fold))
    wizard.session.change(meta="")
    page = settle(qtbot, wizard)
    assert page.start.isVisible() and not view.isVisible() and not page.problem_list.isVisible()
