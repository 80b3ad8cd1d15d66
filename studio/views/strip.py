"""The strip of the last results: go back to one, compare with it, drag it out."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, QSize, Qt, QUrl, Signal
from PySide6.QtGui import QDrag, QMouseEvent, QPixmap
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QLabel,
    QListView,
    QListWidget,
    QListWidgetItem,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from engines.errors import UserError
from studio.document.carried import Result
from studio.models.images import to_image
from studio.models.results import Results
from studio.views.control import tool
from studio.views.icons import picture

THUMBNAIL = QSize(112, 84)


class Dragged(QListWidget):
    """A list whose items leave as PNG files with their request inside."""

    problem = Signal(str)

    def __init__(self, carry: Callable[[int], Path], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._carry = carry
        self._pressed: QPoint | None = None

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self._pressed = event.position().toPoint()
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if self._pressed is None or not event.buttons() & Qt.MouseButton.LeftButton:
            return
        moved = (event.position().toPoint() - self._pressed).manhattanLength()
        item = self.itemAt(self._pressed)
        if item is None or moved < QApplication.startDragDistance():
            return
        self._pressed = None
        try:
            path = self._carry(self.row(item))
        except UserError as error:
            self.problem.emit(str(error))
            return
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path))])
        drag = QDrag(self)
        drag.setMimeData(data)
        drag.setPixmap(item.icon().pixmap(THUMBNAIL))
        drag.exec(Qt.DropAction.CopyAction)


class Strip(QWidget):
    """The last ten results, newest first."""

    problem = Signal(str)
    keep_asked = Signal()  # the picture as it stands, into the gallery
    compared = Signal(object)  # pixels while the button is held, None afterwards

    def __init__(
        self, results: Results, carry: Callable[[Result], Path], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.results = results
        self.list = Dragged(lambda row: carry(results.items[row]), self)
        self.list.setViewMode(QListView.ViewMode.IconMode)
        self.list.setFlow(QListView.Flow.LeftToRight)
        self.list.setWrapping(False)
        self.list.setMovement(QListView.Movement.Static)
        self.list.setIconSize(THUMBNAIL)
        self.list.setSpacing(4)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.list.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setAccessibleName(self.tr("Last results"))
        self.empty = QLabel(
            self.tr("Pictures that you pause on are kept here, the last ten. Click one to go back.")
        )
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.hold = tool(self, "compare", self.tr("Hold to compare with the chosen result"))
        self.hold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self.keep = tool(self, "plus", self.tr("Keep this picture in the gallery"))
        buttons = QVBoxLayout()
        buttons.addWidget(self.hold)
        buttons.addWidget(self.keep)
        buttons.addStretch(1)
        self.stack = QStackedLayout()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self.list)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 6, 8, 6)
        row.addLayout(buttons)
        row.addLayout(self.stack, 1)
        self.list.problem.connect(self.problem)
        self.list.itemClicked.connect(self._restore)
        self.list.itemActivated.connect(self._restore)
        self.hold.pressed.connect(self._compare)
        self.hold.released.connect(lambda: self.compared.emit(None))
        self.keep.clicked.connect(self.keep_asked)
        results.changed.connect(self.rebuild)
        self.rebuild()

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(400, THUMBNAIL.height() + 40)

    def rebuild(self) -> None:
        """Show the results."""
        self.list.clear()
        for number, result in enumerate(self.results.items):
            image = to_image(result.pixels)
            fitted = image.scaled(
                THUMBNAIL * 2,
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
            item = QListWidgetItem(picture(QPixmap.fromImage(fitted)), "")
            height, width = result.pixels.shape[:2]
            item.setToolTip(
                self.tr("{0} × {1}; click to go back to it, drag it out to keep it").format(
                    width, height
                )
            )
            item.setData(
                Qt.ItemDataRole.AccessibleTextRole, self.tr("Result {0}").format(number + 1)
            )
            self.list.addItem(item)
        self.stack.setCurrentIndex(1 if self.results.items else 0)
        self.hold.setEnabled(bool(self.results.items))

    def _restore(self, item: QListWidgetItem) -> None:
        row = self.list.row(item)
        if 0 <= row < len(self.results.items):
            self.results.restore(self.results.items[row])

    def _compare(self) -> None:
        items, row = self.results.items, self.list.currentRow()
        if row < 0:  # The newest is what is shown now, as a rule.
            row = 1 if len(items) > 1 else 0
        if row < len(items):
            self.compared.emit(items[row].pixels)
