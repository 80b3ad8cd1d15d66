"""The time slider: the artist's canvas as the model painted it after any of its snapshots."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QPixmap, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from studio.document.document import Pixels
from studio.lanes.runs import Follow
from studio.models.gallery_runs import LEADING
from studio.models.images import to_image
from studio.models.timeslider import TimeSlider
from studio.views.control import tool
from studio.views.run_pictures import Fitted, State, read_picture, state_of
from studio.views.words import figure_text


class TimePanel(QFrame):
    """The picture and the slider. Its right end is now: what the trainer itself painted last, while
    it is at work. `shown` carries the picture that shall take the canvas's place, or None.
    """

    shown = Signal(object)
    looked = Signal(object)  # the step that is looked at, or None for now

    def __init__(self, slider: TimeSlider | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = slider
        self.run: Follow | None = None
        self._live = False  # whether the run paints the canvas itself
        self._trains = False
        self._file: State = None
        self._painted = QPixmap()  # what that file holds
        self.told = QLabel(self)
        self.told.setObjectName("muted")
        self.told.setWordWrap(True)
        self.picture = Fitted(self)
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setAccessibleName(self.tr("Look back in time"))
        self.slider.setPageStep(1)
        self.slider.setTickPosition(QSlider.TickPosition.TicksBelow)
        self.slider.valueChanged.connect(self._slid)
        self.there = tool(self, "picture-only", self.tr("Show it in place of the picture"))
        self.there.setCheckable(True)
        self.there.toggled.connect(lambda on: self._tell_shown())
        self.now = tool(self, "redo", self.tr("Back to now"))
        self.now.clicked.connect(lambda: self.slider.setValue(self.slider.maximum()))
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.slider, 1)
        row.addWidget(self.now)
        row.addWidget(self.there)
        self.trouble = QLabel(self)
        self.trouble.setObjectName("muted")
        self.trouble.setWordWrap(True)
        self.trouble.setTextFormat(Qt.TextFormat.PlainText)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for part in (self.told, self.picture):
            column.addWidget(part)
        column.addLayout(row)
        column.addWidget(self.trouble)
        if slider is not None:
            slider.changed.connect(self.refresh)
            slider.pictured.connect(self._pictured)

    def show_run(self, run: Follow, live: bool) -> None:
        """Look at this run; `live` while its trainer paints the canvas itself."""
        if run is not self.run:
            self.there.setChecked(False)
        self.run, self._live, self._trains = run, live and run.canvas is not None, live
        if self.model is not None:
            self.model.show(run)
        self._read(run.canvas if self._live or not self._steps else None)
        self.refresh()

    @property
    def _steps(self) -> list[int]:
        return self.model.steps if self.model is not None else []

    @property
    def _places(self) -> int:
        """Positions of the slider: the snapshots, and now."""
        return len(self._steps) + (1 if self._live else 0)

    @property
    def step(self) -> int | None:
        """The snapshot that is looked at; None for now."""
        model = self.model
        if model is None or not self._steps or (self._live and model.newest):
            return None
        return model.step

    def go(self, step: int | None) -> None:
        """Look at the snapshot next to this step."""
        if self.model is not None:
            self.model.go(step)

    # Showing ------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show what there is now."""
        model, step = self.model, self.step
        places = self._places
        self.slider.blockSignals(True)
        self.slider.setRange(0, max(0, places - 1))
        at = self._steps.index(step) if step in self._steps else max(0, places - 1)
        self.slider.setValue(at)
        self.slider.blockSignals(False)
        for part in (self.slider, self.now, self.there):
            part.setVisible(places > 0)
        self.slider.setEnabled(places > 1)
        text = self._text(step)
        self.told.setText(text)
        self.told.setVisible(bool(text))
        self.picture.setAccessibleName(text)
        self.slider.setAccessibleDescription(text)
        self.now.setEnabled(places > 1 and at < places - 1)
        sentence = ""
        if model is not None and step is not None:
            sentence = model.trouble or (self.tr("Painting …") if model.busy else "")
        elif not self._steps and self.model is not None:
            sentence = (
                self.tr("Snapshots to look back at come while it trains.")
                if self._trains
                else self.tr("This training kept no snapshots to look back at.")
            )
        self.trouble.setText(sentence)
        self.trouble.setVisible(bool(sentence))
        if model is not None:
            model.set_wanted(step is not None and self.isVisible())
        self._pictured()
        self.looked.emit(step)

    def _text(self, step: int | None) -> str:
        if step is None:
            if self._file is None:
                return (
                    self.tr("Your canvas appears here, painted by the model so far.")
                    if (self._trains or self._steps)
                    else ""
                )
            return self.tr("Your canvas, painted by the model so far")
        words = (
            self.tr("The model of step {0}")
            if self.model is not None and self.model.trouble
            else self.tr("Your canvas, painted by the model of step {0}")
        ).format(f"{step:,}")
        if self.run is None:
            return words
        for name, curve in self.run.figures.items():
            value = curve.near(step) if name in LEADING else None
            if value is not None:
                words += f" · {figure_text(name)} {value:.3g}"
        return words

    def _pictured(self) -> None:
        """Show the picture: the snapshot's own, or the file that the trainer left."""
        step, model = self.step, self.model
        pixels = model.picture if step is not None and model is not None else None
        if pixels is not None:
            self.picture.put(QPixmap.fromImage(to_image(pixels)))
        else:
            self.picture.put(self._painted if step is None else QPixmap())
        self.there.setEnabled(pixels is not None)
        if self.there.isChecked():
            self._tell_shown()

    def _read(self, path: Path | None) -> None:
        state = state_of(path)
        if state != self._file:
            self._file, self._painted = state, read_picture(path)

    def _slid(self, place: int) -> None:
        if self.model is not None:
            last = place == self.slider.maximum()
            self.model.go(None if last else self._steps[place])

    def _tell_shown(self) -> None:
        pixels: Pixels | None = None
        if self.there.isChecked() and self.step is not None and self.model is not None:
            pixels = self.model.picture
        self.shown.emit(pixels)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        super().showEvent(event)
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802
        """Nobody looks any more: the canvas gets its own picture back."""
        super().hideEvent(event)
        self.there.setChecked(False)
        if self.model is not None:
            self.model.set_wanted(False)
