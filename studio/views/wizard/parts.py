"""What the wizard's pages are made of."""

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFormLayout,
    QFrame,
    QHeaderView,
    QLabel,
    QScrollArea,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from studio.models.plan import Plan


class Page(QScrollArea):
    """A page of the wizard: a column that scrolls where it must."""

    def __init__(self, plan: Plan, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plan = plan
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside = QWidget(self)
        self.column = QVBoxLayout(inside)
        self.column.setContentsMargins(16, 12, 16, 12)
        self.column.setSpacing(10)
        self.setWidget(inside)

    def entitle(self, title: str, told: str) -> None:
        """Begin the page with its title and what it is for."""
        label = heading(title, self)
        label.setObjectName("page-title")
        self.column.addWidget(label)
        self.column.addWidget(muted(self, told))

    def refresh(self) -> None:
        """Show the plan as it is."""
        raise NotImplementedError


class Sign(QWidget):
    """An icon in the colours of the theme that is worn, whenever another is put on."""

    def __init__(self, parent: QWidget, side: int = 18) -> None:
        super().__init__(parent)
        self._icon = QIcon()
        self.setFixedSize(side, side)

    def show_icon(self, shown: QIcon) -> None:
        """Show this one."""
        self._icon = shown
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        self._icon.paint(painter, self.rect())
        painter.end()


def aligned(rows: QFormLayout) -> None:
    """Put the labels of a form at the height of what they name."""
    for row in range(rows.rowCount()):
        field = rows.itemAt(row, QFormLayout.ItemRole.FieldRole)
        widget = field.widget() if field is not None else None
        label = rows.labelForField(widget) if widget is not None else None
        if widget is not None and label is not None:
            label.setFixedHeight(widget.sizeHint().height())


def heading(text: str, parent: QWidget) -> QLabel:
    """The title of a page or of a part of one."""
    label = plain(parent, text)
    label.setObjectName("title")
    return label


def plain(parent: QWidget, text: str = "") -> QLabel:
    """Words as they are, wrapped."""
    label = QLabel(text, parent)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label


def muted(parent: QWidget, text: str = "") -> QLabel:
    """Quiet words."""
    label = plain(parent, text)
    label.setObjectName("muted")
    return label


def table(parent: QWidget, name: str, columns: list[str]) -> QTableWidget:
    """A table that is read, a row chosen at a time."""
    made = QTableWidget(0, len(columns), parent)
    made.setAccessibleName(name)
    made.setHorizontalHeaderLabels(columns)
    made.verticalHeader().hide()
    made.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    made.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    made.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    made.setTabKeyNavigation(False)
    made.setShowGrid(False)
    made.setWordWrap(False)
    header = made.horizontalHeader()
    header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    header.setHighlightSections(False)
    return made


def put(
    made: QTableWidget, row: int, column: int, text: str, right: bool = False
) -> QTableWidgetItem:
    """Write a cell; the item that is there is kept."""
    item = made.item(row, column)
    if item is None:
        item = QTableWidgetItem()
        made.setItem(row, column, item)
    item.setText(text)
    item.setToolTip(text)
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
    return item


def fill(box: QComboBox, items: list[str], row: int) -> None:
    """Offer these, of which one is chosen."""
    box.blockSignals(True)
    if [box.itemText(i) for i in range(box.count())] != items:
        box.clear()
        box.addItems(items)
    box.setCurrentIndex(row)
    box.blockSignals(False)


def swatch(color: str, side: int = 16) -> QIcon:
    """A square of a colour."""
    return QIcon(square(color, side))


def square(color: str, side: int = 16) -> QPixmap:
    """A square of a colour with an edge."""
    pixmap = QPixmap(QSize(side, side))
    pixmap.fill(QColor(color))
    painter = QPainter(pixmap)
    painter.setPen(QColor(0, 0, 0, 90))
    painter.drawRect(QRect(0, 0, side - 1, side - 1))
    painter.end()
    return pixmap
