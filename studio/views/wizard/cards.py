"""A list of choices to be read: each a title, what it means in words, and what is behind it."""

from dataclasses import dataclass

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from studio.views import theme
from studio.views.icons import icon
from studio.views.tiles import UNFRAMED

PAD, GAP, MARK = 10, 2, 18
PICTURE = QSize(52, 52)
MARKS = {"check": "good", "warning": "warning"}  # icons, and what they are painted in
_WRAP = int(Qt.TextFlag.TextWordWrap)
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Card:
    """A choice. `text` says what it means, `small` what is behind it, `badge` stands beside the
    title, `mark` is one of MARKS or a number; one that is not `enabled` says in its text why.
    """

    key: str
    title: str
    text: str = ""
    small: str = ""
    badge: str = ""
    mark: str = ""
    picture: QPixmap | None = None
    enabled: bool = True

    @property
    def spoken(self) -> str:
        """All of it, to be heard."""
        head = f"{self.title} ({self.badge})" if self.badge else self.title
        return ". ".join(words.rstrip(".") for words in (head, self.text, self.small) if words)


class Cards(QListWidget):
    """As high as its cards are, so that a page scrolls and not the list. `chosen` with a key when
    a person chooses another.
    """

    chosen = Signal(str)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setItemDelegate(_Painter(self))
        self.setStyleSheet(UNFRAMED)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self._cards: tuple[Card, ...] = ()
        self.currentItemChanged.connect(self._changed)
        self.viewport().installEventFilter(self)

    def show_cards(self, cards: list[Card], key: str) -> None:
        """Show these, of which one is chosen, or none where there is no such key."""
        self.blockSignals(True)
        if tuple(cards) != self._cards:
            same = [c.key for c in cards] == [c.key for c in self._cards]
            self._cards = tuple(cards)
            if not same:
                self.clear()
                for _ in cards:
                    self.addItem(QListWidgetItem())
            for row, card in enumerate(cards):
                self._write(self.item(row), card)
            self._settle()
        keys = [card.key for card in cards]
        row = keys.index(key) if key in keys else -1
        if row != self.currentRow():
            self.setCurrentRow(row)
        self.blockSignals(False)

    def _write(self, item: QListWidgetItem, card: Card) -> None:
        item.setData(Qt.ItemDataRole.UserRole, card)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, card.spoken)
        item.setText(card.title)
        flags = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled
        item.setFlags(flags if card.enabled else Qt.ItemFlag.NoItemFlags)

    @property
    def key(self) -> str:
        """The key of the chosen card."""
        row = self.currentRow()
        return self._cards[row].key if 0 <= row < len(self._cards) else ""

    def _changed(self) -> None:
        if self.key:
            self.chosen.emit(self.key)

    # Size ---------------------------------------------------------------------------------------

    def _settle(self) -> None:
        self.scheduleDelayedItemsLayout()
        width = self.viewport().width()
        high = sum(height_of(card, width, self.font()) for card in self._cards)
        self.setFixedHeight(high + 2 * self.frameWidth() + 4)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self._settle()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """The page scrolls, not the list, which has nothing to scroll."""
        if watched is self.viewport() and event.type() == QEvent.Type.Wheel:
            event.ignore()
            return True
        return super().eventFilter(watched, event)


def _fonts(font: QFont) -> tuple[QFont, QFont, QFont]:
    """For the title, the text and what is small."""
    bold, small = QFont(font), QFont(font)
    bold.setWeight(QFont.Weight.DemiBold)
    size = font.pointSizeF()
    if size > 0:
        small.setPointSizeF(size * 0.9)
    else:
        small.setPixelSize(round(font.pixelSize() * 0.9))
    return bold, font, small


def _lines(card: Card, left: int, width: int, font: QFont) -> list[tuple[QRect, str, QFont]]:
    """Where each text goes, from the card's upper left corner."""
    found: list[tuple[QRect, str, QFont]] = []
    y = PAD
    room = width - left - PAD
    for text, face in zip((card.title, card.text, card.small), _fonts(font), strict=True):
        if not text:
            continue
        metrics = QFontMetrics(face)
        narrow = room - (
            metrics.horizontalAdvance(card.badge) + 24 if not found and card.badge else 0
        )
        high = metrics.boundingRect(QRect(0, 0, max(narrow, 40), 10_000), _WRAP, text).height()
        found.append((QRect(left, y, max(narrow, 40), high), text, face))
        y += high + GAP
    return found


