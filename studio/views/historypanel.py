"""The history: every step by name, with a small picture of what it changed; click to go there."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    QTimer,
)
from PySide6.QtGui import QColor, QPainter, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from studio.models.images import to_image
from studio.models.timeline import HEIGHT, WIDTH, Timeline
from studio.views import theme
from studio.views.icons import icon

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
ICON = Qt.ItemDataRole.UserRole + 1
UNDONE = Qt.ItemDataRole.UserRole + 2
CURRENT = Qt.ItemDataRole.UserRole + 3
_PAD = 4


class HistoryModel(QAbstractListModel):
    """A row a step, the beginning first."""

    def __init__(self, timeline: Timeline, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.timeline = timeline
        self._rows = timeline.count + 1
        timeline.thumbed.connect(self._thumbed)

    def rebuild(self) -> None:
        """Show the steps as they are: as a rule a few more rows, or others than before."""
        rows = self.timeline.count + 1
        if rows > self._rows:
            self.beginInsertRows(QModelIndex(), self._rows, rows - 1)
            self._rows = rows
            self.endInsertRows()
        elif rows < self._rows:
            self.beginRemoveRows(QModelIndex(), rows, self._rows - 1)
            self._rows = rows
            self.endRemoveRows()
        self.dataChanged.emit(self.index(0), self.index(rows - 1))

    def rowCount(self, parent: Index = _ROOT) -> int:  # noqa: N802
        return 0 if parent.isValid() else self._rows

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        step, timeline, roles = index.row(), self.timeline, Qt.ItemDataRole
        if not 0 <= step <= timeline.count:
            return None
        if role == roles.DisplayRole:
            return timeline.label(step)
        if role == roles.AccessibleTextRole:
            text = timeline.label(step)
            if step == timeline.current:
                return self.tr("{0}, here").format(text)
            return self.tr("{0}, undone").format(text) if step > timeline.current else text
        if role == UNDONE:
            return step > timeline.current
        if role == CURRENT:
            return step == timeline.current
        if role in (roles.DecorationRole, ICON):
            thumb = timeline.thumb(step)
            if thumb is None:
                return None
            if role == ICON:
                return thumb.icon
            return None if thumb.pixels is None else QPixmap.fromImage(to_image(thumb.pixels))
        return None

    def _thumbed(self, step: int) -> None:
        if step < self._rows:
            self.dataChanged.emit(self.index(step), self.index(step))


class Row(QStyledItemDelegate):
    """Paints a step: its small picture, its name, a mark where the document stands."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802
        return QSize(120, HEIGHT + 2 * _PAD)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        look, area = theme.current(), option.rect
        here, undone = bool(index.data(CURRENT)), bool(index.data(UNDONE))
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if here:
            painter.fillRect(area, QColor(look.selection))
            painter.fillRect(QRect(area.x(), area.y(), 3, area.height()), QColor(look.accent))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, QColor(look.hover))
        spot = QRect(area.x() + 8, area.y() + _PAD, WIDTH, HEIGHT)
        if undone:
            painter.setOpacity(0.45)
        pixmap = index.data(Qt.ItemDataRole.DecorationRole)
        if isinstance(pixmap, QPixmap):
            painter.drawPixmap(spot, pixmap)
        else:
            painter.fillRect(spot, QColor(look.field))
            name = index.data(ICON)
            if name:
                place = QRect(0, 0, 20, 20)
                place.moveCenter(spot.center())
                icon(str(name), "muted").paint(painter, place)
        painter.setOpacity(1.0)
        font = painter.font()
        font.setItalic(undone)
        painter.setFont(font)
        painter.setPen(QColor(look.disabled if undone else look.text))
        room = area.adjusted(8 + WIDTH + 10, 0, -8, 0)
        text = option.fontMetrics.elidedText(
            str(index.data()), Qt.TextElideMode.ElideRight, room.width()
        )
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(room, int(flags), text)
        if option.state & QStyle.StateFlag.State_HasFocus:
            pen = painter.pen()
            pen.setColor(QColor(look.focus))
            pen.setWidth(2)
            painter.setPen(pen)
            painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), 4, 4)
        painter.restore()


class HistoryPanel(QWidget):
    """The list. `before` is called ahead of every move: it ends the stroke in hand."""

    def __init__(
        self,
        timeline: Timeline,
        before: Callable[[], object] = lambda: None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.timeline, self._before = timeline, before
        self.model = HistoryModel(timeline, self)
        self.view = QListView(self)
        self.view.setModel(self.model)
        self.view.setItemDelegate(Row(self.view))
        self.view.setUniformItemSizes(True)
        self.view.setMouseTracking(True)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.view.setAccessibleName(self.tr("History"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.view)
        self.view.clicked.connect(self._go)
        self.view.activated.connect(self._go)
        # Many steps may come at once, and none is to be felt in a stroke.
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self.refresh)
        timeline.changed.connect(self._soon.start)
        self.refresh()

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(240, 320)

    def refresh(self) -> None:
        """Show the steps, and where the document stands."""
        self.model.rebuild()
        here = self.model.index(self.timeline.current)
        flag = self.view.selectionModel().SelectionFlag.NoUpdate
        self.view.selectionModel().setCurrentIndex(here, flag)
        self.view.scrollTo(here)

    def _go(self, index: QModelIndex) -> None:
        self._before()
        self.timeline.go(index.row())
