"""The panel of trainings: a list of runs, and the chosen one with pictures, curves and buttons."""

from pathlib import Path

from PySide6.QtCore import QRect, QSize, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from studio.lanes.runs import Follow
from studio.lanes.work import WorkLane
from studio.models.training import Training
from studio.views.curves import Curves
from studio.views.dialogs import ask_sure
from studio.views.icons import icon
from studio.views.training import TrainingDialog
from studio.views.words import span_text, status_text

LONGEST = 2  # times as wide as high


class TrainingPanel(QWidget):
    """Shows what `Training` follows. `problem` tells a sentence for the artist."""

    problem = Signal(str)

    def __init__(self, training: Training, work: WorkLane, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.training, self._work = training, work
        self.setAccessibleName(self.tr("Trainings"))
        self.new = self._button("train", self.tr("Train your own …"), self.open_dialog)
        self.list = QListWidget(self)
        self.list.setAccessibleName(self.tr("List of trainings"))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.currentRowChanged.connect(self._chosen)
        self.detail = RunDetail(training, self)
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(self.detail)
        self.split = QSplitter(Qt.Orientation.Vertical, self)
        self.split.addWidget(self.list)
        self.split.addWidget(scroll)
        self.split.setStretchFactor(1, 1)
        self.split.setSizes([150, 600])
        self.split.setChildrenCollapsible(False)
        self.empty = QLabel(
            self.tr(
                "No training yet.\n\nPress “Train your own” and choose a folder of pictures: a "
                "model learns to paint like them. It trains beside your painting and goes on when "
                "the studio is closed."
            ),
            self,
        )
        self.empty.setWordWrap(True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setObjectName("muted")
        self.empty.setMargin(24)
        self.pages = QStackedWidget(self)
        self.pages.addWidget(self.empty)
        self.pages.addWidget(self.split)
        column = QVBoxLayout(self)
        column.addWidget(self.new)
        column.addWidget(self.pages, 1)
        training.listed.connect(self._list)
        training.changed.connect(self._changed)
        training.problem.connect(self.problem)
        self._list()

    def _button(self, name: str, label: str, do: object) -> QPushButton:
        button = QPushButton(icon(name), label, self)
        button.setAccessibleName(label)
        button.clicked.connect(do)
        return button

    def open_dialog(self, folder: Path | None = None) -> TrainingDialog:
        """Ask for a new training, of the data in `folder` where it is known already."""
        dialog = TrainingDialog(self.training, self._work, self.window())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setModal(True)
        if isinstance(folder, Path):  # A click brings a bool.
            dialog.choose(folder)
        dialog.show()
        return dialog

    def _list(self) -> None:
        """Show the runs there are."""
        self.list.blockSignals(True)
        self.list.clear()
        for run in self.training.runs:
            item = QListWidgetItem(self.list)
            self._write(item, run)
            if run is self.training.selected:
                self.list.setCurrentItem(item)
        self.list.blockSignals(False)
        self.pages.setCurrentIndex(1 if self.training.runs else 0)
        self.detail.show_run(self.training.selected)

    def _write(self, item: QListWidgetItem, run: Follow) -> None:
        status = self.training.status(run)
        words = status_text(status, percent(run))
        left = run.seconds_left if status == "training" else None
        if left is not None:
            words += " · " + self.tr("{0} left").format(span_text(left))
        item.setText(f"{run.title}\n{words}")
        item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{run.title}: {words}")
        item.setToolTip(str(run.path))

    def _changed(self, run: Follow) -> None:
        if run in self.training.runs:
            item = self.list.item(self.training.runs.index(run))
            if item is not None:
                self._write(item, run)
        if run is self.training.selected:
            self.detail.show_run(run)

    def _chosen(self, row: int) -> None:
        if 0 <= row < len(self.training.runs):
            self.training.select(self.training.runs[row])
            self.detail.show_run(self.training.selected)


class RunDetail(QWidget):
    """One run: how it stands, its pictures and curves, and what can be done with it."""

    def __init__(self, training: Training, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.training = training
        self.run: Follow | None = None
        self.title = QLabel(self)
        self.title.setObjectName("title")
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.title.setWordWrap(True)
        self.state = QLabel(self)
        self.state.setAccessibleName(self.tr("State"))
        self.state.setTextFormat(Qt.TextFormat.PlainText)
        self.state.setWordWrap(True)
        self.state.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.bar = QProgressBar(self)
        self.bar.setAccessibleName(self.tr("Progress of the training"))
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1000)
        self.told = QLabel(self)
        self.told.setObjectName("muted")
        self.told.setWordWrap(True)
        make = self._button
        self.pause = make("pause", self.tr("Pause"), self._pause)
        self.keep = make("check", self.tr("Stop and keep"), lambda: self._do("keep"))
        self.cancel = make("trash", self.tr("Cancel"), self._cancel)
        self.use = make("model", self.tr("Use model"), lambda: self._do("use"))
        self.folder = make("folder", self.tr("Open folder"), self._open)
        buttons = QGridLayout()
        buttons.addWidget(self.pause, 0, 0)
        buttons.addWidget(self.keep, 0, 1)
        buttons.addWidget(self.use, 1, 0, 1, 2)
        buttons.addWidget(self.folder, 2, 0)
        buttons.addWidget(self.cancel, 2, 1)
        self.canvas = Shown(self.tr("Your canvas, painted by the model so far"), self)
        self.sheet = Shown(self.tr("Real pictures, and below them the model’s"), self)
        self.curves = Curves(self)
        column = QVBoxLayout(self)
        column.setSpacing(8)
        for widget in (self.title, self.state, self.bar, self.told):
            column.addWidget(widget)
        column.addLayout(buttons)
        for shown in (self.canvas, self.sheet, self.curves):
            column.addWidget(shown)
        column.addStretch(1)

    def _button(self, name: str, label: str, do: object) -> QPushButton:
        button = QPushButton(icon(name), label, self)
        button.setAccessibleName(label)
        button.clicked.connect(do)
        return button

    def show_run(self, run: Follow | None) -> None:
        """Show how this run stands now."""
        self.run = run
        self.setVisible(run is not None)
        if run is None:
            return
        status = self.training.status(run)
        self.title.setText(run.title)
        words = status_text(status, percent(run))
        if status == "failed":
            reason = run.last_word or self.tr("it ended without a word; press Resume to try again")
            words = f"{words}: {reason}"
        self.state.setText(words)
        self.bar.setVisible(status != "failed")
        self.bar.setRange(0, 0 if status in ("preparing", "exporting") else 1000)
        self.bar.setValue(round(1000 * run.step / run.total) if run.total else 0)
        self.told.setText(self._told(run, status))
        self.told.setVisible(bool(self.told.text()))
        self._offer(run, status)
        self.canvas.show_file(run.canvas)
        self.sheet.show_file(run.sheet)
        self.curves.show_curves(run.figures, run.losses)

    def _told(self, run: Follow, status: str) -> str:
        words = []
        if run.total and run.step:
            words.append(self.tr("step {0} of {1}").format(f"{run.step:,}", f"{run.total:,}"))
        if status == "training":
            if run.rate is not None:
                words.append(self.tr("{0} pictures a second").format(f"{run.rate:.3g}"))
            left = run.seconds_left
            words.append(
                self.tr("about {0} left").format(span_text(left))
                if left is not None
                else self.tr("the time left is being measured")
            )
        elif status == "preparing":
            words.append(self.tr("checking the data and trying what is fastest here"))
        return " · ".join(words)

    def _offer(self, run: Follow, status: str) -> None:
        """Enable what makes sense now."""
        runs = status in ("preparing", "training")
        rests = status in ("paused", "stopped", "failed") or (
            status == "done" and run.step < run.total
        )
        self.pause.setText(self.tr("Resume") if rests else self.tr("Pause"))
        self.pause.setAccessibleName(self.pause.text())
        self.pause.setIcon(icon("play" if rests else "pause"))
        self.pause.setEnabled(runs or rests)
        self.keep.setEnabled(status in ("training", "paused"))
        ended = status in ("done", "stopped", "failed")
        self.cancel.setText(self.tr("Remove …") if ended else self.tr("Cancel …"))
        self.cancel.setAccessibleName(self.cancel.text())
        self.cancel.setEnabled(status not in ("exporting", "stopping"))
        installing = run.path in self.training.installing
        self.use.setEnabled(run.bundle is not None and not installing)
        self.use.setDefault(self.use.isEnabled())
        self.use.setText(self.tr("Adding …") if installing else self.tr("Use model"))

    def _pause(self) -> None:
        if self.run is not None:
            runs = self.training.status(self.run) in ("preparing", "training")
            self._do("pause" if runs else "resume")

    def _do(self, what: str) -> None:
        if self.run is None:
            return
        actions = {
            "pause": self.training.pause,
            "resume": self.training.resume,
            "keep": self.training.keep,
            "use": self.training.use,
        }
        actions[what](self.run)

    def _cancel(self) -> None:
        run = self.run
        if run is None:
            return
        if ask_sure(
            self,
            self.tr("Remove the training “{0}”?").format(run.title),
            self.tr(
                "It ends, and all that it has learned is deleted. A model that you use already "
                "stays, and so do your pictures."
            ),
            self.tr("Remove"),
        ):
            self.training.cancel(run)

    def _open(self) -> None:
        if self.run is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.run.path)))


