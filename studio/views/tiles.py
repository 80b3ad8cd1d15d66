"""Pictures as tiles of a list or a table: a name under each, marks on it, one delegate for all."""

from enum import IntEnum

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from studio.document.document import Pixels
from studio.models.images import to_image
from studio.views import theme
from studio.views.icons import icon

SHARP = 320  # pixels of a tile's picture in memory; tiles are smaller, but screens are dense
SMALLEST, USUAL, LARGEST = 56, 148, 320
# The delegate draws all that an item has; the style would draw its own frame below.
UNFRAMED = "::item, ::item:focus, ::item:selected { border: none; background: transparent; }"
_GAP = 6
Index = QModelIndex | QPersistentModelIndex


class Role(IntEnum):
    """What a tile says besides its picture (DecorationRole) and its name (DisplayRole)."""

    PINNED = Qt.ItemDataRole.UserRole + 1
    STATE = Qt.ItemDataRole.UserRole + 2  # "waiting", "running", "failed", or nothing
    MORE = Qt.ItemDataRole.UserRole + 3  # a second line
    CURRENT = Qt.ItemDataRole.UserRole + 4  # whether the document looks like it now
    STARRED = Qt.ItemDataRole.UserRole + 5


def tile_pixmap(pixels: Pixels) -> QPixmap:
    """A picture small enough to have many of."""
    image = to_image(pixels)
    if max(image.width(), image.height()) > SHARP:
        image = image.scaled(
            SHARP,
            SHARP,
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
    return QPixmap.fromImage(image)


class Tiles(QStyledItemDelegate):
    """Paints tiles of `side` pixels; `shape` is width over height of their pictures."""

    def __init__(self, lines: int = 1, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.side, self.shape, self.lines = USUAL, 1.0, lines

    def picture_size(self) -> QSize:
        """The room for a picture: its longer side is `side`."""
        if self.shape >= 1:
            return QSize(self.side, max(round(self.side / self.shape), 1))
        return QSize(max(round(self.side * self.shape), 1), self.side)

    def size(self, metrics: QFontMetrics) -> QSize:
        """A tile with its frame and its lines."""
        room = self.picture_size()
        return QSize(
            room.width() + 2 * _GAP, room.height() + 2 * _GAP + self.lines * metrics.height() + 2
        )

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802
        return self.size(option.fontMetrics)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        if not index.flags() & Qt.ItemFlag.ItemIsEnabled:
            return
        look = theme.current()
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        focused = bool(option.state & QStyle.StateFlag.State_HasFocus)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        frame = option.rect.adjusted(1, 1, -2, -2)
        if chosen or hovered or focused:
            painter.setBrush(QColor(look.selection if chosen else look.hover))
            edge = look.focus if focused else look.accent if chosen else look.hover
            pen = painter.pen()
            pen.setColor(QColor(edge))
            pen.setWidth(2 if focused or chosen else 1)
            painter.setPen(pen)
            painter.drawRoundedRect(frame, 6, 6)
        room = self.picture_size()
        left = option.rect.x() + (option.rect.width() - room.width()) // 2
        area = QRect(left, option.rect.y() + _GAP, room.width(), room.height())
        self._picture(painter, area, index)
        self._text(painter, option, area, index)
        painter.restore()

    def _picture(self, painter: QPainter, area: QRect, index: Index) -> None:
        look = theme.current()
        pixmap = index.data(Qt.ItemDataRole.DecorationRole)
        state = index.data(Role.STATE)
        if isinstance(pixmap, QPixmap) and not pixmap.isNull():
            fitted = pixmap.size().scaled(area.size(), Qt.AspectRatioMode.KeepAspectRatio)
            spot = QRect(0, 0, fitted.width(), fitted.height())
            spot.moveCenter(area.center())
            painter.drawPixmap(spot, pixmap)
        else:
            painter.setPen(QColor(look.edge))
            painter.setBrush(QColor(look.field))
            painter.drawRect(area.adjusted(0, 0, -1, -1))
            name = {"running": "play", "failed": "warning"}.get(str(state))
            if name is not None:
                tint = "warning" if state == "failed" else "muted"
                spot = QRect(0, 0, 24, 24)
                spot.moveCenter(area.center())
                icon(name, tint).paint(painter, spot)
        if index.data(Role.PINNED):
            self._mark(painter, area, "pin")
        if index.data(Role.STARRED):
            self._mark(painter, area, "star")
        if index.data(Role.CURRENT):
            pen = painter.pen()
            pen.setColor(QColor(look.accent))
            pen.setWidth(3)
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(area.adjusted(1, 1, -2, -2))

    def _mark(self, painter: QPainter, area: QRect, name: str) -> None:
        """A sign in the corner, legible on any picture."""
        look = theme.current()
        spot = QRect(area.right() - 25, area.top() + 4, 22, 22)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(look.accent))
        painter.drawRoundedRect(spot, 5, 5)
        icon(name, "on_accent").paint(painter, spot.adjusted(3, 3, -3, -3))

    def _text(
        self, painter: QPainter, option: QStyleOptionViewItem, area: QRect, index: Index
    ) -> None:
        look, metrics = theme.current(), option.fontMetrics
        texts = [index.data(Qt.ItemDataRole.DisplayRole), index.data(Role.MORE)][: self.lines]
        top = area.bottom() + 3
        for number, text in enumerate(texts):
            painter.setPen(QColor(look.muted if number else look.text))
            room = QRect(
                option.rect.x() + 4,
                top + number * metrics.height(),
                option.rect.width() - 8,
                metrics.height(),
            )
            short = metrics.elidedText(str(text or ""), Qt.TextElideMode.ElideMiddle, room.width())
            painter.drawText(room, int(Qt.AlignmentFlag.AlignCenter), short)
