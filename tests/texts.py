"""`python -m tests.texts FILE`: everything that a user can read, in one file that is read from top to bottom.

Labels, tool tips, What's this and placeholder texts of each page; every problem that can be provoked, as the terminal
and as the window say it; the claims that follow from it; the help pages, the README and `--help`.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QGroupBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QSpinBox,
    QTabBar,
    QWidget,
)

import cryoimport_gui
from cryoimport_gui.__main__ import _collect
from cryoimport_gui.core.demo import make_demo
from cryoimport_gui.core.parameters import ImportParameters, update
from cryoimport_gui.core.plan.plan import ImportPlan
from cryoimport_gui.core.plan.planner import plan_import
from cryoimport_gui.core.problems import CODES
from cryoimport_gui.core.report.claims import claims_of
from cryoimport_gui.core.report.contents import policy_outcomes, will_write
from cryoimport_gui.core.report.words import overview
from cryoimport_gui.gui.remedies import REMEDIES, fixes_of
from cryoimport_gui.gui.tips import window_words
from cryoimport_gui.gui.wizard import ImportWizard
from cryoimport_gui.manual import make_parser

from .support.problem_cases import CASES, Case

_ROOT = Path(cryoimport_gui.__file__).parents[1]


def page_texts(page: QWidget) -> Iterator[str]:
    """Each text of a page once, also of what is hidden now."""
    seen: set[str] = set()
    for widget in (page, *page.findChildren(QWidget)):
        for kind, text in _texts(widget):
            text = re.sub(r"</?[a-z][^>]*>", "", text).strip()
            if text and text not in seen:
                seen.add(text)
                yield f"[{kind}] {text}"


def _texts(widget: QWidget) -> Iterator[tuple[str, str]]:
    if isinstance(widget, (QLabel, QAbstractButton)):
        yield "label" if isinstance(widget, QLabel) else "button", widget.text().replace("&", "")
    elif isinstance(widget, QGroupBox):
        yield "box", widget.title()
    elif isinstance(widget, QComboBox):
        yield from (("choice", widget.itemText(i)) for i in range(widget.count()))
    elif isinstance(widget, (QLineEdit, QPlainTextEdit)):
        yield "placeholder", widget.placeholderText()
    elif isinstance(widget, QTabBar):
        yield from (("tab", widget.tabText(i)) for i in range(widget.count()))
        yield from (("tip", widget.tabToolTip(i)) for i in range(widget.count()))
    elif isinstance(widget, QHeaderView) and widget.orientation() == Qt.Orientation.Horizontal:
        model = widget.model()
        columns = range(model.columnCount()) if model else ()
        for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            yield from (("column", str(model.headerData(i, widget.orientation(), role) or "")) for i in columns)
    if isinstance(widget, QAbstractSpinBox):
        yield "placeholder", widget.specialValueText()
        yield "unit", widget.suffix() if isinstance(widget, QSpinBox) else ""
    yield "tip", widget.toolTip()
    yield "what's this", widget.whatsThis()
    yield "read aloud", widget.accessibleName()
    yield "read aloud", widget.accessibleDescription()


def window_texts(wizard: ImportWizard, settle: Callable[[QWidget], None]) -> Iterator[str]:
    """The pages of a wizard one after the other, and the menu.

    Args:
        settle: Waits until what a page does in the background is done.
    """
    yield from (f"[menu] {action.text()}" for action in wizard.menu.actions() if action.text())
    for number, page in enumerate(wizard.pages):
        wizard.go_to(number)
        settle(page)
        yield f"\n== Page {page.title()}"
        yield f"[subtitle] {page.subTitle()}"
        yield from page_texts(page)
    yield "\n== Around the pages"
    around = [w for w in wizard.findChildren(QWidget) if not any(page.isAncestorOf(w) for page in wizard.pages)]
    yield from dict.fromkeys(f"[{kind}] {text}" for w in around for kind, text in _texts(w) if text.strip())


def problem_texts(case: Case, folder: Path) -> Iterator[str]:
    """What is said of one provoked problem, on the terminal and in the window, and of the claims."""

    def short(text: str) -> str:
        return text.replace(str(folder), "/data")

    parameters, _ = _collect(vars(make_parser().parse_args(case.make(folder))))
    plan: ImportPlan = plan_import(parameters)
    for problem in plan.problems:
        if problem.code == case.code:
            yield f"\n-- {problem.code} ({problem.severity}): {CODES[problem.code].title}"
            yield short(f"   {problem.message}.")
            yield from (short(f"     · {example}") for example in problem.examples[:3])
            yield short(f"   → {problem.hint}")
            said = window_words(f"{problem.message}. {problem.hint}")
            if said != f"{problem.message}. {problem.hint}":
                yield short(f"   window: {said}")
            labels = [label for label, _ in fixes_of(problem, plan)]
            yield f"   buttons: {', '.join(labels) or 'none'}; goes to: {REMEDIES[problem.code].place or 'nothing'}"
    yield from (short(f"   {claim}") for claim in claims_of(plan) if "not checked yet" not in claim.words)
    yield from (short(f"   {name}: {words}") for name, words in policy_outcomes(plan).items() if "·" in words)
    yield from (short(f"   {line}") for line in overview(plan))


def plan_texts(plan: ImportPlan) -> Iterator[str]:
    yield from overview(plan)
    yield from map(str, claims_of(plan))
    yield from (f"{name}: {text}" for name, text in will_write(plan))


def documents() -> Iterator[str]:
    for path in (*sorted((_ROOT / "resources" / "help").glob("*.md")), _ROOT / "README.md"):
        yield f"\n== {path.name}\n{path.read_text('utf-8')}"
    yield f"\n== --help\n{make_parser().format_help()}"


def provoked(folder: Path) -> Iterator[str]:
    for number, case in enumerate(CASES):
        (folder / str(number)).mkdir()
        yield from problem_texts(case, folder / str(number))


def main(target: str) -> None:
    from cryoimport_gui.gui.app import make_application

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = make_demo(folder / "demo")
        values = {"meta": str(made.star), "data": str(made.data), "exposures": str(made.exposures)} | made.trims
        parameters = update(ImportParameters(), values | {"output": str(folder / "out")})
        application: QApplication = make_application([])
        wizard = ImportWizard(parameters)

        def settle(page: QWidget) -> None:
            tasks = getattr(page, "tasks", None)
            while not wizard.session.is_current or (tasks is not None and tasks.busy):
                application.processEvents()
            application.processEvents()

        wizard.show()
        settle(wizard)
        parts = [*window_texts(wizard, settle), "\n== The plan", *plan_texts(wizard.session.plan)]
        wizard.close()
        (folder / "cases").mkdir()
        parts += ["\n== Problems", *provoked(folder / "cases"), *documents()]
        Path(target).write_text("\n".join(parts).replace(str(folder), "/data") + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
