"""What a control tells of itself: with the mouse on it, and by What's this (Shift+F1)."""

from __future__ import annotations

from html import escape

from PySide6.QtWidgets import QTabWidget, QWidget


def explain(widget: QWidget, text: str) -> None:
    """Let a control say what it is for."""
    widget.setToolTip(plain_tip(text))
    widget.setWhatsThis(plain_tip(text))


def explain_tabs(tabs: QTabWidget, name: str, *texts: str) -> None:
    """Likewise for each tab; the bar itself answers to the keyboard."""
    bar = tabs.tabBar()
    bar.setAccessibleName(name)
    bar.setWhatsThis("\n".join(texts))
    for number, text in enumerate(texts):
        tabs.setTabToolTip(number, text)
        tabs.setTabWhatsThis(number, text)


def plain_tip(text: str) -> str:
    """A tool tip that shows text from a file as it stands; what looks like markup would be taken for it."""
    return f"<p>{escape(text, quote=False).replace(chr(10), '<br>')}</p>" if "<" in text or "&" in text else text


def sign_text(sign: int) -> str:
    """A data sign with a real minus."""
    return "+1" if sign > 0 else "−1"