def _left(card: Card) -> int:
    return PAD + (PICTURE.width() + PAD if card.picture else MARK + PAD if card.mark else 0)


def height_of(card: Card, width: int, font: QFont) -> int:
    """Logical pixels that a card needs, the gap to the next one included."""
    bottom = _lines(card, _left(card), width, font)[-1][0].bottom()
    least = PICTURE.height() + 2 * PAD if card.picture else 0
    return max(bottom + PAD, least) + 6


class _Painter(QStyledItemDelegate):
    """Paints cards."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802
        view = self.parent()
        assert isinstance(view, Cards)
        width = view.viewport().width()
        card = index.data(Qt.ItemDataRole.UserRole)
        return QSize(width, height_of(card, width, option.font) if card else 0)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        card = index.data(Qt.ItemDataRole.UserRole)
        if not isinstance(card, Card):
            return
        look = theme.current()
        view = self.parent()
        assert isinstance(view, Cards)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        focused = chosen and view.hasFocus()
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver) and card.enabled
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        frame = option.rect.adjusted(2, 2, -3, -4)
        edge = look.focus if focused else look.accent if chosen else look.edge
        fill = look.selection if chosen else look.hover if hovered else look.window
        pen = painter.pen()
        pen.setColor(QColor(edge))
        pen.setWidth(2 if chosen else 1)
        painter.setPen(pen)
        painter.setBrush(QColor(fill))
        painter.drawRoundedRect(frame, 6, 6)
        self._inside(painter, option, card)
        painter.restore()

    def _mark(self, painter: QPainter, card: Card, spot: QRect) -> None:
        """An icon, or a number in a ring."""
        look = theme.current()
        if card.mark in MARKS:
            icon(card.mark, MARKS[card.mark]).paint(painter, spot)
            return
        color = QColor(look.muted if card.enabled else look.disabled)
        painter.setPen(color)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(spot.adjusted(0, 0, -1, -1))
        painter.setFont(_fonts(painter.font())[2])
        painter.drawText(spot, int(Qt.AlignmentFlag.AlignCenter), card.mark)

    def _inside(self, painter: QPainter, option: QStyleOptionViewItem, card: Card) -> None:
        look = theme.current()
        corner = option.rect.topLeft()
        if card.picture is not None:
            fitted = card.picture.size().scaled(PICTURE, Qt.AspectRatioMode.KeepAspectRatio)
            spot = QRect(0, 0, fitted.width(), fitted.height())
            spot.moveCenter(QRect(PAD, PAD, PICTURE.width(), PICTURE.height()).center())
            painter.setOpacity(1.0 if card.enabled else 0.4)
            painter.drawPixmap(spot.translated(corner), card.picture)
            painter.setOpacity(1.0)
        elif card.mark:
            self._mark(painter, card, QRect(PAD, PAD, MARK, MARK).translated(corner))
        tints = [look.text, look.muted, look.muted]
        lines = _lines(card, _left(card), option.rect.width(), option.font)
        for number, (spot, text, face) in enumerate(lines):
            painter.setFont(face)
            painter.setPen(QColor(tints[number] if card.enabled else look.disabled))
            painter.drawText(spot.translated(corner), _WRAP, text)
        if card.badge:
            small = _fonts(option.font)[2]
            metrics = QFontMetrics(small)
            width = metrics.horizontalAdvance(card.badge) + 14
            spot = QRect(option.rect.width() - width - PAD, PAD - 1, width, metrics.height() + 3)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(look.accent if card.enabled else look.edge))
            painter.drawRoundedRect(spot.translated(corner), 5, 5)
            painter.setFont(small)
            painter.setPen(QColor(look.on_accent if card.enabled else look.disabled))
            painter.drawText(spot.translated(corner), int(Qt.AlignmentFlag.AlignCenter), card.badge)
