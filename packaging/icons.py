"""Draws the icon for panels and menus that take no SVG: python packaging/icons.py [FOLDER]"""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

PACKAGING = Path(__file__).parent
SIZES_PX = (16, 22, 24, 32, 48, 64, 128, 256, 512)


def draw(folder: Path) -> None:
    renderer = QSvgRenderer(str(PACKAGING.parent / "resources/icons/cryoimport-gui.svg"))
    for size in SIZES_PX:
        image = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        renderer.render(painter)
        painter.end()
        path = folder / f"{size}x{size}/apps/cryoimport-gui.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(str(path))


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else PACKAGING / "hicolor")
