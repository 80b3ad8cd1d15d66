"""What lies over the page: pixel grid, selection, brush outline, hint and divider.

All are drawn in logical screen pixels, so that lines stay one pixel wide at any zoom and turn.
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF, QTransform

from engines.ports import Size
from studio.document.raster import Bools, Point
from studio.views import theme

GRID_FROM = 8.0  # screen pixels a layout pixel
SMALL = 2.0  # screen pixels of reach below which an outline cannot be seen
ARMS = (4.0, 11.0)  # from where to where a crosshair's arms go
DASH = 4  # pixels of a selection's dashes
LINE = 0x783C3C3C  # of the grid, premultiplied: a clear grey, which all but greys are seen beside
FLAT = 1e-12  # a slope below which a line goes along the screen
Argb = npt.NDArray[np.uint32]


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


class ScreenImage:
    """Something as large as the canvas, made anew where it or the view changed."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._image: QImage | None = None
        self._serial = 0

    def changed(self) -> None:
        """It is something else now."""
        self._serial += 1

    def image(self, transform: QTransform, size: QSize, ratio: float) -> QImage | None:
        """It on a canvas of that size in logical pixels; None where there is nothing to see."""
        key = (self._serial, transform, size, ratio)
        if key != self._key:
            dense = transform * QTransform.fromScale(ratio, ratio)
            argb = self._made(dense, size.height() * ratio, size.width() * ratio)
            self._key, self._image = key, None if argb is None else _image(argb, ratio)
        return self._image

    def _made(self, transform: QTransform, height: float, width: float) -> Argb | None:
        """Premultiplied colours (h, w), so many of the screen's pixels."""
        raise NotImplementedError


class PixelGrid(ScreenImage):
    """Lines between the pixels of a document, one of the screen's pixels wide."""

    def __init__(self) -> None:
        super().__init__()
        self._document = (0, 0)

    def set_document(self, size: Size) -> None:
        """Another (height, width)."""
        if size != self._document:
            self._document = size
            self.changed()

    def _made(self, transform: QTransform, height: float, width: float) -> Argb | None:
        y, x = np.ogrid[: round(height), : round(width)]
        back = transform.inverted()[0]
        y, x = (y + 0.5).astype(np.float32), (x + 0.5).astype(np.float32)
        sides = ((back.m11(), back.m21(), back.dx()), (back.m12(), back.m22(), back.dy()))
        lines = np.zeros((y.size, x.size), np.bool_)
        inside = np.ones((y.size, x.size), np.bool_)
        for (by_x, by_y, start), side in zip(sides, reversed(self._document), strict=True):
            # One where the line goes along the screen; else a number for each pixel.
            along = np.float32(by_x) * x if abs(by_x) > FLAT else np.zeros((1, 1), np.float32)
            down = np.float32(by_y) * y if abs(by_y) > FLAT else np.zeros((1, 1), np.float32)
            places = np.floor(along + down + np.float32(start))
            inside &= (places >= 0) & (places < side)
            lines |= _edges(places)
        return np.where(lines & inside, np.uint32(LINE), np.uint32(0))


class SelectionEdge(ScreenImage):
    """A selection's edge: one pixel wide and crisp at any zoom and turn, however ragged.

    The mask is sampled at each screen pixel, and a pixel that differs from its neighbour is edge.
    Zoomed out, a pixel of the screen counts as selected where any that it covers is, so that
    nothing is lost.
    """

    def __init__(self) -> None:
        super().__init__()
        self._levels: list[QImage] = []

    def set_mask(self, mask: Bools | None) -> None:
        """Another selection, (H, W); None for none."""
        self._levels = [] if mask is None or not mask.any() else _pyramid(mask)
        self.changed()

    def _made(self, transform: QTransform, height: float, width: float) -> Argb | None:
        if not self._levels:
            return None
        # At this level no pixel of the mask is smaller than one of the screen.
        scale = math.sqrt(abs(transform.determinant()))
        level = min(max(math.ceil(-math.log2(scale) - 1e-6), 0), len(self._levels) - 1)
        sampled = QImage(round(width), round(height), QImage.Format.Format_Grayscale8)
        sampled.fill(0)
        painter = QPainter(sampled)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        painter.setTransform(transform)
        painter.scale(2**level, 2**level)
        painter.drawImage(0, 0, self._levels[level])
        painter.end()
        rows = np.frombuffer(sampled.constBits(), np.uint8)
        inside = rows.reshape(sampled.height(), sampled.bytesPerLine())[:, : sampled.width()]
        y, x = np.ogrid[: sampled.height(), : sampled.width()]
        light = (x // DASH + y // DASH) % 2 == 0
        dashes = np.where(light, np.uint32(0xFFFFFFFF), np.uint32(0xFF000000))
        return np.where(_edges(inside), dashes, np.uint32(0))


def _edges(values: npt.NDArray[np.generic]) -> Bools:
    """Which differ from the one to the left or above."""
    edge = np.zeros(values.shape, np.bool_)
    np.not_equal(values[:, 1:], values[:, :-1], out=edge[:, 1:])
    edge[1:] |= values[1:] != values[:-1]
    return edge


def _image(argb: Argb, ratio: float) -> QImage:
    """Colours as an image of its own memory."""
    height, width = argb.shape
    image = QImage(
        np.ascontiguousarray(argb).data,
        width,
        height,
        4 * width,
        QImage.Format.Format_ARGB32_Premultiplied,
    ).copy()
    image.setDevicePixelRatio(ratio)
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
