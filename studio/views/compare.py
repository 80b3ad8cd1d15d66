"""Two pictures beside one another: side by side, split by a divider, or swapped while held."""

from collections.abc import Callable
from enum import Enum

from PySide6.QtCore import QCoreApplication, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QHBoxLayout,
    QLabel,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.document.document import Pixels
from studio.models.images import to_image
from studio.views import theme
from studio.views.control import tool

STEP = 0.02  # of the width, by an arrow key
MOST_ZOOM = 16.0
_GRIP = 10  # pixels beside the divider that still take it


class Way(Enum):
    """How two pictures are shown."""

    BESIDE = "side-by-side"
    SPLIT = "split"
    SWAP = "swap"


class Pair(QWidget):
    """Draws the two. `swapped` shows the other one in their places while it lasts."""

    swap_changed = Signal(bool)

    def __init__(self, one: Pixels, other: Pixels, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.images: tuple[QImage, QImage] = (to_image(one), to_image(other))
        self.way = Way.BESIDE
        self.divider = 0.5  # of the picture's width
        self.swapped = False
        self.zoom = 1.0  # 1 fits
        self.center = QPointF(0.5, 0.5)  # of the picture, in the middle of its room
        self._held: QPointF | None = None
        self._dividing = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(320, 200)
        self.setAccessibleName(self.tr("Compared pictures"))
        self.setToolTip(
            self.tr(
                "Hold Space to swap. Arrow keys or the mouse move the divider, the wheel zooms, "
                "dragging pans."
            )
        )

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(1000, 620)

    def show_as(self, way: Way) -> None:
        """Show them otherwise."""
        self.way = way
        self.update()

    def swap(self, on: bool) -> None:
        """Show each in the other's place, or no more."""
        if on != self.swapped:
            self.swapped = on
            self.update()
            self.swap_changed.emit(on)

    def fit(self) -> None:
        """All of them, as large as there is room."""
        self.zoom, self.center = 1.0, QPointF(0.5, 0.5)
        self.update()

    # Where things are ---------------------------------------------------------------------------

    def _rooms(self) -> list[QRect]:
        """The places for pictures: two halves, or all of it."""
        area = self.rect()
        if self.way is not Way.BESIDE:
            return [area]
        half = (area.width() - 6) // 2
        return [
            QRect(area.x(), area.y(), half, area.height()),
            QRect(area.right() - half + 1, area.y(), half, area.height()),
        ]

    def _spot(self, room: QRect) -> QRectF:
        """Where the picture lies, of which a room shows a part: both have the first one's size."""
        size = self.images[0].size()
        fits = min(room.width() / size.width(), room.height() / size.height()) * 0.98
        width, height = size.width() * fits * self.zoom, size.height() * fits * self.zoom
        middle = QPointF(room.center())
        return QRectF(
            middle.x() - self.center.x() * width,
            middle.y() - self.center.y() * height,
            width,
            height,
        )

    def _line(self) -> float:
        spot = self._spot(self._rooms()[0])
        return spot.x() + self.divider * spot.width()

    # Painting -----------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self.zoom < 4)
        painter.fillRect(self.rect(), QColor(look.surround))
        first, second = self.images[::-1] if self.swapped else self.images
        names = ("B", "A") if self.swapped else ("A", "B")
        rooms = self._rooms()
        if self.way is Way.BESIDE:
            for room, image, name in zip(rooms, (first, second), names, strict=True):
                self._draw(painter, room, image)
                self._name(painter, room, name, right=False)
        elif self.way is Way.SPLIT:
            line = self._line()
            left = QRect(rooms[0])
            left.setRight(round(line) - 1)
            right = QRect(rooms[0])
            right.setLeft(round(line))
            self._draw(painter, left, first)
            self._draw(painter, right, second)
            painter.fillRect(QRectF(line - 1, 0, 2, self.height()), QColor(look.accent))
            self._name(painter, rooms[0], names[0], right=False)
            self._name(painter, rooms[0], names[1], right=True)
        else:
            self._draw(painter, rooms[0], first)
            self._name(painter, rooms[0], names[0], right=False)
        if self.hasFocus():
            pen = painter.pen()
            pen.setColor(QColor(look.focus))
            pen.setWidth(2)
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))

    def _draw(self, painter: QPainter, part: QRect, image: QImage) -> None:
        room = part if self.way is Way.BESIDE else self.rect()
        painter.save()
        painter.setClipRect(part)
        painter.drawImage(self._spot(room), image)
        painter.restore()

    def _name(self, painter: QPainter, room: QRect, name: str, right: bool) -> None:
        look = theme.current()
        x = room.right() - 33 if right else room.x() + 8
        spot = QRect(x, room.y() + 8, 26, 24)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(look.overlay))
        painter.drawRoundedRect(spot, 5, 5)
        painter.setPen(QColor(look.text))
        painter.drawText(spot, int(Qt.AlignmentFlag.AlignCenter), name)

    # Hands --------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if event.button() is not Qt.MouseButton.LeftButton:
            return
        spot = event.position()
        if self.way is Way.SPLIT and abs(spot.x() - self._line()) <= _GRIP:
            self._dividing = True
        elif self.way is Way.SWAP:
            self.swap(True)
        else:
            self._held = spot

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        spot, room = event.position(), self._rooms()[0]
        area = self._spot(room)
        if self._dividing:
            self._divide((spot.x() - area.x()) / max(area.width(), 1.0))
        elif self._held is not None:
            moved = spot - self._held
            self._held = spot
            self._look_at(
                QPointF(
                    self.center.x() - moved.x() / max(area.width(), 1.0),
                    self.center.y() - moved.y() / max(area.height(), 1.0),
                )
            )
        near = self.way is Way.SPLIT and abs(spot.x() - self._line()) <= _GRIP
        shape = Qt.CursorShape.SplitHCursor if near else Qt.CursorShape.ArrowCursor
        self.setCursor(shape)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self._dividing, self._held = False, None
        self.swap(False)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        factor = 1.2 ** (event.angleDelta().y() / 120)
        self.zoom = min(max(self.zoom * factor, 1.0), MOST_ZOOM)
        self._look_at(self.center if self.zoom > 1 else QPointF(0.5, 0.5))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        key = event.key()
        if key == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self.swap(True)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right) and self.way is Way.SPLIT:
            self._divide(self.divider + (STEP if key == Qt.Key.Key_Right else -STEP))
        elif key == Qt.Key.Key_0:
            self.fit()
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self.swap(False)
        else:
            super().keyReleaseEvent(event)

    def _divide(self, share: float) -> None:
        self.divider = min(max(share, 0.0), 1.0)
        self.update()

    def _look_at(self, center: QPointF) -> None:
        self.center = QPointF(min(max(center.x(), 0.0), 1.0), min(max(center.y(), 0.0), 1.0))
        self.update()


