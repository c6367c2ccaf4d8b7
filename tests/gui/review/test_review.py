"""The Review page: every kind of problem with a way out, what will be written, and what can be taken along."""

from __future__ import annotations

import dataclasses
import json
import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QLineEdit, QPushButton, QWidget

from cryoimport_gui.__main__ import main
from cryoimport_gui.core.parameters import ImportParameters, load_settings
from cryoimport_gui.core.plan.plan import ImportPlan
from cryoimport_gui.core.plan.planner import plan_import
from cryoimport_gui.core.problems import CODES, Severity, problem, sentence
from cryoimport_gui.gui.pages.page import Page
from cryoimport_gui.gui.pages.particles.field_names import field_names
from cryoimport_gui.gui.pages.review import ReviewPage
from cryoimport_gui.gui.remedies import REMEDIES
from cryoimport_gui.gui.tips import window_words
from cryoimport_gui.gui.widgets.problem_card import ProblemCard
from cryoimport_gui.gui.wizard import PAGES, ImportWizard

from ...support.running import load
from ...support.stars import write_exposures, write_input
from ..conftest import WAIT_MS, press_import, step_state

SIGNS = {Severity.ERROR: "✖ Error", Severity.WARNING: "▲ Warning", Severity.INFO: "● Note"}


def number_of(wizard: ImportWizard, kind: type[Page]) -> int:
    return next(i for i, page in enumerate(wizard.pages) if isinstance(page, kind))


def open_review(open_wizard: Any, **values: Any) -> tuple[ImportWizard, ReviewPage]:
    wizard = open_wizard(**values)
    wizard.go_to(number_of(wizard, ReviewPage))
    page = wizard.currentPage()
    assert isinstance(page, ReviewPage)
    return wizard, page


def wait_current(qtbot: Any, wizard: ImportWizard) -> None:
    qtbot.waitUntil(lambda: wizard.session.is_current, timeout=WAIT_MS)


def show(wizard: ImportWizard, plan: ImportPlan) -> None:
    """Have a plan shown as if it had just been made."""
    wizard.session.plan = plan
    wizard.session.planned.emit(plan)


def plain(text: str) -> str:
    return text.replace("\u200b", "")


def cards(page: ReviewPage) -> list[ProblemCard]:
    """What is known of each problem, with its line opened."""
    for line in page.problem_list.lines:
        if not line.card.isVisible():
            QTest.mouseClick(line.fold, Qt.MouseButton.LeftButton)
    return [line.card for line in page.problem_list.lines]


def words_of(widget: QWidget) -> str:
    return plain("\n".join(label.text() for label in widget.findChildren(QLabel)))


def buttons(card: QWidget) -> dict[str, QPushButton]:
    return {button.text(): button for button in card.findChildren(QPushButton)}


def facts(page: ReviewPage) -> str:
    return words_of(page.written.widget())


def test_every_code_belongs_to_one_page_and_has_an_entry() -> None:
    assert set(REMEDIES) == set(CODES)
    for code in CODES:
        homes = [page for page in PAGES if page.CODES and code.startswith(page.CODES)]
        assert len(homes) == 1, f"{code} belongs to {homes}"


