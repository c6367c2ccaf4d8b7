"""What the window remembers between sessions; a file that is broken or from the future is only ever ignored."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from ..core.atomic import write_whole

log = logging.getLogger(__name__)

_MAX_RECENT = 10
_MOST_NAMED, _LONGEST_NAME = 5, 40
THEMES = ("system", "light", "dark")


@dataclass
class Settings:
    """`recent` holds the parameters of finished imports, the latest first, as `ImportParameters.to_json` gives them.

    `geometry` is Qt's saved geometry of the window, base64.  `folders` are those that file dialogs open in, by the kind
    of path.
    """

    geometry: str = ""
    theme: str = "system"
    recent: list[dict[str, Any]] = field(default_factory=list)
    folders: dict[str, str] = field(default_factory=dict)

    def remember_import(self, parameters: dict[str, Any]) -> None:
        """Put an import on top of the recent ones."""
        self.recent = [parameters, *(other for other in self.recent if other != parameters)][:_MAX_RECENT]


def settings_path() -> Path:
    config = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    return Path(config) / "cryoimport-gui" / "settings.json"


def load_settings_file() -> tuple[Settings, str]:
    """The settings, and a sentence about what could not be read (empty: all was read)."""
    settings = Settings()
    try:
        content = json.loads(settings_path().read_text("utf-8"))
    except FileNotFoundError:
        return settings, ""
    except (OSError, ValueError, RecursionError) as error:
        log.warning("settings are ignored: %s", error)
        return settings, f"The settings in {settings_path()} cannot be read and are ignored."
    known = {entry.name for entry in fields(Settings)}
    ignored = sorted(set(content) - known) if isinstance(content, dict) else ["everything"]
    for entry in fields(Settings):
        value = content.get(entry.name) if isinstance(content, dict) else None
        if value is not None and _fits(entry.name, value):
            setattr(settings, entry.name, value)
        elif value is not None:
            ignored.append(entry.name)
    return settings, f"Settings that this version does not know are ignored: {_in_short(ignored)}." if ignored else ""


def _in_short(names: list[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(name[:_LONGEST_NAME] for name in names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def save_settings(settings: Settings) -> None:
    """Write the settings; a place that cannot be written to is no reason to complain to the user."""
    path = settings_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(str(path), json.dumps(asdict(settings), indent=1))
    except OSError as error:
        log.warning("settings are not saved: %s", error)


def _fits(name: str, value: Any) -> bool:
    if name == "theme":
        return value in THEMES
    if name == "geometry":
        return isinstance(value, str) and value.isascii()
    if name == "folders":
        return isinstance(value, dict) and all(
            isinstance(folder, str) and "\0" not in folder for folder in value.values()
        )
    return isinstance(value, list) and all(isinstance(entry, dict) for entry in value)
