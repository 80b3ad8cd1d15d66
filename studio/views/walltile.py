"""A tile of the wall: a model's picture, what it took, and what can be done with it."""

import math

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from studio.models.abilities import memory_text
from studio.models.images import to_image
from studio.models.wall import Tile, Wall
from studio.views import theme
from studio.views.control import tool
from studio.views.wallpane import Look, Pane

LETTERS = ("A", "B")
_GAP = 8
_AROUND = 76  # pixels of a tile's height that are no picture


class TileView(QFrame):
    """Shows a tile. `chosen`: it was clicked; `opened`: it is to fill the wall, or no more."""

    chosen = Signal(object)  # Tile
    opened = Signal(object)

    def __init__(self, wall: Wall, tile: Tile, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.wall, self.tile, self.letter = wall, tile, ""
        self._shown: object = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        title = tile.entry.title
        self.setAccessibleName(self.tr("{0} on the wall").format(title))
        self.title = QLabel(self)
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.title.setMinimumWidth(20)
        self.keep = tool(self, "layers", self.tr("Keep as a layer: {0}").format(title))
        self.adopt = tool(self, "model", self.tr("Paint the document with {0}").format(title))
        head = QHBoxLayout()
        head.setSpacing(2)
        head.addWidget(self.title, 1)
        head.addWidget(self.keep)
        head.addWidget(self.adopt)
        self.pane = Pane(look, self)
        self.pane.setAccessibleName(self.tr("Picture by {0}").format(title))
        self.said = QLabel(self.pane)
        self.said.setWordWrap(True)
        self.said.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.said.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.foot = QLabel(self)
        self.foot.setObjectName("muted")
        self.foot.setTextFormat(Qt.TextFormat.PlainText)
        self.foot.setMinimumWidth(20)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 4, 6, 6)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self.pane, 1)
        column.addWidget(self.foot)
        self.pane.clicked.connect(self._clicked)
        self.pane.opened.connect(lambda: self.opened.emit(self.tile))
        self.keep.clicked.connect(lambda: wall.keep(tile))
        self.adopt.clicked.connect(lambda: wall.adopt(tile))
        self.refresh()

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(280, 260)

    def set_letter(self, letter: str) -> None:
        """Mark it as one of the two that are compared."""
        self.letter = letter
        self.refresh()

    def refresh(self) -> None:
        """Show how it stands."""
        tile, wall = self.tile, self.wall
        title = f"{self.letter}  {tile.entry.title}" if self.letter else tile.entry.title
        metrics = self.title.fontMetrics()
        self.title.setText(
            metrics.elidedText(title, Qt.TextElideMode.ElideRight, max(self.width() - 84, 60))
        )
        if tile.pixels is not self._shown:
            self._shown = tile.pixels
            self.pane.show_images(None if tile.pixels is None else to_image(tile.pixels))
        self.pane.faint = tile.pixels is not None and tile.state in ("waiting", "painting")
        self.pane.update()
        self.said.setText(self._sentence())
        foot = self._figures()
        elide = Qt.TextElideMode.ElideRight
        self.foot.setText(metrics.elidedText(foot, elide, max(self.width() - 14, 60)))
        doubt = tile.sentence if tile.state == "done" else ""
        self.foot.setToolTip(
            self.tr(
                "Seconds for the picture alone, with the model open. Memory: the most that a "
                "process of its own needed for model and picture, without the graphics card's."
            )
        )
        self.setToolTip("\n".join(text for text in (tile.entry.title, doubt) if text))
        self.setAccessibleDescription(" ".join(t for t in (self._sentence(), self._figures()) if t))
        self.keep.setEnabled(tile.pixels is not None)
        self.adopt.setEnabled(not wall.used(tile))
        self.update()

    def _sentence(self) -> str:
        tile = self.tile
        if tile.state == "cannot":
            return tile.sentence
        if tile.pixels is not None:
            return ""
        if tile.state == "painting":
            return self.tr("Paints …")
        return self.tr("Waits while you paint") if self.wall.waiting else self.tr("Waits")

    def _figures(self) -> str:
        tile = self.tile
        if tile.pixels is None:
            return ""
        height, width = tile.pixels.shape[:2]
        took = (
            "<0.01"
            if tile.seconds < 0.01
            else f"{tile.seconds:.2f}"
            if tile.seconds < 10
            else f"{tile.seconds:.0f}"
        )
        parts = [self.tr("{0} s").format(took)]
        if tile.memory is not None:
            parts.append(memory_text(tile.memory))
        parts += [tile.provider.upper(), f"{width} × {height}"]
        if tile.sentence and tile.state == "done":
            parts.append(tile.sentence)
        return " · ".join(parts)

    def _clicked(self) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self.chosen.emit(self.tile)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        key = event.key()
        if key == Qt.Key.Key_Space:
            self.chosen.emit(self.tile)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit(self.tile)
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        if (layout := self.layout()) is not None:
            layout.activate()
        self.said.setGeometry(self.pane.rect().adjusted(12, 4, -12, -4))
        self.refresh()

    def focusInEvent(self, event: object) -> None:  # noqa: N802
        self.update()

    def focusOutEvent(self, event: object) -> None:  # noqa: N802
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        look, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        edge = look.focus if self.hasFocus() else look.accent if self.letter else look.edge
        pen = painter.pen()
        pen.setColor(QColor(edge))
        pen.setWidth(2 if self.hasFocus() or self.letter else 1)
        painter.setPen(pen)
        painter.setBrush(QColor(look.raised))
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -2, -2), 6, 6)


class Tiles(QWidget):
    """Lays tiles out so that their pictures are as large as there is room for."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.views: list[TileView] = []
        self.only: TileView | None = None
        self.shape = 1.0  # width over height of the pictures

    def lay_out(self) -> None:
        """Put every tile in its place."""
        shown = [self.only] if self.only is not None else self.views
        for view in self.views:
            view.setVisible(view in shown)
        if not shown:
            return
        columns = max(range(1, len(shown) + 1), key=lambda n: self._side(n, len(shown)))
        rows = math.ceil(len(shown) / columns)
        wide = (self.width() - _GAP * (columns - 1)) // columns
        high = (self.height() - _GAP * (rows - 1)) // rows
        for place, view in enumerate(shown):
            row, column = divmod(place, columns)
            view.setGeometry(QRect(column * (wide + _GAP), row * (high + _GAP), wide, high))

    def _side(self, columns: int, count: int) -> float:
        """The height of a picture in so many columns."""
        rows = math.ceil(count / columns)
        wide = self.width() / columns - _GAP - 12
        return min(wide / self.shape, self.height() / rows - _GAP - _AROUND)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        self.lay_out()
