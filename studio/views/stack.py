"""What the picture's canvas shows: the picture layers and the live picture, one over the other.

Only what is on the screen is composed, at the screen's resolution: by Qt where it has the mode as
the W3C defines it, else by numpy. Layout layers are not part of the picture.
"""

import math
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QImage, QPainter, QTransform

from engines.ports import Size
from studio.document.blend import blend
from studio.document.layers import Kind, Layer, Layers, walk
from studio.document.raster import NOTHING, Area, whole
from studio.document.scene import Pixels

if TYPE_CHECKING:
    from studio.views.paper import Paper

SHARPEST = 6.0  # above so many screen pixels a picture's pixel, its pixels are shown as they are
Mode = QPainter.CompositionMode
MODES = {
    "normal": Mode.CompositionMode_SourceOver,
    "multiply": Mode.CompositionMode_Multiply,
    "screen": Mode.CompositionMode_Screen,
    "overlay": Mode.CompositionMode_Overlay,
    "darken": Mode.CompositionMode_Darken,
    "lighten": Mode.CompositionMode_Lighten,
    "color-dodge": Mode.CompositionMode_ColorDodge,
    "color-burn": Mode.CompositionMode_ColorBurn,
    "hard-light": Mode.CompositionMode_HardLight,
    "soft-light": Mode.CompositionMode_SoftLight,
    "difference": Mode.CompositionMode_Difference,
    "plus": Mode.CompositionMode_Plus,
}
DEEP = QImage.Format.Format_ARGB32_Premultiplied


def draw_part(
    painter: QPainter, image: QImage, size: Size, transform: QTransform, part: QRectF, sharp: bool
) -> None:
    """Draw what is seen in `part` of the screen of an image that is stretched over a document.

    `size` is the document's (height, width); `sharp` keeps pixels square whatever the zoom.
    """
    seen = seen_area(size, transform, part)
    if seen.empty:
        return
    x, y = size[1] / image.width(), size[0] / image.height()
    left, top = max(math.floor(seen.left / x) - 2, 0), max(math.floor(seen.top / y) - 2, 0)
    right = min(math.ceil(seen.right / x) + 2, image.width())
    bottom = min(math.ceil(seen.bottom / y) + 2, image.height())
    scale = math.sqrt(abs(transform.determinant()))
    smooth = not sharp and max(x, y) * scale < SHARPEST
    before = painter.transform()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
    painter.setTransform(transform, True)
    painter.drawImage(
        QRectF(left * x, top * y, (right - left) * x, (bottom - top) * y),
        image,
        QRectF(left, top, right - left, bottom - top),
    )
    painter.setTransform(before)


def seen_area(size: Size, transform: QTransform, part: QRectF) -> Area:
    """The pixels of a document that a part of the screen may show."""
    rect = transform.inverted()[0].mapRect(part)
    return Area(
        math.floor(rect.top()),
        math.floor(rect.left()),
        math.ceil(rect.bottom()),
        math.ceil(rect.right()),
    ).within(size)


class Cached:
    """A picture layer's plane as an image that Qt draws at once, and what of it is stale."""

    def __init__(self, plane: Pixels) -> None:
        self.plane = plane
        self.stale = whole((plane.shape[0], plane.shape[1]))
        self._image = QImage(plane.shape[1], plane.shape[0], DEEP)

    def image(self) -> QImage:
        """The plane as it is now, its colours multiplied by their alpha."""
        if not self.stale.empty:
            area, self.stale = self.stale, NOTHING
            part = np.ascontiguousarray(self.plane[area.slices])
            height, width = part.shape[:2]
            straight = QImage(part.data, width, height, 4 * width, QImage.Format.Format_RGBA8888)
            painter = QPainter(self._image)
            painter.setCompositionMode(Mode.CompositionMode_Source)
            painter.drawImage(area.left, area.top, straight)
            painter.end()
        return self._image


