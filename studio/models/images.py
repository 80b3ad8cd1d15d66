"""Pictures to Qt's images and back."""

import numpy as np
from PySide6.QtGui import QImage, QPainter

from studio.document.scene import Pixels


def to_image(pixels: Pixels) -> QImage:
    """A picture, uint8 (H, W, 3), as an image of its own memory in the quickest form to draw."""
    height, width = pixels.shape[:2]
    data = np.ascontiguousarray(pixels)
    image = QImage(data.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    return image.convertToFormat(QImage.Format.Format_RGB32)


def to_pixels(image: QImage) -> Pixels:
    """An image as a picture, uint8 (H, W, 3), what is clear shown over white."""
    flat = QImage(image.size(), QImage.Format.Format_RGB32)
    flat.fill(0xFFFFFFFF)
    painter = QPainter(flat)
    painter.drawImage(0, 0, image)
    painter.end()
    rgb = flat.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(rgb.constBits(), np.uint8).reshape(rgb.height(), rgb.bytesPerLine())
    return rows[:, : 3 * rgb.width()].reshape(rgb.height(), rgb.width(), 3).copy()
