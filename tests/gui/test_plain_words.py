"""What the window says: controls by their titles, and no words that nobody uses."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import cryoimport_gui
from cryoimport_gui.gui.tips import window_words

_FOLDER = Path(cryoimport_gui.__file__).parent / "gui"
_HELP = Path(cryoimport_gui.__file__).parents[1] / "resources" / "help"
#: printed to a terminal
_TERMINAL = "app.py"
_UNUSUAL = re.compile(
    r"\b(mend(s|ed|ing)?|shown_text|laid|how-manieth|anew|Next is off|hold(s)? no picture|do(es)? not tell)\b",
    re.IGNORECASE,
)
_FLAG = re.compile(r"(?<!\S)--[a-z]")


def texts_of(path: Path) -> Iterator[str]:
    """All text of a module: of the window, of docstrings, and of comments."""
    source = path.read_text("utf-8")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
    yield from (
        line.partition("#")[2] for line in source.splitlines() if "  # " in line or line.lstrip().startswith("#")
    )


@pytest.mark.parametrize("path", sorted([*_FOLDER.rglob("*.py"), *_HELP.glob("*.md")]), ids=lambda path: path.stem)
def test_the_words_are_those_of_today(path: Path) -> None:
    texts = [path.read_text("utf-8")] if path.suffix == ".md" else list(texts_of(path))
    assert [text for text in texts if _UNUSUAL.search(text)] == []
    if path.suffix == ".py" and path.name != _TERMINAL:
        assert [text for text in texts if _FLAG.search(text)] == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("or give --data-sign.", "or give “Data sign”."),
        ("--voltage: 5 is not possible", "“Accelerating voltage”: 5 is not possible"),
        ("use RELION's --combine", "use RELION's --combine"),
        ("a--b.mrcs and no flag", "a--b.mrcs and no flag"),
    ],
)
def test_controls_are_named_by_their_titles(text: str, said: str) -> None:
    assert window_words(text) == said
