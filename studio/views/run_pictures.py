"""Pictures that a run shows: from files, as wide as there is room."""

from pathlib import Path

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QImageReader, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from studio.models.gallery_runs import nearest_names, nearest_of
from studio.views import theme
from studio.views.control import tool
from studio.views.icons import icon

LONGEST = 2  # times as wide as high
MOST_PIXELS = 64_000_000
State = tuple[Path, int] | None


def read_picture(path: Path | None) -> QPixmap:
    """A picture from a file of a run; empty where it cannot be read or is far too large."""
    if path is None or not path.is_file():  # A pipe would keep us waiting for ever.
        return QPixmap()
    reader = QImageReader(str(path))
    reader.setDecideFormatFromContent(False)
    size = reader.size()
    if not size.isValid() or size.width() * size.height() > MOST_PIXELS:
        return QPixmap()
    image = reader.read()
    return QPixmap() if image.isNull() else QPixmap.fromImage(image)


def state_of(path: Path | None) -> State:
    """What tells whether a file is another one; None where there is none."""
    try:
        return (path, path.stat().st_mtime_ns) if path is not None else None
    except OSError:
        return None


class Fitted(QWidget):
    """A picture as wide as there is room, not wider than twice its own pixels. Of a long strip as
    much is shown from its left as can be seen well.
    """

    def __init__(self, parent: QWidget, longest: float = LONGEST) -> None:
        super().__init__(parent)
        self.longest = longest
        self._pixmap = QPixmap()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def put(self, pixmap: QPixmap) -> None:
        """Show this one."""
        cut = round(min(float(pixmap.width()), self.longest * pixmap.height()))
        self._pixmap = pixmap.copy(0, 0, cut, pixmap.height()) if cut else pixmap
        self._settle()
        self.update()

    def _settle(self) -> None:
        self.setFixedHeight(self._size().height())

    def _size(self) -> QSize:
        if self._pixmap.isNull():
            return QSize(0, 0)
        width = min(self.width(), 2 * self._pixmap.width())
        return QSize(width, max(1, width * self._pixmap.height() // self._pixmap.width()))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._settle()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        if self._pixmap.isNull():
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawPixmap(QRect(self.rect().topLeft(), self._size()), self._pixmap)
        painter.end()


class Sheet(QFrame):
    """The validation pictures: real ones, below them the model's, and below those the training
    pictures that are nearest to them, column by column. Hidden while there are none.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.told = QLabel(self)
        self.told.setObjectName("muted")
        self.told.setWordWrap(True)
        self.closer = tool(self, "zoom-in", self.tr("Look closer at these pictures"))
        self.closer.clicked.connect(self._look_closer)
        self.picture = Fitted(self)
        row = QHBoxLayout()
        row.addWidget(self.told, 1)
        row.addWidget(self.closer, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self.picture)
        self._state: tuple[State, State] | None = None
        self._whole = QPixmap()
        self._names: list[str] = []
        self.hide()

    def show_file(self, sheet: Path | None) -> None:
        """Show a sheet and what lies beside it, where it can be read and is not shown already."""
        nearest = nearest_of(sheet) if sheet is not None else None
        state = state_of(sheet), state_of(nearest)
        if state == self._state:
            return
        self._state = state
        self._names = nearest_names(sheet) if sheet is not None else []
        above = read_picture(sheet) if state[0] is not None else QPixmap()
        below = read_picture(nearest) if state[1] is not None else QPixmap()
        both = not above.isNull() and not below.isNull()
        self.told.setText(
            self.tr(
                "From above: real pictures, the model’s for them, and what it learned from that "
                "is nearest to its own"
            )
            if both
            else self.tr("Real pictures, and below them the model’s")
        )
        self.picture.setAccessibleName(self.told.text())
        self.picture.setToolTip(self._named() if both else "")
        self._whole = stacked(above, below) if both else above
        # One row more, and as many columns as before.
        self.picture.longest = LONGEST * above.height() / max(1, self._whole.height())
        self.picture.put(self._whole)
        self.setVisible(not above.isNull())

    def _named(self) -> str:
        if not self._names:
            return ""
        return self.tr("Nearest, from the left: {0}").format(", ".join(self._names))

    def _look_closer(self) -> None:
        dialog = SheetDialog(self._whole, self.told.text(), self._named(), self.window())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.show()


class SheetDialog(QDialog):
    """A whole sheet of pictures, as large as the window lets it be."""

    def __init__(
        self, pixmap: QPixmap, told: str, named: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Pictures of the validation"))
        inside = QWidget(self)
        self.picture = Fitted(inside, float("inf"))
        self.picture.setAccessibleName(told)
        column = QVBoxLayout(inside)
        for text in (told, named):
            label = QLabel(text, inside)
            label.setWordWrap(True)
            label.setObjectName("muted")
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label.setVisible(bool(text))
            column.addWidget(label)
        column.addWidget(self.picture)
        column.addStretch(1)
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(inside)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scroll)
        self.resize(1080, 520)
        self.picture.put(pixmap)


def stacked(above: QPixmap, below: QPixmap) -> QPixmap:
    """One picture below another, with a gap; the lower one is cut or filled to the same width."""
    gap = max(2, above.height() // 64)
    whole = QPixmap(above.width(), above.height() + gap + below.height())
    whole.fill(Qt.GlobalColor.transparent)
    painter = QPainter(whole)
    painter.drawPixmap(0, 0, above)
    painter.drawPixmap(0, above.height() + gap, below)
    painter.end()
    return whole


def thumbnail(path: Path | None, sheet: bool, room: QSize) -> QPixmap:
    """A small picture of a file, on a plain ground; of a sheet, the first picture that was made."""
    full = read_picture(path)
    if sheet and not full.isNull():
        side = full.height() // 2
        full = full.copy(0, side, min(side, full.width()), side)
    made = QPixmap(room)
    made.fill(QColor(theme.current().raised))
    painter = QPainter(made)
    if full.isNull():
        icon("photo", "disabled").paint(painter, made.rect().adjusted(0, 24, 0, -24))
        painter.end()
        return made
    fitted = full.scaled(
        room,
        Qt.AspectRatioMode.KeepAspectRatioByExpanding,
        Qt.TransformationMode.SmoothTransformation,
    )
    spot = (room.width() - fitted.width()) // 2, (room.height() - fitted.height()) // 2
    painter.drawPixmap(*spot, fitted)
    painter.end()
    return made
