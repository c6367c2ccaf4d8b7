"""Recent imports, their titles, and how one is opened again."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QWidget

from ..core.conditions import BadParameter
from .session import Session
from .tips import window_words
from .widgets.messages import show_notice

REOPEN_TIP = (
    "Open this import again with all its parameters. Its output folder exists, so the next free name is proposed."
)


def title_of(values: Mapping[str, Any]) -> str:
    """Which particles, and where they were imported to."""
    meta, output = values.get("meta", ""), str(values.get("output", ""))
    first, *others = map(str, (meta or [""]) if isinstance(meta, list) else [meta])  # older versions knew one path only
    more = f" and {len(others)} more" if others else ""
    return f"{os.path.join(*first.split('/')[-2:])}{more}  →  {output}"


def reopen(session: Session, values: Mapping[str, Any], parent: QWidget | None) -> None:
    """Use all parameters of an earlier import; what cannot be used is said in a box."""
    try:
        unknown = session.reopen(values)
    except BadParameter as error:
        show_notice(parent, window_words(f"These settings cannot be used: {error}."))
        return
    if unknown:
        show_notice(parent, f"This version does not know these parameters and ignores them: {', '.join(unknown)}.")
