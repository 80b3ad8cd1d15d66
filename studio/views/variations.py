"""Variations: what is varied on the left, the grid of pictures on the right."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QProgressBar,
    QPushButton,
    QSlider,
    QSpinBox,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.document.carried import Result
from studio.models.variations import Variation, Variations
from studio.models.variety import MOST_STEPS
from studio.views.control import tool
from studio.views.grid import GridModel, GridView
from studio.views.icons import icon
from studio.views.tiles import LARGEST, SMALLEST
from studio.views.words import span_text


class AxisRow(QWidget):
    """One thing that varies, and in how many steps."""

    def __init__(self, variations: Variations, place: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.variety, self.place = variations.variety, place
        self.list = QComboBox(self)
        self.count = QSpinBox(self)
        self.count.setRange(1, MOST_STEPS)
        self.count.setKeyboardTracking(False)
        self.count.setFixedWidth(64)
        what = (self.tr("What varies"), self.tr("What varies as well"))[place]
        steps = (self.tr("Steps"), self.tr("Steps of the second"))[place]
        self.list.setAccessibleName(what)
        self.list.setToolTip(what)
        self.list.setMinimumContentsLength(12)
        self.list.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.count.setAccessibleName(steps)
        self.count.setToolTip(steps)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.list, 1)
        row.addWidget(self.count)
        self.list.activated.connect(self._chosen)
        self.count.valueChanged.connect(lambda n: self.variety.set_count(place, n))
        self.variety.changed.connect(self.refresh)
        self.refresh()

    def _chosen(self, row: int) -> None:
        key = self.list.itemData(row)
        axis = next((axis for axis in self.variety.axes if axis.key == key), None)
        self.variety.choose(self.place, axis)

    def refresh(self) -> None:
        """Show what the model has, and what is chosen."""
        variety = self.variety
        axis = (variety.first, variety.second)[self.place]
        self.list.blockSignals(True)
        self.count.blockSignals(True)
        self.list.clear()
        if self.place:
            self.list.addItem(self.tr("Nothing else"), "")
        for each in variety.axes:
            if self.place == 0 or each != variety.first:
                self.list.addItem(variety.title(each), each.key)
        self.list.setCurrentIndex(max(self.list.findData(axis.key if axis else ""), 0))
        self.list.setEnabled(self.list.count() > self.place)
        most = variety.available(axis) if axis is not None else MOST_STEPS
        self.count.setRange(1, max(most, 1))
        self.count.setValue(variety.counts[self.place])
        self.count.setEnabled(axis is not None)
        self.list.blockSignals(False)
        self.count.blockSignals(False)


class VariationsPanel(QWidget):
    """All of it. The signals carry what the window does with chosen cells."""

    compared = Signal(object)  # pixels while the button is held, None afterwards
    compare_asked = Signal(object)  # list of (pixels, title)
    export_asked = Signal(object)  # list of Variation

    def __init__(
        self,
        variations: Variations,
        keep: Callable[[Sequence[Result]], None],
        parent: QWidget | None = None,
    ) -> None:
        """`keep` is called with the results that go to the gallery."""
        super().__init__(parent)
        self.variations, self._keep = variations, keep
        self.model = GridModel(variations, self)
        self.view = GridView(self.model, self)
        self.first, self.second = AxisRow(variations, 0, self), AxisRow(variations, 1, self)
        self.sizes = QComboBox(self)
        self.sizes.setAccessibleName(self.tr("Size of the variations"))
        self.go = QPushButton(icon("play", "on_accent"), self.tr("Render"), self)
        self.go.setDefault(True)
        self.progress = QProgressBar(self)
        self.progress.setRange(0, 1000)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(self.tr("Progress of the variations"))
        self.told = QLabel(self)
        self.told.setObjectName("muted")
        self.told.setWordWrap(True)
        self.told.setAccessibleName(self.tr("State of the variations"))
        self._put_together()
        self.go.clicked.connect(self._start_or_cancel)
        self.sizes.activated.connect(lambda row: variations.variety.set_full(row == 1))
        self.view.used.connect(variations.pick)
        self.view.customContextMenuRequested.connect(self._menu)
        self.view.selectionModel().selectionChanged.connect(lambda *_: self._refresh_tools())
        self.model.modelReset.connect(self._refresh_tools)
        for signal in (variations.progressed, variations.ended, variations.begun):
            signal.connect(self.refresh)
        for source in (variations.changed, variations.variety.changed):
            source.connect(self.refresh)
        session = variations.session
        session.scene_changed.connect(lambda before, now: self.refresh())
        session.scene_changed.connect(lambda before, now: self.view.viewport().update())
        session.stepped.connect(self.refresh)
        variations.cell_changed.connect(lambda cell: self._refresh_tools())
        self.refresh()

    def _put_together(self) -> None:
        side = QWidget(self)
        side.setFixedWidth(212)
        column = QVBoxLayout(side)
        column.setContentsMargins(12, 8, 8, 10)
        column.setSpacing(8)
        for text, widget in (
            (self.tr("Vary"), self.first),
            (self.tr("against"), self.second),
            (self.tr("Size"), self.sizes),
        ):
            label = QLabel(text, side)
            label.setBuddy(widget if isinstance(widget, QComboBox) else widget.list)
            column.addWidget(label)
            column.addWidget(widget)
        column.addSpacing(4)
        column.addWidget(self.go)
        column.addWidget(self.progress)
        column.addWidget(self.told)
        column.addStretch(1)
        self.empty = QLabel(
            self.tr(
                "Choose what shall vary and press Render.\n"
                "The pictures come one by one while you paint on; painting never waits for them."
            )
        )
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.stack = QStackedWidget(self)
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self.view)
        right = QVBoxLayout()
        right.setContentsMargins(0, 6, 8, 6)
        right.setSpacing(4)
        right.addLayout(self._tools())
        self.meaning = QLabel(self)
        self.meaning.setObjectName("muted")
        self.meaning.hide()
        right.addWidget(self.meaning)
        right.addWidget(self.stack, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(side)
        row.addLayout(right, 1)

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(860, 400)

    def _tools(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(2)
        self.use = self._tool(row, "check", self.tr("Use this one"), self._use, words=True)
        self.pin = self._tool(row, "pin", self.tr("Pin: keep beside the next grids"), self._pin)
        self.pin.setCheckable(True)
        self.compare = self._tool(
            row, "compare", self.tr("Compare two, or one with the picture"), self._compare
        )
        self.hold = self._tool(row, "eye", self.tr("Hold to see it in the picture's place"), None)
        self.hold.pressed.connect(self._show_held)
        self.hold.released.connect(lambda: self.compared.emit(None))
        self.gallery = self._tool(row, "gallery", self.tr("Send to the gallery"), self._send)
        self.export = self._tool(row, "export", self.tr("Export …"), self._export)
        row.addStretch(1)
        self.zoom = QSlider(Qt.Orientation.Horizontal, self)
        self.zoom.setRange(SMALLEST, LARGEST)
        self.zoom.setValue(self.view.tiles.side)
        self.zoom.setFixedWidth(96)
        self.zoom.setAccessibleName(self.tr("Size of the tiles"))
        self.zoom.setToolTip(self.tr("Size of the tiles"))
        self.zoom.valueChanged.connect(self.view.set_side)
        self.view.resided.connect(self._show_side)
        row.addWidget(self.zoom)
        return row

    def _show_side(self, side: int) -> None:
        self.zoom.blockSignals(True)
        self.zoom.setValue(side)
        self.zoom.blockSignals(False)

    def _tool(
        self,
        row: QHBoxLayout,
        name: str,
        text: str,
        do: Callable[[], None] | None,
        words: bool = False,
    ) -> QToolButton:
        button = tool(self, name, text)
        if words:
            button.setText(text)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        if do is not None:
            button.clicked.connect(lambda on=False: do())
        row.addWidget(button)
        return button

    # What is done with the chosen ones ------------------------------------------------------------

    def _done(self) -> list[Variation]:
        return [cell for cell in self.view.chosen() if cell.result is not None]

    def _use(self) -> None:
        for cell in self._done()[:1]:
            self.variations.pick(cell)

    def _pin(self) -> None:
        cells = self._done()
        on = not all(cell.pinned for cell in cells)
        for cell in cells:
            self.variations.pin(cell, on)
        if not on:
            self.model.rebuild()  # What was pinned of an earlier grid goes.

    def _compare(self) -> None:
        found = [(cell.result.pixels, cell.title) for cell in self._done()[:2] if cell.result]
        self.compare_asked.emit(found)

    def _show_held(self) -> None:
        for cell in self._done()[:1]:
            if cell.result is not None:
                self.compared.emit(cell.result.pixels)

    def _send(self) -> None:
        self._keep([cell.result for cell in self._done() if cell.result is not None])

    def _export(self) -> None:
        self.export_asked.emit(self._done() or [c for c in self._cells() if c.result is not None])

    def _cells(self) -> list[Variation]:
        grid = self.variations.grid
        return [*self.variations.earlier, *(grid.cells if grid is not None else [])]

    def _menu(self, spot: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for button in (self.use, self.pin, self.compare, self.gallery, self.export):
            action = menu.addAction(button.icon(), button.accessibleName())
            action.setEnabled(button.isEnabled())
            action.triggered.connect(button.click)
        menu.popup(self.view.viewport().mapToGlobal(spot))

    # What is shown ------------------------------------------------------------------------------

    def _start_or_cancel(self) -> None:
        if self.variations.running:
            self.variations.cancel()
        else:
            self.variations.start()

    def _refresh_tools(self) -> None:
        done = self._done()
        for button in (self.use, self.pin, self.compare, self.hold, self.gallery):
            button.setEnabled(bool(done))
        self.export.setEnabled(any(cell.result is not None for cell in self._cells()))
        self.pin.setChecked(bool(done) and all(cell.pinned for cell in done))

    def refresh(self) -> None:
        """Show how it stands."""
        variations, variety = self.variations, self.variations.variety
        running, reason, grid = variations.running, variety.reason, variations.grid
        if grid is not None and grid.matrix:
            text = self.tr("Across: {0}. Down: {1}.")
            self.meaning.setText(text.format(*grid.titles))
        self.meaning.setVisible(grid is not None and grid.matrix)
        self.stack.setCurrentIndex(1 if grid is not None else 0)
        text = self.tr("Cancel") if running else self.tr("Render {0} pictures")
        self.go.setText(text.format(variety.cells))
        self.go.setIcon(icon("cancel" if running else "play", "on_accent"))
        self.go.setEnabled(running or not reason)
        self.progress.setVisible(running)
        self.progress.setValue(round(variations.share * 1000))
        self.told.setText(self._state(reason))
        sizes = variety.sizes()
        self.sizes.setEnabled(sizes is not None and sizes[0] != sizes[1])
        self.sizes.clear()
        for name, place in ((self.tr("Draft"), 0), (self.tr("Full"), 1)):
            shown = f", {sizes[place][1]} × {sizes[place][0]}" if sizes is not None else ""
            self.sizes.addItem(name + shown)
        self.sizes.setCurrentIndex(1 if variety.full else 0)
        self._refresh_tools()

    def _state(self, reason: str) -> str:
        variations = self.variations
        if variations.waiting:
            return self.tr("Waits while you paint")
        if variations.running:
            left = variations.seconds_left
            if left is None:
                return self.tr("Getting ready")
            return self.tr("{0} left").format(span_text(left))
        if reason:
            return reason
        if variations.behind:
            return self.tr("The layout has changed since; render again to follow it.")
        return ""
