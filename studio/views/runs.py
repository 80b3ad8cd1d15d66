"""The panel of trainings: the gallery of runs, and the chosen one."""

import html
from pathlib import Path

from PySide6.QtCore import QSettings, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDropEvent,
    QIcon,
    QPixmap,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from studio.lanes.runs import Follow
from studio.lanes.work import WorkLane
from studio.models.gallery_runs import SORTS, figures_of, picture_of, sort_runs
from studio.models.timeslider import TimeSlider
from studio.models.training import Training
from studio.views.control import tool
from studio.views.dialogs import ask_folder
from studio.views.icons import icon, picture
from studio.views.run_compare import RunCompareDialog
from studio.views.run_detail import LIVE, RunDetail, percent
from studio.views.run_pictures import State, state_of, thumbnail
from studio.views.training import TrainingDialog, dropped_folder
from studio.views.wizard.waiting import QueueView
from studio.views.words import figure_text, sort_text, span_text, status_text

THUMBNAIL = QSize(72, 54)
WIDE = 900  # logical pixels that have room for the list beside the run
ABOVE = 176  # of the list above the run, at first
MOST_HIGH = 16_777_215  # as Qt has it
SORT = "training/sort"  # where the order is remembered


class TrainingPanel(QWidget):
    """Shows what `Training` follows. `problem` tells a sentence for the artist; `shown` carries a
    picture that shall take the canvas's place, or None.
    """

    problem = Signal(str)
    shown = Signal(object)

    def __init__(
        self,
        training: Training,
        work: WorkLane,
        parent: QWidget | None = None,
        slider: TimeSlider | None = None,
    ) -> None:
        super().__init__(parent)
        self.training, self._work = training, work
        self._order: list[Follow] = []
        self._icons: dict[Path, tuple[State, QIcon]] = {}  # each with the file that it is of
        room = QPixmap(THUMBNAIL * 2)
        room.fill(Qt.GlobalColor.transparent)
        self._blank = picture(room)  # while its own is not drawn
        self._undrawn: dict[Path, Follow] = {}
        self._drawing = QTimer(self, singleShot=True, interval=0)
        self._drawing.timeout.connect(self._draw_next)
        self._mute: dict[int, tuple[Path, str]] = {}  # followed folders that show nothing
        self.setAccessibleName(self.tr("Trainings"))
        self.setAcceptDrops(True)
        self.new = QPushButton(icon("train"), self.tr("Train your own …"), self)
        self.new.setAccessibleName(self.tr("Train your own …"))
        self.new.clicked.connect(self.open_dialog)
        self.list = QListWidget(self)
        self.list.setAccessibleName(self.tr("List of trainings"))
        self.list.setIconSize(THUMBNAIL)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.currentRowChanged.connect(self._chosen)
        self.list.itemSelectionChanged.connect(self._offer_compare)
        self.detail = RunDetail(training, slider, self)
        self.detail.shown.connect(self.shown)
        self.detail.buttons.duplicate_asked.connect(self.duplicate)
        self.detail.buttons.tune_asked.connect(self.tune)
        self.empty = QLabel(
            self.tr(
                "No training yet.\n\nPress “Train your own” and choose a folder of pictures, or "
                "drop one here: a model learns to paint like them. It trains beside your painting "
                "and goes on when the studio is closed."
            ),
            self,
        )
        self.empty.setWordWrap(True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setObjectName("muted")
        self.empty.setMargin(24)
        self.pages = QStackedWidget(self)
        self.pages.addWidget(self.empty)
        self.pages.addWidget(self._make_split())
        column = QVBoxLayout(self)
        column.addLayout(self._head())
        self.queue = QueueView(training, self)
        self.queue.change.connect(lambda entry: self.open_dialog().take(entry.order, entry.key))
        column.addWidget(self.queue)
        column.addWidget(self.pages, 1)
        column.addWidget(self._make_elsewhere())
        training.listed.connect(self._list)
        training.changed.connect(self._changed)
        training.problem.connect(self.problem)
        self._list()

    def _head(self) -> QHBoxLayout:
        self.follow = tool(
            self, "follow", self.tr("Follow a folder that another computer writes …")
        )
        self.follow.clicked.connect(self.follow_folder)
        row = QHBoxLayout()
        row.addWidget(self.new, 1)
        row.addWidget(self.follow)
        return row

    def _make_split(self) -> QSplitter:
        self.sort = QComboBox(self)
        self.sort.setAccessibleName(self.tr("Order of the trainings"))
        for how in SORTS:
            self.sort.addItem(sort_text(how), how)
        kept = self.sort.findData(QSettings().value(SORT, SORTS[0]))
        self.sort.setCurrentIndex(max(0, kept))
        self.sort.activated.connect(self._sorted)
        self.compare = tool(self, "compare", self.tr("Compare the two that are selected"))
        self.compare.clicked.connect(self._compare)
        row = QHBoxLayout()
        row.addWidget(self.sort, 1)
        row.addWidget(self.compare)
        self.above = QWidget(self)
        column = QVBoxLayout(self.above)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self.list, 1)
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(self.detail)
        self.split = QSplitter(Qt.Orientation.Vertical, self)
        self.split.addWidget(self.above)
        self.split.addWidget(scroll)
        self.split.setStretchFactor(1, 1)
        self.split.setSizes([ABOVE, 600])
        self.split.setChildrenCollapsible(False)
        return self.split

    def _make_elsewhere(self) -> QLabel:
        self.elsewhere = QLabel(self)
        self.elsewhere.setObjectName("muted")
        self.elsewhere.setWordWrap(True)
        self.elsewhere.setTextFormat(Qt.TextFormat.RichText)
        self.elsewhere.setAccessibleName(self.tr("Folders that are followed"))
        self.elsewhere.setTextInteractionFlags(
            Qt.TextInteractionFlag.LinksAccessibleByMouse
            | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
        )
        self.elsewhere.linkActivated.connect(self._drop)
        self.elsewhere.hide()
        return self.elsewhere

    # Dialogs ------------------------------------------------------------------------------------

    def open_dialog(self, folder: Path | None = None) -> TrainingDialog:
        """Ask for a new training, of the data in `folder` where it is known already."""
        dialog = TrainingDialog(self.training, self._work, self.window())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setModal(True)
        if isinstance(folder, Path):  # A click brings a bool.
            dialog.choose(folder)
        dialog.show()
        return dialog

    def duplicate(self, run: Follow) -> None:
        """Ask for the same training anew, with changes."""
        order = self.training.again(run)
        if order is not None:
            self.open_dialog().take(order)

    def tune(self, run: Follow) -> None:
        """Ask for a training that begins with this run's model."""
        if run.bundle is not None:
            self.open_dialog().choose_base(run.bundle)

    def follow_folder(self) -> None:
        """Ask for a folder that another computer writes, and follow its runs."""
        title = self.tr("Choose a run, or a folder of runs, that another computer writes")
        folder = ask_folder(self, title, "followed")
        if folder is not None:
            self.training.follow(folder)

    def _compare(self) -> None:
        chosen = self._selected()
        if len(chosen) == 2:
            dialog = RunCompareDialog(chosen[0], chosen[1], self.training, self.window())
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.show()

    # The list -----------------------------------------------------------------------------------

    def _list(self) -> None:
        """Show the runs there are."""
        self._order = sort_runs(
            self.training.runs, SORTS[self.sort.currentIndex()], self.training.status
        )
        chosen = set(self._selected())
        self.list.blockSignals(True)
        self.list.clear()
        there = {run.path for run in self._order}
        self._icons = {path: kept for path, kept in self._icons.items() if path in there}
        for run in self._order:
            item = QListWidgetItem(self.list)
            item.setData(Qt.ItemDataRole.UserRole, run)
            item.setIcon(self._icons[run.path][1] if run.path in self._icons else self._blank)
            self._write(item, run)
            if run is self.training.selected:
                self.list.setCurrentItem(item)
        for number, run in enumerate(self._order):
            if run in chosen and len(chosen) > 1:  # One alone is the current one.
                self.list.item(number).setSelected(True)
        self.list.blockSignals(False)
        self._fit()
        self.pages.setCurrentIndex(1 if self.training.runs else 0)
        self._tell_elsewhere()
        self._offer_compare()
        self.detail.show_run(self.training.selected)

    def _fit(self) -> None:
        """No higher than its rows, where it lies above the run, which can use the room."""
        high = MOST_HIGH
        if self.split.orientation() is Qt.Orientation.Vertical and self.list.count():
            rows = self.list.count() * self.list.sizeHintForRow(0) + 2 * self.list.frameWidth()
            high = rows + self.sort.sizeHint().height() + 12
        before = self.above.maximumHeight()
        self.above.setMaximumHeight(high)
        if before != high < MOST_HIGH:
            at, rest = self.split.sizes()
            # Where nobody has drawn it smaller, it is as high as at first.
            now = min(high, at if at < min(before, ABOVE) else ABOVE)
            self.split.setSizes([now, at + rest - now])

    def _write(self, item: QListWidgetItem, run: Follow) -> None:
        status = self.training.status(run)
        words = status_text(status, percent(run))
        left = run.seconds_left if status == "training" else None
        if left:
            words += " · " + self.tr("{0} left").format(span_text(left))
        if run.far is not None:
            words += " · " + self.tr("elsewhere")
        told = [f"{figure_text(f.name)} {f.value:.3g}" for f in figures_of(run)[:2]]
        alarms = sum(n.kind == "alarm" for n in run.current) if status in LIVE else 0
        if alarms:
            told.insert(
                0, self.tr("{0} warnings").format(alarms) if alarms > 1 else self.tr("1 warning")
            )
        lines = [run.title, words, " · ".join(told)]
        item.setText("\n".join(line for line in lines if line))
        item.setData(Qt.ItemDataRole.AccessibleTextRole, ": ".join(line for line in lines if line))
        item.setToolTip(str(run.place))
        self._undrawn[run.path] = run
        self._draw_on()

    def _draw_on(self) -> None:
        """Draw what is to be seen: pictures are read one at a time, and none that nobody sees."""
        if self._undrawn and self.isVisible():
            self._drawing.start()

    def _draw_next(self) -> None:
        run = self._undrawn.pop(next(iter(self._undrawn)))
        if run in self._order:
            self._draw(self.list.item(self._order.index(run)), run)
        self._draw_on()

    def _draw(self, item: QListWidgetItem, run: Follow) -> None:
        """Its picture, where it is another one than before."""
        path, sheet = picture_of(run) or (None, False)
        state = state_of(path)
        if state is None or self._icons.get(run.path, (None,))[0] != state:
            drawn = picture(thumbnail(path, sheet, THUMBNAIL * 2))
            self._icons[run.path] = state, drawn
            item.setIcon(drawn)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        super().showEvent(event)
        self._draw_on()

    def _changed(self, run: Follow) -> None:
        if run in self._order:
            item = self.list.item(self._order.index(run))
            if item is not None:
                self._write(item, run)
        self._tell_elsewhere()
        if run is self.training.selected:
            self.detail.show_run(run)

    def _chosen(self, row: int) -> None:
        if 0 <= row < len(self._order):
            self.training.select(self._order[row])
            self.detail.show_run(self.training.selected)

    def _selected(self) -> list[Follow]:
        """The selected runs, in the order shown."""
        rows = sorted(self.list.row(item) for item in self.list.selectedItems())
        found = [self.list.item(row).data(Qt.ItemDataRole.UserRole) for row in rows]
        return [run for run in found if isinstance(run, Follow)]

    def _sorted(self, row: int) -> None:
        QSettings().setValue(SORT, SORTS[row])
        self._list()

    def _offer_compare(self) -> None:
        two = len(self._selected()) == 2
        self.compare.setEnabled(two)
        self.compare.setToolTip(
            self.tr("Compare the two that are selected")
            if two
            else self.tr(
                "Select two trainings (Ctrl+click, or Shift with the arrow keys) to compare"
            )
        )

    # Elsewhere ----------------------------------------------------------------------------------

    def _tell_elsewhere(self) -> None:
        """Say which followed folders show nothing, and why."""
        self._mute = dict(enumerate(self.training.following.troubles))
        lines = [
            f'{html.escape(sentence)} <a href="{number}">{self.tr("Unfollow")}</a>'
            for number, (_, sentence) in self._mute.items()
        ]
        text = "<br>".join(lines)
        if text != self.elsewhere.text():
            self.elsewhere.setText(text)
            self.elsewhere.setVisible(bool(lines))

    def _drop(self, link: str) -> None:
        number = int(link)
        if number in self._mute:
            self.training.forget(self._mute[number][0])

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        if dropped_folder(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        if (folder := dropped_folder(event)) is not None:
            event.acceptProposedAction()
            self.open_dialog(folder)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        wide = event.size().width() >= WIDE
        way = Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical
        if way != self.split.orientation():
            self.split.setOrientation(way)
            self.split.setSizes([300, 700] if wide else [ABOVE, 600])
            self._fit()