class Shown(QFrame):
    """A picture from a file below a line that says what it is; hidden while there is none."""

    def __init__(self, told: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.told = QLabel(told, self)
        self.told.setObjectName("muted")
        self.told.setWordWrap(True)
        self.picture = _Picture(self)
        self.picture.setAccessibleName(told)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.told)
        column.addWidget(self.picture)
        self._state: tuple[Path, int] | None = None
        self.hide()

    def show_file(self, path: Path | None) -> None:
        """Show this file where it can be read and is not shown already."""
        try:
            state = (path, path.stat().st_mtime_ns) if path is not None else None
        except OSError:
            state = None
        if state == self._state:
            return
        pixmap = QPixmap(str(path)) if state is not None else QPixmap()
        self._state = state
        self.picture.put(pixmap)
        self.setVisible(not pixmap.isNull())


class _Picture(QWidget):
    """A picture as wide as there is room, not wider than twice its own pixels. Of a long strip as
    much is shown from its left as can be seen well.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._pixmap = QPixmap()

    def put(self, pixmap: QPixmap) -> None:
        """Show this one."""
        cut = min(pixmap.width(), LONGEST * pixmap.height())
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


def percent(run: Follow) -> int:
    """How much of a run is done; 100 only at its end."""
    return 100 * run.step // run.total if run.total else 0
