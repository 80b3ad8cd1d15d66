"""What lies over the page: pixel grid, selection, brush outline, hint and divider.

All are drawn in logical screen pixels, so that lines stay one pixel wide at any zoom and turn.
"""

import math
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPen, QPolygonF, QTransform

from studio.document.raster import Area, Bools, Point
from studio.views import theme

GRID_FROM = 8.0  # screen pixels a layout pixel
SMALL = 2.0  # screen pixels of reach below which an outline cannot be seen
ARMS = (4.0, 11.0)  # from where to where a crosshair's arms go
DASH = 4  # pixels of a selection's dashes


def paint_grid(painter: QPainter, transform: QTransform, seen: Area) -> None:
    """Lines between the pixels of an area: dots dark and light by turns, seen on any colour."""
    lines = [
        transform.map(QLineF(x, seen.top, x, seen.bottom)) for x in range(seen.left, seen.right + 1)
    ]
    lines += [
        transform.map(QLineF(seen.left, y, seen.right, y)) for y in range(seen.top, seen.bottom + 1)
    ]
    dots = QBrush(QColor(255, 255, 255, 70), Qt.BrushStyle.Dense4Pattern)
    for brush in (QBrush(QColor(0, 0, 0, 60)), dots):
        painter.setPen(QPen(brush, 1))
        painter.drawLines(lines)


def outline_on_screen(
    place: QPointF, outline: Sequence[Point] | None, radius: float, transform: QTransform
) -> QPolygonF:
    """The brush around a place of the screen; `outline` and `radius` in layout pixels.

    Without an outline it is a circle, which only the scale changes.
    """
    if outline is None:
        reach = radius * math.sqrt(abs(transform.determinant()))
        count = max(16, min(round(reach), 180))
        turns = (2 * math.pi * step / count for step in range(count))
        around = [QPointF(reach * math.cos(turn), reach * math.sin(turn)) for turn in turns]
    else:
        a, b, c, d = transform.m11(), transform.m12(), transform.m21(), transform.m22()
        around = [QPointF(a * x + c * y, b * x + d * y) for x, y in outline]
    return QPolygonF([place + point for point in around])


def paint_outline(painter: QPainter, place: QPointF, polygon: QPolygonF) -> None:
    """A brush's outline, or a crosshair where it is too small to be seen."""
    bounds = polygon.boundingRect()
    small = max(bounds.width(), bounds.height()) < 2 * SMALL
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, not small)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for color, width in ((QColor(0, 0, 0, 150), 2.5), (QColor(255, 255, 255, 220), 1.0)):
        painter.setPen(QPen(color, width if not small else 2 * width - 1))
        if small:
            painter.drawLines(_cross(place))
        else:
            painter.drawPolygon(polygon)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _cross(place: QPointF) -> list[QLineF]:
    x, y = math.floor(place.x()) + 0.5, math.floor(place.y()) + 0.5
    near, far = ARMS
    arms = ((1, 0), (-1, 0), (0, 1), (0, -1))
    return [QLineF(x + near * i, y + near * j, x + far * i, y + far * j) for i, j in arms]


def outline_bounds(polygon: QPolygonF, place: QPointF) -> QRectF:
    """All that `paint_outline` may touch."""
    arm = ARMS[1]
    cross = QRectF(place.x() - arm, place.y() - arm, 2 * arm, 2 * arm)
    return polygon.boundingRect().united(cross).adjusted(-3, -3, 3, 3)


class SelectionEdge:
    """A selection's edge as an image of the screen, made anew where mask or view changed.

    The mask is sampled at each screen pixel, and a pixel that differs from its neighbour is edge:
    one pixel wide and crisp at any zoom and turn, however ragged the selection. Zoomed out, a
    pixel of the screen counts as selected where any that it covers is, so that nothing is lost.
    """

    def __init__(self) -> None:
        self._levels: list[QImage] = []
        self._key: tuple[object, ...] = ()
        self._image: QImage | None = None
        self._serial = 0

    def set_mask(self, mask: Bools | None) -> None:
        """Another selection, (H, W); None for none."""
        self._levels = [] if mask is None or not mask.any() else _pyramid(mask)
        self._serial += 1

    def image(self, transform: QTransform, size: QSize, ratio: float) -> QImage | None:
        """The edge on a canvas of that size in logical pixels; None where nothing is selected."""
        if not self._levels:
            return None
        key = (self._serial, transform, size, ratio)
        if key != self._key:
            self._key, self._image = key, self._made(transform, size, ratio)
        return self._image

    def _made(self, transform: QTransform, size: QSize, ratio: float) -> QImage:
        scale = math.sqrt(abs(transform.determinant())) * ratio
        # At this level no pixel of the mask is smaller than one of the screen.
        level = min(max(math.ceil(-math.log2(scale) - 1e-6), 0), len(self._levels) - 1)
        pixels = size * ratio
        sampled = QImage(pixels, QImage.Format.Format_Grayscale8)
        sampled.fill(0)
        painter = QPainter(sampled)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        painter.setTransform(transform * QTransform.fromScale(ratio, ratio))
        painter.scale(2**level, 2**level)
        painter.drawImage(0, 0, self._levels[level])
        painter.end()
        height, width = pixels.height(), pixels.width()
        rows = np.frombuffer(sampled.constBits(), np.uint8)
        inside = rows.reshape(height, sampled.bytesPerLine())[:, :width]
        edge = np.zeros((height, width), np.uint8)
        np.not_equal(inside[:, 1:], inside[:, :-1], out=edge[:, 1:].view(np.bool_))
        edge[1:] |= inside[1:] != inside[:-1]
        image = QImage(pixels, QImage.Format.Format_ARGB32_Premultiplied)
        image.setDevicePixelRatio(ratio)
        found = np.frombuffer(image.bits(), np.uint32).reshape(height, width)
        y, x = np.ogrid[:height, :width]
        light = (x // DASH + y // DASH) % 2 == 0
        np.multiply(edge, np.where(light, np.uint32(0xFFFFFFFF), np.uint32(0xFF000000)), out=found)
        return image


def _pyramid(mask: Bools) -> list[QImage]:
    """The mask, and each time half as large, until it is 64 pixels or smaller."""
    levels = []
    while True:
        height, width = mask.shape
        grey = np.zeros((height, (width + 3) // 4 * 4), np.uint8)
        grey[:, :width] = mask
        grey *= 255
        image = QImage(
            grey.data, width, height, grey.shape[1], QImage.Format.Format_Grayscale8
        ).copy()  # of its own memory
        levels.append(image)
        if max(height, width) <= 64:
            return levels
        padded = np.pad(mask, ((0, height % 2), (0, width % 2)))
        rows = padded[::2] | padded[1::2]
        mask = rows[:, ::2] | rows[:, 1::2]


def paint_hint(painter: QPainter, rect: QRectF, hint: str) -> None:
    """A sentence in the middle."""
    look = theme.current()
    room = rect.adjusted(24, 24, -24, -24)
    flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
    text = painter.boundingRect(room, int(flags), hint).adjusted(-16, -12, 16, 12)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(look.edge), 1))
    painter.setBrush(QColor(look.overlay))
    painter.drawRoundedRect(text, 8, 8)
    painter.setPen(QColor(look.text))
    painter.drawText(text, int(flags), hint)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def paint_divider(painter: QPainter, x: float, height: int) -> None:
    """The divider of a split canvas, with its grip."""
    accent = QColor(theme.current().accent)
    painter.fillRect(QRectF(x - 1, 0, 2, height), accent)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(accent)
    painter.drawRoundedRect(QRectF(x - 4, height / 2 - 18, 8, 36), 4, 4)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
