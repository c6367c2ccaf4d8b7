"""The window's icon, and its pictures for panels that take no SVG."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

PACKAGING = Path(__file__).resolve().parents[2] / "packaging"
BLUE = (0x1A, 0x5F, 0xB4)  # the edge of the drawing


def test_windows_have_the_icon(qapp: QApplication) -> None:
    image = qapp.windowIcon().pixmap(64, 64).toImage()
    assert image.pixelColor(image.width() // 2, image.height() // 10).getRgb()[:3] == BLUE


def test_the_pictures_are_drawn_from_the_icon(tmp_path: Path) -> None:
    subprocess.run([sys.executable, PACKAGING / "icons.py", tmp_path], env=os.environ, check=True)
    drawn = {path.relative_to(tmp_path): QImage(str(path)) for path in tmp_path.rglob("*.png")}
    kept = {path.relative_to(PACKAGING / "hicolor"): QImage(str(path)) for path in PACKAGING.rglob("*.png")}
    assert drawn.keys() == kept.keys() and len(kept) == 9
    for name, image in kept.items():
        assert f"{image.width()}x{image.height()}" == name.parts[0]
        assert image.pixelColor(image.width() // 2, image.height() // 10).getRgb()[:3] == BLUE
        assert largest_difference(image, drawn[name]) <= 8, f"{name}: draw it again with packaging/icons.py"


def largest_difference(one: QImage, other: QImage) -> int:
    """Of any colour at any place; releases of Qt round edges in their own ways."""
    first, second = (bytes(image.convertToFormat(QImage.Format.Format_ARGB32).constBits()) for image in (one, other))
    return max(abs(a - b) for a, b in zip(first, second, strict=True))
