"""A part of the wall that shows a picture, or two at a divider; all of them are looked at alike."""

from PySide6.QtCore import QObject, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

from studio.views import theme

MOST_ZOOM = 32.0
STEP = 0.02  # of the width, by an arrow key
_GRIP = 10  # pixels beside the divider that still take it


class Look(QObject):
    """Zoom (1 fits) and the point in the middle, as shares of a picture; shared by all panes."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.zoom, self.centre = 1.0, QPointF(0.5, 0.5)

    def fit(self) -> None:
        """All of every picture."""
        self.zoom, self.centre = 1.0, QPointF(0.5, 0.5)
        self.changed.emit()

    def zoom_at(self, factor: float, point: QPointF) -> None:
        """Closer by a factor, with that point of the picture where it is."""
        zoom = min(max(self.zoom * factor, 1.0), MOST_ZOOM)
        share = self.zoom / zoom
        self.zoom = zoom
        self.go(point + (self.centre - point) * share if zoom > 1 else QPointF(0.5, 0.5))

    def go(self, centre: QPointF) -> None:
        """Bring a point to the middle."""
        self.centre = QPointF(min(max(centre.x(), 0.0), 1.0), min(max(centre.y(), 0.0), 1.0))
        self.changed.emit()


class Pane(QWidget):
    """Draws an image, with `other` right of the divider where there are two."""

    clicked = Signal()
    opened = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.image: QImage | None = None
        self.other: QImage | None = None
        self.names = ("", "")
        self.scale: tuple[QImage, int] | None = None  # colours from 0 to so many grey levels
        self.divider = 0.5
        self.faint = False  # It is older than what is on the canvas.
        self._pressed: QPointF | None = None
        self._moved = self._dividing = False
        self.setMouseTracking(True)
        self.setMinimumSize(96, 72)
        look.changed.connect(self.update)

    def show_images(
        self,
        image: QImage | None,
        other: QImage | None = None,
        names: tuple[str, str] = ("", ""),
        scale: tuple[QImage, int] | None = None,
    ) -> None:
        """Show these, called so in their corners; `scale` says what colours mean."""
        self.image, self.other, self.names, self.scale = image, other, names, scale
        self.update()

    def divide(self, share: float) -> None:
        """Put the divider at a share of the picture's width."""
        self.divider = min(max(share, 0.0), 1.0)
        self.update()

    # Where things are ---------------------------------------------------------------------------

    def spot(self) -> QRectF:
        """Where the picture lies; a pane shows what of it is inside."""
        if self.image is None:
            return QRectF(self.rect())
        width, height = self.image.width(), self.image.height()
        fits = min(self.width() / width, self.height() / height)
        wide, high = width * fits * self.look.zoom, height * fits * self.look.zoom
        centre = self.look.centre
        return QRectF(
            self.width() / 2 - centre.x() * wide, self.height() / 2 - centre.y() * high, wide, high
        )

    def _line(self) -> float:
        spot = self.spot()
        return spot.x() + self.divider * spot.width()

    def _point(self, place: QPointF) -> QPointF:
        spot = self.spot()
        return QPointF(
            (place.x() - spot.x()) / max(spot.width(), 1.0),
            (place.y() - spot.y()) / max(spot.height(), 1.0),
        )

    # Painting -----------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        look, painter = theme.current(), QPainter(self)
        painter.fillRect(self.rect(), QColor(look.surround))
        if self.image is None:
            return
        spot = self.spot()
        large = spot.width() > 4 * self.image.width()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not large)
        painter.setOpacity(0.45 if self.faint else 1.0)
        if self.other is None:
            painter.drawImage(spot, self.image)
        else:
            line = round(self._line())
            for image, part in (
                (self.image, QRect(0, 0, line, self.height())),
                (self.other, QRect(line, 0, self.width() - line, self.height())),
            ):
                painter.setClipRect(part)
                painter.drawImage(spot, image)
            painter.setClipping(False)
            painter.fillRect(QRectF(line - 1, 0, 2, self.height()), QColor(look.accent))
        painter.setOpacity(1.0)
        for name, right in zip(self.names, (False, True), strict=True):
            self._name(painter, name, right)
        if self.scale is not None:
            self._legend(painter, *self.scale)

    def _legend(self, painter: QPainter, colors: QImage, most: int) -> None:
        look, metrics = theme.current(), self.fontMetrics()
        room = QRect(8, self.height() - metrics.height() - 30, 216, metrics.height() + 22)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(look.overlay))
        painter.drawRoundedRect(room, 5, 5)
        painter.drawImage(QRect(room.x() + 8, room.y() + 6, room.width() - 16, 9), colors)
        painter.setPen(QColor(look.text))
        words = room.adjusted(8, 17, -8, -3)
        for text, side in (
            ("0", Qt.AlignmentFlag.AlignLeft),
            (str(most), Qt.AlignmentFlag.AlignRight),
        ):
            painter.drawText(words, int(side | Qt.AlignmentFlag.AlignVCenter), text)
        painter.drawText(words, int(Qt.AlignmentFlag.AlignCenter), self.tr("grey levels apart"))

    def _name(self, painter: QPainter, name: str, right: bool) -> None:
        if not name:
            return
        look, metrics = theme.current(), self.fontMetrics()
        width = min(metrics.horizontalAdvance(name) + 16, self.width() // 2 - 12)
        x = self.width() - width - 8 if right else 8
        spot = QRect(x, 8, width, metrics.height() + 8)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(look.overlay))
        painter.drawRoundedRect(spot, 5, 5)
        painter.setPen(QColor(look.text))
        shown = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, width - 10)
        painter.drawText(spot, int(Qt.AlignmentFlag.AlignCenter), shown)

    # Hands --------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if event.button() is Qt.MouseButton.LeftButton:
            self._pressed, self._moved = event.position(), False
            self._dividing = self._near(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        place = event.position()
        near = self._near(place)
        self.setCursor(Qt.CursorShape.SplitHCursor if near else Qt.CursorShape.ArrowCursor)
        if self._pressed is None:
            return
        far = (place - self._pressed).manhattanLength() >= QApplication.startDragDistance()
        if self._dividing:
            self._moved = True
            self.divide(self._point(place).x())
        elif self._moved or far:
            self._moved = True
            moved = self._point(place) - self._point(self._pressed)
            self._pressed = place
            self.look.go(self.look.centre - moved)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if self._pressed is not None and not self._moved:
            self.clicked.emit()
        self._pressed, self._dividing = None, False

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self._pressed = None
        self.opened.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        self.look.zoom_at(1.2 ** (event.angleDelta().y() / 120), self._point(event.position()))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        key = event.key()
        if self.other is not None and key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.divide(self.divider + (STEP if key == Qt.Key.Key_Right else -STEP))
        else:
            super().keyPressEvent(event)

    def _near(self, place: QPointF) -> bool:
        return self.other is not None and abs(place.x() - self._line()) <= _GRIP