def test_every_problem_is_shown_with_what_to_do(qtbot, open_wizard, tmp_path: Path) -> None:
    """Each code in turn: on Review and on its own page, counted in the step list, its way out where it has one."""
    wizard, review = open_review(open_wizard, meta=str(write_input(tmp_path)), output=str(tmp_path / "J1"))
    good, here = wizard.session.plan, number_of(wizard, ReviewPage)
    with_a_way = 0
    for code, kind in CODES.items():
        found = problem(code, f"message of {code}", count=17, examples=["line 3: a/b_c.mrcs"])
        show(wizard, dataclasses.replace(good, problems=[found]))
        (card,) = cards(review)
        words = words_of(card)
        hint = window_words(kind.hint)
        for text in (SIGNS[kind.severity], kind.title, "(17)", f"Message of {code}.", "line 3: a/b_c.mrcs", hint):
            assert text in words, (code, text)
        assert "--" not in words, "flags are for the terminal"
        assert "16 more" in words
        home = wizard.home_of(code)
        assert [p.code for p in home.problems()] == [code]
        step = step_state(wizard, here)
        assert {Severity.ERROR: "1 error", Severity.WARNING: "1 warning", Severity.INFO: "fine"}[kind.severity] in step
        of_home = step_state(wizard, wizard.pages.index(home))
        assert ("1 error" in of_home or "contradicted" in of_home) == (kind.severity is Severity.ERROR), code
        way = "Go to the field" if home is review else f"Go to {home.title()}"
        assert (way in buttons(card)) == bool(REMEDIES[code].place), code
        assert ("Leave these rows out" in buttons(card)) == kind.per_row, code
        if kind.severity is Severity.ERROR:
            assert len(buttons(card)) > 1, f"{code} stops the import and offers no way out"
        if REMEDIES[code].place:
            with_a_way += 1
            qtbot.mouseClick(buttons(card)[way], Qt.MouseButton.LeftButton)
            assert wizard.currentPage() is home, code
            editor = home.findChild(QWidget, REMEDIES[code].place)
            assert editor is not None, f"{code}: there is no {REMEDIES[code].place} on {home.title()}"
            if editor.isVisible():
                focus = QApplication.focusWidget()
                assert editor is focus or editor.focusProxy() is focus or editor.isAncestorOf(focus), code
            show(wizard, good)
            wizard.go_to(here)
            assert wizard.currentPage() is review, code
    assert with_a_way > 35
    show(wizard, good)


FIXED_BY = [
    ("image-name-bad", "Leave these rows out", {}, {"on_bad": "leave-out"}),
    ("stack-truncated", "Leave these rows out", {}, {"on_bad": "leave-out"}),
    ("exposures-unreadable", "Import without exposures", {"exposures": "/nowhere.cs"}, {"exposures": ()}),
    ("micrograph-name-missing", "Import without exposures", {"exposures": "/nowhere.cs"}, {"exposures": ()}),
    ("image-name-missing", "Import locations only", {}, {"ignore_raw_data": True}),
    ("exposure-unmatched", "Find trimming rules", {}, {"suggest_trims": True}),
    ("exposure-unmatched", "Keep them without a location", {}, {"on_unmatched": "keep"}),
    ("exposure-unmatched", "Leave them out", {}, {"on_unmatched": "leave-out"}),
    ("exposure-ambiguous", "Find trimming rules", {}, {"suggest_trims": True}),
    ("coordinates-outside", "Detect the scale", {"coordinate_scale": "2"}, {"coordinate_scale": "auto"}),
    ("coordinate-y-unclear", "Detect which way y runs", {"coordinate_y": "flip"}, {"coordinate_y": "auto"}),
    ("exposures-mirrored", "Detect mirrored exposures", {"mirror_poses": "no"}, {"mirror_poses": "auto"}),
    ("data-sign-contradicts", "Use the detected data sign", {"data_sign": "+1"}, {"data_sign": "auto"}),
    ("output-exists", "Use the next free name", {"output": "{}/import7"}, {"output": "{}/import9"}),
    ("output-job-number", "Use another name", {"output": "{}/J7"}, {"output": "{}/J7_2"}),
    ("image-index-zero", "Count image numbers from 0", {}, {"image_numbers_from": "0"}),
    ("selection-empty", "Import all rows", {"select": ["rlnClassNumber=7"]}, {"select": ()}),
    ("selection-unknown", "Import all rows", {"select": ["rlnNowhere=7"]}, {"select": ()}),
    *(
        (code, "Import without poses", {}, {"ignore_pose_data": True})
        for code in ("pose-placeholder", "poses-do-not-fit", "shifts-do-not-fit")
    ),
    *(
        (f"original-{what}", "Import them as new particles", {"original": "/nowhere.cs"}, {"original": ""})
        for what in ("unreadable", "unmatched", "ambiguous")
    ),
    *((code, "Import anyway", {}, {"accept": (code,)}) for code, kind in CODES.items() if kind.acceptable),
]


