"""How the document is looked at: scale and centre, shared by all canvases so that they agree."""

from enum import Enum

from PySide6.QtCore import QObject, Signal

from engines.ports import Size
from studio.document.raster import Point

LEAST, MOST = 1 / 256, 256.0
ZOOM_STEP = 1.25


class Shown(Enum):
    """What a canvas shows."""

    LAYOUT = "layout"
    PICTURE = "picture"
    OVERLAY = "overlay"
    SPLIT = "split"


class View(QObject):
    """`scale`: logical screen pixels a layout pixel; `centre`: the layout point in the middle."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.scale = 1.0
        self.centre: Point = (256.0, 256.0)
        self.fitted = True
        self._document: Size = (512, 512)
        self._room: Size = (400, 400)

    def set_document(self, size: Size) -> None:
        """Another document: show all of it."""
        self._document = size
        self.fit()

    def set_room(self, size: Size) -> None:
        """The (height, width) that a canvas has on the screen; what was fitted stays so."""
        if size != self._room:
            self._room = size
            if self.fitted:
                self.fit()

    def fit(self) -> None:
        """All of the document, as large as there is room."""
        height, width = self._document
        margin = 0.96
        fits = min(self._room[0] * margin / height, self._room[1] * margin / width)
        self.scale = min(max(fits, LEAST), MOST)
        self.centre = (width / 2, height / 2)
        self.fitted = True
        self.changed.emit()

    def zoom_to(self, scale: float, keep: Point | None = None) -> None:
        """Another scale, with the layout point `keep` where it is on the screen."""
        scale = min(max(scale, LEAST), MOST)
        x, y = keep or self.centre
        share = self.scale / scale
        self.centre = (
            x + (self.centre[0] - x) * share,
            y + (self.centre[1] - y) * share,
        )
        self.scale, self.fitted = scale, False
        self.changed.emit()

    def zoom(self, steps: float, keep: Point | None = None) -> None:
        """Closer by so many steps, or farther where negative."""
        self.zoom_to(self.scale * ZOOM_STEP**steps, keep)

    def pan(self, dx: float, dy: float) -> None:
        """Move what is shown by screen pixels."""
        self.centre = (self.centre[0] - dx / self.scale, self.centre[1] - dy / self.scale)
        self.fitted = False
        self.changed.emit()

    def to_document(self, x: float, y: float, room: Size) -> Point:
        """The layout point under a point of a canvas of that (height, width)."""
        return (
            self.centre[0] + (x - room[1] / 2) / self.scale,
            self.centre[1] + (y - room[0] / 2) / self.scale,
        )

    def to_screen(self, point: Point, room: Size) -> Point:
        """Where a layout point is on a canvas of that (height, width)."""
        return (
            (point[0] - self.centre[0]) * self.scale + room[1] / 2,
            (point[1] - self.centre[1]) * self.scale + room[0] / 2,
        )
