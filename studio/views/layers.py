"""The layers of the document: shown, hidden, locked, renamed, dragged to another place."""

import numpy as np
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QImage,
    QKeyEvent,
    QPainter,
    QPixmap,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from studio.document.layers import BLENDS, Kind, Layer, Layers, find, walk
from studio.models.layering import Layering
from studio.models.pictures import Dropped
from studio.models.session import Session
from studio.views.control import tool
from studio.views.icons import icon, picture
from studio.views.sliders import ValueSlider

EYE, NAME, LOCK = range(3)
THUMBNAIL, MARK = QSize(44, 33), QSize(18, 18)
SMALL = 176  # pixels a side that a small picture is made from
LATER = 400  # milliseconds after a change before the small pictures follow
NUMBER = Qt.ItemDataRole.UserRole


class Marks(QStyledItemDelegate):
    """Draws eye and lock at their own size, in the colours of what is at rest."""

    def initStyleOption(  # noqa: N802
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().initStyleOption(option, index)
        # Qt would light up the icons of what is unfolded.
        option.state &= ~QStyle.StateFlag.State_Open
        if index.column() != NAME:
            option.decorationSize = MARK

    def createEditor(  # type: ignore[override]  # noqa: N802
        self,
        parent: QWidget,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> QWidget | None:
        """Names alone are edited."""
        return super().createEditor(parent, option, index) if index.column() == NAME else None


class LayerTree(QTreeWidget):
    """The tree itself; `dropped` says where a layer is to go."""

    dropped = Signal(int, object, int)  # the layer, the group or None, the index in it
    given = Signal(object)  # QMimeData that came from elsewhere, and may be a picture
    toggled = Signal(int, int)  # the layer, and EYE or LOCK

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setColumnCount(3)
        self.setHeaderHidden(True)
        self.header().setStretchLastSection(False)
        self.header().setMinimumSectionSize(24)
        self.header().setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        for column in (EYE, LOCK):
            self.header().setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            self.header().resizeSection(column, 28)
        self.setTreePosition(NAME)
        self.setIndentation(14)
        self.setIconSize(THUMBNAIL)
        self.setUniformRowHeights(True)
        self.setItemDelegate(Marks(self))
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked)  # and Enter
        self.itemClicked.connect(self._clicked)

    def _clicked(self, item: QTreeWidgetItem, column: int) -> None:
        if column in (EYE, LOCK):
            self.toggled.emit(item.data(NAME, NUMBER), column)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        item = self.currentItem()
        if self.state() == QAbstractItemView.State.EditingState:
            super().keyPressEvent(event)  # What the editor has no use for.
        elif event.key() == Qt.Key.Key_Space and item is not None:
            self.toggled.emit(item.data(NAME, NUMBER), EYE)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and item is not None:
            self.editItem(item, NAME)
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        if event.source() is not self and Dropped.possible(event.mimeData()):
            event.acceptProposedAction()
        else:
            super().dragEnterEvent(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:  # noqa: N802
        if event.source() is not self and Dropped.possible(event.mimeData()):
            event.acceptProposedAction()
        else:
            super().dragMoveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        if event.source() is not self:
            event.acceptProposedAction()
            self.given.emit(event.mimeData())
            return
        item = self.currentItem()
        if item is not None:
            place = event.position().toPoint()
            self.dropped.emit(item.data(NAME, NUMBER), *self._place(place))
        event.setDropAction(Qt.DropAction.IgnoreAction)  # The document says where it is now.
        event.accept()

    def _place(self, place: QPoint) -> tuple[int | None, int]:
        """The group and index that a drop means."""
        target = self.itemAt(place)
        if target is None:
            return None, self.topLevelItemCount()
        where = self.dropIndicatorPosition()
        positions = QAbstractItemView.DropIndicatorPosition
        if where == positions.OnItem and target.flags() & Qt.ItemFlag.ItemIsDropEnabled:
            return target.data(NAME, NUMBER), 0
        group = target.parent()
        siblings = group or self.invisibleRootItem()
        index = siblings.indexOfChild(target) + (where == positions.BelowItem)
        return None if group is None else group.data(NAME, NUMBER), index


class LayersPanel(QWidget):
    """The tree, the active layer's opacity and mode, and what makes and unmakes layers.

    `given` is what was dropped on it to become a layer.
    """

    given = Signal(object)  # QMimeData

    def __init__(self, session: Session, layering: Layering, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session, self.layering = session, layering
        self._items: dict[int, QTreeWidgetItem] = {}
        self._building = False
        self.modes = QComboBox(self)
        self.modes.setAccessibleName(self.tr("Blend mode"))
        for mode, name in zip(BLENDS, self._mode_names(), strict=True):
            self.modes.addItem(name, mode)
        self.opacity = ValueSlider(self.tr("Layer opacity"), parent=self)
        self.opacity.track.setToolTip(self.tr("Double-click makes the layer opaque"))
        self.tree = LayerTree(self)
        self.tree.setAccessibleName(self.tr("Layers"))
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(8)
        column.addWidget(self.opacity)
        column.addWidget(self.modes)
        column.addWidget(self.tree, 1)
        column.addLayout(self._buttons())
        self._later = QTimer(self, singleShot=True, interval=LATER)
        self._later.timeout.connect(self._draw_small)
        self._connect()
        self.rebuild()

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(2)
        layering, session = self.layering, self.session
        for picture_name, text, do in (
            ("layout-layer", self.tr("New layout layer"), layering.add_layout),
            ("paint-layer", self.tr("New picture layer"), layering.add_picture),
            ("group", self.tr("Group layer"), layering.add_group),
            ("duplicate", self.tr("Duplicate layer"), lambda: layering.duplicate(session.active)),
            ("merge", self.tr("Merge down"), lambda: layering.merge_down(session.active)),
            ("trash", self.tr("Delete layer"), lambda: layering.delete(session.active)),
        ):
            if picture_name == "trash":
                row.addStretch(1)
            button = tool(self, picture_name, text)
            button.clicked.connect(lambda on=False, do=do: do())
            row.addWidget(button)
        return row

    def _connect(self) -> None:
        session, layering, tree = self.session, self.layering, self.tree
        session.scene_changed.connect(lambda before, now: self._followed(before.layers, now.layers))
        session.replaced.connect(self.rebuild)
        session.resized.connect(self._later.start)
        session.active_changed.connect(self._mark)
        session.painted.connect(lambda area: self._later.start())
        session.coloured.connect(lambda area: self._later.start())
        layering.live.settled.connect(lambda order, frame: self._later.start())
        tree.currentItemChanged.connect(self._chosen)
        tree.itemChanged.connect(self._renamed)
        tree.dropped.connect(layering.move)
        tree.given.connect(self.given)
        tree.toggled.connect(self._toggled)
        self.opacity.moved.connect(lambda value: layering.set_opacity(session.active, value))
        self.opacity.released.connect(session.settle)
        self.opacity.reset.connect(lambda: layering.set_opacity(session.active, 1.0))
        self.modes.activated.connect(self._mode_chosen)

    # Showing ------------------------------------------------------------------------------------

    def rebuild(self) -> None:
        """Show the document's layers."""
        self._building = True
        self.tree.clear()
        self._items.clear()
        self._grow(self.tree.invisibleRootItem(), self.layering.tree)
        self.tree.expandAll()
        self._building = False
        self._mark()
        self._draw_small()

    def _grow(self, parent: QTreeWidgetItem, tree: Layers) -> None:
        for layer in tree:
            item = QTreeWidgetItem(parent)
            flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
            flags |= Qt.ItemFlag.ItemIsEditable | Qt.ItemFlag.ItemIsDragEnabled
            if layer.kind is Kind.GROUP:
                flags |= Qt.ItemFlag.ItemIsDropEnabled
            item.setFlags(flags)
            self._items[layer.id] = item
            self._describe(item, layer)
            self._grow(item, layer.children)

    def _describe(self, item: QTreeWidgetItem, layer: Layer) -> None:
        item.setData(NAME, NUMBER, layer.id)
        item.setText(NAME, layer.name)
        item.setIcon(EYE, icon("eye" if layer.visible else "eye-off"))
        item.setIcon(LOCK, icon("lock") if layer.locked else icon("unlock", "disabled"))
        seen = self.tr("shown") if layer.visible else self.tr("hidden")
        held = self.tr("locked") if layer.locked else self.tr("unlocked")
        accessible = Qt.ItemDataRole.AccessibleTextRole
        item.setData(EYE, accessible, self.tr("{0} is {1}").format(layer.name, seen))
        item.setData(LOCK, accessible, self.tr("{0} is {1}").format(layer.name, held))
        item.setToolTip(EYE, self.tr("Show or hide (Space)"))
        item.setToolTip(LOCK, self.tr("Lock or unlock"))
        rename = self.tr("double-click or Enter renames it")
        item.setToolTip(NAME, f"{layer.name}: {self._kind_name(layer.kind)}; {rename}")

    def _followed(self, before: Layers, now: Layers) -> None:
        """Rebuild where the tree has another shape, else change what is said of each layer."""
        if before == now:
            return
        if _shape(before) != _shape(now):
            self.rebuild()
            return
        self._building = True
        for layer in walk(now):
            self._describe(self._items[layer.id], layer)
        self._building = False
        self._mark()

    def _mark(self) -> None:
        layer = find(self.layering.tree, self.session.active)
        if layer is None or layer.id not in self._items:
            return
        self._building = True
        self.tree.setCurrentItem(self._items[layer.id], NAME)
        self._building = False
        mixes = layer.kind is not Kind.LAYOUT
        self.opacity.setEnabled(mixes)
        self.modes.setEnabled(mixes)
        self.opacity.show_value(layer.opacity if mixes else 1.0)
        self.modes.setCurrentIndex(BLENDS.index(layer.blend if mixes else "normal"))

    def _draw_small(self) -> None:
        """The small pictures, of every layer that has one."""
        if not self.isVisible():
            return
        size = self.session.document.size
        self._building = True
        for layer in walk(self.layering.tree):
            if layer.kind is Kind.GROUP:
                self._items[layer.id].setIcon(NAME, icon("group"))
                continue
            pixels = self.layering.glance(layer, SMALL)
            self._items[layer.id].setIcon(NAME, picture(_small(pixels, size)))
        self._building = False

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        QTimer.singleShot(0, self, self._draw_small)

    # Asked --------------------------------------------------------------------------------------

    def _chosen(self, item: QTreeWidgetItem | None) -> None:
        if item is not None and not self._building:
            self.session.activate(item.data(NAME, NUMBER))

    def _renamed(self, item: QTreeWidgetItem, column: int) -> None:
        if self._building or column != NAME:
            return
        number = item.data(NAME, NUMBER)
        self.layering.rename(number, item.text(NAME))
        layer = find(self.layering.tree, number)
        if layer is not None and item.text(NAME) != layer.name:
            self._building = True
            item.setText(NAME, layer.name)
            self._building = False

    def _toggled(self, number: int, column: int) -> None:
        layer = find(self.layering.tree, number)
        if layer is None:
            return
        if column == EYE:
            self.layering.show(number, not layer.visible)
        else:
            self.layering.lock(number, not layer.locked)

    def _mode_chosen(self, index: int) -> None:
        self.layering.set_blend(self.session.active, self.modes.itemData(index))

    # Words --------------------------------------------------------------------------------------

    def _mode_names(self) -> tuple[str, ...]:
        tr = self.tr
        return (
            tr("Normal"),
            tr("Multiply"),
            tr("Screen"),
            tr("Overlay"),
            tr("Darken"),
            tr("Lighten"),
            tr("Colour dodge"),
            tr("Colour burn"),
            tr("Hard light"),
            tr("Soft light"),
            tr("Difference"),
            tr("Add"),
            tr("Colour"),
            tr("Luminosity"),
            tr("Hue"),
            tr("Saturation"),
        )

    def _kind_name(self, kind: Kind) -> str:
        return {
            Kind.LAYOUT: self.tr("layout: classes that the model paints"),
            Kind.PICTURE: self.tr("picture: colours of your own"),
            Kind.RENDER: self.tr("the model's picture, which follows the layout"),
            Kind.GROUP: self.tr("group"),
        }[kind]


def _shape(tree: Layers) -> object:
    """What a tree looks like but for its layers' properties."""
    return tuple((layer.id, _shape(layer.children)) for layer in tree)


def _small(pixels: np.ndarray | None, size: tuple[int, int]) -> QPixmap:
    """A layer, RGBA, as a small picture over a chequered ground."""
    ratio = 2
    room = THUMBNAIL * ratio
    made = QPixmap(room)
    made.fill(Qt.GlobalColor.transparent)
    scale = min(room.width() / size[1], room.height() / size[0])
    width, height = max(round(size[1] * scale), 1), max(round(size[0] * scale), 1)
    painter = QPainter(made)
    left, top = (room.width() - width) // 2, (room.height() - height) // 2
    for y in range(0, height, 8):
        for x in range(0, width, 8):
            shade = Qt.GlobalColor.lightGray if (x // 8 + y // 8) % 2 else Qt.GlobalColor.white
            painter.fillRect(left + x, top + y, min(8, width - x), min(8, height - y), shade)
    if pixels is not None:
        rows, columns = pixels.shape[:2]
        image = QImage(pixels.data, columns, rows, 4 * columns, QImage.Format.Format_RGBA8888)
        ways = Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
        painter.drawImage(QPoint(left, top), image.scaled(width, height, *ways))
    painter.end()
    made.setDevicePixelRatio(ratio)
    return made
