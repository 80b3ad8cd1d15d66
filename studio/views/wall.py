"""The wall's window: which models on the left, their pictures side by side or two of them apart."""

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QKeyEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.lanes.reader import Reader
from studio.models.images import to_image
from studio.models.pictures import Dropped, named, reading
from studio.models.wall import Tile, Wall
from studio.models.wallsource import Source, difference, ramp
from studio.views.control import tool
from studio.views.notice import Notice
from studio.views.wallpane import Look, Pane
from studio.views.walltile import LETTERS, Tiles, TileView

if TYPE_CHECKING:
    from studio.views.window import Window


class WallWindow(QDialog):
    """One wall, beside the main window."""

    def __init__(self, wall: Wall, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.wall = wall
        self.setWindowTitle(self.tr("Compare models"))
        self.setWindowFlags(Qt.WindowType.Window)
        self.setAcceptDrops(True)
        self.look = Look(self)
        self.pair: list[Tile] = []  # the two clicked last
        self.notice = Notice(self)
        self.reader = Reader(self)
        self.reader.problem.connect(self.notice.complain)
        self._put_together()
        wall.changed.connect(self.refresh)
        wall.tile_changed.connect(lambda tile: self._refresh_tile(tile))
        wall.session.stepped.connect(self._refresh_tiles)
        self.refresh()

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(1240, 760)

    # Putting together ---------------------------------------------------------------------------

    def _put_together(self) -> None:
        self.sources = QComboBox(self)
        self.sources.setAccessibleName(self.tr("What goes through the models"))
        self.sources.setToolTip(self.sources.accessibleName())
        for text, source in (
            (self.tr("The layout"), Source.LAYOUT),
            (self.tr("The photo layer"), Source.PHOTO),
            (self.tr("A dropped photo"), Source.DROPPED),
        ):
            self.sources.addItem(text, source)
        self.sources.activated.connect(self._choose_source)
        self.list = QListWidget(self)
        self.list.setAccessibleName(self.tr("Models on the wall"))
        self.list.setWordWrap(True)
        self.list.setToolTip(self.tr("Check the models that are to be compared"))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemChanged.connect(lambda item: self._choose())
        self.follows = QCheckBox(self.tr("Follow the canvas"), self)
        self.follows.setToolTip(self.tr("Paint anew whenever the canvas has changed and rests"))
        self.follows.toggled.connect(self.wall.follow)
        side = QVBoxLayout()
        side.setContentsMargins(10, 10, 4, 10)
        label = QLabel(self.tr("Through the models goes"), self)
        label.setBuddy(self.sources)
        side.addWidget(label)
        side.addWidget(self.sources)
        side.addSpacing(6)
        models = QLabel(self.tr("Models"), self)
        models.setBuddy(self.list)
        side.addWidget(models)
        side.addWidget(self.list, 1)
        side.addWidget(self.follows)
        left = QWidget(self)
        left.setFixedWidth(224)
        left.setLayout(side)
        self.empty = QLabel(self)
        self.empty.setWordWrap(True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.tiles = Tiles(self)
        self.both = Pane(self.look, self)
        self.both.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.both.setAccessibleName(self.tr("The two chosen pictures"))
        self.both.setToolTip(
            self.tr("The divider moves with the mouse and the arrow keys; the wheel zooms.")
        )
        self.stack = QStackedWidget(self)
        for page in (self.empty, self.tiles, self.both):
            self.stack.addWidget(page)
        self.told = QLabel(self)
        self.told.setObjectName("muted")
        self.told.setWordWrap(True)
        right = QVBoxLayout()
        right.setContentsMargins(4, 6, 10, 8)
        right.addWidget(self.notice)
        right.addLayout(self._bar())
        right.addWidget(self.stack, 1)
        right.addWidget(self.told)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(left)
        row.addLayout(right, 1)

    def _bar(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(2)
        self.ways: dict[str, QToolButton] = {}
        group = QButtonGroup(self)
        for name, picture, text in (
            ("wall", "gallery", self.tr("All side by side")),
            ("split", "split", self.tr("The two chosen at a divider")),
            ("apart", "compare", self.tr("Where the two chosen differ")),
        ):
            button = self.ways[name] = tool(self, picture, text)
            button.setCheckable(True)
            button.clicked.connect(lambda on=False: self.refresh())
            group.addButton(button)
            row.addWidget(button)
        self.ways["wall"].setChecked(True)
        self.fit = tool(self, "fit", self.tr("Fit all pictures (0)"))
        self.fit.clicked.connect(self.look.fit)
        row.addWidget(self.fit)
        row.addStretch(1)
        self.again = tool(self, "play", self.tr("Paint all again (F5)"))
        self.again.setText(self.tr("Paint again"))
        self.again.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.again.setMinimumWidth(self.again.sizeHint().width() + 8)
        self.again.clicked.connect(self._paint_or_cancel)
        row.addWidget(self.again)
        return row

    # What is chosen -----------------------------------------------------------------------------

    def _choose_source(self, row: int) -> None:
        self.wall.take(self.sources.itemData(row))

    def _choose(self) -> None:
        items = (self.list.item(row) for row in range(self.list.count()))
        names = [
            item.data(Qt.ItemDataRole.UserRole)
            for item in items
            if item.checkState() is Qt.CheckState.Checked
        ]
        self.wall.choose(names)

    def _chosen(self, tile: Tile) -> None:
        if tile in self.pair:
            self.pair.remove(tile)
        else:
            self.pair = [*self.pair, tile][-2:]
        self.refresh()

    def _opened(self, tile: Tile) -> None:
        tiles = self.tiles
        view = next((view for view in tiles.views if view.tile is tile), None)
        tiles.only = None if tiles.only is view else view
        tiles.lay_out()
        if view is not None:
            view.setFocus()

    def _paint_or_cancel(self) -> None:
        if self.wall.running:
            self.wall.cancel()
        else:
            self.wall.paint()

    # What is shown ------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show how it stands."""
        wall = self.wall
        self.sources.setCurrentIndex(self.sources.findData(wall.source))
        self.follows.blockSignals(True)
        self.follows.setChecked(wall.follows)
        self.follows.blockSignals(False)
        self._refresh_list()
        self._refresh_tiles()
        self.pair = [tile for tile in self.pair if tile in wall.tiles]
        done = [tile for tile in self.pair if tile.pixels is not None]
        for name in ("split", "apart"):
            self.ways[name].setEnabled(len(done) == 2)
            if len(done) < 2 and self.ways[name].isChecked():
                self.ways["wall"].setChecked(True)
        text = self.tr("Cancel") if wall.running else self.tr("Paint again")
        self.again.setText(text)
        self.again.setEnabled(bool(wall.tiles) and not wall.why_nothing())
        self.empty.setText(self._nothing())
        if self._nothing():
            self.stack.setCurrentWidget(self.empty)
        elif self.ways["wall"].isChecked():
            self.stack.setCurrentWidget(self.tiles)
        else:
            self.stack.setCurrentWidget(self.both)
        self.told.setText("" if self._nothing() else self._state(done))

    def _nothing(self) -> str:
        wall = self.wall
        if not wall.session.library.entries:
            return self.tr("No model is installed. Add one, or train your own (Model > Train).")
        if nothing := wall.why_nothing():
            return nothing
        if not wall.tiles:
            return self.tr("Check the models on the left that are to be compared.")
        return ""

    def _state(self, done: list[Tile]) -> str:
        wall = self.wall
        if len(done) == 2 and not self.ways["wall"].isChecked():
            return self._show_both(done[0], done[1])
        if wall.waiting:
            return self.tr("Waits while you paint")
        if wall.running:
            over = sum(tile.state in ("done", "cannot") for tile in wall.tiles)
            return self.tr("{0} of {1} painted").format(over, len(wall.tiles))
        if wall.behind and not wall.follows:
            return self.tr("The canvas has changed since; paint again to follow it.")
        if len(wall.tiles) == 1:
            return self.tr("Check a second model to compare it with.")
        return self.tr(
            "Click two pictures to compare them. Double-click fills the wall with one; the wheel "
            "zooms all of them."
        )

    def _show_both(self, one: Tile, other: Tile) -> str:
        """Show two at the divider, or how far they are apart; what that means comes back."""
        left, right = one.pixels, other.pixels
        if left is None or right is None:
            return ""
        titles = one.entry.title, other.entry.title
        if self.ways["split"].isChecked():
            self.both.show_images(to_image(left), to_image(right), titles)
            return self.tr("{0} left of the divider, {1} right of it.").format(*titles)
        found = difference(left, right)
        scale = to_image(ramp(np.linspace(0, 1, 256)[None]))
        self.both.show_images(to_image(found.picture), scale=(scale, found.most))
        return self.tr(
            "{0} and {1} differ by {2} of 255 grey levels on average, by {3} at most."
        ).format(*titles, f"{found.mean:.1f}", found.most)

    def _refresh_list(self) -> None:
        on = {tile.entry.name for tile in self.wall.tiles}
        offers = self.wall.offers()
        self.list.blockSignals(True)
        row = self.list.currentRow()
        self.list.clear()
        for entry, reason in offers:
            item = QListWidgetItem(f"{entry.title}\n{reason}" if reason else entry.title)
            item.setData(Qt.ItemDataRole.UserRole, entry.name)
            item.setToolTip(reason or entry.title)
            item.setFlags(Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsSelectable)
            usable = not reason or entry.name in on
            if usable:
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEnabled)
            checked = Qt.CheckState.Checked if entry.name in on else Qt.CheckState.Unchecked
            item.setCheckState(checked)
            self.list.addItem(item)
        self.list.setCurrentRow(row)
        self.list.blockSignals(False)

    def _refresh_tiles(self) -> None:
        shown, wanted = self.tiles.views, self.wall.tiles
        if [view.tile for view in shown] != wanted:
            for view in shown:
                if view.tile not in wanted:
                    view.hide()
                    view.deleteLater()
            known = {id(view.tile): view for view in shown}
            self.tiles.views = [known.get(id(tile)) or self._view(tile) for tile in wanted]
            if self.tiles.only not in self.tiles.views:
                self.tiles.only = None
            for before, after in zip(self.tiles.views, self.tiles.views[1:], strict=False):
                QWidget.setTabOrder(before, after)
        for view in self.tiles.views:
            place = self.pair.index(view.tile) if view.tile in self.pair else -1
            view.set_letter(LETTERS[place] if place >= 0 else "")
        pictures = [tile.pixels for tile in wanted if tile.pixels is not None]
        self.tiles.shape = pictures[0].shape[1] / pictures[0].shape[0] if pictures else 1.0
        self.tiles.lay_out()

    def _view(self, tile: Tile) -> TileView:
        view = TileView(self.wall, tile, self.look, self.tiles)
        view.chosen.connect(self._chosen)
        view.opened.connect(self._opened)
        return view

    def _refresh_tile(self, tile: object) -> None:
        self.refresh()

    # Hands --------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        key = event.key()
        if key == Qt.Key.Key_0:
            self.look.fit()
        elif key == Qt.Key.Key_F5:
            self.wall.paint()
        elif key == Qt.Key.Key_Escape and self.tiles.only is not None:
            self._opened(self.tiles.only.tile)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            self.look.zoom_at(0.8 if key == Qt.Key.Key_Minus else 1.25, self.look.centre)
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        if Dropped.possible(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        data = event.mimeData()
        event.acceptProposedAction()
        self.reader.read(reading(data), self._dropped, named(data))

    def _dropped(self, found: Dropped) -> None:
        if found.picture is None:
            self.notice.complain(found.problem)
        else:
            self.notice.hide()
            self.wall.take(Source.DROPPED, found.picture)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        super().showEvent(event)
        self.wall.show(True)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        self.wall.show(False)
        super().closeEvent(event)

    def reject(self) -> None:
        """Escape closes it."""
        self.wall.show(False)
        super().reject()


def show_wall(window: "Window") -> None:
    """Open the wall of a window, or bring it to the front."""
    found = window.findChild(WallWindow)
    wall = found or WallWindow(window.studio.wall, window)
    wall.addActions([window.actions_[name] for name in ("undo", "redo")])
    wall.resize(wall.size() if found else wall.sizeHint())
    wall.show()
    wall.raise_()
    wall.activateWindow()
