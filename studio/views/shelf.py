"""The style shelf: thumbnails of styles, found by name and colour, taken by a double click or
dragged onto the picture.
"""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QMimeData,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    QUrl,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QGuiApplication,
    QIcon,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPixmap,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QColorDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QMenu,
    QStackedWidget,
    QStyleOptionViewItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
    QWidgetAction,
)

from studio.document.scene import Picture
from studio.models.pictures import Dropped
from studio.models.shelf import Color, Shelf, Style
from studio.models.stylepad import StylePad
from studio.views import dialogs, theme
from studio.views.control import tool
from studio.views.icons import icon
from studio.views.stylepad import StylePadPanel, own_key
from studio.views.tiles import UNFRAMED, Role, Tiles, tile_pixmap

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_SIDE = 62  # logical pixels of a thumbnail
_CHIP = 24
_PASTE = QKeySequence.StandardKey.Paste
# Colours to look for, with their names.
CHIPS: tuple[tuple[str, Color], ...] = (
    ("Red", (205, 45, 45)),
    ("Orange", (235, 130, 35)),
    ("Yellow", (245, 205, 60)),
    ("Green", (75, 150, 70)),
    ("Turquoise", (40, 165, 160)),
    ("Blue", (45, 90, 185)),
    ("Violet", (120, 75, 165)),
    ("Pink", (235, 140, 170)),
    ("Brown", (120, 75, 45)),
    ("Black", (20, 20, 22)),
    ("Grey", (130, 130, 130)),
    ("White", (245, 245, 242)),
)


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