def test_what_can_be_fixed_is_fixed_by_its_button(qtbot, open_wizard, tmp_path: Path) -> None:
    """And the button is gone where its values are set already."""
    (tmp_path / "import7").mkdir()
    (tmp_path / "import8").mkdir()
    wizard, review = open_review(open_wizard, meta=str(write_input(tmp_path)))
    session, good = wizard.session, wizard.session.plan

    def filled(values: dict[str, Any]) -> dict[str, Any]:
        return {n: v.replace("{}", str(tmp_path)) if isinstance(v, str) else v for n, v in values.items()}

    for code, label, given, expected in FIXED_BY:
        session.change(**filled(given))
        before = session.parameters
        show(wizard, dataclasses.replace(good, parameters=before, problems=[problem(code, "x")]))
        (card,) = cards(review)
        tip = buttons(card)[label].toolTip()
        assert all(name.replace("_", " ") in tip for name in expected), code
        qtbot.mouseClick(buttons(card)[label], Qt.MouseButton.LeftButton)
        changed = {n: v for n, v in vars(session.parameters).items() if v != getattr(before, n)}
        assert changed == filled(expected), code
        if not code.startswith("output-") and label != "Import anyway":
            show(wizard, dataclasses.replace(good, parameters=session.parameters, problems=[problem(code, "y")]))
            assert label not in buttons(cards(review)[0]), code
        session.change(**vars(good.parameters))
    seen_in_data = {"stack-missing", "poses-unclear"}  # what these offer depends on more than the parameters
    offered = {code for code, remedy in REMEDIES.items() if remedy.fixes} - seen_in_data
    assert offered <= {code for code, *_ in FIXED_BY}
    wait_current(qtbot, wizard)


def test_the_folder_that_has_the_missing_stacks_is_one_click_away(qtbot, open_wizard, tmp_path: Path) -> None:
    meta = write_input(tmp_path / "a" / "b")
    (tmp_path / "a" / "c" / "stacks").mkdir(parents=True)
    (tmp_path / "a/b/stacks/s2.mrcs").rename(tmp_path / "a/c/stacks/s2.mrcs")
    wizard, review = open_review(open_wizard, meta=str(meta))
    card = next(card for card in cards(review) if CODES["stack-missing"].title in words_of(card))
    qtbot.mouseClick(buttons(card)["Use the folder that has them"], Qt.MouseButton.LeftButton)
    wait_current(qtbot, wizard)
    assert wizard.session.parameters.data == str(tmp_path / "a" / "c")
    assert "stack-missing" not in [p.code for p in review.problems()]


def test_rows_are_left_out_only_where_others_would_be_left(qtbot, open_wizard, tmp_path: Path) -> None:
    names = [f"{number}@stacks/s{k}.mrcs" for k, number in ((1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 9))]
    meta = write_input(tmp_path, {"rlnImageName": names, "rlnMicrographName": ["mics/elsewhere.mrc"] * 6})
    exposures = write_exposures(tmp_path / "P/J1/exposures.cs")
    wizard, review = open_review(open_wizard, meta=str(meta))
    stacks = tmp_path / "stacks"

    def offered(**values: Any) -> set[str]:
        wizard.session.change(**values)
        wizard.session.check_again()
        wait_current(qtbot, wizard)
        return {label for card in cards(review) for label in buttons(card) if label.startswith("Leave")}

    assert offered() == {"Leave these rows out"}, "five rows are good"
    assert offered(exposures=str(exposures)) == {"Leave these rows out"}, "no particle has its exposure"
    wizard.session.change(exposures="")
    (stacks / "s2.mrcs").rename(tmp_path / "s2.mrcs")
    assert offered() == {"Leave these rows out"}, "one stack is there"
    (stacks / "s1.mrcs").rename(tmp_path / "s1.mrcs")
    assert offered() == set(), "no stack is there"
    assert offered(data=str(tmp_path / "nowhere")) == set(), "there is no such folder"


