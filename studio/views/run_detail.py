"""One run: how it stands, what it says, its pictures, curves and model."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.lanes.runs import Follow, Status
from studio.models.canvases import strange_to
from studio.models.timeslider import TimeSlider
from studio.models.training import Training
from studio.views.curves import Curves
from studio.views.run_buttons import RunButtons
from studio.views.run_model import MadeModel
from studio.views.run_notes import Notes
from studio.views.run_pictures import Sheet
from studio.views.run_time import TimePanel
from studio.views.words import bytes_text, span_text, status_text

WIDE = 720  # logical pixels that have room for two columns
LIVE: tuple[Status, ...] = ("preparing", "training", "paused", "stopping", "exporting")


class RunDetail(QWidget):
    """`shown` carries a picture for the canvas's place, or None."""

    shown = Signal(object)

    def __init__(
        self,
        training: Training,
        slider: TimeSlider | None = None,
        parent: QWidget | None = None,
    ) -> None:
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
        self.facts = Facts(self)
        self.told = QLabel(self)
        self.told.setObjectName("muted")
        self.told.setWordWrap(True)
        self.notes = Notes(self)
        self.buttons = RunButtons(training, self)
        self.time = TimePanel(slider, self)
        self.sheet = Sheet(self)
        self.model = MadeModel(self)
        self.curves = Curves(self)
        self.notes.asked.connect(self.time.go)
        self.time.shown.connect(self.shown)
        self.time.looked.connect(self.curves.mark)
        self._arrange()

    def _arrange(self) -> None:
        """Two columns: the run and its pictures, then its curves and its model."""
        first, second = QVBoxLayout(), QVBoxLayout()
        for widget in (self.title, self.state, self.bar, self.facts, self.told, self.buttons):
            first.addWidget(widget)
        first.addWidget(self.notes)
        first.addWidget(self.time)
        first.addWidget(self.sheet)
        first.addStretch(1)
        self.tools = QWidget(self)
        self.tools.setLayout(self._curve_tools())
        second.addWidget(self.tools)
        second.addWidget(self.curves)
        second.addWidget(self.model)
        second.addStretch(1)
        self._columns = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._columns.setSpacing(12)
        for column in (first, second):
            column.setSpacing(8)
            self._columns.addLayout(column, 1)

    def _curve_tools(self) -> QHBoxLayout:
        self.log = QToolButton(self)
        self.log.setText(self.tr("Logarithmic"))
        self.log.setAccessibleName(self.tr("Logarithmic scale"))
        self.log.setToolTip(self.tr("Equal steps are equal factors, where all values are positive"))
        self.log.setCheckable(True)
        self.log.setAutoRaise(True)
        self.log.setChecked(self.curves.log)
        self.log.toggled.connect(self.curves.set_log)
        name = QLabel(self.tr("Smooth"), self)
        name.setObjectName("muted")
        self.smooth = QSlider(Qt.Orientation.Horizontal, self)
        self.smooth.setAccessibleName(self.tr("Smoothing of the curves"))
        self.smooth.setRange(0, 30)
        self.smooth.setMaximumWidth(110)
        self.smooth.setValue(round(100 * self.curves.memory))
        self.smooth.valueChanged.connect(lambda value: self.curves.set_memory(value / 100))
        name.setBuddy(self.smooth)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.log)
        row.addStretch(1)
        row.addWidget(name)
        row.addWidget(self.smooth)
        return row

    # Showing ------------------------------------------------------------------------------------

    def show_run(self, run: Follow | None) -> None:
        """Show how this run stands now."""
        self.run = run
        self.setVisible(run is not None)
        if run is None:
            return
        status = self.training.status(run)
        self.title.setText(run.title)
        words = status_text(status, percent(run))
        if status in ("failed", "unproved"):
            reason = run.last_word or self.tr("it ended without a word; press Resume to try again")
            words = f"{words}: {reason}"
        self.state.setText(words)
        troubled = status in ("failed", "unproved", "silent")
        if self.state.objectName() != ("danger" if troubled else ""):
            self.state.setObjectName("danger" if troubled else "")
            self.state.style().polish(self.state)
        self.bar.setVisible(status not in ("failed", "unproved"))
        self.bar.setRange(0, 0 if status in ("preparing", "exporting") else 1000)
        self.bar.setValue(round(1000 * run.step / run.total) if run.total else 0)
        self.facts.show_facts(self._facts(run, status))
        self.told.setText(self._told(run, status))
        self.told.setVisible(bool(self.told.text()))
        live = status in LIVE
        self.notes.show_run(run, live)
        self.buttons.show_run(run, status)
        self.time.show_run(run, status in ("training", "preparing", "paused"))
        self.sheet.show_file(run.sheet)
        self.tools.setVisible(bool(run.figures or run.losses))
        self.curves.show_curves(run.figures, run.losses, run.bounds)
        self.model.show_bundle(run.bundle)

    def _facts(self, run: Follow, status: Status) -> list[tuple[str, str, str]]:
        """(name, value, explanation) of what is known."""
        found = []
        if run.total and run.step:
            of = self.tr("of {0}").format(f"{run.total:,}")
            found.append((self.tr("Step"), f"{run.step:,} {of}", ""))
        if status not in ("training", "paused"):
            return found
        if run.rate is not None:
            found.append((self.tr("Pictures a second"), f"{run.rate:.3g}", ""))
        left = run.seconds_left
        if left:
            found.append((self.tr("Time left"), span_text(left), self.tr("about, by its pace now")))
        if run.memory is not None:
            found.append((self.tr("Memory"), bytes_text(run.memory), self.tr("the most it held")))
        waits = run.waiting
        if waits is not None and waits >= 0.01:
            why = self.tr("the share of its time in which it waits for pictures to be read")
            found.append((self.tr("Waits for data"), f"{100 * waits:.0f} %", why))
        return found

    def _told(self, run: Follow, status: Status) -> str:
        words = []
        if status == "preparing":
            words.append(self.tr("It checks the data and tries what is fastest here."))
        if status == "training" and run.seconds_left is None:
            words.append(self.tr("The time left is being measured."))
        if status == "training" and run.total and run.step >= run.total:
            words.append(self.tr("The last step is done; it measures the model."))
        if status == "exporting":
            words.append(run.last_word)
        if status == "failed" and run.step:
            words.append(self.tr("What it has learnt is kept; Resume goes on from there."))
        if run.far is not None:
            words.append(self.tr("It is elsewhere: {0}").format(run.place))
        elif status in LIVE and (learnt := self._strange(run)):
            words.append(
                self.tr(
                    "It knows none of the classes on your canvas, so the preview shows nothing of "
                    "it. It learns: {0}."
                ).format(", ".join(learnt))
            )
        return "\n".join(word for word in words if word)

    def _strange(self, run: Follow) -> list[str]:
        """The classes that it learns, where the canvas shows none of them."""
        canvas = self.training.canvas
        if canvas is None or "spec" not in run.config or not strange_to(run, canvas):
            return []
        return [str(entry["name"]) for entry in run.config["spec"]["classes"]]

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """As narrow as the room is: what is inside arranges itself otherwise."""
        return QSize(0, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        wide = event.size().width() >= WIDE
        ways = QBoxLayout.Direction
        self._columns.setDirection(ways.LeftToRight if wide else ways.TopToBottom)


class Facts(QWidget):
    """Figures of a run that trains: each a value below its name."""

    COLUMNS, NARROW, WIDE = 5, 2, 460

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(0)
        self._cells: list[tuple[QLabel, QLabel]] = []
        self._columns = self.NARROW

    def show_facts(self, facts: list[tuple[str, str, str]]) -> None:
        """Show these."""
        while len(self._cells) < len(facts):
            self._add()
        for number, (name, value) in enumerate(self._cells):
            there = number < len(facts)
            name.setVisible(there)
            value.setVisible(there)
            if there:
                label, text, why = facts[number]
                name.setText(label)
                value.setText(text)
                value.setAccessibleName(label)
                value.setAccessibleDescription(f"{text}, {why}" if why else text)
                for part in (name, value):
                    part.setToolTip(why)
        self.setVisible(bool(facts))

    def _add(self) -> None:
        name, value = QLabel(self), QLabel(self)
        name.setObjectName("muted")
        value.setObjectName("title")
        value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._cells.append((name, value))
        self._place(len(self._cells) - 1)

    def _place(self, number: int) -> None:
        row, column = divmod(number, self._columns)
        name, value = self._cells[number]
        self._grid.addWidget(name, 2 * row, column)
        self._grid.addWidget(value, 2 * row + 1, column)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Narrow enough to be arranged otherwise."""
        return QSize(0, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        columns = self.COLUMNS if event.size().width() >= self.WIDE else self.NARROW
        if columns != self._columns:
            self._columns = columns
            for number in range(len(self._cells)):
                self._place(number)


def percent(run: Follow) -> int:
    """How much of a run is done; 100 only at its end."""
    return min(100, 100 * run.step // run.total) if run.total else 0
