"""The command palette: type what you want to do, and do it."""

import json
from collections.abc import Callable

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSettings,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QDialog,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from studio.models.finder import Findable, ranked, used
from studio.views import theme

WIDTH, ROWS, ROW = 620, 10, 34
RECENT = "finder/recent"
ITEM = Qt.ItemDataRole.UserRole
Index = QModelIndex | QPersistentModelIndex


class Finder(QDialog):
    """Lists what can be done by the words that are typed; Enter does it."""

    def __init__(
        self, collect: Callable[[], list[Findable]], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setWindowTitle(self.tr("Find a command"))
        self.setAccessibleName(self.windowTitle())
        self.setObjectName("finder")
        self.items = collect()
        self.recent = recent()
        self.line = QLineEdit(self)
        self.line.setPlaceholderText(self.tr("Commands, classes, examples, models, files …"))
        self.line.setAccessibleName(self.tr("What do you want to do?"))
        self.line.setClearButtonEnabled(True)
        self.line.installEventFilter(self)
        self.list = QListWidget(self)
        self.list.setAccessibleName(self.tr("Found"))
        self.list.setItemDelegate(Rows(self.list))
        self.list.setUniformItemSizes(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setMinimumHeight(ROWS * ROW + 4)
        self.told = QLabel(self)
        self.told.setObjectName("hint")
        self.told.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 10, 10, 10)
        column.setSpacing(8)
        column.addWidget(self.line)
        column.addWidget(self.list, 1)
        column.addWidget(self.told)
        self.line.textChanged.connect(self._search)
        self.list.itemClicked.connect(lambda item: self._do())
        self.list.currentItemChanged.connect(lambda now, before: self._describe())
        self.finished.connect(self.deleteLater)
        self.setFixedWidth(WIDTH)
        self._search("")

    def show_over(self, window: QWidget) -> None:
        """Appear at the top of a window, with the keyboard."""
        self.adjustSize()
        corner = window.mapToGlobal(window.rect().topLeft())
        self.move(corner.x() + (window.width() - self.width()) // 2, corner.y() + 72)
        self.open()
        self.line.setFocus()

    def _search(self, query: str) -> None:
        self.list.clear()
        for found in ranked(query, self.items, self.recent):
            item = QListWidgetItem(found.title)
            item.setData(ITEM, found)
            parts = (found.title, found.place, found.shortcut, found.why_not)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, ", ".join(p for p in parts if p))
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        self._describe()

    def _describe(self) -> None:
        found = self._current()
        if found is None:
            self.told.setText(self.tr("Nothing is called that. Try another word for it."))
        elif found.why_not:
            self.told.setText(found.why_not)
        else:
            self.told.setText(self.tr("Enter does it, the arrows choose, Esc closes."))

    def _current(self) -> Findable | None:
        row = self.list.currentRow()
        found = self.list.item(row).data(ITEM) if row >= 0 else None
        return found if isinstance(found, Findable) else None

    def _do(self) -> None:
        found = self._current()
        if found is None or found.why_not:
            return
        QSettings().setValue(RECENT, json.dumps(used(found.key, self.recent)))
        self.accept()  # Ahead of what it does, which may be a dialog.
        found.do()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """The arrows walk the list while letters go into the line."""
        if watched is self.line and event.type() == QEvent.Type.KeyPress:
            assert isinstance(event, QKeyEvent)
            key, last = Qt.Key(event.key()), self.list.count() - 1
            row = self.list.currentRow()
            steps = {
                Qt.Key.Key_Down: min(row + 1, last),
                Qt.Key.Key_Up: max(row - 1, 0),
                Qt.Key.Key_PageDown: min(row + ROWS, last),
                Qt.Key.Key_PageUp: max(row - ROWS, 0),
            }
            if key in steps:
                self.list.setCurrentRow(steps[key])
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._do()
                return True
        return super().eventFilter(watched, event)


def recent() -> list[str]:
    """What was used last, by key."""
    try:
        found = json.loads(str(QSettings().value(RECENT, "[]")))
    except ValueError:
        return []
    return [str(key) for key in found] if isinstance(found, list) else []


class Rows(QStyledItemDelegate):
    """A row: what it does, where the menus have it, and its keys; faint where it cannot be done."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802
        return QSize(WIDTH - 40, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        found, look = index.data(ITEM), theme.current()
        assert isinstance(found, Findable)
        rect = QRect(option.rect)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if chosen:
            painter.fillRect(rect, QColor(look.selection))
            painter.fillRect(QRect(rect.left(), rect.top(), 3, rect.height()), QColor(look.accent))
        row = rect.adjusted(12, 0, -12, 0)
        metrics = painter.fontMetrics()
        faint = bool(found.why_not)
        middle, right = Qt.AlignmentFlag.AlignVCenter, Qt.AlignmentFlag.AlignRight
        elide = Qt.TextElideMode.ElideRight
        painter.setPen(QColor(look.disabled if faint else look.text))
        keys = metrics.horizontalAdvance(found.shortcut) + 16 if found.shortcut else 0
        painter.drawText(row, int(middle | right), found.shortcut)
        row.adjust(0, 0, -keys, 0)
        title = metrics.elidedText(found.title, elide, row.width())
        painter.drawText(row, int(middle), title)
        row.adjust(metrics.horizontalAdvance(title) + 16, 0, 0, 0)
        painter.setPen(QColor(look.disabled if faint else look.muted))
        painter.drawText(
            row, int(middle | right), metrics.elidedText(found.place, elide, row.width())
        )
        painter.restore()