@pytest.mark.parametrize(
    "message, shown",
    [
        ("the file is empty", "The file is empty."),
        ("data-path is missing", "Data-path is missing."),
        ("4 columns are not imported", "4 columns are not imported."),
        ("d: /tmp/d is not a folder", "d: /tmp/d is not a folder."),
        ("rlnVoltage cannot be read", "rlnVoltage cannot be read."),
        ("run_data.star is not there", "run_data.star is not there."),
        ("data/a.mrcs is empty", "data/a.mrcs is empty."),
        ("group1 lacks a value", "group1 lacks a value."),
        ("y is kept", "y is kept."),
        ("", "."),
    ],
)
def test_only_plain_words_are_capitalised(message: str, shown: str) -> None:
    assert sentence(message) == shown


def test_a_refused_import_says_in_one_line_why_and_that_nothing_is_written(qtbot, open_wizard, tmp_path: Path) -> None:
    meta = write_input(tmp_path / "a" / "b" / "c" / "d" / "e")
    stack = meta.parent / "stacks/s2.mrcs"
    wizard, review = open_review(open_wizard, meta=str(meta), output=str(tmp_path / "J1"))
    assert "6 of 6 rows" in facts(review)
    height = review.foot.height()
    stack.rename(tmp_path / "away.mrcs")
    wizard.session.check_again()
    wait_current(qtbot, wizard)
    assert facts(review).split("\n") == ["Nothing", "is written until the errors are fixed."]
    wizard.resize(900, 600)
    qtbot.waitUntil(lambda: review.foot.text().endswith("…"), timeout=WAIT_MS)
    why = f"Cannot import: {wizard.session.plan.errors[0].message}."
    assert review.foot.text().startswith("Cannot import: ")
    assert review.foot.height() == height
    assert review.foot.whole == review.foot.accessibleDescription() == why
    assert str(meta.parent) in plain(review.foot.toolTip())
    stack.parent.joinpath(stack.name).write_bytes((tmp_path / "away.mrcs").read_bytes())
    wizard.session.check_again()
    wait_current(qtbot, wizard)
    assert "6 of 6 rows" in facts(review)
    assert review.foot.text() == ""


def test_policies_stand_with_their_numbers(qtbot, open_wizard, tmp_path: Path) -> None:
    names = [f"{number}@stacks/s{k}.mrcs" for k, number in ((1, 1), (1, 2), (1, 9), (2, 1), (2, 2), (2, 3))]
    micrographs = [f"mics/m{k}.mrc" for k in (1, 1, 1, 2, 3, 3)]
    meta = write_input(tmp_path, {"rlnImageName": names, "rlnMicrographName": micrographs})
    exposures = write_exposures(tmp_path / "P/J1/exposures.cs")
    wizard, review = open_review(
        open_wizard, meta=str(meta), exposures=str(exposures), remove_leading_uid=True, output=str(tmp_path / "J")
    )
    bad, unmatched = (review.outcomes[name] for name in ("on_bad", "on_unmatched"))
    assert "leave out: 5 of 6 rows are imported, 1 listed in rejected.star" in bad.text()
    assert "keep: 6 of 6 rows are imported, 2 without a location" in unmatched.text()
    assert "leave out: 4 of 6 rows are imported, 2 listed" in unmatched.text()
    assert "2 errors in all" in review.obstacle()
    wizard.session.change(on_bad="leave-out")
    assert "5" not in bad.text(), "numbers of the other choice are gone at once"
    wait_current(qtbot, wizard)
    assert "keep: 5 of 6 rows are imported, 2 without" in unmatched.text()
    wizard.session.change(on_unmatched="leave-out")
    wait_current(qtbot, wizard)
    assert review.obstacle() == ""
    assert "3 of 6 rows" in facts(review) and "3 rows, listed in rejected.star" in facts(review)


