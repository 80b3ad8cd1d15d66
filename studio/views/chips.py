"""Small pieces of colour: what a class looks like on the canvas, pattern and all."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QImage, QPainter, QPen, QPixmap

from studio.views import theme
from studio.views.icons import picture
from studio.views.paper import PATTERN, SHADE, pattern

CHIP = QSize(28, 18)


def weave(number: int, color: str) -> QPixmap:
    """A pattern (`Scene.pattern_of`) as a tile to repeat over a class's colour."""
    dark = QColor(color)
    shade = QColor.fromRgbF(dark.redF() * SHADE, dark.greenF() * SHADE, dark.blueF() * SHADE)
    image = QImage(PATTERN, PATTERN, QImage.Format.Format_ARGB32)
    image.fill(0)
    for y, row in enumerate(pattern(number)):
        for x, on in enumerate(row):
            if on:
                image.setPixelColor(x, y, shade)
    return QPixmap.fromImage(image)


def chip(number: int, color: str, ratio: float = 2.0) -> QIcon:
    """A class's colour and pattern (`Scene.pattern_of`) as the icon of a list."""
    pixmap = QPixmap(CHIP * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    frame = QRectF(0.5, 0.5, CHIP.width() - 1, CHIP.height() - 1)
    painter.fillRect(frame, QColor(color))
    painter.drawTiledPixmap(frame, weave(number, color))
    painter.setPen(QPen(QColor(theme.current().outline), 1))
    painter.drawRect(frame)
    painter.end()
    return picture(pixmap)


def share_text(share: float) -> str:
    """A share of the layout as an artist reads it; empty for nothing."""
    if share <= 0:
        return ""
    if share < 0.001:
        return "< 0.1 %"
    return f"{share:.0%}".replace("%", " %") if share >= 0.1 else f"{100 * share:.1f} %"