class ColorButton(QToolButton):
    """Chooses a colour to look for, or none."""

    chosen = Signal(object)  # (red, green, blue), or None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAutoRaise(True)
        self.setAccessibleName(self.tr("Look for a colour"))
        self.setToolTip(self.tr("Look for a colour: the styles that have most of it come first"))
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu_ = QMenu(self)
        chips = QWidget(self.menu_)
        grid = QGridLayout(chips)
        grid.setSpacing(4)
        for number, (name, color) in enumerate(CHIPS):
            chip = tool(chips, "check", self.tr(name))
            chip.setIcon(QIcon(_chip(color)))
            chip.setIconSize(QSize(_CHIP, _CHIP))
            chip.clicked.connect(lambda on=False, color=color: self._choose(color))
            grid.addWidget(chip, number // 4, number % 4)
        action = QWidgetAction(self.menu_)
        action.setDefaultWidget(chips)
        self.menu_.addAction(action)
        self.menu_.addAction(self.tr("Another colour …")).triggered.connect(self._ask)
        self.menu_.addAction(self.tr("Any colour")).triggered.connect(lambda: self._choose(None))
        self.setMenu(self.menu_)
        self._choose(None, tell=False)

    def _ask(self) -> None:
        found = QColorDialog.getColor(QColor(*CHIPS[0][1]), self, self.tr("Look for a colour"))
        if found.isValid():
            self._choose((found.red(), found.green(), found.blue()))

    def _choose(self, color: Color | None, tell: bool = True) -> None:
        self.menu_.close()
        self.setIcon(icon("picker") if color is None else QIcon(_chip(color)))
        text = self.tr("any") if color is None else "#{:02x}{:02x}{:02x}".format(*color)
        self.setAccessibleDescription(text)
        if tell:
            self.chosen.emit(color)


def _chip(color: Color) -> QPixmap:
    pixmap = QPixmap(_CHIP, _CHIP)
    pixmap.fill(QColor(theme.current().outline))
    painter = QPainter(pixmap)
    painter.fillRect(1, 1, _CHIP - 2, _CHIP - 2, QColor(*color))
    painter.end()
    return pixmap


class ShelfPanel(QWidget):
    """The shelf, and below it the pad that mixes styles."""

    def __init__(self, shelf: Shelf, pad: StylePad, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shelf, self.pad = shelf, pad
        self._current = ""  # the key of the style that is current
        self.model = ShelfModel(shelf, self)
        self.view = ShelfList(self)
        self._set_up_view()
        self.empty = QLabel(
            self.tr("No style is called so. Drop a picture here to keep its style.")
        )
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.stack = QStackedWidget(self)
        self.stack.addWidget(self.view)
        self.stack.addWidget(self.empty)
        self.pad_panel = StylePadPanel(pad, self.chosen_picture, self)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 6)
        column.setSpacing(6)
        column.addLayout(self._search())
        column.addWidget(self.stack, 1)
        column.addLayout(self._tools())
        column.addWidget(self.pad_panel)
        shelf.changed.connect(self._refresh)
        pad.changed.connect(self._refresh_tools)
        self._refresh()

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(280, 640)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        super().showEvent(event)
        if not self.shelf.loaded:  # Reading every style takes a moment: not before it is seen.
            self.shelf.load()

    # Putting together ---------------------------------------------------------------------------

    def _set_up_view(self) -> None:
        view = self.view
        self.tiles = ShelfTiles(1, self)
        self.tiles.side = _SIDE
        view.setModel(self.model)
        view.setItemDelegate(self.tiles)
        view.setViewMode(QListView.ViewMode.IconMode)
        view.setResizeMode(QListView.ResizeMode.Adjust)
        view.setMovement(QListView.Movement.Static)
        view.setUniformItemSizes(True)
        view.setGridSize(self.tiles.size(view.fontMetrics()))
        view.setStyleSheet(UNFRAMED)
        view.setMouseTracking(True)
        view.setDragEnabled(True)
        view.setAcceptDrops(True)
        view.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        view.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.setAccessibleName(self.tr("Styles"))
        view.setToolTip(
            self.tr("Double-click a style to take it, drop pictures here or paste them with Ctrl+V")
        )
        view.given.connect(self.shelf.add)
        view.star_asked.connect(self._star)
        view.delete_asked.connect(self._delete)
        view.activated.connect(lambda index: self._take())
        view.customContextMenuRequested.connect(self._menu)
        view.selectionModel().currentChanged.connect(lambda *_: self._refresh_tools())

    def _search(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(4)
        self.line = QLineEdit(self)
        self.line.setPlaceholderText(self.tr("Find a style"))
        self.line.setAccessibleName(self.tr("Find a style"))
        self.line.setToolTip(self.tr("Words of a style's name"))
        self.line.setClearButtonEnabled(True)
        self.line.textChanged.connect(self._look_for)
        self.color = ColorButton(self)
        self.color.chosen.connect(self._look_for_color)
        self.favourites = tool(self, "star", self.tr("Only favourites"))
        self.favourites.setCheckable(True)
        self.favourites.toggled.connect(self.shelf.show_favourites)
        row.addWidget(self.line, 1)
        row.addWidget(self.color)
        row.addWidget(self.favourites)
        return row

    def _tools(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(2)
        self.take = tool(self, "check", self.tr("Take this style"))
        self.take.setText(self.take.accessibleName())
        self.take.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.star = tool(self, "star", self.tr("Favourite"))
        self.star.setCheckable(True)
        self.rename = tool(self, "rename", self.tr("Rename the style"))
        self.add = tool(self, "plus", self.tr("Put a picture on the shelf …"))
        self.remove = tool(self, "trash", self.tr("Take the style off the shelf"))
        self.take.clicked.connect(self._take)
        self.star.clicked.connect(self._star)
        self.rename.clicked.connect(lambda: self.view.edit(self.view.currentIndex()))
        self.add.clicked.connect(self._add)
        self.remove.clicked.connect(self._delete)
        row.addWidget(self.take)
        row.addStretch(1)
        for button in (self.star, self.rename, self.add, self.remove):
            row.addWidget(button)
        return row

    # What is done -------------------------------------------------------------------------------

    def chosen(self) -> Style | None:
        """The style that is current."""
        row = self.view.currentIndex().row()
        return self.model.items[row] if 0 <= row < len(self.model.items) else None

    def chosen_picture(self, then: Callable[[Picture], object]) -> None:
        """Give the current style's picture to whoever asks."""
        style = self.chosen()
        if style is not None:
            self.shelf.read(style, then)

    def _look_for(self, words: str) -> None:
        self.shelf.look_for(words)
        self.view.scrollToTop()

    def _look_for_color(self, color: Color | None) -> None:
        self.shelf.look_for_color(color)
        self.view.scrollToTop()

    def _take(self) -> None:
        self.chosen_picture(self.pad.take)

    def _star(self) -> None:
        style = self.chosen()
        if style is not None:
            self.shelf.star(style)

    def _add(self) -> None:
        path = dialogs.ask_picture(self, self.tr("the shelf"))
        if path is not None:
            self.shelf.add_file(path)

    def _delete(self) -> None:
        style = self.chosen()
        if style is None:
            return
        if not style.own or dialogs.ask_sure(
            self,
            self.tr("Take {0} off the shelf?").format(style.name),
            self.tr("Its file is deleted; documents that use it keep their copy."),
            self.tr("Delete"),
        ):
            self.shelf.delete(style)

    def _menu(self, spot: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for button in (self.take, self.star, self.rename, self.remove):
            action = menu.addAction(button.icon(), button.accessibleName())
            action.setEnabled(button.isEnabled())
            action.triggered.connect(button.click)
        menu.popup(self.view.viewport().mapToGlobal(spot))

    # What is shown ------------------------------------------------------------------------------

    def _refresh(self) -> None:
        """The same style stays current where it is still shown."""
        rows = {style.key: row for row, style in enumerate(self.model.items)}
        if self._current in rows:
            self.view.setCurrentIndex(self.model.index(rows[self._current]))
        self.stack.setCurrentIndex(0 if self.model.items or not self.shelf.loaded else 1)
        self._refresh_tools()

    def _refresh_tools(self) -> None:
        style = self.chosen()
        if style is not None:
            self._current = style.key
        own = style is not None and style.own
        self.take.setEnabled(style is not None and self.pad.wire is not None)
        self.star.setEnabled(style is not None)
        self.star.setChecked(style is not None and style.favourite)
        self.rename.setEnabled(own)
        self.remove.setEnabled(own)