def test_what_will_be_written_is_shown(qtbot, open_wizard, demo, demo_values, tmp_path: Path) -> None:
    _, review = open_review(open_wizard, **demo_values | {"output": str(tmp_path / "J1"), "voltage": ["2=120"]})
    printed = facts(review)
    for words in (
        "400 of 400 rows",
        f"{len(demo.stacks)} to stacks, which are not copied",
        "kB for the dataset",
        "sign  ←  data sign, detected",
        "400 particles on 20 exposures",
        "rlnCtfMaxResolution",
        "accel_kv  ←  optics rlnVoltage, you",
        "df1_A  ←  rlnDefocusU",
        "mscope_params: no total dose is given",
    ):
        assert words in printed, words


def test_assumptions_are_marked_as_not_settled(qtbot, open_wizard, tmp_path: Path) -> None:
    exposures = write_exposures(tmp_path / "P/J1/exposures.cs")
    flat = {"rlnAngleRot": [0.0] * 6, "rlnAngleTilt": [0.0] * 6}
    meta = write_input(tmp_path, flat)
    _, review = open_review(open_wizard, meta=str(meta), exposures=str(exposures), remove_leading_uid=True)
    printed = facts(review)
    assert "Not settled" in printed
    assert "pose  ←  rlnAnglePsi (not settled)" in printed
    assert "center_y_frac  ←  rlnCoordinateY / height (not settled)" in printed


@pytest.mark.parametrize(
    ("change", "values", "expected"),
    [
        (
            {},
            {},
            [
                "3D angles → alignments3D",
                "rlnOriginXAngst and rlnOriginYAngst → shift",
                "rlnRandomSubset → split",
                "rlnClassNumber → class",
            ],
        ),
        (
            {"rlnAngleRot": None, "rlnAngleTilt": None, "rlnClassNumber": None},
            {"ignore_half_sets": True},
            [
                "psi, without rot and tilt → alignments2D",
                "rlnOriginXAngst and rlnOriginYAngst → shift",
                "ignored: CryoSPARC splits again",
                "none",
            ],
        ),
        ({}, {"ignore_pose_data": True}, ["not written: pose data is ignored"] * 4),
        (
            {"rlnAnglePsi": None, "rlnAngleRot": None, "rlnAngleTilt": None},
            {},
            ["none", *["not written: there are no angles"] * 3],
        ),
    ],
)
def test_the_first_page_says_what_becomes_of_the_poses(
    tmp_path: Path, change: dict[str, Any], values: dict[str, Any], expected: list[str]
) -> None:
    printed = dict(field_names(plan_import(ImportParameters(meta=str(write_input(tmp_path, change)), **values))))
    assert [printed[name] for name in ("Poses", "Shifts", "Half-sets", "Classes")] == expected


def save_as(monkeypatch: pytest.MonkeyPatch, path: Path | str) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(path), ""))


def test_settings_are_saved_as_they_can_be_read(qtbot, open_wizard, tmp_path: Path, monkeypatch) -> None:
    values = {"meta": str(write_input(tmp_path)), "voltage": ["200", "1=120"], "data_sign": "-1"}
    wizard, review = open_review(open_wizard, output=str(tmp_path / "J1"), **values)
    save_as(monkeypatch, tmp_path / "mine")
    qtbot.mouseClick(review.keep.settings, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "Saved" in review.keep.words.text(), timeout=WAIT_MS)
    saved = tmp_path / "mine.json"
    assert str(saved) in plain(review.keep.words.text())
    assert json.loads(saved.read_text("utf-8")) == {"parameters": wizard.session.parameters.to_json()}
    assert load_settings(saved)["voltage"] == ["200.0", "1=120.0"]


