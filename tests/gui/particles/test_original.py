"""Original particles on the first page: offered where names show where they came from, and what came of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from ...support.exported import export, refined_set, rows_of, save, star_columns
from ...support.stars import write_input
from ..conftest import WAIT_MS, press_import


def choosing(monkeypatch: pytest.MonkeyPatch, wizard, path: Path) -> None:
    """The file dialog that opens next gives this file."""
    monkeypatch.setattr(wizard.session.dialogs, "open_file", lambda *_, **__: str(path))


def button(page, words: str) -> QPushButton:
    (found,) = (b for b in page.findChildren(QPushButton) if words in b.text().replace("&", "") and b.isVisible())
    return found


def test_identities_are_offered_and_restored(qtbot, open_wizard, monkeypatch, tmp_path: Path) -> None:
    demo, path, table = refined_set(tmp_path, shuffled=True)
    rows = np.arange(len(table))[::-2]
    star = export(tmp_path / "relion", demo, rows_of(star_columns(table), rows))
    wizard = open_wizard(meta=str(star), output=str(demo.project / "back"))
    page, session = wizard.currentPage(), wizard.session
    assert page.original.isVisible() and "came from CryoSPARC" in page.original.words.whole
    choosing(monkeypatch, wizard, path)
    qtbot.mouseClick(page.original.choose, Qt.MouseButton.LeftButton)
    assert session.parameters.original == str(path) == page.original.editor.path
    qtbot.waitUntil(lambda: session.is_current, timeout=WAIT_MS)
    assert not page.original.choose.isVisible()
    words = page.original.words.whole
    assert words.startswith(f"{len(rows)} particles restored") and f"stack and index ({len(rows)})" in words
    assert "blob, ctf, location" in words
    press_import(wizard)
    qtbot.waitUntil(lambda: session.job is not None, timeout=WAIT_MS)
    data = np.load(session.job.folder / "imported_particles.cs")
    np.testing.assert_array_equal(data["uid"], table["uid"][rows])
    np.testing.assert_array_equal(data["blob/path"], table["blob/path"][rows])


def test_nothing_is_offered_for_other_names(open_wizard, tmp_path: Path) -> None:
    page = open_wizard(meta=str(write_input(tmp_path))).currentPage()
    assert not page.more.fold.isChecked() and not page.original.isVisible() and not page.original.editor.isVisible()


def test_ambiguity_is_refused_in_words_and_given_up_by_a_click(qtbot, open_wizard, tmp_path: Path) -> None:
    demo, path, table = refined_set(tmp_path)
    twice = np.concatenate([table, table])
    twice["uid"] = np.arange(1, len(twice) + 1)
    save(path, twice)
    star = export(tmp_path / "relion", demo, star_columns(table))
    wizard = open_wizard(meta=str(star), original=str(path))
    page, session = wizard.currentPage(), wizard.session
    (found,) = (p for p in session.plan.errors)
    assert found.code == "original-ambiguous" and "is not known" in found.message
    assert "--" not in page.original.words.whole
    qtbot.mouseClick(button(page, "Import them as new particles"), Qt.MouseButton.LeftButton)
    assert session.parameters.original == ""
    qtbot.waitUntil(lambda: session.is_current, timeout=WAIT_MS)
    assert "original-ambiguous" not in {p.code for p in session.plan.problems}
    assert "came from CryoSPARC" in page.original.words.whole