def way_buttons(dialog: QDialog, hold: str, show: Callable[[Way], None]) -> dict[Way, QToolButton]:
    """A button for each way, of which one is down; `hold` says what the last one does."""
    group = QButtonGroup(dialog)
    names = {
        Way.BESIDE: ("side-by-side", _tr("A and B side by side")),
        Way.SPLIT: ("split", _tr("A and B at a divider")),
        Way.SWAP: ("swap", hold),
    }
    made = {}
    for way, (picture, text) in names.items():
        button = made[way] = tool(dialog, picture, text)
        button.setCheckable(True)
        button.setChecked(way is Way.BESIDE)
        button.clicked.connect(lambda on=False, way=way: show(way))
        group.addButton(button)
    return made


def _tr(text: str) -> str:
    return QCoreApplication.translate("compare", text)


class CompareDialog(QDialog):
    """A window for two pictures, A and B, with what they are called."""

    def __init__(
        self,
        one: tuple[Pixels, str],
        other: tuple[Pixels, str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Compare"))
        self.pair = Pair(one[0], other[0], self)
        row = QHBoxLayout()
        row.setContentsMargins(8, 8, 8, 4)
        self.buttons = way_buttons(self, self.tr("One at a time; hold to swap"), self._show_as)
        for button in self.buttons.values():
            row.addWidget(button)
        row.addStretch(1)
        names_row = QHBoxLayout()
        names_row.setContentsMargins(12, 0, 12, 6)
        for letter, (_, title) in (("A", one), ("B", other)):
            name = QLabel(f"{letter}:  {title}", self)
            name.setTextFormat(Qt.TextFormat.PlainText)
            name.setWordWrap(True)
            names_row.addWidget(name, 1)
        self.hold = tool(self, "swap", self.tr("Hold to swap A and B (Space)"))
        self.hold.setText(self.tr("Hold to swap"))
        self.hold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.hold.pressed.connect(lambda: self.pair.swap(True))
        self.hold.released.connect(lambda: self.pair.swap(False))
        fit = tool(self, "fit", self.tr("Fit both into the window"))
        fit.clicked.connect(self.pair.fit)
        row.addWidget(fit)
        row.addWidget(self.hold)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addLayout(names_row)
        column.addWidget(self.pair, 1)
        self.pair.setFocus()

    def _show_as(self, way: Way) -> None:
        self.pair.show_as(way)
        self.pair.setFocus()