def test_the_report_is_saved(qtbot, open_wizard, tmp_path: Path, monkeypatch) -> None:
    wizard, review = open_review(open_wizard, meta=str(write_input(tmp_path)), output=str(tmp_path / "J1"))
    save_as(monkeypatch, tmp_path / "r.html")
    qtbot.mouseClick(review.keep.report, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "Saved" in review.keep.words.text(), timeout=WAIT_MS)
    page = (tmp_path / "r.html").read_text("utf-8")
    assert "<title>Checked, not imported: 6 particles of" in page and "data:image/png;base64," in page
    press_import(wizard)
    qtbot.waitUntil(lambda: wizard.session.job is not None, timeout=WAIT_MS)
    done = wizard.currentPage()
    save_as(monkeypatch, tmp_path / "done.html")
    qtbot.mouseClick(done.keep.report, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "Saved" in done.keep.words.text(), timeout=WAIT_MS)
    pages = [path.read_text("utf-8") for path in (tmp_path / "done.html", tmp_path / "J1" / "import.html")]
    one, other = (re.sub(r", \d{4}-\d\d-\d\d \d\d:\d\d", "", page) for page in pages)
    assert one == other and "<title>Imported: 6 particles of" in one


def test_what_cannot_be_saved_is_said(qtbot, open_wizard, tmp_path: Path, monkeypatch) -> None:
    _, review = open_review(open_wizard, meta=str(write_input(tmp_path)))
    save_as(monkeypatch, tmp_path / "no" / "where.html")
    for button in (review.keep.report, review.keep.settings):
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: "cannot be written" in review.keep.words.text(), timeout=WAIT_MS)
    save_as(monkeypatch, "")
    qtbot.mouseClick(review.keep.report, Qt.MouseButton.LeftButton)
    assert "cannot be written" in review.keep.words.text(), "nothing is saved where no name was given"


def test_the_copied_command_makes_the_same_dataset(
    qtbot, open_wizard, demo_values, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All but uids and the numbers in links' names; the project is one, so that paths lie in it."""
    project = tmp_path / "a project's $folder"
    project.mkdir()
    values = demo_values | {
        "project": str(project),
        "output": str(project / "J3"),
        "pixel_size": ["2=2.2"],
        "total_dose": ["41.5"],
        "data_sign": "+1",
        "coordinate_y": "flip",
        "ignore_half_sets": True,
    }
    wizard, review = open_review(open_wizard, **values)
    line = next(edit for edit in review.findChildren(QLineEdit) if edit.objectName() == "output")
    qtbot.mouseClick(review.keep.copy, Qt.MouseButton.LeftButton)
    assert "clipboard" in review.keep.words.text()
    command = QGuiApplication.clipboard().text()
    press_import(wizard)
    qtbot.waitUntil(lambda: wizard.session.job is not None, timeout=WAIT_MS)
    by_wizard = load(project / "J3")
    (project / "J3").rename(project / "by-wizard")
    assert line.text() in shlex.split(command)
    name, *arguments = shlex.split(command)
    assert name == "cryoimport-gui" and "--headless" in arguments
    assert main(arguments) == 0
    by_command = load(project / "J3")
    assert by_command.fields() == by_wizard.fields() and len(by_command) == len(by_wizard) == 400
    for field in by_wizard.fields():
        one, other = by_wizard[field], by_command[field]
        if field == "uid":
            assert not set(one) & set(other)
        elif field == "blob/path":
            folders, names = zip(*(path.rsplit("/", 1) for path in [*one, *other]))
            assert set(folders) == {"J3/imported"}
            stems = np.array([stem[22:] for stem in names])
            np.testing.assert_array_equal(stems[:400], stems[400:])
        else:
            np.testing.assert_array_equal(one, other, err_msg=field)
    capsys.readouterr()
