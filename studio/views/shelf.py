"""The style shelf: thumbnails of styles, found by name and colour, taken by a double click or
dragged onto the picture.
"""

from collections.abc import Callable

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QMenu,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from studio.document.scene import Picture
from studio.models.shelf import Color, Shelf, Style
from studio.models.stylepad import StylePad
from studio.views import dialogs
from studio.views.control import tool
from studio.views.shelfcolor import ColorButton
from studio.views.shelflist import ShelfList, ShelfModel, ShelfTiles
from studio.views.stylepad import StylePadPanel
from studio.views.tiles import UNFRAMED

_SIDE = 62  # logical pixels of a thumbnail


class ShelfPanel(QWidget):
    """The shelf, and below it the pad that mixes styles. `slowly_asked` with the picture that is to
    be painted after, by optimisation.
    """

    slowly_asked = Signal(object)  # Picture

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
        self.slowly = tool(self, "brush", self.tr("Paint slowly in this style …"))
        self.star = tool(self, "star", self.tr("Favourite"))
        self.star.setCheckable(True)
        self.rename = tool(self, "rename", self.tr("Rename the style"))
        self.add = tool(self, "plus", self.tr("Put a picture on the shelf …"))
        self.remove = tool(self, "trash", self.tr("Take the style off the shelf"))
        self.take.clicked.connect(self._take)
        self.slowly.clicked.connect(lambda: self.chosen_picture(self.slowly_asked.emit))
        self.star.clicked.connect(self._star)
        self.rename.clicked.connect(lambda: self.view.edit(self.view.currentIndex()))
        self.add.clicked.connect(self._add)
        self.remove.clicked.connect(self._delete)
        row.addWidget(self.take)
        row.addStretch(1)
        for button in (self.slowly, self.star, self.rename, self.add, self.remove):
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
        for button in (self.take, self.slowly, self.star, self.rename, self.remove):
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
        self.slowly.setEnabled(style is not None)
        self.star.setEnabled(style is not None)
        self.star.setChecked(style is not None and style.favourite)
        self.rename.setEnabled(own)
        self.remove.setEnabled(own)
