"""The navigator: the whole document small, the visible part in a frame, zoom and turn."""

import math

from PySide6.QtCore import QPointF, QRectF, QSignalBlocker, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSlider,
    QStyle,
    QVBoxLayout,
    QWidget,
)

from studio.document.raster import Point
from studio.models.view import View
from studio.views import theme
from studio.views.control import tool
from studio.views.desktop import Arrangement, Desktop
from studio.views.paper import Paper

REFRESH_MS = 120  # the small picture follows the brush so often
LEAST_SHOWN, MOST_SHOWN = 1.0, 6400.0  # percent
STEPS = 400  # of the slider, over the powers of two between them
FRAME_LEAST = 6.0  # pixels a side that a frame has at least, to be seen and held
NUDGE = 0.1  # of the room, by an arrow key


class Overview(QWidget):
    """The document, upright, and a frame around what the canvas shows: drag it, or press beside."""

    def __init__(self, paper: Paper, desktop: Desktop, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.paper, self.desktop = paper, desktop
        self._grip: Point | None = None  # from the frame's middle to where it is held
        self._timer = QTimer(self, singleShot=True, interval=REFRESH_MS)
        self._timer.timeout.connect(self.update)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Navigator"))
        self.setToolTip(self.tr("Drag the frame to move the view; the wheel zooms"))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setMinimumSize(120, 90)
        paper.layout_changed.connect(self._stale)
        paper.picture_changed.connect(self._stale)
        paper.picture_painted.connect(self._stale)
        desktop.look_changed.connect(self.update)

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(220, 150)

    def _stale(self) -> None:
        if self.isVisible() and not self._timer.isActive():
            self._timer.start()

    @property
    def view(self) -> View:
        """The view that is shown and moved."""
        return self.desktop.looked

    @property
    def transform(self) -> QTransform:
        """From layout pixels to those of this widget."""
        height, width = self.paper.session.document.size
        room = QRectF(self.rect()).adjusted(4, 4, -4, -4)
        scale = max(min(room.width() / width, room.height() / height), 1e-6)
        across, down = room.width() - width * scale, room.height() - height * scale
        return QTransform(scale, 0, 0, scale, room.x() + across / 2, room.y() + down / 2)

    def point(self, place: QPointF) -> Point:
        """The layout point under a place of this widget."""
        found = self.transform.inverted()[0].map(place)
        return found.x(), found.y()

    def frame(self) -> QPolygonF:
        """The outline of what the canvas shows, in pixels of this widget."""
        height, width = self.view.room
        corners = ((0, 0), (width, 0), (width, height), (0, height))
        points = [QPointF(*self.view.to_document(x, y, (height, width))) for x, y in corners]
        frame = self.transform.map(QPolygonF(points))
        bounds = frame.boundingRect()
        if max(bounds.width(), bounds.height()) < FRAME_LEAST:
            least = QRectF(0, 0, FRAME_LEAST, FRAME_LEAST)
            least.moveCenter(bounds.center())
            return QPolygonF(least)
        return frame

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        look, transform = theme.current(), self.transform
        height, width = self.paper.session.document.size
        page = transform.mapRect(QRectF(0, 0, width, height))
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(look.surround))
        painter.fillRect(page, QColor(look.page))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        unseen = self.paper.picture is None and self.paper.stack.plain
        if self.paper.compared is not None:
            painter.drawImage(page, self.paper.compared)
        elif unseen or self.desktop.arrangement is Arrangement.LAYOUT:
            painter.drawImage(page, self.paper.layout)
        else:
            self.paper.stack.paint(painter, transform, page)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = self.frame()
        for color, thick in ((QColor(0, 0, 0, 160), 3.5), (QColor(look.accent), 1.5)):
            painter.setPen(QPen(color, thick))
            painter.drawPolygon(frame)
        if self.hasFocus():
            painter.setPen(QPen(QColor(look.focus), 2))
            painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        point = self.point(event.position())
        held = self.frame().containsPoint(event.position(), Qt.FillRule.OddEvenFill)
        centre = self.view.centre
        self._grip = (point[0] - centre[0], point[1] - centre[1]) if held else (0.0, 0.0)
        self._drag(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if self._grip is not None:
            self._drag(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self._grip = None

    def _drag(self, place: QPointF) -> None:
        assert self._grip is not None
        x, y = self.point(place)
        height, width = self.paper.session.document.size
        x = min(max(x - self._grip[0], 0.0), float(width))
        y = min(max(y - self._grip[1], 0.0), float(height))
        if (x, y) != self.view.centre:
            self.view.centre_on((x, y))

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        self.view.zoom(event.angleDelta().y() / 120)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        height, width = self.view.room
        keys = Qt.Key
        moves = {
            keys.Key_Left: (width * NUDGE, 0.0),
            keys.Key_Right: (-width * NUDGE, 0.0),
            keys.Key_Up: (0.0, height * NUDGE),
            keys.Key_Down: (0.0, -height * NUDGE),
        }
        steps = {keys.Key_Plus: 1, keys.Key_Minus: -1}
        key = keys(event.key())
        if key in moves:
            self.view.pan(*moves[key])
        elif key in steps:
            self.view.zoom(steps[key])
        else:
            super().keyPressEvent(event)


class Slide(QSlider):
    """A slider that goes where it is clicked, and that a double click resets."""

    reset = Signal()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if event.button() == Qt.MouseButton.LeftButton:
            reach = self.style().pixelMetric(QStyle.PixelMetric.PM_SliderLength, None, self)
            x, room = event.position().x() - reach / 2, max(self.width() - reach, 1)
            least, most = self.minimum(), self.maximum()
            value = QStyle.sliderValueFromPosition(least, most, round(x), room)
            if abs(value - self.value()) > (most - least) * reach / room / 2:
                self.setSliderDown(True)
                self.setValue(value)
        super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self.reset.emit()


class Navigator(QWidget):
    """The overview with sliders and numbers for zoom and turn, and what is done in one press."""

    def __init__(self, paper: Paper, desktop: Desktop, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desktop = desktop
        self.overview = Overview(paper, desktop, self)
        self.zoom, self.percent = self._row(self.tr("Zoom"), 0, STEPS)
        self.percent.setRange(LEAST_SHOWN, MOST_SHOWN)
        self.percent.setSuffix(" %")
        self.percent.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
        self.turn, self.degrees = self._row(self.tr("Turn of the view"), -180, 180)
        self.degrees.setRange(-180, 180)
        self.degrees.setSuffix("°")
        self.degrees.setWrapping(True)
        self.turn.setPageStep(15)
        self.fit = tool(self, "fit", self.tr("Fit the document"))
        self.actual = tool(self, "one-to-one", self.tr("A pixel is a pixel"))
        self.mirror = tool(self, "mirror-view", self.tr("Mirror the view"))
        self.mirror.setCheckable(True)
        self.upright = tool(self, "reset", self.tr("Turn upright"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        for line, (name, slide, number) in enumerate(
            (
                (self.tr("Zoom"), self.zoom, self.percent),
                (self.tr("Turn"), self.turn, self.degrees),
            )
        ):
            label = QLabel(name, self)
            label.setBuddy(number)
            grid.addWidget(label, line, 0)
            grid.addWidget(slide, line, 1)
            grid.addWidget(number, line, 2)
        grid.setColumnStretch(1, 1)
        row = QHBoxLayout()
        row.setSpacing(2)
        for button in (self.fit, self.actual, self.mirror, self.upright):
            row.addWidget(button)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(6)
        column.addWidget(self.overview, 1)
        column.addLayout(grid)
        column.addLayout(row)
        self._connect()
        self.refresh()

    def _connect(self) -> None:
        self.zoom.valueChanged.connect(lambda step: self._zoom_to(_percent(step)))
        self.zoom.reset.connect(lambda: self._zoom_to(100.0))
        self.percent.valueChanged.connect(self._zoom_to)
        self.turn.valueChanged.connect(lambda angle: self.desktop.looked.turn_to(angle))
        self.turn.reset.connect(lambda: self.desktop.looked.straighten())
        self.degrees.valueChanged.connect(lambda angle: self.desktop.looked.turn_to(angle))
        self.fit.clicked.connect(lambda: self.desktop.looked.fit())
        self.actual.clicked.connect(lambda: self._zoom_to(100.0))
        self.mirror.clicked.connect(lambda: self.desktop.looked.mirror())
        self.upright.clicked.connect(lambda: self.desktop.looked.straighten())
        self.desktop.look_changed.connect(self.refresh)

    def _zoom_to(self, percent: float) -> None:
        """Percent of the screen's own pixels, about the middle."""
        self.desktop.looked.zoom_to(percent / 100 / self.devicePixelRatioF())

    def refresh(self) -> None:
        """Show how it is looked at, without moving it."""
        view = self.desktop.looked
        percent = view.scale * 100 * self.devicePixelRatioF()
        pairs = (
            (self.zoom, _step(percent)),
            (self.turn, round(view.angle)),
        )
        for slide, value in pairs:
            with QSignalBlocker(slide):
                slide.setValue(value)
        for number, shown in ((self.percent, percent), (self.degrees, view.angle)):
            with QSignalBlocker(number):
                number.setValue(shown)
        with QSignalBlocker(self.mirror):
            self.mirror.setChecked(view.mirrored)
        self.upright.setEnabled(bool(view.angle))

    def _row(self, name: str, least: int, most: int) -> tuple[Slide, QDoubleSpinBox]:
        slide = Slide(Qt.Orientation.Horizontal, self)
        slide.setRange(least, most)
        slide.setAccessibleName(self.tr("{0}, slider").format(name))
        slide.setToolTip(self.tr("Double-click resets it"))
        number = QDoubleSpinBox(self)
        number.setDecimals(0)
        number.setKeyboardTracking(False)
        number.setAccessibleName(name)
        return slide, number


def _percent(step: int) -> float:
    """The zoom at a step of the slider: each step multiplies."""
    return LEAST_SHOWN * float((MOST_SHOWN / LEAST_SHOWN) ** (step / STEPS))


def _step(percent: float) -> int:
    return round(STEPS * math.log(percent / LEAST_SHOWN) / math.log(MOST_SHOWN / LEAST_SHOWN))
