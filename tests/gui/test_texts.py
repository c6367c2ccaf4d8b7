"""All that a user can read, as plain English: words that nobody uses, flags, numbers and their nouns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QWidget

from ..texts import documents, plan_texts, provoked, window_texts
from .conftest import WAIT_MS

_UNUSUAL = re.compile(
    r"\b(mend(s|ed|ing)?|laid|how-manieth|anew|Next is off|holds? no picture|do(es)? not tell|speaks? of)\b"
    r"|\b(stands? twice|put one behind|First of each|turned over|once were)\b",
    re.IGNORECASE,
)
_NOUNS = "particle|stack|row|image|micrograph|exposure|optics group|error|warning|note|column|pick|file|coordinate"
_ONE_OF_MANY = re.compile(rf"(?<![\d.,/])\b1 (?:{_NOUNS})s\b")
_MANY_OF_ONE = re.compile(
    rf"(?<![\d.,/])\b(?:0|[2-9]|[1-9][\d,]*\d) (?:{_NOUNS})\b(?![ -](?:name|header|number|group))"
)
_FLAG = re.compile(r"(?<![\w-])--[a-z]")


def wrong(texts: Sequence[str], pattern: re.Pattern[str]) -> list[str]:
    return [text for text in texts if pattern.search(text)]


def check_english(texts: Sequence[str]) -> None:
    assert not wrong(texts, _UNUSUAL)
    assert not wrong(texts, _ONE_OF_MANY)
    assert not wrong(texts, _MANY_OF_ONE)


def test_the_window(qtbot, open_wizard, demo_values, tmp_path: Path) -> None:
    wizard = open_wizard(**demo_values | {"output": str(tmp_path / "out")})

    def settle(page: QWidget) -> None:
        tasks = getattr(page, "tasks", None)
        qtbot.waitUntil(lambda: wizard.session.is_current and not (tasks and tasks.busy), timeout=WAIT_MS)
        QApplication.processEvents()

    texts = list(window_texts(wizard, settle))
    (tmp_path / "window.txt").write_text("\n".join(texts))
    assert len(texts) > 300 and sum("== Page" in text for text in texts) == 7
    check_english(texts)
    assert not wrong(texts, _FLAG)
    check_english(list(plan_texts(wizard.session.plan)))


def test_problems_that_can_be_provoked(tmp_path: Path) -> None:
    (tmp_path / "cases").mkdir()
    texts = list(provoked(tmp_path / "cases"))
    (tmp_path / "problems.txt").write_text("\n".join(texts))
    check_english(texts)
    assert not wrong([text for text in texts if "   window:" in text], _FLAG)


def test_documents() -> None:
    check_english([line for text in documents() for line in text.splitlines()])


@pytest.mark.parametrize("text", ["1 stacks", "2 stack found", "12 optics group", "of 1 particles", "poses dealt anew"])
def test_what_is_wrong_is_found(text: str) -> None:
    with pytest.raises(AssertionError):
        check_english([text])


@pytest.mark.parametrize("text", ["1 stack", "2 stack headers", "11 stacks", "0.1 particles", "6 image names"])
def test_what_is_right_is_left_alone(text: str) -> None:
    check_english([text])
