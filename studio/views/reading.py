"""Reading the layout of a photo: its commands, and hatching where the reader was in doubt."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject
from PySide6.QtGui import QActionGroup, QImage, QPainter, QTransform
from PySide6.QtWidgets import QMenu

from studio.document.scene import Picture, Pixels
from studio.models.reading import LayoutReading
from studio.views import dialogs
from studio.views.actions import Actions
from studio.views.canvas import Canvas
from studio.views.overlays import Argb, ScreenImage

if TYPE_CHECKING:
    from studio.views.window import Window

LINES = 7  # screen pixels from line to line
WIDE = 2  # of a line
STRONG = 0.85  # how opaque a line is where nothing is sure


class Hatching(ScreenImage):
    """Lines over what is doubtful, the stronger the more; they keep to the screen."""

    def __init__(self) -> None:
        super().__init__()
        self._doubt: QImage | None = None

    def set_doubt(self, doubt: Pixels | None) -> None:
        """Another doubt, uint8 (H, W); None for none."""
        if doubt is None and self._doubt is None:
            return
        self._doubt = None if doubt is None or not doubt.any() else _grey(doubt)
        self.changed()

    def _made(self, transform: QTransform, height: float, width: float) -> Argb | None:
        if self._doubt is None:
            return None
        sampled = QImage(round(width), round(height), QImage.Format.Format_Grayscale8)
        sampled.fill(0)
        painter = QPainter(sampled)
        painter.setTransform(transform)
        painter.drawImage(0, 0, self._doubt)
        painter.end()
        rows = np.frombuffer(sampled.constBits(), np.uint8)
        doubt = rows.reshape(sampled.height(), sampled.bytesPerLine())[:, : sampled.width()]
        y, x = np.ogrid[: sampled.height(), : sampled.width()]
        place = (x + y) % LINES
        # A dark line beside a light one is seen over every class.
        light, dark = place < WIDE, (place >= WIDE) & (place < 2 * WIDE)
        alpha = (doubt * STRONG).astype(np.uint32)
        white = alpha << 24 | alpha << 16 | alpha << 8 | alpha
        return np.where(light, white, np.where(dark, alpha << 24, np.uint32(0)))


class DoubtOverlay(QObject):
    """Shows on a canvas where the reader was in doubt, while it is `shown`."""

    def __init__(self, reading: LayoutReading, canvas: Canvas) -> None:
        super().__init__(canvas)
        self.reading, self.canvas = reading, canvas
        self.shown = True
        self._hatching = Hatching()
        self._stale = True
        canvas.overlays.insert(0, self)
        reading.doubt_changed.connect(self._changed)

    def show(self, shown: bool) -> None:
        """Show it or not."""
        self.shown = shown
        self._changed()

    def paint(self, painter: QPainter, transform: QTransform) -> None:
        """Draw the lines, in screen pixels."""
        if not self.shown:
            return
        if self._stale:
            self._stale = False
            self._hatching.set_doubt(self.reading.doubt())
        ratio = self.canvas.devicePixelRatioF()
        image = self._hatching.image(transform, self.canvas.size(), ratio)
        if image is not None:
            painter.drawImage(0, 0, image)

    def _changed(self) -> None:
        self._stale = True
        self.canvas.update()


def reading_commands(window: "Window", actions: Actions) -> None:
    """Make the commands of reading layouts."""
    tr, reading = window.tr, window.studio.reading
    overlay = DoubtOverlay(reading, window.desktop.first)

    def ask() -> None:
        path = dialogs.ask_picture(window, tr("a photo whose layout is to be read"))
        if path is not None:
            reading.read_file(path)

    actions.add("read-layout", tr("Read the &layout of a photo …"), ask, "Ctrl+F8")
    doubt = actions.add(
        "doubt",
        tr("&Doubts of the layout that was read"),
        lambda: overlay.show(actions["doubt"].isChecked()),
        "Shift+F8",
        check=True,
    )
    doubt.setChecked(True)


def reader_menu(window: "Window", menu: QMenu) -> None:
    """A menu in another, of which model reads photos."""
    inner = QMenu(window.tr("&Photos are read by"), menu)
    menu.addMenu(inner)
    inner.aboutToShow.connect(partial(_fill, window, inner))


def _fill(window: "Window", menu: QMenu) -> None:
    reading = window.studio.reading
    menu.clear()
    group = QActionGroup(menu)
    fitting = window.tr("The one that knows the model's classes")
    titles = {name: entry.title for name, (entry, _) in reading.readers().items()}
    for name, title in {"": fitting, **titles}.items():
        action = menu.addAction(title)
        action.setCheckable(True)
        action.setChecked(reading.chosen == name)
        action.triggered.connect(partial(_choose, reading, name))
        group.addAction(action)


def _choose(reading: LayoutReading, name: str, on: bool = True) -> None:
    reading.chosen = name


def take(window: "Window", path: Path | None, picture: Picture) -> bool:
    """Read the layout of what was dropped on the layout; False where nothing can."""
    reading = window.studio.reading
    if reading.reader() is None:
        return False
    if path is not None:
        reading.read_file(path)
    else:
        reading.read_picture(picture.pixels, picture.name)
    return True


def _grey(values: Pixels) -> QImage:
    """An image of its own memory."""
    height, width = values.shape
    flat = np.ascontiguousarray(values)
    return QImage(flat.data, width, height, width, QImage.Format.Format_Grayscale8).copy()
