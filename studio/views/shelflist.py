"""The list of styles on the shelf: thumbnails that are dragged out, renamed where they stand, and
pictures dropped in or pasted.
"""

from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QMimeData,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    Qt,
    QUrl,
    Signal,
)
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPixmap,
)
from PySide6.QtWidgets import QListView, QStyleOptionViewItem, QWidget

from studio.models.pictures import Dropped
from studio.models.shelf import Shelf, Style
from studio.views.stylepad import own_key
from studio.views.tiles import Role, Tiles, tile_pixmap

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_PASTE = QKeySequence.StandardKey.Paste


class ShelfModel(QAbstractListModel):
    """The styles that are looked for."""

    def __init__(self, shelf: Shelf, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shelf = shelf
        self.items: list[Style] = []
        self._pixmaps: dict[str, QPixmap] = {}
        shelf.changed.connect(self.rebuild)
        self.rebuild()

    def rebuild(self) -> None:
        """Show what there is now."""
        self.beginResetModel()
        self.items = self.shelf.shown
        self.endResetModel()

    def rowCount(self, parent: Index = _ROOT) -> int:  # noqa: N802
        return 0 if parent.isValid() else len(self.items)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not 0 <= index.row() < len(self.items):
            return None
        style, roles = self.items[index.row()], Qt.ItemDataRole
        if role == roles.DecorationRole:
            if style.key not in self._pixmaps:
                self._pixmaps[style.key] = tile_pixmap(style.thumbnail)
            return self._pixmaps[style.key]
        if role in (roles.DisplayRole, roles.EditRole):
            return style.name
        if role in (roles.ToolTipRole, roles.AccessibleTextRole):
            words = [style.name, self.tr("your own") if style.own else self.tr("bundled")]
            return " · ".join([*words, self.tr("favourite")] if style.favourite else words)
        if role == Role.STARRED:
            return style.favourite
        return None

    def setData(  # noqa: N802
        self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole
    ) -> bool:
        if role != Qt.ItemDataRole.EditRole or not 0 <= index.row() < len(self.items):
            return False
        self.shelf.rename(self.items[index.row()], str(value))
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        found = super().flags(index) | Qt.ItemFlag.ItemIsDragEnabled
        own = 0 <= index.row() < len(self.items) and self.items[index.row()].own
        return found | Qt.ItemFlag.ItemIsEditable if own else found

    def mimeTypes(self) -> list[str]:  # noqa: N802
        return ["text/uri-list"]

    def mimeData(self, indexes: Any) -> QMimeData:  # noqa: N802
        data = QMimeData()
        paths = [self.items[index.row()].path for index in indexes]
        data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
        return data


class ShelfTiles(Tiles):
    """Tiles whose names are edited where they stand."""

    def updateEditorGeometry(  # noqa: N802
        self, editor: QWidget, option: QStyleOptionViewItem, index: Index
    ) -> None:
        line, rect = option.fontMetrics.height() + 6, option.rect
        editor.setGeometry(QRect(rect.x(), rect.bottom() - line, rect.width(), line))


class ShelfList(QListView):
    """The thumbnails: dragged out, and pictures dropped in or pasted."""

    given = Signal(object)  # QMimeData
    delete_asked = Signal()
    star_asked = Signal()

    def event(self, event: QEvent) -> bool:
        keys = Qt.Key
        if own_key(event, keys.Key_Delete, keys.Key_Backspace, keys.Key_Space, keys.Key_F2):
            return True
        asked = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride
        if isinstance(event, QKeyEvent) and asked and event.matches(_PASTE):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.matches(_PASTE):
            self.given.emit(QGuiApplication.clipboard().mimeData())
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.delete_asked.emit()
        elif event.key() == Qt.Key.Key_Space:
            self.star_asked.emit()
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        if event.source() is not self and Dropped.possible(event.mimeData()):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:  # noqa: N802
        if event.source() is not self and Dropped.possible(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        event.acceptProposedAction()
        self.given.emit(event.mimeData())
