"""A well for a picture: drop one in, paste it, browse for it, or take one of the bundled ones."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QIcon,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
)
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QToolButton, QVBoxLayout, QWidget

from studio.document.scene import Picture
from studio.lanes.reader import Reader
from studio.models.images import to_image
from studio.models.pictures import Dropped, named, reading, styles
from studio.views import dialogs, theme
from studio.views.control import tool
from studio.views.icons import picture

SIDE = 96


class Well(QFrame):
    """Shows a picture; `given` when another comes, None when it is taken out."""

    given = Signal(object)  # Picture | None
    refused = Signal(str)

    def __init__(self, label: str, height: int = SIDE, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(label)
        self.setToolTip(
            self.tr("Drop a picture, paste one with Ctrl+V, or click to browse for one")
        )
        self.setFixedHeight(height)
        self.setMinimumWidth(SIDE)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._pixmap: QPixmap | None = None
        self._over = False
        self._waits = ""  # the name of a picture that is long in coming
        self._reader = Reader(self)
        self._reader.waits.connect(self._wait)
        self._reader.problem.connect(self.refused)

    def show_picture(self, picture: Picture | None) -> None:
        """Show a picture, or that there is none."""
        self._pixmap = None if picture is None else QPixmap.fromImage(to_image(picture.pixels))
        name = "" if picture is None else picture.name
        self.setAccessibleDescription(name or self.tr("empty"))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        area = self.rect().adjusted(1, 1, -2, -2)
        lit = self._over or self.hasFocus()
        pen = painter.pen()
        pen.setColor(QColor(look.accent if lit else look.outline))
        pen.setWidth(2 if lit else 1)
        if self._pixmap is None:
            pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.setBrush(QColor(look.field))
        painter.drawRoundedRect(area, 6, 6)
        if self._pixmap is None or self._waits:
            painter.setPen(QColor(look.muted))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            waits, text = self.tr("Reading {0} …").format(self._waits), self.tr("Drop a picture")
            room = area.adjusted(8, 4, -8, -4)
            painter.drawText(room, int(flags), waits if self._waits else text)
            return
        room = area.adjusted(4, 4, -4, -4)
        size = self._pixmap.size().scaled(room.size(), Qt.AspectRatioMode.KeepAspectRatio)
        left = room.x() + (room.width() - size.width()) // 2
        top = room.y() + (room.height() - size.height()) // 2
        painter.drawPixmap(left, top, size.width(), size.height(), self._pixmap)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.pos()):
            self.browse()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.matches(QKeySequence.StandardKey.Paste):
            self.paste()
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.given.emit(None)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.browse()
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        if Dropped.possible(event.mimeData()):
            event.acceptProposedAction()
            self._over = True
            self.update()

    def dragLeaveEvent(self, event: object) -> None:  # noqa: N802
        self._over = False
        self.update()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        self._over = False
        event.acceptProposedAction()
        self._reader.read(reading(event.mimeData()), self._take, named(event.mimeData()))

    def browse(self) -> None:
        """Ask for a file."""
        path = dialogs.ask_picture(self, self.accessibleName())
        if path is not None:
            self._reader.read(partial(Dropped.read, path), self._take, path.name)

    def paste(self) -> None:
        """Take what is in the clipboard."""
        data = QGuiApplication.clipboard().mimeData()
        self._reader.read(reading(data), self._take, named(data))

    def _wait(self, name: str) -> None:
        self._waits = name
        self.update()

    def _take(self, found: Dropped) -> None:
        self.update()
        if found.picture is not None:
            self.given.emit(found.picture)
        else:
            self.refused.emit(found.problem)


class PictureWell(QWidget):
    """A well with its label, its buttons and the bundled pictures."""

    given = Signal(object)
    refused = Signal(str)

    def __init__(self, label: str, height: int = SIDE, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.well = Well(label, height, self)
        self.name = QLabel(label, self)
        self.name.setBuddy(self.well)
        self.bundled = tool(self, "gallery", self.tr("Bundled pictures for {0}").format(label))
        self.bundled.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.bundled.setMenu(self._menu())
        self.clear = tool(self, "close", self.tr("Take the picture out of {0}").format(label))
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.addWidget(self.name, 1)
        head.addWidget(self.bundled)
        head.addWidget(self.clear)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self.well)
        self.well.given.connect(self.given)
        self.well.refused.connect(self.refused)
        self.clear.clicked.connect(lambda: self.given.emit(None))
        self.show_picture(None)

    def show_picture(self, picture: Picture | None) -> None:
        """Show a picture, or that there is none."""
        self.well.show_picture(picture)
        self.clear.setEnabled(picture is not None)

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        menu.aboutToShow.connect(lambda: self._fill(menu))
        return menu

    def _fill(self, menu: QMenu) -> None:
        """List the bundled pictures, when they are asked for: reading them takes its time."""
        if not menu.isEmpty():
            return
        for path in styles():
            title = path.stem.replace("-", " ").replace("_", " ").capitalize()
            action = menu.addAction(_thumbnail(path), title)
            action.triggered.connect(lambda checked=False, path=path: self._bundled(path))
        if menu.isEmpty():
            menu.addAction(self.tr("None are bundled")).setEnabled(False)

    def _bundled(self, path: Path) -> None:
        found = Dropped.read(path)
        if found.picture is not None:
            self.given.emit(found.picture)
        else:
            self.refused.emit(found.problem)


def _thumbnail(path: Path) -> QIcon:
    pixmap = QPixmap(str(path))
    size = QSize(32, 32)
    return picture(pixmap.scaled(size, Qt.AspectRatioMode.KeepAspectRatioByExpanding))
