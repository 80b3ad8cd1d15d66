"""The style pad: a square with a style in each corner, and a spot that mixes them."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QMimeData, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDropEvent,
    QKeyEvent,
    QLinearGradient,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
)
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from studio.document.scene import Picture
from studio.document.styles import CORNERS, MIDDLE, Place, StyleMix
from studio.lanes.reader import Reader
from studio.models.images import to_image
from studio.models.pictures import Dropped, named, reading
from studio.models.stylepad import StylePad
from studio.views import theme
from studio.views.control import tool

SIDE, CORNER, KNOB = 116, 48, 7
STEP = 0.05
_ARROWS = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down)
Putting = Callable[[Callable[[Picture], object]], None]


def own_key(event: QEvent, *keys: Qt.Key) -> bool:
    """Keep a key from being taken for a command's, which would come first; whether it was one."""
    if event.type() != QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
        return False
    plain = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    if event.key() not in keys or plain != Qt.KeyboardModifier.NoModifier:
        return False
    event.accept()
    return True


class Square(QWidget):
    """The square itself: `moved` while the spot is dragged, `released` when it is let go."""

    moved = Signal(float, float)
    released = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.mix = StyleMix()
        self._images: list[QPixmap | None] = [None] * CORNERS
        self.setFixedSize(SIDE, SIDE)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Style spot"))
        self.setToolTip(
            self.tr("Drag the spot towards the styles you want more of; arrow keys move it too")
        )

    def show_mix(self, mix: StyleMix) -> None:
        """Show where the spot is, and the corners' colours."""
        if mix.corners != self.mix.corners:
            self._images = [_small(picture) for picture in mix.corners]
        self.mix = mix
        pairs = zip(mix.corners, mix.shares, strict=True)
        named = [f"{p.name or self.tr('picture')} {s:.0%}" for p, s in pairs if p is not None]
        self.setAccessibleDescription(", ".join(named) or self.tr("empty"))
        self.setEnabled(len(mix.pictures) > 1)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        look, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        area = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        painter.fillRect(area, QColor(look.field))
        x, y = self.mix.spot
        if self.isEnabled():
            self._blend(painter, area)
        lit = self.hasFocus()
        pen = painter.pen()
        pen.setColor(QColor(look.focus if lit else look.outline))
        pen.setWidth(2 if lit else 1)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(area)
        if not self.isEnabled():
            pen.setColor(QColor(look.muted))
            painter.setPen(pen)
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            text = self.tr("Styles in two corners are mixed here")
            painter.drawText(area.adjusted(6, 4, -6, -4), int(flags), text)
            return
        spot = QPointF(area.x() + x * area.width(), area.y() + y * area.height())
        for width, color in ((5, "#000000"), (2.5, "#ffffff")):
            pen.setColor(QColor(color))
            pen.setWidthF(width)
            painter.setPen(pen)
            painter.drawEllipse(spot, KNOB, KNOB)

    def _blend(self, painter: QPainter, area: QRectF) -> None:
        """The corners' pictures, each fading towards the others."""
        half_w, half_h = area.width() / 2, area.height() / 2
        for corner, image in enumerate(self._images):
            if image is None:
                continue
            right, low = corner % 2, corner // 2
            box = QRectF(area.x() + right * half_w, area.y() + low * half_h, half_w, half_h)
            painter.setOpacity(0.35 + 0.65 * self.mix.shares[corner])
            painter.drawPixmap(box, image, QRectF(image.rect()))
        painter.setOpacity(1)
        shade = QColor(theme.current().field)
        for start, end in (
            (area.topLeft(), area.topRight()),
            (area.topLeft(), area.bottomLeft()),
        ):
            gradient = QLinearGradient(start, end)
            for at, alpha in ((0.42, 0), (0.5, 200), (0.58, 0)):
                shade.setAlpha(alpha)
                gradient.setColorAt(at, shade)
            painter.fillRect(area, gradient)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if event.button() == Qt.MouseButton.LeftButton:
            self._drag(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._drag(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self.released.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self.moved.emit(*MIDDLE)
        self.released.emit()

    def event(self, event: QEvent) -> bool:
        return own_key(event, *_ARROWS, Qt.Key.Key_Home) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        keys = Qt.Key
        ways = {
            keys.Key_Left: (-STEP, 0.0),
            keys.Key_Right: (STEP, 0.0),
            keys.Key_Up: (0.0, -STEP),
            keys.Key_Down: (0.0, STEP),
        }
        way = ways.get(keys(event.key()))
        if event.key() == keys.Key_Home:
            self.moved.emit(*MIDDLE)
        elif way is not None:
            self.moved.emit(self.mix.spot[0] + way[0], self.mix.spot[1] + way[1])
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if not event.isAutoRepeat():
            self.released.emit()
        super().keyReleaseEvent(event)

    def _drag(self, place: QPointF) -> None:
        self.moved.emit(place.x() / max(self.width(), 1), place.y() / max(self.height(), 1))


class Corner(QWidget):
    """A corner of the pad: shows its style; pictures are dropped on it."""

    given = Signal(object)  # QMimeData
    put_asked = Signal()
    cleared = Signal()

    def __init__(self, label: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: QPixmap | None = None
        self._share = 0.0
        self.setFixedSize(CORNER, CORNER)
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(label)
        self.setToolTip(
            self.tr("Click to put the chosen style here, or drop a picture; Delete empties it")
        )

    def show_style(self, picture: Picture | None, share: float) -> None:
        """Show a style and its share, or that there is none."""
        self._image, self._share = _small(picture), share
        name = self.tr("empty") if picture is None else picture.name or self.tr("picture")
        text = name if picture is None else f"{name}, {share:.0%}"
        self.setAccessibleDescription(text)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        look, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        area = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        pen = painter.pen()
        lit = self.hasFocus()
        pen.setColor(QColor(look.focus if lit else look.outline))
        pen.setWidth(2 if lit else 1)
        if self._image is None:
            pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.setBrush(QColor(look.field))
        painter.drawRoundedRect(area, 4, 4)
        if self._image is None:
            pen.setStyle(Qt.PenStyle.SolidLine)
            pen.setColor(QColor(look.muted))
            painter.setPen(pen)
            painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter), "+")
            return
        inner = area.adjusted(3, 3, -3, -3)
        painter.drawPixmap(inner, self._image, QRectF(self._image.rect()))
        bar = QRectF(inner.x(), inner.bottom() - 4, inner.width() * self._share, 4)
        painter.fillRect(
            QRectF(inner.x(), inner.bottom() - 4, inner.width(), 4), QColor(0, 0, 0, 140)
        )
        painter.fillRect(bar, QColor(look.accent))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(
            event.position().toPoint()
        ):
            self.put_asked.emit()

    def event(self, event: QEvent) -> bool:
        keys = Qt.Key
        mine = (keys.Key_Delete, keys.Key_Backspace, keys.Key_Space, keys.Key_Return)
        return own_key(event, *mine) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.put_asked.emit()
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.cleared.emit()
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        if Dropped.possible(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        event.acceptProposedAction()
        self.given.emit(event.mimeData())


class StylePadPanel(QWidget):
    """The square, its corners, and what place it is about."""

    def __init__(self, pad: StylePad, choose: Putting, parent: QWidget | None = None) -> None:
        """`choose` gives the style that is chosen on the shelf to who asks."""
        super().__init__(parent)
        self.pad, self._choose = pad, choose
        self.reader = Reader(self)
        self.reader.problem.connect(pad.problem)
        self.square = Square(self)
        self.square.moved.connect(lambda x, y: pad.move((x, y)))
        self.square.released.connect(pad.settle)
        labels = (
            *(self.tr("Upper left style"), self.tr("Upper right style")),
            *(self.tr("Lower left style"), self.tr("Lower right style")),
        )
        self.corners = [Corner(label, self) for label in labels]
        for number, corner in enumerate(self.corners):
            corner.put_asked.connect(lambda n=number: self._choose(lambda p: pad.put(n, p)))
            corner.cleared.connect(lambda n=number: pad.put(n, None))
            corner.given.connect(lambda data, n=number: self._given(n, data))
        self.places = QComboBox(self)
        self.places.setAccessibleName(self.tr("Where the style applies"))
        self.places.setToolTip(self.tr("Everything, and the regions that have styles of their own"))
        self.places.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.places.activated.connect(self._show_place)
        self.clear = tool(self, "close", self.tr("Take the style away from there"))
        self.clear.clicked.connect(lambda: pad.clear(pad.place))
        self.by_class = QCheckBox(self)
        self.by_class.setToolTip(
            self.tr("A style that is taken applies to this class alone; a selection comes first")
        )
        self.by_class.toggled.connect(pad.restrict)
        self.none = QLabel(self)
        self.none.setWordWrap(True)
        self.none.setObjectName("muted")
        self._lay_out()
        pad.changed.connect(self.refresh)
        self.refresh()

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(260, SIDE + 90)

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setSpacing(4)
        grid.addWidget(self.square, 0, 1, 2, 1)
        for number, corner in enumerate(self.corners):
            side = Qt.AlignmentFlag.AlignTop if number < 2 else Qt.AlignmentFlag.AlignBottom
            grid.addWidget(corner, number // 2, 2 * (number % 2), side)
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addLayout(grid)
        middle.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.places, 1)
        row.addWidget(self.clear)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.none)
        column.addLayout(row)
        column.addWidget(self.by_class)
        column.addLayout(middle)

    # What is done -------------------------------------------------------------------------------

    def _given(self, corner: int, data: QMimeData) -> None:
        def come(found: Dropped) -> None:
            if found.picture is None:
                self.pad.problem.emit(found.problem)
            else:
                self.pad.put(corner, found.picture)

        self.reader.read(reading(data), come, named(data))

    def _show_place(self, row: int) -> None:
        places = self._listed()
        if 0 <= row < len(places):
            self.pad.show(places[row])

    # What is shown ------------------------------------------------------------------------------

    def _listed(self) -> list[Place]:
        places = self.pad.places
        return places if self.pad.place in places else [*places, self.pad.place]

    def refresh(self) -> None:
        """Show what the scene says now."""
        pad, mix = self.pad, self.pad.now
        takes = pad.wire is not None
        self.none.setVisible(not takes)
        self.none.setText(
            self.tr(
                "The open model takes no style from a picture. The brush above paints in any, "
                "slowly."
            )
        )
        for widget in (self.square, *self.corners, self.places, self.clear):
            widget.setVisible(takes)
        regional = pad.wire is not None and pad.wire.regional
        self.by_class.setVisible(regional)
        if not takes:
            return
        self.square.show_mix(mix)
        for corner, picture, share in zip(self.corners, mix.corners, mix.shares, strict=True):
            corner.show_style(picture, share)
        palette, number = pad.session.scene.palette, pad.tools.class_id
        name = pad.called(palette[number].name) if number < len(palette) else self.tr("the class")
        self.by_class.blockSignals(True)
        self.by_class.setText(self.tr("Only on the class in hand: {0}").format(name))
        self.by_class.setAccessibleName(self.by_class.text())
        self.by_class.setChecked(pad.by_class)
        self.by_class.blockSignals(False)
        places = self._listed()
        self.places.clear()
        for place in places:
            self.places.addItem(pad.called(place))
        self.places.setCurrentIndex(places.index(pad.place))
        self.clear.setEnabled(bool(mix.pictures))


def _small(picture: Picture | None) -> QPixmap | None:
    """The middle of a picture as a square thumbnail."""
    if picture is None:
        return None
    high, wide = picture.pixels.shape[:2]
    side = min(high, wide)
    top, left = (high - side) // 2, (wide - side) // 2
    image = to_image(picture.pixels[top : top + side, left : left + side])
    smooth = Qt.TransformationMode.SmoothTransformation
    return QPixmap.fromImage(image.scaled(SIDE, SIDE, Qt.AspectRatioMode.KeepAspectRatio, smooth))
