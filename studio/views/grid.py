"""The grid of variations as a table: a model over the cells, and a view that lays them out."""

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QPixmap, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from studio.models.variations import Variation, Variations
from studio.views.tiles import LARGEST, SMALLEST, UNFRAMED, Role, Tiles, tile_pixmap

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
LEAST_FITTED = 104  # pixels of a tile that is made to fit


class GridModel(QAbstractTableModel):
    """The cells in rows and columns: as they are where two things vary, else as many as fit. What
    is pinned of earlier grids comes first, in rows of its own.
    """

    def __init__(self, variations: Variations, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.variations = variations
        self.columns = 4
        self._pixmaps: dict[int, tuple[Variation, QPixmap]] = {}
        variations.begun.connect(self.rebuild)
        variations.cell_changed.connect(self._changed)

    def rebuild(self) -> None:
        """Another grid."""
        self.beginResetModel()
        shown = {id(cell) for cell in self._all()}
        self._pixmaps = {k: v for k, v in self._pixmaps.items() if k in shown}
        self.endResetModel()

    def set_columns(self, columns: int) -> None:
        """As many columns as there is room for; a matrix has its own."""
        if columns != self.columns:
            self.beginResetModel()
            self.columns = columns
            self.endResetModel()

    def _all(self) -> list[Variation]:
        grid = self.variations.grid
        return [*self.variations.earlier, *(grid.cells if grid is not None else [])]

    @property
    def matrix(self) -> bool:
        """Whether rows and columns have a meaning."""
        grid = self.variations.grid
        return grid is not None and grid.matrix

    @property
    def width(self) -> int:
        """Columns that there are."""
        grid = self.variations.grid
        return len(grid.across) if grid is not None and grid.matrix else max(self.columns, 1)

    @property
    def pinned_rows(self) -> int:
        """Rows for what is pinned of earlier grids."""
        return -(-len(self.variations.earlier) // self.width)

    def rowCount(self, parent: Index = _ROOT) -> int:  # noqa: N802
        grid = self.variations.grid
        if parent.isValid() or grid is None:
            return 0
        own = len(grid.down) if grid.matrix else -(-len(grid.cells) // self.width)
        return self.pinned_rows + own

    def columnCount(self, parent: Index = _ROOT) -> int:  # noqa: N802
        return 0 if parent.isValid() else self.width

    def cell(self, index: Index) -> Variation | None:
        """What is shown there."""
        grid = self.variations.grid
        row, column = index.row(), index.column()
        if not index.isValid() or grid is None:
            return None
        if row < self.pinned_rows:
            cells, place = self.variations.earlier, row * self.width + column
        else:
            cells, place = grid.cells, (row - self.pinned_rows) * self.width + column
        return cells[place] if place < len(cells) else None

    def index_of(self, cell: Variation) -> QModelIndex:
        """Where it is shown."""
        grid, earlier = self.variations.grid, self.variations.earlier
        for cells, first in ((earlier, 0), (grid.cells if grid else [], self.pinned_rows)):
            for place, each in enumerate(cells):
                if each is cell:
                    return self.index(first + place // self.width, place % self.width)
        return QModelIndex()

    def flags(self, index: Index) -> Qt.ItemFlag:
        none = Qt.ItemFlag.NoItemFlags
        both = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return none if self.cell(index) is None else both

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        cell = self.cell(index)
        if cell is None:
            return None
        roles = Qt.ItemDataRole
        if role == roles.DecorationRole:
            return self._pixmap(cell)
        if role == roles.DisplayRole:
            return " · ".join(step.label for step in cell.steps)
        if role in (roles.ToolTipRole, roles.AccessibleTextRole):
            return f"{cell.title}\n{cell.sentence}".strip()
        if role == Role.PINNED:
            return cell.pinned
        if role == Role.STATE:
            return cell.state
        if role == Role.CURRENT:
            return self.variations.used(cell)
        return None

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        grid = self.variations.grid
        if role != Qt.ItemDataRole.DisplayRole or grid is None or not grid.matrix:
            return None
        if orientation is Qt.Orientation.Horizontal:
            return grid.across[section]
        place = section - self.pinned_rows
        return grid.down[place] if place >= 0 else self.tr("Pinned")

    def _pixmap(self, cell: Variation) -> QPixmap | None:
        if cell.result is None:
            return None
        if id(cell) not in self._pixmaps:
            self._pixmaps[id(cell)] = cell, tile_pixmap(cell.result.pixels)
        return self._pixmaps[id(cell)][1]

    def _changed(self, cell: Variation) -> None:
        index = self.index_of(cell)
        if index.isValid():
            self.dataChanged.emit(index, index)


class GridView(QTableView):
    """The table of pictures. `used` when one is double-clicked or Enter is pressed on it."""

    used = Signal(object)
    resided = Signal(int)  # the tiles took another size to fit

    def __init__(self, model: GridModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.grid = model
        self.tiles = Tiles(1, self)
        self.fits = True  # until the artist chooses a size
        self.setModel(model)
        self.setItemDelegate(self.tiles)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setStyleSheet(UNFRAMED)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setAccessibleName(self.tr("Grid of variations"))
        for header in (self.horizontalHeader(), self.verticalHeader()):
            header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
            header.setSectionsClickable(False)
            header.setHighlightSections(False)
        self.verticalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignCenter)
        self.activated.connect(self._use)
        model.modelReset.connect(self.lay_out)
        self.lay_out()

    def set_side(self, side: int) -> None:
        """Tiles of that size from now on, whether all fit or not."""
        self.fits = False
        self.tiles.side = side
        self._fill()
        self.lay_out()

    def _fit(self) -> None:
        """The largest tiles of which all are seen; they get no smaller than LEAST_FITTED for the
        height's sake, and than SMALLEST for the columns of a matrix.
        """
        grid = self.grid.variations.grid
        if not self.fits or grid is None or self.width() < LEAST_FITTED:
            return
        count = len(grid.cells) + len(self.grid.variations.earlier)
        head = self.verticalHeader().sizeHint().width() + 8 if grid.matrix else 0
        top = self.horizontalHeader().sizeHint().height() if grid.matrix else 0
        width, height = self.width() - head - 8, self.height() - top - 8
        least = SMALLEST if grid.matrix else LEAST_FITTED
        for side in range(LARGEST, least - 1, -4):
            self.tiles.side = side
            tile = self.tiles.size(self.fontMetrics())
            columns = len(grid.across) if grid.matrix else max(width // tile.width(), 1)
            rows = -(-count // columns)
            low = rows * tile.height() <= height or side <= LEAST_FITTED
            if low and columns * tile.width() <= width:
                break
        self.resided.emit(self.tiles.side)

    def lay_out(self) -> None:
        """Rows, columns and headers as the tiles need them."""
        grid = self.grid.variations.grid
        if grid is not None:
            self.tiles.shape = grid.size[1] / grid.size[0]
            # The headers say it already.
            self.tiles.lines = 0 if grid.matrix else 1
            self._fit()
        size = self.tiles.size(self.fontMetrics())
        self.horizontalHeader().setDefaultSectionSize(size.width())
        self.verticalHeader().setDefaultSectionSize(size.height())
        self.horizontalHeader().setVisible(self.grid.matrix)
        self.verticalHeader().setVisible(self.grid.matrix)

    def chosen(self) -> list[Variation]:
        """What is selected, in the order of the grid."""
        indexes = sorted(self.selectedIndexes(), key=lambda i: (i.row(), i.column()))
        cells = (self.grid.cell(index) for index in indexes)
        return [cell for cell in cells if cell is not None]

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self.lay_out()
        self._fill()

    def _fill(self) -> None:
        if not self.grid.matrix:
            width = self.tiles.size(self.fontMetrics()).width()
            bar = self.verticalScrollBar().sizeHint().width()
            self.grid.set_columns(max((self.width() - bar - 4) // width, 1))

    def _use(self, index: QModelIndex) -> None:
        cell = self.grid.cell(index)
        if cell is not None and cell.result is not None:
            self.used.emit(cell)
