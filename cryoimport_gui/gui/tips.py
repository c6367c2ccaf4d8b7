"""Gives controls their tool tips and What's this (Shift+F1); texts of parameters are in `core/parameters`."""

from __future__ import annotations

import re
from html import escape

from PySide6.QtWidgets import QTabWidget, QWidget

from ..core.parameters import parameter

_FLAG = re.compile(r"(?<![\w-])--([a-z]+(?:-[a-z]+)*)")


def explain(widget: QWidget, text: str) -> None:
    """Give a control its tool tip and What's this."""
    widget.setToolTip(plain_tip(text))
    widget.setWhatsThis(plain_tip(text))


def explain_tabs(tabs: QTabWidget, name: str, *texts: str) -> None:
    """The same for each tab; the bar takes the keyboard."""
    bar = tabs.tabBar()
    bar.setAccessibleName(name)
    bar.setWhatsThis("\n".join(texts))
    for number, text in enumerate(texts):
        tabs.setTabToolTip(number, text)
        tabs.setTabWhatsThis(number, text)


def plain_tip(text: str) -> str:
    """A tool tip that shows text from a file unchanged: Qt would take `<` and `&` for markup."""
    return f"<p>{escape(text, quote=False).replace(chr(10), '<br>')}</p>" if "<" in text or "&" in text else text


def in_sentence(title: str) -> str:
    """A control's title as it stands within a sentence; names such as CryoSPARC keep their capital."""
    return title if title.startswith("CryoSPARC") else title[:1].lower() + title[1:]


def window_words(text: str) -> str:
    """A message of the core as the window says it: controls by their titles, not by their flags."""
    return _FLAG.sub(_title, text)


def _title(flag: re.Match[str]) -> str:
    try:
        return f"“{parameter(flag[1].replace('-', '_')).metadata['title']}”"
    except StopIteration:
        return flag[0]
