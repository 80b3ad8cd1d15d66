"""The layout and the picture as images for the screen, made once for all canvases."""

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from engines.data.spec import palette
from engines.ports import UNPAINTED
from studio.document.document import Pixels
from studio.document.raster import Area, whole
from studio.document.scene import PATTERNS, Scene
from studio.models.images import to_image
from studio.models.live import Live
from studio.models.session import Session
from studio.views.stack import Stack

PATTERN = 16  # pixels a side of a class's pattern
SHADE = 0.72  # of the colour where the pattern is dark
DIM = 0.12  # how opaque classes are while another is shown alone


def pattern(number: int) -> np.ndarray:
    """A pattern as bool (16, 16): twelve kinds, so that no class is colour alone."""
    y, x = np.mgrid[:PATTERN, :PATTERN]
    kinds = (
        lambda: np.zeros((PATTERN, PATTERN), np.bool_),
        lambda: y % 8 == 0,
        lambda: x % 8 == 0,
        lambda: (x + y) % 8 == 0,
        lambda: (x - y) % 8 == 0,
        lambda: (x % 8 < 2) & (y % 8 < 2),
        lambda: ((x + y) % 8 == 0) | ((x - y) % 8 == 0),
        lambda: (x % 8 == 0) | (y % 8 == 0),
        lambda: (x // 4 + y // 4) % 2 == 0,
        lambda: (x % 16 < 2) & (y % 16 < 2) | ((x + 8) % 16 < 2) & ((y + 8) % 16 < 2),
        lambda: y % 4 == 0,
        lambda: x % 4 == 0,
    )
    assert len(kinds) == PATTERNS
    return np.asarray(kinds[number % PATTERNS]())


class Paper(QObject):
    """`layout` is ARGB32 with unpainted pixels clear; `picture` RGB32, None where there is none."""

    layout_changed = Signal(object)  # Area
    picture_changed = Signal()
    picture_painted = Signal(object)  # Area of the picture layers

    def __init__(self, session: Session, live: Live, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session, self.live = session, live
        self.patterns = False
        self.solo: int | None = None  # the one class that is shown, others dimmed
        self.picture: QImage | None = None
        self.underlay: QImage | None = None
        self.compared: QImage | None = None  # shown in the picture's place while it is set
        self.stack = Stack(self)
        session.painted.connect(self._paint)
        session.coloured.connect(self._coloured)
        session.scene_changed.connect(self._scene_changed)
        session.replaced.connect(self._anew)
        session.resized.connect(self._anew)
        live.pictured.connect(self._pictured)
        self._anew()

    def set_patterns(self, on: bool) -> None:
        """Show the classes' patterns as well as their colours."""
        self.patterns = on
        self._paint(whole(self.session.document.size))

    def show_only(self, number: int | None) -> None:
        """Dim all classes but one; None shows all."""
        self.solo = number
        self._set_colors(self.session.scene)
        self._paint(whole(self.session.document.size))

    def compare(self, pixels: Pixels | None) -> None:
        """Show another picture in place of the live one; None shows the live one again."""
        self.compared = None if pixels is None else to_image(pixels)
        self.picture_changed.emit()

    def _anew(self) -> None:
        self.stack.forget()
        height, width = self.session.document.size
        self._argb = np.zeros((height, width), np.uint32)
        self.layout = QImage(
            self._argb.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied
        )
        self._set_colors(self.session.scene)
        self._set_underlay(self.session.scene)
        self._paint(whole(self.session.document.size))
        self._pictured()

    def _scene_changed(self, before: Scene, now: Scene) -> None:
        if before.palette != now.palette:
            self._set_colors(now)
            self._paint(whole(self.session.document.size))
        if before.layers != now.layers:
            self.stack.tidy()
            self.picture_changed.emit()
        if before.underlay != now.underlay:
            self._set_underlay(now)
        if (before.underlay, before.underlay_opacity) != (now.underlay, now.underlay_opacity):
            self.layout_changed.emit(whole(self.session.document.size))

    def _set_colors(self, scene: Scene) -> None:
        rgb = np.zeros((256, 3), np.uint32)
        rgb[: len(scene.palette)] = palette(scene.palette)
        self._colors = _argb(rgb)
        self._colors[len(scene.palette) :] = 0
        self._colors[UNPAINTED] = 0
        dark = _argb((rgb * SHADE).astype(np.uint32))
        dark[len(scene.palette) :] = 0
        patterns = np.stack([pattern(scene.pattern_of(number)) for number in range(256)])
        self._patterned = np.where(patterns, dark[:, None, None], self._colors[:, None, None])
        if self.solo is not None:
            others = np.arange(256) != self.solo
            self._colors[others] = _faint(self._colors[others])
            self._patterned[others] = _faint(self._patterned[others])

    def _set_underlay(self, scene: Scene) -> None:
        self.underlay = None if scene.underlay is None else to_image(scene.underlay.pixels)

    def _paint(self, area: Area) -> None:
        area = area.within(self.session.document.size)
        if area.empty:
            return
        ids = self.session.document.ids[area.slices]
        if self.patterns:
            y = np.arange(area.top, area.bottom)[:, None] % PATTERN
            x = np.arange(area.left, area.right)[None] % PATTERN
            self._argb[area.slices] = self._patterned[ids, y, x]
        else:
            self._argb[area.slices] = looked_up(ids, self._colors)
        self.layout_changed.emit(area)

    def _coloured(self, area: Area) -> None:
        area = area.within(self.session.document.size)
        self.stack.touch(area)
        self.picture_painted.emit(area)

    def _pictured(self) -> None:
        pixels = self.live.picture
        self.picture = None if pixels is None else to_image(pixels)
        self.picture_changed.emit()


def looked_up(ids: Pixels, colors: np.ndarray) -> np.ndarray:
    """uint32 (H, W): the colour of each id, of uint32 (256,). Qt needs a tenth of numpy's time."""
    height, width = ids.shape
    flat = np.ascontiguousarray(ids)
    image = QImage(flat.data, width, height, width, QImage.Format.Format_Indexed8)
    image.setColorTable(colors.tolist())
    # It copies the table's numbers, whatever they mean.
    found = image.convertToFormat(QImage.Format.Format_ARGB32)
    return np.frombuffer(found.constBits(), np.uint32).reshape(height, width).copy()


def _argb(rgb: np.ndarray) -> np.ndarray:
    """Opaque 0xAARRGGBB of colours (..., 3)."""
    return np.asarray(
        np.uint32(0xFF000000) | (rgb[..., 0] << 16) | (rgb[..., 1] << 8) | rgb[..., 2], np.uint32
    )


def _faint(argb: np.ndarray) -> np.ndarray:
    """Premultiplied 0xAARRGGBB, all but clear."""
    parts = [((argb >> shift & 255) * DIM).astype(np.uint32) << shift for shift in (24, 16, 8, 0)]
    return np.asarray(parts[0] | parts[1] | parts[2] | parts[3], np.uint32)
