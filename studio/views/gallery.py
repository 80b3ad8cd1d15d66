"""The gallery: kept pictures with their dates, the pinned ones first."""

import time
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QDate,
    QDateTime,
    QLocale,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QListView,
    QMenu,
    QSlider,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engines.errors import UserError
from studio.document.keepsakes import MOST_BYTES, Keepsake
from studio.models.batch import Item
from studio.models.gallery import Gallery
from studio.views.control import tool
from studio.views.tiles import LARGEST, SMALLEST, UNFRAMED, Role, Tiles, tile_pixmap

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class GalleryModel(QAbstractListModel):
    """The items of a gallery; thumbnails are unpacked when they are first seen."""

    def __init__(self, gallery: Gallery, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.gallery = gallery
        self._pixmaps: dict[str, QPixmap] = {}
        gallery.changed.connect(self.rebuild)

    def rebuild(self) -> None:
        """Show what there is now."""
        self.beginResetModel()
        keys = {item.key for item in self.gallery.items}
        self._pixmaps = {k: v for k, v in self._pixmaps.items() if k in keys}
        self.endResetModel()

    def rowCount(self, parent: Index = _ROOT) -> int:  # noqa: N802
        return 0 if parent.isValid() else len(self.gallery.items)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not 0 <= index.row() < len(self.gallery.items):
            return None
        item, roles = self.gallery.items[index.row()], Qt.ItemDataRole
        if role == roles.DecorationRole:
            if item.key not in self._pixmaps:
                self._pixmaps[item.key] = tile_pixmap(item.thumbnail())
            return self._pixmaps[item.key]
        if role == roles.DisplayRole:
            return dated(item.made)
        if role == Role.MORE:
            return item.model
        if role in (roles.ToolTipRole, roles.AccessibleTextRole):
            height, width = item.size
            text = f"{dated(item.made)} · {item.model} · {width} × {height}"
            return f"{text} · {self.tr('pinned')}" if item.pinned else text
        if role == Role.PINNED:
            return item.pinned
        return None


def dated(made: float) -> str:
    """A moment as short as it can be told: the time today, else the day too."""
    moment = QDateTime.fromSecsSinceEpoch(int(made))
    short = QLocale.FormatType.ShortFormat
    clock = QLocale().toString(moment.time(), short)
    if moment.date() == QDate.currentDate():
        return clock
    return f"{QLocale().toString(moment.date(), short)} {clock}"


class GalleryPanel(QWidget):
    """The pictures and what can be done with them."""

    compare_asked = Signal(object)  # list of (pixels, title)
    export_asked = Signal(object)  # list of batch items
    problem = Signal(str)

    def __init__(self, gallery: Gallery, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.gallery = gallery
        self.model = GalleryModel(gallery, self)
        self.tiles = Tiles(2, self)
        self.view = QListView(self)
        self.view.setModel(self.model)
        self.view.setItemDelegate(self.tiles)
        self.view.setViewMode(QListView.ViewMode.IconMode)
        self.view.setResizeMode(QListView.ResizeMode.Adjust)
        self.view.setMovement(QListView.Movement.Static)
        self.view.setUniformItemSizes(True)
        self.view.setStyleSheet(UNFRAMED)
        self.view.setMouseTracking(True)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.setAccessibleName(self.tr("Gallery"))
        self.empty = QLabel(
            self.tr(
                "Keep a picture with Ctrl+Enter, or send variations here. What falls out of the "
                "last results comes by itself.\nAll of it is saved in the document."
            )
        )
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.stack = QStackedWidget(self)
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self.view)
        self.told = QLabel(self)
        self.told.setObjectName("muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 6)
        column.setSpacing(4)
        column.addLayout(self._tools())
        column.addWidget(self.stack, 1)
        self.view.activated.connect(lambda index: self._restore())
        self.view.customContextMenuRequested.connect(self._menu)
        self.view.selectionModel().selectionChanged.connect(lambda *_: self._refresh_tools())
        gallery.changed.connect(self.refresh)
        self.refresh()

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(860, 400)

    def _tools(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(2)
        self.restore = self._tool(row, "undo", self.tr("Go back to this one"))
        self.restore.setText(self.restore.accessibleName())
        self.restore.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.pin = self._tool(row, "pin", self.tr("Pin to the front"))
        self.pin.setCheckable(True)
        self.compare = self._tool(
            row, "compare", self.tr("Compare two, or one with the picture as it is")
        )
        self.export = self._tool(row, "export", self.tr("Export kept pictures …"))
        self.remove = self._tool(row, "trash", self.tr("Take out of the gallery"))
        self.restore.clicked.connect(self._restore)
        self.pin.clicked.connect(self._pin)
        self.compare.clicked.connect(self._compare)
        self.export.clicked.connect(self._export)
        self.remove.clicked.connect(lambda: self.gallery.remove(self.chosen()))
        row.addStretch(1)
        row.addWidget(self.told)
        self.zoom = QSlider(Qt.Orientation.Horizontal, self)
        self.zoom.setRange(SMALLEST, LARGEST)
        self.zoom.setValue(self.tiles.side)
        self.zoom.setFixedWidth(96)
        self.zoom.setAccessibleName(self.tr("Size of the kept pictures"))
        self.zoom.setToolTip(self.zoom.accessibleName())
        self.zoom.valueChanged.connect(self._set_side)
        row.addWidget(self.zoom)
        return row

    def _tool(self, row: QHBoxLayout, name: str, text: str) -> QToolButton:
        button = tool(self, name, text)
        row.addWidget(button)
        return button

    # What is done -------------------------------------------------------------------------------

    def chosen(self) -> list[Keepsake]:
        """What is selected, in the order shown."""
        rows = sorted(index.row() for index in self.view.selectedIndexes())
        return [self.gallery.items[row] for row in rows if row < len(self.gallery.items)]

    def _restore(self) -> None:
        for item in self.chosen()[:1]:
            self.gallery.restore(item)

    def _pin(self) -> None:
        chosen = self.chosen()
        keys = {item.key for item in chosen}
        self.gallery.pin(chosen, not all(item.pinned for item in chosen))
        for row, item in enumerate(self.gallery.items):
            if item.key in keys:
                flag = self.view.selectionModel().SelectionFlag.Select
                self.view.selectionModel().select(self.model.index(row), flag)

    def _compare(self) -> None:
        try:
            found = [
                (item.result().pixels, f"{dated(item.made)} · {item.model}")
                for item in self.chosen()[:2]
            ]
        except UserError as error:
            self.problem.emit(str(error))
            return
        self.compare_asked.emit(found)

    def _export(self) -> None:
        items = self.chosen() or self.gallery.items
        self.export_asked.emit(
            [
                Item(time.strftime("%H-%M-%S", time.localtime(i.made)), i.made, i.result)
                for i in items
            ]
        )

    def _menu(self, spot: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for button in (self.restore, self.pin, self.compare, self.export, self.remove):
            action = menu.addAction(button.icon(), button.accessibleName())
            action.setEnabled(button.isEnabled())
            action.triggered.connect(button.click)
        menu.popup(self.view.viewport().mapToGlobal(spot))

    # What is shown ------------------------------------------------------------------------------

    def _set_side(self, side: int) -> None:
        self.tiles.side = side
        self.view.setGridSize(self.tiles.size(self.view.fontMetrics()))

    def _refresh_tools(self) -> None:
        chosen = self.chosen()
        for button in (self.restore, self.pin, self.compare, self.remove):
            button.setEnabled(bool(chosen))
        self.export.setEnabled(bool(self.gallery.items))
        self.pin.setChecked(bool(chosen) and all(item.pinned for item in chosen))

    def refresh(self) -> None:
        """Show what there is now."""
        items = self.gallery.items
        self.stack.setCurrentIndex(1 if items else 0)
        if items:
            height, width = items[0].size
            self.tiles.shape = width / height
        self._set_side(self.tiles.side)
        share = self.gallery.bytes / MOST_BYTES
        text = self.tr("{0} kept, {1} of {2} MB").format(
            len(items), f"{self.gallery.bytes / 1e6:.1f}", MOST_BYTES // 1_000_000
        )
        self.told.setText(text if items else "")
        self.told.setObjectName("danger" if share > 0.95 else "muted")
        self._refresh_tools()