class Stack:
    """The layers of the paper's document as the picture's canvas shows them."""

    def __init__(self, paper: "Paper") -> None:
        self.paper = paper
        self._cached: dict[int, Cached] = {}

    def forget(self) -> None:
        """Another document: nothing that was made is of use."""
        self._cached = {}

    def touch(self, area: Area) -> None:
        """Picture layers were painted on there; which ones is not known."""
        for cached in self._cached.values():
            cached.stale = cached.stale.union(area)

    def tidy(self) -> None:
        """Let go of layers that are gone."""
        there = {layer.id for layer in walk(self.paper.session.scene.layers)}
        self._cached = {n: cached for n, cached in self._cached.items() if n in there}

    @property
    def plain(self) -> bool:
        """Whether the live picture is all there is to see, as it is."""
        found = tuple(self._shown(self.paper.session.scene.layers))
        if not found:
            return False
        sole = len(found) == 1 and found[0].kind is Kind.RENDER
        return sole and found[0].opacity >= 1 and found[0].blend == "normal"

    def _shown(self, tree: Layers) -> Layers:
        """Layers of a tree with something to see, the topmost first."""
        return tuple(e for e in tree if e.visible and e.opacity > 0 and self._pictured(e))

    def _pictured(self, layer: Layer) -> bool:
        if layer.kind is Kind.GROUP:
            return bool(self._shown(layer.children))
        if layer.kind is Kind.PICTURE:
            return layer.id in self.paper.session.document.planes
        return layer.kind is Kind.RENDER

    def paint(self, painter: QPainter, transform: QTransform, part: QRectF) -> None:
        """Draw what is seen in a part of the screen; `transform` maps layout to screen pixels."""
        size = self.paper.session.document.size
        if self.plain:
            if self.paper.picture is not None:
                draw_part(painter, self.paper.picture, size, transform, part, sharp=False)
            return
        page = transform.mapRect(QRectF(0, 0, size[1], size[0]))
        ratio = painter.device().devicePixelRatio()
        room = _aligned(page.intersected(part), ratio)
        if room.isEmpty() or seen_area(size, transform, part).empty:
            return
        sheet = _Buffer(room, ratio)
        self._compose(sheet, self.paper.session.scene.layers, transform)
        painter.drawImage(room.topLeft(), sheet.image)

    def _compose(self, sheet: "_Buffer", tree: Layers, transform: QTransform) -> None:
        """Draw a tree's layers over each other, the lowest first."""
        for layer in reversed(self._shown(tree)):
            if layer.kind is Kind.GROUP:
                inner = sheet.blank()
                self._compose(inner, layer.children, transform)
                sheet.put(inner, layer.blend, layer.opacity)
            else:
                image = self._image(layer)
                if image is not None:
                    size = self.paper.session.document.size
                    sheet.draw(image, size, transform, layer.blend, layer.opacity)

    def _image(self, layer: Layer) -> QImage | None:
        if layer.kind is Kind.RENDER:
            return self.paper.picture
        plane = self.paper.session.document.planes[layer.id]
        cached = self._cached.get(layer.id)
        if cached is None or cached.plane is not plane:
            cached = self._cached[layer.id] = Cached(plane)
        return cached.image()


class _Buffer:
    """A clear image of a part of the screen, in the screen's own pixels."""

    def __init__(self, room: QRectF, ratio: float) -> None:
        self.room, self.ratio = room, ratio
        pixels = QSize(round(room.width() * ratio), round(room.height() * ratio))
        self.image = QImage(pixels, DEEP)
        self.image.setDevicePixelRatio(ratio)
        self.image.fill(0)

    def blank(self) -> "_Buffer":
        """Another of the same place."""
        return _Buffer(self.room, self.ratio)

    def draw(
        self, image: QImage, size: Size, transform: QTransform, mode: str, opacity: float
    ) -> None:
        """Blend an image that is stretched over the document."""
        if mode not in MODES or (mode == "plus" and opacity < 1):
            above = self.blank()
            above.draw(image, size, transform, "normal", 1.0)
            self.put(above, mode, opacity)
            return
        painter = QPainter(self.image)
        painter.setCompositionMode(MODES[mode])
        painter.setOpacity(opacity)
        painter.translate(-self.room.topLeft())
        draw_part(painter, image, size, transform, self.room, sharp=False)
        painter.end()

    def put(self, above: "_Buffer", mode: str, opacity: float) -> None:
        """Blend another buffer of the same place."""
        if mode == "plus" and opacity < 1:  # Qt would fade the sum instead of what is added.
            faint = self.blank()
            faint.put(above, "normal", opacity)
            above, opacity = faint, 1.0
        if mode in MODES:
            painter = QPainter(self.image)
            painter.setCompositionMode(MODES[mode])
            painter.setOpacity(opacity)
            painter.drawImage(QPointF(0, 0), above.image)
            painter.end()
            return
        mixed = blend(mode, _straight(self.image), _straight(above.image), opacity)
        height, width = mixed.shape[:2]
        straight = QImage(mixed.data, width, height, 4 * width, QImage.Format.Format_RGBA8888)
        self.image = straight.convertToFormat(DEEP)
        self.image.setDevicePixelRatio(self.ratio)


def _aligned(rect: QRectF, ratio: float) -> QRectF:
    """The least rectangle around one that ends between the screen's own pixels."""
    left, top = math.floor(rect.left() * ratio), math.floor(rect.top() * ratio)
    right, bottom = math.ceil(rect.right() * ratio), math.ceil(rect.bottom() * ratio)
    return QRectF(left / ratio, top / ratio, (right - left) / ratio, (bottom - top) / ratio)


def _straight(image: QImage) -> Pixels:
    """uint8 (h, w, 4), straight RGBA."""
    flat = image.convertToFormat(QImage.Format.Format_RGBA8888)
    shape = (flat.height(), flat.width(), 4)
    return np.frombuffer(flat.constBits(), np.uint8).reshape(shape).copy()
