"""The palette: a tile for each class with its picture, its pattern and its name."""

from functools import partial

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QLayout,
    QLayoutItem,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from studio.models.images import to_image
from studio.models.palette import Palette
from studio.models.swatches import Swatches
from studio.views import theme
from studio.views.chips import share_text, weave
from studio.views.control import worded
from studio.views.icons import icon

TILE = QSize(92, 74)  # the smallest tile
WIDEST = 168  # of a tile; its picture is of 128 pixels
NAMED = 28  # pixels of a tile below its picture
HIGH = 1.0  # of a picture's width that its height is at most
GAP, MARGIN = 6, 10


def tile_size(room: QSize, count: int, bar: int) -> tuple[QSize, bool]:
    """The largest tiles of which so many are seen at once in that room, and whether there are any;
    else small ones, beside a scroll bar of that width.
    """
    best = QSize(0, 0)
    wide, high = room.width() - 2 * MARGIN + GAP, room.height() - 2 * MARGIN + GAP
    for columns in range(1, count + 1):
        rows = -(-count // columns)
        width = min(wide // columns - GAP, WIDEST)
        height = min(high // rows - GAP, round(width * HIGH) + NAMED)
        fits = width >= TILE.width() and height >= TILE.height()
        if fits and width * height > best.width() * best.height():
            best = QSize(width, height)
    if not best.isEmpty():
        return best, True
    wide -= bar
    columns = max(wide // (TILE.width() + GAP), 1)
    width = max(min(wide // columns - GAP, WIDEST), TILE.width())
    return QSize(width, TILE.height()), False


class Flow(QLayout):
    """Items from left to right and on to the next row, as words on a page."""

    def __init__(self, gap: int = GAP) -> None:
        super().__init__()
        self._items: list[QLayoutItem] = []
        self._gap = gap

    def addItem(self, item: QLayoutItem) -> None:  # noqa: N802
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:  # noqa: N802
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:  # noqa: N802
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def hasHeightForWidth(self) -> bool:  # noqa: N802
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802
        return self._place(QRect(0, 0, width, 0), move=False)

    def sizeHint(self) -> QSize:  # noqa: N802
        return self.minimumSize()

    def minimumSize(self) -> QSize:  # noqa: N802
        size = QSize()
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        margins = self.contentsMargins()
        return size + QSize(margins.left() + margins.right(), margins.top() + margins.bottom())

    def setGeometry(self, rect: QRect) -> None:  # noqa: N802
        super().setGeometry(rect)
        self._place(rect, move=True)

    def _place(self, rect: QRect, move: bool) -> int:
        area = rect.marginsRemoved(self.contentsMargins())
        x, y, tallest = area.x(), area.y(), 0
        for item in self._items:
            size = item.sizeHint()
            if x > area.x() and x + size.width() > area.right() + 1:
                x, y, tallest = area.x(), y + tallest + self._gap, 0
            if move:
                item.setGeometry(QRect(QPoint(x, y), size))
            x, tallest = x + size.width() + self._gap, max(tallest, size.height())
        return y + tallest - rect.y() + self.contentsMargins().bottom()


class Tile(QAbstractButton):
    """One class."""

    def __init__(
        self,
        number: int,
        name: str,
        color: str,
        key: str,
        pattern: int,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.number = number
        self._picture: QPixmap | None = None
        self._key, self._share = key, ""
        self._locked = self._alone = False
        self._chip = weave(pattern, color)
        self._color = QColor(color)
        self.setText(worded(name))
        self.setCheckable(True)
        self.setFixedSize(TILE)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(self.text())
        self._tell()

    def show_state(self, share: float, locked: bool, alone: bool) -> None:
        """Show how much it covers, whether it cannot be painted over, and whether it is alone."""
        state = (share_text(share), locked, alone)
        if state != (self._share, self._locked, self._alone):
            self._share, self._locked, self._alone = state
            self._tell()
            self.update()

    def _tell(self) -> None:
        facts = [
            self.tr("covers {0}").format(self._share) if self._share else self.tr("not painted"),
            self.tr("locked: cannot be painted over") if self._locked else "",
            self.tr("shown alone") if self._alone else "",
        ]
        self.setAccessibleDescription(", ".join(fact for fact in facts if fact))
        named = f"{self.text()} ({self._key})" if self._key else self.text()
        self.setToolTip("\n".join([named, *(fact for fact in facts if fact)]))

    def show_picture(self, picture: QPixmap | None) -> None:
        """Show what the model makes of the class."""
        self._picture = picture
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        return self.minimumSize()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        frame = QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5)
        path = QPainterPath()
        path.addRoundedRect(frame, 6, 6)
        painter.fillPath(path, QColor(look.raised if not self.underMouse() else look.hover))
        painter.save()
        painter.setClipPath(path)
        high = self.height() - NAMED
        top = QRectF(frame.left(), frame.top(), frame.width(), high)
        chip = QRectF(frame.right() - 26, frame.top(), 26, high)
        if self._picture is not None:
            size = self._picture.deviceIndependentSize()
            share = top.height() / top.width()
            painter.drawPixmap(
                top,
                self._picture,
                QRectF(0, size.height() * (1 - share) / 2, size.width(), size.height() * share),
            )
        else:
            chip = top
        painter.fillRect(chip, self._color)
        painter.drawTiledPixmap(chip, self._chip)
        self._paint_state(painter, top)
        painter.restore()
        text = frame.adjusted(6, high, -6, 0)
        painter.setPen(QColor(look.text))
        name = self.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideRight, int(text.width() - (12 if self._key else 0))
        )
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(text, int(middle | Qt.AlignmentFlag.AlignLeft), name)
        painter.setPen(QColor(look.muted))
        painter.drawText(text, int(middle | Qt.AlignmentFlag.AlignRight), self._key)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        chosen = self.isChecked()
        if chosen or self.hasFocus():
            painter.setPen(QPen(QColor(look.accent if chosen else look.focus), 2.5))
        else:
            painter.setPen(QPen(QColor(look.edge), 1))
        painter.drawRoundedRect(frame, 6, 6)

    def _paint_state(self, painter: QPainter, room: QRectF) -> None:
        """The share in the lower left corner, and signs in the upper left one."""
        look = theme.current()
        ground = QColor(look.overlay)
        ground.setAlphaF(0.88)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        signs = [n for n, on in (("lock", self._locked), ("eye", self._alone)) if on]
        for place, name in enumerate(signs):
            spot = QRectF(room.left() + 3 + 19 * place, room.top() + 3, 17, 17)
            painter.drawRoundedRect(spot, 4, 4)
            icon(name).paint(painter, spot.adjusted(2, 2, -2, -2).toRect())
        if self._share:
            font = painter.font()
            font.setPointSizeF(font.pointSizeF() * 0.8)
            painter.setFont(font)
            width = painter.fontMetrics().horizontalAdvance(self._share) + 8
            spot = QRectF(room.left() + 3, room.bottom() - 17, width, 14)
            painter.drawRoundedRect(spot, 4, 4)
            painter.setPen(QColor(look.text))
            painter.drawText(spot, int(Qt.AlignmentFlag.AlignCenter), self._share)


class Classes(QScrollArea):
    """The tiles of all classes that can be painted. `asked` wants a menu for a class, there."""

    asked = Signal(int, QPoint)

    def __init__(self, palette: Palette, swatches: Swatches, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.palette_, self.swatches = palette, swatches
        self.session, self.tools = session, tools = palette.session, palette.tools
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(self.tr("Palette"))
        self.tiles: dict[int, Tile] = {}
        self._shown: tuple[object, ...] = ()
        session.model_opened.connect(lambda bundle: self.rebuild())
        session.scene_changed.connect(lambda before, now: self.rebuild())
        session.replaced.connect(self.rebuild)
        tools.changed.connect(self._mark)
        swatches.changed.connect(self._swatch)
        palette.shares.changed.connect(self.rebuild)
        palette.solo_changed.connect(self._show_states)
        self.rebuild()

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return QSize(2 * TILE.width() + 40, TILE.height())

    def rebuild(self) -> None:
        """Make the tiles anew where the classes changed."""
        numbers, scene = self.session.shown_classes(), self.session.scene
        palette = scene.palette
        wanted = tuple((n, palette[n], scene.pattern_of(n)) for n in numbers)
        if wanted == self._shown and self.widget() is not None:
            self._show_states()
            return
        self._shown = wanted
        page = QWidget()
        page.setObjectName("tiles")
        flow = Flow()
        flow.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        group = QButtonGroup(page)
        self.tiles = {}
        for place, number in enumerate(numbers):
            key = str(place + 1) if place < 9 else ""
            entry = palette[number]
            tile = Tile(number, entry.name, entry.color, key, scene.pattern_of(number), page)
            tile.clicked.connect(partial(self.tools.choose, number))
            tile.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
            tile.customContextMenuRequested.connect(partial(self._ask, tile))
            group.addButton(tile)
            flow.addWidget(tile)
            self.tiles[number] = tile
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(flow)
        column.addStretch(1)
        self.setWidget(page)
        self._fit()
        for number in self.tiles:
            self._swatch(number)
        if numbers and self.tools.class_id not in numbers:
            self.tools.reset()
        self._mark()
        self._show_states()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Let the tiles take the room that there is."""
        bar = self.verticalScrollBar().sizeHint().width()
        size, fits = tile_size(self.maximumViewportSize(), len(self.tiles), bar)
        # A bar that is there would take the room that makes it needless.
        policy = Qt.ScrollBarPolicy
        self.setVerticalScrollBarPolicy(
            policy.ScrollBarAlwaysOff if fits else policy.ScrollBarAsNeeded
        )
        for tile in self.tiles.values():
            tile.setFixedSize(size)

    def _show_states(self) -> None:
        for number, tile in self.tiles.items():
            share = self.palette_.shares.share(number)
            alone = self.palette_.solo == number
            tile.show_state(share, self.palette_.is_protected(number), alone)

    def _ask(self, tile: Tile, place: QPoint) -> None:
        self.asked.emit(tile.number, tile.mapToGlobal(place))

    def _mark(self) -> None:
        tile = self.tiles.get(self.tools.class_id)
        if tile is not None:
            tile.setChecked(True)
            self.ensureWidgetVisible(tile, 0, 8)

    def _swatch(self, number: int) -> None:
        tile, pixels = self.tiles.get(number), self.swatches.pictures.get(number)
        if tile is not None:
            image = None if pixels is None else QPixmap.fromImage(to_image(pixels))
            tile.show_picture(image)
