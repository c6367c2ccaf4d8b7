"""Grey pictures of the core as images of Qt."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage


def grey_image(picture: NDArray[np.uint8]) -> QImage:
    """(height, width) → an image with pixels of its own."""
    height, width = picture.shape
    return QImage(picture.tobytes(), width, height, width, QImage.Format.Format_Grayscale8).copy()
